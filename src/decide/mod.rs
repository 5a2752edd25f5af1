//! The decision: one pure function from what a record holds, where it goes and what is known, to a verdict
//! (`DECISION.md` §3–§5). The articles are those of the Personal Information Protection Act (PIPA).
//!
//! It does not find out who, what and where (`locate`), and it does not write alerts (`owe`).

mod consent;
mod explain;
mod total;

use std::cell::OnceCell;

use crate::basis::BasisKind;
use crate::destination::{Country, Destination, EvidenceKind, GeoConfidence, Reach};
use crate::disclosure::TransferType;
use crate::entity::{EntityType, ItemClass};
use crate::facts::{Facts, Grounds, Party, Symbol};
use crate::recipient::{Recipient, RecipientIndex, Role};
use crate::subject::Subject;
use crate::verdict::{Cell, ItemVerdict, Note, Outcome, Reason, Reasons, TransferVerdict};

use consent::{Candidate, Person};
pub use explain::{Asked, AskedAct, Chain, Lack, Step, StepKind, explain};
pub use total::{severity, sum};

/// What is judged: one record's data of one subject going to one recipient.
pub struct Matter<'a> {
    /// The record's time, in ms since the epoch.
    pub at_ms: i64,
    /// `None` is the unknown recipient.
    pub recipient: Option<&'a Recipient>,
    pub subject: &'a Subject,
    pub destination: &'a Destination,
    /// As declared; `None` where nothing is.
    pub purpose: Option<&'a str>,
    /// As declared; `None` where nothing is.
    pub transfer_type: Option<&'a str>,
    /// Findings to judge by entity, in entity order.
    pub items: &'a [(EntityType, u32)],
}

/// What the operator has decided, not the law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub home: Country,
    /// Entity types that the operator holds for sensitive (Art. 23).
    pub sensitive: Vec<EntityType>,
}

impl Policy {
    /// The class of an item (§1). What the law classes itself cannot be made sensitive instead.
    pub fn class(&self, entity: EntityType) -> ItemClass {
        match entity.class() {
            ItemClass::General if self.sensitive.contains(&entity) => ItemClass::Sensitive,
            class => class,
        }
    }
}

/// How many facts a verdict names, at most.
const FACTS_SEEN_MAX: usize = 20;

/// Judges one transfer.
pub fn decide(matter: &Matter<'_>, facts: &Facts, policy: &Policy) -> TransferVerdict {
    let mut seen = Vec::new();
    let cells = match matter.destination.reach {
        Reach::Unknown => everywhere(matter, Outcome::Indeterminate, Reasons::one(Reason::GeoUnknown)),
        Reach::Domestic => everywhere(matter, Outcome::Domestic, Reasons::NONE),
        Reach::Abroad => abroad(matter, facts, policy, &mut seen),
    };
    seen.sort_unstable();
    seen.dedup();
    seen.truncate(FACTS_SEEN_MAX);
    let items: Vec<_> = matter.items.iter().map(|&(entity, count)| item(entity, count, &cells)).collect();
    TransferVerdict {
        recipient: matter.recipient.map(|recipient| recipient.id.clone()),
        subject: match matter.subject {
            Subject::Unresolved => None,
            Subject::Persons { token, .. } => Some(token.0.clone()),
        },
        countries: matter.destination.countries.clone(),
        outcome: items.iter().map(|item| item.outcome).max().unwrap_or_default(),
        items,
        notes: notes(matter, &cells),
        subject_count: u32::try_from(matter.subject.count()).unwrap_or(u32::MAX),
        cells,
        facts_seen: seen,
    }
}

/// The same for every item, where no country is foreign.
fn everywhere(matter: &Matter<'_>, outcome: Outcome, reasons: Reasons) -> Vec<Cell> {
    let cell = |&(entity, _): &(EntityType, u32)| Cell {
        entity,
        country: None,
        outcome,
        basis: Vec::new(),
        reasons,
    };
    matter.items.iter().map(cell).collect()
}

/// Every item must be covered for every country of F.
fn abroad(matter: &Matter<'_>, facts: &Facts, policy: &Policy, seen: &mut Vec<String>) -> Vec<Cell> {
    let case = Case::new(matter, facts);
    let mut cells = Vec::with_capacity(matter.items.len() * matter.destination.countries.len());
    for &(entity, _) in matter.items {
        for &country in &matter.destination.countries {
            let question = Question {
                entity,
                class: policy.class(entity),
                country,
                only_declared: !is_seen(country, matter.destination),
            };
            let answer = case.answer(&question, seen);
            cells.push(Cell {
                entity,
                country: Some(country),
                outcome: answer.outcome,
                basis: answer.basis,
                reasons: answer.reasons,
            });
        }
    }
    cells
}

/// Whether anything but the sender's word puts the transfer into that country.
fn is_seen(country: Country, destination: &Destination) -> bool {
    let has_legal = destination.evidence.iter().any(|evidence| evidence.kind == EvidenceKind::Legal);
    destination.evidence.iter().filter(|evidence| evidence.country == country).any(|evidence| match evidence
        .kind
    {
        EvidenceKind::Legal | EvidenceKind::Override => true,
        EvidenceKind::Observed => evidence.confidence != Some(GeoConfidence::Low) || !has_legal,
        EvidenceKind::Declared => false,
    })
}

/// What a record declares, where it declares something.
#[derive(Clone, Copy)]
enum Declared<T> {
    Nothing,
    /// `None` is something that no fact could list.
    Something(Option<T>),
}

/// When, for what and how.
#[derive(Clone, Copy)]
struct Terms {
    at_ms: i64,
    purpose: Declared<Symbol>,
    transfer_type: Declared<TransferType>,
}

/// What all items of a transfer have in common.
struct Case<'a> {
    terms: Terms,
    facts: &'a Facts,
    recipient: Option<(RecipientIndex, &'a Party)>,
    subject: &'a Subject,
    /// The versions that count of the bases whose recipients match (absent: any), in force or not.
    standing: Vec<&'a Grounds>,
    /// What the persons of the subject did; looked up when the first item comes to step 8.
    persons: OnceCell<Vec<Person<'a>>>,
    /// The texts that an unresolved subject could have consented to; looked up like `persons`.
    candidates: OnceCell<Vec<Candidate<'a>>>,
}

/// One item and one country of F.
struct Question {
    entity: EntityType,
    class: ItemClass,
    country: Country,
    only_declared: bool,
}

struct Answer {
    outcome: Outcome,
    basis: Vec<String>,
    reasons: Reasons,
}

impl Answer {
    fn permitted(basis: &str) -> Answer {
        Answer { outcome: Outcome::Permitted, basis: vec![basis.to_owned()], reasons: Reasons::NONE }
    }

    fn because(outcome: Outcome, reasons: Reasons) -> Answer {
        Answer { outcome, basis: Vec::new(), reasons }
    }
}

impl<'a> Case<'a> {
    fn new(matter: &Matter<'a>, facts: &'a Facts) -> Case<'a> {
        let recipient = matter.recipient.and_then(|recipient| facts.party(&recipient.id));
        let at_ms = matter.at_ms;
        // A list of recipients does not match the unknown one.
        let matches = |grounds: &&Grounds| {
            grounds.recipients.is_none() || recipient.is_some_and(|(_, party)| grounds.names(party, at_ms))
        };
        Case {
            terms: Terms {
                at_ms,
                purpose: declared(matter.purpose, |purpose| facts.symbol(purpose)),
                transfer_type: declared(matter.transfer_type, TransferType::parse),
            },
            facts,
            recipient,
            subject: matter.subject,
            standing: facts.standing(recipient.map(|(index, _)| index), at_ms).filter(matches).collect(),
            persons: OnceCell::new(),
            candidates: OnceCell::new(),
        }
    }

    /// §3: the first step that applies decides.
    fn answer(&self, question: &Question, seen: &mut Vec<String>) -> Answer {
        // 1. Suspension order [Art. 28-9]
        if let Some(order) = smallest(self.in_force(&[BasisKind::SuspensionOrder]).filter(|order| {
            order.countries.as_ref().is_none_or(|countries| countries.contains(question.country))
        })) {
            seen.push(order.printed.to_string());
            return Answer::because(Outcome::Violation, Reasons::one(Reason::SuspensionOrder));
        }
        // 2. Statute or treaty [Art. 28-8(1) no. 2]
        let laws = self.in_force(&[BasisKind::Statute, BasisKind::Treaty]);
        if let Some(law) = smallest(laws.filter(|law| self.law_permits(law, question))) {
            return Answer::permitted(&law.printed);
        }
        // 3. Resident registration number [Art. 24-2]
        if question.entity == EntityType::ResidentRegistrationNumber {
            return Answer::because(Outcome::Violation, Reasons::one(Reason::RrnNeverConsentable));
        }
        // 4. Adequacy [Art. 28-8(1) no. 5]
        let adequate = self.adequacies(question).filter(|a| !a.excludes(question.entity, question.class));
        if let Some(adequacy) = smallest(adequate) {
            return Answer::permitted(&adequacy.printed);
        }
        // 5. Unknown recipient: what follows asks who it is.
        let Some((recipient, party)) = self.recipient else {
            return Answer::because(Outcome::Violation, Reasons::one(Reason::RecipientUnknown));
        };
        // 6. Certification [Art. 28-8(1) no. 4]
        let certified = self.certifications(question).filter(|certification| {
            certification.in_force.contains(self.terms.at_ms)
                && !self.is_past_expiry(certification)
                && certification.measures
        });
        if let Some(certification) = smallest(certified) {
            return Answer::permitted(&certification.printed);
        }
        // 7. Contract-necessary entrustment or storage [Art. 28-8(1) no. 3]
        let entrusted = self.entrustments(question).filter(|entrustment| {
            self.is_entrustment(party)
                && entrustment.necessary
                && self.is_disclosed(entrustment, party, question)
        });
        if let Some(entrustment) = smallest(entrusted) {
            return Answer::permitted(&entrustment.printed);
        }
        // 8. Consent [Art. 28-8(1) no. 1]
        let mut answer = match self.subject {
            Subject::Persons { .. } => self.consent(question, party, seen),
            Subject::Unresolved => self.consent_of_anybody(question, party, seen),
        };
        // Otherwise violation, and what the steps before found wrong.
        if answer.outcome == Outcome::Violation {
            self.find_fault(question, (recipient, party), &mut answer.reasons, seen);
        }
        answer
    }

    fn in_force(&self, kinds: &'static [BasisKind]) -> impl Iterator<Item = &'a Grounds> {
        let standing = self.standing.iter().copied();
        standing
            .filter(|grounds| kinds.contains(&grounds.kind) && grounds.in_force.contains(self.terms.at_ms))
    }

    /// Each of `countries` and `items` absent: any. A resident number only where `items` names it.
    fn law_permits(&self, law: &Grounds, question: &Question) -> bool {
        let item = || match law.items {
            Some(items) => items.contains(question.entity),
            None => question.entity != EntityType::ResidentRegistrationNumber,
        };
        law.countries.as_ref().is_none_or(|countries| countries.contains(question.country))
            && item()
            && self.purpose_is_listed(law)
    }

    /// Where a law lists purposes, one of them must be declared.
    fn purpose_is_listed(&self, law: &Grounds) -> bool {
        match (&law.purposes, self.terms.purpose) {
            (None, _) => true,
            (Some(purposes), Declared::Something(Some(purpose))) => purposes.contains(&purpose),
            (Some(_), _) => false,
        }
    }

    /// Those in force that list the country, which nobody but the sender has named: he does not choose it.
    fn adequacies(&self, question: &Question) -> impl Iterator<Item = &'a Grounds> {
        self.in_force(&[BasisKind::Adequacy]).filter(|adequacy| {
            !question.only_declared
                && adequacy.countries.as_ref().is_some_and(|countries| countries.contains(question.country))
        })
    }

    /// Those that have begun and match recipient (by name), country and item (absent: any), expired or not.
    fn certifications(&self, question: &Question) -> impl Iterator<Item = &'a Grounds> {
        self.standing.iter().copied().filter(|certification| {
            certification.kind == BasisKind::Certification
                && certification.recipients.is_some()
                && certification
                    .countries
                    .as_ref()
                    .is_none_or(|countries| countries.contains(question.country))
                && certification.items.is_none_or(|items| items.contains(question.entity))
        })
    }

    fn is_past_expiry(&self, certification: &Grounds) -> bool {
        certification.expires_ms.is_some_and(|expires_ms| expires_ms <= self.terms.at_ms)
    }

    /// Those in force that name recipient, country and item.
    fn entrustments(&self, question: &Question) -> impl Iterator<Item = &'a Grounds> {
        self.in_force(&[BasisKind::ContractEntrustment]).filter(|entrustment| {
            entrustment.recipients.is_some()
                && entrustment
                    .countries
                    .as_ref()
                    .is_some_and(|countries| countries.contains(question.country))
                && entrustment.items.is_some_and(|items| items.contains(question.entity))
        })
    }

    /// Whether the transfer is an entrustment (Art. 26): by the recipient's role and the declared type.
    fn is_entrustment(&self, party: &Party) -> bool {
        let declared = match self.terms.transfer_type {
            Declared::Nothing => true,
            Declared::Something(transfer_type) => transfer_type.is_some_and(TransferType::is_entrustment),
        };
        party.is_processor && declared
    }

    /// By a text in force, or by a notice to the subjects (Decree 29-7).
    fn is_disclosed(&self, entrustment: &Grounds, party: &Party, question: &Question) -> bool {
        if entrustment.notice_sent_ms.is_some_and(|sent_ms| sent_ms <= self.terms.at_ms) {
            return true;
        }
        let text = entrustment.disclosed_by.and_then(|index| self.facts.text(index));
        text.filter(|text| text.in_force.contains(self.terms.at_ms)).is_some_and(|text| {
            let candidates =
                text.entries.iter().map(|entry| Candidate::of_text(text, entry, party, self.terms.at_ms));
            candidates.into_iter().any(|candidate| self.failures(&candidate, question, party).is_empty())
        })
    }

    /// What else is wrong where nothing permits (the list at the end of §3).
    fn find_fault(
        &self,
        question: &Question,
        (recipient, party): (RecipientIndex, &Party),
        reasons: &mut Reasons,
        seen: &mut Vec<String>,
    ) {
        for adequacy in self.adequacies(question) {
            reasons.insert(Reason::AdequacyScopeExcluded);
            seen.push(adequacy.printed.to_string());
        }
        for certification in self.certifications(question) {
            let has_ended =
                certification.in_force.has_ended(self.terms.at_ms) || self.is_past_expiry(certification);
            reasons.extend(has_ended.then_some(Reason::CertExpired));
            reasons.extend((!certification.measures).then_some(Reason::CertMeasuresMissing));
            seen.push(certification.printed.to_string());
        }
        for entrustment in self.entrustments(question) {
            reasons.extend((!self.is_entrustment(party)).then_some(Reason::BasisNotEntrustment));
            reasons.extend((!entrustment.necessary).then_some(Reason::BasisNotNecessary));
            let is_disclosed = self.is_disclosed(entrustment, party, question);
            reasons.extend((!is_disclosed).then_some(Reason::BasisNotDisclosed));
            seen.push(entrustment.printed.to_string());
        }
        if !reasons.contains(Reason::WildcardDisclosure) && !self.is_named_anywhere(recipient, party) {
            reasons.insert(Reason::NoBasis);
        }
    }

    /// By any text published by now, or by any version of a basis of steps 2, 6 and 7, whenever valid.
    fn is_named_anywhere(&self, recipient: RecipientIndex, party: &Party) -> bool {
        let published = self.facts.texts().iter().filter(|text| text.in_force.has_begun(self.terms.at_ms));
        let by_text = || {
            published
                .flat_map(|text| &text.entries)
                .any(|entry| entry.recipients.names(party, self.terms.at_ms))
        };
        let by_basis = || {
            self.facts.bases(recipient).any(|grounds| {
                !matches!(grounds.kind, BasisKind::SuspensionOrder | BasisKind::Adequacy)
                    && grounds.names(party, self.terms.at_ms)
            })
        };
        by_basis() || by_text()
    }
}

fn declared<T>(text: Option<&str>, read: impl FnOnce(&str) -> Option<T>) -> Declared<T> {
    text.map_or(Declared::Nothing, |text| Declared::Something(read(text)))
}

/// By the text that it is printed as.
fn smallest<'a>(grounds: impl Iterator<Item = &'a Grounds>) -> Option<&'a Grounds> {
    grounds.min_by(|a, b| a.printed.cmp(&b.printed))
}

/// Over the countries of F: the worst outcome, reasons and bases united.
fn item(entity: EntityType, count: u32, cells: &[Cell]) -> ItemVerdict {
    let mut verdict =
        ItemVerdict { entity, count, outcome: Outcome::Clear, basis: Vec::new(), reasons: Reasons::NONE };
    for cell in cells.iter().filter(|cell| cell.entity == entity) {
        verdict.outcome = verdict.outcome.max(cell.outcome);
        verdict.reasons = verdict.reasons.union(cell.reasons);
        verdict.basis.extend(cell.basis.iter().cloned());
    }
    verdict.basis.sort_unstable();
    verdict.basis.dedup();
    verdict
}

/// Remarks, in byte order.
fn notes(matter: &Matter<'_>, cells: &[Cell]) -> Vec<Note> {
    let evidence = matter.destination.evidence.as_slice();
    let mut notes = Vec::new();
    if is_declared_elsewhere(matter.destination) {
        notes.push(Note::DeclaredCountryMismatch);
    }
    if evidence.iter().any(|evidence| evidence.confidence == Some(GeoConfidence::Low)) {
        notes.push(Note::GeoLowConfidence);
    }
    // Adequacy and certification let data leave the country, not the company: provision to a third party
    // still wants its own basis (Art. 28-8(4), Art. 17).
    let is_processor = matter.recipient.and_then(|recipient| recipient.role).is_some_and(Role::is_processor);
    let lets_out = |basis: &String| basis.starts_with("adequacy:") || basis.starts_with("certification:");
    if !is_processor && cells.iter().any(|cell| cell.basis.iter().any(lets_out)) {
        notes.push(Note::ThirdPartyConsentNotJudged);
    }
    notes
}

/// Declared, and neither the legal nor the observed country, while there is one of these.
fn is_declared_elsewhere(destination: &Destination) -> bool {
    let of_kind = |kinds: &'static [EvidenceKind]| {
        destination.evidence.iter().filter(|evidence| kinds.contains(&evidence.kind))
    };
    let known = || of_kind(&[EvidenceKind::Legal, EvidenceKind::Observed]);
    let mut declared = of_kind(&[EvidenceKind::Declared]);
    known().next().is_some()
        && declared.any(|declared| known().all(|known| known.country != declared.country))
}
