//! `sumun facts`: whether the facts are readable and of use, and what they say of somebody or something.

mod check;
mod remarks;
mod show;

use std::fmt::Display;
use std::path::PathBuf;

use super::args::{FactsAction, FactsArgs, FactsFiles};
use super::assemble;
use super::exit::{Exit, Failure, Outcome};
use crate::config::Config;
use crate::feed::files::FeedError;
use crate::text::Language;

pub(super) fn run(arguments: &FactsArgs, language: Language) -> Outcome {
    match &arguments.action {
        FactsAction::Check(arguments) => check::run(arguments, language),
        FactsAction::Show(arguments) => show::run(arguments, language),
    }
}

/// The folders and files, and the configuration that names them, where one does.
fn paths(files: &FactsFiles) -> Result<(Vec<PathBuf>, Option<Config>), Failure> {
    let Some(file) = &files.config else { return Ok((files.paths.clone(), None)) };
    let config = assemble::configuration(file)?;
    if config.facts.files.is_empty() {
        let text = "the configuration names no facts; add `facts.files`";
        return Err(Failure::new(Exit::Configuration, text));
    }
    Ok((config.facts.files.clone(), Some(config)))
}

/// Every unreadable line, and what to do.
fn unreadable(errors: &[FeedError], what_follows: impl Display) -> Failure {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Failure::mistakes(&lines.join("\n"), what_follows)
}
