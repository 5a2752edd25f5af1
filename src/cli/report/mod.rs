//! What `scan` and `explain` say of one record: the JSON object of `contracts`, "What scan prints", and lines for a
//! person (`human.rs`).

mod human;

use std::sync::Arc;

use serde::Serialize;

pub(super) use human::transfer_heading;

use super::input::Coordinates;
use crate::destination::{Country, Evidence};
use crate::finding::{Finding, Issue, IssueCode, Validity};
use crate::verdict::{Outcome, Verdict};

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
}

impl<'a> IssueReport<'a> {
    fn new(issue: &'a Issue) -> IssueReport<'a> {
        IssueReport { code: issue.code, path: &issue.path, bytes_unread: issue.bytes_unread }
    }
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

    /// Lines there were, but no record: most likely they have another form.
    pub(super) fn has_only_input_errors(&self) -> bool {
        self.input_errors > 0 && self.records == 0
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
    use crate::text::Language;
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
        let example = include_str!("../../../tests/contracts/scan.json");
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
        let text = Report::new(Some(&at), Some(0), "text", &findings, &issues)
            .judged(vec![], &verdict)
            .human(Language::English);
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
       CONSENT_WITHDRAWN: the person had withdrawn the consent (PIPA Art. 37(1))
     1 phone_number violation
       CONSENT_WITHDRAWN: the person had withdrawn the consent (PIPA Art. 37(1))
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
        let text = Report::new(Some(&at), None, "json", &findings, &[]).human(Language::English);
        assert_eq!(
            text,
            "t\\u{1b}[2J 0/0  json\n  0.99 phone_number 010-****-6703 \
             at $['\\u{1b}[31m\\u{d}\\u{a}  0.99 \\u{202e}']\n"
        );
    }
}
