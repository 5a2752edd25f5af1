//! An instant as outputs print it: RFC 3339, UTC, with milliseconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::parse_rfc3339_ms;

/// Milliseconds since the epoch, within the years 0000 to 9999: what RFC 3339 can print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 0000-01-01T00:00:00.000Z
const MS_MIN: i64 = -62_167_219_200_000;
/// 9999-12-30T22:00:00.000Z: where jiff's instants end.
const MS_MAX: i64 = 253_402_207_200_000;

impl Timestamp {
    /// `None` where RFC 3339 has no text for it: a producer may set any 64 bits as a record's time.
    pub const fn from_ms(ms: i64) -> Option<Timestamp> {
        if MS_MIN <= ms && ms <= MS_MAX { Some(Timestamp(ms)) } else { None }
    }

    pub const fn ms(self) -> i64 {
        self.0
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let instant = jiff::Timestamp::from_millisecond(self.0).map_err(serde::ser::Error::custom)?;
        // An explicit precision: the plain rendering drops trailing zeros.
        serializer.collect_str(&format_args!("{instant:.3}"))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        parse_rfc3339_ms(&text)
            .and_then(Timestamp::from_ms)
            .ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::{MS_MAX, MS_MIN, Timestamp};

    #[test]
    fn every_instant_prints_with_three_digits_and_reads_back() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_719_889_445_678, "2024-07-02T03:04:05.678Z"),
            (1_719_889_440_900, "2024-07-02T03:04:00.900Z"),
            (MS_MIN, "0000-01-01T00:00:00.000Z"),
            (MS_MAX, "9999-12-30T22:00:00.000Z"),
        ] {
            let time = Timestamp::from_ms(ms).unwrap();
            let json = serde_json::to_string(&time).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
        }
    }

    #[test]
    fn a_time_that_has_no_text_is_none() {
        for ms in [i64::MIN, MS_MIN - 1, MS_MAX + 1, i64::MAX] {
            assert_eq!(Timestamp::from_ms(ms), None);
        }
    }
}
