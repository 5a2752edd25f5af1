//! The alert as it goes to Kafka (contracts, "Alert").
