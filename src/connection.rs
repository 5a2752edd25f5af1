//! How to reach one Kafka cluster. Holds credentials: no `Debug`, no `Display`, no `Serialize`.

/// Brokers and the librdkafka properties that the operator set (`kafka:` in the configuration).
/// Properties that sumun owns are not among them: the configuration refuses them.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// `host:port`, joined by `,`.
    pub brokers: String,
    pub properties: Vec<(String, String)>,
}
