//! The one idempotent producer. It takes outputs from all lanes and tells each lane what became of its own.
//!
//! It decides nothing: retrying what was refused, and holding offsets meanwhile, is the lane's part.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::statistics::Statistics;

use crate::connection::{Connection, Told};
use crate::offsets::RangeId;

/// librdkafka's own queue; what does not fit waits in the lane.
const QUEUE_KBYTES_MAX: &str = "32768";
/// No output exceeds 900 kB (contracts, "Topics"); the rest is room for key and framing.
const MESSAGE_BYTES_MAX: &str = "1000000";

/// One alert or receipt on its way.
pub struct Output {
    pub topic: Arc<str>,
    pub key: Vec<u8>,
    pub body: Vec<u8>,
    pub ticket: Ticket,
}

impl Output {
    /// What it occupies until it is acknowledged.
    pub fn bytes(&self) -> usize {
        self.key.len() + self.body.len()
    }
}

/// To whom an acknowledgement goes, and what it means to them: the sink only carries it.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    pub lane: usize,
    /// The lane's own numbers: which assignment, which range, whether it is a receipt, and when it was owed
    /// (ms since the epoch).
    pub assignment: u64,
    pub range: RangeId,
    pub is_receipt: bool,
    pub owed_at_ms: i64,
}

/// What became of an output.
pub enum Delivery {
    Acknowledged {
        ticket: Ticket,
        bytes: usize,
    },
    /// To be sent again: the broker refused it, or time ran out.
    Failed {
        output: Output,
        code: RDKafkaErrorCode,
    },
}

/// The producer, shared by all lanes.
pub struct Sink {
    producer: ThreadedProducer<Deliveries>,
}

struct Deliveries {
    lanes: Vec<Sender<Delivery>>,
    fatal: Arc<AtomicUsize>,
    told: Mutex<Told>,
    begun: Instant,
}

/// What a lane gets back when its outputs are settled.
pub type DeliveryReceiver = Receiver<Delivery>;

impl Sink {
    /// The producer, and one receiver of deliveries for each of `lanes` lanes.
    pub fn new(connection: &Connection, lanes: usize) -> KafkaResult<(Sink, Vec<DeliveryReceiver>)> {
        let (senders, receivers) = (0..lanes).map(|_| channel()).unzip();
        let context = Deliveries {
            lanes: senders,
            fatal: Arc::new(AtomicUsize::new(0)),
            told: Mutex::default(),
            begun: Instant::now(),
        };
        let producer = ThreadedProducer::from_config_and_context(&producer_config(connection), context)?;
        Ok((Sink { producer }, receivers))
    }

    /// Hands an output to librdkafka. Gives it back where the queue is full, or it is refused at once.
    pub fn send(&self, output: Output) -> Result<(), (Output, RDKafkaErrorCode)> {
        let record = BaseRecord::with_opaque_to(&output.topic, Box::new(output.ticket))
            .key(output.key.as_slice())
            .payload(output.body.as_slice());
        match self.producer.send(record) {
            Ok(()) => Ok(()),
            Err((error, _)) => Err((output, error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown))),
        }
    }

    /// Whether the producer has failed for good (a fatal error of idempotence): the process must begin anew.
    pub fn has_failed(&self) -> bool {
        self.producer.context().fatal.load(Ordering::Relaxed) > 0
    }

    /// Whether the topic exists, as far as the brokers say.
    pub fn topic_exists(&self, topic: &str, wait: Duration) -> KafkaResult<bool> {
        let metadata = self.producer.client().fetch_metadata(Some(topic), wait)?;
        Ok(metadata
            .topics()
            .iter()
            .any(|found| found.name() == topic && found.error().is_none() && !found.partitions().is_empty()))
    }
}

/// The settings of the producer; what sumun owns comes last and wins.
pub fn producer_config(connection: &Connection) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("linger.ms", "5")
        .set("compression.type", "lz4")
        .set("delivery.timeout.ms", "60000")
        .set("enable.metrics.push", "false");
    for (name, value) in &connection.properties {
        config.set(name, value);
    }
    config
        .set("bootstrap.servers", &connection.brokers)
        .set("client.id", "sumun")
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("allow.auto.create.topics", "false")
        // Key to partition as the Java clients do it, so that other programs find a key where they expect it.
        .set("partitioner", "murmur2_random")
        .set("queue.buffering.max.kbytes", QUEUE_KBYTES_MAX)
        .set("message.max.bytes", MESSAGE_BYTES_MAX);
    config
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        match level {
            RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{text}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "librdkafka", facility, "{text}");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{text}"),
            _ => tracing::error!(target: "librdkafka", facility, "{text}"),
        }
    }

    fn stats(&self, _statistics: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_news(code as i32, self.begun.elapsed()) {
            tracing::warn!(target: "librdkafka", ?code, "{reason}");
        }
        if code == RDKafkaErrorCode::Fatal {
            self.fatal.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Ticket>;

    /// Runs on the producer's polling thread.
    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        let delivery = match result {
            Ok(message) => {
                Delivery::Acknowledged { ticket: *ticket, bytes: message.payload_len() + message.key_len() }
            }
            Err((error, message)) => Delivery::Failed {
                output: Output {
                    topic: message.topic().into(),
                    key: message.key().unwrap_or_default().to_vec(),
                    body: message.payload().unwrap_or_default().to_vec(),
                    ticket: *ticket,
                },
                code: error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown),
            },
        };
        if let Some(lane) = self.lanes.get(ticket.lane) {
            // A lane that is gone has given its partitions back: nobody waits for this any more.
            drop(lane.send(delivery));
        }
    }
}
