//! What a running process shows over HTTP, and that Prometheus' own tool accepts it.
#![cfg(feature = "edge")]
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sumun::alert::{AlertKind, GapCause};
use sumun::destination::Country;
use sumun::entity::EntityType;
use sumun::telemetry::{
    Check, CommitResult, DeliveryFailure, FactCounts, Health, LaneCounts, Metrics, PartitionLag, Rebalance,
    ReloadPart, ReloadResult, Server, TimedStage,
};
use sumun::verdict::{Cell, ItemVerdict, Outcome, Reason, Reasons, TransferVerdict};

#[test]
fn promtool_accepts_every_metric() {
    let metrics = Metrics::new().unwrap();
    use_every_metric(&metrics);
    let text = metrics.render(SystemTime::now()).unwrap();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("promtool cannot be run ({error}): install it (Debian: package `prometheus`), or see tests/README.md")
        });
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "promtool: {complaints}\n{text}");
}

#[test]
fn every_metric_has_the_prefix_and_a_help_text() {
    let metrics = Metrics::new().unwrap();
    use_every_metric(&metrics);
    let text = metrics.render(SystemTime::now()).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.starts_with("sumun_") || line.starts_with("process_"), "{line}");
    }
    for family in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = family.split(' ').next().unwrap();
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
    }
}

/// `deploy/metrics.md` lists every metric with its type and labels, and none that is not there.
#[test]
fn the_documented_metrics_are_those_that_are_registered() {
    let metrics = Metrics::new().unwrap();
    use_every_metric(&metrics);
    let text = metrics.render(SystemTime::now()).unwrap();
    let document = include_str!("../deploy/metrics.md");
    assert_eq!(documented(document), registered(&text));
}

/// `name{label,label} type`, from the rows of the document's tables.
fn documented(document: &str) -> BTreeSet<String> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        Some(format!("{} {}", cells.next()?.strip_suffix('`')?, cells.next()?))
    };
    document.lines().filter_map(row).collect()
}

/// The same from the text that Prometheus reads; `process_` metrics are those of the library.
fn registered(text: &str) -> BTreeSet<String> {
    let mut families = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE sumun_")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let series = text.lines().find_map(|line| {
            let labels = line.strip_prefix("sumun_")?.strip_prefix(name)?;
            let labels = labels.strip_prefix("_bucket").unwrap_or(labels);
            labels.starts_with(['{', ' ']).then_some(labels)
        });
        let labels = series.unwrap().strip_prefix('{').map_or("", |labels| labels.split('}').next().unwrap());
        let labels: Vec<&str> = labels.split(',').map(|label| label.split('=').next().unwrap()).collect();
        let labels = labels.into_iter().filter(|label| *label != "le" && !label.is_empty());
        let labels = labels.collect::<Vec<_>>().join(",");
        let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
        families.insert(format!("sumun_{name}{labels} {kind}"));
    }
    families
}

#[test]
fn readiness_follows_the_checks() {
    let health = Arc::new(Health::new(["facts"]));
    let server = start(&health);
    let (status, body) = get(server.address(), "/readyz");
    assert_eq!((status, body.as_str()), (503, "[failing] facts: not yet known\n"));

    health.set("facts", Check::Ok("12 facts".into()));
    assert_eq!(get(server.address(), "/readyz"), (200, "ok\n".into()));
    assert_eq!(get(server.address(), "/readyz?verbose"), (200, "[ok] facts: 12 facts\n".into()));
    assert_eq!(get(server.address(), "/readyz?verbose=1").0, 200);
}

#[test]
fn metrics_and_liveness_are_served() {
    let server = start(&Arc::new(Health::default()));
    assert_ne!(server.address().port(), 0);
    assert_eq!(get(server.address(), "/livez"), (200, "ok\n".into()));
    let (status, body) = get(server.address(), "/metrics");
    assert_eq!(status, 200);
    assert!(body.contains("sumun_build_info{version=\""));
    assert!(body.contains("process_resident_memory_bytes"));
    assert_eq!(get(server.address(), "/debug").0, 404);
}

#[test]
fn a_lane_that_hangs_is_not_alive() {
    let metrics = Arc::new(Metrics::new().unwrap());
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::start(listen, Arc::clone(&metrics), Arc::new(Health::default())).unwrap();
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let now_ms = i64::try_from(now_ms).unwrap();
    let (lane, hanging) = (metrics.lane(0), metrics.lane(1));
    lane.polled(now_ms);
    assert_eq!(get(server.address(), "/livez").0, 200, "a lane that has not begun does not hang");
    hanging.polled(now_ms - 200_000);
    let (status, body) = get(server.address(), "/livez");
    assert!(status == 503 && body.starts_with("a lane has not polled for 20"), "{status} {body}");
}

#[test]
fn a_dropped_server_gives_its_port_back() {
    let server = start(&Arc::new(Health::default()));
    let address = server.address();
    // An open connection does not hold it up.
    let _idle = TcpStream::connect(address).unwrap();
    drop(server);
    assert!(TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err());
}

fn start(health: &Arc<Health>) -> Server {
    let metrics = Arc::new(Metrics::new().unwrap());
    Server::start(SocketAddr::from(([127, 0, 0, 1], 0)), metrics, Arc::clone(health)).unwrap()
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: sumun\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn use_every_metric(metrics: &Metrics) {
    let topic = metrics.topic("orders.outbound");
    let mut counts = LaneCounts::default();
    counts.record(topic, 782);
    counts.verdict(Outcome::Clear);
    for transfer in &transfers() {
        counts.transfer(transfer);
        counts.transfer_alert(transfer);
    }
    counts.finding(EntityType::PersonName);
    counts.alert(AlertKind::Gap);
    counts.unrouted(topic);
    counts.uninspectable();
    counts.unread_alert("PANIC");
    counts.panicked();
    metrics.add(&mut counts);
    let lane = metrics.lane(0);
    lane.unacknowledged(2, 1800, Some(0));
    lane.polled(0);
    lane.paused(true);
    lane.assigned(3);
    metrics.alert_acknowledged();
    metrics.receipt_acknowledged();
    metrics.delivery_failed(DeliveryFailure::TimedOut);
    metrics.rebalanced(Rebalance::Assigned);
    metrics.gap(GapCause::Retention, 17);
    metrics.committed(CommitResult::Ok);
    metrics.set_lag("orders.outbound", 0, Some(PartitionLag { records: 12, behind_since_ms: Some(0) }));
    metrics.sampled(&[(TimedStage::Inspect, Duration::from_micros(1))], Some(12));
    metrics.set_facts(FactCounts { disclosures: 3, consent_acts: 20, bases: 5, recipients: 4 });
    metrics.set_freshness(Some(1_700_000_000_000), Some(1_700_000_000_000));
    metrics.set_snapshot("sha256:1", "sha256:2", "sha256:3");
    metrics.set_geo_builds([("mmdb:country", 1_700_000_000)]);
    metrics.loaded(1_700_000_000);
    metrics.reloaded(ReloadPart::Facts, ReloadResult::Ok, 1_700_000_000);
}

/// One into a country on a basis, one into a country without.
fn transfers() -> [TransferVerdict; 2] {
    let entity = EntityType::PersonName;
    let transfer = |outcome, basis: &[&str], reasons: Reasons| {
        let country = Country::parse("CN").unwrap();
        let basis: Vec<String> = basis.iter().map(ToString::to_string).collect();
        TransferVerdict {
            recipient: None,
            subject: None,
            countries: vec![country],
            outcome,
            items: vec![ItemVerdict { entity, count: 1, outcome, basis: basis.clone(), reasons }],
            notes: Vec::new(),
            subject_count: 1,
            cells: vec![Cell { entity, country: Some(country), outcome, basis, reasons }],
            facts_seen: Vec::new(),
        }
    };
    [
        transfer(Outcome::Permitted, &["consent:ae-checkout@2#sellers"], Reasons::NONE),
        transfer(Outcome::Violation, &[], Reasons::one(Reason::NoConsent)),
    ]
}
