//! Names that say something of a candidate, and how much.

use std::sync::Arc;

use super::keys::{Bearer, Known, Strength};
use super::look_alike::LookAlike;
use super::weight;

/// A name that says something of the candidate.
#[derive(Clone, Copy)]
pub(super) struct Clue<'r> {
    pub(super) known: Known<'r>,
    pub(super) from: Origin,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Key,
    Parent,
    Label,
    /// A field beside it, and what that says of it.
    Sibling(Bearer),
}

/// Of the field, before the candidate, beside the field.
pub(super) type Clues<'r> = [Option<Clue<'r>>; 3];

/// What the clues say for a bearer.
pub(super) fn said_of(clues: &Clues<'_>, bearer: Bearer) -> i32 {
    clues.iter().flatten().map(|clue| clue.weight_for(bearer)).sum()
}

impl Clue<'_> {
    pub(super) fn says(&self, bearer: Bearer) -> Option<Strength> {
        match self.from {
            Origin::Sibling(said) => (said == bearer).then_some(Strength::Strong),
            Origin::Key | Origin::Parent | Origin::Label => self.known.name.says(bearer),
        }
    }

    pub(super) fn weight_for(&self, bearer: Bearer) -> i32 {
        let Some(strength) = self.says(bearer) else { return 0 };
        let full = match self.from {
            Origin::Key => weight::KEY,
            Origin::Parent => weight::PARENT,
            Origin::Label => weight::LABEL,
            Origin::Sibling(_) => weight::SIBLING,
        };
        let part = if self.known.whole { 0 } else { weight::PART_OF_NAME };
        match strength {
            Strength::Strong => full + part,
            Strength::Weak => full.min(weight::KEY_WEAK) + part,
        }
    }
}

/// The clues that speak for a bearer, as evidence.
pub(super) fn told(clues: &Clues<'_>, bearer: Bearer) -> Vec<Arc<str>> {
    let says = |clue: &&Clue<'_>| clue.says(bearer).is_some();
    let mut evidence = Vec::with_capacity(4);
    evidence.extend(clues.iter().flatten().filter(says).map(|clue| {
        let name = clue.known.name;
        Arc::clone(match clue.from {
            Origin::Key | Origin::Parent => &name.as_key,
            Origin::Label => &name.as_label,
            Origin::Sibling(_) => &name.as_sibling,
        })
    }));
    evidence
}

pub(super) fn with_rival(mut evidence: Vec<Arc<str>>, rival: Option<LookAlike>) -> Vec<Arc<str>> {
    evidence.extend(rival.map(|rival| format!("rival:{}", rival.as_str()).into()));
    evidence
}
