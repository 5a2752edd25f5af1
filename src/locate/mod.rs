//! Whose data, to whom and where: a record's scopes, subjects, recipients and countries (`DECISION.md` §1–§2).
//!
//! [`Routes`] say where a record tells it, [`locate`] reads that. It judges nothing: whether a transfer is covered
//! is `decide`'s.

mod address;
mod country;
mod distinct;
mod path;
mod resolve;
mod route;
mod scan;
mod spec;
mod topic;

use crate::decode;
use crate::destination::{Country, Destination};
use crate::entity::EntityType;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::recipient::RecipientIndex;
use crate::record::Record;
use crate::subject::{Keyring, Subject};

pub use address::{
    AddressIndex, Database, Networks, Observed, ObservedCountry, Place, is_public, parse_address,
};
pub use path::{FieldPath, PathError, Step};
pub use resolve::DECLARES_PERSONAL_DATA;
pub use route::{PATHS_MAX, Route, Routes, TooManyPaths};
pub use scan::{HITS_MAX, INSTANCES_MAX};
pub use spec::{RecipientSelector, RouteSpec, ScopeSpec, Selectors, Source, SubjectSelector};
pub use topic::{TopicError, TopicPattern};

/// One record's data of one subject going to one recipient, before it is judged.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// `None` is the unknown recipient.
    pub recipient: Option<RecipientIndex>,
    pub subject: Subject,
    pub destination: Destination,
    /// Judged findings by entity, in entity order. Never empty.
    pub items: Vec<(EntityType, u32)>,
    /// Positions in the record's findings of those that are judged here, in record order.
    pub findings: Vec<u32>,
    pub position: Position,
}

/// Where in the record a transfer first shows: the `r` and `s` of an alert's id (contracts, "Alert").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Of the scope instance, in record order; 0 is the record itself.
    pub scope: u32,
    /// Of the value among those that decide the recipients of that instance.
    pub value: u32,
    /// Of the recipient among those bound to that value, in byte order of ids.
    pub recipient: u32,
}

/// Where one record goes.
#[derive(Clone, Debug)]
pub struct Located {
    /// When, in ms since the epoch: what the route's `time` says, else the record's own time.
    pub at_ms: i64,
    /// One per recipient and subject with a finding to judge, in the order in which they first show.
    pub transfers: Vec<Transfer>,
    /// As declared by the record, and never empty; [`DECLARES_PERSONAL_DATA`] where that holds personal data.
    pub purpose: Option<String>,
    pub transfer_type: Option<String>,
    /// Whether every recipient of the record, with findings or not, is at home: then bytes that nobody read are
    /// no transfer abroad. Of a value that was not read only headers, key and topic speak.
    pub all_domestic: bool,
}

impl Located {
    /// Of a record that nobody asked about: no transfers, and no recipient known to be at home.
    pub fn nowhere(at_ms: i64) -> Located {
        Located { at_ms, transfers: Vec::new(), purpose: None, transfer_type: None, all_domestic: false }
    }
}

/// Memory that is reused from record to record, one per lane.
#[derive(Default)]
pub struct Scratch {
    decode: decode::Scratch,
    scanned: scan::Scanned,
    resolved: resolve::Resolved,
}

/// Works out the transfers of a record. `route` is that of the record's topic, `at_ms` the record's own time;
/// `findings` are in record order.
///
/// No route: one unknown recipient, one unresolved subject, no evidence. So is a record with more scope instances,
/// values or pairs than the limits allow: nobody is named whom it does not surely go to.
#[expect(clippy::too_many_arguments, reason = "what a destination depends on, each of another origin")]
pub fn locate(
    route: Option<&Route>,
    record: &Record<'_>,
    at_ms: i64,
    findings: &[Finding],
    facts: &Facts,
    keyring: &Keyring,
    addresses: &AddressIndex,
    home: Country,
    scratch: &mut Scratch,
) -> Located {
    let nowhere = Route::default();
    let route = route.unwrap_or(&nowhere);
    let Scratch { decode, scanned, resolved } = scratch;
    scan(route, record, decode, scanned);
    let resolving = resolve::Resolving { route, record, facts, keyring, addresses, home, scanned };
    resolving.locate(at_ms, findings, resolved)
}

/// Walks the value and the key, each only where a path leads into it.
fn scan(route: &Route, record: &Record<'_>, decode: &mut decode::Scratch, found: &mut scan::Scanned) {
    found.clear();
    let parts = [(record.value, &route.value, 0), (record.key, &route.key, KEY_PATHS_FROM)];
    for (bytes, set, first_path) in parts {
        if let Some(bytes) = bytes.filter(|_| !set.is_empty()) {
            decode::walk(bytes, decode, &mut scan::Scan { set, first_path, found: &mut *found });
        }
    }
    found.finish();
}

/// Bits of paths into the key come after those into the value.
const KEY_PATHS_FROM: u8 = 64;
