//! Rules, facts and geo databases are loaded anew while lanes run, when their files change or at SIGHUP.
//!
//! Files are looked at once a second, not watched through inotify: it is silent on network file systems, loses sight
//! of a file when a folder above it is swapped (as Kubernetes does with a `ConfigMap`), and its instances run out on
//! machines that many share. A look costs a `stat` per file.
//!
//! All or nothing: every part whose files differ from those in use is loaded, and one snapshot of all of them is put
//! in the place of the old one, or the old one stays and it is said why. What was read while files changed is never
//! used: it may be half of each. The configuration itself is read at start only.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use signal_hook::consts::SIGHUP;

use crate::config::Config;
use crate::facts::{Counts, Stream};
use crate::lane::Snapshot;
use crate::pipeline::Stop;
use crate::telemetry::{Check, FactCounts, Health, Metrics, ReloadPart, ReloadResult};
use crate::time::parse_rfc3339_ms;

use super::assemble::Parts;
use super::exit::{Exit, Failure};
use super::stamps::Stamps;

/// How often files are looked at. What has changed is loaded when two looks have found the same.
const LOOK: Duration = Duration::from_secs(1);
/// Files that find no rest for so long are complained of.
const RESTLESS_MAX: Duration = Duration::from_secs(30);
/// What could not be loaded is tried again after this time, though its files are still the same.
const RETRY_AFTER: Duration = Duration::from_mins(5);
/// Mistakes that are logged one by one.
const MISTAKES_LOGGED_MAX: usize = 10;

/// Keeps the snapshot that lanes judge under up to date.
pub(super) struct Reloader {
    config: Arc<Config>,
    snapshots: Arc<ArcSwap<Snapshot>>,
    parts: Parts,
    /// The files that `parts` were loaded from.
    in_use: Files,
    /// The files at the last look.
    seen: Files,
    failed: Option<Failed>,
    restless_since: Option<Instant>,
    /// Snapshots that a lane may still hold: the last one who lets go frees gigabytes, and must not be a lane.
    retired: Vec<Arc<Snapshot>>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    asked: Arc<AtomicBool>,
}

/// The last reload, where it failed.
struct Failed {
    /// As they were read; `None` where they found no rest for it.
    files: Option<Files>,
    parts: Vec<ReloadPart>,
    at: Instant,
}

/// The files of each part, in the order of [`Parts::ALL`].
#[derive(Clone, PartialEq, Eq)]
struct Files([Stamps; Parts::ALL.len()]);

impl Files {
    fn look(config: &Config) -> Files {
        Files(Parts::ALL.map(|part| Stamps::of(Parts::files(part, config))))
    }
}

impl Reloader {
    /// Loads the first snapshot. From here on a SIGHUP asks for another one.
    pub(super) fn start(
        config: &Arc<Config>,
        metrics: &Arc<Metrics>,
        health: &Arc<Health>,
    ) -> Result<Reloader, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGHUP, Arc::clone(&asked))
            .map_err(|error| Failure::new(Exit::Internal, error))?;
        let files = Files::look(config);
        let parts = Parts::load(config)?;
        let snapshot = parts.snapshot(config);
        let now = Timestamp::now();
        show(&snapshot, now, metrics, health);
        metrics.loaded(now.as_second());
        Ok(Reloader {
            config: Arc::clone(config),
            snapshots: Arc::new(ArcSwap::from_pointee(snapshot)),
            parts,
            in_use: files.clone(),
            seen: files,
            failed: None,
            restless_since: None,
            retired: Vec::new(),
            metrics: Arc::clone(metrics),
            health: Arc::clone(health),
            asked,
        })
    }

    /// Where lanes find the snapshot.
    pub(super) fn snapshots(&self) -> Arc<ArcSwap<Snapshot>> {
        Arc::clone(&self.snapshots)
    }

    /// Looks at the files in a thread of its own until `stop` is set. The process does not wait for it: a load can
    /// take minutes.
    pub(super) fn spawn(mut self, stop: Stop) -> io::Result<()> {
        let body = move || {
            while !stop.is_set() {
                thread::park_timeout(LOOK);
                let asked = self.asked.swap(false, Ordering::Relaxed);
                self.look(asked, Instant::now());
            }
        };
        thread::Builder::new().name("reload".to_owned()).spawn(body).map(drop)
    }

    /// One look at the files. Where an operator has asked, all of them are read, changed or not.
    fn look(&mut self, asked: bool, now: Instant) {
        self.retired.retain(|snapshot| Arc::strong_count(snapshot) > 1);
        let seen = Files::look(&self.config);
        let is_resting = seen == self.seen;
        self.seen = seen;
        if asked {
            tracing::info!("SIGHUP: rules, facts and geo databases are loaded anew");
            return self.reload(&Parts::ALL, now);
        }
        let wanted = self.wanted();
        if wanted.is_empty() {
            self.restless_since = None;
        } else if !is_resting {
            self.wait_for_rest(&wanted, now);
        } else if !self.is_known_to_fail(now) {
            self.reload(&wanted, now);
        }
    }

    /// The parts whose files are not those in use, and those that could not be loaded.
    fn wanted(&self) -> Vec<ReloadPart> {
        let failed = self.failed.as_ref().map_or(&[][..], |failed| &failed.parts);
        let files = self.seen.0.iter().zip(&self.in_use.0);
        let parts = Parts::ALL.into_iter().zip(files);
        parts
            .filter(|(part, (seen, in_use))| seen != in_use || failed.contains(part))
            .map(|(part, _)| part)
            .collect()
    }

    fn is_known_to_fail(&self, now: Instant) -> bool {
        let failed = self.failed.as_ref();
        failed
            .is_some_and(|failed| failed.files.as_ref() == Some(&self.seen) && now < failed.at + RETRY_AFTER)
    }

    fn wait_for_rest(&mut self, wanted: &[ReloadPart], now: Instant) {
        let since = *self.restless_since.get_or_insert(now);
        if now < since + RESTLESS_MAX {
            return;
        }
        self.restless_since = None;
        let text = "the files keep changing; write a file under another name, then rename it";
        let failure = |part: &ReloadPart| (*part, Failure::new(Exit::Configuration, text));
        self.fail(&wanted.iter().map(failure).collect::<Vec<_>>(), None, now);
    }

    fn reload(&mut self, wanted: &[ReloadPart], now: Instant) {
        let before = self.seen.clone();
        let result = self.load(wanted);
        self.seen = Files::look(&self.config);
        if self.seen != before {
            return self.wait_for_rest(wanted, now);
        }
        self.restless_since = None;
        match result {
            Ok(parts) => self.publish(wanted, parts),
            Err(failures) => self.fail(&failures, Some(before), now),
        }
    }

    /// All of `wanted`, or what is wrong with each that cannot be had.
    fn load(&self, wanted: &[ReloadPart]) -> Result<Parts, Vec<(ReloadPart, Failure)>> {
        let mut parts = self.parts.clone();
        let mut failures = Vec::new();
        for part in wanted {
            // What a panic leaves behind is thrown away with all the rest.
            let loaded = catch_unwind(AssertUnwindSafe(|| parts.reload(*part, &self.config)));
            let panicked = |_| Err(Failure::new(Exit::Internal, "a panic while loading; please report it"));
            if let Err(failure) = loaded.unwrap_or_else(panicked) {
                failures.push((*part, failure));
            }
        }
        if let Some(stream) = emptied(self.parts.fact_counts(), parts.fact_counts()) {
            let text = format!(
                "no {} facts are left, and there were some: is a folder not mounted? Restart to go on without",
                stream.as_str()
            );
            failures.push((ReloadPart::Facts, Failure::new(Exit::Configuration, text)));
        }
        if failures.is_empty() { Ok(parts) } else { Err(failures) }
    }

    fn publish(&mut self, loaded: &[ReloadPart], parts: Parts) {
        let snapshot = Arc::new(parts.snapshot(&self.config));
        // First used, then shown: who sees it may rely on it.
        self.retired.push(self.snapshots.swap(Arc::clone(&snapshot)));
        let now = Timestamp::now();
        show(&snapshot, now, &self.metrics, &self.health);
        for part in loaded {
            self.metrics.reloaded(*part, ReloadResult::Ok, now.as_second());
        }
        self.health.set_at("reload", Check::Ok(format!("{} loaded anew", names(loaded))), now);
        let digests = &snapshot.digests;
        tracing::info!(
            rules = digests.rules,
            facts = digests.facts,
            geo = snapshot.geo_build,
            "a new snapshot is in use: {} loaded anew",
            names(loaded)
        );
        self.parts = parts;
        self.in_use = self.seen.clone();
        self.failed = None;
    }

    /// The old snapshot stays.
    fn fail(&mut self, failures: &[(ReloadPart, Failure)], files: Option<Files>, at: Instant) {
        let now = Timestamp::now();
        let mistakes: Vec<&str> = failures.iter().flat_map(|(_, failure)| failure.lines()).collect();
        for mistake in mistakes.iter().take(MISTAKES_LOGGED_MAX) {
            tracing::error!("{mistake}");
        }
        let first = mistakes.first().copied().unwrap_or_default();
        self.health.set_at("reload", Check::Warning(format!("{first}; the old snapshot stays in use")), now);
        let mut parts: Vec<ReloadPart> = failures.iter().map(|(part, _)| *part).collect();
        parts.dedup();
        tracing::error!("{} could not be loaded anew: the old snapshot stays in use", names(&parts));
        for part in &parts {
            self.metrics.reloaded(*part, ReloadResult::Failed, now.as_second());
        }
        self.failed = Some(Failed { files, parts, at });
    }
}

fn names(parts: &[ReloadPart]) -> String {
    let names: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
    names.join(", ")
}

/// A stream that had facts and has none. An empty folder is rather one that was not mounted than a wish to forget
/// every suspension order.
fn emptied(before: Counts, after: Counts) -> Option<Stream> {
    let count = |counts: Counts, stream| match stream {
        Stream::Disclosure => counts.disclosure,
        Stream::Consent => counts.consent,
        Stream::Basis => counts.basis,
        Stream::Recipient => counts.recipient,
    };
    Stream::ALL.into_iter().find(|stream| count(before, *stream) > 0 && count(after, *stream) == 0)
}

/// What of the snapshot is seen from outside.
fn show(snapshot: &Snapshot, loaded_at: Timestamp, metrics: &Metrics, health: &Health) {
    let counts = snapshot.facts.counts();
    metrics.set_facts(FactCounts {
        disclosures: counts.disclosure as u64,
        consent_acts: counts.consent as u64,
        bases: counts.basis as u64,
        recipients: counts.recipient as u64,
    });
    metrics.set_freshness(snapshot.facts.newest_act_ms(), snapshot.facts.heartbeat_ms());
    let countries = snapshot.facts.registry().iter().filter_map(|recipient| recipient.legal_country);
    metrics.expect_countries(countries.filter(|country| *country != snapshot.policy.home));
    metrics.set_geo_builds(snapshot.addresses.builds().filter_map(|(database, date)| {
        Some((database, parse_rfc3339_ms(&format!("{date}T00:00:00Z"))? / 1000))
    }));
    let digests = &snapshot.digests;
    metrics.set_snapshot(&digests.rules, &digests.facts, &digests.config);
    health.set("facts", Check::Ok("loaded from files".to_owned()));
    let geo = snapshot.geo_build.as_deref().unwrap_or("none");
    let text = format!("rules {}, facts {}, geo {geo}", digests.rules, digests.facts);
    health.set_at("snapshot", Check::Ok(text), loaded_at);
    let freshness = if snapshot.freshness_unknown {
        Check::Warning("unknown: no heartbeat among the facts".to_owned())
    } else {
        Check::Ok("a heartbeat is among the facts".to_owned())
    };
    health.set("freshness", freshness);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Instant;

    use jiff::Timestamp;
    use tempfile::TempDir;

    use super::{RESTLESS_MAX, RETRY_AFTER, Reloader};
    use crate::config;
    use crate::telemetry::{Health, Metrics};

    const RECIPIENT: &str = r#"{"recipient": "seller-17", "legal_country": "CN"}"#;
    const ANOTHER: &str = r#"{"recipient": "seller-23", "legal_country": "CN"}"#;
    const BROKEN: &str = r#"{"recipient": "seller-23", "legal_contry": "CN"}"#;
    const RULE: &str = "entity: phone_number\nversion: 1\nsources: []\nkeys: [teleponieren]\n";

    struct Bench {
        folder: TempDir,
        reloader: Reloader,
        now: Instant,
    }

    impl Bench {
        /// One recipient, and an empty folder of rules.
        fn new() -> Bench {
            let folder = tempfile::tempdir().unwrap();
            let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
            for name in ["facts-1", "rules"] {
                fs::create_dir(folder.path().join(name)).unwrap();
            }
            symlink("facts-1", folder.path().join("facts")).unwrap();
            write("facts/recipient.jsonl", RECIPIENT);
            write("k1.hex", &"00".repeat(32));
            fs::set_permissions(folder.path().join("k1.hex"), fs::Permissions::from_mode(0o600)).unwrap();
            write(
                "sumun.yaml",
                "\
id: reload
home_country: KR
egress: {brokers: ['127.0.0.1:9092'], topics: [orders]}
outputs: {alerts: alerts, receipts: receipts}
facts: {files: [facts]}
rules: [rules]
tokens: {keys: [{id: k1, key_file: k1.hex}]}
",
            );
            let config =
                config::load(&folder.path().join("sumun.yaml")).unwrap_or_else(|errors| panic!("{errors}"));
            let metrics = Arc::new(Metrics::new().unwrap());
            let reloader = Reloader::start(&Arc::new(config), &metrics, &Arc::new(Health::default()))
                .unwrap_or_else(|failure| panic!("{failure:?}"));
            Bench { folder, reloader, now: Instant::now() }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.folder.path().join(name), text).unwrap();
        }

        fn look(&mut self) -> usize {
            self.reloader.look(false, self.now);
            self.recipients()
        }

        /// Recipients in the snapshot that lanes see.
        fn recipients(&self) -> usize {
            self.reloader.snapshots.load().facts.counts().recipient
        }

        /// Whether metrics and health say this.
        fn says(&self, metric: &str, health: &str) {
            let metrics = self.reloader.metrics.render(std::time::SystemTime::now()).unwrap();
            assert!(metrics.lines().any(|line| line == metric), "no {metric} in\n{metrics}");
            let report = self.reloader.health.report(Timestamp::now());
            assert!(report.contains(health), "no {health} in\n{report}");
        }
    }

    /// `to` takes the place of `from` in one step.
    fn rename(folder: &Path, from: &str, to: &str) {
        fs::rename(folder.join(from), folder.join(to)).unwrap();
    }

    #[test]
    fn what_has_changed_is_taken_when_it_rests() {
        let mut bench = Bench::new();
        assert_eq!(bench.look(), 1);
        bench.write("facts-1/recipient-2.jsonl", ANOTHER);
        assert_eq!(bench.look(), 1, "it may be half written");
        assert_eq!(bench.look(), 2);
        let snapshot = bench.reloader.snapshots.load_full();
        bench.says("sumun_reloads_total{part=\"facts\",result=\"ok\"} 1", "[ok] reload: facts loaded anew; ");
        bench.says(
            &format!(
                "sumun_snapshot_info{{config=\"{}\",facts=\"{}\",rules=\"{}\"}} 1",
                snapshot.digests.config, snapshot.digests.facts, snapshot.digests.rules
            ),
            &snapshot.digests.facts,
        );
        assert_eq!(bench.look(), 2);
        assert!(Arc::ptr_eq(&snapshot, &bench.reloader.snapshots.load()), "nothing has changed since");
    }

    #[test]
    fn a_folder_that_is_swapped_by_symlink_is_another_one() {
        let mut bench = Bench::new();
        fs::create_dir(bench.folder.path().join("facts-2")).unwrap();
        bench.write("facts-2/recipient.jsonl", &format!("{RECIPIENT}\n{ANOTHER}\n"));
        symlink("facts-2", bench.folder.path().join("new")).unwrap();
        rename(bench.folder.path(), "new", "facts");
        bench.look();
        assert_eq!(bench.look(), 2);
    }

    #[test]
    fn one_broken_line_keeps_the_whole_old_snapshot() {
        let mut bench = Bench::new();
        let before = bench.reloader.snapshots.load().digests.clone();
        bench.write("facts-1/recipient-2.jsonl", &format!("{ANOTHER}\n{BROKEN}\n"));
        // This one is right, and waits.
        bench.write("rules/own.yaml", RULE);
        bench.look();
        bench.look();
        assert_eq!(bench.reloader.snapshots.load().digests, before);
        bench.says(
            "sumun_reloads_total{part=\"facts\",result=\"failed\"} 1",
            "recipient-2.jsonl:2: field `legal_contry` does not belong here",
        );
        bench.says("sumun_last_reload_successful 0", "[warning] reload: ");
        bench.look();
        bench.says(
            "sumun_reloads_total{part=\"facts\",result=\"failed\"} 1",
            "the old snapshot stays in use; ",
        );
        bench.now += RETRY_AFTER;
        bench.look();
        bench.says("sumun_reloads_total{part=\"facts\",result=\"failed\"} 2", "[warning] reload: ");

        bench.write("new", ANOTHER);
        rename(bench.folder.path(), "new", "facts/recipient-2.jsonl");
        bench.look();
        assert_eq!(bench.look(), 2);
        assert_ne!(bench.reloader.snapshots.load().digests.rules, before.rules);
        bench.says("sumun_last_reload_successful 1", "[ok] reload: facts, rules loaded anew; ");
    }

    #[test]
    fn what_could_not_be_loaded_is_loaded_when_the_old_files_come_back() {
        let mut bench = Bench::new();
        fs::create_dir(bench.folder.path().join("facts-2")).unwrap();
        bench.write("facts-2/recipient.jsonl", BROKEN);
        for (folder, health) in [("facts-2", "[warning] reload: "), ("facts-1", "[ok] reload: ")] {
            symlink(folder, bench.folder.path().join("new")).unwrap();
            rename(bench.folder.path(), "new", "facts");
            bench.look();
            assert_eq!(bench.look(), 1);
            bench.says("sumun_reloads_total{part=\"facts\",result=\"failed\"} 1", health);
        }
    }

    #[test]
    fn a_stream_that_loses_all_its_facts_is_not_believed() {
        let mut bench = Bench::new();
        fs::remove_file(bench.folder.path().join("facts/recipient.jsonl")).unwrap();
        bench.look();
        assert_eq!(bench.look(), 1);
        bench.says("sumun_last_reload_successful 0", "no recipient facts are left");
    }

    #[test]
    fn what_was_read_while_it_changed_is_thrown_away() {
        let mut bench = Bench::new();
        // The last look knows nothing of this file: so it came while facts were read.
        bench.write("facts-1/recipient-2.jsonl", ANOTHER);
        let (wanted, now) = (super::Parts::ALL, bench.now);
        bench.reloader.reload(&wanted, now);
        assert_eq!(bench.recipients(), 1);
        assert_eq!(bench.look(), 2);
    }

    #[test]
    fn files_that_never_rest_are_complained_of() {
        let mut bench = Bench::new();
        for number in 0..2 {
            bench.write(&format!("facts-1/recipient-{number}.jsonl"), ANOTHER);
            assert_eq!(bench.look(), 1);
            bench.now += RESTLESS_MAX;
        }
        bench.says("sumun_last_reload_successful 0", "the files keep changing; ");
        assert_eq!(bench.look(), 2);
    }

    #[test]
    fn an_operator_who_asks_waits_for_nothing() {
        let mut bench = Bench::new();
        bench.write("facts-1/recipient-2.jsonl", ANOTHER);
        let now = bench.now;
        bench.reloader.look(true, now);
        assert_eq!(bench.recipients(), 2);
        bench.says(
            "sumun_reloads_total{part=\"geo\",result=\"ok\"} 1",
            "[ok] reload: facts, geo, rules loaded anew; ",
        );
    }

    #[test]
    fn a_snapshot_is_freed_here_and_not_by_the_last_lane_that_holds_it() {
        let mut bench = Bench::new();
        let held = bench.reloader.snapshots.load_full();
        let weak = Arc::downgrade(&held);
        let now = bench.now;
        bench.reloader.look(true, now);
        bench.look();
        drop(held);
        assert!(weak.upgrade().is_some(), "the lane frees nothing");
        bench.look();
        assert!(weak.upgrade().is_none());
    }
}
