//! The worked example's routing: from its configuration, facts and a geo table as in `route.md` to the recipients,
//! subjects, countries and items that its verdicts name. What is found is told by the field's name here.
#![cfg(feature = "edge")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails may panic in its helpers too"
)]

mod example;

use std::collections::BTreeSet;

use serde_json::Value as Json;
use sumun::config;
use sumun::destination::Country;
use sumun::entity::EntityType;
use sumun::facts::{Builder, Facts, Stream};
use sumun::finding::{Finding, Validity};
use sumun::geo;
use sumun::locate::{Routes, Scratch, locate};
use sumun::record::{Header, Part, Record};
use sumun::subject::{Keyring, Subject};

const FIELDS: &[(&str, EntityType)] = &[
    ("receiverName", EntityType::PersonName),
    ("tel", EntityType::PhoneNumber),
    ("address", EntityType::PostalAddress),
    ("email", EntityType::EmailAddress),
    ("bankAccount", EntityType::BankAccount),
    ("cardNumber", EntityType::PaymentCard),
    ("residentRegistrationNumber", EntityType::ResidentRegistrationNumber),
    ("personalCustomsClearanceCode", EntityType::CustomsCode),
];

fn facts() -> Facts {
    let mut builder = Builder::new();
    for (stream, lines) in [
        (Stream::Disclosure, include_str!("contracts/facts/disclosure.jsonl")),
        (Stream::Consent, include_str!("contracts/facts/consent.jsonl")),
        (Stream::Basis, include_str!("contracts/facts/basis.jsonl")),
        (Stream::Recipient, include_str!("contracts/facts/recipient.jsonl")),
    ] {
        for line in lines.lines() {
            builder.add(stream, line).unwrap();
        }
    }
    builder.build()
}

fn findings(payload: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (field, entity) in FIELDS {
        for (at, _) in payload.match_indices(&format!("\"{field}\":\"")) {
            findings.push(Finding {
                entity: *entity,
                part: Part::Value,
                at: u32::try_from(at + field.len() + 4).unwrap(),
                path: String::new(),
                start: 0,
                end: 0,
                confidence: 99,
                validity: Validity::Valid,
                partial: false,
                role: false,
                masked: String::new(),
                evidence: Vec::new(),
                text: None,
            });
        }
    }
    findings.sort_by_key(|finding| finding.at);
    findings
}

/// Recipient, subject, countries, items with their counts.
type Told = (Option<String>, Option<String>, Vec<String>, Vec<(String, u64)>);

fn expected(verdict: &Json) -> BTreeSet<Told> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let told = |transfer: Json| {
        let items = list(&transfer["items"]);
        (
            text(&transfer["recipient"]),
            text(&transfer["subject"]),
            list(&transfer["countries"]).iter().filter_map(text).collect(),
            items
                .iter()
                .map(|item| (text(&item["entity"]).unwrap(), item["count"].as_u64().unwrap()))
                .collect(),
        )
    };
    list(&verdict["transfers"]).into_iter().map(told).collect()
}

#[test]
fn the_worked_example_goes_where_its_verdicts_say() {
    let (_folder, config) = example::files();
    let config = config::load(&config).unwrap_or_else(|errors| panic!("{errors}"));
    let routes = Routes::compile(&config.routes).unwrap();
    let addresses = geo::load(&config.geo_databases).unwrap();
    let keyring = Keyring::new(config.keys.iter().map(|key| (key.id.clone(), key.key)).collect());
    let facts = facts();
    let mut scratch = Scratch::default();
    let records = include_str!("contracts/records.jsonl").lines();
    let verdicts = include_str!("contracts/expected.jsonl").lines();
    let mut count = 0;
    for (record, verdict) in records.zip(verdicts) {
        let (record, verdict): (Json, Json) =
            (serde_json::from_str(record).unwrap(), serde_json::from_str(verdict).unwrap());
        assert_eq!(record["offset"], verdict["offset"]);
        let payload = record["payload"].as_str().unwrap();
        let texts: Vec<&str> =
            record["headers"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
        let headers: Vec<Header<'_>> = texts
            .chunks_exact(2)
            .map(|pair| Header { name: pair[0].as_bytes(), value: Some(pair[1].as_bytes()) })
            .collect();
        let read = Record {
            topic: record["topic"].as_str().unwrap(),
            partition: 0,
            offset: record["offset"].as_i64().unwrap(),
            timestamp_ms: record["ts"].as_i64(),
            key: record["key"].as_str().map(str::as_bytes),
            value: Some(payload.as_bytes()),
            headers: &headers,
        };
        let route = routes.route_for(read.topic);
        let found = findings(payload);
        let at_ms = read.timestamp_ms.unwrap();
        let home = config.home_country;
        let located = locate(route, &read, at_ms, &found, &facts, &keyring, &addresses, home, &mut scratch);
        let told: BTreeSet<Told> = located
            .transfers
            .iter()
            .map(|transfer| {
                let subject = match &transfer.subject {
                    Subject::Unresolved => None,
                    Subject::Persons { token, .. } => Some(token.0.clone()),
                };
                (
                    transfer.recipient.map(|index| facts.recipient(index).id.clone()),
                    subject,
                    transfer.destination.countries.iter().map(Country::to_string).collect(),
                    transfer
                        .items
                        .iter()
                        .map(|(entity, count)| (entity.as_str().to_owned(), (*count).into()))
                        .collect(),
                )
            })
            .collect();
        assert_eq!(told, expected(&verdict["verdict"]), "{}: {}", verdict["offset"], verdict["shows"]);
        assert_eq!(told.len(), located.transfers.len());
        count += 1;
    }
    assert_eq!(count, 28);
}
