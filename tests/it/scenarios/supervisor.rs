//! What systemd is told of a process: `deploy/systemd/sumun.service` relies on it.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;

use super::turn;
use crate::support::broker::Broker;
use crate::support::sumun::{Plan, Site};

const PATIENCE: Duration = Duration::from_secs(2);
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

#[test]
fn a_supervisor_hears_that_it_waits_is_ready_alive_and_stops() {
    let _turn = turn();
    let plan = Plan { alert_topic_missing: true, ..Plan::default() };
    let site = Site::planned(Broker::shared(), "supervisor", 1, plan);
    let folder = tempfile::tempdir().unwrap();
    let address = folder.path().join("notify");
    let socket = UnixDatagram::bind(&address).unwrap();
    socket.set_read_timeout(Some(ANSWER_LIMIT)).unwrap();
    let patience = PATIENCE.as_micros().to_string();
    let environment = [("NOTIFY_SOCKET", address.to_str().unwrap()), ("WATCHDOG_USEC", &patience)];
    let mut sumun = site.start_with("a", &environment);

    let waiting = hear(&socket);
    assert!(waiting.starts_with("STATUS=topic ") && waiting.contains("does not exist"), "{waiting}");
    site.create_alert_topic();
    let mut heard = hear(&socket);
    while heard.starts_with("STATUS=topic ") {
        heard = hear(&socket);
    }
    assert!(heard.starts_with("READY=1\n"), "{heard}");
    assert_eq!(hear(&socket), "WATCHDOG=1");
    assert_eq!(hear(&socket), "WATCHDOG=1");
    sumun.signal(Signal::TERM);
    let mut heard = hear(&socket);
    while heard == "WATCHDOG=1" {
        heard = hear(&socket);
    }
    assert!(heard.starts_with("STOPPING=1\n"), "{heard}");
    assert!(sumun.wait_exit().success());
}

/// The next message, without its last line end.
fn hear(socket: &UnixDatagram) -> String {
    let mut message = [0; 4096];
    let length = socket.recv(&mut message).expect("a message in time");
    String::from_utf8(message[..length].to_vec()).unwrap().trim_end().to_owned()
}
