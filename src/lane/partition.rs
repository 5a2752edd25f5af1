//! One assigned partition: how far it is, what its open receipt holds, and what it waits for.

use std::time::Instant;

use crate::offsets::{Gap, Tracker};
use crate::owe::{Draft, Stamp};
use crate::receipt::Receipt;
use crate::source::TopicPartition;
use crate::telemetry::TopicLabel;

use super::faults::{self, Fault};
use super::snapshot::Digests;

pub(super) struct Partition {
    pub(super) at: TopicPartition,
    pub(super) label: TopicLabel,
    /// The lane's number for this assignment: outputs of an earlier one are told apart by it.
    pub(super) assignment: u64,
    pub(super) phase: Phase,
    /// Where the assignment began: its empty receipt and its first commit.
    pub(super) position: i64,
    /// What is to be declared before the first record is judged.
    pub(super) gap: Option<Gap>,
    pub(super) tracker: Tracker,
    pub(super) draft: Draft,
    /// Time of the last record that was taken; before the first one, when the assignment began.
    pub(super) taken_ms: i64,
    /// When no record waited, the last time that librdkafka told: however old the records that came since may be,
    /// the lane is no further behind than that.
    pub(super) caught_up_ms: Option<i64>,
    /// When the draft took its first record.
    pub(super) opened_at: Option<Instant>,
    /// A record came before it was to be judged: it is fetched again.
    pub(super) must_rewind: bool,
    /// No record came since fetching began: the first batch may have begun before.
    pub(super) is_first: bool,
    /// Random, on every receipt of this assignment.
    session: String,
}

/// An assignment is announced by an empty receipt, then committed; only then is a record judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Announcing,
    /// The commit is due, or was refused and is repeated then.
    Committing {
        due_at: Instant,
    },
    Judging,
}

/// Who writes receipts, and under which snapshot.
pub(super) struct Writer {
    pub(super) group: String,
    pub(super) member: String,
    pub(super) digests: Digests,
    pub(super) records_max: u64,
}

impl Partition {
    /// A new assignment; its empty receipt is due at once.
    pub(super) fn new(
        at: TopicPartition,
        label: TopicLabel,
        assignment: u64,
        position: i64,
        gap: Option<Gap>,
        now_ms: i64,
        writer: &Writer,
    ) -> Result<Partition, getrandom::Error> {
        let session = format!("{:016x}", getrandom::u64()?);
        let mut partition = Partition {
            at,
            label,
            assignment,
            phase: Phase::Announcing,
            position,
            gap,
            tracker: Tracker::new(),
            draft: Draft::new(position, writer.records_max),
            taken_ms: now_ms,
            caught_up_ms: None,
            opened_at: None,
            must_rewind: false,
            is_first: true,
            session,
        };
        let begin = partition.stamp(writer).begin(position);
        partition.tracker.close(position, bodies(&[begin]));
        Ok(partition)
    }

    pub(super) fn is_judging(&self) -> bool {
        self.phase == Phase::Judging
    }

    /// The offset of the next record that is to be judged.
    pub(super) fn next(&self) -> i64 {
        self.draft.next()
    }

    /// Where fetching begins: behind a gap that lies at the position, later at the next record.
    pub(super) fn fetch_from(&self) -> i64 {
        self.gap.filter(Gap::has_receipt).map_or(self.next(), |gap| gap.to)
    }

    /// Ends the open receipt behind its last record. Returns the offset where it ended, if it held any.
    pub(super) fn cut(&mut self, writer: &Writer) -> Option<i64> {
        self.opened_at = None;
        let mut to = self.draft.next();
        if faults::is_planted(Fault::ReceiptOneTooFar) && self.draft.records() > 0 {
            to += 1;
        }
        let session = self.session.clone();
        let receipts = self.draft.cut(to, &stamp(&self.at, &session, writer));
        if receipts.is_empty() {
            return None;
        }
        self.tracker.close(to, bodies(&receipts));
        Some(to)
    }

    /// Ends the range that owes a gap's alert with the receipt that declares the gap; the draft goes on behind.
    pub(super) fn close_gap(&mut self, gap: Gap, writer: &Writer) {
        let receipt = self.stamp(writer).gap(gap.from, gap.to, gap.cause);
        self.tracker.close(gap.to, bodies(&[receipt]));
        self.draft = Draft::new(gap.to, writer.records_max);
    }

    fn stamp<'a>(&'a self, writer: &'a Writer) -> Stamp<'a> {
        stamp(&self.at, &self.session, writer)
    }
}

fn stamp<'a>(at: &'a TopicPartition, session: &'a str, writer: &'a Writer) -> Stamp<'a> {
    Stamp {
        group: &writer.group,
        topic: &at.topic,
        partition: at.partition,
        member: &writer.member,
        session,
        rules: &writer.digests.rules,
        facts: &writer.digests.facts,
        config: &writer.digests.config,
    }
}

fn bodies(receipts: &[Receipt]) -> Vec<Vec<u8>> {
    // A receipt is numbers, enums and texts: it always serializes.
    receipts.iter().map(|receipt| serde_json::to_vec(receipt).unwrap_or_default()).collect()
}
