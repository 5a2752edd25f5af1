//! The consumer side of Kafka.
