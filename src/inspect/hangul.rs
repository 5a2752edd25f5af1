//! Hangul syllables: where runs of them lie in a text, and small facts about each.

/// Syllables of Unicode's block, 가 to 힣.
const SYLLABLES: usize = 11_172;
const FIRST: u32 = 0xAC00;
/// All of them take three bytes in UTF-8.
pub(super) const SYLLABLE_BYTES: usize = 3;

/// A bit set for each syllable.
pub(super) struct Marks(Box<[u8]>);

impl Default for Marks {
    fn default() -> Marks {
        Marks(vec![0; SYLLABLES].into_boxed_slice())
    }
}

impl Marks {
    pub(super) fn add(&mut self, syllable: char, bits: u8) {
        if let Some(slot) = number(syllable).and_then(|at| self.0.get_mut(at)) {
            *slot |= bits;
        }
    }

    /// Of the syllable that lies at `bytes[at..]`, in UTF-8.
    pub(super) fn at(&self, bytes: &[u8], at: usize) -> u8 {
        number_at(bytes, at).and_then(|at| self.0.get(at)).copied().unwrap_or_default()
    }

    /// None set for what is no syllable.
    pub(super) fn of(&self, syllable: char) -> u8 {
        number(syllable).and_then(|at| self.0.get(at)).copied().unwrap_or_default()
    }
}

fn number(syllable: char) -> Option<usize> {
    let at = u32::from(syllable).checked_sub(FIRST)? as usize;
    (at < SYLLABLES).then_some(at)
}

pub(super) fn is_syllable(character: char) -> bool {
    number(character).is_some()
}

/// Bytes of the run of syllables that `text` begins with.
pub(super) fn run_bytes(text: &str) -> usize {
    text.chars().take_while(|character| is_syllable(*character)).count() * SYLLABLE_BYTES
}

/// Start and end of each run of syllables in `text`.
pub(super) fn runs(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !is_syllable_at(bytes, at) {
            at += 1;
        }
        let start = at;
        while is_syllable_at(bytes, at) {
            at += SYLLABLE_BYTES;
        }
        (at > start).then_some((start, at))
    })
}

fn is_syllable_at(bytes: &[u8], at: usize) -> bool {
    // Lead bytes of syllables, and of little else.
    matches!(bytes.get(at), Some(0xEA..=0xED)) && number_at(bytes, at).is_some()
}

fn number_at(bytes: &[u8], at: usize) -> Option<usize> {
    let [first, second, third] = *bytes.get(at..at + SYLLABLE_BYTES)? else { return None };
    let code = u32::from(first & 0xF) << 12 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F);
    let at = code.checked_sub(FIRST)? as usize;
    (at < SYLLABLES).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::{Marks, runs};

    #[test]
    fn runs_are_syllables_side_by_side() {
        let text = "a홍길동 b1님\u{ABFF}꼰ㄱ";
        let found: Vec<_> = runs(text).map(|(start, end)| text.get(start..end).unwrap()).collect();
        assert_eq!(found, ["홍길동", "님", "꼰"]);
        assert_eq!(runs("plain").count(), 0);
    }

    #[test]
    fn marks_belong_to_syllables_only() {
        let mut marks = Marks::default();
        for (character, bits) in [('가', 1), ('힣', 2), ('a', 4)] {
            marks.add(character, bits);
        }
        assert_eq!(['가', '힣', '나', 'a', 'ㄱ'].map(|character| marks.of(character)), [1, 2, 0, 0, 0]);
    }
}
