#![doc = include_str!("README.md")]

// floor 0: nouns
pub mod alert;
pub mod basis;
pub mod connection;
pub mod consent;
pub mod destination;
pub mod disclosure;
pub mod entity;
pub mod finding;
pub mod receipt;
pub mod recipient;
pub mod record;
pub mod redacted;
pub mod subject;
pub mod text;
pub mod time;
pub mod timestamp;
pub mod verdict;
pub mod yaml;

// floor 1: stages, in the order of a record's way
pub mod coverage;
pub mod decide;
pub mod decode;
pub mod facts;
pub mod inspect;
pub mod locate;
pub mod offsets;
pub mod owe;

// floor 2: edges
#[cfg(feature = "edge")]
pub mod feed;
#[cfg(feature = "edge")]
pub mod geo;
#[cfg(feature = "edge")]
pub mod sink;
#[cfg(feature = "edge")]
pub mod source;
#[cfg(feature = "edge")]
pub mod telemetry;

// floor 3: assembly
#[cfg(feature = "edge")]
pub mod lane;
#[cfg(feature = "edge")]
pub mod pipeline;

// floor 4: shell
#[cfg(feature = "edge")]
pub mod cli;
#[cfg(feature = "edge")]
pub mod config;
