//! Every metric: its name, its help text and its labels, in this one file.
//!
//! Names are `sumun_…`, base units, `_total` for counters. Label values come from closed sets, which exist from
//! the start with 0 so that `increase()` sees the first event, or from the configuration and the assignment
//! (topics, partitions, lanes, databases), which are capped. Never a subject, a recipient, a host or an address.
//!
//! A lane counts into its own [`LaneCounts`] and adds them once per poll batch: no atomic and no label look-up
//! per record.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::alert::{AlertKind, GapCause};
use crate::entity::EntityType;
use crate::finding::IssueCode;
use crate::verdict::Outcome;

/// Topics that get a label of their own; with a topic pattern an unbounded number could appear. The others are
/// counted as topic `other`.
const TOPIC_LABELS_MAX: usize = 1000;
/// Partitions whose lag is shown; more would make every scrape heavy.
const LAG_SERIES_MAX: usize = 10_000;
const TOPIC_OTHER: &str = "other";

/// A closed set of label values.
macro_rules! label_values {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            const TEXTS: &'static [&'static str] = &[$($text),+];
        }
    };
}

label_values! {
    /// Why the broker did not take an output.
    DeliveryFailure {
        /// `delivery.timeout.ms` ran out.
        TimedOut = "timed_out",
        /// The producer's own queue had no room.
        QueueFull = "queue_full",
        /// Larger than the broker takes.
        TooLarge = "too_large",
        NotAuthorized = "not_authorized",
        TopicMissing = "topic_missing",
        /// The producer cannot go on (fenced, out of sequence).
        Fatal = "fatal",
        Other = "other",
    }
}

label_values! {
    Rebalance {
        Assigned = "assigned",
        Revoked = "revoked",
        /// Revoked without a chance to commit.
        Lost = "lost",
    }
}

label_values! {
    CommitResult { Ok = "ok", Failed = "failed" }
}

/// A topic's place in the metrics, obtained once per assignment by [`Metrics::topic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicLabel(usize);

/// What one lane has counted since it last called [`Metrics::add`].
#[derive(Debug, Default)]
pub struct LaneCounts {
    topics: Vec<TopicCounts>,
    verdicts: [u64; Outcome::ALL.len()],
    transfers: [u64; Outcome::ALL.len()],
    findings: [u64; EntityType::ALL.len()],
    alerts: [u64; AlertKind::ALL.len()],
    issues: [u64; IssueCode::ALL.len()],
    uninspectable: u64,
    panics: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct TopicCounts {
    records: u64,
    bytes: u64,
}

impl LaneCounts {
    /// One inspected record; `bytes` is the length of its value.
    pub fn record(&mut self, topic: TopicLabel, bytes: usize) {
        if self.topics.len() <= topic.0 {
            self.topics.resize(topic.0 + 1, TopicCounts::default());
        }
        if let Some(counts) = self.topics.get_mut(topic.0) {
            counts.records += 1;
            counts.bytes += bytes as u64;
        }
    }

    /// A record's verdict.
    pub fn verdict(&mut self, outcome: Outcome) {
        bump(&mut self.verdicts, outcome as usize);
    }

    pub fn transfer(&mut self, outcome: Outcome) {
        bump(&mut self.transfers, outcome as usize);
    }

    pub fn finding(&mut self, entity: EntityType) {
        bump(&mut self.findings, entity as usize);
    }

    pub fn alert(&mut self, kind: AlertKind) {
        bump(&mut self.alerts, kind as usize);
    }

    pub fn issue(&mut self, code: IssueCode) {
        bump(&mut self.issues, code as usize);
    }

    /// A record of which some bytes were not read.
    pub fn uninspectable(&mut self) {
        self.uninspectable += 1;
    }

    /// A record whose inspection panicked.
    pub fn panicked(&mut self) {
        self.panics += 1;
    }
}

fn bump(counts: &mut [u64], position: usize) {
    if let Some(count) = counts.get_mut(position) {
        *count += 1;
    }
}

/// Facts in the snapshot that is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactCounts {
    pub disclosures: u64,
    pub consent_acts: u64,
    pub bases: u64,
    pub recipients: u64,
}

/// The registry of one process.
pub struct Metrics {
    registry: Registry,

    records: IntCounterVec,
    record_bytes: IntCounterVec,
    topics: RwLock<Vec<TopicCounters>>,
    series_folded: IntCounter,

    verdicts: Vec<IntCounter>,
    transfers: Vec<IntCounter>,
    findings: Vec<IntCounter>,
    alerts: Vec<IntCounter>,
    issues: Vec<IntCounter>,
    uninspectable: IntCounter,
    panics: IntCounter,

    alerts_acknowledged: IntCounter,
    receipts_acknowledged: IntCounter,
    delivery_failures: Vec<IntCounter>,
    rebalances: Vec<IntCounter>,
    gaps: Vec<IntCounter>,
    gap_offsets: Vec<IntCounter>,
    offset_commits: Vec<IntCounter>,

    outputs: IntGaugeVec,
    output_bytes: IntGaugeVec,
    output_age: GaugeVec,
    paused: IntGaugeVec,
    assigned: IntGaugeVec,
    oldest: RwLock<Vec<OldestOutput>>,

    lag: IntGaugeVec,
    lag_shown: Mutex<HashSet<(String, i32)>>,

    facts: IntGaugeVec,
    freshness_known: IntGauge,
    /// In the registry from the first heartbeat on: an unknown time must not look like 1970.
    newest_heartbeat: Mutex<Option<Gauge>>,
    geo_build: IntGaugeVec,
}

struct TopicCounters {
    name: String,
    records: IntCounter,
    bytes: IntCounter,
}

struct OldestOutput {
    since_ms: Arc<AtomicI64>,
    age: Gauge,
}

/// The gauges of one lane.
#[derive(Clone)]
pub struct LaneGauges {
    outputs: IntGauge,
    output_bytes: IntGauge,
    oldest_since_ms: Arc<AtomicI64>,
    paused: IntGauge,
    assigned: IntGauge,
}

/// No output is waiting.
const NO_OLDEST: i64 = i64::MAX;

impl LaneGauges {
    /// Outputs handed to the producer and not yet acknowledged, their bytes, and when the oldest was handed
    /// over (ms since the epoch). The age is computed at the scrape, so it grows also while the lane stands.
    pub fn unacknowledged(&self, count: usize, bytes: usize, oldest_ms: Option<i64>) {
        self.outputs.set(gauge_value(count));
        self.output_bytes.set(gauge_value(bytes));
        self.oldest_since_ms.store(oldest_ms.unwrap_or(NO_OLDEST), Ordering::Relaxed);
    }

    pub fn paused(&self, paused: bool) {
        self.paused.set(i64::from(paused));
    }

    pub fn assigned(&self, partitions: usize) {
        self.assigned.set(gauge_value(partitions));
    }
}

fn gauge_value(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Metrics {
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// # Errors
    /// Only where two metrics share a name, which a test rules out.
    pub fn new() -> prometheus::Result<Metrics> {
        let new = Family { registry: Registry::new() };
        let outcomes = Outcome::ALL.map(Outcome::as_str);
        let entities = EntityType::ALL.map(EntityType::as_str);
        let alert_kinds = AlertKind::ALL.map(AlertKind::as_str);
        let gap_causes = GapCause::ALL.map(GapCause::as_str);
        let codes = IssueCode::ALL.map(IssueCode::as_str);

        let build = new.gauges("build_info", "Version of this program; always 1.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        new.registry.register(Box::new(ProcessCollector::for_self()))?;

        let metrics = Metrics {
            records: new.counters("records_total", "Records inspected.", &["topic"])?,
            record_bytes: new.counters("record_bytes_total", "Bytes of inspected record values.", &["topic"])?,
            topics: RwLock::new(Vec::new()),
            series_folded: new.counter(
                "metric_series_folded_total",
                "Topics and partitions without a series of their own because there are too many.",
            )?,

            verdicts: new.closed("verdicts_total", "Records by outcome.", "outcome", &outcomes)?,
            transfers: new.closed(
                "transfers_total",
                "Transfers (a record's data of one subject to one recipient) by outcome.",
                "outcome",
                outcomes.get(1..).unwrap_or_default(),
            )?,
            findings: new.closed("findings_total", "Findings by entity type.", "entity", &entities)?,
            alerts: new.closed("alerts_total", "Alerts owed, by kind.", "kind", &alert_kinds)?,
            issues: new.closed("issues_total", "What went wrong in payloads, by code.", "code", &codes)?,
            uninspectable: new
                .counter("uninspectable_records_total", "Records of which some bytes were not read.")?,
            panics: new.counter("panics_total", "Records whose inspection panicked.")?,

            alerts_acknowledged: new
                .counter("alerts_acknowledged_total", "Alerts that the broker has acknowledged.")?,
            receipts_acknowledged: new
                .counter("receipts_acknowledged_total", "Receipts that the broker has acknowledged.")?,
            delivery_failures: new.closed(
                "delivery_failures_total",
                "Attempts to deliver an output that failed, by reason.",
                "reason",
                DeliveryFailure::TEXTS,
            )?,
            rebalances: new.closed(
                "rebalances_total",
                "Changes of the assignment, by event.",
                "event",
                Rebalance::TEXTS,
            )?,
            gaps: new.closed(
                "gaps_total",
                "Ranges of offsets that could not be inspected, by cause.",
                "cause",
                &gap_causes,
            )?,
            gap_offsets: new.closed(
                "gap_offsets_total",
                "Offsets that could not be inspected, by cause.",
                "cause",
                &gap_causes,
            )?,
            offset_commits: new.closed(
                "offset_commits_total",
                "Commits of offsets, by result.",
                "result",
                CommitResult::TEXTS,
            )?,

            outputs: new.gauges(
                "outputs_unacknowledged",
                "Outputs handed to the producer that the broker has not acknowledged.",
                &["lane"],
            )?,
            output_bytes: new.gauges(
                "outputs_unacknowledged_bytes",
                "Bytes of outputs that the broker has not acknowledged.",
                &["lane"],
            )?,
            output_age: new.float_gauges(
                "outputs_unacknowledged_oldest_age_seconds",
                "Age of the oldest output that the broker has not acknowledged; 0 where there is none.",
                &["lane"],
            )?,
            paused: new.gauges(
                "consumption_paused",
                "1 while the lane is paused: outputs are not acknowledged, or facts are stale.",
                &["lane"],
            )?,
            assigned: new.gauges("assigned_partitions", "Partitions assigned to the lane.", &["lane"])?,
            oldest: RwLock::new(Vec::new()),

            lag: new.gauges(
                "consumer_lag_records",
                "Records between the last committed offset and the end of the partition; absent where unknown.",
                &["topic", "partition"],
            )?,
            lag_shown: Mutex::new(HashSet::new()),

            facts: new.gauges("facts", "Facts in the snapshot in use, by stream.", &["stream"])?,
            freshness_known: new.gauge(
                "facts_freshness_known",
                "1 where heartbeats of the system of record say how old the facts are, else 0.",
            )?,
            newest_heartbeat: Mutex::new(None),
            geo_build: new.gauges(
                "geo_build_timestamp_seconds",
                "Build time of each geo database in use.",
                &["database"],
            )?,
            registry: new.registry,
        };
        metrics.set_facts(FactCounts::default());
        Ok(metrics)
    }

    /// The label of a topic of the assignment. Past the first thousand topics it is `other`.
    pub fn topic(&self, name: &str) -> TopicLabel {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        let position =
            |topics: &[TopicCounters], name: &str| topics.iter().position(|topic| topic.name == name);
        if let Some(known) = position(&topics, name) {
            return TopicLabel(known);
        }
        let name = if topics.len() < TOPIC_LABELS_MAX {
            name
        } else {
            self.series_folded.inc();
            if let Some(other) = position(&topics, TOPIC_OTHER) {
                return TopicLabel(other);
            }
            TOPIC_OTHER
        };
        topics.push(TopicCounters {
            name: name.to_owned(),
            records: self.records.with_label_values(&[name]),
            bytes: self.record_bytes.with_label_values(&[name]),
        });
        TopicLabel(topics.len() - 1)
    }

    /// The gauges of lane number `lane`, counted from 0.
    pub fn lane(&self, lane: usize) -> LaneGauges {
        let label = lane.to_string();
        let oldest_since_ms = Arc::new(AtomicI64::new(NO_OLDEST));
        let age = self.output_age.with_label_values(&[&label]);
        let oldest = OldestOutput { since_ms: Arc::clone(&oldest_since_ms), age };
        self.oldest.write().unwrap_or_else(PoisonError::into_inner).push(oldest);
        LaneGauges {
            outputs: self.outputs.with_label_values(&[&label]),
            output_bytes: self.output_bytes.with_label_values(&[&label]),
            oldest_since_ms,
            paused: self.paused.with_label_values(&[&label]),
            assigned: self.assigned.with_label_values(&[&label]),
        }
    }

    /// Adds what a lane has counted and sets its counts to zero. Once per poll batch.
    pub fn add(&self, counts: &mut LaneCounts) {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        for (topic, counted) in topics.iter().zip(&mut counts.topics) {
            take(&topic.records, &mut counted.records);
            take(&topic.bytes, &mut counted.bytes);
        }
        drop(topics);
        take_all(&self.verdicts, &mut counts.verdicts);
        // A clear record has no transfers: the outcome `clear` has no series here.
        take_all(&self.transfers, counts.transfers.get_mut(1..).unwrap_or_default());
        take_all(&self.findings, &mut counts.findings);
        take_all(&self.alerts, &mut counts.alerts);
        take_all(&self.issues, &mut counts.issues);
        take(&self.uninspectable, &mut counts.uninspectable);
        take(&self.panics, &mut counts.panics);
    }

    pub fn alert_acknowledged(&self) {
        self.alerts_acknowledged.inc();
    }

    pub fn receipt_acknowledged(&self) {
        self.receipts_acknowledged.inc();
    }

    pub fn delivery_failed(&self, reason: DeliveryFailure) {
        increase(&self.delivery_failures, reason as usize, 1);
    }

    pub fn rebalanced(&self, event: Rebalance) {
        increase(&self.rebalances, event as usize, 1);
    }

    /// `offsets` is the length of the range.
    pub fn gap(&self, cause: GapCause, offsets: u64) {
        increase(&self.gaps, cause as usize, 1);
        increase(&self.gap_offsets, cause as usize, offsets);
    }

    pub fn committed(&self, result: CommitResult) {
        increase(&self.offset_commits, result as usize, 1);
    }

    /// The lag of an assigned partition; `None` where it is unknown or the partition is not ours any more:
    /// then its series disappears instead of standing still.
    pub fn set_lag(&self, topic: &str, partition: i32, lag: Option<i64>) {
        let mut shown = self.lag_shown.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (topic.to_owned(), partition);
        let label = partition.to_string();
        let Some(lag) = lag else {
            if shown.remove(&key) {
                // It is there: `shown` says so.
                self.lag.remove_label_values(&[topic, &label]).unwrap_or_default();
            }
            return;
        };
        if !shown.contains(&key) {
            if shown.len() >= LAG_SERIES_MAX {
                self.series_folded.inc();
                return;
            }
            shown.insert(key);
        }
        self.lag.with_label_values(&[topic, &label]).set(lag);
    }

    pub fn set_facts(&self, counts: FactCounts) {
        let FactCounts { disclosures, consent_acts, bases, recipients } = counts;
        let streams = [
            ("basis", bases),
            ("consent", consent_acts),
            ("disclosure", disclosures),
            ("recipient", recipients),
        ];
        for (stream, count) in streams {
            self.facts.with_label_values(&[stream]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// The newest fact or heartbeat of the system of record (ms since the epoch).
    ///
    /// # Errors
    /// Only where another metric has the same name, which a test rules out.
    pub fn set_heartbeat(&self, newest_ms: i64) -> prometheus::Result<()> {
        let mut heartbeat = self.newest_heartbeat.lock().unwrap_or_else(PoisonError::into_inner);
        let gauge = if let Some(gauge) = heartbeat.take() {
            gauge
        } else {
            let help = "Time of the newest fact or heartbeat of the system of record; absent where unknown.";
            let gauge = Gauge::with_opts(options("facts_newest_heartbeat_timestamp_seconds", help))?;
            self.registry.register(Box::new(gauge.clone()))?;
            gauge
        };
        gauge.set(seconds(newest_ms));
        self.freshness_known.set(1);
        *heartbeat = Some(gauge);
        Ok(())
    }

    /// `database` is the name of a configured file, `build` its build time (seconds since the epoch).
    pub fn set_geo_build(&self, database: &str, build: u64) {
        self.geo_build.with_label_values(&[database]).set(i64::try_from(build).unwrap_or(i64::MAX));
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    /// A metric family that cannot be written; the text names it.
    pub fn render(&self, now: SystemTime) -> prometheus::Result<String> {
        let now_ms =
            now.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0));
        for oldest in self.oldest.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let since_ms = oldest.since_ms.load(Ordering::Relaxed);
            oldest.age.set(seconds(now_ms.saturating_sub(since_ms).max(0)));
        }
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds stay exact in a double for 280,000 years")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

fn take(counter: &IntCounter, count: &mut u64) {
    if *count != 0 {
        counter.inc_by(std::mem::take(count));
    }
}

fn take_all(counters: &[IntCounter], counts: &mut [u64]) {
    for (counter, count) in counters.iter().zip(counts) {
        take(counter, count);
    }
}

fn increase(counters: &[IntCounter], position: usize, by: u64) {
    if let Some(counter) = counters.get(position) {
        counter.inc_by(by);
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("sumun")
}

/// Makes and registers metrics.
struct Family {
    registry: Registry,
}

impl Family {
    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        let counter = IntCounter::with_opts(options(name, help))?;
        self.registry.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        let counters = IntCounterVec::new(options(name, help), labels)?;
        self.registry.register(Box::new(counters.clone()))?;
        Ok(counters)
    }

    /// One counter per value of a closed set, in its order; all of them exist from the start.
    fn closed(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[&str],
    ) -> prometheus::Result<Vec<IntCounter>> {
        let counters = self.counters(name, help, &[label])?;
        Ok(values.iter().map(|value| counters.with_label_values(&[value])).collect())
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let gauge = IntGauge::with_opts(options(name, help))?;
        self.registry.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        let gauges = IntGaugeVec::new(options(name, help), labels)?;
        self.registry.register(Box::new(gauges.clone()))?;
        Ok(gauges)
    }

    fn float_gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<GaugeVec> {
        let gauges = GaugeVec::new(options(name, help), labels)?;
        self.registry.register(Box::new(gauges.clone()))?;
        Ok(gauges)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{AlertKind, LaneCounts, Metrics, TOPIC_LABELS_MAX};
    use crate::entity::EntityType;
    use crate::finding::IssueCode;
    use crate::verdict::Outcome;

    fn text(metrics: &Metrics) -> String {
        metrics.render(UNIX_EPOCH + Duration::from_secs(100)).unwrap()
    }

    fn has(text: &str, line: &str) {
        assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
    }

    #[test]
    fn a_lanes_counts_are_added_once() {
        let metrics = Metrics::new().unwrap();
        let topic = metrics.topic("orders.outbound");
        let mut counts = LaneCounts::default();
        counts.record(topic, 700);
        counts.record(topic, 82);
        counts.verdict(Outcome::Violation);
        counts.transfer(Outcome::Domestic);
        counts.finding(EntityType::ResidentRegistrationNumber);
        counts.alert(AlertKind::Gap);
        counts.issue(IssueCode::InputLine);
        metrics.add(&mut counts);
        metrics.add(&mut counts);
        let text = text(&metrics);
        has(&text, "sumun_records_total{topic=\"orders.outbound\"} 2");
        has(&text, "sumun_record_bytes_total{topic=\"orders.outbound\"} 782");
        has(&text, "sumun_verdicts_total{outcome=\"violation\"} 1");
        has(&text, "sumun_transfers_total{outcome=\"domestic\"} 1");
        has(&text, "sumun_findings_total{entity=\"resident_registration_number\"} 1");
        has(&text, "sumun_alerts_total{kind=\"gap\"} 1");
        has(&text, "sumun_issues_total{code=\"INPUT_LINE\"} 1");
    }

    #[test]
    fn closed_sets_exist_before_the_first_event() {
        let text = text(&Metrics::new().unwrap());
        has(&text, "sumun_verdicts_total{outcome=\"indeterminate\"} 0");
        has(&text, "sumun_gaps_total{cause=\"retention\"} 0");
        has(&text, "sumun_delivery_failures_total{reason=\"too_large\"} 0");
        has(&text, "sumun_facts{stream=\"consent\"} 0");
        assert!(!text.contains("sumun_transfers_total{outcome=\"clear\"}"));
        assert!(!text.contains("heartbeat_timestamp"), "an unknown time has no series");
    }

    #[test]
    fn the_age_of_the_oldest_output_grows_by_itself() {
        let metrics = Metrics::new().unwrap();
        let lane = metrics.lane(0);
        has(&text(&metrics), "sumun_outputs_unacknowledged_oldest_age_seconds{lane=\"0\"} 0");
        lane.unacknowledged(3, 900, Some(98_500));
        has(&text(&metrics), "sumun_outputs_unacknowledged_oldest_age_seconds{lane=\"0\"} 1.5");
    }

    #[test]
    fn too_many_topics_fold_into_other() {
        let metrics = Metrics::new().unwrap();
        for topic in 0..TOPIC_LABELS_MAX {
            metrics.topic(&format!("t{topic}"));
        }
        let first = metrics.topic("one-too-many");
        assert_eq!(metrics.topic("another"), first);
        assert_eq!(metrics.topic("other"), first);
        let mut counts = LaneCounts::default();
        counts.record(first, 1);
        metrics.add(&mut counts);
        has(&text(&metrics), "sumun_records_total{topic=\"other\"} 1");
    }

    #[test]
    fn a_partition_that_is_taken_away_shows_no_lag() {
        let metrics = Metrics::new().unwrap();
        metrics.set_lag("orders", 3, Some(17));
        has(&text(&metrics), "sumun_consumer_lag_records{partition=\"3\",topic=\"orders\"} 17");
        metrics.set_lag("orders", 3, None);
        assert!(!text(&metrics).contains("sumun_consumer_lag_records{"));
    }

    #[test]
    fn a_heartbeat_makes_freshness_known() {
        let metrics = Metrics::new().unwrap();
        metrics.set_heartbeat(99_500).unwrap();
        metrics.set_heartbeat(99_750).unwrap();
        let text = text(&metrics);
        has(&text, "sumun_facts_freshness_known 1");
        has(&text, "sumun_facts_newest_heartbeat_timestamp_seconds 99.75");
    }
}
