//! Recipients: who gets the data.

use serde::{Deserialize, Serialize};

use crate::destination::Country;

/// One entry of the recipient registry (`contracts/facts/recipient.jsonl`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub id: String,
    pub legal_name: Option<String>,
    pub contact: Option<String>,
    pub role: Option<Role>,
    pub legal_country: Option<Country>,
    pub hosts: Vec<String>,
    pub cidrs: Vec<ipnet::IpNet>,
    pub topics: Vec<String>,
    pub ids: Vec<String>,
    pub classes: Vec<Membership>,
}

/// Membership of a class over `[from_ms, to_ms)`; no start is since ever, no end is for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub class: String,
    pub from_ms: Option<i64>,
    pub to_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    ThirdParty,
    Processor,
    SubProcessor,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::ThirdParty => "third_party",
            Role::Processor => "processor",
            Role::SubProcessor => "sub_processor",
        }
    }

    /// Who processes on behalf of another (PIPA Art. 26).
    pub const fn is_processor(self) -> bool {
        matches!(self, Role::Processor | Role::SubProcessor)
    }
}

/// Position of a recipient in the registry of one facts snapshot; ordered as the ids are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientIndex(pub u32);

/// By which list of the registry a value names recipients (`match` of a selector).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// Identifiers of the operator's own (`ids`), equal.
    Ids,
    /// Host names, equal without port and closing dot, ASCII case ignored.
    Hosts,
    /// An address within one of `cidrs`.
    Cidrs,
    /// Topic names, equal.
    Topics,
    /// The registry's own id of the recipient: a fixed one.
    Id,
}

impl Binding {
    pub const ALL: [Binding; 5] =
        [Binding::Ids, Binding::Hosts, Binding::Cidrs, Binding::Topics, Binding::Id];

    pub const fn as_str(self) -> &'static str {
        match self {
            Binding::Ids => "ids",
            Binding::Hosts => "hosts",
            Binding::Cidrs => "cidrs",
            Binding::Topics => "topics",
            Binding::Id => "id",
        }
    }
}
