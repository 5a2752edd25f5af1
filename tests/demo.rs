//! How the demo ends, and what it leaves behind. What it prints: `tests/commands.rs`.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// The demo, and what it has told on stderr so far.
struct Demo {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    told: String,
    temporary: tempfile::TempDir,
}

impl Demo {
    fn start(arguments: &[&str]) -> Demo {
        let temporary = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_sumun"))
            .args(["demo", "--lang", "en"])
            .args(arguments)
            .env_remove("SUMUN_LOG")
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Demo { child, stderr, told: String::new(), temporary }
    }

    /// The first line from now on that holds `text`.
    fn wait_for(&mut self, text: &str) -> String {
        loop {
            let start = self.told.len();
            assert!(self.stderr.read_line(&mut self.told).unwrap() > 0, "no `{text}` in:\n{}", self.told);
            let line = self.told.split_at(start).1;
            if line.contains(text) {
                return line.to_owned();
            }
        }
    }

    /// After this signal it must end with this code. What it has printed on stdout.
    fn end(mut self, signal: Signal, code: i32) -> String {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.stderr.read_to_string(&mut self.told).unwrap();
        let output = self.child.wait_with_output().unwrap();
        assert!(!self.told.contains('\u{1b}'), "this is no terminal: {}", self.told);
        let left: Vec<_> = std::fs::read_dir(self.temporary.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?} is left behind");
        assert_eq!(output.status.code(), Some(code), "{}", self.told);
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn it_can_be_ended_at_any_moment() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut demo = Demo::start(&["--records", "20000"]);
        demo.wait_for("producing 20000 records");
        assert_eq!(demo.end(signal, code), "");
    }
}

#[test]
fn held_it_serves_its_metrics_until_it_is_told_to_end() {
    let mut demo = Demo::start(&["--records", "200", "--hold"]);
    let line = demo.wait_for("http://");
    let address = line.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nhost: sumun\r\nconnection: close\r\n\r\n").unwrap();
    let mut metrics = String::new();
    stream.read_to_string(&mut metrics).unwrap();
    assert!(metrics.contains("sumun_records_total{topic=\"orders.outbound\"} 200\n"), "{metrics}");
    assert!(metrics.contains("sumun_snapshot_info{"), "{metrics}");
    let printed = demo.end(Signal::INT, 0);
    assert!(printed.starts_with("A shop's day (seed 1): 200 records left it"), "{printed}");
}
