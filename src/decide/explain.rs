//! Why a transfer is judged as it is: the steps of `DECISION.md` §3 in their order, with every fact that was asked
//! and what it lacks.
//!
//! A second, slower reading for people. [`super::decide`] gives the verdict and knows nothing of this; what holds the
//! two together is a test: the step that decides here gives the outcome and the bases there.

use serde::{Serialize, Serializer};

use super::consent::{Candidate, Person};
use super::{Case, Matter, Policy, Question, is_seen};
use crate::basis::BasisKind;
use crate::consent::ActKind;
use crate::destination::{Country, Reach};
use crate::entity::EntityType;
use crate::facts::{Facts, Grounds, Party};
use crate::subject::Subject;
use crate::timestamp::Timestamp;
use crate::verdict::{Outcome, Reason, Reasons};

/// The way to what was decided for one item in one country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chain {
    pub entity: EntityType,
    pub country: Country,
    /// Those that were taken; the last one decides.
    pub steps: Vec<Step>,
}

/// One step of §3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub step: StepKind,
    /// `None`: it does not apply, and the next one is asked.
    pub decides: Option<Outcome>,
    /// What was asked. Bases that do not concern the recipient are not among it.
    pub facts: Vec<Asked>,
    /// What is wrong where no fact could be asked.
    pub reasons: Reasons,
}

/// In the order of §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    SuspensionOrder,
    StatuteOrTreaty,
    ResidentRegistrationNumber,
    Adequacy,
    UnknownRecipient,
    Certification,
    ContractEntrustment,
    Consent,
}

/// A fact that was asked, and why it does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// `statute:customs-treaty@1`, `consent:ae-checkout@2#sellers`.
    pub fact: String,
    /// The act by which somebody consented, or did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<AskedAct>,
    /// Empty: it applies.
    pub lacks: Vec<Lack>,
    /// Of a person's entries, the one that lacks the least: its lacks are the reasons.
    pub nearest: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskedAct {
    pub event: String,
    pub act: ActKind,
    /// When it took effect.
    pub effective: Option<Timestamp>,
}

/// What keeps a fact from answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// What the verdict would call it.
    Reason(Reason),
    /// It has not begun, or has ended.
    NotInForce,
    /// Nobody but the sender has named the country.
    OnlyDeclared,
    /// It lists no recipients, countries or items, and then matches none.
    NamesNothing,
    /// A resident number is covered only where `items` names it.
    NumberNotNamed,
}

impl Lack {
    pub const fn as_str(self) -> &'static str {
        match self {
            Lack::Reason(reason) => reason.as_str(),
            Lack::NotInForce => "NOT_IN_FORCE",
            Lack::OnlyDeclared => "ONLY_DECLARED",
            Lack::NamesNothing => "NAMES_NOTHING",
            Lack::NumberNotNamed => "NUMBER_NOT_NAMED",
        }
    }
}

impl Serialize for Lack {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One chain per item and country of F; none where the transfer is not abroad, for then no basis is asked.
pub fn explain(matter: &Matter<'_>, facts: &Facts, policy: &Policy) -> Vec<Chain> {
    if matter.destination.reach != Reach::Abroad {
        return Vec::new();
    }
    let case = Case::new(matter, facts);
    let mut chains = Vec::new();
    for &(entity, _) in matter.items {
        for &country in &matter.destination.countries {
            let only_declared = !is_seen(country, matter.destination);
            let question = Question { entity, class: policy.class(entity), country, only_declared };
            chains.push(Chain { entity, country, steps: case.steps(&question) });
        }
    }
    chains
}

impl Case<'_> {
    fn steps(&self, question: &Question) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut decided = false;
        let mut take = |step: Step| {
            decided |= step.decides.is_some();
            steps.push(step);
            decided
        };
        if take(self.grounds(StepKind::SuspensionOrder, question))
            || take(self.grounds(StepKind::StatuteOrTreaty, question))
        {
            return steps;
        }
        if question.entity == EntityType::ResidentRegistrationNumber {
            take(Step::without_fact(StepKind::ResidentRegistrationNumber, Reason::RrnNeverConsentable));
            return steps;
        }
        if take(self.grounds(StepKind::Adequacy, question)) {
            return steps;
        }
        let Some((_, party)) = self.recipient else {
            take(Step::without_fact(StepKind::UnknownRecipient, Reason::RecipientUnknown));
            return steps;
        };
        if take(self.grounds(StepKind::Certification, question))
            || take(self.grounds(StepKind::ContractEntrustment, question))
        {
            return steps;
        }
        take(match self.subject {
            Subject::Persons { .. } => self.consents(question, party),
            Subject::Unresolved => self.nearest_text(question, party),
        });
        steps
    }

    /// A step that asks the bases of its kind.
    fn grounds(&self, step: StepKind, question: &Question) -> Step {
        let of_kind = self.standing.iter().filter(|grounds| StepKind::of(grounds.kind) == step);
        let facts: Vec<Asked> = of_kind
            .map(|grounds| Asked {
                fact: grounds.printed.to_string(),
                act: None,
                lacks: self.lacks(grounds, question),
                nearest: false,
            })
            .collect();
        let applies = facts.iter().any(|asked| asked.lacks.is_empty());
        let outcome = if step == StepKind::SuspensionOrder { Outcome::Violation } else { Outcome::Permitted };
        Step { step, decides: applies.then_some(outcome), facts, reasons: Reasons::NONE }
    }

    fn lacks(&self, grounds: &Grounds, question: &Question) -> Vec<Lack> {
        let at_ms = self.terms.at_ms;
        let countries = grounds.countries.as_ref().map(|countries| countries.contains(question.country));
        let items = grounds.items.map(|items| items.contains(question.entity));
        let mut lacks = Vec::new();
        let mut unless = |holds: bool, lack: Lack| {
            if !holds {
                lacks.push(lack);
            }
        };
        let country = Lack::Reason(Reason::CountryNotCovered);
        let item = Lack::Reason(Reason::ItemNotCovered);
        if grounds.kind != BasisKind::Certification {
            unless(grounds.in_force.contains(at_ms), Lack::NotInForce);
        }
        match grounds.kind {
            BasisKind::SuspensionOrder => unless(countries != Some(false), country),
            BasisKind::Statute | BasisKind::Treaty => {
                unless(countries != Some(false), country);
                unless(items != Some(false), item);
                let is_number = question.entity == EntityType::ResidentRegistrationNumber;
                unless(!is_number || items.is_some(), Lack::NumberNotNamed);
                unless(self.purpose_is_listed(grounds), Lack::Reason(Reason::PurposeNotCovered));
            }
            BasisKind::Adequacy => {
                unless(countries == Some(true), country);
                unless(!question.only_declared, Lack::OnlyDeclared);
                let is_excluded = grounds.excludes(question.entity, question.class);
                unless(!is_excluded, Lack::Reason(Reason::AdequacyScopeExcluded));
            }
            BasisKind::Certification => {
                unless(grounds.recipients.is_some(), Lack::NamesNothing);
                unless(countries != Some(false), country);
                unless(items != Some(false), item);
                let has_ended = grounds.in_force.has_ended(at_ms) || self.is_past_expiry(grounds);
                unless(!has_ended, Lack::Reason(Reason::CertExpired));
                unless(grounds.measures, Lack::Reason(Reason::CertMeasuresMissing));
            }
            BasisKind::ContractEntrustment => {
                unless(grounds.recipients.is_some(), Lack::NamesNothing);
                unless(countries == Some(true), country);
                unless(items == Some(true), item);
                if let Some((_, party)) = self.recipient {
                    unless(self.is_entrustment(party), Lack::Reason(Reason::BasisNotEntrustment));
                    let is_disclosed = self.is_disclosed(grounds, party, question);
                    unless(is_disclosed, Lack::Reason(Reason::BasisNotDisclosed));
                }
                unless(grounds.necessary, Lack::Reason(Reason::BasisNotNecessary));
            }
        }
        lacks
    }

    /// Step 8, for every person that is the subject.
    fn consents(&self, question: &Question, party: &Party) -> Step {
        let mut step = Step {
            step: StepKind::Consent,
            decides: Some(Outcome::Permitted),
            facts: Vec::new(),
            reasons: Reasons::NONE,
        };
        for person in self.persons_of_subject(party) {
            let mut asked = self.entries(person.candidates(), question, party);
            let nearest = asked.iter_mut().min_by_key(|asked| asked.lacks.len());
            let is_covered = nearest.is_some_and(|nearest| {
                nearest.nearest = true;
                nearest.lacks.is_empty()
            });
            if asked.is_empty() {
                step.reasons.insert(without_acts(&person));
            }
            if !is_covered {
                step.decides = Some(Outcome::Violation);
            }
            step.facts.append(&mut asked);
        }
        step
    }

    /// In its place where the subject is unresolved: of all texts only the nearest entry is told.
    fn nearest_text(&self, question: &Question, party: &Party) -> Step {
        let candidates = self.texts_by_nearness(party);
        let asked = self.entries(&candidates, question, party);
        let nearest = asked.into_iter().min_by_key(|asked| asked.lacks.len());
        let could_be = nearest.as_ref().is_some_and(|nearest| nearest.lacks.is_empty());
        Step {
            step: StepKind::Consent,
            decides: Some(if could_be { Outcome::Indeterminate } else { Outcome::Violation }),
            facts: nearest.into_iter().map(|asked| Asked { nearest: true, ..asked }).collect(),
            reasons: Reasons::one(Reason::SubjectUnresolved),
        }
    }

    fn entries(&self, candidates: &[Candidate<'_>], question: &Question, party: &Party) -> Vec<Asked> {
        let asked = candidates.iter().map(|candidate| Asked {
            fact: candidate.basis().to_owned(),
            act: candidate.act().map(|act| AskedAct {
                event: act.event.to_string(),
                act: act.kind,
                effective: Timestamp::from_ms(act.effective_ms),
            }),
            lacks: self.failures(candidate, question, party).iter().map(Lack::Reason).collect(),
            nearest: false,
        });
        asked.collect()
    }
}

fn without_acts(person: &Person<'_>) -> Reason {
    if person.consents_later() { Reason::ConsentNotYet } else { Reason::NoConsent }
}

impl Step {
    fn without_fact(step: StepKind, reason: Reason) -> Step {
        let decides = Some(Outcome::Violation);
        Step { step, decides, facts: Vec::new(), reasons: Reasons::one(reason) }
    }
}

impl StepKind {
    const fn of(kind: BasisKind) -> StepKind {
        match kind {
            BasisKind::SuspensionOrder => StepKind::SuspensionOrder,
            BasisKind::Statute | BasisKind::Treaty => StepKind::StatuteOrTreaty,
            BasisKind::Adequacy => StepKind::Adequacy,
            BasisKind::Certification => StepKind::Certification,
            BasisKind::ContractEntrustment => StepKind::ContractEntrustment,
        }
    }

    /// As `DECISION.md` §3 counts them.
    pub const fn number(self) -> u8 {
        match self {
            StepKind::SuspensionOrder => 1,
            StepKind::StatuteOrTreaty => 2,
            StepKind::ResidentRegistrationNumber => 3,
            StepKind::Adequacy => 4,
            StepKind::UnknownRecipient => 5,
            StepKind::Certification => 6,
            StepKind::ContractEntrustment => 7,
            StepKind::Consent => 8,
        }
    }
}
