//! What is found in a record, where, and how it is shown.

use proptest::prelude::*;
use sumun::entity::EntityType;
use sumun::finding::{IssueCode, Validity};
use sumun::inspect::{Inspector, Scratch};
use sumun::record::{Header, Record};

use EntityType::{
    BankAccount, CustomsCode, DriversLicense, EmailAddress, ForeignerRegistrationNumber, PassportNumber,
    PaymentCard, PersonName, PhoneNumber, PostalAddress, ResidentRegistrationNumber,
};

fn inspector() -> &'static Inspector {
    static INSPECTOR: std::sync::OnceLock<Inspector> = std::sync::OnceLock::new();
    INSPECTOR.get_or_init(|| Inspector::builtin().expect("the built-in rules hold their examples"))
}

fn record(value: &[u8]) -> Record<'_> {
    Record {
        topic: "orders.outbound",
        partition: 3,
        offset: 1207,
        timestamp_ms: Some(1_790_000_000_000),
        key: None,
        value: Some(value),
        headers: &[],
    }
}

/// Entity, path, start and end, mask.
type Found = (EntityType, String, u32, u32, String);

fn found(record: &Record<'_>) -> Vec<Found> {
    let mut scratch = Scratch::default();
    let inspection = inspector().inspect(record, &mut scratch);
    let findings = inspection.findings.iter();
    findings.map(|one| (one.entity, one.path.clone(), one.start, one.end, one.masked.clone())).collect()
}

fn check(payload: &str, expected: &[(EntityType, &str, u32, u32, &str)]) {
    let expected: Vec<Found> = expected
        .iter()
        .map(|(entity, path, start, end, masked)| {
            (*entity, (*path).to_owned(), *start, *end, (*masked).to_owned())
        })
        .collect();
    assert_eq!(found(&record(payload.as_bytes())), expected, "{payload}");
}

#[test]
fn a_finding_says_where_it_lies_and_is_masked() {
    check(
        r#"{"receiver":{"tel":"010-2345-6703"},"to":[{"연락처":"+82 10-2345-6704"}]}"#,
        &[
            (PhoneNumber, "$.receiver.tel", 0, 13, "010-****-6703"),
            (PhoneNumber, "$.to[0].연락처", 0, 16, "+82 10-****-6704"),
        ],
    );
    check(
        r#"{"memo":"\uc5f0\ub77d\ucc98 010-2345-6703","a b":"주민번호 850312-1213450"}"#,
        &[
            (PhoneNumber, "$.memo", 10, 23, "010-****-6703"),
            (ResidentRegistrationNumber, "$['a b']", 13, 27, "******-*******"),
        ],
    );
    check("문의: 02)345-6789", &[(PhoneNumber, "$", 8, 19, "02)***-6789")]);
    check("\"010-2345-6703\"", &[(PhoneNumber, "$", 0, 13, "010-****-6703")]);
}

fn documents() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let keys = || {
        prop::sample::select(vec![
            "tel",
            "ean",
            "lot",
            "mawb",
            "type",
            "value",
            "x",
            "01023456703",
            "ssn",
            "receiver",
            "receiverName",
            "name",
            "성명",
            "addr",
            "addr2",
            "passportNo",
            "acct",
            "cardNo",
            "a@b.kr",
            "productName",
        ])
    };
    let texts = prop::sample::select(vec![
        "010-2345-6703",
        "01023456704",
        "8801043014809",
        "8503121213450",
        "850312-1213450",
        "1023456705",
        "phone",
        "tel 010-2345-6706",
        "180-12345675",
        "20260807-5081787",
        "2024-08-15 010-2345-6707",
        "배송 전 연락",
        "박기훈",
        "HONG GILDONG",
        "유자차",
        "정종현님 예약",
        "수취인 김민수",
        "서울 강남구 테헤란로 152, 3층",
        "101동 1203호",
        "Ship to 152, Teheran-ro, Gangnam-gu, Seoul",
        "name is Junggeun Park from here",
        "help@shop.kr",
        "P129407066214",
        "P839078116548",
        "M123A4567",
        "110-345-678901",
        "3333012345678",
        "4518425328425547",
        "passport",
        "신한은행",
        "",
    ]);
    let numbers = prop::sample::select(vec![1_023_456_708_u64, 212_345_678, 1_793_458_800_000, 7]);
    let leaf = prop_oneof![texts.prop_map(Value::from), numbers.prop_map(Value::from)];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys(), inner), 0..5)
                .prop_map(|members| json!(std::collections::BTreeMap::from_iter(members))),
        ]
    })
}

proptest! {
    /// A compact document is outlined and its look-alikes are not even looked for, one with white space is walked,
    /// one with an escape is read without a first look: all must see the same.
    #[test]
    fn how_a_document_is_written_changes_nothing(document in documents()) {
        let document = serde_json::json!({ "q": document });
        let compact = document.to_string();
        let pretty = serde_json::to_string_pretty(&document).expect("a document is text");
        let escaped = compact.replacen("\"q\"", "\"\\u0071\"", 1);
        let expected = found(&record(compact.as_bytes()));
        prop_assert_eq!(&found(&record(pretty.as_bytes())), &expected);
        prop_assert_eq!(&found(&record(escaped.as_bytes())), &expected);
    }
}

#[test]
fn names_addresses_and_numbers_of_an_order_are_each_found_once() {
    check(
        r#"{"receiver":{"name":"홍길동","addr1":"경기도 성남시 분당구 판교역로 235","addr2":"5층","pccc":"P230045678912"},
            "refund":{"bankName":"신한은행","accountNo":"110-345-678901","cardNo":"4009-0512-3456-7812"},
            "email":"jiwon.han88@naver.com","docs":[{"type":"passport","no":"M123A4567"},{"type":"면허","no":"11-14-487176-52"}]}"#,
        &[
            (PersonName, "$.receiver.name", 0, 9, "홍*동"),
            (PostalAddress, "$.receiver.addr1", 0, 46, "경기도 성남시 *** **** ***"),
            (PostalAddress, "$.receiver.addr2", 0, 4, "**"),
            (CustomsCode, "$.receiver.pccc", 0, 13, "*************"),
            (BankAccount, "$.refund.accountNo", 0, 14, "***-***-***901"),
            (PaymentCard, "$.refund.cardNo", 0, 19, "****-****-****-7812"),
            (EmailAddress, "$.email", 0, 21, "j****.*****@naver.com"),
            (PassportNumber, "$.docs[0].no", 0, 9, "*********"),
            (DriversLicense, "$.docs[1].no", 0, 15, "**-**-******-**"),
        ],
    );
    check(
        "{\"memo\":\"외국인등록번호 990105-5560020, 받는 분 정종현님 010-2345-6703, 주소는 서산시 효행1로 23 119동 503호예요\"}",
        &[
            (ForeignerRegistrationNumber, "$.memo", 22, 36, "******-*******"),
            (PersonName, "$.memo", 49, 58, "정*현"),
            (PhoneNumber, "$.memo", 62, 75, "010-****-6703"),
            (PostalAddress, "$.memo", 87, 124, "서산시 **** ** **** ****"),
        ],
    );
}

#[test]
fn a_name_is_cut_off_from_what_is_said_of_it() {
    for (text, expected) in [
        ("정종현님과", "정종현"),
        ("황보유환입니다. 010-2345-6703", "황보유환"),
        ("담당자 권 원재 과장님", "권 원재"),
        ("성함이 허준입니다", "허준"),
        ("계약자 주선주(830120-2310113)", "주선주"),
        ("강유경 차장 <a@b.kr>", "강유경"),
        ("수취인: 남궁민", "남궁민"),
        ("ship to Junggeun Park, Seoul", "Junggeun Park"),
    ] {
        let mut scratch = Scratch::default();
        scratch.reveal = true;
        let payload = field("memo", text);
        let inspection = inspector().inspect(&record(payload.as_bytes()), &mut scratch);
        let names = inspection.findings.iter().filter(|one| one.entity == PersonName);
        let names: Vec<_> = names.map(|one| one.text.as_ref().unwrap().0.as_str()).collect();
        assert_eq!(names, [expected], "{text}");
    }
}

#[test]
fn beside_other_data_of_a_person_a_value_without_a_name_is_a_name() {
    let alone = r#"{"v":["박기훈","A-17"]}"#;
    check(alone, &[]);
    check(
        r#"{"v":["박기훈","010-2345-6703"],"w":["정수기","M"]}"#,
        &[(PersonName, "$.v[0]", 0, 9, "박*훈"), (PhoneNumber, "$.v[1]", 0, 13, "010-****-6703")],
    );
    check(
        r#"{"v":[{"c":1,"x":"박기훈"},{"c":2,"x":"010-2345-6703"}]}"#,
        &[(PersonName, "$.v[0].x", 0, 9, "박*훈"), (PhoneNumber, "$.v[1].x", 0, 13, "010-****-6703")],
    );
}

#[test]
fn a_role_mailbox_is_reported_and_not_judged() {
    let mut scratch = Scratch::default();
    let payload = br#"{"to":["help@shop.example","jiwon@shop.example"]}"#;
    let inspection = inspector().inspect(&record(payload), &mut scratch);
    let seen: Vec<_> = inspection.findings.iter().map(|one| (one.role, one.is_judged())).collect();
    assert_eq!(seen, [(true, false), (false, true)]);
}

#[test]
fn letters_written_apart_and_wide_digits_are_read() {
    use unicode_normalization::UnicodeNormalization as _;
    let apart: String = r#"{"성함":"강순례","주소":"서울 강남구 테헤란로 152"}"#.nfd().collect();
    let found: Vec<_> = found(&record(apart.as_bytes())).into_iter().map(|one| one.0).collect();
    assert_eq!(found, [PersonName, PostalAddress]);
    check(r#"{"pcc":"P１２９４０７０６６２１４"}"#, &[(CustomsCode, "$.pcc", 0, 37, "*************")]);
}

#[test]
fn one_kind_can_be_sought_alone() {
    let payload = r#"{"receiverName":"홍길동","tel":"010-2345-6703","cardNo":"4009 0512 3456 7812"}"#;
    let seeking = |entities: &[EntityType]| {
        let inspector =
            Inspector::builtin().expect("the built-in rules hold their examples").seeking(entities);
        let mut scratch = Scratch::default();
        let found = inspector.inspect(&record(payload.as_bytes()), &mut scratch);
        found.findings.iter().map(|finding| finding.entity).collect::<Vec<_>>()
    };
    for entities in [&[PhoneNumber][..], &[PersonName], &[PersonName, PhoneNumber], &[]] {
        assert_eq!(seeking(entities), entities);
    }
}

#[test]
fn duplicate_keys_are_all_seen_and_a_key_may_be_a_finding() {
    check(
        r#"{"tel":"010-2345-6703","tel":"010-2345-6704","by":{"010-2345-6705":{"tel":"010-2345-6706"}}}"#,
        &[
            (PhoneNumber, "$.tel", 0, 13, "010-****-6703"),
            (PhoneNumber, "$.tel", 0, 13, "010-****-6704"),
            (PhoneNumber, "$.by['010-****-6705']", 0, 13, "010-****-6705"),
            (PhoneNumber, "$.by['010-****-6705'].tel", 0, 13, "010-****-6706"),
        ],
    );
}

#[test]
fn keys_and_headers_are_inspected_in_record_order() {
    let headers = [
        Header { name: b"x-phone", value: Some(b"0314567890") },
        Header { name: b"x-none", value: None },
        Header { name: b"it's", value: Some(b"{\"tel\":\"010-2345-6704\"}") },
        Header { name: b"x-phone", value: Some(b"01023456705") },
    ];
    let record =
        Record { key: Some(b"{\"tel\":\"010-2345-6703\"}"), value: None, headers: &headers, ..record(b"") };
    let paths: Vec<_> = found(&record).into_iter().map(|one| one.1).collect();
    assert_eq!(paths, ["key$.tel", "header['x-phone']$", "header['it\\'s']$.tel", "header['x-phone'][1]$"]);
    assert_eq!(inspector().inspect(&record, &mut Scratch::default()).format(), "null");

    let many = vec![Header { name: b"p", value: Some(b"010-2345-6703") }; 40];
    let record = Record { headers: &many, ..record };
    assert_eq!(found(&record).last().unwrap().1, "header['p'][39]$");
}

#[test]
fn broken_json_is_read_as_text_once() {
    let payload = br#"{"receiver":{"tel":"010-2345-6703"},"rrn":"850312-1213450""#;
    let mut scratch = Scratch::default();
    let inspection = inspector().inspect(&record(payload), &mut scratch);
    assert_eq!(inspection.format(), "text");
    assert_eq!(inspection.findings.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["$", "$"]);
    let [issue] = inspection.issues else { panic!("one issue") };
    assert_eq!((issue.code, issue.bytes_unread), (IssueCode::JsonSyntax, Some(0)));
    let evidence: Vec<_> = inspection.findings.iter().map(|one| one.evidence.join(" ")).collect();
    assert_eq!(evidence, ["label:tel plan:mobile", "label:rrn date checksum"]);
}

#[test]
fn a_wrong_check_digit_is_unverifiable_and_a_masked_number_is_partial() {
    let mut scratch = Scratch::default();
    scratch.reveal = true;
    let payload = br#"{"rrn":["850312-1213450","850312-1213451","850312-1******"],"tel":"010-****-6703"}"#;
    let inspection = inspector().inspect(&record(payload), &mut scratch);
    let seen: Vec<_> = inspection.findings.iter().map(|one| (one.validity, one.partial)).collect();
    let (valid, unverifiable) = (Validity::Valid, Validity::Unverifiable);
    assert_eq!(seen, [(valid, false), (unverifiable, false), (unverifiable, true), (unverifiable, true)]);
    assert_eq!(inspection.findings[0].text.as_ref().unwrap().0, "850312-1213450");
}

#[test]
fn nobody_is_born_after_the_record() {
    for (timestamp_ms, expected) in [(1_790_000_000_000, 0), (1_800_000_000_000, 1)] {
        // Born on 2026-11-24; the records are of 2026-09-21 and 2027-01-15.
        let record = Record { timestamp_ms: Some(timestamp_ms), ..record(b"{\"rrn\":\"261124-3123456\"}") };
        assert_eq!(found(&record).len(), expected, "{timestamp_ms}");
    }
}

#[test]
fn a_hostile_record_costs_time_in_proportion_to_its_size() {
    let deep = format!("{}\"010-2345-6703\"", "[".repeat(1_000_000));
    let one = found(&record(deep.as_bytes()));
    assert_eq!(one.len(), 1);
    let numbers = "{\"a\":1023456789},".repeat(20_000);
    let undecided = format!("[{numbers}{{}}]");
    assert_eq!(found(&record(undecided.as_bytes())).len(), 0);
    let stars = "*".repeat(1_000_000);
    assert_eq!(found(&record(stars.as_bytes())).len(), 0);
    let chunks = "1 ".repeat(500_000);
    assert_eq!(found(&record(chunks.as_bytes())).len(), 0);
    for (text, expected) in [
        ("서울 강남구 역삼로 7 (가 ", 20_000),
        ("정종현님 ", 20_000),
        ("a@b.kr ", 20_000),
        ("바로 2 ", 0),
        ("김민수", 0),
        ("@", 0),
        ("P12940706621", 0),
        ("1 Teheran-ro, ", 0),
    ] {
        let prose = text.repeat(20_000);
        assert_eq!(found(&record(prose.as_bytes())).len(), expected, "{text}");
    }
}

#[test]
fn own_rules_add_to_those_built_in_and_are_tested_by_their_examples() {
    let rule = |example: &str| {
        let text = format!(
            "entity: phone_number\nversion: 1\nsources: [ours]\nkeys: [guestLine]\nexamples:\n  - {example}\n"
        );
        Inspector::new(&[("rules/ours.yaml".to_owned(), text)])
    };
    let good = rule("{key: guestLine, value: \"0314567890\", masked: [\"031***7890\"]}").unwrap();
    assert_ne!(good.digest(), inspector().digest());
    assert!(good.digest().starts_with("sha256:") && good.digest().len() == 71);
    let bad = rule("{key: guestLine, value: \"1588-1234\", masked: [\"1588-1234\"]}").err().unwrap();
    assert!(bad.to_string().starts_with("rules/ours.yaml: example 1: "), "{bad}");
    let unknown = Inspector::new(&[("x.yaml".to_owned(), "entity: phone_number\nfoo: 1\n".to_owned())]);
    assert!(unknown.err().unwrap().to_string().starts_with("x.yaml:2:"));
}

/// A national number of the plan: prefix, middle and last digits.
fn phones() -> impl Strategy<Value = (&'static str, String, String)> {
    let prefixes = [
        ("010", 4_usize..=4),
        ("011", 3..=4),
        ("016", 3..=4),
        ("019", 3..=4),
        ("02", 3..=4),
        ("031", 3..=4),
        ("042", 3..=4),
        ("055", 3..=4),
        ("064", 3..=4),
        ("070", 4..=4),
        ("0502", 3..=4),
        ("0508", 3..=4),
    ];
    prop::sample::select(prefixes.to_vec()).prop_flat_map(|(prefix, middle)| {
        let digits = middle.prop_flat_map(|length| prop::collection::vec(0_u8..=9, length - 1));
        (digits, 2_u8..=9, prop::collection::vec(0_u8..=9, 4)).prop_map(move |(middle, first, last)| {
            let text =
                |digits: &[u8]| digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
            let middle = format!("{first}{}", text(&middle));
            let last = text(&last);
            (prefix, middle, last)
        })
    })
}

fn spellings(prefix: &str, middle: &str, last: &str) -> Vec<String> {
    let bare = prefix.trim_start_matches('0');
    let wide = |text: &str| {
        text.chars().filter_map(|digit| char::from_u32(u32::from(digit) + 0xFEE0)).collect::<String>()
    };
    vec![
        format!("{prefix}-{middle}-{last}"),
        format!("{prefix}{middle}{last}"),
        format!("{prefix}.{middle}.{last}"),
        format!("{prefix} {middle} {last}"),
        format!("{prefix} - {middle} - {last}"),
        format!("{prefix}){middle}-{last}"),
        format!("({prefix}) {middle}-{last}"),
        format!("{prefix}\u{2013}{middle}\u{2013}{last}"),
        format!("{}－{}－{}", wide(prefix), wide(middle), wide(last)),
        format!("+82 {bare}-{middle}-{last}"),
        format!("+82{bare}{middle}{last}"),
        format!("+82-(0){bare}-{middle}-{last}"),
        format!("+82 {prefix}-{middle}-{last}"),
        format!("0082-{bare}-{middle}-{last}"),
        format!("82-{bare}-{middle}-{last}"),
        format!("tel:+82{bare}{middle}{last}"),
    ]
}

/// 1900 to 2025; the sex digit of the century, no check digit yet.
fn residents() -> impl Strategy<Value = [u8; 13]> {
    (1930_u32..=2025, 1_u32..=12, 1_u32..=28, prop::bool::ANY, prop::collection::vec(0_u8..=9, 5)).prop_map(
        |(year, month, day, odd, serial)| {
            let century = if year < 2000 { 1 } else { 3 } + u8::from(odd);
            let head = format!("{:02}{month:02}{day:02}{century}", year % 100);
            let mut digits = [0; 13];
            for (slot, digit) in digits.iter_mut().zip(head.bytes().map(|byte| byte - b'0').chain(serial)) {
                *slot = digit;
            }
            let factors = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
            let sum: u32 = digits.iter().zip(factors).map(|(digit, factor)| u32::from(*digit) * factor).sum();
            digits[12] = ((11 - sum % 11) % 10) as u8;
            digits
        },
    )
}

fn written(digits: &[u8; 13], separator: &str) -> String {
    let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let (date, rest) = text.split_at(6);
    format!("{date}{separator}{rest}")
}

fn field(key: &str, value: &str) -> String {
    serde_json::json!({ key: value }).to_string()
}

proptest! {
    #[test]
    fn a_number_of_the_plan_is_found_under_its_key_in_every_spelling((prefix, middle, last) in phones()) {
        prop_assume!(middle.chars().chain(last.chars()).any(|digit| !middle.starts_with(digit)));
        for spelling in spellings(prefix, &middle, &last) {
            for key in ["tel", "receiverMobile", "휴대폰번호"] {
                let found = found(&record(field(key, &spelling).as_bytes()));
                prop_assert_eq!(found.len(), 1, "{} {}", key, spelling);
                prop_assert_eq!(found[0].0, PhoneNumber);
                prop_assert_eq!(found[0].4.matches('*').count(), middle.len(), "{}", found[0].4);
            }
        }
    }

    #[test]
    fn a_digit_too_many_or_too_few_is_no_phone_number((prefix, middle, last) in phones()) {
        for broken in [
            format!("{prefix}-{middle}-{last}0"),
            format!("{prefix}-{middle}00-{last}"),
            format!("{prefix}-{middle}-{}", last.get(1..).unwrap_or_default()),
            format!("a{prefix}{middle}{last}"),
            format!("{prefix}{middle}{last}f"),
            format!("04{prefix}{middle}{last}77"),
        ] {
            let found = found(&record(field("tel", &broken).as_bytes()));
            prop_assert!(found.iter().all(|one| one.0 != PhoneNumber), "{}", broken);
        }
    }

    #[test]
    fn a_resident_number_is_found_in_every_spelling(digits in residents()) {
        for separator in ["-", " ", "", "－", "\u{2013}"] {
            for key in ["residentRegistrationNumber", "주민번호", "juminNo"] {
                let found = found(&record(field(key, &written(&digits, separator)).as_bytes()));
                prop_assert_eq!(found.len(), 1, "{} {}", key, written(&digits, separator));
                prop_assert_eq!(found[0].0, ResidentRegistrationNumber);
            }
        }
        prop_assert_eq!(found(&record(written(&digits, "-").as_bytes())).len(), 1);
    }

    #[test]
    fn a_wrong_date_or_a_foreigners_digit_is_no_resident_number(digits in residents(), wrong in 0..3) {
        let mut digits = digits;
        match wrong {
            0 => digits[2] = 2,
            1 => digits[4] = 4,
            _ => digits[6] += 4,
        }
        for separator in ["-", ""] {
            let found = found(&record(field("rrn", &written(&digits, separator)).as_bytes()));
            prop_assert!(found.iter().all(|one| one.0 != ResidentRegistrationNumber));
        }
    }

    #[test]
    fn any_bytes_are_inspected_without_a_panic(
        value in prop::collection::vec(any::<u8>(), 0..200),
        digits in "[\\[\\]{}\":,\\\\u0-9*()+./ -가０－-]{0,120}",
    ) {
        found(&record(&value));
        found(&record(digits.as_bytes()));
        found(&record(field("tel", &digits).as_bytes()));
        found(&Record { key: Some(&value), ..record(digits.as_bytes()) });
    }
}
