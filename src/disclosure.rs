//! Disclosures: versioned texts that were shown to customers, with the items of PIPA Art. 28-8(2).
//!
//! Lists are `None` where the fact has none: an empty list matches nothing, and is not the same as an absent
//! one everywhere (`DECISION.md`, "Reading facts").

use serde::{Deserialize, Serialize};

use crate::time::Interval;

/// One version of a disclosure. Immutable, but that `retired_at` may be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    pub id: String,
    pub version: u64,
    pub channel: Option<Channel>,
    /// From `published_at` to `retired_at`.
    pub in_force: Interval,
    /// In the order of the text; `reference` is unique among them.
    pub entries: Vec<Entry>,
}

/// One transfer that a disclosure tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub reference: String,
    /// Names of entity types, or `*`. A text may name items that sumun does not detect.
    pub items: Option<Vec<String>>,
    /// ISO 3166-1 alpha-2, or `*`.
    pub countries: Option<Vec<String>>,
    pub timing: Option<String>,
    pub method: Option<String>,
    pub recipients: Option<Vec<Named>>,
    pub purposes: Option<Vec<String>>,
    pub retention: Option<String>,
    pub refusal: Option<Refusal>,
    pub transfer_type: Option<TransferType>,
}

/// How a list names recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// `"*"`: in disclosures only, and it names nobody.
    Everybody,
    Id(String),
    /// Whoever is a member of the class; `list_url` is where customers can read who that is.
    Class {
        class: String,
        list_url: Option<String>,
    },
}

/// How to refuse, and what happens then (Art. 28-8(2) no. 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub procedure: Option<String>,
    pub effect: Option<String>,
}

/// How a text was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    ConsentForm,
    /// Published, not asked: nobody consents to a policy.
    PrivacyPolicy,
    Email,
    Sms,
    Paper,
}

/// The ways in which data goes abroad (Art. 28-8(1): provision, which includes viewing; entrustment; storage).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferType {
    Provide,
    View,
    Entrust,
    Store,
}

impl TransferType {
    pub const ALL: [TransferType; 4] =
        [TransferType::Provide, TransferType::View, TransferType::Entrust, TransferType::Store];

    pub const fn as_str(self) -> &'static str {
        match self {
            TransferType::Provide => "provide",
            TransferType::View => "view",
            TransferType::Entrust => "entrust",
            TransferType::Store => "store",
        }
    }

    pub fn parse(name: &str) -> Option<TransferType> {
        TransferType::ALL.into_iter().find(|transfer_type| transfer_type.as_str() == name)
    }

    /// What a processor may do on the controller's behalf (Art. 28-8(1) no. 3).
    pub const fn is_entrustment(self) -> bool {
        matches!(self, TransferType::Entrust | TransferType::Store)
    }
}
