//! `sumun check --connect`: what is missing on a real cluster, with the command that makes it.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::broker::Broker;
use crate::support::{kafka, unique};

/// A folder with a configuration that names these topics on this cluster.
fn configured(brokers: &str, egress: &str, alerts: &str, receipts: &str) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("k1.hex");
    std::fs::write(&key, "00".repeat(32)).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::create_dir(folder.path().join("facts")).unwrap();
    std::fs::write(folder.path().join("facts/basis.jsonl"), "").unwrap();
    let yaml = format!(
        "\
id: check
home_country: KR
egress: {{brokers: ['{brokers}'], group: check, topics: ['{egress}'], start_from: earliest}}
outputs: {{alerts: {alerts}, receipts: {receipts}}}
facts: {{files: [facts]}}
tokens: {{keys: [{{id: k1, key_file: k1.hex}}]}}
"
    );
    std::fs::write(folder.path().join("sumun.yaml"), yaml).unwrap();
    folder
}

fn check(folder: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sumun"));
    let Output { status, stdout, stderr } =
        command.args(["check", "--connect", "-c"]).arg(folder.join("sumun.yaml")).output().unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

#[test]
fn what_is_missing_is_named_with_the_command_that_makes_it() {
    let brokers = Broker::shared().bootstrap();
    let name = |what| unique(what);
    let (egress, alerts, receipts) = (name("egress"), name("alerts"), name("receipts"));
    let folder = configured(brokers, &egress, &alerts, &receipts);

    let (code, text) = check(folder.path());
    assert_eq!(code, Some(78), "{text}");
    let create = |topic: &str, retention: &str| {
        format!(
            "kafka-topics.sh --bootstrap-server {brokers} --create --topic {topic} --partitions 8 --config \
             cleanup.policy=delete --config retention.ms={retention}"
        )
    };
    assert!(text.contains(&format!("missing: topic {egress} of egress")), "{text}");
    assert!(text.contains(&create(&alerts, "31536000000")), "{text}");
    assert!(text.contains(&create(&receipts, "63072000000")), "{text}");

    kafka::create_topic(brokers, &egress, 2, &[]);
    kafka::create_topic(
        brokers,
        &alerts,
        8,
        &[("cleanup.policy", "delete"), ("retention.ms", "31536000000")],
    );
    kafka::create_topic(
        brokers,
        &receipts,
        8,
        &[("cleanup.policy", "delete"), ("retention.ms", "63072000000")],
    );
    let (code, text) = check(folder.path());
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("warning: topic") && text.contains("1 were tried and can be read"), "{text}");
}

#[test]
fn outputs_that_would_be_deleted_too_early_are_warned_of() {
    let brokers = Broker::shared().bootstrap();
    let (egress, alerts, receipts) = (unique("egress"), unique("alerts"), unique("receipts"));
    kafka::create_topic(brokers, &egress, 1, &[]);
    kafka::create_topic(brokers, &alerts, 1, &[("retention.ms", "604800000")]);
    kafka::create_topic(brokers, &receipts, 1, &[("cleanup.policy", "compact"), ("retention.ms", "-1")]);
    let (code, text) = check(configured(brokers, &egress, &alerts, &receipts).path());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("topic {alerts} keeps its records 7 days, less than one year")), "{text}");
    assert!(text.contains(&format!("topic {receipts} has cleanup.policy=compact")), "{text}");
}

#[test]
fn brokers_that_do_not_answer_are_another_exit_code() {
    // A port that was free a moment ago: nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = configured(&format!("127.0.0.1:{port}"), "egress", "alerts", "receipts");
    let (code, text) = check(folder.path());
    assert_eq!(code, Some(69), "{text}");
    assert!(text.contains("did not answer"), "{text}");
}
