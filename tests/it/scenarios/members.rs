//! Members that stall, join and leave.

use rustix::process::Signal;

use super::{DRAIN_LIMIT_S, Load, size, turn};
use crate::ledger::Ledger;
use crate::ledger::check::{Allowed, check};
use crate::ledger::scenario::Generator;
use crate::support::broker::Broker;
use crate::support::kafka::Watch;
use crate::support::sumun::Site;
use crate::support::wait;

#[test]
fn a_member_that_was_stopped_and_taken_over_does_no_harm() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "stopped", 4);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 3);
    let mut ledger = Ledger::default();
    generator.write(1_000);
    generator.settle(&mut ledger);
    let mut first = site.start("a", None);
    first.wait_ready();
    let mut second = site.start("b", None);
    second.wait_ready();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    for _ in 0..size(1, 5) {
        // Stopped with records under its hands.
        generator.write(3_000);
        first.signal(Signal::STOP);
        generator.write(500);
        generator.settle(&mut ledger);
        // All partitions are at their end: what was the first one's has been taken over.
        site.wait_drained(&ledger, DRAIN_LIMIT_S);
        generator.write(1_000);
        first.signal(Signal::CONT);
        generator.write(500);
        generator.settle(&mut ledger);
        site.wait_drained(&ledger, DRAIN_LIMIT_S);
    }
    first.wait_ready();
    site.stop(first);
    site.stop(second);
    let report = check("SIGSTOP until taken over", &ledger, &site.evidence(), &Allowed::default());
    report.assert_clean();
}

#[test]
fn members_that_join_and_leave_under_load_lose_nothing() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "members", 6);
    let generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 4);
    let load = Load::start(generator, Ledger::default(), size(40, 200));
    let watch = Watch::new(&site.bootstrap, &site.group, &site.topic);
    let progress = || {
        let before = watch.progress();
        wait::until("the group to go on", DRAIN_LIMIT_S, || (watch.progress() > before + 200).then_some(()));
    };
    let mut stays = site.start("a", None);
    stays.wait_ready();
    for round in 0..size(2, 12) {
        let mut joins = site.start("b", None);
        joins.wait_ready();
        progress();
        let mut also = site.start("c", None);
        also.wait_ready();
        progress();
        if round % 2 == 0 {
            site.stop(joins);
            also.kill();
        } else {
            joins.kill();
            site.stop(also);
        }
        progress();
    }
    let (_, ledger) = load.stop();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(stays);
    check("members join and leave", &ledger, &site.evidence(), &Allowed::default()).assert_clean();
}
