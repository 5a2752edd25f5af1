//! The configuration file: one YAML file, every key of which is known, checked as a whole before anything runs.
//!
//! What was written (a tree with places) is not what is used ([`Config`]). A syntax error stops the reading; all
//! other mistakes of the file are reported together, one line each: `file:line:column: what is wrong; what to do`.
//! No line repeats a value that may be a secret.

mod digest;
mod files;
mod kafka;
mod read;
mod routes;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::destination::Country;
use crate::entity::EntityType;
use crate::locate::{RouteSpec, TopicPattern};
use crate::offsets::StartFrom;
use crate::time::parse_rfc3339_ms;
use crate::yaml::{self, Node, Position};

pub use files::{key_id, read_key, why};
pub use read::{ConfigErrors, Problem};
use read::{Reading, Section};

/// All that the file says, checked. Holds keys and passwords: no `Debug`.
pub struct Config {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Unique per machine; a lane's static member id is `id-lane`.
    pub id: String,
    pub home_country: Country,
    /// Entity types that the operator holds for sensitive; sorted.
    pub sensitive: Vec<EntityType>,
    pub egress: Egress,
    pub outputs: Outputs,
    /// The first whose topics match is used.
    pub routes: Vec<RouteSpec>,
    pub facts: Facts,
    /// The first makes tokens. Never empty.
    pub keys: Vec<TokenKey>,
    /// mmdb files; the first that answers counts.
    pub geo_databases: Vec<PathBuf>,
    /// Folders of own rules.
    pub rules: Vec<PathBuf>,
    /// Where metrics and health are served; `None`: nowhere.
    pub listen: Option<SocketAddr>,
    /// Folder of what must survive a crash of the process.
    pub state_dir: PathBuf,
    /// `sha256:…` over what a verdict or an alert depends on.
    pub digest: String,
    /// What is allowed and yet probably not meant: `file:line:column: …` lines.
    pub warnings: Vec<String>,
}

/// One Kafka cluster. A password may be among the properties: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Cluster {
    /// `host:port`, at least one.
    pub brokers: Vec<String>,
    /// librdkafka properties that sumun does not own.
    pub kafka: Vec<(String, String)>,
}

/// The cluster and topics that carry outbound data.
pub struct Egress {
    pub cluster: Cluster,
    pub group: String,
    pub topics: Vec<TopicPattern>,
    pub exclude: Vec<TopicPattern>,
    pub start_from: StartFrom,
    pub lanes: Lanes,
}

impl Egress {
    /// Whether a topic of the cluster is one to inspect.
    pub fn covers(&self, topic: &str) -> bool {
        let any = |patterns: &[TopicPattern]| patterns.iter().any(|pattern| pattern.matches(topic));
        any(&self.topics) && !any(&self.exclude)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// One per core.
    Auto,
    Count(u16),
}

/// The cluster and topics that sumun writes.
pub struct Outputs {
    pub cluster: Cluster,
    pub alerts: String,
    pub receipts: String,
    pub receipt_interval: Duration,
    pub receipt_records_max: u64,
}

pub struct Facts {
    /// Folders or files.
    pub files: Vec<PathBuf>,
    pub stale_after: Duration,
    pub stale_hold_max: Duration,
}

/// A key of subject tokens. No `Debug`.
#[derive(Clone)]
pub struct TokenKey {
    pub id: String,
    pub key: [u8; 32],
}

const TOP: &[&str] = &[
    "id",
    "home_country",
    "sensitive",
    "clock_skew_max",
    "overrides",
    "egress",
    "outputs",
    "routes",
    "facts",
    "tokens",
    "geo",
    "rules",
    "telemetry",
    "state_dir",
];
const EGRESS: &[&str] = &["brokers", "group", "topics", "exclude", "start_from", "lanes", "kafka"];
const OUTPUTS: &[&str] =
    &["alerts", "receipts", "receipt_interval", "receipt_records_max", "brokers", "kafka"];
const FACTS: &[&str] = &["files", "stale_after", "stale_hold_max"];

const LANES_MAX: u16 = 256;
const RECEIPT_RECORDS_MAX_DEFAULT: u64 = 100_000;
const RECEIPT_INTERVAL_DEFAULT: Duration = Duration::from_secs(5);
const STALE_AFTER_DEFAULT: Duration = Duration::from_secs(30);
const STALE_HOLD_MAX_DEFAULT: Duration = Duration::from_mins(15);

/// Reads and checks a configuration file. Files that it names are sought beside it.
pub fn load(file: &Path) -> Result<Config, ConfigErrors> {
    let name = file.display().to_string();
    let failed = |position, message: String| ConfigErrors {
        file: name.clone(),
        problems: vec![Problem { position, message }],
    };
    let text = std::fs::read_to_string(file).map_err(|error| {
        let what = if error.kind() == std::io::ErrorKind::InvalidData {
            "the file is not UTF-8; save it as UTF-8".to_owned()
        } else {
            format!("the file cannot be read ({}); check its path", why(&error))
        };
        failed(Position::default(), what)
    })?;
    let tree = yaml::parse(&text).map_err(|error| failed(error.position, error.message))?;
    let mut reading = Reading::new(&environment);
    let config = check(file, &tree, &mut reading);
    match config {
        Some(config) if reading.problems.is_empty() => Ok(config),
        _ => Err(ConfigErrors { file: name, problems: reading.problems.into_iter().collect() }),
    }
}

/// Shells know `HOSTNAME` but rarely export it: the kernel is asked then.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().or_else(|| (name == "HOSTNAME").then(host_name)?)
}

fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// `None` only with a problem.
fn check(file: &Path, tree: &Node, reading: &mut Reading<'_>) -> Option<Config> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let top = reading.section(tree, "configuration", TOP);
    refuse_what_is_not_applied(top, reading);
    let id = id(top, reading);
    let home = top.required("home_country", "`home_country: KR`", reading);
    let home_country = reading.parsed(home, "home_country", country);
    let sensitive = sensitive(top, reading);
    let egress = egress(top, folder, reading);
    let outputs = outputs(top, egress.as_ref(), folder, reading);
    let routes = routes::routes(top.get("routes"), reading);
    let facts = facts(top, folder, reading);
    let keys = files::token_keys(top, folder, reading);
    let geo_databases = files::databases(top.get("geo"), folder, reading);
    let rules = files::existing(top.get("rules"), "rules", folder, reading);
    let listen = listen(top, reading);
    let state_dir = files::state_dir(top.get("state_dir"), folder, reading);
    if let (Some(egress), Some(outputs)) = (&egress, &outputs) {
        refuse_a_loop(top, egress, outputs, reading);
    }
    let mut config = Config {
        file: file.to_owned(),
        id: id?,
        home_country: home_country?,
        sensitive,
        egress: egress?,
        outputs: outputs?,
        routes,
        facts,
        keys,
        geo_databases,
        rules,
        listen,
        state_dir: state_dir?,
        digest: digest::digest(top),
        warnings: Vec::new(),
    };
    config.warnings = warnings(top, &config);
    Some(config)
}

/// Keys of the contract that this version reads but does not apply: an operator who sets one relies on it.
fn refuse_what_is_not_applied(top: Section<'_>, reading: &mut Reading<'_>) {
    let skew = top.get("clock_skew_max");
    if !reading.duration(skew, "clock_skew_max", Duration::ZERO).is_zero() {
        let position = skew.map_or(top.position, |node| node.position);
        reading.problem(position, "this version applies no `clock_skew_max`; write `0s` or leave it out");
    }
    if let Some(first) = reading.list(top.get("overrides"), "overrides").first() {
        reading
            .problem(first.position, "this version applies no `overrides`; write `[]` or leave the key out");
    }
}

fn id(top: Section<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let written = top.required("id", "a name that no other machine has, as in `id: ${HOSTNAME}`", reading);
    reading.parsed(written, "id", |text| match text.trim() {
        "" => Err("`id` is empty; write a name that no other machine has".to_owned()),
        text => Ok(text.to_owned()),
    })
}

fn country(text: &str) -> Result<Country, String> {
    Country::parse(text)
        .ok_or_else(|| "not a country; write its two letters (ISO 3166-1), as in `KR`".to_owned())
}

fn sensitive(top: Section<'_>, reading: &mut Reading<'_>) -> Vec<EntityType> {
    let parse = |text: &str| {
        EntityType::parse(text).ok_or_else(|| {
            let known = EntityType::ALL.map(EntityType::as_str);
            match yaml::nearest(text, known) {
                Some(near) => format!("not an entity type; did you mean `{near}`?"),
                None => format!("not an entity type; write one of {}", known.join(", ")),
            }
        })
    };
    let items = reading.list(top.get("sensitive"), "sensitive");
    let mut sensitive: Vec<EntityType> =
        items.iter().filter_map(|node| reading.parsed(Some(node), "sensitive", parse)).collect();
    sensitive.sort_unstable();
    sensitive.dedup();
    sensitive
}

fn egress(top: Section<'_>, folder: &Path, reading: &mut Reading<'_>) -> Option<Egress> {
    let written = top.required("egress", "the cluster that carries outbound data", reading)?;
    let section = reading.section(written, "egress", EGRESS);
    let brokers = section.required("brokers", "`brokers: [host:9092]`", reading);
    let brokers = brokers.map(|node| self::brokers(node, reading)).unwrap_or_default();
    let topics = section.required("topics", "the topics to inspect, as in `topics: [orders]`", reading);
    if let Some(node) =
        topics.filter(|node| matches!(&node.value, yaml::Value::List(items) if items.is_empty()))
    {
        reading.problem(node.position, "`topics` is empty; write the topics to inspect");
    }
    let start_from = reading.parsed(section.get("start_from"), "start_from", start_from);
    let lanes = reading.parsed(section.get("lanes"), "lanes", lanes);
    Some(Egress {
        cluster: Cluster { brokers, kafka: kafka::properties(section.get("kafka"), folder, reading) },
        group: reading
            .parsed(section.get("group"), "group", |text| {
                let named = (!text.trim().is_empty()).then(|| text.to_owned());
                named.ok_or_else(|| "`group` is empty; write a name, as in `sumun`".to_owned())
            })
            .unwrap_or("sumun".to_owned()),
        topics: routes::topics(topics, "topics", reading),
        exclude: excluded(section.get("exclude"), reading),
        start_from: start_from.unwrap_or(StartFrom::Latest),
        lanes: lanes.unwrap_or(Lanes::Auto),
    })
}

/// librdkafka takes all exclusions as one text that it cuts at commas.
fn excluded(node: Option<&Node>, reading: &mut Reading<'_>) -> Vec<TopicPattern> {
    let topics = routes::topics(node, "exclude", reading);
    if let Some(node) = node.filter(|_| topics.iter().any(|topic| topic.as_str().contains(','))) {
        reading.problem(node.position, "a pattern of `exclude` holds a comma; write two patterns");
    }
    topics
}

fn brokers(node: &Node, reading: &mut Reading<'_>) -> Vec<String> {
    let items = reading.list(Some(node), "brokers");
    if items.is_empty() {
        reading.problem(node.position, "`brokers` is empty; write `[host:9092]`");
    }
    let parse = |text: &str| {
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let fits = !host.is_empty() && port.parse::<u16>().is_ok() && !text.contains([' ', ',', '/']);
        if fits { Ok(text.to_owned()) } else { Err("not a broker; write `host:port`".to_owned()) }
    };
    items.iter().filter_map(|node| reading.parsed(Some(node), "brokers", parse)).collect()
}

fn start_from(text: &str) -> Result<StartFrom, String> {
    match text {
        "earliest" => Ok(StartFrom::Earliest),
        "latest" => Ok(StartFrom::Latest),
        time => parse_rfc3339_ms(time).map(StartFrom::Time).ok_or_else(|| {
            "`start_from` is none of earliest, latest or a time; write a time as in `2026-11-01T00:00:00+09:00`"
                .to_owned()
        }),
    }
}

fn lanes(text: &str) -> Result<Lanes, String> {
    match text.parse::<u16>() {
        _ if text == "auto" => Ok(Lanes::Auto),
        Ok(count @ 1..=LANES_MAX) => Ok(Lanes::Count(count)),
        _ => Err(format!("`lanes` is neither `auto` nor a number from 1 to {LANES_MAX}; write `auto`")),
    }
}

fn outputs(
    top: Section<'_>,
    egress: Option<&Egress>,
    folder: &Path,
    reading: &mut Reading<'_>,
) -> Option<Outputs> {
    let written = top.required("outputs", "the topics for alerts and receipts", reading)?;
    let section = reading.section(written, "outputs", OUTPUTS);
    let topic = |key: &'static str, reading: &mut Reading<'_>| {
        let node = section.required(key, "the name of its topic", reading);
        reading.parsed(node, key, |text| match TopicPattern::parse(text) {
            Ok(TopicPattern::Name(name)) => Ok(name),
            Ok(TopicPattern::Pattern(_)) => {
                Err("a pattern names no topic to write to; write its name".to_owned())
            }
            Err(error) => Err(error.to_string()),
        })
    };
    let (alerts, receipts) = (topic("alerts", reading), topic("receipts", reading));
    if let Some(node) = section.get("receipts").filter(|_| alerts.is_some() && alerts == receipts) {
        reading.problem(node.position, "alerts and receipts go to one topic; write two names");
    }
    let interval = section.get("receipt_interval");
    let receipt_interval = reading.duration(interval, "receipt_interval", RECEIPT_INTERVAL_DEFAULT);
    if let Some(node) = interval.filter(|_| receipt_interval.is_zero()) {
        reading.problem(
            node.position,
            "a `receipt_interval` of nothing writes a receipt per record; write `5s`",
        );
    }
    let records = reading.parsed(section.get("receipt_records_max"), "receipt_records_max", |text| {
        text.parse::<u64>().ok().filter(|count| *count > 0).ok_or_else(|| {
            "`receipt_records_max` is no number of records; write one above 0, as in `100000`".to_owned()
        })
    });
    let brokers = section.get("brokers").map(|node| brokers(node, reading));
    let kafka = section.get("kafka").map(|node| kafka::properties(Some(node), folder, reading));
    let cluster = Cluster {
        brokers: brokers.or_else(|| Some(egress?.cluster.brokers.clone()))?,
        kafka: kafka.or_else(|| Some(egress?.cluster.kafka.clone()))?,
    };
    Some(Outputs {
        cluster,
        alerts: alerts?,
        receipts: receipts?,
        receipt_interval,
        receipt_records_max: records.unwrap_or(RECEIPT_RECORDS_MAX_DEFAULT),
    })
}

/// A topic that sumun writes and reads would feed itself.
fn refuse_a_loop(top: Section<'_>, egress: &Egress, outputs: &Outputs, reading: &mut Reading<'_>) {
    let one_cluster = outputs.cluster.brokers.iter().any(|broker| egress.cluster.brokers.contains(broker));
    let position = topics_position(top);
    for topic in [&outputs.alerts, &outputs.receipts] {
        if one_cluster && egress.covers(topic) {
            let message = format!(
                "`egress.topics` take in `{topic}`, which sumun writes: it would inspect itself; add it to `exclude`"
            );
            reading.problem(position, message);
        }
    }
}

/// Where `egress.topics` stands.
fn topics_position(top: Section<'_>) -> Position {
    let Some(egress) = top.get("egress") else { return top.position };
    let yaml::Value::Map(entries) = &egress.value else { return egress.position };
    let topics = Section { what: "egress", position: egress.position, entries }.get("topics");
    topics.map_or(egress.position, |node| node.position)
}

fn facts(top: Section<'_>, folder: &Path, reading: &mut Reading<'_>) -> Facts {
    let section = top.get("facts").map(|node| reading.section(node, "facts", FACTS));
    let section = section.unwrap_or(Section::absent("facts"));
    Facts {
        files: files::existing(section.get("files"), "files", folder, reading),
        stale_after: reading.duration(section.get("stale_after"), "stale_after", STALE_AFTER_DEFAULT),
        stale_hold_max: reading.duration(
            section.get("stale_hold_max"),
            "stale_hold_max",
            STALE_HOLD_MAX_DEFAULT,
        ),
    }
}

fn listen(top: Section<'_>, reading: &mut Reading<'_>) -> Option<SocketAddr> {
    let section = reading.section(top.get("telemetry")?, "telemetry", &["listen"]);
    reading.parsed(section.get("listen"), "listen", |text| {
        text.parse().map_err(|_| "`listen` is no address; write `IP:PORT`, as in `127.0.0.1:9469`".to_owned())
    })
}

fn warnings(top: Section<'_>, config: &Config) -> Vec<String> {
    let place = |key: &str| top.get(key).map_or(top.position, |node| node.position);
    let mut warnings = Vec::new();
    let mut warn = |position: Position, message: String| {
        warnings.push(format!("{}:{position}: {message}", config.file.display()));
    };
    for topic in &config.egress.topics {
        let routed = config.routes.iter().flat_map(|route| &route.topics).any(|pattern| match topic {
            TopicPattern::Name(name) => pattern.matches(name),
            TopicPattern::Pattern(_) => pattern == topic,
        });
        if !routed {
            let message = "its recipients are unknown and its subjects unresolved; add a route";
            warn(topics_position(top), format!("no route is sure to match `{}`: {message}", topic.as_str()));
        }
    }
    if config.geo_databases.is_empty() && config.routes.iter().any(|route| route.address.is_some()) {
        warn(
            place("routes"),
            "no geo database: addresses tell no country; add one under `geo.databases`".to_owned(),
        );
    }
    if config.facts.files.is_empty() {
        warn(
            place("facts"),
            "no facts: every recipient is unknown and nothing is permitted; add `facts.files`".to_owned(),
        );
    }
    if config.listen.is_some_and(|address| !address.ip().is_loopback()) {
        let message = "metrics and health are served beyond this machine, without a password";
        warn(place("telemetry"), format!("{message}; listen on 127.0.0.1 where that is not meant"));
    }
    warnings
}
