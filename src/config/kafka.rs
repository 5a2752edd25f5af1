//! `kafka:`, the properties that go to librdkafka as they are, and those that sumun owns.

use std::path::Path;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;

use super::files::why;
use super::read::Reading;
use crate::yaml::{Node, Value};

/// Properties that a file sets: `sasl.password_file: secrets/kafka` is `sasl.password`.
const FILE_SUFFIX: &str = "_file";

/// Property, and why it is not the operator's. What is promised about offsets, receipts and alerts hangs on these.
const OWNED: &[(&str, &str)] = &[
    ("acks", "an output counts only when every in-sync replica has it"),
    ("allow.auto.create.topics", "a topic with the broker's default retention would lose receipts"),
    (
        "auto.offset.reset",
        "a lane sets its positions itself; the key `egress.start_from` says where a new group begins",
    ),
    ("bootstrap.servers", "the key `brokers` beside `kafka` sets it"),
    ("check.crcs", "a corrupt batch must show as a gap, not as records"),
    ("delivery.report.only.error", "only an acknowledged receipt moves the offset"),
    ("enable.auto.commit", "stored offsets are committed in the background, and by hand on revoke"),
    ("enable.auto.offset.store", "an offset is stored only when the receipt over it is acknowledged"),
    ("enable.idempotence", "without it a retry may reorder or repeat receipts"),
    ("enable.partition.eof", "a lane knows the end of a partition by its watermark"),
    ("group.id", "the key `egress.group` sets it"),
    ("group.instance.id", "it is made of the key `id` and the lane"),
    ("group.protocol", "the new protocol stalls in this version of librdkafka"),
    ("metadata.broker.list", "the key `brokers` beside `kafka` sets it"),
    (
        "partition.assignment.strategy",
        "lanes keep what they have when members come and go: cooperative-sticky",
    ),
    ("partitioner", "receipts of a partition must always lie in the same one"),
    ("request.required.acks", "an output counts only when every in-sync replica has it"),
    ("topic.blacklist", "the key `egress.exclude` sets it"),
    ("transactional.id", "outputs are written at least once, without transactions"),
];

/// The properties in the order of the file. A password may be among the values: never print them.
pub(super) fn properties(
    node: Option<&Node>,
    folder: &Path,
    reading: &mut Reading<'_>,
) -> Vec<(String, String)> {
    let Some(node) = node else { return Vec::new() };
    let Value::Map(entries) = &node.value else {
        reading.problem(node.position, "`kafka` is a map; write `property: value` lines");
        return Vec::new();
    };
    let mut properties: Vec<(String, String)> = Vec::new();
    for entry in entries {
        let property = entry.key.strip_suffix(FILE_SUFFIX).unwrap_or(&entry.key);
        if let Some((_, reason)) = OWNED.iter().find(|(owned, _)| *owned == property) {
            let message = format!("`{property}` belongs to sumun: {reason}; leave it out");
            reading.problem(entry.key_position, message);
            continue;
        }
        let Some(mut value) = reading.text(&entry.node, &entry.key) else { continue };
        if property != entry.key {
            match std::fs::read_to_string(folder.join(&value)) {
                Ok(text) => text.trim_end_matches(['\r', '\n']).clone_into(&mut value),
                Err(error) => {
                    let message =
                        format!("the file of `{property}` cannot be read ({}); check its path", why(&error));
                    reading.problem(entry.node.position, message);
                    continue;
                }
            }
        }
        if properties.iter().any(|(known, _)| known == property) {
            reading.problem(entry.key_position, format!("`{property}` is set twice; leave one out"));
        }
        match refusal(property, &value) {
            Some(message) => reading.problem(entry.key_position, message),
            None => properties.push((property.to_owned(), value)),
        }
    }
    properties
}

/// What librdkafka itself says to one property, without its text: that repeats the value.
fn refusal(property: &str, value: &str) -> Option<String> {
    let mut client = ClientConfig::new();
    client.set(property, value);
    match client.create_native_config() {
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => {
            Some(format!("librdkafka knows no property `{property}`; see its CONFIGURATION.md"))
        }
        Err(_) => Some(format!("librdkafka refuses this value of `{property}`; see its CONFIGURATION.md")),
        Ok(_) => None,
    }
}
