//! The rules in `patterns/`: data, with their sources and with the examples that test them (`patterns/README.md`).

use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::keys::{Bearer, Dictionary, Strength};
use super::look_alike::LookAlike;
use super::phone::{Plan, Range};
use crate::entity::EntityType;
use crate::yaml;

/// Name and text of the rules that are built in.
const BUILT_IN: [(&str, &str); 2] = [
    ("patterns/phone_number.yaml", include_str!("../../patterns/phone_number.yaml")),
    (
        "patterns/resident_registration_number.yaml",
        include_str!("../../patterns/resident_registration_number.yaml"),
    ),
];
const LOOK_ALIKES: (&str, &str) =
    ("patterns/look_alikes.yaml", include_str!("../../patterns/look_alikes.yaml"));

/// Name and text of every rule file that is built in, in the order in which they are read.
pub fn built_in_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    std::iter::once(LOOK_ALIKES).chain(BUILT_IN)
}

/// Why a rule is refused.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// As compilers say it: file, line, column.
    #[error("{file}:{error}")]
    Yaml { file: String, error: yaml::Error },
    #[error("{file}: `{key}` belongs to the built-in rule of {entity} only")]
    NotOurs { file: String, key: &'static str, entity: &'static str },
    #[error("{file}: there is no built-in rule of {entity} to add to")]
    NoSuchRule { file: String, entity: &'static str },
    #[error("{file}: {list} {number}: {problem}")]
    Example { file: String, list: &'static str, number: usize, problem: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    entity: EntityType,
    version: u32,
    /// Where the facts come from; people read them, the program does not.
    #[serde(rename = "sources")]
    _sources: Vec<String>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    weak_keys: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    country_keys: Vec<String>,
    #[serde(default)]
    plan: Vec<Range>,
    #[serde(default)]
    placeholders: Vec<String>,
    #[serde(default)]
    specimens: Vec<String>,
    #[serde(default)]
    examples: Vec<Example>,
    #[serde(default)]
    counter_examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookAlikeFile {
    #[serde(rename = "version")]
    _version: u32,
    /// Fields that name their sibling.
    kind_keys: Vec<String>,
    look_alikes: Vec<LookAlikeNames>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookAlikeNames {
    name: LookAlike,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    weak_keys: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
}

/// A whole payload, or one field of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    #[serde(default)]
    payload: Option<String>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    value: Option<String>,
    /// The value as a JSON number.
    #[serde(default)]
    number: Option<String>,
    /// What is found, masked, in record order.
    #[serde(default)]
    masked: Vec<String>,
}

/// All rules, compiled.
#[derive(Default)]
pub(super) struct Rules {
    /// Names of fields, and words that stand before a number.
    pub(super) fields: Dictionary,
    pub(super) labels: Dictionary,
    pub(super) plan: Plan,
    pub(super) grounds: Grounds,
    pub(super) digest: String,
    /// The first bytes of the digest: tells these rules from others in a memo.
    pub(super) stamp: u64,
    tests: Vec<Test>,
    built_in: Vec<EntityType>,
}

/// Evidence that is no name.
pub(super) struct Grounds {
    pub(super) country: Arc<str>,
    pub(super) zero_lost: Arc<str>,
    pub(super) date: Arc<str>,
    pub(super) checksum: Arc<str>,
}

impl Default for Grounds {
    fn default() -> Grounds {
        Grounds {
            country: "country:82".into(),
            zero_lost: "zero_lost".into(),
            date: "date".into(),
            checksum: "checksum".into(),
        }
    }
}

/// What an example promises.
pub(super) struct Test {
    pub(super) file: Arc<str>,
    pub(super) list: &'static str,
    pub(super) number: usize,
    pub(super) entity: EntityType,
    pub(super) payload: String,
    pub(super) masked: Vec<String>,
}

impl Rules {
    /// The built-in rules and what `extra` (name and text) adds to them.
    pub(super) fn compile(extra: &[(String, String)]) -> Result<Rules, RuleError> {
        let mut rules = Rules::default();
        let mut digest = Sha256::new();
        let mut count = |text: &str| {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        };
        count(LOOK_ALIKES.1);
        rules.add_look_alikes()?;
        for (file, text) in BUILT_IN {
            count(text);
            rules.add(file, text, true)?;
        }
        for (file, text) in extra {
            count(text);
            rules.add(file, text, false)?;
        }
        let digest = digest.finalize();
        rules.digest = format!("sha256:{}", hex(&digest));
        rules.stamp = digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Ok(rules)
    }

    /// In the order of the files, each with its examples first.
    pub(super) fn tests(&self) -> &[Test] {
        &self.tests
    }

    fn add(&mut self, file: &str, text: &str, built_in: bool) -> Result<(), RuleError> {
        let rule: RuleFile =
            yaml::from_text(text).map_err(|error| RuleError::Yaml { file: file.to_owned(), error })?;
        let entity = rule.entity.as_str();
        if built_in {
            self.built_in.push(rule.entity);
        } else {
            for (key, is_empty) in
                [("plan", rule.plan.is_empty()), ("country_keys", rule.country_keys.is_empty())]
            {
                if !is_empty {
                    return Err(RuleError::NotOurs { file: file.to_owned(), key, entity });
                }
            }
            if !self.built_in.contains(&rule.entity) {
                return Err(RuleError::NoSuchRule { file: file.to_owned(), entity });
            }
        }
        if rule.version == 0 {
            let error = yaml::Error::new(yaml::Position::default(), "versions begin with 1");
            return Err(RuleError::Yaml { file: file.to_owned(), error });
        }
        let bearer = Bearer::Entity(rule.entity);
        add_names(&mut self.fields, &rule.keys, bearer, Strength::Strong);
        add_names(&mut self.fields, &rule.weak_keys, bearer, Strength::Weak);
        add_names(&mut self.labels, &rule.labels, bearer, Strength::Strong);
        add_names(&mut self.fields, &rule.country_keys, Bearer::PhoneCountry, Strength::Strong);
        self.plan.add(rule.plan);
        self.plan.placeholders.extend(rule.placeholders.iter().map(|number| digits_of(number)));
        self.plan.specimens.extend(rule.specimens.iter().map(|number| digits_of(number)));
        let file: Arc<str> = file.into();
        for (list, examples) in [("example", rule.examples), ("counter_example", rule.counter_examples)] {
            for (position, example) in examples.into_iter().enumerate() {
                self.tests.push(example.into_test(&file, list, position + 1, rule.entity)?);
            }
        }
        Ok(())
    }

    fn add_look_alikes(&mut self) -> Result<(), RuleError> {
        let (file, text) = LOOK_ALIKES;
        let names: LookAlikeFile =
            yaml::from_text(text).map_err(|error| RuleError::Yaml { file: file.to_owned(), error })?;
        add_names(&mut self.fields, &names.kind_keys, Bearer::Kind, Strength::Strong);
        for look_alike in names.look_alikes {
            let bearer = Bearer::LookAlike(look_alike.name);
            add_names(&mut self.fields, &look_alike.keys, bearer, Strength::Strong);
            add_names(&mut self.fields, &look_alike.weak_keys, bearer, Strength::Weak);
            add_names(&mut self.labels, &look_alike.labels, bearer, Strength::Strong);
        }
        Ok(())
    }
}

impl Example {
    fn into_test(
        self,
        file: &Arc<str>,
        list: &'static str,
        number: usize,
        entity: EntityType,
    ) -> Result<Test, RuleError> {
        let refused = |problem: &str| RuleError::Example {
            file: file.to_string(),
            list,
            number,
            problem: problem.to_owned(),
        };
        if (list == "example") == self.masked.is_empty() {
            return Err(refused("an example says under `masked` what is found, a counter_example does not"));
        }
        let quoted = |text: String| serde_json::Value::String(text).to_string();
        let payload = match (self.payload, self.key, self.value, self.number) {
            (Some(payload), None, None, None) => payload,
            (None, Some(key), Some(value), None) => format!("{{{}:{}}}", quoted(key), quoted(value)),
            (None, Some(key), None, Some(number)) => format!("{{{}:{number}}}", quoted(key)),
            _ => return Err(refused("it needs `payload`, or `key` with `value` or `number`")),
        };
        Ok(Test { file: Arc::clone(file), list, number, entity, payload, masked: self.masked })
    }
}

fn add_names(dictionary: &mut Dictionary, names: &[String], bearer: Bearer, strength: Strength) {
    for name in names {
        dictionary.add(name, bearer, strength);
    }
}

fn digits_of(number: &str) -> Box<[u8]> {
    number.bytes().filter(u8::is_ascii_digit).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        write!(out, "{byte:02x}").unwrap_or_default();
        out
    })
}
