//! The legal bases other than consent, compiled for judging, and found by the recipients that they name.

use std::collections::HashMap;

use crate::basis::{Basis, BasisKind};
use crate::entity::{EntityType, ItemClass};
use crate::recipient::RecipientIndex;
use crate::time::Interval;

use super::registry::{NamedSet, Party};
use super::symbols::{CountrySet, ItemSet, Symbol, Symbols};
use super::texts::{TextIndex, Texts};

#[derive(Default)]
pub(super) struct Bases {
    series: Vec<Series>,
    /// Series with a version that asks for no recipient: they may concern everybody, the unknown one too.
    open: Box<[u32]>,
    /// Per recipient, the other series that name it by its id or by a class that it was ever a member of.
    naming: Vec<Box<[u32]>>,
}

/// All versions of one basis, the highest first. They may differ in kind.
struct Series(Vec<Grounds>);

/// One version of a basis.
#[derive(Clone, Debug)]
pub struct Grounds {
    /// `statute:customs-treaty@1`
    pub printed: Box<str>,
    pub kind: BasisKind,
    pub in_force: Interval,
    pub recipients: Option<NamedSet>,
    pub countries: Option<CountrySet>,
    pub items: Option<ItemSet>,
    pub purposes: Option<Box<[Symbol]>>,
    excluded_items: ItemSet,
    excluded_classes: Box<[ItemClass]>,
    pub expires_ms: Option<i64>,
    pub measures: bool,
    pub necessary: bool,
    /// `None` as well where it names a disclosure version that no fact tells of.
    pub disclosed_by: Option<TextIndex>,
    pub notice_sent_ms: Option<i64>,
}

impl Grounds {
    pub fn excludes(&self, entity: EntityType, class: ItemClass) -> bool {
        self.excluded_items.contains(entity) || self.excluded_classes.contains(&class)
    }

    /// Whether its list of recipients names the party at that instant; an absent list names nobody.
    pub fn names(&self, party: &Party, at_ms: i64) -> bool {
        self.recipients.as_ref().is_some_and(|recipients| recipients.names(party, at_ms))
    }
}

impl Bases {
    /// `bases` sorted by id, then version, without repeats.
    pub(super) fn new(bases: &[Basis], parties: &[Party], texts: &Texts, symbols: &mut Symbols) -> Bases {
        let mut all = Bases::default();
        let mut named: HashMap<Symbol, Vec<u32>> = HashMap::new();
        let mut open = Vec::new();
        for (versions, position) in bases.chunk_by(|a, b| a.id == b.id).zip(0_u32..) {
            let versions: Vec<_> =
                versions.iter().rev().map(|basis| compile(basis, texts, symbols)).collect();
            if versions.iter().any(|grounds| grounds.recipients.is_none()) {
                open.push(position);
            } else {
                for symbol in
                    versions.iter().flat_map(|grounds| &grounds.recipients).flat_map(NamedSet::symbols)
                {
                    named.entry(symbol).or_default().push(position);
                }
            }
            all.series.push(Series(versions));
        }
        all.open = open.into();
        all.naming = parties.iter().map(|party| naming(party, &named)).collect();
        all
    }

    /// Of every basis that may concern the recipient, the version that counts: the highest that has begun, in
    /// force or not. It ends the earlier ones, even where they name no end.
    pub(super) fn standing(
        &self,
        recipient: Option<RecipientIndex>,
        at_ms: i64,
    ) -> impl Iterator<Item = &Grounds> {
        self.series_of(recipient)
            .filter_map(move |series| series.0.iter().find(|grounds| grounds.in_force.has_begun(at_ms)))
    }

    /// Every version of every basis that may concern the recipient, whenever valid.
    pub(super) fn any_version(&self, recipient: RecipientIndex) -> impl Iterator<Item = &Grounds> {
        self.series_of(Some(recipient)).flat_map(|series| &series.0)
    }

    fn series_of(&self, recipient: Option<RecipientIndex>) -> impl Iterator<Item = &Series> {
        let naming = recipient.and_then(|index| self.naming.get(index.0 as usize));
        let positions = self.open.iter().chain(naming.into_iter().flat_map(|positions| positions.iter()));
        positions.filter_map(|position| self.series.get(*position as usize))
    }
}

fn naming(party: &Party, named: &HashMap<Symbol, Vec<u32>>) -> Box<[u32]> {
    let symbols = std::iter::once(party.id()).chain(party.classes());
    let mut positions: Vec<u32> =
        symbols.filter_map(|symbol| named.get(&symbol)).flatten().copied().collect();
    positions.sort_unstable();
    positions.dedup();
    positions.into()
}

fn compile(basis: &Basis, texts: &Texts, symbols: &mut Symbols) -> Grounds {
    Grounds {
        printed: format!("{}:{}@{}", basis.kind.as_str(), basis.id, basis.version).into(),
        kind: basis.kind,
        in_force: basis.in_force,
        recipients: basis.recipients.as_deref().map(|list| NamedSet::new(list, symbols)),
        countries: basis.countries.as_deref().map(CountrySet::new),
        items: basis.items.as_deref().map(ItemSet::new),
        purposes: basis.purposes.as_deref().map(|list| symbols.set(list.iter().map(String::as_str))),
        excluded_items: ItemSet::new(&basis.excluded_items),
        excluded_classes: basis.excluded_classes.as_slice().into(),
        expires_ms: basis.expires_ms,
        measures: basis.measures,
        necessary: basis.necessary,
        disclosed_by: basis.disclosed_by.as_deref().and_then(|printed| texts.position_of(printed)),
        notice_sent_ms: basis.notice_sent_ms,
    }
}
