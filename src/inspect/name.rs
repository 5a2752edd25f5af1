//! Names of persons.
//!
//! Names stand in no list. What a Korean one looks like is known: one of some hundred surnames, then one or two
//! syllables that given names begin and end with (`patterns/person_name.yaml`). That alone is weak: two such words in
//! three are names in the news, and hardly any in a price list. So a name needs a field's name, a label, a title
//! behind it, or a number beside it.

use serde::Deserialize;

use super::fold::lower;
use super::hangul::{self, Marks, SYLLABLE_BYTES};
use super::keys::WordSet;
use super::weight;

const SURNAME_COMMON: u8 = 1;
const SURNAME_USUAL: u8 = 1 << 1;
const SURNAME_RARE: u8 = 1 << 2;
const SURNAME: u8 = SURNAME_COMMON | SURNAME_USUAL | SURNAME_RARE;
const FIRST_OFTEN: u8 = 1 << 3;
const FIRST_SELDOM: u8 = 1 << 4;
const LAST_OFTEN: u8 = 1 << 5;
const LAST_SELDOM: u8 = 1 << 6;
const DOUBLE: u8 = 1 << 7;

/// Syllables of a Korean name, blanks aside; foreign names in Hangul are longer.
const SYLLABLES_MAX: usize = 5;
/// With blanks between its syllables, and a title.
const KOREAN_BYTES_MAX: usize = 9 * SYLLABLE_BYTES;
const FOREIGN_SYLLABLES_MAX: usize = 6;
/// The longest title or ending in the lists.
const ENDING_BYTES_MAX: usize = 6 * SYLLABLE_BYTES;
/// Longer values are no name as a whole.
const VALUE_BYTES_MAX: usize = 64;
const LATIN_WORDS_MAX: usize = 5;
const LATIN_BYTES_MAX: usize = 60;
/// Between a name and the number beside it.
const GAP_BYTES_MAX: usize = 3;
const PHONE_DIGITS_MIN: usize = 9;
const RESIDENT_DIGITS: usize = 13;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SurnameRule {
    common: Vec<String>,
    usual: Vec<String>,
    rare: Vec<String>,
    double: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenRule {
    first_often: String,
    first_seldom: String,
    last_often: String,
    last_seldom: String,
}

/// The lists of the rule, compiled.
#[derive(Default)]
pub(super) struct Names {
    marks: Marks,
    doubles: Vec<Box<str>>,
    stop_words: WordSet,
    titles: WordSet,
    endings: WordSet,
    romanised: WordSet,
    /// With which syllables titles begin.
    title_starts: Marks,
}

/// A name in a text; `weight` is without what field names and labels say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) weight: i32,
    pub(super) surname_known: bool,
    /// A title behind it or a number beside it.
    pub(super) cue: Option<Cue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    Title,
    NumberBehind,
    NumberBefore,
}

impl Names {
    /// The lists are the stop words, the titles, the endings and the romanised surnames.
    pub(super) fn add(
        &mut self,
        surnames: &SurnameRule,
        given: &GivenRule,
        [stop_words, titles, endings, romanised]: [&[String]; 4],
    ) {
        let of_one = [
            (&surnames.common, SURNAME_COMMON),
            (&surnames.usual, SURNAME_USUAL),
            (&surnames.rare, SURNAME_RARE),
            (&surnames.double, DOUBLE),
        ];
        for (list, bits) in of_one {
            for first in list.iter().filter_map(|surname| surname.chars().next()) {
                self.marks.add(first, bits);
            }
        }
        self.doubles.extend(surnames.double.iter().map(|double| double.as_str().into()));
        let of_given = [
            (&given.first_often, FIRST_OFTEN),
            (&given.first_seldom, FIRST_SELDOM),
            (&given.last_often, LAST_OFTEN),
            (&given.last_seldom, LAST_SELDOM),
        ];
        for (syllables, bits) in of_given {
            for syllable in syllables.chars() {
                self.marks.add(syllable, bits);
            }
        }
        // 님께서 and its like are endings that begin with a title.
        for first in titles.iter().chain(endings).filter_map(|title| title.chars().next()) {
            self.title_starts.add(first, 1);
        }
        for (list, words) in [
            (&mut self.stop_words, stop_words),
            (&mut self.titles, titles),
            (&mut self.endings, endings),
            (&mut self.romanised, romanised),
        ] {
            list.extend(words.iter().map(|word| Box::from(word.as_str())));
        }
    }

    /// A whole value that is a name, blanks around it and a title behind it aside.
    pub(super) fn read_value(&self, text: &str) -> Option<Name> {
        let trimmed = text.trim();
        let start = text.len() - text.trim_start().len();
        if trimmed.len() > VALUE_BYTES_MAX {
            return None;
        }
        let first = trimmed.chars().next()?;
        if hangul::is_syllable(first) {
            let named = self.without_title(trimmed);
            let mut buffer = [0; FOREIGN_SYLLABLES_MAX * SYLLABLE_BYTES];
            let joined = join(named, &mut buffer)?;
            let (weight, surname_known) = match self.weigh(joined) {
                Some(weight) => (weight, true),
                None if self.stop_words.contains(joined) || named.starts_with("주식회사") => return None,
                None => (weight::NAME_NO_SURNAME, false),
            };
            return Some(Name {
                start,
                end: start + named.len(),
                weight: weight + weight::NAME_VALUE,
                surname_known,
                cue: None,
            });
        }
        let (weight, surname_known) = self.weigh_latin(trimmed)?;
        Some(Name { start, end: start + trimmed.len(), weight, surname_known, cue: None })
    }

    /// Whether a value may be a Korean name: short, and beginning with a surname. One look at a few bytes.
    pub(super) fn may_be_value(&self, text: &str) -> bool {
        (2 * SYLLABLE_BYTES..=KOREAN_BYTES_MAX).contains(&text.len())
            && self.marks.at(text.as_bytes(), 0) & (SURNAME | DOUBLE) != 0
    }

    /// A value of a field that holds only a surname or only a given name.
    pub(super) fn read_part(&self, text: &str) -> Option<Name> {
        let trimmed = text.trim();
        let start = text.len() - text.trim_start().len();
        let syllables = trimmed.chars().count();
        let is_hangul = trimmed.chars().all(hangul::is_syllable);
        let (weight, surname_known) = if is_hangul && (1..=4).contains(&syllables) {
            let is_surname = syllables == 1 && trimmed.chars().all(|one| self.marks.of(one) & SURNAME != 0)
                || self.doubles.iter().any(|double| **double == *trimmed);
            if is_surname {
                (weight::NAME_PART, true)
            } else if self.stop_words.contains(trimmed) {
                return None;
            } else {
                (self.weigh_given(trimmed) + weight::NAME_PART, false)
            }
        } else if is_latin_name(trimmed) {
            let known =
                trimmed.split([' ', '-']).all(|word| self.is_romanised_surname(word) || is_romanised(word));
            (if known { weight::NAME_PART } else { weight::NAME_PART_FOREIGN }, known)
        } else {
            return None;
        };
        Some(Name { start, end: start + trimmed.len(), weight, surname_known, cue: None })
    }

    /// The name that the run of syllables `text[start..end]` begins with, by itself or with the next run:
    /// `권 원재`. Where the run goes on behind the name, it must be with a title or an ending.
    /// `labelled` says that a label may stand before it; without one it needs a title or a number.
    pub(super) fn read_run(&self, text: &str, start: usize, end: usize, labelled: bool) -> Option<Name> {
        if !self.may_begin(text.as_bytes(), start, end) || !labelled && !self.may_be_told(text, start, end) {
            return None;
        }
        let run = text.get(start..end)?;
        let mut best: Option<Name> = None;
        for syllables in [3, 4, 2] {
            let Some(name) = run.get(..syllables * SYLLABLE_BYTES) else { continue };
            let Some(own) = self.weigh(name) else { continue };
            let behind = run.get(name.len()..).unwrap_or_default();
            let Some((ending_weight, titled)) = self.weigh_behind(behind) else { continue };
            let titled =
                titled || behind.is_empty() && (self.is_title(text, end) || has_age_after(text, end));
            let cue = cue(titled, text, start, end);
            let weight = own + weight::NAME_IN_TEXT + ending_weight + cue_weight(cue);
            if best.is_none_or(|best| weight > best.weight) {
                best = Some(Name { start, end: start + name.len(), weight, surname_known: true, cue });
            }
        }
        best.or_else(|| self.read_spaced(text, start, end))
    }

    /// Whether a title may follow inside the word or behind it, or a number stands beside it.
    fn may_be_told(&self, text: &str, start: usize, end: usize) -> bool {
        let bytes = text.as_bytes();
        let title_at = |at: usize| self.title_starts.at(bytes, at) != 0;
        let inside =
            (start + 2 * SYLLABLE_BYTES..end.min(start + 5 * SYLLABLE_BYTES)).step_by(SYLLABLE_BYTES);
        match bytes.get(end) {
            Some(b' ') if end - start <= 2 * SYLLABLE_BYTES => return true,
            Some(b' ') if title_at(end + 1) => return true,
            _ => {}
        }
        inside.into_iter().any(title_at)
            || has_number_after(text, end)
            || has_number_before(text, start)
            || has_age_after(text, end)
    }

    /// A first look: a surname, and a syllable of a given name behind it or a blank.
    fn may_begin(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        const GIVEN: u8 = FIRST_OFTEN | FIRST_SELDOM | LAST_OFTEN | LAST_SELDOM;
        let first = self.marks.at(bytes, start);
        let after = |syllables: usize| self.marks.at(bytes, start + syllables * SYLLABLE_BYTES) & GIVEN != 0;
        match (end - start) / SYLLABLE_BYTES {
            1 => first & SURNAME != 0 && bytes.get(end) == Some(&b' '),
            2 => first & SURNAME != 0 && after(1) || first & DOUBLE != 0,
            _ => first & SURNAME != 0 && (after(1) || after(2)) || first & DOUBLE != 0,
        }
    }

    /// A surname by itself, a blank, and a given name.
    fn read_spaced(&self, text: &str, start: usize, end: usize) -> Option<Name> {
        let surname = text.get(start..end)?;
        let is_surname =
            surname.len() == SYLLABLE_BYTES || self.doubles.iter().any(|double| **double == *surname);
        let after = text.get(end..)?.strip_prefix(' ')?;
        let given_bytes = hangul::run_bytes(after);
        if !is_surname || given_bytes < 2 * SYLLABLE_BYTES {
            return None;
        }
        let given = after.get(..2 * SYLLABLE_BYTES)?;
        if self.titles.contains(given) {
            return None;
        }
        let mut buffer = [0; FOREIGN_SYLLABLES_MAX * SYLLABLE_BYTES];
        let name_end = end + 1 + given.len();
        let own = self.weigh(join(text.get(start..name_end)?, &mut buffer)?)?;
        let behind = after.get(given.len()..given_bytes)?;
        let (ending_weight, titled) = self.weigh_behind(behind)?;
        let titled = titled || behind.is_empty() && self.is_title(text, name_end);
        let cue = cue(titled, text, start, end + 1 + given_bytes);
        let weight = own + weight::NAME_IN_TEXT + weight::NAME_SPACED + ending_weight + cue_weight(cue);
        Some(Name { start, end: name_end, weight, surname_known: true, cue })
    }

    /// A surname and a given name of one or two syllables; `None` where it cannot be that.
    fn weigh(&self, name: &str) -> Option<i32> {
        let syllables = name.len() / SYLLABLE_BYTES;
        let is_double = syllables >= 3 && self.doubles.iter().any(|double| name.starts_with(&**double));
        let surname_bytes = if is_double { 2 * SYLLABLE_BYTES } else { SYLLABLE_BYTES };
        let surname =
            if is_double { weight::SURNAME_DOUBLE } else { self.weigh_surname(name.chars().next()?)? };
        if syllables > SYLLABLES_MAX {
            return None;
        }
        let given = name.get(surname_bytes..).filter(|given| !given.is_empty())?;
        let weight = surname + self.weigh_given(given);
        (!self.stop_words.contains(name)).then_some(weight)
    }

    fn weigh_surname(&self, syllable: char) -> Option<i32> {
        let bits = self.marks.of(syllable);
        if bits & SURNAME_COMMON != 0 {
            Some(weight::SURNAME_COMMON)
        } else if bits & SURNAME_USUAL != 0 {
            Some(weight::SURNAME_USUAL)
        } else {
            (bits & SURNAME_RARE != 0).then_some(weight::SURNAME_RARE)
        }
    }

    fn weigh_given(&self, given: &str) -> i32 {
        let mut syllables = given.chars();
        let (first, last) = (syllables.next(), syllables.next_back());
        let tier = |bits: u8, often: u8, seldom: u8| {
            if bits & often != 0 {
                weight::GIVEN_OFTEN
            } else if bits & seldom != 0 {
                weight::GIVEN_SELDOM
            } else {
                weight::GIVEN_NEVER
            }
        };
        match (first, last) {
            (Some(first), Some(last)) => {
                let more = syllables.count();
                tier(self.marks.of(first), FIRST_OFTEN, FIRST_SELDOM)
                    + tier(self.marks.of(last), LAST_OFTEN, LAST_SELDOM)
                    + if more > 0 { weight::GIVEN_LONG } else { 0 }
            }
            (Some(only), None) => tier(self.marks.of(only), LAST_OFTEN, LAST_SELDOM) + weight::GIVEN_SHORT,
            _ => weight::GIVEN_NEVER,
        }
    }

    /// What stands behind a name in the same word: nothing, an ending, a title with or without one.
    fn weigh_behind(&self, behind: &str) -> Option<(i32, bool)> {
        if behind.is_empty() {
            return Some((0, false));
        }
        if behind.len() > 2 * ENDING_BYTES_MAX {
            return None;
        }
        if self.titles.contains(behind) {
            return Some((0, true));
        }
        let titled = (1..behind.len() / SYLLABLE_BYTES).any(|syllables| {
            let (title, ending) = behind.split_at(syllables * SYLLABLE_BYTES);
            self.titles.contains(title) && (self.endings.contains(ending) || self.titles.contains(ending))
        });
        if titled {
            // `님이 씨가` are endings too, and titles before that.
            return Some((0, true));
        }
        let ending = self.endings.contains(behind);
        ending.then_some((weight::NAME_ENDING, behind.starts_with('님') || behind.starts_with('씨')))
    }

    /// Whether a title follows `text[..end]` after a blank.
    fn is_title(&self, text: &str, end: usize) -> bool {
        let Some(after) = text.get(end..).and_then(|after| after.strip_prefix(' ')) else { return false };
        let run = hangul::run_bytes(after).min(ENDING_BYTES_MAX);
        (1..=run / SYLLABLE_BYTES).rev().any(|syllables| {
            let (title, rest) = after.split_at(syllables * SYLLABLE_BYTES);
            let behind = rest.get(..hangul::run_bytes(rest)).unwrap_or_default();
            self.titles.contains(title)
                && (behind.is_empty() || self.endings.contains(behind) || self.titles.contains(behind))
        })
    }

    /// `홍길동님`, `홍길동 고객님`: without the title.
    fn without_title<'t>(&self, value: &'t str) -> &'t str {
        let from = value.len().saturating_sub(ENDING_BYTES_MAX);
        let title = (from.max(2 * SYLLABLE_BYTES)..value.len())
            .find(|at| value.get(*at..).is_some_and(|tail| self.titles.contains(tail)))
            .filter(|at| {
                let before = value.get(..*at).unwrap_or_default();
                before.ends_with(' ') || self.weigh(before).is_some()
            });
        match title {
            // `최수`+`양` is more likely a name of three syllables.
            Some(at) if value.len() - at > SYLLABLE_BYTES || value.ends_with(['님', '씨']) => {
                value.get(..at).unwrap_or(value).trim_end()
            }
            _ => value,
        }
    }

    fn weigh_latin(&self, text: &str) -> Option<(i32, bool)> {
        if !is_latin_name(text) {
            return None;
        }
        let words = text.split([' ', ',', '.']).filter(|word| !word.is_empty());
        let count = words.clone().count();
        if !(2..=LATIN_WORDS_MAX).contains(&count) {
            return None;
        }
        let mut words_left = words.clone();
        let (first, last) = (words_left.next()?, words_left.next_back()?);
        let all_but = |surname: &str| words.clone().filter(|word| *word != surname).all(is_romanised);
        let is_korean = count <= 3
            && (self.is_romanised_surname(first) && all_but(first)
                || self.is_romanised_surname(last) && all_but(last));
        Some(if is_korean { (weight::NAME_LATIN_KOREAN, true) } else { (weight::NAME_LATIN, false) })
    }

    /// A romanised Korean name in running text that begins at `start`: two or three words that begin with capitals.
    pub(super) fn read_latin_run(&self, text: &str, start: usize) -> Option<Name> {
        let tail = text.get(start..)?;
        let mut end = 0;
        for word in tail.split_inclusive(' ').take(3) {
            let letters = word.bytes().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'-').count();
            let is_parted = matches!(word.as_bytes().get(letters..), Some(b" " | b", "));
            if letters == 0 || !word.starts_with(|first: char| first.is_ascii_uppercase()) {
                break;
            }
            end = (word.as_ptr() as usize - tail.as_ptr() as usize) + letters;
            if !is_parted {
                break;
            }
        }
        // The longest that is one: `Junggeun Park Please`.
        let whole = tail.get(..end)?;
        let mut name = whole;
        loop {
            if let Some((weight, true)) = self.weigh_latin(name) {
                return Some(Name { start, end: start + name.len(), weight, surname_known: true, cue: None });
            }
            let Some((shorter, _)) = name.rsplit_once(' ') else { break };
            name = shorter.trim_end_matches(',');
        }
        // Of other countries, in capitals as passports have them.
        let (weight, _) =
            self.weigh_latin(whole).filter(|_| !whole.bytes().any(|byte| byte.is_ascii_lowercase()))?;
        Some(Name { start, end: start + whole.len(), weight, surname_known: false, cue: None })
    }

    fn is_romanised_surname(&self, word: &str) -> bool {
        const SURNAME_BYTES_MAX: usize = 8;
        lower(word, &mut [0; SURNAME_BYTES_MAX]).is_some_and(|lower| self.romanised.contains(lower))
    }
}

/// What stands around the word `text[start..end]` that a name begins.
fn cue(titled: bool, text: &str, start: usize, end: usize) -> Option<Cue> {
    if titled {
        Some(Cue::Title)
    } else if has_number_after(text, end) {
        Some(Cue::NumberBehind)
    } else {
        has_number_before(text, start).then_some(Cue::NumberBefore)
    }
}

fn cue_weight(cue: Option<Cue>) -> i32 {
    match cue {
        Some(Cue::Title) => weight::NAME_TITLE,
        Some(Cue::NumberBehind) => weight::NAME_NEIGHBOUR,
        Some(Cue::NumberBefore) => weight::NAME_NEIGHBOUR_BEFORE,
        None => 0,
    }
}

/// The syllables without the blanks between them; `None` where anything else is among them.
fn join<'b>(text: &str, buffer: &'b mut [u8]) -> Option<&'b str> {
    let mut length = 0;
    for character in text.chars().filter(|character| *character != ' ') {
        if !hangul::is_syllable(character) {
            return None;
        }
        character.encode_utf8(buffer.get_mut(length..length + SYLLABLE_BYTES)?);
        length += SYLLABLE_BYTES;
    }
    if length < 2 * SYLLABLE_BYTES {
        return None;
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

/// `(010-…`, ` 850312-1…`, ` <a@…`: a number or address of the same person right behind.
fn has_number_after(text: &str, end: usize) -> bool {
    let after = text.as_bytes().get(end..).unwrap_or_default();
    let is_gap =
        |byte: &u8| matches!(byte, b' ' | b'(' | b',' | b'/' | b'<' | b':' | b'\t' | b'|' | b';' | b'.');
    let gap = after.iter().take_while(|byte| is_gap(byte)).count();
    if !(1..=GAP_BYTES_MAX).contains(&gap) {
        return false;
    }
    if after.get(gap - 1) == Some(&b'<') {
        return true;
    }
    match after.get(gap..) {
        Some(number @ ([b'0' | b'+', ..] | [b'8', b'2', b'-' | b'1', ..])) => {
            digits_ahead(number) >= PHONE_DIGITS_MIN
        }
        // A birth date and the digit for sex.
        Some(number @ [_, _, b'0' | b'1', b'0'..=b'9', b'0'..=b'3', b'0'..=b'9', rest @ ..]) => {
            let sex = rest.strip_prefix(b"-").or_else(|| rest.strip_prefix(b" ")).unwrap_or(rest);
            matches!(sex, [b'1'..=b'8', ..]) && digits_ahead(number) == RESIDENT_DIGITS
        }
        _ => false,
    }
}

/// `(28)`, `(34·`: an age, as the news give it.
fn has_age_after(text: &str, end: usize) -> bool {
    let after = text.get(end..).unwrap_or_default();
    let after = after.strip_prefix(' ').unwrap_or(after);
    let Some(inside) = after.strip_prefix('(') else { return false };
    let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&digits) && inside.get(digits..).is_some_and(|rest| rest.starts_with([')', '·']))
}

/// ` 55 오하은`, `79230401396 박민수`.
fn has_number_before(text: &str, start: usize) -> bool {
    let before = text.as_bytes().get(..start).unwrap_or_default();
    let gap = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b')' | b'/' | b'(')).count();
    if !(1..=GAP_BYTES_MAX).contains(&gap) {
        return false;
    }
    let run =
        before.iter().rev().skip(gap).take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b' '));
    run.filter(|byte| byte.is_ascii_digit()).count() >= PHONE_DIGITS_MIN
}

/// Digits of the number that `text` begins with, whatever parts them.
fn digits_ahead(text: &[u8]) -> usize {
    let is_inside =
        |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'-' | b' ' | b'+' | b'(' | b')' | b'.' | b'/');
    text.iter().take_while(is_inside).filter(|byte| byte.is_ascii_digit()).count()
}

/// Letters, and what stands between the parts of a name.
fn is_latin_name(text: &str) -> bool {
    text.len() <= LATIN_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-' | b',' | b'.' | b'\''))
        && text.bytes().filter(|byte| matches!(byte, b'-' | b',' | b'.')).count() <= 3
}

/// Whether a word is one to three romanised syllables, hyphens aside: a simple automaton over initial, vowels, final.
fn is_romanised(word: &str) -> bool {
    const INITIALS: [&str; 22] = [
        "kk", "tt", "pp", "ss", "jj", "ch", "sh", "g", "k", "n", "d", "t", "r", "l", "m", "b", "p", "s", "j",
        "h", "y", "w",
    ];
    const VOWELS: [&str; 24] = [
        "yeo", "you", "yae", "eui", "ae", "ah", "ai", "ay", "eo", "eu", "ee", "oe", "oo", "ou", "ow", "oh",
        "ui", "uh", "wi", "a", "e", "i", "o", "u",
    ];
    const FINALS: [&str; 10] = ["ng", "ck", "k", "g", "n", "l", "m", "p", "b", "t"];
    const WORD_BYTES_MAX: usize = 18;
    fn syllables(rest: &str, left: u8) -> bool {
        if rest.is_empty() {
            return true;
        }
        if left == 0 {
            return false;
        }
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let initials = INITIALS.iter().filter_map(|initial| rest.strip_prefix(*initial)).chain([rest]);
        for head in initials {
            for tail in VOWELS.iter().filter_map(|vowel| head.strip_prefix(*vowel)) {
                if syllables(tail, left - 1)
                    || FINALS
                        .iter()
                        .filter_map(|end| tail.strip_prefix(*end))
                        .any(|tail| syllables(tail, left - 1))
                {
                    return true;
                }
            }
        }
        false
    }
    lower(word, &mut [0; WORD_BYTES_MAX]).is_some_and(|lower| !lower.is_empty() && syllables(lower, 3))
}

#[cfg(test)]
mod tests {
    use super::{is_latin_name, is_romanised};

    #[test]
    fn romanised_syllables_are_told_from_other_words() {
        for (word, expected) in [
            ("GILDONG", true),
            ("Min-su", true),
            ("Junggeun", true),
            ("HYEONJEONG", true),
            ("Seoyeon", true),
            ("Smith", false),
            ("Friedrich", false),
            ("Street", false),
            ("", false),
        ] {
            assert_eq!(is_romanised(word), expected, "{word}");
        }
    }

    #[test]
    fn a_latin_name_is_letters() {
        for (text, expected) in [
            ("KIM MIN SU", true),
            ("O'Neil, J.", true),
            ("GET /orders", false),
            ("v1", false),
            ("한글", false),
        ] {
            assert_eq!(is_latin_name(text), expected, "{text}");
        }
    }
}
