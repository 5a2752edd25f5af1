//! Korean telephone numbers of persons, by the numbering plan in `patterns/phone_number.yaml`.
//!
//! Not here because they are not in the plan: representative numbers (15xx, 16xx, 18xx), toll-free 080, services of
//! three or four digits, foreign numbers.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::candidate::{
    COUNTRY_DIGITS_MAX, Chunk, DIALLED_DIGITS_MAX, DIGITS_MIN, NATIONAL_DIGITS_MAX, ZERO_LOST_DIGITS_MAX,
};
use super::number::{Number, Style, begins_alone, ends_alone};
use super::weight;

/// One kind of number of the plan.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    /// `mobile` in the rule, `plan:mobile` as evidence.
    #[serde(deserialize_with = "plan_evidence")]
    pub(super) kind: Arc<str>,
    /// With the leading zero.
    pub(super) prefixes: Vec<String>,
    /// How many digits such a number has, the leading zero included.
    pub(super) digits: Vec<usize>,
    /// What the digit after the prefix may be; any where it is not given.
    #[serde(default)]
    pub(super) subscriber_first: Option<String>,
    /// Whether eight digits of 1588's kind behind the prefix are refused: a company's number, dialled with an area code.
    #[serde(default)]
    pub(super) refuse_representative: bool,
    pub(super) weight: Weights,
}

fn plan_evidence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    Ok(format!("plan:{}", String::deserialize(deserializer)?).into())
}

/// Hundredths of log odds for `02-345-6789`, `02 345 6789` and `023456789`.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    separated: i32,
    loose: i32,
    plain: i32,
}

/// The plan, and the numbers in it that nobody has.
#[derive(Clone, Default)]
pub(super) struct Plan {
    ranges: Vec<Range>,
    /// By the second and third digit of a national number: the prefixes that may begin it, each with its range, in the
    /// order of the ranges.
    prefixes: Vec<Vec<Prefix>>,
    /// National digits.
    pub(super) placeholders: Vec<Box<[u8]>>,
    pub(super) specimens: Vec<Box<[u8]>>,
}

/// A prefix, in a form that is compared without a loop: this is done for most candidates.
#[derive(Clone, Copy)]
struct Prefix {
    /// In [`Plan::ranges`].
    range: usize,
    digits: u32,
    /// All ones where `digits` says something.
    mask: u32,
    length: usize,
}

impl Prefix {
    /// `None` where the prefix is longer than four digits, which none is.
    fn new(prefix: &[u8], range: usize) -> Option<Prefix> {
        let (mut digits, mut mask) = ([0; 4], [0; 4]);
        digits.get_mut(..prefix.len())?.copy_from_slice(prefix);
        mask.get_mut(..prefix.len())?.fill(u8::MAX);
        let [digits, mask] = [digits, mask].map(u32::from_le_bytes);
        Some(Prefix { range, digits, mask, length: prefix.len() })
    }

    #[inline]
    fn begins(&self, national: &[u8]) -> bool {
        national.first_chunk().is_some_and(|head| u32::from_le_bytes(*head) & self.mask == self.digits)
    }
}

/// A number of the plan.
pub(super) struct Phone<'p> {
    pub(super) number: Number,
    pub(super) range: &'p Range,
    pub(super) style: Style,
    /// Without what speaks for it from outside.
    pub(super) weight: i32,
    /// The digits that a mask shows in front.
    pub(super) prefix_digits: usize,
    pub(super) masked: bool,
    pub(super) international: bool,
    pub(super) zero_lost: bool,
    pub(super) chunks: usize,
}

/// How the national number is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    National,
    /// `+82`, `0082`, `82`, with how many digits that is.
    Plus82,
    Dialled82,
    Bare82,
    ZeroLost,
}

/// Which numbers can have lost their leading zero here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    Nothing,
    Mobile,
    Any,
}

/// +82 (0)10-2345-6789 has five.
const CHUNKS_MAX: usize = 5;
/// The shortest number that may have a bare `82` in front: 82 2 345 6789.
const BARE_82_DIGITS_MIN: usize = 10;

/// Values of a digit: `*` is the eleventh.
const PLACES_OF_ONE: usize = 11;
const PLACES: usize = PLACES_OF_ONE * PLACES_OF_ONE;

/// In [`Plan::prefixes`].
fn place_of(national: &[u8]) -> Option<usize> {
    Some(digit_of(*national.get(1)?)? * PLACES_OF_ONE + digit_of(*national.get(2)?)?)
}

fn digit_of(byte: u8) -> Option<usize> {
    match byte {
        b'0'..=b'9' => Some(usize::from(byte - b'0')),
        b'*' => Some(PLACES_OF_ONE - 1),
        _ => None,
    }
}

impl Plan {
    /// The longest phone number that begins with the first of `chunks[first..]`. `numeric` is a number of JSON:
    /// only such a one loses the leading zero of a landline.
    pub(super) fn read(
        &self,
        text: &[u8],
        chunks: &[Chunk],
        first: usize,
        numeric: bool,
    ) -> Option<Phone<'_>> {
        let start = chunks.get(first)?.start;
        let lost = match (first, numeric) {
            (0, true) => Lost::Any,
            (0, false) => Lost::Mobile,
            _ => Lost::Nothing,
        };
        let begins = match text.get(start..)? {
            [b'0', ..] | [b'8', b'2', ..] => true,
            [b'1', ..] => lost != Lost::Nothing,
            [b'2'..=b'7', ..] => lost == Lost::Any,
            _ => false,
        };
        if !begins || !begins_alone(text, chunks, first) {
            return None;
        }
        let group_start = chunks.first()?.start;
        let plus = group_start.checked_sub(1).and_then(|at| text.get(at)) == Some(&b'+');
        // +1 010-…: what follows a foreign country code belongs to it.
        if plus && (1..=2).contains(&first) && !text.get(group_start..)?.starts_with(b"82") {
            return None;
        }
        let plus = plus && first == 0;
        let most = match text.get(start..)? {
            [b'0', b'0', ..] => DIALLED_DIGITS_MAX,
            [b'0', ..] => NATIONAL_DIGITS_MAX,
            [b'8', ..] => COUNTRY_DIGITS_MAX,
            _ => ZERO_LOST_DIGITS_MAX,
        };
        let mut digits = 0;
        let mut longest = first;
        for chunk in chunks.get(first..)?.iter().take(CHUNKS_MAX) {
            let more = digits + chunk.end - chunk.start;
            if more > most {
                break;
            }
            digits = more;
            longest += 1;
        }
        for end in (first + 1..=longest).rev() {
            if digits < DIGITS_MIN as usize {
                break;
            }
            if ends_alone(text, chunks, end - 1) {
                let number = Number::read(text, chunks.get(first..end)?)?;
                if let Some(phone) = self.match_number(text, number, plus, lost) {
                    return Some(Phone { chunks: end - first, ..phone });
                }
            }
            let last = chunks.get(end - 1)?;
            digits -= last.end - last.start;
        }
        None
    }

    fn match_number(&self, text: &[u8], number: Number, plus: bool, lost: Lost) -> Option<Phone<'_>> {
        let digits = number.digits();
        let (written, country_digits) = match digits {
            [b'8', b'2', ..] if plus => (Written::Plus82, 2),
            _ if plus => return None,
            [b'0', b'0', b'8', b'2', ..] => (Written::Dialled82, 4),
            [b'0', ..] => (Written::National, 0),
            [b'8', b'2', ..] if digits.len() >= BARE_82_DIGITS_MIN => (Written::Bare82, 2),
            [b'1', ..] if lost != Lost::Nothing => (Written::ZeroLost, 0),
            [b'2'..=b'7', ..] if lost == Lost::Any => (Written::ZeroLost, 0),
            _ => return None,
        };
        let rest = digits.get(country_digits..)?;
        // +82 (0)10
        let trunk = usize::from(written != Written::National && rest.first() == Some(&b'0'));
        let rest = rest.get(trunk..)?;
        let mut national = [b'0'; NATIONAL_DIGITS_MAX];
        let zero = usize::from(written != Written::National);
        let length = zero + rest.len();
        national.get_mut(zero..length)?.copy_from_slice(rest);
        let national = national.get(..length)?;

        let (range, prefix) = self.range_of(national)?;
        let prefix_digits = digits.len() - (length - prefix);
        let cuts_allowed = 1 << country_digits
            | 1 << (country_digits + trunk)
            | 1 << prefix_digits
            | 1 << (digits.len() - 4);
        if number.cuts & !cuts_allowed != 0 {
            return None;
        }
        let style = number.style(text);
        let weight = self.weigh(range, style, written, national, prefix);
        let masked = number.is_masked();
        if masked && national.get(prefix..)?.iter().all(|digit| *digit == b'*') {
            return None;
        }
        Some(Phone {
            number,
            range,
            style,
            weight,
            prefix_digits,
            masked,
            international: matches!(written, Written::Plus82 | Written::Dialled82 | Written::Bare82),
            zero_lost: written == Written::ZeroLost,
            chunks: 0,
        })
    }

    /// The range of a national number, with the length of its prefix.
    fn range_of(&self, national: &[u8]) -> Option<(&Range, usize)> {
        let prefixes = self.prefixes.get(place_of(national)?)?;
        prefixes.iter().filter(|prefix| prefix.begins(national)).find_map(|prefix| {
            let range = self.ranges.get(prefix.range)?;
            let subscriber = national.get(prefix.length..)?;
            let first = subscriber.first()?;
            let first_is_possible = *first == b'*'
                || range.subscriber_first.as_ref().is_none_or(|possible| possible.as_bytes().contains(first));
            let is_representative = range.refuse_representative
                && subscriber.len() == 8
                && matches!(subscriber, [b'1', b'5' | b'6' | b'8', ..]);
            (range.digits.contains(&national.len()) && first_is_possible && !is_representative)
                .then_some((range, prefix.length))
        })
    }

    /// Adds ranges behind those that are there.
    pub(super) fn add(&mut self, ranges: Vec<Range>) {
        self.prefixes.resize(PLACES, Vec::new());
        for range in ranges {
            for prefix in &range.prefixes {
                for (place, prefixes) in self.prefixes.iter_mut().enumerate() {
                    let digits = [place / PLACES_OF_ONE, place % PLACES_OF_ONE];
                    let begins =
                        prefix.bytes().skip(1).zip(digits).all(|(byte, digit)| digit_of(byte) == Some(digit));
                    if begins {
                        prefixes.extend(Prefix::new(prefix.as_bytes(), self.ranges.len()));
                    }
                }
            }
            self.ranges.push(range);
        }
    }

    fn weigh(&self, range: &Range, style: Style, written: Written, national: &[u8], prefix: usize) -> i32 {
        let mut weight = match style {
            Style::Separated => range.weight.separated,
            Style::Loose => range.weight.loose,
            // A country code is a separator of its own.
            Style::Plain if written == Written::Plus82 => range.weight.loose,
            Style::Plain => range.weight.plain,
        };
        weight += match written {
            Written::National => 0,
            Written::Plus82 => weight::PLUS_82,
            Written::Dialled82 => weight::DIALLED_82,
            Written::Bare82 => weight::BARE_82,
            Written::ZeroLost if national.starts_with(b"01") => weight::ZERO_LOST,
            Written::ZeroLost => weight::ZERO_LOST_LANDLINE,
        };
        let subscriber = national.get(prefix..).unwrap_or_default();
        if range.subscriber_first.is_some() && subscriber.first() == Some(&b'1') {
            weight += weight::SUBSCRIBER_ONE;
        }
        let listed = |list: &[Box<[u8]>]| list.iter().any(|one| **one == *national);
        let repeated =
            subscriber.windows(2).all(|pair| matches!(pair, [a, b] if a == b)) && !subscriber.contains(&b'*');
        if repeated || listed(&self.placeholders) {
            weight += weight::PLACEHOLDER;
        } else if written != Written::ZeroLost && listed(&self.specimens) {
            weight += weight::SPECIMEN;
        }
        weight
    }
}
