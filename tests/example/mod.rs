//! The worked example of the contracts as files of its own: configuration, facts, key, and the geo table of its
//! routes as a database.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use mmdb_writer::{Value, Writer};

/// Of `route.md`; every other network is unknown.
const GEO: &[(&str, &str)] = &[
    ("203.0.113.0/24", "CN"),
    ("198.51.100.0/24", "KR"),
    ("192.0.2.0/24", "SG"),
    ("2001:db8:de::/48", "DE"),
];

/// 2026-11-01
const BUILT: Duration = Duration::from_hours(498_192);

/// The folder, which lives as long as it is held, and the configuration in it.
pub(super) fn files() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for part in ["facts", "keys", "geo"] {
        fs::create_dir(root.join(part)).unwrap();
    }
    for stream in ["disclosure", "consent", "basis", "recipient"] {
        let name = format!("facts/{stream}.jsonl");
        fs::copy(contracts().join(&name), root.join(&name)).unwrap();
    }
    let config = root.join("sumun.yaml");
    fs::copy(contracts().join("sumun.yaml"), &config).unwrap();
    let key = root.join("keys/k1.hex");
    fs::write(&key, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let mut writer = Writer::builder("country of the worked example")
        .description(&[("en", "the geo table of route.md")])
        .build_epoch(UNIX_EPOCH + BUILT)
        .build();
    for (network, country) in GEO {
        let row = Value::map([("country_code", Value::from(*country))]);
        writer.insert_value(network.parse::<ipnet::IpNet>().unwrap(), row).unwrap();
    }
    fs::write(root.join("geo/country.mmdb"), writer.to_bytes().unwrap()).unwrap();
    (folder, config)
}

pub(super) fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts")
}
