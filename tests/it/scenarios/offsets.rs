//! Offsets that somebody else moves or deletes.

use std::collections::BTreeMap;

use super::{DRAIN_LIMIT_S, turn};
use crate::ledger::Ledger;
use crate::ledger::check::{Allowed, Evidence, Hole, check};
use crate::ledger::fold::Receipt;
use crate::ledger::scenario::Generator;
use crate::support::broker::Broker;
use crate::support::kafka;
use crate::support::sumun::Site;

/// Writes `count` records and has them inspected.
fn inspect(site: &Site, generator: &mut Generator, ledger: &mut Ledger, count: usize) {
    generator.write(count);
    generator.settle(ledger);
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    site.wait_drained(ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
}

/// A receipt of the partition in the middle of what it covers.
fn middle_receipt(evidence: &Evidence, partition: i32) -> (i64, i64) {
    let read =
        |stored: &kafka::Stored| Receipt::read(serde_json::from_slice(&stored.value).unwrap()).unwrap();
    let receipts: Vec<Receipt> = (evidence.receipts.iter().map(read))
        .filter(|receipt| receipt.body["partition"] == partition && receipt.to - receipt.from > 2)
        .collect();
    let receipt = &receipts[receipts.len() / 2];
    (receipt.from, receipt.to)
}

#[test]
fn offsets_moved_by_hand_show_as_exactly_that_hole() {
    let _turn = turn();
    let mut site = Site::new(Broker::shared(), "moved", 2);
    site.receipt_records_max = 50;
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 5);
    let mut ledger = Ledger::default();
    inspect(&site, &mut generator, &mut ledger, 1_000);

    // Back, into the middle of a receipt of partition 0: it is void as a whole, and what of it lies before is no
    // longer in any receipt. Forward in partition 1, past records that nobody inspects.
    let (from, to) = middle_receipt(&site.evidence(), 0);
    let back = i64::midpoint(from, to);
    let inspected_to = ledger.ends()[&1];
    generator.write(300);
    generator.settle(&mut ledger);
    let forward = i64::midpoint(inspected_to, ledger.ends()[&1]);
    kafka::move_offsets(
        &site.bootstrap,
        &site.group,
        &site.topic,
        &BTreeMap::from([(0, back), (1, forward)]),
    );
    inspect(&site, &mut generator, &mut ledger, 100);

    let allowed = Allowed {
        holes: vec![
            Hole { partition: 0, from, to: back, judged: true },
            Hole { partition: 1, from: inspected_to, to: forward, judged: false },
        ],
        ..Allowed::default()
    };
    let report = check("offsets moved by hand", &ledger, &site.evidence(), &allowed);
    report.assert_clean();
    assert!(report.duplicates > 0 && report.receipts_voided > 0, "{report}");
}

#[test]
fn a_group_whose_offsets_were_deleted_goes_on_where_its_receipts_end() {
    let _turn = turn();
    let mut site = Site::new(Broker::shared(), "deleted", 2);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 6);
    let mut ledger = Ledger::default();
    inspect(&site, &mut generator, &mut ledger, 1_000);
    kafka::delete_group(&site.bootstrap, &site.group);
    // What is written while nobody looks would be passed over, were it for the configuration.
    site.start_from = "latest";
    inspect(&site, &mut generator, &mut ledger, 500);
    let report = check("group offsets deleted", &ledger, &site.evidence(), &Allowed::default());
    report.assert_clean();
    assert_eq!(report.duplicates, 0, "{report}");
}

#[test]
fn records_that_were_deleted_unread_are_a_declared_gap() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "retention", 2);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 15);
    let mut ledger = Ledger::default();
    inspect(&site, &mut generator, &mut ledger, 500);
    let inspected_to = ledger.ends()[&0];
    generator.write(300);
    generator.settle(&mut ledger);
    let low = i64::midpoint(inspected_to, ledger.ends()[&0]);
    kafka::delete_before(&site.bootstrap, &site.topic, &BTreeMap::from([(0, low)]));
    inspect(&site, &mut generator, &mut ledger, 100);
    let allowed = Allowed { gaps: vec![(0, inspected_to, low, "retention")], ..Allowed::default() };
    check("deleted before they were read", &ledger, &site.evidence(), &allowed).assert_clean();
}
