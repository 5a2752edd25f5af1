//! Metrics, health and logs: what an operator sees of a running process.
//!
//! Not here: alerts and receipts, which are outputs and go to Kafka. Nothing that telemetry prints may hold
//! payload, a subject, a host or an address: labels come from closed sets or from the configuration, health
//! texts are written by the code that sets them.

mod country;
mod counts;
mod family;
mod health;
mod http;
mod labels;
mod lanes;
mod log;
mod metrics;
#[cfg(test)]
mod tests;

pub use counts::{LaneCounts, TopicLabel};
pub use health::{Check, Health};
pub use http::Server;
pub use labels::{CommitResult, DeliveryFailure, Rebalance, ReloadPart, ReloadResult, TimedStage};
pub use lanes::LaneGauges;
pub use log::{Verbosity, init as init_log, quiet_panics};
pub use metrics::{FactCounts, Metrics, PartitionLag};
