//! Every metric: its name, its help text and its labels, in this one file.
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
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder, exponential_buckets,
};

use crate::alert::{AlertKind, GapCause};
use crate::destination::Country;
use crate::entity::EntityType;
use crate::finding::IssueCode;
use crate::verdict::{Outcome, Reason};

use super::country::CountryLabel;
use super::counts::{ALERT_OUTCOMES, BASES, CRASHER, LaneCounts, TRANSFER_OUTCOMES, TopicLabel};

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

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
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

label_values! {
    /// Stages of a record whose times are sampled.
    TimedStage {
        /// `decode` and `inspect`.
        Inspect = "inspect",
        /// `locate` and `decide`.
        Decide = "decide",
        /// Building and handing over alerts, and the share of the receipt.
        Owe = "owe",
    }
}

label_values! {
    /// What is reloaded as a whole of its own.
    ReloadPart { Facts = "facts", Geo = "geo", Rules = "rules" }
}

label_values! {
    ReloadResult { Ok = "ok", Failed = "failed" }
}

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
    /// Time of the last record that was taken (ms since the epoch), where others wait behind it.
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

/// Times of a lane from which ages are computed at the scrape, so that they grow also while the lane stands.
struct LaneClocks {
    oldest: Clock,
    polled: Clock,
}

struct LagSeries {
    behind_since_ms: Option<i64>,
    seconds: Gauge,
}

/// A gauge of the time since an instant; 0 while there is none.
struct Clock {
    since_ms: Arc<AtomicI64>,
    age: Gauge,
}

impl Clock {
    fn new(age: Gauge) -> Clock {
        Clock { since_ms: Arc::new(AtomicI64::new(NO_TIME_MS)), age }
    }

    fn show(&self, now_ms: i64) {
        self.age.set(age_seconds(self.since_ms.load(Ordering::Relaxed), now_ms));
    }
}

/// The gauges of one lane.
#[derive(Clone)]
pub struct LaneGauges {
    outputs: IntGauge,
    output_bytes: IntGauge,
    oldest_since_ms: Arc<AtomicI64>,
    polled_ms: Arc<AtomicI64>,
    paused: IntGauge,
    assigned: IntGauge,
}

/// Not before any time.
const NO_TIME_MS: i64 = i64::MAX;

impl LaneGauges {
    /// The lane polls: it is alive.
    pub fn polled(&self, now_ms: i64) {
        self.polled_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Outputs handed to the producer and not yet acknowledged, their bytes, and when the oldest was handed
    /// over (ms since the epoch). The age is computed at the scrape, so it grows also while the lane stands.
    pub fn unacknowledged(&self, count: usize, bytes: usize, oldest_ms: Option<i64>) {
        self.outputs.set(gauge_value(count));
        self.output_bytes.set(gauge_value(bytes));
        self.oldest_since_ms.store(oldest_ms.unwrap_or(NO_TIME_MS), Ordering::Relaxed);
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
                "Age of the last record that was taken, 0 where none waits behind it; before the first one: since the assignment.",
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
        let oldest = clocks.iter().map(|clocks| clocks.polled.since_ms.load(Ordering::Relaxed)).min();
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

#[expect(clippy::cast_precision_loss, reason = "milliseconds stay exact in a double for 280,000 years")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// Since the epoch.
fn milliseconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}

/// 0 where the instant is later, or [`NO_TIME_MS`].
fn age_seconds(since_ms: i64, now_ms: i64) -> f64 {
    seconds(now_ms.saturating_sub(since_ms).max(0))
}

/// An unknown time has no series: it must not look like 1970.
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

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("sumun")
}

/// Alerts by kind and reason: each kind has a closed set of reasons of its own.
struct KindAndReason(IntCounterVec);

impl KindAndReason {
    fn of(&self, kind: &str, reasons: &[&str]) -> Vec<IntCounter> {
        reasons.iter().map(|reason| self.0.with_label_values(&[kind, reason])).collect()
    }
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

    /// As [`Family::closed`], with two labels: one row per value of the first.
    fn matrix(
        &self,
        name: &str,
        help: &str,
        labels: [&str; 2],
        rows: &[&str],
        columns: &[&str],
    ) -> prometheus::Result<Vec<Vec<IntCounter>>> {
        let counters = self.counters(name, help, &labels)?;
        let row =
            |row: &&str| columns.iter().map(|column| counters.with_label_values(&[*row, column])).collect();
        Ok(rows.iter().map(row).collect())
    }

    fn histogram(&self, name: &str, help: &str, buckets: Vec<f64>) -> prometheus::Result<Histogram> {
        let histogram = Histogram::with_opts(HistogramOpts::from(options(name, help)).buckets(buckets))?;
        self.registry.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }

    /// One histogram per stage, from a microsecond to a second.
    fn stages(&self) -> prometheus::Result<Vec<Histogram>> {
        let options =
            options("stage_duration_seconds", "Time of a stage, of the first record of each batch.");
        let options = HistogramOpts::from(options).buckets(exponential_buckets(1e-6, 4.0, 11)?);
        let stages = HistogramVec::new(options, &["stage"])?;
        self.registry.register(Box::new(stages.clone()))?;
        Ok(TimedStage::TEXTS.iter().map(|stage| stages.with_label_values(&[stage])).collect())
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

    use super::{AlertKind, LaneCounts, Metrics, PartitionLag, ReloadPart, ReloadResult, TOPIC_LABELS_MAX};
    use crate::destination::Country;
    use crate::entity::EntityType;
    use crate::finding::IssueCode;
    use crate::verdict::{Cell, ItemVerdict, Outcome, Reason, Reasons, TransferVerdict};

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
        counts.finding(EntityType::ResidentRegistrationNumber);
        counts.alert(AlertKind::Gap);
        counts.issue(IssueCode::InputLine);
        metrics.add(&mut counts);
        metrics.add(&mut counts);
        let text = text(&metrics);
        has(&text, "sumun_records_total{topic=\"orders.outbound\"} 2");
        has(&text, "sumun_record_bytes_total{topic=\"orders.outbound\"} 782");
        has(&text, "sumun_verdicts_total{outcome=\"violation\"} 1");
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
        lane.polled(99_000);
        has(&text(&metrics), "sumun_lane_poll_age_seconds{lane=\"0\"} 1");
        metrics.lane(1).polled(98_000);
        metrics.lane(2);
        assert_eq!(metrics.poll_age(UNIX_EPOCH + Duration::from_secs(100)), Duration::from_secs(2));
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
        metrics.set_lag("orders", 3, Some(PartitionLag { records: 17, behind_since_ms: Some(97_500) }));
        let shown = text(&metrics);
        has(&shown, "sumun_consumer_lag_records{partition=\"3\",topic=\"orders\"} 17");
        has(&shown, "sumun_consumer_lag_seconds{partition=\"3\",topic=\"orders\"} 2.5");
        metrics.set_lag("orders", 3, None);
        assert!(!text(&metrics).contains("sumun_consumer_lag_"));
    }

    #[test]
    fn who_has_taken_the_last_record_is_not_behind_however_old_it_is() {
        let metrics = Metrics::new().unwrap();
        metrics.set_lag("orders", 0, Some(PartitionLag { records: 1, behind_since_ms: None }));
        has(&text(&metrics), "sumun_consumer_lag_seconds{partition=\"0\",topic=\"orders\"} 0");
    }

    fn transfer(outcome: Outcome, cells: &[(Option<&str>, Outcome, &[&str], Reasons)]) -> TransferVerdict {
        let entity = EntityType::PhoneNumber;
        let reasons = cells.iter().fold(Reasons::NONE, |all, (.., reasons)| all.union(*reasons));
        let country = |code: &str| Country::parse(code).unwrap();
        TransferVerdict {
            recipient: None,
            subject: None,
            countries: cells.iter().filter_map(|(code, ..)| code.map(country)).collect(),
            outcome,
            items: vec![ItemVerdict { entity, count: 2, outcome, basis: Vec::new(), reasons }],
            notes: Vec::new(),
            subject_count: 0,
            cells: cells
                .iter()
                .map(|(code, outcome, basis, reasons)| Cell {
                    entity,
                    country: code.map(country),
                    outcome: *outcome,
                    basis: basis.iter().map(|basis| (*basis).to_owned()).collect(),
                    reasons: *reasons,
                })
                .collect(),
            facts_seen: Vec::new(),
        }
    }

    #[test]
    fn a_transfer_counts_in_each_of_its_countries_as_it_was_decided_there() {
        let metrics = Metrics::new().unwrap();
        let mut counts = LaneCounts::default();
        let consent = ["consent:ae-checkout@2#sellers"];
        let reasons: Reasons = [Reason::NoConsent, Reason::CountryNotCovered].into_iter().collect();
        let two = transfer(
            Outcome::Violation,
            &[
                (Some("CN"), Outcome::Permitted, &consent, Reasons::NONE),
                (Some("US"), Outcome::Violation, &[], reasons),
            ],
        );
        counts.transfer(&two);
        counts.transfer(&two);
        counts.transfer_alert(&two);
        metrics.add(&mut counts);
        metrics.add(&mut counts);
        let text = text(&metrics);
        has(&text, "sumun_transfers_total{outcome=\"violation\"} 2");
        has(&text, "sumun_transfer_items_total{entity=\"phone_number\",outcome=\"violation\"} 2");
        has(&text, "sumun_transfer_destinations_total{country=\"CN\",outcome=\"permitted\"} 2");
        has(&text, "sumun_transfer_destinations_total{country=\"US\",outcome=\"violation\"} 2");
        has(&text, "sumun_transfer_bases_total{basis=\"consent\",country=\"CN\"} 2");
        let us = "sumun_transfer_reasons_total{country=\"US\",outcome=\"violation\",reason=";
        has(&text, &format!("{us}\"NO_CONSENT\"}} 2"));
        has(&text, &format!("{us}\"COUNTRY_NOT_COVERED\"}} 2"));
        assert!(!text.contains("sumun_transfer_reasons_total{country=\"CN\""));
        has(&text, "sumun_alert_reasons_total{kind=\"transfer\",reason=\"NO_CONSENT\"} 1");
    }

    #[test]
    fn a_transfer_without_a_foreign_country_stays_at_home_or_goes_who_knows_where() {
        let metrics = Metrics::new().unwrap();
        let mut counts = LaneCounts::default();
        counts.transfer(&transfer(Outcome::Domestic, &[(None, Outcome::Domestic, &[], Reasons::NONE)]));
        let reasons = Reasons::one(Reason::GeoUnknown);
        counts.transfer(&transfer(Outcome::Indeterminate, &[(None, Outcome::Indeterminate, &[], reasons)]));
        metrics.add(&mut counts);
        let text = text(&metrics);
        has(&text, "sumun_transfer_destinations_total{country=\"none\",outcome=\"domestic\"} 1");
        has(&text, "sumun_transfer_destinations_total{country=\"unknown\",outcome=\"indeterminate\"} 1");
        let reason = "outcome=\"indeterminate\",reason=\"GEO_UNKNOWN\"";
        has(&text, &format!("sumun_transfer_reasons_total{{country=\"unknown\",{reason}}} 1"));
    }

    #[test]
    fn a_country_of_the_registry_has_its_series_before_the_first_transfer() {
        let metrics = Metrics::new().unwrap();
        metrics.expect_countries(Country::parse("CN"));
        has(&text(&metrics), "sumun_transfer_destinations_total{country=\"CN\",outcome=\"violation\"} 0");
    }

    #[test]
    fn what_was_not_read_counts_by_its_code() {
        let metrics = Metrics::new().unwrap();
        let mut counts = LaneCounts::default();
        counts.unread_alert("PANIC");
        counts.unread_alert("CRASHER");
        metrics.add(&mut counts);
        let text = text(&metrics);
        has(&text, "sumun_alerts_total{kind=\"uninspectable\"} 2");
        has(&text, "sumun_alert_reasons_total{kind=\"uninspectable\",reason=\"PANIC\"} 1");
        has(&text, "sumun_alert_reasons_total{kind=\"uninspectable\",reason=\"CRASHER\"} 1");
    }

    #[test]
    fn a_failed_reload_leaves_the_time_of_the_snapshot_in_use() {
        let metrics = Metrics::new().unwrap();
        metrics.loaded(50);
        metrics.reloaded(ReloadPart::Facts, ReloadResult::Ok, 60);
        metrics.reloaded(ReloadPart::Rules, ReloadResult::Failed, 70);
        let text = text(&metrics);
        has(&text, "sumun_reloads_total{part=\"rules\",result=\"failed\"} 1");
        has(&text, "sumun_last_reload_successful 0");
        has(&text, "sumun_last_reload_success_timestamp_seconds 60");
    }

    #[test]
    fn a_heartbeat_makes_freshness_known() {
        let metrics = Metrics::new().unwrap();
        metrics.set_freshness(None, Some(99_500));
        metrics.set_freshness(None, Some(99_750));
        let known = text(&metrics);
        has(&known, "sumun_facts_freshness_known 1");
        has(&known, "sumun_facts_newest_heartbeat_timestamp_seconds 99.75");
        metrics.set_freshness(None, None);
        let unknown = text(&metrics);
        has(&unknown, "sumun_facts_freshness_known 0");
        assert!(!unknown.contains("heartbeat_timestamp"), "{unknown}");
    }
}
