//! Numbers that begin with a letter, and the CI: customs codes, passports, connecting information.

use super::weight;
use crate::entity::EntityType;

const CUSTOMS_BYTES: usize = 13;
const PASSPORT_BYTES: usize = 9;
/// 64 bytes in base64.
const CI_BYTES: usize = 88;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) entity: EntityType,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) weight: i32,
}

/// Whether a text of this length can be a code as a whole: one comparison, before anything else is asked.
pub(super) fn has_length(bytes: usize) -> bool {
    matches!(bytes, CUSTOMS_BYTES | PASSPORT_BYTES | CI_BYTES)
}

/// The next code in `text[from..]`.
pub(super) fn find(text: &str, from: usize) -> Option<Code> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        if !is_base64(*byte) {
            at += 1;
            continue;
        }
        let run = bytes.get(at..)?.iter().take_while(|byte| is_base64(**byte)).count();
        let length = bytes.get(at..at + run)?.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let word = bytes.get(at..at + length)?;
        let is_parted = at.checked_sub(1).and_then(|before| bytes.get(before)) != Some(&b'_')
            && bytes.get(at + length) != Some(&b'_');
        if let Some((entity, weight)) = read_word(word)
            && is_parted
        {
            return Some(Code { entity, start: at, end: at + length, weight });
        }
        // `=` pads the CI; before it stands no other character of base64.
        let is_begun = at
            .checked_sub(1)
            .and_then(|before| bytes.get(before))
            .is_none_or(|before| !matches!(before, b'+' | b'/'));
        if run == CI_BYTES - 2
            && is_begun
            && bytes.get(at + run..at + CI_BYTES) == Some(b"==")
            && is_mixed(bytes.get(at..at + run)?)
        {
            return Some(Code {
                entity: EntityType::ConnectingInformation,
                start: at,
                end: at + CI_BYTES,
                weight: weight::CI,
            });
        }
        at += if run >= CI_BYTES - 2 { run } else { length.max(1) };
    }
    None
}

fn read_word(word: &[u8]) -> Option<(EntityType, i32)> {
    match word {
        [letter @ (b'P' | b'p'), digits @ ..] if word.len() == CUSTOMS_BYTES && all_digits(digits) => {
            let year = digits.get(..2)?;
            let weight = match (*letter, (b"11".as_slice()..=b"27").contains(&year)) {
                (b'P', true) => weight::CUSTOMS_YEAR,
                (b'P', false) => weight::CUSTOMS,
                _ => weight::CUSTOMS_SMALL,
            };
            Some((EntityType::CustomsCode, weight))
        }
        [b'M' | b'S' | b'R' | b'G' | b'D' | b'O', rest @ ..] if word.len() == PASSPORT_BYTES => {
            let is_new = matches!(rest, [a, b, c, letter, end @ ..]
                if all_digits(&[*a, *b, *c]) && letter.is_ascii_uppercase() && all_digits(end));
            let weight = if is_new {
                weight::PASSPORT_NEW
            } else if all_digits(rest) {
                weight::PASSPORT_OLD
            } else {
                return None;
            };
            Some((EntityType::PassportNumber, weight))
        }
        _ => None,
    }
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Random bytes have letters of both cases and digits.
fn is_mixed(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_digit)
        && run.iter().any(u8::is_ascii_uppercase)
        && run.iter().any(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::entity::EntityType::{ConnectingInformation, CustomsCode, PassportNumber};

    #[test]
    fn codes_stand_alone() {
        let ci = "IBrggWPlh8Gjr9bOIg08Wd711s1d2hep2o40uUZ0Qvb4HbdXb37sxo/yw0HBLoht8bOecqXNB4d0jReACDubzQ==";
        let with_ci = format!("CI={ci} 로");
        let longer = format!("A{ci}");
        for (text, expected) in [
            ("부호는 P213182677853입니다", Some((CustomsCode, "P213182677853"))),
            ("p129407066214", Some((CustomsCode, "p129407066214"))),
            ("AP129407066214", None),
            ("P1294070662145", None),
            ("M12345678,", Some((PassportNumber, "M12345678"))),
            ("(M123A4567)", Some((PassportNumber, "M123A4567"))),
            ("M123a4567", None),
            ("A12345678", None),
            ("a_M12345678", None),
            (&with_ci, Some((ConnectingInformation, ci))),
            (&longer, None),
        ] {
            let code = find(text, 0).map(|code| (code.entity, text.get(code.start..code.end).unwrap()));
            assert_eq!(code, expected, "{text}");
        }
    }
}
