//! What a run of digits can be instead: these readings compete with the entities and are never reported.

use serde::Deserialize;

use super::weight;

/// Their field names and labels stand in `patterns/look_alikes.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LookAlike {
    /// EAN-13; 880 is Korea's prefix.
    Barcode,
    /// Seconds or milliseconds since the epoch.
    Epoch,
    /// Orders, waybills, members, devices, products: a number of somebody's own making.
    Identifier,
    /// 법인등록번호: six digits, seven digits, like a resident number.
    CorporateNumber,
    /// 사업자등록번호: ten digits.
    BusinessNumber,
    /// Health insurance, military service.
    Certificate,
}

impl LookAlike {
    pub(super) const ALL: [LookAlike; 6] = [
        LookAlike::Barcode,
        LookAlike::Epoch,
        LookAlike::Identifier,
        LookAlike::CorporateNumber,
        LookAlike::BusinessNumber,
        LookAlike::Certificate,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            LookAlike::Barcode => "barcode",
            LookAlike::Epoch => "epoch",
            LookAlike::Identifier => "identifier",
            LookAlike::CorporateNumber => "corporate_number",
            LookAlike::BusinessNumber => "business_number",
            LookAlike::Certificate => "certificate",
        }
    }

    /// The weight of this reading before names are looked at; `None` where it cannot be.
    pub(super) fn weigh(self, digits: &[u8], separated: bool) -> Option<i32> {
        let plain = !separated;
        match self {
            LookAlike::Barcode if plain && digits.len() == 13 => Some(match ean13_is_right(digits) {
                false => weight::BARCODE_CHECK_FAILED,
                true if digits.starts_with(b"880") => weight::BARCODE_KOREAN,
                true => weight::BARCODE,
            }),
            LookAlike::Epoch if plain && is_epoch(digits) => Some(weight::EPOCH),
            LookAlike::CorporateNumber if digits.len() == 13 => Some(if corporate_is_right(digits) {
                weight::CORPORATE
            } else {
                weight::CORPORATE_CHECK_FAILED
            }),
            LookAlike::BusinessNumber if digits.len() == 10 => {
                Some(if business_is_right(digits) { weight::BUSINESS } else { weight::BUSINESS_CHECK_FAILED })
            }
            LookAlike::Barcode
            | LookAlike::Epoch
            | LookAlike::CorporateNumber
            | LookAlike::BusinessNumber => None,
            _ if separated => Some(weight::IDENTIFIER_SEPARATED),
            LookAlike::Identifier => Some(weight::IDENTIFIER_PLAIN),
            LookAlike::Certificate => Some(weight::KEYED_PLAIN),
        }
    }
}

fn value(digit: u8) -> u32 {
    u32::from(digit.saturating_sub(b'0'))
}

/// The check digit of GS1 numbers: weights 1 and 3 in turn, the sum a multiple of ten.
fn ean13_is_right(digits: &[u8]) -> bool {
    let sum: u32 =
        digits.iter().zip([1, 3].into_iter().cycle()).map(|(digit, factor)| value(*digit) * factor).sum();
    sum.is_multiple_of(10)
}

/// From 2008 to 2040 (before, they are mobile numbers without their zero): ten digits of seconds, thirteen of milliseconds.
fn is_epoch(digits: &[u8]) -> bool {
    let seconds = match digits.len() {
        10 => digits,
        13 => digits.get(..10).unwrap_or_default(),
        _ => return false,
    };
    (b"1200000000".as_slice()..=b"2210000000").contains(&seconds)
}

/// Weights 1 and 2 in turn over twelve digits.
fn corporate_is_right(digits: &[u8]) -> bool {
    let Some((check, first)) = digits.split_last() else { return false };
    let sum: u32 =
        first.iter().zip([1, 2].into_iter().cycle()).map(|(digit, factor)| value(*digit) * factor).sum();
    (10 - sum % 10) % 10 == value(*check)
}

/// Weights 1 3 7 1 3 7 1 3 5, and the tens of the ninth product.
fn business_is_right(digits: &[u8]) -> bool {
    let sum: u32 =
        digits.iter().zip([1, 3, 7, 1, 3, 7, 1, 3, 5]).map(|(digit, factor)| value(*digit) * factor).sum();
    let tens = digits.get(8).map_or(0, |ninth| value(*ninth) * 5 / 10);
    digits.get(9).is_some_and(|check| (10 - (sum + tens) % 10) % 10 == value(*check))
}

#[cfg(test)]
mod tests {
    use super::{LookAlike, business_is_right, corporate_is_right, ean13_is_right};

    #[test]
    fn check_digits_are_those_of_the_published_examples() {
        assert!(ean13_is_right(b"8801043014809") && !ean13_is_right(b"8801043014808"));
        // Samsung Electronics: corporate 130111-0006246, business 124-81-00998.
        assert!(corporate_is_right(b"1301110006246") && !corporate_is_right(b"1301110006247"));
        assert!(business_is_right(b"1248100998") && !business_is_right(b"1248100997"));
    }

    #[test]
    fn a_timestamp_is_one_only_in_the_years_that_matter() {
        for (digits, expected) in
            [("1732406400", true), ("1732406400123", true), ("0102345678", false), ("9001011234567", false)]
        {
            assert_eq!(LookAlike::Epoch.weigh(digits.as_bytes(), false).is_some(), expected, "{digits}");
        }
    }
}
