//! Records whose outcome is known by construction.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::expected::{Expected, Item, Transfer, Unread};
use super::world::{self, FIRST_MS, Person, Question, SPAN_MS, To, WITHDRAWN_AT_MS};
use super::{Dice, Ledger};
use crate::support::kafka::{Message, Placed, Producer};

/// The word that makes a rule panic or abort where the binary is told to.
pub const PLANTED: &str = "planted-panic";

/// One order in the body of a record.
#[derive(Clone, Debug)]
pub struct Order {
    /// None: nothing says whose it is.
    pub person: Option<Person>,
    /// Known by the receiver's phone number, without a member.
    pub by_phone: bool,
    /// Goes to this seller instead of the one in the header.
    pub seller: Option<To>,
    pub second_phone: bool,
    pub resident_number: bool,
}

impl Order {
    pub fn of(person: &Person) -> Order {
        Order {
            person: Some(person.clone()),
            by_phone: false,
            seller: None,
            second_phone: false,
            resident_number: false,
        }
    }
}

/// A record before it is written.
#[derive(Clone, Debug)]
pub struct Shipment {
    pub to: Vec<To>,
    pub orders: Vec<Order>,
    pub at_ms: i64,
    pub declared_country: Option<&'static str>,
    pub purpose: Option<&'static str>,
}

impl Shipment {
    pub fn message(&self, topic: &str, partition: i32, mid: &str) -> Message {
        let mut message = Message::new(topic, partition).at_ms(self.at_ms).value(self.body(mid).as_bytes());
        for to in &self.to {
            let (name, value) = to.header();
            message = message.header(name, value);
        }
        if let Some(country) = self.declared_country {
            message = message.header("x-dest-country", country);
        }
        if let Some(purpose) = self.purpose {
            message = message.header("x-purpose", purpose);
        }
        message
    }

    fn body(&self, mid: &str) -> String {
        let mut body = format!(r#"{{"mid":"{mid}","orders":["#);
        for (number, order) in self.orders.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let seller =
                order.seller.map_or(String::new(), |to| format!(r#""sellerId":"{}","#, to.header().1));
            write!(body, "{comma}{{{seller}{}}}", order.fields()).unwrap();
        }
        body + "]}"
    }

    pub fn expected(&self, bytes: usize) -> Expected {
        // By recipient, subject: that is the order of transfers, null first in both.
        let mut transfers: BTreeMap<(Option<&str>, Option<String>), Transfer> = BTreeMap::new();
        for (number, order) in self.orders.iter().enumerate() {
            let instead = order.seller.map(|seller| vec![seller]);
            for (position, to) in instead.as_ref().unwrap_or(&self.to).iter().enumerate() {
                let subject = order.person.as_ref().map(|person| person.printed(order.by_phone));
                let ask = |item| Question {
                    item,
                    person: order.person.as_ref(),
                    by_phone: order.by_phone,
                    to: *to,
                    at_ms: self.at_ms,
                    declared_country: self.declared_country,
                    purpose: self.purpose,
                };
                let transfer = transfers.entry((to.id(), subject.clone())).or_insert_with(|| Transfer {
                    recipient: to.id().map(str::to_owned),
                    named_at: (position, 0),
                    scope: number + 1,
                    subject,
                    countries: ask("phone_number").countries(),
                    items: Vec::new(),
                    notes: Vec::new(),
                });
                for (entity, count) in order.items() {
                    let question = ask(entity);
                    let cells = question.cells();
                    for note in question.notes(&cells) {
                        if !transfer.notes.contains(&note) {
                            transfer.notes.push(note);
                        }
                    }
                    match transfer.items.iter_mut().find(|item| item.entity == entity) {
                        Some(item) => item.count += count,
                        None => transfer.items.push(Item { entity, count, cells }),
                    }
                }
                transfer.items.sort_by_key(|item| item.entity);
            }
        }
        let transfers: Vec<Transfer> = transfers.into_values().collect();
        Expected {
            timestamp_ms: self.at_ms,
            bytes: u64::try_from(bytes).unwrap(),
            outcome: Expected::transfers_outcome(&transfers),
            unread: None,
            transfers,
            purpose: self.purpose,
            transfer_type: None,
        }
    }
}

impl Order {
    fn fields(&self) -> String {
        let Some(person) = &self.person else {
            // A number where no selector looks: it is found, but nobody says whose it is.
            return format!(r#""receiver":{{"mobile":"{}"}}"#, written(&world::people()[0]));
        };
        let member =
            if self.by_phone { String::new() } else { format!(r#""member":"{}","#, person.member()) };
        let mut receiver = format!(r#""tel":"{}""#, written(person));
        if self.second_phone {
            write!(receiver, r#","mobile":"{}""#, written(person)).unwrap();
        }
        if self.resident_number {
            write!(receiver, r#","residentNo":"{}""#, person.resident_number()).unwrap();
        }
        format!(r#"{member}"receiver":{{{receiver}}}"#)
    }

    /// The items, and how often each is there.
    fn items(&self) -> Vec<(&'static str, u64)> {
        let mut items = vec![("phone_number", if self.second_phone { 2 } else { 1 })];
        items.extend(self.resident_number.then_some(("resident_registration_number", 1)));
        items
    }
}

/// The person's phone number in one of the two ways in which most records have it.
fn written(person: &Person) -> String {
    let phone = person.phone();
    let (first, rest) = phone.split_at(3);
    let (second, third) = rest.split_at(4);
    if person.number.is_multiple_of(2) {
        format!("{first}-{second}-{third}")
    } else {
        format!("+82 {}-{second}-{third}", &first[1..])
    }
}

/// Writes records of all kinds, and keeps what they owe.
pub struct Generator {
    dice: Dice,
    people: Vec<Person>,
    topic: String,
    partitions: usize,
    written: usize,
    pending: Vec<(usize, Expected)>,
    producer: Producer,
}

impl Generator {
    pub fn new(bootstrap: &str, topic: &str, partitions: i32, seed: u64) -> Generator {
        Generator {
            dice: Dice::new(seed),
            people: world::people(),
            topic: topic.to_owned(),
            partitions: usize::try_from(partitions).unwrap(),
            written: 0,
            pending: Vec::new(),
            producer: Producer::new(bootstrap),
        }
    }

    /// Writes `count` records drawn from all kinds.
    pub fn write(&mut self, count: usize) {
        for _ in 0..count {
            let mid = self.mid();
            let partition = self.partition();
            // Two of five hold no personal data, as in most egress.
            if self.dice.roll(5) < 2 {
                let at_ms = self.time();
                let message = clear(&self.topic, partition, &mid, at_ms, self.dice.roll(2) == 0);
                self.send(&message, clear_expected(&message));
            } else {
                let shipment = draw(&mut self.dice, &self.people);
                let message = shipment.message(&self.topic, partition, &mid);
                let bytes = message.value.as_ref().map_or(0, Vec::len);
                self.send(&message, shipment.expected(bytes));
            }
        }
    }

    pub fn ship(&mut self, shipment: &Shipment) {
        let partition = self.partition();
        let mid = self.mid();
        let message = shipment.message(&self.topic, partition, &mid);
        let bytes = message.value.as_ref().map_or(0, Vec::len);
        self.send(&message, shipment.expected(bytes));
    }

    pub fn send(&mut self, message: &Message, expected: Expected) {
        let number = self.producer.send(message);
        self.pending.push((number, expected));
        self.written += 1;
    }

    /// Waits for the delivery reports and adds what was written to the ledger.
    pub fn settle(&mut self, ledger: &mut Ledger) {
        ledger.topic.clone_from(&self.topic);
        let placed: Placed = self.producer.flush();
        for (number, expected) in self.pending.drain(..) {
            ledger.records.insert(placed[&number], expected);
        }
    }

    /// Letters only, so that no digit of it looks like anything.
    fn mid(&mut self) -> String {
        let mut number = self.written;
        let letters = std::iter::repeat_with(|| {
            let letter = char::from(b'a' + u8::try_from(number % 16).unwrap());
            number /= 16;
            letter
        });
        letters.take(6).collect()
    }

    fn partition(&mut self) -> i32 {
        i32::try_from(self.dice.roll(self.partitions)).unwrap()
    }

    pub fn time(&mut self) -> i64 {
        time(&mut self.dice)
    }
}

fn time(dice: &mut Dice) -> i64 {
    match dice.roll(50) {
        // The instant of the withdrawals, and the millisecond before.
        0 => WITHDRAWN_AT_MS,
        1 => WITHDRAWN_AT_MS - 1,
        _ => FIRST_MS + i64::try_from(dice.roll(usize::try_from(SPAN_MS).unwrap())).unwrap(),
    }
}

/// A record with nothing to find.
pub fn clear(topic: &str, partition: i32, mid: &str, at_ms: i64, addressed: bool) -> Message {
    let body = format!(r#"{{"mid":"{mid}","event":"stock","sku":"keyboard","quantity":3,"in_stock":true}}"#);
    let message = Message::new(topic, partition).at_ms(at_ms).value(body.as_bytes());
    if addressed { message.header("x-seller-id", "S17") } else { message }
}

pub fn clear_expected(message: &Message) -> Expected {
    Expected {
        timestamp_ms: message.timestamp_ms.unwrap(),
        bytes: message.value.as_ref().map_or(0, |value| u64::try_from(value.len()).unwrap()),
        outcome: "clear",
        unread: None,
        transfers: Vec::new(),
        purpose: None,
        transfer_type: None,
    }
}

/// What is owed for a record whose inspection fails.
pub fn unread_expected(message: &Message, code: &'static str) -> Expected {
    let clear = clear_expected(message);
    Expected { outcome: "indeterminate", unread: Some(Unread { code, stage: None }), ..clear }
}

fn draw(dice: &mut Dice, people: &[Person]) -> Shipment {
    let to = match dice.roll(12) {
        0..=4 => vec![To::Seller17],
        5 => vec![To::Seller23],
        6 => vec![To::Seller90412],
        7 => vec![To::Rheinpost],
        8 => vec![To::CloudSg],
        9 => vec![To::Courier],
        10 => vec![To::BrokerX],
        _ => match dice.roll(2) {
            0 => vec![To::Seller17, To::Seller90412],
            _ => vec![To::Nobody],
        },
    };
    // An unknown recipient without any country is `BrokerX`'s case; this one says where it is.
    let declared_country = match (to[0], dice.roll(6)) {
        (To::Nobody, _) => Some("CN"),
        (To::Seller17 | To::Seller23, 0) => Some("SG"),
        (To::Seller17, 1) => Some("KR"),
        _ => None,
    };
    let purpose = match dice.roll(6) {
        0 => Some("marketing"),
        1 | 2 => Some("delivery"),
        _ => None,
    };
    let orders = 1 + [0, 0, 0, 1, 2][dice.roll(5)];
    let orders = (0..orders).map(|_| order(dice, people, to[0])).collect();
    Shipment { to, orders, at_ms: time(dice), declared_country, purpose }
}

fn order(dice: &mut Dice, people: &[Person], to: To) -> Order {
    let person = dice.pick(people).clone();
    let known = dice.roll(10) > 0;
    // A seller in the order takes the place of a seller in the header; the others are not addressed by id.
    let addressed_by_id = to.header().0 == "x-seller-id" && to != To::Nobody;
    Order {
        by_phone: dice.roll(4) == 0,
        seller: (addressed_by_id && dice.roll(4) == 0).then(|| *dice.pick(&[To::Seller23, To::Seller90412])),
        second_phone: known && dice.roll(6) == 0,
        resident_number: known && dice.roll(12) == 0,
        person: known.then_some(person),
    }
}

/// A ledger of records that were never written, one partition after the other, for the checker's own tests.
#[cfg(test)]
pub fn drawn(topic: &str, records: usize, partitions: usize) -> Ledger {
    let people = world::people();
    let mut dice = Dice::new(records.try_into().unwrap());
    let mut ledger = Ledger { topic: topic.to_owned(), ..Ledger::default() };
    for number in 0..records {
        let place =
            (i32::try_from(number % partitions).unwrap(), i64::try_from(number / partitions).unwrap());
        let expected = if dice.roll(3) == 0 {
            clear_expected(&clear(topic, place.0, "x", time(&mut dice), false))
        } else {
            draw(&mut dice, &people).expected(100)
        };
        ledger.records.insert(place, expected);
    }
    ledger
}

#[test]
fn the_same_seed_draws_the_same_records() {
    let people = world::people();
    let draw_all = |seed| {
        let mut dice = Dice::new(seed);
        (0..100).map(|_| format!("{:?}", draw(&mut dice, &people))).collect::<Vec<_>>()
    };
    assert_eq!(draw_all(7), draw_all(7));
    assert_ne!(draw_all(7), draw_all(8));
}

#[test]
fn every_outcome_and_many_reasons_are_drawn() {
    let people = world::people();
    let mut dice = Dice::new(1);
    let mut reasons = std::collections::BTreeSet::new();
    let mut outcomes = std::collections::BTreeSet::new();
    for _ in 0..2_000 {
        let expected = draw(&mut dice, &people).expected(0);
        outcomes.insert(expected.outcome);
        for (row, _) in expected.rows() {
            reasons.extend(row.reasons);
        }
    }
    assert_eq!(
        outcomes.into_iter().collect::<Vec<_>>(),
        ["domestic", "indeterminate", "permitted", "violation"]
    );
    assert_eq!(reasons.len(), 18, "{reasons:?}");
}
