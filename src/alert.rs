//! The alert as it goes to Kafka (contracts, "Alert"): flat JSON, scalars and arrays of scalars.
//!
//! Fields stand in the order of `alert.json`, one order for all kinds; what does not apply to a kind is null or
//! empty there. Behind them come keys that only one kind has. What an alert holds is decided in [`crate::owe`].

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::destination::{Country, GeoConfidence};
use crate::entity::EntityType;
use crate::recipient::Role;
use crate::timestamp::Timestamp;
use crate::verdict::{Note, Outcome, Reasons, Severity};

pub const SCHEMA_VERSION: u32 = 1;

/// Borrows from the judged record and its snapshot when it is written, owns its texts when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert<'a> {
    pub schema_version: u32,
    /// 32 hexadecimal digits; also the record's key in Kafka. The same for every replay of the record.
    pub id: String,
    pub kind: AlertKind,
    pub status: Status,
    pub revision: u32,
    /// The cluster's id, as its brokers give it.
    pub cluster: Cow<'a, str>,
    pub topic: Cow<'a, str>,
    pub partition: i32,
    /// Of a gap: its first offset.
    pub offset: i64,
    /// The record's own; null for a gap, and where the record has none or one that has no text.
    pub timestamp: Option<Timestamp>,
    pub outcome: Outcome,
    pub severity: Severity,
    /// 16 hexadecimal digits: alerts of one cause share it.
    pub group: String,
    pub reasons: Reasons,
    /// All judged items of the transfer; the five `item_` arrays are parallel to it.
    pub items: Vec<EntityType>,
    pub item_counts: Vec<u32>,
    pub item_outcomes: Vec<Outcome>,
    /// Each element: reasons joined by `,`.
    pub item_reasons: Vec<String>,
    /// Each element: bases joined by `,`.
    pub item_bases: Vec<Cow<'a, str>>,
    pub paths: Vec<Cow<'a, str>>,
    /// Distinct paths before `paths` was cut.
    pub paths_total: u64,
    pub subject: Option<Cow<'a, str>>,
    /// Persons; 0 where unresolved.
    pub subject_count: u32,
    pub recipient: Option<Cow<'a, str>>,
    pub recipient_name: Option<Cow<'a, str>>,
    pub recipient_role: Option<Role>,
    /// F of `DECISION.md` §2.
    pub countries: Vec<Country>,
    pub country_legal: Option<Country>,
    pub country_observed: Option<Country>,
    pub country_declared: Option<Country>,
    pub geo_confidence: Option<GeoConfidence>,
    pub geo_build: Option<Cow<'a, str>>,
    pub asn: Option<u32>,
    pub as_organisation: Option<Cow<'a, str>>,
    pub facts_seen: Vec<Cow<'a, str>>,
    pub notes: Vec<Note>,
    /// `sha256:HEX`, as the two that follow.
    pub rules: Cow<'a, str>,
    pub facts: Cow<'a, str>,
    pub config: Cow<'a, str>,

    /// `transfer` only, and only where it is not `timestamp`: T of `DECISION.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_at: Option<Timestamp>,

    /// `uninspectable`: where reading ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// `uninspectable`: an issue code, `PANIC` or `CRASHER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'a, str>>,
    /// `uninspectable`: length of the record's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// `uninspectable`: `KID:HEX`, by which whoever holds key and payload can tell that it is this payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_hmac: Option<Cow<'a, str>>,

    /// `truncated`: alerts of kind `transfer` that the record would have owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts_total: Option<u64>,
    /// `truncated`: transfers of the record, whatever their outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers_total: Option<u64>,

    /// `gap`: first offset that was not inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// `gap`: the offset after the last one that was not inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<GapCause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    Transfer,
    Uninspectable,
    Truncated,
    Gap,
}

impl AlertKind {
    /// All of them, in declaration order.
    pub const ALL: [AlertKind; 4] =
        [AlertKind::Transfer, AlertKind::Uninspectable, AlertKind::Truncated, AlertKind::Gap];

    pub const fn as_str(self) -> &'static str {
        match self {
            AlertKind::Transfer => "transfer",
            AlertKind::Uninspectable => "uninspectable",
            AlertKind::Truncated => "truncated",
            AlertKind::Gap => "gap",
        }
    }
}

/// A status never moves backwards. All but `open` belong to a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    Provisional,
    Confirmed,
    Cleared,
}

/// The stage at which a record could not be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Decode,
    Inspect,
    Locate,
    Decide,
}

/// Why a range of offsets was not inspected, as far as sumun itself knows (contracts: alert `gap`, receipt `gap`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// The broker deleted the records before they were read.
    Retention,
    /// The log ends before the position: it was cut back, or the topic made anew.
    Truncation,
    /// A batch that cannot be read, for its checksum does not match.
    CorruptBatch,
}

impl GapCause {
    pub const ALL: [GapCause; 3] = [GapCause::Retention, GapCause::Truncation, GapCause::CorruptBatch];

    pub const fn as_str(self) -> &'static str {
        match self {
            GapCause::Retention => "retention",
            GapCause::Truncation => "truncation",
            GapCause::CorruptBatch => "corrupt_batch",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Alert;

    #[test]
    fn the_example_of_the_contract_reads_and_writes_back_byte_for_byte() {
        let example = include_str!("../tests/contracts/alert.json");
        let alert: Alert<'_> = serde_json::from_str(example).unwrap();
        // The example is laid out for people; an alert has no white space outside texts, and neither has this one.
        let bare: String =
            example.lines().map(str::trim).collect::<String>().replace("\": ", "\":").replace(", ", ",");
        let written = serde_json::to_string(&alert).unwrap();
        assert_eq!(written.replace(", ", ","), bare);
    }
}
