//! What is no number: names, addresses, codes and mail, in values and in running text.
//!
//! A value costs one look at its field's name, which the memo knows. Only what that name, an `@`, Hangul or the form
//! of a code makes worth it is decoded and searched.

use std::sync::Arc;

use super::super::address::{self, Address, Piece};
use super::super::clue::{Clue, Clues, Origin, said_of, told};
use super::super::fold::{Folded, JAMO_LEAD};
use super::super::keys::{Bearer, Known, Strength};
use super::super::name::{Cue, Name};
use super::super::readings::Mask;
use super::super::sibling::{Undecided, company_of, object_of};
use super::super::watch::{Candidate, Watch};
use super::super::{code, hangul, weight};
use super::{BUFFER_BYTES_KEPT_MAX, Place, Reader};
use crate::decode::{BLOCK_BYTES, Bitmaps, Frame, Path, Token, TokenKind};
use crate::entity::EntityType;
use crate::finding::{Finding, Validity};

/// Shorter texts in ASCII are searched only where their field's name or their form says so.
const PROSE_BYTES_MIN: usize = 24;
/// How far before a name its label may stand, and how much may lie between them (`name="nm"\r\n\r\n`).
const LABEL_BYTES_MAX: usize = 40;
const GAP_BYTES_MAX: usize = 8;

const PERSON: Bearer = Bearer::Entity(EntityType::PersonName);
const ADDRESS: Bearer = Bearer::Entity(EntityType::PostalAddress);
/// Memory that is reused from text to text.
#[derive(Default)]
pub(super) struct Words {
    buffer: String,
    folded: Folded,
    pieces: Vec<Piece>,
    /// Where addresses lie: no names are sought there.
    taken: Vec<(usize, usize)>,
}

impl<'r, W: Watch> Reader<'r, W> {
    #[inline]
    pub(super) fn text<'a>(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
        if !self.rules.sought.in_texts {
            return;
        }
        let is_worth_it = match token.kind {
            TokenKind::Number | TokenKind::Literal => false,
            TokenKind::Key => self.work.has_at && token.raw.contains(&b'@'),
            TokenKind::Text => true,
            TokenKind::String => self.is_worth_searching(&token, path),
        };
        if is_worth_it && (self.said.is_none() || self.work.is_undecided(token.at)) {
            self.search(token, path);
        }
    }

    fn is_worth_searching(&mut self, token: &Token<'_>, path: Path<'_, '_>) -> bool {
        if W::WATCHES || token.escaped {
            return true;
        }
        let known = path.key().and_then(|key| self.field_name(&key));
        self.is_of_interest(token.raw, known) || known.is_none() && self.is_in_a_name(path)
    }

    /// Notes where the strings begin that must be seen, by what stands around them in the bytes; the others come to
    /// nothing wherever they lie. Where that cannot be told, every token is to be seen.
    pub(super) fn find_spots(&mut self, bytes: &[u8], bitmaps: &Bitmaps) {
        self.work.spots.clear();
        self.work.spots.shrink_to(BUFFER_BYTES_KEPT_MAX / size_of::<u32>());
        let in_texts = self.rules.sought.in_texts;
        self.work.sees_all = W::WATCHES
            || !matches!(bytes.first(), Some(b'{' | b'['))
            || bitmaps.has_backslash()
            || bitmaps.has_foldable()
            || in_texts && !bitmaps.is_ascii() && memchr::memchr(JAMO_LEAD, bytes).is_some();
        if self.work.sees_all || !in_texts {
            return;
        }
        let mut begun = None;
        let mut key: &[u8] = &[];
        // Whether the string stands in an array, behind an object or array: whose key that is is not known here.
        let mut is_lost = false;
        let mut before = 0;
        for (block, base) in bitmaps.blocks().iter().zip((0..).step_by(BLOCK_BYTES)) {
            let mut quotes = block.quote;
            while quotes != 0 {
                let at: usize = base + quotes.trailing_zeros() as usize;
                quotes &= quotes - 1;
                let Some(start) = begun.take() else {
                    begun = Some(at + 1);
                    continue;
                };
                let raw = bytes.get(start..at).unwrap_or_default();
                let gap = bytes.get(before..start).unwrap_or_default();
                before = at;
                is_lost |= gap.iter().any(|byte| matches!(byte, b'}' | b']'));
                let is_spot = if bytes.get(at + 1) == Some(&b':') {
                    (key, is_lost) = (raw, false);
                    if bytes.get(at + 2) == Some(&b'{') && self.recall(key).is_some_and(is_sure_name) {
                        self.work.sees_all = true;
                        return;
                    }
                    self.work.has_at && raw.contains(&b'@')
                } else {
                    let known = self.recall(key);
                    is_lost || self.is_of_interest(raw, known)
                };
                if is_spot {
                    self.work.spots.push(u32::try_from(start).unwrap_or(u32::MAX));
                }
            }
        }
    }

    fn recall(&mut self, key: &[u8]) -> Option<Known<'r>> {
        self.work.memo.look_up(&self.rules.fields, self.rules.stamp, key)
    }

    /// `{"성명":{"value":…}}`
    fn is_in_a_name(&mut self, path: Path<'_, '_>) -> bool {
        self.key_above(path).is_some_and(is_sure_name)
    }

    /// Whether something may be found in a string under a field of this name.
    fn is_of_interest(&self, raw: &[u8], known: Option<Known<'r>>) -> bool {
        if raw.is_empty() {
            return false;
        }
        if known.is_some_and(|known| known.name.names_whole_values) {
            return true;
        }
        if raw.is_ascii() {
            let is_prose = || raw.len() >= PROSE_BYTES_MIN && memchr::memchr2(b' ', b'=', raw).is_some();
            if !(code::has_length(raw.len()) || self.work.has_at && raw.contains(&b'@') || is_prose()) {
                return false;
            }
        }
        let Ok(text) = simdutf8::basic::from_utf8(raw) else { return true };
        let signs = Signs::of(raw);
        signs.at
            || signs.road
            || signs.latin_region
            || signs.capitals
            || signs.code && code::find(text, 0).is_some()
            || !raw.is_ascii() && self.may_hold_name(text, known)
    }

    fn may_hold_name(&self, text: &str, known: Option<Known<'r>>) -> bool {
        let names = &self.rules.names;
        let is_likely = |weight| weight::confidence(weight, 0.0) >= weight::REPORTED_FROM;
        // Beside other data of a person.
        if known.is_none_or(|known| !known.name.names_a_value())
            && names.may_be_value(text)
            && names.read_value(text).is_some_and(|name| is_likely(name.weight + weight::NAME_COMPANY))
        {
            return true;
        }
        hangul::runs(text).any(|(start, end)| {
            let labelled = self.may_be_labelled(text, start);
            names.read_run(text, start, end, labelled).is_some_and(|name| {
                let weigh = |(clue, more): (Clue<'_>, i32)| name.weight + clue.weight_for(PERSON) + more;
                let most = name.weight + weight::LABEL + weight::NAME_OF_FIELD;
                is_likely(name.weight)
                    || labelled
                        && is_likely(most)
                        && self.label_clue(text, start, name.end).is_some_and(|label| is_likely(weigh(label)))
            })
        })
    }

    fn search<'a>(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
        let mut words = std::mem::take(&mut self.work.words);
        let Words { buffer, folded, pieces, taken } = &mut words;
        let end = token.at + u32::try_from(token.raw.len()).unwrap_or(u32::MAX);
        // Faster than what `text` asks.
        let plain = if token.escaped { None } else { simdutf8::basic::from_utf8(token.raw).ok() };
        let text = plain.unwrap_or_else(|| token.text(buffer));
        let folds = token.escaped
            || self.work.has_foldable(token.at, end)
            || memchr::memchr(JAMO_LEAD, text.as_bytes()).is_some();
        let folded = (folds && folded.fold(text)).then_some(&*folded);
        let plain = folded.map_or(text, |folded| folded.text.as_str());
        let place = Place { token, path, text, folded };
        taken.clear();
        if token.kind == TokenKind::Key {
            self.mail(plain, place);
        } else if self.said.is_some() {
            self.value_beside_a_person(plain, place);
        } else {
            let field = self.field_clue(place);
            if !self.whole_value(plain, field, place, pieces) {
                let signs = Signs::of(plain.as_bytes());
                if signs.at {
                    self.mail(plain, place);
                }
                if signs.code {
                    self.codes(plain, place);
                }
                if signs.road && !plain.is_ascii() {
                    self.addresses(plain, place, pieces, taken);
                }
                if signs.latin_region {
                    self.latin_addresses(plain, place);
                }
                self.names(plain, field, place, taken);
                if signs.capitals {
                    self.latin_names(plain, place);
                }
            }
        }
        buffer.shrink_to(BUFFER_BYTES_KEPT_MAX);
        words.folded.shrink_to(BUFFER_BYTES_KEPT_MAX);
        words.pieces.shrink_to(BUFFER_BYTES_KEPT_MAX / size_of::<Piece>());
        words.taken.shrink_to(BUFFER_BYTES_KEPT_MAX / size_of::<(usize, usize)>());
        self.work.words = words;
    }

    /// A value that is as a whole what its field's name says.
    fn whole_value(
        &mut self,
        text: &str,
        field: Option<Clue<'r>>,
        place: Place<'_, '_>,
        pieces: &mut Vec<Piece>,
    ) -> bool {
        // A field that names its sibling, or somebody, names no value; one level up only what is sure counts.
        let speaks = |clue: &Clue<'_>| match clue.from {
            Origin::Key => clue.known.name.names_a_value(),
            _ => is_sure_name(clue.known),
        };
        let Some(clue) = field.filter(speaks) else {
            self.leave_name_undecided(text, place, 0);
            return false;
        };
        let clues = [Some(clue), None, None];
        let weight = |bearer| clue.weight_for(bearer);
        if clue.says(Bearer::NamePart).is_some()
            && let Some(name) = self.rules.names.read_part(text)
        {
            let said = weight(Bearer::NamePart);
            return self.name_found(name, said, (&clues, Bearer::NamePart), place);
        }
        for (bearer, is_detail) in [(Bearer::AddressDetail, true), (ADDRESS, false)] {
            if clue.says(bearer).is_some()
                && let Some(address) = self.rules.regions.read_value(text, is_detail, pieces)
                && self.address_found(address, weight(bearer), (&clues, bearer), place)
            {
                return true;
            }
        }
        let owned =
            if clue.from == Origin::Key && self.has_owner_above(place) { weight::OWNER_ABOVE } else { 0 };
        if clue.says(PERSON).is_some()
            && let Some(name) = self.rules.names.read_value(text)
            && (clue.from == Origin::Key || name.surname_known)
        {
            let is_weak = clue.says(PERSON) == Some(Strength::Weak);
            let said = weight(PERSON) + owned + if is_weak { weight::NAME_KEY_WEAK } else { 0 };
            if self.name_found(name, said, (&clues, PERSON), place) {
                return true;
            }
            self.leave_name_undecided(text, place, said);
        }
        false
    }

    /// `{"receiver":{"name":…}}`
    fn has_owner_above(&mut self, place: Place<'_, '_>) -> bool {
        self.key_above(place.path).is_some_and(|known| known.name.says(Bearer::Owner).is_some())
    }

    /// What is known of the key one level up.
    fn key_above(&mut self, path: Path<'_, '_>) -> Option<Known<'r>> {
        let is_key = |frame: &Frame<'_>| matches!(frame, Frame::Key { .. });
        let above = path.frames.iter().rposition(is_key).and_then(|level| path.frames.get(..level))?;
        let key = Path { frames: above }.key()?;
        self.field_name(&key)
    }

    /// A value that would be a name if other data of a person stood beside it.
    fn leave_name_undecided(&mut self, text: &str, place: Place<'_, '_>, said: i32) {
        if place.token.kind != TokenKind::String || !self.rules.names.may_be_value(text) {
            return;
        }
        let Some(name) = self.rules.names.read_value(text).filter(|name| name.surname_known) else { return };
        if weight::confidence(name.weight + said + weight::NAME_COMPANY, 0.0) < weight::REPORTED_FROM {
            return;
        }
        if let Some(object_at) = company_of(&self.work.opens, place.path) {
            self.work.undecided.push(Undecided { object_at, token_at: place.token.at, is_name: true });
        }
    }

    /// In the second walk: what beside other data of a person is a name.
    fn value_beside_a_person(&mut self, text: &str, place: Place<'_, '_>) {
        let Some(start) = text.find(|character: char| !character.is_whitespace()) else { return };
        let mut clues = self.clues(text, start, place);
        let [field, _, sibling] = &mut clues;
        let company_at = company_of(&self.work.opens, place.path);
        *sibling = self.said_beside(company_at, Some(PERSON));
        if sibling.is_none() {
            self.codes(text, place);
            return;
        }
        // What stands one level up names the object, not this.
        *field = field.filter(|clue| clue.from == Origin::Key);
        let said = field.map_or(0, |clue| clue.weight_for(PERSON)) + weight::NAME_COMPANY;
        if let Some(name) = self.rules.names.read_value(text).filter(|name| name.surname_known) {
            self.name_found(name, said, (&clues, PERSON), place);
        }
    }

    fn mail(&mut self, text: &str, place: Place<'_, '_>) {
        let entity = EntityType::EmailAddress;
        let mut from = 0;
        for at in memchr::memchr_iter(b'@', text.as_bytes()) {
            let Some(email) = self.rules.mailboxes.read(text, at).filter(|email| email.start >= from) else {
                continue;
            };
            from = email.end;
            let clues = self.clues(text, email.start, place);
            let weight = weight::EMAIL + said_of(&clues, Bearer::Entity(entity));
            let mut evidence = told(&clues, Bearer::Entity(entity));
            if W::WATCHES {
                let said = said_of(&clues, Bearer::Entity(entity));
                let seen = self.seen(email.start, email.end, place);
                self.watch.note(Candidate::text(entity, weight::EMAIL, said, evidence.clone(), seen));
            }
            evidence.push(Arc::clone(&self.rules.grounds.form));
            let finding = self.finding(entity, email.start, email.end, Mask::Email, place);
            let confidence = weight::confidence(weight, 0.0);
            let finding = Finding { confidence, role: email.role, evidence, ..finding };
            self.push(finding, place);
        }
    }

    fn codes(&mut self, text: &str, place: Place<'_, '_>) {
        let mut from = 0;
        while let Some(code) = code::find(text, from) {
            from = code.end;
            let bearer = Bearer::Entity(code.entity);
            let clues = self.clues(text, code.start, place);
            let names_other = clues
                .iter()
                .flatten()
                .any(|clue| clue.known.name.is_look_alike() && clue.says(bearer).is_none());
            let said = said_of(&clues, bearer);
            let weight = code.weight + said + if names_other { weight::NAME_OTHER_KEY } else { 0 };
            let confidence = weight::confidence(weight, 0.0);
            if W::WATCHES {
                let seen = self.seen(code.start, code.end, place);
                let (form, names) = (code.weight, told(&clues, bearer));
                self.watch.note(Candidate::text(code.entity, form, weight - form, names, seen));
            }
            if confidence < weight::REPORTED_FROM {
                self.leave_code_undecided(weight, names_other, place);
                continue;
            }
            let mut evidence = told(&clues, bearer);
            evidence.push(Arc::clone(&self.rules.grounds.form));
            let finding = self.finding(code.entity, code.start, code.end, Mask::Whole, place);
            let finding = Finding { confidence, validity: Validity::Unverifiable, evidence, ..finding };
            self.push(finding, place);
        }
    }

    fn leave_code_undecided(&mut self, weight: i32, names_other: bool, place: Place<'_, '_>) {
        if self.said.is_some()
            || names_other
            || place.token.kind != TokenKind::String
            || weight::confidence(weight + weight::SIBLING, 0.0) < weight::REPORTED_FROM
        {
            return;
        }
        if let Some(object_at) = object_of(&self.work.opens, place.path) {
            self.work.undecided.push(Undecided { object_at, token_at: place.token.at, is_name: false });
        }
    }

    fn addresses(
        &mut self,
        text: &str,
        place: Place<'_, '_>,
        pieces: &mut Vec<Piece>,
        taken: &mut Vec<(usize, usize)>,
    ) {
        address::cut(text, pieces);
        let mut from = 0;
        while let Some(address) = self.rules.regions.find(text, pieces, &mut from) {
            let clues = self.clues(text, address.start, place);
            if self.address_found(address, said_of(&clues, ADDRESS), (&clues, ADDRESS), place) {
                taken.push((address.start, address.end));
            }
        }
    }

    fn latin_addresses(&mut self, text: &str, place: Place<'_, '_>) {
        let mut from = 0;
        while let Some(address) = self.rules.regions.find_latin(text, from) {
            from = address.end;
            let clues = self.clues(text, address.start, place);
            self.address_found(address, said_of(&clues, ADDRESS), (&clues, ADDRESS), place);
        }
    }

    fn names(&mut self, text: &str, field: Option<Clue<'r>>, place: Place<'_, '_>, taken: &[(usize, usize)]) {
        let begins = text.len() - text.trim_start().len();
        let mut from = 0;
        let mut taken = taken.iter().peekable();
        for (start, end) in hangul::runs(text) {
            while taken.next_if(|(_, last)| *last <= start).is_some() {}
            if start < from || taken.peek().is_some_and(|(first, _)| *first <= start) {
                continue;
            }
            let labelled = start == begins && field.is_some() || self.may_be_labelled(text, start);
            let Some(name) = self.rules.names.read_run(text, start, end, labelled) else { continue };
            let word = text.get(start..end).unwrap_or_default();
            if self.rules.regions.is_place(word, text.get(..start).unwrap_or_default()) {
                continue;
            }
            let mut clues: Clues<'r> = [None, None, None];
            let [of_field, of_label, _] = &mut clues;
            if start == begins {
                *of_field = field.filter(|clue| clue.from == Origin::Key);
            }
            let label = self.label_clue(text, start, name.end);
            *of_label = label.map(|(clue, _)| clue);
            let said = said_of(&clues, PERSON) + label.map_or(0, |(_, more)| more);
            if self.name_found(name, said, (&clues, PERSON), place) {
                from = name.end;
            }
        }
    }

    /// Names in Latin letters are told from other words only behind a label.
    fn latin_names(&mut self, text: &str, place: Place<'_, '_>) {
        let bytes = text.as_bytes();
        let begins = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            before.is_some_and(|before| matches!(before, b' ' | b'"' | b'>' | b'=' | b':'))
        };
        let mut from = 0;
        for (start, byte) in bytes.iter().enumerate() {
            if !byte.is_ascii_uppercase() || start < from || !begins(start) {
                continue;
            }
            let Some(Label { known, .. }) = self.label_of_name(text, start) else { continue };
            let Some(name) = self.rules.names.read_latin_run(text, start) else { continue };
            let clues = [None, Some(Clue { known, from: Origin::Label }), None];
            if self.name_found(name, said_of(&clues, PERSON), (&clues, PERSON), place) {
                from = name.end;
            }
        }
    }

    /// What is said before the name `text[start..end]`, and what that weighs more as the name of a field.
    fn label_clue(&self, text: &str, start: usize, end: usize) -> Option<(Clue<'r>, i32)> {
        let label = self.label_of_name(text, start)?;
        let of_field = label.of_field && ends_as_value(text, end);
        let more = if of_field { weight::NAME_OF_FIELD } else { 0 };
        Some((Clue { known: label.known, from: Origin::Label }, more))
    }

    /// A first look: whether what stands before may be a label: by its last syllable, or because it is no Hangul.
    fn may_be_labelled(&self, text: &str, start: usize) -> bool {
        let before = text.get(start.saturating_sub(GAP_BYTES_MAX)..start).or_else(|| {
            // Never in the middle of a character.
            (1..=3).find_map(|less| text.get(start.saturating_sub(GAP_BYTES_MAX) + less..start))
        });
        let last = before.and_then(|before| {
            before.chars().rev().find(|one| hangul::is_syllable(*one) || one.is_alphanumeric())
        });
        last.is_some_and(|last| !hangul::is_syllable(last) || self.rules.name_label_ends.of(last) != 0)
    }

    /// The word, or the two words, right before a name.
    fn label_of_name(&self, text: &str, start: usize) -> Option<Label<'r>> {
        let rules = self.rules;
        let mut from = start.saturating_sub(LABEL_BYTES_MAX);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let before = text.get(from..start)?;
        let says = |known: &Known<'_>| known.name.says(PERSON).is_some();
        let (head, word) = last_word(before)?;
        let gap = before.get(head.len() + word.len()..)?;
        let of_field = gap.contains(['"', '=', '>']);
        if let Some(known) = rules.labels.label(word, &rules.fields).filter(says) {
            return Some(Label { known, of_field });
        }
        // <th>nm</th><td>홍길동
        if gap.starts_with('>') {
            let cell = before.trim_end().strip_suffix('>').and_then(|rest| rest.rsplit_once('<'))?.0;
            let cell =
                cell.strip_suffix('>').and_then(|rest| rest.rsplit_once("</")).map_or(cell, |(cell, _)| cell);
            let known = rules.labels.label(last_word(cell)?.1, &rules.fields).filter(says)?;
            return Some(Label { known, of_field: true });
        }
        // 받는 분, ship to
        let (_, first) = last_word(head.strip_suffix(' ')?)?;
        let two = before.get(head.len() - 1 - first.len()..head.len() + word.len())?;
        let known = rules.labels.look_up(two).filter(|known| known.whole).filter(says)?;
        Some(Label { known, of_field: false })
    }

    /// Pushes it if it is likely enough.
    fn name_found(
        &mut self,
        name: Name,
        said: i32,
        (clues, bearer): (&Clues<'_>, Bearer),
        place: Place<'_, '_>,
    ) -> bool {
        let confidence = weight::confidence(name.weight + said, 0.0);
        if W::WATCHES {
            let seen = self.seen(name.start, name.end, place);
            let names = told(clues, bearer);
            self.watch.note(Candidate::text(EntityType::PersonName, name.weight, said, names, seen));
        }
        if confidence < weight::REPORTED_FROM {
            return false;
        }
        let mut evidence = told(clues, bearer);
        let grounds = &self.rules.grounds;
        evidence.extend(name.surname_known.then(|| Arc::clone(&grounds.surname)));
        evidence.extend(name.cue.map(|cue| match cue {
            Cue::Title => Arc::clone(&grounds.title),
            Cue::NumberBehind | Cue::NumberBefore => Arc::clone(&grounds.number_beside),
        }));
        let finding = self.finding(EntityType::PersonName, name.start, name.end, Mask::Name, place);
        let finding = Finding { confidence, validity: Validity::Unverifiable, evidence, ..finding };
        self.push(finding, place);
        true
    }

    fn address_found(
        &mut self,
        address: Address,
        said: i32,
        (clues, bearer): (&Clues<'_>, Bearer),
        place: Place<'_, '_>,
    ) -> bool {
        let confidence = weight::confidence(address.weight + said, 0.0);
        if W::WATCHES {
            let seen = self.seen(address.start, address.end, place);
            let names = told(clues, bearer);
            self.watch.note(Candidate::text(EntityType::PostalAddress, address.weight, said, names, seen));
        }
        if confidence < weight::REPORTED_FROM {
            return false;
        }
        let mut evidence = told(clues, bearer);
        let grounds = &self.rules.grounds;
        evidence.extend(address.road.then(|| Arc::clone(&grounds.road)));
        evidence.extend(address.region.then(|| Arc::clone(&grounds.region)));
        evidence.extend(address.detail.then(|| Arc::clone(&grounds.detail)));
        let finding =
            self.finding(EntityType::PostalAddress, address.start, address.end, Mask::Address, place);
        let finding = Finding { confidence, validity: Validity::Unverifiable, evidence, ..finding };
        self.push(finding, place);
        true
    }
}

/// Whether such a field holds names or addresses, also in what stands below it.
fn is_sure_name(known: Known<'_>) -> bool {
    [PERSON, ADDRESS].iter().any(|bearer| known.name.says(*bearer) == Some(Strength::Strong))
}

/// What names a name in text.
#[derive(Clone, Copy)]
struct Label<'r> {
    known: Known<'r>,
    /// As of a field: `"rcvName":"`, `<nm>`, `nm=`.
    of_field: bool,
}

/// The last word of `text`, what stands before it, and no more than [`GAP_BYTES_MAX`] behind it.
fn last_word(text: &str) -> Option<(&str, &str)> {
    let is_word =
        |character: char| hangul::is_syllable(character) || character.is_alphanumeric() || character == '_';
    let end = text.trim_end_matches(|character: char| !is_word(character)).len();
    if end == 0 || text.len() - end > GAP_BYTES_MAX {
        return None;
    }
    let (head, _) = text.split_at(end);
    let start = head.trim_end_matches(is_word).len();
    Some(head.split_at(start))
}

/// Whether the value of a field ends here.
fn ends_as_value(text: &str, end: usize) -> bool {
    text.get(end..).is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(['"', '<', '&', '\n', '\r', '\\', ',', ';', '|', '\t'])
    })
}

/// What a text has a sign of: one pass over its bytes spares most texts all further ones.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "signs of different things, each asked for by itself")]
struct Signs {
    at: bool,
    /// A letter with a digit behind it, or a long word.
    code: bool,
    /// A digit behind 로, 길, 동, 리, 가, 산 or 하 (지하), with or without a blank between.
    road: bool,
    /// `-gu`, `-si`, `-do`, `-ro`, `-gil`: every English address has one of them.
    latin_region: bool,
    /// Two words side by side that begin with capitals.
    capitals: bool,
}

impl Signs {
    fn of(bytes: &[u8]) -> Signs {
        let mut signs = Signs { code: bytes.len() >= CI_BYTES_MIN, ..Signs::default() };
        let mut before = b' ';
        let mut in_capitals = false;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    signs.code |= before.is_ascii_alphabetic();
                    if before >= 0x80 || before == b' ' {
                        let head = bytes.get(..at).unwrap_or_default();
                        signs.road |= ends_as_road(head.strip_suffix(b" ").unwrap_or(head));
                    }
                    in_capitals = false;
                }
                b'@' => signs.at = true,
                b'A'..=b'Z' => {
                    signs.capitals |= in_capitals && before == b' ';
                    in_capitals |= !before.is_ascii_alphabetic();
                    signs.latin_region |= before == b'-' && matches!(byte, b'G' | b'S' | b'D' | b'R');
                }
                b'a'..=b'z' => {
                    in_capitals &= before != b' ';
                    signs.latin_region |= before == b'-' && matches!(byte, b'g' | b's' | b'd' | b'r');
                }
                b' ' | b',' | b'-' => {}
                _ => in_capitals = false,
            }
            before = *byte;
        }
        signs
    }
}

const CI_BYTES_MIN: usize = 88;

fn ends_as_road(head: &[u8]) -> bool {
    const LAST: [&str; 7] = ["로", "길", "동", "리", "가", "산", "하"];
    LAST.iter().any(|last| head.ends_with(last.as_bytes()))
}
