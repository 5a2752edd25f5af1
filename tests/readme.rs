//! The example of the README is what the program really does.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
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
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut blocks = readme.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (payload, shown) = (blocks.next().unwrap(), blocks.next().unwrap());
    let payload: Value = serde_json::from_str(payload).unwrap();
    let shown: Value = serde_json::from_str(shown).unwrap();

    let snapshot = snapshot();
    let header = |name: &'static str, value: &'static str| Header {
        name: name.as_bytes(),
        value: Some(value.as_bytes()),
    };
    let headers = [header("x-seller-id", "S17"), header("x-dest-ip", "203.0.113.5")];
    let value = payload.to_string();
    // 2024-07-02T12:04:05.678+09:00
    let at_ms = 1_719_889_445_678;
    let record = Record {
        topic: "orders.outbound",
        partition: 3,
        offset: 1207,
        timestamp_ms: Some(at_ms),
        key: None,
        value: Some(value.as_bytes()),
        headers: &headers,
    };
    let mut scratch = Scratch::default();
    let judgement = judge_guarded(&snapshot, &record, at_ms, &mut scratch);
    let alerts = owed_alerts(CLUSTER, &snapshot, &record, &judgement, scratch.inspect.seen().findings);
    let [alert] = alerts.as_slice() else { panic!("{} alerts", alerts.len()) };
    let body: Value = serde_json::from_slice(&alert.body).unwrap();
    assert_eq!(body, shown, "README.md shows another alert; this is the one:\n{body:#}");
}

/// That of the worked example, without a geo database. The digests, which change with every rule, are left out.
fn snapshot() -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts");
    let yaml = fs::read_to_string(contracts.join("sumun.yaml")).unwrap();
    let file = folder.path().join("sumun.yaml");
    let facts = format!("files: [{}]", contracts.join("facts").display());
    let yaml = yaml.replace("${HOSTNAME}", "test").replace("files: [facts]", &facts);
    fs::write(&file, yaml.replace("[{path: geo/country.mmdb}]", "[]")).unwrap();
    fs::create_dir(folder.path().join("keys")).unwrap();
    let key = folder.path().join("keys/k1.hex");
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
