//! Field names and labels: what a name says about the value beside it.
//!
//! Names are compared without case, `_ - .` and blanks. `receiverTelNo1` is `receiver·tel·no·1`; if it is not in the
//! dictionary as a whole, its longest known tail, then its longest known head speaks for it (`tel·no`), with less
//! weight. Every Hangul syllable is a part of its own, so `주문자휴대폰번호` ends in a known name, and the label
//! `연락처는` begins with one.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::look_alike::LookAlike;
use crate::entity::EntityType;

/// Longer names are not looked up.
const NAME_BYTES_MAX: usize = 96;
const PARTS_MAX: usize = 32;
/// How far before a number its label may stand, and in how many words.
const LABEL_BYTES_MAX: usize = 40;
const LABEL_WORDS_MAX: usize = 3;

/// What bears a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    Entity(EntityType),
    LookAlike(LookAlike),
    /// The field beside a phone number that holds its country.
    PhoneCountry,
    /// A field that names its sibling: `{"type":"phone","value":…}`.
    Kind,
}

/// How much a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Others bear it too.
    Weak,
    Strong,
}

pub(super) struct Name {
    /// As evidence shows it: `key:tel_no`, `label:연락처`.
    pub(super) as_key: Arc<str>,
    pub(super) as_label: Arc<str>,
    pub(super) as_sibling: Arc<str>,
    pub(super) bearers: Vec<(Bearer, Strength)>,
}

impl Name {
    fn new(name: &str) -> Name {
        let shown = shown(name);
        Name {
            as_key: format!("key:{shown}").into(),
            as_label: format!("label:{shown}").into(),
            as_sibling: format!("sibling:{shown}").into(),
            bearers: Vec::new(),
        }
    }

    pub(super) fn says(&self, bearer: Bearer) -> Option<Strength> {
        self.bearers.iter().find(|(other, _)| *other == bearer).map(|(_, strength)| *strength)
    }
}

/// A name that was found, as a whole or in part.
#[derive(Clone, Copy)]
pub(super) struct Known<'d> {
    pub(super) name: &'d Name,
    pub(super) whole: bool,
}

#[derive(Default)]
pub(super) struct Dictionary {
    names: HashMap<Box<[u8]>, Name, BuildHasherDefault<Fnv>>,
}

impl Dictionary {
    pub(super) fn add(&mut self, name: &str, bearer: Bearer, strength: Strength) {
        let mut parts = Parts::default();
        if !parts.read(name) || parts.all().is_empty() {
            return;
        }
        let entry = self.names.entry(parts.all().into()).or_insert_with(|| Name::new(name));
        if !entry.bearers.iter().any(|(other, _)| *other == bearer) {
            entry.bearers.push((bearer, strength));
        }
    }

    pub(super) fn look_up(&self, name: &str) -> Option<Known<'_>> {
        let mut parts = Parts::default();
        if !parts.read(name) {
            return None;
        }
        let whole = parts.all();
        if let Some(name) = self.names.get(whole) {
            return Some(Known { name, whole: true });
        }
        let unnumbered = whole.trim_ascii_digits_end();
        if unnumbered.len() < whole.len()
            && let Some(name) = self.names.get(unnumbered)
        {
            return Some(Known { name, whole: true });
        }
        let tails = parts.starts().filter_map(|start| unnumbered.get(start..));
        let heads = parts.starts().rev().filter_map(|end| whole.get(..end));
        let mut fallback = None;
        for part in tails.chain(heads).filter(|part| !part.is_empty()) {
            let Some(name) = self.names.get(part) else { continue };
            // `ssn_num` is named by `ssn`, though `num` is its tail.
            if name.bearers.iter().any(|(_, strength)| *strength == Strength::Strong) {
                return Some(Known { name, whole: false });
            }
            fallback = fallback.or(Some(name));
        }
        fallback.map(|name| Known { name, whole: false })
    }

    /// The label before `text[..at]`: the nearest of the last words that is known.
    pub(super) fn label_before<'d>(
        &'d self,
        text: &str,
        at: usize,
        fields: &'d Dictionary,
    ) -> Option<Known<'d>> {
        let mut from = at.saturating_sub(LABEL_BYTES_MAX);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let window = text.get(from..at)?;
        window
            .rsplit(|character: char| !is_letter_or_digit(character) && character != '_')
            .filter(|word| !word.is_empty())
            .take(LABEL_WORDS_MAX)
            .find_map(|word| self.look_up(word).or_else(|| fields.look_up(word).filter(|known| known.whole)))
    }
}

trait TrimDigits {
    fn trim_ascii_digits_end(&self) -> &[u8];
}

impl TrimDigits for [u8] {
    fn trim_ascii_digits_end(&self) -> &[u8] {
        let kept = self.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |last| last + 1);
        self.get(..kept).unwrap_or_default()
    }
}

/// A name in comparable form: lower case, without separators, and where its parts begin.
struct Parts {
    bytes: [u8; NAME_BYTES_MAX],
    length: usize,
    starts: [u8; PARTS_MAX],
    count: usize,
}

impl Default for Parts {
    fn default() -> Parts {
        Parts { bytes: [0; NAME_BYTES_MAX], length: 0, starts: [0; PARTS_MAX], count: 0 }
    }
}

impl Parts {
    /// False where the name is too long.
    fn read(&mut self, name: &str) -> bool {
        if name.len() > NAME_BYTES_MAX {
            return false;
        }
        if name.is_ascii() {
            self.read_ascii(name.as_bytes());
        } else {
            self.read_characters(name);
        }
        true
    }

    fn read_ascii(&mut self, name: &[u8]) {
        let mut before = b' ';
        for (position, byte) in name.iter().enumerate() {
            if byte.is_ascii_alphanumeric() {
                let after = name.get(position + 1).copied().unwrap_or(b' ');
                let begins = before == b' '
                    || byte.is_ascii_digit() != before.is_ascii_digit()
                    || byte.is_ascii_uppercase()
                        && (!before.is_ascii_uppercase() || after.is_ascii_lowercase());
                self.push(&[byte.to_ascii_lowercase()], begins);
                before = *byte;
            } else {
                before = b' ';
            }
        }
    }

    fn read_characters(&mut self, name: &str) {
        let mut before = ' ';
        let mut characters = name.chars().peekable();
        while let Some(character) = characters.next() {
            if !is_letter_or_digit(character) {
                before = ' ';
                continue;
            }
            let after = characters.peek().copied().unwrap_or(' ');
            let mut buffer = [0; 4];
            let lower = character.to_ascii_lowercase().encode_utf8(&mut buffer);
            self.push(lower.as_bytes(), begins_part(before, character, after));
            before = character;
        }
    }

    #[inline]
    fn push(&mut self, bytes: &[u8], begins: bool) {
        if begins
            && let (Some(slot), Ok(start)) = (self.starts.get_mut(self.count), u8::try_from(self.length))
        {
            *slot = start;
            self.count += 1;
        }
        if let Some(slot) = self.bytes.get_mut(self.length..self.length + bytes.len()) {
            slot.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    fn all(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Where the second part and those behind it begin.
    fn starts(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.starts.iter().take(self.count).skip(1).map(|start| usize::from(*start))
    }
}

/// Hangul first: the tables of Unicode are slow to ask.
fn is_letter_or_digit(character: char) -> bool {
    ('가'..='힣').contains(&character) || character.is_alphanumeric()
}

/// camelCase, `HTTPServer`, `tel1`, `주문자TEL`, every letter outside ASCII.
fn begins_part(before: char, character: char, after: char) -> bool {
    before == ' '
        || !character.is_ascii()
        || !before.is_ascii()
        || (character.is_ascii_uppercase() && (!before.is_ascii_uppercase() || after.is_ascii_lowercase()))
        || character.is_ascii_digit() != before.is_ascii_digit()
}

/// `receiverTelNo` → `receiver_tel_no`; Hangul stays together.
fn shown(name: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_alphanumeric() {
            let after = characters.peek().copied().unwrap_or(' ');
            if !out.is_empty() && character.is_ascii_alphabetic() && begins_part(before, character, after) {
                out.push('_');
            }
            out.push(character.to_ascii_lowercase());
            before = character;
        } else {
            before = ' ';
        }
    }
    out
}

/// FNV-1a: names are short and the dictionary is ours, so nothing has to be hardened against collisions.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bearer, Dictionary, Strength};
    use crate::entity::EntityType;

    const PHONE: Bearer = Bearer::Entity(EntityType::PhoneNumber);

    fn dictionary() -> Dictionary {
        let mut dictionary = Dictionary::default();
        for name in ["tel", "telNo", "mobile", "휴대폰번호", "연락처"] {
            dictionary.add(name, PHONE, Strength::Strong);
        }
        dictionary
    }

    #[test]
    fn a_name_is_found_as_a_whole_by_its_tail_or_by_its_head() {
        let dictionary = dictionary();
        for (name, expected) in [
            ("TEL", Some(("tel", true))),
            ("tel_no", Some(("tel_no", true))),
            ("telNo2", Some(("tel_no", true))),
            ("receiverTelNo1", Some(("tel_no", false))),
            ("P_MOBILE", Some(("mobile", false))),
            ("mobile_e164", Some(("mobile", false))),
            ("주문자휴대폰번호", Some(("휴대폰번호", false))),
            ("연락처는", Some(("연락처", false))),
            ("hotel", None),
            ("telemetry", None),
            ("", None),
        ] {
            let known = dictionary.look_up(name).map(|known| (&*known.name.as_key, known.whole));
            let expected = expected.map(|(shown, whole)| (format!("key:{shown}"), whole));
            let expected = expected.as_ref().map(|(shown, whole)| (shown.as_str(), *whole));
            assert_eq!(known, expected, "{name}");
        }
    }

    #[test]
    fn the_nearest_known_word_is_the_label() {
        let dictionary = dictionary();
        let none = Dictionary::default();
        for (text, expected) in [
            ("부재시 연락처: ", Some("label:연락처")),
            ("{\"tel\":\"", Some("label:tel")),
            ("tel of the very last shop is ", None),
        ] {
            let known = dictionary.label_before(text, text.len(), &none).map(|known| &*known.name.as_label);
            assert_eq!(known, expected, "{text}");
        }
    }
}
