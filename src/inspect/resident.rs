//! Resident registration numbers: `YYMMDD-SBBBBNC` (주민등록법 시행규칙 제2조), and those of registered foreigners
//! (출입국관리법 제31조), which have the same form and are another entity.
//!
//! S tells century and sex: 1 2 of 1900, 3 4 of 2000, 9 0 of 1800; of foreigners 5 6 of 1900, 7 8 of 2000. The last
//! digit checks the twelve before it, but numbers given out since 2020-10-05 end in random digits, so a wrong check
//! digit makes a number less likely, never impossible.

use super::candidate::Chunk;
use super::number::{Number, Style, begins_alone, ends_alone};
use super::weight;
use crate::entity::EntityType;

const DIGITS: usize = 13;
const DATE_DIGITS: usize = 6;

/// Hardly anybody is older. The offices of the corporate register (1101 Seoul, 1301 Suwon …) read as older births.
const AGE_YEARS_MAX: i16 = 105;
/// From here on newborn children have numbers without a check digit.
const RANDOM_FROM: Date = Date { year: 2020, month: 10, day: 5 };

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date {
    pub(super) year: i16,
    pub(super) month: u8,
    pub(super) day: u8,
}

impl Date {
    /// The day in Korea (UTC+9), where a child is registered.
    fn of_ms(at_ms: i64) -> Date {
        const KOREA_MS: i64 = 9 * 3_600_000;
        const LAST: Date = Date { year: i16::MAX, month: 12, day: 31 };
        let Ok(at) = jiff::Timestamp::from_millisecond(at_ms.saturating_add(KOREA_MS)) else { return LAST };
        let date = jiff::tz::Offset::UTC.to_datetime(at).date();
        Date { year: date.year(), month: date.month().cast_unsigned(), day: date.day().cast_unsigned() }
    }
}

pub(super) struct Resident {
    pub(super) entity: EntityType,
    pub(super) number: Number,
    pub(super) weight: i32,
    /// `None` where digits are masked.
    pub(super) checksum: Option<bool>,
    pub(super) separated: bool,
    pub(super) chunks: usize,
}

/// The resident number that begins with `chunks[first]`; nobody in it is born after `now_ms`.
pub(super) fn read(text: &[u8], chunks: &[Chunk], first: usize, now_ms: i64) -> Option<Resident> {
    let head = chunks.get(first)?;
    let taken = match head.end - head.start {
        DIGITS => 1,
        DATE_DIGITS => 2,
        _ => return None,
    };
    let number = Number::read(text, chunks.get(first..first + taken)?)?;
    let digits = number.digits();
    if digits.len() != DIGITS {
        return None;
    }
    let day = birth(digits, i16::MAX)?;
    let latest = Date::of_ms(now_ms);
    let born = if digits.get(DATE_DIGITS) == Some(&b'*') { birth(digits, latest.year)? } else { day };
    if born > latest || !begins_alone(text, chunks, first) || !ends_alone(text, chunks, first + taken - 1) {
        return None;
    }
    let style = number.style(text);
    let mut weight = match style {
        Style::Separated => weight::DATE_HYPHEN,
        Style::Loose => weight::DATE_LOOSE,
        Style::Plain => weight::DATE_PLAIN,
    };
    let is_foreigner = matches!(digits.get(DATE_DIGITS), Some(b'5'..=b'8'));
    // Foreigners' check digits are two more.
    let checksum = (!number.is_masked())
        .then(|| check_digit(digits, if is_foreigner { 13 } else { 11 }) == digits.last().copied());
    weight += match checksum {
        None => weight::MASKED,
        Some(true) if is_foreigner => weight::FOREIGNER_CHECKSUM,
        Some(true) => weight::CHECKSUM,
        Some(false) if born >= RANDOM_FROM => weight::CHECKSUM_NONE,
        Some(false) => weight::CHECKSUM_FAILED,
    };
    if born.year < latest.year.saturating_sub(AGE_YEARS_MAX) {
        weight += weight::AGE_UNLIKELY;
    }
    let entity = if is_foreigner {
        EntityType::ForeignerRegistrationNumber
    } else {
        EntityType::ResidentRegistrationNumber
    };
    Some(Resident { entity, number, weight, checksum, separated: style != Style::Plain, chunks: taken })
}

/// The birth date; `None` where there is no such day. A masked century digit is read as the later one that can be.
fn birth(digits: &[u8], year_max: i16) -> Option<Date> {
    let two = |at: usize| {
        let tens = digits.get(at).filter(|digit| digit.is_ascii_digit())?;
        let ones = digits.get(at + 1).filter(|digit| digit.is_ascii_digit())?;
        Some((tens - b'0') * 10 + (ones - b'0'))
    };
    let (year, month, day) = (two(0)?, two(2)?, two(4)?);
    let century = match digits.get(DATE_DIGITS)? {
        b'1' | b'2' | b'5' | b'6' => 1900,
        b'*' if 2000 + i16::from(year) > year_max => 1900,
        b'3' | b'4' | b'7' | b'8' | b'*' => 2000,
        _ => 1800,
    };
    let year = century + i16::from(year);
    let date = Date { year, month, day };
    (day >= 1 && day <= days_in(year, month)?).then_some(date)
}

fn days_in(year: i16, month: u8) -> Option<u8> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    })
}

/// Weights 2 to 9, then 2 to 5: (`base` − Σ mod 11) mod 10.
fn check_digit(digits: &[u8], base: u32) -> Option<u8> {
    const FACTORS: [u32; DIGITS - 1] = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 = digits.iter().zip(FACTORS).map(|(digit, factor)| u32::from(digit - b'0') * factor).sum();
    let check = u8::try_from((base - sum % 11) % 10).ok()?;
    Some(b'0' + check)
}

#[cfg(test)]
mod tests {
    use super::{Date, check_digit, days_in};

    #[test]
    fn the_check_digit_is_that_of_the_worked_example() {
        assert_eq!(check_digit(b"8503121213450", 11), Some(b'0'));
        assert_eq!(check_digit(b"8503121213450", 13), Some(b'2'));
    }

    #[test]
    fn february_has_29_days_in_leap_years_only() {
        for (year, expected) in [(1900, 28), (2000, 29), (1996, 29), (1997, 28)] {
            assert_eq!(days_in(year, 2), Some(expected), "{year}");
        }
        assert_eq!(days_in(2000, 13), None);
    }

    #[test]
    fn a_day_begins_in_korea() {
        // 2024-02-28T15:00:00Z
        assert_eq!(Date::of_ms(1_709_132_400_000), Date { year: 2024, month: 2, day: 29 });
        assert_eq!(Date::of_ms(i64::MAX).year, i16::MAX);
    }
}
