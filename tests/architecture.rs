//! The house rules of src/README.md, read from the source: imports point down, I/O lives on floor 2 and above,
//! floor-2 modules do not know each other, `unsafe` stands in two named files.
//!
//! The floors are those that `src/lib.rs` declares. The source is read as tokens, so that comments and texts do not
//! count and a nested `use` does.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a failure is the answer")]

use std::collections::BTreeMap;
use std::path::Path;

/// Files that may hold `unsafe`, each for a reason that DESIGN names: SIMD, and raw Kafka headers.
const UNSAFE_FILES: [&str; 2] = ["decode/bitmap.rs", "source/headers.rs"];

/// What floors 0 and 1 must not touch: I/O, clocks, threads, the environment. `std::net`'s addresses are plain data.
const EDGE_PATHS: [&str; 26] = [
    "anyhow",
    "arc_swap",
    "axum",
    "clap",
    "getrandom",
    "maxminddb",
    "nix",
    "prometheus",
    "rdkafka",
    "rustix",
    "sd_notify",
    "signal_hook",
    "tokio",
    "tracing",
    "tracing_subscriber",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::time::Instant",
    "std::time::SystemTime",
];
/// Whole modules that would let the above in under another name.
const EDGE_MODULES: [&str; 3] = ["std", "std::net", "std::time"];

/// The invariants as src/README.md prints them.
const INVARIANTS: [&str; 10] = [
    "Floors 0–1 do no I/O, read no clock, spawn nothing; time is an argument.",
    "`decode` and `inspect` never fail on a payload: they return what they found and what went wrong.",
    "Matched text leaves `inspect` only masked or as a keyed token.",
    "An offset is stored only inside an acknowledged receipt's range; a receipt is produced only when every output owed in its range is acknowledged.",
    "Every queue, buffer, expansion, depth, time and retry has a named limit with its unit in the name.",
    "A byte that was not read (limit, failed expansion, panic) is an alert where the record is not domestic, never a skip.",
    "No verdict is given before the facts have caught up.",
    "An alert's id is made of the record's coordinates and positions, its body is a pure function of record, rules, facts, geo build and configuration",
    "Rules are data: every rule in `patterns/` carries its examples, counter-examples and sources, and is tested by them in CI and at load.",
    "A record is judged under one snapshot (rules, facts, geo together), taken once per poll batch.",
];

#[test]
fn the_source_keeps_the_floors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floors = floors(&std::fs::read_to_string(root.join("lib.rs")).unwrap());
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 20, "the source was not found");
    let mut broken = Vec::new();
    for (name, text) in &files {
        broken.extend(violations(name, text, &floors));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_module_has_a_floor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floors = floors(&std::fs::read_to_string(root.join("lib.rs")).unwrap());
    for entry in std::fs::read_dir(&root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        let known = floors.contains_key(module) || matches!(module, "lib" | "main" | "README.md");
        assert!(known, "src/{name} stands under no `// floor N` of src/lib.rs");
    }
}

#[test]
fn the_invariants_are_printed_where_the_code_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/README.md");
    let text = std::fs::read_to_string(path).unwrap();
    for (number, invariant) in (1..).zip(INVARIANTS) {
        assert!(text.contains(&format!("{number}. {invariant}")), "src/README.md lacks invariant {number}");
    }
}

#[test]
fn a_planted_violation_is_reported() {
    check(
        "inspect/mod.rs",
        "use crate::lane::judge;",
        &["inspect/mod.rs: floor 1 imports `lane` of floor 3"],
    );
    check("inspect/mod.rs", "use crate::{entity::EntityType, sink};", &["floor 1 imports `sink` of floor 2"]);
    check("finding.rs", "fn f() { crate::decode::walk(); }", &["floor 0 imports `decode` of floor 1"]);
    check("decode/json/mod.rs", "use super::super::telemetry::Metrics;", &["imports `telemetry` of floor 2"]);
    check(
        "sink/mod.rs",
        "use crate::source::Reader;",
        &["floor-2 modules must not know each other: `source`"],
    );
    check(
        "decide/mod.rs",
        "use std::{fmt, time::{Duration, SystemTime}};",
        &["`std::time::SystemTime` below floor 2"],
    );
    check("decide/mod.rs", "fn f() { let now = std::time::Instant::now(); }", &["`std::time::Instant"]);
    check("facts/mod.rs", "use std::time as t;", &["`std::time` below floor 2"]);
    check("facts/mod.rs", "use rdkafka::message::OwnedMessage;", &["`rdkafka"]);
    check("telemetry/mod.rs", "fn f() { unsafe { g() } }", &["`unsafe` outside"]);
}

#[test]
fn what_is_allowed_is_not_reported() {
    check("lane/mod.rs", "use crate::{inspect, sink::Producer, telemetry::Metrics};", &[]);
    check("inspect/mod.rs", "use crate::decode; use std::time::Duration; use std::net::IpAddr;", &[]);
    check(
        "inspect/mod.rs",
        "// crate::lane\n/* std::fs /* nested */ crate::cli */ const A: &str = \"crate::lane\";",
        &[],
    );
    check(
        "inspect/mod.rs",
        "const A: &str = r#\"\"crate::lane\"#; const B: char = '\"'; use crate::entity;",
        &[],
    );
    check("inspect/mod.rs", "#[cfg(test)] mod tests { use std::fs; fn f<'a>(x: &'a str) {} }", &[]);
    check("source/headers.rs", "fn f() { unsafe { g() } }", &[]);
    check("sink/mod.rs", "use super::telemetry_free; use crate::alert::Alert; use std::time::Instant;", &[]);
}

fn check(name: &str, text: &str, expected: &[&str]) {
    let lib = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let found = violations(name, text, &floors(&lib));
    assert_eq!(found.len(), expected.len(), "{name}: {text}\n{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "`{found}` does not say `{expected}`");
    }
}

/// Module to floor, from the comments `// floor N: …` above the `pub mod`s of lib.rs.
fn floors(lib: &str) -> BTreeMap<String, u8> {
    let mut floors = BTreeMap::new();
    let mut floor = None;
    for line in lib.lines() {
        if let Some(rest) = line.strip_prefix("// floor ") {
            floor = rest.split(':').next().unwrap().parse().ok();
        } else if let Some(module) = line.strip_prefix("pub mod ") {
            floors.insert(module.trim_end_matches(';').to_owned(), floor.unwrap());
        }
    }
    floors
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// What a file (named relative to `src`) does against the rules.
fn violations(name: &str, text: &str, floors: &BTreeMap<String, u8>) -> Vec<String> {
    let tokens = tokens(text);
    let module = module_path(name);
    // lib.rs and main.rs stand above all floors.
    let Some(&floor) = module.first().and_then(|top| floors.get(top)) else { return Vec::new() };
    let top = &module[0];
    let mut out = Vec::new();
    for path in paths(&tokens) {
        let Some(other) = top_module(&path, &module) else { continue };
        match floors.get(other) {
            Some(&above) if above > floor => {
                out.push(format!("{name}: floor {floor} imports `{other}` of floor {above}"));
            }
            Some(2) if floor == 2 && other != top => {
                out.push(format!("{name}: floor-2 modules must not know each other: `{other}`"));
            }
            _ => {}
        }
    }
    if floor < 2 {
        for path in paths(&without_tests(&tokens)) {
            let path = path.join("::");
            let within = |edge: &&str| path == *edge || path.starts_with(&format!("{edge}::"));
            if EDGE_PATHS.iter().any(within) || EDGE_MODULES.contains(&path.as_str()) {
                out.push(format!("{name}: `{path}` below floor 2"));
            }
        }
    }
    if !UNSAFE_FILES.contains(&name) && tokens.iter().any(|token| token == "unsafe") {
        out.push(format!("{name}: `unsafe` outside {UNSAFE_FILES:?}"));
    }
    out
}

/// `decode/json/mod.rs` and `decode/json.rs` are the module `decode::json`.
fn module_path(name: &str) -> Vec<String> {
    let mut path: Vec<String> = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

/// The top-level module that a path leads into.
fn top_module<'p>(path: &'p [String], module: &[String]) -> Option<&'p str> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let rest = match path.first()?.as_str() {
        "crate" => 1,
        "super" if ups == module.len() => ups,
        _ => return None,
    };
    path.get(rest).map(String::as_str)
}

/// Identifiers, `::` and single punctuation characters; comments, texts, characters and lifetimes are left out.
fn tokens(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let begins =
            |text: &str| rest.iter().zip(text.chars()).filter(|(a, b)| **a == *b).count() == text.len();
        at += match rest[0] {
            '/' if begins("//") => rest.iter().take_while(|character| **character != '\n').count(),
            '/' if begins("/*") => block_comment(rest),
            '"' => quoted(rest, '"'),
            'r' if begins("r\"") || begins("r#") => raw_text(rest, 1),
            'b' if begins("br\"") || begins("br#") => raw_text(rest, 2),
            'b' if begins("b\"") || begins("b'") => 1 + quoted(&rest[1..], rest[1]),
            '\'' if rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'') => quoted(rest, '\''),
            // A lifetime: its name is no path.
            '\'' => 1 + identifier(&rest[1..]),
            first if first.is_alphabetic() || first == '_' => {
                let length = identifier(rest);
                out.push(rest[..length].iter().collect());
                length
            }
            ':' if begins("::") => {
                out.push("::".to_owned());
                2
            }
            first => {
                if !first.is_whitespace() {
                    out.push(first.to_string());
                }
                1
            }
        };
    }
    out
}

fn identifier(rest: &[char]) -> usize {
    rest.iter().take_while(|character| character.is_alphanumeric() || **character == '_').count()
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char], mark: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != mark {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// `r"…"`, `r#"…"#` and so on; a raw identifier (`r#type`) is passed over too.
fn raw_text(rest: &[char], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|character| **character == '#').count();
    let start = prefix + hashes;
    if rest.get(start) != Some(&'"') {
        return start + identifier(&rest[start..]);
    }
    let mut at = start + 1;
    while at < rest.len() {
        if rest[at] == '"'
            && rest[at + 1..].iter().take(hashes).filter(|mark| **mark == '#').count() == hashes
        {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

/// All paths in the tokens, groups (`a::{b, c::d}`) written out.
fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_identifier(&tokens[at]) {
            at = path(tokens, at, &[], &mut out);
        } else {
            at += 1;
        }
    }
    out
}

fn path(tokens: &[String], mut at: usize, prefix: &[String], out: &mut Vec<Vec<String>>) -> usize {
    let mut path_here = prefix.to_vec();
    while at < tokens.len() && is_identifier(&tokens[at]) {
        path_here.push(tokens[at].clone());
        at += 1;
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
        if tokens.get(at).is_some_and(|token| token == "{") {
            at += 1;
            while at < tokens.len() && tokens[at] != "}" {
                at = if is_identifier(&tokens[at]) { path(tokens, at, &path_here, out) } else { at + 1 };
            }
            return at + 1;
        }
    }
    if path_here.last().is_some_and(|last| last == "self") {
        path_here.pop();
    }
    out.push(path_here);
    at
}

fn is_identifier(token: &str) -> bool {
    token.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
}

/// The tokens without `#[cfg(test)] mod … { … }`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let marked =
            tokens[at..].iter().zip(MARK).filter(|(token, mark)| *token == mark).count() == MARK.len();
        if !marked {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        at += MARK.len();
        while at < tokens.len() {
            match tokens[at].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 && matches!(tokens[at - 1].as_str(), "}" | ";") {
                break;
            }
        }
    }
    out
}
