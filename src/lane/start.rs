//! Finds out where newly assigned partitions begin: asks the brokers, within a bound.

use std::time::{Duration, Instant};

use rdkafka::error::KafkaResult;

use crate::offsets::{Known, Start, start};
use crate::source::{Reader, Source, TopicPartition, receipts};

use super::{LaneError, Settings};

/// Brokers that do not answer are asked again for so long; then the process ends and begins anew.
pub(super) const START_MAX_S: u64 = 60;
/// One question to the brokers.
const ASK_WAIT: Duration = Duration::from_secs(5);
/// Reading receipts backwards; what is not found then is read from its first record.
const RECEIPTS_MAX: Duration = Duration::from_secs(30);

/// Where each of `partitions` begins, in their order; never [`Start::AtTime`].
pub(super) fn starts(
    source: &Source,
    settings: &Settings,
    partitions: &[TopicPartition],
) -> Result<Vec<Start>, LaneError> {
    let deadline = Instant::now() + Duration::from_secs(START_MAX_S);
    loop {
        match ask(source, settings, partitions) {
            Ok(starts) => return Ok(starts),
            Err(error) if Instant::now() >= deadline => {
                return Err(LaneError::Start(error.rdkafka_error_code()));
            }
            Err(error) => {
                let code = error.rdkafka_error_code();
                tracing::warn!(?code, "start positions could not be asked for; asking again");
            }
        }
    }
}

fn ask(source: &Source, settings: &Settings, partitions: &[TopicPartition]) -> KafkaResult<Vec<Start>> {
    let committed = source.committed(partitions, ASK_WAIT)?;
    let ends = ends_of_uncommitted(settings, partitions, &committed)?;
    partitions
        .iter()
        .zip(committed)
        .map(|(at, committed)| {
            let (low, high) = source.watermarks(at, ASK_WAIT)?;
            let last_receipt = ends.as_ref().and_then(|ends| ends.last.get(at).copied());
            let group_has_receipts = ends.as_ref().is_some_and(|ends| ends.group_has_receipts);
            let known = Known { committed, last_receipt, group_has_receipts, low, high };
            match start(known, settings.start_from) {
                Start::AtTime(at_ms) => {
                    let position = source.offset_at(at, at_ms, ASK_WAIT)?.unwrap_or(high);
                    Ok(Start::At { position, gap: None })
                }
                at @ Start::At { .. } => Ok(at),
            }
        })
        .collect()
}

fn ends_of_uncommitted(
    settings: &Settings,
    partitions: &[TopicPartition],
    committed: &[Option<i64>],
) -> KafkaResult<Option<receipts::Ends>> {
    let wanted: Vec<TopicPartition> = partitions
        .iter()
        .zip(committed)
        .filter(|(_, committed)| committed.is_none())
        .map(|(at, _)| at.clone())
        .collect();
    if wanted.is_empty() {
        return Ok(None);
    }
    let group = &settings.source.group;
    let reader = Reader::open(&settings.outputs, group, &settings.receipts_topic)?;
    let deadline = Instant::now() + RECEIPTS_MAX;
    receipts::ends(&reader, group, &wanted, deadline).map(Some)
}
