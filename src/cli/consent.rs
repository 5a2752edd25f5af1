//! `sumun consent check`: what would be decided of a transfer that no record tells of, and why.

use std::io::{self, Write as _};

use serde::Serialize;

use super::args::{ConsentAction, ConsentArgs, ConsentCheckArgs, Format};
use super::exit::{Exit, Failure, Outcome, say};
use super::layout::{line, wrapped};
use super::{assemble, chain, clock, identifiers, json_line};
use crate::decide::{Chain, Matter, Policy, decide, explain};
use crate::destination::{Country, Destination, Evidence, EvidenceKind, Reach};
use crate::entity::EntityType;
use crate::facts::Facts;
use crate::recipient::Recipient;
use crate::subject::{Keyring, SubjectToken};
use crate::text::{Language, names};
use crate::timestamp::Timestamp;
use crate::verdict::TransferVerdict;

pub(super) fn run(arguments: &ConsentArgs, language: Language) -> Outcome {
    let ConsentAction::Check(arguments) = &arguments.action;
    let config = assemble::configuration(&arguments.config)?;
    let facts = assemble::facts(&config)?;
    let policy = Policy { home: config.home_country, sensitive: config.sensitive };
    let Some(recipient) = facts.registry().iter().find(|known| known.id == arguments.recipient) else {
        let text =
            "--recipient: the registry has no recipient of this id; add it to the facts, or correct the id";
        return Err(Failure::new(Exit::Usage, text));
    };
    let tokens = match (&arguments.token, arguments.token_type) {
        (None, Some(token_type)) => {
            let keys = config.keys.into_iter().map(|key| (key.id, key.key)).collect();
            identifiers::tokens(token_type, &Keyring::new(keys), language)?
        }
        (token, _) => vec![token.clone()],
    };
    let asked = Asked {
        at_ms: arguments.at.unwrap_or_else(|| clock::now_said("the transfer is")),
        recipient,
        destination: destination(&arguments.country, recipient, policy.home),
        items: items(&arguments.items),
        facts: &facts,
        policy: &policy,
        arguments,
    };
    let mut out = io::stdout().lock();
    for (token, number) in tokens.into_iter().zip(1..) {
        let Some(token) = token else {
            say(format_args!("identifier {number} is masked or empty: it names nobody"));
            continue;
        };
        let answer = asked.answer(token);
        let text = match arguments.output {
            Format::Json => json_line(&answer)?,
            Format::Human => answer.human(&asked, language),
        };
        out.write_all(text.as_bytes()).map_err(|error| Failure::writing(&error))?;
    }
    Ok(Exit::Ok)
}

/// The transfer that is asked about, but for the person.
struct Asked<'a> {
    at_ms: i64,
    recipient: &'a Recipient,
    destination: Destination,
    items: Vec<(EntityType, u32)>,
    facts: &'a Facts,
    policy: &'a Policy,
    arguments: &'a ConsentCheckArgs,
}

#[derive(Serialize)]
struct Answer {
    at: Option<Timestamp>,
    transfer: TransferVerdict,
    chains: Vec<Chain>,
}

impl Asked<'_> {
    fn answer(&self, token: SubjectToken) -> Answer {
        let subject = self.facts.subject(token, self.at_ms);
        let matter = Matter {
            at_ms: self.at_ms,
            recipient: Some(self.recipient),
            subject: &subject,
            destination: &self.destination,
            purpose: self.arguments.purpose.as_deref(),
            transfer_type: self.arguments.transfer_type.as_deref(),
            items: &self.items,
        };
        Answer {
            at: Timestamp::from_ms(self.at_ms),
            transfer: decide(&matter, self.facts, self.policy),
            chains: explain(&matter, self.facts, self.policy),
        }
    }
}

impl Answer {
    fn human(&self, asked: &Asked<'_>, language: Language) -> String {
        let mut out = String::new();
        line(&mut out, self.transfer.subject.as_deref().unwrap_or_default());
        let Recipient { id, legal_name, role, .. } = asked.recipient;
        let role = role.map_or(String::new(), |role| format!(", {}", names::role(role, language)));
        let time = jiff::Timestamp::from_millisecond(asked.at_ms).unwrap_or_default();
        let name = legal_name.as_deref().unwrap_or("-");
        wrapped(&mut out, "  → ", &format!("{id} ({name}{role}) {time:.3}"));
        if self.chains.is_empty() {
            let outcome = self.transfer.outcome;
            line(&mut out, &format!("{} ({})", names::outcome(outcome, language), outcome.as_str()));
            let reasons = self.transfer.cells.first().map(|cell| cell.reasons).unwrap_or_default();
            chain::reason_lines(reasons, language, &mut out);
        }
        for (chain, cell) in self.chains.iter().zip(&self.transfer.cells) {
            chain::lines(chain, cell, language, &mut out);
        }
        chain::note_lines(&self.transfer.notes, language, &mut out);
        out.push('\n');
        out
    }
}

/// Each once, in entity order.
fn items(asked: &[EntityType]) -> Vec<(EntityType, u32)> {
    let mut items = asked.to_vec();
    items.sort_unstable();
    items.dedup();
    items.into_iter().map(|entity| (entity, 1)).collect()
}

/// The countries that the command line names are the only evidence, as an operator's are; else the recipient's own.
fn destination(asked: &[Country], recipient: &Recipient, home: Country) -> Destination {
    let named = asked.iter().map(|country| (EvidenceKind::Override, *country, "--country".to_owned()));
    let mut evidence: Vec<_> = named.collect();
    if let Some(country) = recipient.legal_country.filter(|_| asked.is_empty()) {
        evidence.push((EvidenceKind::Legal, country, format!("recipient:{}", recipient.id)));
    }
    let mut countries: Vec<Country> = evidence.iter().map(|(_, country, _)| *country).collect();
    countries.retain(|country| *country != home);
    countries.sort_unstable();
    countries.dedup();
    let reach = match (evidence.is_empty(), countries.is_empty()) {
        (true, _) => Reach::Unknown,
        (false, true) => Reach::Domestic,
        (false, false) => Reach::Abroad,
    };
    let evidence = evidence.into_iter().map(|(kind, country, source)| Evidence {
        kind,
        country,
        source,
        build: None,
        confidence: None,
    });
    Destination { evidence: evidence.collect(), countries, reach, ..Destination::default() }
}
