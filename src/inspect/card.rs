//! Payment cards: 14 to 16 digits with the check digit of ISO/IEC 7812 (Luhn).
//!
//! One random number in ten passes Luhn, and identifiers are made to pass it on purpose. So a bare number is a card
//! only by its issuer's prefix (`patterns/card_prefixes.yaml`; Luhn and a Korean prefix together: one in 3,000) or by
//! its name; the usual groups of digits help.

use super::candidate::Chunk;
use super::number::{Number, Style, begins_alone, ends_alone};
use super::weight;

/// Digits to which prefixes are compared.
const PREFIX_DIGITS: usize = 8;

/// Prefixes of the issuers: ranges over eight digits, sorted.
#[derive(Default)]
pub(super) struct Prefixes(Vec<(u32, u32)>);

pub(super) struct Card {
    pub(super) number: Number,
    pub(super) weight: i32,
    pub(super) luhn: bool,
    pub(super) issuer_known: bool,
    pub(super) separated: bool,
    pub(super) chunks: usize,
}

impl Prefixes {
    /// From `200001-200005`, `94101234`; `None` where a text is no range of six or eight digits.
    pub(super) fn read(texts: &[String]) -> Option<Prefixes> {
        let bounds = |text: &str| {
            let scale = match text.len() {
                6 => 100,
                8 => 1,
                _ => return None,
            };
            let value: u32 = text.parse().ok()?;
            Some((value * scale, value * scale + scale - 1))
        };
        let mut ranges = Vec::with_capacity(texts.len());
        for text in texts {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            ranges.push((bounds(first)?.0, bounds(last)?.1));
        }
        ranges.sort_unstable();
        Some(Prefixes(ranges))
    }

    /// Whether these digits are a card by themselves: by length, check digit and issuer.
    pub(super) fn hold(&self, digits: &[u8]) -> bool {
        is_scheme(digits) && self.holds(digits) && luhn_is_right(digits)
    }

    fn holds(&self, digits: &[u8]) -> bool {
        let Some(prefix) = digits.get(..PREFIX_DIGITS) else { return false };
        let prefix = prefix.iter().fold(0, |value, digit| value * 10 + u32::from(digit.saturating_sub(b'0')));
        let after = self.0.partition_point(|(first, _)| *first <= prefix);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, last)| prefix <= *last)
    }

    /// The card number that begins with `chunks[first]`.
    pub(super) fn read_number(&self, text: &[u8], chunks: &[Chunk], first: usize) -> Option<Card> {
        let taken = match chunks.get(first).map(|chunk| chunk.end - chunk.start)? {
            14..=16 => 1,
            4 => grouped(chunks.get(first..)?)?,
            _ => return None,
        };
        let number = Number::read(text, chunks.get(first..first + taken)?)?;
        let digits = number.digits();
        if number.is_masked()
            || !is_scheme(digits)
            || !begins_alone(text, chunks, first)
            || !ends_alone(text, chunks, first + taken - 1)
        {
            return None;
        }
        let issuer_known = self.holds(digits);
        let style = number.style(text);
        let luhn = luhn_is_right(digits);
        let mut weight = match (luhn, issuer_known) {
            (true, true) => weight::CARD_ISSUER,
            (true, false) => weight::CARD_LUHN,
            // Some cards of domestic use and gift cards are given out without the check digit.
            (false, true) => weight::CARD_NO_LUHN,
            (false, false) => return None,
        };
        if style != Style::Plain {
            weight += weight::CARD_GROUPED;
        }
        Some(Card { number, weight, luhn, issuer_known, separated: style != Style::Plain, chunks: taken })
    }
}

/// 4-4-4-4, or 4-6-5 and 4-6-4 of the shorter ones.
fn grouped(chunks: &[Chunk]) -> Option<usize> {
    let length = |at: usize| chunks.get(at).map(|chunk| chunk.end - chunk.start);
    match (length(1)?, length(2)?, length(3)) {
        (4, 4, Some(4)) => Some(4),
        (6, 4 | 5, _) => Some(3),
        _ => None,
    }
}

/// Whether a scheme gives out such numbers: by length and first digit. 9 and 2 are Korea's own, besides Mastercard.
fn is_scheme(digits: &[u8]) -> bool {
    let repeated = digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    !repeated
        && match (digits.len(), digits) {
            (14, [b'3', b'0' | b'6' | b'8', ..]) | (15, [b'3', b'4' | b'7', ..]) => true,
            (16, [first, ..]) => matches!(first, b'2'..=b'6' | b'9'),
            _ => false,
        }
}

/// Every second digit from the right is doubled; the sum of all digits is a multiple of ten.
fn luhn_is_right(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit.saturating_sub(b'0'));
            match (place % 2, value) {
                (0, _) => value,
                (_, 5..) => value * 2 - 9,
                _ => value * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::{Prefixes, luhn_is_right};

    #[test]
    fn the_check_digit_is_that_of_the_standards_example() {
        assert!(luhn_is_right(b"4009051234567812") && !luhn_is_right(b"4009051234567813"));
        assert!(luhn_is_right(b"378282246310005"));
    }

    #[test]
    fn a_prefix_is_held_by_the_range_around_it() {
        let texts = ["941010-941012".to_owned(), "94101299".to_owned(), "45184445".to_owned()];
        let prefixes = Prefixes::read(&texts).unwrap();
        for (digits, expected) in [
            ("9410110000000000", true),
            ("9410130000000000", false),
            ("4518444500000000", true),
            ("4518444600000000", false),
        ] {
            assert_eq!(prefixes.holds(digits.as_bytes()), expected, "{digits}");
        }
        assert!(Prefixes::read(&["94".to_owned()]).is_none());
    }
}
