//! Every query of the dashboards in `deploy/grafana`, asked of a real Prometheus that scraped a real run.
//!
//! No Grafana is needed, and none was looked at: what a panel would draw is the answer to its query.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Load, turn};
use crate::ledger::Ledger;
use crate::ledger::scenario::Generator;
use crate::ledger::world::WITHDRAWN_AT_MS;
use crate::support::broker::Broker;
use crate::support::kafka::{self, Message, Producer};
use crate::support::prometheus::Prometheus;
use crate::support::sumun::Site;
use crate::support::{unique, wait};

/// Scrapes, one a second, before the questions are asked.
const SCRAPES: u64 = 40;
const SCRAPES_LIMIT_S: u64 = 180;
/// What Grafana puts in place of its variables, for a run of this length.
const VARIABLES: [(&str, &str); 5] = [
    ("$__rate_interval", "5s"),
    ("$__range", "40s"),
    ("$__interval", "1s"),
    ("$instance", ".*"),
    ("$topic", ".*"),
];
/// Drawn for the README by `deploy/grafana/draw.py`.
const ANSWERS: &str = "dashboards.json";

#[test]
fn every_panel_shows_what_was_scraped() {
    let _turn = turn();
    let mut site = Site::new(Broker::shared(), "dashboards", 4);
    let unrouted = unique("unrouted");
    kafka::create_topic(&site.bootstrap, &unrouted, 1, &[]);
    site.unrouted = Some(unrouted.clone());
    fs::write(site.path("country.mmdb"), geo_database()).unwrap();
    "geo: {databases: [{path: country.mmdb}]}\n".clone_into(&mut site.more_config);
    let mut recipients =
        fs::OpenOptions::new().append(true).open(site.path("facts/recipient.jsonl")).unwrap();
    writeln!(recipients, r#"{{"heartbeat":"2024-09-01T00:00:00Z"}}"#).unwrap();
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    let prometheus = Prometheus::start(&sumun.address().expect("it listens"));
    let generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 11);
    let load = Load::start(generator, Ledger::default(), 40);
    // Larger than what is inspected: an alert of its own kind.
    let large = vec![b'x'; (10 << 20) + 1];
    let producer = Producer::new(&site.bootstrap);
    let scrapes = || {
        let data = prometheus.ask("query", &[("query", "count_over_time(sumun_build_info[5m])")]);
        data["result"][0]["value"][1].as_str().map_or(0, |count| count.parse().unwrap())
    };
    wait::until("half of the scrapes", SCRAPES_LIMIT_S, || (scrapes() >= SCRAPES / 2).then_some(()));
    producer.send(&Message::new(&site.topic, 0).value(&large).header("x-seller-id", "S17"));
    producer.send(&Message::new(&unrouted, 0).value(br#"{"tel":"010-2345-6703"}"#));
    producer.flush();
    wait::until("the scrapes", SCRAPES_LIMIT_S, || (scrapes() >= SCRAPES).then_some(()));

    let now = prometheus.ask("query", &[("query", "time()")])["result"][1].as_str().unwrap().to_owned();
    let mut answers = Vec::new();
    let mut missing = Vec::new();
    println!("\nEvery query of the dashboards, asked of Prometheus after {SCRAPES} s of a run:");
    println!("{:<12}{:<42}{:<7}{:>7}  last value", "dashboard", "panel", "query", "series");
    for dashboard in ["operations", "privacy"] {
        for (panel, target) in targets(dashboard) {
            let title = panel["title"].as_str().unwrap();
            let result = ask(&prometheus, target["expr"].as_str().unwrap(), target["range"] == true, &now);
            let series = result.as_array().unwrap();
            let shown: Vec<f64> = series.iter().filter_map(last_value).collect();
            let last = shown.last().map_or("none".to_owned(), |value| format!("{value:.6}"));
            let query = target["refId"].as_str().unwrap();
            println!("{dashboard:<12}{title:<42}{query:<7}{:>7}  {last}", shown.len());
            if shown.is_empty() {
                missing.push(format!("{dashboard}: {title}: {}", target["expr"]));
            }
            answers.push(json!({"panel": panel, "query": target, "result": result}));
        }
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(ANSWERS);
    fs::write(&file, Value::from(answers).to_string()).unwrap();
    println!("the answers: {}", file.display());
    assert!(missing.is_empty(), "panels without data:\n{}", missing.join("\n"));
    rules_are_healthy(&prometheus);
    drop(load.stop());
    site.stop(sumun);
}

/// The panels of a dashboard with each of their queries.
fn targets(dashboard: &str) -> Vec<(Value, Value)> {
    let file = format!("{}/deploy/grafana/dashboards/{dashboard}.json", env!("CARGO_MANIFEST_DIR"));
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let mut targets = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            targets.push((panel.clone(), target.clone()));
        }
    }
    assert!(targets.len() > 20, "the panels were not found");
    targets
}

fn ask(prometheus: &Prometheus, expr: &str, is_range: bool, now: &str) -> Value {
    let expr = VARIABLES.iter().fold(expr.to_owned(), |expr, (name, value)| expr.replace(name, value));
    assert!(!expr.contains('$'), "a variable that no one fills in: {expr}");
    let begin = (now.parse::<f64>().unwrap() - 40.0).to_string();
    let mut data = if is_range {
        prometheus.ask("query_range", &[("query", &expr), ("start", &begin), ("end", now), ("step", "1")])
    } else {
        prometheus.ask("query", &[("query", &expr), ("time", now)])
    };
    data["result"].take()
}

/// The last number of a series; none where it has only such as are not numbers.
fn last_value(series: &Value) -> Option<f64> {
    let number = |value: &Value| value[1].as_str()?.parse().ok().filter(|value: &f64| value.is_finite());
    match series["values"].as_array() {
        Some(values) => values.iter().rev().find_map(number),
        None => number(&series["value"]),
    }
}

/// Every rule was evaluated on these series without an error, and the violations of the run fire.
fn rules_are_healthy(prometheus: &Prometheus) {
    let groups = prometheus.ask("rules", &[]);
    let mut firing = Vec::new();
    for rule in
        groups["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap())
    {
        assert_eq!(rule["health"], "ok", "{}: {}", rule["name"], rule["lastError"]);
        if rule["state"] == "firing" {
            firing.push(rule["name"].as_str().unwrap().to_owned());
        }
    }
    println!("alerts that fire: {}", firing.join(", "));
    for alert in ["SumunViolation", "SumunTopicWithoutRoute", "SumunFactsStale", "SumunGeoOld"] {
        assert!(pending_or_firing(&groups, alert), "{alert} is silent; firing: {firing:?}");
    }
}

fn pending_or_firing(groups: &Value, name: &str) -> bool {
    let groups = groups["groups"].as_array().unwrap();
    let mut rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
    rules.any(|rule| rule["name"] == name && rule["state"] != "inactive")
}

/// One network, built when the records of the run are from.
fn geo_database() -> Vec<u8> {
    let built = UNIX_EPOCH + Duration::from_millis(WITHDRAWN_AT_MS.unsigned_abs());
    let mut writer = mmdb_writer::Writer::builder("country of the dashboards' run")
        .description(&[("en", "one network that RFC 5737 keeps for documentation")])
        .build_epoch(built)
        .build();
    let row = mmdb_writer::Value::map([("country_code", mmdb_writer::Value::from("CN"))]);
    writer.insert_value("203.0.113.0/24".parse::<ipnet::IpNet>().unwrap(), row).unwrap();
    writer.to_bytes().unwrap()
}
