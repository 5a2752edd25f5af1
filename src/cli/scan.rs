//! `sumun scan`: inspects records from files or stdin, and with a configuration judges them as `run` would.
//! Connects to nothing.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::args::{FailOn, Format, Input, ScanArgs};
use super::exit::{Exit, Failure, Outcome, say};
use super::input::{Line, Lines, OwnedRecord};
use super::report::{DestinationReport, Report, Totals};
use super::{assemble, clock};
use crate::finding::{Issue, IssueCode};
use crate::inspect::{self, Inspection, Inspector};
use crate::lane::{self, Judgement, Snapshot, Why, judge_guarded};
use crate::record::Record;
use crate::verdict;

pub(super) fn run(arguments: &ScanArgs) -> Outcome {
    if arguments.config.is_none() && arguments.fail_on.is_some_and(|what| what != FailOn::Findings) {
        return Err(Failure::new(Exit::Usage, "--fail-on an outcome needs verdicts: add -c CONFIG"));
    }
    let mut scan = Scan {
        stages: Stages::new(arguments)?,
        at_ms: arguments.at,
        format: arguments.output,
        totals: Totals::default(),
        out: BufWriter::new(io::stdout().lock()),
    };
    let stdin = [PathBuf::from("-")];
    let files = if arguments.files.is_empty() { stdin.as_slice() } else { &arguments.files };
    // A reader that has gone does not undo what was found until then.
    scan.all(files, arguments.input)
        .or_else(|failure| failure.is_closed_pipe().then_some(()).ok_or(failure))?;
    let failed = arguments.fail_on.is_some_and(|what| is_reached(what, &scan.totals));
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

/// How far a record is taken.
enum Stages {
    Inspect { inspector: Box<Inspector>, scratch: Box<inspect::Scratch> },
    Judge { snapshot: Box<Snapshot>, scratch: Box<lane::Scratch> },
}

impl Stages {
    fn new(arguments: &ScanArgs) -> Result<Stages, Failure> {
        let Some(path) = &arguments.config else {
            let inspector =
                Box::new(Inspector::builtin().map_err(|error| Failure::new(Exit::Internal, error))?);
            let mut scratch = Box::new(inspect::Scratch::default().strict());
            scratch.reveal = arguments.reveal;
            return Ok(Stages::Inspect { inspector, scratch });
        };
        let config = assemble::configuration(path)?;
        for warning in &config.warnings {
            say(format_args!("warning: {warning}"));
        }
        let snapshot = Box::new(assemble::snapshot(&config)?);
        let mut scratch = Box::new(lane::Scratch::default());
        scratch.inspect = inspect::Scratch::default().strict();
        scratch.inspect.reveal = arguments.reveal;
        Ok(Stages::Judge { snapshot, scratch })
    }
}

struct Scan<W: io::Write> {
    stages: Stages,
    /// When records without a time are judged; found out when the first one comes.
    at_ms: Option<i64>,
    format: Format,
    totals: Totals,
    out: BufWriter<W>,
}

impl<W: io::Write> Scan<W> {
    fn all(&mut self, files: &[PathBuf], input: Input) -> Result<(), Failure> {
        for path in files {
            self.file(path, input)?;
        }
        if self.format == Format::Human {
            let summary = self.totals.human();
            self.write(summary.as_bytes())?;
        }
        self.out.flush().map_err(|error| Failure::writing(&error))
    }

    fn file(&mut self, path: &Path, input: Input) -> Result<(), Failure> {
        let unreadable = |error: io::Error| {
            Failure::new(
                Exit::Usage,
                format_args!("{}: {error}; name a file that can be read", path.display()),
            )
        };
        if path == Path::new("-") {
            return self.lines(Lines::new(io::stdin().lock(), input), &unreadable);
        }
        let file = File::open(path).map_err(unreadable)?;
        self.lines(Lines::new(file, input), &unreadable)
    }

    fn lines<R: Read>(
        &mut self,
        mut lines: Lines<R>,
        unreadable: &dyn Fn(io::Error) -> Failure,
    ) -> Result<(), Failure> {
        while let Some(line) = lines.next().map_err(unreadable)? {
            match line {
                Line::Record(record) => self.record(&record)?,
                Line::Unreadable { bytes } => {
                    let report = Report::input_error(bytes);
                    self.totals.count(&report);
                    let text = text(self.format, &report)?;
                    self.write(&text)?;
                }
            }
            // Whoever feeds lines one by one sees each answer at once.
            if lines.is_idle() {
                self.out.flush().map_err(|error| Failure::writing(&error))?;
            }
        }
        Ok(())
    }

    fn record(&mut self, owned: &OwnedRecord) -> Result<(), Failure> {
        let mut headers = Vec::new();
        owned.headers_into(&mut headers);
        let record = owned.record(&headers);
        let text = match &mut self.stages {
            Stages::Inspect { inspector, scratch } => {
                // What a panic leaves in the scratch is cleared before it is read.
                let caught = catch_unwind(AssertUnwindSafe(|| {
                    inspector.inspect(&record, scratch);
                }));
                if caught.is_err() {
                    scratch.clear();
                }
                let panicked = caught.is_err().then(|| panicked(&record));
                let report = report(owned, scratch.seen(), panicked.as_slice());
                self.totals.count(&report);
                text(self.format, &report)?
            }
            Stages::Judge { snapshot, scratch } => {
                let at_ms = match record.timestamp_ms {
                    Some(at_ms) => at_ms,
                    None => {
                        *self.at_ms.get_or_insert_with(|| clock::now_said("records without a timestamp are"))
                    }
                };
                let judged = judge_guarded(snapshot, &record, at_ms, scratch);
                let caught = judged.unread.filter(|unread| unread.why == Why::Panic);
                let panicked = caught.map(|_| panicked(&record));
                let report = report(owned, scratch.inspect.seen(), panicked.as_slice())
                    .judged(destinations(snapshot, &judged), &judged.verdict);
                self.totals.count(&report);
                text(self.format, &report)?
            }
        };
        self.write(&text)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        self.out.write_all(text).map_err(|error| Failure::writing(&error))
    }
}

fn report<'a>(owned: &'a OwnedRecord, found: Inspection<'a>, panicked: &'a [Issue]) -> Report<'a> {
    let issues = if panicked.is_empty() { found.issues } else { panicked };
    Report::new(owned.coordinates.as_ref(), owned.timestamp_ms, found.format(), found.findings, issues)
}

fn panicked(record: &Record<'_>) -> Issue {
    let bytes_unread = record.value.map(|value| value.len() as u64);
    Issue { code: IssueCode::Panic, path: "$".to_owned(), bytes_unread }
}

fn text(format: Format, report: &Report<'_>) -> Result<Vec<u8>, Failure> {
    match format {
        Format::Human => Ok(report.human().into_bytes()),
        Format::Json => {
            // serde_json's message could quote what it was given; this report holds nothing raw, and cannot fail.
            let mut line = serde_json::to_vec(report)
                .map_err(|_| Failure::new(Exit::Internal, "a report cannot be written"))?;
            line.push(b'\n');
            Ok(line)
        }
    }
}

/// One per recipient, in the order of the transfers.
fn destinations<'j>(snapshot: &'j Snapshot, judged: &'j Judgement) -> Vec<DestinationReport<'j>> {
    let mut destinations: Vec<DestinationReport<'j>> = Vec::new();
    for transfer in &judged.located.transfers {
        let recipient = transfer.recipient.map(|index| snapshot.facts.recipient(index).id.as_str());
        if destinations.last().is_none_or(|last| last.recipient != recipient) {
            let destination = &transfer.destination;
            let (countries, evidence) = (&destination.countries, &destination.evidence);
            destinations.push(DestinationReport { recipient, countries, evidence });
        }
    }
    destinations
}
