//! Negative controls: sumun is told to do it wrong, and the check must notice. Without them it would prove nothing.

use super::{DRAIN_LIMIT_S, turn};
use crate::ledger::Ledger;
use crate::ledger::check::{Allowed, Fault, check};
use crate::ledger::scenario::Generator;
use crate::support::broker::Broker;
use crate::support::kafka::Watch;
use crate::support::sumun::{Plan, Site};
use crate::support::wait;

#[test]
fn offsets_that_are_stored_before_the_acknowledgement_are_noticed() {
    let _turn = turn();
    // The outputs' own cluster is away while records are judged, so that no acknowledgement can come.
    let mut outputs = Broker::own();
    let plan = Plan { outputs: Some(&outputs), ..Plan::default() };
    let site = Site::planned(Broker::shared(), "early", 2, plan);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 12);
    let mut ledger = Ledger::default();
    let mut sumun = site.start("a", Some("store_before_ack"));
    sumun.wait_ready();
    sumun.wait_assigned(1);
    generator.write(500);
    generator.settle(&mut ledger);
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    outputs.kill();
    generator.write(500);
    generator.settle(&mut ledger);
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    sumun.kill();
    outputs.restart();
    generator.write(100);
    generator.settle(&mut ledger);
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    let report = check("CONTROL: stored before acknowledged", &ledger, &site.evidence(), &Allowed::default());
    report.assert_finds(&[Fault::Lost, Fault::Uncovered, Fault::Hole]);
}

#[test]
fn receipts_that_are_cut_one_too_far_are_noticed() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "far", 2);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 13);
    let mut ledger = Ledger::default();
    generator.write(2_000);
    generator.settle(&mut ledger);
    let mut sumun = site.start("a", Some("receipt_one_too_far"));
    sumun.wait_ready();
    // Committed one too far too, so the end that is waited for is never met: it is enough that it goes on.
    let watch = Watch::new(&site.bootstrap, &site.group, &site.topic);
    wait::until("some receipts", DRAIN_LIMIT_S, || (watch.progress() > 1_000).then_some(()));
    sumun.signal(rustix::process::Signal::TERM);
    sumun.wait_exit();
    let report = check("CONTROL: receipts one too far", &ledger, &site.evidence(), &Allowed::default());
    report.assert_finds(&[Fault::Miscounted, Fault::Committed]);
}
