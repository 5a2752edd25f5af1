//! A second, plain and slow reading of `DECISION.md` §3–§5, over the facts as JSON, sentence by sentence; and
//! random worlds on which it must agree with the engine: verdict, notes and `facts_seen`.
//!
//! `SUMUN_WORLDS=100000 cargo test --test decision_oracle` judges more worlds than a test run needs to.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a failure is the answer")]

mod oracle;
mod world;

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use sumun::decide::{Chain, Lack, Matter, Policy, StepKind, decide, explain, sum};
use sumun::destination::{Country, Reach};
use sumun::facts::Facts;
use sumun::subject::{Subject, SubjectToken};
use sumun::verdict::{Cell, Outcome, Reason, TransferVerdict};
use world::{Dice, Transfer, World};

const WORLDS: u64 = 4_000;
const TRANSFERS_PER_WORLD: usize = 6;

fn judge(transfer: &Transfer, facts: &Facts) -> TransferVerdict {
    with_matter(transfer, facts, |matter, policy| decide(matter, facts, policy))
}

fn chains(transfer: &Transfer, facts: &Facts) -> Vec<Chain> {
    with_matter(transfer, facts, |matter, policy| explain(matter, facts, policy))
}

fn with_matter<T>(transfer: &Transfer, facts: &Facts, ask: impl FnOnce(&Matter<'_>, &Policy) -> T) -> T {
    let subject = transfer
        .subject
        .as_ref()
        .map_or(Subject::Unresolved, |token| facts.subject(SubjectToken(token.clone()), transfer.at_ms));
    let registered = |id| facts.registry().iter().find(|recipient| recipient.id == id).unwrap();
    let matter = Matter {
        at_ms: transfer.at_ms,
        recipient: transfer.recipient.as_deref().map(registered),
        subject: &subject,
        destination: &transfer.destination,
        purpose: transfer.purpose.as_deref(),
        transfer_type: transfer.means.as_deref(),
        items: &transfer.items,
    };
    let policy = Policy { home: Country::parse("KR").unwrap(), sensitive: transfer.sensitive.clone() };
    ask(&matter, &policy)
}

/// A chain leads to what was decided: by the last step and by no other, on the facts that lack nothing, for the
/// reasons that the nearest of the others lack.
fn leads_to(chain: &Chain, cell: &Cell) -> bool {
    let Some((last, before)) = chain.steps.split_last() else { return false };
    let applying = last.facts.iter().filter(|asked| asked.lacks.is_empty());
    let by_person = last.step == StepKind::Consent;
    let mut bases: Vec<String> =
        applying.filter(|asked| !by_person || asked.nearest).map(|asked| asked.fact.clone()).collect();
    bases.sort();
    bases.dedup();
    if !by_person {
        bases.truncate(1);
    }
    let lacking = last.facts.iter().filter(|asked| asked.nearest).flat_map(|asked| &asked.lacks);
    let mut reasons = lacking
        .chain(last.reasons.iter().map(Lack::Reason).collect::<Vec<_>>().iter())
        .all(|lack| matches!(lack, Lack::Reason(reason) if cell.reasons.contains(*reason)));
    reasons |= cell.outcome == Outcome::Permitted;
    let has_basis = match cell.outcome {
        Outcome::Permitted => bases == cell.basis,
        _ => cell.basis.is_empty(),
    };
    let is_decided_once = before.iter().all(|step| step.decides.is_none());
    (chain.entity, Some(chain.country), last.decides) == (cell.entity, cell.country, Some(cell.outcome))
        && is_decided_once
        && has_basis
        && reasons
}

#[test]
fn two_readings_of_the_decision_agree_on_random_worlds() {
    let worlds = std::env::var("SUMUN_WORLDS").map_or(WORLDS, |text| text.parse().unwrap());
    let mut answers: BTreeMap<(Outcome, String), u64> = BTreeMap::new();
    for seed in 0..worlds {
        let mut dice = Dice::new(seed);
        let world = World::roll(&mut dice);
        let facts = world.facts();
        for _ in 0..TRANSFERS_PER_WORLD {
            let transfer = world.roll_transfer(&mut dice);
            let expected = oracle::judge(&world, &transfer);
            let verdict = judge(&transfer, &facts);
            let context = || format!("seed {seed}: {}", transfer.describe());
            assert_eq!(verdict.facts_seen, expected.facts_seen, "{}", context());
            let chains = chains(&transfer, &facts);
            let is_abroad = transfer.destination.reach == Reach::Abroad;
            assert_eq!(chains.len(), if is_abroad { verdict.cells.len() } else { 0 }, "{}", context());
            for (chain, cell) in chains.iter().zip(&verdict.cells) {
                assert!(leads_to(chain, cell), "{}\n{chain:?}\n{cell:?}", context());
            }
            for cell in &verdict.cells {
                *answers.entry((cell.outcome, cell.reasons.joined())).or_default() += 1;
            }
            let verdict = serde_json::to_value(sum(vec![verdict], false, false)).unwrap();
            assert_eq!(verdict, expected.verdict, "{}", context());
        }
    }
    // The worlds are worth comparing only if they lead everywhere.
    for reason in Reason::ALL {
        use Reason::{FactCorrupt, FactsStale, HistoryUnknown, Uninspectable};
        let is_of_others = [FactCorrupt, FactsStale, HistoryUnknown, Uninspectable].contains(reason);
        let occurs =
            answers.keys().any(|(_, reasons)| reasons.split(',').any(|name| name == reason.as_str()));
        assert_eq!(occurs, !is_of_others, "{reason:?}");
    }
    let permitted = answers.iter().filter(|((outcome, _), _)| *outcome == Outcome::Permitted);
    assert!(permitted.map(|(_, count)| count).sum::<u64>() > worlds / 5);
}

/// An instant of the worlds as a fact writes it.
fn written(at_ms: i64) -> Value {
    json!(format!("1970-01-01T00:{:02}:00Z", at_ms / 60_000))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_facts_changes_neither_digest_nor_verdict(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let mut world = World::roll(&mut dice);
        let facts = world.facts();
        let transfer = world.roll_transfer(&mut dice);
        for list in [&mut world.disclosures, &mut world.acts, &mut world.bases, &mut world.recipients] {
            for position in 1..list.len() {
                list.swap(position, dice.below(position + 1));
            }
        }
        let shuffled = world.facts();
        prop_assert_eq!(facts.digest(), shuffled.digest());
        prop_assert_eq!(judge(&transfer, &facts), judge(&transfer, &shuffled));
    }

    #[test]
    fn what_has_ended_changes_nothing(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let mut world = World::roll(&mut dice);
        let transfer = world.roll_transfer(&mut dice);
        let before = judge(&transfer, &world.facts());
        let at = written(transfer.at_ms);
        world.bases.push(json!({"basis": "p", "version": 1, "kind": "suspension_order", "lifted_at": at}));
        world.bases.push(
            json!({"basis": "q", "version": 1, "kind": "treaty", "countries": ["CN", "DE"], "valid_to": at}),
        );
        world.bases.push(
            json!({"basis": "r", "version": 1, "kind": "adequacy", "countries": ["CN", "DE"], "valid_to": at}),
        );
        prop_assert_eq!(before, judge(&transfer, &world.facts()));
    }

    #[test]
    fn consent_after_the_transfer_never_clears_it(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let mut world = World::roll(&mut dice);
        let transfer = world.roll_transfer(&mut dice);
        let before = judge(&transfer, &world.facts());
        let Some(person) = &transfer.subject else { return Ok(()) };
        for disclosure in ["d", "d1", "e"] {
            for version in [1, 2, 10] {
                world.acts.push(json!({
                    "event": format!("late-{disclosure}-{version}"), "subject": [person],
                    "disclosure": disclosure, "version": version, "act": "given",
                    "at": written(transfer.at_ms), "effective_from": written(transfer.at_ms + 60_000),
                    "separate": {"cross_border": true, "third_party": true, "unique_id": true, "sensitive": true},
                }));
            }
        }
        let after = judge(&transfer, &world.facts());
        for (before, after) in before.cells.iter().zip(&after.cells) {
            prop_assert!(after.outcome != Outcome::Permitted || before.outcome == Outcome::Permitted);
        }
    }

    #[test]
    fn a_withdrawal_at_the_instant_ends_every_consent(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let mut world = World::roll(&mut dice);
        let transfer = world.roll_transfer(&mut dice);
        let Some(person) = transfer.subject.as_ref().filter(|token| token.contains(":member:")) else {
            return Ok(());
        };
        for disclosure in ["d", "d1", "e"] {
            world.acts.push(json!({
                "event": format!("~{disclosure}"), "subject": [person], "disclosure": disclosure, "version": 1,
                "act": "withdrawn", "at": written(transfer.at_ms),
            }));
        }
        let verdict = judge(&transfer, &world.facts());
        // Unless the first version is a policy, which nobody can withdraw from.
        let is_policy = |disclosure: &Value| disclosure["version"] == 1 && disclosure["channel"] == "privacy_policy";
        if !world.disclosures.iter().any(is_policy) {
            let by_consent = |basis: &String| basis.starts_with("consent:");
            prop_assert!(!verdict.cells.iter().any(|cell| cell.basis.iter().any(by_consent)));
        }
    }

    #[test]
    fn an_order_that_names_nobody_suspends_everything_abroad(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let mut world = World::roll(&mut dice);
        let transfer = world.roll_transfer(&mut dice);
        let at = written(transfer.at_ms);
        world.bases.push(json!({"basis": "p", "version": 1, "kind": "suspension_order", "effective_at": at}));
        let verdict = judge(&transfer, &world.facts());
        let is_abroad = transfer.destination.reach == Reach::Abroad;
        prop_assert_eq!(verdict.outcome == Outcome::Violation, is_abroad);
        for cell in &verdict.cells {
            prop_assert_eq!(cell.reasons.contains(Reason::SuspensionOrder), is_abroad);
        }
    }
}
