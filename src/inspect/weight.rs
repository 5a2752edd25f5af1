//! How evidence becomes confidence.
//!
//! Weights are natural log odds in hundredths: 0 is as likely as not, 100 is 2.7 to 1. What speaks for a reading of
//! a number is added up; the readings of one number compete, so the confidence of one is its share:
//! `e^w / (1 + Σ e^w)`, where the 1 stands for "a number that means nothing".

use std::sync::LazyLock;

/// Readings below this confidence (in hundredths) are not reported.
pub const REPORTED_FROM: u8 = 50;

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

/// Foreigner registration numbers: the formula was right before October 2020, and not for all.
pub(super) const FOREIGNER_CHECKSUM: i32 = 150;

/// Cards: Luhn and a prefix of a Korean issuer (one random number in 3,000), Luhn alone (one in ten), the prefix
/// alone; and in the usual groups.
pub(super) const CARD_ISSUER: i32 = 0;
pub(super) const CARD_LUHN: i32 = -250;
pub(super) const CARD_NO_LUHN: i32 = -350;
pub(super) const CARD_GROUPED: i32 = 280;

/// Accounts: half of all random numbers have the layout of some bank.
pub(super) const ACCOUNT_LAYOUT: i32 = -80;
pub(super) const ACCOUNT_SEPARATED: i32 = -180;
pub(super) const ACCOUNT_PLAIN_LAYOUT: i32 = -200;
pub(super) const ACCOUNT_PLAIN: i32 = -250;

/// Licences: 2-2-6-2 digits of a region, the region as a word, twelve digits that could be anything.
pub(super) const LICENSE_GROUPED: i32 = 100;
pub(super) const LICENSE_REGION_WORD: i32 = 150;
pub(super) const LICENSE_PLAIN: i32 = -280;

/// Codes: `P` with twelve digits, the first two a year since the codes began, or others, or a small `p`; the two
/// forms of passports; 88 characters of base64, as many signatures have.
pub(super) const CUSTOMS_YEAR: i32 = 20;
pub(super) const CUSTOMS: i32 = -20;
pub(super) const CUSTOMS_SMALL: i32 = -250;
pub(super) const PASSPORT_NEW: i32 = -100;
pub(super) const PASSPORT_OLD: i32 = -180;
pub(super) const CI: i32 = -200;

/// E-mail addresses: the form says nearly all.
pub(super) const EMAIL: i32 = 400;

/// Names: the surname by its frequency, the syllables of the given name.
pub(super) const SURNAME_COMMON: i32 = 30;
pub(super) const SURNAME_USUAL: i32 = -20;
pub(super) const SURNAME_RARE: i32 = -80;
pub(super) const SURNAME_DOUBLE: i32 = 100;
pub(super) const GIVEN_OFTEN: i32 = 90;
pub(super) const GIVEN_SELDOM: i32 = 0;
pub(super) const GIVEN_NEVER: i32 = -150;
/// One syllable, or three and more.
pub(super) const GIVEN_SHORT: i32 = -100;
pub(super) const GIVEN_LONG: i32 = -300;
/// A whole value: most short values are no names. In running text fewer words are.
pub(super) const NAME_VALUE: i32 = -230;
pub(super) const NAME_IN_TEXT: i32 = -330;
/// A title (`님`, `과장`) behind it; a phone or resident number behind it, any long number before it; an ending, as
/// any noun has.
pub(super) const NAME_TITLE: i32 = 330;
pub(super) const NAME_NEIGHBOUR: i32 = 280;
pub(super) const NAME_NEIGHBOUR_BEFORE: i32 = 180;
pub(super) const NAME_ENDING: i32 = -20;
pub(super) const NAME_SPACED: i32 = -100;
pub(super) const NAME_NO_SURNAME: i32 = -120;
pub(super) const NAME_LATIN_KOREAN: i32 = -80;
pub(super) const NAME_LATIN: i32 = -330;
pub(super) const NAME_PART: i32 = -60;
pub(super) const NAME_PART_FOREIGN: i32 = -200;
/// The field is named as things are named too: `name`.
pub(super) const NAME_KEY_WEAK: i32 = -50;
/// A field's name in text, as of a form or of JSON in a string: `"rcvName":"…"`, `<nm>…</nm>`.
pub(super) const NAME_OF_FIELD: i32 = 200;
/// Other data of a person in the same object: `["박기훈","010-…"]`.
pub(super) const NAME_COMPANY: i32 = 250;
/// A field that bears the name of something else.
pub(super) const NAME_OTHER_KEY: i32 = -500;
/// `{"receiver":{"name":…}}`.
pub(super) const OWNER_ABOVE: i32 = 200;

/// Addresses: a road and a number, a quarter and a number; a region, one before the quarter, a flat.
pub(super) const ADDRESS_ROAD: i32 = -300;
pub(super) const ADDRESS_LOT: i32 = -350;
pub(super) const ADDRESS_REGION: i32 = 450;
pub(super) const ADDRESS_QUARTER: i32 = 50;
pub(super) const ADDRESS_DETAIL: i32 = 200;
pub(super) const ADDRESS_LATIN: i32 = 200;
pub(super) const ADDRESS_VALUE: i32 = 50;
pub(super) const ADDRESS_DETAIL_ALONE: i32 = -280;
pub(super) const ADDRESS_DETAIL_VALUE: i32 = -150;

/// Look-alikes.
pub(super) const BARCODE_KOREAN: i32 = 250;
pub(super) const BARCODE: i32 = -50;
pub(super) const BARCODE_CHECK_FAILED: i32 = -400;
pub(super) const EPOCH: i32 = 120;
pub(super) const CORPORATE: i32 = 50;
pub(super) const CORPORATE_CHECK_FAILED: i32 = -150;
/// Nobody calls a resident number so.
pub(super) const CORPORATE_NAMED: i32 = 300;
pub(super) const BUSINESS: i32 = 0;
pub(super) const BUSINESS_CHECK_FAILED: i32 = -350;
/// Any run of digits can be somebody's order number; with separators in the places of another kind, hardly.
pub(super) const IDENTIFIER_PLAIN: i32 = -100;
pub(super) const IDENTIFIER_SEPARATED: i32 = -300;
/// Health insurance and other certificates: fewer than order numbers, and named where they stand.
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

/// The smallest weight at which a reading is reported in spite of its rivals; for people who ask.
pub(super) fn needed(rivals: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm of odds within the bounds of `odds`")]
    let needed = ((1.0 + rivals).ln() * 100.0).ceil() as i32;
    needed
}

#[cfg(test)]
mod tests {
    use super::{REPORTED_FROM, confidence, needed, odds};

    #[test]
    fn what_is_needed_is_just_enough() {
        for rivals in [0.0, 0.5, 3.0, odds(250) + odds(-100)] {
            let needed = needed(rivals);
            assert!(confidence(needed, rivals) >= REPORTED_FROM, "{rivals}");
            assert!(confidence(needed - 3, rivals) < REPORTED_FROM, "{rivals}");
        }
    }

    #[test]
    fn confidence_is_a_share_among_rivals() {
        assert_eq!(confidence(0, 0.0), 50);
        assert_eq!(confidence(0, 2.0), 25);
        assert_eq!(confidence(900, 0.0), 99);
        assert_eq!(confidence(-900, 0.0), 0);
    }
}
