//! The one idempotent producer.
