//! The day that the demo plays: which records leave the shop, and to whom. Seeded: the same seed is the same day.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::customers::{CUSTOMERS, Customer};

/// Midnight in Seoul, in milliseconds: 2024-07-02T00:00:00+09:00. The records of a day are spread over it.
const MIDNIGHT_MS: i64 = 1_719_846_000_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// One outbound record.
pub(super) struct Outbound {
    pub(super) timestamp_ms: i64,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) value: String,
}

type Headers = &'static [(&'static str, &'static str)];

const LANTIAN: Headers = &[("x-seller-id", "S17"), ("x-purpose", "delivery"), ("x-dest-ip", "203.0.113.17")];
const MEIHUA: Headers = &[("x-seller-id", "S23"), ("x-purpose", "delivery"), ("x-dest-ip", "203.0.113.23")];
const MEIHUA_ADVERTISING: Headers =
    &[("x-seller-id", "S23"), ("x-purpose", "advertising"), ("x-dest-ip", "203.0.113.23")];
const SAIGON: Headers = &[("x-seller-id", "S41"), ("x-purpose", "delivery"), ("x-dest-ip", "192.0.2.41")];
const HONGDA: Headers =
    &[("x-seller-id", "S90412"), ("x-purpose", "delivery"), ("x-dest-ip", "203.0.113.90")];
const UNREGISTERED: Headers =
    &[("x-seller-id", "S777"), ("x-purpose", "delivery"), ("x-dest-ip", "203.0.113.77")];
const HANBIT: Headers = &[("x-dest-host", "api.hanbit.example"), ("x-dest-ip", "198.51.100.20")];
/// The courier at home, whose address is in Japan all the same.
const HANBIT_FROM_JAPAN: Headers = &[("x-dest-host", "api.hanbit.example"), ("x-dest-ip", "192.0.2.81")];
const STRAITS: Headers = &[("x-dest-host", "store.straits.example"), ("x-purpose", "hosting")];
const PRAIRIE: Headers = &[("x-dest-host", "cards.prairie-pay.example"), ("x-purpose", "payment")];
const RHEINPOST: Headers = &[("x-dest-host", "api.rheinpost.example"), ("x-purpose", "delivery")];
/// No registry and no database tells where it is.
const BLUE_RELAY: Headers = &[("x-dest-host", "relay.blue.example"), ("x-dest-ip", "198.51.100.200")];

/// `records` records of the day, in the order of their times.
pub(super) fn records(records: u64, seed: u64) -> impl Iterator<Item = Outbound> {
    let mut random = Random(seed);
    (0..records).map(move |number| {
        let at_ms = number * (DAY_MS / records.max(1));
        let (headers, value) = record(number, &mut random);
        Outbound { timestamp_ms: MIDNIGHT_MS + i64::try_from(at_ms).unwrap_or_default(), headers, value }
    })
}

fn record(number: u64, random: &mut Random) -> (Headers, String) {
    let customer = Customer(random.below(CUSTOMERS));
    let id = format!("A{:09}", 240_702_000 + number);
    match random.below(1000) {
        0..360 => (LANTIAN, stock(random)),
        360..500 => (HANBIT, order(&id, customer)),
        500..680 => (LANTIAN, orders(&id, customer, Customer(random.below(CUSTOMERS)))),
        680..750 => (MEIHUA, escaped(&order(&id, customer))),
        750..770 => (MEIHUA, wrapped(&id, customer)),
        770..800 => (SAIGON, order(&id, customer)),
        800..815 => (HONGDA, order(&id, customer)),
        815..822 => (UNREGISTERED, order(&id, customer)),
        822..895 => (STRAITS, profile(customer)),
        895..945 => (PRAIRIE, payment(&id, customer)),
        945..970 => (RHEINPOST, order(&id, customer)),
        970..980 => (LANTIAN, refund(&id, customer)),
        980..984 => (LANTIAN, customs(&id, customer)),
        984..990 => (MEIHUA_ADVERTISING, advertising(customer)),
        990..995 => (HANBIT_FROM_JAPAN, order(&id, customer)),
        _ => (BLUE_RELAY, order(&id, customer)),
    }
}

/// Nobody's data, but numbers that look like somebody's.
fn stock(random: &mut Random) -> String {
    let mut below = |bound| random.below(bound);
    json!({
        "sku": format!("B{:08}", below(100_000_000)), "ean": format!("880{:010}", below(10_000_000_000)),
        "waybill": format!("{:012}", below(1_000_000_000_000)), "price": below(99_000), "stock": below(500),
    })
    .to_string()
}

fn receiver(customer: Customer) -> Value {
    json!({"name": customer.name(), "tel": customer.phone(), "address": customer.address()})
}

fn order(id: &str, customer: Customer) -> String {
    json!({
        "orderId": id, "member": customer.member(), "receiver": receiver(customer),
        "items": [{"sku": "B00231", "quantity": 1}], "memo": "부재 시 문 앞에 놓아 주세요",
    })
    .to_string()
}

/// Two orders of two customers in one record.
fn orders(id: &str, one: Customer, other: Customer) -> String {
    let part = |number: u8, customer: Customer| {
        json!({
            "orderId": format!("{id}-{number}"), "member": customer.member(),
            "delivery": {"to": {"receiver": receiver(customer)}},
        })
    };
    json!({"batch": id, "orders": [part(1, one), part(2, other)]}).to_string()
}

/// The order as a JSON text inside a JSON text.
fn wrapped(id: &str, customer: Customer) -> String {
    json!({"event": "ORDER_CREATED", "member": customer.member(), "body": order(id, customer)}).to_string()
}

fn profile(customer: Customer) -> String {
    json!({
        "member": customer.member(),
        "profile": {
            "name": customer.name(), "email": customer.email(), "mobile": customer.phone(),
            "address": customer.address(),
        },
    })
    .to_string()
}

fn payment(id: &str, customer: Customer) -> String {
    json!({
        "orderId": id, "member": customer.member(),
        "payment": {"method": "card", "cardNo": customer.card(), "amount": 39_800},
    })
    .to_string()
}

/// The account stands in running text.
fn refund(id: &str, customer: Customer) -> String {
    let memo = format!("환불계좌: 신한은행 {} 예금주 {}", customer.account(), customer.name());
    json!({"orderId": id, "member": customer.member(), "refund": {"amount": 12_000, "memo": memo}})
        .to_string()
}

fn customs(id: &str, customer: Customer) -> String {
    json!({
        "orderId": id, "member": customer.member(),
        "customs": {"consignee": customer.name(), "residentRegistrationNumber": customer.resident_number()},
    })
    .to_string()
}

fn advertising(customer: Customer) -> String {
    json!({"member": customer.member(), "campaign": "summer", "mobile": customer.phone()}).to_string()
}

/// Everything beyond ASCII as `\uXXXX`: how many a library writes Korean.
fn escaped(json: &str) -> String {
    let mut out = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            write!(out, "\\u{unit:04x}").unwrap_or_default();
        }
    }
    out
}

/// A counter, mixed: enough for a day, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
