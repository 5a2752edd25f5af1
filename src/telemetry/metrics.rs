//! Every metric: its name, its help text and its labels, in this one file. How they are made is in `family.rs`.
//!
//! Names are `sumun_…`, base units, `_total` for counters. Label values come from closed sets, which exist from
//! the start with 0 so that `increase()` sees the first event, or from the configuration and the assignment
//! (topics, partitions, lanes, databases), which are capped. Countries are a closed set too, but one of 250: a
//! country has series from when the registry names it, or from its first transfer. Never a subject, a recipient, a
//! host or an address.
//!
//! A lane counts into its own [`LaneCounts`] and adds them once per poll batch: no atomic and no label look-up
//! per record.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Gauge, GaugeVec, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
    exponential_buckets,
};

use crate::alert::{AlertKind, GapCause};
use crate::destination::Country;
use crate::entity::EntityType;
use crate::finding::IssueCode;
use crate::verdict::{Outcome, Reason};

use super::country::CountryLabel;
use super::counts::{ALERT_OUTCOMES, BASES, CRASHER, LaneCounts, TRANSFER_OUTCOMES, TopicLabel};
use super::family::{Family, KindAndReason};
use super::labels::{CommitResult, DeliveryFailure, Rebalance, ReloadPart, ReloadResult, TimedStage};
use super::lanes::{Clock, LaneClocks, LaneGauges, NO_TIME_MS, age_seconds, seconds};

/// Topics that get a label of their own; with a topic pattern an unbounded number could appear. The others are
/// counted as topic `other`.
pub(super) const TOPIC_LABELS_MAX: usize = 1000;
/// Partitions whose lag is shown; more would make every scrape heavy.
const LAG_SERIES_MAX: usize = 10_000;
const TOPIC_OTHER: &str = "other";

/// Facts in the snapshot that is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactCounts {
    pub disclosures: u64,
    pub consent_acts: u64,
    pub bases: u64,
    pub recipients: u64,
}

/// How far an assigned partition is behind its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionLag {
    pub records: i64,
    /// Where records wait: the time of the last one that was taken, or since when they wait (ms since the epoch).
    pub behind_since_ms: Option<i64>,
}

/// The registry of one process.
pub struct Metrics {
    registry: Registry,

    records: IntCounterVec,
    record_bytes: IntCounterVec,
    unrouted: IntCounterVec,
    topics: RwLock<Vec<TopicCounters>>,
    series_folded: IntCounter,

    verdicts: Vec<IntCounter>,
    findings: Vec<IntCounter>,
    issues: Vec<IntCounter>,
    transfers: Vec<IntCounter>,
    items: Vec<Vec<IntCounter>>,
    destinations: IntCounterVec,
    bases: IntCounterVec,
    reasons: IntCounterVec,
    alerts: Vec<IntCounter>,
    alert_reasons: Vec<IntCounter>,
    unread_codes: Vec<IntCounter>,
    gap_alerts: Vec<IntCounter>,
    uninspectable: IntCounter,
    panics: IntCounter,

    alerts_acknowledged: IntCounter,
    receipts_acknowledged: IntCounter,
    delivery_failures: Vec<IntCounter>,
    rebalances: Vec<IntCounter>,
    gaps: Vec<IntCounter>,
    gap_offsets: Vec<IntCounter>,
    offset_commits: Vec<IntCounter>,

    stages: Vec<Histogram>,
    record_age: Histogram,

    outputs: IntGaugeVec,
    output_bytes: IntGaugeVec,
    output_age: GaugeVec,
    paused: IntGaugeVec,
    assigned: IntGaugeVec,
    poll_age: GaugeVec,
    clocks: RwLock<Vec<LaneClocks>>,

    lag: IntGaugeVec,
    lag_seconds: GaugeVec,
    lags: Mutex<HashMap<(String, i32), LagSeries>>,

    facts: IntGaugeVec,
    freshness_known: IntGauge,
    newest_act: GaugeVec,
    newest_heartbeat: GaugeVec,
    geo_build: IntGaugeVec,
    snapshot: IntGaugeVec,
    reloads: Vec<Vec<IntCounter>>,
    reload_successful: IntGauge,
    reload_success: IntGauge,
}

struct TopicCounters {
    name: String,
    records: IntCounter,
    bytes: IntCounter,
    unrouted: IntCounter,
}

struct LagSeries {
    behind_since_ms: Option<i64>,
    seconds: Gauge,
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
        let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        let unread_codes = [&codes[..], &[CRASHER]].concat();

        let build = new.gauges("build_info", "Version of this program; always 1.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        new.registry.register(Box::new(ProcessCollector::for_self()))?;

        let transfer_outcomes = outcomes.get(1..).unwrap_or_default();
        let alert_reasons = KindAndReason(new.counters(
            "alert_reasons_total",
            "Alerts owed, by kind and reason; one with two reasons counts in both.",
            &["kind", "reason"],
        )?);

        let metrics = Metrics {
            records: new.counters("records_total", "Records inspected.", &["topic"])?,
            record_bytes: new.counters("record_bytes_total", "Bytes of inspected record values.", &["topic"])?,
            unrouted: new.counters(
                "unrouted_records_total",
                "Records with personal data, or not read whole, in a topic that no route names: to whom it goes is unknown.",
                &["topic"],
            )?,
            topics: RwLock::new(Vec::new()),
            series_folded: new.counter(
                "metric_series_folded_total",
                "Topics and partitions without a series of their own because there are too many.",
            )?,

            verdicts: new.closed("verdicts_total", "Records by outcome.", "outcome", &outcomes)?,
            findings: new.closed("findings_total", "Findings by entity type.", "entity", &entities)?,
            issues: new.closed("issues_total", "What went wrong in payloads, by code.", "code", &codes)?,
            transfers: new.closed(
                "transfers_total",
                "Transfers (a record's data of one subject to one recipient) by outcome.",
                "outcome",
                transfer_outcomes,
            )?,
            items: new.matrix(
                "transfer_items_total",
                "Kinds of personal data in transfers, by outcome: one per transfer and kind.",
                ["entity", "outcome"],
                &entities,
                transfer_outcomes,
            )?,
            destinations: new.counters(
                "transfer_destinations_total",
                "Transfers by country and by what was decided for it; one into two countries counts in both.",
                &["country", "outcome"],
            )?,
            bases: new.counters(
                "transfer_bases_total",
                "Transfers abroad with data that is permitted, by country and kind of legal basis.",
                &["country", "basis"],
            )?,
            reasons: new.counters(
                "transfer_reasons_total",
                "Transfers that are not covered, by country, outcome and reason; one with two reasons counts in both.",
                &["country", "outcome", "reason"],
            )?,
            alerts: new.closed("alerts_total", "Alerts owed, by kind.", "kind", &alert_kinds)?,
            alert_reasons: alert_reasons.of("transfer", &reasons),
            unread_codes: alert_reasons.of("uninspectable", &unread_codes),
            gap_alerts: alert_reasons.of("gap", &gap_causes),
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

            stages: new.stages()?,
            record_age: new.histogram(
                "record_age_seconds",
                "From a record's timestamp to its verdict, of the first record of each batch.",
                exponential_buckets(0.01, 4.0, 11)?,
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
            poll_age: new.float_gauges(
                "lane_poll_age_seconds",
                "Time since the lane last polled; seconds mean that it hangs.",
                &["lane"],
            )?,
            clocks: RwLock::new(Vec::new()),

            lag: new.gauges(
                "consumer_lag_records",
                "Records between the last committed offset and the end of the partition; absent where unknown.",
                &["topic", "partition"],
            )?,
            lag_seconds: new.float_gauges(
                "consumer_lag_seconds",
                "Age of the last record that was taken, at most the time since none waited; 0 where none waits; before the first one: since the assignment.",
                &["topic", "partition"],
            )?,
            lags: Mutex::new(HashMap::new()),

            facts: new.gauges("facts", "Facts in the snapshot in use, by stream.", &["stream"])?,
            freshness_known: new.gauge(
                "facts_freshness_known",
                "1 where heartbeats of the system of record say how old the facts are, else 0.",
            )?,
            newest_act: new.float_gauges(
                "facts_newest_act_timestamp_seconds",
                "Time of the newest consent act among the facts; absent where there is none.",
                &[],
            )?,
            newest_heartbeat: new.float_gauges(
                "facts_newest_heartbeat_timestamp_seconds",
                "Time of the newest heartbeat of the system of record; absent where there is none.",
                &[],
            )?,
            geo_build: new.gauges(
                "geo_build_timestamp_seconds",
                "Build time of each geo database in use.",
                &["database"],
            )?,
            snapshot: new.gauges(
                "snapshot_info",
                "Digests of the snapshot in use, as they stand on alerts and receipts; always 1.",
                &["rules", "facts", "config"],
            )?,
            reloads: new.matrix(
                "reloads_total",
                "Loads of rules, facts or geo databases after a change, by part and result.",
                ["part", "result"],
                ReloadPart::TEXTS,
                ReloadResult::TEXTS,
            )?,
            reload_successful: new.gauge(
                "last_reload_successful",
                "1 where the last load succeeded, 0 where it failed and the snapshot before it is still in use.",
            )?,
            reload_success: new.gauge(
                "last_reload_success_timestamp_seconds",
                "When the snapshot in use was loaded.",
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
            unrouted: self.unrouted.with_label_values(&[name]),
        });
        TopicLabel(topics.len() - 1)
    }

    /// The gauges of lane number `lane`, counted from 0.
    pub fn lane(&self, lane: usize) -> LaneGauges {
        let label = lane.to_string();
        let clocks = LaneClocks {
            oldest: Clock::new(self.output_age.with_label_values(&[&label])),
            polled: Clock::new(self.poll_age.with_label_values(&[&label])),
        };
        let gauges = LaneGauges {
            outputs: self.outputs.with_label_values(&[&label]),
            output_bytes: self.output_bytes.with_label_values(&[&label]),
            oldest_since_ms: Arc::clone(&clocks.oldest.since_ms),
            polled_ms: Arc::clone(&clocks.polled.since_ms),
            paused: self.paused.with_label_values(&[&label]),
            assigned: self.assigned.with_label_values(&[&label]),
        };
        self.clocks.write().unwrap_or_else(PoisonError::into_inner).push(clocks);
        gauges
    }

    /// How long ago the lane polled that has not polled for longest; lanes that have not begun do not count.
    pub fn poll_age(&self, now: SystemTime) -> Duration {
        let now_ms = milliseconds(now);
        let clocks = self.clocks.read().unwrap_or_else(PoisonError::into_inner);
        let oldest = clocks.iter().map(|clocks| clocks.polled.since_ms()).min();
        let age_ms = oldest.map_or(0, |polled_ms| now_ms.saturating_sub(polled_ms));
        Duration::from_millis(u64::try_from(age_ms).unwrap_or(0))
    }

    /// Adds what a lane has counted and sets its counts to zero. Once per poll batch.
    pub fn add(&self, counts: &mut LaneCounts) {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        for (topic, counted) in topics.iter().zip(&mut counts.topics) {
            take(&topic.records, &mut counted.records);
            take(&topic.bytes, &mut counted.bytes);
            take(&topic.unrouted, &mut counted.unrouted);
        }
        drop(topics);
        take_all(&self.verdicts, &mut counts.verdicts);
        take_all(&self.findings, &mut counts.findings);
        take_all(&self.issues, &mut counts.issues);
        // A clear record has no transfers: the outcome `clear` has no series here.
        take_all(&self.transfers, counts.transfers.get_mut(1..).unwrap_or_default());
        for (counters, counted) in self.items.iter().zip(&mut counts.items) {
            take_all(counters, counted);
        }
        self.add_countries(counts);
        take_all(&self.alerts, &mut counts.alerts);
        counts.alert_reasons.drain(|reason, count| increase(&self.alert_reasons, reason, count));
        take_all(&self.unread_codes, &mut counts.unread_codes);
        take(&self.uninspectable, &mut counts.uninspectable);
        take(&self.panics, &mut counts.panics);
    }

    fn add_countries(&self, counts: &mut LaneCounts) {
        counts.destinations.drain(|cell, count| {
            let country = CountryLabel(cell / TRANSFER_OUTCOMES).text();
            let outcome =
                Outcome::ALL.get(1 + cell % TRANSFER_OUTCOMES).map_or("", |outcome| outcome.as_str());
            self.destinations.with_label_values(&[country, outcome]).inc_by(count);
        });
        counts.bases.drain(|cell, count| {
            let country = CountryLabel(cell / BASES.len()).text();
            let basis = BASES.get(cell % BASES.len()).copied().unwrap_or_default();
            self.bases.with_label_values(&[country, basis]).inc_by(count);
        });
        counts.reasons.drain(|cell, count| {
            let (row, reason) = (cell / Reason::ALL.len(), cell % Reason::ALL.len());
            let country = CountryLabel(row / ALERT_OUTCOMES).text();
            let outcome = if row % ALERT_OUTCOMES == 0 { Outcome::Indeterminate } else { Outcome::Violation };
            let reason = Reason::ALL.get(reason).map_or("", |reason| reason.as_str());
            self.reasons.with_label_values(&[country, outcome.as_str(), reason]).inc_by(count);
        });
    }

    /// Gives countries their series before their first transfer: those that the registry of recipients names.
    pub fn expect_countries(&self, countries: impl IntoIterator<Item = Country>) {
        for country in countries {
            let country = CountryLabel::of(country).text();
            for outcome in [Outcome::Permitted, Outcome::Indeterminate, Outcome::Violation] {
                self.destinations.with_label_values(&[country, outcome.as_str()]);
            }
        }
    }

    /// Times of the stages of a sampled record; `age_ms` is the time since its timestamp, where it has one.
    pub fn sampled(&self, stages: &[(TimedStage, Duration)], age_ms: Option<i64>) {
        for (stage, duration) in stages {
            if let Some(histogram) = self.stages.get(*stage as usize) {
                histogram.observe(duration.as_secs_f64());
            }
        }
        if let Some(age_ms) = age_ms {
            self.record_age.observe(seconds(age_ms.max(0)));
        }
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
        increase(&self.gap_alerts, cause as usize, 1);
    }

    pub fn committed(&self, result: CommitResult) {
        increase(&self.offset_commits, result as usize, 1);
    }

    /// The lag of an assigned partition; `None` where it is unknown or the partition is not ours any more:
    /// then its series disappear instead of standing still.
    pub fn set_lag(&self, topic: &str, partition: i32, lag: Option<PartitionLag>) {
        let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (topic.to_owned(), partition);
        let label = partition.to_string();
        let labels = [topic, &*label];
        let Some(PartitionLag { records, behind_since_ms }) = lag else {
            if lags.remove(&key).is_some() {
                // They are there: `lags` says so.
                self.lag.remove_label_values(&labels).unwrap_or_default();
                self.lag_seconds.remove_label_values(&labels).unwrap_or_default();
            }
            return;
        };
        if !lags.contains_key(&key) && lags.len() >= LAG_SERIES_MAX {
            self.series_folded.inc();
            return;
        }
        self.lag.with_label_values(&labels).set(records);
        let series = LagSeries { behind_since_ms, seconds: self.lag_seconds.with_label_values(&labels) };
        lags.insert(key, series);
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

    /// Time of the newest consent act, and of the newest heartbeat of the system of record (ms since the epoch).
    pub fn set_freshness(&self, act_ms: Option<i64>, heartbeat_ms: Option<i64>) {
        set_time(&self.newest_act, act_ms);
        set_time(&self.newest_heartbeat, heartbeat_ms);
        self.freshness_known.set(i64::from(heartbeat_ms.is_some()));
    }

    /// The geo databases in use: name, and the day each was built (seconds since the epoch).
    pub fn set_geo_builds<'a>(&self, builds: impl IntoIterator<Item = (&'a str, i64)>) {
        self.geo_build.reset();
        for (database, build) in builds {
            self.geo_build.with_label_values(&[database]).set(build);
        }
    }

    /// The digests of the snapshot in use.
    pub fn set_snapshot(&self, rules: &str, facts: &str, config: &str) {
        self.snapshot.reset();
        self.snapshot.with_label_values(&[rules, facts, config]).set(1);
    }

    /// Loaded at start; what is reloaded later counts by [`Metrics::reloaded`]. `at`: seconds since the epoch.
    pub fn loaded(&self, at: i64) {
        self.reload_success.set(at);
        self.reload_successful.set(1);
    }

    /// What became of a reload of `part`; of a successful one the snapshot is in use since `at`.
    pub fn reloaded(&self, part: ReloadPart, result: ReloadResult, at: i64) {
        if let Some(results) = self.reloads.get(part as usize) {
            increase(results, result as usize, 1);
        }
        match result {
            ReloadResult::Ok => self.loaded(at),
            ReloadResult::Failed => self.reload_successful.set(0),
        }
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    /// A metric family that cannot be written; the text names it.
    pub fn render(&self, now: SystemTime) -> prometheus::Result<String> {
        let now_ms = milliseconds(now);
        for clocks in self.clocks.read().unwrap_or_else(PoisonError::into_inner).iter() {
            clocks.oldest.show(now_ms);
            clocks.polled.show(now_ms);
        }
        for lag in self.lags.lock().unwrap_or_else(PoisonError::into_inner).values() {
            lag.seconds.set(age_seconds(lag.behind_since_ms.unwrap_or(NO_TIME_MS), now_ms));
        }
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Since the epoch.
fn milliseconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}

fn set_time(gauge: &GaugeVec, time_ms: Option<i64>) {
    match time_ms {
        Some(time_ms) => gauge.with_label_values::<&str>(&[]).set(seconds(time_ms)),
        None => gauge.reset(),
    }
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
