//! One immutable snapshot of the facts, indexed for judging (contracts, "Facts as streams").
//!
//! Lines go in through a [`Builder`]; whether they come from files, topics or a database is not known here.
//! [`Facts`] answers what `locate` and `decide` ask, at any instant: history is kept, because a record is
//! judged at its own time. It gives no verdict.

mod bases;
mod builder;
mod digest;
mod lint;
mod persons;
mod registry;
mod symbols;
#[cfg(test)]
mod tests;
mod texts;
mod wire;

use crate::recipient::{Recipient, RecipientIndex};
use crate::subject::{PersonIndex, Subject, SubjectToken};

pub use crate::recipient::Binding;
pub use bases::Grounds;
pub use builder::Builder;
pub use lint::{Lint, Place, Remark, Warning};
pub use persons::Act;
pub use registry::{NamedClass, NamedSet, Party};
pub use symbols::{CountrySet, ItemSet, Symbol};
pub use texts::{Text, TextEntry, TextIndex};
pub use wire::{FactError, Line, read_line};

/// The four streams of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    Disclosure,
    Consent,
    Basis,
    Recipient,
}

impl Stream {
    pub const ALL: [Stream; 4] = [Stream::Disclosure, Stream::Consent, Stream::Basis, Stream::Recipient];

    pub const fn as_str(self) -> &'static str {
        match self {
            Stream::Disclosure => "disclosure",
            Stream::Consent => "consent",
            Stream::Basis => "basis",
            Stream::Recipient => "recipient",
        }
    }
}

/// Facts per stream, as they stand in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub disclosure: usize,
    pub consent: usize,
    pub basis: usize,
    pub recipient: usize,
}

/// One snapshot.
pub struct Facts {
    digest: String,
    counts: Counts,
    newest_act_ms: Option<i64>,
    heartbeat_ms: Option<i64>,
    symbols: symbols::Symbols,
    registry: registry::Registry,
    texts: texts::Texts,
    bases: bases::Bases,
    persons: persons::Persons,
}

impl Facts {
    /// `sha256:` and the sum modulo 2^256 of the SHA-256 of each fact's canonical JSON: the same for the same
    /// facts in any order.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// When the newest consent act was done, in ms since the epoch.
    pub fn newest_act_ms(&self) -> Option<i64> {
        self.newest_act_ms
    }

    /// The newest heartbeat of the system of record, in ms since the epoch.
    pub fn heartbeat_ms(&self) -> Option<i64> {
        self.heartbeat_ms
    }

    /// Appends all recipients bound to a value, in byte order of their ids, each once; none where the registry
    /// does not know the value.
    pub fn recipients(&self, binding: Binding, value: &str, out: &mut Vec<RecipientIndex>) {
        self.registry.bound(binding, value, out);
    }

    /// # Panics
    /// Never for an index that this snapshot gave out; one of another snapshot may be out of range.
    #[expect(clippy::indexing_slicing, reason = "an index is given out for a recipient that is there")]
    pub fn recipient(&self, index: RecipientIndex) -> &Recipient {
        &self.registry.recipients()[index.0 as usize]
    }

    /// The whole registry, in byte order of ids.
    pub fn registry(&self) -> &[Recipient] {
        self.registry.recipients()
    }

    /// The persons whom a token names at an instant (contracts, "Subject tokens").
    pub fn subject(&self, token: SubjectToken, at_ms: i64) -> Subject {
        self.persons.subject(token, at_ms)
    }

    /// What a judgement asks of a recipient; `None` for an id that the registry does not have.
    pub fn party(&self, id: &str) -> Option<(RecipientIndex, &Party)> {
        let index = self.registry.position(id)?;
        Some((index, self.registry.parties().get(index.0 as usize)?))
    }

    /// A person's acts by effective time, then `at`, then `event`.
    pub fn acts(&self, person: PersonIndex) -> &[Act] {
        self.persons.acts(person)
    }

    /// All disclosure versions, by id (bytes), then by version.
    pub fn texts(&self) -> &[Text] {
        self.texts.all()
    }

    pub fn text(&self, index: TextIndex) -> Option<&Text> {
        self.texts.get(index)
    }

    /// Of every basis that may concern the recipient, the one version that counts at an instant: the highest
    /// that has begun, in force or not. `None` is the unknown recipient.
    pub fn standing(&self, recipient: Option<RecipientIndex>, at_ms: i64) -> impl Iterator<Item = &Grounds> {
        self.bases.standing(recipient, at_ms)
    }

    /// Every version of every basis that may concern the recipient, whenever valid.
    pub fn bases(&self, recipient: RecipientIndex) -> impl Iterator<Item = &Grounds> {
        self.bases.any_version(recipient)
    }

    /// A text as facts hold it; `None` where none does.
    pub fn symbol(&self, text: &str) -> Option<Symbol> {
        self.symbols.get(text)
    }
}
