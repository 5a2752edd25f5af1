//! `sumun scan` as a program: what goes in as bytes, what comes out as JSON, and how it ends.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

mod example;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const PHONE: &str = r#"{"topic":"t","partition":0,"offset":7,"tstype":"create","ts":1719889445678,"payload":"{\"tel\":\"010-2345-6702\"}"}"#;

#[test]
fn a_record_is_one_object_with_its_fields_in_order() {
    let output = sumun(&["scan"], PHONE.as_bytes());
    let line = text(&output.stdout);
    let head = r#"{"topic":"t","partition":0,"offset":7,"timestamp":"2024-07-02T03:04:05.678Z","format":"json","findings":[{"entity":"phone_number","path":"$.tel","start":0,"end":13,"confidence":0."#;
    assert!(line.starts_with(head), "{line}");
    assert!(line.contains(r#","validity":"valid","masked":"010-****-6702","evidence":["#), "{line}");
    assert!(line.ends_with("],\"issues\":[]}\n") || line.ends_with("}],\"issues\":[]}\n"), "{line}");
    assert!(!line.contains("2345") && !line.contains("verdict"), "{line}");
}

#[test]
fn only_reveal_prints_what_was_matched() {
    assert!(!text(&sumun(&["scan"], PHONE.as_bytes()).stdout).contains("2345"));
    let revealed = lines(&sumun(&["scan", "--reveal"], PHONE.as_bytes()));
    assert_eq!(revealed[0]["findings"][0]["text"], "010-2345-6702");
}

#[test]
fn a_line_without_a_record_keeps_its_place_and_the_exit_status() {
    let input = format!("{PHONE}\n{{\"topic\":\"t\"\n\n{PHONE}\n");
    let output = sumun(&["scan", "-"], input.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    let lines = lines(&output);
    assert_eq!(lines.len(), 3);
    let bad = json!({"topic":null,"partition":null,"offset":null,"timestamp":null,"format":"input_error",
        "findings":[],"issues":[{"code":"INPUT_LINE","path":"$","bytes_unread":12}]});
    assert_eq!(lines[1], bad);
}

#[test]
fn raw_bytes_reach_inspection_unchanged() {
    // "번호 010-2345-6702" in CP949, raw inside kcat's JSON: the number is found, whatever the text around it is.
    let mut input = br#"{"topic":"t","partition":0,"offset":7,"payload":""#.to_vec();
    input.extend_from_slice(b"\xb9\xf8\xc8\xa3 010-2345-6702\"}\n");
    let lines = lines(&sumun(&["scan"], &input));
    assert_eq!(lines[0]["format"], "text");
    assert_eq!(lines[0]["findings"][0]["masked"], "010-****-6702");
}

#[test]
fn ndjson_and_text_lines_are_payloads_without_coordinates() {
    let line = &lines(&sumun(&["scan", "--input", "ndjson"], br#"{"tel":"010-2345-6702"}"#))[0];
    assert!(line["topic"].is_null() && line["offset"].is_null() && line["timestamp"].is_null());
    assert_eq!((&line["format"], &line["findings"][0]["path"]), (&json!("json"), &json!("$.tel")));
    let texts = lines(&sumun(&["scan", "--input", "text"], "연락처 010-2345-6702\n\n없음\n".as_bytes()));
    assert_eq!(texts.len(), 3);
    assert_eq!(texts[0]["findings"][0]["path"], "$");
}

#[test]
fn a_null_value_holds_nothing_but_its_headers_are_inspected() {
    let input = r#"{"topic":"t","partition":0,"offset":1,"key":null,"headers":["tel","010-2345-6702"],"payload":null}"#;
    let line = &lines(&sumun(&["scan"], input.as_bytes()))[0];
    assert_eq!(line["format"], "null");
    assert_eq!(line["findings"][0]["path"], "header['tel']$");
}

#[test]
fn a_long_line_is_inspected_whole() {
    let tail = r#"","tel":"010-2345-6702"}"#;
    let payload = format!("{{\"x\":\"{}{tail}", "가".repeat(3_000_000));
    let line = &lines(&sumun(&["scan", "--input", "ndjson"], payload.as_bytes()))[0];
    assert_eq!(line["findings"][0]["path"], "$.tel");
    assert_eq!(line["issues"], json!([]));
}

#[test]
fn found_and_broken_have_different_exit_codes() {
    let code = |arguments: &[&str], input: &[u8]| sumun(arguments, input).status.code();
    assert_eq!(code(&["scan", "--fail-on", "findings"], PHONE.as_bytes()), Some(1));
    assert_eq!(code(&["scan", "--fail-on", "findings", "--input", "ndjson"], b"{}"), Some(0));
    assert_eq!(code(&["scan", "--fail-on", "violation"], b""), Some(2));
    assert_eq!(code(&["scan", "--nonsense"], b""), Some(2));
    assert_eq!(code(&["scan", "/nonexistent/file"], b""), Some(2));
    assert_eq!(code(&["scan", "-c", "/nonexistent/sumun.yaml"], b""), Some(78));
}

#[test]
fn every_mistake_of_a_configuration_is_a_line_with_its_place() {
    let (folder, config) = example::files();
    fs::write(&config, "id: a\nhome_country: KOR\negress: {}\ngrup: x\n").unwrap();
    let output = sumun(&["check", "-c", config.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(78));
    let said = text(&output.stderr);
    for place in ["2:15: ", "4:1: "] {
        let start = format!("{}:{place}", config.display());
        assert!(said.lines().any(|line| line.starts_with(&start)), "no {start} in\n{said}");
    }
    assert!(said.lines().last().unwrap().starts_with("error: "), "{said}");
    drop(folder);

    let (folder, config) = example::files();
    let facts = folder.path().join("facts/consent.jsonl");
    fs::write(&facts, "{\"event\": 1}\n").unwrap();
    let output = sumun(&["check", "-c", config.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(78));
    assert!(text(&output.stderr).starts_with(&format!("{}:1", facts.display())), "{}", text(&output.stderr));
}

#[test]
fn a_sound_configuration_passes_the_check() {
    let (_folder, config) = example::files();
    let output = sumun(&["check", "-c", config.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("ok: "));
}

#[test]
fn a_record_without_a_time_is_judged_at_the_time_given_and_said_once() {
    let (_folder, config) = example::files();
    let config = config.to_str().unwrap();
    let record = r#"{"topic":"orders.outbound","partition":0,"offset":3,"headers":["x-seller-id","S17"],"payload":"{\"orders\":[{\"member\":\"M-1003\",\"receiver\":{\"tel\":\"010-2345-6703\"}}]}"}"#;
    let input = format!("{record}\n{record}\n");
    // M-1003 withdrew at 2024-07-01T00:00:00+09:00.
    for (at, outcome, code) in
        [("2024-06-30T23:59:59.999+09:00", "permitted", 0), ("2024-07-01T00:00:00+09:00", "violation", 1)]
    {
        let arguments = ["scan", "-c", config, "--at", at, "--fail-on", "violation"];
        let output = sumun(&arguments, input.as_bytes());
        assert_eq!(output.status.code(), Some(code), "{at}");
        assert_eq!(lines(&output)[1]["verdict"]["outcome"], outcome, "{at}");
        assert!(lines(&output)[1]["timestamp"].is_null());
    }
    let said = text(&sumun(&["scan", "-c", config], input.as_bytes()).stderr);
    assert_eq!(said.matches("without a timestamp").count(), 1, "{said}");
}

#[cfg(feature = "faults")]
#[test]
fn a_panic_is_an_issue_of_its_record_and_says_nothing_of_it() {
    let (_folder, config) = example::files();
    let record = |payload: &str| {
        format!(r#"{{"topic":"orders.outbound","partition":0,"offset":1,"ts":1,"payload":"{payload}"}}"#)
    };
    let input = format!("{}\n{}\n", record("planted-panic 010-2345-6702"), record("010-2345-6702"));
    let mut child = command(&["scan", "-c", config.to_str().unwrap()]);
    let mut child = child.env("SUMUN_FAULT", "panic_in_rule").spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let lines = lines(&output);
    assert_eq!(lines[0]["issues"], json!([{"code":"PANIC","path":"$","bytes_unread":27}]));
    assert_eq!(lines[0]["verdict"]["outcome"], "indeterminate");
    assert_eq!(lines[1]["issues"], json!([]));
    let said = text(&output.stderr);
    assert!(said.contains("panic") && !said.contains("2345") && !said.contains("planted"), "{said}");
}

#[test]
fn a_person_can_read_it() {
    let output = sumun(&["scan", "-o", "human"], PHONE.as_bytes());
    let text = text(&output.stdout);
    assert!(text.starts_with("t 0/7  2024-07-02T03:04:05.678Z  json\n  0."), "{text}");
    assert!(text.contains("phone_number 010-****-6702 at $.tel\n"), "{text}");
    assert!(text.ends_with("1 records, 1 findings\n"), "{text}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut scan = command(&["scan", "--input", "text"]).spawn().unwrap();
    drop(scan.stdout.take());
    // Enough that a write to the closed pipe is tried; the scan may end before it has read all.
    let input = "없음\n".repeat(100_000);
    scan.stdin.take().unwrap().write_all(input.as_bytes()).unwrap_or_default();
    let output = scan.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn what_was_found_counts_although_nobody_reads_on() {
    let mut scan = command(&["scan", "--fail-on", "findings"]).spawn().unwrap();
    drop(scan.stdout.take());
    scan.stdin.take().unwrap().write_all(PHONE.as_bytes()).unwrap();
    let output = scan.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), ""));
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sumun"));
    command.args(arguments).env_remove("SUMUN_LOG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn sumun(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // From a thread of its own: a program that answers while it reads would fill its pipe.
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap_or_default());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success() || output.status.code() == Some(1), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
