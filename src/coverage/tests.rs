use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Coverage, Fold, Folded, RegisterSum, Void};
use crate::alert::GapCause;
use crate::entity::EntityType;
use crate::owe::Stamp;
use crate::receipt::{Receipt, RegisterRow};
use crate::timestamp::Timestamp;
use crate::verdict::{Outcome, Reasons};

fn stamp(session: &str) -> Stamp<'_> {
    let (rules, facts, config) = ("sha256:1", "sha256:2", "sha256:3");
    Stamp { group: "sumun", topic: "orders", partition: 3, member: "m-0", session, rules, facts, config }
}

/// A receipt that says of each of its offsets that it held one record.
fn inspected(session: &str, from: i64, to: i64) -> Receipt {
    let records = to.abs_diff(from);
    Receipt { records, clear: records, bytes: 10 * records, ..stamp(session).begin(from) }.ending(to)
}

impl Receipt {
    fn ending(mut self, to: i64) -> Receipt {
        self.to = to;
        self
    }
}

/// `a@5` is the begin of session a at 5, `a5-9` a receipt, `a5-9!retention` a gap, `a5-9:1/2` a part.
fn receipt(text: &str) -> Receipt {
    let (session, rest) = text.split_at(1);
    if let Some(at) = rest.strip_prefix('@') {
        return stamp(session).begin(at.parse().unwrap());
    }
    let (rest, part) = rest.split_once(':').map_or((rest, None), |(rest, part)| (rest, part.split_once('/')));
    let (rest, cause) = rest.split_once('!').map_or((rest, None), |(rest, cause)| (rest, Some(cause)));
    let (from, to) = rest.split_once('-').unwrap();
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    let gap = cause.map(|name| GapCause::ALL.into_iter().find(|cause| cause.as_str() == name).unwrap());
    match (gap, part) {
        (Some(cause), _) => stamp(session).gap(from, to, cause),
        (None, None) => inspected(session, from, to),
        (None, Some((part, parts))) => {
            let (part, parts) = (part.parse().unwrap(), parts.parse().unwrap());
            let counted =
                if part == 1 { inspected(session, from, to) } else { stamp(session).begin(from).ending(to) };
            Receipt { part: Some(part), parts: Some(parts), ..counted }
        }
    }
}

/// Folds a log and compares what it comes to: the stretches, and what does not count.
#[track_caller]
fn check(log: &str, stretches: &str, voided: &str) {
    let mut coverage = Coverage::default();
    let mut fold = Fold::new();
    for text in log.split_whitespace() {
        coverage.push(&receipt(text));
        fold.push(&receipt(text), 0u8);
    }
    let folded = fold.finish();
    let told: Vec<String> = folded
        .stretches()
        .iter()
        .map(|stretch| {
            let cause = stretch.cause.map_or_else(String::new, |cause| format!("!{}", cause.as_str()));
            format!("{}-{}{cause}", stretch.from, stretch.to)
        })
        .collect();
    assert_eq!(told.join(" "), stretches, "{log}");
    let told: Vec<String> = folded
        .voided
        .iter()
        .map(|voided| format!("{}-{}:{:?}", voided.receipt.from, voided.receipt.to, voided.why))
        .collect();
    assert_eq!(told.join(" "), voided, "{log}");
    let total = coverage.finish().total;
    assert_eq!(total.counts.records, total.offsets_inspected, "a record counts once: {log}");
}

#[test]
fn receipts_that_follow_one_another_are_one_stretch() {
    check("", "", "");
    check("a@5 a5-9 a9-12", "5-12", "");
    check("a@5 a5-9 b@9 b9-12 c@12 c12-20", "5-20", "");
    check("a@0 a0-4!retention a4-9", "0-4!retention 4-9", "");
    check("a@0 a0-4 a4-6!corrupt_batch a6-9 b@9 b9-10", "0-4 4-6!corrupt_batch 6-10", "");
}

#[test]
fn an_assignment_that_wrote_nothing_changes_nothing() {
    check("a@5", "", "");
    check("a@5 b@3 c@7", "", "");
    check("a@5 a5-9 b@9", "5-9", "");
    check("a@5 a5-9 b@7 a9-12", "5-12", "");
    check("a@5 a5-9 b@7 c@9 c9-12", "5-12", "");
}

#[test]
fn what_a_crash_left_uncommitted_is_replayed_and_counts_once() {
    check("a@0 a0-10 a10-20 b@10 b10-30", "0-30", "10-20:Replayed");
    check("a@0 a0-10 a10-20 b@10 c@10 c10-15 c15-30", "0-30", "10-20:Replayed");
    check(
        "a@0 a0-10!retention a10-20 b@0 b0-12!retention b12-20",
        "0-12!retention 12-20",
        "10-20:Replayed 0-10:Replayed",
    );
}

#[test]
fn a_member_that_lost_the_partition_writes_in_vain() {
    check("a@0 a0-10 b@10 b10-15 a10-20", "0-15", "10-20:TakenOver");
    // It writes before the one that took over has written: void as soon as that one has.
    check("a@0 a0-10 b@10 a10-20 b10-15", "0-15", "10-20:TakenOver");
    check("a@0 a0-10 b@10 a10-20", "0-20", "");
    check(
        "a@0 b@0 c@0 b0-9 a0-20 c0-5 a20-30 b9-11",
        "0-5",
        "0-20:TakenOver 0-9:TakenOver 20-30:TakenOver 9-11:TakenOver",
    );
    // Its begin takes effect late, and voids no session that began after it.
    check("a@0 a0-10 b@10 c@10 c10-15 b10-30 c15-20", "0-20", "10-30:TakenOver");
    check("a@0 a0-10 a10-12 b@10 c@10 c10-15 b10-12 c15-20", "0-20", "10-12:Replayed 10-12:TakenOver");
}

#[test]
fn a_begin_has_effect_by_what_its_session_wrote_even_if_that_is_void() {
    // Session b chose 10, session c (moved by an operator) 40. All that b wrote came too late to count, but it did
    // write: what a wrote beyond 10 is void, and a hole.
    check(
        "a@0 a0-10 a10-40 b@10 c@40 c40-50 b10-20",
        "0-10 10-40!reset 40-50",
        "10-40:Replayed 10-20:TakenOver",
    );
}

#[test]
fn offsets_moved_by_hand_leave_holes_that_are_shown() {
    check("a@0 a0-10 b@25 b25-30", "0-10 10-25!reset 25-30", "");
    check("a@0 a0-10 b@25", "0-10", "");
    // Back into the middle of a receipt: it is void whole, the offsets before the new begin are a hole.
    check("a@0 a0-10 a10-20 b@15 b15-30", "0-10 10-15!reset 15-30", "10-20:Replayed");
    check("a@0 a0-10 b@5 b5-8", "0-5!reset 5-8", "0-10:Replayed");
    // Back to an end of a receipt: no hole.
    check("a@0 a0-10 a10-20 a20-30 b@10 b10-11", "0-11", "20-30:Replayed 10-20:Replayed");
    check("a@50 a50-60 b@0 b0-10", "0-10", "50-60:Replayed");
    // Behind what was voided nothing is a hole: it is yet to come.
    check("a@0 a0-90 b@0 b0-10", "0-10", "0-90:Replayed");
}

#[test]
fn a_receipt_that_the_producer_repeated_counts_once() {
    check("a@0 a@0 a0-10 a0-10 a10-20", "0-20", "");
    check("a@0 a0-10 a@0 a10-20", "0-20", "");
    check("a@0 a0-10 b@10 a0-10 b10-20 b10-20", "0-20", "");
    check("a@0 a0-10 a10-20 a0-10", "0-20", "0-10:Malformed");
}

#[test]
fn parts_count_together_or_not_at_all() {
    check("a@0 a0-1:1/3 a0-1:2/3 a0-1:3/3 a1-5", "0-5", "");
    check("a@0 a0-1:1/2 a0-1:1/2 a0-1:2/2 a0-1:2/2 a1-5", "0-5", "");
    check("a@0 a0-1:1/2", "", "0-1:Incomplete");
    check("a@0 a0-1:1/2 b@0 b0-1:1/2 b0-1:2/2", "0-1", "0-1:Incomplete");
    // Its last part comes after the partition was taken over.
    check("a@0 a0-1:1/2 b@0 b0-1:1/2 a0-1:2/2 b0-1:2/2", "0-1", "0-1:TakenOver");
    // An incomplete set says nothing: the begin of its session has no effect.
    check("a@0 a0-10 b@5 b5-6:1/2 a10-12", "0-12", "5-6:Incomplete");
    check("a@0 a0-1:1/2 a1-5", "0-1!reset 1-5", "0-1:Incomplete");
}

#[test]
fn a_log_whose_begin_retention_has_deleted_is_read_all_the_same() {
    check("a20-30 a30-40", "20-40", "");
    check("a20-30 b@30 b30-40 a30-50", "20-40", "30-50:TakenOver");
    check("a20-30 b@20 b20-25", "20-25", "20-30:Replayed");
    // The order of a and z is not known any more: the first stands.
    check("a20-30 z20-22 b@30 b30-40", "20-40", "20-22:Malformed");
}

#[test]
fn a_truncated_log_is_read_again_where_it_now_ends() {
    check("a@0 a0-95 b@10 b90-95!truncation b10-50 b50-93", "0-10!reset 10-93", "0-95:Replayed 90-95:Reused");
}

#[test]
fn no_log_however_broken_counts_an_offset_twice() {
    check("a@0 a0-10 a5-15 a15-20", "0-10 10-15!reset 15-20", "5-15:Malformed");
    check("a@0 a10-5 a0-10", "0-10", "10-5:Malformed");
    check("a@0 a0-10 a@5 a10-20", "0-10!reset 10-20", "0-10:Replayed");
}

#[test]
fn where_nothing_counts_the_last_begin_is_the_start() {
    let fold = |log: &str| {
        let mut fold = Fold::new();
        log.split_whitespace().for_each(|text| fold.push(&receipt(text), 0u8));
        let anchored = fold.is_anchored();
        let folded = fold.finish();
        (folded.end(), folded.last_begin, anchored)
    };
    assert_eq!(fold(""), (None, None, false));
    assert_eq!(fold("a@5 b@7"), (None, Some(7), false));
    assert_eq!(fold("a@5 a5-9 b@7"), (Some(9), Some(7), true));
    assert_eq!(fold("a5-9"), (Some(9), None, false));
}

#[test]
fn rows_of_replayed_records_are_summed_once() {
    let row = |recipient: &str, item, records, first| RegisterRow {
        recipient: Some(recipient.to_owned()),
        country: None,
        outcome: Outcome::Domestic,
        basis: None,
        purpose: None,
        transfer_type: None,
        reasons: Reasons::NONE,
        items: vec![item],
        records,
        bytes: 10 * records,
        first: Timestamp::from_ms(first),
        last: Timestamp::from_ms(first + 5),
    };
    let with = |text: &str, register: Vec<RegisterRow>| Receipt { register, ..receipt(text) };
    let (name, phone) = (EntityType::PersonName, EntityType::PhoneNumber);
    let log = [
        receipt("a@0"),
        with("a0-10", vec![row("x", phone, 3, 100)]),
        with("a10-20", vec![row("x", name, 500, 1)]),
        receipt("b@10"),
        with("b10-20:1/2", vec![row("x", name, 5, 90)]),
        with("b10-20:2/2", vec![row("w", name, 1, 90)]),
    ];
    let mut fold: Fold<RegisterSum> = Fold::new();
    for receipt in &log {
        fold.push(receipt, receipt.register.clone().into());
    }
    let mut sum = RegisterSum::default();
    fold.finish().valid.into_iter().for_each(|covered| sum += covered.share);
    let mut x = row("x", name, 8, 90);
    x.items = vec![name, phone];
    x.last = Timestamp::from_ms(105);
    assert_eq!(sum.into_rows(), [row("w", name, 1, 90), x]);
}

#[test]
fn the_table_is_flat_json() {
    let mut coverage = Coverage::default();
    "a@0 a0-10 b@25 b25-30".split_whitespace().for_each(|text| coverage.push(&receipt(text)));
    let table = serde_json::to_value(coverage.finish()).unwrap();
    let partition = &table["partitions"][0];
    assert_eq!(partition["topic"], "orders");
    assert_eq!(
        partition["stretches"][0],
        serde_json::json!({"from": 0, "to": 10, "state": "inspected", "cause": null})
    );
    assert_eq!(
        partition["stretches"][1],
        serde_json::json!({"from": 10, "to": 25, "state": "gap", "cause": "reset"})
    );
    assert_eq!(table["total"]["records"], 15);
    assert_eq!(table["total"]["offsets_gap"], 15);
}

/// One thing that happens to a partition. Numbers are reduced to what is possible at that point.
#[derive(Clone, Debug)]
enum Event {
    /// A member is assigned, where the group has committed.
    Assign,
    /// An operator moves the committed offset, and a member is assigned.
    Move(i64),
    /// A session (the owner or one that lost the partition) goes on; only the owner may commit.
    Write { session: usize, offsets: i64, shape: Shape, commit: bool },
    /// The producer repeats what was written last.
    Repeat,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Whole,
    Gap,
    Parts(u32),
    /// The writer dies before the last part.
    Unfinished,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let shape = prop_oneof![
        6 => Just(Shape::Whole),
        1 => Just(Shape::Gap),
        1 => (2..4u32).prop_map(Shape::Parts),
        1 => Just(Shape::Unfinished),
    ];
    let write = (0..4usize, 1..8i64, shape, any::<bool>())
        .prop_map(|(session, offsets, shape, commit)| Event::Write { session, offsets, shape, commit });
    let event = prop_oneof![
        3 => Just(Event::Assign),
        1 => (0..60i64).prop_map(Event::Move),
        9 => write,
        1 => Just(Event::Repeat),
    ];
    prop::collection::vec(event, 0..40)
}

/// Lives through the events as the members of a group would, and returns the log they leave.
fn live(events: &[Event]) -> Vec<Receipt> {
    let mut log: Vec<Receipt> = Vec::new();
    let (mut committed, mut positions): (i64, Vec<Option<i64>>) = (20, Vec::new());
    for event in events {
        match event {
            Event::Assign | Event::Move(_) => {
                if let Event::Move(to) = event {
                    committed = *to;
                }
                log.push(stamp(&positions.len().to_string()).begin(committed));
                positions.push(Some(committed));
            }
            Event::Repeat => log.extend(log.last().cloned()),
            Event::Write { session, offsets, shape, commit } => {
                // Counted from the owner: mostly the owner writes, sometimes one before it.
                let Some(session) = positions.len().checked_sub(1 + session) else { continue };
                let Some(from) = positions[session] else { continue };
                let (name, to) = (session.to_string(), from + offsets);
                positions[session] = Some(to);
                let part = |part, parts| {
                    let counted = if part == 1 {
                        inspected(&name, from, to)
                    } else {
                        stamp(&name).begin(from).ending(to)
                    };
                    Receipt { part: Some(part), parts: Some(parts), ..counted }
                };
                match shape {
                    Shape::Whole => log.push(inspected(&name, from, to)),
                    Shape::Gap => log.push(stamp(&name).gap(from, to, GapCause::CorruptBatch)),
                    Shape::Parts(parts) => log.extend((1..=*parts).map(|number| part(number, *parts))),
                    Shape::Unfinished => {
                        log.push(part(1, 2));
                        positions[session] = None;
                        continue;
                    }
                }
                if *commit && session + 1 == positions.len() {
                    committed = to;
                }
            }
        }
    }
    log
}

/// Which receipt (by its range and session) covers each offset, said in another way than the fold does: session by
/// session, in the order of their begins, leaving out those that wrote nothing.
fn model(log: &[Receipt]) -> BTreeMap<i64, (String, i64, i64)> {
    let completes = |position: usize, receipt: &Receipt| {
        let is_part = |other: &&Receipt| {
            (&other.session, other.from, other.to) == (&receipt.session, receipt.from, receipt.to)
        };
        let distinct = |log: &[Receipt]| {
            log.iter()
                .filter(is_part)
                .map(|other| other.part)
                .collect::<std::collections::BTreeSet<_>>()
                .len()
        };
        let wanted = receipt.parts.unwrap_or(1) as usize;
        !receipt.is_begin() && distinct(&log[..=position]) == wanted && distinct(&log[..position]) < wanted
    };
    let written: Vec<(usize, &Receipt)> =
        log.iter().enumerate().filter(|(at, receipt)| completes(*at, receipt)).collect();
    let mut begins: Vec<(usize, &Receipt)> = Vec::new();
    for (position, receipt) in log.iter().enumerate().filter(|(_, receipt)| receipt.is_begin()) {
        let known = begins.iter().any(|(_, begin)| begin.session == receipt.session);
        if !known && written.iter().any(|(_, other)| other.session == receipt.session) {
            begins.push((position, receipt));
        }
    }
    let mut covered = BTreeMap::new();
    for (nth, (_, begin)) in begins.iter().enumerate() {
        covered.retain(|_, (_, _, to)| *to <= begin.from);
        let until = begins.get(nth + 1).map_or(log.len(), |(position, _)| *position);
        for (_, receipt) in
            written.iter().filter(|(at, receipt)| *at < until && receipt.session == begin.session)
        {
            for offset in receipt.from..receipt.to {
                let before = covered.insert(offset, (receipt.session.clone(), receipt.from, receipt.to));
                assert_eq!(before, None, "the model itself counts {offset} twice");
            }
        }
    }
    covered
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_offset_is_in_one_receipt_that_counts_or_in_a_hole_that_is_shown(events in events()) {
        let log = live(&events);
        let mut fold = Fold::new();
        for receipt in &log {
            fold.push(receipt, receipt.counts());
        }
        let folded: Folded<_> = fold.finish();

        let expected = model(&log);
        let mut covered = BTreeMap::new();
        for receipt in &folded.valid {
            for offset in receipt.from..receipt.to {
                prop_assert_eq!(covered.insert(offset, (receipt.from, receipt.to)), None, "counted twice");
            }
        }
        let expected: BTreeMap<i64, (i64, i64)> =
            expected.into_iter().map(|(offset, (_, from, to))| (offset, (from, to))).collect();
        prop_assert_eq!(&covered, &expected);
        prop_assert!(folded.voided.iter().all(|voided| voided.why != Void::Malformed));

        // Stretches leave nothing out and say of each offset what the receipts say.
        let mut reached = folded.first;
        for stretch in folded.stretches() {
            prop_assert_eq!(Some(stretch.from), reached);
            reached = Some(stretch.to);
        }
        prop_assert_eq!(folded.end(), expected.keys().last().map(|offset| offset + 1));

        // Each record counts once, however often it was judged.
        let records: u64 = folded.valid.iter().map(|receipt| receipt.share.records).sum();
        let inspected: i64 = folded.valid.iter().filter(|c| c.gap.is_none()).map(|c| c.to - c.from).sum();
        prop_assert_eq!(i64::try_from(records).unwrap(), inspected);
    }

    /// Reading backwards until the fold is anchored ends where the fold of the whole log ends.
    #[test]
    fn an_anchored_end_of_the_log_ends_where_the_whole_log_does(events in events(), start in any::<prop::sample::Index>()) {
        let log = live(&events);
        let fold_from = |start: usize| {
            let mut fold = Fold::new();
            log[start..].iter().for_each(|receipt| fold.push(receipt, 0u8));
            fold
        };
        let tail = fold_from(start.index(log.len() + 1));
        if tail.is_anchored() {
            prop_assert_eq!(tail.finish().end(), fold_from(0).finish().end());
        }
    }
}
