//! sumun as child processes on a real broker, and what is done to them. Each ends with the ledger check.

mod controls;
mod crash;
mod dashboards;
mod lag;
mod members;
mod offsets;
mod order;
mod outage;
mod poison;
mod reload;
mod supervisor;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::ledger::Ledger;
use crate::ledger::scenario::Generator;

/// Set for the full sizes (`make torture`).
const TORTURE_ENV: &str = "SUMUN_TORTURE";
/// Scenarios that run at a time: most wait for sessions to time out, and two cores serve two of them.
const SCENARIOS_MAX: usize = 2;
/// How long a group may take to inspect what a scenario wrote.
const DRAIN_LIMIT_S: u64 = 180;

fn is_torture() -> bool {
    std::env::var_os(TORTURE_ENV).is_some()
}

/// The size for CI, or the full one.
fn size<T>(ci: T, torture: T) -> T {
    if is_torture() { torture } else { ci }
}

/// Permission to run; given back when dropped.
struct Turn;

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

fn running() -> MutexGuard<'static, usize> {
    RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Waits until fewer than [`SCENARIOS_MAX`] others run.
fn turn() -> Turn {
    let mut count = ENDED.wait_while(running(), |count| *count >= SCENARIOS_MAX).unwrap();
    *count += 1;
    Turn
}

impl Drop for Turn {
    fn drop(&mut self) {
        *running() -= 1;
        ENDED.notify_one();
    }
}

/// Records that keep coming while something else happens.
struct Load {
    stop: Arc<AtomicBool>,
    writer: JoinHandle<(Generator, Ledger)>,
}

impl Load {
    /// Ten times a second `batch` records.
    fn start(mut generator: Generator, mut ledger: Ledger, batch: usize) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let writer = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                generator.write(batch);
                // The pace of the load; nothing is waited for.
                std::thread::sleep(Duration::from_millis(100));
            }
            generator.settle(&mut ledger);
            (generator, ledger)
        });
        Load { stop, writer }
    }

    /// The generator, and the ledger with all that was written.
    fn stop(self) -> (Generator, Ledger) {
        self.stop.store(true, Ordering::Relaxed);
        self.writer.join().expect("the writer ends well")
    }
}
