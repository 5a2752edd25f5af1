//! How a command ends: exit codes, and the one place that prints an error.

use std::fmt::{Arguments, Display};
use std::io::{self, Write as _};
use std::process::ExitCode;

/// "Found" and "broken" never share a code. clap itself ends with 2 on a wrong command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    Ok = 0,
    /// Findings or failed tests, only where that was asked for.
    Found = 1,
    Usage = 2,
    /// A broker or another dependency cannot be reached.
    Unreachable = 69,
    /// The fault is sumun's, or the machine's.
    Internal = 70,
    /// The configuration, or a file that it names.
    Configuration = 78,
    /// 128 and the signal, as shells have it.
    Interrupted = 130,
    Terminated = 143,
}

/// What a command comes to.
pub(super) type Outcome = Result<Exit, Failure>;

/// Why a command could not do its work.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    /// Lines in the form `file:line:column: …`, which editors can follow.
    mistakes: String,
    /// `None`: nothing to say, the reader of our output has gone.
    text: Option<String>,
}

impl Failure {
    /// `text` says what is wrong and ends with what to do about it.
    pub(super) fn new(exit: Exit, text: impl Display) -> Failure {
        Failure { exit, mistakes: String::new(), text: Some(text.to_string()) }
    }

    /// Every mistake of a file, each on a line of its own; `text` sums them up.
    pub(super) fn mistakes(mistakes: &impl Display, text: impl Display) -> Failure {
        Failure { mistakes: mistakes.to_string(), ..Failure::new(Exit::Configuration, text) }
    }

    /// Writing to stdout failed: a closed pipe ends the command in peace.
    pub(super) fn writing(error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure { exit: Exit::Ok, mistakes: String::new(), text: None };
        }
        Failure::new(Exit::Internal, format_args!("cannot write to stdout: {error}"))
    }

    /// What is wrong: every mistake, or else the text.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        let text = self.text.as_deref().filter(|_| self.mistakes.is_empty());
        self.mistakes.lines().chain(text)
    }

    /// Whether it is none: the reader of our output has seen enough.
    pub(super) fn is_closed_pipe(&self) -> bool {
        self.exit == Exit::Ok
    }
}

pub(super) fn report(outcome: Outcome) -> ExitCode {
    let exit = match outcome {
        Ok(exit) => exit,
        Err(Failure { exit, mistakes, text }) => {
            if !mistakes.is_empty() {
                say(format_args!("{mistakes}"));
            }
            if let Some(text) = text {
                say(format_args!("error: {text}"));
            }
            exit
        }
    };
    ExitCode::from(exit as u8)
}

/// A line on stderr for the person at the terminal: a remark beside the data on stdout.
pub(super) fn say(line: Arguments<'_>) {
    // Whoever closed stderr does not want to read it.
    writeln!(io::stderr(), "{line}").unwrap_or_default();
}
