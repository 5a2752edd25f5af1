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
    pub(super) fn new(rules: &'r Rules, undecided: &[Undecided], work: &'r mut SiblingWork) -> Siblings<'r> {
        work.opens.clear();
        work.objects.clear();
        work.objects.extend(undecided.iter().map(|one| one.object_at));
        work.objects.sort_unstable();
        work.objects.dedup();
        Siblings { rules, work, said: Vec::new() }
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
        let Some(key) = path.key() else { return };
        let Some(known) = self.rules.fields.look_up(key.text(&mut self.work.key)) else { return };
        let text = token.text(&mut self.work.value);
        let name = known.name;
        let mut say = |bearer, name| self.said.push(Said { object_at, bearer, name });
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

/// The bracket of the innermost object that `path` leads into; `opens` are those of all its levels.
pub(super) fn object_of(opens: &[u32], path: Path<'_, '_>) -> Option<u32> {
    let level = path.frames.iter().rposition(|frame| matches!(frame, Frame::Key { .. }))?;
    opens.get(level).copied()
}

fn is_korea(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['+', '0']);
    ["82", "KR", "KOR", "KOREA"].iter().any(|name| text.eq_ignore_ascii_case(name))
        || matches!(text, "한국" | "대한민국")
}
