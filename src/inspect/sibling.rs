//! The second walk: what the fields beside an undecided candidate say of it.

use super::keys::{Bearer, Name};
use super::rule::Rules;
use crate::decode::{Container, Frame, Path, Token, Visit};
use crate::entity::EntityType;

/// A candidate that a sibling could still save.
#[derive(Clone, Copy)]
pub(super) struct Undecided {
    /// Position of the bracket of the object that it is a field of.
    pub(super) object_at: u32,
    pub(super) token_at: u32,
    /// A whole value that may be a name, beside other data of a person.
    pub(super) is_name: bool,
}

/// What a field of an object says of the others.
#[derive(Clone, Copy)]
pub(super) struct Said<'r> {
    pub(super) object_at: u32,
    pub(super) bearer: Bearer,
    pub(super) name: &'r Name,
}

/// Memory reused from record to record.
#[derive(Default)]
pub(super) struct SiblingWork {
    /// Of the undecided candidates; sorted.
    objects: Vec<u32>,
    /// Of these, those that hold findings.
    company: Vec<u32>,
    opens: Vec<u32>,
    key: String,
    value: String,
}

pub(super) struct Siblings<'r> {
    rules: &'r Rules,
    work: &'r mut SiblingWork,
    said: Vec<Said<'r>>,
}

impl<'r> Siblings<'r> {
    pub(super) fn new(
        rules: &'r Rules,
        undecided: &[Undecided],
        found_in: &[u32],
        work: &'r mut SiblingWork,
    ) -> Siblings<'r> {
        work.opens.clear();
        work.objects.clear();
        work.objects.extend(undecided.iter().map(|one| one.object_at));
        work.objects.sort_unstable();
        work.objects.dedup();
        work.company.clear();
        work.company.extend(work.objects.iter().filter(|object_at| found_in.contains(object_at)));
        let mut siblings = Siblings { rules, work, said: Vec::new() };
        siblings.say_company();
        siblings
    }

    /// Where other data of a person was found, a name is likelier.
    fn say_company(&mut self) {
        let name = &self.rules.grounds.company;
        let bearer = Bearer::Entity(EntityType::PersonName);
        self.said.extend(self.work.company.iter().map(|object_at| Said {
            object_at: *object_at,
            bearer,
            name,
        }));
    }

    /// Sorted by object.
    pub(super) fn said(mut self) -> Vec<Said<'r>> {
        self.said.sort_by_key(|said| said.object_at);
        self.said
    }
}

impl<'a> Visit<'a> for Siblings<'_> {
    fn restart(&mut self) {
        self.work.opens.clear();
        self.said.clear();
        self.say_company();
    }

    fn open(&mut self, _: Container, at: u32, _: Path<'_, 'a>) {
        self.work.opens.push(at);
    }

    fn close(&mut self, _: Container, _: u32, _: Path<'_, 'a>) {
        self.work.opens.pop();
    }

    fn value(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
        let Some(object_at) = object_of(&self.work.opens, path) else { return };
        if self.work.objects.binary_search(&object_at).is_err() {
            return;
        }
        let key = path.key();
        let known = key.and_then(|key| self.rules.fields.look_up(key.text(&mut self.work.key)));
        let text = token.text(&mut self.work.value);
        let mut say = |bearer, name| self.said.push(Said { object_at, bearer, name });
        // The name of a bank beside a number.
        let account = Bearer::Entity(EntityType::BankAccount);
        let label = self.rules.labels.look_up(text).filter(|label| label.whole);
        if let Some(label) = label.filter(|label| label.name.says(account).is_some()) {
            say(account, label.name);
        }
        let Some(known) = known else { return };
        let name = known.name;
        if name.says(Bearer::PhoneCountry).is_some() && is_korea(text) {
            say(Bearer::Entity(EntityType::PhoneNumber), name);
        }
        if name.says(Bearer::Kind).is_some() {
            let kind = self.rules.fields.look_up(text).or_else(|| self.rules.labels.look_up(text));
            if let Some(kind) = kind {
                for (bearer, _) in &kind.name.bearers {
                    say(*bearer, kind.name);
                }
            }
        }
    }
}

/// The bracket of the innermost object that `path` leads into, of the document where there is none; `opens` are those
/// of all its levels.
pub(super) fn object_of(opens: &[u32], path: Path<'_, '_>) -> Option<u32> {
    let level = path.frames.iter().rposition(|frame| matches!(frame, Frame::Key { .. }));
    opens.get(level.unwrap_or(0)).copied()
}

/// What belongs together: an object, or the array that it is an element of: `[{"c":0,"x":"…"},{"c":1,"x":"…"}]`.
pub(super) fn company_of(opens: &[u32], path: Path<'_, '_>) -> Option<u32> {
    let level = path.frames.iter().rposition(|frame| matches!(frame, Frame::Key { .. }));
    let above = level.and_then(|level| level.checked_sub(1));
    let is_element = |above: &usize| matches!(path.frames.get(*above), Some(Frame::Index(_)));
    match above.filter(is_element) {
        Some(above) => opens.get(above).copied(),
        None => object_of(opens, path),
    }
}

fn is_korea(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['+', '0']);
    ["82", "KR", "KOR", "KOREA"].iter().any(|name| text.eq_ignore_ascii_case(name))
        || matches!(text, "한국" | "대한민국")
}
