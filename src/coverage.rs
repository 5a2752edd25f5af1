//! The fold of receipts: which offsets of a partition were inspected, which were not, and which receipts say so
//! (contracts, "Receipt").
//!
//! A partition's receipts come from many sessions: assignments that ended, were taken over, or write on after they
//! were (zombies). The fold reads them in log order and keeps those that count:
//!
//! * The begin `[c, c)` of a session takes effect when the session writes another receipt, of whatever fate. A
//!   session that was assigned and wrote nothing more has said nothing; nor does a set of parts say anything
//!   before it is complete, or a receipt that is repeated in the log (same session, same range).
//! * A begin at `c` that takes effect voids every receipt before it that ends after `c`, whole: of one that lies
//!   across `c`, the offsets before `c` are a hole from then on. (Offsets are only committed at ends of receipts,
//!   so this takes an operator who moved them.) And it voids whatever sessions that began earlier write later.
//! * What is left is in order and does not overlap. Between its receipts, and before the first where voided ones
//!   once lay, are holes: gaps `reset`, which nobody declared.
//! * A session whose begin retention has deleted began before all whose begin is there.
//! * A gap `truncation` yields to receipts of its own session: behind it the same offsets hold other records.
//!
//! Effects depend only on the log, never on what became of other begins, so the order in which they are found out
//! does not matter.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::AddAssign;

use serde::Serialize;

use crate::alert::GapCause;
use crate::destination::Country;
use crate::receipt::{Counts, Receipt, RegisterRow, earlier};

/// Folds the receipts of one (group, topic, partition), pushed in log order. `T` is what is kept of each receipt:
/// its counts, its rows, or nothing.
pub struct Fold<T> {
    positions: u64,
    by_name: HashMap<String, usize>,
    sessions: Vec<Session<T>>,
    /// Rank of the latest session whose begin took effect; 0 where none did.
    rank_in_effect: u32,
    ranks: u32,
    /// In log order, which is offset order.
    valid: Vec<Placed<T>>,
    voided: Vec<Voided<T>>,
    first: Option<i64>,
    last_begin: Option<i64>,
}

/// What the fold of one partition comes to.
pub struct Folded<T> {
    /// In offset order, without overlaps.
    pub valid: Vec<Covered<T>>,
    /// Receipts that do not count, in the order in which that was found out.
    pub voided: Vec<Voided<T>>,
    /// The smallest offset of any receipt, and of any begin that took effect.
    pub first: Option<i64>,
    /// The position of the last begin in the log, whether it took effect or not.
    pub last_begin: Option<i64>,
}

/// One receipt, or one set of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered<T> {
    pub from: i64,
    pub to: i64,
    /// Not inspected, and why.
    pub gap: Option<GapCause>,
    pub share: T,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voided<T> {
    pub receipt: Covered<T>,
    pub why: Void,
}

/// Why a receipt does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Void {
    /// A later session began before its end and judged these offsets again.
    Replayed,
    /// Its session had lost the partition to a later one.
    TakenOver,
    /// Parts of it are missing.
    Incomplete,
    /// A gap `truncation` whose offsets hold other records by now.
    Reused,
    /// No session writes such a log: it ends before it begins, or overlaps the receipt before it.
    Malformed,
}

struct Session<T> {
    /// Order of the begins in the log, from 1; 0 for a session whose begin is not in the log.
    rank: u32,
    /// Where it began: once, as sessions are written.
    begins: Vec<Begin>,
    /// Range of its last receipt: a repetition of it is none.
    last: Option<(i64, i64)>,
    parts: Option<Parts<T>>,
}

#[derive(Clone, Copy)]
struct Begin {
    /// In the log.
    position: u64,
    at: i64,
    in_effect: bool,
}

/// A set of parts that is not complete yet.
struct Parts<T> {
    range: (i64, i64),
    total: u32,
    shares: BTreeMap<u32, T>,
}

struct Placed<T> {
    /// In the log; of a set of parts, that of the one that completed it.
    position: u64,
    rank: u32,
    covered: Covered<T>,
}

impl<T: AddAssign> Fold<T> {
    pub fn new() -> Fold<T> {
        Fold {
            positions: 0,
            by_name: HashMap::new(),
            sessions: Vec::new(),
            rank_in_effect: 0,
            ranks: 0,
            valid: Vec::new(),
            voided: Vec::new(),
            first: None,
            last_begin: None,
        }
    }

    /// The next receipt of the partition in the log; `share` is what is kept of it. The shares of parts are added.
    pub fn push(&mut self, receipt: &Receipt, share: T) {
        self.positions += 1;
        let name = self.session(receipt);
        if receipt.is_begin() {
            self.begin(name, receipt.from);
            return;
        }
        let range = (receipt.from, receipt.to);
        if self.sessions.get(name).is_none_or(|session| session.last == Some(range)) {
            return;
        }
        if receipt.from >= receipt.to {
            self.void(Covered { from: range.0, to: range.1, gap: receipt.gap, share }, Void::Malformed);
            return;
        }
        if let Some(share) = self.complete(name, receipt, share) {
            self.take(name, Covered { from: range.0, to: range.1, gap: receipt.gap, share });
        }
    }

    /// Whether a begin has taken effect: then nothing that lies before in the log can change where the fold ends.
    /// Whoever reads backwards can stop.
    pub fn is_anchored(&self) -> bool {
        self.rank_in_effect > 0
    }

    pub fn finish(mut self) -> Folded<T> {
        for name in 0..self.sessions.len() {
            self.abandon_parts(name);
        }
        Folded {
            valid: self.valid.into_iter().map(|entry| entry.covered).collect(),
            voided: self.voided,
            first: self.first,
            last_begin: self.last_begin,
        }
    }

    /// The receipt's session. New ones are ranked as they begin.
    fn session(&mut self, receipt: &Receipt) -> usize {
        if let Some(name) = self.by_name.get(&receipt.session) {
            return *name;
        }
        let mut rank = 0;
        if receipt.is_begin() {
            self.ranks += 1;
            rank = self.ranks;
        }
        let name = self.sessions.len();
        self.sessions.push(Session { rank, begins: Vec::new(), last: None, parts: None });
        self.by_name.insert(receipt.session.clone(), name);
        name
    }

    /// A begin, without effect for now. Repeated in the log it is one.
    fn begin(&mut self, name: usize, at: i64) {
        let position = self.positions;
        self.last_begin = Some(at);
        let Some(session) = self.sessions.get_mut(name) else { return };
        if session.begins.iter().all(|begin| begin.at != at) {
            session.begins.push(Begin { position, at, in_effect: false });
        }
    }

    /// The receipt's share, where the receipt is complete: alone, or with the parts that came before it.
    fn complete(&mut self, name: usize, receipt: &Receipt, share: T) -> Option<T> {
        let range = (receipt.from, receipt.to);
        let (Some(part), Some(total)) = (receipt.part, receipt.parts) else {
            self.abandon_parts(name);
            return Some(share);
        };
        let is_next_of = |set: &Parts<T>| set.range == range && set.total == total;
        if !self.sessions.get(name)?.parts.as_ref().is_some_and(is_next_of) {
            self.abandon_parts(name);
        }
        let session = self.sessions.get_mut(name)?;
        let set = session.parts.get_or_insert_with(|| Parts { range, total, shares: BTreeMap::new() });
        if (1..=total).contains(&part) {
            set.shares.entry(part).or_insert(share);
        }
        if set.shares.len() < total as usize {
            return None;
        }
        session.parts.take()?.sum()
    }

    fn abandon_parts(&mut self, name: usize) {
        let Some(set) = self.sessions.get_mut(name).and_then(|session| session.parts.take()) else { return };
        let (from, to) = set.range;
        if let Some(share) = set.sum() {
            self.void(Covered { from, to, gap: None, share }, Void::Incomplete);
        }
    }

    /// A complete receipt that is not empty.
    fn take(&mut self, name: usize, covered: Covered<T>) {
        let Some(session) = self.sessions.get_mut(name) else { return };
        session.last = Some((covered.from, covered.to));
        let rank = session.rank;
        let begins = session.begins.clone();
        session.begins.iter_mut().for_each(|begin| begin.in_effect = true);
        for begin in begins.into_iter().filter(|begin| !begin.in_effect) {
            self.take_effect(begin, rank);
        }
        self.reaches(covered.from);
        if rank < self.rank_in_effect {
            self.void(covered, Void::TakenOver);
            return;
        }
        self.yield_truncation(rank, covered.from);
        if self.valid.last().is_some_and(|last| covered.from < last.covered.to) {
            self.void(covered, Void::Malformed);
            return;
        }
        self.valid.push(Placed { position: self.positions, rank, covered });
    }

    fn take_effect(&mut self, begin: Begin, rank: u32) {
        self.reaches(begin.at);
        self.rank_in_effect = self.rank_in_effect.max(rank);
        let since = self.valid.partition_point(|entry| entry.position < begin.position);
        let later = self.valid.split_off(since);
        // What is valid ascends, so those that end after the begin are the last ones.
        while let Some(entry) = self.valid.pop_if(|entry| entry.covered.to > begin.at) {
            self.void(entry.covered, Void::Replayed);
        }
        for entry in later {
            if entry.rank < rank {
                self.void(entry.covered, Void::TakenOver);
            } else {
                self.valid.push(entry);
            }
        }
    }

    fn yield_truncation(&mut self, rank: u32, from: i64) {
        let is_reused = |entry: &mut Placed<T>| {
            entry.rank == rank && entry.covered.gap == Some(GapCause::Truncation) && entry.covered.to > from
        };
        while let Some(entry) = self.valid.pop_if(is_reused) {
            self.void(entry.covered, Void::Reused);
        }
    }

    fn void(&mut self, receipt: Covered<T>, why: Void) {
        self.voided.push(Voided { receipt, why });
    }

    fn reaches(&mut self, offset: i64) {
        self.first = Some(self.first.map_or(offset, |first| first.min(offset)));
    }
}

impl<T: AddAssign> Default for Fold<T> {
    fn default() -> Fold<T> {
        Fold::new()
    }
}

impl<T: AddAssign> Parts<T> {
    fn sum(self) -> Option<T> {
        self.shares.into_values().reduce(|mut sum, share| {
            sum += share;
            sum
        })
    }
}

impl<T> Folded<T> {
    /// Where the last receipt ends, which is the last that counts. `None` where none does: then a partition begins
    /// at `last_begin`, if there is one, for that was chosen as its start.
    pub fn end(&self) -> Option<i64> {
        self.valid.last().map(|covered| covered.to)
    }

    /// Every offset from `first` to the end, once: adjacent receipts of one state are one stretch.
    pub fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut reached = self.first;
        for covered in &self.valid {
            let hole = reached.filter(|reached| *reached < covered.from);
            let hole = hole.map(|from| Stretch {
                from,
                to: covered.from,
                state: State::Gap,
                cause: Some(Cause::Reset),
            });
            let (state, cause) = match covered.gap {
                None => (State::Inspected, None),
                Some(cause) => (State::Gap, Some(cause.into())),
            };
            let own = Stretch { from: covered.from, to: covered.to, state, cause };
            for next in hole.into_iter().chain([own]) {
                match stretches.last_mut() {
                    Some(last) if last.state == next.state && last.cause == next.cause => last.to = next.to,
                    _ => stretches.push(next),
                }
            }
            reached = Some(covered.to);
        }
        stretches
    }
}

/// Offsets `[from, to)` of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    pub from: i64,
    pub to: i64,
    pub state: State,
    /// Null where inspected.
    pub cause: Option<Cause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Inspected,
    Gap,
}

/// Why offsets were not inspected: as a receipt declares it, or `reset`, which the fold finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Retention,
    Truncation,
    CorruptBatch,
    Reset,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Inspected => "inspected",
            State::Gap => "gap",
        }
    }
}

impl Cause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::Retention => GapCause::Retention.as_str(),
            Cause::Truncation => GapCause::Truncation.as_str(),
            Cause::CorruptBatch => GapCause::CorruptBatch.as_str(),
            Cause::Reset => "reset",
        }
    }
}

impl From<GapCause> for Cause {
    fn from(cause: GapCause) -> Cause {
        match cause {
            GapCause::Retention => Cause::Retention,
            GapCause::Truncation => Cause::Truncation,
            GapCause::CorruptBatch => Cause::CorruptBatch,
        }
    }
}

/// The coverage of many partitions, by group, topic and partition.
#[derive(Default)]
pub struct Coverage {
    partitions: BTreeMap<(String, String, i32), Fold<Counts>>,
}

/// What `sumun coverage` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    pub partitions: Vec<PartitionCoverage>,
    pub total: Total,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartitionCoverage {
    pub group: String,
    pub topic: String,
    pub partition: i32,
    /// In offset order, without holes; empty where the partition was only ever assigned.
    pub stretches: Vec<Stretch>,
    /// Where the last begin stands that the log knows.
    pub last_begin: Option<i64>,
    pub total: Total,
}

/// Sums over valid receipts; the records of a replay count once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Offsets in receipts that count, holes of transactions and compaction among them.
    pub offsets_inspected: u64,
    pub offsets_gap: u64,
    pub receipts: u64,
    pub receipts_voided: u64,
    #[serde(flatten)]
    pub counts: Counts,
}

impl Coverage {
    /// The next receipt; those of one partition in log order.
    pub fn push(&mut self, receipt: &Receipt) {
        let key = (receipt.group.clone(), receipt.topic.clone(), receipt.partition);
        self.partitions.entry(key).or_default().push(receipt, receipt.counts());
    }

    pub fn finish(self) -> Table {
        let mut total = Total::default();
        let partitions = self.partitions.into_iter().map(|((group, topic, partition), fold)| {
            let folded = fold.finish();
            let of_partition = Total::of(&folded);
            total += of_partition;
            let stretches = folded.stretches();
            PartitionCoverage {
                group,
                topic,
                partition,
                stretches,
                last_begin: folded.last_begin,
                total: of_partition,
            }
        });
        Table { partitions: partitions.collect(), total }
    }
}

impl Total {
    fn of(folded: &Folded<Counts>) -> Total {
        let mut total = Total {
            receipts: folded.valid.len() as u64,
            receipts_voided: folded.voided.len() as u64,
            ..Total::default()
        };
        for stretch in folded.stretches() {
            let offsets = stretch.to.abs_diff(stretch.from);
            match stretch.state {
                State::Inspected => total.offsets_inspected += offsets,
                State::Gap => total.offsets_gap += offsets,
            }
        }
        for covered in &folded.valid {
            total.counts += covered.share;
        }
        total
    }
}

impl AddAssign for Total {
    fn add_assign(&mut self, other: Total) {
        self.offsets_inspected += other.offsets_inspected;
        self.offsets_gap += other.offsets_gap;
        self.receipts += other.receipts;
        self.receipts_voided += other.receipts_voided;
        self.counts += other.counts;
    }
}

/// Rows of several receipts, summed by key: the share that a [`Fold`] keeps for the register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterSum {
    rows: BTreeMap<RowKey, RegisterRow>,
}

/// Recipient, country, outcome, basis, purpose, transfer type, reasons: in the order of a receipt's rows.
type RowKey =
    (Option<String>, Option<Country>, &'static str, Option<String>, Option<String>, Option<String>, String);

impl RegisterSum {
    /// In the order of a receipt's rows.
    pub fn into_rows(self) -> Vec<RegisterRow> {
        self.rows.into_values().collect()
    }

    fn add(&mut self, row: RegisterRow) {
        let key = (
            row.recipient.clone(),
            row.country,
            row.outcome.as_str(),
            row.basis.clone(),
            row.purpose.clone(),
            row.transfer_type.clone(),
            row.reasons.joined(),
        );
        match self.rows.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(row);
            }
            Entry::Occupied(occupied) => {
                let sum = occupied.into_mut();
                sum.items.extend(row.items);
                sum.items.sort_unstable();
                sum.items.dedup();
                sum.records += row.records;
                sum.bytes += row.bytes;
                sum.first = earlier(sum.first, row.first);
                sum.last = sum.last.max(row.last);
            }
        }
    }
}

impl From<Vec<RegisterRow>> for RegisterSum {
    fn from(rows: Vec<RegisterRow>) -> RegisterSum {
        let mut sum = RegisterSum::default();
        for row in rows {
            sum.add(row);
        }
        sum
    }
}

impl AddAssign for RegisterSum {
    fn add_assign(&mut self, other: RegisterSum) {
        for row in other.rows.into_values() {
            self.add(row);
        }
    }
}

#[cfg(test)]
mod tests;
