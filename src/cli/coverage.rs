//! `sumun coverage`: which offsets were inspected and which were not, from the receipts.

use std::io::Write as _;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::coverage::{Coverage, PartitionCoverage, Stretch, Table};
use crate::receipt::Receipt;
use crate::source::{Reader, receipts};

use super::args::{CoverageArgs, Format};
use super::assemble;
use super::exit::{Exit, Failure, Outcome};

/// Reading all receipts takes at most so long.
const READ_MAX: Duration = Duration::from_hours(1);

pub(super) fn run(arguments: &CoverageArgs) -> Outcome {
    let config = assemble::configuration(&arguments.config)?;
    let outputs = assemble::connection(&config.outputs.cluster);
    let table = read(&outputs, &config.egress.group, &config.outputs.receipts, arguments.topic.as_deref())?;
    let mut out = std::io::stdout().lock();
    match arguments.output {
        Format::Json => {
            serde_json::to_writer(&mut out, &table).map_err(std::io::Error::from).and_then(|()| writeln!(out))
        }
        Format::Human => out.write_all(human(&table).as_bytes()),
    }
    .map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}

/// Folds the receipts of a group, of one topic or of all.
pub(super) fn read(
    outputs: &crate::connection::Connection,
    group: &str,
    receipts_topic: &str,
    topic: Option<&str>,
) -> Result<Table, Failure> {
    let unreachable = |error: KafkaError| {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        let text =
            format!("receipts cannot be read from {receipts_topic} ({code:?}); try `sumun check --connect`");
        Failure::new(Exit::Unreachable, text)
    };
    let reader = Reader::open(outputs, group, receipts_topic).map_err(unreachable)?;
    let mut coverage = Coverage::default();
    let mut unreadable = 0_u64;
    let done = receipts::all(&reader, Instant::now() + READ_MAX, |_, body| {
        match serde_json::from_slice::<Receipt>(body) {
            Ok(receipt) if receipt.group == group && topic.is_none_or(|topic| topic == receipt.topic) => {
                coverage.push(&receipt);
            }
            Ok(_) => {}
            Err(_) => unreadable += 1,
        }
    })
    .map_err(unreachable)?;
    if unreadable > 0 {
        tracing::warn!(unreadable, "records of the receipts topic are no receipts, and count for nothing");
    }
    if !done {
        let text = format!("the receipts were not read to their end within {} s", READ_MAX.as_secs());
        return Err(Failure::new(Exit::Unreachable, text));
    }
    Ok(coverage.finish())
}

fn human(table: &Table) -> String {
    let mut out = String::from("topic                          partition         from           to  state\n");
    for partition in &table.partitions {
        for stretch in &partition.stretches {
            out.push_str(&line(partition, stretch));
        }
    }
    let total = &table.total;
    out + &format!(
        "\n{} offsets inspected, {} not; {} receipts count, {} are voided\n",
        total.offsets_inspected, total.offsets_gap, total.receipts, total.receipts_voided
    )
}

fn line(partition: &PartitionCoverage, stretch: &Stretch) -> String {
    let state = stretch.cause.map_or("inspected".to_owned(), |cause| format!("gap: {}", cause.as_str()));
    format!(
        "{:<30} {:>9} {:>12} {:>12}  {state}\n",
        partition.topic, partition.partition, stretch.from, stretch.to
    )
}
