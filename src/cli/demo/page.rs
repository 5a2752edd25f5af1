//! A text in which some lines are coloured, where the terminal and its user want that.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Head,
    Good,
    Bad,
    Unsure,
}

impl Tone {
    /// Parameters of SGR (ECMA-48).
    const fn style(self) -> Option<&'static str> {
        match self {
            Tone::Plain => None,
            Tone::Head => Some("1"),
            Tone::Good => Some("32"),
            Tone::Bad => Some("31"),
            Tone::Unsure => Some("33"),
        }
    }
}

#[derive(Default)]
pub(super) struct Page(Vec<(Tone, String)>);

impl Page {
    /// What `write` appends, which ends its lines.
    pub(super) fn add(&mut self, tone: Tone, write: impl FnOnce(&mut String)) {
        let mut text = String::new();
        write(&mut text);
        self.0.push((tone, text));
    }

    pub(super) fn printed(&self, has_colours: bool) -> String {
        let mut out = String::new();
        for (tone, text) in &self.0 {
            match tone.style().filter(|_| has_colours) {
                None => out.push_str(text),
                Some(style) => {
                    for line in text.lines() {
                        // Writing to a String cannot fail.
                        writeln!(out, "\x1b[{style}m{line}\x1b[0m").unwrap_or_default();
                    }
                }
            }
        }
        out
    }
}

/// Whether stdout is a terminal whose user has not set `NO_COLOR` (<https://no-color.org>).
pub(super) fn has_colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Page, Tone};

    #[test]
    fn every_line_ends_its_own_colour() {
        let mut page = Page::default();
        page.add(Tone::Bad, |out| out.push_str("one\ntwo\n"));
        page.add(Tone::Plain, |out| out.push_str("three\n"));
        assert_eq!(page.printed(false), "one\ntwo\nthree\n");
        assert_eq!(page.printed(true), "\x1b[31mone\x1b[0m\n\x1b[31mtwo\x1b[0m\nthree\n");
    }
}
