//! From a judged record to its alerts: ids, bodies, and how many there may be (contracts, "Alert").

use std::borrow::Cow;
use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use super::text::{bounded, hex};
use crate::alert::{Alert, AlertKind, GapCause, SCHEMA_VERSION, Stage, Status};
use crate::destination::{Country, Evidence, EvidenceKind};
use crate::finding::{Finding, Issue};
use crate::locate::{Position, Transfer};
use crate::recipient::Recipient;
use crate::record::Record;
use crate::timestamp::Timestamp;
use crate::verdict::{Note, Outcome, Reason, Reasons, Severity, TransferVerdict};

/// Alerts of kind `transfer` of one record; one `truncated` follows where there would be more.
pub const ALERTS_PER_RECORD_MAX: usize = 100;
/// Paths of one alert.
const PATHS_MAX: usize = 50;
/// Facts named by one alert.
const FACTS_SEEN_MAX: usize = 20;
/// What nobody read may hold anything: `DECISION.md` ranks items, and here none is known.
const UNREAD_SEVERITY: Severity = Severity::Medium;

/// What an alert says beyond its record: the cluster, and the snapshot under which it was judged.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The cluster's id, as its brokers give it; part of every alert's id.
    pub cluster: &'a str,
    /// `sha256:HEX`, as the two that follow.
    pub rules: &'a str,
    pub facts: &'a str,
    pub config: &'a str,
    /// Build date of the geo databases, `2026-11-01`; an observed country names its own.
    pub geo_build: Option<&'a str>,
    /// No heartbeat is configured: how fresh the facts are is not known, and every alert says so.
    pub freshness_unknown: bool,
}

/// A record with its verdict.
#[derive(Clone, Copy)]
pub struct Judged<'a> {
    pub record: &'a Record<'a>,
    /// T of `DECISION.md`, in milliseconds.
    pub at_ms: i64,
    pub findings: &'a [Finding],
    /// All of them, in any order.
    pub transfers: &'a [JudgedTransfer<'a>],
    /// What was not read, where something was not and not every recipient is domestic.
    pub unread: Option<Unread<'a>>,
}

/// A transfer beside what was decided about it.
#[derive(Clone, Copy)]
pub struct JudgedTransfer<'a> {
    pub transfer: &'a Transfer,
    pub verdict: &'a TransferVerdict,
    /// `None` is the unknown recipient.
    pub recipient: Option<&'a Recipient>,
    pub severity: Severity,
}

/// Why a record could not be read to its end.
#[derive(Clone, Copy)]
pub struct Unread<'a> {
    pub stage: Stage,
    /// An issue code, `PANIC` or `CRASHER`.
    pub code: &'a str,
    /// `KID:HEX` of the value, as [`crate::subject::Keyring::payload_hmac`] makes it; `None` for a null value, or
    /// without a key.
    pub payload_hmac: Option<&'a str>,
}

/// One owed output: `id` is its key in Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub id: String,
    pub body: Vec<u8>,
}

impl<'a> Unread<'a> {
    /// The first issue that left bytes unread; `None` where all was read.
    pub fn first(issues: &[Issue], payload_hmac: Option<&'a str>) -> Option<Unread<'a>> {
        let issue = issues.iter().find(|issue| issue.is_unread())?;
        Some(Unread { stage: Stage::Decode, code: issue.code.as_str(), payload_hmac })
    }
}

/// The alerts that a record owes: its transfers that are not covered or could not be judged, in the order of the
/// verdict, at most [`ALERTS_PER_RECORD_MAX`] of them; `truncated` where that left some out; `uninspectable`,
/// which no limit leaves out.
pub fn alerts(context: &Context<'_>, judged: &Judged<'_>) -> Vec<Output> {
    let mut owed: Vec<&JudgedTransfer<'_>> =
        judged.transfers.iter().filter(|transfer| transfer.verdict.outcome.is_alert()).collect();
    owed.sort_by_key(|transfer| {
        let TransferVerdict { recipient, subject, subject_count, .. } = transfer.verdict;
        (recipient.as_deref(), subject.as_deref(), *subject_count, transfer.transfer.position)
    });
    let mut outputs: Vec<Output> = owed
        .iter()
        .take(ALERTS_PER_RECORD_MAX)
        .map(|transfer| transfer_alert(context, judged, transfer))
        .collect();
    if owed.len() > ALERTS_PER_RECORD_MAX {
        outputs.push(truncated_alert(context, judged, &owed));
    }
    if let Some(unread) = judged.unread {
        outputs.push(unread_alert(context, judged.record, unread));
    }
    outputs
}

/// Kind `uninspectable`: also for a record that never came as far as a verdict (a panic, a crasher).
pub fn unread_alert(context: &Context<'_>, record: &Record<'_>, unread: Unread<'_>) -> Output {
    let reasons = Reasons::one(Reason::Uninspectable);
    output(Alert {
        id: id(context, record, AlertKind::Uninspectable, "0", "0"),
        group: group(record.topic, None, &[], &[], &reasons.joined()),
        reasons,
        stage: Some(unread.stage),
        code: Some(Cow::Borrowed(unread.code)),
        bytes: Some(record.value.map_or(0, |value| value.len() as u64)),
        payload_hmac: unread.payload_hmac.map(Cow::Borrowed),
        ..of_record(context, record, AlertKind::Uninspectable)
    })
}

/// Kind `gap`: offsets `[from, to)` of a partition were not inspected.
pub fn gap_alert(
    context: &Context<'_>,
    topic: &str,
    partition: i32,
    from: i64,
    to: i64,
    cause: GapCause,
) -> Output {
    let coordinates =
        Record { topic, partition, offset: from, timestamp_ms: None, key: None, value: None, headers: &[] };
    output(Alert {
        id: id(context, &coordinates, AlertKind::Gap, "", ""),
        // A gap has none of what a group is made of but the topic: its cause keeps it apart from others.
        group: group(topic, None, &[], &[], cause.as_str()),
        from: Some(from),
        to: Some(to),
        cause: Some(cause),
        ..of_record(context, &coordinates, AlertKind::Gap)
    })
}

fn transfer_alert(
    context: &Context<'_>,
    judged: &Judged<'_>,
    judged_transfer: &JudgedTransfer<'_>,
) -> Output {
    let JudgedTransfer { transfer, verdict, recipient, severity } = *judged_transfer;
    let record = judged.record;
    let Position { scope, value, recipient: nth } = transfer.position;
    let items: Vec<_> = verdict.items.iter().map(|item| item.entity).collect();
    let reasons = verdict.items.iter().fold(Reasons::NONE, |all, item| all.union(item.reasons));
    let (paths, paths_total) = paths(judged.findings, &transfer.findings);
    let evidence = |kind| transfer.destination.evidence.iter().find(|evidence| evidence.kind == kind);
    let country = |kind| evidence(kind).map(|evidence: &Evidence| evidence.country);
    let observed = evidence(EvidenceKind::Observed);
    let judged_at = Some(judged.at_ms).filter(|at_ms| record.timestamp_ms != Some(*at_ms));
    output(Alert {
        id: id(context, record, AlertKind::Transfer, &format!("{value}.{nth}"), &scope.to_string()),
        outcome: verdict.outcome,
        severity,
        group: group(
            record.topic,
            verdict.recipient.as_deref(),
            &verdict.countries.iter().map(Country::as_str).collect::<Vec<_>>(),
            &items.iter().map(|item| item.as_str()).collect::<Vec<_>>(),
            &reasons.joined(),
        ),
        reasons,
        items,
        item_counts: verdict.items.iter().map(|item| item.count).collect(),
        item_outcomes: verdict.items.iter().map(|item| item.outcome).collect(),
        item_reasons: verdict.items.iter().map(|item| item.reasons.joined()).collect(),
        item_bases: verdict.items.iter().map(|item| joined(&item.basis)).collect(),
        paths,
        paths_total,
        subject: verdict.subject.as_deref().map(bounded),
        subject_count: verdict.subject_count,
        recipient: verdict.recipient.as_deref().map(bounded),
        recipient_name: recipient.and_then(|recipient| recipient.legal_name.as_deref()).map(bounded),
        recipient_role: recipient.and_then(|recipient| recipient.role),
        countries: verdict.countries.clone(),
        country_legal: country(EvidenceKind::Legal),
        country_observed: country(EvidenceKind::Observed),
        country_declared: country(EvidenceKind::Declared),
        geo_confidence: observed.and_then(|observed| observed.confidence),
        geo_build: observed.and_then(|observed| observed.build.as_deref()).or(context.geo_build).map(bounded),
        asn: transfer.destination.asn,
        as_organisation: transfer.destination.as_organisation.as_deref().map(bounded),
        facts_seen: verdict.facts_seen.iter().take(FACTS_SEEN_MAX).map(|fact| bounded(fact)).collect(),
        notes: notes(&verdict.notes, context.freshness_unknown),
        judged_at: judged_at.and_then(Timestamp::from_ms),
        ..of_record(context, record, AlertKind::Transfer)
    })
}

/// Speaks for all transfers of the record: its outcome and severity are the worst of them, so that none of those
/// that were left out is worse than what is seen.
fn truncated_alert(context: &Context<'_>, judged: &Judged<'_>, owed: &[&JudgedTransfer<'_>]) -> Output {
    let worst = |outcome: Outcome, transfer: &&JudgedTransfer<'_>| outcome.max(transfer.verdict.outcome);
    output(Alert {
        id: id(context, judged.record, AlertKind::Truncated, "0", "0"),
        outcome: owed.iter().fold(Outcome::Indeterminate, worst),
        severity: owed.iter().map(|transfer| transfer.severity).max().unwrap_or(UNREAD_SEVERITY),
        // As for a gap.
        group: group(judged.record.topic, None, &[], &[], AlertKind::Truncated.as_str()),
        alerts_total: Some(owed.len() as u64),
        transfers_total: Some(judged.transfers.len() as u64),
        ..of_record(context, judged.record, AlertKind::Truncated)
    })
}

/// What the alerts of all kinds share; the rest null or empty.
fn of_record<'a>(context: &Context<'a>, record: &Record<'a>, kind: AlertKind) -> Alert<'a> {
    Alert {
        schema_version: SCHEMA_VERSION,
        id: String::new(),
        kind,
        status: Status::Open,
        revision: 0,
        cluster: bounded(context.cluster),
        topic: bounded(record.topic),
        partition: record.partition,
        offset: record.offset,
        timestamp: record.timestamp_ms.and_then(Timestamp::from_ms),
        outcome: Outcome::Indeterminate,
        severity: UNREAD_SEVERITY,
        group: String::new(),
        reasons: Reasons::NONE,
        items: Vec::new(),
        item_counts: Vec::new(),
        item_outcomes: Vec::new(),
        item_reasons: Vec::new(),
        item_bases: Vec::new(),
        paths: Vec::new(),
        paths_total: 0,
        subject: None,
        subject_count: 0,
        recipient: None,
        recipient_name: None,
        recipient_role: None,
        countries: Vec::new(),
        country_legal: None,
        country_observed: None,
        country_declared: None,
        geo_confidence: None,
        geo_build: context.geo_build.map(bounded),
        asn: None,
        as_organisation: None,
        facts_seen: Vec::new(),
        notes: notes(&[], context.freshness_unknown),
        rules: Cow::Borrowed(context.rules),
        facts: Cow::Borrowed(context.facts),
        config: Cow::Borrowed(context.config),
        judged_at: None,
        stage: None,
        code: None,
        bytes: None,
        payload_hmac: None,
        alerts_total: None,
        transfers_total: None,
        from: None,
        to: None,
        cause: None,
    }
}

fn output(alert: Alert<'_>) -> Output {
    // Cannot fail: no maps, no foreign types, and a timestamp is made only of what can be printed.
    let body = serde_json::to_vec(&alert).unwrap_or_default();
    Output { id: alert.id, body }
}

/// First 128 bits of SHA-256 over the record's coordinates and where in it the transfer first shows. Holds
/// nothing of what was found or decided: a replay under other rules repeats it.
fn id(context: &Context<'_>, record: &Record<'_>, kind: AlertKind, r: &str, s: &str) -> String {
    let timestamp = record.timestamp_ms.map(|ms| ms.to_string()).unwrap_or_default();
    let (partition, offset) = (record.partition.to_string(), record.offset.to_string());
    let parts = [context.cluster, record.topic, &partition, &offset, &timestamp, kind.as_str(), r, s];
    hex(&digest(&parts), 16)
}

/// 64 bits of SHA-256 over what alerts of one cause share. Unambiguous: of the parts only the recipient's id may
/// hold any character, and the topic before it holds no separator, nor do the three behind it.
fn group(topic: &str, recipient: Option<&str>, countries: &[&str], items: &[&str], reasons: &str) -> String {
    hex(&digest(&[topic, recipient.unwrap_or_default(), &countries.join(","), &items.join(","), reasons]), 8)
}

/// SHA-256 over the parts, joined by the unit separator.
fn digest(parts: &[&str]) -> [u8; 32] {
    Sha256::digest(parts.join("\u{1f}").as_bytes()).into()
}

/// The distinct paths of a transfer's findings in record order, at most [`PATHS_MAX`], and how many there are.
fn paths<'a>(findings: &'a [Finding], positions: &[u32]) -> (Vec<Cow<'a, str>>, u64) {
    let mut seen = HashSet::new();
    let mut paths = Vec::new();
    for finding in positions.iter().filter_map(|position| findings.get(*position as usize)) {
        if seen.insert(finding.path.as_str()) && paths.len() < PATHS_MAX {
            paths.push(bounded(&finding.path));
        }
    }
    (paths, seen.len() as u64)
}

/// Joined by `,`; as many of them as there are persons, so cut like any text.
fn joined(bases: &[String]) -> Cow<'_, str> {
    match bases {
        [] => Cow::Borrowed(""),
        [basis] => bounded(basis),
        bases => Cow::Owned(bounded(&bases.join(",")).into_owned()),
    }
}

fn notes(notes: &[Note], freshness_unknown: bool) -> Vec<Note> {
    let mut notes = notes.to_vec();
    if freshness_unknown {
        notes.push(Note::FreshnessUnknown);
    }
    notes.sort_unstable();
    notes.dedup();
    notes
}
