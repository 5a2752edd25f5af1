//! Key files: 32 bytes as 64 hexadecimal digits, a newline allowed, readable by their owner only.
//!
//! Error texts name the file and what is wrong, never what it holds.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

const KEY_BYTES: usize = 32;
const KEY_FILE_MODE: u32 = 0o600;
/// 64 digits and a line end of either kind; nothing longer is read.
const KEY_FILE_BYTES_MAX: u64 = 66;

/// Reads a key.
///
/// # Errors
/// The file cannot be read, others than its owner may read it, or it holds something else.
pub(super) fn read(path: &Path) -> Result<[u8; KEY_BYTES], KeyFileError> {
    let error = |what: Wrong| KeyFileError { path: path.display().to_string(), what };
    let file = File::open(path).map_err(|cause| error(Wrong::Io(cause)))?;
    let mode = file.metadata().map_err(|cause| error(Wrong::Io(cause)))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(error(Wrong::Open { mode: mode & 0o777 }));
    }
    let mut text = String::new();
    let length = file.take(KEY_FILE_BYTES_MAX + 1).read_to_string(&mut text);
    length.map_err(|cause| error(Wrong::Io(cause)))?;
    from_hex(text.trim_end_matches(['\r', '\n'])).ok_or_else(|| error(Wrong::Content))
}

/// Writes a new random key to a file that does not exist yet.
///
/// # Errors
/// The file exists or cannot be written, or the system has no random bytes.
pub(super) fn create(path: &Path) -> Result<(), KeyFileError> {
    let error = |what: Wrong| KeyFileError { path: path.display().to_string(), what };
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|_| error(Wrong::Random))?;
    let mut text = String::with_capacity(2 * KEY_BYTES + 1);
    for byte in key {
        text.extend(
            [byte >> 4, byte & 0xf].into_iter().filter_map(|nibble| char::from_digit(nibble.into(), 16)),
        );
    }
    text.push('\n');
    let opened = OpenOptions::new().write(true).create_new(true).mode(KEY_FILE_MODE).open(path);
    let written = opened.and_then(|mut file| {
        // The process's umask may have taken more rights away, never given any.
        file.set_permissions(fs::Permissions::from_mode(KEY_FILE_MODE))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|cause| error(Wrong::Io(cause)))
}

fn from_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|&[high, low]| u8::try_from(nibble(high)? * 16 + nibble(low)?).ok()).collect();
    bytes?.try_into().ok()
}

#[derive(Debug)]
pub(super) struct KeyFileError {
    path: String,
    what: Wrong,
}

#[derive(Debug)]
enum Wrong {
    Io(std::io::Error),
    Open { mode: u32 },
    Content,
    Random,
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.what {
            Wrong::Io(cause) => write!(f, "key file {path}: {cause}"),
            Wrong::Open { mode } => {
                write!(
                    f,
                    "key file {path}: others than its owner can use it (mode {mode:04o}): chmod 600 {path}"
                )
            }
            Wrong::Content => {
                write!(
                    f,
                    "key file {path}: not 64 hexadecimal digits: make one with `sumun token --new-key FILE`"
                )
            }
            Wrong::Random => write!(f, "key file {path}: the system gave no random bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::{create, read};

    fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_new_key_is_random_private_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        create(&one).unwrap();
        create(&two).unwrap();
        assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&one).unwrap().len(), 65);
        assert_ne!(read(&one).unwrap(), read(&two).unwrap());
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, "precious", 0o600);
        assert!(create(&path).unwrap_err().to_string().contains("exists"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for mode in [0o640, 0o604, 0o620] {
            write(&path, &"0".repeat(64), mode);
            let text = read(&path).unwrap_err().to_string();
            assert!(text.ends_with(&format!("chmod 600 {}", path.display())), "{text}");
        }
    }

    #[test]
    fn a_key_is_64_digits_and_at_most_a_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        for good in [digits.to_owned(), format!("{digits}\n"), format!("{digits}\r\n")] {
            write(&path, &good, 0o600);
            assert_eq!(read(&path).unwrap().to_vec(), (0..32).collect::<Vec<u8>>());
        }
        for bad in [
            "",
            &digits.replace("1F", ""),
            &format!("{digits}00"),
            &digits.replace('F', "g"),
            &format!(" {digits}"),
        ] {
            write(&path, bad, 0o600);
            let text = read(&path).unwrap_err().to_string();
            assert!(text.contains("64 hexadecimal digits") && !text.contains("0001"), "{text}");
        }
    }
}
