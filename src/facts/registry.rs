//! The recipients, and the values that are bound to them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::disclosure::Named;
use crate::recipient::{Recipient, RecipientIndex};
use crate::time::Interval;

use super::Binding;
use super::symbols::{Symbol, Symbols};

#[derive(Default)]
pub(super) struct Registry {
    /// By id.
    recipients: Vec<Recipient>,
    /// In the order of `recipients`.
    parties: Vec<Party>,
    positions: HashMap<Box<str>, RecipientIndex>,
    ids: Bound<Box<str>>,
    /// Normalised as by [`host`].
    hosts: Bound<Box<str>>,
    topics: Bound<Box<str>>,
    networks: Bound<IpNet>,
    /// The prefix lengths that occur in `networks`, longest first: one probe each.
    v4_prefixes: Vec<u8>,
    v6_prefixes: Vec<u8>,
}

type Bound<K> = HashMap<K, Vec<RecipientIndex>>;

/// A recipient as a judgement looks at it.
#[derive(Clone, Debug)]
pub struct Party {
    id: Symbol,
    classes: Box<[(Symbol, Interval)]>,
    pub is_processor: bool,
    /// The registry has its name and contact (PIPA Art. 28-8(2) no. 3).
    pub has_contact: bool,
}

impl Party {
    /// Whether it is a member of the class at that instant.
    pub fn is_member(&self, class: Symbol, at_ms: i64) -> bool {
        self.classes.iter().any(|(of, interval)| *of == class && interval.contains(at_ms))
    }

    pub(super) fn id(&self) -> Symbol {
        self.id
    }

    /// Classes that it has ever been a member of.
    pub(super) fn classes(&self) -> impl Iterator<Item = Symbol> {
        self.classes.iter().map(|(class, _)| *class)
    }
}

/// A list that names recipients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedSet {
    ids: Box<[Symbol]>,
    classes: Box<[NamedClass]>,
    /// Whether the list holds `*`, which names nobody.
    pub star: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedClass {
    pub class: Symbol,
    /// Whether customers were told where to read who is a member.
    pub has_list: bool,
}

impl NamedSet {
    pub(super) fn new(list: &[Named], symbols: &mut Symbols) -> NamedSet {
        let ids = list.iter().filter_map(|named| match named {
            Named::Id(id) => Some(id.as_str()),
            _ => None,
        });
        let ids = symbols.set(ids);
        let classes = list.iter().filter_map(|named| match named {
            Named::Class { class, list_url } => {
                Some(NamedClass { class: symbols.intern(class), has_list: list_url.is_some() })
            }
            _ => None,
        });
        NamedSet { ids, classes: classes.collect(), star: list.contains(&Named::Everybody) }
    }

    pub fn has_id_of(&self, party: &Party) -> bool {
        self.ids.binary_search(&party.id).is_ok()
    }

    /// The listed classes that the party is a member of at that instant.
    pub fn classes_of(&self, party: &Party, at_ms: i64) -> impl Iterator<Item = NamedClass> {
        self.classes.iter().copied().filter(move |named| party.is_member(named.class, at_ms))
    }

    /// By id, or by a class that the party is a member of at that instant.
    pub fn names(&self, party: &Party, at_ms: i64) -> bool {
        self.has_id_of(party) || self.classes_of(party, at_ms).next().is_some()
    }

    /// All ids and classes, to index the list by them.
    pub(super) fn symbols(&self) -> impl Iterator<Item = Symbol> {
        self.ids.iter().copied().chain(self.classes.iter().map(|named| named.class))
    }
}

impl Registry {
    /// `recipients` sorted by id, without repeats.
    pub(super) fn new(recipients: Vec<Recipient>, symbols: &mut Symbols) -> Registry {
        let mut registry = Registry::default();
        for (recipient, position) in recipients.iter().zip(0..) {
            let index = RecipientIndex(position);
            registry.positions.insert(recipient.id.as_str().into(), index);
            bind(&mut registry.ids, recipient.ids.iter().map(|id| id.as_str().into()), index);
            bind(&mut registry.hosts, recipient.hosts.iter().map(|name| host(name).into()), index);
            bind(&mut registry.topics, recipient.topics.iter().map(|topic| topic.as_str().into()), index);
            bind(&mut registry.networks, recipient.cidrs.iter().map(IpNet::trunc), index);
            let membership = |member: &crate::recipient::Membership| {
                let interval = Interval { from_ms: member.from_ms, to_ms: member.to_ms };
                (symbols.intern(&member.class), interval)
            };
            registry.parties.push(Party {
                classes: recipient.classes.iter().map(membership).collect(),
                id: symbols.intern(&recipient.id),
                is_processor: recipient.role.is_some_and(crate::recipient::Role::is_processor),
                has_contact: recipient.legal_name.is_some() && recipient.contact.is_some(),
            });
        }
        for net in registry.networks.keys() {
            let prefixes = match net {
                IpNet::V4(_) => &mut registry.v4_prefixes,
                IpNet::V6(_) => &mut registry.v6_prefixes,
            };
            prefixes.push(net.prefix_len());
        }
        for prefixes in [&mut registry.v4_prefixes, &mut registry.v6_prefixes] {
            prefixes.sort_unstable_by(|a, b| b.cmp(a));
            prefixes.dedup();
        }
        registry.recipients = recipients;
        registry
    }

    pub(super) fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    pub(super) fn parties(&self) -> &[Party] {
        &self.parties
    }

    pub(super) fn position(&self, id: &str) -> Option<RecipientIndex> {
        self.positions.get(id).copied()
    }

    /// Appends the recipients bound to a value, in byte order of their ids.
    pub(super) fn bound(&self, binding: Binding, value: &str, out: &mut Vec<RecipientIndex>) {
        let found = match binding {
            Binding::Id => return out.extend(self.position(value)),
            Binding::Cidrs => return self.at_address(value, out),
            Binding::Ids => self.ids.get(value),
            Binding::Topics => self.topics.get(value),
            Binding::Hosts => self.hosts.get(host(value).as_ref()),
        };
        out.extend(found.into_iter().flatten());
    }

    fn at_address(&self, value: &str, out: &mut Vec<RecipientIndex>) {
        let Ok(address) = value.parse::<IpAddr>() else { return };
        // An IPv4 address that a dual-stack socket printed is the IPv4 address.
        let address = address.to_canonical();
        let prefixes = if address.is_ipv4() { &self.v4_prefixes } else { &self.v6_prefixes };
        let mut found: Vec<RecipientIndex> = Vec::new();
        for prefix in prefixes {
            let net = IpNet::new(address, *prefix).ok().map(|net| net.trunc());
            found.extend(net.and_then(|net| self.networks.get(&net)).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        out.append(&mut found);
    }
}

/// Recipients come in the order of their ids, so every list stays sorted.
fn bind<K: std::hash::Hash + Eq>(
    bound: &mut Bound<K>,
    values: impl Iterator<Item = K>,
    index: RecipientIndex,
) {
    for value in values {
        let list = bound.entry(value).or_default();
        if list.last() != Some(&index) {
            list.push(index);
        }
    }
}

/// A host name without port and closing dot, ASCII letters in lower case; an IPv6 address without brackets.
pub(super) fn host(value: &str) -> Cow<'_, str> {
    let name = match value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _port)) => address,
        None => match value.split_once(':') {
            // Two colons: an IPv6 address without brackets has no port.
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => value,
        },
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_are_equal_without_port_closing_dot_and_case() {
        for (value, expected) in [
            ("Backup.Prairie.example:443", "backup.prairie.example"),
            ("a.example.", "a.example"),
            ("a.example.:8080", "a.example"),
            ("[2001:DB8::1]:443", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("203.0.113.5:443", "203.0.113.5"),
            ("a.example:https", "a.example:https"),
            ("", ""),
        ] {
            assert_eq!(host(value), expected, "{value}");
        }
    }
}
