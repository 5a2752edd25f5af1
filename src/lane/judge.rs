//! What one record is judged to be: inspect, locate and decide in a row. `run`, `scan` and `bench` all judge
//! here, so what `scan` prints is what `run` would have done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::alert::Stage;
use crate::decide::{self, Chain, Matter, decide, sum};
use crate::facts::Facts;
use crate::finding::{Finding, IssueCode};
use crate::inspect;
use crate::locate::{self, Located, Route, Transfer};
use crate::record::Record;
use crate::verdict::Verdict;

use super::faults;
use super::snapshot::Snapshot;

/// Buffers of one lane, reused for every record. `inspect.seen()` is what was found in the last one.
#[derive(Default)]
pub struct Scratch {
    pub inspect: inspect::Scratch,
    pub locate: locate::Scratch,
    /// The stages of the next record are timed.
    pub(super) is_timed: bool,
    /// When the inspection of the last record ended that was timed.
    pub(super) inspected_at: Option<Instant>,
}

/// What a record was judged to be.
pub struct Judgement {
    /// Its transfers, in the order of the verdict's.
    pub located: Located,
    pub verdict: Verdict,
    /// Where reading ended; `None` where all was read.
    pub unread: Option<Unread>,
    /// That something was not read owes an alert: not every recipient is domestic.
    pub owes_unread: bool,
    /// It was to be located, and no route names its topic.
    pub is_unrouted: bool,
}

/// What kept a record from being read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    pub stage: Stage,
    pub why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Issue(IssueCode),
    /// Inspection panicked.
    Panic,
    /// The process died of it twice (`journal.rs`).
    Crasher,
}

impl Why {
    /// `code` of the alert.
    pub const fn code(self) -> &'static str {
        match self {
            Why::Issue(code) => code.as_str(),
            Why::Panic => "PANIC",
            Why::Crasher => "CRASHER",
        }
    }
}

/// Judges `record` at `at_ms`: its own time, unless its route names a field. On a record without findings that
/// was read whole, nothing is allocated and nothing is looked up.
fn judge(snapshot: &Snapshot, record: &Record<'_>, at_ms: i64, scratch: &mut Scratch) -> Judgement {
    let inspection = snapshot.inspector.inspect(record, &mut scratch.inspect);
    if scratch.is_timed {
        scratch.inspected_at = Some(Instant::now());
    }
    let issue = inspection.issues.iter().find(|issue| issue.is_unread());
    let unread = issue.map(|issue| Unread { stage: Stage::Decode, why: Why::Issue(issue.code) });
    if inspection.findings.is_empty() && unread.is_none() {
        let located = Located::nowhere(at_ms);
        let verdict = Verdict::default();
        return Judgement { located, verdict, unread: None, owes_unread: false, is_unrouted: false };
    }
    let route = snapshot.routes.route_for(record.topic);
    let (located, verdict) =
        decided(snapshot, route, record, at_ms, inspection.findings, unread.is_some(), &mut scratch.locate);
    Judgement {
        owes_unread: unread.is_some() && !located.all_domestic,
        is_unrouted: route.is_none(),
        located,
        verdict,
        unread,
    }
}

/// Judges `record` at `at_ms`. A panic is a result too: the record counts as unread, and owes an alert.
pub fn judge_guarded(
    snapshot: &Snapshot,
    record: &Record<'_>,
    at_ms: i64,
    scratch: &mut Scratch,
) -> Judgement {
    // What a panic leaves in the scratch is cleared below.
    let caught = catch_unwind(AssertUnwindSafe(|| {
        faults::in_rule(record.value);
        judge(snapshot, record, at_ms, scratch)
    }));
    caught.unwrap_or_else(|_| judge_unread(snapshot, record, at_ms, Why::Panic, scratch))
}

/// A record that must not be inspected, or whose inspection did not end: nothing of it counts as read.
pub(super) fn judge_unread(
    snapshot: &Snapshot,
    record: &Record<'_>,
    at_ms: i64,
    why: Why,
    scratch: &mut Scratch,
) -> Judgement {
    scratch.inspect.clear();
    // Its value may be what inspection died of: only headers, key and topic say where it goes.
    let shell = Record { value: None, ..*record };
    let route = snapshot.routes.route_for(record.topic);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        decided(snapshot, route, &shell, at_ms, &[], true, &mut scratch.locate)
    }));
    // Even that can panic: then nobody is named, and nothing is taken for domestic.
    let (located, verdict) =
        caught.unwrap_or_else(|_| (Located::nowhere(at_ms), sum(Vec::new(), true, false)));
    Judgement {
        owes_unread: !located.all_domestic,
        is_unrouted: route.is_none(),
        located,
        verdict,
        unread: Some(Unread { stage: Stage::Inspect, why }),
    }
}

fn decided(
    snapshot: &Snapshot,
    route: Option<&Route>,
    record: &Record<'_>,
    at_ms: i64,
    findings: &[Finding],
    is_unread: bool,
    scratch: &mut locate::Scratch,
) -> (Located, Verdict) {
    let Snapshot { facts, addresses, keyring, policy, .. } = snapshot;
    let mut located =
        locate::locate(route, record, at_ms, findings, facts, keyring, addresses, policy.home, scratch);
    // The verdict's order, so that both lists stay parallel.
    located.transfers.sort_by(|one, other| order(one).cmp(&order(other)));
    let transfers = located.transfers.iter();
    let transfers =
        transfers.map(|transfer| decide(&matter(&located, transfer, facts), facts, policy)).collect();
    let verdict = sum(transfers, is_unread, located.all_domestic);
    (located, verdict)
}

fn matter<'a>(located: &'a Located, transfer: &'a Transfer, facts: &'a Facts) -> Matter<'a> {
    Matter {
        at_ms: located.at_ms,
        recipient: transfer.recipient.map(|index| facts.recipient(index)),
        subject: &transfer.subject,
        destination: &transfer.destination,
        purpose: located.purpose.as_deref(),
        transfer_type: located.transfer_type.as_deref(),
        items: &transfer.items,
    }
}

/// The way to each transfer's verdict, in their order; for people, a second and slower reading (`decide::explain`).
pub fn explain(snapshot: &Snapshot, judged: &Judgement) -> Vec<Vec<Chain>> {
    let Snapshot { facts, policy, .. } = snapshot;
    let transfers = judged.located.transfers.iter();
    transfers
        .map(|transfer| decide::explain(&matter(&judged.located, transfer, facts), facts, policy))
        .collect()
}

/// Recipient, then subject (null first), then number of persons (`DECISION.md` §5).
fn order(transfer: &Transfer) -> (Option<u32>, Option<&str>, usize) {
    (transfer.recipient.map(|index| index.0), transfer.subject.text(), transfer.subject.count())
}
