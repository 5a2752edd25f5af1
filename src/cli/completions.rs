//! `sumun completions`: a script that completes commands and options in a shell.

use std::io::{self, Write as _};

use clap::CommandFactory as _;

use super::args::{Arguments, CompletionsArgs};
use super::exit::{Exit, Failure, Outcome};

pub(super) fn run(arguments: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "sumun", &mut script);
    io::stdout().lock().write_all(&script).map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}
