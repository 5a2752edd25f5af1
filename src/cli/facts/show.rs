//! `sumun facts show`: facts as they are written, with the place where they stand.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::super::args::{FactsShowArgs, Format};
use super::super::exit::{Exit, Failure, Outcome};
use super::super::layout::{line, table, wrapped};
use super::super::{identifiers, json_line};
use super::{paths, unreadable};
use crate::consent::ConsentAct;
use crate::facts::{Line, Stream, read_line};
use crate::feed::files;
use crate::subject::{Keyring, SubjectToken};
use crate::text::{Language, names};

pub(super) fn run(arguments: &FactsShowArgs, language: Language) -> Outcome {
    let (paths, config) = paths(&arguments.facts)?;
    let mut found = if let Some(asked) = Asked::by_name(arguments) {
        find(&paths, |fact| asked.is(fact))?
    } else {
        let tokens = match (&arguments.token, arguments.token_type, config) {
            (Some(token), _, _) => vec![token.clone()],
            (None, Some(token_type), Some(config)) => {
                let keys = config.keys.into_iter().map(|key| (key.id, key.key)).collect();
                let tokens = identifiers::tokens(token_type, &Keyring::new(keys), language)?;
                tokens.into_iter().flatten().collect()
            }
            _ => return Err(Failure::new(Exit::Usage, "--type needs the key of -c CONFIG")),
        };
        acts_of(&paths, &tokens)?
    };
    // Other facts stay in the order of the files.
    found.sort_by(|one, other| one.rank().cmp(&other.rank()));
    let text = match arguments.output {
        Format::Json => found.iter().map(json_line).collect::<Result<String, Failure>>()?,
        Format::Human => human(&found, language),
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}

/// A fact that was asked for.
#[derive(Serialize)]
struct Found {
    file: String,
    line: u64,
    stream: &'static str,
    fact: Value,
    #[serde(skip)]
    act: Option<ConsentAct>,
}

impl Found {
    fn person(&self) -> Option<&SubjectToken> {
        self.act.as_ref().map(|act| &act.person)
    }

    /// When an act counts, among those of its person.
    fn rank(&self) -> Option<(&SubjectToken, i64, i64, &str)> {
        self.act.as_ref().map(|act| (&act.person, act.effective_ms, act.at_ms, act.event.as_str()))
    }
}

/// A fact by its id; without a version all versions.
struct Asked<'a> {
    stream: Stream,
    id: &'a str,
    version: Option<u64>,
}

impl<'a> Asked<'a> {
    fn by_name(arguments: &'a FactsShowArgs) -> Option<Asked<'a>> {
        let versioned = |stream, printed: &'a String| {
            let parts = printed.rsplit_once('@').and_then(|(id, version)| Some((id, version.parse().ok()?)));
            match parts {
                Some((id, version)) => Asked { stream, id, version: Some(version) },
                None => Asked { stream, id: printed, version: None },
            }
        };
        let disclosure = arguments.disclosure.as_ref().map(|printed| versioned(Stream::Disclosure, printed));
        let basis = arguments.basis.as_ref().map(|printed| versioned(Stream::Basis, printed));
        let recipient = arguments.recipient.as_ref();
        let recipient = recipient.map(|id| Asked { stream: Stream::Recipient, id, version: None });
        disclosure.or(basis).or(recipient)
    }

    fn is(&self, fact: &Line) -> bool {
        let (stream, id, version) = match fact {
            Line::Disclosure(fact) => (Stream::Disclosure, &fact.id, Some(fact.version)),
            Line::Basis(fact) => (Stream::Basis, &fact.id, Some(fact.version)),
            Line::Recipient(fact) => (Stream::Recipient, &fact.id, None),
            Line::Consent(_) | Line::Heartbeat(_) => return false,
        };
        stream == self.stream && id == self.id && (self.version.is_none() || self.version == version)
    }
}

/// Every act of the persons whose own token or alias, at any time, is among `tokens`.
fn acts_of(paths: &[PathBuf], tokens: &[SubjectToken]) -> Result<Vec<Found>, Failure> {
    let names =
        |act: &ConsentAct| tokens.contains(&act.person) || act.aliases.iter().any(|one| tokens.contains(one));
    let acts = find(paths, |fact| matches!(fact, Line::Consent(act) if names(act)))?;
    let persons: BTreeSet<SubjectToken> =
        acts.into_iter().filter_map(|found| found.act).map(|act| act.person).collect();
    find(paths, |fact| matches!(fact, Line::Consent(act) if persons.contains(&act.person)))
}

/// Facts as they stand in the end: of those with one key the last.
fn find(paths: &[PathBuf], is_asked: impl Fn(&Line) -> bool) -> Result<Vec<Found>, Failure> {
    let mut found: Vec<Found> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    files::read(paths, |at, stream, text| {
        let fact = read_line(stream, text)?;
        if !is_asked(&fact) {
            return Ok(());
        }
        let key = key(&fact);
        let next = Found {
            file: at.file.display().to_string(),
            line: at.line,
            stream: stream.as_str(),
            // What was just read is JSON.
            fact: serde_json::from_str(text).unwrap_or_default(),
            act: match fact {
                Line::Consent(act) => Some(act),
                _ => None,
            },
        };
        if let Some(known) = positions.get(&key).and_then(|position| found.get_mut(*position)) {
            *known = next;
        } else {
            positions.insert(key, found.len());
            found.push(next);
        }
        Ok(())
    })
    .map_err(|errors| {
        unreadable(&errors, "the facts cannot be read; `sumun facts check` tells what to correct")
    })?;
    Ok(found)
}

/// By which a later fact replaces an earlier one; one kind of fact is asked for at a time.
fn key(fact: &Line) -> String {
    match fact {
        Line::Disclosure(fact) => format!("{}@{}", fact.id, fact.version),
        Line::Basis(fact) => format!("{}@{}", fact.id, fact.version),
        Line::Recipient(fact) => fact.id.clone(),
        Line::Consent(fact) => fact.event.clone(),
        Line::Heartbeat(_) => String::new(),
    }
}

fn human(found: &[Found], language: Language) -> String {
    let mut out = String::new();
    if found.is_empty() {
        line(&mut out, language.pick("no fact", "해당하는 근거 자료 없음"));
    }
    for acts in found.chunk_by(|one, other| one.person().is_some() && one.person() == other.person()) {
        match acts {
            [first, ..] if first.act.is_some() => person(acts, language, &mut out),
            facts => {
                for fact in facts {
                    fact_lines(fact, &mut out);
                }
            }
        }
    }
    out
}

/// What one person did, in the order in which it counts.
fn person(acts: &[Found], language: Language, out: &mut String) {
    let aliases: BTreeSet<&SubjectToken> =
        acts.iter().filter_map(|found| found.act.as_ref()).flat_map(|act| &act.aliases).collect();
    if let Some(person) = acts.first().and_then(Found::person) {
        line(out, &person.0);
    }
    for alias in aliases {
        line(out, &format!("  = {}", alias.0));
    }
    let heads = language.pick(["from", "act", "of", "at"], ["효력 발생", "행위", "고지", "위치"]);
    let rows: Vec<[String; 4]> = acts.iter().filter_map(|found| row(found, language)).collect();
    out.push_str(&table(heads, &rows));
}

fn row(found: &Found, language: Language) -> Option<[String; 4]> {
    let act = found.act.as_ref()?;
    let from = jiff::Timestamp::from_millisecond(act.effective_ms).unwrap_or_default();
    let entries = act.transfers.as_ref().map_or(String::new(), |entries| format!("#{}", entries.join(",")));
    Some([
        from.to_string(),
        names::act(act.kind, language).to_owned(),
        format!("{}@{}{entries}", act.disclosure, act.version),
        format!("{}:{}", found.file, found.line),
    ])
}

/// The fact in its own words: what a company wrote is not translated.
fn fact_lines(found: &Found, out: &mut String) {
    line(out, &format!("{}:{} ({})", found.file, found.line, found.stream));
    value_lines("  ", "", &found.fact, out);
}

fn value_lines(indent: &str, key: &str, value: &Value, out: &mut String) {
    let head = if key.is_empty() { indent.to_owned() } else { format!("{indent}{key}: ") };
    match value {
        Value::Object(fields) => {
            let inner = if key.is_empty() { indent.to_owned() } else { format!("{indent}  ") };
            if !key.is_empty() {
                line(out, head.trim_end());
            }
            for (key, value) in fields {
                value_lines(&inner, key, value, out);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (position, item) in items.iter().enumerate() {
                match scalar(item) {
                    Some(text) => wrapped(out, &format!("{indent}{key}[{position}]: "), &text),
                    None => value_lines(indent, &format!("{key}[{position}]"), item, out),
                }
            }
        }
        Value::Array(items) => {
            wrapped(out, &head, &items.iter().filter_map(scalar).collect::<Vec<_>>().join(", "));
        }
        scalar_value => wrapped(out, &head, &scalar(scalar_value).unwrap_or_default()),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) | Value::Array(_) => None,
        other => Some(other.to_string()),
    }
}
