//! What the day came to: for a program as JSON, for a person as a page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::chain;
use super::super::layout::{line, wrapped};
use super::page::{Page, Tone};
use crate::alert::Alert;
use crate::basis::BasisKind;
use crate::destination::Country;
use crate::entity::EntityType;
use crate::facts::Facts;
use crate::receipt::{Counts, RegisterRow};
use crate::text::{Language, Provision, cited, names, reason};
use crate::timestamp::Timestamp;
use crate::verdict::{Note, Outcome, Reason, Reasons, Severity};

/// Of one recipient in one country.
const ROWS_SHOWN: usize = 6;
/// Causes that are worth a look first.
const CAUSES_SHOWN: usize = 3;

/// What stands on every alert is said once.
const EVERYWHERE: Note = Note::FreshnessUnknown;

/// Holds nothing that differs from run to run: ids of alerts depend on the cluster's.
#[derive(Serialize)]
pub(super) struct Report {
    seed: u64,
    inspected: Counts,
    /// Who got which items, where, on what basis or against which reasons.
    register: Vec<RegisterRow>,
    /// Worst first.
    causes: Vec<Cause>,
}

/// Alerts for the same reasons about the same recipient, and the first of them.
#[derive(Serialize)]
struct Cause {
    severity: Severity,
    recipient: Option<String>,
    reasons: Reasons,
    items: Vec<EntityType>,
    countries: Vec<Country>,
    country_legal: Option<Country>,
    country_observed: Option<Country>,
    notes: Vec<Note>,
    alerts: u64,
    topic: String,
    partition: i32,
    offset: i64,
    timestamp: Option<Timestamp>,
    subject: Option<String>,
    paths: Vec<String>,
    facts_seen: Vec<String>,
}

impl Cause {
    fn first(alert: &Alert<'_>) -> Cause {
        let texts = |texts: &[std::borrow::Cow<'_, str>]| texts.iter().map(ToString::to_string).collect();
        Cause {
            severity: alert.severity,
            recipient: alert.recipient.as_deref().map(str::to_owned),
            reasons: alert.reasons,
            items: alert.items.clone(),
            countries: alert.countries.clone(),
            country_legal: alert.country_legal,
            country_observed: alert.country_observed,
            notes: alert.notes.clone(),
            alerts: 0,
            topic: alert.topic.to_string(),
            partition: alert.partition,
            offset: alert.offset,
            timestamp: alert.timestamp,
            subject: alert.subject.as_deref().map(str::to_owned),
            paths: texts(&alert.paths),
            facts_seen: texts(&alert.facts_seen),
        }
    }
}

impl Report {
    /// `alerts` in the order of their records.
    pub(super) fn new(
        seed: u64,
        inspected: Counts,
        register: Vec<RegisterRow>,
        alerts: &[Alert<'_>],
    ) -> Report {
        let mut causes: BTreeMap<(Option<&str>, String), Cause> = BTreeMap::new();
        for alert in alerts {
            let key = (alert.recipient.as_deref(), alert.reasons.joined());
            let cause = causes.entry(key).or_insert_with(|| Cause::first(alert));
            // Records of one cause may hold more or less.
            if alert.severity > cause.severity {
                *cause = Cause { alerts: cause.alerts, ..Cause::first(alert) };
            }
            cause.alerts += 1;
        }
        let mut causes: Vec<Cause> = causes.into_values().collect();
        causes.sort_by_key(|cause| (std::cmp::Reverse(cause.severity), std::cmp::Reverse(cause.alerts)));
        Report { seed, inspected, register, causes }
    }

    /// `facts`: those that the day was judged by.
    pub(super) fn page(&self, facts: &Facts, language: Language) -> Page {
        let mut page = Page::default();
        self.verdicts(language, &mut page);
        self.destinations(facts, language, &mut page);
        self.bases(language, &mut page);
        self.reasons(language, &mut page);
        for (cause, number) in self.worst().into_iter().zip(1..) {
            if number == 1 {
                head(language.pick("Look at these first", "먼저 볼 경보"), &mut page);
            }
            cause.show(number, facts, language, &mut page);
        }
        if self.causes.iter().any(|cause| cause.notes.contains(&EVERYWHERE)) {
            head(language.pick("Of every alert", "모든 경보에 대하여"), &mut page);
            page.add(Tone::Plain, |out| chain::note_lines(&[EVERYWHERE], language, out));
        }
        page
    }

    /// The worst cause of each kind: other items, or another recipient.
    fn worst(&self) -> Vec<&Cause> {
        let mut worst: Vec<&Cause> = Vec::new();
        for cause in &self.causes {
            let is_alike =
                |other: &&Cause| (&other.recipient, &other.items) == (&cause.recipient, &cause.items);
            if worst.len() < CAUSES_SHOWN && !worst.iter().any(is_alike) {
                worst.push(cause);
            }
        }
        worst
    }

    fn verdicts(&self, language: Language, page: &mut Page) {
        let Counts { records, alerts, .. } = self.inspected;
        let text = language.pick(
            format!("A shop's day (seed {}): {records} records left it, each was inspected", self.seed),
            format!("어느 쇼핑몰의 하루(시드 {}): 내보낸 레코드 {records}건을 모두 검사함", self.seed),
        );
        page.add(Tone::Head, |out| line(out, &text));
        let counts = &self.inspected;
        for (outcome, count) in [
            (Outcome::Clear, counts.clear),
            (Outcome::Domestic, counts.domestic),
            (Outcome::Permitted, counts.permitted),
            (Outcome::Violation, counts.violation),
            (Outcome::Indeterminate, counts.indeterminate),
        ] {
            page.add(tone(outcome), |out| {
                line(out, &format!("{count:>8}  {}", names::outcome(outcome, language)));
            });
        }
        let causes = self.causes.len();
        let text = language.pick(
            format!("{alerts:>8}  alerts, for {causes} causes"),
            format!("{alerts:>8}  경보 (원인 {causes}가지)"),
        );
        page.add(Tone::Plain, |out| line(out, &text));
    }

    fn destinations(&self, facts: &Facts, language: Language, page: &mut Page) {
        head(language.pick("Where personal data went", "개인정보가 간 곳"), page);
        let counted = language.pick(
            "counted in records: one with several transfers stands in several lines",
            "레코드 수 기준: 이전이 여럿인 레코드는 여러 줄에 셈",
        );
        page.add(Tone::Plain, |out| line(out, &format!("  ({counted})")));
        let mut places: BTreeMap<(Option<&str>, Option<Country>), Vec<&RegisterRow>> = BTreeMap::new();
        for row in &self.register {
            places.entry((row.recipient.as_deref(), row.country)).or_default().push(row);
        }
        for ((recipient, country), rows) in places {
            let country = match (country, rows.first().map(|row| row.outcome)) {
                (Some(country), _) => country.to_string(),
                (None, Some(Outcome::Domestic)) => language.pick("at home", "국내").to_owned(),
                (None, _) => language.pick("nobody knows where", "어디인지 알 수 없음").to_owned(),
            };
            let name = named(recipient, facts, language);
            page.add(Tone::Plain, |out| wrapped(out, "  ", &format!("{name} → {country}")));
            let mut items: Vec<EntityType> = rows.iter().flat_map(|row| row.items.clone()).collect();
            items.sort_unstable();
            items.dedup();
            page.add(Tone::Plain, |out| wrapped(out, "    ", &listed(&items, language)));
            let sums = summed(&rows);
            for (outcome, why, records) in sums.iter().take(ROWS_SHOWN) {
                let outcome_text = names::outcome(*outcome, language);
                let why = if why.is_empty() { String::new() } else { format!(": {why}") };
                page.add(tone(*outcome), |out| {
                    wrapped(out, &format!("{records:>8}  "), &format!("{outcome_text}{why}"));
                });
            }
            let more = sums.len().saturating_sub(ROWS_SHOWN);
            if more > 0 {
                let text = language
                    .pick(format!("       …  and {more} more"), format!("       …  그 밖에 {more}가지"));
                page.add(Tone::Plain, |out| line(out, &text));
            }
        }
    }

    fn bases(&self, language: Language, page: &mut Page) {
        let mut bases: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &self.register {
            if let Some(basis) = row.basis.as_deref() {
                *bases.entry(basis).or_default() += row.records;
            }
        }
        head(language.pick("What was permitted, and on what basis", "적법했던 것과 그 근거"), page);
        for (basis, records) in bases {
            let (name, provision) = basis_named(basis, language);
            let text = format!("{basis}: {name} ({})", cited(&[provision], language));
            page.add(Tone::Plain, |out| wrapped(out, &format!("{records:>8}  "), &text));
        }
    }

    fn reasons(&self, language: Language, page: &mut Page) {
        let mut reasons: BTreeMap<Reason, u64> = BTreeMap::new();
        for cause in &self.causes {
            for reason in cause.reasons.iter() {
                *reasons.entry(reason).or_default() += cause.alerts;
            }
        }
        let title = language.pick("What was not, and why (alerts)", "그렇지 않았던 것과 그 이유 (경보 수)");
        head(title, page);
        for (code, alerts) in reasons {
            let text = format!("{}: {}", code.as_str(), reason(code).cited(language));
            page.add(Tone::Plain, |out| wrapped(out, &format!("{alerts:>8}  "), &text));
        }
    }
}

impl Cause {
    fn show(&self, number: usize, facts: &Facts, language: Language, page: &mut Page) {
        let Cause { alerts, topic, partition, offset, .. } = self;
        let severity = names::severity(self.severity, language);
        let items = listed(&self.items, language);
        let name = named(self.recipient.as_deref(), facts, language);
        let countries: Vec<String> = self.countries.iter().map(ToString::to_string).collect();
        let to = if countries.is_empty() { "?".to_owned() } else { countries.join(", ") };
        let text = format!("{severity}: {items} → {name}, {to}");
        page.add(Tone::Bad, |out| wrapped(out, &format!("{number}. "), &text));
        let time = self.timestamp.and_then(|time| jiff::Timestamp::from_millisecond(time.ms()).ok());
        let time = time.map_or(String::new(), |time| format!(", {time:.0}"));
        let place = language.pick(
            format!("alerts: {alerts}; the first: {topic}, partition {partition}, offset {offset}{time}"),
            format!("경보 {alerts}건, 첫 경보: {topic} 파티션 {partition} 오프셋 {offset}{time}"),
        );
        let paths = self.paths.join(", ");
        let found = language.pick(format!("found at {paths}"), format!("발견 위치: {paths}"));
        let evidence = self.evidence(language);
        let seen = self.facts_seen.join(", ");
        let seen = language.pick(format!("nearest facts: {seen}"), format!("가장 가까운 사실: {seen}"));
        let notes: Vec<Note> = self.notes.iter().copied().filter(|note| *note != EVERYWHERE).collect();
        page.add(Tone::Plain, |out| {
            chain::reason_lines(self.reasons, language, out);
            chain::note_lines(&notes, language, out);
            wrapped(out, "    ", &found);
            if !evidence.is_empty() {
                wrapped(out, "    ", &evidence);
            }
            if !self.facts_seen.is_empty() {
                wrapped(out, "    ", &seen);
            }
            wrapped(out, "    ", &place);
        });
    }

    /// What names the countries.
    fn evidence(&self, language: Language) -> String {
        use crate::destination::EvidenceKind::{Legal, Observed};
        let named = [(Legal, self.country_legal), (Observed, self.country_observed)];
        let texts = named
            .into_iter()
            .filter_map(|(kind, country)| Some(format!("{} {}", names::evidence(kind, language), country?)));
        texts.collect::<Vec<String>>().join(", ")
    }
}

fn head(title: &str, page: &mut Page) {
    page.add(Tone::Plain, |out| out.push('\n'));
    page.add(Tone::Head, |out| line(out, title));
}

const fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Clear | Outcome::Domestic => Tone::Plain,
        Outcome::Permitted => Tone::Good,
        Outcome::Indeterminate => Tone::Unsure,
        Outcome::Violation => Tone::Bad,
    }
}

fn listed(items: &[EntityType], language: Language) -> String {
    let names: Vec<&str> = items.iter().map(|item| names::entity(*item, language)).collect();
    names.join(", ")
}

/// Id, legal name and role.
fn named(recipient: Option<&str>, facts: &Facts, language: Language) -> String {
    let Some(id) = recipient else {
        return language.pick("somebody whom the registry does not know", "등록부에 없는 수신자").to_owned();
    };
    let known = facts.registry().iter().find(|known| known.id == id);
    let name = known.and_then(|known| known.legal_name.as_deref()).unwrap_or("-");
    match known.and_then(|known| known.role) {
        Some(role) => format!("{id} ({name}, {})", names::role(role, language)),
        None => format!("{id} ({name})"),
    }
}

/// Records by outcome, and basis or reasons; most first. A record has one purpose, so rows that differ in it only
/// count different records.
fn summed(rows: &[&RegisterRow]) -> Vec<(Outcome, String, u64)> {
    let mut sums: BTreeMap<(Outcome, String), u64> = BTreeMap::new();
    for row in rows {
        let why = row.basis.clone().unwrap_or_else(|| row.reasons.joined().replace(',', ", "));
        *sums.entry((row.outcome, why)).or_default() += row.records;
    }
    let mut sums: Vec<_> =
        sums.into_iter().map(|((outcome, why), records)| (outcome, why, records)).collect();
    sums.sort_by_key(|(outcome, _, records)| (*outcome, std::cmp::Reverse(*records)));
    sums
}

/// Of `kind:id@version`.
fn basis_named(basis: &str, language: Language) -> (&'static str, Provision) {
    let kind = basis.split(':').next().unwrap_or_default();
    match BasisKind::ALL.into_iter().find(|known| known.as_str() == kind) {
        Some(kind) => (names::basis(kind, language), names::basis_provision(kind)),
        None => (language.pick("consent", "동의"), Provision::act(28, 8).paragraph(1).number(1)),
    }
}
