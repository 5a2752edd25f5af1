//! Reads a topic from outside any group: receipts, for start positions and coverage.

use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::consumer_config;
use crate::connection::Connection;

/// One poll of the read loop waits so long.
const POLL_WAIT: Duration = Duration::from_millis(100);

struct QuietContext;

impl ClientContext for QuietContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        super::context::log(level, facility, text);
    }

    fn stats(&self, _statistics: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        tracing::debug!(target: "librdkafka", ?code, "{reason}");
    }
}

impl ConsumerContext for QuietContext {}

/// A reader of one topic. Never joins a group, never commits.
pub struct Reader {
    consumer: BaseConsumer<QuietContext>,
    topic: String,
}

impl Reader {
    /// `group` is only named because librdkafka wants one; it must be one the principal may read.
    pub fn open(connection: &Connection, group: &str, topic: &str) -> KafkaResult<Reader> {
        let mut config = consumer_config(connection);
        config.set("group.id", group).set("enable.auto.commit", "false").set("enable.partition.eof", "true");
        let consumer = BaseConsumer::from_config_and_context(&config, QuietContext)?;
        Ok(Reader { consumer, topic: topic.to_owned() })
    }

    pub fn partitions(&self, wait: Duration) -> KafkaResult<Vec<i32>> {
        let metadata = self.consumer.fetch_metadata(Some(&self.topic), wait)?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == self.topic);
        let topic = topic.ok_or(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopic))?;
        if let Some(error) = topic.error() {
            return Err(KafkaError::MetadataFetch(error.into()));
        }
        Ok(topic.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect())
    }

    /// First offset of the log, and the one after its last.
    pub fn watermarks(&self, partition: i32, wait: Duration) -> KafkaResult<(i64, i64)> {
        self.consumer.fetch_watermarks(&self.topic, partition, wait)
    }

    /// Visits the records of `[from, to)` of one partition in order. `Ok(false)`: not done by `deadline`.
    pub fn read(
        &self,
        partition: i32,
        from: i64,
        to: i64,
        deadline: Instant,
        mut visit: impl FnMut(&BorrowedMessage<'_>),
    ) -> KafkaResult<bool> {
        if from >= to {
            return Ok(true);
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, partition, Offset::Offset(from))?;
        self.consumer.assign(&list)?;
        let result = loop {
            match self.consumer.poll(POLL_WAIT) {
                Some(Ok(message)) if message.offset() < to => {
                    visit(&message);
                    if message.offset() + 1 >= to {
                        break Ok(true);
                    }
                }
                // Behind `to`, or at the end of the log: control records have offsets too.
                Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => break Ok(true),
                Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => break Err(error),
                Some(Err(KafkaError::MessageConsumption(
                    code @ (RDKafkaErrorCode::AutoOffsetReset
                    | RDKafkaErrorCode::TopicAuthorizationFailed
                    | RDKafkaErrorCode::UnknownTopicOrPartition),
                ))) => break Err(KafkaError::MessageConsumption(code)),
                // Anything else heals, or the deadline ends it.
                Some(Err(_)) | None => {}
            }
            if Instant::now() >= deadline {
                break Ok(false);
            }
        };
        self.consumer.unassign()?;
        result
    }
}
