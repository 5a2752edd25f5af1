//! From a checked configuration to what runs: the snapshot that records are judged under, and the pipeline's plan.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use crate::config::{Cluster, Config, Lanes};
use crate::connection::Connection;
use crate::decide::Policy;
use crate::facts::Facts;
use crate::inspect::Inspector;
use crate::lane::{Digests, Snapshot};
use crate::locate::Routes;
use crate::pipeline::Plan;
use crate::subject::Keyring;
use crate::{config, feed, geo};

use super::exit::{Exit, Failure};

/// Reads the configuration; all its mistakes are one failure.
pub(super) fn configuration(file: &Path) -> Result<Config, Failure> {
    config::load(file).map_err(|errors| {
        let text = format_args!("{} is not a configuration that can be used", file.display());
        Failure::mistakes(&errors, text)
    })
}

/// Loads rules, facts and geo databases as the configuration names them.
pub(super) fn snapshot(config: &Config) -> Result<Snapshot, Failure> {
    let inspector = inspector(&config.rules)?;
    let facts = facts(config)?;
    let addresses =
        geo::load(&config.geo_databases).map_err(|error| Failure::new(Exit::Configuration, error))?;
    let routes = Routes::compile(&config.routes).map_err(|error| Failure::new(Exit::Configuration, error))?;
    let keys = config.keys.iter().map(|key| (key.id.clone(), key.key)).collect();
    let digests = Digests {
        rules: inspector.digest().to_owned(),
        facts: facts.digest().to_owned(),
        config: config.digest.clone(),
    };
    Ok(Snapshot {
        geo_build: addresses.builds().map(|(_, build)| build).min().map(str::to_owned),
        freshness_unknown: facts.heartbeat_ms().is_none(),
        inspector,
        facts,
        routes,
        addresses,
        keyring: Keyring::new(keys),
        policy: Policy { home: config.home_country, sensitive: config.sensitive.clone() },
        digests,
    })
}

/// What the pipeline runs.
pub(super) fn plan(config: &Config) -> Plan {
    let lanes = match config.egress.lanes {
        Lanes::Count(count) => usize::from(count),
        Lanes::Auto => thread::available_parallelism().map_or(1, usize::from),
    };
    let names = |patterns: &[crate::locate::TopicPattern]| {
        patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
    };
    Plan {
        id: config.id.clone(),
        egress: connection(&config.egress.cluster),
        group: config.egress.group.clone(),
        topics: names(&config.egress.topics),
        exclude: names(&config.egress.exclude),
        start_from: config.egress.start_from,
        lanes,
        outputs: connection(&config.outputs.cluster),
        alerts_topic: config.outputs.alerts.clone(),
        receipts_topic: config.outputs.receipts.clone(),
        receipt_interval: config.outputs.receipt_interval,
        receipt_records_max: config.outputs.receipt_records_max,
        state_dir: config.state_dir.clone(),
    }
}

pub(super) fn connection(cluster: &Cluster) -> Connection {
    Connection { brokers: cluster.brokers.join(","), properties: cluster.kafka.clone() }
}

/// The built-in rules and those of the operator's folders.
fn inspector(folders: &[PathBuf]) -> Result<Inspector, Failure> {
    Inspector::new(&rule_files(folders)?).map_err(|error| Failure::new(Exit::Configuration, error))
}

/// Name and text of every rule file in the folders, in order of their names.
pub(super) fn rule_files(folders: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let mut texts = Vec::new();
    for folder in folders {
        let unreadable = |error: std::io::Error| {
            let text = format!("{}: the folder of rules cannot be read ({error})", folder.display());
            Failure::new(Exit::Configuration, text)
        };
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(unreadable)?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file).map_err(unreadable)?;
            texts.push((file.display().to_string(), text));
        }
    }
    Ok(texts)
}

/// The facts as the configuration names them; every unreadable line is one failure.
pub(super) fn facts(config: &Config) -> Result<Facts, Failure> {
    feed::files::load(&config.facts.files).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::mistakes(&lines.join("\n"), "the facts were not loaded; correct them or remove the lines")
    })
}
