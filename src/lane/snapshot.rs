//! What a record is judged under: rules, facts, routes and geo together, immutable, swapped whole.

use std::sync::Arc;

use crate::decide::Policy;
use crate::facts::Facts;
use crate::inspect::Inspector;
use crate::locate::{AddressIndex, Routes};
use crate::subject::Keyring;

/// What is loaded from files is shared with the snapshots before and after it, as long as its files are the same.
pub struct Snapshot {
    pub inspector: Arc<Inspector>,
    pub facts: Arc<Facts>,
    pub routes: Arc<Routes>,
    pub addresses: Arc<AddressIndex>,
    pub keyring: Keyring,
    pub policy: Policy,
    pub digests: Digests,
    /// Build date of the geo database, `2026-11-01`.
    pub geo_build: Option<String>,
    /// No heartbeat is configured: how fresh the facts are is not known.
    pub freshness_unknown: bool,
}

/// What a verdict depends on, as it stands on every alert and receipt: `sha256:HEX` each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    pub rules: String,
    pub facts: String,
    pub config: String,
}
