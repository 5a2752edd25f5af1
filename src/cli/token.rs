//! `sumun token`: subject tokens of identifiers on stdin, so that consent systems make the same ones.

use std::io::{self, BufRead as _, BufReader, Write};

use super::args::TokenArgs;
use super::exit::{Exit, Failure, Outcome};
use super::keyfile;
use crate::subject::{Keyring, TokenType};

pub(super) fn run(arguments: &TokenArgs) -> Outcome {
    if let Some(path) = &arguments.new_key {
        return keyfile::create(path)
            .map(|()| Exit::Ok)
            .map_err(|error| Failure::new(Exit::Configuration, error));
    }
    let keyring = keyring(arguments)?;
    let Some(token_type) = arguments.token_type else {
        return Err(Failure::new(Exit::Usage, "give --type or --new-key"));
    };
    write_tokens(token_type, &keyring, io::stdin().lock(), io::stdout().lock())
}

fn keyring(arguments: &TokenArgs) -> Result<Keyring, Failure> {
    let (Some(path), Some(id)) = (&arguments.key_file, &arguments.key_id) else {
        return Err(Failure::new(Exit::Usage, "give a key: -c CONFIG, or --key-file FILE with --key-id KID"));
    };
    let key = keyfile::read(path).map_err(|error| Failure::new(Exit::Configuration, error))?;
    Ok(Keyring::new(vec![(id.clone(), key)]))
}

/// One line per value: its token, or nothing where the value makes none (masked, empty, not UTF-8).
fn write_tokens(
    token_type: TokenType,
    keyring: &Keyring,
    input: impl io::Read,
    output: impl Write,
) -> Outcome {
    let mut input = BufReader::new(input);
    let mut output = io::BufWriter::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = input.read_until(b'\n', &mut line);
        if length.map_err(|error| Failure::new(Exit::Internal, format_args!("cannot read stdin: {error}")))?
            == 0
        {
            break;
        }
        let token = std::str::from_utf8(line.trim_ascii_end())
            .ok()
            .and_then(|value| keyring.token(token_type, value));
        writeln!(output, "{}", token.map_or(String::new(), |token| token.0))
            .map_err(|error| Failure::writing(&error))?;
        // A program that writes a value and waits for its token gets it at once.
        if input.buffer().is_empty() {
            output.flush().map_err(|error| Failure::writing(&error))?;
        }
    }
    output.flush().map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}
