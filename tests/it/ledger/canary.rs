//! Canaries: raw data of the records, which must be found nowhere. They are looked for as written, as bare digits,
//! behind escapes, in base64 and in hexadecimal.

use std::collections::HashSet;

use memchr::memmem::Finder;

use super::world;

/// Digits that may stand between two texts before a number counts as ended.
const SEPARATORS: &[u8] = b" -.()+";
const BASE64_RUN_MIN: usize = 16;

pub struct Canaries {
    /// Eleven digits, and thirteen.
    numbers: HashSet<Vec<u8>>,
    member: Finder<'static>,
}

impl Canaries {
    /// Phone, resident and member numbers of all people.
    pub fn new() -> Canaries {
        let people = world::people();
        let mut numbers = HashSet::new();
        for person in &people {
            numbers.insert(person.phone().into_bytes());
            numbers.insert(person.resident_number().replace('-', "").into_bytes());
        }
        Canaries { numbers, member: Finder::new(world::MEMBER_PREFIX) }
    }

    /// What of it stands in `bytes`: a few hits, with what is around them left out.
    pub fn find(&self, bytes: &[u8]) -> Vec<String> {
        let mut hits = self.find_plain(bytes, "as written");
        if bytes.windows(2).any(|pair| pair == b"\\u") {
            hits.extend(self.find_plain(&unescaped(bytes), "escaped"));
        }
        for run in bytes.split(|byte| !is_base64(*byte)).filter(|run| run.len() >= BASE64_RUN_MIN) {
            for skipped in 0..4 {
                hits.extend(self.find_plain(&base64_decoded(&run[skipped..]), "in base64"));
            }
        }
        for run in bytes.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() >= BASE64_RUN_MIN) {
            hits.extend(self.find_plain(&hex_decoded(run), "in hexadecimal"));
        }
        hits
    }

    fn find_plain(&self, bytes: &[u8], how: &str) -> Vec<String> {
        let mut hits = Vec::new();
        if self.member.find(bytes).is_some() {
            hits.push(format!("a member number {how}"));
        }
        for digits in digit_runs(bytes) {
            for length in [11, 13] {
                for window in digits.windows(length).filter(|window| self.numbers.contains(*window)) {
                    hits.push(format!("{} {how}", String::from_utf8_lossy(window)));
                }
            }
            // +82 in place of the leading 0
            for window in digits.windows(12).filter(|window| window.starts_with(b"82")) {
                let national = [b"0", &window[2..]].concat();
                if self.numbers.contains(&national) {
                    hits.push(format!("{} {how}", String::from_utf8_lossy(window)));
                }
            }
        }
        hits
    }
}

/// Runs of digits, the separators of numbers left out.
fn digit_runs(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes
        .split(|byte| !byte.is_ascii_digit() && !SEPARATORS.contains(byte))
        .map(|run| run.iter().copied().filter(u8::is_ascii_digit).collect::<Vec<u8>>())
        .filter(|digits| digits.len() >= 11)
        .collect()
}

/// `\uXXXX` undone.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut pieces = text.split("\\u");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code.and_then(char::from_u32) {
            Some(character) => {
                out.push(character);
                out.push_str(&piece[4..]);
            }
            None => out.push_str(piece),
        }
    }
    out.into_bytes()
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Both alphabets, without padding; what is left of the last group is dropped.
fn base64_decoded(run: &[u8]) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    };
    let decode = |group: &[u8]| {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 6 | u32::from(value(*byte)));
        let [_, bytes @ ..] = (bits << (6 * (4 - group.len()))).to_be_bytes();
        bytes[..group.len() * 6 / 8].to_vec()
    };
    run.chunks(4).filter(|group| group.len() > 1).flat_map(decode).collect()
}

fn hex_decoded(run: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap();
    run.chunks_exact(2).map(|pair| u8::try_from(digit(pair[0]) << 4 | digit(pair[1])).unwrap()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Canaries, base64_decoded};
    use crate::ledger::{expected::hex, world};

    #[test]
    fn a_canary_is_found_in_every_disguise() {
        let canaries = Canaries::new();
        let person = &world::people()[5];
        let phone = person.phone();
        let escaped = phone.bytes().fold(String::new(), |text, digit| text + &format!("\\u{digit:04x}"));
        let check = |text: &str| assert!(!canaries.find(text.as_bytes()).is_empty(), "not found: {text}");
        check(&format!("sent to {phone}"));
        check(&format!(r#"{{"tel":"{}-{}-{}"}}"#, &phone[..3], &phone[3..7], &phone[7..]));
        check(&format!("+82 10-{}-{}", &phone[3..7], &phone[7..]));
        check(&escaped);
        check(&person.resident_number());
        check(&person.member());
        check(&hex(phone.as_bytes()));
        // base64 of `x` + 01073510046 + padding, at another alignment than the run begins
        check("k1:eDAxMDczNTEwMDQ2eHh4eHg=");
        check("ZZeDAxMDczNTEwMDQ2eHh4eHg=");
    }

    #[test]
    fn what_sumun_prints_of_its_own_is_no_canary() {
        let canaries = Canaries::new();
        let text = r#"{"offset":1071234567,"timestamp":"2024-07-02T03:04:05.678Z","bytes":701234,"id":"4be1c1a0f0f14c0c9e5b7f2a6d3c8e11"}"#;
        assert!(canaries.find(text.as_bytes()).is_empty());
    }

    #[test]
    fn base64_is_undone() {
        assert_eq!(base64_decoded(b"aGVsbG8"), b"hello");
    }
}
