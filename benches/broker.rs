//! What does sumun cost beside a bare consumer? On a real Kafka, both on the same topic, in turns.
//!
//! It starts a broker of its own (as the tests do), fills a topic with a corpus in kcat's form, and then lets a
//! bare `BaseConsumer` and `sumun run` read it from its first to its last record, pair by pair. It prints wall rate
//! and client CPU per record of each, and their ratios; it judges nothing.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a measurement ends by panicking, prints its table, and uses a part of the tests' support"
)]

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use sumun::connection::Connection;
use sumun::source::consumer_config;

#[path = "../tests/it/support"]
mod support {
    pub mod broker;
    pub mod kafka;
    pub mod wait;
}
use support::broker::Broker;
use support::kafka;

const USAGE: &str = "\
usage: cargo bench --bench broker -- --corpus FILE --config-dir DIR [--records N] [--pairs N] [--lanes N]
  --corpus, --config-dir  as written by `cargo bench --bench corpus`, in kcat's form
  --records  produced to the topic, the corpus repeated as needed [default: 3000000]
  --pairs    of a bare and a sumun run [default: 5]
  --lanes    of sumun [default: 2]";
const TOPIC: &str = "orders.outbound";
const PARTITIONS: i32 = 8;
/// One run takes at most so long.
const RUN_MAX: Duration = Duration::from_mins(10);
const LOOK: Duration = Duration::from_millis(20);

struct Options {
    corpus: PathBuf,
    config_dir: PathBuf,
    records: u64,
    pairs: u32,
    lanes: u32,
}

/// One run from the first record to the last.
#[derive(Clone, Copy)]
struct Run {
    records_per_second: f64,
    cpu_ns_per_record: f64,
    rss_mib_max: f64,
    /// Of sumun, from its receipts: records covered, alerts owed; and alerts in the topic.
    ledger: [u64; 3],
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [mode, brokers, records] = arguments.as_slice()
        && mode == "bare"
    {
        return bare(brokers, records.parse().unwrap());
    }
    let Some(options) = options(&arguments) else {
        println!("{USAGE}");
        std::process::exit(2);
    };
    let broker = Broker::own();
    let brokers = broker.bootstrap();
    kafka::create_topic(brokers, TOPIC, PARTITIONS, &[]);
    let mean_bytes = produce(brokers, &options);
    println!(
        "{} records of {mean_bytes} bytes on {PARTITIONS} partitions, lz4; {} lanes",
        options.records, options.lanes
    );
    let mut ratios = (Vec::new(), Vec::new());
    for pair in 1..=options.pairs {
        let bare = run_bare(brokers, options.records);
        let sumun = run_sumun(brokers, &options, pair);
        println!(
            "pair {pair}: bare {:.0}/s {:.0} ns | sumun {:.0}/s {:.0} ns, {:.0} MiB | rate {:.3}, CPU {:.2} \
             | records covered, alerts owed, alerts in the topic: {:?}",
            bare.records_per_second,
            bare.cpu_ns_per_record,
            sumun.records_per_second,
            sumun.cpu_ns_per_record,
            sumun.rss_mib_max,
            sumun.records_per_second / bare.records_per_second,
            sumun.cpu_ns_per_record / bare.cpu_ns_per_record,
            sumun.ledger,
        );
        ratios.0.push(sumun.records_per_second / bare.records_per_second);
        ratios.1.push(sumun.cpu_ns_per_record / bare.cpu_ns_per_record);
    }
    print_ratios("rate sumun/bare", &mut ratios.0);
    print_ratios("CPU  sumun/bare", &mut ratios.1);
}

fn options(arguments: &[String]) -> Option<Options> {
    let mut options = Options {
        corpus: PathBuf::new(),
        config_dir: PathBuf::new(),
        records: 3_000_000,
        pairs: 5,
        lanes: 2,
    };
    let mut arguments = arguments.iter();
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match name.as_str() {
            "--corpus" => options.corpus = value.into(),
            "--config-dir" => options.config_dir = value.into(),
            "--records" => options.records = value.parse().ok()?,
            "--pairs" => options.pairs = value.parse().ok()?,
            "--lanes" => options.lanes = value.parse().ok()?,
            _ => return None,
        }
    }
    (options.corpus.is_file() && options.config_dir.is_dir()).then_some(options)
}

fn print_ratios(what: &str, ratios: &mut [f64]) {
    ratios.sort_by(f64::total_cmp);
    if let (Some(least), Some(most), Some(median)) =
        (ratios.first(), ratios.last(), ratios.get(ratios.len() / 2))
    {
        println!("{what}: median {median:.3} [{least:.3}..{most:.3}]");
    }
}

/// Produces the corpus, repeated, and returns the mean length of a value.
fn produce(brokers: &str, options: &Options) -> u64 {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("compression.type", "lz4")
        .set("linger.ms", "20")
        .set("batch.size", "1000000")
        .set("enable.idempotence", "true")
        .set("queue.buffering.max.kbytes", "262144");
    let producer: BaseProducer = config.create().expect("a producer");
    let (mut produced, mut bytes) = (0, 0);
    while produced < options.records {
        let file = BufReader::new(fs::File::open(&options.corpus).expect("the corpus"));
        for line in file.lines().take(usize::try_from(options.records - produced).unwrap()) {
            let record: serde_json::Value =
                serde_json::from_str(&line.expect("a line")).expect("kcat's form");
            let payload = record["payload"].as_str().expect("a payload");
            let texts: Vec<&str> =
                record["headers"].as_array().into_iter().flatten().filter_map(|text| text.as_str()).collect();
            let headers = texts.chunks_exact(2).fold(OwnedHeaders::new(), |headers, pair| {
                let [key, value] = pair else { return headers };
                headers.insert(Header { key, value: Some(*value) })
            });
            let partition = i32::try_from(produced % u64::from(PARTITIONS.unsigned_abs())).unwrap();
            let key = record["key"].as_str().unwrap_or_default();
            let mut message = BaseRecord::<str, str>::to(TOPIC)
                .partition(partition)
                .payload(payload)
                .key(key)
                .timestamp(record["ts"].as_i64().expect("a timestamp"))
                .headers(headers);
            while let Err((error, returned)) = producer.send(message) {
                assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
                producer.poll(LOOK);
                message = returned;
            }
            produced += 1;
            bytes += payload.len() as u64;
        }
    }
    producer.flush(RUN_MAX).expect("all records are delivered");
    bytes / produced
}

fn run_bare(brokers: &str, records: u64) -> Run {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["bare", brokers, &records.to_string()])
        .stderr(Stdio::null())
        .output()
        .expect("the bare consumer runs");
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let &[records_per_second, cpu_ns_per_record] = numbers.as_slice() else {
        panic!("the bare consumer failed")
    };
    Run { records_per_second, cpu_ns_per_record, rss_mib_max: 0.0, ledger: [0; 3] }
}

/// The peer: one consumer with sumun's own settings that takes every record and looks at none.
fn bare(brokers: &str, records: u64) {
    let connection = Connection { brokers: brokers.to_owned(), properties: Vec::new() };
    let mut config = consumer_config(&connection);
    config.set("group.id", "bare").set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(TOPIC, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (mut seen, mut bytes, mut first) = (0_u64, 0, None);
    while seen < records {
        if let Some(Ok(message)) = consumer.poll(LOOK) {
            first.get_or_insert_with(|| (Instant::now(), cpu(std::process::id())));
            bytes += message.payload_len();
            seen += 1;
        }
    }
    let (began_at, began_cpu) = first.expect("at least one record");
    let seconds = began_at.elapsed().as_secs_f64();
    let cpu_seconds = cpu(std::process::id()) - began_cpu;
    assert!(bytes > 0);
    println!("{} {}", seen as f64 / seconds, cpu_seconds * 1e9 / seen as f64);
}

/// `sumun run` as a process of its own, seen through its metrics.
fn run_sumun(brokers: &str, options: &Options, pair: u32) -> Run {
    let name = format!("bench-{pair}");
    for topic in ["alerts", "receipts"] {
        kafka::create_topic(brokers, &format!("{name}.{topic}"), 2, &[]);
    }
    let config = configuration(brokers, options, &name);
    let log = options.config_dir.join(format!("{name}.log"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_sumun"))
        .args(["run", "-c"])
        .arg(&config)
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .expect("sumun runs");
    let deadline = Instant::now() + RUN_MAX;
    let address = address(&log, deadline);
    // The first lane to join has all partitions until the next rebalance: what counts is the time after.
    let first = loop {
        let seen = inspected(&address);
        if seen > 0 && lanes_assigned(&address) == options.lanes as usize {
            break (Instant::now(), cpu(child.id()), seen);
        }
        assert!(Instant::now() < deadline, "nothing is inspected: see {}", log.display());
        std::thread::park_timeout(LOOK);
    };
    let mut rss_mib_max: f64 = 0.0;
    let last = loop {
        let seen = inspected(&address);
        rss_mib_max = rss_mib_max.max(rss_mib(child.id()));
        if seen >= options.records {
            break (Instant::now(), cpu(child.id()), seen);
        }
        assert!(Instant::now() < deadline, "{seen} records are inspected: see {}", log.display());
        std::thread::park_timeout(LOOK);
    };
    end(&mut child);
    let records = (last.2 - first.2) as f64;
    Run {
        records_per_second: records / (last.0 - first.0).as_secs_f64(),
        cpu_ns_per_record: (last.1 - first.1) * 1e9 / records,
        rss_mib_max,
        ledger: ledger(brokers, &config, &format!("{name}.alerts")),
    }
}

/// What the receipts say, beside what lies in the alert topic.
fn ledger(brokers: &str, config: &Path, alerts: &str) -> [u64; 3] {
    let output = Command::new(env!("CARGO_BIN_EXE_sumun"))
        .args(["coverage", "-o", "json", "-c"])
        .arg(config)
        .output()
        .expect("coverage runs");
    let table: serde_json::Value = serde_json::from_slice(&output.stdout).expect("coverage prints JSON");
    let total = |name: &str| table["total"][name].as_u64().unwrap_or(0);
    let marks = kafka::watermarks(brokers, alerts);
    let written: i64 = marks.values().map(|(low, high)| high - low).sum();
    [total("records"), total("alerts"), u64::try_from(written).unwrap()]
}

/// The corpus's configuration, with this run's brokers, group and topics.
fn configuration(brokers: &str, options: &Options, name: &str) -> PathBuf {
    let text =
        fs::read_to_string(options.config_dir.join("sumun.yaml")).expect("the configuration of the corpus");
    let replaced = HashSet::from(["brokers:", "group:", "alerts:", "receipts:"]);
    let lines = text.lines().filter_map(|line| {
        let key = line.split_whitespace().next().unwrap_or_default();
        match key {
            "brokers:" => Some(format!("  brokers: [{brokers}]\n  lanes: {}", options.lanes)),
            "group:" => Some(format!("  group: {name}")),
            "alerts:" => Some(format!("  alerts: {name}.alerts")),
            "receipts:" => Some(format!("  receipts: {name}.receipts")),
            _ => (!replaced.contains(key)).then(|| line.to_owned()),
        }
    });
    let text: Vec<String> = lines.collect();
    let file = options.config_dir.join(format!("{name}.yaml"));
    fs::write(&file, text.join("\n") + "\n").unwrap();
    file
}

fn address(log: &Path, deadline: Instant) -> String {
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        if let Some((_, rest)) = text.split_once("listening on ") {
            let is_address = |character: &char| character.is_ascii_digit() || ".:".contains(*character);
            return rest.chars().take_while(is_address).collect();
        }
        assert!(Instant::now() < deadline, "sumun does not listen: {text}");
        std::thread::park_timeout(LOOK);
    }
}

/// Records inspected so far, as `/metrics` says.
fn inspected(address: &str) -> u64 {
    values(address, "sumun_records_total").iter().sum::<f64>() as u64
}

/// Lanes that have partitions.
fn lanes_assigned(address: &str) -> usize {
    values(address, "sumun_assigned_partitions").iter().filter(|partitions| **partitions > 0.0).count()
}

/// The values of all series of a metric; none where `/metrics` does not answer.
fn values(address: &str, name: &str) -> Vec<f64> {
    let Ok(mut stream) = TcpStream::connect(address) else { return Vec::new() };
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut text = String::new();
    if stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut text)).is_err() {
        return Vec::new();
    }
    let series = text.lines().filter(|line| line.starts_with(name));
    series.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect()
}

/// CPU seconds of a process so far, all its threads (100 ticks a second on Linux).
fn cpu(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn rss_mib(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    let pages: f64 = text.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4096.0 / (1024.0 * 1024.0)
}

fn end(child: &mut Child) {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success(), "sumun ends with 0");
}
