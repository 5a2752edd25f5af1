//! The configuration file: the example loads, and what is wrong is told with place and remedy, all at once.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "a test that fails may panic in its helpers too")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use sumun::config::{self, Config, ConfigErrors, Lanes};
use sumun::offsets::StartFrom;

const EXAMPLE: &str = include_str!("contracts/sumun.yaml");
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

/// The smallest file that is complete.
const SMALL: &str = "\
id: a
home_country: KR
egress: {brokers: [k:9092], topics: [orders]}
outputs: {alerts: sumun.alerts, receipts: sumun.receipts}
tokens: {keys: [{id: k1, key_file: keys/k1.hex}]}
";

/// Loads `text` from a folder that holds what the example names.
fn load(text: &str) -> Result<(Config, tempfile::TempDir), (ConfigErrors, tempfile::TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    write("sumun.yaml", text, 0o644);
    write("keys/k1.hex", KEY, 0o600);
    write("keys/open.hex", KEY, 0o644);
    write("keys/short.hex", "0001\n", 0o600);
    write("facts/recipient.jsonl", "", 0o644);
    write("geo/country.mmdb", "", 0o644);
    write("secrets/kafka", "geheim\n", 0o600);
    match config::load(&folder.path().join("sumun.yaml")) {
        Ok(config) => Ok((config, folder)),
        Err(errors) => Err((errors, folder)),
    }
}

#[track_caller]
fn loads(text: &str) -> Config {
    load(text).map_or_else(|(errors, _)| panic!("{errors}"), |(config, _)| config)
}

fn without_folder(text: &str, folder: &Path) -> String {
    text.replace(&format!("{}/", folder.display()), "")
}

/// `text` is refused with exactly these lines, of which `sumun.yaml:` is left out.
#[track_caller]
fn refused(text: &str, lines: &[&str]) {
    let (errors, folder) = load(text).err().expect("a refusal");
    let told = without_folder(&errors.to_string(), folder.path());
    let expected: Vec<String> = lines.iter().map(|line| format!("sumun.yaml:{line}")).collect();
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

/// As `refused`, of the smallest file with `lines` added.
#[track_caller]
fn refused_with(more: &str, lines: &[&str]) {
    refused(&format!("{SMALL}{more}"), lines);
}

#[test]
fn the_example_loads_as_it_stands() {
    let config = loads(EXAMPLE);
    assert!(!config.id.is_empty());
    assert_eq!(config.home_country.as_str(), "KR");
    assert_eq!(config.egress.cluster.brokers, ["127.0.0.1:9092"]);
    assert_eq!((config.egress.start_from, config.egress.lanes), (StartFrom::Latest, Lanes::Auto));
    assert_eq!(config.outputs.receipt_interval, Duration::from_secs(5));
    assert_eq!(config.facts.stale_hold_max, Duration::from_mins(15));
    assert!(config.outputs.cluster.brokers == config.egress.cluster.brokers);
    assert_eq!(config.keys[0].key[31], 0x1f);
    assert_eq!(config.routes[0].scopes[0].at.to_string(), "$.orders[*]");
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = loads(SMALL);
    assert_eq!((config.egress.group.as_str(), config.outputs.receipt_records_max), ("sumun", 100_000));
    assert!(config.listen.is_none());
    assert!(config.state_dir.ends_with("sumun-state"));
    assert_eq!(config.warnings.len(), 2, "no route, no facts: {:?}", config.warnings);
    assert!(config.warnings[0].contains("sumun.yaml:3:37: no route is sure to match `orders`"));
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_in_its_order() {
    refused(
        "\
id: a
home_country: Korea
sensitve: [person_name]
egress:
  brokers: [kafka]
  topics: [orders, '^a(']
  start_from: yesterday
  lanes: 0
  group: ''
outputs: {alerts: '^x', receipts: sumun.receipts, receipt_interval: 5}
tokens: {keys: [{id: k1, key_file: keys/none.hex}]}
telemetry: {listen: localhost}
",
        &[
            "2:15: not a country; write its two letters (ISO 3166-1), as in `KR`",
            "3:1: `configuration` knows no key `sensitve`; did you mean `sensitive`?",
            "5:13: not a broker; write `host:port`",
            "6:20: not a regular expression; check its brackets and repetitions",
            "7:15: `start_from` is none of earliest, latest or a time; write a time as in `2026-11-01T00:00:00+09:00`",
            "8:10: `lanes` is neither `auto` nor a number from 1 to 256; write `auto`",
            "9:10: `group` is empty; write a name, as in `sumun`",
            "10:19: a pattern names no topic to write to; write its name",
            "10:69: `receipt_interval` is no duration; write a number with ms, s, m, h or d, as in `30s`",
            "11:36: the key file `keys/none.hex` cannot be read (there is none); make one with `sumun token --new-key keys/none.hex`",
            "12:21: `listen` is no address; write `IP:PORT`, as in `127.0.0.1:9469`",
        ],
    );
}

#[test]
fn a_syntax_error_stops_the_reading() {
    refused("id: a\nid: b\nhome_country: Korea\n", &["2:1: the key `id` stands twice, first at 1:1"]);
    refused(
        "id: [geheim\n",
        &["1:5: not YAML: unclosed bracket '['; check indentation, quotes and brackets here and just above"],
    );
    refused(
        "- id\n",
        &[
            "1:1: `configuration` is a map; write `key: value` lines",
            "1:1: `configuration` lacks the key `egress`; write the cluster that carries outbound data",
            "1:1: `configuration` lacks the key `home_country`; write `home_country: KR`",
            "1:1: `configuration` lacks the key `id`; write a name that no other machine has, as in `id: ${HOSTNAME}`",
            "1:1: `configuration` lacks the key `outputs`; write the topics for alerts and receipts",
            "1:1: `configuration` lacks the key `tokens`; write `keys: [{id: k1, key_file: keys/k1.hex}]`",
        ],
    );
}

#[test]
fn a_key_file_is_for_its_owner_only_and_holds_a_key() {
    let with = |file: &str| SMALL.replace("keys/k1.hex", file);
    refused(
        &with("keys/open.hex"),
        &[
            "5:36: the key file `keys/open.hex` is open to others than its owner; run `chmod 0600 keys/open.hex`",
        ],
    );
    refused(
        &with("keys/short.hex"),
        &[
            "5:36: the key file `keys/short.hex` holds no key of 64 hexadecimal digits; make one with `sumun token --new-key FILE`",
        ],
    );
    let twice = "{id: k1, key_file: keys/k1.hex}, {id: k1, key_file: keys/k1.hex}";
    refused(
        &SMALL.replace("{id: k1, key_file: keys/k1.hex}", twice),
        &["5:55: two keys are named `k1`; a change of key is a new name"],
    );
}

#[test]
fn librdkafka_gets_what_sumun_does_not_own() {
    let text = SMALL.replace(
        "topics: [orders]",
        "topics: [orders], kafka: {session.timeout.ms: 6000, enable.ssl.certificate.verification: false, \
         sasl.password_file: secrets/kafka}",
    );
    let kafka = loads(&text).egress.cluster.kafka;
    let kafka: Vec<(&str, &str)> = kafka.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let expected = [
        ("session.timeout.ms", "6000"),
        ("enable.ssl.certificate.verification", "false"),
        ("sasl.password", "geheim"),
    ];
    assert_eq!(kafka, expected);
    refused(
        &SMALL.replace(
            "topics: [orders]",
            "topics: [orders], kafka: {group.id: x, acks: 1, fetch.wat.ms: 1, session.timeout.ms: geheim, \
             sasl.password: geheim, sasl.password_file: secrets/none}",
        ),
        &[
            "3:55: `group.id` belongs to sumun: the key `egress.group` sets it; leave it out",
            "3:68: `acks` belongs to sumun: an output counts only when every in-sync replica has it; leave it out",
            "3:77: librdkafka knows no property `fetch.wat.ms`; see its CONFIGURATION.md",
            "3:94: librdkafka refuses this value of `session.timeout.ms`; see its CONFIGURATION.md",
            "3:165: the file of `sasl.password` cannot be read (there is none); check its path",
        ],
    );
}

#[test]
fn a_topic_that_sumun_writes_is_not_read() {
    refused(
        &SMALL.replace("[orders]", "['^.*']"),
        &[
            "3:37: `egress.topics` take in `sumun.alerts`, which sumun writes: it would inspect itself; add it to `exclude`",
            "3:37: `egress.topics` take in `sumun.receipts`, which sumun writes: it would inspect itself; add it to `exclude`",
        ],
    );
    loads(&SMALL.replace("[orders]", "['^.*'], exclude: ['^sumun\\.']"));
    refused(
        &SMALL.replace("[orders]", "[orders], exclude: ['^o{2,3}']"),
        &["3:56: a pattern of `exclude` holds a comma; write two patterns"],
    );
    loads(&SMALL.replace("[orders]", "['^.*']").replace("receipts: ", "brokers: [other:9092], receipts: "));
}

#[test]
fn what_this_version_does_not_apply_is_refused() {
    refused_with(
        "clock_skew_max: 2s\noverrides: [{cidr: 192.0.2.0/24, country: KR}]\n",
        &[
            "6:17: this version applies no `clock_skew_max`; write `0s` or leave it out",
            "7:13: this version applies no `overrides`; write `[]` or leave the key out",
        ],
    );
    loads(&format!("{SMALL}clock_skew_max: 0s\noverrides: []\n"));
}

#[test]
fn a_selector_has_one_source_and_says_how_it_is_read() {
    refused_with(
        "\
routes:
  - topics: [orders]
    recipient:
      - {header: a, path: $.a, match: ids}
      - {header: a, match: id_s}
      - {match: ids}
      - {topic: true}
      - {path: a.b, match: ids}
      - {value: S17}
    subject: [{path: $.m, token: name}, {path: '$.x-y', token: member}, {path: $.m}]
    address: {header: ''}
    scopes:
      - {at: $}
      - {at: '$.orders[*]'}
      - {at: \"$['orders'][*]\"}
      - {subject: []}
  - topic: [orders]
",
        &[
            "9:21: `header` and `path` are two sources; write two selectors",
            "10:28: `match` is none of ids, hosts, cidrs, topics, id; write one of these",
            "11:9: `recipient` has no source; write one of {header: NAME}, {path: $.a}, {key: $.a}, {value: TEXT}",
            "13:16: not a path: a path begins with `$`, as in `$.a.b[0]`",
            "14:9: `recipient` lacks the key `match`; write what of the registry is compared, as in `match: ids`",
            "15:34: `token` is none of member, phone, email, ci; write one of these",
            "15:48: not a path: after `$` a path goes on with `.key`, `['key']`, `[0]` or `[*]`",
            "15:73: `subject` lacks the key `token`; write the type of the token, as in `token: member`",
            "16:23: an empty text selects nothing; write a name",
            "18:14: `$` is the record itself; put these selectors directly under the route",
            "20:14: two scopes have the same path; put their selectors into one",
            "21:9: `scopes` lacks the key `at`; write the path of what it holds, as in `at: $.orders[*]`",
            "22:5: `routes` knows no key `topic`; did you mean `topics`?",
            "22:5: `routes` lacks the key `topics`; write the topics that it is for, as in `topics: [orders]`",
        ],
    );
}

#[test]
fn a_route_that_reads_too_much_is_refused_whole() {
    let selectors: Vec<String> =
        (0..65).map(|field| format!("{{path: $.f{field}, token: member}}")).collect();
    let route = format!("routes:\n  - topics: [orders]\n    subject: [{}]\n", selectors.join(", "));
    refused_with(&route, &["7:5: the route reads more than 64 paths; split it by topics"]);
}

#[test]
fn files_that_are_named_exist() {
    refused_with(
        "facts: {files: [facts, fakts]}\ngeo: {databases: [{path: geo/none.mmdb}]}\nrules: [own]\n",
        &[
            "6:24: there is no `fakts`; check the path",
            "7:26: there is no `geo/none.mmdb`; check the path",
            "8:9: there is no `own`; check the path",
        ],
    );
}

#[test]
fn variables_are_filled_in_where_a_value_stands() {
    refused(
        &SMALL.replace("id: a", "id: ${SUMUN_NO_SUCH_VARIABLE}"),
        &[
            "1:5: the environment has no variable `SUMUN_NO_SUCH_VARIABLE`; set it, or write the value instead of \
         `${SUMUN_NO_SUCH_VARIABLE}`",
        ],
    );
    let home = std::env::var("HOME").unwrap();
    assert_eq!(loads(&SMALL.replace("id: a", "id: x${HOME}")).id, format!("x{home}"));
}

#[test]
fn the_digest_is_of_what_a_verdict_depends_on_and_nothing_else() {
    let digest = |text: &str| loads(text).digest;
    let example = digest(EXAMPLE);
    assert!(example.starts_with("sha256:") && example.len() == 71, "{example}");
    for (from, to) in [
        ("${HOSTNAME}", "another"),
        ("127.0.0.1:9092", "kafka:9092"),
        ("127.0.0.1:9469", "127.0.0.1:1"),
        ("receipt_interval: 5s", "receipt_interval: 1s"),
        ("home_country: KR", "home_country: kr"),
        ("sensitive: []", ""),
        ("{header: x-dest-ip}", "\n      header: 'x-dest-ip'"),
        ("{header: x-seller-id, match: ids}", "{match: ids, header: x-seller-id}"),
    ] {
        assert!(EXAMPLE.contains(from), "{from}");
        assert_eq!(digest(&EXAMPLE.replace(from, to)), example, "{from}");
    }
    for (from, to) in [
        ("home_country: KR", "home_country: JP"),
        ("sensitive: []", "sensitive: [customs_code]"),
        ("x-dest-ip", "x-ip"),
        ("id: k1", "id: k2"),
    ] {
        assert_ne!(digest(&EXAMPLE.replace(from, to)), example, "{from}");
    }
}
