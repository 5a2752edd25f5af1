//! One fact as a line of JSON, read strictly into the nouns.
//!
//! A fact with a key that its schema lacks is unreadable, whatever the key: a misspelt `recipients` would
//! otherwise permit everybody. A company's own data belongs under `meta`, which is read over.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::basis::{Basis, BasisKind};
use crate::consent::{ActKind, ConsentAct, Separate};
use crate::destination::Country;
use crate::disclosure::{Channel, Disclosure, Entry, Named, Refusal, TransferType};
use crate::entity::ItemClass;
use crate::recipient::{Membership, Recipient, Role};
use crate::subject::SubjectToken;
use crate::time::{Interval, parse_rfc3339_ms};

use super::Stream;

/// Why a line is no fact. Names fields, never values: a fact is about people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FactError {
    #[error("not a JSON object on one line")]
    NotJson,
    #[error("field `{field}` is missing")]
    Missing { field: String },
    #[error("field `{field}` does not belong here (own data belongs under `meta`)")]
    Unknown { field: String },
    #[error("field `{field}` occurs twice")]
    Twice { field: String },
    #[error("field `{field}` has a value of the wrong kind")]
    Value { field: String },
    #[error("field `{field}` is empty")]
    Empty { field: &'static str },
    #[error("field `{field}` does not belong to a basis of kind `{kind}`")]
    NotOfKind { field: &'static str, kind: &'static str },
    #[error("none of `recipients`, `countries`, `items`: it would match everything")]
    NothingNamed,
    #[error("`transfers[{position}].ref` repeats an earlier one")]
    RefTwice { position: usize },
    #[error("field `{field}` is no token KID:TYPE:HEX")]
    NoToken { field: String },
}

/// What a line holds.
pub enum Line {
    Disclosure(Disclosure),
    Consent(ConsentAct),
    Basis(Basis),
    Recipient(Recipient),
    /// When the system of record was last known to be alive, in ms; a heartbeat is no fact.
    Heartbeat(i64),
}

/// Reads one fact, or a heartbeat.
pub fn read_line(stream: Stream, line: &str) -> Result<Line, FactError> {
    if line.contains("\"heartbeat\"")
        && let Ok(wire) = serde_json::from_str::<WireHeartbeat>(line)
    {
        return Ok(Line::Heartbeat(wire.heartbeat.0));
    }
    Ok(match stream {
        Stream::Disclosure => Line::Disclosure(parse::<WireDisclosure>(line)?.into_noun()?),
        Stream::Consent => Line::Consent(parse::<WireAct>(line)?.into_noun()?),
        Stream::Basis => Line::Basis(parse::<WireBasis>(line)?.into_noun()?),
        Stream::Recipient => Line::Recipient(parse::<WireRecipient>(line)?.into_noun()?),
    })
}

fn parse<T: DeserializeOwned>(line: &str) -> Result<T, FactError> {
    // Only a line that fails is read a second time, to learn where.
    serde_json::from_str(line).map_err(|_| explain::<T>(line))
}

fn explain<T: DeserializeOwned>(line: &str) -> FactError {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else {
        return FactError::NotJson; // the object is followed by something else
    };
    let path = error.path().to_string();
    if !error.inner().is_data() || path == "?" {
        return FactError::NotJson;
    }
    // The text of serde's error may hold values of the line: only its form and a field's name are taken.
    let message = error.inner().to_string();
    let quoted = |prefix: &str| message.strip_prefix(prefix)?.split('`').next().map(printable);
    let within = |name: String| match path.as_str() {
        "." => name,
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    if let Some(field) = quoted("missing field `") {
        FactError::Missing { field: within(field) }
    } else if let Some(field) = quoted("unknown field `") {
        // Its path ends in the unknown key itself.
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        FactError::Unknown { field: if parent.is_empty() { field } else { format!("{parent}.{field}") } }
    } else if let Some(field) = quoted("duplicate field `") {
        FactError::Twice { field: within(field) }
    } else if path == "." {
        FactError::NotJson
    } else {
        FactError::Value { field: path }
    }
}

/// A key that does not look like one may be data in the wrong place.
fn printable(key: &str) -> String {
    const KEY_CHARS_MAX: usize = 40;
    let is_name = |char: char| char.is_ascii_lowercase() || char == '_' || char == '-';
    if key.len() <= KEY_CHARS_MAX && key.chars().all(is_name) { key.to_owned() } else { "…".to_owned() }
}

/// An RFC 3339 time with offset, in ms.
#[derive(Clone, Copy)]
struct Time(i64);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time with offset")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
                parse_rfc3339_ms(text).map(Time).ok_or_else(|| E::custom("no RFC 3339 time with offset"))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

fn ms(time: Option<Time>) -> Option<i64> {
    time.map(|time| time.0)
}

fn interval(from: Option<Time>, to: Option<Time>) -> Interval {
    Interval { from_ms: ms(from), to_ms: ms(to) }
}

/// An empty text says nothing.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn not_empty(field: &'static str, text: String) -> Result<String, FactError> {
    if text.is_empty() { Err(FactError::Empty { field }) } else { Ok(text) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHeartbeat {
    heartbeat: Time,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDisclosure {
    disclosure: String,
    version: u64,
    #[serde(rename = "language")]
    _language: Option<String>,
    channel: Option<Channel>,
    published_at: Option<Time>,
    retired_at: Option<Time>,
    #[serde(rename = "url")]
    _url: Option<String>,
    #[serde(default)]
    transfers: Vec<WireEntry>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntry {
    #[serde(rename = "ref")]
    reference: String,
    items: Option<Vec<String>>,
    countries: Option<Vec<String>>,
    timing: Option<String>,
    method: Option<String>,
    recipients: Option<Vec<WireNamed>>,
    purposes: Option<Vec<String>>,
    retention: Option<String>,
    refusal: Option<WireRefusal>,
    transfer_type: Option<TransferType>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRefusal {
    procedure: Option<String>,
    effect: Option<String>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

/// `"seller-17"`, `"*"` or `{"class": …, "list_url": …}`.
struct WireNamed(Named);

impl<'de> Deserialize<'de> for WireNamed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WireNamed, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct WireClass {
            class: String,
            list_url: Option<String>,
            #[serde(rename = "meta")]
            _meta: Option<IgnoredAny>,
        }

        // Not an untagged enum: that would lose which key is unknown.
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = WireNamed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a recipient or a class of recipients")
            }
            fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<WireNamed, E> {
                Ok(WireNamed(if id == "*" { Named::Everybody } else { Named::Id(id.to_owned()) }))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<WireNamed, A::Error> {
                let wire = WireClass::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(WireNamed(Named::Class { class: wire.class, list_url: said(wire.list_url) }))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn named(recipients: Option<Vec<WireNamed>>) -> Option<Vec<Named>> {
    recipients.map(|recipients| recipients.into_iter().map(|named| named.0).collect())
}

impl WireDisclosure {
    fn into_noun(self) -> Result<Disclosure, FactError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(self.transfers.len());
        for (position, wire) in self.transfers.into_iter().enumerate() {
            if entries.iter().any(|entry| entry.reference == wire.reference) {
                return Err(FactError::RefTwice { position });
            }
            entries.push(wire.into_noun()?);
        }
        Ok(Disclosure {
            id: not_empty("disclosure", self.disclosure)?,
            version: self.version,
            channel: self.channel,
            in_force: interval(self.published_at, self.retired_at),
            entries,
        })
    }
}

impl WireEntry {
    fn into_noun(self) -> Result<Entry, FactError> {
        Ok(Entry {
            reference: not_empty("ref", self.reference)?,
            items: self.items,
            countries: self.countries,
            timing: said(self.timing),
            method: said(self.method),
            recipients: named(self.recipients),
            purposes: self.purposes,
            retention: said(self.retention),
            refusal: self
                .refusal
                .map(|wire| Refusal { procedure: said(wire.procedure), effect: said(wire.effect) }),
            transfer_type: self.transfer_type,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAct {
    event: String,
    subject: Vec<String>,
    disclosure: String,
    version: u64,
    act: ActKind,
    at: Time,
    effective_from: Option<Time>,
    expires_at: Option<Time>,
    transfers: Option<Vec<String>>,
    #[serde(rename = "method")]
    _method: Option<String>,
    separate: Option<WireSeparate>,
    under_14: Option<bool>,
    guardian: Option<WireGuardian>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSeparate {
    cross_border: Option<bool>,
    third_party: Option<bool>,
    unique_id: Option<bool>,
    sensitive: Option<bool>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireGuardian {
    token: Option<String>,
    method: Option<String>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

impl WireAct {
    fn into_noun(self) -> Result<ConsentAct, FactError> {
        let mut tokens = Vec::with_capacity(self.subject.len());
        for (position, token) in self.subject.into_iter().map(SubjectToken).enumerate() {
            if token.parts().is_none() {
                return Err(FactError::NoToken { field: format!("subject[{position}]") });
            }
            tokens.push(token);
        }
        let mut tokens = tokens.into_iter();
        let person = tokens.next().ok_or(FactError::Empty { field: "subject" })?;
        let separate = self.separate.unwrap_or_default();
        let is_true = |flag: Option<bool>| flag == Some(true);
        let guardian = self.guardian.map(|guardian| (said(guardian.token), said(guardian.method)));
        Ok(ConsentAct {
            event: not_empty("event", self.event)?,
            person,
            aliases: tokens.collect(),
            disclosure: self.disclosure,
            version: self.version,
            kind: self.act,
            at_ms: self.at.0,
            effective_ms: self.at.0.max(self.effective_from.map_or(i64::MIN, |time| time.0)),
            expires_ms: ms(self.expires_at),
            transfers: self.transfers,
            separate: Separate {
                cross_border: is_true(separate.cross_border),
                third_party: is_true(separate.third_party),
                unique_id: is_true(separate.unique_id),
                sensitive: is_true(separate.sensitive),
            },
            under_14: is_true(self.under_14),
            has_guardian: matches!(guardian, Some((Some(_), Some(_)))),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBasis {
    basis: String,
    version: u64,
    kind: BasisKind,
    recipients: Option<Vec<WireNamed>>,
    countries: Option<Vec<String>>,
    items: Option<Vec<String>>,
    purposes: Option<Vec<String>>,
    excluded_items: Option<Vec<String>>,
    excluded_classes: Option<Vec<ItemClass>>,
    measures_security: Option<bool>,
    measures_destination: Option<bool>,
    necessary: Option<bool>,
    disclosed_by: Option<String>,
    notice: Option<WireNotice>,
    valid_from: Option<Time>,
    valid_to: Option<Time>,
    expires_at: Option<Time>,
    effective_at: Option<Time>,
    lifted_at: Option<Time>,
    #[serde(rename = "scheme")]
    _scheme: Option<String>,
    #[serde(rename = "citation")]
    _citation: Option<String>,
    #[serde(rename = "order_no")]
    _order_no: Option<String>,
    #[serde(rename = "document")]
    _document: Option<String>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireNotice {
    sent_at: Option<Time>,
    #[serde(rename = "method")]
    _method: Option<String>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

impl WireBasis {
    fn into_noun(self) -> Result<Basis, FactError> {
        self.check_fields_of_kind()?;
        let nothing_named = self.recipients.is_none() && self.countries.is_none() && self.items.is_none();
        let must_name =
            matches!(self.kind, BasisKind::Statute | BasisKind::Treaty | BasisKind::Certification);
        if must_name && nothing_named {
            return Err(FactError::NothingNamed);
        }
        let in_force = match self.kind {
            BasisKind::SuspensionOrder => interval(self.effective_at, self.lifted_at),
            _ => interval(self.valid_from, self.valid_to),
        };
        Ok(Basis {
            id: not_empty("basis", self.basis)?,
            version: self.version,
            kind: self.kind,
            in_force,
            recipients: named(self.recipients),
            countries: self.countries,
            items: self.items,
            purposes: self.purposes,
            excluded_items: self.excluded_items.unwrap_or_default(),
            excluded_classes: self.excluded_classes.unwrap_or_default(),
            expires_ms: ms(self.expires_at),
            measures: self.measures_security == Some(true) && self.measures_destination == Some(true),
            necessary: self.necessary == Some(true),
            disclosed_by: self.disclosed_by,
            notice_sent_ms: self.notice.and_then(|notice| ms(notice.sent_at)),
        })
    }

    /// A key that narrows one kind and means nothing in another must not be read over there: who wrote it
    /// believes that it narrows.
    fn check_fields_of_kind(&self) -> Result<(), FactError> {
        use BasisKind::{Adequacy, Certification, ContractEntrustment, Statute, SuspensionOrder, Treaty};
        let order: &[BasisKind] = &[SuspensionOrder];
        let law: &[BasisKind] = &[Statute, Treaty];
        let adequacy: &[BasisKind] = &[Adequacy];
        let certification: &[BasisKind] = &[Certification];
        let entrustment: &[BasisKind] = &[ContractEntrustment];
        let fields: [(&'static str, bool, &[BasisKind]); 15] = [
            (
                "recipients",
                self.recipients.is_some(),
                &[SuspensionOrder, Statute, Treaty, Certification, ContractEntrustment],
            ),
            ("items", self.items.is_some(), &[Statute, Treaty, Certification, ContractEntrustment]),
            ("purposes", self.purposes.is_some(), law),
            ("excluded_items", self.excluded_items.is_some(), adequacy),
            ("excluded_classes", self.excluded_classes.is_some(), adequacy),
            ("measures_security", self.measures_security.is_some(), certification),
            ("measures_destination", self.measures_destination.is_some(), certification),
            ("expires_at", self.expires_at.is_some(), certification),
            ("necessary", self.necessary.is_some(), entrustment),
            ("disclosed_by", self.disclosed_by.is_some(), entrustment),
            ("notice", self.notice.is_some(), entrustment),
            ("effective_at", self.effective_at.is_some(), order),
            ("lifted_at", self.lifted_at.is_some(), order),
            (
                "valid_from",
                self.valid_from.is_some(),
                &[Statute, Treaty, Adequacy, Certification, ContractEntrustment],
            ),
            (
                "valid_to",
                self.valid_to.is_some(),
                &[Statute, Treaty, Adequacy, Certification, ContractEntrustment],
            ),
        ];
        for (field, is_there, kinds) in fields {
            if is_there && !kinds.contains(&self.kind) {
                return Err(FactError::NotOfKind { field, kind: self.kind.as_str() });
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRecipient {
    recipient: String,
    legal_name: Option<String>,
    contact: Option<String>,
    role: Option<Role>,
    legal_country: Option<Country>,
    hosts: Option<Vec<String>>,
    cidrs: Option<Vec<WireCidr>>,
    topics: Option<Vec<String>>,
    ids: Option<Vec<String>>,
    classes: Option<Vec<WireMembership>>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

/// A network; a single address is the network of itself. Bits beyond the prefix are cut off.
struct WireCidr(IpNet);

impl<'de> Deserialize<'de> for WireCidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WireCidr, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let net = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        net.map(|net: IpNet| WireCidr(net.trunc())).ok_or_else(|| serde::de::Error::custom("no network"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMembership {
    class: String,
    from: Option<Time>,
    to: Option<Time>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

impl WireRecipient {
    fn into_noun(self) -> Result<Recipient, FactError> {
        let membership = |wire: WireMembership| Membership {
            class: wire.class,
            from_ms: ms(wire.from),
            to_ms: ms(wire.to),
        };
        Ok(Recipient {
            id: not_empty("recipient", self.recipient)?,
            legal_name: said(self.legal_name),
            contact: said(self.contact),
            role: self.role,
            legal_country: self.legal_country,
            hosts: self.hosts.unwrap_or_default(),
            cidrs: self.cidrs.unwrap_or_default().into_iter().map(|cidr| cidr.0).collect(),
            topics: self.topics.unwrap_or_default(),
            ids: self.ids.unwrap_or_default(),
            classes: self.classes.unwrap_or_default().into_iter().map(membership).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::{
        WireAct, WireBasis, WireDisclosure, WireEntry, WireGuardian, WireHeartbeat, WireMembership,
        WireNamed, WireNotice, WireRecipient, WireRefusal, WireSeparate,
    };

    /// What serde's derive reads is told in its error about a key that it does not know.
    #[track_caller]
    fn check<T: DeserializeOwned>(schema: &Value, pointer: &str) {
        let error = serde_json::from_str::<T>(r#"{"zzz":0}"#).err().unwrap().to_string();
        let known = error.split('`').skip(3).step_by(2).collect::<BTreeSet<_>>();
        let object = schema.pointer(pointer).unwrap();
        let listed = object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(known, listed, "{pointer}");
        assert_eq!(object["additionalProperties"], false, "{pointer}");
    }

    #[test]
    fn facts_have_the_keys_of_their_schema() {
        let schema = include_str!("../../tests/contracts/facts.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        check::<WireDisclosure>(&schema, "/$defs/disclosure");
        check::<WireEntry>(&schema, "/$defs/entry");
        check::<WireRefusal>(&schema, "/$defs/entry/properties/refusal");
        check::<WireNamed>(&schema, "/$defs/named/anyOf/1");
        check::<WireAct>(&schema, "/$defs/consent");
        check::<WireSeparate>(&schema, "/$defs/consent/properties/separate");
        check::<WireGuardian>(&schema, "/$defs/consent/properties/guardian");
        check::<WireBasis>(&schema, "/$defs/basis");
        check::<WireNotice>(&schema, "/$defs/basis/properties/notice");
        check::<WireRecipient>(&schema, "/$defs/recipient");
        check::<WireMembership>(&schema, "/$defs/recipient/properties/classes/items");
        check::<WireHeartbeat>(&schema, "/$defs/heartbeat");
    }
}
