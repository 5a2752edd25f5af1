//! The corpus for measuring holds what it says: the program's verdicts are those that were planted.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a failure is the answer")]

#[expect(dead_code, reason = "its main is for cargo bench")]
#[path = "../benches/corpus/main.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

fn written(kind: &str, folder: &Path) -> Value {
    let (out, config) = (folder.join("corpus"), folder.to_str().unwrap());
    let arguments =
        ["--kind", kind, "--bytes", "1000000", "--out", out.to_str().unwrap(), "--config-dir", config];
    let options = corpus::options(arguments.map(str::to_owned).into_iter()).unwrap();
    serde_json::from_str(&corpus::write(&options).unwrap()).unwrap()
}

/// What the program says of the corpus: records by outcome, and findings.
fn scanned(folder: &Path) -> (BTreeMap<String, u64>, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sumun"));
    command.args(["scan", "-c"]).arg(folder.join("sumun.yaml")).arg(folder.join("corpus"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut outcomes, mut findings) = (BTreeMap::new(), 0);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["issues"], json!([]));
        *outcomes.entry(line["verdict"]["outcome"].as_str().unwrap().to_owned()).or_default() += 1;
        findings += line["findings"].as_array().unwrap().len() as u64;
    }
    (outcomes, findings)
}

#[test]
fn the_verdicts_are_those_that_were_planted() {
    for kind in ["mixed", "clean", "violating"] {
        let folder = tempfile::tempdir().unwrap();
        let summary = written(kind, folder.path());
        let (outcomes, findings) = scanned(folder.path());
        for (outcome, planted) in summary["verdicts"].as_object().unwrap() {
            assert_eq!(json!(outcomes.get(outcome).copied().unwrap_or(0)), *planted, "{kind}: {outcome}");
        }
        assert_eq!(findings == 0, kind == "clean", "{kind}: {findings} findings");
    }
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let summary = written("mixed", one.path());
    written("mixed", two.path());
    for name in ["corpus", "facts/consent.jsonl", "geo/country.mmdb"] {
        assert_eq!(
            fs::read(one.path().join(name)).unwrap(),
            fs::read(two.path().join(name)).unwrap(),
            "{name}"
        );
    }
    let share = |part: u64| part * 100 / summary["records"].as_u64().unwrap();
    assert!((740..820).contains(&summary["mean_bytes"].as_u64().unwrap()), "{summary}");
    assert!((12..=18).contains(&share(summary["escaped"].as_u64().unwrap())), "{summary}");
    assert!((37..=44).contains(&share(summary["verdicts"]["clear"].as_u64().unwrap())), "{summary}");
}
