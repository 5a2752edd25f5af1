//! Consent of one person (`DECISION.md` §4), and what an unresolved subject could have consented to (§3).

use crate::consent::ActKind;
use crate::entity::ItemClass;
use crate::facts::{Act, Facts, Party, Text, TextEntry};
use crate::subject::{PersonIndex, Subject};
use crate::verdict::{Outcome, Reason, Reasons};

use super::{Answer, Case, Declared, Question, Terms};

/// An entry of a disclosure version that may cover a transfer.
pub(super) struct Candidate<'a> {
    text: &'a Text,
    entry: &'a TextEntry,
    /// The act that concerns the entry; `None` where the text itself is asked.
    act: Option<&'a Act>,
    naming: Naming,
}

/// How an entry names the recipient; the same for every item and country.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent answers, not the states of one thing")]
struct Naming {
    by_id: bool,
    by_class: bool,
    /// By a class whose members customers can read.
    by_listed_class: bool,
    by_star: bool,
    /// By a class that the recipient was already a member of when the act took effect.
    by_class_of_then: bool,
}

impl<'a> Candidate<'a> {
    pub(super) fn of_text(text: &'a Text, entry: &'a TextEntry, party: &Party, at_ms: i64) -> Candidate<'a> {
        Candidate { text, entry, act: None, naming: Naming::new(entry, party, at_ms, None) }
    }

    fn of_act(
        text: &'a Text,
        entry: &'a TextEntry,
        act: &'a Act,
        party: &Party,
        at_ms: i64,
    ) -> Candidate<'a> {
        Candidate {
            text,
            entry,
            act: Some(act),
            naming: Naming::new(entry, party, at_ms, Some(act.effective_ms)),
        }
    }

    /// `consent:ae-checkout@2#sellers`.
    pub(super) fn basis(&self) -> &'a str {
        self.entry.basis()
    }

    pub(super) fn act(&self) -> Option<&'a Act> {
        self.act
    }

    fn see(&self, seen: &mut Vec<String>) {
        seen.push(self.entry.printed().to_owned());
        seen.extend(self.act.map(|act| format!("act:{}", act.event)));
    }
}

impl Naming {
    fn new(entry: &TextEntry, party: &Party, at_ms: i64, then_ms: Option<i64>) -> Naming {
        let mut naming = Naming {
            by_id: entry.recipients.has_id_of(party),
            by_class: false,
            by_listed_class: false,
            by_star: entry.recipients.star,
            by_class_of_then: false,
        };
        for named in entry.recipients.classes_of(party, at_ms) {
            naming.by_class = true;
            naming.by_listed_class |= named.has_list;
            naming.by_class_of_then |= then_ms.is_some_and(|then_ms| party.is_member(named.class, then_ms));
        }
        naming
    }

    fn is_named(self) -> bool {
        self.by_id || self.by_class
    }

    fn passes(self) -> bool {
        self.is_named() || self.by_star
    }
}

/// What a row looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The act, whatever it is.
    Act,
    /// A row with *: the act, and only one by which a person consents.
    Consent,
    /// The text alone: also what discloses an entrustment and what an unresolved subject is put to.
    Text,
}

struct Row {
    of: Of,
    /// `None` where it passes.
    fails: fn(&Check<'_>) -> Option<Reason>,
}

/// What a row is asked about.
struct Check<'a> {
    terms: Terms,
    candidate: &'a Candidate<'a>,
    question: &'a Question,
    party: &'a Party,
}

/// The rows of §4, in their order.
const ROWS: [Row; 14] = [
    // Art. 37: consent may be refused, and withdrawn at any time
    Row { of: Of::Act, fails: act },
    // Art. 28-8(2) no. 4: for the period that was told
    Row { of: Of::Consent, fails: expiry },
    // Art. 28-8(2): told beforehand
    Row { of: Of::Consent, fails: version },
    // Art. 28-8(2) no. 3: to whom
    Row { of: Of::Text, fails: recipient },
    // Art. 28-8(3): a new recipient needs a new consent
    Row { of: Of::Consent, fails: joined },
    // Art. 28-8(2) no. 2: to which country
    Row { of: Of::Text, fails: country },
    // Art. 28-8(2) no. 1: which items
    Row { of: Of::Text, fails: item },
    // Art. 28-8(2) no. 4, Art. 18: for what
    Row { of: Of::Text, fails: purpose },
    // Art. 28-8(1): provision, viewing, entrustment and storage are different transfers
    Row { of: Of::Text, fails: transfer_type },
    // Art. 28-8(2): "everything to everybody everywhere" tells nothing
    Row { of: Of::Text, fails: wildcard },
    // Art. 28-8(2) no. 1 to 5
    Row { of: Of::Text, fails: notice },
    // Art. 22(1), 28-8(1) no. 1; Art. 24 for unique identifiers, Art. 23 for sensitive data
    Row { of: Of::Consent, fails: separate },
    // Art. 17
    Row { of: Of::Consent, fails: third_party },
    // Art. 22-2
    Row { of: Of::Consent, fails: child },
];

fn fails(is_failure: bool, reason: Reason) -> Option<Reason> {
    is_failure.then_some(reason)
}

fn act(check: &Check<'_>) -> Option<Reason> {
    match check.candidate.act?.kind {
        ActKind::Given | ActKind::Renewed => None,
        ActKind::Withdrawn => Some(Reason::ConsentWithdrawn),
        ActKind::Refused => Some(Reason::ConsentRefused),
        ActKind::Expired => Some(Reason::ConsentExpired),
        ActKind::Invalidated => Some(Reason::ConsentInvalidated),
    }
}

fn expiry(check: &Check<'_>) -> Option<Reason> {
    let expires_ms = check.candidate.act?.expires_ms?;
    fails(expires_ms <= check.terms.at_ms, Reason::ConsentExpired)
}

fn version(check: &Check<'_>) -> Option<Reason> {
    let at_ms = check.candidate.act?.at_ms;
    fails(!check.candidate.text.in_force.contains(at_ms), Reason::DisclosureNotInForce)
}

fn recipient(check: &Check<'_>) -> Option<Reason> {
    fails(!check.candidate.naming.passes(), Reason::RecipientNotCovered)
}

fn joined(check: &Check<'_>) -> Option<Reason> {
    let naming = check.candidate.naming;
    fails(naming.is_named() && !naming.by_id && !naming.by_class_of_then, Reason::RecipientJoinedLater)
}

fn country(check: &Check<'_>) -> Option<Reason> {
    let countries = &check.candidate.entry.countries;
    fails(!countries.star && !countries.contains(check.question.country), Reason::CountryNotCovered)
}

fn item(check: &Check<'_>) -> Option<Reason> {
    let items = check.candidate.entry.items;
    fails(!items.star && !items.contains(check.question.entity), Reason::ItemNotCovered)
}

fn purpose(check: &Check<'_>) -> Option<Reason> {
    let Declared::Something(purpose) = check.terms.purpose else { return None };
    let is_listed = purpose.is_some_and(|purpose| check.candidate.entry.purposes.contains(&purpose));
    fails(!is_listed, Reason::PurposeNotCovered)
}

fn transfer_type(check: &Check<'_>) -> Option<Reason> {
    let Declared::Something(transfer_type) = check.terms.transfer_type else { return None };
    let is_same = transfer_type.is_some() && transfer_type == check.candidate.entry.transfer_type;
    fails(!is_same, Reason::TransferTypeNotCovered)
}

/// Looks only at what passed: what is not covered is not also a wildcard for it.
fn wildcard(check: &Check<'_>) -> Option<Reason> {
    let (entry, naming) = (check.candidate.entry, check.candidate.naming);
    let vague_recipient = naming.passes() && !naming.by_id && !naming.by_listed_class;
    let vague_country = entry.countries.star && !entry.countries.contains(check.question.country);
    let vague_item = entry.items.star && !entry.items.contains(check.question.entity);
    fails(vague_recipient || vague_country || vague_item, Reason::WildcardDisclosure)
}

fn notice(check: &Check<'_>) -> Option<Reason> {
    let (entry, naming) = (check.candidate.entry, check.candidate.naming);
    let tells_recipient =
        !naming.passes() || (naming.by_id && check.party.has_contact) || naming.by_listed_class;
    fails(!entry.tells_all || !tells_recipient, Reason::NoticeIncomplete)
}

fn separate(check: &Check<'_>) -> Option<Reason> {
    let separate = check.candidate.act?.separate;
    let of_class = match check.question.class {
        ItemClass::UniqueId => separate.unique_id,
        ItemClass::Sensitive => separate.sensitive,
        ItemClass::Credit | ItemClass::General => true,
    };
    fails(!separate.cross_border || !of_class, Reason::SeparateConsentMissing)
}

fn third_party(check: &Check<'_>) -> Option<Reason> {
    let separate = check.candidate.act?.separate;
    fails(!separate.third_party && !check.party.is_processor, Reason::ThirdPartyConsentMissing)
}

fn child(check: &Check<'_>) -> Option<Reason> {
    let act = check.candidate.act?;
    fails(act.under_14 && !act.has_guardian, Reason::ChildNoGuardian)
}

/// What one person has done that bears on a transfer to one recipient.
pub(super) struct Person<'a> {
    /// Latest act first, then in the order of the entries.
    candidates: Vec<Candidate<'a>>,
    /// The person consents to something after the record's time.
    consents_later: bool,
}

impl<'a> Person<'a> {
    fn new(acts: &'a [Act], facts: &'a Facts, party: &Party, at_ms: i64) -> Person<'a> {
        // Nobody consents to a policy: such an act is kept for its aliases only.
        let seen = || acts.iter().rev().filter(|act| !act.is_policy);
        let begun = || seen().skip_while(|act| act.effective_ms > at_ms);
        let mut candidates = Vec::new();
        // What a later act has decided: a whole disclosure, or single entries of it.
        let mut disclosures = Vec::new();
        let mut entries = Vec::new();
        for act in begun() {
            if disclosures.contains(&act.disclosure) {
                continue;
            }
            if let Some(text) = act.text.and_then(|index| facts.text(index)) {
                let concerned = text.entries.iter().filter(|entry| act.concerns(entry.reference));
                let open = concerned.filter(|entry| !entries.contains(&(act.disclosure, entry.reference)));
                candidates.extend(open.map(|entry| Candidate::of_act(text, entry, act, party, at_ms)));
            }
            match act.transfers() {
                None => disclosures.push(act.disclosure),
                Some(references) => {
                    for reference in references.iter().map(|reference| (act.disclosure, *reference)) {
                        if !entries.contains(&reference) {
                            entries.push(reference);
                        }
                    }
                }
            }
        }
        let consents_later =
            candidates.is_empty() && seen().any(|act| act.kind.is_consent() && act.effective_ms > at_ms);
        Person { candidates, consents_later }
    }

    /// Latest act first, then in the order of the entries.
    pub(super) fn candidates(&self) -> &[Candidate<'a>] {
        &self.candidates
    }

    /// The person consents to something after the record's time, and has done nothing that counts by then.
    pub(super) fn consents_later(&self) -> bool {
        self.consents_later
    }
}

/// The candidate that fails the fewest rows, the first of several; and what it fails.
struct Nearest<'a> {
    candidate: &'a Candidate<'a>,
    failures: Reasons,
}

impl<'a> Case<'a> {
    /// What an entry fails. No two rows that can fail together have the same reason, so there are as many
    /// reasons as failed rows.
    pub(super) fn failures(&self, candidate: &Candidate<'_>, question: &Question, party: &Party) -> Reasons {
        let is_consent = candidate.act.is_some_and(|act| act.kind.is_consent());
        let check = Check { terms: self.terms, candidate, question, party };
        let looks = |row: &&Row| match row.of {
            Of::Act => candidate.act.is_some(),
            Of::Consent => is_consent,
            Of::Text => true,
        };
        ROWS.iter().filter(looks).filter_map(|row| (row.fails)(&check)).collect()
    }

    fn nearest<'c>(
        &self,
        candidates: &'c [Candidate<'c>],
        question: &Question,
        party: &Party,
    ) -> Option<Nearest<'c>> {
        let mut nearest: Option<Nearest<'c>> = None;
        for candidate in candidates {
            let failures = self.failures(candidate, question, party);
            if nearest.as_ref().is_none_or(|nearest| failures.len() < nearest.failures.len()) {
                nearest = Some(Nearest { candidate, failures });
            }
            if failures.is_empty() {
                break;
            }
        }
        nearest
    }

    /// Step 8: of every person that is the subject.
    pub(super) fn consent(&self, question: &Question, party: &Party, seen: &mut Vec<String>) -> Answer {
        let persons = self.persons.get_or_init(|| self.persons_of_subject(party));
        let mut basis = Vec::new();
        let mut reasons = Reasons::NONE;
        let mut is_somebody_not_covered = false;
        for person in persons {
            match self.nearest(&person.candidates, question, party) {
                Some(nearest) if nearest.failures.is_empty() => {
                    basis.push(nearest.candidate.entry.basis().to_owned());
                }
                Some(nearest) => {
                    is_somebody_not_covered = true;
                    reasons = reasons.union(nearest.failures);
                    nearest.candidate.see(seen);
                }
                None => {
                    is_somebody_not_covered = true;
                    reasons.insert(if person.consents_later {
                        Reason::ConsentNotYet
                    } else {
                        Reason::NoConsent
                    });
                }
            }
        }
        if is_somebody_not_covered {
            reasons.extend((!basis.is_empty()).then_some(Reason::SubjectAmbiguous));
            return Answer::because(Outcome::Violation, reasons);
        }
        basis.sort_unstable();
        basis.dedup();
        Answer { outcome: Outcome::Permitted, basis, reasons: Reasons::NONE }
    }

    pub(super) fn persons_of_subject(&self, party: &Party) -> Vec<Person<'a>> {
        let person =
            |index: &PersonIndex| Person::new(self.facts.acts(*index), self.facts, party, self.terms.at_ms);
        match self.subject {
            Subject::Persons { persons, .. } if !persons.is_empty() => persons.iter().map(person).collect(),
            // A person whom no fact knows is a person without acts.
            _ => vec![Person { candidates: Vec::new(), consents_later: false }],
        }
    }

    /// In place of step 8 where the subject is unresolved: could anybody have consented to this?
    pub(super) fn consent_of_anybody(
        &self,
        question: &Question,
        party: &Party,
        seen: &mut Vec<String>,
    ) -> Answer {
        let candidates = self.candidates.get_or_init(|| self.texts_by_nearness(party));
        let nearest = self.nearest(candidates, question, party);
        if let Some(nearest) = &nearest {
            nearest.candidate.see(seen);
        }
        let mut reasons = Reasons::one(Reason::SubjectUnresolved);
        match nearest {
            Some(nearest) if nearest.failures.is_empty() => Answer::because(Outcome::Indeterminate, reasons),
            nearest => {
                reasons = reasons.union(nearest.map_or(Reasons::NONE, |nearest| nearest.failures));
                Answer::because(Outcome::Violation, reasons)
            }
        }
    }

    /// The entries of every text published by now, in force or not (a consent outlives the text): by
    /// disclosure id, later version first, entry order.
    pub(super) fn texts_by_nearness(&self, party: &Party) -> Vec<Candidate<'a>> {
        let by_disclosure = self.facts.texts().chunk_by(|a, b| a.disclosure == b.disclosure);
        let texts = by_disclosure.flat_map(|versions| versions.iter().rev());
        let asked = texts.filter(|text| !text.is_policy && text.in_force.has_begun(self.terms.at_ms));
        let entries = asked.flat_map(|text| text.entries.iter().map(move |entry| (text, entry)));
        entries.map(|(text, entry)| Candidate::of_text(text, entry, party, self.terms.at_ms)).collect()
    }
}
