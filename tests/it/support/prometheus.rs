//! A real Prometheus that scrapes one sumun every second and evaluates the alert rules of `deploy/`.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::broker::free_ports;
use super::{Watcher, wait};

const START_LIMIT_S: u64 = 60;

pub struct Prometheus {
    child: Child,
    _watcher: Watcher,
    address: String,
    _folder: TempDir,
}

impl Prometheus {
    /// `target`: host and port of a sumun's telemetry.
    pub fn start(target: &str) -> Prometheus {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yaml");
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus/sumun.rules.yaml");
        let text = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ['{}']
scrape_configs: [{{job_name: sumun, static_configs: [{{targets: ['{target}']}}]}}]
",
            rules.display()
        );
        fs::write(&config, text).unwrap();
        let [port] = free_ports();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new("prometheus");
        command.arg("--config.file").arg(&config).arg("--storage.tsdb.path").arg(folder.path().join("data"));
        command.arg(format!("--web.listen-address={address}")).arg("--log.level=error").stdin(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("prometheus cannot be run ({error}): apt-get install --no-install-recommends prometheus")
        });
        let prometheus = Prometheus { _watcher: Watcher::of(&child), child, address, _folder: folder };
        wait::until("Prometheus to start", START_LIMIT_S, || prometheus.get("/-/ready"));
        prometheus
    }

    /// `data` of the answer to a query of its API.
    ///
    /// Panics where it refuses the query.
    pub fn ask(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Value {
        let parameters: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
        let path = format!("/api/v1/{endpoint}?{}", parameters.join("&"));
        let answer = self.get(&path).unwrap_or_else(|| panic!("Prometheus does not answer {path}"));
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["status"], "success", "{path}: {}", answer["error"]);
        answer["data"].take()
    }

    /// The body, where the status is none of a server that is not ready.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        // HTTP/1.0: the answer comes whole.
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut response = String::new();
        stream.read_to_string(&mut response).ok()?;
        let (head, body) = response.split_once("\r\n\r\n")?;
        (head.split(' ').nth(1)? != "503").then(|| body.to_owned())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Gone already where the test went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}
