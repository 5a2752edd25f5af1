//! The one clock of the commands.

use std::time::{SystemTime, UNIX_EPOCH};

use super::exit::say;

/// Milliseconds since the epoch.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Now, said on stderr: what is judged at it could not be repeated otherwise.
pub(super) fn now_said(what: &str) -> i64 {
    let now_ms = now_ms();
    let time = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    say(format_args!("{what} judged at {time:.3} (set it with --at)"));
    now_ms
}
