use super::*;
use crate::alert::{Alert, AlertKind, GapCause, Stage};
use crate::destination::{Country, Destination, Evidence, EvidenceKind, GeoConfidence, Reach};
use crate::entity::EntityType;
use crate::finding::{Finding, Issue, IssueCode, Validity};
use crate::locate::{Position, Transfer};
use crate::receipt::Receipt;
use crate::recipient::{Recipient, RecipientIndex, Role};
use crate::record::{Part, Record};
use crate::subject::Subject;
use crate::timestamp::Timestamp;
use crate::verdict::{Cell, ItemVerdict, Note, Outcome, Reason, Reasons, Severity, TransferVerdict, Verdict};

/// No output exceeds it (contracts, "Topics").
const OUTPUT_BYTES_MAX: usize = 900_000;

const CONTEXT: Context<'_> = Context {
    cluster: "Jb1V…",
    rules: "sha256:…",
    facts: "sha256:…",
    config: "sha256:…",
    geo_build: Some("2026-11-01"),
    freshness_unknown: true,
};

const AT_MS: i64 = 1_719_889_445_678;

const RECORD: Record<'_> = Record {
    topic: "orders.outbound",
    partition: 3,
    offset: 1207,
    timestamp_ms: Some(AT_MS),
    key: None,
    value: Some(b"{}"),
    headers: &[],
};

fn finding(path: &str) -> Finding {
    Finding {
        entity: EntityType::PersonName,
        part: Part::Value,
        at: 0,
        path: path.to_owned(),
        start: 0,
        end: 9,
        confidence: 90,
        validity: Validity::Unverifiable,
        partial: false,
        role: false,
        masked: "홍*동".to_owned(),
        evidence: Vec::new(),
        text: None,
    }
}

fn china() -> Country {
    Country::parse("CN").unwrap()
}

fn transfer(findings: u32, position: Position) -> Transfer {
    let evidence = |kind, confidence| Evidence {
        kind,
        country: china(),
        source: String::new(),
        build: None,
        confidence,
    };
    Transfer {
        recipient: Some(RecipientIndex(0)),
        subject: Subject::Unresolved,
        destination: Destination {
            evidence: vec![
                evidence(EvidenceKind::Legal, None),
                evidence(EvidenceKind::Observed, Some(GeoConfidence::High)),
            ],
            countries: vec![china()],
            reach: Reach::Abroad,
            asn: None,
            as_organisation: None,
        },
        items: Vec::new(),
        findings: (0..findings).collect(),
        position,
    }
}

fn verdict(outcome: Outcome, reasons: Reasons) -> TransferVerdict {
    let item = |entity| ItemVerdict { entity, count: 1, outcome, basis: Vec::new(), reasons };
    let cell = |entity| Cell { entity, country: Some(china()), outcome, basis: Vec::new(), reasons };
    let items = [EntityType::PersonName, EntityType::PhoneNumber];
    TransferVerdict {
        recipient: Some("seller-17".to_owned()),
        subject: Some("k1:member:…".to_owned()),
        countries: vec![china()],
        outcome,
        items: items.map(item).into(),
        notes: Vec::new(),
        subject_count: 1,
        cells: items.map(cell).into(),
        facts_seen: vec!["act:04".to_owned(), "ae-checkout@2#sellers".to_owned()],
    }
}

fn withdrawn() -> TransferVerdict {
    verdict(Outcome::Violation, Reasons::one(Reason::ConsentWithdrawn))
}

fn seller() -> Recipient {
    Recipient {
        id: "seller-17".to_owned(),
        legal_name: Some("Shenzhen Lantian Trading Co., Ltd.".to_owned()),
        contact: None,
        role: Some(Role::ThirdParty),
        legal_country: Some(china()),
        hosts: Vec::new(),
        cidrs: Vec::new(),
        topics: Vec::new(),
        ids: Vec::new(),
        classes: Vec::new(),
    }
}

/// The alerts of a record in which every verdict is a transfer of its own.
fn owed(
    context: &Context<'_>,
    record: &Record<'_>,
    verdicts: &[TransferVerdict],
    unread: Option<Unread<'_>>,
) -> Vec<Output> {
    let findings = [finding("$.receiver.name"), finding("$.receiver.tel"), finding("$.receiver.tel")];
    let transfers: Vec<Transfer> = (0..)
        .zip(verdicts)
        .map(|(scope, _)| transfer(3, Position { scope, value: 0, recipient: 0 }))
        .collect();
    let recipient = seller();
    let pairs: Vec<JudgedTransfer<'_>> = transfers
        .iter()
        .zip(verdicts)
        .map(|(transfer, verdict)| JudgedTransfer {
            transfer,
            verdict,
            recipient: Some(&recipient),
            severity: Severity::Medium,
        })
        .collect();
    alerts(context, &Judged { record, at_ms: AT_MS, findings: &findings, transfers: &pairs, unread })
}

fn read(output: &Output) -> Alert<'_> {
    let alert: Alert<'_> = serde_json::from_slice(&output.body).unwrap();
    assert_eq!(alert.id, output.id);
    assert_eq!(serde_json::to_vec(&alert).unwrap(), output.body, "what is written reads back");
    assert!(output.body.len() <= OUTPUT_BYTES_MAX);
    alert
}

#[test]
fn a_violation_makes_the_alert_of_the_contract() {
    let outputs = owed(&CONTEXT, &RECORD, &[withdrawn()], None);
    let mut expected: Alert<'_> =
        serde_json::from_str(include_str!("../../tests/contracts/alert.json")).unwrap();
    // The example's id and group are made up; ours are held against other vectors below.
    expected.id.clone_from(&outputs[0].id);
    expected.group = read(&outputs[0]).group;
    assert_eq!(outputs.iter().map(read).collect::<Vec<_>>(), [expected]);
    assert!(outputs[0].body.starts_with(br#"{"schema_version":1,"id":""#));
}

#[test]
fn ids_and_groups_are_those_that_another_program_computes() {
    // Python: hashlib.sha256('\x1f'.join([cluster, topic, partition, offset, timestamp, kind, r, s]).encode())
    let context = Context { cluster: "Jb1V", ..CONTEXT };
    let unread = Unread { stage: Stage::Decode, code: "DEPTH_LIMIT", payload_hmac: None };
    let many = vec![withdrawn(); ALERTS_PER_RECORD_MAX + 1];
    let outputs = owed(&context, &RECORD, &many, Some(unread));
    let check = |output: &Output, kind, id| assert_eq!((read(output).kind, output.id.as_str()), (kind, id));
    check(&outputs[0], AlertKind::Transfer, "884f3aa544b5174ce262344b9bc8e2b4");
    check(&outputs[100], AlertKind::Truncated, "58e6f94ab6989cd4a66b16b59e37b9d9");
    check(&outputs[101], AlertKind::Uninspectable, "f85691a23f312eace8f1709041de2cde");
    let gap = gap_alert(&context, "orders.outbound", 3, 1207, 1300, GapCause::Retention);
    check(&gap, AlertKind::Gap, "c825cdc90969d3cbb96b76cde041e570");

    let (second, pair) = (transfer(1, Position { scope: 3, value: 2, recipient: 1 }), withdrawn());
    let pair = JudgedTransfer { transfer: &second, verdict: &pair, recipient: None, severity: Severity::Low };
    let judged = Judged { record: &RECORD, at_ms: AT_MS, findings: &[], transfers: &[pair], unread: None };
    assert_eq!(alerts(&context, &judged)[0].id, "9073282cff89c5f8494704adbe2de4d0");
    let timeless = Record { timestamp_ms: None, ..RECORD };
    assert_eq!(owed(&context, &timeless, &[withdrawn()], None)[0].id, "ff18c0b435a6f51de2645102298a6301");

    assert_eq!(read(&outputs[0]).group, "687b647642bff18a");
    assert_eq!(read(&outputs[101]).group, "58570893559c3a3c");
}

#[test]
fn only_what_is_not_covered_or_could_not_be_judged_owes_an_alert() {
    for outcome in Outcome::ALL {
        let outputs = owed(&CONTEXT, &RECORD, &[verdict(outcome, Reasons::NONE)], None);
        assert_eq!(outputs.len(), usize::from(outcome.is_alert()), "{outcome:?}");
    }
}

#[test]
fn alerts_come_in_the_order_of_the_verdict_and_their_number_is_bounded() {
    let named =
        |recipient: usize| TransferVerdict { recipient: Some(format!("r{recipient:03}")), ..withdrawn() };
    let mut verdicts: Vec<_> = (0..150).rev().map(named).collect();
    verdicts.push(TransferVerdict { recipient: None, ..withdrawn() });
    verdicts.push(verdict(Outcome::Permitted, Reasons::NONE));
    let outputs = owed(&CONTEXT, &RECORD, &verdicts, None);
    let alerts: Vec<_> = outputs.iter().map(read).collect();
    assert_eq!(alerts.len(), ALERTS_PER_RECORD_MAX + 1);
    assert_eq!(alerts[0].recipient, None);
    assert_eq!(alerts[1].recipient.as_deref(), Some("r000"));
    let last = &alerts[100];
    assert_eq!(
        (last.kind, last.alerts_total, last.transfers_total),
        (AlertKind::Truncated, Some(151), Some(152))
    );
    assert_eq!((last.outcome, last.recipient.as_deref(), last.items.len()), (Outcome::Violation, None, 0));
}

#[test]
fn what_was_not_read_is_one_alert_without_recipient_or_subject() {
    let issue = |code, bytes_unread| Issue { code, path: "$".to_owned(), bytes_unread };
    let read_through = [issue(IssueCode::JsonSyntax, Some(0))];
    assert!(Unread::first(&read_through, None).is_none());
    let issues = [issue(IssueCode::JsonSyntax, Some(0)), issue(IssueCode::DepthLimit, None)];
    let outputs = owed(&CONTEXT, &RECORD, &[], Unread::first(&issues, Some("k1:ab")));
    let [alert] = &outputs.iter().map(read).collect::<Vec<_>>()[..] else { panic!("one alert") };
    assert_eq!((alert.kind, alert.outcome), (AlertKind::Uninspectable, Outcome::Indeterminate));
    assert_eq!((&alert.recipient, &alert.subject), (&None, &None));
    assert_eq!(alert.reasons, Reasons::one(Reason::Uninspectable));
    assert_eq!((alert.stage, alert.code.as_deref()), (Some(Stage::Decode), Some("DEPTH_LIMIT")));
    assert_eq!((alert.bytes, alert.payload_hmac.as_deref()), (Some(2), Some("k1:ab")));
    assert_eq!(alert.notes, [Note::FreshnessUnknown]);
    let text = String::from_utf8(outputs[0].body.clone()).unwrap();
    assert!(
        text.contains(
            r#""config":"sha256:…","stage":"decode","code":"DEPTH_LIMIT","bytes":2,"payload_hmac":"#
        )
    );
}

#[test]
fn a_gap_says_its_range_and_cause() {
    let output = gap_alert(&CONTEXT, "orders.outbound", 3, 1207, 1300, GapCause::CorruptBatch);
    let alert = read(&output);
    assert_eq!((alert.offset, alert.timestamp), (1207, None));
    let text = String::from_utf8(output.body.clone()).unwrap();
    assert!(text.ends_with(r#""config":"sha256:…","from":1207,"to":1300,"cause":"corrupt_batch"}"#));
    let other = gap_alert(&CONTEXT, "orders.outbound", 3, 1207, 1300, GapCause::Retention);
    assert_ne!(read(&other).group, alert.group);
}

#[test]
fn notes_of_the_verdict_stand_beside_unknown_freshness_in_byte_order() {
    let noted = TransferVerdict { notes: vec![Note::ClockSkew, Note::GeoLowConfidence], ..withdrawn() };
    let outputs = owed(&CONTEXT, &RECORD, std::slice::from_ref(&noted), None);
    assert_eq!(read(&outputs[0]).notes, [Note::ClockSkew, Note::FreshnessUnknown, Note::GeoLowConfidence]);
    let known = Context { freshness_unknown: false, ..CONTEXT };
    let outputs = owed(&known, &RECORD, &[noted], None);
    assert_eq!(read(&outputs[0]).notes, [Note::ClockSkew, Note::GeoLowConfidence]);
}

#[test]
fn the_time_judged_at_is_told_where_it_is_not_the_record_s() {
    let with_time = |timestamp_ms| {
        let outputs = owed(&CONTEXT, &Record { timestamp_ms, ..RECORD }, &[withdrawn()], None);
        let alert = read(&outputs[0]);
        (alert.timestamp.map(Timestamp::ms), alert.judged_at.map(Timestamp::ms))
    };
    assert_eq!(with_time(Some(AT_MS)), (Some(AT_MS), None));
    assert_eq!(with_time(Some(7)), (Some(7), Some(AT_MS)));
    assert_eq!(with_time(None), (None, Some(AT_MS)));
    // A producer may write any 64 bits.
    assert_eq!(with_time(Some(i64::MAX)), (None, Some(AT_MS)));
}

#[test]
fn no_record_makes_an_alert_that_a_broker_refuses() {
    let long = "\u{1}".repeat(1_000_000);
    let findings: Vec<_> = (0..2_000).map(|nth| finding(&format!("$['{long:.2000}{nth}']"))).collect();
    let mut located = transfer(2_000, Position::default());
    located.destination.as_organisation = Some(long.clone());
    let mut worst = verdict(Outcome::Violation, Reason::ALL.iter().copied().collect());
    worst.items = EntityType::ALL
        .into_iter()
        .map(|entity| ItemVerdict {
            entity,
            count: u32::MAX,
            outcome: Outcome::Indeterminate,
            basis: (0..500).map(|nth| format!("{nth}{long:.3000}")).collect(),
            reasons: Reason::ALL.iter().copied().collect(),
        })
        .collect();
    worst.recipient = Some(long.clone());
    worst.subject = Some(long.clone());
    worst.facts_seen = vec![long.clone(); 30];
    worst.countries = (b'A'..=b'Z')
        .flat_map(|a| {
            (b'A'..=b'Z').map(move |b| Country::parse(std::str::from_utf8(&[a, b]).unwrap()).unwrap())
        })
        .collect();
    let recipient = Recipient { legal_name: Some(long), ..seller() };
    let pair = JudgedTransfer {
        transfer: &located,
        verdict: &worst,
        recipient: Some(&recipient),
        severity: Severity::Low,
    };
    let judged =
        Judged { record: &RECORD, at_ms: AT_MS, findings: &findings, transfers: &[pair], unread: None };
    let outputs = alerts(&CONTEXT, &judged);
    let alert = read(&outputs[0]);
    assert_eq!((alert.paths.len(), alert.paths_total), (50, 2_000));
    assert_eq!(alerts(&CONTEXT, &judged), outputs, "the same every time");
}

const STAMP: Stamp<'_> = Stamp {
    group: "sumun",
    topic: "orders.outbound",
    partition: 3,
    member: "sumun-0-1",
    session: "5b1c9d3e7f20a846",
    rules: "sha256:…",
    facts: "sha256:…",
    config: "sha256:…",
};

fn share<'a>(offset: i64, verdict: &'a Verdict, purpose: Option<&'a str>) -> Share<'a> {
    Share {
        offset,
        timestamp_ms: Some(AT_MS + offset),
        bytes: 100,
        verdict,
        purpose,
        transfer_type: None,
        alerts: 1,
        uninspectable: false,
    }
}

fn judged(transfers: Vec<TransferVerdict>) -> Verdict {
    let outcome = transfers.iter().map(|transfer| transfer.outcome).max().unwrap_or_default();
    Verdict { outcome, reasons: Reasons::NONE, transfers }
}

fn names_of(value: &serde_json::Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_receipt_has_the_fields_of_the_contract_in_its_order() {
    let text = include_str!("../../tests/contracts/receipt.json");
    let example: Receipt = serde_json::from_str(text).unwrap();
    assert_eq!((example.register.len(), example.register[0].records), (2, 180));
    let written = String::from_utf8(example.to_json()).unwrap();
    let order = |text: &str, from: &str| {
        let text = text.split_once(from).unwrap().1;
        let mut names: Vec<_> = text
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|name| text.contains(&format!("\"{name}\":")))
            .collect();
        names.retain(|name| *name != "subjects");
        names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()
    };
    // The head; and of the rows the second, for in the example the first names its reasons last.
    let head = |text: &str| order(text.split_once("\"register\"").unwrap().0, "{");
    assert_eq!(head(&written), head(text));
    let second = "\"outcome\": \"violation\"";
    assert_eq!(order(&written, &second.replace(' ', "")), order(text, second));
    assert_eq!(example.key(), "sumun/orders.outbound/3");
}

#[test]
fn counts_add_up_and_a_record_counts_once_in_a_row() {
    let permitted = {
        let mut permitted = verdict(Outcome::Permitted, Reasons::NONE);
        for cell in &mut permitted.cells {
            cell.basis = vec!["consent:a@1#x".to_owned(), "consent:b@1#x".to_owned()];
        }
        permitted
    };
    let mut draft = Draft::new(5, 100);
    let (clear, both) = (Verdict::default(), judged(vec![withdrawn(), permitted, withdrawn()]));
    draft.add(&Share { alerts: 0, uninspectable: true, ..share(7, &clear, None) }).unwrap();
    draft.add(&Share { alerts: 2, ..share(8, &both, Some("delivery")) }).unwrap();
    draft.add(&Share { timestamp_ms: Some(AT_MS), alerts: 2, ..share(9, &both, Some("delivery")) }).unwrap();
    assert_eq!((draft.from(), draft.next(), draft.records()), (5, 10, 3));
    let receipts = draft.cut(12, &STAMP);
    let [receipt] = &receipts[..] else { panic!("one receipt") };
    assert_eq!((receipt.from, receipt.to, receipt.records, receipt.bytes), (5, 12, 3, 300));
    assert_eq!((receipt.clear, receipt.violation, receipt.alerts, receipt.uninspectable), (1, 2, 4, 1));
    assert_eq!(receipt.first_timestamp.unwrap().ms(), AT_MS);
    assert_eq!(receipt.last_timestamp.unwrap().ms(), AT_MS + 8);
    let rows: Vec<_> = receipt
        .register
        .iter()
        .map(|row| (row.outcome, row.basis.as_deref(), row.records, row.bytes))
        .collect();
    assert_eq!(
        rows,
        [
            (Outcome::Permitted, Some("consent:a@1#x"), 2, 200),
            (Outcome::Permitted, Some("consent:b@1#x"), 2, 200),
            (Outcome::Violation, None, 2, 200),
        ]
    );
    let row = &receipt.register[2];
    assert_eq!(row.items, [EntityType::PersonName, EntityType::PhoneNumber]);
    assert_eq!((row.first.unwrap().ms(), row.last.unwrap().ms()), (AT_MS, AT_MS + 8));
    assert_eq!(names_of(&serde_json::to_value(receipt).unwrap()).len(), 23, "no gap, no parts");
    assert_eq!((draft.from(), draft.records()), (12, 0));
}

#[test]
fn an_empty_range_has_no_receipt_but_at_an_assignment() {
    let mut draft = Draft::new(5, 100);
    assert!(draft.cut(5, &STAMP).is_empty());
    // Only transactions and compaction: no records, but offsets.
    assert_eq!(
        draft.cut(9, &STAMP).iter().map(|receipt| (receipt.from, receipt.to)).collect::<Vec<_>>(),
        [(5, 9)]
    );
    assert!(STAMP.begin(5).is_begin());
    let gap = STAMP.gap(5, 9, GapCause::Retention);
    assert_eq!((gap.records, gap.gap, gap.is_begin()), (0, Some(GapCause::Retention), false));
}

#[test]
fn a_draft_is_full_at_its_number_of_records() {
    let (mut draft, clear) = (Draft::new(0, 2), Verdict::default());
    draft.add(&share(0, &clear, None)).unwrap();
    assert!(!draft.is_full());
    draft.add(&share(1, &clear, None)).unwrap();
    assert!(draft.is_full());
}

/// Every record declares another purpose, full of characters that JSON escapes.
#[test]
fn no_receipt_is_longer_than_its_limit_and_every_record_is_in_one() {
    let mut draft = Draft::new(0, u64::MAX);
    let verdict = judged(vec![withdrawn()]);
    let mut receipts = Vec::new();
    for offset in 0..2_000 {
        let purpose = format!("{offset}{}", "\u{1}\"가".repeat(usize::try_from(offset).unwrap()));
        let share = share(offset, &verdict, Some(&purpose));
        if draft.add(&share).is_err() {
            receipts.extend(draft.cut(offset, &STAMP));
            draft.add(&share).unwrap();
        }
    }
    receipts.extend(draft.cut(2_000, &STAMP));
    let lengths: Vec<usize> = receipts.iter().map(|receipt| receipt.to_json().len()).collect();
    assert!(lengths.iter().all(|length| *length <= RECEIPT_BYTES_MAX), "{lengths:?}");
    assert!(lengths.len() > 2 && lengths.iter().rev().skip(1).all(|length| *length > RECEIPT_BYTES_MAX / 2));
    assert!(receipts.iter().all(|receipt| receipt.parts.is_none()));
    assert!(receipts.windows(2).all(|pair| pair[0].to == pair[1].from));
    assert_eq!(receipts.iter().map(|receipt| receipt.records).sum::<u64>(), 2_000);
}

#[test]
fn the_rows_of_one_record_that_are_too_long_go_into_parts() {
    let sellers =
        (0..4_000).map(|nth| TransferVerdict { recipient: Some(format!("seller-{nth:05}")), ..withdrawn() });
    let (small, large) = (judged(vec![withdrawn()]), judged(sellers.collect()));
    let mut draft = Draft::new(0, 100);
    draft.add(&share(0, &small, None)).unwrap();
    assert_eq!(draft.add(&share(1, &large, None)), Err(Full));
    assert_eq!((draft.next(), draft.records()), (1, 1), "it took nothing of the record");
    let mut receipts = draft.cut(1, &STAMP);
    assert_eq!((receipts[0].register.len(), receipts[0].register[0].records), (1, 1));
    draft.add(&share(1, &large, None)).unwrap();
    assert!(draft.is_full());
    receipts = draft.cut(2, &STAMP);
    let total = u32::try_from(receipts.len()).unwrap();
    assert!(total > 1);
    assert!(receipts.iter().all(|receipt| receipt.to_json().len() <= RECEIPT_BYTES_MAX));
    assert!(receipts.iter().all(|receipt| (receipt.from, receipt.to, receipt.parts) == (1, 2, Some(total))));
    assert!((1..=total).eq(receipts.iter().filter_map(|receipt| receipt.part)));
    assert_eq!(receipts[0].counts().records, 1);
    assert!(receipts[1..].iter().all(|receipt| receipt.counts() == crate::receipt::Counts::default()));
    let rows: Vec<_> = receipts.iter().flat_map(|receipt| &receipt.register).collect();
    assert_eq!(rows.len(), 4_000);
    assert!(rows.is_sorted_by_key(|row| &row.recipient));
}
