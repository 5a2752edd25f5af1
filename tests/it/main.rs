//! Tests on a real Apache Kafka. How they are laid out and run: `tests/README.md`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test fails by panicking and prints its tables; nothing outside sees into it"
)]

mod check;
mod ledger;
mod rights;
mod scenarios;
mod support;
