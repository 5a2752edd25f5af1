//! Records: a payload, where it goes, and what is expected of it.

use std::ops::Range;

use super::people::Person;
use super::random::Random;
use super::shapes;
use super::surroundings::MEMBERS_CONSENTING;

pub(super) const TOPIC: &str = "orders.outbound";
pub(super) const SELLERS_FOREIGN: Range<u64> = 1001..1021;
pub(super) const SELLERS_DOMESTIC: Range<u64> = 2001..2006;
/// Networks for documentation (RFC 5737): nobody's.
pub(super) const FOREIGN_NETWORK: [u8; 3] = [203, 0, 113];
pub(super) const DOMESTIC_NETWORK: [u8; 3] = [198, 51, 100];

const PARTITIONS: u64 = 8;
/// 2026-11-01T00:00:00+09:00; one record a millisecond.
const FIRST_MS: u64 = 1_793_458_800_000;
const MILLION: u64 = 1_000_000;
/// Shares in millionths.
const WITH_PERSON: u64 = 600_000;
/// Of the records with a person: 15 % of all.
const ESCAPED: u64 = 250_000;
/// Of the records with a person that do not violate.
const ABROAD: u64 = 400_000;
/// Of the member records that are domestic or violate.
const RESIDENT: u64 = 200_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 60 % with personal data; mostly domestic or covered by consent.
    Mixed,
    /// The same shapes without personal data.
    Clean,
    /// Personal data in every record, to a foreign recipient without basis.
    Violating,
}

pub(super) struct Record {
    pub(super) partition: u64,
    pub(super) offset: u64,
    pub(super) at_ms: u64,
    pub(super) seller: u64,
    pub(super) address: String,
    pub(super) payload: String,
    /// Hangul is written as `\uXXXX`.
    pub(super) escaped: bool,
    pub(super) fate: Fate,
}

/// What a detector with the matching configuration is to say of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Clear,
    Domestic,
    Permitted,
    Violation,
}

pub(super) struct Records {
    random: Random,
    kind: Kind,
    /// Of all records, in millionths.
    violating: u64,
    number: u64,
}

impl Records {
    pub(super) fn new(kind: Kind, violating: u64, seed: u64) -> Records {
        Records { random: Random::new(seed), kind, violating, number: 0 }
    }

    pub(super) fn next(&mut self) -> Record {
        let number = self.number;
        self.number += 1;
        let random = &mut self.random;
        let at_ms = FIRST_MS + number;
        let fate = fate(self.kind, self.violating, random);
        let person = fate != Fate::Clear;
        let escaped = person && random.chance(ESCAPED);
        let shaped = person || (self.kind == Kind::Clean && random.chance(WITH_PERSON));
        let covered = fate == Fate::Permitted;
        let somebody = person.then(|| {
            let first = if covered { 0 } else { MEMBERS_CONSENTING };
            Person::new(member(first + random.below(MEMBERS_CONSENTING)), random)
        });
        let resident = !covered && random.chance(RESIDENT);
        let payload = if shaped {
            shapes::with_person(random, somebody.as_ref(), resident, at_ms)
        } else {
            shapes::without_person(random, at_ms)
        };
        // A record without personal data goes somewhere too.
        let abroad = matches!(fate, Fate::Permitted | Fate::Violation) || (!person && random.chance(ABROAD));
        let sellers = if abroad { SELLERS_FOREIGN } else { SELLERS_DOMESTIC };
        let [a, b, c] = if abroad { FOREIGN_NETWORK } else { DOMESTIC_NETWORK };
        Record {
            partition: number % PARTITIONS,
            offset: number / PARTITIONS,
            at_ms,
            seller: sellers.start + random.below(sellers.end - sellers.start),
            address: format!("{a}.{b}.{c}.{}", 1 + random.below(254)),
            payload: if escaped { escape_non_ascii(&payload) } else { payload },
            escaped,
            fate,
        }
    }
}

/// `violating` is a share of all records; of those with a person it is the larger part.
fn fate(kind: Kind, violating: u64, random: &mut Random) -> Fate {
    match kind {
        Kind::Clean => Fate::Clear,
        Kind::Violating => Fate::Violation,
        Kind::Mixed if !random.chance(WITH_PERSON) => Fate::Clear,
        Kind::Mixed if random.chance(violating * MILLION / WITH_PERSON) => Fate::Violation,
        Kind::Mixed if random.chance(ABROAD) => Fate::Permitted,
        Kind::Mixed => Fate::Domestic,
    }
}

pub(super) fn member(number: u64) -> String {
    format!("M-{number:06}")
}

/// As JSON writers do that keep to ASCII.
fn escape_non_ascii(payload: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(payload.len() * 2);
    for character in payload.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                write!(out, "\\u{unit:04x}").unwrap_or_default();
            }
        }
    }
    out
}
