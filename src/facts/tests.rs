use crate::subject::{Subject, SubjectToken};

use super::{Binding, Builder, FactError, Facts, Stream};

fn facts(lines: &[(Stream, &str)]) -> Facts {
    let mut builder = Builder::new();
    for (stream, line) in lines {
        builder.add(*stream, line).unwrap();
    }
    builder.build()
}

fn token(token_type: &str, number: u8) -> SubjectToken {
    SubjectToken(format!("k1:{token_type}:{number:032x}"))
}

fn act(event: &str, person: u8, phone: Option<u8>, at: &str, more: &str) -> String {
    let person = token("member", person).0;
    let phone = phone.map_or(String::new(), |phone| format!(r#","{}""#, token("phone", phone).0));
    format!(
        r#"{{"event":"{event}","subject":["{person}"{phone}],"disclosure":"d","version":1,"act":"given","at":"{at}"{more}}}"#
    )
}

#[test]
fn what_is_no_fact_is_refused_and_says_why_without_its_values() {
    let check = |stream, line: &str, expected: &str| {
        let error = Builder::new().add(stream, line).unwrap_err();
        assert_eq!(error.to_string(), expected, "{line}");
    };
    let at = "2024-06-01T00:00:00Z";
    let given = |more: &str| act("1", 1, None, at, more);
    let unknown = |field| format!("field `{field}` does not belong here (own data belongs under `meta`)");
    let value = |field| format!("field `{field}` has a value of the wrong kind");
    for line in ["", "secret", "[]", "17", "\"a\"", "{\"event\":", "{} {}"] {
        check(
            Stream::Consent,
            line,
            match line {
                "{} {}" => "field `event` is missing",
                _ => "not a JSON object on one line",
            },
        );
    }
    check(Stream::Consent, &format!("{} 1", given("")), "not a JSON object on one line");
    check(Stream::Consent, &given(r#","expires":"2025-01-01T00:00:00Z""#), &unknown("expires"));
    check(Stream::Consent, &given(r#","010-1234-5678":1"#), &unknown("…"));
    check(Stream::Consent, &given(r#","separate":{"crossborder":true}"#), &unknown("separate.crossborder"));
    check(Stream::Consent, &given(r#","separate":{"cross_border":"yes"}"#), &value("separate.cross_border"));
    check(Stream::Consent, &given(r#","expires_at":"2025-01-01""#), &value("expires_at"));
    check(Stream::Consent, &given(r#","act":"withdrawn""#), "field `act` occurs twice");
    check(Stream::Consent, &given("").replace("given", "taken"), &value("act"));
    check(
        Stream::Consent,
        &given("").replace("k1:member:0", "k1:fax:0"),
        "field `subject[0]` is no token KID:TYPE:HEX",
    );
    check(
        Stream::Consent,
        &format!(r#"{{"event":"1","subject":[],"disclosure":"d","version":1,"act":"given","at":"{at}"}}"#),
        "field `subject` is empty",
    );
    check(Stream::Disclosure, r#"{"disclosure":"d"}"#, "field `version` is missing");
    let entries = |entries: &str| format!(r#"{{"disclosure":"d","version":1,"transfers":[{entries}]}}"#);
    check(Stream::Disclosure, &entries(r#"{"items":[]}"#), "field `transfers[0].ref` is missing");
    check(
        Stream::Disclosure,
        &entries(r#"{"ref":"a","recipient":["x"]}"#),
        &unknown("transfers[0].recipient"),
    );
    check(
        Stream::Disclosure,
        &entries(r#"{"ref":"a","recipients":["x",{"class":"c","url":""}]}"#),
        &unknown("transfers[0].recipients[1].url"),
    );
    check(
        Stream::Disclosure,
        &entries(r#"{"ref":"a"},{"ref":"a"}"#),
        "`transfers[1].ref` repeats an earlier one",
    );
    check(Stream::Recipient, r#"{"recipient":"a","cidrs":["10.0.0.0/33"]}"#, &value("cidrs[0]"));
    check(Stream::Recipient, r#"{"recipient":"a","legal_country":"China"}"#, &value("legal_country"));
    check(Stream::Recipient, r#"{"recipient":""}"#, "field `recipient` is empty");
    let nothing = "none of `recipients`, `countries`, `items`: it would match everything";
    for kind in ["statute", "treaty", "certification"] {
        check(Stream::Basis, &format!(r#"{{"basis":"b","version":1,"kind":"{kind}"}}"#), nothing);
    }
    check(
        Stream::Basis,
        r#"{"basis":"b","version":1,"kind":"adequacy","countries":["DE"],"items":["person_name"]}"#,
        "field `items` does not belong to a basis of kind `adequacy`",
    );
    check(Stream::Basis, r#"{"basis":"b","version":1,"kind":"trust_me"}"#, &value("kind"));
}

#[test]
fn own_data_and_heartbeats_are_no_facts() {
    let with = facts(&[
        (Stream::Recipient, r#"{"recipient":"a","meta":{"any":[1]}}"#),
        (Stream::Consent, r#"{"heartbeat":"2026-11-24T05:00:00Z"}"#),
        (Stream::Recipient, r#"{"heartbeat":"2026-11-24T04:00:00.000Z","meta":null}"#),
    ]);
    assert_eq!(with.heartbeat_ms(), Some(1_795_496_400_000));
    assert_eq!(with.counts().recipient, 1);
    let without = facts(&[(Stream::Recipient, r#"{"meta":{"any":[1]},"recipient":"a"}"#)]);
    assert_eq!(with.digest(), without.digest());
    let error = Builder::new().add(Stream::Basis, r#"{"heartbeat":"yesterday"}"#).unwrap_err();
    assert!(matches!(error, FactError::Unknown { .. } | FactError::Missing { .. }), "{error}");
}

#[test]
fn the_digest_is_the_sum_of_the_facts_that_stand_in_the_end() {
    let (a, b) = ((Stream::Recipient, r#"{"recipient":"a"}"#), (Stream::Recipient, r#"{"recipient":"b"}"#));
    let old = (Stream::Recipient, r#"{"recipient":"a","ids":["1"]}"#);
    let digest = facts(&[a, b]).digest().to_owned();
    assert_eq!(facts(&[b, a]).digest(), digest);
    assert_eq!(facts(&[old, b, a, a]).digest(), digest);
    assert_ne!(facts(&[a, b, old]).digest(), digest);
    assert_eq!(facts(&[]).digest(), format!("sha256:{}", "0".repeat(64)));
    // SHA-256 of {"ids":["1"],"recipient":"a"}
    assert_eq!(
        facts(&[old]).digest(),
        "sha256:bbe231ce95df25033f540b3a3310622cfcd91ef54bda91f28c50720a822e9101"
    );
}

#[test]
fn a_value_names_all_recipients_bound_to_it_in_byte_order() {
    let facts = facts(&[
        (
            Stream::Recipient,
            r#"{"recipient":"b","ids":["1","1"],"hosts":["API.example."],"cidrs":["203.0.113.9/24","203.0.113.0/28"]}"#,
        ),
        (
            Stream::Recipient,
            r#"{"recipient":"a","ids":["1"],"topics":["t"],"cidrs":["203.0.113.5","2001:db8::/32"]}"#,
        ),
    ]);
    let check = |binding, value, expected: &[&str]| {
        let mut found = Vec::new();
        facts.recipients(binding, value, &mut found);
        let ids: Vec<_> = found.into_iter().map(|index| facts.recipient(index).id.as_str()).collect();
        assert_eq!(ids, expected, "{binding:?} {value}");
    };
    check(Binding::Ids, "1", &["a", "b"]);
    check(Binding::Ids, "a", &[]);
    check(Binding::Id, "a", &["a"]);
    check(Binding::Topics, "t", &["a"]);
    check(Binding::Hosts, "api.Example:443", &["b"]);
    check(Binding::Cidrs, "203.0.113.5", &["a", "b"]);
    check(Binding::Cidrs, "::ffff:203.0.113.77", &["b"]);
    check(Binding::Cidrs, "2001:db8::15", &["a"]);
    check(Binding::Cidrs, "198.51.100.1", &[]);
    check(Binding::Cidrs, "api.example", &[]);
}

#[test]
fn a_token_names_the_persons_of_whom_it_is_an_alias_then() {
    let lines = [
        act("1", 1, Some(70), "2024-01-01T00:00:00Z", ""),
        // names no phone: the alias stays
        act("2", 1, None, "2024-02-01T00:00:00Z", ""),
        act("3", 1, Some(71), "2024-03-01T00:00:00Z", ""),
        act("4", 2, Some(70), "2024-02-15T00:00:00Z", ""),
        // done before act 3, but effective after it
        act("5", 1, Some(72), "2024-02-20T00:00:00Z", r#","effective_from":"2024-04-01T00:00:00Z""#),
    ];
    let lines: Vec<_> = lines.iter().map(|line| (Stream::Consent, line.as_str())).collect();
    let facts = facts(&lines);
    let check = |phone, at: &str, printed: SubjectToken, persons: usize| {
        let at_ms = crate::time::parse_rfc3339_ms(at).unwrap();
        let Subject::Persons { token, persons: found } = facts.subject(token("phone", phone), at_ms) else {
            panic!("a token always names somebody")
        };
        assert_eq!((token, found.len()), (printed, persons), "{phone} at {at}");
    };
    let (one, two) = (token("member", 1), token("member", 2));
    check(70, "2023-12-31T23:59:59.999Z", token("phone", 70), 0);
    check(70, "2024-01-01T00:00:00Z", one.clone(), 1);
    check(70, "2024-02-15T00:00:00Z", token("phone", 70), 2);
    check(70, "2024-03-01T00:00:00Z", two.clone(), 1);
    check(71, "2024-03-01T00:00:00Z", one.clone(), 1);
    check(72, "2024-03-31T23:59:59Z", token("phone", 72), 0);
    check(72, "2024-04-01T00:00:00Z", one.clone(), 1);
    check(71, "2024-04-01T00:00:00Z", token("phone", 71), 0);
    let Subject::Persons { token, persons } = facts.subject(one.clone(), i64::MIN) else {
        panic!("a person")
    };
    assert_eq!((token, persons.len()), (one, 1));
}

#[test]
fn a_snapshot_is_shared_by_all_lanes() {
    fn shared<T: Send + Sync>() {}
    shared::<Facts>();
}
