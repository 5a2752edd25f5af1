//! Identifiers of persons from stdin: one per line, made into tokens at once, printed nowhere.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::exit::{Exit, Failure, say};
use crate::subject::{Keyring, SubjectToken, TokenType};
use crate::text::Language;

/// The token of every line that holds something; `None` for a value that makes none (masked, or nothing left of it).
pub(super) fn tokens(
    token_type: TokenType,
    keyring: &Keyring,
    language: Language,
) -> Result<Vec<Option<SubjectToken>>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let kind = token_type.as_str();
        say(format_args!(
            "{}",
            language.pick(
                format!("{kind}, one per line; end with Ctrl-D:"),
                format!("{kind} 값을 한 줄에 하나씩 입력하고 Ctrl-D로 마치십시오:"),
            )
        ));
    }
    let mut tokens = Vec::new();
    for line in stdin.lock().lines() {
        let line = line.map_err(|error| {
            Failure::new(
                Exit::Usage,
                format_args!("stdin cannot be read ({}); write UTF-8 lines", error.kind()),
            )
        })?;
        if !line.trim().is_empty() {
            tokens.push(keyring.token(token_type, &line));
        }
    }
    if tokens.is_empty() {
        return Err(Failure::new(Exit::Usage, "stdin holds no identifier; write one per line"));
    }
    Ok(tokens)
}
