//! Reading a tree of what was written, and keeping every mistake with its place.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::yaml::{self, Entry, Node, Position, Value};

/// One mistake; `message` is one line: what is wrong; what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub position: Position,
    pub message: String,
}

/// Every mistake of one file.
#[derive(Clone, Debug, thiserror::Error)]
pub struct ConfigErrors {
    pub file: String,
    /// In the order of the file.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, Problem { position, message }) in self.problems.iter().enumerate() {
            if count > 0 {
                f.write_str("\n")?;
            }
            match position.line {
                0 => write!(f, "{}: {message}", self.file)?,
                _ => write!(f, "{}:{position}: {message}", self.file)?,
            }
        }
        Ok(())
    }
}

/// Looks up an environment variable.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a reading gathers.
pub(super) struct Reading<'a> {
    environment: Environment<'a>,
    pub(super) problems: BTreeSet<Problem>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(environment: Environment<'a>) -> Reading<'a> {
        Reading { environment, problems: BTreeSet::new() }
    }

    pub(super) fn problem(&mut self, position: Position, message: impl Into<String>) {
        self.problems.insert(Problem { position, message: message.into() });
    }

    /// The map at `node`, whose keys must be among `known`.
    pub(super) fn section<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &'static [&'static str],
    ) -> Section<'n> {
        let mut section = Section { what, position: node.position, entries: &[] };
        match &node.value {
            Value::Map(entries) => {
                section.entries = entries;
                for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
                    let message = match yaml::nearest(&entry.key, known.iter().copied()) {
                        Some(near) => {
                            format!("`{what}` knows no key `{}`; did you mean `{near}`?", entry.key)
                        }
                        None => {
                            format!("`{what}` knows no key `{}`; it knows {}", entry.key, known.join(", "))
                        }
                    };
                    self.problem(entry.key_position, message);
                }
            }
            _ => self.problem(node.position, format!("`{what}` is a map; write `key: value` lines")),
        }
        section
    }

    /// The elements of a list; none where nothing is written.
    pub(super) fn list<'n>(&mut self, node: Option<&'n Node>, what: &str) -> &'n [Node] {
        match node.map(|node| (&node.value, node.position)) {
            None => &[],
            Some((Value::List(items), _)) => items,
            Some((_, position)) => {
                self.problem(
                    position,
                    format!("`{what}` is a list; write `[…]` or lines that begin with `- `"),
                );
                &[]
            }
        }
    }

    /// A scalar with `${NAME}` filled in.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let Value::Scalar { text, .. } = &node.value else {
            self.problem(node.position, format!("`{what}` is a single value; write a text"));
            return None;
        };
        if node.is_null() {
            self.problem(node.position, format!("`{what}` is empty; write a value or leave the key out"));
            return None;
        }
        match fill_in(text, self.environment) {
            Ok(text) => Some(text),
            Err(message) => {
                self.problem(node.position, message);
                None
            }
        }
    }

    /// A scalar that `parse` makes something of; its error is the message.
    pub(super) fn parsed<T>(
        &mut self,
        node: Option<&Node>,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let node = node?;
        let text = self.text(node, what)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.problem(node.position, message);
                None
            }
        }
    }

    pub(super) fn duration(&mut self, node: Option<&Node>, what: &str, default: Duration) -> Duration {
        self.parsed(node, what, |text| {
            duration(text).ok_or_else(|| {
                format!("`{what}` is no duration; write a number with ms, s, m, h or d, as in `30s`")
            })
        })
        .unwrap_or(default)
    }
}

/// A map of the file.
#[derive(Clone, Copy)]
pub(super) struct Section<'n> {
    pub(super) what: &'static str,
    pub(super) position: Position,
    pub(super) entries: &'n [Entry],
}

impl<'n> Section<'n> {
    /// A section that was not written.
    pub(super) const fn absent(what: &'static str) -> Section<'n> {
        Section { what, position: Position { line: 0, column: 0 }, entries: &[] }
    }

    /// The value under a key; an empty one counts as not written.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
            .filter(|node| !node.is_null())
    }

    pub(super) fn required(&self, key: &str, example: &str, reading: &mut Reading<'_>) -> Option<&'n Node> {
        let node = self.get(key);
        if node.is_none() {
            reading.problem(self.position, format!("`{}` lacks the key `{key}`; write {example}", self.what));
        }
        node
    }
}

/// Puts environment variables in place of `${NAME}`. The values are not repeated in errors.
fn fill_in(text: &str, environment: Environment<'_>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let name = after.split_once('}').filter(|(name, _)| is_variable(name));
        let Some((name, tail)) = name else {
            return Err("`${` begins the name of an environment variable; write `${NAME}`".to_owned());
        };
        let value = environment(name);
        filled.push_str(&value.ok_or_else(|| {
            format!("the environment has no variable `{name}`; set it, or write the value instead of `${{{name}}}`")
        })?);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `500ms`, `30s`, `15m`, `12h`, `7d`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit_ms).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration, fill_in};

    #[test]
    fn a_duration_is_a_number_with_its_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("15m"), Some(Duration::from_mins(15)));
        assert_eq!(duration("0s"), Some(Duration::ZERO));
        for text in ["", "5", "s", "5 s", "-5s", "1.5s", "99999999999999999d"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn variables_are_filled_in_within_a_text() {
        let environment = |name: &str| (name == "HOST").then(|| "a${B}".to_owned());
        assert_eq!(fill_in("x-${HOST}-$.y", &environment).unwrap(), "x-a${B}-$.y");
        assert!(fill_in("${NONE}", &environment).is_err());
        assert!(fill_in("${HOST", &environment).is_err());
        assert!(fill_in("${}", &environment).is_err());
    }
}
