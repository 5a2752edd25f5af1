//! Tokens become findings.
//!
//! A digit group of the bitmaps is a **candidate**; validators (`phone`, `resident`, `card` …) and look-alikes propose
//! **readings** of it; what speaks for each (the field's name, a label before it, check digits, siblings) is added
//! up, the readings compete, and the likeliest becomes a **finding** if it is likely enough. Texts (`name`, `address`,
//! `code`, `email`) are candidates by what surrounds them: a field's name, Hangul with a sign of more, an `@`. Nothing
//! is printed here and nothing is allocated on a record without findings: a path is written only for a finding.
//!
//! Where a candidate could only be saved by a sibling (`{"type":"phone","value":…}`), the payload is walked again
//! for that sibling: rare, and cheaper than remembering every field of every record.

mod account;
mod address;
mod candidate;
mod card;
mod clue;
mod code;
mod email;
mod examples;
mod fold;
mod hangul;
mod keys;
mod license;
mod look_alike;
mod name;
mod number;
mod phone;
mod reader;
mod readings;
mod resident;
mod rule;
mod sibling;
mod watch;
mod weight;

use std::fmt::Write as _;

pub use examples::Tried;
pub use rule::{RuleError, built_in_files};
pub use watch::{Candidate, Tip, Weighed};
pub use weight::REPORTED_FROM;

use crate::decode::{self, Walked};
use crate::entity::EntityType;
use crate::finding::{Finding, Issue};
use crate::record::{Header, Part, Record};
use reader::{Context, Reader, Work};
use rule::{Rules, Sought};
use sibling::{SiblingWork, Siblings};
use watch::{Unwatched, Watch, Watched};

/// No record is inspected before this program existed: where a record's own time is older (a wrong clock, a replay
/// of 1970), people born until 2026 are still born.
const NOW_MS_MIN: i64 = 1_767_225_600_000;

/// The compiled rules.
pub struct Inspector {
    rules: Rules,
}

/// Memory that is reused from record to record, one per lane.
#[derive(Default)]
pub struct Scratch {
    /// `scan --reveal`: findings carry their text.
    pub reveal: bool,
    decode: decode::Scratch,
    work: Work,
    siblings: SiblingWork,
    header_order: Vec<u32>,
    repeats: Vec<u32>,
    findings: Vec<Finding>,
    issues: Vec<Issue>,
    format: &'static str,
}

impl Scratch {
    /// For `scan`: every fault of a payload's structure is an issue, also where nothing can be found in it.
    #[must_use]
    pub fn strict(mut self) -> Scratch {
        self.decode.is_strict = true;
        self
    }

    /// What was found in the last record that was inspected.
    pub fn seen(&self) -> Inspection<'_> {
        Inspection { findings: &self.findings, issues: &self.issues, format: self.format }
    }

    /// Forgets the last record: what a panic left behind is not a finding.
    pub fn clear(&mut self) {
        self.findings.clear();
        self.issues.clear();
        self.format = "null";
    }
}

/// What was found in a record, until the next one is inspected.
#[derive(Clone, Copy)]
pub struct Inspection<'s> {
    /// In record order: value, key, headers; then by position.
    pub findings: &'s [Finding],
    pub issues: &'s [Issue],
    format: &'static str,
}

impl Inspection<'_> {
    /// The decoders of the value, outermost first, joined by `|`; `null` for a null value.
    pub fn format(&self) -> &'static str {
        self.format
    }
}

impl Inspector {
    /// The rules that are built in, tested by their examples.
    pub fn builtin() -> Result<Inspector, RuleError> {
        Inspector::new(&[])
    }

    /// The built-in rules and what `extra` (name and text of each file) adds to them, all tested by their examples.
    pub fn new(extra: &[(String, String)]) -> Result<Inspector, RuleError> {
        let inspector = Inspector::untested(extra)?;
        inspector.test()?;
        Ok(inspector)
    }

    /// Looks for `entities` only: to measure what they cost.
    #[must_use]
    pub fn seeking(mut self, entities: &[EntityType]) -> Inspector {
        self.rules.sought = Sought::new(entities);
        self
    }

    /// `sha256:…` over the texts of the rules.
    pub fn digest(&self) -> &str {
        &self.rules.digest
    }

    /// Never fails: what went wrong is among the issues. A panic (there is none) leaves `scratch` usable.
    pub fn inspect<'s>(&self, record: &Record<'_>, scratch: &'s mut Scratch) -> Inspection<'s> {
        self.read(record, scratch, &mut Unwatched);
        scratch.seen()
    }

    /// Everything in the record that was weighed, found or not, for people who ask; slower.
    pub fn candidates(&self, record: &Record<'_>, scratch: &mut Scratch) -> Vec<Candidate> {
        let mut watched = Watched::default();
        self.read(record, scratch, &mut watched);
        watched.candidates
    }

    fn read<W: Watch>(&self, record: &Record<'_>, scratch: &mut Scratch, watch: &mut W) {
        scratch.clear();
        let now_ms = record.timestamp_ms.unwrap_or(0).max(NOW_MS_MIN);
        let mut repeats = std::mem::take(&mut scratch.repeats);
        count_repeats(record.headers, &mut scratch.header_order, &mut repeats);
        let reveal = scratch.reveal;
        let context = |part| Context { record, part, repeats: &repeats, now_ms, reveal };
        if let Some(value) = record.value {
            scratch.format = self.part(context(Part::Value), value, scratch, watch).format.as_str();
        }
        if let Some(key) = record.key {
            self.envelope(context(Part::Key), key, scratch, watch);
        }
        for (position, header) in (0..).zip(record.headers) {
            if let Some(value) = header.value {
                self.envelope(context(Part::Header(position)), value, scratch, watch);
            }
        }
        scratch.repeats = repeats;
    }

    /// A record's key or the value of a header.
    fn envelope<W: Watch>(&self, context: Context<'_>, bytes: &[u8], scratch: &mut Scratch, watch: &mut W) {
        if !candidate::is_plainly_without(bytes) {
            self.part(context, bytes, scratch, watch);
        }
    }

    fn part<W: Watch>(
        &self,
        context: Context<'_>,
        bytes: &[u8],
        scratch: &mut Scratch,
        watch: &mut W,
    ) -> Walked {
        let first = scratch.findings.len();
        let mut reader = Reader::new(&self.rules, context, &mut scratch.work, &mut scratch.findings, watch);
        let walked = decode::walk(bytes, &mut scratch.decode, &mut reader);
        if !scratch.work.undecided.is_empty() {
            self.ask_siblings(context, bytes, scratch, watch);
        }
        in_order(&mut scratch.findings, first);
        for code in walked.issues() {
            let mut path = String::new();
            write_root(&context, &mut path);
            scratch.issues.push(Issue { code, path, bytes_unread: Some(walked.bytes_unread) });
        }
        walked
    }

    /// Walks again for what the siblings of undecided candidates say, and once more if they say something.
    fn ask_siblings<W: Watch>(
        &self,
        context: Context<'_>,
        bytes: &[u8],
        scratch: &mut Scratch,
        watch: &mut W,
    ) {
        let Work { undecided, found_in, .. } = &mut scratch.work;
        if undecided.iter().all(|one| one.is_name) && found_in.is_empty() {
            return;
        }
        let mut siblings = Siblings::new(&self.rules, undecided, found_in, &mut scratch.siblings);
        decode::walk(bytes, &mut scratch.decode, &mut siblings);
        let said = siblings.said();
        if said.is_empty() {
            return;
        }
        let mut reader =
            Reader::again(&self.rules, context, &mut scratch.work, &mut scratch.findings, &said, watch);
        decode::walk(bytes, &mut scratch.decode, &mut reader);
    }
}

/// The findings of a part, from `first` on: by place, each once. A second walk may have found one again.
fn in_order(findings: &mut Vec<Finding>, first: usize) {
    let of_part = findings.get_mut(first..).unwrap_or_default();
    if of_part.is_sorted_by(|one, other| (one.at, one.start) < (other.at, other.start)) {
        return;
    }
    of_part.sort_by_key(|finding| (finding.at, finding.start));
    findings.dedup_by(|one, other| {
        one.part == other.part && one.at == other.at && one.start == other.start && one.entity == other.entity
    });
}

/// `$`, `key$`, `header['name']$`, `header['name'][1]$` (contracts, "Field paths").
fn write_root(context: &Context<'_>, out: &mut String) {
    match context.part {
        Part::Value => {}
        Part::Key => out.push_str("key"),
        Part::Header(position) => {
            let position = position as usize;
            let headers = context.record.headers;
            let name = headers.get(position).map(|header| header.name).unwrap_or_default();
            out.push_str("header['");
            for character in String::from_utf8_lossy(name).chars() {
                if matches!(character, '\'' | '\\') {
                    out.push('\\');
                }
                out.push(character);
            }
            out.push_str("']");
            let repeats = context.repeats.get(position).map_or_else(
                || headers.iter().take(position).filter(|header| header.name == name).count(),
                |repeats| *repeats as usize,
            );
            if repeats > 0 {
                // Writing to a String cannot fail.
                write!(out, "[{repeats}]").unwrap_or_default();
            }
        }
    }
    out.push('$');
}

/// How often the name of each header stands before it; empty where there are so few that counting is cheaper.
/// A record may have tens of thousands of headers of one name, each with a finding.
fn count_repeats(headers: &[Header<'_>], order: &mut Vec<u32>, repeats: &mut Vec<u32>) {
    const HEADERS_COUNTED_MAX: usize = 32;
    repeats.clear();
    if headers.len() <= HEADERS_COUNTED_MAX {
        return;
    }
    let name = |position: u32| headers.get(position as usize).map(|header| header.name);
    order.clear();
    order.extend((0..).zip(headers).map(|(position, _)| position));
    order.sort_unstable_by_key(|position| (name(*position), *position));
    repeats.resize(headers.len(), 0);
    let mut run = 0;
    for (index, position) in order.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| order.get(before));
        run = if before.is_some_and(|before| name(*before) == name(*position)) { run + 1 } else { 0 };
        if let Some(slot) = repeats.get_mut(*position as usize) {
            *slot = run;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Inspector;

    #[test]
    fn the_built_in_rules_hold_their_examples() {
        if let Err(error) = Inspector::builtin() {
            panic!("{error}");
        }
    }
}
