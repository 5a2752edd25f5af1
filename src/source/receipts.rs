//! The receipts topic as a source: where a partition ended (DESIGN.md §4, "Where to start"), and the whole of
//! it for `sumun coverage`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::error::KafkaResult;
use rdkafka::message::Message;
use serde::Deserialize;

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
    let mut searches: HashMap<Vec<u8>, Search> = wanted
        .iter()
        .map(|at| (format!("{prefix}{}/{}", at.topic, at.partition).into_bytes(), Search::default()))
        .collect();
    let mut group_has_receipts = false;
    for partition in reader.partitions(METADATA_WAIT)? {
        let (low, mut to) = reader.watermarks(partition, METADATA_WAIT)?;
        while to > low && searches.values().any(|search| search.found.is_none()) {
            let from = (to - STEP_RECORDS).max(low);
            let mut step = Vec::new();
            let done = reader.read(partition, from, to, deadline, |message| {
                let Some(key) = message.key().filter(|key| key.starts_with(prefix.as_bytes())) else { return };
                group_has_receipts = true;
                let head = message.payload().and_then(|body| serde_json::from_slice::<Head>(body).ok());
                if let Some(head) = head.filter(|_| searches.contains_key(key)) {
                    step.push((key.to_vec(), head));
                }
            })?;
            for (key, head) in step.into_iter().rev() {
                if let Some(search) = searches.get_mut(&key) {
                    search.earlier(head);
                }
            }
            if !done {
                group_has_receipts = true;
                break;
            }
            to = from;
        }
    }
    let last = wanted
        .iter()
        .filter_map(|at| {
            let key = format!("{prefix}{}/{}", at.topic, at.partition).into_bytes();
            Some((at.clone(), searches.get(&key)?.end()?))
        })
        .collect();
    Ok(Ends { last, group_has_receipts })
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

/// What the search needs of a receipt.
#[derive(Deserialize)]
struct Head {
    session: String,
    from: i64,
    to: i64,
}

/// The search for one partition's end, fed with its receipts from the last to the first.
#[derive(Default)]
struct Search {
    /// End of the last receipt of each session seen so far that is not empty.
    sessions: HashMap<String, i64>,
    /// Position of the last empty receipt whose session wrote nothing more: chosen, but never begun.
    chosen: Option<i64>,
    /// End of the very last receipt that is not empty: what remains where retention took the beginning.
    latest: Option<i64>,
    found: Option<i64>,
}

impl Search {
    /// The first empty receipt, going backwards, whose session wrote another one later is the last that took
    /// effect: that session's last receipt is the end of the fold. Receipts of other sessions that come later
    /// are of members that had lost the partition.
    fn earlier(&mut self, head: Head) {
        if self.found.is_some() {
            return;
        }
        if head.from < head.to {
            self.latest.get_or_insert(head.to);
            self.sessions.entry(head.session).or_insert(head.to);
            return;
        }
        match self.sessions.get(&head.session) {
            Some(end) => self.found = Some(*end),
            None => {
                self.chosen.get_or_insert(head.from);
            }
        }
    }

    fn end(&self) -> Option<i64> {
        self.found.or(self.latest).or(self.chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Search};

    /// Receipts in log order as `(session, from, to)`.
    fn check(log: &[(&str, i64, i64)], expected: Option<i64>) {
        let mut search = Search::default();
        for (session, from, to) in log.iter().rev() {
            search.earlier(Head { session: (*session).to_owned(), from: *from, to: *to });
        }
        assert_eq!(search.end(), expected, "{log:?}");
    }

    #[test]
    fn the_last_receipt_is_the_one_at_the_end_of_the_fold() {
        check(&[], None);
        check(&[("a", 5, 5), ("a", 5, 9), ("a", 9, 12)], Some(12));
        // A member that was stopped and writes on after another has taken over.
        check(&[("a", 5, 5), ("a", 5, 9), ("b", 9, 9), ("b", 9, 11), ("a", 9, 30)], Some(11));
        // Assigned, but nothing judged: the session before it ends the fold.
        check(&[("a", 5, 5), ("a", 5, 9), ("b", 9, 9)], Some(9));
        // Only ever chosen as a start.
        check(&[("a", 5, 5), ("b", 7, 7)], Some(7));
        // Moved back by hand.
        check(&[("a", 0, 0), ("a", 0, 50), ("b", 20, 20), ("b", 20, 30)], Some(30));
    }
}
