//! The commands.
//!
//! stdout carries data and nothing else; logs, remarks and errors go to stderr. A reader that closes the pipe has
//! seen enough: that is no error. Raw identifiers come from stdin or files, never from the command line, where
//! other users of the machine can read them.

mod args;
mod assemble;
mod bench;
mod chain;
mod check;
mod clock;
mod completions;
mod consent;
mod coverage;
mod demo;
mod exit;
mod explain;
mod facts;
mod geo;
mod identifiers;
mod input;
mod kcat;
mod language;
mod layout;
mod man;
mod patterns;
mod reload;
mod report;
mod run;
mod scan;
mod schema;
mod stages;
mod stamps;
mod token;
mod usage;
mod weighing;

use std::process::ExitCode;

use clap::Parser as _;
use serde::Serialize;

use crate::telemetry;
use crate::text::Language;
use args::{Arguments, Command};
use exit::{Exit, Failure, Outcome};

/// Parses the command line, runs the command and says how it ended.
pub fn main() -> ExitCode {
    telemetry::quiet_panics();
    let arguments = Arguments::try_parse().unwrap_or_else(|error| usage::exit(error));
    let language = language::language(arguments.lang);
    let outcome = start_log(&arguments).and_then(|()| perform(&arguments.command, language));
    exit::report(outcome)
}

fn start_log(arguments: &Arguments) -> Result<(), Failure> {
    let filter = std::env::var("SUMUN_LOG").ok();
    telemetry::init_log(arguments.verbosity(), filter.as_deref())
        .map_err(|text| Failure::new(Exit::Usage, text))
}

fn perform(command: &Command, language: Language) -> Outcome {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Coverage(arguments) => coverage::run(arguments, language),
        Command::Check(arguments) => check::run(arguments),
        Command::Scan(arguments) => scan::run(arguments, language),
        Command::Explain(arguments) => explain::run(arguments, language),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Token(arguments) => token::run(arguments, language),
        Command::Demo(arguments) => demo::run(arguments, language),
        Command::Patterns(arguments) => patterns::run(arguments, language),
        Command::Consent(arguments) => consent::run(arguments, language),
        Command::Facts(arguments) => facts::run(arguments, language),
        Command::Geo(arguments) => geo::run(arguments, language),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    }
}

/// One JSON object on a line. `serde_json`'s own message could quote what it was given.
fn json_line(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(value);
    let mut text = text.map_err(|_| Failure::new(Exit::Internal, "the output cannot be written as JSON"))?;
    text.push('\n');
    Ok(text)
}
