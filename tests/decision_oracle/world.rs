//! Small random worlds in which everything is close to everything: few names, few instants, and every list
//! sometimes absent or empty.

use serde_json::{Map, Value, json};
use sumun::destination::{Country, Destination, Evidence, EvidenceKind, GeoConfidence, Reach};
use sumun::entity::EntityType;
use sumun::facts::{Builder, Facts, Stream};

/// `SplitMix64`: the same worlds on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }

    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// True in `percent` of 100.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn some<T: Clone>(&mut self, of: &[T], percent: usize) -> Vec<T> {
        of.iter().filter(|_| self.chance(percent)).cloned().collect()
    }
}

pub(crate) struct World {
    pub(crate) disclosures: Vec<Value>,
    pub(crate) acts: Vec<Value>,
    pub(crate) bases: Vec<Value>,
    pub(crate) recipients: Vec<Value>,
}

pub(crate) struct Transfer {
    pub(crate) at_ms: i64,
    pub(crate) recipient: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) destination: Destination,
    pub(crate) purpose: Option<String>,
    /// The declared transfer type.
    pub(crate) means: Option<String>,
    pub(crate) items: Vec<(EntityType, u32)>,
    pub(crate) sensitive: Vec<EntityType>,
}

impl Transfer {
    pub(crate) fn describe(&self) -> String {
        format!(
            "at {} to {:?} of {:?} in {:?} for {:?} by {:?}: {:?}",
            self.at_ms, self.recipient, self.subject, self.destination, self.purpose, self.means, self.items
        )
    }
}

const ITEMS: [EntityType; 6] = [
    EntityType::BankAccount,
    EntityType::EmailAddress,
    EntityType::PassportNumber,
    EntityType::PersonName,
    EntityType::PhoneNumber,
    EntityType::ResidentRegistrationNumber,
];
const RECIPIENTS: [&str; 3] = ["r1", "r2", "r3"];
const CLASSES: [&str; 2] = ["c1", "c2"];
const PURPOSES: [&str; 2] = ["p1", "p2"];
const TYPES: [&str; 4] = ["provide", "view", "entrust", "store"];
const DISCLOSURES: [&str; 3] = ["d", "d1", "e"];
const REFS: [&str; 3] = ["a", "b", "c"];
const MINUTE_MS: i64 = 60_000;
/// Instants of a world: so few that things often begin and end together.
const MINUTES: usize = 12;

/// The instants of the worlds are minutes of one day.
pub(crate) fn instant(time: &Value) -> i64 {
    let text = time.as_str().unwrap();
    let minute: i64 = text.split(':').nth(1).unwrap().parse().unwrap();
    minute * MINUTE_MS
}

impl World {
    pub(crate) fn roll(dice: &mut Dice) -> World {
        let mut world = World { disclosures: vec![], acts: vec![], bases: vec![], recipients: vec![] };
        for id in RECIPIENTS {
            world.recipients.push(recipient(dice, id));
        }
        for id in DISCLOSURES.iter().take(1 + dice.below(2)) {
            for version in [1, 2, 10].iter().take(1 + dice.below(3)) {
                world.disclosures.push(disclosure(dice, id, *version));
            }
        }
        for event in 0..dice.below(16) {
            world.acts.push(act(dice, event));
        }
        for id in ["x", "x-y", "y", "z"].iter().take(dice.below(5)) {
            for version in [1, 2, 10].iter().take(1 + dice.below(2)) {
                let mut basis = basis(dice);
                basis.insert("basis".into(), json!(id));
                basis.insert("version".into(), json!(version));
                world.bases.push(Value::Object(basis));
            }
        }
        world
    }

    pub(crate) fn facts(&self) -> Facts {
        let mut builder = Builder::new();
        for (stream, facts) in [
            (Stream::Consent, &self.acts),
            (Stream::Disclosure, &self.disclosures),
            (Stream::Basis, &self.bases),
            (Stream::Recipient, &self.recipients),
        ] {
            for fact in facts {
                builder.add(stream, &fact.to_string()).unwrap_or_else(|error| panic!("{error}: {fact}"));
            }
        }
        builder.build()
    }

    pub(crate) fn roll_transfer(&self, dice: &mut Dice) -> Transfer {
        let recipient = dice.chance(90).then(|| dice.one(&RECIPIENTS).to_owned());
        let subject = dice.chance(80).then(|| {
            if dice.chance(60) {
                token("member", dice.below(4).min(dice.below(4)))
            } else {
                token("phone", dice.below(3))
            }
        });
        let mut items: Vec<_> = dice.some(&ITEMS, 40);
        if items.is_empty() {
            items.push(EntityType::PersonName);
        }
        Transfer {
            at_ms: i64::try_from(dice.below(MINUTES)).unwrap() * MINUTE_MS,
            destination: self.destination(dice, recipient.as_deref()),
            recipient,
            subject,
            purpose: dice.chance(40).then(|| dice.one(&["p1", "p2", "p3"]).to_owned()),
            means: dice
                .chance(40)
                .then(|| dice.one(&["provide", "view", "entrust", "store", "lend"]).to_owned()),
            items: items.into_iter().map(|item| (item, 1 + u32::try_from(dice.below(2)).unwrap())).collect(),
            sensitive: dice.some(&[EntityType::EmailAddress, EntityType::PersonName], 20),
        }
    }

    /// §2, without overrides.
    fn destination(&self, dice: &mut Dice, recipient: Option<&str>) -> Destination {
        let registry = self.recipients.iter().find(|fact| fact["recipient"].as_str() == recipient);
        let mut evidence = Vec::new();
        let mut add = |kind, country: &str, confidence| {
            let country = Country::parse(country).unwrap();
            evidence.push(Evidence { kind, country, source: String::new(), build: None, confidence });
        };
        if let Some(country) = registry.and_then(|registry| registry["legal_country"].as_str()) {
            add(EvidenceKind::Legal, country, None);
        }
        let low = dice.chance(15);
        if dice.chance(60) {
            let confidence = if low { GeoConfidence::Low } else { GeoConfidence::High };
            add(EvidenceKind::Observed, dice.one(&["CN", "DE", "KR"]), Some(confidence));
        }
        if dice.chance(25) {
            add(EvidenceKind::Declared, dice.one(&["CN", "DE", "KR"]), None);
        }
        let has_legal = evidence.iter().any(|e| e.kind == EvidenceKind::Legal);
        let counted = || {
            evidence.iter().filter(|e| {
                !(e.kind == EvidenceKind::Observed && e.confidence == Some(GeoConfidence::Low) && has_legal)
            })
        };
        let home = Country::parse("KR").unwrap();
        let mut countries: Vec<_> = counted().map(|e| e.country).filter(|country| *country != home).collect();
        countries.sort();
        countries.dedup();
        let reach = if !countries.is_empty() {
            Reach::Abroad
        } else if counted().all(|e| e.kind == EvidenceKind::Declared) {
            Reach::Unknown
        } else {
            Reach::Domestic
        };
        Destination { evidence, countries, reach, asn: None, as_organisation: None }
    }
}

fn token(token_type: &str, number: usize) -> String {
    format!("k1:{token_type}:{number:032x}")
}

fn time(dice: &mut Dice) -> Value {
    json!(format!("1970-01-01T00:{:02}:00Z", dice.below(MINUTES)))
}

fn early(dice: &mut Dice) -> Value {
    json!(format!("1970-01-01T00:{:02}:00Z", dice.below(MINUTES / 3)))
}

fn late(dice: &mut Dice) -> Value {
    json!(format!("1970-01-01T00:{:02}:00Z", MINUTES / 3 + dice.below(MINUTES)))
}

/// Sets a field, in `percent` of 100.
fn maybe(
    fact: &mut Map<String, Value>,
    dice: &mut Dice,
    percent: usize,
    key: &str,
    value: impl FnOnce(&mut Dice) -> Value,
) {
    if dice.chance(percent) {
        let value = value(dice);
        fact.insert(key.to_owned(), value);
    }
}

fn texts(dice: &mut Dice, of: &[&str], percent: usize, star: usize) -> Value {
    let mut list = dice.some(of, percent);
    if dice.chance(star) {
        list.push("*");
    }
    json!(list)
}

fn items(dice: &mut Dice, star: usize) -> Value {
    let names: Vec<_> = ITEMS.iter().map(|item| item.as_str()).chain(["device_id"]).collect();
    texts(dice, &names, 75, star)
}

fn countries(dice: &mut Dice, star: usize) -> Value {
    texts(dice, &["CN", "DE", "cn"], 65, star)
}

fn recipients(dice: &mut Dice, star: usize) -> Value {
    let mut list: Vec<Value> = dice.some(&RECIPIENTS, 35).into_iter().map(Value::from).collect();
    for class in dice.some(&CLASSES, 35) {
        list.push(match dice.below(4) {
            0 => json!({"class": class}),
            1 => json!({"class": class, "list_url": ""}),
            _ => json!({"class": class, "list_url": "https://shop.example"}),
        });
    }
    if dice.chance(star) {
        list.push(json!("*"));
    }
    json!(list)
}

fn said(dice: &mut Dice) -> Value {
    json!(if dice.chance(95) { "told" } else { "" })
}

fn recipient(dice: &mut Dice, id: &str) -> Value {
    let mut fact = Map::new();
    fact.insert("recipient".into(), json!(id));
    maybe(&mut fact, dice, 90, "legal_name", said);
    maybe(&mut fact, dice, 90, "contact", said);
    maybe(&mut fact, dice, 80, "role", |dice| {
        json!(dice.one(&["third_party", "processor", "sub_processor"]))
    });
    maybe(&mut fact, dice, 70, "legal_country", |dice| json!(dice.one(&["CN", "DE", "KR"])));
    let mut classes = Vec::new();
    for _ in 0..dice.below(4) {
        let mut member = Map::new();
        member.insert("class".into(), json!(dice.one(&CLASSES)));
        maybe(&mut member, dice, 70, "from", time);
        maybe(&mut member, dice, 30, "to", late);
        classes.push(Value::Object(member));
    }
    fact.insert("classes".into(), json!(classes));
    Value::Object(fact)
}

fn disclosure(dice: &mut Dice, id: &str, version: u64) -> Value {
    let mut fact = Map::new();
    fact.insert("disclosure".into(), json!(id));
    fact.insert("version".into(), json!(version));
    maybe(&mut fact, dice, 90, "channel", |dice| {
        json!(dice.one(&["consent_form", "consent_form", "consent_form", "privacy_policy", "paper"]))
    });
    maybe(&mut fact, dice, 80, "published_at", early);
    maybe(&mut fact, dice, 30, "retired_at", late);
    let mut entries = Vec::new();
    for reference in dice.some(&REFS, 65) {
        let mut entry = Map::new();
        entry.insert("ref".into(), json!(reference));
        maybe(&mut entry, dice, 95, "items", |dice| items(dice, 15));
        maybe(&mut entry, dice, 97, "countries", |dice| texts(dice, &["CN", "DE"], 80, 10));
        maybe(&mut entry, dice, 95, "recipients", |dice| recipients(dice, 15));
        maybe(&mut entry, dice, 95, "purposes", |dice| texts(dice, &PURPOSES, 70, 0));
        for key in ["timing", "method", "retention"] {
            maybe(&mut entry, dice, 96, key, said);
        }
        maybe(&mut entry, dice, 95, "refusal", |dice| {
            let mut refusal = Map::new();
            maybe(&mut refusal, dice, 96, "procedure", said);
            maybe(&mut refusal, dice, 96, "effect", said);
            Value::Object(refusal)
        });
        maybe(&mut entry, dice, 90, "transfer_type", |dice| json!(dice.one(&TYPES)));
        entries.push(Value::Object(entry));
    }
    fact.insert("transfers".into(), json!(entries));
    Value::Object(fact)
}

fn act(dice: &mut Dice, event: usize) -> Value {
    let mut fact = Map::new();
    // In no order of time.
    fact.insert("event".into(), json!(format!("{}-{event}", dice.below(10))));
    let mut subject = vec![token("member", dice.below(3))];
    if dice.chance(50) {
        subject.push(token("phone", dice.below(3)));
    }
    if dice.chance(10) {
        subject.push(token("phone", dice.below(3)));
    }
    if dice.chance(5) {
        subject.push(token("member", dice.below(4)));
    }
    fact.insert("subject".into(), json!(subject));
    fact.insert("disclosure".into(), json!(dice.one(&["d", "d", "d", "d1", "e"])));
    fact.insert("version".into(), json!(dice.one(&[1, 1, 2, 2, 10, 11])));
    let kinds =
        ["given", "given", "given", "given", "renewed", "withdrawn", "refused", "expired", "invalidated"];
    fact.insert("act".into(), json!(dice.one(&kinds)));
    let at = if dice.chance(60) { early(dice) } else { time(dice) };
    fact.insert("at".into(), at);
    maybe(&mut fact, dice, 20, "effective_from", time);
    maybe(&mut fact, dice, 15, "expires_at", late);
    maybe(&mut fact, dice, 35, "transfers", |dice| texts(dice, &REFS, 50, 0));
    maybe(&mut fact, dice, 95, "separate", |dice| {
        let mut separate = Map::new();
        for key in ["cross_border", "third_party", "unique_id", "sensitive"] {
            maybe(&mut separate, dice, 95, key, |dice| json!(dice.chance(90)));
        }
        Value::Object(separate)
    });
    maybe(&mut fact, dice, 25, "under_14", |dice| json!(dice.chance(60)));
    maybe(&mut fact, dice, 25, "guardian", |dice| {
        let mut guardian = Map::new();
        maybe(&mut guardian, dice, 80, "token", said);
        maybe(&mut guardian, dice, 80, "method", said);
        Value::Object(guardian)
    });
    Value::Object(fact)
}

fn basis(dice: &mut Dice) -> Map<String, Value> {
    let mut fact = Map::new();
    let kind = dice.one(&[
        "suspension_order",
        "statute",
        "treaty",
        "adequacy",
        "certification",
        "certification",
        "contract_entrustment",
        "contract_entrustment",
        "contract_entrustment",
    ]);
    fact.insert("kind".into(), json!(kind));
    // Laws and orders are narrow, or nothing else would ever be asked.
    let named = if matches!(kind, "suspension_order" | "statute" | "treaty") { 85 } else { 95 };
    if kind != "adequacy" {
        maybe(&mut fact, dice, named, "recipients", |dice| recipients(dice, 5));
    }
    maybe(&mut fact, dice, if kind == "certification" { 50 } else { 90 }, "countries", |dice| {
        countries(dice, 5)
    });
    match kind {
        "suspension_order" => {
            maybe(&mut fact, dice, 90, "effective_at", time);
            maybe(&mut fact, dice, 70, "lifted_at", late);
            return fact;
        }
        "statute" | "treaty" => {
            fact.insert(
                "items".into(),
                texts(dice, &["passport_number", "resident_registration_number"], 40, 5),
            );
            if dice.chance(15) && fact.contains_key("countries") {
                fact.remove("items");
            }
            maybe(&mut fact, dice, 70, "purposes", |dice| texts(dice, &PURPOSES, 60, 0));
        }
        "adequacy" => {
            maybe(&mut fact, dice, 60, "excluded_items", |dice| items(dice, 5));
            maybe(&mut fact, dice, 60, "excluded_classes", |dice| {
                texts(dice, &["credit", "unique_id", "sensitive", "general"], 50, 0)
            });
        }
        "certification" => {
            fact.insert("items".into(), items(dice, 5));
            if dice.chance(40) && (fact.contains_key("countries") || fact.contains_key("recipients")) {
                fact.remove("items");
            }
            maybe(&mut fact, dice, 40, "expires_at", time);
            maybe(&mut fact, dice, 80, "measures_security", |dice| json!(dice.chance(60)));
            maybe(&mut fact, dice, 80, "measures_destination", |dice| json!(dice.chance(60)));
        }
        _ => {
            maybe(&mut fact, dice, 95, "items", |dice| items(dice, 5));
            maybe(&mut fact, dice, 90, "necessary", |dice| json!(dice.chance(70)));
            maybe(&mut fact, dice, 70, "disclosed_by", |dice| {
                json!(format!("{}@{}", dice.one(&DISCLOSURES), dice.one(&["1", "2", "10", "01", ""])))
            });
            maybe(&mut fact, dice, 25, "notice", |dice| {
                let mut notice = Map::new();
                maybe(&mut notice, dice, 80, "sent_at", time);
                Value::Object(notice)
            });
        }
    }
    maybe(&mut fact, dice, 80, "valid_from", time);
    maybe(&mut fact, dice, 25, "valid_to", late);
    fact
}
