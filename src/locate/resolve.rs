//! From what a walk found to subjects, recipients and transfers.

use std::ops::Range;

use super::address::{AddressIndex, Observed, parse_address};
use super::country::Signs;
use super::distinct::Distinct;
use super::route::{Place, PlaceKind, Route};
use super::scan::{Hit, Scanned};
use super::{KEY_PATHS_FROM, Located, Position, Transfer};
use crate::decode::{PAYLOAD_BYTES_MAX, Token, TokenKind};
use crate::destination::{Country, Reach};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::recipient::{Recipient, RecipientIndex};
use crate::record::{Part, Record};
use crate::subject::{Keyring, Subject};
use crate::time::parse_rfc3339_ms;

/// Recipients of all scope instances of a record, and its findings each times its recipients.
const PAIRS_MAX: usize = 1 << 20;

/// Stands for a declared purpose or transfer type that holds personal data. No disclosure lists it.
pub const DECLARES_PERSONAL_DATA: &str = "[personal data]";

/// One who gets what a scope instance holds, and by which value.
#[derive(Clone, Copy)]
struct Target {
    recipient: Option<RecipientIndex>,
    value: u32,
    bound: u32,
}

/// What is known of a scope instance so far.
#[derive(Clone, Default)]
struct Known {
    /// In [`Resolved::subjects`].
    subject: Option<usize>,
    /// In [`Resolved::targets`].
    targets: Option<Range<usize>>,
}

/// Reused from record to record.
#[derive(Default)]
pub(super) struct Resolved {
    instances: Vec<Known>,
    targets: Vec<Target>,
    subjects: Distinct<Subject>,
    pairs: Distinct<(Option<RecipientIndex>, usize)>,
    /// Of one scope instance.
    seen: Distinct<Option<RecipientIndex>>,
    bound: Vec<RecipientIndex>,
    text: String,
}

impl Resolved {
    fn clear(&mut self, instances: usize) {
        // What one huge record took is given back after it.
        if self.instances.capacity() > KEPT_MAX {
            *self = Resolved::default();
        }
        self.instances.clear();
        self.instances.resize(instances, Known::default());
        self.targets.clear();
        self.subjects.clear();
        self.pairs.clear();
    }
}

/// Scope instances whose memory is kept for the next record.
const KEPT_MAX: usize = 1 << 12;

/// The record asks for more than the limits allow.
struct Overflow;

/// A value of a selector.
#[derive(Clone, Copy)]
enum Value<'v> {
    Text(&'v str),
    /// A header that is not UTF-8: it names somebody, nobody knows whom.
    Unreadable,
}

pub(super) struct Resolving<'r> {
    pub(super) route: &'r Route,
    pub(super) record: &'r Record<'r>,
    pub(super) facts: &'r Facts,
    pub(super) keyring: &'r Keyring,
    pub(super) addresses: &'r AddressIndex,
    pub(super) home: Country,
    pub(super) scanned: &'r Scanned,
}

impl Resolving<'_> {
    pub(super) fn locate(&self, at_ms: i64, findings: &[Finding], resolved: &mut Resolved) -> Located {
        let text = &mut std::mem::take(&mut resolved.text);
        let mut located = Located {
            at_ms: self.told_ms(text).unwrap_or(at_ms),
            purpose: self.declared_text(self.route.purpose.as_ref(), findings, text),
            transfer_type: self.declared_text(self.route.transfer_type.as_ref(), findings, text),
            ..Located::nowhere(at_ms)
        };
        let declared = self.route.declared_country.as_ref();
        let declared = declared
            .and_then(|place| Some((self.first(Some(place), text, Country::parse)?, place.name.as_str())));
        let address = self.first(self.route.address.as_ref(), text, parse_address);
        let observed = address.map_or(Observed::default(), |address| self.addresses.lookup(address));
        let signs = Signs { home: self.home, observed, declared };
        resolved.text = std::mem::take(text);

        let whole =
            !self.scanned.overflown && self.transfers(findings, &signs, resolved, &mut located).is_ok();
        if !whole {
            self.without_scopes(findings, &signs, resolved, &mut located);
        }
        located
    }

    fn transfers(
        &self,
        findings: &[Finding],
        signs: &Signs<'_>,
        resolved: &mut Resolved,
        located: &mut Located,
    ) -> Result<(), Overflow> {
        resolved.clear(self.scanned.instances.len());
        let mut count = 0;
        for (finding, index) in findings.iter().zip(0..).filter(|(finding, _)| finding.is_judged()) {
            let scope = if finding.part == Part::Value { self.scanned.innermost(finding.at) } else { 0 };
            let subject = self.subject(scope, located.at_ms, resolved);
            let targets = self.targets(scope, resolved)?;
            count += targets.len();
            if count > PAIRS_MAX {
                return Err(Overflow);
            }
            for position in targets {
                let Some(target) = resolved.targets.get(position).copied() else { continue };
                let first = Position { scope, value: target.value, recipient: target.bound };
                self.add(finding, index, target.recipient, subject, first, signs, resolved, located);
            }
        }
        located.all_domestic = self.all_domestic(signs, resolved)?;
        Ok(())
    }

    /// One finding to one recipient.
    #[expect(clippy::too_many_arguments, reason = "the parts of a transfer")]
    fn add(
        &self,
        finding: &Finding,
        index: u32,
        recipient: Option<RecipientIndex>,
        subject: usize,
        first: Position,
        signs: &Signs<'_>,
        resolved: &mut Resolved,
        located: &mut Located,
    ) {
        let (position, is_new) = resolved.pairs.insert((recipient, subject));
        if is_new {
            located.transfers.push(Transfer {
                recipient,
                subject: resolved.subjects.items.get(subject).cloned().unwrap_or(Subject::Unresolved),
                destination: signs.destination(self.entry(recipient)),
                items: Vec::new(),
                findings: Vec::new(),
                position: first,
            });
        }
        let Some(transfer) = located.transfers.get_mut(position) else { return };
        transfer.position = transfer.position.min(first);
        transfer.findings.push(index);
        match transfer.items.binary_search_by_key(&finding.entity, |(entity, _)| *entity) {
            Ok(found) => {
                if let Some((_, count)) = transfer.items.get_mut(found) {
                    *count += 1;
                }
            }
            Err(place) => transfer.items.insert(place, (finding.entity, 1)),
        }
    }

    /// As if the route named nobody: for records beyond the limits.
    fn without_scopes(
        &self,
        findings: &[Finding],
        signs: &Signs<'_>,
        resolved: &mut Resolved,
        located: &mut Located,
    ) {
        resolved.clear(1);
        located.transfers.clear();
        let (subject, _) = resolved.subjects.insert(Subject::Unresolved);
        for (finding, index) in findings.iter().zip(0..).filter(|(finding, _)| finding.is_judged()) {
            self.add(finding, index, None, subject, Position::default(), signs, resolved, located);
        }
        located.all_domestic = signs.reach(None) == Reach::Domestic;
    }

    fn entry(&self, recipient: Option<RecipientIndex>) -> Option<&Recipient> {
        recipient.map(|index| self.facts.recipient(index))
    }

    fn all_domestic(&self, signs: &Signs<'_>, resolved: &mut Resolved) -> Result<bool, Overflow> {
        for (_, scope) in self.scanned.instances.iter().zip(0..) {
            let targets = self.targets(scope, resolved)?;
            let targets = resolved.targets.get(targets).unwrap_or_default();
            if targets.iter().any(|target| signs.reach(self.entry(target.recipient)) != Reach::Domestic) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whose an instance is: by its own selectors, or where it has none by those of the instance around it.
    fn subject(&self, scope: u32, at_ms: i64, resolved: &mut Resolved) -> usize {
        if let Some(subject) = resolved.instances.get(scope as usize).and_then(|known| known.subject) {
            return subject;
        }
        let (own, around) = self.instance(scope);
        let subject = match own.map_or(&[][..], |own| &own.subject) {
            [] if scope != 0 => self.subject(around, at_ms, resolved),
            selectors => {
                let mut token = None;
                for (place, token_type) in selectors {
                    self.each(place, scope, &mut resolved.text, |value| {
                        if let Value::Text(text) = value {
                            token = self.keyring.token(*token_type, text);
                        }
                        token.is_none()
                    });
                    if token.is_some() {
                        break;
                    }
                }
                let subject = token.map_or(Subject::Unresolved, |token| self.facts.subject(token, at_ms));
                resolved.subjects.insert(subject).0
            }
        };
        if let Some(known) = resolved.instances.get_mut(scope as usize) {
            known.subject = Some(subject);
        }
        subject
    }

    /// Who gets an instance: by its own selectors where they yield a value, else by those of the one around it.
    fn targets(&self, scope: u32, resolved: &mut Resolved) -> Result<Range<usize>, Overflow> {
        if let Some(targets) = resolved.instances.get(scope as usize).and_then(|known| known.targets.clone())
        {
            return Ok(targets);
        }
        let targets = match self.own_targets(scope, resolved)? {
            Some(targets) => targets,
            None if scope != 0 => self.targets(self.instance(scope).1, resolved)?,
            None => {
                let begin = resolved.targets.len();
                resolved.targets.push(Target { recipient: None, value: 0, bound: 0 });
                begin..begin + 1
            }
        };
        if let Some(known) = resolved.instances.get_mut(scope as usize) {
            known.targets = Some(targets.clone());
        }
        Ok(targets)
    }

    /// `None` where no selector of the instance yields a value.
    fn own_targets(&self, scope: u32, resolved: &mut Resolved) -> Result<Option<Range<usize>>, Overflow> {
        let Some(own) = self.instance(scope).0 else { return Ok(None) };
        let Resolved { targets, seen, bound, text, .. } = resolved;
        for (place, binding) in &own.recipient {
            let begin = targets.len();
            let mut value = 0;
            seen.clear();
            self.each(place, scope, text, |found| {
                bound.clear();
                match found {
                    Value::Text("") => return true,
                    Value::Text(text) => self.facts.recipients(*binding, text, bound),
                    Value::Unreadable => {}
                }
                let known = bound.iter().zip(0..).map(|(index, position)| (Some(*index), position));
                let unknown = bound.is_empty().then_some((None, 0));
                for (recipient, bound) in known.chain(unknown) {
                    if seen.insert(recipient).1 {
                        targets.push(Target { recipient, value, bound });
                    }
                }
                value += 1;
                targets.len() <= PAIRS_MAX
            });
            if targets.len() > PAIRS_MAX {
                return Err(Overflow);
            }
            if value > 0 {
                return Ok(Some(begin..targets.len()));
            }
        }
        Ok(None)
    }

    /// The selectors of an instance, and the instance around it.
    fn instance(&self, scope: u32) -> (Option<&super::route::Scope>, u32) {
        let instance = self.scanned.instances.get(scope as usize);
        let own = instance.and_then(|instance| self.route.scopes.get(usize::from(instance.scope)));
        (own, instance.map_or(0, |instance| instance.around))
    }

    fn told_ms(&self, text: &mut String) -> Option<i64> {
        self.first(self.route.time.as_ref(), text, |text| {
            parse_rfc3339_ms(text).or_else(|| text.parse().ok())
        })
    }

    /// What the sender declares goes into the register as it is written. Where inspection found personal data in
    /// it, or read nothing of it, only [`DECLARES_PERSONAL_DATA`] does: beside what was found there may be what no
    /// rule finds.
    fn declared_text(
        &self,
        place: Option<&Place>,
        findings: &[Finding],
        text: &mut String,
    ) -> Option<String> {
        let declared = self.first(place, text, |text| (!text.is_empty()).then(|| text.to_owned()))?;
        let source = place.and_then(|place| self.first_token(place));
        let is_personal = |(part, at)| {
            // A header's value is one text to whoever declares by it, whatever inspection makes of it.
            let whole = matches!(part, Part::Header(_));
            findings.iter().any(|finding| finding.part == part && (whole || finding.at == at))
        };
        let is_kept = declared.len() <= PAYLOAD_BYTES_MAX && !source.is_some_and(is_personal);
        Some(if is_kept { declared } else { DECLARES_PERSONAL_DATA.to_owned() })
    }

    /// Where the first value of a place stands in the record: its part, and the position of its token there.
    fn first_token(&self, place: &Place) -> Option<(Part, u32)> {
        match &place.kind {
            PlaceKind::Header(name) => {
                let mut headers = self.record.headers.iter().zip(0..);
                let named = headers.find(|(header, _)| *header.name == **name && header.value.is_some());
                named.map(|(_, position)| (Part::Header(position), 0))
            }
            PlaceKind::Path(path) => Some((Part::Value, self.scanned.hits_of(0, *path).first()?.at)),
            PlaceKind::Key(path) => {
                Some((Part::Key, self.scanned.hits_of(0, KEY_PATHS_FROM + path).first()?.at))
            }
            PlaceKind::Fixed(_) | PlaceKind::Topic => None,
        }
    }

    /// What the first value says; a further one does not count, even where the first says nothing.
    fn first<T>(
        &self,
        place: Option<&Place>,
        text: &mut String,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let mut first = None;
        self.each(place?, 0, text, |value| {
            if let Value::Text(text) = value {
                first = read(text);
            }
            false
        });
        first
    }

    /// Shows `visit` the values at a place, for a scope instance, in record order, until it wants no more.
    fn each(&self, place: &Place, scope: u32, buffer: &mut String, mut visit: impl FnMut(Value<'_>) -> bool) {
        let (bytes, hits) = match &place.kind {
            PlaceKind::Header(name) => {
                let named = self.record.headers.iter().filter(|header| *header.name == **name);
                for bytes in named.filter_map(|header| header.value) {
                    if !visit(std::str::from_utf8(bytes).map_or(Value::Unreadable, Value::Text)) {
                        return;
                    }
                }
                return;
            }
            PlaceKind::Fixed(text) => {
                visit(Value::Text(text));
                return;
            }
            PlaceKind::Topic => {
                visit(Value::Text(self.record.topic));
                return;
            }
            PlaceKind::Path(path) => (self.record.value, self.scanned.hits_of(scope, *path)),
            PlaceKind::Key(path) => (self.record.key, self.scanned.hits_of(0, KEY_PATHS_FROM + path)),
        };
        for hit in hits {
            let Some(raw) = bytes.and_then(|bytes| raw(bytes, hit)) else { continue };
            let token = Token { kind: TokenKind::String, raw, at: hit.at, escaped: hit.escaped };
            if !visit(Value::Text(token.text(buffer))) {
                return;
            }
        }
    }
}

fn raw<'a>(bytes: &'a [u8], hit: &Hit) -> Option<&'a [u8]> {
    bytes.get(hit.at as usize..(hit.at as usize).checked_add(hit.bytes as usize)?)
}
