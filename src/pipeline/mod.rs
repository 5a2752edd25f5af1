//! The life of the process: prove the build, wait for the outputs, run the lanes, drain them.
//!
//! Crash-only: whatever state a `kill -9` leaves is right, so an orderly end is only a quicker one. It has a
//! watchdog, because librdkafka can wait for ever for a broker that is gone.

mod features;
mod stop;
mod supervisor;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use rdkafka::error::RDKafkaErrorCode;

use crate::connection::Connection;
use crate::lane::{self, Lane, LaneError, Snapshot};
use crate::offsets::StartFrom;
use crate::sink::Sink;
use crate::source;
use crate::telemetry::{Check, Health, Metrics};

pub use features::missing_features;
pub use stop::Stop;
use supervisor::Supervisor;

/// From the first signal to the end of the process, whatever happens.
const SHUTDOWN_MAX: Duration = Duration::from_secs(40);
/// A topic that is missing at start is looked for this often, and said so this often.
const TOPIC_WAIT: Duration = Duration::from_secs(1);
const TOPIC_SAID: Duration = Duration::from_secs(15);
/// How often the main thread looks at signals and lanes.
const LOOK: Duration = Duration::from_millis(100);

/// What is to be run: the configuration as the pipeline uses it.
pub struct Plan {
    /// Unique per machine; a lane's static member id is `id-lane`.
    pub id: String,
    pub egress: Connection,
    pub group: String,
    pub topics: Vec<String>,
    pub exclude: Vec<String>,
    pub start_from: StartFrom,
    pub lanes: usize,
    pub outputs: Connection,
    pub alerts_topic: String,
    pub receipts_topic: String,
    pub receipt_interval: Duration,
    pub receipt_records_max: u64,
    /// Folder of the crash journals.
    pub state_dir: PathBuf,
}

/// Why the process ended otherwise than by a signal.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("this build of librdkafka lacks {0}: records that need it would stall their partition for ever")]
    Features(String),
    #[error("the Kafka client could not be created ({0:?}); check `brokers` and `kafka`")]
    Client(Option<RDKafkaErrorCode>),
    #[error(
        "the folder of the crash journals could not be made ({0}); set `state_dir` to one that can be written"
    )]
    StateDir(std::io::Error),
    #[error("lane {lane}: {error}")]
    Lane { lane: usize, error: LaneError },
    #[error("a lane ended by a panic")]
    LanePanicked,
    #[error("the lanes did not end within {} s and were left behind; what was not committed is repeated", SHUTDOWN_MAX.as_secs())]
    Watchdog,
}

impl RunError {
    fn client(error: &rdkafka::error::KafkaError) -> RunError {
        RunError::Client(error.rdkafka_error_code())
    }
}

/// Runs the lanes until `stop` is set or one of them cannot go on.
pub fn run(
    plan: &Plan,
    snapshot: &Arc<ArcSwap<Snapshot>>,
    metrics: &Arc<Metrics>,
    health: &Arc<Health>,
    stop: &Stop,
) -> Result<(), RunError> {
    prove_build()?;
    std::fs::create_dir_all(&plan.state_dir).map_err(RunError::StateDir)?;
    let (sink, deliveries) =
        Sink::new(&plan.outputs, plan.lanes).map_err(|error| RunError::client(&error))?;
    let sink = Arc::new(sink);
    if !wait_for_outputs(plan, &sink, health, stop) {
        return Ok(());
    }
    let (ended, endings) = channel();
    for (number, deliveries) in deliveries.into_iter().enumerate() {
        let member = format!("{}-{number}", plan.id);
        let settings = lane::Settings {
            number,
            lanes: plan.lanes,
            source: source::Settings {
                connection: plan.egress.clone(),
                group: plan.group.clone(),
                member,
                topics: plan.topics.clone(),
                exclude: plan.exclude.clone(),
            },
            outputs: plan.outputs.clone(),
            alerts_topic: plan.alerts_topic.as_str().into(),
            receipts_topic: plan.receipts_topic.as_str().into(),
            start_from: plan.start_from,
            receipt_interval: plan.receipt_interval,
            receipt_records_max: plan.receipt_records_max,
            state_dir: plan.state_dir.clone(),
        };
        let (sink, snapshot) = (Arc::clone(&sink), Arc::clone(snapshot));
        let (metrics, health, stop) = (Arc::clone(metrics), Arc::clone(health), stop.clone());
        let ended = ended.clone();
        let body = move || {
            let say = |result| {
                // The receiver is gone only when the process is ending anyway.
                drop(ended.send((number, result)));
            };
            let made = Lane::new(settings, sink, deliveries, snapshot, metrics, health);
            let mut lane = match made {
                Ok(lane) => lane,
                Err(error) => return say(Err(error)),
            };
            // The lane is given up with all that it holds: what a panic left in it is only dropped.
            let result = catch_unwind(AssertUnwindSafe(|| lane.run(&stop.as_flag())));
            match result.unwrap_or(Err(LaneError::Panicked)) {
                // Dropping the lane commits and leaves the group: the process waits for that.
                Ok(()) => {
                    drop(lane);
                    say(Ok(()));
                }
                // It can wait for a broker that is away: the process is told first.
                Err(error) => {
                    say(Err(error));
                    drop(lane);
                }
            }
        };
        thread::Builder::new().name(format!("lane-{number}")).spawn(body).map_err(RunError::StateDir)?;
    }
    drop(ended);
    watch(plan.lanes, &endings, metrics, health, stop)
}

/// Waits for the lanes; asks them to end when a signal comes or one of them cannot go on.
fn watch(
    lanes: usize,
    endings: &Receiver<(usize, Result<(), LaneError>)>,
    metrics: &Metrics,
    health: &Health,
    stop: &Stop,
) -> Result<(), RunError> {
    let mut running = lanes;
    let mut supervisor = Supervisor::from_environment();
    let mut deadline: Option<Instant> = None;
    let mut outcome = Ok(());
    while running > 0 {
        match endings.recv_timeout(LOOK) {
            Ok((_, Ok(()))) => running -= 1,
            Ok((lane, Err(error))) => {
                running -= 1;
                tracing::error!(lane, %error, "a lane cannot go on; the process ends");
                stop.set();
                outcome = outcome.and(Err(RunError::Lane { lane, error }));
            }
            Err(RecvTimeoutError::Timeout) => {}
            // Every sender is gone, and not every lane has said how it ended.
            Err(RecvTimeoutError::Disconnected) => return outcome.and(Err(RunError::LanePanicked)),
        }
        supervisor.look(health.is_ready(), metrics.poll_age(SystemTime::now()));
        if stop.is_set() {
            let deadline = *deadline.get_or_insert_with(|| {
                tracing::info!("stopping: finishing what is owed");
                supervisor::say_stopping();
                Instant::now() + SHUTDOWN_MAX
            });
            if Instant::now() > deadline {
                return outcome.and(Err(RunError::Watchdog));
            }
        }
    }
    outcome
}

fn prove_build() -> Result<(), RunError> {
    match missing_features() {
        missing if missing.is_empty() => Ok(()),
        missing => Err(RunError::Features(missing.join(" and "))),
    }
}

/// A topic that is missing at start is waited for, and said so. False: stopped meanwhile.
fn wait_for_outputs(plan: &Plan, sink: &Sink, health: &Health, stop: &Stop) -> bool {
    let mut said_at: Option<Instant> = None;
    for topic in [&plan.alerts_topic, &plan.receipts_topic] {
        loop {
            if stop.is_set() {
                return false;
            }
            let why = match sink.topic_exists(topic, TOPIC_WAIT) {
                Ok(true) => break,
                Ok(false) => "does not exist".to_owned(),
                Err(error) => {
                    let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                    format!("cannot be looked up ({code:?})")
                }
            };
            let waiting = format!("topic {topic} {why}");
            supervisor::say_waiting(&waiting);
            health.set("outputs", Check::Failing(waiting));
            if said_at.is_none_or(|said_at| said_at.elapsed() >= TOPIC_SAID) {
                said_at = Some(Instant::now());
                tracing::warn!(
                    topic,
                    "the topic {why}; waiting for it (`sumun check --connect` says how to make it)"
                );
            }
            thread::park_timeout(TOPIC_WAIT);
        }
    }
    health.set("outputs", Check::Ok("topics exist".to_owned()));
    true
}
