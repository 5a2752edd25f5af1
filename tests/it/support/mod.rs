//! The hands of the tests: a real broker, topics and records on it, and sumun as a child process.

pub mod broker;
pub mod kafka;
pub mod prometheus;
pub mod sumun;
pub mod wait;

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

/// Kills the process of the first argument when its input ends without a line: when the test process is gone.
const WATCHER: &str = r#"trap '' HUP INT TERM; read -r ended || kill -KILL "$1""#;

/// Kills a child however the test process ends; dropped, it leaves the child alone.
pub struct Watcher(Child);

impl Watcher {
    pub fn of(child: &Child) -> Watcher {
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCHER, "watcher", &child.id().to_string()]).stdin(Stdio::piped());
        Watcher(watcher.spawn().expect("sh runs"))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.0.stdin.take().map(|mut input| writeln!(input, "ended")));
        drop(self.0.wait());
    }
}

/// A name for a topic or group that no other test has, on a broker that other runs may use too.
pub fn unique(name: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
