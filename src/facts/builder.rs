//! From lines to one snapshot.

use std::collections::BTreeMap;

use crate::basis::Basis;
use crate::consent::ConsentAct;
use crate::disclosure::Disclosure;
use crate::recipient::Recipient;

use super::bases::Bases;
use super::digest::Sum;
use super::persons::Persons;
use super::registry::Registry;
use super::symbols::Symbols;
use super::texts::Texts;
use super::wire::{self, FactError, Line};
use super::{Counts, Facts, Stream};

/// Takes in facts in any order. A line with the key of an earlier line of its stream replaces it: `id@version`
/// of a disclosure or basis, the `event` of an act, the id of a recipient.
#[derive(Default)]
pub struct Builder {
    disclosures: BTreeMap<(String, u64), (Disclosure, Sum)>,
    acts: BTreeMap<String, (ConsentAct, Sum)>,
    bases: BTreeMap<(String, u64), (Basis, Sum)>,
    recipients: BTreeMap<String, (Recipient, Sum)>,
    heartbeat_ms: Option<i64>,
    sum: Sum,
}

impl Builder {
    pub fn new() -> Builder {
        Builder::default()
    }

    /// One fact, or a heartbeat, as a line of JSON.
    pub fn add(&mut self, stream: Stream, line: &str) -> Result<(), FactError> {
        let fact = wire::read_line(stream, line)?;
        if let Line::Heartbeat(at_ms) = fact {
            self.heartbeat_ms = self.heartbeat_ms.max(Some(at_ms));
            return Ok(());
        }
        let sum = Sum::of_fact(line).ok_or(FactError::NotJson)?;
        let replaced = match fact {
            Line::Disclosure(fact) => {
                let key = (fact.id.clone(), fact.version);
                self.disclosures.insert(key, (fact, sum)).map(|(_, sum)| sum)
            }
            Line::Consent(fact) => self.acts.insert(fact.event.clone(), (fact, sum)).map(|(_, sum)| sum),
            Line::Basis(fact) => {
                let key = (fact.id.clone(), fact.version);
                self.bases.insert(key, (fact, sum)).map(|(_, sum)| sum)
            }
            Line::Recipient(fact) => self.recipients.insert(fact.id.clone(), (fact, sum)).map(|(_, sum)| sum),
            Line::Heartbeat(_) => None,
        };
        self.sum = self.sum.plus(sum).minus(replaced.unwrap_or_default());
        Ok(())
    }

    pub fn build(self) -> Facts {
        let counts = Counts {
            disclosure: self.disclosures.len(),
            consent: self.acts.len(),
            basis: self.bases.len(),
            recipient: self.recipients.len(),
        };
        let mut symbols = Symbols::default();
        let recipients = self.recipients.into_values().map(|(recipient, _)| recipient).collect();
        let registry = Registry::new(recipients, &mut symbols);
        let disclosures: Vec<_> = self.disclosures.into_values().map(|(disclosure, _)| disclosure).collect();
        let texts = Texts::new(&disclosures, &mut symbols);
        let bases: Vec<_> = self.bases.into_values().map(|(basis, _)| basis).collect();
        let bases = Bases::new(&bases, registry.parties(), &texts, &mut symbols);
        let persons = Persons::new(self.acts.values().map(|(act, _)| act), &texts, &mut symbols);
        let newest_act_ms = self.acts.values().map(|(act, _)| act.at_ms).max();
        Facts {
            digest: self.sum.printed(),
            counts,
            newest_act_ms,
            heartbeat_ms: self.heartbeat_ms,
            symbols,
            registry,
            texts,
            bases,
            persons,
        }
    }
}
