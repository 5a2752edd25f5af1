//! The consumer side of Kafka: one [`Source`] is one member of the group, polled by one lane.
//!
//! It knows nothing of receipts, verdicts or outputs. It hands out records where librdkafka left them, and
//! everything else that can wake a lane as one closed [`Event`].

mod context;
mod headers;
mod reader;
pub mod receipts;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::connection::Connection;

use context::LaneContext;
pub use headers::{read as read_headers, recycle as recycle_headers};
pub use reader::Reader;

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    pub topic: Arc<str>,
    pub partition: i32,
}

/// A partition and the offset of the next record in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionOffset {
    pub at: TopicPartition,
    pub offset: i64,
}

/// How far a partition is behind its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    pub at: TopicPartition,
    /// From the stored offset to the end.
    pub records: i64,
    /// Records wait that the lane has not taken.
    pub is_behind: bool,
}

/// Membership of the group.
pub struct Settings {
    pub connection: Connection,
    pub group: String,
    /// Static member id, `id-lane`.
    pub member: String,
    /// Names, or regular expressions that begin with `^`.
    pub topics: Vec<String>,
    /// As `topics`: never consumed, even where a pattern matches.
    pub exclude: Vec<String>,
}

/// Everything besides a record that can wake a lane.
#[derive(Clone, Debug)]
pub enum Event {
    /// To be answered with [`Source::assign`].
    Assigned(Vec<TopicPartition>),
    /// To be answered with [`Source::unassign`]. `lost`: somebody else may own them already.
    Revoked {
        partitions: Vec<TopicPartition>,
        lost: bool,
    },
    Lags(Vec<Lag>),
    /// Some position is not in its log any more; librdkafka does not say which.
    OutOfRange,
    /// A batch with a wrong checksum was skipped; librdkafka says at most its offset, not the partition.
    CorruptBatch {
        offset: Option<i64>,
    },
    /// Heals by itself, or is waited for.
    Trouble(RDKafkaErrorCode),
    /// The member cannot go on (fenced by another of the same id, for example).
    Fatal(RDKafkaErrorCode),
}

/// What a poll brought.
pub enum Polled<'a> {
    Record(BorrowedMessage<'a>),
    Event(Event),
    Nothing,
}

/// One member of the consumer group.
pub struct Source {
    consumer: BaseConsumer<LaneContext>,
}

/// The settings of every consumer; `kafka:` may set what is not sumun's own. Reasons: `DESIGN.md` §4,
/// `src/README.md` "Non-obvious".
pub fn consumer_config(connection: &Connection) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        // After a full local queue the default is to sleep a second: the largest throughput trap there is.
        .set("fetch.queue.backoff.ms", "5")
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.message.max.bytes", "1048576")
        .set("fetch.max.bytes", "16777216")
        .set("receive.message.max.bytes", "67108864")
        .set("max.poll.interval.ms", "300000")
        .set("session.timeout.ms", "45000")
        .set("heartbeat.interval.ms", "3000")
        .set("enable.metrics.push", "false")
        .set("isolation.level", "read_committed")
        .set("socket.keepalive.enable", "true");
    for (name, value) in &connection.properties {
        config.set(name, value);
    }
    config
        .set("bootstrap.servers", &connection.brokers)
        .set("client.id", "sumun")
        .set("group.protocol", "classic")
        .set("check.crcs", "true")
        .set("allow.auto.create.topics", "false")
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "false")
        .set("enable.auto.offset.store", "false");
    config
}

impl Source {
    /// Creates the member. It joins the group with [`Source::subscribe`].
    pub fn new(settings: &Settings) -> KafkaResult<Source> {
        let mut config = consumer_config(&settings.connection);
        config
            .set("group.id", &settings.group)
            .set("group.instance.id", &settings.member)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "1000")
            .set("statistics.interval.ms", "5000");
        if !settings.exclude.is_empty() {
            config.set("topic.blacklist", exclusion(&settings.exclude));
        }
        let consumer = BaseConsumer::from_config_and_context(&config, LaneContext::new())?;
        Ok(Source { consumer })
    }

    /// Joins the group. Only when the loop that polls is about to run: an assignment waits for its answer.
    pub fn subscribe(&self, settings: &Settings) -> KafkaResult<()> {
        let topics: Vec<&str> = settings.topics.iter().map(String::as_str).collect();
        self.consumer.subscribe(&topics)
    }

    /// The next event that was noted, else the next record, waited for at most `wait`.
    pub fn poll(&self, wait: Duration) -> Polled<'_> {
        if let Some(event) = self.consumer.context().next_event() {
            return Polled::Event(event);
        }
        match self.consumer.poll(wait) {
            Some(Ok(message)) => Polled::Record(message),
            Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::BadMessage))) => {
                Polled::Event(Event::CorruptBatch { offset: self.consumer.context().take_corrupt_at() })
            }
            Some(Err(error)) => Polled::Event(event_of(&error)),
            None => self.consumer.context().next_event().map_or(Polled::Nothing, Polled::Event),
        }
    }

    /// The identity of the cluster, part of every alert's id.
    pub fn cluster_id(&self, wait: Duration) -> Option<String> {
        self.consumer.client().fetch_cluster_id(wait)
    }

    /// The group's committed offsets, in the order of `partitions`.
    pub fn committed(&self, partitions: &[TopicPartition], wait: Duration) -> KafkaResult<Vec<Option<i64>>> {
        let list = self.consumer.committed_offsets(list_of(partitions), wait)?;
        partitions
            .iter()
            .map(|at| {
                let element = list.find_partition(&at.topic, at.partition);
                let element = element.ok_or(KafkaError::OffsetFetch(RDKafkaErrorCode::UnknownPartition))?;
                element.error()?;
                Ok(element.offset().to_raw().filter(|offset| *offset >= 0))
            })
            .collect()
    }

    /// First offset of the log, and the one after its last.
    pub fn watermarks(&self, at: &TopicPartition, wait: Duration) -> KafkaResult<(i64, i64)> {
        self.consumer.fetch_watermarks(&at.topic, at.partition, wait)
    }

    /// The first offset at or after `at_ms`; `None` where there is none.
    pub fn offset_at(&self, at: &TopicPartition, at_ms: i64, wait: Duration) -> KafkaResult<Option<i64>> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&at.topic, at.partition, Offset::Offset(at_ms))?;
        let list = self.consumer.offsets_for_times(list, wait)?;
        let element = list.find_partition(&at.topic, at.partition);
        Ok(element.and_then(|element| element.offset().to_raw()).filter(|offset| *offset >= 0))
    }

    /// Answers [`Event::Assigned`]: the partitions begin at these offsets, and are paused.
    pub fn assign(&self, positions: &[PartitionOffset]) -> KafkaResult<()> {
        let list = offsets_of(positions)?;
        self.consumer.incremental_assign(&list)?;
        self.consumer.pause(&list)
    }

    /// Answers [`Event::Revoked`]. librdkafka commits what was stored for them.
    pub fn unassign(&self, partitions: &[TopicPartition]) -> KafkaResult<()> {
        self.consumer.incremental_unassign(&list_of(partitions))
    }

    /// Begins assigned partitions anew at these offsets, paused where they were. librdkafka stops fetching where
    /// a position has left its log, and refuses a seek from then on (`State`): only a new assignment helps. It
    /// commits what was stored, and forgets it: a later position may lie before it.
    pub fn restart(&self, positions: &[PartitionOffset]) -> KafkaResult<()> {
        let list = offsets_of(positions)?;
        self.consumer.incremental_unassign(&list)?;
        self.consumer.incremental_assign(&list)
    }

    pub fn pause(&self, partitions: &[TopicPartition]) -> KafkaResult<()> {
        self.consumer.pause(&list_of(partitions))
    }

    pub fn resume(&self, partitions: &[TopicPartition]) -> KafkaResult<()> {
        self.consumer.resume(&list_of(partitions))
    }

    /// Stores next offsets; librdkafka commits them within a second, and when the partition is revoked.
    pub fn store(&self, positions: &[PartitionOffset]) -> KafkaResult<()> {
        self.consumer.store_offsets(&offsets_of(positions)?)
    }

    /// Commits and waits for the answer: librdkafka tells nobody what became of an asynchronous commit unless it
    /// was given a queue for it, which rdkafka 0.39 does not. Without a coordinator it waits some seconds.
    pub fn commit(&self, position: &PartitionOffset) -> KafkaResult<()> {
        let list = offsets_of(std::slice::from_ref(position))?;
        self.consumer.commit(&list, CommitMode::Sync)
    }

    /// Commits everything that was stored, and waits for the answer.
    pub fn commit_stored(&self) -> KafkaResult<()> {
        match self.consumer.commit_consumer_state(CommitMode::Sync) {
            Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => Ok(()),
            result => result,
        }
    }
}

/// Dropping the consumer takes its partitions away and waits, without a bound, for that to be answered: from here
/// on every rebalance is answered at once, and so is what nobody has answered yet. However the lane ends.
impl Drop for Source {
    fn drop(&mut self) {
        let context = self.consumer.context();
        context.close();
        while let Some(event) = context.next_event() {
            let answered = match event {
                Event::Assigned(_) => self.assign(&[]),
                Event::Revoked { partitions, .. } => self.unassign(&partitions),
                _ => Ok(()),
            };
            if let Err(error) = answered {
                tracing::warn!(code = ?error.rdkafka_error_code(), "a rebalance was not answered at close");
            }
        }
    }
}

fn event_of(error: &KafkaError) -> Event {
    match error {
        KafkaError::MessageConsumptionFatal(code) => Event::Fatal(*code),
        KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset) => Event::OutOfRange,
        other => Event::Trouble(other.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)),
    }
}

/// librdkafka's exclusion is a list of regular expressions.
fn exclusion(exclude: &[String]) -> String {
    let expressions: Vec<String> =
        exclude
            .iter()
            .map(|topic| {
                if topic.starts_with('^') {
                    topic.clone()
                } else {
                    format!("^{}$", topic.replace('.', "\\."))
                }
            })
            .collect();
    expressions.join(",")
}

fn list_of(partitions: &[TopicPartition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for at in partitions {
        list.add_partition(&at.topic, at.partition);
    }
    list
}

fn offsets_of(positions: &[PartitionOffset]) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for position in positions {
        list.add_partition_offset(
            &position.at.topic,
            position.at.partition,
            Offset::Offset(position.offset),
        )?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::{Duration, Instant};

    use rdkafka::ClientConfig;
    use rdkafka::config::FromClientConfig;
    use rdkafka::message::Message;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};

    use super::{Event, PartitionOffset, Polled, Settings, Source, TopicPartition};
    use crate::connection::Connection;

    type Cluster = MockCluster<'static, DefaultProducerContext>;

    const WAIT: Duration = Duration::from_secs(20);

    fn cluster() -> Cluster {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("egress", 1, 1).unwrap();
        cluster
    }

    /// Records of 100 kB: the mock cluster keeps the last 5 MiB of a partition.
    fn produce(cluster: &Cluster, count: usize) {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers());
        let producer = BaseProducer::from_config(&config).unwrap();
        let value = vec![b'x'; 100_000];
        for _ in 0..count {
            producer.send(BaseRecord::<(), _>::to("egress").partition(0).payload(&value)).unwrap();
            producer.flush(WAIT).unwrap();
        }
    }

    fn source(cluster: &Cluster) -> Source {
        let settings = Settings {
            connection: Connection { brokers: cluster.bootstrap_servers(), properties: Vec::new() },
            group: "group".to_owned(),
            member: "member".to_owned(),
            topics: vec!["egress".to_owned()],
            exclude: Vec::new(),
        };
        let source = Source::new(&settings).unwrap();
        source.subscribe(&settings).unwrap();
        source
    }

    fn at(offset: i64) -> PartitionOffset {
        PartitionOffset { at: TopicPartition { topic: "egress".into(), partition: 0 }, offset }
    }

    /// Polls until `is_it`; `None` after a while.
    fn wait_for<T>(source: &Source, is_it: impl Fn(&Polled<'_>) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + WAIT;
        while Instant::now() < deadline {
            if let Some(found) = is_it(&source.poll(Duration::from_millis(50))) {
                return Some(found);
            }
        }
        None
    }

    fn is_assigned(polled: &Polled<'_>) -> Option<()> {
        matches!(polled, Polled::Event(Event::Assigned(partitions)) if !partitions.is_empty()).then_some(())
    }

    fn offset_of(polled: &Polled<'_>) -> Option<i64> {
        if let Polled::Record(message) = polled { Some(message.offset()) } else { None }
    }

    #[test]
    fn a_source_can_be_dropped_with_partitions_and_with_an_assignment_that_nobody_answered() {
        for is_answered in [true, false] {
            let cluster = cluster();
            let source = source(&cluster);
            wait_for(&source, is_assigned).unwrap();
            if is_answered {
                source.assign(&[at(0)]).unwrap();
            }
            let (dropped, is_dropped) = channel();
            thread::spawn(move || {
                drop(source);
                dropped.send(()).unwrap();
            });
            assert!(is_dropped.recv_timeout(WAIT).is_ok(), "answered: {is_answered}");
        }
    }

    #[test]
    fn a_partition_whose_position_left_its_log_is_fetched_again_from_where_it_is_restarted() {
        let cluster = cluster();
        produce(&cluster, 2);
        let source = source(&cluster);
        wait_for(&source, is_assigned).unwrap();
        source.assign(&[at(0)]).unwrap();
        produce(&cluster, 120);
        source.resume(&[at(0).at]).unwrap();
        wait_for(&source, |polled| matches!(polled, Polled::Event(Event::OutOfRange)).then_some(())).unwrap();
        let (low, _) = source.watermarks(&at(0).at, WAIT).unwrap();
        assert!(low > 2);
        source.restart(&[at(low)]).unwrap();
        assert_eq!(wait_for(&source, offset_of), Some(low));
        source.store(&[at(low + 1)]).unwrap();
    }
}
