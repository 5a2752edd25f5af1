//! Driver's licences: `RR-YY-NNNNNN-CC`, twelve digits, RR the region; before 2014 the region is a word and ten
//! digits follow: `서울 12-345678-90`. How CC checks the rest is not published.

use serde::Deserialize;

use super::candidate::Chunk;
use super::number::{Number, Style, begins_alone, ends_alone};
use super::weight;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    code: String,
    name: String,
}

pub(super) struct License {
    pub(super) number: Number,
    /// Where it begins, the region as a word included.
    pub(super) start: usize,
    pub(super) weight: i32,
    pub(super) separated: bool,
    pub(super) chunks: usize,
}

/// The licence that begins with `chunks[first]`.
pub(super) fn read(regions: &[Region], text: &[u8], chunks: &[Chunk], first: usize) -> Option<License> {
    let length = |at: usize| chunks.get(first + at).map(|chunk| chunk.end - chunk.start);
    let taken = match (length(0)?, length(1), length(2), length(3)) {
        (12, ..) => 1,
        (2, Some(2), Some(6), Some(2)) => 4,
        (2, Some(6), Some(2), _) => 3,
        _ => return None,
    };
    let number = Number::read(text, chunks.get(first..first + taken)?)?;
    let digits = number.digits();
    if number.is_masked() || !ends_alone(text, chunks, first + taken - 1) {
        return None;
    }
    let separated = number.style(text) != Style::Plain;
    let (start, weight) = if digits.len() == 10 {
        let before = text.get(..number.start)?;
        let word = before.strip_suffix(b" ").or_else(|| before.strip_suffix(b"-")).unwrap_or(before);
        let region = regions.iter().find(|region| word.ends_with(region.name.as_bytes()))?;
        (word.len() - region.name.len(), weight::LICENSE_REGION_WORD)
    } else {
        if !begins_alone(text, chunks, first)
            || !regions.iter().any(|region| digits.starts_with(region.code.as_bytes()))
        {
            return None;
        }
        (number.start, if separated { weight::LICENSE_GROUPED } else { weight::LICENSE_PLAIN })
    };
    Some(License { number, start, weight, separated, chunks: taken })
}

#[cfg(test)]
mod tests {
    use super::{Region, read};
    use crate::inspect::candidate::cut;

    #[test]
    fn a_licence_has_a_region_as_number_or_word() {
        let regions = [("11", "서울"), ("13", "경기")]
            .map(|(code, name)| Region { code: code.to_owned(), name: name.to_owned() });
        for (text, expected) in [
            ("11-14-487176-52", Some(0)),
            ("111448717652", Some(0)),
            ("서울 12-345678-90", Some(0)),
            ("경기-12-345678-90", Some(0)),
            ("면허 서울12-345678-90", Some(7)),
            ("41-14-487176-52", None),
            ("12-345678-90", None),
            ("11-14-487176-5", None),
        ] {
            let mut chunks = Vec::new();
            cut(text.as_bytes(), 0, text.len(), &mut chunks);
            assert_eq!(
                read(&regions, text.as_bytes(), &chunks, 0).map(|license| license.start),
                expected,
                "{text}"
            );
        }
    }
}
