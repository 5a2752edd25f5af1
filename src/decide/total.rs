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

#[cfg(test)]
mod tests {
    use crate::decide::Policy;
    use crate::destination::Country;
    use crate::entity::EntityType::{
        self, BankAccount, ConnectingInformation, CustomsCode, EmailAddress, PassportNumber, PersonName,
        PhoneNumber, ResidentRegistrationNumber,
    };
    use crate::verdict::Outcome::{self, Clear, Domestic, Indeterminate, Permitted, Violation};
    use crate::verdict::Reason::{self, NoBasis, NoConsent, SuspensionOrder, WildcardDisclosure};
    use crate::verdict::{ItemVerdict, Reasons, Severity, TransferVerdict};

    use super::{severity, sum};

    fn transfer(
        recipient: Option<&str>,
        subject: Option<&str>,
        subject_count: u32,
        outcome: Outcome,
    ) -> TransferVerdict {
        TransferVerdict {
            recipient: recipient.map(str::to_owned),
            subject: subject.map(str::to_owned),
            countries: Vec::new(),
            outcome,
            items: Vec::new(),
            notes: Vec::new(),
            subject_count,
            cells: Vec::new(),
            facts_seen: Vec::new(),
        }
    }

    #[test]
    fn transfers_are_sorted_by_bytes_and_null_comes_first() {
        let keys = [
            (None, None, 0),
            (None, Some("k"), 1),
            (Some("B"), None, 0),
            (Some("a"), Some("k"), 1),
            (Some("a"), Some("k"), 2),
        ];
        let transfers = keys
            .iter()
            .rev()
            .map(|&(recipient, subject, count)| transfer(recipient, subject, count, Permitted));
        let verdict = sum(transfers.collect(), false, false);
        let sorted: Vec<_> = verdict
            .transfers
            .iter()
            .map(|transfer| {
                (transfer.recipient.as_deref(), transfer.subject.as_deref(), transfer.subject_count)
            })
            .collect();
        assert_eq!(sorted, keys);
    }

    #[test]
    fn bytes_that_were_not_read_make_a_record_at_least_indeterminate_unless_it_stays_at_home() {
        let check = |outcomes: &[Outcome], all_domestic, expected, has_reason| {
            let transfers = outcomes.iter().map(|outcome| transfer(None, None, 0, *outcome)).collect();
            let verdict = sum(transfers, true, all_domestic);
            assert_eq!(
                (verdict.outcome, !verdict.reasons.is_empty()),
                (expected, has_reason),
                "{outcomes:?}"
            );
        };
        check(&[], false, Indeterminate, true);
        check(&[], true, Clear, false);
        check(&[Domestic], true, Domestic, false);
        check(&[Permitted, Domestic], false, Indeterminate, true);
        check(&[Violation], false, Violation, true);
    }

    #[test]
    fn severity_looks_at_the_items_that_are_not_covered() {
        let policy = Policy { home: Country::parse("KR").unwrap(), sensitive: Vec::new() };
        let check = |items: &[(EntityType, Outcome)], reason: Reason, expected| {
            let mut transfer = transfer(None, None, 0, Violation);
            for &(entity, outcome) in items {
                let reasons = Reasons::one(reason);
                transfer.items.push(ItemVerdict { entity, count: 1, outcome, basis: Vec::new(), reasons });
            }
            assert_eq!(severity(&transfer, &policy), expected, "{items:?} {reason:?}");
        };
        check(&[(ResidentRegistrationNumber, Violation)], Reason::RrnNeverConsentable, Severity::Critical);
        check(&[(ConnectingInformation, Indeterminate)], NoConsent, Severity::Critical);
        check(&[(CustomsCode, Violation)], SuspensionOrder, Severity::Critical);
        check(&[(PassportNumber, Violation)], NoConsent, Severity::High);
        check(&[(BankAccount, Violation)], NoBasis, Severity::Critical);
        check(&[(PersonName, Violation), (EmailAddress, Indeterminate)], NoConsent, Severity::Medium);
        check(&[(PersonName, Violation), (PhoneNumber, Violation)], WildcardDisclosure, Severity::High);
        check(&[(PersonName, Violation), (PhoneNumber, Permitted)], NoConsent, Severity::Low);
        check(&[(PhoneNumber, Violation), (BankAccount, Permitted)], NoBasis, Severity::Medium);
    }
}
