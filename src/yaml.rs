//! The one place that reads YAML.
//!
//! Two ways in: [`from_text`] into a type, for files of a fixed shape that are right or wrong as a whole (rules);
//! [`parse`] into a tree of [`Node`]s that remember where they stood, for the configuration, whose every mistake
//! is to be reported at once. Duplicate keys are errors in both. Errors carry a place and what is wrong, and of
//! the file's text nothing but names of keys: a configuration holds secrets.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle};

/// Deeper nesting is refused: no file of ours needs it, and reading recurses.
const NESTING_MAX: usize = 32;

/// A place in a file, counted from 1; columns are characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong, and where. Holds nothing of the text but names of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct Error {
    pub position: Position,
    pub message: String,
}

impl Error {
    pub fn new(position: Position, message: impl Into<String>) -> Error {
        Error { position, message: message.into() }
    }
}

/// Reads one document. Unknown keys are refused where `T` says `deny_unknown_fields`.
pub fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| told(&error))
}

fn position_of(location: serde_saphyr::Location) -> Position {
    Position {
        line: u32::try_from(location.line()).unwrap_or(u32::MAX),
        column: u32::try_from(location.column()).unwrap_or(u32::MAX),
    }
}

/// The library's texts may quote what they found: only those parts are passed on that cannot.
fn told(error: &serde_saphyr::Error) -> Error {
    use serde_saphyr::Error as E;
    let message = match error.without_snippet() {
        E::SerdeUnknownField { field, expected, .. } => match nearest(field, expected.iter().copied()) {
            Some(known) => format!("unknown key `{field}`; did you mean `{known}`?"),
            None => format!("unknown key `{field}`; known are {}", expected.join(", ")),
        },
        E::SerdeUnknownVariant { expected, .. } => format!("expected one of {}", expected.join(", ")),
        E::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        E::SerdeInvalidType { expected, .. }
        | E::SerdeInvalidValue { expected, .. }
        | E::SerdeInvalidLength { expected, .. } => format!("expected {expected}"),
        E::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` stands twice"),
        E::DuplicateMappingKey { key: None, .. } => "a key stands twice".to_owned(),
        E::InvalidScalar { ty, .. } => format!("expected {ty}"),
        E::Unexpected { expected, .. } => format!("expected {expected}"),
        // What a `Deserialize` of this crate says.
        E::Message { msg, .. } => msg.clone(),
        E::QuotingRequired { .. } => "the text needs quotes".to_owned(),
        E::MultipleDocuments { .. } => "a second document; a file holds one".to_owned(),
        E::Eof { .. } => "the file is empty or ends too early".to_owned(),
        _ => "not the YAML that is expected here".to_owned(),
    };
    Error { position: error.location().map(position_of).unwrap_or_default(), message }
}

/// A value as it was written, and where.
#[derive(Clone)]
pub struct Node {
    pub position: Position,
    pub value: Value,
}

#[derive(Clone)]
pub enum Value {
    /// `plain` is a scalar without quotes: only such a one can be a number, a boolean or null.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map with its value; no key stands twice.
#[derive(Clone)]
pub struct Entry {
    pub key: String,
    pub key_position: Position,
    pub node: Node,
}

impl Node {
    /// Nothing was written, or `~`, or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }
}

/// Reads one document. Anchors, aliases and tags are refused: what stands at a place is what holds there.
pub fn parse(text: &str) -> Result<Node, Error> {
    let mut options = granit_parser::Options::default();
    options.emit_comments = false;
    options.flow_nesting_limit = NESTING_MAX;
    options.block_nesting_limit = NESTING_MAX;
    let mut events =
        Events { parser: Parser::new_from_str_with_options(text, options), last: Position::default() };
    let mut document = None;
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentEnd, _) => {}
            (Event::DocumentStart(..), position) => {
                if document.is_some() {
                    return Err(Error::new(position, "a second document; a file holds one"));
                }
                let first = events.next()?;
                document = Some(events.node(first)?);
            }
            (_, position) => return document.ok_or_else(|| Error::new(position, "the file is empty")),
        }
    }
}

struct Events<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    last: Position,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Position), Error> {
        match self.parser.next_event() {
            None => Ok((Event::StreamEnd, self.last)),
            Some(Ok((event, span))) => {
                self.last = marked(&span.start);
                Ok((event, self.last))
            }
            Some(Err(error)) => {
                let message = format!(
                    "not YAML: {}; check indentation, quotes and brackets here and just above",
                    syntax(error.kind())
                );
                Err(Error::new(marked(error.marker()), message))
            }
        }
    }

    fn node(&mut self, (event, position): (Event<'a>, Position)) -> Result<Node, Error> {
        if event.tag().is_some() || event.anchor_id().is_some() || event.is_alias() {
            return Err(Error::new(
                position,
                "anchors, aliases and tags are not used here; write the value itself",
            ));
        }
        let value = match event {
            Event::Scalar(text, style, ..) => {
                Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => self.list()?,
            Event::MappingStart(..) => self.map()?,
            _ => return Err(Error::new(position, "not YAML: a value is expected here")),
        };
        Ok(Node { position, value })
    }

    fn list(&mut self) -> Result<Value, Error> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                event => items.push(self.node(event)?),
            }
        }
    }

    fn map(&mut self) -> Result<Value, Error> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.0, Event::MappingEnd) {
                return Ok(Value::Map(entries));
            }
            let key = self.node(event)?;
            let Value::Scalar { text, .. } = key.value else {
                return Err(Error::new(key.position, "a key must be a text"));
            };
            if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                let message = format!("the key `{text}` stands twice, first at {}", first.key_position);
                return Err(Error::new(key.position, message));
            }
            let event = self.next()?;
            let node = self.node(event)?;
            entries.push(Entry { key: text, key_position: key.position, node });
        }
    }
}

fn marked(marker: &granit_parser::Marker) -> Position {
    Position {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col() + 1).unwrap_or(u32::MAX),
    }
}

/// The parser's texts are fixed ones but for a character it did not expect, which may be part of a secret.
fn syntax(kind: &granit_parser::ErrorKind) -> String {
    match kind {
        granit_parser::ErrorKind::UnexpectedCharacter { .. } => {
            "a character that cannot stand here".to_owned()
        }
        granit_parser::ErrorKind::Custom(_) => "it cannot be read".to_owned(),
        kind => kind.to_string(),
    }
}

/// The known name that a mistyped one most likely means: at most a third of it (and at least one letter) differs.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let differ_max = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= differ_max)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, to delete, to replace or (neighbours) to swap: the optimal string alignment distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (row, letter) in a.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in b.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let mut cost = (at(&last, column + 1) + 1)
                .min(at(&current, column) + 1)
                .min(at(&last, column) + usize::from(letter != *other));
            if column > 0 && previous == Some(*other) && b.get(column - 1) == Some(&letter) {
                cost = cost.min(at(&before_last, column - 1) + 1);
            }
            current.push(cost);
        }
        before_last = std::mem::replace(&mut last, current);
        previous = Some(letter);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Position, Value, from_text, nearest, parse};

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Rule {
        id: String,
        #[serde(default)]
        weight: u32,
    }

    #[track_caller]
    fn refused(text: &str, line: &str) {
        let error = from_text::<Rule>(text).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), line);
    }

    #[test]
    fn a_type_is_read_and_its_mistakes_are_told_with_places_and_without_values() {
        let rule: Rule = from_text("weight: 3\nid: rrn\n").unwrap();
        assert_eq!((rule.id.as_str(), rule.weight), ("rrn", 3));
        refused("id: a\nwieght: 3\n", "2:1: unknown key `wieght`; did you mean `weight`?");
        refused("id: a\nid: b\n", "2:1: the key `id` stands twice");
        refused("id: a\nweight: geheim\n", "2:9: expected u32");
        refused("weight: 1\n", "1:1: the key `id` is missing");
    }

    #[track_caller]
    fn broken(text: &str, line: &str) {
        assert_eq!(parse(text).map(|_| ()).unwrap_err().to_string(), line);
    }

    #[test]
    fn a_tree_remembers_where_everything_stood() {
        let Value::Map(entries) = parse("a: 1\nb: [x, 'y']\n").unwrap().value else { panic!("a map") };
        assert_eq!(entries[1].key_position, Position { line: 2, column: 1 });
        let Value::List(items) = &entries[1].node.value else { panic!("a list") };
        assert_eq!(items[1].position, Position { line: 2, column: 8 });
        assert!(matches!(&items[1].value, Value::Scalar { text, plain: false } if text == "y"));
        assert!(parse("a:\n").is_ok_and(|node| matches!(node.value, Value::Map(e) if e[0].node.is_null())));
    }

    #[test]
    fn what_is_not_plain_yaml_is_refused_at_its_place_and_never_quoted() {
        broken("", "1:1: the file is empty");
        broken("a: 1\nb: 2\na: 3\n", "3:1: the key `a` stands twice, first at 1:1");
        broken(
            "a: &x geheim\nb: *x\n",
            "1:7: anchors, aliases and tags are not used here; write the value itself",
        );
        broken(
            "a: !secret geheim\n",
            "1:12: anchors, aliases and tags are not used here; write the value itself",
        );
        broken("a: 1\n---\nb: 2\n", "2:1: a second document; a file holds one");
        for (text, place_and_what) in [
            ("a: [geheim\nb: 1\n", "2:2: not YAML: illegal placement of ':' indicator"),
            ("a: @geheim\n", "1:4: not YAML: a character that cannot stand here"),
            (&"[".repeat(40), "1:33: not YAML: recursion limit exceeded"),
        ] {
            let remedy = "check indentation, quotes and brackets here and just above";
            broken(text, &format!("{place_and_what}; {remedy}"));
        }
    }

    #[test]
    fn the_nearest_name_is_suggested_only_where_it_is_near() {
        let known = ["topics", "exclude", "start_from"];
        assert_eq!(nearest("topcis", known), Some("topics"));
        assert_eq!(nearest("startfrom", known), Some("start_from"));
        assert_eq!(nearest("banana", known), None);
    }
}
