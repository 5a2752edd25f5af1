//! Texts of facts as small numbers, so that a judgement compares numbers.

use std::collections::HashMap;

use crate::destination::Country;
use crate::entity::EntityType;

/// A text that occurs in the facts. Two are equal exactly if the texts are; the order means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

#[derive(Default)]
pub(super) struct Symbols(HashMap<Box<str>, Symbol>);

impl Symbols {
    pub(super) fn intern(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.0.get(text) {
            return *symbol;
        }
        // More texts than 2^32 do not fit into the memory of one process.
        let symbol = Symbol(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.insert(text.into(), symbol);
        symbol
    }

    /// `None` for a text that no fact holds.
    pub(super) fn get(&self, text: &str) -> Option<Symbol> {
        self.0.get(text).copied()
    }

    /// Sorted, for binary search.
    pub(super) fn set<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> Box<[Symbol]> {
        let mut set: Vec<_> = texts.into_iter().map(|text| self.intern(text)).collect();
        set.sort_unstable();
        set.dedup();
        set.into()
    }
}

/// A list of items: names are compared byte by byte, and what sumun does not detect matches nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemSet {
    bits: u32,
    /// Whether the list holds `*`.
    pub star: bool,
}

impl ItemSet {
    pub(super) fn new(names: &[String]) -> ItemSet {
        let entities = names.iter().filter_map(|name| EntityType::parse(name));
        let bits = entities.fold(0, |bits, entity| bits | 1 << entity as u32);
        ItemSet { bits, star: names.iter().any(|name| name == "*") }
    }

    /// Whether it is listed by name.
    pub fn contains(self, entity: EntityType) -> bool {
        self.bits & 1 << entity as u32 != 0
    }
}

/// A list of countries. `cn` is not `CN`: texts are compared byte by byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountrySet {
    sorted: Box<[Country]>,
    /// Whether the list holds `*`.
    pub star: bool,
}

impl CountrySet {
    pub(super) fn new(names: &[String]) -> CountrySet {
        let parsed = |name: &String| Country::parse(name).filter(|country| country.as_str() == name);
        let mut sorted: Vec<_> = names.iter().filter_map(parsed).collect();
        sorted.sort_unstable();
        sorted.dedup();
        CountrySet { sorted: sorted.into(), star: names.iter().any(|name| name == "*") }
    }

    /// Whether it is listed by name.
    pub fn contains(&self, country: Country) -> bool {
        self.sorted.binary_search(&country).is_ok()
    }
}
