//! The ledger: what was written to the broker, what must have come of it, and the check that it did.
//!
//! `scenario` writes seeded records whose outcome is known by construction; `world` holds the people, recipients
//! and facts that it is known from; `check` reads alerts and receipts back. Nothing here calls the engine: the
//! ids, tokens, sums and the fold of receipts are worked out a second time, from the contracts.

pub mod canary;
pub mod check;
pub mod expected;
pub mod fold;
pub mod scenario;
pub mod world;

use std::collections::BTreeMap;

use expected::Expected;

/// What was written, by partition and offset, and what is owed for it.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub topic: String,
    pub records: BTreeMap<(i32, i64), Expected>,
}

impl Ledger {
    /// The offset after the last record, by partition.
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let mut ends = BTreeMap::new();
        for (partition, offset) in self.records.keys() {
            ends.insert(*partition, offset + 1);
        }
        ends
    }
}

/// A seeded stream of numbers (splitmix64): the same seed writes the same records.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}
