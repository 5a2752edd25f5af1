//! The disclosures, compiled for judging.

use std::collections::HashMap;

use crate::disclosure::{Channel, Disclosure, Entry, TransferType};
use crate::time::Interval;

use super::registry::NamedSet;
use super::symbols::{CountrySet, ItemSet, Symbol, Symbols};

/// All disclosure versions, by id (bytes), then by version.
#[derive(Default)]
pub(super) struct Texts {
    versions: Vec<Text>,
    positions: HashMap<(Symbol, u64), TextIndex>,
    /// By `id@version`.
    printed: HashMap<Box<str>, TextIndex>,
}

/// Position of a disclosure version in one facts snapshot; ordered by id, then version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextIndex(u32);

/// One disclosure version.
#[derive(Clone, Debug)]
pub struct Text {
    /// The disclosure's id, the same for all its versions.
    pub disclosure: Symbol,
    pub in_force: Interval,
    /// Of channel `privacy_policy`: nobody consents to a policy.
    pub is_policy: bool,
    /// In the order of the text.
    pub entries: Box<[TextEntry]>,
}

/// One entry of a disclosure version.
#[derive(Clone, Debug)]
pub struct TextEntry {
    /// `consent:ae-checkout@2#sellers`
    basis: Box<str>,
    pub reference: Symbol,
    pub items: ItemSet,
    pub countries: CountrySet,
    pub recipients: NamedSet,
    pub purposes: Box<[Symbol]>,
    pub transfer_type: Option<TransferType>,
    /// All of PIPA Art. 28-8(2) that does not depend on the recipient: items; countries, timing and method;
    /// purposes and retention; refusal with procedure and effect.
    pub tells_all: bool,
}

impl TextEntry {
    /// As a consent is named in `basis`: `consent:ae-checkout@2#sellers`.
    pub fn basis(&self) -> &str {
        &self.basis
    }

    /// As it is named in `facts_seen`: `ae-checkout@2#sellers`.
    pub fn printed(&self) -> &str {
        self.basis.strip_prefix(CONSENT).unwrap_or(&self.basis)
    }
}

const CONSENT: &str = "consent:";

impl Texts {
    /// `disclosures` sorted by id, then version, without repeats.
    pub(super) fn new(disclosures: &[Disclosure], symbols: &mut Symbols) -> Texts {
        let mut texts = Texts::default();
        for (disclosure, position) in disclosures.iter().zip(0..) {
            let id = symbols.intern(&disclosure.id);
            let printed = format!("{}@{}", disclosure.id, disclosure.version);
            texts.positions.insert((id, disclosure.version), TextIndex(position));
            texts.versions.push(Text {
                disclosure: id,
                in_force: disclosure.in_force,
                is_policy: disclosure.channel == Some(Channel::PrivacyPolicy),
                entries: disclosure.entries.iter().map(|entry| compile(entry, &printed, symbols)).collect(),
            });
            texts.printed.insert(printed.into(), TextIndex(position));
        }
        texts
    }

    pub(super) fn all(&self) -> &[Text] {
        &self.versions
    }

    pub(super) fn get(&self, index: TextIndex) -> Option<&Text> {
        self.versions.get(index.0 as usize)
    }

    pub(super) fn position(&self, disclosure: Symbol, version: u64) -> Option<TextIndex> {
        self.positions.get(&(disclosure, version)).copied()
    }

    /// By `id@version`.
    pub(super) fn position_of(&self, printed: &str) -> Option<TextIndex> {
        self.printed.get(printed).copied()
    }
}

fn compile(entry: &Entry, version: &str, symbols: &mut Symbols) -> TextEntry {
    let items = entry.items.as_deref().unwrap_or_default();
    let countries = entry.countries.as_deref().unwrap_or_default();
    let purposes = entry.purposes.as_deref().unwrap_or_default();
    let refusal = entry.refusal.as_ref();
    TextEntry {
        basis: format!("{CONSENT}{version}#{}", entry.reference).into(),
        reference: symbols.intern(&entry.reference),
        items: ItemSet::new(items),
        countries: CountrySet::new(countries),
        recipients: NamedSet::new(entry.recipients.as_deref().unwrap_or_default(), symbols),
        purposes: symbols.set(purposes.iter().map(String::as_str)),
        transfer_type: entry.transfer_type,
        tells_all: !items.is_empty()
            && !countries.is_empty()
            && entry.timing.is_some()
            && entry.method.is_some()
            && !purposes.is_empty()
            && entry.retention.is_some()
            && refusal.is_some_and(|refusal| refusal.procedure.is_some() && refusal.effect.is_some()),
    }
}
