//! The verdict on a record, in the shape of `DECISION.md` §5.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::destination::Country;
use crate::entity::EntityType;

/// Ordered from the best to the worst: the worst of the parts is the outcome of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[default]
    Clear,
    Domestic,
    Permitted,
    Indeterminate,
    Violation,
}

impl Outcome {
    pub const ALL: [Outcome; 5] =
        [Outcome::Clear, Outcome::Domestic, Outcome::Permitted, Outcome::Indeterminate, Outcome::Violation];

    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Clear => "clear",
            Outcome::Domestic => "domestic",
            Outcome::Permitted => "permitted",
            Outcome::Indeterminate => "indeterminate",
            Outcome::Violation => "violation",
        }
    }

    /// Whether a transfer of this outcome owes an alert.
    pub const fn is_alert(self) -> bool {
        matches!(self, Outcome::Indeterminate | Outcome::Violation)
    }
}

macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($variant),+ }

        impl $name {
            /// All of them, in byte order of their names (which is declaration order).
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                let known = $name::ALL.iter().copied().find(|name| name.as_str() == text);
                known.ok_or_else(|| serde::de::Error::custom(concat!("not a ", stringify!($name))))
            }
        }
    };
}

names! {
    /// The closed list of reason codes of `DECISION.md`.
    Reason {
        AdequacyScopeExcluded = "ADEQUACY_SCOPE_EXCLUDED",
        BasisNotDisclosed = "BASIS_NOT_DISCLOSED",
        BasisNotEntrustment = "BASIS_NOT_ENTRUSTMENT",
        BasisNotNecessary = "BASIS_NOT_NECESSARY",
        CertExpired = "CERT_EXPIRED",
        CertMeasuresMissing = "CERT_MEASURES_MISSING",
        ChildNoGuardian = "CHILD_NO_GUARDIAN",
        ConsentExpired = "CONSENT_EXPIRED",
        ConsentInvalidated = "CONSENT_INVALIDATED",
        ConsentNotYet = "CONSENT_NOT_YET",
        ConsentRefused = "CONSENT_REFUSED",
        ConsentWithdrawn = "CONSENT_WITHDRAWN",
        CountryNotCovered = "COUNTRY_NOT_COVERED",
        DisclosureNotInForce = "DISCLOSURE_NOT_IN_FORCE",
        FactsStale = "FACTS_STALE",
        FactCorrupt = "FACT_CORRUPT",
        GeoUnknown = "GEO_UNKNOWN",
        HistoryUnknown = "HISTORY_UNKNOWN",
        ItemNotCovered = "ITEM_NOT_COVERED",
        NoticeIncomplete = "NOTICE_INCOMPLETE",
        NoBasis = "NO_BASIS",
        NoConsent = "NO_CONSENT",
        PurposeNotCovered = "PURPOSE_NOT_COVERED",
        RecipientJoinedLater = "RECIPIENT_JOINED_LATER",
        RecipientNotCovered = "RECIPIENT_NOT_COVERED",
        RecipientUnknown = "RECIPIENT_UNKNOWN",
        RrnNeverConsentable = "RRN_NEVER_CONSENTABLE",
        SeparateConsentMissing = "SEPARATE_CONSENT_MISSING",
        SubjectAmbiguous = "SUBJECT_AMBIGUOUS",
        SubjectUnresolved = "SUBJECT_UNRESOLVED",
        SuspensionOrder = "SUSPENSION_ORDER",
        ThirdPartyConsentMissing = "THIRD_PARTY_CONSENT_MISSING",
        TransferTypeNotCovered = "TRANSFER_TYPE_NOT_COVERED",
        Uninspectable = "UNINSPECTABLE",
        WildcardDisclosure = "WILDCARD_DISCLOSURE",
    }
}

names! {
    /// Remarks beside a transfer; never reasons.
    Note {
        ClockSkew = "CLOCK_SKEW",
        DeclaredCountryMismatch = "DECLARED_COUNTRY_MISMATCH",
        FreshnessUnknown = "FRESHNESS_UNKNOWN",
        GeoLowConfidence = "GEO_LOW_CONFIDENCE",
        ThirdPartyConsentNotJudged = "THIRD_PARTY_CONSENT_NOT_JUDGED",
    }
}

/// A set of reasons: one word, no allocation. Iterates and serializes in byte order of the names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reasons(u64);

impl Reasons {
    pub const NONE: Reasons = Reasons(0);

    pub const fn one(reason: Reason) -> Reasons {
        Reasons(1 << reason as u8)
    }

    pub fn insert(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    #[must_use]
    pub const fn union(self, other: Reasons) -> Reasons {
        Reasons(self.0 | other.0)
    }

    pub const fn contains(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u8) != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(move |reason| self.contains(*reason))
    }

    /// The names joined by `,`: an element of `item_reasons`.
    pub fn joined(self) -> String {
        self.iter().map(Reason::as_str).collect::<Vec<_>>().join(",")
    }
}

impl Extend<Reason> for Reasons {
    fn extend<I: IntoIterator<Item = Reason>>(&mut self, reasons: I) {
        for reason in reasons {
            self.insert(reason);
        }
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(reasons: I) -> Reasons {
        let mut set = Reasons::NONE;
        set.extend(reasons);
        set
    }
}

impl Serialize for Reasons {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len() as usize))?;
        for reason in self.iter() {
            list.serialize_element(&reason)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Reasons {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reasons, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Reasons;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of reason codes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Reasons, A::Error> {
                let mut set = Reasons::NONE;
                while let Some(reason) = list.next_element()? {
                    set.insert(reason);
                }
                Ok(set)
            }
        }

        deserializer.deserialize_seq(List)
    }
}

/// What was decided for one item in one country of F; country `None` where none is foreign.
/// The cells of a transfer are what the register's rows are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub entity: EntityType,
    pub country: Option<Country>,
    pub outcome: Outcome,
    /// Sorted, without repeats; several where several persons are the subject.
    pub basis: Vec<String>,
    pub reasons: Reasons,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemVerdict {
    pub entity: EntityType,
    pub count: u32,
    pub outcome: Outcome,
    pub basis: Vec<String>,
    pub reasons: Reasons,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransferVerdict {
    /// The registry's id; `None` is the unknown recipient.
    pub recipient: Option<String>,
    /// The person's own token, or the selected token of several persons; `None` where unresolved.
    pub subject: Option<String>,
    pub countries: Vec<Country>,
    pub outcome: Outcome,
    pub items: Vec<ItemVerdict>,
    pub notes: Vec<Note>,
    /// Persons who are the subject: 0 where unresolved.
    #[serde(skip)]
    pub subject_count: u32,
    #[serde(skip)]
    pub cells: Vec<Cell>,
    /// `id@version#ref`, `act:EVENT` and `kind:id@version`; sorted, at most 20 (`contracts`, "Alert").
    #[serde(skip)]
    pub facts_seen: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub outcome: Outcome,
    /// `UNINSPECTABLE` or nothing.
    #[serde(skip_serializing_if = "Reasons::is_none")]
    pub reasons: Reasons,
    pub transfers: Vec<TransferVerdict>,
}

impl Reasons {
    // serde's `skip_serializing_if` passes a reference.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    fn is_none(&self) -> bool {
        self.is_empty()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

#[cfg(test)]
mod tests {
    use super::{Note, Reason, Reasons};

    #[test]
    fn reasons_and_notes_are_declared_in_byte_order() {
        assert!(Reason::ALL.iter().map(|reason| reason.as_str()).is_sorted());
        assert!(Note::ALL.iter().map(|note| note.as_str()).is_sorted());
    }

    #[test]
    fn reasons_print_in_byte_order() {
        let set: Reasons = [Reason::WildcardDisclosure, Reason::NoBasis].into_iter().collect();
        assert_eq!(set.joined(), "NO_BASIS,WILDCARD_DISCLOSURE");
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["NO_BASIS","WILDCARD_DISCLOSURE"]"#);
    }
}
