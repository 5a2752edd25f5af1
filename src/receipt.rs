//! The receipt as it goes to Kafka (contracts, "Receipt"): of this partition, offsets `[from, to)` were inspected,
//! and this is what they held.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::alert::GapCause;
use crate::destination::Country;
use crate::entity::EntityType;
use crate::timestamp::Timestamp;
use crate::verdict::{Outcome, Reasons};

pub const SCHEMA_VERSION: u32 = 1;

/// Fields that it does not know are passed over when it is read: outputs may gain fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub schema_version: u32,
    pub group: String,
    pub topic: String,
    pub partition: i32,
    pub from: i64,
    pub to: i64,
    pub records: u64,
    /// Value lengths.
    pub bytes: u64,
    /// Smallest and largest; null where no record has a time that can be printed.
    pub first_timestamp: Option<Timestamp>,
    pub last_timestamp: Option<Timestamp>,
    /// Records by verdict; the five add up to `records`.
    pub clear: u64,
    pub domestic: u64,
    pub permitted: u64,
    pub violation: u64,
    pub indeterminate: u64,
    /// What the records of the range owe, each once.
    pub alerts: u64,
    /// `sha256:HEX`, as the two that follow; of the one snapshot under which the range was judged.
    pub rules: String,
    pub facts: String,
    pub config: String,
    /// The lane that wrote it.
    pub member: String,
    /// Random, one per assignment.
    pub session: String,
    /// Records with bytes that were not read.
    pub uninspectable: u64,
    /// A range that was not inspected, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<GapCause>,
    /// Counted from 1; several receipts of one range, complete only together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    pub register: Vec<RegisterRow>,
}

/// One row of the register (국외이전 대장): the key, then what it sums up. Rows are not additive, records are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterRow {
    /// Null: the unknown recipient.
    pub recipient: Option<String>,
    /// Null where none is foreign.
    pub country: Option<Country>,
    pub outcome: Outcome,
    /// `kind:id@version…`; null where none.
    pub basis: Option<String>,
    pub purpose: Option<String>,
    pub transfer_type: Option<String>,
    pub reasons: Reasons,
    /// Union.
    pub items: Vec<EntityType>,
    /// Each record once.
    pub records: u64,
    /// Value lengths of these records.
    pub bytes: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

impl Receipt {
    /// Key of the record in Kafka.
    pub fn key(&self) -> String {
        key(&self.group, &self.topic, self.partition)
    }

    /// Body of the record in Kafka.
    pub fn to_json(&self) -> Vec<u8> {
        // Cannot fail: no maps, no foreign types, and a timestamp is made only of what can be printed.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The begin of an assignment: `[p, p)`.
    pub fn is_begin(&self) -> bool {
        self.from == self.to
    }

    pub fn counts(&self) -> Counts {
        Counts {
            records: self.records,
            bytes: self.bytes,
            clear: self.clear,
            domestic: self.domestic,
            permitted: self.permitted,
            violation: self.violation,
            indeterminate: self.indeterminate,
            alerts: self.alerts,
            uninspectable: self.uninspectable,
            first_timestamp: self.first_timestamp,
            last_timestamp: self.last_timestamp,
        }
    }
}

/// `group/topic/partition`: all receipts of a partition lie in one partition of the receipts topic.
pub fn key(group: &str, topic: &str, partition: i32) -> String {
    format!("{group}/{topic}/{partition}")
}

/// What a receipt counts. Sums of them count for several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub records: u64,
    pub bytes: u64,
    pub clear: u64,
    pub domestic: u64,
    pub permitted: u64,
    pub violation: u64,
    pub indeterminate: u64,
    pub alerts: u64,
    pub uninspectable: u64,
    pub first_timestamp: Option<Timestamp>,
    pub last_timestamp: Option<Timestamp>,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.clear += other.clear;
        self.domestic += other.domestic;
        self.permitted += other.permitted;
        self.violation += other.violation;
        self.indeterminate += other.indeterminate;
        self.alerts += other.alerts;
        self.uninspectable += other.uninspectable;
        self.first_timestamp = earlier(self.first_timestamp, other.first_timestamp);
        self.last_timestamp = self.last_timestamp.max(other.last_timestamp);
    }
}

/// The smaller of the two that exist (`None` is smaller than any `Some`, so `min` would lose it).
pub fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
