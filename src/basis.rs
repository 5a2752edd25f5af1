//! Legal bases of PIPA Art. 28-8(1) other than consent, and the suspension order of Art. 28-9.

use serde::{Deserialize, Serialize};

use crate::disclosure::Named;
use crate::entity::ItemClass;
use crate::time::Interval;

/// One version of a basis. Of the versions of one basis only the highest that has begun counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    pub id: String,
    pub version: u64,
    pub kind: BasisKind,
    /// From `effective_at` to `lifted_at` for a suspension order, else from `valid_from` to `valid_to`.
    pub in_force: Interval,
    /// `None` is any recipient, country or item where `DECISION.md` says "absent: any", else none.
    pub recipients: Option<Vec<Named>>,
    pub countries: Option<Vec<String>>,
    pub items: Option<Vec<String>>,
    /// Statute and treaty: one of them must be declared.
    pub purposes: Option<Vec<String>>,
    /// Adequacy: what it does not extend to.
    pub excluded_items: Vec<String>,
    pub excluded_classes: Vec<ItemClass>,
    /// Certification: when the certificate runs out.
    pub expires_ms: Option<i64>,
    /// Certification: both the security measures and those in the destination country are taken.
    pub measures: bool,
    /// Entrustment: necessary to conclude and perform a contract with the subject.
    pub necessary: bool,
    /// Entrustment: `id@version` of the disclosure that tells of it.
    pub disclosed_by: Option<String>,
    /// Entrustment: when the subjects were told one by one instead (Decree 29-7).
    pub notice_sent_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisKind {
    /// Art. 28-9
    SuspensionOrder,
    /// Art. 28-8(1) no. 2
    Statute,
    /// Art. 28-8(1) no. 2
    Treaty,
    /// Art. 28-8(1) no. 5: the country is recognised as equivalent.
    Adequacy,
    /// Art. 28-8(1) no. 4
    Certification,
    /// Art. 28-8(1) no. 3: entrustment or storage that a contract with the subject needs.
    ContractEntrustment,
}

impl BasisKind {
    /// All of them, in declaration order.
    pub const ALL: [BasisKind; 6] = [
        BasisKind::SuspensionOrder,
        BasisKind::Statute,
        BasisKind::Treaty,
        BasisKind::Adequacy,
        BasisKind::Certification,
        BasisKind::ContractEntrustment,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            BasisKind::SuspensionOrder => "suspension_order",
            BasisKind::Statute => "statute",
            BasisKind::Treaty => "treaty",
            BasisKind::Adequacy => "adequacy",
            BasisKind::Certification => "certification",
            BasisKind::ContractEntrustment => "contract_entrustment",
        }
    }
}
