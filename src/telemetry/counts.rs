//! What a lane counts between two polls: array increments, no atomic and no look-up of a label per record.

use crate::alert::AlertKind;
use crate::entity::EntityType;
use crate::finding::IssueCode;
use crate::verdict::{Outcome, Reason, Reasons, TransferVerdict};

use super::country::{COUNTRY_LABELS, CountryLabel};

/// A topic's place in the metrics, obtained once per assignment by [`Metrics::topic`](super::Metrics::topic).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicLabel(pub(super) usize);

/// Outcomes that a transfer can have: all but `clear`, in their order.
pub(super) const TRANSFER_OUTCOMES: usize = Outcome::ALL.len() - 1;
/// Outcomes that owe an alert: the last two.
pub(super) const ALERT_OUTCOMES: usize = 2;
/// By what a transfer abroad is permitted: the first part of a basis, `consent:ae-checkout@2#sellers`.
pub(super) const BASES: [&str; 6] =
    ["adequacy", "certification", "consent", "contract_entrustment", "statute", "treaty"];
/// Why a record counts as not read: an issue, or that the process died of it.
pub(super) const UNREAD_CODES: usize = IssueCode::ALL.len() + 1;
pub(super) const CRASHER: &str = "CRASHER";

/// What one lane has counted since it last called [`Metrics::add`](super::Metrics::add).
#[derive(Debug, Default)]
pub struct LaneCounts {
    pub(super) topics: Vec<TopicCounts>,
    pub(super) verdicts: [u64; Outcome::ALL.len()],
    pub(super) findings: [u64; EntityType::ALL.len()],
    pub(super) issues: [u64; IssueCode::ALL.len()],
    pub(super) transfers: [u64; Outcome::ALL.len()],
    pub(super) items: [[u64; TRANSFER_OUTCOMES]; EntityType::ALL.len()],
    pub(super) destinations: Grid<{ COUNTRY_LABELS * TRANSFER_OUTCOMES }>,
    pub(super) bases: Grid<{ COUNTRY_LABELS * BASES.len() }>,
    pub(super) reasons: Grid<{ COUNTRY_LABELS * ALERT_OUTCOMES * Reason::ALL.len() }>,
    pub(super) alerts: [u64; AlertKind::ALL.len()],
    pub(super) alert_reasons: Grid<{ Reason::ALL.len() }>,
    pub(super) unread_codes: [u64; UNREAD_CODES],
    pub(super) uninspectable: u64,
    pub(super) panics: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TopicCounts {
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) unrouted: u64,
}

impl LaneCounts {
    /// One inspected record; `bytes` is the length of its value.
    pub fn record(&mut self, topic: TopicLabel, bytes: usize) {
        let counts = self.topic(topic);
        counts.records += 1;
        counts.bytes += bytes as u64;
    }

    /// A record that holds personal data, or was not read whole, in a topic that no route names.
    pub fn unrouted(&mut self, topic: TopicLabel) {
        self.topic(topic).unrouted += 1;
    }

    /// A record's verdict.
    pub fn verdict(&mut self, outcome: Outcome) {
        bump(&mut self.verdicts, outcome as usize);
    }

    pub fn finding(&mut self, entity: EntityType) {
        bump(&mut self.findings, entity as usize);
    }

    pub fn issue(&mut self, code: IssueCode) {
        bump(&mut self.issues, code as usize);
    }

    /// One transfer: by outcome, by item, and in each of its countries what was decided there and why.
    pub fn transfer(&mut self, transfer: &TransferVerdict) {
        bump(&mut self.transfers, transfer.outcome as usize);
        for item in &transfer.items {
            if let Some(outcomes) = self.items.get_mut(item.entity as usize) {
                bump(outcomes, transfer_outcome(item.outcome));
            }
        }
        if transfer.countries.is_empty() {
            let is_home = transfer.outcome == Outcome::Domestic;
            let label = if is_home { CountryLabel::NONE } else { CountryLabel::UNKNOWN };
            let reasons = transfer.items.iter().fold(Reasons::NONE, |all, item| all.union(item.reasons));
            self.destination(label, transfer.outcome, reasons);
        }
        for country in &transfer.countries {
            let label = CountryLabel::of(*country);
            let mut outcome = Outcome::Clear;
            let mut reasons = Reasons::NONE;
            let mut bases = [false; BASES.len()];
            for cell in transfer.cells.iter().filter(|cell| cell.country == Some(*country)) {
                outcome = outcome.max(cell.outcome);
                reasons = reasons.union(cell.reasons);
                for basis in &cell.basis {
                    let kind = basis.split(':').next().unwrap_or_default();
                    if let Some((is_basis, _)) = bases.iter_mut().zip(BASES).find(|(_, known)| *known == kind)
                    {
                        *is_basis = true;
                    }
                }
            }
            self.destination(label, outcome, reasons);
            for position in (0..BASES.len()).filter(|position| bases.get(*position) == Some(&true)) {
                self.bases.bump(label.0 * BASES.len() + position);
            }
        }
    }

    fn destination(&mut self, country: CountryLabel, outcome: Outcome, reasons: Reasons) {
        self.destinations.bump(country.0 * TRANSFER_OUTCOMES + transfer_outcome(outcome));
        if outcome.is_alert() {
            let row = country.0 * ALERT_OUTCOMES + usize::from(outcome == Outcome::Violation);
            for reason in reasons.iter() {
                self.reasons.bump(row * Reason::ALL.len() + reason as usize);
            }
        }
    }

    /// An alert of kind `transfer`: each of its reasons counts.
    pub fn transfer_alert(&mut self, transfer: &TransferVerdict) {
        bump(&mut self.alerts, AlertKind::Transfer as usize);
        let reasons = transfer.items.iter().fold(Reasons::NONE, |all, item| all.union(item.reasons));
        for reason in reasons.iter() {
            self.alert_reasons.bump(reason as usize);
        }
    }

    /// An alert of kind `uninspectable`; `code` is the alert's own.
    pub fn unread_alert(&mut self, code: &str) {
        bump(&mut self.alerts, AlertKind::Uninspectable as usize);
        let position = IssueCode::ALL.iter().position(|issue| issue.as_str() == code);
        bump(&mut self.unread_codes, position.unwrap_or(IssueCode::ALL.len()));
    }

    /// An alert that has no reasons of its own.
    pub fn alert(&mut self, kind: AlertKind) {
        bump(&mut self.alerts, kind as usize);
    }

    /// A record of which some bytes were not read.
    pub fn uninspectable(&mut self) {
        self.uninspectable += 1;
    }

    /// A record whose inspection panicked.
    pub fn panicked(&mut self) {
        self.panics += 1;
    }

    #[expect(clippy::indexing_slicing, reason = "the line before makes room for it")]
    fn topic(&mut self, topic: TopicLabel) -> &mut TopicCounts {
        if self.topics.len() <= topic.0 {
            self.topics.resize(topic.0 + 1, TopicCounts::default());
        }
        &mut self.topics[topic.0]
    }
}

fn bump(counts: &mut [u64], position: usize) {
    if let Some(count) = counts.get_mut(position) {
        *count += 1;
    }
}

/// Position among the outcomes of a transfer; a transfer is never clear.
fn transfer_outcome(outcome: Outcome) -> usize {
    (outcome as usize).saturating_sub(1)
}

/// Counts of which few are used: those that are not zero are remembered, so that adding them up does not read
/// them all.
#[derive(Debug)]
pub(super) struct Grid<const CELLS: usize> {
    counts: Vec<u64>,
    used: Vec<usize>,
}

impl<const CELLS: usize> Default for Grid<CELLS> {
    fn default() -> Self {
        Grid { counts: vec![0; CELLS], used: Vec::new() }
    }
}

impl<const CELLS: usize> Grid<CELLS> {
    fn bump(&mut self, cell: usize) {
        if let Some(count) = self.counts.get_mut(cell) {
            if *count == 0 {
                self.used.push(cell);
            }
            *count += 1;
        }
    }

    /// Gives each cell that is not zero with its count, and sets it to zero.
    pub(super) fn drain(&mut self, mut take: impl FnMut(usize, u64)) {
        for cell in self.used.drain(..) {
            if let Some(count) = self.counts.get_mut(cell) {
                take(cell, std::mem::take(count));
            }
        }
    }
}
