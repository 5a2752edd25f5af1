//! What a lane has in its custody: the assigned partitions, and all that is owed for them.
//!
//! Invariant 4 lives here: an offset is stored when the tracker says that the receipt up to it is acknowledged,
//! and nowhere else.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{BorrowedMessage, Message};

use crate::alert::{AlertKind, GapCause};
use crate::inspect::Inspection;
use crate::offsets::{Gap, RangeId, Start};
use crate::owe::{self, Share};
use crate::receipt;
use crate::record::{Header, Record};
use crate::sink::{DeliveryReceiver, Output, Sink, Ticket};
use crate::source::{self, Lag, PartitionOffset, Source, TopicPartition};
use crate::telemetry::{Check, CommitResult, Health, LaneCounts, Metrics, PartitionLag, Rebalance};
use crate::verdict::Outcome;

use super::corrupt::Corrupt;
use super::faults::{self, Fault};
use super::journal::Journal;
use super::judge::{Judgement, Scratch, Why, judge_guarded, judge_unread};
use super::outbox::Outbox;
use super::owed::{context, owed_alerts};
use super::partition::{Partition, Phase, Writer};
use super::snapshot::Snapshot;
use super::start::starts;
use super::stopwatch::Stopwatch;
use super::{LaneError, Settings};

/// A revocation waits so long for what the partitions owe.
const REVOKE_DRAIN_MAX: Duration = Duration::from_secs(10);
/// While draining, acknowledgements are looked for this often.
const DRAIN_LOOK: Duration = Duration::from_millis(2);
/// A refused commit is repeated after this time.
const COMMIT_RETRY_AFTER: Duration = Duration::from_millis(500);
/// A trouble that lasts is logged again after this time.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Asking for watermarks when a position has left its log.
const WATERMARK_WAIT: Duration = Duration::from_secs(5);
/// Positions that leave their logs within this time are looked for together.
const OUT_OF_RANGE_AFTER: Duration = Duration::from_millis(200);

pub(super) struct Custody {
    number: usize,
    settings: Arc<Settings>,
    cluster: String,
    partitions: Vec<Partition>,
    /// Where the last record was: the next one is usually of the same partition.
    last: usize,
    assignments: u64,
    outbox: Outbox,
    acknowledged: Vec<Ticket>,
    /// Offsets that a planted fault stores before their time; else empty.
    stored_early: Vec<PartitionOffset>,
    /// Receipts that wait in the trackers, as of the last settling and with those cut since.
    waiting_bytes: usize,
    /// Consumption is paused because too much is not acknowledged.
    is_held: bool,
    journal: Option<Journal>,
    snapshots: Arc<ArcSwap<Snapshot>>,
    snapshot: Arc<Snapshot>,
    writer: Writer,
    /// Taken while a record is judged.
    scratch: Option<Box<Scratch>>,
    headers: Vec<Header<'static>>,
    counts: LaneCounts,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    health_name: String,
    now: Instant,
    now_ms: i64,
    /// The next record is the first of its batch: its stages are timed.
    is_sampled: bool,
    corrupt: Corrupt,
    out_of_range_due_at: Option<Instant>,
    trouble_said_at: Option<Instant>,
}

impl Custody {
    pub(super) fn new(
        settings: Arc<Settings>,
        sink: Arc<Sink>,
        deliveries: DeliveryReceiver,
        snapshots: Arc<ArcSwap<Snapshot>>,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
    ) -> Result<Custody, LaneError> {
        let now = Instant::now();
        let member = &settings.source.member;
        let journal = Journal::open(&settings.state_dir.join(format!("{member}.journal")))?;
        let snapshot = snapshots.load_full();
        let writer = Writer {
            group: settings.source.group.clone(),
            member: member.clone(),
            digests: snapshot.digests.clone(),
            records_max: settings.receipt_records_max,
        };
        let health_name = format!("lane-{}", settings.number);
        health.set(&health_name, Check::Failing("no assignment yet".to_owned()));
        Ok(Custody {
            number: settings.number,
            cluster: String::new(),
            partitions: Vec::new(),
            last: 0,
            assignments: 0,
            outbox: Outbox::new(sink, deliveries, Arc::clone(&metrics), settings.number, settings.lanes),
            acknowledged: Vec::new(),
            stored_early: Vec::new(),
            waiting_bytes: 0,
            is_held: false,
            journal: Some(journal),
            snapshots,
            snapshot,
            writer,
            scratch: None,
            headers: Vec::new(),
            counts: LaneCounts::default(),
            metrics,
            health,
            health_name,
            now,
            now_ms: now_ms(),
            is_sampled: false,
            corrupt: Corrupt::default(),
            out_of_range_due_at: None,
            trouble_said_at: None,
            settings,
        })
    }

    pub(super) fn set_cluster(&mut self, cluster: String) {
        self.cluster = cluster;
    }

    // --- the loop

    /// Notes what came back, sends receipts that are due, stores what they cover.
    pub(super) fn settle(&mut self, source: &Source) -> Result<(), LaneError> {
        self.now = Instant::now();
        if self.outbox.has_failed() {
            return Err(LaneError::Producer);
        }
        let mut acknowledged = std::mem::take(&mut self.acknowledged);
        self.outbox.settle(self.now, &mut acknowledged);
        let mut stored = std::mem::take(&mut self.stored_early);
        for ticket in acknowledged.drain(..) {
            self.acknowledge(ticket, &mut stored);
        }
        self.acknowledged = acknowledged;
        self.send_due_receipts();
        self.waiting_bytes = self.partitions.iter().map(|partition| partition.tracker.waiting_bytes()).sum();
        self.commit_positions(source)?;
        if !stored.is_empty() {
            store(source, &stored);
        }
        Ok(())
    }

    /// Cuts the receipts whose interval is over.
    pub(super) fn cut_due(&mut self) {
        let interval = self.settings.receipt_interval;
        let now = self.now;
        self.cut_where(|partition| partition.opened_at.is_some_and(|opened_at| now >= opened_at + interval));
    }

    /// Pauses consumption while too much is not acknowledged. Polling goes on, so the lane stays a member.
    pub(super) fn hold_or_go_on(&mut self, source: &Source) -> Result<(), LaneError> {
        if !self.is_held && self.is_full() {
            self.is_held = true;
            source.pause(&self.judging())?;
            tracing::warn!(
                lane = self.number,
                "too much is not acknowledged: consumption pauses, offsets are held"
            );
        } else if self.is_held && self.outbox.has_room(self.waiting_bytes) {
            self.is_held = false;
            source.resume(&self.judging())?;
            tracing::info!(lane = self.number, "outputs are acknowledged again: consumption goes on");
        } else {
            return Ok(());
        }
        self.outbox.gauges().paused(self.is_held);
        self.show_health();
        Ok(())
    }

    /// The snapshot under which the records of this batch are judged, held once for all of them: every lane counts
    /// on the same holders. Receipts are of one snapshot.
    pub(super) fn begin_batch(&mut self) -> Arc<Snapshot> {
        self.now = Instant::now();
        self.now_ms = now_ms();
        self.is_sampled = true;
        self.outbox.gauges().polled(self.now_ms);
        let snapshot = self.snapshots.load();
        if !Arc::ptr_eq(&snapshot, &self.snapshot) {
            self.cut_where(|_| true);
            self.snapshot = Arc::clone(&snapshot);
            self.writer.digests = self.snapshot.digests.clone();
        }
        Arc::clone(&self.snapshot)
    }

    pub(super) fn end_batch(&mut self) {
        self.metrics.add(&mut self.counts);
    }

    /// Whether so much is not acknowledged that nothing more is to be taken.
    pub(super) fn is_full(&self) -> bool {
        self.outbox.is_full(self.waiting_bytes)
    }

    /// Whether nothing is owed and no receipt is due or on its way.
    pub(super) fn is_settled(&self) -> bool {
        self.outbox.is_empty() && self.partitions.iter().all(|partition| partition.tracker.is_settled())
    }

    // --- a record

    /// Judges a record, owes its alerts, and adds it to the open receipt of its partition.
    pub(super) fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        snapshot: &Snapshot,
    ) -> Result<(), LaneError> {
        let Some(position) = self.find(message.topic(), message.partition()) else {
            // Fetched before the partition was given back.
            return Ok(());
        };
        let Some(partition) = self.partitions.get_mut(position) else { return Ok(()) };
        let offset = message.offset();
        if !partition.is_judging() {
            partition.must_rewind = true;
            return Ok(());
        }
        if offset < partition.next() {
            // Delivered once more after a pause: it was judged.
            return Ok(());
        }
        let next = partition.next();
        let is_first = std::mem::take(&mut partition.is_first);
        let timestamp_ms = message.timestamp().to_millis();
        partition.taken_ms = timestamp_ms.unwrap_or(partition.taken_ms);
        if offset > next && self.corrupt.is_gap(next, offset, is_first, self.now) {
            self.declare(position, Gap { from: next, to: offset, cause: GapCause::CorruptBatch });
        }
        let mut headers = source::recycle_headers(std::mem::take(&mut self.headers));
        source::read_headers(message, &mut headers);
        let record = Record {
            topic: message.topic(),
            partition: message.partition(),
            offset,
            timestamp_ms,
            key: message.key(),
            value: message.payload(),
            headers: &headers,
        };
        let result = self.judge_and_owe(position, &record, snapshot);
        self.headers = source::recycle_headers(headers);
        result
    }

    fn judge_and_owe(
        &mut self,
        position: usize,
        record: &Record<'_>,
        snapshot: &Snapshot,
    ) -> Result<(), LaneError> {
        let mut is_crasher = false;
        if let Some(journal) = &mut self.journal {
            is_crasher = journal.is_crasher(record.topic, record.partition, record.offset);
            journal.inspecting(record.topic, record.partition, record.offset)?;
        }
        let at_ms = record.timestamp_ms.unwrap_or(self.now_ms);
        let mut scratch = self.scratch.take().unwrap_or_default();
        let stopwatch = std::mem::take(&mut self.is_sampled).then(|| Stopwatch::start(&mut scratch));
        let judgement = if is_crasher {
            judge_unread(snapshot, record, at_ms, Why::Crasher, &mut scratch)
        } else {
            judge_guarded(snapshot, record, at_ms, &mut scratch)
        };
        if judgement.unread.is_some_and(|unread| unread.why == Why::Panic) {
            self.counts.panicked();
        }
        if let Some(journal) = &mut self.journal {
            journal.idle()?;
        }
        let decided_at = stopwatch.as_ref().map(|_| Instant::now());
        let seen = scratch.inspect.seen();
        let alerts = owed_alerts(&self.cluster, snapshot, record, &judgement, seen.findings);
        self.count(position, record, &judgement, seen);
        let owed = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
        self.add_to_receipt(position, record, &judgement, owed);
        self.owe(position, alerts);
        if let Some((stopwatch, decided_at)) = stopwatch.zip(decided_at) {
            let is_clear = judgement.verdict.outcome == Outcome::Clear;
            let age_ms = record.timestamp_ms.map(|timestamp_ms| self.now_ms - timestamp_ms);
            self.metrics.sampled(&stopwatch.stop(&mut scratch, decided_at, is_clear), age_ms);
        }
        self.scratch = Some(scratch);
        Ok(())
    }

    fn count(&mut self, position: usize, record: &Record<'_>, judgement: &Judgement, seen: Inspection<'_>) {
        let Some(partition) = self.partitions.get(position) else { return };
        self.counts.record(partition.label, record.value.map_or(0, <[u8]>::len));
        self.counts.verdict(judgement.verdict.outcome);
        for finding in seen.findings {
            self.counts.finding(finding.entity);
        }
        for issue in seen.issues {
            self.counts.issue(issue.code);
        }
        if judgement.is_unrouted {
            self.counts.unrouted(partition.label);
        }
        let mut alerts = 0;
        for transfer in &judgement.verdict.transfers {
            self.counts.transfer(transfer);
            if transfer.outcome.is_alert() {
                alerts += 1;
                if alerts <= owe::ALERTS_PER_RECORD_MAX {
                    self.counts.transfer_alert(transfer);
                }
            }
        }
        if alerts > owe::ALERTS_PER_RECORD_MAX {
            self.counts.alert(AlertKind::Truncated);
        }
        if let Some(unread) = judgement.unread {
            self.counts.uninspectable();
            if judgement.owes_unread {
                self.counts.unread_alert(unread.why.code());
            }
        }
    }

    /// The record's share of the open receipt. Before the outputs are owed: a receipt that has no room is cut
    /// first, and the record with all that it owes belongs to the next one.
    fn add_to_receipt(&mut self, position: usize, record: &Record<'_>, judgement: &Judgement, alerts: u32) {
        let share = Share {
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            bytes: record.value.map_or(0, |value| value.len() as u64),
            verdict: &judgement.verdict,
            purpose: judgement.located.purpose.as_deref(),
            transfer_type: judgement.located.transfer_type.as_deref(),
            alerts: u64::from(alerts),
            uninspectable: judgement.unread.is_some(),
        };
        let has_room = self
            .partitions
            .get_mut(position)
            .is_some_and(|partition| !partition.draft.is_full() && partition.draft.add(&share).is_ok());
        if !has_room {
            self.cut(position);
        }
        let Some(partition) = self.partitions.get_mut(position) else { return };
        if !has_room {
            let added = partition.draft.add(&share);
            debug_assert!(added.is_ok(), "an empty draft takes any record");
        }
        partition.opened_at.get_or_insert(self.now);
    }

    fn cut_where(&mut self, is_meant: impl Fn(&Partition) -> bool) {
        for position in 0..self.partitions.len() {
            if self.partitions.get(position).is_some_and(&is_meant) {
                self.cut(position);
            }
        }
    }

    /// Ends the open receipt of a partition, if it holds a record.
    fn cut(&mut self, position: usize) {
        let Some(partition) = self.partitions.get_mut(position) else { return };
        let waiting_bytes = partition.tracker.waiting_bytes();
        let ended_at = partition.cut(&self.writer);
        self.waiting_bytes += partition.tracker.waiting_bytes() - waiting_bytes;
        if let Some(offset) = ended_at.filter(|_| faults::is_planted(Fault::StoreBeforeAck)) {
            self.stored_early.push(PartitionOffset { at: partition.at.clone(), offset });
        }
    }

    /// Sends what the open range of a partition owes.
    fn owe(&mut self, position: usize, outputs: Vec<owe::Output>) {
        let Some(partition) = self.partitions.get_mut(position) else { return };
        let Some(count) = u32::try_from(outputs.len()).ok().filter(|count| *count > 0) else { return };
        let range = partition.tracker.owe(count);
        let ticket = self.ticket(position, range, false);
        for output in outputs {
            let topic = Arc::clone(&self.settings.alerts_topic);
            self.outbox
                .send(Output { topic, key: output.id.into_bytes(), body: output.body, ticket }, self.now);
            faults::pass(Fault::KillBeforeAlertAck);
        }
    }

    fn ticket(&self, position: usize, range: RangeId, is_receipt: bool) -> Ticket {
        let assignment = self.partitions.get(position).map_or(0, |partition| partition.assignment);
        Ticket { lane: self.number, assignment, range, is_receipt, owed_at_ms: self.now_ms }
    }

    // --- acknowledgements

    fn acknowledge(&mut self, ticket: Ticket, stored: &mut Vec<PartitionOffset>) {
        let is_its = |partition: &&mut Partition| partition.assignment == ticket.assignment;
        let Some(partition) = self.partitions.iter_mut().find(is_its) else {
            // Owed for an assignment that is no longer the lane's.
            return;
        };
        if !ticket.is_receipt {
            self.metrics.alert_acknowledged();
            partition.tracker.acknowledge(ticket.range);
            return;
        }
        self.metrics.receipt_acknowledged();
        let Some(offset) = partition.tracker.acknowledge_receipt(ticket.range) else { return };
        if partition.phase == Phase::Announcing {
            faults::pass(Fault::KillInAssignment);
            partition.phase = Phase::Committing { due_at: self.now };
        } else {
            faults::pass(Fault::KillBeforeCommit);
            stored.push(PartitionOffset { at: partition.at.clone(), offset });
        }
    }

    fn send_due_receipts(&mut self) {
        for position in 0..self.partitions.len() {
            let Some(partition) = self.partitions.get_mut(position) else { return };
            let Some((range, bodies)) = partition.tracker.take_due_receipt() else { continue };
            let TopicPartition { topic, partition: number } = &partition.at;
            let key = receipt::key(&self.writer.group, topic, *number).into_bytes();
            if partition.is_judging() {
                faults::pass(Fault::KillBeforeReceipt);
            }
            let ticket = self.ticket(position, range, true);
            for body in bodies {
                let topic = Arc::clone(&self.settings.receipts_topic);
                self.outbox.send(Output { topic, key: key.clone(), body, ticket }, self.now);
            }
        }
    }

    // --- assignments

    /// Answers an assignment: finds out where the partitions begin, and announces it.
    pub(super) fn assign(
        &mut self,
        source: &Source,
        partitions: Vec<TopicPartition>,
    ) -> Result<(), LaneError> {
        self.metrics.rebalanced(Rebalance::Assigned);
        let starts =
            if partitions.is_empty() { Vec::new() } else { starts(source, &self.settings, &partitions)? };
        let mut positions = Vec::with_capacity(partitions.len());
        for (at, start) in partitions.into_iter().zip(starts) {
            let Start::At { position, gap } = start else { continue };
            let partition = self.begin(at, position, gap)?;
            positions.push(PartitionOffset { at: partition.at.clone(), offset: partition.fetch_from() });
            self.partitions.push(partition);
        }
        source.assign(&positions)?;
        self.now = Instant::now();
        self.send_due_receipts();
        self.show_health();
        Ok(())
    }

    fn begin(&mut self, at: TopicPartition, position: i64, gap: Option<Gap>) -> Result<Partition, LaneError> {
        self.assignments += 1;
        tracing::info!(topic = &*at.topic, partition = at.partition, position, "assigned");
        if self.snapshot.routes.route_for(&at.topic).is_none() {
            tracing::warn!(
                topic = &*at.topic,
                "no route names the topic: every record with personal data is an alert; add one to `routes`"
            );
        }
        let label = self.metrics.topic(&at.topic);
        Partition::new(at, label, self.assignments, position, gap, self.now_ms, &self.writer)
            .map_err(|error| LaneError::Random(error.raw_os_error()))
    }

    /// Commits where assignments begin, as far as their empty receipts are acknowledged; judging begins then.
    fn commit_positions(&mut self, source: &Source) -> Result<(), LaneError> {
        for position in 0..self.partitions.len() {
            let Some(partition) = self.partitions.get_mut(position) else { return Ok(()) };
            let Phase::Committing { due_at } = partition.phase else { continue };
            if self.now < due_at {
                continue;
            }
            let begin = PartitionOffset { at: partition.at.clone(), offset: partition.position };
            if let Err(error) = source.commit(&begin) {
                let code = error.rdkafka_error_code();
                tracing::warn!(
                    ?code,
                    "the first commit of an assignment was refused; nothing is judged before it is taken"
                );
                self.metrics.committed(CommitResult::Failed);
                partition.phase = Phase::Committing { due_at: Instant::now() + COMMIT_RETRY_AFTER };
                // Without a coordinator each answer takes seconds: the lane polls before it asks for the next.
                return Ok(());
            }
            self.metrics.committed(CommitResult::Ok);
            partition.phase = Phase::Judging;
            if let Some(gap) = partition.gap.take() {
                self.declare(position, gap);
            }
            self.resume(source, position, &begin.at)?;
        }
        Ok(())
    }

    /// Lets a partition's records come, unless the lane holds consumption.
    fn resume(&mut self, source: &Source, position: usize, at: &TopicPartition) -> Result<(), LaneError> {
        let Some(partition) = self.partitions.get_mut(position) else { return Ok(()) };
        if std::mem::take(&mut partition.must_rewind) {
            source.restart(&[PartitionOffset { at: at.clone(), offset: partition.fetch_from() }])?;
        }
        if !self.is_held {
            source.resume(std::slice::from_ref(at))?;
        }
        Ok(())
    }

    /// Answers a revocation: finishes what the partitions owe within a bound, and lets go.
    pub(super) fn revoke(
        &mut self,
        source: &Source,
        partitions: &[TopicPartition],
        lost: bool,
    ) -> Result<(), LaneError> {
        self.metrics.rebalanced(if lost { Rebalance::Lost } else { Rebalance::Revoked });
        if !lost {
            self.finish(source, |partition| partitions.contains(&partition.at), REVOKE_DRAIN_MAX, true)?;
        }
        source.unassign(partitions)?;
        for at in partitions {
            tracing::info!(topic = &*at.topic, partition = at.partition, lost, "revoked");
            self.metrics.set_lag(&at.topic, at.partition, None);
        }
        self.partitions.retain(|partition| !partitions.contains(&partition.at));
        self.outbox
            .retain(|assignment| self.partitions.iter().any(|partition| partition.assignment == assignment));
        self.show_health();
        Ok(())
    }

    /// The process ends: as a revocation of everything.
    pub(super) fn finish_all(&mut self, source: &Source, bound: Duration) -> Result<(), LaneError> {
        source.pause(&self.judging())?;
        self.finish(source, |_| true, bound, false)
    }

    /// Cuts the receipts of some partitions, and waits until they owe nothing, at most for `bound`.
    fn finish(
        &mut self,
        source: &Source,
        is_meant: impl Fn(&Partition) -> bool,
        bound: Duration,
        is_revoke: bool,
    ) -> Result<(), LaneError> {
        self.cut_where(|partition| is_meant(partition) && partition.is_judging());
        if is_revoke {
            faults::pass(Fault::KillInRevoke);
        }
        let deadline = Instant::now() + bound;
        loop {
            self.settle(source)?;
            let owes = |partition: &Partition| is_meant(partition) && !partition.tracker.is_settled();
            if !self.partitions.iter().any(owes) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                tracing::warn!(
                    "not everything owed was acknowledged in time; it is repeated from the committed offset"
                );
                return Ok(());
            }
            std::thread::park_timeout(DRAIN_LOOK);
        }
    }

    /// The run ends cleanly.
    pub(super) fn close(&mut self) -> Result<(), LaneError> {
        self.journal.take().map_or(Ok(()), |journal| journal.close().map_err(LaneError::from))
    }

    // --- gaps

    /// Owes the alert of a gap and, where it lies at the end of the open receipt, the receipt that declares it.
    fn declare(&mut self, position: usize, gap: Gap) {
        tracing::error!(
            from = gap.from,
            to = gap.to,
            cause = gap.cause.as_str(),
            "records were never inspected"
        );
        self.metrics.gap(gap.cause, u64::try_from(gap.to - gap.from).unwrap_or(0));
        self.counts.alert(AlertKind::Gap);
        if gap.has_receipt() {
            self.cut(position);
        }
        let Some(partition) = self.partitions.get(position) else { return };
        let at = partition.at.clone();
        let snapshot = Arc::clone(&self.snapshot);
        let context = context(&self.cluster, &snapshot);
        let alert = owe::gap_alert(&context, &at.topic, at.partition, gap.from, gap.to, gap.cause);
        self.owe(position, vec![alert]);
        if let Some(partition) = self.partitions.get_mut(position).filter(|_| gap.has_receipt()) {
            partition.close_gap(gap, &self.writer);
        }
    }

    /// Some position has left its log, and librdkafka fetches that partition no more. Each of several says so: they
    /// are looked for together.
    pub(super) fn expect_out_of_range(&mut self) {
        self.out_of_range_due_at.get_or_insert(Instant::now() + OUT_OF_RANGE_AFTER);
    }

    /// Finds what has left its log. Retention that overtook a position is a gap; a log that ends before it is read
    /// again, as a new assignment. Then all partitions are fetched anew from where they are: which ones librdkafka
    /// has stopped it does not say, and one may be within its log again by now.
    pub(super) fn find_out_of_range(&mut self, source: &Source) -> Result<(), LaneError> {
        if self.out_of_range_due_at.is_none_or(|due_at| Instant::now() < due_at) {
            return Ok(());
        }
        self.out_of_range_due_at = None;
        for position in 0..self.partitions.len() {
            let Some(partition) = self.partitions.get(position).filter(|partition| partition.is_judging())
            else {
                continue;
            };
            let (at, next) = (partition.at.clone(), partition.next());
            // Unanswered: fetched anew, what has left its log says so again.
            let Ok((low, high)) = source.watermarks(&at, WATERMARK_WAIT) else { break };
            if next < low {
                self.declare(position, Gap { from: next, to: low, cause: GapCause::Retention });
            } else if next > high {
                let gap = Gap { from: high, to: next, cause: GapCause::Truncation };
                let begun = self.begin(at.clone(), low, Some(gap))?;
                if let Some(partition) = self.partitions.get_mut(position) {
                    *partition = begun;
                }
                source.pause(&[at])?;
            }
        }
        let positions: Vec<PartitionOffset> = self
            .partitions
            .iter_mut()
            .map(|partition| {
                partition.is_first = true;
                PartitionOffset { at: partition.at.clone(), offset: partition.fetch_from() }
            })
            .collect();
        if !positions.is_empty() {
            source.restart(&positions)?;
        }
        Ok(())
    }

    /// librdkafka skipped a batch with a wrong checksum: a hole there is its gap.
    pub(super) fn expect_corrupt_gap(&mut self, offset: Option<i64>) {
        tracing::error!(offset, "a batch with a wrong checksum was skipped by the Kafka client");
        self.corrupt.add(offset, Instant::now());
    }

    // --- what is seen from outside

    pub(super) fn note_lags(&mut self, lags: &[Lag]) {
        for Lag { at, records, is_behind } in lags {
            let Some(partition) = self.partitions.iter_mut().find(|partition| partition.at == *at) else {
                // Told of before the partition was given back.
                continue;
            };
            if !is_behind {
                partition.caught_up_ms = Some(self.now_ms);
            }
            let since_ms =
                partition.caught_up_ms.map_or(partition.taken_ms, |at_ms| at_ms.max(partition.taken_ms));
            let behind_since_ms = is_behind.then_some(since_ms);
            self.metrics.set_lag(
                &at.topic,
                at.partition,
                Some(PartitionLag { records: *records, behind_since_ms }),
            );
        }
    }

    pub(super) fn note_trouble(&mut self, code: RDKafkaErrorCode) {
        if self.trouble_said_at.is_none_or(|said_at| said_at.elapsed() >= SAY_AGAIN_AFTER) {
            self.trouble_said_at = Some(Instant::now());
            tracing::warn!(
                lane = self.number,
                ?code,
                "the Kafka client reports trouble; it goes on by itself"
            );
        }
    }

    fn show_health(&self) {
        let assigned = self.partitions.len();
        self.outbox.gauges().assigned(assigned);
        let check = if self.is_held {
            Check::Warning(format!("{assigned} partitions, paused: too much is not acknowledged"))
        } else {
            Check::Ok(format!("{assigned} partitions"))
        };
        self.health.set(&self.health_name, check);
    }

    // --- helpers

    fn find(&mut self, topic: &str, number: i32) -> Option<usize> {
        let is_it = |partition: &Partition| partition.at.partition == number && *partition.at.topic == *topic;
        if self.partitions.get(self.last).is_some_and(is_it) {
            return Some(self.last);
        }
        self.last = self.partitions.iter().position(is_it)?;
        Some(self.last)
    }

    fn judging(&self) -> Vec<TopicPartition> {
        let judging = self.partitions.iter().filter(|partition| partition.is_judging());
        judging.map(|partition| partition.at.clone()).collect()
    }
}

fn store(source: &Source, positions: &[PartitionOffset]) {
    if let Err(error) = source.store(positions) {
        // The partition was taken away meanwhile: its new owner repeats what was not committed.
        tracing::info!(code = ?error.rdkafka_error_code(), "offsets were not stored");
    }
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
