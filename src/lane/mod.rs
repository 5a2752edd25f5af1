//! A lane: one thread that owns one consumer and takes its records from poll to verdict.
//!
//! Records are inspected in place, so whenever an event is handled nothing is under inspection. The loop is:
//! settle what came back, cut receipts that are due, hold or go on, poll a batch. What is kept per partition is
//! in `partition.rs`, what is owed and not acknowledged in `outbox.rs`, what a record is judged to be in
//! `judge.rs`.

mod corrupt;
mod custody;
mod faults;
mod journal;
mod judge;
mod outbox;
mod owed;
mod partition;
mod snapshot;
mod start;
mod stopwatch;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::connection::Connection;
use crate::offsets::StartFrom;
use crate::sink::{DeliveryReceiver, Sink};
use crate::source::{self, Event, Polled, Source};
use crate::telemetry::{Health, Metrics};

pub use judge::{Judgement, Scratch, Unread, Why, explain, judge_guarded};
pub use owed::owed_alerts;
pub use snapshot::{Digests, Snapshot};

use custody::Custody;
use start::START_MAX_S;

/// Records taken under one snapshot before the lane looks at anything else.
const BATCH_RECORDS_MAX: usize = 1024;
/// A poll of an idle lane waits so long; of one that waits for acknowledgements, shorter.
const IDLE_WAIT: Duration = Duration::from_millis(50);
const BUSY_WAIT: Duration = Duration::from_millis(2);
/// Shutdown waits so long for what is owed.
const SHUTDOWN_DRAIN_MAX: Duration = Duration::from_secs(20);
/// Before its first record a lane waits for the cluster's id, asked for this long at a time.
const CLUSTER_WAIT: Duration = Duration::from_secs(2);

/// One lane's share of the configuration.
pub struct Settings {
    /// Which of `lanes` lanes this is, from 0.
    pub number: usize,
    pub lanes: usize,
    pub source: source::Settings,
    pub outputs: Connection,
    pub alerts_topic: Arc<str>,
    pub receipts_topic: Arc<str>,
    pub start_from: StartFrom,
    pub receipt_interval: Duration,
    pub receipt_records_max: u64,
    pub state_dir: PathBuf,
}

/// Why a lane cannot go on. The process ends, and a supervisor starts it anew.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    #[error("Kafka ({0:?})")]
    Kafka(Option<RDKafkaErrorCode>),
    #[error("the member was fenced: is `id` the same on two machines? ({0:?})")]
    Fenced(RDKafkaErrorCode),
    #[error("the producer cannot go on; a new process repeats what was not acknowledged")]
    Producer,
    #[error("the start positions of partitions could not be asked for in {START_MAX_S} s ({0:?})")]
    Start(Option<RDKafkaErrorCode>),
    #[error("the operating system gives no random numbers ({0:?})")]
    Random(Option<i32>),
    #[error("the crash journal could not be written ({0}); see `state_dir`")]
    Journal(io::Error),
    #[error("a panic outside of inspection")]
    Panicked,
}

impl From<KafkaError> for LaneError {
    fn from(error: KafkaError) -> LaneError {
        LaneError::Kafka(error.rdkafka_error_code())
    }
}

impl From<io::Error> for LaneError {
    fn from(error: io::Error) -> LaneError {
        LaneError::Journal(error)
    }
}

pub struct Lane {
    settings: Arc<Settings>,
    source: Source,
    custody: Custody,
}

impl Lane {
    pub fn new(
        settings: Settings,
        sink: Arc<Sink>,
        deliveries: DeliveryReceiver,
        snapshot: Arc<ArcSwap<Snapshot>>,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
    ) -> Result<Lane, LaneError> {
        let settings = Arc::new(settings);
        let source = Source::new(&settings.source)?;
        let custody = Custody::new(Arc::clone(&settings), sink, deliveries, snapshot, metrics, health)?;
        Ok(Lane { settings, source, custody })
    }

    /// Runs until `stop` is set, then finishes what is owed within a bound.
    pub fn run(&mut self, stop: &AtomicBool) -> Result<(), LaneError> {
        let Some(cluster) = self.wait_for_cluster(stop) else { return Ok(()) };
        self.custody.set_cluster(cluster);
        self.source.subscribe(&self.settings.source)?;
        while !stop.load(Ordering::Relaxed) {
            self.custody.settle(&self.source)?;
            self.custody.cut_due();
            self.custody.find_out_of_range(&self.source)?;
            self.custody.hold_or_go_on(&self.source)?;
            self.poll_batch()?;
        }
        self.custody.finish_all(&self.source, SHUTDOWN_DRAIN_MAX)?;
        if let Err(error) = self.source.commit_stored() {
            tracing::warn!(code = ?error.rdkafka_error_code(), "the last offsets were not committed; they are repeated");
        }
        self.custody.close()
    }

    fn wait_for_cluster(&self, stop: &AtomicBool) -> Option<String> {
        while !stop.load(Ordering::Relaxed) {
            if let Some(cluster) = self.source.cluster_id(CLUSTER_WAIT) {
                return Some(cluster);
            }
            tracing::warn!("the egress brokers do not answer yet; waiting for them");
            // What librdkafka logs and counts meanwhile would pile up in its queue.
            if let Polled::Event(Event::Trouble(code)) = self.source.poll(IDLE_WAIT) {
                tracing::warn!(lane = self.settings.number, ?code, "the Kafka client reports trouble");
            }
        }
        None
    }

    /// Takes records until the batch is full, there are none, or something else woke the lane.
    fn poll_batch(&mut self) -> Result<(), LaneError> {
        let wait = if self.custody.is_settled() { IDLE_WAIT } else { BUSY_WAIT };
        let mut polled = self.source.poll(wait);
        // After the wait: what comes now is judged under what is in use now.
        let snapshot = self.custody.begin_batch();
        for taken in 1.. {
            match polled {
                Polled::Record(message) => self.custody.take(&message, &snapshot)?,
                Polled::Event(event) => {
                    self.custody.end_batch();
                    return self.handle(event);
                }
                Polled::Nothing => break,
            }
            // One record can owe a hundred alerts.
            if taken == BATCH_RECORDS_MAX || self.custody.is_full() {
                break;
            }
            polled = self.source.poll(Duration::ZERO);
        }
        self.custody.end_batch();
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<(), LaneError> {
        match event {
            Event::Assigned(partitions) => self.custody.assign(&self.source, partitions),
            Event::Revoked { partitions, lost } => self.custody.revoke(&self.source, &partitions, lost),
            Event::Lags(lags) => {
                self.custody.note_lags(&lags);
                Ok(())
            }
            Event::OutOfRange => {
                self.custody.expect_out_of_range();
                Ok(())
            }
            Event::CorruptBatch { offset } => {
                self.custody.expect_corrupt_gap(offset);
                Ok(())
            }
            Event::Trouble(code) => {
                self.custody.note_trouble(code);
                Ok(())
            }
            Event::Fatal(code) => Err(LaneError::Fenced(code)),
        }
    }
}
