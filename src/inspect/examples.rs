//! The promises of the rules, tried one by one (invariant 9). Their payloads are made up: they may be shown.

use super::rule::{RuleError, Rules};
use super::{Inspector, Scratch};
use crate::entity::EntityType;

/// One example or counter-example of a rule, and what came of it.
pub struct Tried<'r> {
    /// The file of the rule, as it was named.
    pub file: &'r str,
    /// `example` or `counter_example`.
    pub list: &'static str,
    /// Its place in the list, counted from 1.
    pub number: usize,
    pub entity: EntityType,
    /// The findings of this entity that it promises, masked, in record order.
    pub expected: &'r [String],
    /// Those that there are.
    pub found: Vec<String>,
}

impl Tried<'_> {
    pub fn holds(&self) -> bool {
        self.found == self.expected
    }
}

impl Inspector {
    /// As [`Inspector::new`], but what the rules promise is not tried.
    pub fn untested(extra: &[(String, String)]) -> Result<Inspector, RuleError> {
        Ok(Inspector { rules: Rules::compile(extra)? })
    }

    /// Tries every example of every rule, in the order of the files, each with its examples first.
    pub fn try_examples(&self) -> impl Iterator<Item = Tried<'_>> {
        let mut scratch = Scratch::default();
        self.rules.tests().iter().map(move |test| {
            let record = test.record();
            let findings = self.inspect(&record, &mut scratch).findings.iter();
            let found = findings.filter(|finding| finding.entity == test.entity);
            Tried {
                file: &test.file,
                list: test.list,
                number: test.number,
                entity: test.entity,
                expected: &test.masked,
                found: found.map(|finding| finding.masked.clone()).collect(),
            }
        })
    }

    /// The first promise that is not kept is why the rules are refused.
    pub(super) fn test(&self) -> Result<(), RuleError> {
        let broken = self.try_examples().find(|tried| !tried.holds());
        broken.map_or(Ok(()), |tried| {
            Err(RuleError::Example {
                file: tried.file.to_owned(),
                list: tried.list,
                number: tried.number,
                // What was expected is not repeated: whoever forgot to mask it would read a number in the log.
                problem: format!("found {:?}, which is not what it says under `masked`", tried.found),
            })
        })
    }
}
