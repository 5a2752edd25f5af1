//! The configuration, facts, key and geo database that fit the corpus, for `sumun bench -c` and for runs on Kafka.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use sumun::subject::{Keyring, TokenType};

use super::records::{DOMESTIC_NETWORK, FOREIGN_NETWORK, SELLERS_DOMESTIC, SELLERS_FOREIGN, TOPIC};

/// Members `M-000000` up to, not including, `M-010000` have consented to the transfer to every foreign seller.
pub(super) const MEMBERS_CONSENTING: u64 = 10_000;
/// The key of the contracts' examples: this data is of nobody.
const KEY_ID: &str = "k1";

pub(super) fn write(folder: &Path) -> io::Result<()> {
    for part in ["facts", "keys", "geo"] {
        fs::create_dir_all(folder.join(part))?;
    }
    fs::write(folder.join("sumun.yaml"), configuration())?;
    fs::write(folder.join("facts/disclosure.jsonl"), disclosure())?;
    fs::write(folder.join("facts/recipient.jsonl"), recipients())?;
    fs::write(folder.join("facts/consent.jsonl"), consents())?;
    fs::write(folder.join("facts/basis.jsonl"), "")?;
    let key = folder.join("keys/k1.hex");
    fs::write(&key, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n")?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    fs::write(folder.join("geo/country.mmdb"), countries().map_err(io::Error::other)?)
}

fn configuration() -> String {
    format!(
        "\
# Fits the corpus of benches/README.md.
id: bench
home_country: KR
egress:
  brokers: [127.0.0.1:9092]
  group: sumun
  topics: [{TOPIC}]
  start_from: earliest
outputs:
  alerts: sumun.alerts
  receipts: sumun.receipts
routes:
  - topics: [{TOPIC}]
    recipient:
      - {{header: x-seller-id, match: ids}}
    address: {{header: x-dest-ip}}
    purpose: {{header: x-purpose}}
    subject:
      - {{path: $.member, token: member}}
    scopes:
      - at: $.orders[*]
        subject:
          - {{path: $.member, token: member}}
facts:
  files: [facts]
tokens:
  keys: [{{id: {KEY_ID}, key_file: keys/k1.hex}}]
geo:
  databases: [{{path: geo/country.mmdb}}]
telemetry:
  listen: 127.0.0.1:0
"
    )
}

fn disclosure() -> String {
    let sellers: Vec<String> = SELLERS_FOREIGN.clone().map(|seller| format!("\"seller-{seller}\"")).collect();
    format!(
        r#"{{"disclosure":"checkout","version":1,"language":"ko","channel":"consent_form","published_at":"2024-01-01T00:00:00+09:00","url":"https://shop.example/consent/1","transfers":[{{"ref":"sellers","items":["person_name","phone_number","postal_address","email_address","bank_account","payment_card","customs_code"],"countries":["CN"],"timing":"on_event","method":"API over TLS","recipients":[{}],"purposes":["delivery"],"retention":"P3M","refusal":{{"procedure":"Settings > Privacy","effect":"orders from overseas sellers are not possible"}},"transfer_type":"provide"}}]}}
"#,
        sellers.join(",")
    )
}

fn recipients() -> String {
    let mut out = String::new();
    let foreign = SELLERS_FOREIGN.clone().map(|seller| (seller, "CN"));
    for (seller, country) in foreign.chain(SELLERS_DOMESTIC.clone().map(|seller| (seller, "KR"))) {
        // Writing to a String cannot fail.
        writeln!(
            out,
            r#"{{"recipient":"seller-{seller}","legal_name":"Seller {seller} Trading","contact":"privacy@seller-{seller}.example","role":"third_party","legal_country":"{country}","ids":["S{seller}"],"classes":[]}}"#
        )
        .unwrap_or_default();
    }
    out
}

fn consents() -> String {
    let key: [u8; 32] = std::array::from_fn(|byte| u8::try_from(byte).unwrap_or(0));
    let keyring = Keyring::new(vec![(KEY_ID.to_owned(), key)]);
    let mut out = String::new();
    for number in 0..MEMBERS_CONSENTING {
        let Some(token) = keyring.token(TokenType::Member, &super::records::member(number)) else { continue };
        writeln!(
            out,
            r#"{{"event":"{number:06}","subject":["{}"],"disclosure":"checkout","version":1,"act":"given","at":"2025-03-01T10:00:00+09:00","method":"web_checkbox","separate":{{"cross_border":true,"third_party":true}}}}"#,
            token.0
        )
        .unwrap_or_default();
    }
    out
}

/// Full confidence, flat schema.
fn countries() -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    use mmdb_writer::{Value, Writer};
    // The same file for the same corpus: 2026-11-01.
    let built = UNIX_EPOCH + Duration::from_hours(498_192);
    let mut writer = Writer::builder("country of the corpus").build_epoch(built).build();
    for (network, country) in [(FOREIGN_NETWORK, "CN"), (DOMESTIC_NETWORK, "KR")] {
        let [a, b, c] = network;
        let network = ipnet::Ipv4Net::new(Ipv4Addr::new(a, b, c, 0), 24)?;
        writer
            .insert_value(ipnet::IpNet::V4(network), Value::map([("country_code", Value::from(country))]))?;
    }
    Ok(writer.to_bytes()?)
}
