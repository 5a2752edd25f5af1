//! One number in a digit group: its digits, where it was cut, and whether it stands alone.

use super::candidate::Chunk;

/// Longer runs belong to no entity.
pub(super) const DIGITS_MAX: usize = 16;

/// The digits of some neighbouring chunks; `*` stands for a hidden one.
#[derive(Clone, Copy)]
pub(super) struct Number {
    digits: [u8; DIGITS_MAX],
    length: usize,
    /// Bit `n`: a separator stands before digit `n`.
    pub(super) cuts: u32,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What stands between the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// Hyphens or parentheses.
    Separated,
    /// Only blanks, dots or slashes.
    Loose,
}

impl Number {
    /// `None` where the chunks hold too many digits.
    pub(super) fn read(text: &[u8], chunks: &[Chunk]) -> Option<Number> {
        // Gathered in registers and stored at once: a load right behind stores of single bytes has to wait for them.
        let (mut low, mut high) = (0_u64, 0_u64);
        let (mut length, mut cuts) = (0, 0);
        for chunk in chunks {
            if length > 0 {
                cuts |= 1 << length;
            }
            let chunk = text.get(chunk.start..chunk.end)?;
            if length + chunk.len() > DIGITS_MAX {
                return None;
            }
            for digit in chunk {
                let digit = u64::from(*digit) << (length % 8 * 8);
                if length < 8 {
                    low |= digit;
                } else {
                    high |= digit;
                }
                length += 1;
            }
        }
        let digits = u128::from(high) << 64 | u128::from(low);
        let (start, end) = (chunks.first()?.start, chunks.last()?.end);
        Some(Number { digits: digits.to_le_bytes(), length, cuts, start, end })
    }

    pub(super) fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }

    pub(super) fn is_masked(&self) -> bool {
        self.digits().contains(&b'*')
    }

    pub(super) fn style(&self, text: &[u8]) -> Style {
        if self.cuts == 0 {
            return Style::Plain;
        }
        let inside = text.get(self.start..self.end).unwrap_or_default();
        let firm = |byte: &u8| matches!(byte, b'-' | b'(' | b')');
        if inside.iter().any(firm) { Style::Separated } else { Style::Loose }
    }
}

/// Whether a number may begin with chunk `first`: nothing that makes it a part of something longer stands before.
/// Inside a group only a blank, a slash or a parenthesis parts two numbers.
pub(super) fn begins_alone(text: &[u8], chunks: &[Chunk], first: usize) -> bool {
    let Some(chunk) = chunks.get(first) else { return false };
    if let Some(before) = first.checked_sub(1).and_then(|before| chunks.get(before)) {
        return parts_numbers(text.get(before.end..chunk.start).unwrap_or_default());
    }
    let before = |distance: usize| chunk.start.checked_sub(distance).and_then(|at| text.get(at)).copied();
    match before(1) {
        // `\n` and its like in text that is not decoded.
        Some(b'b' | b'f' | b'n' | b'r' | b't') if before(2) == Some(b'\\') => true,
        Some(b'-') => !before(2).is_some_and(is_word),
        Some(byte) => !is_word(byte),
        None => true,
    }
}

/// Whether a number may end with chunk `last`.
pub(super) fn ends_alone(text: &[u8], chunks: &[Chunk], last: usize) -> bool {
    let Some(chunk) = chunks.get(last) else { return false };
    if let Some(after) = chunks.get(last + 1) {
        return parts_numbers(text.get(chunk.end..after.start).unwrap_or_default());
    }
    match text.get(chunk.end) {
        Some(b'-') => !text.get(chunk.end + 1).copied().is_some_and(is_word),
        Some(b'@') => false,
        Some(byte) => !is_word(*byte),
        None => true,
    }
}

fn parts_numbers(separator: &[u8]) -> bool {
    separator.iter().any(|byte| matches!(byte, b' ' | b'/' | b'(' | b')'))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
