//! The examples of the README are what the program really does, in both languages.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use sumun::decide::Policy;
use sumun::inspect::Inspector;
use sumun::lane::{Digests, Scratch, Snapshot, judge_guarded, owed_alerts};
use sumun::locate::{AddressIndex, Routes};
use sumun::record::{Header, Record};
use sumun::subject::Keyring;
use sumun::{config, feed};

/// The cluster of the example.
const CLUSTER: &str = "Jb1VzQZ3R9yq0bX8m2n4oA";

#[test]
fn the_record_of_the_readme_owes_its_alert() {
    let readme = text("README.md");
    let examples = blocks(&readme, "json");
    let [payload, shown] = examples.as_slice() else { panic!("{} blocks of JSON", examples.len()) };
    let shown: Value = serde_json::from_str(shown).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts");
    let facts = format!("files: [{}]", contracts.join("facts").display());
    let yaml = text("tests/contracts/sumun.yaml")
        .replace("files: [facts]", &facts)
        .replace("[{path: geo/country.mmdb}]", "[]");
    let body = alert(&snapshot(folder.path(), &yaml), payload);
    assert_eq!(body, shown, "README.md shows another alert; this is the one:\n{body:#}");
}

#[test]
fn the_quick_start_alerts_for_the_reasons_it_names() {
    let readme = text("README.md");
    let (recipients, yaml) = (blocks(&readme, "jsonl"), blocks(&readme, "yaml"));
    let payload = blocks(&readme, "json")[0].trim_end();
    assert!(blocks(&readme, "sh").concat().contains(&format!("'{payload}'")), "it sends another record");
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("facts")).unwrap();
    fs::write(folder.path().join("facts/recipient.jsonl"), recipients.concat()).unwrap();
    let body = alert(&snapshot(folder.path(), &yaml.concat()), payload);
    assert_eq!(body["reasons"], json!(["NO_BASIS", "NO_CONSENT"]), "{body:#}");
    assert!(readme.contains("Its reasons are `NO_BASIS` and `NO_CONSENT`"), "README.md names others");
}

/// So what holds for the code of one holds for that of the other.
#[test]
fn both_languages_show_the_same_code() {
    let (english, korean) = (text("README.md"), text("README.ko.md"));
    assert_eq!(blocks(&korean, ""), blocks(&english, ""));
}

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The fenced blocks of a language, in order; all of them, with the name of their language, for `""`.
fn blocks<'a>(markdown: &'a str, language: &str) -> Vec<&'a str> {
    let fenced = markdown.split("```").skip(1).step_by(2);
    let of_language = |block: &'a str| {
        if language.is_empty() { Some(block) } else { block.strip_prefix(language)?.strip_prefix('\n') }
    };
    fenced.filter_map(of_language).collect()
}

/// The one alert that is owed for a payload at the place and time of the example.
fn alert(snapshot: &Snapshot, payload: &str) -> Value {
    let header = |name: &'static str, value: &'static str| Header {
        name: name.as_bytes(),
        value: Some(value.as_bytes()),
    };
    let headers = [header("x-seller-id", "S17"), header("x-dest-ip", "203.0.113.5")];
    // 2024-07-02T12:04:05.678+09:00
    let at_ms = 1_719_889_445_678;
    let record = Record {
        topic: "orders.outbound",
        partition: 3,
        offset: 1207,
        timestamp_ms: Some(at_ms),
        key: None,
        value: Some(payload.as_bytes()),
        headers: &headers,
    };
    let mut scratch = Scratch::default();
    let judgement = judge_guarded(snapshot, &record, at_ms, &mut scratch);
    let alerts = owed_alerts(CLUSTER, snapshot, &record, &judgement, scratch.inspect.seen().findings);
    let [alert] = alerts.as_slice() else { panic!("{} alerts", alerts.len()) };
    serde_json::from_slice(&alert.body).unwrap()
}

/// Of a configuration, with the key of the worked example. The digests, which change with every rule, are left out.
fn snapshot(folder: &Path, yaml: &str) -> Snapshot {
    let file = folder.join("sumun.yaml");
    fs::write(&file, yaml.replace("${HOSTNAME}", "test")).unwrap();
    fs::create_dir(folder.join("keys")).unwrap();
    let key = folder.join("keys/k1.hex");
    fs::write(&key, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let config = config::load(&file).unwrap_or_else(|errors| panic!("{errors}"));
    let left_out = || "sha256:…".to_owned();
    Snapshot {
        inspector: Inspector::builtin().unwrap_or_else(|error| panic!("{error}")).into(),
        facts: feed::files::load(&config.facts.files)
            .unwrap_or_else(|_| panic!("the facts are readable"))
            .into(),
        routes: Routes::compile(&config.routes).unwrap().into(),
        addresses: AddressIndex::new(Vec::new()).into(),
        keyring: Keyring::new(config.keys.into_iter().map(|key| (key.id, key.key)).collect()),
        policy: Policy { home: config.home_country, sensitive: config.sensitive },
        digests: Digests { rules: left_out(), facts: left_out(), config: left_out() },
        geo_build: None,
        freshness_unknown: true,
    }
}
