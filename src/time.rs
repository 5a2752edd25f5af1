//! Instants in milliseconds since the epoch, and half-open intervals of them. Reads no clock.

use jiff::Timestamp;

/// `[from, to)`: what begins at an instant counts there, what ends at it does not.
/// No start is since ever, no end is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    pub from_ms: Option<i64>,
    pub to_ms: Option<i64>,
}

impl Interval {
    pub fn contains(self, at_ms: i64) -> bool {
        self.has_begun(at_ms) && !self.has_ended(at_ms)
    }

    pub fn has_begun(self, at_ms: i64) -> bool {
        self.from_ms.is_none_or(|from_ms| from_ms <= at_ms)
    }

    pub fn has_ended(self, at_ms: i64) -> bool {
        self.to_ms.is_some_and(|to_ms| to_ms <= at_ms)
    }
}

/// Reads an RFC 3339 time with its offset, to the millisecond; further digits are cut off, not rounded.
///
/// Stricter than jiff, which also takes a missing offset's relatives (`[Asia/Seoul]`, `+09`): two systems that
/// read one fact must read one instant.
pub fn parse_rfc3339_ms(text: &str) -> Option<i64> {
    let (date_time, rest) = text.split_at_checked("2024-06-01T10:00:00".len())?;
    if !has_shape(date_time, "dddd-dd-ddTdd:dd:dd") {
        return None;
    }
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at_checked(rest.find(|char: char| !char.is_ascii_digit())?)?,
        None => ("0", rest),
    };
    let zulu = offset.eq_ignore_ascii_case("Z");
    if fraction.is_empty() || !(zulu || has_shape(offset, "+dd:dd")) {
        return None;
    }
    let hours_minutes = offset.get(1..).and_then(|offset| offset.split_once(':'));
    if hours_minutes.is_some_and(|(hours, minutes)| hours > "23" || minutes > "59") {
        return None;
    }
    let millis = fraction.bytes().chain([b'0'; 3]).take(3).fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
    let whole: Timestamp = format!("{date_time}{offset}").parse().ok()?;
    whole.as_second().checked_mul(1000)?.checked_add(millis)
}

/// `d` is a digit, `+` a sign; letters of either case.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, expected)| match expected {
            b'd' => byte.is_ascii_digit(),
            b'+' => byte == b'+' || byte == b'-',
            _ => byte.eq_ignore_ascii_case(&expected),
        })
}

#[cfg(test)]
mod tests {
    use super::{Interval, parse_rfc3339_ms};

    #[test]
    fn times_are_read_to_the_millisecond_and_the_rest_is_cut_off() {
        let check = |text, expected| assert_eq!(parse_rfc3339_ms(text), expected, "{text}");
        check("2024-07-01T00:00:00+09:00", Some(1_719_759_600_000));
        check("2024-06-30T15:00:00Z", Some(1_719_759_600_000));
        check("2024-06-30t15:00:00z", Some(1_719_759_600_000));
        check("2024-06-30T23:59:59.9999999999+09:00", Some(1_719_759_599_999));
        check("2024-06-30T15:00:00.5Z", Some(1_719_759_600_500));
        check("1969-12-31T23:59:59.9999Z", Some(-1));
        for text in [
            "",
            "2024-06-30",
            "2024-06-30T15:00:00",
            "2024-06-30 15:00:00Z",
            "2024-06-30T15:00Z",
            "2024-06-30T15:00:00.Z",
            "2024-06-30T15:00:00.5",
            "2024-06-30T15:00:00+09",
            "2024-06-30T15:00:00+0900",
            "2024-06-30T15:00:00+24:00",
            "2024-06-30T15:00:00+09:00[Asia/Seoul]",
            "2024-02-30T15:00:00Z",
            "2024-06-30T24:00:00Z",
            "가024-06-30T15:00:00Z",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn what_begins_at_an_instant_counts_and_what_ends_at_it_does_not() {
        let interval = Interval { from_ms: Some(10), to_ms: Some(20) };
        assert!(
            !interval.contains(9) && interval.contains(10) && interval.contains(19) && !interval.contains(20)
        );
        assert!(Interval::default().contains(i64::MIN) && Interval::default().contains(i64::MAX));
    }
}
