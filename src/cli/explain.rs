//! `sumun explain`: why a record is judged as it is. What was found and by which marks, what could have been found
//! and was not, where it goes, and the way to each verdict, step by step.

use std::io::{self, BufWriter, Write as _};

use serde::Serialize;

use super::args::{ExplainArgs, Format};
use super::exit::{Exit, Failure, Outcome};
use super::input::{Line, each_line};
use super::report::Report;
use super::stages::{Judged, Stages};
use super::{chain, json_line, weighing};
use crate::decide::Chain;
use crate::inspect::{Candidate, Tip};
use crate::lane;
use crate::text::Language;
use crate::verdict::TransferVerdict;

pub(super) fn run(arguments: &ExplainArgs, language: Language) -> Outcome {
    let mut stages = Stages::new(arguments.config.as_deref(), arguments.at, false)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let writing = |error: io::Error| Failure::writing(&error);
    each_line(&arguments.files, arguments.input, &mut |line, is_idle| {
        let text = match line {
            Line::Record(record) => {
                let candidates = stages.candidates(&record);
                stages.take(&record, |report, judged| {
                    Explained::new(report, candidates, judged).text(arguments.output, language)
                })?
            }
            Line::Unreadable { bytes } => {
                let report = Report::input_error(bytes);
                Explained::new(report, Vec::new(), None).text(arguments.output, language)?
            }
        };
        out.write_all(text.as_bytes()).map_err(writing)?;
        if is_idle { out.flush().map_err(writing) } else { Ok(()) }
    })?;
    out.flush().map_err(writing)?;
    Ok(Exit::Ok)
}

/// What `scan` says of the record, and why.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    report: Report<'a>,
    /// In the order in which they were read.
    candidates: Vec<Weighed>,
    /// In the order of the verdict's transfers.
    #[serde(skip_serializing_if = "Option::is_none")]
    ways: Option<Vec<Way<'a>>>,
}

/// A candidate, and what would have been enough for it to be found.
#[derive(Serialize)]
struct Weighed {
    #[serde(flatten)]
    candidate: Candidate,
    tips: Vec<Tip>,
}

/// The way to one transfer's verdict; no chains where it does not go abroad.
#[derive(Serialize)]
struct Way<'a> {
    recipient: Option<&'a str>,
    subject: Option<&'a str>,
    chains: Vec<Chain>,
    #[serde(skip)]
    transfer: &'a TransferVerdict,
}

impl<'a> Explained<'a> {
    fn new(report: Report<'a>, candidates: Vec<Candidate>, judged: Option<Judged<'a>>) -> Explained<'a> {
        let candidates = candidates.into_iter();
        let candidates = candidates.map(|candidate| Weighed { tips: candidate.tips().collect(), candidate });
        let ways = judged.map(|(snapshot, judged)| {
            let transfers = judged.verdict.transfers.iter().zip(lane::explain(snapshot, judged));
            let ways = transfers.map(|(transfer, chains)| Way {
                recipient: transfer.recipient.as_deref(),
                subject: transfer.subject.as_deref(),
                chains,
                transfer,
            });
            ways.collect()
        });
        Explained { report, candidates: candidates.collect(), ways }
    }

    fn text(&self, format: Format, language: Language) -> Result<String, Failure> {
        match format {
            Format::Json => json_line(self),
            Format::Human => Ok(self.human(language)),
        }
    }
}

impl Explained<'_> {
    fn human(&self, language: Language) -> String {
        let mut out = self.report.heading(language);
        self.report.finding_lines(true, language, &mut out);
        self.report.issue_lines(language, &mut out);
        weighing::lines(self.candidates.iter().map(|weighed| &weighed.candidate), language, &mut out);
        self.report.destination_lines(language, &mut out);
        for way in self.ways.iter().flatten() {
            out.push('\n');
            way.human(language, &mut out);
        }
        out.push('\n');
        out
    }
}

impl Way<'_> {
    fn human(&self, language: Language, out: &mut String) {
        super::report::transfer_heading(self.transfer, "", language, out);
        for (chain, cell) in self.chains.iter().zip(&self.transfer.cells) {
            chain::lines(chain, cell, language, out);
        }
        if self.chains.is_empty() {
            let reasons = self.transfer.cells.first().map(|cell| cell.reasons).unwrap_or_default();
            chain::reason_lines(reasons, language, out);
        }
        chain::note_lines(&self.transfer.notes, language, out);
    }
}
