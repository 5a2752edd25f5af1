//! `routes`: what was written, checked, in the form that `locate` compiles.

use super::read::{Reading, Section};
use crate::locate::{
    FieldPath, PATHS_MAX, RecipientSelector, RouteSpec, Routes, ScopeSpec, Selectors, Source,
    SubjectSelector, TopicPattern,
};
use crate::recipient::Binding;
use crate::subject::TokenType;
use crate::yaml::Node;

const ROUTE: &[&str] = &[
    "topics",
    "recipient",
    "address",
    "declared_country",
    "purpose",
    "transfer_type",
    "time",
    "subject",
    "scopes",
];
const SCOPE: &[&str] = &["at", "recipient", "subject"];
const SOURCE: &[&str] = &["header", "path", "key", "value"];
const RECIPIENT: &[&str] = &["header", "path", "key", "value", "topic", "match"];
const SUBJECT: &[&str] = &["header", "path", "key", "value", "token"];

pub(super) fn routes(node: Option<&Node>, reading: &mut Reading<'_>) -> Vec<RouteSpec> {
    let items = reading.list(node, "routes");
    let routes: Vec<RouteSpec> = items.iter().map(|node| route(node, reading)).collect();
    if let Err(error) = Routes::compile(&routes) {
        let position = items.get(error.route).map(|node| node.position).unwrap_or_default();
        reading.problem(position, format!("the route reads more than {PATHS_MAX} paths; split it by topics"));
    }
    routes
}

pub(super) fn topics(node: Option<&Node>, what: &str, reading: &mut Reading<'_>) -> Vec<TopicPattern> {
    let items = reading.list(node, what);
    let parse = |text: &str| TopicPattern::parse(text).map_err(|error| error.to_string());
    items.iter().filter_map(|node| reading.parsed(Some(node), what, parse)).collect()
}

fn route(node: &Node, reading: &mut Reading<'_>) -> RouteSpec {
    let section = reading.section(node, "routes", ROUTE);
    let written = section.required("topics", "the topics that it is for, as in `topics: [orders]`", reading);
    let single = |key: &'static str, reading: &mut Reading<'_>| {
        let node = section.get(key)?;
        let section = reading.section(node, key, SOURCE);
        source(section, reading)
    };
    RouteSpec {
        address: single("address", reading),
        declared_country: single("declared_country", reading),
        purpose: single("purpose", reading),
        transfer_type: single("transfer_type", reading),
        time: single("time", reading),
        topics: topics(written, "topics", reading),
        record: selectors(section, reading),
        scopes: scopes(section.get("scopes"), reading),
    }
}

fn scopes(node: Option<&Node>, reading: &mut Reading<'_>) -> Vec<ScopeSpec> {
    let mut scopes: Vec<ScopeSpec> = Vec::new();
    for node in reading.list(node, "scopes") {
        let section = reading.section(node, "scopes", SCOPE);
        let written = section.required("at", "the path of what it holds, as in `at: $.orders[*]`", reading);
        let Some(at) = reading.parsed(written, "at", path) else { continue };
        if let Some(written) = written.filter(|_| at.steps.is_empty()) {
            let message = "`$` is the record itself; put these selectors directly under the route";
            reading.problem(written.position, message);
        }
        if let Some(written) = written.filter(|_| scopes.iter().any(|scope| scope.at == at)) {
            reading.problem(written.position, "two scopes have the same path; put their selectors into one");
        }
        scopes.push(ScopeSpec { at, selectors: selectors(section, reading) });
    }
    scopes
}

fn selectors(section: Section<'_>, reading: &mut Reading<'_>) -> Selectors {
    let recipient = reading.list(section.get("recipient"), "recipient");
    let subject = reading.list(section.get("subject"), "subject");
    Selectors {
        recipient: recipient.iter().filter_map(|node| recipient_selector(node, reading)).collect(),
        subject: subject.iter().filter_map(|node| subject_selector(node, reading)).collect(),
    }
}

fn recipient_selector(node: &Node, reading: &mut Reading<'_>) -> Option<RecipientSelector> {
    let section = reading.section(node, "recipient", RECIPIENT);
    let source = source(section, reading);
    let binding = match (section.get("match"), &source) {
        (None, Some(Source::Topic)) => Some(Binding::Topics),
        (None, _) => {
            section.required("match", "what of the registry is compared, as in `match: ids`", reading);
            None
        }
        (written, _) => reading.parsed(written, "match", binding),
    };
    Some(RecipientSelector { source: source?, binding: binding? })
}

fn subject_selector(node: &Node, reading: &mut Reading<'_>) -> Option<SubjectSelector> {
    let section = reading.section(node, "subject", SUBJECT);
    let source = source(section, reading);
    let written = section.required("token", "the type of the token, as in `token: member`", reading);
    let token = reading.parsed(written, "token", token);
    Some(SubjectSelector { source: source?, token: token? })
}

fn binding(text: &str) -> Result<Binding, String> {
    let found = Binding::ALL.into_iter().find(|binding| binding.as_str() == text);
    found.ok_or_else(|| "`match` is none of ids, hosts, cidrs, topics, id; write one of these".to_owned())
}

fn token(text: &str) -> Result<TokenType, String> {
    let found = TokenType::ALL.into_iter().find(|token| token.as_str() == text);
    found.ok_or_else(|| "`token` is none of member, phone, email, ci; write one of these".to_owned())
}

fn path(text: &str) -> Result<FieldPath, String> {
    FieldPath::parse(text).map_err(|error| format!("not a path: {error}"))
}

/// The one source of a selector.
fn source(section: Section<'_>, reading: &mut Reading<'_>) -> Option<Source> {
    let is_source = |key: &str| SOURCE.contains(&key) || key == "topic";
    let mut written = section.entries.iter().filter(|entry| is_source(&entry.key) && !entry.node.is_null());
    let Some(first) = written.next() else {
        let message = format!(
            "`{}` has no source; write one of {{header: NAME}}, {{path: $.a}}, {{key: $.a}}, {{value: TEXT}}",
            section.what
        );
        reading.problem(section.position, message);
        return None;
    };
    if let Some(second) = written.next() {
        let message = format!("`{}` and `{}` are two sources; write two selectors", first.key, second.key);
        reading.problem(second.key_position, message);
        return None;
    }
    let node = Some(&first.node);
    match first.key.as_str() {
        "header" => reading.parsed(node, "header", some_text).map(Source::Header),
        "path" => reading.parsed(node, "path", path).map(Source::Path),
        "key" => reading.parsed(node, "key", path).map(Source::Key),
        "value" => reading.parsed(node, "value", some_text).map(Source::Value),
        _ => reading.parsed(node, "topic", |text| match text {
            "true" => Ok(Source::Topic),
            _ => Err("`topic` can only be true; leave it out otherwise".to_owned()),
        }),
    }
}

fn some_text(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("an empty text selects nothing; write a name".to_owned())
    } else {
        Ok(text.to_owned())
    }
}
