//! `sumun run`: the life of the process, from the configuration to the last committed offset.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::Config;
use crate::lane::Snapshot;
use crate::pipeline::{self, RunError, Stop};
use crate::telemetry::{Check, FactCounts, Health, Metrics, Server};
use crate::time::parse_rfc3339_ms;

use super::args::RunArgs;
use super::assemble;
use super::exit::{Exit, Failure, Outcome};

pub(super) fn run(arguments: &RunArgs) -> Outcome {
    let config = assemble::configuration(&arguments.config)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let snapshot = assemble::snapshot(&config)?;
    let internal = |error: &dyn std::fmt::Display| Failure::new(Exit::Internal, error);
    let metrics = Arc::new(Metrics::new().map_err(|error| internal(&error))?);
    let health = Arc::new(Health::new(["facts", "outputs"]));
    show(&snapshot, &metrics, &health).map_err(|error| internal(&error))?;
    let stop = Stop::on_signals().map_err(|error| internal(&error))?;
    let server = serve(&config, &metrics, &health)?;
    let snapshot = Arc::new(ArcSwap::from_pointee(snapshot));
    let result = pipeline::run(&assemble::plan(&config), &snapshot, &metrics, &health, &stop);
    drop(server);
    result.map(|()| Exit::Ok).map_err(failure)
}

fn serve(config: &Config, metrics: &Arc<Metrics>, health: &Arc<Health>) -> Result<Option<Server>, Failure> {
    let Some(listen) = config.listen else { return Ok(None) };
    let server = Server::start(listen, Arc::clone(metrics), Arc::clone(health)).map_err(|error| {
        let text =
            format!("telemetry cannot listen on {listen} ({error}); choose another `telemetry.listen`");
        Failure::new(Exit::Configuration, text)
    })?;
    Ok(Some(server))
}

/// What of the snapshot is seen from outside.
fn show(snapshot: &Snapshot, metrics: &Metrics, health: &Health) -> prometheus::Result<()> {
    let counts = snapshot.facts.counts();
    metrics.set_facts(FactCounts {
        disclosures: counts.disclosure as u64,
        consent_acts: counts.consent as u64,
        bases: counts.basis as u64,
        recipients: counts.recipient as u64,
    });
    metrics.set_freshness(snapshot.facts.newest_act_ms(), snapshot.facts.heartbeat_ms())?;
    metrics.expect_countries(
        snapshot
            .facts
            .registry()
            .iter()
            .filter_map(|recipient| recipient.legal_country)
            .filter(|country| *country != snapshot.policy.home),
    );
    metrics.set_geo_builds(snapshot.addresses.builds().filter_map(|(database, date)| {
        Some((database, parse_rfc3339_ms(&format!("{date}T00:00:00Z"))? / 1000))
    }));
    metrics.loaded(jiff::Timestamp::now().as_second());
    health.set("facts", Check::Ok("loaded from files".to_owned()));
    if snapshot.freshness_unknown {
        let text = "unknown: no heartbeat among the facts".to_owned();
        health.set("freshness", Check::Warning(text));
    }
    Ok(())
}

fn failure(error: RunError) -> Failure {
    let exit = match error {
        RunError::Client(_) | RunError::StateDir(_) => Exit::Configuration,
        RunError::Features(_) | RunError::Lane { .. } | RunError::LanePanicked | RunError::Watchdog => {
            Exit::Internal
        }
    };
    Failure::new(exit, error)
}
