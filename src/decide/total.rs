//! From the transfers of a record to its verdict, and how bad a transfer is (`DECISION.md` §5).

use crate::entity::{EntityType, ItemClass};
use crate::verdict::{ItemVerdict, Outcome, Reason, Reasons, Severity, TransferVerdict, Verdict};

use super::Policy;

/// The verdict on a record. `uninspectable`: bytes of it were not read. `all_domestic`: every recipient of the
/// record is, so that what was not read stays at home.
pub fn sum(mut transfers: Vec<TransferVerdict>, uninspectable: bool, all_domestic: bool) -> Verdict {
    // `None` sorts first, texts by bytes.
    transfers.sort_by(|a, b| {
        let key = |transfer: &TransferVerdict| transfer.subject_count;
        (&a.recipient, &a.subject, key(a)).cmp(&(&b.recipient, &b.subject, key(b)))
    });
    let mut outcome = transfers.iter().map(|transfer| transfer.outcome).max().unwrap_or_default();
    let mut reasons = Reasons::NONE;
    if uninspectable && !all_domestic {
        outcome = outcome.max(Outcome::Indeterminate);
        reasons.insert(Reason::Uninspectable);
    }
    Verdict { outcome, reasons, transfers }
}

/// Over the items that are in violation or could not be judged.
pub fn severity(transfer: &TransferVerdict, policy: &Policy) -> Severity {
    let items = || transfer.items.iter().filter(|item| item.outcome.is_alert());
    let has = |entity: EntityType| items().any(|item| item.entity == entity);
    let gives = |reason: Reason| items().any(|item| item.reasons.contains(reason));
    let is_serious =
        |item: &ItemVerdict| matches!(policy.class(item.entity), ItemClass::UniqueId | ItemClass::Credit);
    let contact = [EntityType::PhoneNumber, EntityType::PostalAddress, EntityType::EmailAddress];
    let severity = if has(EntityType::ResidentRegistrationNumber)
        || has(EntityType::ConnectingInformation)
        || gives(Reason::SuspensionOrder)
    {
        Severity::Critical
    } else if items().any(is_serious) {
        Severity::High
    } else if has(EntityType::PersonName) && contact.into_iter().any(has) {
        Severity::Medium
    } else {
        Severity::Low
    };
    // A fault of the whole flow, not of one person's.
    if gives(Reason::NoBasis) || gives(Reason::WildcardDisclosure) { one_step_up(severity) } else { severity }
}

const fn one_step_up(severity: Severity) -> Severity {
    match severity {
        Severity::Low => Severity::Medium,
        Severity::Medium => Severity::High,
        Severity::High | Severity::Critical => Severity::Critical,
    }
}
