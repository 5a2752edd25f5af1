//! The plain form of texts that are written in other characters: full-width digits, the hyphen family, blanks of
//! all widths, characters of no width, ● and ○, and Hangul that is written letter by letter (NFD).

/// First byte, in UTF-8, of the letters that Hangul is composed of.
pub(super) const JAMO_LEAD: u8 = 0xE1;

use super::hangul;

/// The ASCII letters of `word` in lower case, in `buffer`; `None` where that is too short.
pub(super) fn lower<'b>(word: &str, buffer: &'b mut [u8]) -> Option<&'b str> {
    let lower = buffer.get_mut(..word.len())?;
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).ok()
}

/// A folded text and where each of its bytes came from.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) text: String,
    /// Start and end, in the original, of the character that each byte of `text` belongs to.
    origins: Vec<(u32, u32)>,
}

impl Folded {
    /// Folds `original`; false where nothing was to be folded.
    pub(super) fn fold(&mut self, original: &str) -> bool {
        self.text.clear();
        self.origins.clear();
        let mut changed = false;
        let mut characters = original.char_indices().peekable();
        while let Some((start, character)) = characters.next() {
            let mut end = start + character.len_utf8();
            let mut composed = plain(character);
            while let (Some(before), Some((at, next))) = (composed, characters.peek().copied())
                && let Some(syllable) = unicode_normalization::char::compose(before, next)
                && hangul::is_syllable(syllable)
            {
                composed = Some(syllable);
                end = at + next.len_utf8();
                characters.next();
            }
            changed |= composed != Some(character);
            let Some(plain) = composed else { continue };
            self.text.push(plain);
            let origin = (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX));
            self.origins.extend(std::iter::repeat_n(origin, plain.len_utf8()));
        }
        changed
    }

    /// Gives back what is allocated beyond `bytes_max` bytes of text.
    pub(super) fn shrink_to(&mut self, bytes_max: usize) {
        self.text.shrink_to(bytes_max);
        self.origins.shrink_to(bytes_max);
    }

    /// The part of the original that became `start..end`.
    pub(super) fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.origins.get(start).map_or(0, |origin| origin.0);
        let to = end.checked_sub(1).and_then(|last| self.origins.get(last)).map_or(from, |origin| origin.1);
        (from as usize, to as usize)
    }
}

/// `None` is a character of no width: a number goes on behind it.
fn plain(character: char) -> Option<char> {
    Some(match character {
        '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' => return None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{30FC}' => '-',
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{3000}' => ' ',
        '\u{25CF}' | '\u{25CB}' => '*',
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::Folded;

    #[test]
    fn a_folded_number_knows_where_it_stood() {
        let original = "전화 ０１０–2345\u{200B}-6789";
        let mut folded = Folded::default();
        assert!(folded.fold(original));
        assert_eq!(folded.text, "전화 010-2345-6789");
        let start = folded.text.find('0').unwrap();
        let (from, to) = folded.origin(start, folded.text.len());
        assert_eq!(original.get(from..to).unwrap(), "０１０–2345\u{200B}-6789");
        assert!(!folded.fold("서울 12"));
    }
}
