//! The receipt of one partition while it is drafted, and how it is cut (contracts, "Receipt").

use super::register::Register;
use crate::alert::GapCause;
use crate::receipt::{Counts, Receipt, RegisterRow, SCHEMA_VERSION, earlier};
use crate::timestamp::Timestamp;
use crate::verdict::{Outcome, Verdict};

/// No receipt is longer: half of what a broker takes by default.
pub const RECEIPT_BYTES_MAX: usize = 512 * 1024;
/// Room for everything but the rows. Were it too small, a cut would make two parts of one receipt, not a larger one.
const HEAD_BYTES_MAX: usize = 4 * 1024;

/// What a receipt says beyond its records: who wrote it, and under which snapshot.
#[derive(Clone, Copy)]
pub struct Stamp<'a> {
    /// The consumer group, and the partition that the receipt is about.
    pub group: &'a str,
    pub topic: &'a str,
    pub partition: i32,
    /// The lane's member id.
    pub member: &'a str,
    /// Random, one per assignment.
    pub session: &'a str,
    /// `sha256:HEX`, as the two that follow.
    pub rules: &'a str,
    pub facts: &'a str,
    pub config: &'a str,
}

/// What one judged record adds to a receipt.
#[derive(Clone, Copy)]
pub struct Share<'a> {
    pub offset: i64,
    /// The record's own time.
    pub timestamp_ms: Option<i64>,
    /// Length of the value; 0 where it is null.
    pub bytes: u64,
    pub verdict: &'a Verdict,
    /// As declared by the record.
    pub purpose: Option<&'a str>,
    pub transfer_type: Option<&'a str>,
    /// Alerts that the record owes, of any kind.
    pub alerts: u64,
    /// Some bytes of it were not read.
    pub uninspectable: bool,
}

/// The record would make the receipt too long: cut it, and add the record again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The open receipt of one partition, from `from` on. All its records are judged under one snapshot: whoever
/// holds it cuts it before the snapshot changes.
pub struct Draft {
    from: i64,
    next: i64,
    counts: Counts,
    register: Register,
    records_max: u64,
}

impl Draft {
    /// `records_max`: `receipt_records_max` of the configuration.
    pub fn new(from: i64, records_max: u64) -> Draft {
        Draft { from, next: from, counts: Counts::default(), register: Register::new(), records_max }
    }

    /// First offset that the receipt covers.
    pub fn from(&self) -> i64 {
        self.from
    }

    /// The offset after the last record that was added.
    pub fn next(&self) -> i64 {
        self.next
    }

    pub fn records(&self) -> u64 {
        self.counts.records
    }

    /// Whether it has to be cut before another record is judged.
    pub fn is_full(&self) -> bool {
        self.counts.records >= self.records_max || self.rows_bytes_max() >= RECEIPT_BYTES_MAX
    }

    /// Adds a record, whose offset is at or after [`Draft::next`]. An empty draft takes any record: where its rows
    /// alone are too long, they are cut into parts.
    pub fn add(&mut self, share: &Share<'_>) -> Result<(), Full> {
        if !share.verdict.transfers.is_empty() {
            let more = self.register.measure(share);
            if self.counts.records > 0 && self.rows_bytes_max() + more > RECEIPT_BYTES_MAX {
                return Err(Full);
            }
            self.register.take(share);
        }
        self.count(share);
        self.next = share.offset.saturating_add(1);
        Ok(())
    }

    /// The receipt over `[from, to)`, in as many parts as its rows need; the draft goes on, empty, at `to`.
    /// `to` may lie behind [`Draft::next`], where no record lies between (transactions, compaction), and not
    /// before it. Nothing where the range is empty: an empty receipt is only written at an assignment.
    pub fn cut(&mut self, to: i64, stamp: &Stamp<'_>) -> Vec<Receipt> {
        debug_assert!(to >= self.next, "a receipt is cut behind its last record");
        let to = to.max(self.next);
        if to == self.from {
            return Vec::new();
        }
        let head = stamp.receipt(self.from, to, self.counts);
        let rows = self.register.drain();
        (self.from, self.next, self.counts) = (to, to, Counts::default());
        parts(&head, rows)
    }

    fn count(&mut self, share: &Share<'_>) {
        let counts = &mut self.counts;
        counts.records += 1;
        counts.bytes += share.bytes;
        counts.alerts += share.alerts;
        counts.uninspectable += u64::from(share.uninspectable);
        *match share.verdict.outcome {
            Outcome::Clear => &mut counts.clear,
            Outcome::Domestic => &mut counts.domestic,
            Outcome::Permitted => &mut counts.permitted,
            Outcome::Indeterminate => &mut counts.indeterminate,
            Outcome::Violation => &mut counts.violation,
        } += 1;
        let time = share.timestamp_ms.and_then(Timestamp::from_ms);
        counts.first_timestamp = earlier(counts.first_timestamp, time);
        counts.last_timestamp = counts.last_timestamp.max(time);
    }

    fn rows_bytes_max(&self) -> usize {
        HEAD_BYTES_MAX + self.register.bytes_max()
    }
}

impl Stamp<'_> {
    /// `[at, at)`: the begin of an assignment, written before the first record is judged.
    pub fn begin(&self, at: i64) -> Receipt {
        self.receipt(at, at, Counts::default())
    }

    /// `[from, to)` was not inspected, and sumun knows why.
    pub fn gap(&self, from: i64, to: i64, cause: GapCause) -> Receipt {
        Receipt { gap: Some(cause), ..self.receipt(from, to, Counts::default()) }
    }

    fn receipt(&self, from: i64, to: i64, counts: Counts) -> Receipt {
        Receipt {
            schema_version: SCHEMA_VERSION,
            group: self.group.to_owned(),
            topic: self.topic.to_owned(),
            partition: self.partition,
            from,
            to,
            records: counts.records,
            bytes: counts.bytes,
            first_timestamp: counts.first_timestamp,
            last_timestamp: counts.last_timestamp,
            clear: counts.clear,
            domestic: counts.domestic,
            permitted: counts.permitted,
            violation: counts.violation,
            indeterminate: counts.indeterminate,
            alerts: counts.alerts,
            rules: self.rules.to_owned(),
            facts: self.facts.to_owned(),
            config: self.config.to_owned(),
            member: self.member.to_owned(),
            session: self.session.to_owned(),
            uninspectable: counts.uninspectable,
            gap: None,
            part: None,
            parts: None,
            register: Vec::new(),
        }
    }
}

/// One receipt with all rows, or, where that would be too long, several of the same range: the first holds the
/// counts, each as many rows as it has room for.
fn parts(head: &Receipt, rows: Vec<RegisterRow>) -> Vec<Receipt> {
    let numbered = Receipt { part: Some(u32::MAX), parts: Some(u32::MAX), ..head.clone() };
    let room = RECEIPT_BYTES_MAX.saturating_sub(written(&numbered));
    let mut shares: Vec<Vec<RegisterRow>> = Vec::new();
    let (mut share, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let more = written(&row) + ",".len();
        if bytes + more > room && !share.is_empty() {
            shares.push(std::mem::take(&mut share));
            bytes = 0;
        }
        bytes += more;
        share.push(row);
    }
    shares.push(share);
    let total = shares.len();
    if total == 1 {
        return shares.into_iter().map(|register| Receipt { register, ..head.clone() }).collect();
    }
    let parts = u32::try_from(total).ok();
    (1..)
        .zip(shares)
        .map(|(part, register)| {
            let counted = if part == 1 { head.clone() } else { without_counts(head) };
            Receipt { part: Some(part), parts, register, ..counted }
        })
        .collect()
}

fn without_counts(head: &Receipt) -> Receipt {
    Receipt {
        records: 0,
        bytes: 0,
        first_timestamp: None,
        last_timestamp: None,
        clear: 0,
        domestic: 0,
        permitted: 0,
        violation: 0,
        indeterminate: 0,
        alerts: 0,
        uninspectable: 0,
        ..head.clone()
    }
}

fn written(value: &impl serde::Serialize) -> usize {
    // Cannot fail: no maps, no foreign types.
    serde_json::to_vec(value).map_or(0, |body| body.len())
}
