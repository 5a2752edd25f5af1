//! `sumun run`: the life of the process, from the configuration to the last committed offset.

use std::sync::Arc;

use crate::config::Config;
use crate::pipeline::{self, RunError, Stop};
use crate::telemetry::{Health, Metrics, Server};

use super::args::RunArgs;
use super::assemble;
use super::exit::{Exit, Failure, Outcome};
use super::reload::Reloader;

pub(super) fn run(arguments: &RunArgs) -> Outcome {
    let config = Arc::new(assemble::configuration(&arguments.config)?);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let internal = |error: &dyn std::fmt::Display| Failure::new(Exit::Internal, error);
    let metrics = Arc::new(Metrics::new().map_err(|error| internal(&error))?);
    let health = Arc::new(Health::new(["facts", "outputs"]));
    let reloader = Reloader::start(&config, &metrics, &health)?;
    let stop = Stop::on_signals().map_err(|error| internal(&error))?;
    let server = serve(&config, &metrics, &health)?;
    let snapshots = reloader.snapshots();
    reloader.spawn(stop.clone()).map_err(|error| internal(&error))?;
    let result = pipeline::run(&assemble::plan(&config), &snapshots, &metrics, &health, &stop);
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

fn failure(error: RunError) -> Failure {
    let exit = match error {
        RunError::Client(_) | RunError::StateDir(_) => Exit::Configuration,
        RunError::Features(_) | RunError::Lane { .. } | RunError::LanePanicked | RunError::Watchdog => {
            Exit::Internal
        }
    };
    Failure::new(exit, error)
}
