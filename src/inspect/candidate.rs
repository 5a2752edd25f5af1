//! Digit groups, found bit-parallel: what a number of nine or more digits can lie in.
//!
//! A group is a run of digits (and the `*` of masked ones) with separators between them; it may hold more than one
//! number (`2024-08-15 010-2345-6789`), which is why it is cut into chunks before anybody reads it.

use crate::decode::{BLOCK_BYTES, Bitmaps};

/// The shortest number that any entity has: 02-345-6789.
pub(super) const DIGITS_MIN: u32 = 9;

/// Longer texts are worth their bitmaps.
const SHORT_BYTES_MAX: usize = 64;

/// Whether a text is short, ASCII, no JSON, and has too few digits for any candidate: as most headers are, for
/// which bitmaps and a walk would cost more than the payload's own.
pub(super) fn is_plainly_without(text: &[u8]) -> bool {
    if text.len() > SHORT_BYTES_MAX || matches!(text.trim_ascii_start(), [b'{' | b'[' | b'"', ..]) {
        return false;
    }
    if text.len() < DIGITS_MIN as usize {
        return text.is_ascii() && !text.contains(&b'@');
    }
    let (mut digits, mut all) = (0, 0);
    for byte in text {
        digits += u32::from(is_digit(*byte));
        all |= byte;
    }
    digits < DIGITS_MIN && all.is_ascii() && memchr::memchr(b'@', text).is_none()
}

/// A digit group; positions are bytes of the text that was classified. Begins and ends with a digit or `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) digits: u32,
    /// Nothing can lie in it but what only a name tells from other numbers.
    pub(super) only_named: bool,
}

/// Digits of the shortest number that only a name makes personal: an account.
const NAMED_DIGITS_MIN: u32 = 10;

/// Digits without a separator between them.
#[derive(Clone, Copy)]
pub(super) struct Chunk {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Appends the groups of `bytes` that hold at least [`DIGITS_MIN`] digits.
pub(super) fn find_groups(bytes: &[u8], bitmaps: &Bitmaps, out: &mut Vec<Group>) {
    let mut blocks = bitmaps.blocks().iter();
    let Some(mut block) = blocks.next() else { return };
    let mut base = 0;
    let mut before = Runs::default();
    let mut open: Option<usize> = None;
    loop {
        let next = blocks.next();
        let is_idle = block.digit == 0 && open.is_none();
        if is_idle && let Some(next) = next {
            (before, block) = (Runs::default(), next);
            base += BLOCK_BYTES;
            continue;
        }
        let digits_after = next.map_or(0, |next| next.digit);
        let (digits, digits_before) = (block.digit, before.digits);
        // A separator counts where a digit is at most two bytes away: `) `, ` - `, not the blanks of an indent.
        let near = left(digits, digits_before, 1)
            | left(digits, digits_before, 2)
            | right(digits, digits_after, 1)
            | right(digits, digits_after, 2);
        let one = digits | block.separator & near;
        // Doubling: a bit of `four` ends four set bits of `one`, and so on.
        let two = one & left(one, before.one, 1);
        let four = two & left(two, before.two, 2);
        let eight = four & left(four, before.four, 4);
        let mut nine = eight & left(one, before.one, 8);
        if let Some(start) = open {
            let length = (!one).trailing_zeros() as usize;
            if length < BLOCK_BYTES {
                push(bytes, bitmaps, start, base + length, out);
                open = None;
                nine &= u64::MAX << length;
            } else {
                nine = 0;
            }
        }
        while nine != 0 {
            let ninth = nine.trailing_zeros() as usize;
            let start = (base + ninth + 1).saturating_sub(DIGITS_MIN as usize);
            let length = (!(one >> ninth)).trailing_zeros() as usize;
            if ninth + length >= BLOCK_BYTES {
                open = Some(start);
                break;
            }
            if start >= base {
                push_inside(block.digit, base, start, ninth + length, out);
            } else {
                push(bytes, bitmaps, start, base + ninth + length, out);
            }
            nine &= u64::MAX << (ninth + length);
        }
        before = Runs { digits, one, two, four };
        base += BLOCK_BYTES;
        match next {
            Some(next) => block = next,
            None => break,
        }
    }
    if let Some(start) = open {
        push(bytes, bitmaps, start, bytes.len(), out);
    }
}

/// The bitmaps of the block before, for runs that cross into the next.
#[derive(Default)]
struct Runs {
    digits: u64,
    one: u64,
    two: u64,
    four: u64,
}

fn left(bits: u64, before: u64, by: u32) -> u64 {
    bits << by | before >> (u64::BITS - by)
}

fn right(bits: u64, after: u64, by: u32) -> u64 {
    bits >> by | after << (u64::BITS - by)
}

/// The run from `start` to bit `end` of the block at `base`, where `digits` are.
fn push_inside(digits: u64, base: usize, start: usize, end: usize, out: &mut Vec<Group>) {
    let run = digits & !(u64::MAX << end) & (u64::MAX << (start - base));
    // Without separators they need not be counted, which costs more on a CPU of 2003.
    let span = u64::BITS - run.leading_zeros() - run.trailing_zeros();
    let is_whole = run.checked_shr(run.trailing_zeros()).unwrap_or_default().trailing_ones() == span;
    let count = if is_whole { span } else { run.count_ones() };
    if count >= DIGITS_MIN
        && let Ok(base) = u32::try_from(base)
    {
        let (start, end) = (base + run.trailing_zeros(), base + u64::BITS - run.leading_zeros());
        out.push(Group { start, end, digits: count, only_named: false });
    }
}

fn push(bytes: &[u8], bitmaps: &Bitmaps, start: usize, end: usize, out: &mut Vec<Group>) {
    let (mut start, mut end) = (start, end.min(bytes.len()));
    while start < end && !bytes.get(start).is_some_and(|byte| is_digit(*byte)) {
        start += 1;
    }
    while start < end && !bytes.get(end - 1).is_some_and(|byte| is_digit(*byte)) {
        end -= 1;
    }
    let digits = bitmaps.count(start, end, |block| block.digit);
    if digits >= DIGITS_MIN
        && let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end))
    {
        out.push(Group { start, end, digits, only_named: false });
    }
}

impl Group {
    /// Whether it is one run of digits.
    pub(super) fn is_plain(&self) -> bool {
        self.end - self.start == self.digits
    }

    pub(super) fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Digits of something longer, as in hexadecimal.
    pub(super) fn is_inside_word(&self, text: &[u8]) -> bool {
        is_inside_word(text, self.start as usize, self.end as usize)
    }

    /// Whether an account, a card or a licence may lie in it, which only a name tells from other numbers: all have
    /// four digits side by side, and network addresses have not.
    pub(super) fn may_be_named(&self, text: &[u8]) -> bool {
        let group = text.get(self.range()).unwrap_or_default();
        self.digits >= NAMED_DIGITS_MIN
            && (self.is_plain() || group.windows(4).any(|four| four.iter().copied().all(is_digit)))
    }

    /// A first look, without names and evidence: most groups are timestamps, barcodes and identifiers.
    /// `text` is what the group's positions refer to, `bitmaps` are its; `numeric` may be a number of JSON.
    #[inline]
    pub(super) fn may_hold_number(&self, text: &[u8], bitmaps: &Bitmaps, numeric: bool) -> bool {
        let (start, end) = (self.start as usize, self.end as usize);
        let group = text.get(start..end).unwrap_or_default();
        if self.end - self.start == self.digits {
            return run_may_begin(group, numeric) && !is_inside_word(text, start, end);
        }
        let Some(mut digits) = bitmaps.window(start, end, |block| block.digit) else {
            let mut chunks = group.split(|byte| !is_digit(*byte)).filter(|chunk| !chunk.is_empty());
            return chunks.next().is_some_and(|first| may_begin(first, true, numeric))
                || chunks.any(|chunk| may_begin(chunk, false, numeric));
        };
        let mut first = true;
        while digits != 0 {
            let start = digits.trailing_zeros();
            let length = (!(digits >> start)).trailing_zeros();
            let end = start + length;
            let chunk = group.get(start as usize..end as usize).unwrap_or_default();
            if may_begin(chunk, first, numeric) {
                return true;
            }
            digits &= u64::MAX.checked_shl(end).unwrap_or(0);
            first = false;
        }
        false
    }
}

/// [`may_begin`] for a group without separators, the common case: from tables, because branches on digits cannot be
/// foreseen.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "one byte is taken out of eight")]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch that cannot be foreseen costs more than all of it"
)]
fn run_may_begin(run: &[u8], numeric: bool) -> bool {
    const ALL_DIGITS: u64 = 0x1010_1010_1010_1010;
    /// Bit `n`: the seventh digit of a resident number may be `n`.
    const CENTURIES: u64 = 0b10_0001_1111;
    let Some(head) = run.first_chunk().map(|head| u64::from_le_bytes(*head)) else { return false };
    if head & ALL_DIGITS != ALL_DIGITS {
        return may_begin(run, true, numeric);
    }
    let digits = head & 0x0F0F_0F0F_0F0F_0F0F;
    // In each byte the number that its digit and the next one make.
    let twos = digits * 10 + (digits >> 8);
    let two = |position: u32| usize::from((twos >> (8 * position)) as u8);
    let lengths = if numeric { &LENGTHS_OF_NUMBERS } else { &LENGTHS_OF_TEXTS };
    let length = u32::try_from(run.len()).unwrap_or(u32::MAX);
    let lengths = lengths.get(two(0)).copied().unwrap_or_default();
    let is_phone = lengths.checked_shr(length).unwrap_or_default() & 1 != 0;
    let is_dialled = (two(0) == 0) & (two(2) == 82) & (run.len() <= DIALLED_DIGITS_MAX);
    let (month, day, century) = (two(2), two(4), digits >> 48 & 0xF);
    let is_date = (month.wrapping_sub(1) < 12) & (day.wrapping_sub(1) < 31);
    let is_birth = is_date & (CENTURIES >> century & 1 != 0) & (run.len() == BIRTH_DIGITS);
    is_phone | is_dialled | is_birth
}

/// The most digits of a phone number that begins with `0`, `82` and `0082`, and of one that has lost its zero.
pub(super) const NATIONAL_DIGITS_MAX: usize = 12;
pub(super) const COUNTRY_DIGITS_MAX: usize = 14;
pub(super) const DIALLED_DIGITS_MAX: usize = 16;
pub(super) const ZERO_LOST_DIGITS_MAX: usize = 10;
/// Of a resident number.
const BIRTH_DIGITS: usize = 13;

/// By the first two digits of a run: bit `n` where a phone number of `n` digits may begin so.
static LENGTHS_OF_TEXTS: [u32; 100] = phone_lengths(false);
static LENGTHS_OF_NUMBERS: [u32; 100] = phone_lengths(true);

#[expect(clippy::indexing_slicing, reason = "at compile time a failure is an error of the compiler")]
const fn phone_lengths(numeric: bool) -> [u32; 100] {
    const fn up_to(digits: usize) -> u32 {
        (2 << digits) - 1
    }
    let mut lengths = [0; 100];
    let mut two = 1;
    while two < lengths.len() {
        lengths[two] = match two {
            1..=7 => up_to(NATIONAL_DIGITS_MAX),
            10 | 11 | 16..=19 => up_to(ZERO_LOST_DIGITS_MAX),
            10..=79 if numeric => up_to(ZERO_LOST_DIGITS_MAX),
            82 => up_to(COUNTRY_DIGITS_MAX),
            _ => 0,
        };
        two += 1;
    }
    lengths
}

/// Whether a number of an entity may begin with this chunk: a phone number with `0`, `82`, or, if it is the first of
/// its group, without its zero; a resident number with its six digits of a date, alone or before seven others.
#[inline]
fn may_begin(chunk: &[u8], first: bool, numeric: bool) -> bool {
    match chunk {
        [b'*', ..] => true,
        [b'0', b'0', b'8', b'2', ..] => chunk.len() <= DIALLED_DIGITS_MAX,
        [b'0', b'1'..=b'7', ..] if chunk.len() <= NATIONAL_DIGITS_MAX => true,
        [b'8', b'2', ..] if chunk.len() <= COUNTRY_DIGITS_MAX => true,
        [b'1', b'0' | b'1' | b'6'..=b'9', ..] if first && chunk.len() <= ZERO_LOST_DIGITS_MAX => true,
        [b'1'..=b'7', ..] if first && numeric && chunk.len() <= ZERO_LOST_DIGITS_MAX => true,
        [_, _, b'0', b'1'..=b'9', day @ ..] | [_, _, b'1', b'0'..=b'2', day @ ..] => match day {
            [b'0'..=b'2', _] | [b'3', b'0' | b'1'] => true,
            [b'0'..=b'2', _, century, ..] | [b'3', b'0' | b'1', century, ..] => {
                chunk.len() == BIRTH_DIGITS && matches!(century, b'0'..=b'4' | b'9' | b'*')
            }
            _ => false,
        },
        _ => false,
    }
}

/// Digits of something longer, as in hexadecimal.
fn is_inside_word(text: &[u8], start: usize, end: usize) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let before = |distance: usize| start.checked_sub(distance).and_then(|at| text.get(at));
    is_word(text.get(end)) || is_word(before(1)) && before(2) != Some(&b'\\')
}

/// Cuts `text[start..end]` at its separators.
pub(super) fn cut(text: &[u8], start: usize, end: usize, out: &mut Vec<Chunk>) {
    out.clear();
    let mut begun = None;
    let inside = text.get(start..end).unwrap_or_default();
    for (position, byte) in (start..).zip(inside) {
        if is_digit(*byte) {
            begun.get_or_insert(position);
        } else if let Some(start) = begun.take() {
            out.push(Chunk { start, end: position });
        }
    }
    if let Some(start) = begun {
        out.push(Chunk { start, end });
    }
}

/// `*` stands for a digit in a masked number.
pub(super) fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'*'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Group, find_groups, is_digit, may_begin, run_may_begin};
    use crate::decode::Bitmaps;

    fn groups(text: &[u8]) -> Vec<Group> {
        let mut bitmaps = Bitmaps::default();
        bitmaps.classify(text);
        let mut out = Vec::new();
        find_groups(text, &bitmaps, &mut out);
        out
    }

    /// The same, byte by byte.
    fn groups_slowly(text: &[u8]) -> Vec<Group> {
        let digit = |at: usize| text.get(at).is_some_and(|byte| is_digit(*byte));
        let joint = |at: usize| {
            text.get(at).is_some_and(|byte| b"- ./()".contains(byte))
                && [at.wrapping_sub(1), at.wrapping_sub(2), at + 1, at + 2].into_iter().any(digit)
        };
        let mut out = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let start = at;
            while digit(at) || joint(at) {
                at += 1;
            }
            let run = start..at;
            let first = run.clone().find(|at| digit(*at));
            let last = run.clone().rev().find(|at| digit(*at));
            if let (Some(first), Some(last)) = (first, last)
                && (first..=last).filter(|at| digit(*at)).count() >= 9
            {
                let at = |position: usize| u32::try_from(position).unwrap();
                let digits = (first..=last).filter(|at| digit(*at)).count();
                out.push(Group {
                    start: at(first),
                    end: at(last + 1),
                    digits: at(digits),
                    only_named: false,
                });
            }
            at += 1;
        }
        out
    }

    proptest! {
        #[test]
        fn groups_are_found_wherever_they_cross_a_block(
            text in prop::collection::vec(prop::sample::select(b"0123456789012345678*- .(a".to_vec()), 0..300),
        ) {
            prop_assert_eq!(groups(&text), groups_slowly(&text));
        }
    }

    proptest! {
        #[test]
        fn a_run_is_looked_at_as_any_chunk(
            run in "(01|82|0082|10|2|[0-9]{2})?[0-9]{2}(0[0-9]|1[0-3])[0-3][0-9]{1,9}[*]{0,3}", numeric in any::<bool>(),
        ) {
            // The table refuses a day 00 and a month 00, which are none either way.
            let (month, day) = (run.get(2..4).unwrap_or_default(), run.get(4..6).unwrap_or_default());
            let is_no_day = run.len() == 13 && (month == "00" || day == "00");
            if run.len() >= 9 && !is_no_day {
                prop_assert_eq!(run_may_begin(run.as_bytes(), numeric), may_begin(run.as_bytes(), true, numeric));
            }
        }
    }

    #[test]
    fn numbers_are_grouped_and_indents_are_not() {
        for (text, expected) in [
            ("tel 010-2345-6789.", &["010-2345-6789"][..]),
            ("2024-08-15  010-2345-6789", &["2024-08-15  010-2345-6789"]),
            ("(02) 345-6789", &["02) 345-6789"]),
            ("        12345678        ", &[]),
            ("010 - 2345 - 6789", &["010 - 2345 - 6789"]),
        ] {
            let found: Vec<_> = groups(text.as_bytes())
                .iter()
                .map(|group| text.get(group.start as usize..group.end as usize).unwrap())
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
