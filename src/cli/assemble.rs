//! From a checked configuration to what runs: the snapshot that records are judged under, and the pipeline's plan.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io, thread};

use crate::config::{Cluster, Config, Lanes};
use crate::connection::Connection;
use crate::decide::Policy;
use crate::facts::{Counts, Facts};
use crate::inspect::Inspector;
use crate::lane::{Digests, Snapshot};
use crate::locate::{AddressIndex, Routes};
use crate::pipeline::Plan;
use crate::subject::Keyring;
use crate::telemetry::ReloadPart;
use crate::{config, feed, geo};

use super::exit::{Exit, Failure};

/// Reads the configuration; all its mistakes are one failure.
pub(super) fn configuration(file: &Path) -> Result<Config, Failure> {
    config::load(file).map_err(|errors| {
        let text = format_args!("{} is not a configuration that can be used", file.display());
        Failure::mistakes(&errors, text)
    })
}

/// What a snapshot is made of. What is loaded from files is loaded whole or not at all.
#[derive(Clone)]
pub(super) struct Parts {
    routes: Arc<Routes>,
    rules: Arc<Inspector>,
    facts: Arc<Facts>,
    geo: Arc<AddressIndex>,
}

impl Parts {
    pub(super) const ALL: [ReloadPart; 3] = [ReloadPart::Facts, ReloadPart::Geo, ReloadPart::Rules];

    /// Loads rules, facts and geo databases as the configuration names them.
    pub(super) fn load(config: &Config) -> Result<Parts, Failure> {
        let routes = Routes::compile(&config.routes);
        let routes = routes.map_err(|error| Failure::new(Exit::Configuration, error))?;
        Ok(Parts {
            routes: Arc::new(routes),
            rules: rules(config)?,
            facts: facts(config)?,
            geo: addresses(config)?,
        })
    }

    /// Loads one of them anew.
    pub(super) fn reload(&mut self, part: ReloadPart, config: &Config) -> Result<(), Failure> {
        match part {
            ReloadPart::Facts => self.facts = facts(config)?,
            ReloadPart::Geo => self.geo = addresses(config)?,
            ReloadPart::Rules => self.rules = rules(config)?,
        }
        Ok(())
    }

    /// The files that a part is loaded from; a path that cannot be read stands for itself.
    pub(super) fn files(part: ReloadPart, config: &Config) -> Vec<PathBuf> {
        match part {
            ReloadPart::Facts => feed::files::list(&config.facts.files),
            ReloadPart::Geo => config.geo_databases.clone(),
            ReloadPart::Rules => config
                .rules
                .iter()
                .flat_map(|folder| rules_in(folder).unwrap_or_else(|_| vec![folder.clone()]))
                .collect(),
        }
    }

    pub(super) fn fact_counts(&self) -> Counts {
        self.facts.counts()
    }

    /// What records are judged under, made of these parts and the configuration.
    pub(super) fn snapshot(&self, config: &Config) -> Snapshot {
        let keys = config.keys.iter().map(|key| (key.id.clone(), key.key)).collect();
        let digests = Digests {
            rules: self.rules.digest().to_owned(),
            facts: self.facts.digest().to_owned(),
            config: config.digest.clone(),
        };
        Snapshot {
            geo_build: self.geo.builds().map(|(_, build)| build).min().map(str::to_owned),
            freshness_unknown: self.facts.heartbeat_ms().is_none(),
            inspector: Arc::clone(&self.rules),
            facts: Arc::clone(&self.facts),
            routes: Arc::clone(&self.routes),
            addresses: Arc::clone(&self.geo),
            keyring: Keyring::new(keys),
            policy: Policy { home: config.home_country, sensitive: config.sensitive.clone() },
            digests,
        }
    }
}

/// Loads everything and makes a snapshot of it.
pub(super) fn snapshot(config: &Config) -> Result<Snapshot, Failure> {
    Ok(Parts::load(config)?.snapshot(config))
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
fn rules(config: &Config) -> Result<Arc<Inspector>, Failure> {
    let loaded = Inspector::new(&rule_files(&config.rules)?).map(Arc::new);
    loaded.map_err(|error| Failure::new(Exit::Configuration, error))
}

/// Name and text of every rule file in the folders, in order of their names.
pub(super) fn rule_files(folders: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let mut texts = Vec::new();
    for folder in folders {
        let unreadable = |error: io::Error| {
            let text = format!("{}: the folder of rules cannot be read ({error})", folder.display());
            Failure::new(Exit::Configuration, text)
        };
        for file in rules_in(folder).map_err(unreadable)? {
            let text = fs::read_to_string(&file).map_err(unreadable)?;
            texts.push((file.display().to_string(), text));
        }
    }
    Ok(texts)
}

fn rules_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}

/// The facts as the configuration names them; every unreadable line is one failure.
pub(super) fn facts(config: &Config) -> Result<Arc<Facts>, Failure> {
    feed::files::load(&config.facts.files).map(Arc::new).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::mistakes(&lines.join("\n"), "the facts were not loaded; correct them or remove the lines")
    })
}

fn addresses(config: &Config) -> Result<Arc<AddressIndex>, Failure> {
    let loaded = geo::load(&config.geo_databases).map(Arc::new);
    loaded.map_err(|error| Failure::new(Exit::Configuration, error))
}
