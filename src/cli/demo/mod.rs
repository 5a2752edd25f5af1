//! `sumun demo`: the main job on librdkafka's embedded broker, in this process, with nothing to install.
//!
//! It writes its configuration and facts to a temporary folder and runs the lanes that `sumun run` runs. The
//! embedded broker drops what exceeds 5 MiB per partition without a word, so the demo proves at its end that as
//! many records were inspected as were produced.

mod day;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};

use crate::alert::Alert;
use crate::coverage::Table;
use crate::pipeline::{self, Plan, Stop};
use crate::receipt::Receipt;
use crate::source::{Reader, receipts};
use crate::subject::Keyring;
use crate::telemetry::{Health, Metrics};

use super::args::DemoArgs;
use super::exit::{Exit, Failure, Outcome};
use super::{assemble, coverage};

const EGRESS_PARTITIONS: i32 = 4;
/// The whole demo, after it was built, takes at most so long.
const DEMO_MAX: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(200);
/// The key of the demo's tokens: public, like its customers.
const KEY: [u8; 32] = [7; 32];

pub(super) fn run(arguments: &DemoArgs) -> Outcome {
    let internal = |error: KafkaError| {
        Failure::new(
            Exit::Internal,
            format_args!("the embedded broker failed ({:?})", error.rdkafka_error_code()),
        )
    };
    let cluster = MockCluster::new(1).map_err(internal)?;
    let folder = Folder::new().map_err(|error| {
        Failure::new(
            Exit::Internal,
            format_args!("the temporary folder cannot be written ({error}); set TMPDIR"),
        )
    })?;
    let file = folder.fill(&cluster.bootstrap_servers()).map_err(|error| {
        Failure::new(
            Exit::Internal,
            format_args!("the temporary folder cannot be written ({error}); set TMPDIR"),
        )
    })?;
    let config = assemble::configuration(&file)?;
    let plan = assemble::plan(&config);
    let topics = [("orders.outbound", EGRESS_PARTITIONS), (&plan.alerts_topic, 1), (&plan.receipts_topic, 1)];
    for (topic, partitions) in topics {
        cluster.create_topic(topic, partitions, 1).map_err(internal)?;
    }
    let snapshot = Arc::new(ArcSwap::from_pointee(assemble::snapshot(&config)?));
    let metrics = Metrics::new().map_err(|error| Failure::new(Exit::Internal, error))?;
    let (metrics, health, stop) = (Arc::new(metrics), Arc::new(Health::default()), Stop::default());

    produce(&plan, arguments).map_err(internal)?;
    let table = thread::scope(|scope| {
        let lanes = scope.spawn(|| pipeline::run(&plan, &snapshot, &metrics, &health, &stop));
        let table = wait_until_inspected(&plan, arguments.records);
        stop.set();
        let ended = lanes.join().map_err(|_| Failure::new(Exit::Internal, "the lanes ended by a panic"))?;
        ended.map_err(|error| Failure::new(Exit::Internal, error))?;
        table
    })?;
    let summary = Summary::read(&plan, &table)?;
    summary.write(&mut io::stdout().lock()).map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}

/// Produces the day, and waits until the broker has it.
fn produce(plan: &Plan, arguments: &DemoArgs) -> Result<(), KafkaError> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &plan.egress.brokers);
    let producer: BaseProducer<DefaultProducerContext> = config.create()?;
    for (record, partition) in
        day::records(arguments.records, arguments.seed).zip((0..EGRESS_PARTITIONS).cycle())
    {
        let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(*value) })
        });
        let message = BaseRecord::<(), str>::to("orders.outbound")
            .partition(partition)
            .payload(&record.value)
            .timestamp(record.timestamp_ms)
            .headers(headers);
        producer.send(message).map_err(|(error, _)| error)?;
    }
    producer.flush(DEMO_MAX)
}

/// The coverage, when it says that all `produced` records were inspected.
fn wait_until_inspected(plan: &Plan, produced: u64) -> Result<Table, Failure> {
    let deadline = Instant::now() + DEMO_MAX;
    loop {
        let table = coverage::read(&plan.outputs, &plan.group, &plan.receipts_topic, None)?;
        let inspected = table.total.counts.records;
        if inspected >= produced {
            return Ok(table);
        }
        if Instant::now() >= deadline {
            let text = format!("{produced} records were produced, but {inspected} inspected within a minute");
            return Err(Failure::new(Exit::Internal, text));
        }
        thread::park_timeout(LOOK);
    }
}

/// The demo's temporary folder, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Folder> {
        let path = std::env::temp_dir().join(format!("sumun-demo-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Folder(path))
    }

    /// Writes configuration, facts and key. Returns the configuration's path.
    fn fill(&self, brokers: &str) -> io::Result<PathBuf> {
        let facts = self.0.join("facts");
        fs::create_dir(&facts)?;
        fs::write(facts.join("disclosure.jsonl"), include_str!("disclosure.jsonl"))?;
        fs::write(facts.join("basis.jsonl"), include_str!("basis.jsonl"))?;
        fs::write(facts.join("recipient.jsonl"), include_str!("recipient.jsonl"))?;
        let keyring = Keyring::new(vec![("demo".to_owned(), KEY)]);
        fs::write(facts.join("consent.jsonl"), day::consents(&keyring))?;
        let digits = KEY.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
        write_secret(&self.0.join("demo.hex"), &digits)?;
        let file = self.0.join("sumun.yaml");
        fs::write(&file, include_str!("sumun.yaml").replace("BROKERS", &format!("\"{brokers}\"")))?;
        Ok(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the demo's temporary folder was not removed");
        }
    }
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

/// What the day came to, read back from the topics that sumun wrote.
struct Summary {
    records: u64,
    outcomes: [(&'static str, u64); 5],
    /// Records by recipient, country, outcome and basis or reasons.
    register: BTreeMap<[String; 4], u64>,
    /// Alerts by reasons.
    alerts: BTreeMap<String, u64>,
}

impl Summary {
    fn read(plan: &Plan, table: &Table) -> Result<Summary, Failure> {
        let unreadable = |error: KafkaError| {
            Failure::new(
                Exit::Internal,
                format_args!("the outputs cannot be read ({:?})", error.rdkafka_error_code()),
            )
        };
        let deadline = Instant::now() + DEMO_MAX;
        let mut register = BTreeMap::new();
        let reader = Reader::open(&plan.outputs, &plan.group, &plan.receipts_topic).map_err(unreadable)?;
        receipts::all(&reader, deadline, |_, body| {
            let Ok(receipt) = serde_json::from_slice::<Receipt>(body) else { return };
            for row in receipt.register {
                let why = row.basis.unwrap_or_else(|| row.reasons.joined());
                let country = row.country.map_or_else(|| "-".to_owned(), |country| country.to_string());
                let recipient = row.recipient.unwrap_or_else(|| "(unknown)".to_owned());
                let key = [recipient, country, row.outcome.as_str().to_owned(), why];
                *register.entry(key).or_insert(0) += row.records;
            }
        })
        .map_err(unreadable)?;
        let mut alerts = BTreeMap::new();
        let reader = Reader::open(&plan.outputs, &plan.group, &plan.alerts_topic).map_err(unreadable)?;
        let (low, high) = reader.watermarks(0, LOOK).map_err(unreadable)?;
        reader
            .read(0, low, high, deadline, |message| {
                let alert = message.payload().and_then(|body| serde_json::from_slice::<Alert<'_>>(body).ok());
                if let Some(alert) = alert {
                    *alerts.entry(alert.reasons.joined()).or_insert(0) += 1;
                }
            })
            .map_err(unreadable)?;
        let counts = &table.total.counts;
        let outcomes = [
            ("clear", counts.clear),
            ("domestic", counts.domestic),
            ("permitted", counts.permitted),
            ("violation", counts.violation),
            ("indeterminate", counts.indeterminate),
        ];
        Ok(Summary { records: counts.records, outcomes, register, alerts })
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{} records produced, {} inspected", self.records, self.records)?;
        for (outcome, count) in self.outcomes {
            writeln!(out, "  {count:>6}  {outcome}")?;
        }
        writeln!(out, "\nwho got personal data, where, and on what basis")?;
        for ([recipient, country, outcome, why], records) in &self.register {
            writeln!(out, "  {records:>6}  {recipient:<14} {country:<3} {outcome:<13} {why}")?;
        }
        writeln!(out, "\nalerts")?;
        for (reasons, count) in &self.alerts {
            writeln!(out, "  {count:>6}  {reasons}")?;
        }
        Ok(())
    }
}
