//! What candidates were weighed as, for people who ask why something was found, or was not.
//!
//! A reader is made for one [`Watch`]. That of every record is [`Unwatched`]: what stands behind its constant is
//! compiled away. [`Watched`] keeps each candidate that was weighed, found or not.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::clue::{Clues, said_of, told};
use super::keys::Bearer;
use super::readings::{Readings, look_alikes};
use super::weight;
use crate::entity::EntityType;
use crate::record::Part;

pub(super) trait Watch {
    const WATCHES: bool;

    fn note(&mut self, candidate: Candidate);
}

/// Nobody asks.
pub(super) struct Unwatched;

impl Watch for Unwatched {
    const WATCHES: bool = false;

    fn note(&mut self, _: Candidate) {}
}

/// What was weighed, in the order in which it was read.
#[derive(Default)]
pub(super) struct Watched {
    pub(super) candidates: Vec<Candidate>,
    /// By part, position of the token and position in it.
    positions: HashMap<(Part, u32, u32), usize>,
}

impl Watch for Watched {
    const WATCHES: bool = true;

    /// Of what is weighed twice at one place, most often because a sibling was asked, the better counts.
    fn note(&mut self, candidate: Candidate) {
        let next = self.candidates.len();
        let position = *self.positions.entry((candidate.part, candidate.at, candidate.start)).or_insert(next);
        match self.candidates.get_mut(position) {
            Some(known) if known.missing < candidate.missing => {}
            Some(known) => *known = candidate,
            None => self.candidates.push(candidate),
        }
    }
}

/// Something that was weighed. Holds no raw text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    #[serde(skip)]
    part: Part,
    /// Byte position of its token in its part.
    #[serde(skip)]
    at: u32,
    /// Of a name of a field: the path of what it stands in.
    pub path: String,
    /// UTF-8 bytes in the decoded text of the innermost field.
    pub start: u32,
    pub end: u32,
    /// Its form; nothing of it is shown.
    pub masked: String,
    pub found: bool,
    /// Hundredths of log odds that the likeliest reading lacks; below 0: that it could do without.
    pub missing: i32,
    /// The likeliest first.
    pub readings: Vec<Weighed>,
}

/// One thing that a candidate can be. Weights are hundredths of log odds (`weight.rs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Weighed {
    /// An entity type, or a look-alike of `patterns/look_alikes.yaml`.
    pub what: &'static str,
    pub is_entity: bool,
    /// Its share among all readings, in hundredths.
    pub confidence: u8,
    /// What its form says.
    pub form: i32,
    /// By what in its form, `plan:mobile` …
    pub grounds: Vec<Arc<str>>,
    /// What names say: of the field, before it, beside it.
    pub said: i32,
    /// Which names, `key:tel` …
    pub names: Vec<Arc<str>>,
}

/// Where a candidate was seen.
pub(super) struct Seen {
    pub(super) part: Part,
    pub(super) at: u32,
    pub(super) path: String,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) masked: String,
}

impl Candidate {
    /// A number, with everything else that its digits can be.
    pub(super) fn number(readings: &Readings<'_>, clues: &Clues<'_>, seen: Seen) -> Candidate {
        let mut weighed: Vec<Weighed> = readings
            .all()
            .map(|reading| {
                let bearer = Bearer::Entity(reading.entity);
                let grounds = reading.grounds.iter().flatten().map(|ground| Arc::clone(ground)).collect();
                Weighed {
                    grounds,
                    said: said_of(clues, bearer),
                    names: told(clues, bearer),
                    ..Weighed::new(reading.entity.as_str(), true, reading.weight)
                }
            })
            .collect();
        if let Some(reading) = readings.likeliest(clues).map(|likeliest| likeliest.reading) {
            let others = look_alikes(reading.number.digits(), reading.separated, clues);
            weighed.extend(others.map(|(look_alike, form, said)| {
                let names = told(clues, Bearer::LookAlike(look_alike));
                Weighed { said, names, ..Weighed::new(look_alike.as_str(), false, form) }
            }));
        }
        Candidate::new(weighed, seen)
    }

    /// A text, which nothing competes with.
    pub(super) fn text(
        entity: EntityType,
        form: i32,
        said: i32,
        names: Vec<Arc<str>>,
        seen: Seen,
    ) -> Candidate {
        Candidate::new(vec![Weighed { said, names, ..Weighed::new(entity.as_str(), true, form) }], seen)
    }

    fn new(mut readings: Vec<Weighed>, seen: Seen) -> Candidate {
        let all: f64 = readings.iter().map(|reading| weight::odds(reading.weight())).sum();
        let rivals = |reading: &Weighed| (all - weight::odds(reading.weight())).max(0.0);
        for reading in &mut readings {
            reading.confidence = weight::confidence(reading.weight(), rivals(reading));
        }
        // Only an entity can be found; of several the first one that is as likely.
        let likeliest =
            readings.iter().filter(|reading| reading.is_entity).rev().max_by_key(|one| one.weight());
        let missing = likeliest.map_or(0, |one| weight::needed(rivals(one)) - one.weight());
        let found = likeliest.is_some_and(|one| one.confidence >= weight::REPORTED_FROM);
        readings.sort_by_key(|reading| std::cmp::Reverse(reading.weight()));
        let Seen { part, at, path, start, end, masked } = seen;
        Candidate { part, at, path, start, end, masked, found, missing, readings }
    }

    /// Whether what names say for the likeliest reading decided that it was found.
    pub fn hangs_on_names(&self) -> bool {
        let likeliest = self.readings.iter().find(|reading| reading.is_entity);
        self.found && likeliest.is_some_and(|reading| reading.said > -self.missing)
    }

    /// What would have been enough for the likeliest reading to be found, weakest first.
    pub fn tips(&self) -> impl Iterator<Item = Tip> {
        Tip::ALL.into_iter().filter(|tip| !self.found && tip.weight() >= self.missing)
    }
}

impl Weighed {
    const fn new(what: &'static str, is_entity: bool, form: i32) -> Weighed {
        Weighed { what, is_entity, confidence: 0, form, grounds: Vec::new(), said: 0, names: Vec::new() }
    }

    pub const fn weight(&self) -> i32 {
        self.form + self.said
    }
}

/// What a candidate could have had beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tip {
    /// A name of such fields that others have too.
    WeakKey,
    /// A word before it, or a field beside it, that says what it is.
    LabelOrSibling,
    /// A name of such fields.
    Key,
}

impl Tip {
    const ALL: [Tip; 3] = [Tip::WeakKey, Tip::LabelOrSibling, Tip::Key];

    const fn weight(self) -> i32 {
        match self {
            Tip::WeakKey => weight::KEY_WEAK,
            Tip::LabelOrSibling => weight::LABEL,
            Tip::Key => weight::KEY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Inspector, Scratch};
    use crate::record::Record;
    use crate::text::{Language, evidence};

    /// The same code weighs for both: over all examples of all rules, what is found is what candidates say is found.
    #[test]
    fn what_was_weighed_enough_is_what_is_found() {
        let inspector = Inspector::untested(&[]).unwrap_or_else(|error| panic!("{error}"));
        let mut scratch = Scratch::default();
        let mut found_in_all = 0;
        for test in inspector.rules.tests() {
            let record = test.record();
            let mut weighed: Vec<_> = inspector
                .candidates(&record, &mut scratch)
                .into_iter()
                .filter(|candidate| candidate.found)
                .map(|candidate| (candidate.at, candidate.start, candidate.readings[0].what))
                .collect();
            weighed.sort_unstable();
            let findings = inspector.inspect(&record, &mut scratch).findings.iter();
            let marks = findings.clone().flat_map(|finding| &finding.evidence);
            for mark in marks {
                let has_text = Language::ALL.iter().all(|language| evidence(mark, *language).is_some());
                assert!(has_text, "src/text/evidence.rs does not say what `{mark}` means");
            }
            let mut found: Vec<_> = findings.map(|one| (one.at, one.start, one.entity.as_str())).collect();
            found.sort_unstable();
            assert_eq!(weighed, found, "{} {} {}", test.file, test.list, test.number);
            found_in_all += found.len();
        }
        assert!(found_in_all > 40, "{found_in_all}");
    }

    #[test]
    fn what_is_short_says_what_would_have_been_enough() {
        let inspector = Inspector::untested(&[]).unwrap_or_else(|error| panic!("{error}"));
        let record = Record {
            topic: "",
            partition: 0,
            offset: 0,
            timestamp_ms: None,
            key: None,
            value: Some(br#"{"v": 1023456703, "phone": 1023456703}"#),
            headers: &[],
        };
        let candidates = inspector.candidates(&record, &mut Scratch::default());
        let [short, enough] = candidates.as_slice() else { panic!("{candidates:?}") };
        assert!(!short.found && short.missing > 0, "{short:?}");
        assert!(enough.found && enough.missing <= 0 && enough.hangs_on_names(), "{enough:?}");
        let best =
            |one: &super::Candidate| one.readings.iter().find(|reading| reading.is_entity).unwrap().clone();
        let tips: Vec<_> = short.tips().collect();
        assert!(
            tips.contains(&super::Tip::Key) && best(enough).said >= short.missing,
            "{short:?}\n{enough:?}"
        );
        assert!(short.masked == "**********" && short.path == "$.v");
    }
}
