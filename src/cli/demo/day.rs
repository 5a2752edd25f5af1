//! The day that the demo plays: customers, where their orders go, and what they agreed to. Seeded, so that the
//! same seed is the same day.

use crate::subject::{Keyring, TokenType};

/// Noon of the day, in milliseconds: 2024-07-02T12:00:00+09:00.
const NOON_MS: i64 = 1_719_889_200_000;
const CUSTOMERS: u64 = 40;
/// Every so many customers one has withdrawn the consent, and one has never given it.
const WITHDRAWN_EVERY: u64 = 5;
const NEVER_EVERY: u64 = 7;

/// One outbound record.
pub(super) struct Outbound {
    pub(super) timestamp_ms: i64,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) value: String,
}

/// `records` records of the day.
pub(super) fn records(records: u64, seed: u64) -> impl Iterator<Item = Outbound> {
    let mut random = Random(seed);
    (0..records).map(move |number| record(number, &mut random))
}

/// The consent acts of the customers, as lines of the `consent` stream.
pub(super) fn consents(keyring: &Keyring) -> String {
    let mut lines = Vec::new();
    for customer in 0..CUSTOMERS {
        let Some(token) = keyring.token(TokenType::Member, &member(customer)) else { continue };
        let act = |event: &str, act: &str, at: &str| {
            serde_json::json!({
                "event": format!("{customer}-{event}"), "subject": [token.0], "disclosure": "checkout", "version": 1,
                "act": act, "at": at, "method": "app",
                "separate": {"cross_border": true, "third_party": true},
            })
            .to_string()
        };
        if customer % NEVER_EVERY == 0 {
            continue;
        }
        lines.push(act("1", "given", "2024-06-01T10:00:00+09:00"));
        if customer % WITHDRAWN_EVERY == 0 {
            lines.push(act("2", "withdrawn", "2024-07-01T09:00:00+09:00"));
        }
    }
    lines.join("\n")
}

fn record(number: u64, random: &mut Random) -> Outbound {
    let customer = random.below(CUSTOMERS);
    let (member, phone) =
        (member(customer), format!("010-{:04}-{:04}", 2000 + customer, random.below(10_000)));
    let (headers, value): (Vec<(&str, &str)>, String) = match random.below(100) {
        // Nothing personal in it.
        0..40 => (
            vec![("x-seller-id", "S17")],
            format!(
                r#"{{"sku":"B{:06}","price":{},"stock":{}}}"#,
                random.below(1_000_000),
                random.below(99_000),
                random.below(500)
            ),
        ),
        // A courier at home.
        40..55 => (vec![("x-dest-host", "api.hanbit.example")], order(number, &member, &phone)),
        // A cloud that stores for the shop, disclosed in its privacy policy.
        55..70 => (vec![("x-dest-host", "store.straits.example")], order(number, &member, &phone)),
        // A seller on the list that customers agreed to.
        70..95 => (vec![("x-seller-id", "S17"), ("x-purpose", "delivery")], order(number, &member, &phone)),
        // A seller that nobody was told of.
        95..98 => {
            (vec![("x-seller-id", "S90412"), ("x-purpose", "delivery")], order(number, &member, &phone))
        }
        // A resident number, for which no consent exists.
        98..99 => (
            vec![("x-seller-id", "S17"), ("x-purpose", "customs")],
            format!(
                r#"{{"orderId":"A{number}","member":"{member}","residentRegistrationNumber":"850312-1213450"}}"#
            ),
        ),
        // A seller that nobody registered.
        _ => (vec![("x-seller-id", "S777")], order(number, &member, &phone)),
    };
    Outbound { timestamp_ms: NOON_MS + i64::try_from(number).unwrap_or(0) * 40, headers, value }
}

fn member(customer: u64) -> String {
    format!("M-{customer:04}")
}

fn order(number: u64, member: &str, phone: &str) -> String {
    format!(
        r#"{{"orderId":"A{number}","member":"{member}","receiver":{{"tel":"{phone}","memo":"\ubd80\uc7ac\uc2dc \ubb38\uc55e"}}}}"#
    )
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
