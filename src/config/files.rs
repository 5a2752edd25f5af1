//! Files and folders that the configuration names; relative ones are sought beside it.

use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::TokenKey;
use super::read::{Reading, Section};
use crate::yaml::Node;

const KEY_HEX_DIGITS: usize = 64;
/// The digits and an end of line; a longer file is no key.
const KEY_FILE_BYTES_MAX: usize = KEY_HEX_DIGITS + 2;

/// A list of files or folders, each of which must be there.
pub(super) fn existing(
    node: Option<&Node>,
    what: &'static str,
    folder: &Path,
    reading: &mut Reading<'_>,
) -> Vec<PathBuf> {
    let items = reading.list(node, what);
    items.iter().filter_map(|node| existing_one(Some(node), what, folder, reading)).collect()
}

fn existing_one(
    node: Option<&Node>,
    what: &str,
    folder: &Path,
    reading: &mut Reading<'_>,
) -> Option<PathBuf> {
    reading.parsed(node, what, |text| {
        let path = folder.join(text);
        match path.try_exists() {
            Ok(true) => Ok(path),
            Ok(false) => Err(format!("there is no `{}`; check the path", path.display())),
            Err(error) => {
                Err(format!("`{}` cannot be reached ({}); check the path", path.display(), why(&error)))
            }
        }
    })
}

/// `geo.databases`.
pub(super) fn databases(node: Option<&Node>, folder: &Path, reading: &mut Reading<'_>) -> Vec<PathBuf> {
    let Some(node) = node else { return Vec::new() };
    let section = reading.section(node, "geo", &["databases"]);
    let items = reading.list(section.get("databases"), "databases");
    let mut paths = Vec::new();
    for node in items {
        let section = reading.section(node, "databases", &["path"]);
        let written = section.required("path", "the mmdb file, as in `path: geo/country.mmdb`", reading);
        paths.extend(existing_one(written, "path", folder, reading));
    }
    paths
}

/// `state_dir`; else what systemd gives (`StateDirectory=`), else a folder beside the configuration.
pub(super) fn state_dir(node: Option<&Node>, folder: &Path, reading: &mut Reading<'_>) -> Option<PathBuf> {
    if node.is_some() {
        return reading.parsed(node, "state_dir", |text| Ok(folder.join(text)));
    }
    // systemd separates several by colons.
    let given = std::env::var("STATE_DIRECTORY").ok();
    let first =
        given.as_deref().and_then(|folders| folders.split(':').next()).filter(|first| !first.is_empty());
    Some(first.map_or_else(|| folder.join("sumun-state"), PathBuf::from))
}

/// `tokens.keys`: at least one.
pub(super) fn token_keys(top: Section<'_>, folder: &Path, reading: &mut Reading<'_>) -> Vec<TokenKey> {
    const EXAMPLE: &str = "`keys: [{id: k1, key_file: keys/k1.hex}]`";
    let Some(node) = top.required("tokens", EXAMPLE, reading) else { return Vec::new() };
    let section = reading.section(node, "tokens", &["keys"]);
    let written = section.required("keys", EXAMPLE, reading);
    let items = reading.list(written, "keys");
    if let Some(node) = written.filter(|_| items.is_empty()) {
        reading.problem(node.position, format!("without a key no person is known; write {EXAMPLE}"));
    }
    let mut keys: Vec<TokenKey> = Vec::new();
    for node in items {
        let section = reading.section(node, "keys", &["id", "key_file"]);
        let id = section.required("id", "the name that tokens begin with, as in `id: k1`", reading);
        let file = section.required("key_file", "the file with the key", reading);
        let parsed = reading.parsed(id, "id", key_id);
        let key = reading.parsed(file, "key_file", |text| read_key(&folder.join(text)));
        let (Some(written), Some(id), Some(key)) = (id, parsed, key) else { continue };
        if keys.iter().any(|known| known.id == id) {
            reading.problem(
                written.position,
                format!("two keys are named `{id}`; a change of key is a new name"),
            );
        }
        keys.push(TokenKey { id, key });
    }
    keys
}

pub fn key_id(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if fits {
        Ok(text.to_owned())
    } else {
        Err("not a name of a key; write letters and digits, as in `k1`".to_owned())
    }
}

/// Why a file cannot be had, in words of those who run programs: Rust calls a missing file a missing entity, and an
/// entity is something else here.
pub fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is none".to_owned(),
        std::io::ErrorKind::AlreadyExists => "there is one already".to_owned(),
        kind => kind.to_string(),
    }
}

/// 64 hexadecimal digits, a newline allowed, readable by its owner only.
pub fn read_key(path: &Path) -> Result<[u8; 32], String> {
    let name = path.display();
    let unread = |error: std::io::Error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::NotFound => format!("make one with `sumun token --new-key {name}`"),
            _ => "check it".to_owned(),
        };
        format!("the key file `{name}` cannot be read ({}); {remedy}", why(&error))
    };
    let file = std::fs::File::open(path).map_err(unread)?;
    let metadata = file.metadata().map_err(unread)?;
    if metadata.is_dir() {
        return Err(format!("the key file `{name}` is a folder; name the file in it"));
    }
    let euid = rustix::process::geteuid().as_raw();
    if !is_private(metadata.permissions().mode(), metadata.uid(), euid) {
        return Err(format!(
            "the key file `{name}` is open to others than its owner; run `chmod 0600 {name}`"
        ));
    }
    let mut text = String::new();
    let limit = u64::try_from(KEY_FILE_BYTES_MAX).unwrap_or(u64::MAX);
    file.take(limit + 1).read_to_string(&mut text).map_err(unread)?;
    let digits =
        text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    hex(digits).ok_or_else(|| {
        format!("the key file `{name}` holds no key of {KEY_HEX_DIGITS} hexadecimal digits; make one with `sumun token --new-key FILE`")
    })
}

/// Whether a file of this mode and owner is for its reader alone. Kubernetes (`fsGroup`) and systemd (an access list)
/// hand a secret of root to a process of another user by its group bits: nobody else is in that group.
fn is_private(mode: u32, owner: u32, reader: u32) -> bool {
    const ALL_BUT_OWNER: u32 = 0o077;
    const ALL_BUT_GROUP_READ: u32 = 0o037;
    let is_handed_over = owner == 0 && reader != 0 && mode & ALL_BUT_GROUP_READ == 0;
    mode & ALL_BUT_OWNER == 0 || is_handed_over
}

fn hex(digits: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != key.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? * 16 + low?).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn a_key_is_for_its_reader_alone() {
        let check = |mode, owner, reader, private| {
            assert_eq!(is_private(mode, owner, reader), private, "{mode:o} of {owner}, read by {reader}");
        };
        check(0o100_600, 1000, 1000, true);
        check(0o100_400, 0, 0, true);
        check(0o100_640, 1000, 1000, false);
        check(0o100_604, 0, 1000, false);
        // As Kubernetes and systemd hand it over, and not to others.
        check(0o100_440, 0, 1000, true);
        check(0o100_440, 0, 0, false);
        check(0o100_440, 1001, 1000, false);
        check(0o100_460, 0, 1000, false);
    }
}
