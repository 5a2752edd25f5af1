//! The commands.
//!
//! stdout carries data and nothing else; logs, remarks and errors go to stderr. A reader that closes the pipe has
//! seen enough: that is no error. Raw identifiers come from stdin or files, never from the command line, where
//! other users of the machine can read them.

mod args;
mod assemble;
mod bench;
mod check;
mod coverage;
mod demo;
mod exit;
mod input;
mod kcat;
mod report;
mod run;
mod scan;
mod token;

use std::process::ExitCode;

use clap::Parser as _;

use crate::telemetry;
use args::{Arguments, Command};
use exit::{Exit, Failure, Outcome};

/// Parses the command line, runs the command and says how it ended.
pub fn main() -> ExitCode {
    telemetry::quiet_panics();
    let arguments = Arguments::parse();
    let outcome = start_log(&arguments).and_then(|()| perform(&arguments.command));
    exit::report(outcome)
}

fn start_log(arguments: &Arguments) -> Result<(), Failure> {
    let filter = std::env::var("SUMUN_LOG").ok();
    telemetry::init_log(arguments.verbosity(), filter.as_deref())
        .map_err(|text| Failure::new(Exit::Usage, text))
}

fn perform(command: &Command) -> Outcome {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Coverage(arguments) => coverage::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Scan(arguments) => scan::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Token(arguments) => token::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
    }
}
