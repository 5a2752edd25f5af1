//! Routes as they are configured: where a record says whose it is and where it goes.

use super::path::FieldPath;
use super::topic::TopicPattern;
use crate::recipient::Binding;
use crate::subject::TokenType;

/// How records of some topics are read. Of several routes the first whose topics match is used.
#[derive(Clone, Debug, Default)]
pub struct RouteSpec {
    pub topics: Vec<TopicPattern>,
    /// The record itself: the outermost scope. Keys and headers belong to it.
    pub record: Selectors,
    /// Parts of the value with subjects, and perhaps recipients, of their own.
    pub scopes: Vec<ScopeSpec>,
    /// An IP address: the observed country.
    pub address: Option<Source>,
    pub declared_country: Option<Source>,
    pub purpose: Option<Source>,
    pub transfer_type: Option<Source>,
    /// RFC 3339 or milliseconds since the epoch, instead of the record's timestamp.
    pub time: Option<Source>,
}

#[derive(Clone, Debug)]
pub struct ScopeSpec {
    /// From the root of the value. Scopes nest as what they select does.
    pub at: FieldPath,
    /// Their paths begin at the scope instance.
    pub selectors: Selectors,
}

/// In order: the first that yields a value decides.
#[derive(Clone, Debug, Default)]
pub struct Selectors {
    pub recipient: Vec<RecipientSelector>,
    pub subject: Vec<SubjectSelector>,
}

#[derive(Clone, Debug)]
pub struct RecipientSelector {
    pub source: Source,
    pub binding: Binding,
}

#[derive(Clone, Debug)]
pub struct SubjectSelector {
    pub source: Source,
    pub token: TokenType,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The values of the headers of this name, as they come.
    Header(String),
    /// Texts and numbers in the value.
    Path(FieldPath),
    /// Texts and numbers in the record's key.
    Key(FieldPath),
    /// Always this text.
    Value(String),
    /// The name of the record's topic.
    Topic,
}
