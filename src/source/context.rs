//! What librdkafka tells a lane besides records. Callbacks only note events: they run inside `poll`, on the
//! lane's thread, and the lane handles them when `poll` has returned, with all its state at hand.
//!
//! A rebalance waits for its answer (`incremental_assign`, `incremental_unassign`) meanwhile; heartbeats go on.
//! A panic inside a rebalance callback would leave it unanswered for ever, and the consumer could not even be
//! dropped: so there is nothing here that could panic.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use super::{Event, Lag, TopicPartition};
use crate::connection::Told;

pub(super) struct LaneContext {
    events: Mutex<VecDeque<Event>>,
    told: Mutex<Told>,
    begun: Instant,
    /// Set when the consumer is being closed: a rebalance is then answered at once.
    closing: AtomicBool,
    /// Where the batch lies that a checksum error was last reported of: only the error's text says so.
    corrupt_at: Mutex<Option<i64>>,
}

impl LaneContext {
    pub(super) fn new() -> LaneContext {
        LaneContext {
            events: Mutex::default(),
            told: Mutex::default(),
            begun: Instant::now(),
            closing: AtomicBool::new(false),
            corrupt_at: Mutex::default(),
        }
    }

    pub(super) fn next_event(&self) -> Option<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(super) fn take_corrupt_at(&self) -> Option<i64> {
        self.corrupt_at.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    fn note(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
    }
}

impl ClientContext for LaneContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(level, facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        let mut lags = Vec::new();
        for topic in statistics.topics.values() {
            for (partition, numbers) in &topic.partitions {
                // -1 is "unknown": not zero.
                if *partition >= 0 && numbers.consumer_lag_stored >= 0 {
                    let at = TopicPartition { topic: topic.topic.as_str().into(), partition: *partition };
                    // From where the client fetches: that passes the markers of transactions, which no lane sees.
                    let is_behind = numbers.fetchq_cnt > 0 || numbers.next_offset < numbers.ls_offset;
                    lags.push(Lag { at, records: numbers.consumer_lag_stored, is_behind });
                }
            }
        }
        self.note(Event::Lags(lags));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        if code == RDKafkaErrorCode::BadMessage {
            *self.corrupt_at.lock().unwrap_or_else(PoisonError::into_inner) = offset_in(reason);
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_news(code as i32, self.begun.elapsed()) {
            // librdkafka's reasons name brokers, topics and offsets, never payload.
            tracing::warn!(target: "librdkafka", ?code, "{reason}");
        }
    }
}

impl ConsumerContext for LaneContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, error: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions = partitions_of(list);
        match error {
            _ if self.closing.load(Ordering::Relaxed) => {
                let answered = if error == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
                    consumer.incremental_assign(&TopicPartitionList::new())
                } else {
                    consumer.incremental_unassign(list)
                };
                if let Err(error) = answered {
                    tracing::warn!(code = ?error.rdkafka_error_code(), "a rebalance was not answered at close");
                }
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.note(Event::Assigned(partitions)),
            _ => self.note(Event::Revoked { partitions, lost: consumer.assignment_lost() }),
        }
    }
}

/// Passes a line of librdkafka's own log on. It names hosts, topics and codes, never payload (`debug=msg` would
/// print keys: the configuration refuses it).
pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, text: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", facility, "{text}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{text}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
            tracing::info!(target: "librdkafka", facility, "{text}");
        }
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{text}"),
    }
}

/// The offset in `MessageSet at offset 1207 (4096 bytes) failed CRC32C check …`. `None` where it is relative to
/// something else.
fn offset_in(reason: &str) -> Option<i64> {
    let (before, behind) = reason.split_once(" at offset ")?;
    let digits = behind.split(|character: char| !character.is_ascii_digit()).next()?;
    before.starts_with("Message").then(|| digits.parse().ok()).flatten()
}

fn partitions_of(list: &TopicPartitionList) -> Vec<TopicPartition> {
    list.elements()
        .iter()
        .map(|element| TopicPartition { topic: element.topic().into(), partition: element.partition() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::offset_in;

    #[test]
    fn a_checksum_error_says_where_the_batch_lies() {
        let check = |reason: &str, offset: Option<i64>| assert_eq!(offset_in(reason), offset);
        check(
            "MessageSet at offset 1207 (4096 bytes) failed CRC32C check (original 0x1 != calculated 0x2)",
            Some(1207),
        );
        check("Message at offset 3 (10 bytes) failed CRC32 check (original 0x1 != calculated 0x2)", Some(3));
        check(
            "Message at relative offset 3 (10 bytes) failed CRC32 check (original 0x1 != calculated 0x2)",
            None,
        );
        check("something else", None);
    }
}
