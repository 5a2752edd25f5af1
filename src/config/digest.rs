//! What of a configuration a verdict or an alert depends on, as one digest.
//!
//! Made of what was written, before `${NAME}` is filled in: two machines with one file have one digest. Layout,
//! quotes, the order of keys and what is written though it is the default do not count.

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::read::Section;
use crate::yaml::{Node, Value};

/// `sha256:` and 64 hexadecimal digits.
pub(super) fn digest(top: Section<'_>) -> String {
    let part = |key: &str| top.get(key).map_or(Json::Null, written);
    let parts = [
        ("home_country", upper(part("home_country"))),
        ("routes", part("routes")),
        ("sensitive", sorted(part("sensitive"))),
        ("token_keys", ids(&part("tokens"))),
    ];
    let parts = parts.into_iter().filter(|(_, part)| !is_nothing(part));
    let parts: Map<String, Json> = parts.map(|(key, part)| (key.to_owned(), part)).collect();
    // A map of serde_json iterates in the order of its keys.
    let hash = Sha256::digest(Json::Object(parts).to_string());
    hash.iter().fold("sha256:".to_owned(), |digest, byte| format!("{digest}{byte:02x}"))
}

/// Country codes are read in either case.
fn upper(text: Json) -> Json {
    text.as_str().map(|text| text.to_ascii_uppercase().into()).unwrap_or(text)
}

/// The names of the keys in their order; where the keys lie does not count.
fn ids(tokens: &Json) -> Json {
    let keys = tokens.get("keys").and_then(Json::as_array);
    keys.into_iter().flatten().filter_map(|key| key.get("id").cloned()).collect()
}

/// The tree with all scalars as texts and without what says nothing.
fn written(node: &Node) -> Json {
    match &node.value {
        Value::Scalar { text, .. } if !node.is_null() => text.as_str().into(),
        Value::Scalar { .. } => Json::Null,
        Value::List(items) => items.iter().map(written).collect(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|entry| (entry.key.clone(), written(&entry.node)));
            Json::Object(entries.filter(|(_, value)| !is_nothing(value)).collect())
        }
    }
}

fn is_nothing(value: &Json) -> bool {
    value.is_null()
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(Map::is_empty)
}

/// A set: neither order nor repeats count.
fn sorted(list: Json) -> Json {
    match list {
        Json::Array(mut items) => {
            items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            items.dedup();
            Json::Array(items)
        }
        other => other,
    }
}
