//! `sumun demo`: the main job on librdkafka's embedded broker, in this process, with nothing to install.
//!
//! It writes its configuration and facts to a temporary folder and runs the lanes that `sumun run` runs. The
//! embedded broker drops what exceeds 5 MiB per partition without a word, so the demo proves at its end that as
//! many records were inspected as were produced, and that every alert that the receipts count is there.

mod customers;
mod day;
mod outputs;
mod page;
mod progress;
mod report;

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use signal_hook::consts::SIGINT;

use crate::pipeline::{self, Plan, Stop};
use crate::subject::Keyring;
use crate::telemetry::{Health, Metrics, Server};
use crate::text::Language;

use super::args::{DemoArgs, Format};
use super::exit::{Exit, Failure, Outcome, say};
use super::reload::Reloader;
use super::{assemble, json_line};
use outputs::{Inspected, Outputs};
use progress::Progress;
use report::Report;

const EGRESS_TOPIC: &str = "orders.outbound";
/// Of egress and alerts: 20,000 records, and an alert for each, stay below what the broker keeps of a partition.
const PARTITIONS: i32 = 4;
/// The whole demo, after it was built, takes at most so long.
const DEMO_MAX: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(200);
/// The key of the demo's tokens: public, like its customers.
const KEY: [u8; 32] = [7; 32];

pub(super) fn run(arguments: &DemoArgs, language: Language) -> Outcome {
    let stop = Stop::on_signals().map_err(|error| internal("signals cannot be caught", &error))?;
    let cluster = embedded_broker()?;
    let folder = Folder::new().map_err(unwritable)?;
    let file = folder.fill(&cluster.bootstrap_servers()).map_err(unwritable)?;
    let config = Arc::new(assemble::configuration(&file)?);
    let plan = assemble::plan(&config);
    let topics = [(EGRESS_TOPIC, PARTITIONS), (&plan.alerts_topic, PARTITIONS), (&plan.receipts_topic, 1)];
    for (topic, partitions) in topics {
        cluster.create_topic(topic, partitions, 1).map_err(broker)?;
    }
    let metrics = Metrics::new().map_err(|error| internal("the metrics", &error))?;
    let (metrics, health) = (Arc::new(metrics), Arc::new(Health::default()));
    let snapshots = Reloader::start(&config, &metrics, &health)?.snapshots();

    let mut progress = Progress::new();
    let count = arguments.records;
    progress
        .show(language.pick(format!("producing {count} records"), format!("레코드 {count}건을 보내는 중")));
    produce(&plan, arguments).map_err(broker)?;
    thread::scope(|scope| {
        let lanes = scope.spawn(|| pipeline::run(&plan, &snapshots, &metrics, &health, &stop));
        let shown =
            wait_until_inspected(&plan, arguments, &mut progress, language, &stop).and_then(|report| {
                progress.clear();
                let Some(report) = report else { return Ok(()) };
                show(&report, &snapshots.load().facts, arguments, language)?;
                if arguments.hold { hold(&metrics, &health, language, &stop) } else { Ok(()) }
            });
        let signal = stop.signal().filter(|_| !arguments.hold);
        stop.set();
        let ended = lanes.join().map_err(|_| Failure::new(Exit::Internal, "the lanes ended by a panic"))?;
        ended.map_err(|error| Failure::new(Exit::Internal, error))?;
        shown?;
        Ok(match signal {
            // Held until Ctrl-C is what was asked for.
            None => Exit::Ok,
            Some(SIGINT) => Exit::Interrupted,
            Some(_) => Exit::Terminated,
        })
    })
}

/// Its thread ends for ever when a signal interrupts its wait (librdkafka 2.12.1, `rdkafka_mock.c`): it is made where
/// signals are blocked, which a thread inherits.
fn embedded_broker() -> Result<MockCluster<'static, DefaultProducerContext>, Failure> {
    let masked = |error| internal("signals cannot be blocked", &error);
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(masked)?;
    let cluster = MockCluster::new(1).map_err(broker);
    before.thread_set_mask().map_err(masked)?;
    cluster
}

fn internal(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Internal, format_args!("{what} ({error})"))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn broker(error: KafkaError) -> Failure {
    let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
    Failure::new(Exit::Internal, format_args!("the embedded broker failed ({code:?})"))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn unwritable(error: io::Error) -> Failure {
    Failure::new(Exit::Internal, format_args!("the temporary folder cannot be written ({error}); set TMPDIR"))
}

/// Produces the day, and waits until the broker has it.
fn produce(plan: &Plan, arguments: &DemoArgs) -> Result<(), KafkaError> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &plan.egress.brokers);
    let producer: BaseProducer<DefaultProducerContext> = config.create()?;
    for (record, partition) in day::records(arguments.records, arguments.seed).zip((0..PARTITIONS).cycle()) {
        let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(*value) })
        });
        let message = BaseRecord::<(), str>::to(EGRESS_TOPIC)
            .partition(partition)
            .payload(&record.value)
            .timestamp(record.timestamp_ms)
            .headers(headers);
        producer.send(message).map_err(|(error, _)| error)?;
    }
    producer.flush(DEMO_MAX)
}

/// The report, when the receipts say that all that was produced was inspected; none where `stop` was set before.
fn wait_until_inspected(
    plan: &Plan,
    arguments: &DemoArgs,
    progress: &mut Progress,
    language: Language,
    stop: &Stop,
) -> Result<Option<Report>, Failure> {
    let produced = arguments.records;
    let outputs = Outputs::open(plan).map_err(broker)?;
    let deadline = Instant::now() + DEMO_MAX;
    while !stop.is_set() {
        let Inspected { counts, register } = outputs.inspected().map_err(broker)?;
        let (inspected, alerts) = (counts.records, counts.alerts);
        progress.show(language.pick(
            format!("{inspected} of {produced} records inspected, {alerts} alerts"),
            format!("레코드 {produced}건 중 {inspected}건 검사, 경보 {alerts}건"),
        ));
        if inspected >= produced {
            let found = outputs.alerts().map_err(broker)?;
            if inspected > produced || found.len() as u64 != alerts {
                let text = format!(
                    "{produced} records and {alerts} alerts were written, {inspected} and {} read back; please report it",
                    found.len()
                );
                return Err(Failure::new(Exit::Internal, text));
            }
            return Ok(Some(Report::new(arguments.seed, counts, register, &found)));
        }
        if Instant::now() >= deadline {
            let text = format!("{produced} records were produced, but {inspected} inspected within a minute");
            return Err(Failure::new(Exit::Internal, text));
        }
        thread::park_timeout(LOOK);
    }
    Ok(None)
}

fn show(
    report: &Report,
    facts: &crate::facts::Facts,
    arguments: &DemoArgs,
    language: Language,
) -> Result<(), Failure> {
    let text = match arguments.output {
        Format::Json => json_line(report)?,
        Format::Human => report.page(facts, language).printed(page::has_colours()),
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::writing(&error))
}

/// Serves metrics and health until `stop` is set.
fn hold(
    metrics: &Arc<Metrics>,
    health: &Arc<Health>,
    language: Language,
    stop: &Stop,
) -> Result<(), Failure> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(any_port, Arc::clone(metrics), Arc::clone(health))
        .map_err(|error| internal("metrics cannot be served", &error))?;
    let address = server.address();
    say(format_args!(
        "{}",
        language.pick(
            format!("http://{address}/metrics and /readyz?verbose until Ctrl-C"),
            format!("http://{address}/metrics, /readyz?verbose (Ctrl-C로 끝냄)"),
        )
    ));
    while !stop.is_set() {
        thread::park_timeout(LOOK);
    }
    Ok(())
}

/// The demo's temporary folder, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Folder> {
        let path = std::env::temp_dir().join(format!("sumun-demo-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Folder(path))
    }

    /// Writes configuration, facts, geo database and key. Returns the configuration's path.
    fn fill(&self, brokers: &str) -> io::Result<PathBuf> {
        let facts = self.0.join("facts");
        fs::create_dir(&facts)?;
        fs::write(facts.join("disclosure.jsonl"), include_str!("disclosure.jsonl"))?;
        fs::write(facts.join("basis.jsonl"), include_str!("basis.jsonl"))?;
        fs::write(facts.join("recipient.jsonl"), include_str!("recipient.jsonl"))?;
        let keyring = Keyring::new(vec![("demo".to_owned(), KEY)]);
        fs::write(facts.join("consent.jsonl"), customers::consents(&keyring))?;
        fs::write(self.0.join("country.mmdb"), include_bytes!("country.mmdb"))?;
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, UNIX_EPOCH};

    use mmdb_writer::{Value, Writer};

    /// Of the networks for documentation (RFC 5737); the rest is unknown.
    const GEO: [(&str, &str); 4] = [
        ("203.0.113.0/24", "CN"),
        ("198.51.100.0/25", "KR"),
        ("192.0.2.0/26", "VN"),
        ("192.0.2.64/26", "JP"),
    ];

    /// `SUMUN_UPDATE=1 cargo test --lib demo` writes it anew.
    #[test]
    fn the_geo_database_is_made_of_these_networks() {
        let built = UNIX_EPOCH + Duration::from_hours(477_720); // 2024-07-01
        let mut writer = Writer::builder("countries of the demo").build_epoch(built).build();
        for (network, country) in GEO {
            let row = Value::map([("country_code", Value::from(country))]);
            writer.insert_value(network.parse::<ipnet::IpNet>().unwrap(), row).unwrap();
        }
        let bytes = writer.to_bytes().unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo/country.mmdb");
        if std::env::var_os("SUMUN_UPDATE").is_some() {
            std::fs::write(&file, &bytes).unwrap();
        }
        assert!(bytes == std::fs::read(&file).unwrap(), "{} is another one", file.display());
        assert!(bytes.len() < 10_000);
    }
}
