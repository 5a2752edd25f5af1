//! `sumun token`: subject tokens of identifiers on stdin, so that consent systems make the same ones; and new keys.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::args::TokenArgs;
use super::exit::{Exit, Failure, Outcome};
use super::{assemble, identifiers};
use crate::config;
use crate::subject::{Keyring, TokenType};
use crate::text::Language;

const KEY_BYTES: usize = 32;
/// Whoever reads a key can enumerate all phone numbers.
const KEY_FILE_MODE: u32 = 0o600;

pub(super) fn run(arguments: &TokenArgs, language: Language) -> Outcome {
    if let Some(path) = &arguments.new_key {
        create_key(path).map_err(|error| Failure::new(Exit::Configuration, error))?;
        return Ok(Exit::Ok);
    }
    let Some(token_type) = arguments.token_type else {
        return Err(Failure::new(Exit::Usage, "give --type or --new-key"));
    };
    let keyring = keyring(arguments)?;
    identifiers::prompt(token_type, language);
    write_tokens(token_type, &keyring, io::stdin().lock(), io::stdout().lock())
}

fn keyring(arguments: &TokenArgs) -> Result<Keyring, Failure> {
    if let Some(path) = &arguments.config {
        let config = assemble::configuration(path)?;
        return Ok(Keyring::new(config.keys.into_iter().map(|key| (key.id, key.key)).collect()));
    }
    let (Some(path), Some(id)) = (&arguments.key_file, &arguments.key_id) else {
        return Err(Failure::new(Exit::Usage, "give a key: -c CONFIG, or --key-file FILE with --key-id KID"));
    };
    let id =
        config::key_id(id).map_err(|error| Failure::new(Exit::Usage, format_args!("--key-id: {error}")))?;
    let key = config::read_key(path).map_err(|error| Failure::new(Exit::Configuration, error))?;
    Ok(Keyring::new(vec![(id, key)]))
}

/// One line per value: its token, or nothing where the value makes none (masked, empty, not UTF-8).
fn write_tokens(
    token_type: TokenType,
    keyring: &Keyring,
    input: impl io::Read,
    output: impl Write,
) -> Outcome {
    let mut input = BufReader::new(input);
    let mut output = BufWriter::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = input.read_until(b'\n', &mut line);
        if length.map_err(|error| Failure::new(Exit::Internal, format_args!("cannot read stdin: {error}")))?
            == 0
        {
            break;
        }
        let token = std::str::from_utf8(value(&line)).ok().and_then(|value| keyring.token(token_type, value));
        let token = token.map_or(String::new(), |token| token.0);
        writeln!(output, "{token}").map_err(|error| Failure::writing(&error))?;
        // A program that writes a value and waits for its token gets it at once.
        if input.buffer().is_empty() {
            output.flush().map_err(|error| Failure::writing(&error))?;
        }
    }
    output.flush().map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}

/// The line without its end.
fn value(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Writes a new random key to a file that does not exist yet. The text names the file and never the key.
fn create_key(path: &Path) -> Result<(), String> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|_| "the system gave no random bytes; try again".to_owned())?;
    let mut text = String::with_capacity(2 * KEY_BYTES + 1);
    for byte in key {
        text.extend(
            [byte >> 4, byte & 0xf].into_iter().filter_map(|nibble| char::from_digit(nibble.into(), 16)),
        );
    }
    text.push('\n');
    let opened = OpenOptions::new().write(true).create_new(true).mode(KEY_FILE_MODE).open(path);
    let written = opened.and_then(|mut file| {
        // The umask may have taken rights of the owner away.
        file.set_permissions(fs::Permissions::from_mode(KEY_FILE_MODE))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        format!(
            "the key file {} was not written ({}); name a new file in a folder that exists",
            path.display(),
            config::why(&error)
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::{KEY_FILE_MODE, create_key, write_tokens};
    use crate::config::read_key;
    use crate::subject::{Keyring, TokenType};

    #[test]
    fn a_new_key_is_random_private_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        create_key(&one).unwrap();
        create_key(&two).unwrap();
        assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, KEY_FILE_MODE);
        assert_eq!(fs::read_to_string(&one).unwrap().len(), 65);
        assert_ne!(read_key(&one).unwrap(), read_key(&two).unwrap());
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "precious").unwrap();
        assert!(create_key(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn every_line_of_input_makes_a_line_of_output() {
        let key: Vec<u8> = (0..32).collect();
        let keyring = Keyring::new(vec![("k1".into(), key.try_into().unwrap())]);
        let mut output = Vec::new();
        let input = b"010-1234-5678\r\n010-****-5678\n\n\xff\n1012345678".as_slice();
        write_tokens(TokenType::Phone, &keyring, input, &mut output).unwrap();
        let token = "k1:phone:333625e8af6012c36aa018d2d941c053";
        assert_eq!(String::from_utf8(output).unwrap(), format!("{token}\n\n\n\n{token}\n"));
    }
}
