//! The hands of the tests: a real broker, topics and records on it, and sumun as a child process.

pub mod broker;
pub mod kafka;
pub mod sumun;
pub mod wait;

/// A name for a topic or group that no other test has, on a broker that other runs may use too.
pub fn unique(name: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
