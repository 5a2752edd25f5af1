//! Makes and registers metrics: one by one, or all that a closed set of labels has.

use prometheus::{
    GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, exponential_buckets,
};

use super::labels::TimedStage;

pub(super) fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("sumun")
}

/// Alerts by kind and reason: each kind has a closed set of reasons of its own.
pub(super) struct KindAndReason(pub(super) IntCounterVec);

impl KindAndReason {
    pub(super) fn of(&self, kind: &str, reasons: &[&str]) -> Vec<IntCounter> {
        reasons.iter().map(|reason| self.0.with_label_values(&[kind, reason])).collect()
    }
}

/// Makes and registers metrics.
pub(super) struct Family {
    pub(super) registry: Registry,
}

impl Family {
    pub(super) fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        let counter = IntCounter::with_opts(options(name, help))?;
        self.registry.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    pub(super) fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        let counters = IntCounterVec::new(options(name, help), labels)?;
        self.registry.register(Box::new(counters.clone()))?;
        Ok(counters)
    }

    /// One counter per value of a closed set, in its order; all of them exist from the start.
    pub(super) fn closed(
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
    pub(super) fn matrix(
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

    pub(super) fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: Vec<f64>,
    ) -> prometheus::Result<Histogram> {
        let histogram = Histogram::with_opts(HistogramOpts::from(options(name, help)).buckets(buckets))?;
        self.registry.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }

    /// One histogram per stage, from a microsecond to a second.
    pub(super) fn stages(&self) -> prometheus::Result<Vec<Histogram>> {
        let options =
            options("stage_duration_seconds", "Time of a stage, of the first record of each batch.");
        let options = HistogramOpts::from(options).buckets(exponential_buckets(1e-6, 4.0, 11)?);
        let stages = HistogramVec::new(options, &["stage"])?;
        self.registry.register(Box::new(stages.clone()))?;
        Ok(TimedStage::TEXTS.iter().map(|stage| stages.with_label_values(&[stage])).collect())
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let gauge = IntGauge::with_opts(options(name, help))?;
        self.registry.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        let gauges = IntGaugeVec::new(options(name, help), labels)?;
        self.registry.register(Box::new(gauges.clone()))?;
        Ok(gauges)
    }

    pub(super) fn float_gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<GaugeVec> {
        let gauges = GaugeVec::new(options(name, help), labels)?;
        self.registry.register(Box::new(gauges.clone()))?;
        Ok(gauges)
    }
}
