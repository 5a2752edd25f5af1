//! Records made to break what reads them.

use super::{DRAIN_LIMIT_S, turn};
use crate::ledger::Ledger;
use crate::ledger::check::{Allowed, check};
use crate::ledger::expected::{Cell, Expected, Item, Transfer};
use crate::ledger::scenario::{Generator, Order, PLANTED, Shipment, clear, clear_expected, unread_expected};
use crate::ledger::world::{self, Stance, To, WITHDRAWN_AT_MS};
use crate::support::broker::Broker;
use crate::support::kafka::{self, Message};
use crate::support::sumun::{Plan, Site};

/// Payloads up to here are inspected fully.
const PAYLOAD_BYTES_MAX: usize = 10 << 20;
const DEPTH: usize = 1_000_000;
/// Each owes a row of the register: together more than a receipt of 512 KiB can hold.
const BULK_SELLERS: usize = 4_000;
/// A record that kills its process is given up after two deaths; the other starts are for their order in the log.
const CRASH_STARTS_MAX: usize = 4;

fn withdrawn() -> Shipment {
    let people = world::people();
    let person = people.iter().find(|person| person.stance == Stance::Withdrawn).unwrap();
    Shipment {
        to: vec![To::Seller17],
        orders: vec![Order::of(person)],
        at_ms: WITHDRAWN_AT_MS,
        declared_country: None,
        purpose: None,
    }
}

/// A record to a seller abroad with this value.
fn abroad(site: &Site, value: &[u8]) -> Message {
    Message::new(&site.topic, 0).at_ms(WITHDRAWN_AT_MS).value(value).header("x-seller-id", "S17")
}

/// A valid JSON text of exactly `bytes` bytes without anything to find.
fn filled(bytes: usize) -> Vec<u8> {
    let (open, close) = (r#"{"event":"stock","note":""#, r#""}"#);
    let fill = bytes - open.len() - close.len();
    [open.as_bytes(), &vec![b'x'; fill], close.as_bytes()].concat()
}

#[test]
fn poison_is_inspected_or_said_to_be_unread() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "poison", 1);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 9);
    let mut ledger = Ledger::default();
    generator.write(50);

    // Bytes that are no text in any encoding.
    let bytes: Vec<u8> = (0..4_096).map(|n: u32| u8::try_from(n * 7_919 % 128).unwrap() | 0x80).collect();
    let harmless = [
        bytes,
        br#"{"event":"stock","note":["cut off he"#.to_vec(),
        [vec![b'['; DEPTH], vec![b']'; DEPTH]].concat(),
        filled(PAYLOAD_BYTES_MAX),
        Vec::new(),
    ];
    for value in harmless {
        let message = abroad(&site, &value);
        generator.send(&message, clear_expected(&message));
    }
    let null = Message { value: None, ..abroad(&site, b"") };
    generator.send(&null, clear_expected(&null));
    let large = abroad(&site, &filled(PAYLOAD_BYTES_MAX + 1));
    generator.send(&large, unread_expected(&large, "SIZE_LIMIT"));
    let planted = abroad(&site, format!(r#"{{"event":"{PLANTED}"}}"#).as_bytes());
    generator.send(&planted, unread_expected(&planted, "PANIC"));
    generator.ship(&withdrawn());
    generator.settle(&mut ledger);

    // Names and values that are no text, around the header that counts.
    let shipment = withdrawn();
    let message = shipment.message(&site.topic, 0, "raw");
    let odd: [(&[u8], &[u8]); 3] = [(b"\xFF\xFEx-seller-id", b"S23"), (b"", b""), (b"x\0y", b"\x80\xFF")];
    let offset = kafka::produce_raw(&site.bootstrap, &message, &odd);
    let expected = shipment.expected(message.value.as_ref().unwrap().len());
    ledger.records.insert((0, offset), expected);
    generator.write(50);
    generator.settle(&mut ledger);

    let mut sumun = site.start("a", Some("panic_in_rule"));
    sumun.wait_ready();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    let report = check("poison", &ledger, &site.evidence(), &Allowed::default());
    report.assert_clean();
}

#[test]
fn a_record_that_kills_the_process_is_given_up_and_said_so() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "crasher", 1);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 10);
    let mut ledger = Ledger::default();
    generator.write(100);
    let planted = abroad(&site, format!(r#"{{"event":"{PLANTED}"}}"#).as_bytes());
    generator.send(&planted, unread_expected(&planted, "CRASHER"));
    generator.write(100);
    generator.settle(&mut ledger);
    let mut deaths = 0;
    let survivor = loop {
        let mut sumun = site.start("a", Some("abort_in_rule"));
        let watch = kafka::Watch::new(&site.bootstrap, &site.group, &site.topic);
        let end = Some(ledger.ends()[&0]);
        let survived = crate::support::wait::until("its death or its success", 60, || {
            let drained = watch.committed().is_some_and(|committed| committed[&0] == end);
            if drained { Some(true) } else { sumun.exit_status().map(|_| false) }
        });
        if survived {
            break sumun;
        }
        site.keep_state();
        deaths += 1;
        assert!(deaths < CRASH_STARTS_MAX, "the loop was not broken:\n{}", sumun.log());
    };
    site.stop(survivor);
    let mut report = check("a record that kills its process", &ledger, &site.evidence(), &Allowed::default());
    report.remarks.push(format!("deaths before it was given up: {deaths}"));
    report.assert_clean();
}

#[test]
fn a_record_that_owes_more_than_one_receipt_can_hold_is_in_several() {
    let _turn = turn();
    let plan = Plan { bulk_sellers: BULK_SELLERS, ..Plan::default() };
    let site = Site::planned(Broker::shared(), "bulk", 1, plan);
    let mut generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 11);
    let mut ledger = Ledger::default();
    generator.write(50);
    let (message, expected) = bulk(&site);
    generator.send(&message, expected);
    generator.write(50);
    generator.settle(&mut ledger);
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    let evidence = site.evidence();
    let parts = evidence
        .receipts
        .iter()
        .filter(|stored| stored.value.windows(8).any(|w| w == br#""parts":"#))
        .count();
    let mut report = check("more than one receipt can hold", &ledger, &evidence, &Allowed::default());
    report.remarks.push(format!("receipts that are parts: {parts}"));
    report.assert_clean();
    assert!(parts > 1);
}

/// One order to each of many sellers, of a person whom no fact knows.
fn bulk(site: &Site) -> (Message, Expected) {
    let people = world::people();
    let person = people.iter().find(|person| person.stance == Stance::Never).unwrap();
    let order = |number| {
        let (_, value) = world::bulk_seller(number);
        format!(
            r#"{{"sellerId":"{value}","member":"{}","receiver":{{"tel":"{}"}}}}"#,
            person.member(),
            person.phone()
        )
    };
    let orders: Vec<String> = (0..BULK_SELLERS).map(order).collect();
    let message = clear(&site.topic, 0, "bulk", WITHDRAWN_AT_MS, false)
        .value(format!(r#"{{"orders":[{}]}}"#, orders.join(",")).as_bytes());
    let cell = Cell {
        country: Some("CN"),
        outcome: "violation",
        basis: None,
        reasons: vec!["NO_BASIS", "NO_CONSENT"],
    };
    let transfers = (0..BULK_SELLERS).map(|number| Transfer {
        recipient: Some(world::bulk_seller(number).0),
        named_at: (0, 0),
        scope: number + 1,
        subject: Some(person.member_token()),
        countries: vec!["CN"],
        items: vec![Item { entity: "phone_number", count: 1, cells: vec![cell.clone()] }],
        notes: vec![],
    });
    let expected =
        Expected { outcome: "violation", transfers: transfers.collect(), ..clear_expected(&message) };
    (message, expected)
}
