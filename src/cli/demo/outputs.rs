//! What sumun wrote to its topics, read back as any other program would.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message as _;

use crate::alert::Alert;
use crate::coverage::{Fold, RegisterSum};
use crate::pipeline::Plan;
use crate::receipt::{Counts, Receipt, RegisterRow};
use crate::source::{Reader, receipts};

/// One answer of the embedded broker.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The topics of alerts and receipts.
pub(super) struct Outputs {
    alerts: Reader,
    receipts: Reader,
}

/// The fold of all receipts.
pub(super) struct Inspected {
    pub(super) counts: Counts,
    pub(super) register: Vec<RegisterRow>,
}

impl Outputs {
    pub(super) fn open(plan: &Plan) -> KafkaResult<Outputs> {
        let open = |topic: &str| Reader::open(&plan.outputs, &plan.group, topic);
        Ok(Outputs { alerts: open(&plan.alerts_topic)?, receipts: open(&plan.receipts_topic)? })
    }

    /// What was inspected so far.
    pub(super) fn inspected(&self) -> KafkaResult<Inspected> {
        let mut partitions: BTreeMap<Vec<u8>, Fold<Share>> = BTreeMap::new();
        let deadline = Instant::now() + ANSWER_MAX;
        let done = receipts::all(&self.receipts, deadline, |key, body| {
            if let Ok(receipt) = serde_json::from_slice::<Receipt>(body) {
                let share = Share { counts: receipt.counts(), register: receipt.register.clone().into() };
                partitions.entry(key.to_owned()).or_default().push(&receipt, share);
            }
        })?;
        late(done)?;
        let mut sum = Share::default();
        for fold in partitions.into_values() {
            for covered in fold.finish().valid {
                sum += covered.share;
            }
        }
        Ok(Inspected { counts: sum.counts, register: sum.register.into_rows() })
    }

    /// Every alert once, by topic, partition and offset of its record, then by recipient.
    pub(super) fn alerts(&self) -> KafkaResult<Vec<Alert<'static>>> {
        let mut alerts = Vec::new();
        let mut seen = BTreeSet::new();
        let deadline = Instant::now() + ANSWER_MAX;
        for partition in self.alerts.partitions(ANSWER_MAX)? {
            let (low, high) = self.alerts.watermarks(partition, ANSWER_MAX)?;
            let done = self.alerts.read(partition, low, high, deadline, |message| {
                let alert = message.payload().and_then(|body| serde_json::from_slice::<Alert<'_>>(body).ok());
                alerts.extend(alert.filter(|alert| seen.insert(alert.id.clone())));
            })?;
            late(done)?;
        }
        alerts.sort_by(|one, other| place(one).cmp(&place(other)));
        Ok(alerts)
    }
}

fn place<'a>(alert: &'a Alert<'_>) -> (&'a str, i32, i64, Option<&'a str>, Option<&'a str>) {
    (&alert.topic, alert.partition, alert.offset, alert.recipient.as_deref(), alert.subject.as_deref())
}

fn late(done: bool) -> KafkaResult<()> {
    if done {
        Ok(())
    } else {
        Err(KafkaError::MessageConsumption(rdkafka::error::RDKafkaErrorCode::OperationTimedOut))
    }
}

/// What is kept of a receipt.
#[derive(Default)]
struct Share {
    counts: Counts,
    register: RegisterSum,
}

impl std::ops::AddAssign for Share {
    fn add_assign(&mut self, other: Share) {
        self.counts += other.counts;
        self.register += other.register;
    }
}
