//! What `scan` says of one record: the JSON object of `contracts`, "What scan prints", and lines for a person.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::input::Coordinates;
use super::layout::{COLUMNS, line};
use crate::destination::{Country, Evidence};
use crate::finding::{Finding, Issue, IssueCode, Validity};
use crate::verdict::{Outcome, TransferVerdict, Verdict};

/// One record's object; the order of the fields is the contract's.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    topic: Option<&'a str>,
    partition: Option<i32>,
    offset: Option<i64>,
    /// RFC 3339 with milliseconds, UTC.
    timestamp: Option<String>,
    format: &'a str,
    findings: Vec<FindingReport<'a>>,
    issues: Vec<IssueReport<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destinations: Option<Vec<DestinationReport<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'a Verdict>,
}

#[derive(Serialize)]
struct FindingReport<'a> {
    entity: &'static str,
    path: &'a str,
    start: u32,
    end: u32,
    /// 0 to 1.
    confidence: f64,
    validity: Validity,
    masked: &'a str,
    evidence: &'a [Arc<str>],
    #[serde(skip_serializing_if = "is_false")]
    partial: bool,
    #[serde(skip_serializing_if = "is_false")]
    role: bool,
    /// With `--reveal` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct IssueReport<'a> {
    code: IssueCode,
    path: &'a str,
    bytes_unread: Option<u64>,
}

/// Where one recipient's share goes.
#[derive(Serialize)]
pub(super) struct DestinationReport<'a> {
    pub(super) recipient: Option<&'a str>,
    pub(super) countries: &'a [Country],
    pub(super) evidence: &'a [Evidence],
}

// serde's `skip_serializing_if` passes a reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_false(value: &bool) -> bool {
    !value
}

impl<'a> Report<'a> {
    pub(super) fn new(
        coordinates: Option<&'a Coordinates>,
        timestamp_ms: Option<i64>,
        format: &'a str,
        findings: &'a [Finding],
        issues: &'a [Issue],
    ) -> Report<'a> {
        Report {
            topic: coordinates.map(|at| at.topic.as_str()),
            partition: coordinates.map(|at| at.partition),
            offset: coordinates.map(|at| at.offset),
            timestamp: timestamp_ms.and_then(time_text),
            format,
            findings: findings.iter().map(FindingReport::new).collect(),
            issues: issues.iter().map(IssueReport::new).collect(),
            destinations: None,
            verdict: None,
        }
    }

    /// A line that holds no record.
    pub(super) fn input_error(bytes: Option<u64>) -> Report<'a> {
        let issue = IssueReport { code: IssueCode::InputLine, path: "$", bytes_unread: bytes };
        Report { issues: vec![issue], ..Report::new(None, None, "input_error", &[], &[]) }
    }

    pub(super) fn judged(self, destinations: Vec<DestinationReport<'a>>, verdict: &'a Verdict) -> Report<'a> {
        Report { destinations: Some(destinations), verdict: Some(verdict), ..self }
    }

    /// A heading, then a line or two for each finding, issue, recipient and item.
    pub(super) fn human(&self) -> String {
        let mut out = self.heading();
        for finding in &self.findings {
            finding.human(&mut out);
        }
        for IssueReport { code, path, bytes_unread } in &self.issues {
            let unread = match bytes_unread {
                Some(0) => "all was read".to_owned(),
                Some(bytes) => format!("{bytes} bytes were not read"),
                None => "an unknown number of bytes was not read".to_owned(),
            };
            line(&mut out, &format!("  {} at {path}: {unread}", code.as_str()));
        }
        for destination in self.destinations.iter().flatten() {
            destination.human(&mut out);
        }
        for transfer in self.verdict.iter().flat_map(|verdict| &verdict.transfers) {
            transfer_lines(transfer, &mut out);
        }
        out
    }

    fn heading(&self) -> String {
        let mut out = match (self.topic, self.partition, self.offset) {
            (Some(topic), Some(partition), Some(offset)) => format!("{topic} {partition}/{offset}"),
            _ => "record".to_owned(),
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
}

impl<'a> FindingReport<'a> {
    fn new(finding: &'a Finding) -> FindingReport<'a> {
        FindingReport {
            entity: finding.entity.as_str(),
            path: &finding.path,
            start: finding.start,
            end: finding.end,
            confidence: f64::from(finding.confidence) / 100.0,
            validity: finding.validity,
            masked: &finding.masked,
            evidence: &finding.evidence,
            partial: finding.partial,
            role: finding.role,
            text: finding.text.as_ref().map(|text| text.0.as_str()),
        }
    }

    fn human(&self, out: &mut String) {
        let remark = match (self.partial, self.role) {
            (true, _) => " (masked at its source)",
            (_, true) => " (role mailbox)",
            _ => "",
        };
        let shown = self.text.unwrap_or(self.masked);
        let head = format!("  {:.2} {} {shown}{remark}", self.confidence, self.entity);
        let place = format!("at {}", self.path);
        if head.width() + 1 + place.width() <= COLUMNS {
            line(out, &format!("{head} {place}"));
        } else {
            line(out, &head);
            line(out, &format!("       {place}"));
        }
    }
}

impl<'a> IssueReport<'a> {
    fn new(issue: &'a Issue) -> IssueReport<'a> {
        IssueReport { code: issue.code, path: &issue.path, bytes_unread: issue.bytes_unread }
    }
}

impl DestinationReport<'_> {
    fn human(&self, out: &mut String) {
        let recipient = self.recipient.unwrap_or("unknown recipient");
        line(out, &format!("  to {recipient}: {}", joined_or(self.countries, "not abroad")));
        for Evidence { kind, country, source, .. } in self.evidence {
            let kind = format!("{kind:?}").to_ascii_lowercase();
            line(out, &format!("     {kind} {country} by {source}"));
        }
    }
}

fn transfer_lines(transfer: &TransferVerdict, out: &mut String) {
    let recipient = transfer.recipient.as_deref().unwrap_or("unknown recipient");
    line(out, &format!("  {} to {recipient}", transfer.outcome.as_str()));
    line(out, &format!("     of {}", transfer.subject.as_deref().unwrap_or("an unresolved subject")));
    for item in &transfer.items {
        line(out, &format!("     {} {} {}", item.count, item.entity.as_str(), item.outcome.as_str()));
        for basis in &item.basis {
            line(out, &format!("       {basis}"));
        }
        for reason in item.reasons.iter() {
            line(out, &format!("       {}", reason.as_str()));
        }
    }
    for note in &transfer.notes {
        line(out, &format!("     note {}", note.as_str()));
    }
}

fn joined_or(countries: &[Country], none: &str) -> String {
    if countries.is_empty() {
        return none.to_owned();
    }
    countries.iter().map(Country::as_str).collect::<Vec<_>>().join(", ")
}

fn time_text(milliseconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
    Some(format!("{time:.3}"))
}

/// The summary below all records.
#[derive(Default)]
pub(super) struct Totals {
    records: u64,
    input_errors: u64,
    findings: u64,
    pub(super) worst: Outcome,
}

impl Totals {
    pub(super) fn count(&mut self, report: &Report<'_>) {
        if report.format == "input_error" {
            self.input_errors += 1;
            return;
        }
        self.records += 1;
        self.findings += report.findings.len() as u64;
        if let Some(verdict) = report.verdict {
            self.worst = self.worst.max(verdict.outcome);
        }
    }

    pub(super) fn has_findings(&self) -> bool {
        self.findings > 0
    }

    pub(super) fn human(&self) -> String {
        let Totals { records, input_errors, findings, .. } = self;
        let mut out = format!("{records} records, {findings} findings");
        if *input_errors > 0 {
            write!(out, ", {input_errors} lines without a record").unwrap_or_default();
        }
        out.push('\n');
        out
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::{DestinationReport, Report};
    use crate::cli::input::Coordinates;
    use crate::destination::{Country, Evidence, EvidenceKind, GeoConfidence};
    use crate::entity::EntityType;
    use crate::finding::{Finding, Issue, IssueCode, Revealed, Validity};
    use crate::record::Part;
    use crate::verdict::{ItemVerdict, Outcome, Reason, Reasons, TransferVerdict, Verdict};

    fn finding(entity: EntityType, path: &str, confidence: u8, masked: &str, evidence: &[&str]) -> Finding {
        let validity =
            if entity == EntityType::PersonName { Validity::Unverifiable } else { Validity::Valid };
        Finding {
            entity,
            part: Part::Value,
            at: 0,
            path: path.to_owned(),
            start: 0,
            end: if entity == EntityType::PersonName { 9 } else { 13 },
            confidence,
            validity,
            partial: false,
            role: false,
            masked: masked.to_owned(),
            evidence: evidence.iter().map(|&one| one.into()).collect(),
            text: None,
        }
    }

    fn verdict() -> Verdict {
        let item = |entity| ItemVerdict {
            entity,
            count: 1,
            outcome: Outcome::Violation,
            basis: Vec::new(),
            reasons: Reasons::one(Reason::ConsentWithdrawn),
        };
        let transfer = TransferVerdict {
            recipient: Some("seller-17".into()),
            subject: Some("k1:member:…".into()),
            countries: vec![Country::parse("CN").unwrap()],
            outcome: Outcome::Violation,
            items: vec![item(EntityType::PersonName), item(EntityType::PhoneNumber)],
            notes: Vec::new(),
            subject_count: 1,
            cells: Vec::new(),
            facts_seen: Vec::new(),
        };
        Verdict { outcome: Outcome::Violation, reasons: Reasons::NONE, transfers: vec![transfer] }
    }

    /// The example of the contracts, its fields in its order.
    #[test]
    fn a_record_is_printed_as_the_contract_says() {
        let at = Coordinates { topic: "orders.outbound".into(), partition: 3, offset: 1207 };
        let findings = [
            finding(
                EntityType::PersonName,
                "$.receiver.name",
                98,
                "홍*동",
                &["key:receiver_name", "surname", "given_name_model"],
            ),
            finding(
                EntityType::PhoneNumber,
                "$.receiver.tel",
                99,
                "010-****-6703",
                &["key:tel", "plan:mobile"],
            ),
        ];
        let china = Country::parse("CN").unwrap();
        let evidence = [
            Evidence {
                kind: EvidenceKind::Legal,
                country: china,
                source: "recipient:seller-17".into(),
                build: None,
                confidence: None,
            },
            Evidence {
                kind: EvidenceKind::Observed,
                country: china,
                source: "mmdb:country".into(),
                build: Some("2026-11-01".into()),
                confidence: Some(GeoConfidence::High),
            },
        ];
        let verdict = verdict();
        let destination =
            DestinationReport { recipient: Some("seller-17"), countries: &[china], evidence: &evidence };
        let report = Report::new(Some(&at), Some(1_719_889_445_678), "json", &findings, &[])
            .judged(vec![destination], &verdict);
        let printed = serde_json::to_string(&report).unwrap();
        let example = include_str!("../../tests/contracts/scan.json");
        // Of a transfer the example has the notes before the items, DECISION.md after them: its order is not held to.
        let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(&printed), value(example));
        let keys = |json: &str| -> Vec<String> {
            let before_verdict = json.split("\"verdict\"").next().unwrap_or_default();
            before_verdict.split('"').skip(1).step_by(2).map(str::to_owned).collect()
        };
        assert_eq!(keys(&printed), keys(example));
    }

    #[test]
    fn what_is_partial_or_revealed_says_so() {
        let mut one = finding(EntityType::PhoneNumber, "$", 70, "010-****-5678", &[]);
        one.partial = true;
        one.text = Some(Revealed("010-****-5678".into()));
        let json = serde_json::to_value(Report::new(None, None, "text", &[one], &[])).unwrap();
        assert_eq!(json["findings"][0]["partial"], true);
        assert_eq!(json["findings"][0]["text"], "010-****-5678");
        assert!(json["findings"][0].get("role").is_none());
        assert!(json["topic"].is_null() && json["timestamp"].is_null());
        assert!(json.get("verdict").is_none());
    }

    #[test]
    fn a_line_without_a_record_has_null_coordinates_and_an_issue() {
        let json = serde_json::to_string(&Report::input_error(Some(7))).unwrap();
        let expected = r#"{"topic":null,"partition":null,"offset":null,"timestamp":null,"format":"input_error","findings":[],"issues":[{"code":"INPUT_LINE","path":"$","bytes_unread":7}]}"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn a_person_reads_it_in_eighty_columns() {
        let at = Coordinates { topic: "orders.outbound".into(), partition: 3, offset: 1207 };
        let path = format!("$.{}", "a_long_name.".repeat(6));
        let findings = [
            finding(EntityType::PersonName, "$.receiver.name", 98, "홍*동", &[]),
            finding(EntityType::ForeignerRegistrationNumber, &path, 99, "******-*******", &[]),
        ];
        let issues = [Issue { code: IssueCode::JsonSyntax, path: "$".into(), bytes_unread: Some(0) }];
        let verdict = verdict();
        let text =
            Report::new(Some(&at), Some(0), "text", &findings, &issues).judged(vec![], &verdict).human();
        let expected = format!(
            "\
orders.outbound 3/1207  1970-01-01T00:00:00.000Z  text  violation
  0.98 person_name 홍*동 at $.receiver.name
  0.99 foreigner_registration_number ******-*******
       at {path}
  JSON_SYNTAX at $: all was read
  violation to seller-17
     of k1:member:…
     1 person_name violation
       CONSENT_WITHDRAWN
     1 phone_number violation
       CONSENT_WITHDRAWN
"
        );
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.width() <= 80 || line.contains("a_long_name")));
    }

    #[test]
    fn what_a_sender_writes_cannot_move_the_cursor() {
        let at = Coordinates { topic: "t\u{1b}[2J".into(), partition: 0, offset: 0 };
        let path = "$['\u{1b}[31m\r\n  0.99 \u{202e}']";
        let findings = [finding(EntityType::PhoneNumber, path, 99, "010-****-6703", &[])];
        let text = Report::new(Some(&at), None, "json", &findings, &[]).human();
        assert_eq!(
            text,
            "t\\u{1b}[2J 0/0  json\n  0.99 phone_number 010-****-6703 \
             at $['\\u{1b}[31m\\u{d}\\u{a}  0.99 \\u{202e}']\n"
        );
    }
}
