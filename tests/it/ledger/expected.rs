//! What one record owes, in the words of the contracts.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Notes of every alert of `sumun run` while no heartbeat is configured.
const RUN_NOTE: &str = "FRESHNESS_UNKNOWN";
const RECORD_ALERTS_MAX: usize = 100;

/// Everything that is known of a record before sumun sees it.
#[derive(Clone, Debug)]
pub struct Expected {
    pub timestamp_ms: i64,
    /// Length of the value; 0 for a null value.
    pub bytes: u64,
    pub outcome: &'static str,
    /// Set where bytes are not read.
    pub unread: Option<Unread>,
    /// All transfers, in their order: recipient, subject, both null first.
    pub transfers: Vec<Transfer>,
    pub purpose: Option<&'static str>,
    pub transfer_type: Option<&'static str>,
}

/// Why bytes were not read.
#[derive(Clone, Debug)]
pub struct Unread {
    pub code: &'static str,
    /// None: that it is owed is known, not what it says.
    pub stage: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Transfer {
    pub recipient: Option<String>,
    /// Position of the value that named the recipient, and of the recipient among those bound to it.
    pub named_at: (usize, usize),
    /// Position of the first scope that holds a finding of it; 0 is the record.
    pub scope: usize,
    pub subject: Option<String>,
    pub countries: Vec<&'static str>,
    pub items: Vec<Item>,
    pub notes: Vec<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Item {
    pub entity: &'static str,
    pub count: u64,
    /// One for each country of F; one without a country where F is empty.
    pub cells: Vec<Cell>,
}

/// What was decided for an item in one country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub country: Option<&'static str>,
    pub outcome: &'static str,
    pub basis: Option<&'static str>,
    pub reasons: Vec<&'static str>,
}

/// From the worst to the best.
const OUTCOMES: [&str; 5] = ["violation", "indeterminate", "permitted", "domestic", "clear"];

fn worst<'a>(outcomes: impl Iterator<Item = &'a str>) -> &'static str {
    let rank = |outcome: &str| OUTCOMES.iter().position(|other| *other == outcome).unwrap();
    OUTCOMES[outcomes.map(rank).min().unwrap_or(4)]
}

fn union<'a>(lists: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<_> = lists.collect();
    all.sort_unstable();
    all.dedup();
    all
}

impl Item {
    fn outcome(&self) -> &'static str {
        worst(self.cells.iter().map(|cell| cell.outcome))
    }

    fn reasons(&self) -> Vec<&str> {
        union(self.cells.iter().flat_map(|cell| cell.reasons.iter().copied()))
    }

    fn bases(&self) -> Vec<&str> {
        union(self.cells.iter().filter_map(|cell| cell.basis))
    }
}

impl Transfer {
    pub fn outcome(&self) -> &'static str {
        worst(self.items.iter().map(Item::outcome))
    }

    fn owes(&self) -> bool {
        matches!(self.outcome(), "violation" | "indeterminate")
    }

    /// The items that are not covered, which alone set the severity.
    fn severity(&self) -> &'static str {
        let open: Vec<&Item> = self
            .items
            .iter()
            .filter(|item| matches!(item.outcome(), "violation" | "indeterminate"))
            .collect();
        let has_resident_number = open.iter().any(|item| item.entity == "resident_registration_number");
        let base = if has_resident_number { 3 } else { 0 };
        let whole_flow = open
            .iter()
            .flat_map(|item| item.reasons())
            .any(|reason| matches!(reason, "NO_BASIS" | "WILDCARD_DISCLOSURE"));
        ["low", "medium", "high", "critical"][(base + usize::from(whole_flow)).min(3)]
    }
}

impl Expected {
    pub fn transfers_outcome(transfers: &[Transfer]) -> &'static str {
        worst(transfers.iter().map(Transfer::outcome))
    }

    /// The alerts owed, each as the fields that must stand in it; `id` among them.
    pub fn alerts(&self, cluster: &str, topic: &str, partition: i32, offset: i64) -> Vec<Value> {
        let place = Place { cluster, topic, partition, offset, timestamp_ms: self.timestamp_ms };
        let owing: Vec<&Transfer> = self.transfers.iter().filter(|transfer| transfer.owes()).collect();
        let shown = owing.iter().take(RECORD_ALERTS_MAX);
        let mut alerts: Vec<Value> = shown.map(|transfer| place.transfer(transfer)).collect();
        if owing.len() > RECORD_ALERTS_MAX {
            alerts.push(place.truncated(owing.len(), self.transfers.len()));
        }
        alerts.extend(self.unread.as_ref().map(|unread| place.uninspectable(unread)));
        alerts
    }

    /// The register rows that this record is part of, without its sums.
    pub fn rows(&self) -> Vec<(Row, Vec<&'static str>)> {
        let mut rows: Vec<(Row, Vec<&'static str>)> = Vec::new();
        for transfer in &self.transfers {
            for item in &transfer.items {
                for cell in &item.cells {
                    let row = Row {
                        recipient: transfer.recipient.clone(),
                        country: cell.country.map(str::to_owned),
                        outcome: cell.outcome.to_owned(),
                        basis: cell.basis.map(str::to_owned),
                        purpose: self.purpose.map(str::to_owned),
                        transfer_type: self.transfer_type.map(str::to_owned),
                        reasons: cell.reasons.iter().map(|reason| (*reason).to_owned()).collect(),
                    };
                    match rows.iter_mut().find(|(other, _)| *other == row) {
                        Some((_, items)) => items.push(item.entity),
                        None => rows.push((row, vec![item.entity])),
                    }
                }
            }
        }
        rows
    }
}

/// What makes a row of the register.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub recipient: Option<String>,
    pub country: Option<String>,
    pub outcome: String,
    pub basis: Option<String>,
    pub purpose: Option<String>,
    pub transfer_type: Option<String>,
    pub reasons: Vec<String>,
}

struct Place<'a> {
    cluster: &'a str,
    topic: &'a str,
    partition: i32,
    offset: i64,
    timestamp_ms: i64,
}

impl Place<'_> {
    fn transfer(&self, transfer: &Transfer) -> Value {
        let (value, bound) = transfer.named_at;
        let each = |get: fn(&Item) -> Value| transfer.items.iter().map(get).collect::<Vec<_>>();
        let mut notes = transfer.notes.clone();
        notes.push(RUN_NOTE);
        notes.sort_unstable();
        self.with(
            "transfer",
            &format!("{value}.{bound}"),
            &transfer.scope.to_string(),
            json!({
                "outcome": transfer.outcome(),
                "severity": transfer.severity(),
                "recipient": transfer.recipient,
                "subject": transfer.subject,
                "subject_count": u8::from(transfer.subject.is_some()),
                "countries": transfer.countries,
                "notes": notes,
                "reasons": union(transfer.items.iter().flat_map(Item::reasons)),
                "items": each(|item| json!(item.entity)),
                "item_counts": each(|item| json!(item.count)),
                "item_outcomes": each(|item| json!(item.outcome())),
                "item_reasons": each(|item| json!(item.reasons().join(","))),
                "item_bases": each(|item| json!(item.bases().join(","))),
                "paths_total": transfer.items.iter().map(|item| item.count).sum::<u64>(),
            }),
        )
    }

    fn uninspectable(&self, unread: &Unread) -> Value {
        let mut fields = json!({ "code": unread.code, "recipient": null, "subject": null });
        if let Some(stage) = unread.stage {
            fields["stage"] = json!(stage);
        }
        self.with("uninspectable", "0", "0", fields)
    }

    fn truncated(&self, alerts_total: usize, transfers_total: usize) -> Value {
        self.with(
            "truncated",
            "0",
            "0",
            json!({ "alerts_total": alerts_total, "transfers_total": transfers_total }),
        )
    }

    fn with(&self, kind: &str, r: &str, s: &str, mut fields: Value) -> Value {
        let offset = self.offset.to_string();
        let timestamp = self.timestamp_ms.to_string();
        let id = alert_id(&[
            self.cluster,
            self.topic,
            &self.partition.to_string(),
            &offset,
            &timestamp,
            kind,
            r,
            s,
        ]);
        let common = json!({
            "schema_version": 1, "id": id, "kind": kind, "status": "open", "revision": 0,
            "cluster": self.cluster, "topic": self.topic, "partition": self.partition, "offset": self.offset,
            "timestamp": rfc3339(self.timestamp_ms),
        });
        let Value::Object(common) = common else { unreachable!("an object") };
        fields.as_object_mut().unwrap().extend(common);
        fields
    }
}

/// The first 128 bits of SHA-256 over the parts joined by 0x1F.
pub fn alert_id(parts: &[&str]) -> String {
    hex(&Sha256::digest(parts.join("\u{1F}"))[..16])
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub fn rfc3339(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[test]
fn an_expectation_counts_what_it_says() {
    let cell = |country, outcome, reasons: &[&'static str]| Cell {
        country: Some(country),
        outcome,
        basis: (outcome == "permitted").then_some("consent:checkout@2#sellers"),
        reasons: reasons.to_vec(),
    };
    let items = vec![Item {
        entity: "phone_number",
        count: 2,
        cells: vec![cell("CN", "permitted", &[]), cell("SG", "violation", &["COUNTRY_NOT_COVERED"])],
    }];
    let transfer = Transfer {
        recipient: Some("seller-17".into()),
        named_at: (0, 0),
        scope: 1,
        subject: None,
        countries: vec!["CN", "SG"],
        items,
        notes: vec![],
    };
    let expected = Expected {
        timestamp_ms: 1_719_889_445_678,
        bytes: 3,
        outcome: "violation",
        unread: None,
        transfers: vec![transfer],
        purpose: None,
        transfer_type: None,
    };
    let alerts = expected.alerts("c", "t", 3, 1207);
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0]["item_bases"], json!(["consent:checkout@2#sellers"]));
    assert_eq!(alerts[0]["item_reasons"], json!(["COUNTRY_NOT_COVERED"]));
    assert_eq!(alerts[0]["timestamp"], "2024-07-02T03:04:05.678Z");
    assert_eq!(alerts[0]["severity"], "low");
    assert_eq!(expected.rows().len(), 2);
}
