//! A record's report for a person to read.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::super::layout::{COLUMNS, line, wrapped};
use super::{DestinationReport, FindingReport, IssueReport, Report, Totals};
use crate::destination::{Country, Evidence};
use crate::text::{Language, evidence, names, note, reason};
use crate::verdict::TransferVerdict;

impl Report<'_> {
    /// A heading, then a line or two for each finding, issue, recipient and item.
    pub(in crate::cli) fn human(&self, language: Language) -> String {
        let mut out = self.heading(language);
        self.finding_lines(false, language, &mut out);
        self.issue_lines(language, &mut out);
        self.destination_lines(language, &mut out);
        for transfer in self.verdict.iter().flat_map(|verdict| &verdict.transfers) {
            transfer_lines(transfer, language, &mut out);
        }
        out
    }

    pub(in crate::cli) fn heading(&self, language: Language) -> String {
        let mut out = match (self.topic, self.partition, self.offset) {
            (Some(topic), Some(partition), Some(offset)) => format!("{topic} {partition}/{offset}"),
            _ => language.pick("record", "레코드").to_owned(),
        };
        if let Some(time) = &self.timestamp {
            write!(out, "  {time}").unwrap_or_default();
        }
        write!(out, "  {}", self.format).unwrap_or_default();
        if let Some(verdict) = self.verdict {
            write!(out, "  {}", verdict.outcome.as_str()).unwrap_or_default();
            if !verdict.reasons.is_empty() {
                write!(out, " ({})", verdict.reasons.joined()).unwrap_or_default();
            }
        }
        let mut heading = String::new();
        line(&mut heading, &out);
        heading
    }

    /// `with_evidence`: by which marks each was recognised.
    pub(in crate::cli) fn finding_lines(&self, with_evidence: bool, language: Language, out: &mut String) {
        for finding in &self.findings {
            finding.human(language, out);
            for mark in finding.evidence.iter().filter(|_| with_evidence) {
                let meaning =
                    evidence(mark, language).map_or(String::new(), |meaning| format!(": {meaning}"));
                wrapped(out, "       - ", &format!("{mark}{meaning}"));
            }
        }
    }

    pub(in crate::cli) fn issue_lines(&self, language: Language, out: &mut String) {
        for IssueReport { code, path, bytes_unread } in &self.issues {
            let code = code.as_str();
            let unread = match bytes_unread {
                Some(0) => language.pick("all was read", "모두 읽음").to_owned(),
                Some(bytes) => language
                    .pick(format!("{bytes} bytes were not read"), format!("{bytes}바이트를 읽지 못함")),
                None => language
                    .pick("an unknown number of bytes was not read", "읽지 못한 바이트 수를 알 수 없음")
                    .to_owned(),
            };
            line(
                out,
                &language.pick(format!("  {code} at {path}: {unread}"), format!("  {code} {path}: {unread}")),
            );
        }
    }

    pub(in crate::cli) fn destination_lines(&self, language: Language, out: &mut String) {
        for destination in self.destinations.iter().flatten() {
            destination.human(language, out);
        }
    }
}

impl FindingReport<'_> {
    fn human(&self, language: Language, out: &mut String) {
        let remark = match (self.partial, self.role) {
            (true, _) => language.pick(" (masked at its source)", " (원본에서 가려짐)"),
            (_, true) => language.pick(" (role mailbox)", " (업무용 공용 주소)"),
            _ => "",
        };
        let shown = self.text.unwrap_or(self.masked);
        let head = format!("  {:.2} {} {shown}{remark}", self.confidence, self.entity);
        let place = language.pick(format!("at {}", self.path), self.path.to_owned());
        if head.width() + 1 + place.width() <= COLUMNS {
            line(out, &format!("{head} {place}"));
        } else {
            line(out, &head);
            line(out, &format!("       {place}"));
        }
    }
}

impl DestinationReport<'_> {
    fn human(&self, language: Language, out: &mut String) {
        let recipient = recipient(self.recipient, language);
        let none = match self.evidence {
            [] => language.pick("country unknown", "국가 알 수 없음"),
            _ => language.pick("not abroad", "국외 아님"),
        };
        let countries = joined_or(self.countries, none);
        line(
            out,
            &language.pick(format!("  to {recipient}: {countries}"), format!("  → {recipient}: {countries}")),
        );
        for Evidence { kind, country, source, .. } in self.evidence {
            let kind = names::evidence(*kind, language);
            line(
                out,
                &language.pick(
                    format!("     {kind}: {country} by {source}"),
                    format!("     {kind}: {country} ({source})"),
                ),
            );
        }
    }
}

/// Outcome, recipient and person of a transfer.
pub(in crate::cli) fn transfer_heading(
    transfer: &TransferVerdict,
    indent: &str,
    language: Language,
    out: &mut String,
) {
    let recipient = recipient(transfer.recipient.as_deref(), language);
    let outcome = transfer.outcome.as_str();
    line(
        out,
        &language
            .pick(format!("{indent}{outcome} to {recipient}"), format!("{indent}{outcome} → {recipient}")),
    );
    let unresolved = language.pick("an unresolved subject", "알 수 없음");
    let subject = transfer.subject.as_deref().unwrap_or(unresolved);
    line(out, &language.pick(format!("{indent}   of {subject}"), format!("{indent}   정보주체: {subject}")));
}

fn transfer_lines(transfer: &TransferVerdict, language: Language, out: &mut String) {
    transfer_heading(transfer, "  ", language, out);
    for item in &transfer.items {
        line(out, &format!("     {} {} {}", item.count, item.entity.as_str(), item.outcome.as_str()));
        for basis in &item.basis {
            line(out, &format!("       {basis}"));
        }
        for one in item.reasons.iter() {
            wrapped(out, "       ", &format!("{}: {}", one.as_str(), reason(one).cited(language)));
        }
    }
    for one in &transfer.notes {
        let head = language.pick("     note ", "     참고 ");
        wrapped(out, head, &format!("{}: {}", one.as_str(), note(*one).cited(language)));
    }
}

fn recipient(id: Option<&str>, language: Language) -> &str {
    id.unwrap_or(language.pick("unknown recipient", "알 수 없는 수신자"))
}

fn joined_or(countries: &[Country], none: &str) -> String {
    if countries.is_empty() {
        return none.to_owned();
    }
    countries.iter().map(Country::as_str).collect::<Vec<_>>().join(", ")
}

impl Totals {
    pub(in crate::cli) fn human(&self, language: Language) -> String {
        let Totals { records, input_errors, findings, .. } = self;
        let mut out = language.pick(
            format!("{records} records, {findings} findings"),
            format!("레코드 {records}건, 개인정보 {findings}건"),
        );
        if *input_errors > 0 {
            out += &language.pick(
                format!(", {input_errors} lines without a record"),
                format!(", 레코드가 아닌 줄 {input_errors}개"),
            );
        }
        out.push('\n');
        out
    }
}
