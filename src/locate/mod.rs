//! Whose data, to whom and where: a record's scopes, subjects, recipients and countries (`DECISION.md` §1–§2).

mod path;
mod spec;
mod topic;

pub use path::{FieldPath, PathError, Step};
pub use spec::{RecipientSelector, RouteSpec, ScopeSpec, Selectors, Source, SubjectSelector};
pub use topic::{TopicError, TopicPattern};

use crate::destination::Destination;
use crate::entity::EntityType;
use crate::recipient::RecipientIndex;
use crate::subject::Subject;

/// One record's data of one subject going to one recipient, before it is judged.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// `None` is the unknown recipient.
    pub recipient: Option<RecipientIndex>,
    pub subject: Subject,
    pub destination: Destination,
    /// Judged findings by entity, in entity order. Never empty.
    pub items: Vec<(EntityType, u32)>,
    /// Positions in the record's findings of those that are judged here, in record order.
    pub findings: Vec<u32>,
    pub position: Position,
}

/// Where in the record a transfer first shows: the `r` and `s` of an alert's id (contracts, "Alert").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Of the scope instance, in record order; 0 is the record itself.
    pub scope: u32,
    /// Of the value among those that decide the recipients of that instance.
    pub value: u32,
    /// Of the recipient among those bound to that value, in byte order of ids.
    pub recipient: u32,
}
