//! `deploy/kafka/grant-rights` on a broker that refuses what it was not told to allow.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::ledger::Ledger;
use crate::ledger::check::{Allowed, check};
use crate::ledger::scenario::Generator;
use crate::support::broker::{self, Broker};
use crate::support::sumun::{Plan, Site};

const DRAIN_LIMIT_S: u64 = 120;

#[test]
fn the_rights_that_are_granted_are_enough_and_without_them_nothing_goes() {
    let broker = Broker::guarded();
    let plan = Plan { is_guarded: true, ..Plan::default() };
    let site = Site::planned(&broker, "rights", 2, plan);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 12);
    let mut ledger = Ledger::default();
    generator.write(500);
    generator.settle(&mut ledger);

    let (code, text) = connect(&site);
    assert_eq!(code, Some(78), "{text}");
    grant(&site);
    let (code, text) = connect(&site);
    assert_eq!(code, Some(0), "{text}");

    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    check("under granted rights", &ledger, &site.evidence(), &Allowed::default()).assert_clean();
}

/// `sumun check --connect`: what is missing, rights among it.
fn connect(site: &Site) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sumun"));
    let output = command.args(["check", "--connect", "-c"]).arg(site.write_config("a")).output().unwrap();
    (output.status.code(), texts(&output))
}

/// Runs the script with Kafka's own command in reach, as the principal that may alter rights.
fn grant(site: &Site) {
    let folder = tempfile::tempdir().unwrap();
    let tool = folder.path().join("kafka-acls.sh");
    let java = broker::java();
    let words: Vec<String> = [java.get_program()]
        .into_iter()
        .chain(java.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let text = format!("#!/bin/sh\nexec {} org.apache.kafka.tools.AclCommand \"$@\"\n", words.join(" "));
    std::fs::write(&tool, text).unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kafka/grant-rights");
    let mut command = Command::new(script);
    command.arg(&site.topic).env("PATH", path);
    command.env("PRINCIPAL", format!("User:{}", broker::GUARDED_USER)).env("BOOTSTRAP", &site.bootstrap);
    command.env("GROUP", &site.group).env("ALERTS", &site.alerts).env("RECEIPTS", &site.receipts);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", texts(&output));
}

fn texts(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
