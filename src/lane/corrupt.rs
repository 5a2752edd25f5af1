//! Batches with wrong checksums that librdkafka skipped: which hole between offsets is one of them.
//!
//! An error says at which offset the batch lies, and not of which partition. A hole there is taken as its gap, in
//! each partition that has one: too many gaps are better than one too few.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Errors that are remembered.
const CORRUPT_MAX: usize = 1000;
/// Where the offset alone does not decide, only errors as young as this count.
const CORRUPT_WITHIN: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Corrupt {
    batches: VecDeque<(i64, Instant)>,
    /// When an error came that told no offset.
    unplaced: Option<Instant>,
}

impl Corrupt {
    /// A batch was skipped. librdkafka says so again whenever it fetches it again.
    pub(super) fn add(&mut self, offset: Option<i64>, now: Instant) {
        let Some(offset) = offset else {
            self.unplaced = Some(now);
            return;
        };
        self.batches.retain(|(known, _)| *known != offset);
        if self.batches.len() >= CORRUPT_MAX {
            self.batches.pop_front();
        }
        self.batches.push_back((offset, now));
    }

    /// Whether the hole `[from, to)` is the gap of such a batch. `is_first`: before the first record that was
    /// fetched, where the batch may have begun earlier, for receipts end within batches too.
    pub(super) fn is_gap(&mut self, from: i64, to: i64, is_first: bool, now: Instant) -> bool {
        let is_young = |at: &Instant| now < *at + CORRUPT_WITHIN;
        let is_expected = self.unplaced.take_if(|at| is_young(at)).is_some();
        is_expected
            || self
                .batches
                .iter()
                .any(|(offset, at)| *offset < to && (*offset >= from || is_first && is_young(at)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Corrupt;

    #[test]
    fn a_hole_is_a_gap_where_a_batch_was_skipped_and_nowhere_else() {
        let now = Instant::now();
        let later = now + Duration::from_hours(1);
        let mut corrupt = Corrupt::default();
        corrupt.add(Some(100), now);
        assert!(!corrupt.is_gap(40, 41, false, now), "the marker of a transaction, in whichever partition");
        assert!(corrupt.is_gap(100, 120, false, later), "however late its next record comes");
        assert!(!corrupt.is_gap(101, 120, false, now) && corrupt.is_gap(101, 120, true, now));
        assert!(!corrupt.is_gap(101, 120, true, later), "an old error explains no later assignment");
    }

    #[test]
    fn an_error_without_an_offset_explains_one_hole_and_not_for_long() {
        let now = Instant::now();
        let mut corrupt = Corrupt::default();
        corrupt.add(None, now);
        assert!(corrupt.is_gap(40, 41, false, now) && !corrupt.is_gap(42, 43, false, now));
        corrupt.add(None, now);
        assert!(!corrupt.is_gap(40, 41, false, now + Duration::from_hours(1)));
    }
}
