//! Nothing goes wrong.

use std::time::Instant;

use super::{DRAIN_LIMIT_S, size, turn};
use crate::ledger::Ledger;
use crate::ledger::check::{Allowed, check};
use crate::ledger::scenario::Generator;
use crate::support::broker::Broker;
use crate::support::sumun::Site;

#[test]
fn records_in_order_owe_exactly_their_alerts_and_receipts() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "order", 4);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 1);
    let mut ledger = Ledger::default();
    generator.write(size(20_000, 200_000));
    generator.settle(&mut ledger);
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    let start = Instant::now();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    let elapsed = start.elapsed();
    site.stop(sumun);
    let mut report = check("records in order", &ledger, &site.evidence(), &Allowed::default());
    report.remarks.push(format!("drained in {:.1} s after it was ready", elapsed.as_secs_f64()));
    report.assert_clean();
    assert_eq!(report.duplicates, 0, "nothing was replayed");
}
