//! The persons whom the facts know: their tokens over time, and what they did.

use std::collections::{BTreeMap, HashMap};

use crate::consent::{ActKind, ConsentAct, Separate};
use crate::subject::{PersonIndex, Subject, SubjectToken, TokenType};

use super::symbols::{Symbol, Symbols};
use super::texts::{TextIndex, Texts};

#[derive(Default)]
pub(super) struct Persons {
    /// By own token.
    list: Vec<Person>,
    /// Per token, the persons whose own token it is or who ever had it as an alias, ascending.
    named: HashMap<Name, Box<[PersonIndex]>>,
    key_ids: Symbols,
}

struct Person {
    own: SubjectToken,
    /// By effective time, then `at`, then `event`.
    acts: Box<[Act]>,
}

/// A token as it is looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Name {
    key_id: Symbol,
    token_type: TokenType,
    value: u128,
}

/// One consent act.
pub struct Act {
    pub event: Box<str>,
    pub disclosure: Symbol,
    /// The act's own disclosure version; `None` where no fact tells of it.
    pub text: Option<TextIndex>,
    /// On a version of channel `privacy_policy`: kept for its aliases only.
    pub is_policy: bool,
    pub kind: ActKind,
    pub at_ms: i64,
    pub effective_ms: i64,
    pub expires_ms: Option<i64>,
    /// Sorted; `None` is all entries.
    transfers: Option<Box<[Symbol]>>,
    pub separate: Separate,
    pub under_14: bool,
    pub has_guardian: bool,
    aliases: Box<[Name]>,
}

impl Act {
    /// Whether it concerns the entries with this `ref`.
    pub fn concerns(&self, reference: Symbol) -> bool {
        self.transfers.as_ref().is_none_or(|transfers| transfers.binary_search(&reference).is_ok())
    }

    /// The entries that it concerns, by `ref`; `None` is all.
    pub fn transfers(&self) -> Option<&[Symbol]> {
        self.transfers.as_deref()
    }
}

impl Persons {
    pub(super) fn new<'a>(
        acts: impl IntoIterator<Item = &'a ConsentAct>,
        texts: &Texts,
        symbols: &mut Symbols,
    ) -> Persons {
        let mut by_person: BTreeMap<&SubjectToken, Vec<&ConsentAct>> = BTreeMap::new();
        for act in acts {
            by_person.entry(&act.person).or_default().push(act);
        }
        let mut persons = Persons::default();
        let mut named: HashMap<Name, Vec<PersonIndex>> = HashMap::new();
        for ((own, mut acts), position) in by_person.into_iter().zip(0..) {
            acts.sort_unstable_by_key(|act| (act.effective_ms, act.at_ms, act.event.as_str()));
            let acts: Box<[Act]> = acts.into_iter().map(|act| persons.compile(act, texts, symbols)).collect();
            let own_name = persons.intern(own);
            for name in own_name.iter().chain(acts.iter().flat_map(|act| &act.aliases)) {
                let list = named.entry(*name).or_default();
                if list.last() != Some(&PersonIndex(position)) {
                    list.push(PersonIndex(position));
                }
            }
            persons.list.push(Person { own: own.clone(), acts });
        }
        persons.named = named.into_iter().map(|(name, list)| (name, list.into())).collect();
        persons
    }

    fn compile(&mut self, act: &ConsentAct, texts: &Texts, symbols: &mut Symbols) -> Act {
        let disclosure = symbols.intern(&act.disclosure);
        let text = texts.position(disclosure, act.version);
        let transfers = act.transfers.as_ref();
        Act {
            event: act.event.as_str().into(),
            disclosure,
            text,
            is_policy: text.and_then(|index| texts.get(index)).is_some_and(|text| text.is_policy),
            kind: act.kind,
            at_ms: act.at_ms,
            effective_ms: act.effective_ms,
            expires_ms: act.expires_ms,
            transfers: transfers.map(|list| symbols.set(list.iter().map(String::as_str))),
            separate: act.separate,
            under_14: act.under_14,
            has_guardian: act.has_guardian,
            aliases: act.aliases.iter().filter_map(|token| self.intern(token)).collect(),
        }
    }

    fn intern(&mut self, token: &SubjectToken) -> Option<Name> {
        let parts = token.parts()?;
        let key_id = self.key_ids.intern(parts.key_id);
        Some(Name { key_id, token_type: parts.token_type, value: parts.value })
    }

    fn name(&self, token: &SubjectToken) -> Option<Name> {
        let parts = token.parts()?;
        let key_id = self.key_ids.get(parts.key_id)?;
        Some(Name { key_id, token_type: parts.token_type, value: parts.value })
    }

    /// The persons whom a token names at an instant: those whose own token it is, and those of whom it is an
    /// alias then.
    pub(super) fn subject(&self, token: SubjectToken, at_ms: i64) -> Subject {
        let name = self.name(&token);
        let ever = name.and_then(|name| self.named.get(&name)).into_iter().flat_map(|list| list.iter());
        let named = ever.copied().filter(|index| {
            let person = self.list.get(index.0 as usize);
            person
                .is_some_and(|person| person.own == token || name.is_some_and(|n| person.has_alias(n, at_ms)))
        });
        let persons: Vec<PersonIndex> = named.collect();
        let own = match persons.as_slice() {
            [one] => self.list.get(one.0 as usize).map(|person| &person.own),
            _ => None,
        };
        match own {
            Some(own) if *own != token => Subject::Persons { token: own.clone(), persons },
            _ => Subject::Persons { token, persons },
        }
    }

    /// A person's acts by effective time, then `at`, then `event`.
    pub(super) fn acts(&self, person: PersonIndex) -> &[Act] {
        self.list.get(person.0 as usize).map_or(&[], |person| &person.acts)
    }
}

impl Person {
    /// The aliases of one type are those of the last act that names one of that type: a later act with another
    /// number ends the earlier alias.
    fn has_alias(&self, name: Name, at_ms: i64) -> bool {
        let is_of_type = |alias: &&Name| alias.token_type == name.token_type;
        let begun = self.acts.iter().rev().skip_while(|act| act.effective_ms > at_ms);
        let last = begun.into_iter().find(|act| act.aliases.iter().any(|alias| is_of_type(&alias)));
        last.is_some_and(|act| act.aliases.contains(&name))
    }
}
