//! Bounded waiting: a test polls for what it needs instead of sleeping for a guessed time.

use std::time::{Duration, Instant};

const POLL_INTERVAL_MS: u64 = 20;

/// Polls until `ready` yields a value.
///
/// Panics after `limit_s` seconds with what was waited for.
pub fn until<T>(what: &str, limit_s: u64, mut ready: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(limit_s), "waited {limit_s} s in vain for {what}");
        std::thread::sleep(Duration::from_millis(POLL_INTERVAL_MS));
    }
}
