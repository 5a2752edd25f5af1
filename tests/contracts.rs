//! The worked example of the contracts, through the program: `sumun scan --input kcat -o json -c CONFIG` over
//! `records.jsonl` prints the verdicts of `expected.jsonl`, as far as this version finds their items.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a failure is the answer")]

mod example;

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What the rules of this version can find; the example speaks of more.
const FOUND: [&str; 2] = ["phone_number", "resident_registration_number"];
/// From the best to the worst (`DECISION.md` §5).
const OUTCOMES: [&str; 5] = ["clear", "domestic", "permitted", "indeterminate", "violation"];

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
        assert_eq!(printed["verdict"], restricted(&expected["verdict"]), "{place}");
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

/// The verdict as it is where only [`FOUND`] is found: the transfers that hold some of it, with the worst outcome
/// of what is left. Nothing else of a verdict depends on the items that are left out, but for one note.
fn restricted(verdict: &Value) -> Value {
    let mut transfers = Vec::new();
    for transfer in verdict["transfers"].as_array().unwrap() {
        let mut kept = transfer.clone();
        let items = kept["items"].as_array_mut().unwrap();
        items.retain(|item| FOUND.iter().any(|entity| item["entity"] == *entity));
        if items.is_empty() {
            continue;
        }
        let (worst, speaks_of_third_parties) = (worst(items), items.iter().any(is_permitted_by_scheme));
        kept["outcome"] = worst;
        let notes = kept["notes"].as_array_mut().unwrap();
        notes.retain(|note| speaks_of_third_parties || note != "THIRD_PARTY_CONSENT_NOT_JUDGED");
        transfers.push(kept);
    }
    json!({"outcome": worst(&transfers), "transfers": transfers})
}

/// Adequacy and certification leave the consent of Art. 17 open.
fn is_permitted_by_scheme(item: &Value) -> bool {
    let bases = item["basis"].as_array().unwrap().iter().map(|basis| basis.as_str().unwrap());
    let by_scheme = |basis: &str| basis.starts_with("adequacy:") || basis.starts_with("certification:");
    item["outcome"] == "permitted" && bases.into_iter().any(by_scheme)
}

fn worst(of: &[Value]) -> Value {
    let rank = |one: &Value| OUTCOMES.iter().position(|outcome| one["outcome"] == *outcome).unwrap();
    json!(OUTCOMES[of.iter().map(rank).max().unwrap_or_default()])
}
