//! `sumun facts check`.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;

use super::super::args::{FactsCheckArgs, Format};
use super::super::exit::{Exit, Failure, Outcome};
use super::super::json_line;
use super::super::layout::{line, wrapped};
use super::{paths, remarks, unreadable};
use crate::facts::{Builder, Counts, Facts, Lint, Place, Warning, read_line};
use crate::feed::files::{self, FeedError};
use crate::text::Language;
use crate::timestamp::Timestamp;

pub(super) fn run(arguments: &FactsCheckArgs, language: Language) -> Outcome {
    let (paths, _) = paths(&arguments.facts)?;
    let checked = Checked::read(&paths)?;
    let text = match arguments.output {
        Format::Json => json_line(&checked.report())?,
        Format::Human => checked.human(language),
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}

struct Checked {
    facts: Facts,
    warnings: Vec<Warning>,
    /// By their numbers in the places of warnings.
    files: Vec<PathBuf>,
}

impl Checked {
    fn read(paths: &[PathBuf]) -> Result<Checked, Failure> {
        let (mut builder, mut lint) = (Builder::new(), Lint::default());
        let mut numbers: HashMap<PathBuf, usize> = HashMap::new();
        files::read(paths, |at, stream, text| {
            builder.add(stream, text)?;
            let count = numbers.len();
            let file = *numbers.entry(at.file.to_owned()).or_insert(count);
            lint.add(Place { file, line: at.line }, read_line(stream, text)?);
            Ok(())
        })
        .map_err(|errors| unreadable(&errors, what_follows(&errors)))?;
        let mut files = vec![PathBuf::new(); numbers.len()];
        for (file, number) in numbers {
            if let Some(slot) = files.get_mut(number) {
                *slot = file;
            }
        }
        Ok(Checked { facts: builder.build(), warnings: lint.finish(), files })
    }

    fn place(&self, place: Place) -> PlaceReport {
        let file = self.files.get(place.file).map(|file| file.display().to_string());
        PlaceReport { file: file.unwrap_or_default(), line: place.line }
    }

    fn report(&self) -> Report<'_> {
        let Counts { disclosure, consent, basis, recipient } = self.facts.counts();
        let warnings = self.warnings.iter().map(|warning| {
            let (code, meant) = remarks::code(warning.remark);
            WarningReport {
                place: warning.place.map(|place| self.place(place)),
                field: &warning.field,
                code,
                meant,
                other: warning.other.map(|place| self.place(place)),
                count: warning.count,
            }
        });
        Report {
            disclosures: disclosure,
            consent_acts: consent,
            bases: basis,
            recipients: recipient,
            digest: self.facts.digest(),
            heartbeat: self.facts.heartbeat_ms().and_then(Timestamp::from_ms),
            warnings: warnings.collect(),
        }
    }

    fn human(&self, language: Language) -> String {
        let mut out = String::new();
        for warning in &self.warnings {
            let place = warning.place.map_or(String::new(), |place| format!("{}: ", self.place(place)));
            let other = warning.other.map_or(String::new(), |place| {
                let place = self.place(place);
                language.pick(format!(" (see {place})"), format!(" ({place} 참조)"))
            });
            let count = match warning.count {
                1 => String::new(),
                count => language
                    .pick(format!(" ({count} acts, the first here)"), format!(" ({count}건, 첫 번째)")),
            };
            line(&mut out, &format!("{place}{}{other}{count}", warning.field));
            wrapped(&mut out, "  ", &remarks::text(warning.remark, language));
        }
        let Counts { disclosure, consent, basis, recipient } = self.facts.counts();
        let warnings = self.warnings.len();
        wrapped(
            &mut out,
            "",
            &language.pick(
                format!(
                    "{disclosure} disclosures, {consent} consent acts, {basis} legal bases, {recipient} recipients; \
                     {warnings} warnings"
                ),
                format!(
                    "고지 {disclosure}건, 동의 행위 {consent}건, 법적 근거 {basis}건, 수신자 {recipient}건; 경고 {warnings}건"
                ),
            ),
        );
        out
    }
}

/// Lines are corrected where they stand; what has no line is a folder or file that is not there or named otherwise.
fn what_follows(errors: &[FeedError]) -> &'static str {
    let is_path = |error: &FeedError| matches!(error, FeedError::Io { .. } | FeedError::Name { .. });
    if errors.iter().all(is_path) {
        "the facts cannot be loaded; name folders and files that can be read"
    } else {
        "the facts cannot be loaded; correct these lines or remove them"
    }
}

#[derive(Serialize)]
struct Report<'a> {
    disclosures: usize,
    consent_acts: usize,
    bases: usize,
    recipients: usize,
    digest: &'a str,
    heartbeat: Option<Timestamp>,
    warnings: Vec<WarningReport<'a>>,
}

#[derive(Serialize)]
struct WarningReport<'a> {
    /// Absent where it is about the facts as a whole.
    #[serde(flatten)]
    place: Option<PlaceReport>,
    field: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    meant: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<PlaceReport>,
    count: u64,
}

#[derive(Serialize)]
struct PlaceReport {
    file: String,
    line: u64,
}

impl fmt::Display for PlaceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
