//! How far the demo is, on stderr: one line that is written over on a terminal, lines one after the other elsewhere.

use std::io::{self, IsTerminal as _, Write as _};

/// To the beginning of the line, and nothing behind.
const REWRITE: &str = "\r\x1b[K";

/// Cleared when dropped: whatever ends the demo leaves a clean terminal.
pub(super) struct Progress {
    is_terminal: bool,
    shown: String,
}

impl Progress {
    pub(super) fn new() -> Progress {
        Progress { is_terminal: io::stderr().is_terminal(), shown: String::new() }
    }

    pub(super) fn show(&mut self, text: String) {
        if text == self.shown {
            return;
        }
        // Whoever closed stderr does not want to read it.
        if self.is_terminal {
            write!(io::stderr(), "{REWRITE}{text}").unwrap_or_default();
        } else {
            writeln!(io::stderr(), "{text}").unwrap_or_default();
        }
        self.shown = text;
    }

    pub(super) fn clear(&mut self) {
        if self.is_terminal && !self.shown.is_empty() {
            write!(io::stderr(), "{REWRITE}").unwrap_or_default();
        }
        self.shown.clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
