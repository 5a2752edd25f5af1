//! Consent acts: what a subject did about one disclosure version.

use serde::{Deserialize, Serialize};

use crate::subject::SubjectToken;

/// One act of one person. Acts stand for themselves: nothing is taken over from an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentAct {
    /// Unique among all acts.
    pub event: String,
    /// The person's own token.
    pub person: SubjectToken,
    /// Other tokens of the person, from this act on.
    pub aliases: Vec<SubjectToken>,
    pub disclosure: String,
    pub version: u64,
    pub kind: ActKind,
    pub at_ms: i64,
    /// The later of `at` and `effective_from`: nothing takes effect before it was done.
    pub effective_ms: i64,
    pub expires_ms: Option<i64>,
    /// The entries that the act concerns, by `ref`; `None` is all of them, an empty list none.
    pub transfers: Option<Vec<String>>,
    pub separate: Separate,
    pub under_14: bool,
    /// A guardian's token and how the guardian was verified are both there (Art. 22-2, Decree 17-2).
    pub has_guardian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    Given,
    Refused,
    Withdrawn,
    Expired,
    Renewed,
    Invalidated,
}

impl ActKind {
    /// Whether the act is one by which a person consents.
    pub const fn is_consent(self) -> bool {
        matches!(self, ActKind::Given | ActKind::Renewed)
    }
}

/// What was consented to separately, each with a box of its own (Art. 22(1)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four boxes on a form, each ticked or not")]
pub struct Separate {
    /// The transfer abroad (Art. 28-8(1) no. 1).
    pub cross_border: bool,
    /// Provision to a third party (Art. 17).
    pub third_party: bool,
    /// Unique identifiers (Art. 24).
    pub unique_id: bool,
    /// Sensitive data (Art. 23).
    pub sensitive: bool,
}
