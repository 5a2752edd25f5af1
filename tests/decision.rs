//! The worked example of the contract at the level of the decision: every transfer of its records, with
//! recipient, subject and findings as given, must get the verdict that the contract prints.
#![expect(clippy::unwrap_used, reason = "in a test a failure is the answer")]

use serde_json::Value;
use sumun::decide::{Matter, Policy, decide, sum};
use sumun::destination::{Country, Destination, Evidence, EvidenceKind, GeoConfidence, Reach};
use sumun::entity::EntityType;
use sumun::facts::{Binding, Builder, Facts, Stream};
use sumun::recipient::Recipient;
use sumun::subject::{Subject, SubjectToken};

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

fn policy() -> Policy {
    Policy { home: country("KR"), sensitive: Vec::new() }
}

fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

/// §2 for the example: no overrides, full confidence.
fn destination(recipient: Option<&Recipient>, observed: &str, declared: &str) -> Destination {
    let legal = recipient.and_then(|recipient| recipient.legal_country);
    let of = |kind, country| Evidence { kind, country, source: String::new(), build: None, confidence: None };
    let mut evidence: Vec<_> = legal.map(|country| of(EvidenceKind::Legal, country)).into_iter().collect();
    evidence.extend(Country::parse(observed).map(|country| Evidence {
        confidence: Some(GeoConfidence::High),
        ..of(EvidenceKind::Observed, country)
    }));
    evidence.extend(Country::parse(declared).map(|country| of(EvidenceKind::Declared, country)));
    let mut countries: Vec<_> = evidence.iter().map(|e| e.country).filter(|c| *c != country("KR")).collect();
    countries.sort_unstable();
    countries.dedup();
    let reach = if !countries.is_empty() {
        Reach::Abroad
    } else if evidence.iter().any(|evidence| evidence.kind != EvidenceKind::Declared) {
        Reach::Domestic
    } else {
        Reach::Unknown
    };
    Destination { evidence, countries, reach, asn: None, as_organisation: None }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

#[test]
fn every_record_of_the_worked_example_gets_the_verdict_of_the_contract() {
    // ts, observed country, declared country, purpose, transfer type; by offset
    let records = [
        (1_710_469_200_120, "CN", "", "", ""),
        (1_712_707_200_000, "DE", "", "customs", ""),
        (1_718_865_000_000, "CN", "", "", ""),
        (1_719_759_599_999, "CN", "", "", ""),
        (1_719_759_600_000, "CN", "", "", ""),
        (1_720_573_200_000, "CN", "", "", ""),
        (1_721_005_200_000, "", "", "delivery", ""),
        (1_722_848_400_000, "CN", "", "", ""),
        (1_725_940_800_000, "CN", "", "", ""),
        (1_727_708_400_000, "CN", "", "", ""),
        (1_727_827_200_000, "CN", "", "", ""),
        (1_727_913_600_000, "CN", "KR", "", ""),
        (1_728_000_000_000, "CN", "", "", ""),
        (1_728_086_400_000, "", "", "", ""),
        (1_728_172_800_000, "CN", "", "", ""),
        (1_728_259_200_000, "CN", "", "", ""),
        (1_728_345_600_000, "SG", "", "marketing", "entrust"),
        (1_730_397_600_000, "SG", "", "", ""),
        (1_730_484_000_000, "", "", "", ""),
        (1_733_011_200_000, "KR", "", "", ""),
        (1_733_097_600_000, "CN", "", "", ""),
        (1_743_433_200_000, "CN", "", "", ""),
        (1_759_276_800_000, "DE", "", "", ""),
        (1_759_363_200_000, "DE", "", "", ""),
        (1_726_027_200_000, "CN", "", "", ""),
        (1_728_604_800_000, "", "KR", "", ""),
        (1_728_432_000_000, "CN", "", "", ""),
        (1_728_518_400_000, "", "", "scoring", ""),
    ];
    let facts = facts();
    let declared = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let mut judged = 0;
    for line in include_str!("contracts/expected.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let offset = usize::try_from(line["offset"].as_u64().unwrap()).unwrap();
        let (at_ms, observed, declared_country, purpose, transfer_type) = records[offset];
        let mut transfers = Vec::new();
        for expected in line["verdict"]["transfers"].as_array().unwrap() {
            let recipient = text(expected, "recipient").map(|id| {
                let mut found = Vec::new();
                facts.recipients(Binding::Id, id, &mut found);
                facts.recipient(found[0])
            });
            let subject = text(expected, "subject")
                .map_or(Subject::Unresolved, |token| facts.subject(SubjectToken(token.to_owned()), at_ms));
            let items: Vec<_> = expected["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| {
                    let count = u32::try_from(item["count"].as_u64().unwrap()).unwrap();
                    (EntityType::parse(text(item, "entity").unwrap()).unwrap(), count)
                })
                .collect();
            let matter = Matter {
                at_ms,
                recipient,
                subject: &subject,
                destination: &destination(recipient, observed, declared_country),
                purpose: declared(purpose),
                transfer_type: declared(transfer_type),
                items: &items,
            };
            transfers.push(decide(&matter, &facts, &policy()));
            judged += 1;
        }
        let verdict = sum(transfers, false, false);
        assert_eq!(
            serde_json::to_value(&verdict).unwrap(),
            line["verdict"],
            "offset {offset}: {}",
            line["shows"]
        );
    }
    assert_eq!(judged, 38);
}
