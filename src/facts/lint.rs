//! What facts say that can never be of use: a notice that lacks what the law asks for, a name that names nobody, an
//! act that consents to nothing. Or that are likely meant otherwise: a line that replaces another, a value bound to
//! two recipients. No such fact is wrong by itself, and no remark changes a verdict.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry as Slot};
use std::net::IpAddr;

use crate::basis::{Basis, BasisKind};
use crate::consent::ConsentAct;
use crate::destination::Country;
use crate::disclosure::{Channel, Disclosure, Entry, Named};
use crate::entity::EntityType;
use crate::recipient::{Binding, Recipient};
use crate::time::Interval;
use crate::yaml::nearest;

use super::Line;
use super::registry::host;

/// Where a fact stands: the caller's number of its file, and its line from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: usize,
    pub line: u64,
}

/// One remark; those on acts of one kind about one text are one, at the first of them, and so are those on acts that
/// replace others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// `None` where it is about the facts as a whole.
    pub place: Option<Place>,
    /// The earlier line that it is about too.
    pub other: Option<Place>,
    /// `transfers[0].refusal.effect`: names fields, never values.
    pub field: String,
    pub remark: Remark,
    /// Facts that it is true of.
    pub count: u64,
}

/// What is the matter with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// Recipients, but no disclosure and no legal basis: nothing permits a transfer abroad.
    NothingPermits,
    /// Another fact with the key of an earlier line, which no longer counts.
    Replaces,
    /// What a notice must tell is absent or empty (Art. 28-8(2)).
    NotTold,
    /// `*` tells customers nothing.
    ToldAsAll,
    /// `*` in a basis matches nothing.
    AllMatchesNothing,
    /// An id that the registry does not have.
    RecipientUnknown,
    /// A class that nobody was ever a member of.
    ClassEmpty,
    /// A class without `list_url`: customers cannot read who is in it.
    ClassUnlisted,
    /// Not two upper-case letters: matches nothing.
    CountryUnreadable,
    /// Two letters that ISO 3166-1 has assigned to no country.
    CountryUnassigned,
    /// No entity type by a letter or two: the one that was likely meant.
    ItemMisspelt(EntityType),
    /// It ends before it begins.
    NeverInForce,
    /// An act or a basis names a disclosure version that no fact tells of.
    TextUnknown,
    /// An act names an entry that its version does not have.
    EntryUnknown,
    /// Nobody consents to a privacy policy.
    ConsentToPolicy,
    /// Consented to when the version was not in force.
    TextNotInForce,
    /// The transfer abroad was not consented to separately.
    NotSeparate,
    /// A child's consent without a verified guardian.
    GuardianMissing,
    /// It had expired before it took effect.
    ExpiresAtOnce,
    /// A basis that must name recipients, countries or items to match, and does not.
    NamesNothing,
    /// An entrustment that is not `necessary`.
    NotNecessary,
    /// An entrustment without `disclosed_by` and `notice`.
    NotDisclosed,
    /// An entrustment to a recipient that is no processor.
    NoProcessor,
    /// A certification without one of the measures.
    MeasuresMissing,
    /// A recipient without `legal_country`.
    NoLegalCountry,
    /// A recipient without `legal_name` or `contact`.
    NoContact,
    /// A recipient that no value of a record can name.
    Unbound,
    /// A value that an earlier recipient is bound to as well: both are recipients (`DECISION.md` §2).
    BoundTwice,
    /// Neither a host name nor an address.
    HostUnreadable,
}

/// Takes in facts in the order in which they are read; a later one with the key of an earlier one replaces it.
#[derive(Default)]
pub struct Lint {
    disclosures: BTreeMap<(String, u64), (Place, Disclosure)>,
    bases: BTreeMap<(String, u64), (Place, Basis)>,
    recipients: BTreeMap<String, (Place, Recipient)>,
    acts: BTreeMap<String, (Place, ConsentAct)>,
    replacing: Vec<Warning>,
    replacing_acts: Option<Warning>,
}

impl Lint {
    pub fn add(&mut self, place: Place, line: Line) {
        let replacing = |key: &str, earlier| Warning {
            place: Some(place),
            other: Some(earlier),
            field: key.to_owned(),
            remark: Remark::Replaces,
            count: 1,
        };
        match line {
            Line::Disclosure(fact) => {
                let earlier = put(&mut self.disclosures, (fact.id.clone(), fact.version), place, fact);
                self.replacing.extend(earlier.map(|earlier| replacing("disclosure", earlier)));
            }
            Line::Consent(fact) => {
                let earlier = put(&mut self.acts, fact.event.clone(), place, fact);
                match (earlier, &mut self.replacing_acts) {
                    (None, _) => {}
                    (Some(_), Some(first)) => first.count += 1,
                    (Some(earlier), none) => *none = Some(replacing("event", earlier)),
                }
            }
            Line::Basis(fact) => {
                let earlier = put(&mut self.bases, (fact.id.clone(), fact.version), place, fact);
                self.replacing.extend(earlier.map(|earlier| replacing("basis", earlier)));
            }
            Line::Recipient(fact) => {
                let earlier = put(&mut self.recipients, fact.id.clone(), place, fact);
                self.replacing.extend(earlier.map(|earlier| replacing("recipient", earlier)));
            }
            Line::Heartbeat(_) => {}
        }
    }

    /// What is about the facts as a whole, then in the order of the files.
    pub fn finish(mut self) -> Vec<Warning> {
        let members = self.recipients.values().flat_map(|(_, recipient)| &recipient.classes);
        let mut reading = Reading {
            classes: members.map(|membership| membership.class.as_str()).collect(),
            recipients: &self.recipients,
            disclosures: &self.disclosures,
            warnings: std::mem::take(&mut self.replacing),
        };
        reading.warnings.extend(self.replacing_acts.take());
        if !self.recipients.is_empty() && self.disclosures.is_empty() && self.bases.is_empty() {
            reading.warnings.push(Warning {
                place: None,
                other: None,
                field: "basis".to_owned(),
                remark: Remark::NothingPermits,
                count: 1,
            });
        }
        reading.bindings();
        for (place, recipient) in self.recipients.values() {
            reading.recipient(*place, recipient);
        }
        for (place, disclosure) in self.disclosures.values() {
            reading.disclosure(*place, disclosure);
        }
        for (place, basis) in self.bases.values() {
            reading.basis(*place, basis);
        }
        reading.acts(self.acts.values());
        let mut warnings = reading.warnings;
        warnings.sort_by(|one, other| {
            (one.place, &one.field, one.remark).cmp(&(other.place, &other.field, other.remark))
        });
        warnings
    }
}

/// Where the fact stood that this one replaces; the same fact once more replaces nothing.
fn put<K: Ord, F: PartialEq>(
    facts: &mut BTreeMap<K, (Place, F)>,
    key: K,
    place: Place,
    fact: F,
) -> Option<Place> {
    match facts.entry(key) {
        Slot::Vacant(slot) => {
            slot.insert((place, fact));
            None
        }
        Slot::Occupied(mut slot) => {
            let (earlier, replaced) = slot.insert((place, fact));
            (slot.get().1 != replaced).then_some(earlier)
        }
    }
}

struct Reading<'a> {
    recipients: &'a BTreeMap<String, (Place, Recipient)>,
    disclosures: &'a BTreeMap<(String, u64), (Place, Disclosure)>,
    /// That somebody was ever a member of.
    classes: BTreeSet<&'a str>,
    warnings: Vec<Warning>,
}

impl Reading<'_> {
    fn warn(&mut self, place: Place, field: impl Into<String>, remark: Remark) {
        self.warnings.push(Warning {
            place: Some(place),
            other: None,
            field: field.into(),
            remark,
            count: 1,
        });
    }

    /// Values that recipients share, each at every recipient but the first in the order of the files.
    fn bindings(&mut self) {
        let mut recipients: Vec<&(Place, Recipient)> = self.recipients.values().collect();
        recipients.sort_by_key(|(place, _)| *place);
        let mut bound: BTreeMap<(&str, String), Place> = BTreeMap::new();
        for (place, recipient) in recipients {
            let hosts: Vec<String> = recipient.hosts.iter().map(|name| host(name).into_owned()).collect();
            for (binding, values) in [
                (Binding::Ids, &recipient.ids),
                (Binding::Hosts, &hosts),
                (Binding::Topics, &recipient.topics),
            ] {
                for (position, value) in values.iter().enumerate() {
                    let first = *bound.entry((binding.as_str(), value.clone())).or_insert(*place);
                    if first != *place {
                        self.warnings.push(Warning {
                            place: Some(*place),
                            other: Some(first),
                            field: format!("{}[{position}]", binding.as_str()),
                            remark: Remark::BoundTwice,
                            count: 1,
                        });
                    }
                }
            }
        }
    }

    fn recipient(&mut self, place: Place, recipient: &Recipient) {
        match recipient.legal_country {
            None => self.warn(place, "legal_country", Remark::NoLegalCountry),
            Some(country) if country.assigned().is_none() => {
                self.warn(place, "legal_country", Remark::CountryUnassigned);
            }
            Some(_) => {}
        }
        for (position, name) in recipient.hosts.iter().enumerate() {
            if !is_host(&host(name)) {
                self.warn(place, format!("hosts[{position}]"), Remark::HostUnreadable);
            }
        }
        for (field, text) in [("legal_name", &recipient.legal_name), ("contact", &recipient.contact)] {
            if text.is_none() {
                self.warn(place, field, Remark::NoContact);
            }
        }
        let lists =
            [recipient.ids.len(), recipient.hosts.len(), recipient.cidrs.len(), recipient.topics.len()];
        if lists.iter().all(|length| *length == 0) {
            self.warn(place, "ids", Remark::Unbound);
        }
        for (position, membership) in recipient.classes.iter().enumerate() {
            let interval = Interval { from_ms: membership.from_ms, to_ms: membership.to_ms };
            self.interval(place, &format!("classes[{position}].to"), interval);
        }
    }

    fn disclosure(&mut self, place: Place, disclosure: &Disclosure) {
        self.interval(place, "retired_at", disclosure.in_force);
        for (position, entry) in disclosure.entries.iter().enumerate() {
            self.entry(place, &format!("transfers[{position}]"), entry);
        }
    }

    fn entry(&mut self, place: Place, at: &str, entry: &Entry) {
        let is_empty = |list: Option<usize>| list.is_none_or(|length| length == 0);
        let refusal = entry.refusal.as_ref();
        for (field, is_missing) in [
            ("items", is_empty(entry.items.as_ref().map(Vec::len))),
            ("countries", is_empty(entry.countries.as_ref().map(Vec::len))),
            ("timing", entry.timing.is_none()),
            ("method", entry.method.is_none()),
            ("recipients", is_empty(entry.recipients.as_ref().map(Vec::len))),
            ("purposes", is_empty(entry.purposes.as_ref().map(Vec::len))),
            ("retention", entry.retention.is_none()),
            ("refusal.procedure", refusal.is_none_or(|refusal| refusal.procedure.is_none())),
            ("refusal.effect", refusal.is_none_or(|refusal| refusal.effect.is_none())),
        ] {
            if is_missing {
                self.warn(place, format!("{at}.{field}"), Remark::NotTold);
            }
        }
        self.countries(place, &format!("{at}.countries"), entry.countries.as_deref(), Remark::ToldAsAll);
        self.items(place, &format!("{at}.items"), entry.items.as_deref(), Remark::ToldAsAll);
        self.named(place, &format!("{at}.recipients"), entry.recipients.as_deref(), Remark::ToldAsAll);
    }

    fn basis(&mut self, place: Place, basis: &Basis) {
        let end = if basis.kind == BasisKind::SuspensionOrder { "lifted_at" } else { "valid_to" };
        self.interval(place, end, basis.in_force);
        self.countries(place, "countries", basis.countries.as_deref(), Remark::AllMatchesNothing);
        self.items(place, "items", basis.items.as_deref(), Remark::AllMatchesNothing);
        self.items(place, "excluded_items", Some(&basis.excluded_items), Remark::AllMatchesNothing);
        self.named(place, "recipients", basis.recipients.as_deref(), Remark::AllMatchesNothing);
        let must_name: &[(&str, bool)] = match basis.kind {
            BasisKind::Adequacy => &[("countries", basis.countries.is_none())],
            BasisKind::Certification => &[("recipients", basis.recipients.is_none())],
            BasisKind::ContractEntrustment => &[
                ("recipients", basis.recipients.is_none()),
                ("countries", basis.countries.is_none()),
                ("items", basis.items.is_none()),
            ],
            BasisKind::SuspensionOrder | BasisKind::Statute | BasisKind::Treaty => &[],
        };
        for (field, is_missing) in must_name {
            if *is_missing {
                self.warn(place, *field, Remark::NamesNothing);
            }
        }
        match basis.kind {
            BasisKind::Certification if !basis.measures => {
                self.warn(place, "measures_security", Remark::MeasuresMissing);
            }
            BasisKind::ContractEntrustment => self.entrustment(place, basis),
            _ => {}
        }
    }

    fn entrustment(&mut self, place: Place, basis: &Basis) {
        if !basis.necessary {
            self.warn(place, "necessary", Remark::NotNecessary);
        }
        match &basis.disclosed_by {
            None if basis.notice_sent_ms.is_none() => {
                self.warn(place, "disclosed_by", Remark::NotDisclosed);
            }
            Some(printed) if !self.is_text(printed) => self.warn(place, "disclosed_by", Remark::TextUnknown),
            _ => {}
        }
        for (position, named) in basis.recipients.iter().flatten().enumerate() {
            let Named::Id(id) = named else { continue };
            let recipient = self.recipients.get(id).map(|(_, recipient)| recipient);
            if recipient.is_some_and(|one| !one.role.is_some_and(crate::recipient::Role::is_processor)) {
                self.warn(place, format!("recipients[{position}]"), Remark::NoProcessor);
            }
        }
    }

    /// Whether a disclosure version is printed as `id@version`.
    fn is_text(&self, printed: &str) -> bool {
        let parts = printed.rsplit_once('@').and_then(|(id, version)| Some((id, version.parse().ok()?)));
        parts.is_some_and(|(id, version): (&str, u64)| {
            self.disclosures.contains_key(&(id.to_owned(), version))
        })
    }

    /// Millions of acts: what is the matter with those about one text is told once.
    fn acts<'f>(&mut self, acts: impl Iterator<Item = &'f (Place, ConsentAct)>) {
        let mut found: BTreeMap<(&str, u64, &str, Remark), (Place, u64)> = BTreeMap::new();
        for (place, act) in acts {
            for (field, remark) in self.act(act) {
                let known = found.entry((&act.disclosure, act.version, field, remark)).or_insert((*place, 0));
                *known = (known.0.min(*place), known.1 + 1);
            }
        }
        let warnings = found.into_iter().map(|((_, _, field, remark), (place, count))| Warning {
            place: Some(place),
            other: None,
            field: field.to_owned(),
            remark,
            count,
        });
        self.warnings.extend(warnings);
    }

    fn act(&self, act: &ConsentAct) -> Vec<(&'static str, Remark)> {
        let mut remarks = Vec::new();
        let Some((_, text)) = self.disclosures.get(&(act.disclosure.clone(), act.version)) else {
            return vec![("version", Remark::TextUnknown)];
        };
        let is_entry = |reference: &String| text.entries.iter().any(|entry| entry.reference == *reference);
        if !act.transfers.iter().flatten().all(is_entry) {
            remarks.push(("transfers", Remark::EntryUnknown));
        }
        if !act.kind.is_consent() {
            return remarks;
        }
        if text.channel == Some(Channel::PrivacyPolicy) {
            remarks.push(("disclosure", Remark::ConsentToPolicy));
        }
        if !text.in_force.contains(act.at_ms) {
            remarks.push(("at", Remark::TextNotInForce));
        }
        if !act.separate.cross_border {
            remarks.push(("separate.cross_border", Remark::NotSeparate));
        }
        if act.under_14 && !act.has_guardian {
            remarks.push(("guardian", Remark::GuardianMissing));
        }
        if act.expires_ms.is_some_and(|expires_ms| expires_ms <= act.effective_ms) {
            remarks.push(("expires_at", Remark::ExpiresAtOnce));
        }
        remarks
    }

    fn interval(&mut self, place: Place, field: &str, interval: Interval) {
        if interval.from_ms.zip(interval.to_ms).is_some_and(|(from_ms, to_ms)| to_ms <= from_ms) {
            self.warn(place, field, Remark::NeverInForce);
        }
    }

    fn countries(&mut self, place: Place, field: &str, countries: Option<&[String]>, of_all: Remark) {
        for (position, country) in countries.unwrap_or_default().iter().enumerate() {
            let remark = match Country::parse(country).filter(|read| read.as_str() == country) {
                _ if country == "*" => of_all,
                None => Remark::CountryUnreadable,
                Some(read) if read.assigned().is_none() => Remark::CountryUnassigned,
                Some(_) => continue,
            };
            self.warn(place, format!("{field}[{position}]"), remark);
        }
    }

    /// A text may name items that sumun does not find; only what is nearly one of its own is remarked upon.
    fn items(&mut self, place: Place, field: &str, items: Option<&[String]>, of_all: Remark) {
        for (position, item) in items.unwrap_or_default().iter().enumerate() {
            if item == "*" {
                self.warn(place, format!("{field}[{position}]"), of_all);
            } else if EntityType::parse(item).is_none()
                && let Some(meant) = nearest(item, EntityType::ALL.map(EntityType::as_str))
                && let Some(meant) = EntityType::parse(meant)
            {
                self.warn(place, format!("{field}[{position}]"), Remark::ItemMisspelt(meant));
            }
        }
    }

    fn named(&mut self, place: Place, field: &str, list: Option<&[Named]>, of_all: Remark) {
        for (position, named) in list.unwrap_or_default().iter().enumerate() {
            let field = format!("{field}[{position}]");
            match named {
                Named::Everybody => self.warn(place, field, of_all),
                Named::Id(id) if !self.recipients.contains_key(id) => {
                    self.warn(place, field, Remark::RecipientUnknown);
                }
                Named::Id(_) => {}
                Named::Class { class, list_url } => {
                    if !self.classes.contains(class.as_str()) {
                        self.warn(place, field.clone(), Remark::ClassEmpty);
                    }
                    // Only customers must be able to read it: in a basis nobody is shown the list.
                    if list_url.is_none() && of_all == Remark::ToldAsAll {
                        self.warn(place, field, Remark::ClassUnlisted);
                    }
                }
            }
        }
    }
}

/// Of a name as [`host`] leaves it. Letters of any language, and `_`: what networks resolve is not ours to forbid.
fn is_host(name: &str) -> bool {
    let is_name = !name.is_empty()
        && name.chars().all(|char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.'));
    is_name || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Stream, read_line};
    use super::{Lint, Place};

    /// The warnings on facts that are otherwise as they should be, as `LINE FIELD REMARK COUNT`, and `of LINE` where
    /// an earlier line is told; line 0 is the facts as a whole.
    fn warnings(facts: &[(Stream, &str)]) -> Vec<String> {
        let mut lint = Lint::default();
        for ((stream, text), line) in facts.iter().zip(1..) {
            let Ok(fact) = read_line(*stream, text) else { panic!("unreadable: {text}") };
            lint.add(Place { file: 0, line }, fact);
        }
        let warnings = lint.finish().into_iter();
        warnings
            .map(|one| {
                let line = one.place.map_or(0, |place| place.line);
                let other = one.other.map_or(String::new(), |other| format!(" of {}", other.line));
                format!("{line} {} {:?} {}{other}", one.field, one.remark, one.count)
            })
            .collect()
    }

    #[track_caller]
    fn check(facts: &[(Stream, &str)], expected: &[&str]) {
        assert_eq!(warnings(facts), expected);
    }

    const SELLER: (Stream, &str) = (
        Stream::Recipient,
        r#"{"recipient":"s","legal_name":"S","contact":"s@s.example","legal_country":"CN","ids":["S"],"classes":[{"class":"c"}]}"#,
    );
    const TEXT: (Stream, &str) = (
        Stream::Disclosure,
        r#"{"disclosure":"d","version":1,"published_at":"2024-01-01T00:00:00Z","transfers":[{"ref":"r","items":["person_name","shoe_size"],"countries":["CN"],"timing":"t","method":"m","recipients":["s",{"class":"c","list_url":"u"}],"purposes":["p"],"retention":"P1Y","refusal":{"procedure":"p","effect":"e"}}]}"#,
    );

    #[test]
    fn facts_that_can_be_of_use_are_passed_over() {
        let act = r#"{"event":"1","subject":["k1:member:00000000000000000000000000000000"],"disclosure":"d","version":1,"act":"given","at":"2024-02-01T00:00:00Z","separate":{"cross_border":true}}"#;
        check(&[SELLER, TEXT, (Stream::Consent, act)], &[]);
    }

    #[test]
    fn what_a_notice_must_tell_is_missed_by_its_field() {
        let text = r#"{"disclosure":"d","version":1,"published_at":"2024-01-01T00:00:00Z","retired_at":"2024-01-01T00:00:00Z","transfers":[{"ref":"r","items":["phone_numbr"],"countries":["cn","*"],"timing":"t","method":"","recipients":["nobody","*",{"class":"empty"}],"purposes":[],"retention":"P1Y","refusal":{"procedure":"p"}}]}"#;
        check(
            &[SELLER, (Stream::Disclosure, text)],
            &[
                "2 retired_at NeverInForce 1",
                "2 transfers[0].countries[0] CountryUnreadable 1",
                "2 transfers[0].countries[1] ToldAsAll 1",
                "2 transfers[0].items[0] ItemMisspelt(PhoneNumber) 1",
                "2 transfers[0].method NotTold 1",
                "2 transfers[0].purposes NotTold 1",
                "2 transfers[0].recipients[0] RecipientUnknown 1",
                "2 transfers[0].recipients[1] ToldAsAll 1",
                "2 transfers[0].recipients[2] ClassEmpty 1",
                "2 transfers[0].recipients[2] ClassUnlisted 1",
                "2 transfers[0].refusal.effect NotTold 1",
            ],
        );
    }

    #[test]
    fn acts_about_one_text_are_told_once() {
        let act = |event: u32, rest: &str| {
            format!(
                r#"{{"event":"{event}","subject":["k1:member:00000000000000000000000000000000"],"disclosure":"d","act":"given",{rest}}}"#
            )
        };
        let unseparated = [1, 2].map(|event| act(event, r#""version":1,"at":"2024-02-01T00:00:00Z""#));
        let early = act(
            3,
            r#""version":1,"at":"2023-02-01T00:00:00Z","separate":{"cross_border":true},"under_14":true"#,
        );
        let unknown = act(4, r#""version":2,"at":"2024-02-01T00:00:00Z","separate":{"cross_border":true}"#);
        let acts = unseparated.iter().chain([&early, &unknown]).map(|act| (Stream::Consent, act.as_str()));
        let facts: Vec<_> = [SELLER, TEXT].into_iter().chain(acts).collect();
        check(
            &facts,
            &[
                "3 separate.cross_border NotSeparate 2",
                "5 at TextNotInForce 1",
                "5 guardian GuardianMissing 1",
                "6 version TextUnknown 1",
            ],
        );
    }

    #[test]
    fn a_basis_that_can_permit_nothing_says_why() {
        let entrustment = r#"{"basis":"e","version":1,"kind":"contract_entrustment","recipients":["s","*"],"countries":["CN"],"disclosed_by":"d@9"}"#;
        let certificate = r#"{"basis":"c","version":1,"kind":"certification","items":["phone_number"],"measures_security":true}"#;
        check(
            &[SELLER, (Stream::Basis, entrustment), (Stream::Basis, certificate)],
            &[
                "2 disclosed_by TextUnknown 1",
                "2 items NamesNothing 1",
                "2 necessary NotNecessary 1",
                "2 recipients[0] NoProcessor 1",
                "2 recipients[1] AllMatchesNothing 1",
                "3 measures_security MeasuresMissing 1",
                "3 recipients NamesNothing 1",
            ],
        );
    }

    #[test]
    fn a_recipient_that_nobody_can_be_told_of_is_remarked_upon() {
        check(
            &[(
                Stream::Recipient,
                r#"{"recipient":"x","contact":"","classes":[{"class":"c","from":"2024-01-01T00:00:00Z","to":"2023-01-01T00:00:00Z"}]}"#,
            )],
            &[
                "0 basis NothingPermits 1",
                "1 classes[0].to NeverInForce 1",
                "1 contact NoContact 1",
                "1 ids Unbound 1",
                "1 legal_country NoLegalCountry 1",
                "1 legal_name NoContact 1",
            ],
        );
    }

    fn recipient(id: &str, rest: &str) -> String {
        format!(
            r#"{{"recipient":"{id}","legal_name":"L","contact":"c","legal_country":"CN","ids":["{id}"],{rest}}}"#
        )
    }

    #[test]
    fn recipients_of_whom_nothing_is_told_are_remarked_upon_once() {
        check(&[SELLER], &["0 basis NothingPermits 1"]);
        let order = r#"{"basis":"o","version":1,"kind":"suspension_order"}"#;
        check(&[SELLER, (Stream::Basis, order)], &[]);
        check(&[], &[]);
    }

    #[test]
    fn a_value_bound_to_two_recipients_is_told_at_the_later_line() {
        // `z` comes first in the file, though last in byte order.
        let first = recipient("z", r#""hosts":["a.example","a.example."],"topics":["t"]"#);
        let second = recipient("b", r#""hosts":["b.example","A.example:443"],"topics":["t"]"#);
        let third = recipient("t", r#""topics":["z"]"#);
        let facts = [TEXT, SELLER, (Stream::Recipient, &first), (Stream::Recipient, &second)];
        let facts: Vec<_> = facts.into_iter().chain([(Stream::Recipient, third.as_str())]).collect();
        check(&facts, &["4 hosts[1] BoundTwice 1 of 3", "4 topics[0] BoundTwice 1 of 3"]);
        // Only what stands in the end is bound.
        let moved = recipient("z", r#""hosts":["z.example"]"#);
        let facts: Vec<_> = facts.into_iter().chain([(Stream::Recipient, moved.as_str())]).collect();
        check(&facts, &["6 recipient Replaces 1 of 3"]);
    }

    #[test]
    fn a_line_that_replaces_another_names_it() {
        let act = |event: &str, at: &str| {
            format!(
                r#"{{"event":"{event}","subject":["k1:member:00000000000000000000000000000000"],"disclosure":"d","version":1,"act":"withdrawn","at":"{at}T00:00:00Z"}}"#
            )
        };
        let acts =
            [act("1", "2024-02-01"), act("2", "2024-02-01"), act("1", "2024-03-01"), act("2", "2024-03-01")];
        let text = TEXT.1.replace("2024-01-01", "2024-01-02");
        let facts = [TEXT, SELLER, (Stream::Disclosure, text.as_str()), SELLER];
        let acts = acts.iter().map(|act| (Stream::Consent, act.as_str()));
        check(
            &facts.into_iter().chain(acts).collect::<Vec<_>>(),
            &["3 disclosure Replaces 1 of 1", "7 event Replaces 2 of 5"],
        );
    }

    #[test]
    fn hosts_and_countries_that_are_none_are_remarked_upon() {
        let hosts = r#""hosts":["a b.example","https://a.example","*.a.example","","상점.example","a_b.example:80","[2001:db8::1]:443","203.0.113.5"]"#;
        let fact = recipient("u", hosts).replace("CN", "UK");
        let text = TEXT.1.replace(r#"["CN"]"#, r#"["CN","EU"]"#);
        check(
            &[SELLER, (Stream::Disclosure, &text), (Stream::Recipient, &fact)],
            &[
                "2 transfers[0].countries[1] CountryUnassigned 1",
                "3 hosts[0] HostUnreadable 1",
                "3 hosts[1] HostUnreadable 1",
                "3 hosts[2] HostUnreadable 1",
                "3 hosts[3] HostUnreadable 1",
                "3 legal_country CountryUnassigned 1",
            ],
        );
    }
}
