//! Scopes, subjects, recipients and countries of small records, with what an alert's id is made of.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic in its helpers too")]

use std::fmt::Write as _;

use sumun::destination::{Country, Reach};
use sumun::entity::EntityType;
use sumun::facts::{Builder, Facts, Stream};
use sumun::finding::{Finding, Validity};
use sumun::inspect::{self, Inspector};
use sumun::locate::{
    AddressIndex, DECLARES_PERSONAL_DATA, Database, FieldPath, INSTANCES_MAX, Located, Networks, Place,
    RecipientSelector, RouteSpec, Routes, ScopeSpec, Scratch, Selectors, Source, SubjectSelector,
    TopicPattern, locate,
};
use sumun::recipient::Binding;
use sumun::record::{Header, Part, Record};
use sumun::subject::{Keyring, Subject, TokenType};

const REGISTRY: &str = r#"
{"recipient": "a-cn", "legal_name": "A", "role": "third_party", "legal_country": "CN", "ids": ["A", "SHARED"], "hosts": ["a.example"], "cidrs": ["203.0.113.0/28"], "classes": []}
{"recipient": "b-kr", "legal_name": "B", "role": "processor", "legal_country": "KR", "ids": ["B", "SHARED"], "classes": []}
{"recipient": "c-none", "legal_name": "C", "role": "third_party", "ids": ["C"], "topics": ["orders"], "classes": []}
"#;
/// Persons M1 and M2 share the phone number 010-1111-2222; M1 has 010-3333-4444 alone.
const ACTS: &[(&str, &[&str])] = &[("M1", &["010-3333-4444", "010-1111-2222"]), ("M2", &["010-1111-2222"])];

struct World {
    facts: Facts,
    keyring: Keyring,
    addresses: AddressIndex,
}

impl World {
    fn new() -> World {
        let keyring = Keyring::new(vec![("k1".to_owned(), [7; 32])]);
        let mut builder = Builder::new();
        for line in REGISTRY.trim().lines() {
            builder.add(Stream::Recipient, line).unwrap();
        }
        for (number, (member, phones)) in ACTS.iter().enumerate() {
            let token = |token_type, value| keyring.token(token_type, value).unwrap().0;
            let aliases = phones.iter().map(|phone| token(TokenType::Phone, phone));
            let act = serde_json::json!({
                "event": format!("e{number}"),
                "subject": std::iter::once(token(TokenType::Member, member)).chain(aliases).collect::<Vec<_>>(),
                "disclosure": "d", "version": 1, "act": "given", "at": "2024-01-01T00:00:00Z",
            });
            builder.add(Stream::Consent, &act.to_string()).unwrap();
        }
        let mut networks = Networks::default();
        networks.push("203.0.113.0".parse().unwrap(), 24, 0);
        networks.push("198.51.100.0".parse().unwrap(), 24, 1);
        let place = |country| Place { country: Country::parse(country), ..Place::default() };
        let database = Database::new(
            "mmdb:country".to_owned(),
            "2026-11-01".to_owned(),
            vec![place("CN"), place("KR")],
            networks,
        );
        World { facts: builder.build(), keyring, addresses: AddressIndex::new(vec![database]) }
    }

    fn locate(
        &self,
        spec: &RouteSpec,
        record: &Record<'_>,
        findings: &[Finding],
        scratch: &mut Scratch,
    ) -> Located {
        let routes = Routes::compile(std::slice::from_ref(spec)).unwrap();
        let home = Country::parse("KR").unwrap();
        let route = routes.route_for(record.topic);
        locate(
            route,
            record,
            1_720_000_000_000,
            findings,
            &self.facts,
            &self.keyring,
            &self.addresses,
            home,
            scratch,
        )
    }

    /// `recipient subject countries s r items`, one line per transfer.
    fn told(&self, located: &Located) -> String {
        let mut told = String::new();
        for transfer in &located.transfers {
            let recipient = transfer.recipient.map_or("-", |index| self.facts.recipient(index).id.as_str());
            let subject = match &transfer.subject {
                Subject::Unresolved => "-".to_owned(),
                Subject::Persons { token, persons } => format!("{}×{}", self.name(&token.0), persons.len()),
            };
            let destination = &transfer.destination;
            let countries = match destination.reach {
                Reach::Abroad => {
                    destination.countries.iter().map(Country::to_string).collect::<Vec<_>>().join(",")
                }
                Reach::Domestic => "home".to_owned(),
                Reach::Unknown => "unknown".to_owned(),
            };
            let position = transfer.position;
            let items = transfer.items.iter().map(|(entity, count)| format!("{}:{count}", entity.as_str()));
            writeln!(
                told,
                "{recipient} {subject} {countries} s{} r{}.{} {}",
                position.scope,
                position.value,
                position.recipient,
                items.collect::<Vec<_>>().join(",")
            )
            .unwrap();
            let judged: u32 = transfer.items.iter().map(|(_, count)| count).sum();
            assert_eq!(judged as usize, transfer.findings.len());
            assert!(transfer.findings.is_sorted());
        }
        told
    }

    fn name(&self, token: &str) -> &'static str {
        let known = [
            (TokenType::Member, "M1"),
            (TokenType::Member, "M2"),
            (TokenType::Member, "7"),
            (TokenType::Phone, "01011112222"),
            (TokenType::Phone, "01099998888"),
        ];
        let known = known
            .into_iter()
            .find(|(token_type, value)| self.keyring.token(*token_type, value).unwrap().0 == token);
        known.map_or("?", |(_, value)| value)
    }
}

fn path(text: &str) -> Source {
    Source::Path(FieldPath::parse(text).unwrap())
}

fn header(name: &str) -> Source {
    Source::Header(name.to_owned())
}

fn ids(source: Source) -> RecipientSelector {
    RecipientSelector { source, binding: Binding::Ids }
}

fn of(source: Source, token: TokenType) -> SubjectSelector {
    SubjectSelector { source, token }
}

/// As in the worked example, with a nested scope that has a receiver of its own.
fn spec() -> RouteSpec {
    RouteSpec {
        topics: vec![TopicPattern::parse("orders").unwrap()],
        record: Selectors {
            recipient: vec![
                ids(header("seller")),
                RecipientSelector { source: header("host"), binding: Binding::Hosts },
            ],
            subject: vec![of(path("$.member"), TokenType::Member), of(path("$.tel"), TokenType::Phone)],
        },
        scopes: vec![
            ScopeSpec {
                at: FieldPath::parse("$.orders[*]").unwrap(),
                selectors: Selectors {
                    recipient: vec![ids(path("$.sellerId"))],
                    subject: vec![
                        of(path("$.member"), TokenType::Member),
                        of(path("$.to.tel"), TokenType::Phone),
                    ],
                },
            },
            ScopeSpec {
                at: FieldPath::parse("$.orders[*].gifts[*]").unwrap(),
                selectors: Selectors {
                    recipient: vec![],
                    subject: vec![of(path("$"), TokenType::Phone), of(path("$.tel"), TokenType::Phone)],
                },
            },
            ScopeSpec { at: FieldPath::parse("$.orders[*].notes").unwrap(), selectors: Selectors::default() },
        ],
        address: Some(header("ip")),
        declared_country: Some(header("country")),
        purpose: Some(header("purpose")),
        transfer_type: Some(path("$.type")),
        time: Some(path("$.at")),
    }
}

fn finding(entity: EntityType, part: Part, at: usize) -> Finding {
    Finding {
        entity,
        part,
        at: u32::try_from(at).unwrap(),
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
    }
}

/// `@` marks a name, `%` a phone number.
fn findings(text: &str, part: Part) -> Vec<Finding> {
    let marks = text.char_indices().filter_map(|(at, mark)| match mark {
        '@' => Some(finding(EntityType::PersonName, part, at)),
        '%' => Some(finding(EntityType::PhoneNumber, part, at)),
        _ => None,
    });
    marks.collect()
}

fn headers<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<Header<'a>> {
    pairs
        .iter()
        .map(|(name, value)| Header { name: name.as_bytes(), value: Some(value.as_bytes()) })
        .collect()
}

fn record<'a>(value: &'a str, headers: &'a [Header<'a>]) -> Record<'a> {
    Record {
        topic: "orders",
        partition: 0,
        offset: 0,
        timestamp_ms: None,
        key: None,
        value: Some(value.as_bytes()),
        headers,
    }
}

#[track_caller]
fn check_as(spec: &RouteSpec, pairs: &[(&str, &str)], value: &str, expected: &[&str]) {
    let world = World::new();
    let headers = headers(pairs);
    let located =
        world.locate(spec, &record(value, &headers), &findings(value, Part::Value), &mut Scratch::default());
    let told = world.told(&located);
    assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{value}");
}

#[track_caller]
fn check(pairs: &[(&str, &str)], value: &str, expected: &[&str]) {
    check_as(&spec(), pairs, value, expected);
}

#[test]
fn a_finding_belongs_to_the_innermost_scope_that_holds_it() {
    check(
        &[("seller", "A")],
        r#"{"member":"M1","n":"@","orders":[{"member":"M2","x":["@","%"]},{"member":"M1","n":"@"}],"t":"%"}"#,
        &[
            "a-cn M1×1 CN s0 r0.0 person_name:2,phone_number:1",
            "a-cn M2×1 CN s1 r0.0 person_name:1,phone_number:1",
        ],
    );
    // A gift is of whom its number names, as an object or as a bare text; notes are of the order's subject.
    check(
        &[("seller", "A")],
        r#"{"orders":[{"member":"M2","gifts":["01099998888",{"tel":"010-3333-4444","n":"@"},{"n":"%"}],"notes":"@"}]}"#,
        &[
            "a-cn M1×1 CN s3 r0.0 person_name:1",
            "a-cn - CN s4 r0.0 phone_number:1",
            "a-cn M2×1 CN s5 r0.0 person_name:1",
        ],
    );
    check(
        &[],
        r#"{"orders":[{"gifts":["010 9999 8888%"]}]}"#,
        &["- 01099998888×0 unknown s2 r0.0 phone_number:1"],
    );
}

#[test]
fn the_first_selector_that_yields_a_value_decides_the_subject() {
    let a = &[("seller", "A")];
    let transfer = |subject: &str| format!("a-cn {subject} CN s0 r0.0 person_name:1");
    for (value, subject) in [
        (r#"{"n":"@","tel":"010-1111-2222","member":"M1"}"#, "M1×1"),
        (r#"{"n":"@","tel":"010-1111-2222","member":null}"#, "01011112222×2"),
        (r#"{"n":"@","tel":"010-1111-2222","member":"  "}"#, "01011112222×2"),
        (r#"{"n":"@","tel":"010-3333-4444","member":"M*"}"#, "M1×1"),
        (r#"{"n":"@","member":7}"#, "7×0"),
        (r#"{"n":"@","member":true,"tel":{"no":"01011112222"}}"#, "-"),
        (r#"{"n":"@","member":["M1"]}"#, "-"),
        // A key that stands twice yields two values; the first counts.
        (r#"{"n":"@","member":"M1","member":"M2"}"#, "M1×1"),
        (r#"{"n":"@","m\u0065mber":"M\u0031"}"#, "M1×1"),
        (r#"{"n":"@","x":{"member":"M1"}}"#, "-"),
        (r#"["@", {"member":"M1"}]"#, "-"),
        // Broken JSON is one text: nothing in it is a field.
        (r#"{"member":"M1","n":"@""#, "-"),
        ("member M1 @", "-"),
    ] {
        check(a, value, &[&transfer(subject)]);
    }
    // A scope with selectors never falls back on the record.
    check(a, r#"{"member":"M1","orders":[{"n":"@"}]}"#, &["a-cn - CN s1 r0.0 person_name:1"]);
    // All unresolved scopes are one subject, and the same person by two tokens is one.
    check(
        a,
        r#"{"orders":[{"n":"@"},{"n":"@"},{"to":{"tel":"010-3333-4444"},"n":"%"}],"member":"M1","n":"@"}"#,
        &["a-cn - CN s1 r0.0 person_name:2", "a-cn M1×1 CN s0 r0.0 person_name:1,phone_number:1"],
    );
}

#[test]
fn the_first_selector_that_yields_a_value_decides_the_recipients() {
    let value = r#"{"n":"@"}"#;
    check(
        &[("seller", "A"), ("seller", "B")],
        value,
        &["a-cn - CN s0 r0.0 person_name:1", "b-kr - home s0 r1.0 person_name:1"],
    );
    check(
        &[("seller", ""), ("seller", "SHARED"), ("seller", "A"), ("seller", "B")],
        value,
        &["a-cn - CN s0 r0.0 person_name:1", "b-kr - home s0 r0.1 person_name:1"],
    );
    check(
        &[("seller", "nobody"), ("seller", "A"), ("seller", "nobody"), ("host", "a.example")],
        value,
        &["- - unknown s0 r0.0 person_name:1", "a-cn - CN s0 r1.0 person_name:1"],
    );
    check(&[("seller", "nobody"), ("host", "a.example")], value, &["- - unknown s0 r0.0 person_name:1"]);
    check(&[("seller", ""), ("host", "A.example:443")], value, &["a-cn - CN s0 r0.0 person_name:1"]);
    check(&[], value, &["- - unknown s0 r0.0 person_name:1"]);
}

#[test]
fn a_scope_goes_to_its_own_recipients_else_to_those_around_it() {
    check(
        &[("seller", "A"), ("ip", "198.51.100.7")],
        r#"{"orders":[{"sellerId":"B","n":"@"},{"sellerId":"","n":"@"},{"sellerId":"X","n":"@","gifts":[{"n":"@"}]}],"n":"@"}"#,
        &[
            "b-kr - home s1 r0.0 person_name:1",
            "a-cn - CN s0 r0.0 person_name:2",
            "- - home s3 r0.0 person_name:2",
        ],
    );
}

#[test]
fn country_is_what_registry_address_and_sender_say() {
    let value = r#"{"n":"@"}"#;
    let c = |countries: &str| format!("c-none - {countries} s0 r0.0 person_name:1");
    for (pairs, countries) in [
        (&[][..], "unknown"),
        (&[("country", "kr")], "unknown"),
        (&[("country", "cn")], "CN"),
        (&[("country", "China")], "unknown"),
        (&[("ip", "198.51.100.1")], "home"),
        (&[("ip", "10.0.0.1")], "unknown"),
        (&[("ip", "[::ffff:203.0.113.9]:443"), ("country", "SG")], "CN,SG"),
        (&[("ip", "nonsense"), ("ip", "203.0.113.9")], "unknown"),
        (&[("ip", "198.51.100.1"), ("country", "KR")], "home"),
        (&[("ip", "198.51.100.1"), ("country", "US"), ("country", "CN")], "US"),
    ] {
        let pairs: Vec<_> = [("seller", "C")].iter().chain(pairs).copied().collect();
        check(&pairs, value, &[&c(countries)]);
    }
    let world = World::new();
    let headers = headers(&[("seller", "A"), ("ip", "203.0.113.9"), ("country", "JP")]);
    let located = world.locate(
        &spec(),
        &record(value, &headers),
        &findings(value, Part::Value),
        &mut Scratch::default(),
    );
    let evidence = serde_json::to_value(&located.transfers[0].destination.evidence).unwrap();
    let expected = serde_json::json!([
        {"kind": "legal", "country": "CN", "source": "recipient:a-cn"},
        {"kind": "observed", "country": "CN", "source": "mmdb:country", "build": "2026-11-01", "confidence": "high"},
        {"kind": "declared", "country": "JP", "source": "header:country"},
    ]);
    assert_eq!(evidence, expected);
}

#[test]
fn keys_and_headers_belong_to_the_record_and_only_what_is_judged_counts() {
    let world = World::new();
    let mut spec = spec();
    spec.record.subject = vec![of(Source::Key(FieldPath::parse("$.m").unwrap()), TokenType::Member)];
    spec.record.recipient = vec![RecipientSelector { source: Source::Topic, binding: Binding::Topics }];
    let value = r#"{"orders":[{"member":"M2","n":"@"}]}"#;
    let mut record = record(value, &[]);
    record.key = Some(br#"{"m":"M1"}"#);
    let mut found = findings(value, Part::Value);
    found.push(finding(EntityType::PersonName, Part::Key, 2));
    found.push(finding(EntityType::PhoneNumber, Part::Header(0), 0));
    found.push(Finding { partial: true, ..finding(EntityType::PaymentCard, Part::Header(0), 1) });
    let mut scratch = Scratch::default();
    let expected = "c-none M2×1 unknown s1 r0.0 person_name:1\nc-none M1×1 unknown s0 r0.0 person_name:1,phone_number:1\n";
    for _ in 0..2 {
        assert_eq!(world.told(&world.locate(&spec, &record, &found, &mut scratch)), expected);
    }
    found.clear();
    found.push(Finding { role: true, ..finding(EntityType::EmailAddress, Part::Value, 1) });
    assert!(world.locate(&spec, &record, &found, &mut scratch).transfers.is_empty());
}

#[test]
fn time_purpose_and_type_are_the_first_value_of_their_source() {
    let world = World::new();
    let located = |pairs: &[(&str, &str)], value: &str| {
        let headers = headers(pairs);
        let located = world.locate(&spec(), &record(value, &headers), &[], &mut Scratch::default());
        (located.at_ms, located.purpose, located.transfer_type)
    };
    let declared = |text: &str| Some(text.to_owned());
    assert_eq!(located(&[], "{}"), (1_720_000_000_000, None, None));
    assert_eq!(
        located(&[("purpose", "ship"), ("purpose", "sell")], r#"{"type":"view","at":1700000000123}"#),
        (1_700_000_000_123, declared("ship"), declared("view"))
    );
    assert_eq!(
        located(
            &[("purpose", ""), ("purpose", "sell")],
            r#"{"type":null,"at":"2024-07-01T09:00:00.5+09:00"}"#
        ),
        (1_719_792_000_500, None, None)
    );
    assert_eq!(located(&[], r#"{"at":"yesterday"}"#).0, 1_720_000_000_000);
}

#[test]
fn a_declaration_that_holds_personal_data_is_not_repeated() {
    let (world, inspector) = (World::new(), Inspector::builtin().unwrap());
    let check = |spec: &RouteSpec, key: &str, pairs: &[(&str, &str)], value: &str, expected: [&str; 2]| {
        let headers = headers(pairs);
        let record = Record { key: Some(key.as_bytes()), ..record(value, &headers) };
        let mut scratch = inspect::Scratch::default();
        let findings = inspector.inspect(&record, &mut scratch).findings;
        let located = world.locate(spec, &record, findings, &mut Scratch::default());
        assert_eq!([located.purpose.as_deref(), located.transfer_type.as_deref()], expected.map(Some));
        let said = format!("{located:?}");
        assert!(!["2345", "홍길동"].iter().any(|canary| said.contains(canary)), "{said}");
    };
    let (canary, withheld) = ("홍길동 010-2345-6702", DECLARES_PERSONAL_DATA);
    let view = r#"{"type":"view","tel":"010-2345-6702"}"#;
    check(&spec(), "", &[("purpose", canary)], view, [withheld, "view"]);
    // Digits written behind escapes, and inside a text that is JSON itself.
    let hidden = r#"{"a":1,"type":"홍길동 010-\u0032345-6702"}"#;
    check(&spec(), "", &[("purpose", r#"{"tel":"010-2345-6702"}"#)], hidden, [withheld, withheld]);
    // Only the first value counts, and what is found elsewhere says nothing about it.
    let pairs = [("note", canary), ("purpose", "ship"), ("purpose", canary)];
    check(&spec(), canary, &pairs, view, ["ship", "view"]);
    let key = |text: &str| Some(Source::Key(FieldPath::parse(text).unwrap()));
    let by_key = RouteSpec { purpose: key("$.p"), transfer_type: key("$.t"), ..spec() };
    check(&by_key, r#"{"p":"850312-1213450 홍길동","t":"view"}"#, &[], view, [withheld, "view"]);
    check(&RouteSpec { purpose: key("$"), ..spec() }, canary, &[], view, [withheld, "view"]);
}

#[test]
fn all_recipients_are_domestic_only_where_every_scope_s_are() {
    let world = World::new();
    let domestic = |pairs: &[(&str, &str)], value: Option<&str>| {
        let headers = headers(pairs);
        let record = Record { value: value.map(str::as_bytes), ..record("", &headers) };
        world.locate(&spec(), &record, &[], &mut Scratch::default()).all_domestic
    };
    assert!(domestic(&[("seller", "B")], None));
    assert!(domestic(&[("seller", "B")], Some(r#"{"orders":[{"sellerId":"B"}]}"#)));
    assert!(!domestic(&[("seller", "B")], Some(r#"{"orders":[{"sellerId":"A"}]}"#)));
    assert!(!domestic(&[("seller", "B"), ("country", "CN")], None));
    assert!(!domestic(&[], None));
    assert!(domestic(&[("ip", "198.51.100.1")], None));
    let record = record("{}", &[]);
    let home = Country::parse("KR").unwrap();
    let located = locate(
        None,
        &record,
        0,
        &[],
        &world.facts,
        &world.keyring,
        &world.addresses,
        home,
        &mut Scratch::default(),
    );
    assert!(!located.all_domestic);
}

#[test]
fn a_header_that_is_not_utf_8_names_somebody_unknown() {
    let world = World::new();
    let headers = [
        Header { name: b"seller", value: None },
        Header { name: b"\xff", value: Some(b"A") },
        Header { name: b"seller", value: Some(b"\xff") },
        Header { name: b"host", value: Some(b"a.example") },
    ];
    let value = r#"{"n":"@"}"#;
    let located = world.locate(
        &spec(),
        &record(value, &headers),
        &findings(value, Part::Value),
        &mut Scratch::default(),
    );
    assert_eq!(world.told(&located), "- - unknown s0 r0.0 person_name:1\n");
}

#[test]
fn beyond_the_limits_nobody_is_named() {
    let world = World::new();
    let headers = headers(&[("seller", "B"), ("country", "CN")]);
    let value = format!(r#"{{"orders":[{}{{"member":"M1","n":"@"}}]}}"#, "{},".repeat(INSTANCES_MAX));
    let mut scratch = Scratch::default();
    let found = findings(&value, Part::Value);
    let located = world.locate(&spec(), &record(&value, &headers), &found, &mut scratch);
    assert_eq!(world.told(&located), "- - CN s0 r0.0 person_name:1\n");
    // Many persons, each a transfer of its own, take no quadratic time.
    let orders: Vec<_> = (0..20_000).map(|order| format!(r#"{{"member":"P{order}","n":"@"}}"#)).collect();
    let value = format!(r#"{{"orders":[{}]}}"#, orders.join(","));
    let located =
        world.locate(&spec(), &record(&value, &headers), &findings(&value, Part::Value), &mut scratch);
    assert_eq!(located.transfers.len(), 20_000);
    assert_eq!(located.transfers[19_999].position.scope, 20_000);
}
