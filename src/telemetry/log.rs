//! Logs on stderr: text for a person at a terminal, JSON lines otherwise, times in RFC 3339 UTC.
//!
//! Log fields never hold payload. The one way in which payload could still get out is the text of a panic:
//! [`quiet_panics`] prints the place and leaves the message out.

use std::io::{self, IsTerminal as _};
use std::panic;

use tracing_subscriber::EnvFilter;

/// How much is logged where `SUMUN_LOG` says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Commands whose result is on stdout: only what went wrong.
    Warnings,
    /// The running service.
    Info,
    Debug,
    Trace,
}

impl Verbosity {
    const fn directive(self) -> &'static str {
        match self {
            Verbosity::Warnings => "warn",
            Verbosity::Info => "info",
            Verbosity::Debug => "debug",
            Verbosity::Trace => "trace",
        }
    }
}

/// Sets up logging for the process. `filter` is the value of `SUMUN_LOG`, in the syntax of
/// `tracing_subscriber`'s `EnvFilter` (`debug`, `sumun=debug,librdkafka=warn`); it wins over `verbosity`.
///
/// # Errors
/// A text for the operator where `filter` cannot be read. Logging is not set up then.
pub fn init(verbosity: Verbosity, filter: Option<&str>) -> Result<(), String> {
    let directives = filter.filter(|text| !text.trim().is_empty()).unwrap_or(verbosity.directive());
    let filter = EnvFilter::builder().parse(directives).map_err(|error| {
        format!("SUMUN_LOG={directives}: {error}: write a level (warn, info, debug) or target=level pairs")
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let result = if io::stderr().is_terminal() {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        builder.with_ansi(colours).try_init()
    } else {
        builder.with_ansi(false).json().try_init()
    };
    result.map_err(|error| format!("logging is set up twice: {error}"))
}

/// Replaces the panic hook: the place of a panic is logged, its message is not, because a message may quote
/// the text that was being read (invariant 3).
pub fn quiet_panics() {
    panic::set_hook(Box::new(|info| {
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        // Every panic has a place; the type allows for none.
        let (file, line) = info.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
        tracing::error!(thread, file, line, "a panic (its message is withheld)");
    }));
}
