//! The tracker of one partition: invariant 4 in code.
//!
//! Holes between delivered offsets are normal (transactions, compaction): nothing here counts by one.

use std::collections::VecDeque;

/// Names one range of a tracker; carried by every output that the range owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RangeId(u64);

/// Ranges of one partition in offset order. The last one is open: it takes what new records owe.
#[derive(Debug)]
pub struct Tracker {
    ranges: VecDeque<Range>,
    next_id: u64,
    waiting_bytes: usize,
}

#[derive(Debug)]
struct Range {
    id: RangeId,
    /// Outputs owed and not acknowledged yet.
    owed: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Open,
    /// Its end is known; the receipt waits for what the range owes, and for the receipt before it.
    Closed {
        to: i64,
        receipts: Vec<Vec<u8>>,
    },
    /// The receipt is on its way; `parts` of it are not acknowledged yet.
    Sent {
        to: i64,
        parts: u32,
    },
}

impl Tracker {
    pub fn new() -> Tracker {
        let mut tracker = Tracker { ranges: VecDeque::new(), next_id: 0, waiting_bytes: 0 };
        tracker.open();
        tracker
    }

    /// The open range owes `outputs` more. Its id goes with them, and comes back in [`Tracker::acknowledge`].
    pub fn owe(&mut self, outputs: u32) -> RangeId {
        match self.ranges.back_mut() {
            Some(range) => {
                range.owed += outputs;
                range.id
            }
            // Unreachable: `new` and `close` always leave an open range.
            None => self.open(),
        }
    }

    /// Ends the open range at `to` (exclusive) with the bodies of its receipt, and opens the next one.
    pub fn close(&mut self, to: i64, receipts: Vec<Vec<u8>>) {
        if let Some(range) = self.ranges.back_mut() {
            self.waiting_bytes += bytes_of(&receipts);
            range.stage = Stage::Closed { to, receipts };
        }
        self.open();
    }

    /// One output that the range owed is acknowledged.
    pub fn acknowledge(&mut self, id: RangeId) {
        if let Some(range) = self.ranges.iter_mut().find(|range| range.id == id) {
            debug_assert!(range.owed > 0, "an output was acknowledged twice");
            range.owed = range.owed.saturating_sub(1);
        }
    }

    /// The receipt that may be produced now, if there is one: of the oldest range, when nothing of it is owed
    /// any more. One receipt of a partition is in flight at a time, so their order in the log is theirs.
    pub fn take_due_receipt(&mut self) -> Option<(RangeId, Vec<Vec<u8>>)> {
        let range = self.ranges.front_mut()?;
        if range.owed > 0 {
            return None;
        }
        let Stage::Closed { to, receipts } = &mut range.stage else { return None };
        let bodies = std::mem::take(receipts);
        self.waiting_bytes -= bytes_of(&bodies);
        let parts = u32::try_from(bodies.len()).unwrap_or(u32::MAX);
        range.stage = Stage::Sent { to: *to, parts };
        Some((range.id, bodies))
    }

    /// One part of a sent receipt is acknowledged. Returns the offset that may now be stored, when it was the
    /// last part.
    pub fn acknowledge_receipt(&mut self, id: RangeId) -> Option<i64> {
        let range = self.ranges.front_mut().filter(|range| range.id == id)?;
        let Stage::Sent { to, parts } = &mut range.stage else { return None };
        *parts = parts.saturating_sub(1);
        if *parts > 0 {
            return None;
        }
        let stored = *to;
        self.ranges.pop_front();
        Some(stored)
    }

    /// Length of the receipts that wait for what their ranges owe, and for each other.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Whether nothing is owed and no receipt is due or on its way.
    pub fn is_settled(&self) -> bool {
        self.ranges.iter().all(|range| range.owed == 0 && matches!(range.stage, Stage::Open))
    }

    fn open(&mut self) -> RangeId {
        let id = RangeId(self.next_id);
        self.next_id += 1;
        self.ranges.push_back(Range { id, owed: 0, stage: Stage::Open });
        id
    }
}

fn bytes_of(receipts: &[Vec<u8>]) -> usize {
    receipts.iter().map(Vec::len).sum()
}

impl Default for Tracker {
    fn default() -> Tracker {
        Tracker::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{RangeId, Tracker};

    #[test]
    fn a_receipt_waits_for_every_alert_of_its_range() {
        let mut tracker = Tracker::new();
        let range = tracker.owe(2);
        tracker.close(10, vec![b"r".to_vec()]);
        assert!(tracker.take_due_receipt().is_none());
        tracker.acknowledge(range);
        assert!(tracker.take_due_receipt().is_none());
        tracker.acknowledge(range);
        let (id, bodies) = tracker.take_due_receipt().unwrap();
        assert_eq!(bodies, [b"r"]);
        assert_eq!(tracker.acknowledge_receipt(id), Some(10));
        assert!(tracker.is_settled());
    }

    #[test]
    fn offsets_are_stored_in_order_and_only_when_all_parts_are_acknowledged() {
        let mut tracker = Tracker::new();
        tracker.close(10, vec![vec![1], vec![2]]);
        tracker.close(20, vec![vec![3]]);
        let (first, _) = tracker.take_due_receipt().unwrap();
        assert!(tracker.take_due_receipt().is_none(), "the second waits for the first");
        assert_eq!(tracker.acknowledge_receipt(first), None);
        assert_eq!(tracker.acknowledge_receipt(first), Some(10));
        let (second, _) = tracker.take_due_receipt().unwrap();
        assert_eq!(tracker.acknowledge_receipt(first), None, "a late repetition moves nothing");
        assert_eq!(tracker.acknowledge_receipt(second), Some(20));
    }

    #[test]
    fn receipts_that_wait_are_weighed_until_they_are_sent() {
        let mut tracker = Tracker::new();
        tracker.close(10, vec![vec![0; 3], vec![0; 4]]);
        tracker.close(20, vec![vec![0; 5]]);
        assert_eq!(tracker.waiting_bytes(), 12);
        let (first, _) = tracker.take_due_receipt().unwrap();
        assert_eq!(tracker.waiting_bytes(), 5);
        tracker.acknowledge_receipt(first);
        tracker.acknowledge_receipt(first);
        tracker.take_due_receipt().unwrap();
        assert_eq!(tracker.waiting_bytes(), 0);
    }

    proptest! {
        /// Whatever the order in which acknowledgements come back: an offset is never stored while an output
        /// owed before it is not acknowledged, and in the end everything is stored.
        #[test]
        fn no_offset_passes_an_output_that_is_owed(
            owed in prop::collection::vec(0u32..4, 1..30),
            choices in prop::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let mut tracker = Tracker::new();
            let mut outstanding: Vec<(RangeId, i64)> = Vec::new();
            let mut receipts: Vec<RangeId> = Vec::new();
            for (position, count) in owed.iter().enumerate() {
                let to = (i64::try_from(position).unwrap() + 1) * 10;
                let id = tracker.owe(*count);
                outstanding.extend((0..*count).map(|_| (id, to)));
                tracker.close(to, vec![Vec::new()]);
            }
            let mut stored = 0;
            let mut choices = choices.iter().cycle();
            while stored < i64::try_from(owed.len()).unwrap() * 10 {
                if let Some((id, _)) = tracker.take_due_receipt() {
                    receipts.push(id);
                }
                let total = outstanding.len() + receipts.len();
                prop_assert!(total > 0, "nothing on its way, and not everything stored");
                let choice = choices.next().unwrap().index(total);
                if choice < outstanding.len() {
                    tracker.acknowledge(outstanding.swap_remove(choice).0);
                } else if let Some(to) = tracker.acknowledge_receipt(receipts.swap_remove(choice - outstanding.len())) {
                    prop_assert!(to > stored);
                    prop_assert!(outstanding.iter().all(|(_, end)| *end > to));
                    stored = to;
                }
            }
            prop_assert!(tracker.is_settled());
        }
    }
}
