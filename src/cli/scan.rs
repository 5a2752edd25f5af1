//! `sumun scan`: inspects records from files or stdin, and with a configuration judges them as `run` would.
//! Connects to nothing.

use std::io::{self, BufWriter, Write as _};

use super::args::{FailOn, Format, ScanArgs};
use super::exit::{Exit, Failure, Outcome, say};
use super::input::{Line, each_line};
use super::json_line;
use super::report::{Report, Totals};
use super::stages::Stages;
use crate::text::Language;
use crate::verdict;

pub(super) fn run(arguments: &ScanArgs, language: Language) -> Outcome {
    if arguments.config.is_none() && arguments.fail_on.is_some_and(|what| what != FailOn::Findings) {
        return Err(Failure::new(Exit::Usage, "--fail-on an outcome needs verdicts: add -c CONFIG"));
    }
    let mut totals = Totals::default();
    // A reader that has gone does not undo what was found until then.
    scan(arguments, language, &mut totals)
        .or_else(|failure| failure.is_closed_pipe().then_some(()).ok_or(failure))?;
    let failed = arguments.fail_on.is_some_and(|what| is_reached(what, &totals));
    Ok(if failed { Exit::Found } else { Exit::Ok })
}

fn is_reached(what: FailOn, totals: &Totals) -> bool {
    let at_least = match what {
        FailOn::Findings => return totals.has_findings(),
        FailOn::Domestic => verdict::Outcome::Domestic,
        FailOn::Permitted => verdict::Outcome::Permitted,
        FailOn::Indeterminate => verdict::Outcome::Indeterminate,
        FailOn::Violation => verdict::Outcome::Violation,
    };
    totals.worst >= at_least
}

fn scan(arguments: &ScanArgs, language: Language, totals: &mut Totals) -> Result<(), Failure> {
    let mut stages = Stages::new(arguments.config.as_deref(), arguments.at, arguments.reveal)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let writing = |error: io::Error| Failure::writing(&error);
    each_line(&arguments.files, arguments.input, &mut |line, is_idle| {
        let mut tell = |report: Report<'_>| {
            totals.count(&report);
            match arguments.output {
                Format::Human => Ok(report.human(language)),
                Format::Json => json_line(&report),
            }
        };
        let text = match line {
            Line::Record(record) => stages.take(&record, |report, _| tell(report))?,
            Line::Unreadable { bytes } => tell(Report::input_error(bytes))?,
        };
        out.write_all(text.as_bytes()).map_err(writing)?;
        // Whoever feeds lines one by one sees each answer at once.
        if is_idle { out.flush().map_err(writing) } else { Ok(()) }
    })?;
    if totals.has_only_input_errors() {
        say(format_args!(
            "warning: no line is a record of this form; --input says which: kcat, ndjson or text"
        ));
    }
    if arguments.output == Format::Human {
        out.write_all(totals.human(language).as_bytes()).map_err(writing)?;
    }
    out.flush().map_err(writing)
}
