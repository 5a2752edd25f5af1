//! How far `scan` and `explain` take a record: to its findings, and with a configuration to its verdict.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::exit::{Exit, Failure, say};
use super::input::OwnedRecord;
use super::report::{DestinationReport, Report};
use super::{assemble, clock};
use crate::finding::{Issue, IssueCode};
use crate::inspect::{self, Candidate, Inspection, Inspector};
use crate::lane::{self, Judgement, Snapshot, Why, judge_guarded};
use crate::record::Record;

pub(super) enum Stages {
    Inspect { inspector: Box<Inspector>, scratch: Box<inspect::Scratch> },
    Judge { snapshot: Box<Snapshot>, scratch: Box<lane::Scratch>, at_ms: Option<i64> },
}

/// What a judged record was judged under and to be.
pub(super) type Judged<'j> = (&'j Snapshot, &'j Judgement);

impl Stages {
    /// Records without a time are judged at `at_ms`; `None` is the time when the first one comes.
    pub(super) fn new(config: Option<&Path>, at_ms: Option<i64>, reveal: bool) -> Result<Stages, Failure> {
        let Some(path) = config else {
            let inspector =
                Box::new(Inspector::builtin().map_err(|error| Failure::new(Exit::Internal, error))?);
            let mut scratch = Box::new(inspect::Scratch::default().strict());
            scratch.reveal = reveal;
            return Ok(Stages::Inspect { inspector, scratch });
        };
        let config = assemble::configuration(path)?;
        for warning in &config.warnings {
            say(format_args!("warning: {warning}"));
        }
        let snapshot = Box::new(assemble::snapshot(&config)?);
        let mut scratch = Box::new(lane::Scratch::default());
        scratch.inspect = inspect::Scratch::default().strict();
        scratch.inspect.reveal = reveal;
        Ok(Stages::Judge { snapshot, scratch, at_ms })
    }

    /// Everything in the record that was weighed, found or not; nothing where that panics, of which `take` tells.
    pub(super) fn candidates(&mut self, owned: &OwnedRecord) -> Vec<Candidate> {
        let mut headers = Vec::new();
        owned.headers_into(&mut headers);
        let record = owned.record(&headers);
        let (inspector, scratch) = match self {
            Stages::Inspect { inspector, scratch } => (&**inspector, &mut **scratch),
            Stages::Judge { snapshot, scratch, .. } => (&*snapshot.inspector, &mut scratch.inspect),
        };
        // The scratch is cleared before the next record.
        catch_unwind(AssertUnwindSafe(|| inspector.candidates(&record, scratch))).unwrap_or_default()
    }

    /// Hands what is to be said of the record to `tell`, and where it was judged the judgement.
    pub(super) fn take<T>(
        &mut self,
        owned: &OwnedRecord,
        tell: impl FnOnce(Report<'_>, Option<Judged<'_>>) -> T,
    ) -> T {
        let mut headers = Vec::new();
        owned.headers_into(&mut headers);
        let record = owned.record(&headers);
        match self {
            Stages::Inspect { inspector, scratch } => {
                // What a panic leaves in the scratch is cleared before it is read.
                let caught = catch_unwind(AssertUnwindSafe(|| {
                    inspector.inspect(&record, scratch);
                }));
                if caught.is_err() {
                    scratch.clear();
                }
                let panicked = caught.is_err().then(|| panicked(&record));
                tell(report(owned, scratch.seen(), panicked.as_slice()), None)
            }
            Stages::Judge { snapshot, scratch, at_ms } => {
                let at_ms = record.timestamp_ms.unwrap_or_else(|| {
                    *at_ms.get_or_insert_with(|| clock::now_said("records without a timestamp are"))
                });
                let judged = judge_guarded(snapshot, &record, at_ms, scratch);
                let caught = judged.unread.filter(|unread| unread.why == Why::Panic);
                let panicked = caught.map(|_| panicked(&record));
                let report = report(owned, scratch.inspect.seen(), panicked.as_slice())
                    .judged(destinations(snapshot, &judged), &judged.verdict);
                tell(report, Some((snapshot, &judged)))
            }
        }
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
