//! How far behind it says that it is.

use super::turn;
use crate::support::broker::Broker;
use crate::support::kafka::{self, Message};
use crate::support::sumun::Site;
use crate::support::wait;

/// The client tells of lags every five seconds.
const TOLD_LIMIT_S: u64 = 60;

/// Behind the last record lies the marker of its transaction: an offset that nobody can read.
#[test]
fn the_marker_of_a_transaction_is_a_record_of_lag_and_no_time() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "lag", 1);
    let clear: &[u8] = br#"{"event":"stock"}"#;
    // Long ago: a lane that took them for waiting would be years behind.
    let messages = [(); 50].map(|()| Message::new(&site.topic, 0).at_ms(1_700_000_000_000).value(clear));
    kafka::produce_in_transaction(&site.bootstrap, &site.topic, &messages);
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    let series = format!("{{partition=\"0\",topic=\"{}\"}}", site.topic);
    wait::until("the lag after the last record", TOLD_LIMIT_S, || {
        let metrics = sumun.get("/metrics").1;
        let has = |line: String| metrics.lines().any(|found| found == line);
        let is_inspected = has(format!("sumun_records_total{{topic=\"{}\"}} 50", site.topic));
        let is_told = has(format!("sumun_consumer_lag_records{series} 1"));
        (is_inspected && is_told && has(format!("sumun_consumer_lag_seconds{series} 0"))).then_some(())
    });
    site.stop(sumun);
}
