//! sumun as its users run it: a child process with a configuration file, on topics and a group of its own.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::broker::{Broker, GUARDED_USER};
use super::{Watcher, kafka, unique, wait};
use crate::ledger::check::Evidence;
use crate::ledger::{Ledger, world};

/// The shortest that a broker with its default settings allows: how long a dead member holds its partitions.
pub const SESSION_TIMEOUT_MS: u64 = 6_000;
const START_LIMIT_S: u64 = 60;
const EXIT_LIMIT_S: u64 = 60;
const LOG_LINES_SHOWN: usize = 30;

/// One deployment: topics, group, configuration, facts; and what its processes leave behind.
pub struct Site {
    pub bootstrap: String,
    /// The cluster of alerts and receipts: the same one, as a rule.
    pub outputs_bootstrap: String,
    pub topic: String,
    pub group: String,
    pub alerts: String,
    pub receipts: String,
    pub partitions: i32,
    pub start_from: &'static str,
    pub receipt_records_max: u32,
    /// A topic that is inspected too, and that no route names.
    pub unrouted: Option<String>,
    /// More sections of the configuration.
    pub more_config: String,
    cluster: String,
    /// Where sumun connects, and the properties by which it says who it is.
    seen: (String, String),
    folder: TempDir,
    /// Logs of all starts, and metrics as they were scraped.
    texts: Mutex<Vec<(String, Vec<u8>)>>,
    starts: Mutex<Vec<PathBuf>>,
}

/// What differs from site to site.
#[derive(Clone, Copy, Default)]
pub struct Plan<'a> {
    /// Alerts and receipts go to another cluster.
    pub outputs: Option<&'a Broker>,
    pub alert_topic_missing: bool,
    /// sumun connects where the broker asks who it is.
    pub is_guarded: bool,
    pub bulk_sellers: usize,
}

impl Site {
    pub fn new(broker: &Broker, name: &str, partitions: i32) -> Site {
        Site::planned(broker, name, partitions, Plan::default())
    }

    pub fn planned(broker: &Broker, name: &str, partitions: i32, plan: Plan<'_>) -> Site {
        let topic = unique(name);
        let site = Site {
            bootstrap: broker.bootstrap().to_owned(),
            outputs_bootstrap: plan.outputs.unwrap_or(broker).bootstrap().to_owned(),
            group: format!("{topic}-group"),
            alerts: format!("{topic}-alerts"),
            receipts: format!("{topic}-receipts"),
            topic,
            partitions,
            start_from: "earliest",
            receipt_records_max: 500,
            unrouted: None,
            more_config: String::new(),
            cluster: broker.cluster_id(),
            seen: if plan.is_guarded {
                (broker.guarded_bootstrap().to_owned(), credentials())
            } else {
                (broker.bootstrap().to_owned(), String::new())
            },
            folder: tempfile::tempdir().unwrap(),
            texts: Mutex::default(),
            starts: Mutex::default(),
        };
        let large = [("max.message.bytes", "20000000")];
        kafka::create_topic(&site.bootstrap, &site.topic, partitions, &large);
        kafka::create_topic(&site.outputs_bootstrap, &site.receipts, 2, &[]);
        if !plan.alert_topic_missing {
            site.create_alert_topic();
        }
        world::write(&site.path("facts"), &site.path("k1.hex"), plan.bulk_sellers);
        site
    }

    pub fn create_alert_topic(&self) {
        kafka::create_topic(&self.outputs_bootstrap, &self.alerts, 2, &[]);
    }

    /// Of a file or folder beside the configuration.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the member `id`; `fault` as in `SUMUN_FAULT`.
    pub fn start(&self, id: &str, fault: Option<&str>) -> Sumun {
        self.start_with(id, fault.map(|fault| ("SUMUN_FAULT", fault)).as_slice())
    }

    /// Starts the member `id` with these variables in its environment.
    pub fn start_with(&self, id: &str, environment: &[(&str, &str)]) -> Sumun {
        let config = self.write_config(id);
        let log = {
            let mut starts = self.starts.lock().unwrap();
            let log = self.path(&format!("{id}-{}.log", starts.len()));
            starts.push(log.clone());
            log
        };
        let file = File::create(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sumun"));
        command.arg("run").arg("-c").arg(&config).env_remove("SUMUN_FAULT").env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        command.envs(environment.iter().copied());
        let child = command.spawn().expect("sumun starts");
        Sumun { _watcher: Watcher::of(&child), child, log }
    }

    /// Writes the configuration of the member `id`.
    pub fn write_config(&self, id: &str) -> PathBuf {
        let config = self.path(&format!("{id}.yaml"));
        fs::write(&config, self.config(id)).unwrap();
        config
    }

    fn config(&self, id: &str) -> String {
        let Site {
            bootstrap,
            seen: (brokers, credentials),
            outputs_bootstrap,
            topic,
            group,
            alerts,
            receipts,
            start_from,
            receipt_records_max,
            more_config,
            ..
        } = self;
        let unrouted = self.unrouted.as_ref().map_or(String::new(), |topic| format!(", {topic}"));
        // Another cluster where the plan says so, else the same.
        let outputs = if outputs_bootstrap == bootstrap { brokers } else { outputs_bootstrap };
        format!(
            "id: {id}
home_country: KR
state_dir: state-{id}
egress:
  brokers: [{brokers}]
  group: {group}
  topics: [{topic}{unrouted}]
  start_from: {start_from}
  lanes: 2
  kafka: {{session.timeout.ms: {SESSION_TIMEOUT_MS}, heartbeat.interval.ms: 500{credentials}}}
outputs:
  brokers: [{outputs}]
  alerts: {alerts}
  receipts: {receipts}
  receipt_interval: 200ms
  receipt_records_max: {receipt_records_max}
routes:
  - topics: [{topic}]
    recipient:
      - {{header: x-seller-id, match: ids}}
      - {{header: x-dest-host, match: hosts}}
    declared_country: {{header: x-dest-country}}
    purpose: {{header: x-purpose}}
    transfer_type: {{header: x-transfer-type}}
    subject:
      - {{path: $.member, token: member}}
      - {{path: $.tel, token: phone}}
    scopes:
      - at: $.orders[*]
        recipient: [{{path: $.sellerId, match: ids}}]
        subject:
          - {{path: $.member, token: member}}
          - {{path: $.receiver.tel, token: phone}}
facts:
  files: [facts]
tokens:
  keys: [{{id: k1, key_file: k1.hex}}]
telemetry:
  listen: 127.0.0.1:0
{more_config}"
        )
    }

    /// Waits until the group has committed the end of every partition of the ledger.
    pub fn wait_drained(&self, ledger: &Ledger, limit_s: u64) {
        let watch = kafka::Watch::new(&self.bootstrap, &self.group, &self.topic);
        let ends = ledger.ends();
        wait::until(&format!("{} to be inspected to its end", self.topic), limit_s, || {
            let committed = watch.committed()?;
            let reached = |(partition, end): (&i32, &i64)| committed.get(partition) == Some(&Some(*end));
            ends.iter().all(reached).then_some(())
        });
    }

    pub fn keep_text(&self, name: &str, text: Vec<u8>) {
        self.texts.lock().unwrap().push((name.to_owned(), text));
    }

    /// The crash journals as they are now: for a process that died, since the next start writes over them.
    pub fn keep_state(&self) {
        self.texts.lock().unwrap().extend(self.state());
    }

    fn state(&self) -> Vec<(String, Vec<u8>)> {
        let mut texts = Vec::new();
        for state in fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
            if state.file_name().unwrap().to_string_lossy().starts_with("state-") {
                files(&state, &mut texts);
            }
        }
        texts
    }

    /// Stops a member as its users do, after a look at its metrics; it must end well.
    pub fn stop(&self, mut sumun: Sumun) {
        self.keep_text("metrics", sumun.get("/metrics").1.into_bytes());
        let id = sumun.log.display().to_string();
        self.keep_text(&format!("readyz of {id}"), sumun.get("/readyz?verbose").1.into_bytes());
        sumun.signal(Signal::TERM);
        let status = sumun.wait_exit();
        assert!(status.success(), "{status}:\n{}", sumun.log_tail());
    }

    /// All that the processes of this site wrote.
    pub fn evidence(&self) -> Evidence {
        let mut texts = self.texts.lock().unwrap().clone();
        for log in self.starts.lock().unwrap().iter() {
            texts.push((log.display().to_string(), fs::read(log).unwrap()));
        }
        texts.extend(self.state());
        Evidence {
            cluster: self.cluster.clone(),
            group: self.group.clone(),
            alerts: kafka::read_all(&self.outputs_bootstrap, &self.alerts),
            receipts: kafka::read_all(&self.outputs_bootstrap, &self.receipts),
            committed: kafka::committed(&self.bootstrap, &self.group, &self.topic),
            texts,
        }
    }
}

/// Of the one user of a guarded broker.
fn credentials() -> String {
    format!(
        ", security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, sasl.username: {GUARDED_USER}, \
         sasl.password: {GUARDED_USER}"
    )
}

impl Drop for Site {
    /// A test that failed shows how the last processes ended.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for log in self.starts.lock().unwrap().iter().rev().take(3) {
            println!("{}:\n{}", log.display(), tail(&fs::read_to_string(log).unwrap_or_default()));
        }
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().rev().take(LOG_LINES_SHOWN).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

fn files(folder: &Path, texts: &mut Vec<(String, Vec<u8>)>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files(&path, texts);
        } else {
            texts.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// One running process.
pub struct Sumun {
    child: Child,
    _watcher: Watcher,
    log: PathBuf,
}

impl Sumun {
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn log_tail(&self) -> String {
        tail(&self.log())
    }

    /// Waits until it says that it is ready.
    pub fn wait_ready(&mut self) {
        let start = Instant::now();
        while self.get("/readyz").0 != 200 {
            assert!(self.exit_status().is_none(), "sumun ended:\n{}", self.log_tail());
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(START_LIMIT_S), "sumun is not ready:\n{}", self.log_tail());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until each of its two lanes holds as many partitions: no rebalance is to come.
    pub fn wait_assigned(&self, each: usize) {
        wait::until("both lanes to have their partitions", START_LIMIT_S, || {
            let metrics = self.get("/metrics").1;
            let holds = |lane: usize| {
                metrics.contains(&format!("sumun_assigned_partitions{{lane=\"{lane}\"}} {each}\n"))
            };
            (holds(0) && holds(1)).then_some(())
        });
    }

    /// The digest of the facts in use.
    pub fn facts(&self) -> String {
        let metrics = self.get("/metrics").1;
        let info = metrics.lines().find(|line| line.starts_with("sumun_snapshot_info{")).expect("a snapshot");
        let (_, facts) = info.split_once("facts=\"").expect("its facts");
        facts.split_once('"').expect("a closing quote").0.to_owned()
    }

    /// Waits for a line of its log.
    pub fn wait_for_log(&self, text: &str, limit_s: u64) {
        wait::until(&format!("`{text}` in the log"), limit_s, || self.log().contains(text).then_some(()));
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the process is there");
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub fn wait_exit(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.exit_status() {
                return status;
            }
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(EXIT_LIMIT_S), "sumun does not end:\n{}", self.log_tail());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it dies at the kill point that it was told.
    pub fn wait_fault(&mut self, name: &str) {
        let status = self.wait_exit();
        let died = status.signal() == Some(9) && self.log().contains(&format!("fault {name}"));
        assert!(died, "{status}, not killed at {name}:\n{}", self.log_tail());
    }

    /// Where its telemetry listens; `None` as long as it does not.
    pub fn address(&self) -> Option<String> {
        let log = self.log();
        let (_, rest) = log.split_once("listening on ")?;
        Some(rest.chars().take_while(|c| !c.is_whitespace() && *c != '"').collect())
    }

    /// Status and body of a GET on its telemetry; 0 while nobody listens.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.try_get(path).unwrap_or_default()
    }

    fn try_get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(self.address()?).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: sumun\r\nConnection: close\r\n\r\n").ok()?;
        let mut response = String::new();
        stream.read_to_string(&mut response).ok()?;
        let status = response.split_whitespace().nth(1)?.parse().ok()?;
        let (_, body) = response.split_once("\r\n\r\n")?;
        Some((status, body.to_owned()))
    }
}

impl Drop for Sumun {
    fn drop(&mut self) {
        // Gone already where the test went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
