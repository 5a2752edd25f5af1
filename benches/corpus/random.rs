//! Numbers that a seed determines, on every machine.

/// `SplitMix64`: small, and the same everywhere. Nothing here is a secret.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to, not including, `bound`. The bias for small bounds is far below what a corpus shows.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// True in `millionths` of a million cases.
    pub(super) fn chance(&mut self, millionths: u64) -> bool {
        self.below(1_000_000) < millionths
    }

    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        let position = self.below(choices.len() as u64);
        choices[usize::try_from(position).unwrap_or(0)]
    }

    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap_or(0))).collect()
    }

    pub(super) fn hex(&mut self, count: usize) -> String {
        (0..count).map(|_| self.of(b"0123456789abcdef")).map(char::from).collect()
    }

    /// Version 4.
    pub(super) fn uuid(&mut self) -> String {
        let (time, node) = (self.hex(8), self.hex(12));
        format!("{time}-{}-4{}-a{}-{node}", self.hex(4), self.hex(3), self.hex(3))
    }
}
