//! Identifiers of persons from stdin: one per line, made into tokens at once, printed nowhere.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::exit::{Exit, Failure, say};
use crate::subject::{Keyring, SubjectToken, TokenType};
use crate::text::Language;

/// Says what is to be typed where somebody sits at a terminal.
pub(super) fn prompt(token_type: TokenType, language: Language) {
    if io::stdin().is_terminal() {
        let kind = token_type.as_str();
        let text = language.pick(
            format!("{kind}, one per line; end with Ctrl-D:"),
            format!("{kind} 값을 한 줄에 하나씩 입력하고 Ctrl-D로 마치십시오:"),
        );
        say(format_args!("{text}"));
    }
}

/// The token of every line that holds something; `None` for a value that makes none (masked, or nothing left of it).
pub(super) fn tokens(
    token_type: TokenType,
    keyring: &Keyring,
    language: Language,
) -> Result<Vec<Option<SubjectToken>>, Failure> {
    prompt(token_type, language);
    let mut tokens = Vec::new();
    for line in io::stdin().lock().lines() {
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
