//! Where a partition begins when it is assigned (DESIGN.md §4, "Where to start").

use crate::alert::GapCause;

/// What is known of a partition at its assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The group's committed offset.
    pub committed: Option<i64>,
    /// The end of the partition's last receipt; asked for only where there is no committed offset
    /// (group offsets expire after seven days without members).
    pub last_receipt: Option<i64>,
    /// Whether any partition of the group has a receipt: then this one appeared later.
    pub group_has_receipts: bool,
    /// First offset that the log still holds, and the one after its last.
    pub low: i64,
    pub high: i64,
}

/// The configured `start_from`, for a group that has never judged anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFrom {
    Earliest,
    Latest,
    /// The first record at or after this time, in milliseconds.
    Time(i64),
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// `position` is where the empty receipt is written and the group commits; `gap` lies right behind it, and
    /// the first record that is judged comes after the gap.
    At { position: i64, gap: Option<Gap> },
    /// Ask the broker for the first offset at or after this time; `low` where it knows none older.
    AtTime(i64),
}

/// Offsets `[from, to)` that nobody can inspect any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from: i64,
    pub to: i64,
    pub cause: GapCause,
}

impl Gap {
    /// Whether the gap has a receipt of its own, right behind the position. What was truncated lies ahead
    /// instead: it is covered when it is written anew.
    pub fn has_receipt(&self) -> bool {
        self.cause != GapCause::Truncation
    }
}

/// The committed offset decides; without one the last receipt; without either `start_from`, but the earliest
/// record where another partition of the group has a receipt.
pub fn start(known: Known, start_from: StartFrom) -> Start {
    match (known.committed.or(known.last_receipt), start_from) {
        (Some(position), _) => resume(position, known),
        (None, _) if known.group_has_receipts => Start::At { position: known.low, gap: None },
        (None, StartFrom::Earliest) => Start::At { position: known.low, gap: None },
        (None, StartFrom::Latest) => Start::At { position: known.high, gap: None },
        (None, StartFrom::Time(at_ms)) => Start::AtTime(at_ms),
    }
}

fn resume(position: i64, known: Known) -> Start {
    if position < known.low {
        let gap = Gap { from: position, to: known.low, cause: GapCause::Retention };
        return Start::At { position, gap: Some(gap) };
    }
    if position > known.high {
        // What lay between is gone, and what lies before may be other records than those inspected: all that
        // the log holds is read again. Earlier receipts are voided by the empty one at `low`.
        let gap = Gap { from: known.high, to: position, cause: GapCause::Truncation };
        return Start::At { position: known.low, gap: Some(gap) };
    }
    Start::At { position, gap: None }
}

#[cfg(test)]
mod tests {
    use super::{Gap, GapCause, Known, Start, StartFrom, start};

    #[test]
    fn the_committed_offset_decides_then_the_receipt_then_the_configuration() {
        let none =
            Known { committed: None, last_receipt: None, group_has_receipts: false, low: 10, high: 90 };
        let at = |position| Start::At { position, gap: None };
        let check = |known, start_from, expected| assert_eq!(start(known, start_from), expected);
        check(Known { committed: Some(40), last_receipt: Some(50), ..none }, StartFrom::Earliest, at(40));
        check(Known { last_receipt: Some(50), ..none }, StartFrom::Latest, at(50));
        check(none, StartFrom::Earliest, at(10));
        check(none, StartFrom::Latest, at(90));
        check(none, StartFrom::Time(7), Start::AtTime(7));
        // A partition that appeared after the group had begun is read from its first record on.
        check(Known { group_has_receipts: true, ..none }, StartFrom::Latest, at(10));
        check(Known { committed: Some(90), ..none }, StartFrom::Earliest, at(90));
    }

    #[test]
    fn what_retention_deleted_unread_is_a_gap_with_its_exact_range() {
        let known =
            Known { committed: Some(4), last_receipt: None, group_has_receipts: true, low: 10, high: 90 };
        let gap = Gap { from: 4, to: 10, cause: GapCause::Retention };
        assert_eq!(start(known, StartFrom::Latest), Start::At { position: 4, gap: Some(gap) });
    }

    #[test]
    fn a_log_that_ends_before_the_position_is_read_again_from_its_first_record() {
        let known =
            Known { committed: Some(95), last_receipt: None, group_has_receipts: true, low: 10, high: 90 };
        let gap = Gap { from: 90, to: 95, cause: GapCause::Truncation };
        assert_eq!(start(known, StartFrom::Latest), Start::At { position: 10, gap: Some(gap) });
    }
}
