//! Times the stages of one record of a batch: two more readings of the clock there, none for the others.

use std::time::{Duration, Instant};

use crate::telemetry::TimedStage;

use super::judge::Scratch;

pub(super) struct Stopwatch {
    begun_at: Instant,
}

impl Stopwatch {
    /// Before the record is judged with this scratch.
    pub(super) fn start(scratch: &mut Scratch) -> Stopwatch {
        scratch.is_timed = true;
        scratch.inspected_at = None;
        Stopwatch { begun_at: Instant::now() }
    }

    /// When all that the record owes is handed over. A clear record is inspected, and nothing else; one whose
    /// inspection did not end has no times of its stages.
    pub(super) fn stop(
        self,
        scratch: &mut Scratch,
        decided_at: Instant,
        is_clear: bool,
    ) -> Vec<(TimedStage, Duration)> {
        scratch.is_timed = false;
        let Some(inspected_at) = scratch.inspected_at else { return Vec::new() };
        let mut times = vec![(TimedStage::Inspect, inspected_at - self.begun_at)];
        if !is_clear {
            times.push((TimedStage::Decide, decided_at - inspected_at));
            times.push((TimedStage::Owe, decided_at.elapsed()));
        }
        times
    }
}
