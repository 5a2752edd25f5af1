//! Named checks that decide whether the process is ready, with the reason in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// The state of one named check. The text says what is or what is missing, and never holds payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    Ok(String),
    /// Shown, but the process is ready: something an operator should know, such as unknown freshness.
    Warning(String),
    /// The process is not ready.
    Failing(String),
}

impl Check {
    fn word_and_text(&self) -> (&'static str, &str) {
        match self {
            Check::Ok(text) => ("ok", text),
            Check::Warning(text) => ("warning", text),
            Check::Failing(text) => ("failing", text),
        }
    }
}

/// The checks of a process. Lanes set them when something changes, `/readyz` reads them.
#[derive(Debug, Default)]
pub struct Health {
    checks: Mutex<BTreeMap<String, Dated>>,
}

#[derive(Debug)]
struct Dated {
    check: Check,
    /// When that was of which the check tells; `None` where it is not said.
    at: Option<Timestamp>,
}

impl Health {
    /// Every name begins as failing with "not yet known", so that a part that never reports is not overlooked.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Health {
        let checks = names
            .into_iter()
            .map(|name| {
                (name.to_owned(), Dated { check: Check::Failing("not yet known".to_owned()), at: None })
            })
            .collect();
        Health { checks: Mutex::new(checks) }
    }

    pub fn set(&self, name: &str, check: Check) {
        self.put(name, Dated { check, at: None });
    }

    /// Sets a check that tells of something that was at `at`: its age is shown and grows.
    pub fn set_at(&self, name: &str, check: Check, at: Timestamp) {
        self.put(name, Dated { check, at: Some(at) });
    }

    fn put(&self, name: &str, dated: Dated) {
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        match checks.get_mut(name) {
            Some(known) => *known = dated,
            None => {
                checks.insert(name.to_owned(), dated);
            }
        }
    }

    /// Without any check a process is not ready: nothing has vouched for it.
    pub fn is_ready(&self) -> bool {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        !checks.is_empty() && !checks.values().any(|dated| matches!(dated.check, Check::Failing(_)))
    }

    /// One line per check, `[ok] name: text`, sorted by name. Where it has a time it is followed by
    /// `; 2026-11-24T05:00:00Z, 42 s ago`.
    pub fn report(&self, now: Timestamp) -> String {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        for (name, Dated { check, at }) in checks.iter() {
            let (word, text) = check.word_and_text();
            let when = at.map(|at| format!("; {}, {} ago", at.strftime("%FT%TZ"), age(now, at)));
            // Writing to a String cannot fail.
            writeln!(out, "[{word}] {name}: {text}{}", when.unwrap_or_default()).unwrap_or_default();
        }
        out
    }
}

/// In the largest unit of which there are at least two.
fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Check, Health};

    #[test]
    fn a_part_that_never_reported_keeps_the_process_unready() {
        let health = Health::new(["facts", "lane-0 assignment"]);
        health.set("facts", Check::Ok("12 facts".into()));
        assert!(!health.is_ready());
        health.set("lane-0 assignment", Check::Ok("3 partitions".into()));
        assert!(health.is_ready());
    }

    #[test]
    fn a_warning_is_shown_and_does_not_block() {
        let health = Health::new(["facts"]);
        health.set("facts", Check::Ok("12 facts".into()));
        health.set("freshness", Check::Warning("unknown: no heartbeats are configured".into()));
        assert!(health.is_ready());
        assert_eq!(
            health.report(Timestamp::UNIX_EPOCH),
            "[ok] facts: 12 facts\n[warning] freshness: unknown: no heartbeats are configured\n"
        );
    }

    #[test]
    fn a_time_is_shown_with_its_age() {
        let check = |seconds: i64, shown: &str| {
            let health = Health::default();
            health.set_at("snapshot", Check::Ok("in use".into()), Timestamp::from_second(60).unwrap());
            let report = health.report(Timestamp::from_second(60 + seconds).unwrap());
            assert_eq!(report, format!("[ok] snapshot: in use; 1970-01-01T00:01:00Z, {shown} ago\n"));
        };
        // A clock may be set back.
        check(-5, "0 s");
        check(119, "119 s");
        check(120, "2 min");
        check(7_199, "119 min");
        check(172_799, "47 h");
        check(172_800, "2 d");
    }

    #[test]
    fn nothing_known_is_not_ready() {
        assert!(!Health::default().is_ready());
    }
}
