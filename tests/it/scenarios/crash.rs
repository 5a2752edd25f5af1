//! `kill -9`, thirty times under load, at the points where it could hurt.

use std::collections::BTreeMap;

use super::{DRAIN_LIMIT_S, Load, size, turn};
use crate::ledger::check::{Allowed, check};
use crate::ledger::scenario::Generator;
use crate::ledger::{Dice, Ledger};
use crate::support::broker::Broker;
use crate::support::sumun::Site;

/// Kill points of the binary, and how often each is hit. A kill inside a revoke takes a second member to join,
/// and the time until the first one's partitions are free again.
const KILLS: [(&str, usize); 5] = [
    ("kill_before_alert_ack", 8),
    ("kill_before_receipt", 7),
    ("kill_before_commit", 7),
    ("kill_in_assignment", 5),
    ("kill_in_revoke", 3),
];

#[test]
fn thirty_kills_under_load_lose_nothing() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "crash", 4);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 2);
    generator.write(1_000);
    let load = Load::start(generator, Ledger::default(), size(40, 200));
    let mut dice = Dice::new(2);
    let mut points: Vec<&str> = KILLS.iter().flat_map(|(point, hits)| vec![*point; *hits]).collect();
    let mut hits: BTreeMap<&str, usize> = BTreeMap::new();
    while !points.is_empty() {
        let point = points.swap_remove(dice.roll(points.len()));
        let passes = match point {
            "kill_before_alert_ack" => 1 + dice.roll(60),
            "kill_before_receipt" | "kill_before_commit" => 1 + dice.roll(6),
            "kill_in_assignment" => 1 + dice.roll(3),
            _ => 1,
        };
        let mut sumun = site.start("a", Some(&format!("{point}:{passes}")));
        if point == "kill_in_revoke" {
            sumun.wait_ready();
            let joining = site.start("b", None);
            sumun.wait_fault(point);
            joining.kill();
        } else {
            sumun.wait_fault(point);
        }
        site.keep_state();
        *hits.entry(point).or_default() += 1;
    }
    let (_, ledger) = load.stop();
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    let mut report = check("kill -9 under load", &ledger, &site.evidence(), &Allowed::default());
    report.remarks.push(format!("killed {} times: {hits:?}", hits.values().sum::<usize>()));
    report.assert_clean();
    assert!(KILLS.iter().all(|(point, _)| hits[point] >= 3));
}
