//! Deliberate faults, for the tests on a real broker: kill points, and the breakages that the ledger check must
//! notice. Without the feature `faults` nothing of it is compiled in.
//!
//! `SUMUN_FAULT=NAME` or `NAME:N` names one fault; a kill point strikes at its N-th pass (default the first).

/// Where a process can be told to die by SIGKILL, and what it can be told to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "faults"),
    expect(dead_code, reason = "faults are compiled in by the feature `faults` only")
)]
pub(super) enum Fault {
    KillBeforeAlertAck,
    KillBeforeReceipt,
    KillBeforeCommit,
    KillInRevoke,
    KillInAssignment,
    PanicInRule,
    AbortInRule,
    StoreBeforeAck,
    ReceiptOneTooFar,
}

#[cfg(feature = "faults")]
mod planted {
    use std::io::Write;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Fault;

    struct Planted {
        name: String,
        strikes_at: u64,
        passes: AtomicU64,
    }

    fn planted() -> Option<&'static Planted> {
        static PLANTED: OnceLock<Option<Planted>> = OnceLock::new();
        PLANTED
            .get_or_init(|| {
                let text = std::env::var("SUMUN_FAULT").ok()?;
                let (name, count) = text.split_once(':').unwrap_or((&text, "1"));
                let strikes_at = count.parse().unwrap_or(1);
                Some(Planted { name: name.to_owned(), strikes_at, passes: AtomicU64::new(0) })
            })
            .as_ref()
    }

    impl Fault {
        const fn name(self) -> &'static str {
            match self {
                Fault::KillBeforeAlertAck => "kill_before_alert_ack",
                Fault::KillBeforeReceipt => "kill_before_receipt",
                Fault::KillBeforeCommit => "kill_before_commit",
                Fault::KillInRevoke => "kill_in_revoke",
                Fault::KillInAssignment => "kill_in_assignment",
                Fault::PanicInRule => "panic_in_rule",
                Fault::AbortInRule => "abort_in_rule",
                Fault::StoreBeforeAck => "store_before_ack",
                Fault::ReceiptOneTooFar => "receipt_one_too_far",
            }
        }
    }

    pub(in super::super) fn is_planted(fault: Fault) -> bool {
        planted().is_some_and(|planted| planted.name == fault.name())
    }

    pub(in super::super) fn pass(fault: Fault) {
        let Some(planted) = planted().filter(|planted| planted.name == fault.name()) else { return };
        if planted.passes.fetch_add(1, Ordering::Relaxed) + 1 == planted.strikes_at {
            let line = format!("fault {}\n", planted.name);
            drop(std::io::stderr().write_all(line.as_bytes()));
            while rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)
                .is_ok()
            {}
        }
    }

    /// Panics or aborts on a record that says so.
    pub(in super::super) fn in_rule(value: Option<&[u8]>) {
        let bears =
            |mark: &[u8]| value.is_some_and(|value| value.windows(mark.len()).any(|window| window == mark));
        if is_planted(Fault::PanicInRule) && bears(b"planted-panic") {
            std::panic::panic_any("planted");
        }
        if is_planted(Fault::AbortInRule) && bears(b"planted-panic") {
            std::process::abort();
        }
    }
}

#[cfg(feature = "faults")]
pub(super) use planted::{in_rule, is_planted, pass};

#[cfg(not(feature = "faults"))]
pub(super) const fn is_planted(_fault: Fault) -> bool {
    false
}

#[cfg(not(feature = "faults"))]
pub(super) const fn pass(_fault: Fault) {}

#[cfg(not(feature = "faults"))]
pub(super) const fn in_rule(_value: Option<&[u8]>) {}
