//! `sumun schema`: the JSON Schemas of the contracts. They are written by hand, because a contract is; a test holds
//! them together with the examples and the code.

use std::io::{self, Write as _};

use super::args::{SchemaArgs, SchemaFormat};
use super::exit::{Exit, Failure, Outcome};

pub(super) fn run(arguments: &SchemaArgs) -> Outcome {
    let schema = match arguments.format {
        SchemaFormat::Config => include_str!("../../tests/contracts/sumun.schema.json"),
        SchemaFormat::Patterns => include_str!("../../tests/contracts/rule.schema.json"),
        SchemaFormat::Facts => include_str!("../../tests/contracts/facts.schema.json"),
        SchemaFormat::Alert => include_str!("../../tests/contracts/alert.schema.json"),
        SchemaFormat::Receipt => include_str!("../../tests/contracts/receipt.schema.json"),
    };
    io::stdout().lock().write_all(schema.as_bytes()).map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}
