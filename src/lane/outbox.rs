//! What a lane owes and has not got acknowledged: on its way in the producer, or waiting to be sent again.
//!
//! Nothing leaves the outbox but by an acknowledgement, or because the partition it was owed for is no longer
//! this lane's. Whoever owns the partition then owes it again, under the same id.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode;

use crate::sink::{Delivery, DeliveryReceiver, Output, Sink, Ticket};
use crate::telemetry::{DeliveryFailure, LaneGauges, Metrics};

/// What the broker refused is sent again after this time.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// A full producer queue is tried again after this time.
const QUEUE_FULL_RETRY_AFTER: Duration = Duration::from_millis(5);
/// Outputs not acknowledged, over all lanes of the process, at which consumption pauses, and at which it goes
/// on: apart, because pausing throws away what was fetched.
const PAUSE_AT_BYTES: usize = 24 * 1024 * 1024;
const RESUME_AT_BYTES: usize = 8 * 1024 * 1024;
/// A trouble that lasts is logged again after this time.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(30);

pub(super) struct Outbox {
    sink: Arc<Sink>,
    deliveries: DeliveryReceiver,
    metrics: Arc<Metrics>,
    gauges: LaneGauges,
    lanes: usize,
    waiting: VecDeque<Output>,
    retry_at: Option<Instant>,
    outputs: usize,
    bytes: usize,
    ages: Ages,
    said_at: Option<Instant>,
}

impl Outbox {
    pub(super) fn new(
        sink: Arc<Sink>,
        deliveries: DeliveryReceiver,
        metrics: Arc<Metrics>,
        lane: usize,
        lanes: usize,
    ) -> Outbox {
        let gauges = metrics.lane(lane);
        Outbox {
            sink,
            deliveries,
            metrics,
            gauges,
            lanes,
            waiting: VecDeque::new(),
            retry_at: None,
            outputs: 0,
            bytes: 0,
            ages: Ages::default(),
            said_at: None,
        }
    }

    /// Takes an output that is owed. It is sent at once, unless others wait before it.
    pub(super) fn send(&mut self, output: Output, now: Instant) {
        self.outputs += 1;
        self.bytes += output.bytes();
        self.ages.add(output.ticket.owed_at_ms);
        self.waiting.push_back(output);
        self.pump(now);
    }

    /// Sends what waits, and notes what became of what was sent; `acknowledged` gets the tickets.
    pub(super) fn settle(&mut self, now: Instant, acknowledged: &mut Vec<Ticket>) {
        while let Ok(delivery) = self.deliveries.try_recv() {
            match delivery {
                Delivery::Acknowledged { ticket, bytes } => {
                    self.release(ticket, bytes);
                    acknowledged.push(ticket);
                }
                Delivery::Failed { output, code } => {
                    self.refused(code, now);
                    self.waiting.push_back(output);
                    self.retry_at = Some(now + RETRY_AFTER);
                }
            }
        }
        self.pump(now);
        self.gauges.unacknowledged(self.outputs, self.bytes, self.ages.oldest_ms());
    }

    /// Forgets what waits for assignments that are no longer the lane's. What is on its way is forgotten when
    /// its delivery comes back.
    pub(super) fn retain(&mut self, is_owned: impl Fn(u64) -> bool) {
        let mut gone = Vec::new();
        self.waiting.retain(|output| {
            let owned = is_owned(output.ticket.assignment);
            if !owned {
                gone.push((output.ticket, output.bytes()));
            }
            owned
        });
        for (ticket, bytes) in gone {
            self.release(ticket, bytes);
        }
    }

    /// Consumption is to pause. `waiting_bytes`: receipts that wait in the trackers for what is here.
    pub(super) fn is_full(&self, waiting_bytes: usize) -> bool {
        self.bytes + waiting_bytes > PAUSE_AT_BYTES / self.lanes
    }

    /// Consumption may go on.
    pub(super) fn has_room(&self, waiting_bytes: usize) -> bool {
        self.bytes + waiting_bytes < RESUME_AT_BYTES / self.lanes
    }

    /// The producer cannot go on.
    pub(super) fn has_failed(&self) -> bool {
        self.sink.has_failed()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.outputs == 0
    }

    pub(super) fn gauges(&self) -> &LaneGauges {
        &self.gauges
    }

    fn pump(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|retry_at| now < retry_at) {
            return;
        }
        self.retry_at = None;
        while let Some(output) = self.waiting.pop_front() {
            let Err((output, code)) = self.sink.send(output) else { continue };
            self.waiting.push_front(output);
            if code == RDKafkaErrorCode::QueueFull {
                self.retry_at = Some(now + QUEUE_FULL_RETRY_AFTER);
            } else {
                self.refused(code, now);
                self.retry_at = Some(now + RETRY_AFTER);
            }
            return;
        }
    }

    fn release(&mut self, ticket: Ticket, bytes: usize) {
        self.outputs = self.outputs.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.ages.remove(ticket.owed_at_ms);
    }

    fn refused(&mut self, code: RDKafkaErrorCode, now: Instant) {
        self.metrics.delivery_failed(reason(code));
        if self.said_at.is_none_or(|said_at| now >= said_at + SAY_AGAIN_AFTER) {
            self.said_at = Some(now);
            tracing::error!(
                ?code,
                unacknowledged = self.outputs,
                "an output was refused; its offset is held and it is sent again until it is taken"
            );
        }
    }
}

fn reason(code: RDKafkaErrorCode) -> DeliveryFailure {
    match code {
        RDKafkaErrorCode::MessageTimedOut
        | RDKafkaErrorCode::RequestTimedOut
        | RDKafkaErrorCode::OperationTimedOut => DeliveryFailure::TimedOut,
        RDKafkaErrorCode::QueueFull => DeliveryFailure::QueueFull,
        RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize => {
            DeliveryFailure::TooLarge
        }
        RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed => {
            DeliveryFailure::NotAuthorized
        }
        RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition => {
            DeliveryFailure::TopicMissing
        }
        RDKafkaErrorCode::Fatal => DeliveryFailure::Fatal,
        _ => DeliveryFailure::Other,
    }
}

/// How many outputs were owed in which second: enough to know the age of the oldest.
#[derive(Default)]
struct Ages {
    seconds: VecDeque<(i64, usize)>,
}

impl Ages {
    fn add(&mut self, at_ms: i64) {
        let second = at_ms / 1000;
        match self.seconds.iter_mut().rev().find(|(known, _)| *known == second) {
            Some((_, count)) => *count += 1,
            None => self.seconds.push_back((second, 1)),
        }
    }

    fn remove(&mut self, at_ms: i64) {
        let second = at_ms / 1000;
        if let Some((_, count)) = self.seconds.iter_mut().find(|(known, _)| *known == second) {
            *count = count.saturating_sub(1);
        }
        self.seconds.retain(|(_, count)| *count > 0);
    }

    fn oldest_ms(&self) -> Option<i64> {
        self.seconds.iter().map(|(second, _)| second * 1000).min()
    }
}
