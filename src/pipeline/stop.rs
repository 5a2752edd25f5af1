//! How the process is told to end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Set once, by a signal or by the pipeline itself; lanes look at it between polls.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    is_set: Arc<AtomicBool>,
    /// 0: none.
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// SIGTERM and SIGINT set it; a second one ends the process at once.
    pub fn on_signals() -> io::Result<Stop> {
        let stop = Stop::default();
        for signal in [SIGTERM, SIGINT] {
            // In this order: the shutdown looks at what earlier signals have set.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop.is_set))?;
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, Arc::clone(&stop.signal), number)?;
            flag::register(signal, Arc::clone(&stop.is_set))?;
        }
        Ok(stop)
    }

    pub fn set(&self) {
        self.is_set.store(true, Ordering::Relaxed);
    }

    pub fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// The last signal that set it.
    pub fn signal(&self) -> Option<i32> {
        i32::try_from(self.signal.load(Ordering::Relaxed)).ok().filter(|signal| *signal != 0)
    }

    /// The bare flag, for floors that do not know signals.
    pub fn as_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_set)
    }
}
