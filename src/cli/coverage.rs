//! `sumun coverage`: which offsets were inspected and which were not, from the receipts.

use std::io::Write as _;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::coverage::{Coverage, PartitionCoverage, Stretch, Table};
use crate::receipt::Receipt;
use crate::source::{Reader, receipts};
use crate::text::Language;

use super::args::{CoverageArgs, Format};
use super::exit::{Exit, Failure, Outcome};
use super::{assemble, layout};

/// Reading all receipts takes at most so long.
const READ_MAX: Duration = Duration::from_hours(1);

pub(super) fn run(arguments: &CoverageArgs, language: Language) -> Outcome {
    let config = assemble::configuration(&arguments.config)?;
    let outputs = assemble::connection(&config.outputs.cluster);
    let table = read(&outputs, &config.egress.group, &config.outputs.receipts, arguments.topic.as_deref())?;
    let mut out = std::io::stdout().lock();
    match arguments.output {
        Format::Json => {
            serde_json::to_writer(&mut out, &table).map_err(std::io::Error::from).and_then(|()| writeln!(out))
        }
        Format::Human => out.write_all(human(&table, language).as_bytes()),
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

fn human(table: &Table, language: Language) -> String {
    let stretches = table
        .partitions
        .iter()
        .flat_map(|partition| partition.stretches.iter().map(|stretch| row(partition, stretch, language)));
    let heads = language
        .pick(["topic", "partition", "from", "to", "state"], ["토픽", "파티션", "시작", "끝", "상태"]);
    let mut out = layout::table(heads, &stretches.collect::<Vec<_>>());
    let total = &table.total;
    let (inspected, gap) = (total.offsets_inspected, total.offsets_gap);
    let (receipts, voided) = (total.receipts, total.receipts_voided);
    let summary = language.pick(
        format!("{inspected} offsets inspected, {gap} not; {receipts} receipts count, {voided} are voided"),
        format!("오프셋 {inspected}개 검사, {gap}개 미검사; 유효 영수증 {receipts}건, 무효 {voided}건"),
    );
    out.push('\n');
    layout::wrapped(&mut out, "", &summary);
    out
}

fn row(partition: &PartitionCoverage, stretch: &Stretch, language: Language) -> [String; 5] {
    let state = match stretch.cause {
        None => language.pick("inspected", "검사함").to_owned(),
        Some(cause) => language.pick(format!("gap: {}", cause.as_str()), format!("공백: {}", cause.as_str())),
    };
    let [number, from, to] =
        [i64::from(partition.partition), stretch.from, stretch.to].map(|number| number.to_string());
    [partition.topic.clone(), number, from, to, state]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::human;
    use crate::coverage::Coverage;
    use crate::receipt::Receipt;
    use crate::text::Language;

    #[test]
    fn a_person_sees_what_was_inspected_and_what_was_not() {
        let example: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/contracts/receipt.json")).unwrap();
        let mut coverage = Coverage::default();
        for (from, to) in [(1000, 1000), (1000, 2000), (2500, 2500), (2500, 2600)] {
            let mut receipt = example.clone();
            (receipt["from"], receipt["to"]) = (json!(from), json!(to));
            receipt["session"] = json!(if from < 2500 { "a" } else { "b" });
            coverage.push(&serde_json::from_value::<Receipt>(receipt).unwrap());
        }
        let table = coverage.finish();
        let english = "\
topic            partition  from    to  state
orders.outbound          3  1000  2000  inspected
orders.outbound          3  2000  2500  gap: reset
orders.outbound          3  2500  2600  inspected

1100 offsets inspected, 500 not; 2 receipts count, 0 are voided
";
        assert_eq!(human(&table, Language::English), english);
        let korean = human(&table, Language::Korean);
        assert!(
            korean.contains("공백: reset") && korean.contains("오프셋 1100개 검사, 500개 미검사"),
            "{korean}"
        );
    }
}
