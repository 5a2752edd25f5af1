//! The receipts topic as a source: where a partition ended (DESIGN.md §4, "Where to start"), and the whole of
//! it for `sumun coverage`.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaResult;
use rdkafka::message::Message;

use crate::coverage::Fold;
use crate::receipt::{self, Counts, Receipt};

use super::TopicPartition;
use super::reader::Reader;

/// Reading backwards goes in steps of so many offsets.
const STEP_RECORDS: i64 = 5_000;
/// Metadata and watermarks are waited for so long.
const METADATA_WAIT: Duration = Duration::from_secs(10);

/// What the receipts say of partitions without a committed offset.
pub struct Ends {
    /// End of the last receipt, by partition; absent where there is none.
    pub last: HashMap<TopicPartition, i64>,
    /// Whether any partition of the group has a receipt.
    pub group_has_receipts: bool,
}

/// Finds the last receipts of `wanted`, reading each partition of the receipts topic backwards until all are
/// found or its beginning is reached. Where `deadline` comes first, what is not found is taken as absent: the
/// partition then begins at its earliest record, which repeats work and misses nothing.
pub fn ends(reader: &Reader, group: &str, wanted: &[TopicPartition], deadline: Instant) -> KafkaResult<Ends> {
    let prefix = format!("{group}/");
    let key_of = |at: &TopicPartition| receipt::key(group, &at.topic, at.partition).into_bytes();
    let mut searches: HashMap<Vec<u8>, Search> =
        wanted.iter().map(|at| (key_of(at), Search::default())).collect();
    let mut group_has_receipts = false;
    for partition in reader.partitions(METADATA_WAIT)? {
        let (low, mut to) = reader.watermarks(partition, METADATA_WAIT)?;
        while to > low && searches.values().any(|search| !search.is_done) {
            let from = (to - STEP_RECORDS).max(low);
            let mut steps: HashMap<Vec<u8>, Vec<Receipt>> = HashMap::new();
            let done = reader.read(partition, from, to, deadline, |message| {
                let Some(key) = message.key().filter(|key| key.starts_with(prefix.as_bytes())) else {
                    return;
                };
                group_has_receipts = true;
                if searches.get(key).is_none_or(|search| search.is_done) {
                    return;
                }
                let receipt = message.payload().and_then(|body| serde_json::from_slice::<Receipt>(body).ok());
                if let Some(receipt) = receipt {
                    let bare = Receipt { register: Vec::new(), ..receipt };
                    steps.entry(key.to_vec()).or_default().push(bare);
                }
            })?;
            for (key, step) in steps {
                if let Some(search) = searches.get_mut(&key) {
                    search.earlier(step);
                }
            }
            if !done {
                group_has_receipts = true;
                break;
            }
            to = from;
        }
    }
    let end = |at: &TopicPartition| Some((at.clone(), searches.get(&key_of(at))?.end()?));
    Ok(Ends { last: wanted.iter().filter_map(end).collect(), group_has_receipts })
}

/// Visits every receipt of the topic in log order: `(key, body)`. `Ok(false)`: not done by `deadline`.
pub fn all(reader: &Reader, deadline: Instant, mut visit: impl FnMut(&[u8], &[u8])) -> KafkaResult<bool> {
    for partition in reader.partitions(METADATA_WAIT)? {
        let (low, high) = reader.watermarks(partition, METADATA_WAIT)?;
        let done = reader.read(partition, low, high, deadline, |message| {
            if let (Some(key), Some(body)) = (message.key(), message.payload()) {
                visit(key, body);
            }
        })?;
        if !done {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The search for one partition's end: its receipts from some place of the log on, in log order.
#[derive(Default)]
struct Search {
    receipts: VecDeque<Receipt>,
    is_done: bool,
}

impl Search {
    /// Puts receipts that lie before the known ones in front of them.
    fn earlier(&mut self, step: Vec<Receipt>) {
        if step.is_empty() {
            return;
        }
        for receipt in step.into_iter().rev() {
            self.receipts.push_front(receipt);
        }
        self.is_done = self.fold().is_anchored();
    }

    fn fold(&self) -> Fold<Counts> {
        let mut fold = Fold::new();
        for receipt in &self.receipts {
            fold.push(receipt, Counts::default());
        }
        fold
    }

    /// The end of the last receipt; where none counts, the position that was last chosen as a start.
    fn end(&self) -> Option<i64> {
        let folded = self.fold().finish();
        folded.end().or(folded.last_begin)
    }
}
