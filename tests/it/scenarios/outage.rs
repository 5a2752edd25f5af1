//! The broker goes away; the alert topic is not there yet.

use super::{DRAIN_LIMIT_S, Load, size, turn};
use crate::ledger::Ledger;
use crate::ledger::check::{Allowed, check};
use crate::ledger::scenario::Generator;
use crate::support::broker::Broker;
use crate::support::kafka::Watch;
use crate::support::sumun::{Plan, Site};
use crate::support::wait;

#[test]
fn a_broker_that_is_killed_and_comes_back_costs_nothing() {
    let _turn = turn();
    let mut broker = Broker::own();
    let site = Site::new(&broker, "outage", 4);
    let generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 7);
    let load = Load::start(generator, Ledger::default(), size(40, 200));
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    let watch = Watch::new(&site.bootstrap, &site.group, &site.topic);
    for _ in 0..size(1, 5) {
        let before = watch.progress();
        wait::until("the group to go on", DRAIN_LIMIT_S, || (watch.progress() > before + 500).then_some(()));
        broker.kill();
        // Long enough for connections to fail and requests to be repeated.
        std::thread::sleep(std::time::Duration::from_secs(size(2, 20)));
        assert!(sumun.exit_status().is_none(), "sumun waits for its broker");
        broker.restart();
    }
    let (_, ledger) = load.stop();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    check("broker killed and restarted", &ledger, &site.evidence(), &Allowed::default()).assert_clean();
}

#[test]
fn outputs_that_cannot_be_delivered_hold_the_offsets() {
    let _turn = turn();
    let mut outputs = Broker::own();
    let plan = Plan { outputs: Some(&outputs), ..Plan::default() };
    let site = Site::planned(Broker::shared(), "held", 2, plan);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 14);
    let mut ledger = Ledger::default();
    generator.write(500);
    generator.settle(&mut ledger);
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    let watch = Watch::new(&site.bootstrap, &site.group, &site.topic);
    let before = watch.progress();
    outputs.kill();
    generator.write(500);
    generator.settle(&mut ledger);
    // Several receipts and commits would be due by now.
    std::thread::sleep(std::time::Duration::from_secs(size(3, 60)));
    assert_eq!(watch.progress(), before, "nothing is committed that is not acknowledged");
    outputs.restart();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    check("outputs away, then back", &ledger, &site.evidence(), &Allowed::default()).assert_clean();
}

#[test]
fn an_alert_topic_that_is_missing_is_waited_for() {
    let _turn = turn();
    let plan = Plan { alert_topic_missing: true, ..Plan::default() };
    let site = Site::planned(Broker::shared(), "missing", 2, plan);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 8);
    let mut ledger = Ledger::default();
    generator.write(500);
    generator.settle(&mut ledger);
    let mut sumun = site.start("a", None);
    sumun.wait_for_log(&site.alerts, 60);
    assert!(sumun.exit_status().is_none(), "sumun waits for its topic");
    assert_ne!(sumun.get("/readyz").0, 200, "not ready without a place for alerts");
    let watch = Watch::new(&site.bootstrap, &site.group, &site.topic);
    assert_eq!(watch.progress(), 0, "nothing is committed before it can be owed");
    site.create_alert_topic();
    sumun.wait_ready();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    check("alert topic missing, then made", &ledger, &site.evidence(), &Allowed::default()).assert_clean();
}
