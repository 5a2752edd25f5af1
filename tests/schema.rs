//! The JSON Schemas, the examples of the contracts and the code say the same: examples are valid, what the code reads
//! the schema knows and the other way round, closed lists are equal.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::{Value, json};
use sumun::alert::{Alert, AlertKind, GapCause};
use sumun::entity::EntityType;
use sumun::facts::{Stream, read_line};
use sumun::inspect::Inspector;
use sumun::receipt::{Receipt, RegisterRow};
use sumun::verdict::{Note, Outcome, Reason};
use sumun::{config, yaml};

const FORMATS: [(&str, &str); 5] = [
    ("config", "sumun.schema.json"),
    ("patterns", "rule.schema.json"),
    ("facts", "facts.schema.json"),
    ("alert", "alert.schema.json"),
    ("receipt", "receipt.schema.json"),
];

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts").join(name)).unwrap()
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

#[track_caller]
fn valid(schema: &Value, instance: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(instance).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{}\n{instance}", faults.join("\n"));
}

#[track_caller]
fn invalid(schema: &Value, instance: &Value) {
    assert!(!jsonschema::is_valid(schema, instance), "{instance}");
}

fn yaml(text: &str) -> Value {
    yaml::from_text(text).unwrap()
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_program_prints_schemas_that_are_valid_themselves() {
    for (format, file) in FORMATS {
        let output = Command::new(env!("CARGO_BIN_EXE_sumun")).args(["schema", format]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), text(file), "{format}");
        let schema = schema(file);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{format}");
        assert!(jsonschema::meta::is_valid(&schema), "{format}");
    }
}

#[test]
fn the_examples_are_valid() {
    valid(&schema("sumun.schema.json"), &yaml(&text("sumun.yaml")));
    let facts = schema("facts.schema.json");
    for stream in Stream::ALL {
        for line in text(&format!("facts/{}.jsonl", stream.as_str())).lines() {
            valid(&facts, &serde_json::from_str(line).unwrap());
        }
    }
    valid(&facts, &json!({"heartbeat": "2026-11-24T05:00:00Z"}));
    valid(&schema("alert.schema.json"), &serde_json::from_str(&text("alert.json")).unwrap());
    valid(&schema("receipt.schema.json"), &serde_json::from_str(&text("receipt.json")).unwrap());
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let shown = readme.split("```json\n").nth(2).unwrap().split("```").next().unwrap();
    valid(&schema("alert.schema.json"), &serde_json::from_str(shown).unwrap());
    let patterns =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/README.md")).unwrap();
    let rule = patterns.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    valid(&schema("rule.schema.json"), &yaml(rule));
    assert!(Inspector::new(&[("own.yaml".to_owned(), rule.to_owned())]).is_ok());
}

/// What other kinds of alert and receipt have beside the examples.
#[test]
fn every_kind_of_output_is_valid() {
    let base: Value = serde_json::from_str(&text("alert.json")).unwrap();
    for (kind, more) in [
        ("transfer", json!({"judged_at": "2024-07-02T03:04:05.678Z"})),
        (
            "uninspectable",
            json!({"stage": "decode", "code": "SIZE_LIMIT", "bytes": 20_000_000, "payload_hmac": "k1:00", "recipient": null, "subject": null}),
        ),
        ("truncated", json!({"alerts_total": 120, "transfers_total": 130})),
        ("gap", json!({"from": 5, "to": 9, "cause": "retention", "timestamp": null})),
    ] {
        let mut alert = base.clone();
        alert["kind"] = kind.into();
        alert.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let written = alert.to_string();
        let read: Alert<'_> = serde_json::from_str(&written).unwrap();
        valid(&schema("alert.schema.json"), &serde_json::to_value(&read).unwrap());
    }
    let mut receipt: Value = serde_json::from_str(&text("receipt.json")).unwrap();
    for (key, value) in [("gap", json!("corrupt_batch")), ("part", json!(1)), ("parts", json!(2))] {
        receipt[key] = value;
    }
    let read: Receipt = serde_json::from_value(receipt).unwrap();
    valid(&schema("receipt.schema.json"), &serde_json::to_value(&read).unwrap());
}

#[test]
fn outputs_have_the_fields_of_their_schema() {
    let alert = schema("alert.schema.json");
    assert_eq!(fields::<Alert<'_>>(), keys(&alert["properties"]));
    let receipt = schema("receipt.schema.json");
    assert_eq!(fields::<Receipt>(), keys(&receipt["properties"]));
    assert_eq!(fields::<RegisterRow>(), keys(&receipt["$defs"]["row"]["properties"]));
}

#[test]
fn closed_lists_are_those_of_the_code() {
    let check = |name: &str, pointer: &str, names: &[&str]| {
        let schema = schema(name);
        let listed: Vec<&str> = schema
            .pointer(pointer)
            .unwrap()
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        assert_eq!(listed, names, "{name}{pointer}");
    };
    let entities = EntityType::ALL.map(EntityType::as_str);
    let outcomes = Outcome::ALL.map(Outcome::as_str);
    let reasons: Vec<&str> = Reason::ALL.iter().map(|one| one.as_str()).collect();
    let notes: Vec<&str> = Note::ALL.iter().map(|one| one.as_str()).collect();
    for name in ["sumun.schema.json", "rule.schema.json", "alert.schema.json", "receipt.schema.json"] {
        check(name, "/$defs/entity/enum", &entities);
    }
    for name in ["alert.schema.json", "receipt.schema.json"] {
        check(name, "/$defs/outcome/enum", &outcomes);
        check(name, "/$defs/reason/enum", &reasons);
        check(name, "/$defs/gap_cause/enum", &GapCause::ALL.map(GapCause::as_str));
    }
    check("alert.schema.json", "/properties/notes/items/enum", &notes);
    check("alert.schema.json", "/properties/kind/enum", &AlertKind::ALL.map(AlertKind::as_str));
}

/// Every key that the schema has is read, and nothing is read that it has not: the configuration says what it knows.
#[test]
fn the_configuration_knows_the_keys_of_its_schema() {
    const EVERYWHERE: &str = "\
zzzzzzzz: 1
id: a
home_country: KR
egress: {zzzzzzzz: 1, brokers: ['k:9092'], topics: [orders]}
outputs: {zzzzzzzz: 1, alerts: a, receipts: r}
facts: {zzzzzzzz: 1}
tokens: {zzzzzzzz: 1, keys: [{zzzzzzzz: 1, id: k1, key_file: k}]}
geo: {zzzzzzzz: 1, databases: [{zzzzzzzz: 1, path: p}]}
telemetry: {zzzzzzzz: 1, listen: '127.0.0.1:1'}
routes:
  - zzzzzzzz: 1
    topics: [orders]
    address: {zzzzzzzz: 1, header: a}
    recipient: [{zzzzzzzz: 1, header: a, match: ids}]
    subject: [{zzzzzzzz: 1, header: a, token: member}]
    scopes: [{zzzzzzzz: 1, at: $.a}]
";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sumun.yaml");
    fs::write(&file, EVERYWHERE).unwrap();
    let told = config::load(&file).err().unwrap().to_string();
    let schema = schema("sumun.schema.json");
    let mut sections = 0;
    for line in told.lines() {
        let Some((before, known)) = line.split_once("` knows no key `zzzzzzzz`; it knows ") else { continue };
        let section = before.rsplit('`').next().unwrap();
        let pointer = match section {
            "configuration" => String::new(),
            "routes" | "scopes" => format!("/$defs/{}", section.trim_end_matches('s')),
            "recipient" | "subject" => format!("/$defs/{section}"),
            "address" => "/$defs/source".to_owned(),
            "keys" => "/properties/tokens/properties/keys/items".to_owned(),
            "databases" => "/properties/geo/properties/databases/items".to_owned(),
            section => format!("/properties/{section}"),
        };
        let schema = schema.pointer(&pointer).unwrap();
        assert_eq!(known.split(", ").collect::<BTreeSet<_>>(), keys(&schema["properties"]), "{section}");
        assert_eq!(schema["additionalProperties"], false, "{section}");
        sections += 1;
    }
    assert_eq!(sections, 14, "{told}");
}

#[test]
fn a_configuration_that_is_refused_is_invalid_too() {
    let schema = schema("sumun.schema.json");
    let example = text("sumun.yaml");
    for (from, to) in [
        ("home_country: KR", "home_country: Korea"),
        ("lanes: auto", "lanes: 0"),
        ("start_from: latest", "start_from: yesterday"),
        ("receipt_interval: 5s", "receipt_interval: 5"),
        ("{header: x-dest-ip}", "{header: x-dest-ip, path: $.ip}"),
        ("match: ids}\n", "match: id_s}\n"),
        ("sensitive: []", "sensitive: [phone]"),
        ("group: sumun", "gruop: sumun"),
        ("overrides: []", "overrides: [{country: KR}]"),
    ] {
        assert!(example.contains(from), "{from}");
        invalid(&schema, &yaml(&example.replace(from, to)));
    }
    valid(
        &schema,
        &yaml(
            &example
                .replace("lanes: auto", "lanes: ${LANES}")
                .replace("home_country: KR", "home_country: ${HOME_COUNTRY}"),
        ),
    );
}

/// The code refuses a fact with a key that it does not know: what the schema has, it knows. The other way round is
/// held where the code's own lists are, in `facts::wire`.
#[test]
fn facts_are_refused_by_schema_and_code_alike() {
    let schema = schema("facts.schema.json");
    let check = |stream: Stream, base: &str, more: Value, is_fact: bool| {
        let mut fact: Value = serde_json::from_str(base).unwrap();
        fact.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(read_line(stream, &fact.to_string()).is_ok(), is_fact, "{fact}");
        if is_fact { valid(&schema, &fact) } else { invalid(&schema, &fact) }
    };
    let disclosure = r#"{"disclosure":"d","version":1,"transfers":[]}"#;
    check(Stream::Disclosure, disclosure, json!({}), true);
    check(Stream::Disclosure, disclosure, json!({"meta": {"owner": "x"}}), true);
    check(Stream::Disclosure, disclosure, json!({"owner": "x"}), false);
    check(Stream::Disclosure, disclosure, json!({"channel": "fax"}), false);
    check(Stream::Disclosure, disclosure, json!({"published_at": "2024-01-01"}), false);
    check(Stream::Disclosure, disclosure, json!({"transfers": [{"items": []}]}), false);
    check(
        Stream::Disclosure,
        disclosure,
        json!({"transfers": [{"ref": "r", "recipients": [{"list_url": "u"}]}]}),
        false,
    );
    let act = r#"{"event":"1","subject":["k1:member:00000000000000000000000000000000"],"disclosure":"d","version":1,"act":"given","at":"2024-02-01T00:00:00Z"}"#;
    check(Stream::Consent, act, json!({}), true);
    check(Stream::Consent, act, json!({"subject": []}), false);
    check(Stream::Consent, act, json!({"subject": ["M-1003"]}), false);
    check(Stream::Consent, act, json!({"separate": {"crossborder": true}}), false);
    let basis = r#"{"basis":"b","version":1,"kind":"statute","countries":["DE"]}"#;
    check(Stream::Basis, basis, json!({}), true);
    check(Stream::Basis, basis, json!({"necessary": true}), false);
    check(Stream::Basis, basis, json!({"effective_at": "2024-02-01T00:00:00Z"}), false);
    check(Stream::Basis, basis, json!({"kind": "adequacy"}), true);
    check(Stream::Basis, basis, json!({"kind": "adequacy", "recipients": ["x"]}), false);
    check(Stream::Basis, r#"{"basis":"b","version":1,"kind":"treaty"}"#, json!({}), false);
    let recipient = r#"{"recipient":"r"}"#;
    check(
        Stream::Recipient,
        recipient,
        json!({"classes": [{"class": "c"}], "cidrs": ["192.0.2.0/24"]}),
        true,
    );
    check(Stream::Recipient, recipient, json!({"role": "seller"}), false);
    check(Stream::Recipient, recipient, json!({"legal_country": "China"}), false);
    check(Stream::Recipient, recipient, json!({"recipient": ""}), false);
}

/// Keys that only built-in rules have: the program refuses them in others.
const BUILT_IN_ONLY: [&str; 7] =
    ["country_keys", "detail_keys", "layouts", "mailboxes", "names", "plan", "regions"];

/// Every key of the schema of own rules is one that the program reads, and the other way round.
#[test]
fn a_rule_may_have_every_key_of_its_schema() {
    let rule = json!({
        "entity": "phone_number", "version": 1, "sources": ["ours"], "keys": ["guestLine"], "weak_keys": ["guest"],
        "labels": ["guestline"], "weak_labels": ["guest"], "placeholders": ["031-999-0001"], "specimens": ["031-456-7891"],
        "examples": [{"key": "guestLine", "value": "031-456-7892", "masked": ["031-***-7892"]}],
        "counter_examples": [{"payload": "none"}, {"key": "none", "number": "7"}],
    });
    let schema = schema("rule.schema.json");
    assert_eq!(keys(&rule), keys(&schema["properties"]));
    valid(&schema, &rule);
    let refused = Inspector::new(&[("own.yaml".to_owned(), "zzzzzzzz: 1".to_owned())]);
    let told = refused.err().unwrap().to_string();
    let known = told.split_once("known are ").unwrap().1.split(", ");
    let known: BTreeSet<&str> = known.filter(|key| !BUILT_IN_ONLY.contains(key)).collect();
    assert_eq!(known, keys(&schema["properties"]));
    // JSON is YAML.
    if let Err(error) = Inspector::new(&[("own.yaml".to_owned(), rule.to_string())]) {
        panic!("{error}");
    }
    for more in [
        json!({"plan": []}),
        json!({"examples": [{"payload": "x"}]}),
        json!({"version": 0}),
        json!({"counter_examples": [{"key": "a"}]}),
    ] {
        let mut other = rule.clone();
        other.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        invalid(&schema, &other);
    }
}

/// The fields that a type reads, as serde's derive lists them.
fn fields<T: Deserialize<'static>>() -> BTreeSet<&'static str> {
    struct Lister<'f>(&'f mut BTreeSet<&'static str>);

    impl<'de> Deserializer<'de> for Lister<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(serde::de::Error::custom("not a struct"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.extend(fields);
            Err(serde::de::Error::custom("only listed"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut found = BTreeSet::new();
    assert!(T::deserialize(Lister(&mut found)).is_err());
    found
}
