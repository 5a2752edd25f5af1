//! The check: what sumun wrote against the ledger. It knows every way to fail that it was built for, and its own
//! tests plant each of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde_json::{Value, json};
use sumun::coverage::Cause;

use super::Ledger;
use super::canary::Canaries;
use super::expected::{Expected, Row, alert_id, rfc3339};
use super::fold::{Folded, Range, Receipt, fold};
use crate::support::kafka::Stored;

const RECEIPT_BYTES_MAX: usize = 512 << 10;
/// No output exceeds 900 kB.
const ALERT_BYTES_MAX: usize = 900_000;
/// A table names this many faults and counts the rest.
const FAULTS_SHOWN_MAX: usize = 12;

/// What is left behind by a run.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub cluster: String,
    pub group: String,
    pub alerts: Vec<Stored>,
    pub receipts: Vec<Stored>,
    pub committed: BTreeMap<i32, Option<i64>>,
    /// Logs, metrics, the crash journal: name and content.
    pub texts: Vec<(String, Vec<u8>)>,
}

/// What a scenario itself does to coverage and facts.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    pub holes: Vec<Hole>,
    /// Partition, from, to, cause.
    pub gaps: Vec<(i32, i64, i64, &'static str)>,
    /// Digests of the facts that were in use one after the other, where they are swapped.
    pub facts: Vec<String>,
}

/// An operator moved the offsets: this hole must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    pub partition: i32,
    pub from: i64,
    pub to: i64,
    /// Whether the records in it were judged before, so that their alerts stand.
    pub judged: bool,
}

/// The ways to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// An alert that is owed is not there.
    Lost,
    /// An alert that nothing owes.
    Unexpected,
    /// An alert of the right id that says something else.
    Wrong,
    /// Two alerts of one id that are not byte-equal.
    Differing,
    /// A record in no valid receipt, gap or expected hole.
    Uncovered,
    /// A record in two valid receipts.
    Twice,
    /// A hole or gap that nobody made, or one that is not shown.
    Hole,
    /// A receipt whose sums or register rows are not those of its records.
    Miscounted,
    /// Something malformed: key, size, session, snapshot.
    Form,
    /// `sumun::coverage` and the check's own fold differ.
    Fold,
    /// Committed beyond what the receipts cover, or not to the end.
    Committed,
    /// Raw data where none may be.
    Canary,
}

#[derive(Debug)]
pub struct Report {
    pub name: String,
    pub records: usize,
    pub alerts_expected: usize,
    pub alerts_seen: usize,
    pub duplicates: usize,
    pub receipts_valid: usize,
    pub receipts_voided: usize,
    pub gaps: usize,
    pub holes: usize,
    pub committed: i64,
    pub faults: Vec<(Fault, String)>,
    /// Remarks of the scenario, for example how often each kill point was hit.
    pub remarks: Vec<String>,
}

impl Report {
    pub fn count(&self, fault: Fault) -> usize {
        self.faults.iter().filter(|(other, _)| *other == fault).count()
    }

    /// Prints the table, and panics unless nothing is wrong.
    pub fn assert_clean(&self) {
        println!("{self}");
        assert!(self.faults.is_empty(), "{self}");
    }

    /// For the negative controls: prints the table, and panics unless each of `faults` was found.
    pub fn assert_finds(&self, faults: &[Fault]) {
        println!("{self}");
        assert!(faults.iter().all(|fault| self.count(*fault) > 0), "the check did not notice: {self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "── {}", self.name)?;
        writeln!(
            f,
            "   records {}   alerts expected {} seen {} duplicates {}   lost {}  unexpected {}  wrong {}  differing {}",
            self.records,
            self.alerts_expected,
            self.alerts_seen,
            self.duplicates,
            self.count(Fault::Lost),
            self.count(Fault::Unexpected),
            self.count(Fault::Wrong),
            self.count(Fault::Differing),
        )?;
        writeln!(
            f,
            "   receipts valid {} voided {}   gaps {}  holes {}   uncovered {}  twice {}  miscounted {}   \
             committed {}   canaries {}",
            self.receipts_valid,
            self.receipts_voided,
            self.gaps,
            self.holes,
            self.count(Fault::Uncovered),
            self.count(Fault::Twice),
            self.count(Fault::Miscounted),
            self.committed,
            self.count(Fault::Canary),
        )?;
        for remark in &self.remarks {
            writeln!(f, "   {remark}")?;
        }
        for (fault, text) in self.faults.iter().take(FAULTS_SHOWN_MAX) {
            writeln!(f, "   {fault:?}: {text}")?;
        }
        if self.faults.len() > FAULTS_SHOWN_MAX {
            writeln!(f, "   … {} more", self.faults.len() - FAULTS_SHOWN_MAX)?;
        }
        Ok(())
    }
}

pub fn check(name: &str, ledger: &Ledger, evidence: &Evidence, allowed: &Allowed) -> Report {
    let mut checker = Checker { ledger, evidence, allowed, faults: Vec::new() };
    let (expected, seen) = checker.alerts();
    let coverage = checker.coverage();
    checker.snapshot();
    checker.canaries();
    let committed = evidence.committed.values().flatten().sum();
    let gap_count = |folded: &Folded| folded.valid.iter().filter(|range| range.gap.is_some()).count();
    Report {
        name: name.to_owned(),
        records: ledger.records.len(),
        alerts_expected: expected,
        alerts_seen: seen,
        duplicates: evidence.alerts.len() - seen,
        receipts_valid: coverage.values().map(|folded| folded.valid.len()).sum(),
        receipts_voided: coverage.values().map(|folded| folded.voided).sum(),
        gaps: coverage.values().map(gap_count).sum(),
        holes: coverage.values().map(|folded| folded.holes.len()).sum(),
        committed,
        faults: checker.faults,
        remarks: Vec::new(),
    }
}

struct Checker<'a> {
    ledger: &'a Ledger,
    evidence: &'a Evidence,
    allowed: &'a Allowed,
    faults: Vec<(Fault, String)>,
}

impl<'a> Checker<'a> {
    fn fault(&mut self, fault: Fault, text: String) {
        self.faults.push((fault, text));
    }

    /// Gives how many alerts are owed and how many different ones are there.
    fn alerts(&mut self) -> (usize, usize) {
        let mut owed: HashMap<String, Value> = HashMap::new();
        for ((partition, offset), record) in &self.ledger.records {
            if self.was_skipped(*partition, *offset) {
                continue;
            }
            for alert in record.alerts(&self.evidence.cluster, &self.ledger.topic, *partition, *offset) {
                let id = alert["id"].as_str().unwrap().to_owned();
                assert!(owed.insert(id, alert).is_none(), "two expectations of one id");
            }
        }
        for gap in &self.allowed.gaps {
            let alert = self.gap_alert(gap);
            owed.insert(alert["id"].as_str().unwrap().to_owned(), alert);
        }
        let expected = owed.len();
        let mut seen: HashMap<&[u8], &Stored> = HashMap::new();
        for stored in &self.evidence.alerts {
            if let Some(first) = seen.insert(&stored.key, stored) {
                if first.value != stored.value {
                    self.faults.push((Fault::Differing, difference(&first.value, &stored.value)));
                }
                continue;
            }
            let Ok(alert) = serde_json::from_slice::<Value>(&stored.value) else {
                self.fault(Fault::Form, "an alert that is no JSON".into());
                continue;
            };
            if stored.value.len() > ALERT_BYTES_MAX {
                self.fault(Fault::Form, format!("an alert of {} bytes", stored.value.len()));
            }
            if alert["id"].as_str().map(str::as_bytes) != Some(&stored.key) {
                self.fault(Fault::Form, "an alert whose key is not its id".into());
            }
            match alert["id"].as_str().and_then(|id| owed.remove(id)) {
                Some(wanted) => self.alert(&wanted, &alert),
                None => self.fault(Fault::Unexpected, about(&alert)),
            }
        }
        for wanted in owed.values() {
            self.fault(Fault::Lost, about(wanted));
        }
        (expected, seen.len())
    }

    fn alert(&mut self, wanted: &Value, found: &Value) {
        let differing: Vec<String> = wanted
            .as_object()
            .unwrap()
            .iter()
            .filter(|(field, value)| found.get(*field) != Some(value))
            .map(|(field, value)| format!("{field}: {value} expected, {}", found[field]))
            .collect();
        if !differing.is_empty() {
            self.fault(Fault::Wrong, format!("{}: {}", about(wanted), differing.join("; ")));
        }
    }

    /// The alert that a gap owes.
    fn gap_alert(&self, (partition, from, to, cause): &(i32, i64, i64, &str)) -> Value {
        let Evidence { cluster, .. } = self.evidence;
        let topic = &self.ledger.topic;
        let id = alert_id(&[cluster, topic, &partition.to_string(), &from.to_string(), "", "gap", "", ""]);
        json!({
            "id": id, "kind": "gap", "cluster": cluster, "topic": topic, "partition": partition,
            "from": from, "to": to, "cause": cause,
        })
    }

    /// Whether nobody judged the record.
    fn was_skipped(&self, partition: i32, offset: i64) -> bool {
        let holes = self.allowed.holes.iter().filter(|hole| !hole.judged);
        let holes = holes.map(|hole| (hole.partition, hole.from, hole.to));
        let gaps = self.allowed.gaps.iter().map(|(partition, from, to, _)| (*partition, *from, *to));
        holes.chain(gaps).any(|(at, from, to)| at == partition && (from..to).contains(&offset))
    }

    fn coverage(&mut self) -> BTreeMap<i32, Folded> {
        let mut by_partition: BTreeMap<i32, Vec<Receipt>> = BTreeMap::new();
        for stored in &self.evidence.receipts {
            let body: Value = serde_json::from_slice(&stored.value).unwrap_or_default();
            let Some(receipt) = Receipt::read(body) else {
                self.fault(Fault::Form, "a receipt that cannot be read".into());
                continue;
            };
            let partition = i32::try_from(receipt.body["partition"].as_i64().unwrap_or(-1)).unwrap();
            let key = format!("{}/{}/{partition}", self.evidence.group, self.ledger.topic);
            if stored.key != key.as_bytes() {
                self.fault(
                    Fault::Form,
                    format!("a receipt with the key {}", String::from_utf8_lossy(&stored.key)),
                );
            }
            if stored.value.len() > RECEIPT_BYTES_MAX {
                self.fault(Fault::Form, format!("a receipt of {} bytes", stored.value.len()));
            }
            by_partition.entry(partition).or_default().push(receipt);
        }
        let mut coverage = BTreeMap::new();
        for (partition, receipts) in &by_partition {
            self.sessions(*partition, receipts);
            let folded = fold(receipts);
            self.same_as_sumun(*partition, receipts, &folded);
            coverage.insert(*partition, folded);
        }
        for (partition, end) in self.ledger.ends() {
            let folded = coverage.entry(partition).or_default();
            self.partition(partition, end, folded);
        }
        coverage
    }

    /// What `sumun coverage` says of the same log.
    fn same_as_sumun(&mut self, partition: i32, receipts: &[Receipt], folded: &Folded) {
        let mut fold = sumun::coverage::Fold::new();
        for receipt in receipts {
            match serde_json::from_value::<sumun::receipt::Receipt>(receipt.body.clone()) {
                Ok(receipt) => fold.push(&receipt, receipt.counts()),
                Err(_) => {
                    return self
                        .fault(Fault::Form, format!("{partition}: sumun cannot read its own receipt"));
                }
            }
        }
        let theirs = fold.finish();
        let holes = theirs.stretches().into_iter().filter(|stretch| stretch.cause == Some(Cause::Reset));
        let theirs = (
            theirs.valid.iter().map(|covered| (covered.from, covered.to)).collect::<Vec<_>>(),
            holes.map(|stretch| (stretch.from, stretch.to)).collect::<Vec<_>>(),
        );
        let ours = (
            folded.valid.iter().map(|range| (range.from, range.to)).collect::<Vec<_>>(),
            folded.holes.clone(),
        );
        if folded.overlaps.is_empty() && theirs != ours {
            self.fault(Fault::Fold, format!("{partition}: sumun folds to {theirs:?}, the check to {ours:?}"));
        }
    }

    /// Every session begins with its only empty receipt, which may stand in the log more than once.
    fn sessions(&mut self, partition: i32, receipts: &[Receipt]) {
        let mut begins = BTreeMap::new();
        for receipt in receipts {
            let range = (receipt.from, receipt.to);
            let begin = *begins.entry(&receipt.session).or_insert(range);
            if begin.0 != begin.1 || (range.0 == range.1 && range != begin) {
                let text =
                    format!("{partition}: [{}, {}) of session {}", receipt.from, receipt.to, receipt.session);
                self.fault(Fault::Form, text);
            }
        }
    }

    fn partition(&mut self, partition: i32, end: i64, folded: &Folded) {
        let wanted_holes: Vec<(i64, i64)> = (self.allowed.holes.iter())
            .filter(|hole| hole.partition == partition)
            .map(|hole| (hole.from, hole.to))
            .collect();
        if folded.holes != wanted_holes {
            let text = format!("{partition}: {:?} shown, {wanted_holes:?} expected", folded.holes);
            self.fault(Fault::Hole, text);
        }
        for range in folded.valid.iter().filter(|range| range.gap.is_none()) {
            self.sums(partition, range);
        }
        let gaps: Vec<_> = (folded.valid.iter())
            .filter_map(|range| Some((partition, range.from, range.to, range.gap.as_deref()?)))
            .collect();
        let wanted_gaps: Vec<_> =
            self.allowed.gaps.iter().filter(|gap| gap.0 == partition).copied().collect();
        if gaps != wanted_gaps {
            self.fault(Fault::Hole, format!("gaps {gaps:?}, {wanted_gaps:?} expected"));
        }
        let records = self.ledger.records.range((partition, 0)..(partition, i64::MAX));
        let offsets: Vec<i64> = records.map(|((_, offset), _)| *offset).collect();
        for offset in offsets {
            let holders =
                folded.valid.iter().filter(|range| (range.from..range.to).contains(&offset)).count();
            let in_hole = wanted_holes.iter().any(|(from, to)| (*from..*to).contains(&offset));
            match holders {
                0 if !in_hole => self.fault(Fault::Uncovered, format!("{partition}/{offset}")),
                0 | 1 => {}
                _ => self.fault(Fault::Twice, format!("{partition}/{offset}")),
            }
        }
        let committed = self.evidence.committed.get(&partition).copied().flatten();
        if committed > folded.end() || committed != Some(end) {
            let text =
                format!("{partition}: {committed:?}, covered to {:?}, log ends at {end}", folded.end());
            self.fault(Fault::Committed, text);
        }
    }

    fn sums(&mut self, partition: i32, range: &Range) {
        let ledger: &'a Ledger = self.ledger;
        let records = ledger.records.range((partition, range.from)..(partition, range.to));
        let wanted = Sums::of(records.map(|(_, record)| record));
        match Sums::read(range.receipts.iter().map(|receipt| &receipt.body)) {
            Some(found) if found == wanted => {}
            Some(found) => {
                let text =
                    format!("{partition}: [{}, {}): {}", range.from, range.to, wanted.difference(&found));
                self.fault(Fault::Miscounted, text);
            }
            None => self.fault(Fault::Form, format!("{partition}: [{}, {})", range.from, range.to)),
        }
    }

    /// Rules and configuration do not change in a run, facts where the scenario swaps them; and what is said of a
    /// record is said under one snapshot.
    fn snapshot(&mut self) {
        let read = |stored: &Stored| serde_json::from_slice::<Value>(&stored.value).ok();
        let alerts: Vec<Value> = self.evidence.alerts.iter().filter_map(read).collect();
        let receipts: Vec<Value> = self.evidence.receipts.iter().filter_map(read).collect();
        let mut settings: BTreeSet<String> = BTreeSet::new();
        let mut facts: BTreeSet<&str> = BTreeSet::new();
        for output in alerts.iter().chain(&receipts) {
            settings.insert(format!("{} {}", output["rules"], output["config"]));
            facts.insert(output["facts"].as_str().unwrap_or("null"));
        }
        if settings.len() > 1 || settings.iter().any(|digests| digests.contains("null")) {
            self.fault(Fault::Form, format!("digests of more than one snapshot: {settings:?}"));
        }
        let swapped: BTreeSet<&str> = self.allowed.facts.iter().map(String::as_str).collect();
        if facts.contains("null") || (facts.len() > 1 && facts != swapped) {
            self.fault(Fault::Form, format!("digests of facts: {facts:?}, in use were {swapped:?}"));
        }
        if facts.len() < 2 {
            return;
        }
        for alert in &alerts {
            let covers = |receipt: &Value| {
                let range = receipt["from"].as_i64()..receipt["to"].as_i64();
                receipt["partition"] == alert["partition"] && range.contains(&alert["offset"].as_i64())
            };
            let mut over = receipts.iter().filter(|receipt| covers(receipt)).peekable();
            if over.peek().is_some() && over.all(|receipt| receipt["facts"] != alert["facts"]) {
                self.fault(Fault::Form, format!("{}: not under the snapshot of its receipt", about(alert)));
            }
        }
    }

    fn canaries(&mut self) {
        let canaries = Canaries::new();
        let outputs = [("alerts", &self.evidence.alerts), ("receipts", &self.evidence.receipts)];
        for (name, outputs) in outputs {
            let all: Vec<u8> = outputs
                .iter()
                .flat_map(|stored| [&stored.key[..], b"\n", &stored.value, b"\n"].concat())
                .collect();
            for hit in canaries.find(&all) {
                self.fault(Fault::Canary, format!("{hit} in {name}"));
            }
        }
        for (name, text) in &self.evidence.texts {
            for hit in canaries.find(text) {
                self.fault(Fault::Canary, format!("{hit} in {name}"));
            }
        }
    }
}

fn about(alert: &Value) -> String {
    format!(
        "{} {}/{} {} {} {}",
        alert["kind"],
        alert["partition"],
        alert["offset"],
        alert["recipient"],
        alert["subject"],
        alert["reasons"]
    )
}

/// The first field in which two bodies differ.
fn difference(first: &[u8], second: &[u8]) -> String {
    let read = |body| serde_json::from_slice::<Value>(body).unwrap_or_default();
    let (first, second) = (read(first), read(second));
    let fields = first.as_object().into_iter().flatten();
    let differing =
        fields.filter(|(field, value)| second.get(*field) != Some(value)).map(|(field, _)| field.as_str());
    format!("{}: {}", about(&first), differing.collect::<Vec<_>>().join(", "))
}

/// The sums of a receipt, in words of the contracts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sums {
    counts: BTreeMap<&'static str, u64>,
    first: Option<String>,
    last: Option<String>,
    register: BTreeMap<Row, Line>,
}

/// What a row of the register adds up.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line {
    items: BTreeSet<String>,
    records: u64,
    bytes: u64,
    first: String,
    last: String,
}

const COUNTS: [&str; 9] = [
    "records",
    "bytes",
    "clear",
    "domestic",
    "permitted",
    "violation",
    "indeterminate",
    "alerts",
    "uninspectable",
];

impl Sums {
    pub fn of<'a>(records: impl Iterator<Item = &'a Expected>) -> Sums {
        let mut sums = Sums { counts: COUNTS.map(|count| (count, 0)).into(), ..Sums::default() };
        for record in records {
            let mut add = |count, number| *sums.counts.get_mut(count).unwrap() += number;
            add("records", 1);
            add("bytes", record.bytes);
            add(record.outcome, 1);
            add("alerts", u64::try_from(record.alerts("", "", 0, 0).len()).unwrap());
            add("uninspectable", u64::from(record.unread.is_some()));
            let at = rfc3339(record.timestamp_ms);
            widen(&mut sums.first, &mut sums.last, &at);
            for (row, items) in record.rows() {
                let line = sums.register.entry(row).or_insert_with(|| Line {
                    first: at.clone(),
                    last: at.clone(),
                    ..Line::default()
                });
                line.items.extend(items.into_iter().map(str::to_owned));
                line.records += 1;
                line.bytes += record.bytes;
                line.first = line.first.clone().min(at.clone());
                line.last = line.last.clone().max(at.clone());
            }
        }
        sums
    }

    /// From the bodies of a receipt, or of all its parts. The same row in two parts is a fault of its own.
    fn read<'a>(bodies: impl Iterator<Item = &'a Value>) -> Option<Sums> {
        let mut sums = Sums { counts: COUNTS.map(|count| (count, 0)).into(), ..Sums::default() };
        for body in bodies {
            for count in COUNTS {
                *sums.counts.get_mut(count).unwrap() += body[count].as_u64()?;
            }
            for field in ["first_timestamp", "last_timestamp"] {
                if let Some(at) = body[field].as_str() {
                    widen(&mut sums.first, &mut sums.last, at);
                }
            }
            for row in body["register"].as_array()? {
                let text = |field: &str| row[field].as_str().map(str::to_owned);
                let texts = |field: &str| -> Option<Vec<String>> {
                    row[field].as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
                };
                let key = Row {
                    recipient: text("recipient"),
                    country: text("country"),
                    outcome: text("outcome")?,
                    basis: text("basis"),
                    purpose: text("purpose"),
                    transfer_type: text("transfer_type"),
                    reasons: texts("reasons")?,
                };
                let line = Line {
                    items: texts("items")?.into_iter().collect(),
                    records: row["records"].as_u64()?,
                    bytes: row["bytes"].as_u64()?,
                    first: text("first")?,
                    last: text("last")?,
                };
                if sums.register.insert(key, line).is_some() {
                    return None;
                }
            }
        }
        Some(sums)
    }

    fn difference(&self, found: &Sums) -> String {
        let mut parts = Vec::new();
        for (count, wanted) in &self.counts {
            if found.counts[count] != *wanted {
                parts.push(format!("{count} {} for {wanted}", found.counts[count]));
            }
        }
        if (&self.first, &self.last) != (&found.first, &found.last) {
            parts.push(format!("{:?}..{:?} for {:?}..{:?}", found.first, found.last, self.first, self.last));
        }
        for (row, line) in &self.register {
            if found.register.get(row) != Some(line) {
                parts.push(format!("row {row:?}: {line:?} expected, {:?}", found.register.get(row)));
                break;
            }
        }
        if let Some(row) = found.register.keys().find(|row| !self.register.contains_key(*row)) {
            parts.push(format!("row {row:?} unexpected"));
        }
        parts.join("; ")
    }

    /// The sums as the body of a receipt, for the checker's own tests.
    #[cfg(test)]
    fn write(&self) -> Value {
        let rows: Vec<Value> = (self.register.iter())
            .map(|(row, line)| {
                serde_json::json!({
                    "recipient": row.recipient, "country": row.country, "outcome": row.outcome, "basis": row.basis,
                    "purpose": row.purpose, "transfer_type": row.transfer_type, "reasons": row.reasons,
                    "items": line.items, "records": line.records, "bytes": line.bytes,
                    "first": line.first, "last": line.last,
                })
            })
            .collect();
        let mut body = serde_json::json!({
            "schema_version": 1, "group": "g", "topic": "orders", "member": "a-0",
            "register": rows, "first_timestamp": self.first, "last_timestamp": self.last,
            "rules": "r", "facts": "f", "config": "c",
        });
        for (count, number) in &self.counts {
            body[*count] = (*number).into();
        }
        body
    }
}

/// Times in one form sort as texts.
fn widen(first: &mut Option<String>, last: &mut Option<String>, at: &str) {
    if first.as_deref().is_none_or(|first| at < first) {
        *first = Some(at.to_owned());
    }
    if last.as_deref().is_none_or(|last| at > last) {
        *last = Some(at.to_owned());
    }
}

/// The check itself, on logs that are made by hand: it is quiet on a perfect one and notices every kind of fault.
#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::{Allowed, Evidence, Fault, Hole, Sums, check};
    use crate::ledger::{Ledger, scenario};
    use crate::support::kafka::Stored;

    const RECEIPT_RECORDS: i64 = 20;

    fn ledger() -> Ledger {
        scenario::drawn("orders", 200, 3)
    }

    fn receipt(partition: i32, from: i64, to: i64, session: &str, sums: &Sums) -> Stored {
        let mut body = sums.write();
        for (field, value) in [
            ("partition", json!(partition)),
            ("from", json!(from)),
            ("to", json!(to)),
            ("session", json!(session)),
        ] {
            body[field] = value;
        }
        let key = format!("g/orders/{partition}").into_bytes();
        Stored { partition: 0, offset: 0, key, value: body.to_string().into_bytes() }
    }

    /// What a sumun without fault leaves behind.
    fn perfect(ledger: &Ledger) -> Evidence {
        let mut evidence = Evidence { cluster: "c".into(), group: "g".into(), ..Evidence::default() };
        for ((partition, offset), record) in &ledger.records {
            for mut alert in record.alerts("c", "orders", *partition, *offset) {
                for digest in ["rules", "facts", "config"] {
                    alert[digest] = json!(&digest[..1]);
                }
                let key = alert["id"].as_str().unwrap().as_bytes().to_vec();
                let value = alert.to_string().into_bytes();
                evidence.alerts.push(Stored { partition: 0, offset: 0, key, value });
            }
        }
        for (partition, end) in ledger.ends() {
            evidence.receipts.push(receipt(partition, 0, 0, "s", &Sums::of(std::iter::empty())));
            let mut from = 0;
            while from < end {
                let to = (from + RECEIPT_RECORDS).min(end);
                let records = ledger.records.range((partition, from)..(partition, to));
                evidence.receipts.push(receipt(
                    partition,
                    from,
                    to,
                    "s",
                    &Sums::of(records.map(|(_, record)| record)),
                ));
                from = to;
            }
            evidence.committed.insert(partition, Some(end));
        }
        evidence
    }

    fn faults(change: impl FnOnce(&mut Evidence)) -> Vec<Fault> {
        let ledger = ledger();
        let mut evidence = perfect(&ledger);
        change(&mut evidence);
        let report = check("by hand", &ledger, &evidence, &Allowed::default());
        let mut faults: Vec<Fault> = report.faults.iter().map(|(fault, _)| *fault).collect();
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    fn edit(stored: &mut Stored, change: impl FnOnce(&mut Value)) {
        let mut body = serde_json::from_slice(&stored.value).unwrap();
        change(&mut body);
        stored.value = body.to_string().into_bytes();
    }

    #[test]
    fn a_perfect_log_has_no_fault() {
        let ledger = ledger();
        let report = check("perfect", &ledger, &perfect(&ledger), &Allowed::default());
        report.assert_clean();
        assert!(report.alerts_expected > 100 && report.receipts_valid > 8, "{report}");
    }

    #[test]
    fn equal_duplicates_and_replays_are_no_fault() {
        assert_eq!(faults(|evidence| evidence.alerts.extend_from_within(..5)), []);
        let ledger = ledger();
        let replay = |evidence: &mut Evidence| {
            let records = ledger.records.range((0, 20)..(0, 40)).map(|(_, record)| record);
            let replayed = receipt(0, 20, 40, "t", &Sums::of(records));
            let begun = receipt(0, 20, 20, "t", &Sums::of(std::iter::empty()));
            // As after a kill between the third receipt and its commit.
            let at = 3;
            evidence.receipts.splice(at..at, [begun, replayed]);
            for late in evidence.receipts.iter_mut().skip(at + 2) {
                edit(late, |body| {
                    if body["partition"] == 0 {
                        body["session"] = json!("t");
                    }
                });
            }
        };
        assert_eq!(faults(replay), []);
    }

    #[test]
    fn a_lost_alert_is_noticed() {
        assert_eq!(faults(|evidence| drop(evidence.alerts.remove(7))), [Fault::Lost]);
    }

    #[test]
    fn an_alert_that_nothing_owes_is_noticed() {
        let invent = |evidence: &mut Evidence| {
            let mut alert = evidence.alerts[0].clone();
            edit(&mut alert, |body| body["id"] = json!("00"));
            alert.key = b"00".to_vec();
            evidence.alerts.push(alert);
        };
        assert_eq!(faults(invent), [Fault::Unexpected]);
        let declare = |evidence: &mut Evidence| {
            let mut alert = evidence.alerts[0].clone();
            edit(&mut alert, |body| {
                body["id"] = json!("00");
                body["kind"] = json!("gap");
            });
            alert.key = b"00".to_vec();
            evidence.alerts.push(alert);
        };
        assert_eq!(faults(declare), [Fault::Unexpected]);
    }

    #[test]
    fn an_alert_that_says_something_else_is_noticed() {
        let wrong =
            |evidence: &mut Evidence| edit(&mut evidence.alerts[3], |body| body["severity"] = json!("none"));
        assert_eq!(faults(wrong), [Fault::Wrong]);
    }

    #[test]
    fn duplicates_that_differ_are_noticed() {
        let differing = |evidence: &mut Evidence| {
            let mut alert = evidence.alerts[3].clone();
            edit(&mut alert, |body| body["geo_build"] = json!("2026"));
            evidence.alerts.push(alert);
        };
        assert_eq!(faults(differing), [Fault::Differing]);
    }

    #[test]
    fn a_missing_receipt_is_noticed() {
        assert_eq!(faults(|evidence| drop(evidence.receipts.remove(2))), [Fault::Uncovered, Fault::Hole]);
        let last = |evidence: &mut Evidence| drop(evidence.receipts.pop());
        assert_eq!(faults(last), [Fault::Uncovered, Fault::Committed]);
    }

    #[test]
    fn a_receipt_one_too_far_is_noticed() {
        let far = |evidence: &mut Evidence| {
            edit(&mut evidence.receipts[2], |body| body["to"] = (body["to"].as_i64().unwrap() + 1).into());
        };
        assert_eq!(faults(far), [Fault::Twice, Fault::Miscounted]);
    }

    #[test]
    fn a_receipt_that_counts_wrongly_is_noticed() {
        let count =
            |evidence: &mut Evidence| edit(&mut evidence.receipts[2], |body| body["clear"] = json!(77));
        assert_eq!(faults(count), [Fault::Miscounted]);
        let row = |evidence: &mut Evidence| {
            edit(&mut evidence.receipts[2], |body| drop(body["register"].as_array_mut().unwrap().pop()));
        };
        assert_eq!(faults(row), [Fault::Miscounted]);
    }

    #[test]
    fn a_commit_past_the_receipts_is_noticed() {
        let far = |evidence: &mut Evidence| *evidence.committed.get_mut(&0).unwrap() = Some(10_000);
        assert_eq!(faults(far), [Fault::Committed]);
        let short = |evidence: &mut Evidence| *evidence.committed.get_mut(&0).unwrap() = Some(3);
        assert_eq!(faults(short), [Fault::Committed]);
    }

    #[test]
    fn raw_data_is_noticed_wherever_it_stands() {
        let phone = "010-7351-0011";
        let log = |evidence: &mut Evidence| evidence.texts.push(("log".into(), phone.into()));
        assert_eq!(faults(log), [Fault::Canary]);
        let alert =
            |evidence: &mut Evidence| edit(&mut evidence.alerts[3], |body| body["geo_build"] = json!(phone));
        assert_eq!(faults(alert), [Fault::Canary]);
    }

    #[test]
    fn malformed_outputs_are_noticed() {
        let check = |change: fn(&mut Evidence)| assert_eq!(faults(change), [Fault::Form]);
        check(|evidence| edit(&mut evidence.alerts[3], |body| body["facts"] = json!("other")));
        check(|evidence| edit(&mut evidence.receipts[1], |body| body["register"] = json!(null)));
        check(|evidence| evidence.receipts[1].key = b"g/orders/9".to_vec());
        // A session that begins without its empty receipt.
        check(|evidence| drop(evidence.receipts.remove(0)));
    }

    #[test]
    fn an_alert_names_the_facts_that_its_receipt_names() {
        let ledger = ledger();
        let mut evidence = perfect(&ledger);
        let allowed = Allowed { facts: vec!["f".into(), "other".into()], ..Allowed::default() };
        let facts = |stored: &mut Stored| edit(stored, |body| body["facts"] = json!("other"));
        // All of the first partition after its first receipt.
        for stored in evidence.receipts.iter_mut().chain(&mut evidence.alerts) {
            let body: Value = serde_json::from_slice(&stored.value).unwrap();
            let offset = body["offset"].as_i64().or(body["from"].as_i64()).unwrap();
            if body["partition"] == 0 && offset >= RECEIPT_RECORDS {
                facts(stored);
            }
        }
        check("swapped", &ledger, &evidence, &allowed).assert_clean();
        assert!(check("not meant", &ledger, &evidence, &Allowed::default()).count(Fault::Form) > 0);
        facts(&mut evidence.alerts[0]);
        assert_eq!(check("mixed", &ledger, &evidence, &allowed).count(Fault::Form), 1);
    }

    #[test]
    fn a_gap_must_be_declared_and_alerted() {
        let ledger = ledger();
        let mut evidence = perfect(&ledger);
        let allowed = Allowed { gaps: vec![(0, 20, 40, "retention")], ..Allowed::default() };
        let report = check("not there", &ledger, &evidence, &allowed);
        assert!(report.count(Fault::Hole) > 0 && report.count(Fault::Lost) == 1, "{report}");
        edit(&mut evidence.receipts[2], |body| body["gap"] = json!("retention"));
        assert_eq!(check("declared", &ledger, &evidence, &allowed).count(Fault::Hole), 0);
    }

    #[test]
    fn an_expected_hole_must_show() {
        let ledger = ledger();
        let mut evidence = perfect(&ledger);
        let hole = Hole { partition: 0, from: 20, to: 40, judged: true };
        let allowed = Allowed { holes: vec![hole.clone()], ..Allowed::default() };
        assert!(check("not there", &ledger, &evidence, &allowed).count(Fault::Hole) > 0);
        drop(evidence.receipts.remove(2));
        check("there", &ledger, &evidence, &allowed).assert_clean();
        // Not judged: its alerts are not owed, and unexpected where they are there all the same.
        let allowed = Allowed { holes: vec![Hole { judged: false, ..hole }], ..Allowed::default() };
        assert!(check("skipped", &ledger, &evidence, &allowed).count(Fault::Unexpected) > 0);
        let none: BTreeMap<i32, Option<i64>> = BTreeMap::new();
        evidence.committed = none;
        assert!(check("nothing committed", &ledger, &evidence, &allowed).count(Fault::Committed) > 0);
    }
}
