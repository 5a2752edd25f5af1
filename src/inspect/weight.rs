//! How evidence becomes confidence.
//!
//! Weights are natural log odds in hundredths: 0 is as likely as not, 100 is 2.7 to 1. What speaks for a reading of
//! a number is added up; the readings of one number compete, so the confidence of one is its share:
//! `e^w / (1 + Σ e^w)`, where the 1 stands for "a number that means nothing".

use std::sync::LazyLock;

/// Readings below this confidence (in hundredths) are not reported.
pub(super) const REPORTED_FROM: u8 = 50;

/// The field bears a name that such values have, or others have too.
pub(super) const KEY: i32 = 400;
pub(super) const KEY_WEAK: i32 = 200;
/// Taken off where only a part of the name is known: `receiverTelNo` by `telNo`.
pub(super) const PART_OF_NAME: i32 = -50;
/// The name stands one level up: `{"phone":{"value":…}}`.
pub(super) const PARENT: i32 = 250;
/// A word before the number: `연락처: 010-…`.
pub(super) const LABEL: i32 = 350;
/// A field beside it says so: `{"type":"phone","value":…}`, a country code.
pub(super) const SIBLING: i32 = 350;

/// Phone numbers. What the plan says of a number stands in `patterns/phone_number.yaml`.
pub(super) const PLUS_82: i32 = 150;
pub(super) const DIALLED_82: i32 = 100;
pub(super) const BARE_82: i32 = -30;
/// `1012345678`: a number type has eaten the leading zero, or it was left to a country code beside it.
pub(super) const ZERO_LOST: i32 = -300;
pub(super) const ZERO_LOST_LANDLINE: i32 = -150;
/// A subscriber number that begins with 1 is hardly ever given out.
pub(super) const SUBSCRIBER_ONE: i32 = -100;
/// A number that texts use as an example, and one that nobody has.
pub(super) const SPECIMEN: i32 = -100;
pub(super) const PLACEHOLDER: i32 = -800;

/// Resident registration numbers: a possible date and a century digit, in the usual form, in another, in none.
/// 0.9 % of random digits, 1.8 % of timestamps in ms and 5.4 % of Korean barcodes pass the date.
pub(super) const DATE_HYPHEN: i32 = 250;
pub(super) const DATE_LOOSE: i32 = 100;
pub(super) const DATE_PLAIN: i32 = -150;
/// The check digit is right (one in eleven is by chance), or wrong though the person was born before 2020-10, or
/// wrong where nothing else is to be expected.
pub(super) const CHECKSUM: i32 = 250;
pub(super) const CHECKSUM_FAILED: i32 = -100;
pub(super) const CHECKSUM_NONE: i32 = 0;
/// Older than the oldest person alive, or born in the 19th century.
pub(super) const AGE_UNLIKELY: i32 = -200;
/// Masked behind the birth date: there is no more to weigh.
pub(super) const MASKED: i32 = 50;

/// Look-alikes.
pub(super) const BARCODE_KOREAN: i32 = 250;
pub(super) const BARCODE: i32 = -50;
pub(super) const BARCODE_CHECK_FAILED: i32 = -400;
pub(super) const EPOCH: i32 = 120;
pub(super) const CORPORATE: i32 = 50;
pub(super) const CORPORATE_CHECK_FAILED: i32 = -150;
pub(super) const BUSINESS: i32 = 0;
pub(super) const BUSINESS_CHECK_FAILED: i32 = -350;
/// Any run of digits can be somebody's order number; with separators in the places of another kind, hardly.
pub(super) const IDENTIFIER_PLAIN: i32 = -100;
pub(super) const IDENTIFIER_SEPARATED: i32 = -300;
/// Accounts, cards, certificates: fewer than order numbers, and named where they stand.
pub(super) const KEYED_PLAIN: i32 = -200;

/// Beyond this a reading is as good as certain, or impossible.
const WEIGHT_MAX: i16 = 1500;

/// `weight` as odds.
pub(super) fn odds(weight: i32) -> f64 {
    /// A look-up is a tenth of the price of `exp`, and ten readings are weighed per candidate.
    static ODDS: LazyLock<Vec<f64>> = LazyLock::new(|| {
        (-WEIGHT_MAX..=WEIGHT_MAX).map(|weight| (f64::from(weight) / 100.0).exp()).collect()
    });
    let bounded = weight.clamp(-i32::from(WEIGHT_MAX), i32::from(WEIGHT_MAX)) + i32::from(WEIGHT_MAX);
    ODDS.get(bounded.unsigned_abs() as usize).copied().unwrap_or_default()
}

/// The share of a reading among its `rivals` (the sum of their odds), in hundredths. Never 100: nothing is certain.
pub(super) fn confidence(weight: i32, rivals: f64) -> u8 {
    let own = odds(weight);
    let share = own / (1.0 + own + rivals) * 100.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 99")]
    let hundredths = share.clamp(0.0, 99.0) as u8;
    hundredths
}

#[cfg(test)]
mod tests {
    use super::confidence;

    #[test]
    fn confidence_is_a_share_among_rivals() {
        assert_eq!(confidence(0, 0.0), 50);
        assert_eq!(confidence(0, 2.0), 25);
        assert_eq!(confidence(900, 0.0), 99);
        assert_eq!(confidence(-900, 0.0), 0);
    }
}
