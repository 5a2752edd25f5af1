//! What a supervisor (systemd's `Type=notify`) is told: ready, alive, stopping. Nothing where there is none.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

pub(super) struct Supervisor {
    is_ready: bool,
    /// How long it waits for a sign of life, where it does.
    patience: Option<Duration>,
    fed_at: Instant,
}

impl Supervisor {
    pub(super) fn from_environment() -> Supervisor {
        Supervisor { is_ready: false, patience: sd_notify::watchdog_enabled(), fed_at: Instant::now() }
    }

    /// Says once that the process is ready; from then on, that it is alive, unless some lane has not polled for
    /// longer than the supervisor waits: a process that hangs is ended and started again.
    pub(super) fn look(&mut self, is_ready: bool, poll_age: Duration) {
        if is_ready && !self.is_ready {
            self.is_ready = true;
            say(&[NotifyState::Ready, NotifyState::Status("inspecting")]);
        }
        // Twice in its time, so that one late look is none too many.
        if let Some(patience) = self.patience
            && self.is_ready
            && self.fed_at.elapsed() >= patience / 2
            && poll_age < patience
        {
            self.fed_at = Instant::now();
            say(&[NotifyState::Watchdog]);
        }
    }
}

pub(super) fn say_waiting(text: &str) {
    say(&[NotifyState::Status(text)]);
}

pub(super) fn say_stopping() {
    say(&[NotifyState::Stopping, NotifyState::Status("finishing what is owed")]);
}

fn say(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the supervisor cannot be told");
    }
}
