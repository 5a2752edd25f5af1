//! Field names and labels: what a name says about the value beside it.
//!
//! Names are compared without case, `_ - .` and blanks. `receiverTelNo1` is `receiver·tel·no·1`; if it is not in the
//! dictionary as a whole, its longest known tail, then its longest known head speaks for it (`tel·no`), with less
//! weight. Every Hangul syllable is a part of its own, so `주문자휴대폰번호` ends in a known name, and the label
//! `연락처는` begins with one.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::iter::Peekable;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

use super::fold::JAMO_LEAD;
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
    /// Somebody: `receiver`. What stands below is that person's.
    Owner,
    /// A surname or a given name only.
    NamePart,
    /// The rest of an address.
    AddressDetail,
    /// Something that has a name or an address and is no person.
    Thing,
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
    /// Whether one of them is a look-alike.
    pub(super) speaks_of_look_alikes: bool,
    /// Whether a whole value of such a field is a name, an address or a code, which no form gives away.
    pub(super) names_whole_values: bool,
}

impl Name {
    pub(super) fn new(name: &str) -> Name {
        let shown = shown(name);
        Name {
            as_key: format!("key:{shown}").into(),
            as_label: format!("label:{shown}").into(),
            as_sibling: format!("sibling:{shown}").into(),
            bearers: Vec::new(),
            speaks_of_look_alikes: false,
            names_whole_values: false,
        }
    }

    /// Whether it names what stands in the field, not only whose that is or what stands beside it.
    pub(super) fn names_a_value(&self) -> bool {
        self.bearers.iter().any(|(bearer, _)| !matches!(bearer, Bearer::Kind | Bearer::Owner))
    }

    fn shares_bearer(&self, other: &Name) -> bool {
        self.bearers.iter().any(|(bearer, _)| other.says(*bearer).is_some())
    }

    fn is_strong(&self) -> bool {
        self.bearers.iter().any(|(_, strength)| *strength == Strength::Strong)
    }

    pub(super) fn says(&self, bearer: Bearer) -> Option<Strength> {
        self.bearers.iter().find(|(other, _)| *other == bearer).map(|(_, strength)| *strength)
    }

    /// Whether it surely names something that is no entity, perhaps among others.
    pub(super) fn is_look_alike(&self) -> bool {
        self.bearers
            .iter()
            .any(|(bearer, strength)| matches!(bearer, Bearer::LookAlike(_)) && *strength == Strength::Strong)
    }

    pub(super) fn is_entity(&self) -> bool {
        self.bearers.iter().any(|(bearer, _)| matches!(bearer, Bearer::Entity(_)))
    }
}

/// A name that was found, as a whole or in part.
#[derive(Clone, Copy)]
pub(super) struct Known<'d> {
    pub(super) name: &'d Name,
    pub(super) whole: bool,
}

/// A set of words, as quickly asked as the dictionary.
pub(super) type WordSet = HashSet<Box<str>, BuildHasherDefault<Spread>>;

#[derive(Default)]
pub(super) struct Dictionary {
    /// Where each name stands in `names`.
    positions: HashMap<Box<[u8]>, usize, BuildHasherDefault<Spread>>,
    names: Vec<Name>,
}

impl Dictionary {
    pub(super) fn add(&mut self, name: &str, bearer: Bearer, strength: Strength) {
        let mut parts = Parts::default();
        if !parts.read(name) || parts.all().is_empty() {
            return;
        }
        let position = *self.positions.entry(parts.all().into()).or_insert(self.names.len());
        if position == self.names.len() {
            self.names.push(Name::new(name));
        }
        if let Some(name) = self.names.get_mut(position)
            && !name.bearers.iter().any(|(other, _)| *other == bearer)
        {
            name.bearers.push((bearer, strength));
            name.names_whole_values |= matches!(
                bearer,
                Bearer::NamePart
                    | Bearer::AddressDetail
                    | Bearer::Entity(
                        EntityType::PersonName
                            | EntityType::PostalAddress
                            | EntityType::CustomsCode
                            | EntityType::PassportNumber
                            | EntityType::ConnectingInformation
                    )
            );
            name.speaks_of_look_alikes |= matches!(bearer, Bearer::LookAlike(_));
        }
    }

    pub(super) fn look_up(&self, name: &str) -> Option<Known<'_>> {
        self.known(self.find(name)?)
    }

    fn known(&self, found: Found) -> Option<Known<'_>> {
        Some(Known { name: self.names.get(found.position)?, whole: found.whole })
    }

    fn find(&self, name: &str) -> Option<Found> {
        let mut parts = Parts::default();
        if parts.read(name) { self.find_parts(&parts) } else { None }
    }

    fn find_whole(&self, parts: &Parts) -> Option<Found> {
        let whole = parts.all();
        let position = self.positions.get(whole).or_else(|| {
            let unnumbered = whole.trim_ascii_digits_end();
            if unnumbered.len() < whole.len() { self.positions.get(unnumbered) } else { None }
        });
        position.map(|position| Found { position: *position, whole: true })
    }

    fn find_parts(&self, parts: &Parts) -> Option<Found> {
        if let Some(found) = self.find_whole(parts) {
            return Some(found);
        }
        let whole = parts.all();
        let unnumbered = whole.trim_ascii_digits_end();
        let tails = parts.starts().filter_map(|start| unnumbered.get(start..));
        let heads = parts.starts().rev().filter_map(|end| whole.get(..end));
        let mut fallback = None;
        for part in tails.chain(heads).filter(|part| !part.is_empty()) {
            let Some(position) = self.positions.get(part) else { continue };
            let found = Found { position: *position, whole: false };
            // `ssn_num` is named by `ssn`, though `num` is its tail.
            if self.names.get(*position).is_some_and(Name::is_strong) {
                return Some(found);
            }
            fallback = fallback.or(Some(found));
        }
        fallback
    }

    /// The label before `text[..at]`: the nearest of the last words that is known; where others bear that too, one
    /// before it that surely says the same.
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
        let words = window
            .rsplit(|character: char| !is_letter_or_digit(character) && character != '_')
            .filter(|word| !word.is_empty())
            .take(LABEL_WORDS_MAX);
        let mut weak: Option<Known<'d>> = None;
        for known in words.filter_map(|word| self.label(word, fields)) {
            let says_the_same = |weak: Known<'_>| weak.name.shares_bearer(known.name);
            match weak {
                None if known.name.is_strong() => return Some(known),
                None => weak = Some(known),
                Some(weak) if known.name.is_strong() && says_the_same(weak) => return Some(known),
                Some(_) => {}
            }
        }
        weak
    }

    /// A word that is a label, or as a whole the name of a field.
    pub(super) fn label<'d>(&'d self, word: &str, fields: &'d Dictionary) -> Option<Known<'d>> {
        let mut parts = Parts::default();
        if !parts.read(word) {
            return None;
        }
        let label = self.find_parts(&parts).and_then(|found| self.known(found));
        label.or_else(|| fields.find_whole(&parts).and_then(|found| fields.known(found)))
    }
}

/// Where a name stands in its dictionary.
#[derive(Clone, Copy)]
struct Found {
    position: usize,
    whole: bool,
}

/// What was looked up lately: fields repeat from record to record, and a look-up costs ten times as much as finding
/// it here. A new name takes the place of the old one in its slot.
#[derive(Default)]
pub(super) struct Memo {
    /// Of the dictionary that the slots are about.
    stamp: u64,
    slots: Vec<Slot>,
}

const MEMO_SLOTS: usize = 512;
/// Longer names are looked up each time.
const MEMO_NAME_BYTES_MAX: usize = 30;

#[derive(Clone, Copy, Default)]
struct Slot {
    ends: Ends,
    /// What of the name lies between its ends.
    middle: [u8; MEMO_NAME_BYTES_MAX - 16],
    is_taken: bool,
    found: Option<Found>,
}

impl Memo {
    /// What `dictionary`, which `stamp` tells from all others, knows of `name`; nothing where that is not UTF-8.
    #[inline]
    pub(super) fn look_up<'d>(
        &mut self,
        dictionary: &'d Dictionary,
        stamp: u64,
        name: &[u8],
    ) -> Option<Known<'d>> {
        if self.stamp != stamp {
            self.slots.clear();
            self.slots.resize(MEMO_SLOTS, Slot::default());
            self.stamp = stamp;
        }
        let ends = Ends::of(name);
        let middle = name.len().checked_sub(8).and_then(|end| name.get(8..end)).unwrap_or_default();
        let slot = self.slots.get_mut(ends.slot())?;
        let is_same = slot.is_taken && slot.ends == ends;
        if is_same && (middle.is_empty() || slot.middle.get(..middle.len()) == Some(middle)) {
            return dictionary.known(slot.found?);
        }
        let found = std::str::from_utf8(name).ok().and_then(|name| dictionary.find(name));
        if let Some(place) = slot.middle.get_mut(..middle.len()) {
            place.copy_from_slice(middle);
            (slot.ends, slot.is_taken, slot.found) = (ends, true, found);
        }
        dictionary.known(found?)
    }
}

/// The length of a name and its first and last eight bytes (all bytes of a shorter one): most names of a record differ
/// there, and names of up to sixteen bytes are told from each other by that alone.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Ends {
    first: u64,
    last: u64,
    length: usize,
}

impl Ends {
    #[inline]
    fn of(name: &[u8]) -> Ends {
        let ends = |first, last| Ends { first, last, length: name.len() };
        if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            return ends(u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        }
        if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            return ends(u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
        }
        ends(name.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), 0)
    }

    fn slot(self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(31) ^ self.length as u64).wrapping_mul(SPREAD);
        usize::from((mixed >> (u64::BITS - u16::BITS)) as u16) % MEMO_SLOTS
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
        } else if name.as_bytes().contains(&JAMO_LEAD) {
            self.read_characters(name.nfc().peekable());
        } else {
            self.read_characters(name.chars().peekable());
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

    fn read_characters(&mut self, mut characters: Peekable<impl Iterator<Item = char>>) {
        let mut before = ' ';
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

/// Eight bytes at a time, by multiplication: names are short and the dictionary is ours, so nothing has to be hardened
/// against collisions.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Spread {
    #[inline]
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(SPREAD);
    }
}

impl std::hash::Hasher for Spread {
    #[inline]
    fn finish(&self) -> u64 {
        // The table takes its bits from both ends.
        self.0 ^ self.0 >> 32
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        self.mix(rest.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }
}

/// 2^64 over the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

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
