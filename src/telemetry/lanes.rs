//! The gauges of one lane, and ages that grow by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use prometheus::{Gauge, IntGauge};

/// Times of a lane from which ages are computed at the scrape, so that they grow also while the lane stands.
pub(super) struct LaneClocks {
    pub(super) oldest: Clock,
    pub(super) polled: Clock,
}

/// A gauge of the time since an instant; 0 while there is none.
pub(super) struct Clock {
    pub(super) since_ms: Arc<AtomicI64>,
    age: Gauge,
}

impl Clock {
    pub(super) fn new(age: Gauge) -> Clock {
        Clock { since_ms: Arc::new(AtomicI64::new(NO_TIME_MS)), age }
    }

    /// `i64::MAX` before the first time.
    pub(super) fn since_ms(&self) -> i64 {
        self.since_ms.load(Ordering::Relaxed)
    }

    pub(super) fn show(&self, now_ms: i64) {
        self.age.set(age_seconds(self.since_ms(), now_ms));
    }
}

/// The gauges of one lane.
#[derive(Clone)]
pub struct LaneGauges {
    pub(super) outputs: IntGauge,
    pub(super) output_bytes: IntGauge,
    pub(super) oldest_since_ms: Arc<AtomicI64>,
    pub(super) polled_ms: Arc<AtomicI64>,
    pub(super) paused: IntGauge,
    pub(super) assigned: IntGauge,
}

/// Not before any time.
pub(super) const NO_TIME_MS: i64 = i64::MAX;

impl LaneGauges {
    /// The lane polls: it is alive.
    pub fn polled(&self, now_ms: i64) {
        self.polled_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Outputs handed to the producer and not yet acknowledged, their bytes, and when the oldest was handed
    /// over (ms since the epoch). The age is computed at the scrape, so it grows also while the lane stands.
    pub fn unacknowledged(&self, count: usize, bytes: usize, oldest_ms: Option<i64>) {
        self.outputs.set(gauge_value(count));
        self.output_bytes.set(gauge_value(bytes));
        self.oldest_since_ms.store(oldest_ms.unwrap_or(NO_TIME_MS), Ordering::Relaxed);
    }

    pub fn paused(&self, paused: bool) {
        self.paused.set(i64::from(paused));
    }

    pub fn assigned(&self, partitions: usize) {
        self.assigned.set(gauge_value(partitions));
    }
}

fn gauge_value(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// 0 where the instant is later, or [`NO_TIME_MS`].
pub(super) fn age_seconds(since_ms: i64, now_ms: i64) -> f64 {
    seconds(now_ms.saturating_sub(since_ms).max(0))
}

/// An unknown time has no series: it must not look like 1970.
#[expect(clippy::cast_precision_loss, reason = "milliseconds stay exact in a double for 280,000 years")]
pub(super) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}
