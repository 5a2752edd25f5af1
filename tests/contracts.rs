//! The worked example of the contracts, through the program: `sumun scan --input kcat -o json -c CONFIG` over
//! `records.jsonl` prints the verdicts of `expected.jsonl`.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

mod example;

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn every_record_of_the_worked_example_gets_its_verdict() {
    let (_folder, config) = example::files();
    let output = Command::new(env!("CARGO_BIN_EXE_sumun"))
        .args(["scan", "--input", "kcat", "-o", "json", "-c"])
        .args([&config, &example::contracts().join("records.jsonl")])
        .env_remove("SUMUN_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = fs::read_to_string(example::contracts().join("expected.jsonl")).unwrap();
    assert_eq!((printed.lines().count(), expected.lines().count()), (28, 28));
    for (line, expected) in printed.lines().zip(expected.lines()) {
        let [printed, expected]: [Value; 2] =
            [line, expected].map(|line| serde_json::from_str(line).unwrap());
        let place = format!("offset {}: {}", expected["offset"], expected["shows"]);
        assert_eq!(printed["offset"], expected["offset"]);
        assert_eq!(printed["verdict"], expected["verdict"], "{place}");
        let recipients = |list: &Value| -> Vec<Value> {
            list.as_array().unwrap().iter().map(|one| one["recipient"].clone()).collect()
        };
        let mut destined = recipients(&printed["verdict"]["transfers"]);
        destined.dedup();
        assert_eq!(recipients(&printed["destinations"]), destined, "{place}");
        // `DECISION.md` §5 names the fields in this order.
        let mut rest = line.split_once(r#","verdict":{"#).unwrap().1;
        for field in
            ["outcome", "transfers", "recipient", "subject", "countries", "outcome", "items", "notes"]
        {
            let after = rest.split_once(&format!("\"{field}\":"));
            assert!(after.is_some() || printed["verdict"]["outcome"] == "clear", "{field} in {line}");
            rest = after.map_or(rest, |(_, after)| after);
        }
    }
}
