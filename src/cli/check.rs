//! `sumun check`: everything that can be known to be wrong before `run`.
//!
//! Without `--connect`: the configuration, and the rules, facts, keys and geo databases it names. With it: brokers,
//! topics, their retention, and rights as far as Kafka tells them without being written to. Nothing is created,
//! written, committed or joined.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::args::CheckArgs;
use super::assemble;
use super::exit::{Exit, Failure, Outcome, say};
use crate::config::Config;
use crate::connection::Connection;
use crate::{pipeline, source};

/// The answer of a broker is waited for so long.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// A right to read shows within a fetch or two.
const READ_MAX: Duration = Duration::from_secs(2);
/// Topics whose right to read is tried, one after the other.
const READ_TOPICS_MAX: usize = 50;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const ALERTS_RETENTION_MIN_MS: i64 = 365 * DAY_MS;
/// The register must answer for two years.
const RECEIPTS_RETENTION_MIN_MS: i64 = 2 * 365 * DAY_MS;
/// No output exceeds 900 kB; the rest is Kafka's own share of a batch.
const MESSAGE_BYTES_MIN: i64 = 1_000_000;
/// What the commands below propose. Receipts: the number never changes afterwards.
const PARTITIONS: u32 = 8;

pub(super) fn run(arguments: &CheckArgs) -> Outcome {
    let config = assemble::configuration(&arguments.config)?;
    for warning in &config.warnings {
        say(format_args!("warning: {warning}"));
    }
    let snapshot = assemble::snapshot(&config)?;
    let facts = snapshot.facts.counts();
    let mut findings = Findings::default();
    findings.ok(format_args!(
        "{}: {} disclosures, {} consent acts, {} legal bases, {} recipients; rules {}",
        arguments.config.display(),
        facts.disclosure,
        facts.consent,
        facts.basis,
        facts.recipient,
        snapshot.inspector.digest(),
    ));
    if arguments.connect {
        connect(&config, &mut findings)?;
    }
    findings.print().map_err(|error| Failure::writing(&error))?;
    Ok(if findings.missing { Exit::Configuration } else { Exit::Ok })
}

/// What was found, a line each.
#[derive(Default)]
struct Findings {
    lines: Vec<String>,
    missing: bool,
}

impl Findings {
    fn ok(&mut self, what: std::fmt::Arguments<'_>) {
        self.lines.push(format!("ok: {what}"));
    }

    /// Not as it should be, but `run` works.
    fn warning(&mut self, what: std::fmt::Arguments<'_>) {
        self.lines.push(format!("warning: {what}"));
    }

    /// `run` would wait for it or fail.
    fn missing(&mut self, what: std::fmt::Arguments<'_>) {
        self.missing = true;
        self.lines.push(format!("missing: {what}"));
    }

    fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        self.lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

fn connect(config: &Config, findings: &mut Findings) -> Result<(), Failure> {
    for feature in pipeline::missing_features() {
        findings.missing(format_args!(
            "librdkafka was built without {feature}: build it as this repository does"
        ));
    }
    let egress =
        Cluster::reach("egress", &assemble::connection(&config.egress.cluster), &config.egress.group)?;
    check_egress(config, &egress, findings);
    let outputs =
        Cluster::reach("outputs", &assemble::connection(&config.outputs.cluster), &config.egress.group)?;
    let alerts =
        Wanted { name: &config.outputs.alerts, retention_min_ms: ALERTS_RETENTION_MIN_MS, years: "one year" };
    let receipts = Wanted {
        name: &config.outputs.receipts,
        retention_min_ms: RECEIPTS_RETENTION_MIN_MS,
        years: "two years",
    };
    for wanted in [alerts, receipts] {
        check_output(&outputs, &wanted, findings);
    }
    Ok(())
}

/// A cluster that has answered.
struct Cluster {
    brokers: String,
    consumer: BaseConsumer,
    admin: AdminClient<DefaultClientContext>,
    metadata: Metadata,
}

impl Cluster {
    fn reach(name: &str, connection: &Connection, group: &str) -> Result<Cluster, Failure> {
        let brokers = &connection.brokers;
        let failed = |error: KafkaError| {
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
            Failure::new(
                Exit::Unreachable,
                format_args!(
                    "the brokers of {name} ({brokers}) did not answer within {} s ({code:?}); check `brokers`, the \
                     network, and `security.protocol` and credentials under `kafka`",
                    ANSWER_MAX.as_secs()
                ),
            )
        };
        let mut client = source::consumer_config(connection);
        client.set("group.id", group).set("enable.auto.commit", "false");
        let consumer: BaseConsumer = client.create().map_err(failed)?;
        let metadata = consumer.fetch_metadata(None, ANSWER_MAX).map_err(failed)?;
        let admin = client.create().map_err(failed)?;
        Ok(Cluster { brokers: brokers.clone(), consumer, admin, metadata })
    }

    /// Partitions of a topic; asked for by name, because a list of all leaves out what may not be described.
    fn partitions(&self, topic: &str) -> Result<Vec<i32>, RDKafkaErrorCode> {
        let metadata = self
            .consumer
            .fetch_metadata(Some(topic), ANSWER_MAX)
            .map_err(|error| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let found = found.ok_or(RDKafkaErrorCode::UnknownTopicOrPartition)?;
        match found.error() {
            Some(error) => Err(error.into()),
            None => Ok(found.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect()),
        }
    }

    fn settings(&self, topic: &str) -> Result<ConfigResource, RDKafkaErrorCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|_| RDKafkaErrorCode::Fail)?;
        let options = AdminOptions::new().request_timeout(Some(ANSWER_MAX));
        let specifier = [ResourceSpecifier::Topic(topic)];
        let answer = runtime.block_on(self.admin.describe_configs(&specifier, &options));
        let answer =
            answer.map_err(|error| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown))?;
        answer.into_iter().next().unwrap_or(Err(RDKafkaErrorCode::Unknown))
    }
}

fn check_egress(config: &Config, cluster: &Cluster, findings: &mut Findings) {
    let all = cluster.metadata.topics();
    let listed =
        all.iter().map(rdkafka::metadata::MetadataTopic::name).filter(|name| config.egress.covers(name));
    let mut inspected: BTreeSet<&str> = listed.collect();
    let named = config.egress.topics.iter().map(crate::locate::TopicPattern::as_str);
    for name in named.filter(|name| !name.starts_with('^')) {
        match cluster.partitions(name) {
            Ok(_) => {
                inspected.insert(name);
            }
            Err(RDKafkaErrorCode::TopicAuthorizationFailed) => findings.missing(format_args!(
                "the right to describe and read topic {name}: {}",
                grant(&cluster.brokers, "--operation Read", "--topic", name)
            )),
            Err(_) => findings.missing(format_args!(
                "topic {name} of egress: correct `egress.topics`, or create it as its producers need it; `run` waits for it"
            )),
        }
    }
    if inspected.is_empty() {
        findings.missing(format_args!("no topic of the cluster matches `egress.topics`"));
    }
    let mut readable = 0;
    for topic in inspected.iter().take(READ_TOPICS_MAX) {
        match may_read(cluster, topic) {
            Ok(()) => readable += 1,
            Err(RDKafkaErrorCode::TopicAuthorizationFailed) => findings.missing(format_args!(
                "the right to read topic {topic}: {}",
                grant(&cluster.brokers, "--operation Read", "--topic", topic)
            )),
            Err(code) => findings.warning(format_args!("topic {topic} could not be read ({code:?})")),
        }
    }
    let group = &config.egress.group;
    // Where the right is missing the client looks for the group's coordinator until its time is over, and says only
    // that: whoever reached here has brokers that answer.
    if let Some(code) = group_error(cluster, inspected.first().copied()) {
        findings.missing(format_args!(
            "the right to use group {group}, or its coordinator ({code:?}): {}",
            grant(&cluster.brokers, "--operation Read", "--group", group)
        ));
    }
    findings.ok(format_args!(
        "egress {}: {} of {} topics are to be inspected, {readable} were tried and can be read",
        cluster.brokers,
        inspected.len(),
        all.len(),
    ));
}

/// Fetches at the end of one partition: the broker refuses where the right is missing.
fn may_read(cluster: &Cluster, topic: &str) -> Result<(), RDKafkaErrorCode> {
    let code = |error: KafkaError| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
    let mut list = TopicPartitionList::new();
    let partition = cluster.partitions(topic)?.first().copied().unwrap_or(0);
    list.add_partition_offset(topic, partition, Offset::End).map_err(code)?;
    cluster.consumer.assign(&list).map_err(code)?;
    let end = Instant::now() + READ_MAX;
    let mut result = Ok(());
    while Instant::now() < end {
        match cluster.consumer.poll(Duration::from_millis(100)) {
            Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::TopicAuthorizationFailed))) => {
                result = Err(RDKafkaErrorCode::TopicAuthorizationFailed);
                break;
            }
            Some(Ok(_)) => break,
            _ => {}
        }
    }
    cluster.consumer.unassign().map_err(code)?;
    result
}

fn group_error(cluster: &Cluster, topic: Option<&str>) -> Option<RDKafkaErrorCode> {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic?, 0);
    cluster.consumer.committed_offsets(list, ANSWER_MAX).err()?.rdkafka_error_code()
}

/// A topic that sumun writes.
struct Wanted<'a> {
    name: &'a str,
    retention_min_ms: i64,
    years: &'static str,
}

impl Wanted<'_> {
    fn create(&self, brokers: &str) -> String {
        format!(
            "kafka-topics.sh --bootstrap-server {brokers} --create --topic {} --partitions {PARTITIONS} \
             --config cleanup.policy=delete --config retention.ms={}",
            self.name, self.retention_min_ms
        )
    }

    fn alter(&self, brokers: &str, setting: &str) -> String {
        format!(
            "kafka-configs.sh --bootstrap-server {brokers} --alter --entity-type topics --entity-name {} \
             --add-config {setting}",
            self.name
        )
    }
}

fn check_output(cluster: &Cluster, wanted: &Wanted<'_>, findings: &mut Findings) {
    let Wanted { name, years, .. } = wanted;
    let brokers = &cluster.brokers;
    match cluster.partitions(name) {
        Ok(partitions) => {
            findings.ok(format_args!("outputs {brokers}: topic {name} has {} partitions", partitions.len()));
        }
        Err(RDKafkaErrorCode::TopicAuthorizationFailed) => {
            let remedy = grant(brokers, "--operation Write --operation Describe", "--topic", name);
            return findings.missing(format_args!("the right to write topic {name}: {remedy}"));
        }
        Err(_) => {
            return findings.missing(format_args!("topic {name}; create it: {}", wanted.create(brokers)));
        }
    }
    let settings = match cluster.settings(name) {
        Ok(settings) => settings,
        Err(code) => {
            let remedy = grant(brokers, "--operation DescribeConfigs", "--topic", name);
            return findings
                .warning(format_args!("the settings of topic {name} cannot be seen ({code:?}): {remedy}"));
        }
    };
    let setting = |key: &str| settings.get(key).and_then(|entry| entry.value.as_deref()).unwrap_or_default();
    let number = |key: &str| setting(key).parse::<i64>().ok();
    let retention = number("retention.ms").unwrap_or(0);
    if retention >= 0 && retention < wanted.retention_min_ms {
        let remedy = wanted.alter(brokers, &format!("retention.ms={}", wanted.retention_min_ms));
        findings.warning(format_args!(
            "topic {name} keeps its records {} days, less than {years}: {remedy}",
            retention / DAY_MS
        ));
    }
    if setting("cleanup.policy") != "delete" {
        let remedy = wanted.alter(brokers, "cleanup.policy=delete");
        findings.warning(format_args!(
            "topic {name} has cleanup.policy={}: what it must keep would be compacted away: {remedy}",
            setting("cleanup.policy")
        ));
    }
    if number("max.message.bytes").is_some_and(|bytes| bytes < MESSAGE_BYTES_MIN) {
        let remedy = wanted.alter(brokers, &format!("max.message.bytes={MESSAGE_BYTES_MIN}"));
        findings.warning(format_args!("topic {name} refuses outputs of 900 kB: {remedy}"));
    }
}

/// The principal is the operator's to fill in: Kafka does not tell a client its own.
fn grant(brokers: &str, operations: &str, kind: &str, name: &str) -> String {
    format!(
        "kafka-acls.sh --bootstrap-server {brokers} --add --allow-principal User:PRINCIPAL {operations} {kind} {name}"
    )
}
