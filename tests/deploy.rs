//! What stands in `deploy/`: alert rules, their tests and their runbook, dashboards, packaging.
//!
//! That the queries of the dashboards have answers is shown by `tests/it/scenarios/dashboards.rs`.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a failure is the answer")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use serde_json::Value;

const DASHBOARDS: [&str; 2] = ["operations", "privacy"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("deploy/{file}: {error}"))
}

/// Runs a tool of `package` in `deploy/`; it must be content.
fn run(package: &str, tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool).args(arguments).current_dir(folder()).output().unwrap_or_else(|error| {
        panic!(
            "{tool} cannot be run ({error}): install it (Debian: package `{package}`), or see tests/README.md"
        )
    });
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(output.status.success(), "{tool} {}:\n{text}", arguments.join(" "));
    text
}

fn alerts() -> Vec<Value> {
    let rules: Value = serde_saphyr::from_str(&read("prometheus/sumun.rules.yaml")).unwrap();
    let groups = rules["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn name(alert: &Value) -> &str {
    alert["alert"].as_str().unwrap()
}

#[test]
fn the_alert_rules_pass_their_tests() {
    run(
        "prometheus",
        "promtool",
        &["check", "rules", "--lint=all", "--lint-fatal", "prometheus/sumun.rules.yaml"],
    );
    run("prometheus", "promtool", &["test", "rules", "prometheus/sumun.rules.test.yaml"]);
}

#[test]
fn every_alert_is_tested_when_it_fires_and_when_it_is_silent() {
    let tests: Value = serde_saphyr::from_str(&read("prometheus/sumun.rules.test.yaml")).unwrap();
    let (mut fires, mut is_silent) = (BTreeSet::new(), BTreeSet::new());
    for test in tests["tests"].as_array().unwrap() {
        for case in test["alert_rule_test"].as_array().unwrap() {
            let fired = case["exp_alerts"].as_array().unwrap();
            let set = if fired.is_empty() { &mut is_silent } else { &mut fires };
            set.insert(case["alertname"].as_str().unwrap().to_owned());
        }
    }
    // Each of these is told from other series of the same test, which stay silent.
    let by_series = ["SumunTopicWithoutRoute", "SumunLag"].map(str::to_owned);
    is_silent.extend(by_series);
    let all: BTreeSet<String> = alerts().iter().map(|alert| name(alert).to_owned()).collect();
    assert_eq!((&fires, &is_silent), (&all, &all));
}

#[test]
fn every_alert_says_what_it_is_and_what_to_do() {
    let runbook = read("runbook.md");
    let sections: BTreeSet<&str> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let alerts = alerts();
    for alert in &alerts {
        let name = name(alert);
        let annotations = &alert["annotations"];
        assert!(annotations["summary"].is_string() && annotations["description"].is_string(), "{name}");
        let link = format!("deploy/runbook.md#{}", name.to_lowercase());
        assert_eq!(annotations["runbook"], link, "{name}");
        assert!(
            ["critical", "warning", "info"].contains(&alert["labels"]["severity"].as_str().unwrap()),
            "{name}"
        );
    }
    assert_eq!(
        sections,
        alerts.iter().map(name).collect(),
        "the sections of deploy/runbook.md are the alerts"
    );
}

/// The higher, the more a service could do that was taken over: 10.0 is one without any restriction.
const EXPOSURE_TENTHS_MAX: u32 = 15;

#[test]
fn the_unit_is_sound_and_locked_down() {
    // `verify` looks for the binary where the unit says.
    let unit = read("systemd/sumun.service").replace("/usr/bin/sumun", env!("CARGO_BIN_EXE_sumun"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sumun.service");
    std::fs::write(&file, unit).unwrap();
    let complaints = run("systemd", "systemd-analyze", &["verify", "--man=no", file.to_str().unwrap()]);
    assert!(!complaints.contains("sumun.service:"), "{complaints}");
    let threshold = format!("--threshold={EXPOSURE_TENTHS_MAX}");
    let unit = folder.path().join("sumun.service");
    let text = run(
        "systemd",
        "systemd-analyze",
        &["security", "--offline=true", &threshold, unit.to_str().unwrap()],
    );
    println!("{}", text.lines().last().unwrap());
}

/// Whether images exist and start is not known here: there is no engine that could run them.
#[test]
fn what_the_containers_are_given_is_readable() {
    run("docker-compose", "docker-compose", &["--file", "compose.yaml", "config", "--quiet"]);
    run("prometheus", "promtool", &["check", "config", "prometheus/prometheus.yaml"]);
    run("prometheus-alertmanager", "amtool", &["check-config", "compose/alertmanager.yaml"]);
}

#[test]
fn the_configurations_of_the_containers_are_such() {
    check_configuration(&read("compose/sumun.yaml"));
    for document in rendered() {
        if let Some(configuration) = document["data"]["sumun.yaml"].as_str() {
            check_configuration(configuration);
        }
    }
}

/// With the facts of the worked example, and a key of its own.
fn check_configuration(yaml: &str) {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("k1.hex");
    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts/facts");
    let sumun = env!("CARGO_BIN_EXE_sumun");
    run("none", sumun, &["token", "--new-key", key.to_str().unwrap()]);
    let yaml = yaml
        .replace("${HOSTNAME}", "test")
        .replace("/etc/sumun/facts", facts.to_str().unwrap())
        .replace("/var/lib/sumun/k1.hex", key.to_str().unwrap())
        .replace("/etc/sumun/keys/k1.hex", key.to_str().unwrap());
    let config = folder.path().join("sumun.yaml");
    std::fs::write(&config, yaml).unwrap();
    run("none", sumun, &["check", "-c", config.to_str().unwrap()]);
}

/// The rendered chart: strict validation refuses what the schema of Kubernetes does not know.
#[test]
fn the_chart_is_what_kubernetes_reads() {
    let folder = tempfile::tempdir().unwrap();
    for (position, document) in rendered().into_iter().enumerate() {
        // Of the Prometheus operator, whose schema is not Kubernetes' own.
        if document["kind"] != "PodMonitor" {
            let file = folder.path().join(format!("{position}.json"));
            std::fs::write(&file, document.to_string()).unwrap();
        }
    }
    let files: Vec<PathBuf> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 5);
    let tool = venv().join("bin/kubernetes-validate");
    let files = files.iter().map(|file| file.to_str().unwrap());
    let arguments: Vec<&str> =
        ["--strict", "--kubernetes-version", "1.37.0"].into_iter().chain(files).collect();
    run("python3-venv", tool.to_str().unwrap(), &arguments);
}

/// Without helm it is still known whether the chart has changed since it was rendered.
#[test]
fn the_rendered_chart_is_that_of_the_chart() {
    let committed = read("helm/rendered.yaml");
    // `true` renders nothing: what is left is the line with the chart's digest.
    let digest = run("coreutils", "./helm/render", &["true"]);
    assert!(
        committed.starts_with(&digest),
        "the chart has changed: deploy/helm/render helm >deploy/helm/rendered.yaml"
    );
    let has_helm = Command::new("helm").arg("version").output().is_ok_and(|output| output.status.success());
    if has_helm {
        let output = Command::new("./helm/render").arg("helm").current_dir(folder()).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), committed, "deploy/helm/rendered.yaml is old");
    } else {
        println!("helm is not here: the chart was not rendered again, and has not changed since it was");
    }
}

fn rendered() -> Vec<Value> {
    let text = read("helm/rendered.yaml");
    let documents = text.split("\n---\n").skip(1);
    documents.map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

/// The Python tools of `deploy/requirements.txt`, made by whoever needs them first.
fn venv() -> PathBuf {
    static MADE: Once = Once::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("deploy-venv");
    MADE.call_once(|| drop(run("python3-venv", "./venv", &[folder.to_str().unwrap()])));
    folder
}

#[test]
fn image_and_chart_are_of_this_version() {
    let wanted = format!("FROM rust:{}-", env!("CARGO_PKG_RUST_VERSION"));
    assert!(
        read("Dockerfile").contains(&wanted),
        "the image is built with another Rust than Cargo.toml asks for"
    );
    let chart: Value = serde_saphyr::from_str(&read("helm/sumun/Chart.yaml")).unwrap();
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

/// What `gcr.io/distroless/cc` has.
const IMAGE_LIBRARIES: [&str; 4] = ["libc.so.6", "libgcc_s.so.1", "libm.so.6", "ld-linux-x86-64.so.2"];

#[test]
fn the_binary_needs_no_library_that_its_image_lacks() {
    for line in run("libc-bin", "ldd", &[env!("CARGO_BIN_EXE_sumun")]).lines() {
        let library = line.split_whitespace().next().unwrap().rsplit('/').next().unwrap();
        let is_there = IMAGE_LIBRARIES.contains(&library) || library == "linux-vdso.so.1";
        assert!(is_there, "the image of deploy/Dockerfile lacks {library}");
    }
}

#[test]
fn the_dashboards_are_those_that_their_code_writes() {
    let written = tempfile::tempdir().unwrap();
    let to = written.path().to_str().unwrap();
    run("python3-venv", "./grafana/generate", &[to, venv().to_str().unwrap()]);
    for name in DASHBOARDS {
        let fresh = std::fs::read_to_string(written.path().join(format!("{name}.json"))).unwrap();
        let is_current = fresh == read(&format!("grafana/dashboards/{name}.json"));
        assert!(is_current, "{name}.json is old: make dashboards");
    }
}

/// The rules of Grafana's dashboard linter that say something here.
#[test]
fn every_panel_explains_itself_and_asks_the_chosen_source() {
    let mut uids = BTreeSet::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        assert!(uids.insert(dashboard["uid"].as_str().unwrap().to_owned()), "{name}: the uid of another");
        assert!(dashboard["editable"] == false && dashboard["id"].is_null(), "{name}");
        let mut ids = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name}: {title}: the id of another panel");
            if panel["type"] == "row" {
                continue;
            }
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}: {title}");
            let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
            assert!(is_text(&panel["description"]), "{name}: {title} has no description");
            assert!(is_text(&panel["fieldConfig"]["defaults"]["unit"]), "{name}: {title} has no unit");
            for target in panel["targets"].as_array().unwrap() {
                let expr = target["expr"].as_str().unwrap();
                let has_range = expr.contains("rate(") || expr.contains("increase(");
                assert_eq!(has_range, expr.contains("[$__ra"), "{name}: {title}: {expr}");
            }
        }
    }
}

fn dashboard(name: &str) -> Value {
    serde_json::from_str(&read(&format!("grafana/dashboards/{name}.json"))).unwrap()
}

/// What the rules read is among the documented metrics, which `tests/telemetry.rs` holds against the program.
#[test]
fn rules_dashboards_and_runbook_name_metrics_that_exist() {
    let metrics = read("metrics.md");
    let dashboards = DASHBOARDS.map(|name| format!("grafana/dashboards/{name}.json"));
    let others = ["prometheus/sumun.rules.yaml", "runbook.md", "README.md"].map(str::to_owned);
    for file in dashboards.iter().chain(&others) {
        for metric in metric_names(&read(file)) {
            // One of the three families of a histogram.
            let metric = metric.strip_suffix("_bucket").unwrap_or(metric);
            let is_there =
                [format!("`{metric}`"), format!("`{metric}{{")].iter().any(|name| metrics.contains(name));
            assert!(is_there, "deploy/{file} names {metric}, which deploy/metrics.md does not");
        }
    }
}

fn metric_names(text: &str) -> BTreeSet<&str> {
    let is_part = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
    text.split(|char| !is_part(char)).filter(|word| word.starts_with("sumun_")).collect()
}
