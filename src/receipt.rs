//! The receipt as it goes to Kafka (contracts, "Receipt").
