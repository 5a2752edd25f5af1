//! The alerts that a judged record owes. `run` sends them, `bench` builds and drops them.

use crate::decide::severity;
use crate::finding::Finding;
use crate::owe::{self, Context, Judged, JudgedTransfer, Output};
use crate::record::Record;

use super::judge::Judgement;
use super::snapshot::Snapshot;

/// `cluster` is the id that the brokers give, part of every alert's id; `findings` are those of the record.
pub fn owed_alerts(
    cluster: &str,
    snapshot: &Snapshot,
    record: &Record<'_>,
    judgement: &Judgement,
    findings: &[Finding],
) -> Vec<Output> {
    let is_alert = judgement.owes_unread
        || judgement.verdict.transfers.iter().any(|transfer| transfer.outcome.is_alert());
    if !is_alert {
        return Vec::new();
    }
    let transfers: Vec<JudgedTransfer<'_>> = judgement
        .located
        .transfers
        .iter()
        .zip(&judgement.verdict.transfers)
        .map(|(transfer, verdict)| JudgedTransfer {
            transfer,
            verdict,
            recipient: transfer.recipient.map(|index| snapshot.facts.recipient(index)),
            severity: severity(verdict, &snapshot.policy),
        })
        .collect();
    let unread = judgement.unread.filter(|_| judgement.owes_unread);
    let payload = record.value.filter(|_| unread.is_some());
    let payload_hmac = payload.and_then(|value| snapshot.keyring.payload_hmac(value));
    let unread = unread.map(|unread| owe::Unread {
        stage: unread.stage,
        code: unread.why.code(),
        payload_hmac: payload_hmac.as_deref(),
    });
    let judged = Judged { record, at_ms: judgement.located.at_ms, findings, transfers: &transfers, unread };
    owe::alerts(&context(cluster, snapshot), &judged)
}

/// What every alert says of the cluster and the snapshot.
pub(super) fn context<'a>(cluster: &'a str, snapshot: &'a Snapshot) -> Context<'a> {
    Context {
        cluster,
        rules: &snapshot.digests.rules,
        facts: &snapshot.digests.facts,
        config: &snapshot.digests.config,
        geo_build: snapshot.geo_build.as_deref(),
        freshness_unknown: snapshot.freshness_unknown,
    }
}
