//! A real Apache Kafka: one broker, its own controller, on free loopback ports, with a folder of its own.
//!
//! One broker is shared by all tests of the process; a test that kills the broker starts its own. The broker
//! dies with the test process, however that dies: a shell waits on a pipe and kills it when the pipe closes.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::{kafka, wait};

/// A broker named here is used for every test that does not kill it.
const SHARED_BROKER_ENV: &str = "SUMUN_TEST_KAFKA";
const START_LIMIT_S: u64 = 90;

/// Its first line of input, or the end of it, is the signal that ends the broker; then the folder goes.
const KEEPER: &str = r#"
trap '' HUP INT TERM
folder=$1; shift
"$@" &
broker=$!
signal=KILL
read -r signal || signal=KILL
kill "-$signal" "$broker" 2>/dev/null
wait "$broker"
[ -z "$folder" ] || rm -rf "$folder"
"#;

/// The one principal that a guarded broker knows besides those of the tests, and its password.
pub const GUARDED_USER: &str = "sumun";

pub struct Broker {
    bootstrap: String,
    /// Where clients must say who they are, and may do only what they were allowed.
    guarded: Option<String>,
    own: Option<Own>,
}

struct Own {
    folder: PathBuf,
    keeper: Option<Child>,
    /// Removes the folder; the shared broker's is removed by its keeper, since statics are never dropped.
    _folder: Option<TempDir>,
}

impl Broker {
    /// The broker that all tests share.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var(SHARED_BROKER_ENV) {
            Ok(bootstrap) => Broker { bootstrap, guarded: None, own: None },
            Err(_) => Broker::start(Keep::UntilExit, false),
        })
    }

    /// A broker that the test may kill.
    pub fn own() -> Broker {
        Broker::start(Keep::UntilDrop, false)
    }

    /// A broker with rights: the tests' own hands may do everything at `bootstrap`, others nothing at
    /// `guarded_bootstrap` that they were not allowed.
    pub fn guarded() -> Broker {
        Broker::start(Keep::UntilDrop, true)
    }

    /// Where sumun is to connect.
    pub fn guarded_bootstrap(&self) -> &str {
        self.guarded.as_deref().expect("a broker with rights")
    }

    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    pub fn cluster_id(&self) -> String {
        kafka::cluster_id(&self.bootstrap).expect("the broker answers")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.own_mut().end("KILL");
    }

    /// Starts again on the same ports and folder.
    pub fn restart(&mut self) {
        let bootstrap = self.bootstrap.clone();
        let own = self.own_mut();
        own.keeper = Some(run(&own.folder, Keep::UntilDrop));
        own.wait_for_start(&bootstrap);
    }

    fn own_mut(&mut self) -> &mut Own {
        self.own.as_mut().expect("only a broker of its own is killed by a test")
    }

    fn start(keep: Keep, is_guarded: bool) -> Broker {
        let temp = tempfile::Builder::new()
            .prefix("kafka-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("a folder under target/tmp");
        let (folder, temp) = match keep {
            Keep::UntilDrop => (temp.path().to_owned(), Some(temp)),
            Keep::UntilExit => (temp.keep(), None),
        };
        let [port, controller_port, guarded_port] = free_ports();
        let bootstrap = format!("127.0.0.1:{port}");
        let guarded = is_guarded.then_some(guarded_port);
        fs::write(folder.join("server.properties"), properties(&folder, port, controller_port, guarded))
            .unwrap();
        format(&folder, port);
        let own = Own { keeper: Some(run(&folder, keep)), folder, _folder: temp };
        own.wait_for_start(&bootstrap);
        let guarded = guarded.map(|port| format!("127.0.0.1:{port}"));
        Broker { bootstrap, guarded, own: Some(own) }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Keep {
    UntilDrop,
    UntilExit,
}

impl Own {
    fn end(&mut self, signal: &str) {
        if let Some(mut keeper) = self.keeper.take() {
            // A keeper that is gone already has ended its broker.
            if let Some(mut input) = keeper.stdin.take() {
                drop(writeln!(input, "{signal}"));
            }
            keeper.wait().expect("the keeper ends");
        }
    }

    fn wait_for_start(&self, bootstrap: &str) {
        wait::until("the broker to start", START_LIMIT_S, || {
            let log = fs::read_to_string(self.folder.join("broker.log")).unwrap_or_default();
            assert!(!log.contains("Exception"), "the broker did not start:\n{log}");
            kafka::cluster_id(bootstrap)
        });
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.end("KILL");
    }
}

/// The ports are free when asked; nobody else on a test machine takes them in the second that follows.
pub(super) fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn properties(folder: &Path, port: u16, controller_port: u16, guarded_port: Option<u16>) -> String {
    let guard = |text: &dyn Fn(u16) -> String| guarded_port.map_or(String::new(), text);
    let (guarded, rights) = (guard(&|port| format!(",GUARDED://127.0.0.1:{port}")), guard(&|_| rights()));
    // Replication factors of 1, few internal partitions, no wait for a group's first member, and no
    // retention: records of the tests carry timestamps of 2024 and would be deleted.
    format!(
        "process.roles=broker,controller
node.id=1
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}{guarded}
advertised.listeners=BROKER://127.0.0.1:{port}{guarded}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,GUARDED:SASL_PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller_port}
log.dirs={}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
log.retention.ms=-1
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
{rights}",
        folder.join("data").display()
    )
}

/// Who does not say who he is comes by the other listener, and may do everything.
fn rights() -> String {
    format!(
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
sasl.enabled.mechanisms=PLAIN
listener.name.guarded.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_{GUARDED_USER}=\"{GUARDED_USER}\";
"
    )
}

fn format(folder: &Path, port: u16) {
    // 16 bytes in base64: each broker is a cluster of its own.
    let cluster_id = format!("sumuntestkafka{port:07}A");
    let output = java()
        .args(["kafka.tools.StorageTool", "format", "-t", &cluster_id, "-c"])
        .arg(folder.join("server.properties"))
        .output()
        .expect("Java runs");
    assert!(output.status.success(), "format: {}", String::from_utf8_lossy(&output.stderr));
}

fn run(folder: &Path, keep: Keep) -> Child {
    let log = File::create(folder.join("broker.log")).unwrap();
    let java = java();
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).arg(if keep == Keep::UntilExit {
        folder.as_os_str()
    } else {
        "".as_ref()
    });
    keeper
        .arg(java.get_program())
        .args(java.get_args())
        .arg("kafka.Kafka")
        .arg(folder.join("server.properties"));
    keeper.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log).spawn().expect("sh runs")
}

/// Java on the broker's class path.
///
/// Panics with the command that installs what is missing.
pub fn java() -> Command {
    static JARS: OnceLock<PathBuf> = OnceLock::new();
    let jars = JARS.get_or_init(|| {
        let found = Command::new("java").arg("-version").output().is_ok_and(|output| output.status.success());
        assert!(found, "Java is missing: apt-get install --no-install-recommends openjdk-17-jre-headless");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("kafka");
        let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/kafka/fetch"))
            .arg(&folder)
            .output()
            .expect("sh runs");
        assert!(
            output.status.success(),
            "the broker's jars could not be fetched:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        folder.join("lib").join("*") // expanded by Java, not by a shell
    });
    let mut java = Command::new("java");
    java.args(["-Xmx384m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]).arg(jars);
    java
}

#[test]
fn a_broker_that_is_killed_keeps_its_records() {
    let mut broker = Broker::own();
    kafka::create_topic(broker.bootstrap(), "kept", 1, &[]);
    let producer = kafka::Producer::new(broker.bootstrap());
    producer.send(&kafka::Message::new("kept", 0).value(b"one"));
    producer.flush();
    broker.kill();
    broker.restart();
    let records = kafka::read_all(broker.bootstrap(), "kept");
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].value, b"one");
}

#[test]
fn the_shared_broker_answers() {
    assert!(!Broker::shared().cluster_id().is_empty());
}
