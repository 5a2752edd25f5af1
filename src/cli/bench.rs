//! `sumun bench`: how many records per second the stages take on this machine. No Kafka, no output but the result.

use std::fs;
use std::io::{self, Write as _};
use std::ops::Range;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::args::{BenchArgs, Format};
use super::assemble;
use super::exit::{Exit, Failure, Outcome, say};
use super::input::{Coordinates, Line, Lines, OwnedRecord};
use crate::inspect::{self, Inspector};
use crate::lane::{self, Snapshot, judge_guarded, owed_alerts};
use crate::record::{Header, Record};
use crate::verdict;

/// Less fits into caches, which no stream of records does.
const CORPUS_BYTES_MIN: u64 = 200_000_000;
/// The order of reading is the same in every run.
const SHUFFLE_SEED: u64 = 0x73_75_6d_75_6e;
/// The clock is read once per so many records.
const RECORDS_PER_LOOK: usize = 256;

pub(super) fn run(arguments: &BenchArgs) -> Outcome {
    let stages = Stages::new(arguments)?;
    let corpus = Corpus::read(arguments)?;
    let threads =
        arguments.threads.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    if cfg!(debug_assertions) {
        say(format_args!("warning: this is a debug build; measure with `cargo build --release`"));
    }
    let (tally, seconds) = measure(&stages, &corpus, threads, Duration::from_secs(arguments.seconds.into()))?;
    let result = Report::new(&tally, seconds, threads, corpus.sha256, matches!(stages, Stages::Judge(_)));
    print(&result, arguments.output).map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}

/// How far records are taken.
enum Stages {
    Inspect(Box<Inspector>),
    /// And located, decided, and their alerts built.
    Judge(Box<Snapshot>),
}

impl Stages {
    fn new(arguments: &BenchArgs) -> Result<Stages, Failure> {
        let Some(path) = &arguments.config else {
            let inspector = Inspector::builtin().map_err(|error| Failure::new(Exit::Internal, error))?;
            let sought = &arguments.entity;
            let inspector = if sought.is_empty() { inspector } else { inspector.seeking(sought) };
            return Ok(Stages::Inspect(Box::new(inspector)));
        };
        let config = assemble::configuration(path)?;
        Ok(Stages::Judge(Box::new(assemble::snapshot(&config)?)))
    }
}

/// Records in memory, laid out one behind the other in the order in which they are read: as they lie in what a
/// consumer fetches. Records each in allocations of their own would measure the memory, not the stages.
struct Corpus {
    bytes: Vec<u8>,
    records: Vec<Laid>,
    /// Names and values of all headers.
    headers: Vec<(Span, Option<Span>)>,
    topics: Vec<String>,
    /// Of the file.
    sha256: String,
}

type Span = Range<usize>;

/// A record in the corpus; its spans are of `Corpus::bytes`, `headers` is of `Corpus::headers`.
struct Laid {
    topic: usize,
    partition: i32,
    offset: i64,
    timestamp_ms: Option<i64>,
    key: Option<Span>,
    value: Option<Span>,
    headers: Range<usize>,
}

impl Corpus {
    fn read(arguments: &BenchArgs) -> Result<Corpus, Failure> {
        let name = arguments.corpus.display();
        let unusable = |what: &dyn std::fmt::Display| {
            Failure::new(Exit::Usage, format_args!("the corpus {name}: {what}"))
        };
        let file = fs::read(&arguments.corpus).map_err(|error| unusable(&error))?;
        let mut lines = Lines::new(file.as_slice(), arguments.input);
        let mut owned = Vec::new();
        let mut number = 0_u64;
        while let Some(line) = lines.next().map_err(|error| unusable(&error))? {
            number += 1;
            match line {
                Line::Record(record) => owned.push(record),
                Line::Unreadable { .. } => {
                    return Err(unusable(&format_args!("its record {number} is none; see --input")));
                }
            }
        }
        let total: u64 = owned.iter().map(|record| record.value.as_ref().map_or(0, Vec::len) as u64).sum();
        if total == 0 {
            return Err(unusable(&"it holds no payload"));
        }
        let repeats = CORPUS_BYTES_MIN.div_ceil(total);
        let count = u32::try_from(owned.len() as u64 * repeats)
            .map_err(|_| unusable(&"more than 4 billion records"))?;
        let mut corpus = Corpus {
            bytes: Vec::new(),
            records: Vec::new(),
            headers: Vec::new(),
            topics: Vec::new(),
            sha256: hex(&Sha256::digest(&file)),
        };
        for position in shuffled(count) {
            // Repeated records are real copies: a payload that was just read is not still warm.
            if let Some(record) = owned.get(position as usize % owned.len()) {
                corpus.lay(record);
            }
        }
        Ok(corpus)
    }

    fn lay(&mut self, record: &OwnedRecord) {
        let Coordinates { topic, partition, offset } = record.coordinates.clone().unwrap_or_default();
        let topic = self.topics.iter().position(|known| *known == topic).unwrap_or_else(|| {
            self.topics.push(topic);
            self.topics.len() - 1
        });
        let key = record.key.as_deref().map(|key| self.push(key));
        let value = record.value.as_deref().map(|value| self.push(value));
        let first = self.headers.len();
        for (name, value) in &record.headers {
            let name = self.push(name);
            let value = value.as_deref().map(|value| self.push(value));
            self.headers.push((name, value));
        }
        let headers = first..self.headers.len();
        let timestamp_ms = record.timestamp_ms;
        self.records.push(Laid { topic, partition, offset, timestamp_ms, key, value, headers });
    }

    fn push(&mut self, bytes: &[u8]) -> Span {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn span(&self, span: &Span) -> &[u8] {
        self.bytes.get(span.clone()).unwrap_or_default()
    }

    /// The headers of a record as [`Record`] wants them, in `out`.
    fn headers_into<'a>(&'a self, laid: &Laid, out: &mut Vec<Header<'a>>) {
        let headers = self.headers.get(laid.headers.clone()).unwrap_or_default();
        out.clear();
        out.extend(headers.iter().map(|(name, value)| Header {
            name: self.span(name),
            value: value.as_ref().map(|value| self.span(value)),
        }));
    }

    fn record<'a>(&'a self, laid: &Laid, headers: &'a [Header<'a>]) -> Record<'a> {
        Record {
            topic: self.topics.get(laid.topic).map_or("", String::as_str),
            partition: laid.partition,
            offset: laid.offset,
            timestamp_ms: laid.timestamp_ms,
            key: laid.key.as_ref().map(|key| self.span(key)),
            value: laid.value.as_ref().map(|value| self.span(value)),
            headers,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}

/// Fisher–Yates over a small generator (xorshift64*): the same order everywhere.
fn shuffled(count: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    let mut state = SHUFFLE_SEED;
    for last in (1..order.len()).rev() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let random = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        order.swap(last, usize::try_from(random).unwrap_or(0) % (last + 1));
    }
    order
}

/// What was read and found.
#[derive(Clone, Copy, Default)]
struct Tally {
    records: u64,
    bytes: u64,
    findings: u64,
    /// By outcome.
    verdicts: [u64; verdict::Outcome::ALL.len()],
    /// Records with a transfer abroad.
    abroad: u64,
    /// So that the compiler cannot leave out building the alerts.
    alert_bytes: u64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.findings += other.findings;
        self.abroad += other.abroad;
        self.alert_bytes = self.alert_bytes.wrapping_add(other.alert_bytes);
        for (sum, count) in self.verdicts.iter_mut().zip(other.verdicts) {
            *sum += count;
        }
    }
}

/// The sum over all threads, and the seconds from the first record to the end of the last thread.
fn measure(
    stages: &Stages,
    corpus: &Corpus,
    threads: usize,
    duration: Duration,
) -> Result<(Tally, f64), Failure> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let mut worker = Worker::new(stages);
                    barrier.wait();
                    let begun = Instant::now();
                    let tally = worker.work(corpus, number, threads, begun + duration);
                    (tally, begun, Instant::now())
                })
            })
            .collect();
        let mut sum = Tally::default();
        // By the workers' own clocks: this thread may be late on a busy machine.
        let mut span: Option<(Instant, Instant)> = None;
        for worker in workers {
            let (tally, begun, ended) =
                worker.join().map_err(|_| Failure::new(Exit::Internal, "a thread ended by a panic"))?;
            sum.add(&tally);
            span = Some(span.map_or((begun, ended), |(first, last)| (first.min(begun), last.max(ended))));
        }
        let seconds = span.map_or(0.0, |(first, last)| (last - first).as_secs_f64());
        Ok((sum, seconds))
    })
}

struct Worker<'a> {
    stages: &'a Stages,
    inspect: inspect::Scratch,
    judge: lane::Scratch,
}

impl<'a> Worker<'a> {
    fn new(stages: &'a Stages) -> Worker<'a> {
        Worker { stages, inspect: inspect::Scratch::default(), judge: lane::Scratch::default() }
    }

    /// The thread's share of the corpus, again and again until `end`.
    fn work(&mut self, corpus: &Corpus, number: usize, threads: usize, end: Instant) -> Tally {
        let mut tally = Tally::default();
        let mut headers: Vec<Header<'_>> = Vec::new();
        let share =
            corpus.records.chunks(corpus.records.len().div_ceil(threads)).nth(number).unwrap_or_default();
        for (count, laid) in share.iter().cycle().enumerate() {
            if count % RECORDS_PER_LOOK == 0 && Instant::now() >= end {
                break;
            }
            corpus.headers_into(laid, &mut headers);
            let record = corpus.record(laid, &headers);
            self.record(&record, &mut tally);
            tally.records += 1;
            tally.bytes += record.value.map_or(0, |value| value.len() as u64);
        }
        tally
    }

    fn record(&mut self, record: &Record<'_>, tally: &mut Tally) {
        match self.stages {
            Stages::Inspect(inspector) => {
                tally.findings += inspector.inspect(record, &mut self.inspect).findings.len() as u64;
            }
            Stages::Judge(snapshot) => {
                // Which time it is costs nothing: 1970 does where a record has none.
                let at_ms = record.timestamp_ms.unwrap_or(0);
                let judged = judge_guarded(snapshot, record, at_ms, &mut self.judge);
                let findings = self.judge.inspect.seen().findings;
                tally.findings += findings.len() as u64;
                if let Some(count) = tally.verdicts.get_mut(judged.verdict.outcome as usize) {
                    *count += 1;
                }
                let abroad = judged.verdict.transfers.iter().any(|transfer| !transfer.countries.is_empty());
                tally.abroad += u64::from(abroad);
                for alert in owed_alerts("", snapshot, record, &judged, findings) {
                    tally.alert_bytes = tally.alert_bytes.wrapping_add(alert.body.len() as u64);
                }
            }
        }
    }
}

/// `bench.json` of the contracts.
#[derive(Serialize)]
struct Report {
    threads: usize,
    records: u64,
    seconds: f64,
    records_per_second: u64,
    bytes_per_second: u64,
    mean_bytes: u64,
    corpus_sha256: String,
    findings: u64,
    /// Empty without `-c`.
    verdicts: Verdicts,
    /// Of all records; null without `-c`.
    share_abroad: Option<f64>,
    share_violating: Option<f64>,
}

#[derive(Default, Serialize)]
struct Verdicts {
    #[serde(skip_serializing_if = "Option::is_none")]
    clear: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domestic: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permitted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    indeterminate: Option<u64>,
}

impl Report {
    fn new(tally: &Tally, seconds: f64, threads: usize, corpus_sha256: String, judged: bool) -> Report {
        let count = |outcome: verdict::Outcome| {
            judged.then(|| tally.verdicts.get(outcome as usize).copied().unwrap_or_default())
        };
        let violating = count(verdict::Outcome::Violation);
        Report {
            threads,
            records: tally.records,
            seconds: rounded(seconds, 100.0),
            records_per_second: per_second(tally.records, seconds),
            bytes_per_second: per_second(tally.bytes, seconds),
            mean_bytes: tally.bytes / tally.records.max(1),
            corpus_sha256,
            findings: tally.findings,
            verdicts: Verdicts {
                clear: count(verdict::Outcome::Clear),
                domestic: count(verdict::Outcome::Domestic),
                permitted: count(verdict::Outcome::Permitted),
                violation: violating,
                indeterminate: count(verdict::Outcome::Indeterminate),
            },
            share_abroad: judged.then(|| share(tally.abroad, tally.records)),
            share_violating: violating.map(|violating| share(violating, tally.records)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^63")]
fn per_second(count: u64, seconds: f64) -> u64 {
    (count as f64 / seconds.max(f64::MIN_POSITIVE)) as u64
}

#[expect(clippy::cast_precision_loss, reason = "a share of four digits")]
fn share(part: u64, whole: u64) -> f64 {
    rounded(part as f64 / whole.max(1) as f64, 10_000.0)
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

fn print(report: &Report, format: Format) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", serde_json::to_string(report)?),
        Format::Human => {
            let Report { threads, records, seconds, records_per_second, bytes_per_second, .. } = report;
            writeln!(out, "{records} records in {seconds} s on {threads} threads")?;
            writeln!(out, "{records_per_second} records/s, {} MB/s", bytes_per_second / 1_000_000)?;
            writeln!(out, "{} bytes a record, {} findings", report.mean_bytes, report.findings)?;
            if let (Some(abroad), Some(violating)) = (report.share_abroad, report.share_violating) {
                writeln!(out, "{:.1} % abroad, {:.1} % violating", abroad * 100.0, violating * 100.0)?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Tally, shuffled};

    #[test]
    fn the_order_is_a_permutation_and_always_the_same() {
        let order = shuffled(1000);
        assert_eq!(order, shuffled(1000));
        assert!(!order.is_sorted());
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<u32>>());
    }

    /// The example of the contracts: its numbers, computed from what a run counts.
    #[test]
    fn a_result_is_printed_as_the_contract_says() {
        let tally = Tally {
            records: 5_120_000,
            bytes: 5_120_000 * 782,
            findings: 9_810_021,
            // clear, domestic, permitted, indeterminate, violation
            verdicts: [2_048_000, 1_024_000, 1_996_800, 0, 51_200],
            abroad: 2_048_000,
            alert_bytes: 0,
        };
        let report = Report::new(&tally, 8.53, 1, "…".into(), true);
        let printed = serde_json::to_string(&report).unwrap();
        let example: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/contracts/bench.json")).unwrap();
        let printed_value: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let example = example.as_object().unwrap();
        assert_eq!(printed_value["verdicts"], example["verdicts"]);
        for key in
            ["threads", "records", "seconds", "records_per_second", "mean_bytes", "findings", "share_abroad"]
        {
            assert_eq!(printed_value[key], example[key], "{key}");
        }
        assert!(
            printed.starts_with(r#"{"threads":1,"records":5120000,"seconds":8.53,"records_per_second":"#)
        );
        assert_eq!(printed_value.as_object().unwrap().len(), example.len());
    }

    #[test]
    fn without_a_configuration_there_are_no_verdicts() {
        let report = Report::new(&Tally::default(), 1.0, 1, String::new(), false);
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(value["verdicts"].to_string(), "{}");
        assert!(value["share_abroad"].is_null() && value["share_violating"].is_null());
    }
}
