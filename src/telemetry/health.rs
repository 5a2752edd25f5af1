//! Named checks that decide whether the process is ready, with the reason in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

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
    checks: Mutex<BTreeMap<String, Check>>,
}

impl Health {
    /// Every name begins as failing with "not yet known", so that a part that never reports is not overlooked.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Health {
        let checks = names
            .into_iter()
            .map(|name| (name.to_owned(), Check::Failing("not yet known".to_owned())))
            .collect();
        Health { checks: Mutex::new(checks) }
    }

    pub fn set(&self, name: &str, check: Check) {
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        match checks.get_mut(name) {
            Some(known) => *known = check,
            None => {
                checks.insert(name.to_owned(), check);
            }
        }
    }

    /// Without any check a process is not ready: nothing has vouched for it.
    pub fn is_ready(&self) -> bool {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        !checks.is_empty() && !checks.values().any(|check| matches!(check, Check::Failing(_)))
    }

    /// One line per check, `[ok] name: text`, sorted by name.
    pub fn report(&self) -> String {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        for (name, check) in checks.iter() {
            let (word, text) = check.word_and_text();
            // Writing to a String cannot fail.
            writeln!(out, "[{word}] {name}: {text}").unwrap_or_default();
        }
        out
    }
}

#[cfg(test)]
mod tests {
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
            health.report(),
            "[ok] facts: 12 facts\n[warning] freshness: unknown: no heartbeats are configured\n"
        );
    }

    #[test]
    fn nothing_known_is_not_ready() {
        assert!(!Health::default().is_ready());
    }
}
