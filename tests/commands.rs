//! What the commands print, as a person and as a program reads it: over the worked example, in both languages.
//!
//! The texts are in `tests/printed/`. `SUMUN_UPDATE=1 cargo test --test commands` writes them anew; look at what
//! changed before it is committed.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

mod example;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use unicode_width::UnicodeWidthStr as _;

/// Runs `sumun` in the folder of the worked example; `stdin` is what it reads.
fn sumun(folder: &Path, line: &str, stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sumun"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_remove("SUMUN_LOG")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments reads nothing.
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap_or_default();
    child.wait_with_output().unwrap()
}

/// Holds what a command prints against `tests/printed/NAME`; lines fit a terminal, but where a word is longer.
#[track_caller]
fn prints(folder: &Path, name: &str, line: &str, stdin: &str, exit: i32) {
    let output = sumun(folder, line, stdin);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(exit), "sumun {line}: {told}");
    let printed = String::from_utf8(output.stdout).unwrap();
    for line in printed.lines().filter(|line| !line.starts_with('{')) {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/printed").join(name);
    if std::env::var_os("SUMUN_UPDATE").is_some() {
        fs::write(&file, &printed).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(printed, expected, "sumun {line} prints another text than {}", file.display());
}

/// As [`prints`], in both languages: `NAME.en.txt` and `NAME.ko.txt`.
#[track_caller]
fn prints_in_both(folder: &Path, name: &str, line: &str, stdin: &str) {
    for language in ["en", "ko"] {
        prints(folder, &format!("{name}.{language}.txt"), &format!("{line} --lang {language}"), stdin, 0);
    }
}

/// A command that refuses what it is given says so on stderr, prints nothing, and repeats nothing of it.
#[track_caller]
fn refuses(folder: &Path, line: &str, stdin: &str, exit: i32, told: &str) {
    let output = sumun(folder, line, stdin);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(exit), "sumun {line}: {text}");
    assert!(output.stdout.is_empty() && text.contains(told), "sumun {line}: {text}");
    assert!(stdin.trim().is_empty() || !text.contains(stdin.trim()), "sumun {line}: {text}");
}

#[test]
fn the_demo_plays_the_same_day_every_time() {
    let (folder, _) = example::files();
    prints_in_both(folder.path(), "demo", "demo --records 1500 --seed 7", "");
    prints(folder.path(), "demo.json", "demo --records 1500 --seed 7 -o json", "", 0);
}

#[test]
fn the_rules_are_listed_shown_and_tried() {
    let (folder, _) = example::files();
    let folder = folder.path();
    let own = |examples: &str| {
        fs::create_dir_all(folder.join("rules")).unwrap();
        let rule = format!(
            "entity: phone_number\nversion: 1\nsources: [ours]\nkeys: [guestLine]\nexamples: [{examples}]\n"
        );
        fs::write(folder.join("rules/own.yaml"), rule).unwrap();
    };
    let json = |line: &str, exit: i32| -> Vec<serde_json::Value> {
        let output = sumun(folder, line, "");
        assert_eq!(output.status.code(), Some(exit), "{line}");
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    own(r#"{key: guestLine, value: "0314567890", masked: ["031***7890"]}"#);
    let listed = json("patterns list --rules rules -o json", 0);
    let last = listed.last().unwrap();
    assert_eq!(
        (&last["file"], &last["keys"], &last["examples"]),
        (&"rules/own.yaml".into(), &1.into(), &1.into())
    );
    let shown = json("patterns show phone_number --rules rules -o json", 0);
    assert_eq!((shown.len(), &shown[1]["rule"]["keys"]), (2, &serde_json::json!(["guestLine"])));
    let human = String::from_utf8(sumun(folder, "patterns show own --rules rules", "").stdout).unwrap();
    assert!(human.starts_with("# rules/own.yaml\nentity: phone_number\n"), "{human}");
    assert_eq!(json("patterns test --rules rules -o json", 0)[0]["failed"], serde_json::json!([]));
    own(r#"{key: guestLine, value: "0314567890", masked: ["0"]}"#);
    let tried = json("patterns test --rules rules -o json", 1);
    assert_eq!(tried[0]["failed"][0]["found"], serde_json::json!(["031***7890"]));
    let human = String::from_utf8(sumun(folder, "patterns test --rules rules", "").stdout).unwrap();
    let failed = "rules/own.yaml: example 1 (phone_number)\n  expected: 0\n  found: 031***7890\n";
    assert!(human.starts_with(failed) && human.ends_with(", 1 do not hold\n"), "{human}");
    for language in ["en", "ko"] {
        let list = sumun(folder, &format!("patterns list --rules rules --lang {language}"), "").stdout;
        let list = String::from_utf8(list).unwrap();
        assert!(list.lines().all(|line| line.width() <= 80) && list.contains("regions"), "{list}");
    }
    refuses(folder, "patterns show nothing", "", 2, "`sumun patterns list` names them");
    fs::write(folder.join("rules/own.yaml"), "entity: phone_number\nversoin: 1\n").unwrap();
    refuses(folder, "patterns test --rules rules", "", 78, "rules/own.yaml:2:1: unknown key");
}

#[test]
fn addresses_are_looked_up_with_the_database_that_answers() {
    let (folder, _) = example::files();
    let addresses = "203.0.113.5:443\n2001:db8:de::1\n10.0.0.1\n8.8.8.8\nshop.example\n";
    prints_in_both(folder.path(), "geo-lookup", "geo lookup -c sumun.yaml", addresses);
    let output = sumun(folder.path(), "geo lookup --database geo/country.mmdb -o json 203.0.113.5", "");
    let expected = r#"{"address":"203.0.113.5","public":true,"country":"CN","source":"mmdb:country","build":"2026-11-01","asn":null,"as_organisation":null}"#;
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), expected);
    refuses(folder.path(), "geo lookup -c sumun.yaml shop.example", "", 2, "not an address");
}

#[test]
fn every_database_is_checked_also_behind_one_that_is_broken() {
    let (folder, _) = example::files();
    fs::write(folder.path().join("geo/broken.mmdb"), "x").unwrap();
    let line = "geo check --database geo/broken.mmdb --database geo/country.mmdb -o json";
    let output = sumun(folder.path(), line, "");
    assert_eq!(output.status.code(), Some(78));
    let printed = String::from_utf8(output.stdout).unwrap();
    let checked: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [broken, whole] = checked.as_slice() else { panic!("{printed}") };
    assert!(broken["error"].as_str().unwrap().contains("fetch it again") && broken["build"].is_null());
    assert_eq!((&whole["build"], &whole["countries"]), (&"2026-11-01".into(), &4.into()));
    assert!(whole["error"].is_null() && whole["age_days"].is_u64());
    let human = String::from_utf8(sumun(folder.path(), "geo check -c sumun.yaml", "").stdout).unwrap();
    assert!(human.contains("country of the worked example, built 2026-11-01"), "{human}");
}

#[test]
fn facts_that_can_be_of_no_use_are_told_with_their_place() {
    let (folder, _) = example::files();
    prints_in_both(folder.path(), "facts-check", "facts check -c sumun.yaml", "");
    prints(folder.path(), "facts-check.json", "facts check --facts facts -o json", "", 0);
    let basis = folder.path().join("facts/basis.jsonl");
    fs::write(
        basis,
        "{\"basis\": \"010-2345-6703\", \"version\": 1, \"kind\": \"adequacy\", \"countires\": []}\n",
    )
    .unwrap();
    let told = "facts/basis.jsonl:1: field `countires` does not belong here (own data belongs under `meta`)";
    refuses(folder.path(), "facts check --facts facts", "010-2345-6703", 78, told);
    refuses(folder.path(), "facts check --facts nowhere", "", 78, "name folders and files that can be read");
}

#[test]
fn facts_that_are_likely_meant_otherwise_are_told_with_the_line_that_they_touch() {
    let folder = tempfile::tempdir().unwrap();
    let recipient = |id: &str, rest: &str| {
        format!("{{\"recipient\":\"{id}\",\"legal_name\":\"L\",\"contact\":\"c\",{rest}}}\n")
    };
    let lines = [
        recipient("a", r#""legal_country":"GB","hosts":["a.example"]"#),
        recipient("b", r#""legal_country":"UK","hosts":["A.example:443","b example"]"#),
        recipient("c", r#""legal_country":"CN","ids":["C"]"#),
        recipient("c", r#""legal_country":"JP","ids":["C"]"#),
    ];
    fs::write(folder.path().join("recipient.jsonl"), lines.concat()).unwrap();
    prints_in_both(folder.path(), "facts-check-touched", "facts check --facts .", "");
    prints(folder.path(), "facts-check-touched.json", "facts check --facts . -o json", "", 0);
}

#[test]
fn facts_are_shown_as_they_are_written() {
    let (folder, _) = example::files();
    let folder = folder.path();
    prints_in_both(folder, "facts-show-person", "facts show -c sumun.yaml --type member", "M-1003\n");
    let by_alias = "facts show --facts facts --token k1:phone:7344323581af5f585bb5acb9b201ae3d --lang en";
    prints(folder, "facts-show-alias.txt", by_alias, "", 0);
    prints(folder, "facts-show-disclosure.txt", "facts show --facts facts --disclosure ae-checkout@2", "", 0);
    prints(
        folder,
        "facts-show-recipient.json",
        "facts show --facts facts --recipient seller-17 -o json",
        "",
        0,
    );
    prints(folder, "facts-show-basis.txt", "facts show --facts facts --basis order-2025-3", "", 0);
    refuses(
        folder,
        "facts show --facts facts --type phone",
        "010-2345-6703",
        2,
        "--type needs the key of -c CONFIG",
    );
    refuses(folder, "facts show --facts facts --token 010-2345-6703", "010-2345-6703", 2, "not a token");
    refuses(folder, "facts show -c sumun.yaml --type phone", "\n", 2, "stdin holds no identifier");
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let (folder, _) = example::files();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let printed =
            String::from_utf8(sumun(folder.path(), &format!("completions {shell}"), "").stdout).unwrap();
        assert!(printed.contains("coverage") && printed.contains("patterns"), "{shell}");
    }
    let page = String::from_utf8(sumun(folder.path(), "man", "").stdout).unwrap();
    assert!(page.contains(".TH sumun 1") && page.contains("sumun\\-coverage"), "{page}");
    assert!(sumun(folder.path(), "man --dir .", "").status.success());
    assert!(folder.path().join("sumun-facts-check.1").exists());
    refuses(folder.path(), "man --dir nowhere", "", 2, "name a folder");
}

#[test]
fn the_way_to_a_verdict_is_shown_step_by_step() {
    let (folder, _) = example::files();
    let folder = folder.path();
    let check = |rest: &str| format!("consent check -c sumun.yaml --type member {rest}");
    let withdrawn = check("--recipient seller-17 --at 2024-07-02T03:04:05.678Z");
    prints_in_both(folder, "consent-withdrawn", &withdrawn, "M-1003\n");
    let given = check(
        "--recipient seller-17 --items phone_number,resident_registration_number --at 2024-06-30T00:00:00Z",
    );
    prints_in_both(folder, "consent-given", &given, "M-1003\n");
    let bases = check("--recipient cloud-us --items phone_number --at 2024-07-02T00:00:00Z");
    prints_in_both(folder, "consent-bases", &bases, "M-1003\n");
    let domestic = check("--recipient seller-17 --country KR --at 2024-07-02T00:00:00Z --lang en");
    prints(folder, "consent-domestic.txt", &domestic, "M-1003\nnobody\n", 0);
    let json = check("--recipient seller-17 --at 2024-07-02T03:04:05.678Z -o json");
    prints(folder, "consent-withdrawn.json", &json, "M-1003\n", 0);
    refuses(
        folder,
        &check("--recipient seller-18"),
        "M-1003\n",
        2,
        "the registry has no recipient of this id",
    );
}

/// The record of the README; its member had withdrawn the consent.
const RECORD: &str = r#"{"topic":"orders.outbound","partition":3,"offset":1207,"tstype":"create","ts":1719889445678,"broker":0,"key":null,"headers":["x-seller-id","S17","x-dest-ip","203.0.113.5"],"payload":"{\"orders\": [{\"member\": \"M-1003\", \"receiver\": {\"tel\": \"010-2345-6703\"}}]}"}"#;

#[test]
fn a_record_is_explained_to_whoever_asks() {
    let (folder, _) = example::files();
    let folder = folder.path();
    prints_in_both(folder, "explain", "explain -c sumun.yaml", RECORD);
    prints_in_both(folder, "explain-findings", "explain", RECORD);
    prints_in_both(folder, "scan", "scan -c sumun.yaml -o human", RECORD);
    let elsewhere = RECORD.replace("orders.outbound", "elsewhere");
    prints_in_both(folder, "explain-unrouted", "explain -c sumun.yaml", &elsewhere);
    prints(folder, "explain.json", "explain -c sumun.yaml -o json", RECORD, 0);
    prints_in_both(folder, "explain-no-record", "explain", "no record");
}

#[test]
fn what_was_weighed_is_told_found_or_not() {
    let (folder, _) = example::files();
    let payload = r#"{"memo": "call 02-345-6789", "orderNo": "8503121213450", "v": 1023456703, "tel": "010-2345-6703"}"#;
    prints_in_both(folder.path(), "explain-weighed", "explain --input ndjson", payload);
    let output = sumun(folder.path(), "explain --input ndjson -o json", payload);
    let explained: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let printed = explained.to_string();
    for raw in ["02-345-6789", "8503121213450", "1023456703", "010-2345-6703"] {
        assert!(!printed.contains(raw), "{printed}");
    }
    // What is found is what inspection finds: the same code weighs.
    let found = |list: &serde_json::Value,
                 is_found: fn(&serde_json::Value) -> bool|
     -> Vec<serde_json::Value> {
        list.as_array().unwrap().iter().filter(|one| is_found(one)).map(|one| one["path"].clone()).collect()
    };
    let weighed = found(&explained["candidates"], |one| one["found"] == true);
    assert_eq!(weighed, found(&explained["findings"], |_| true), "{printed}");
}

/// Over all records of the worked example: beside the reasons `explain` says what `scan` says, and every transfer
/// abroad that is judged has its way.
#[test]
fn explain_says_what_scan_says() {
    let (folder, _) = example::files();
    let folder = folder.path();
    let records = fs::read_to_string(example::contracts().join("records.jsonl")).unwrap();
    let objects = |line: &str| -> Vec<serde_json::Value> {
        let printed = String::from_utf8(sumun(folder, line, &records).stdout).unwrap();
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (explained, scanned) = (objects("explain -c sumun.yaml -o json"), objects("scan -c sumun.yaml"));
    assert_eq!((explained.len(), scanned.len()), (28, 28));
    for (mut explained, scanned) in explained.into_iter().zip(scanned) {
        let of = explained.as_object_mut().unwrap();
        let (ways, candidates) = (of.remove("ways").unwrap(), of.remove("candidates").unwrap());
        assert_eq!(explained, scanned);
        let transfers = scanned["verdict"]["transfers"].as_array().unwrap();
        assert_eq!(ways.as_array().unwrap().len(), transfers.len());
        for (way, transfer) in ways.as_array().unwrap().iter().zip(transfers) {
            let cells =
                transfer["items"].as_array().unwrap().len() * transfer["countries"].as_array().unwrap().len();
            assert_eq!(way["chains"].as_array().unwrap().len(), cells, "{scanned}");
        }
        let found = candidates.as_array().unwrap().iter().filter(|one| one["found"] == true).count();
        assert_eq!(found, scanned["findings"].as_array().unwrap().len(), "{scanned}\n{candidates}");
    }
    for language in ["en", "ko"] {
        let printed = sumun(folder, &format!("explain -c sumun.yaml --lang {language}"), &records).stdout;
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.lines().all(|line| line.width() <= 80), "{printed}");
    }
}
