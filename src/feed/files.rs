//! Facts from files of JSON Lines, one fact a line.
//!
//! A file's stream is said by its name: `consent.jsonl`, or in parts `consent-2024.jsonl`,
//! `consent.jp.jsonl` (the stream, `-` or `.`, anything, `.jsonl`). Of a folder every `*.jsonl` is read, in
//! byte order of the names, not the folders in it. One unreadable line, or one `*.jsonl` that is named after no
//! stream, refuses the whole load: an unreadable withdrawal must not become "no withdrawal".

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::facts::{Builder, FactError, Facts, Stream};

/// The longest line that is read as a fact: a disclosure that lists 8,000 sellers by id takes some 200 kB.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How many faults are reported one by one.
const ERRORS_MAX: usize = 100;

/// Why facts were not loaded. Says where, and holds nothing of what stands there.
#[derive(Debug, Error)]
pub enum FeedError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: not named after a stream of facts (disclosure, consent, basis, recipient)", path.display())]
    Name { path: PathBuf },
    #[error("{}:{line}: {source}", path.display())]
    Fact { path: PathBuf, line: u64, source: FactError },
    #[error("{}:{line}: not UTF-8", path.display())]
    Encoding { path: PathBuf, line: u64 },
    #[error("{}:{line}: longer than {LINE_BYTES_MAX} bytes; the rest of the file was not read", path.display())]
    LineTooLong { path: PathBuf, line: u64 },
    #[error("and {count} more")]
    More { count: usize },
}

/// Reads folders and files into one snapshot, or reports all that is wrong with them.
pub fn load(paths: &[PathBuf]) -> Result<Facts, Vec<FeedError>> {
    let mut builder = Builder::new();
    read(paths, |_, stream, text| builder.add(stream, text))?;
    Ok(builder.build())
}

/// Where a fact stands.
#[derive(Clone, Copy)]
pub struct At<'p> {
    pub file: &'p Path,
    /// From 1.
    pub line: u64,
}

/// Hands every line with a fact or a heartbeat to `take`, in the order in which they count, and reports all that is
/// wrong: what `take` refuses too.
pub fn read(
    paths: &[PathBuf],
    take: impl FnMut(At<'_>, Stream, &str) -> Result<(), FactError>,
) -> Result<(), Vec<FeedError>> {
    let mut reading = Reading { take, errors: Vec::new(), errors_total: 0 };
    for path in paths {
        reading.path(path);
    }
    reading.finish()
}

/// The files that [`load`] reads, in its order; a path that cannot be read stands for itself.
pub fn list(paths: &[PathBuf]) -> Vec<PathBuf> {
    let files = |path: &PathBuf| match files(path) {
        Ok(files) => files.into_iter().map(|(file, _)| file).collect(),
        Err(_) => vec![path.clone()],
    };
    paths.iter().flat_map(files).collect()
}

struct Reading<F> {
    take: F,
    errors: Vec<FeedError>,
    errors_total: usize,
}

impl<F: FnMut(At<'_>, Stream, &str) -> Result<(), FactError>> Reading<F> {
    fn path(&mut self, path: &Path) {
        match files(path) {
            Ok(files) => {
                for (file, stream) in files {
                    match stream {
                        Some(stream) => self.file(&file, stream),
                        None => self.report(FeedError::Name { path: file }),
                    }
                }
            }
            Err(source) => self.report(FeedError::Io { path: path.to_owned(), source }),
        }
    }

    fn file(&mut self, path: &Path, stream: Stream) {
        if let Err(source) = self.lines(path, stream) {
            self.report(FeedError::Io { path: path.to_owned(), source });
        }
    }

    fn lines(&mut self, path: &Path, stream: Stream) -> io::Result<()> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            let read = reader.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                break;
            }
            if read as u64 > LINE_BYTES_MAX {
                self.report(FeedError::LineTooLong { path: path.to_owned(), line });
                break;
            }
            let Ok(text) = std::str::from_utf8(&bytes) else {
                self.report(FeedError::Encoding { path: path.to_owned(), line });
                continue;
            };
            // Windows' editors put a byte order mark in front of the first line.
            let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
            if text.is_empty() {
                continue;
            }
            if let Err(source) = (self.take)(At { file: path, line }, stream, text) {
                self.report(FeedError::Fact { path: path.to_owned(), line, source });
            }
        }
        Ok(())
    }

    fn report(&mut self, error: FeedError) {
        self.errors_total += 1;
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }

    fn finish(mut self) -> Result<(), Vec<FeedError>> {
        if self.errors.is_empty() {
            return Ok(());
        }
        let count = self.errors_total - self.errors.len();
        if count > 0 {
            self.errors.push(FeedError::More { count });
        }
        Err(self.errors)
    }
}

/// The path itself, or the `*.jsonl` of a folder, with their streams; `None` where the name says none.
fn files(path: &Path) -> io::Result<Vec<(PathBuf, Option<Stream>)>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![(path.to_owned(), stream_of(path))]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "jsonl") && !file.is_dir() {
            let stream = stream_of(&file);
            files.push((file, stream));
        }
    }
    // A later line replaces an earlier one of the same key: the order must not be the file system's.
    files.sort();
    Ok(files)
}

fn stream_of(path: &Path) -> Option<Stream> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".jsonl")?;
    Stream::ALL.into_iter().find(|stream| {
        let rest = stem.strip_prefix(stream.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use crate::facts::Counts;

    use super::{ERRORS_MAX, load};

    const RECIPIENT: &str = r#"{"recipient": "a", "hosts": ["a.example"]}"#;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn faults(paths: &[PathBuf]) -> Vec<String> {
        let errors = load(paths).err().unwrap();
        let file = |text: String| text.rsplit_once('/').map_or(text.clone(), |(_, file)| file.to_owned());
        errors.into_iter().map(|error| file(error.to_string())).collect()
    }

    #[test]
    fn a_folder_is_read_by_the_names_of_its_files() {
        let folder = folder(&[
            (
                "recipient.jsonl",
                &format!("\u{feff}{RECIPIENT}\r\n\n{{\"heartbeat\": \"2026-11-24T05:00:00Z\"}}\n"),
            ),
            ("recipient-2024.jsonl", r#"{"recipient": "b"}"#),
            ("recipient.jp.jsonl", r#"{"recipient": "a"}"#),
            ("notes.txt", "not a fact"),
        ]);
        let facts = load(&[folder.path().to_owned()]).ok().unwrap();
        assert_eq!(facts.counts().recipient, 2);
        assert_eq!(facts.heartbeat_ms(), Some(1_795_496_400_000));
        // `recipient.jp.jsonl` comes before `recipient.jsonl`: the later line stands.
        assert_eq!(facts.registry()[0].hosts, ["a.example"]);
        let file = folder.path().join("recipient-2024.jsonl");
        assert_eq!(load(&[file]).ok().unwrap().counts().recipient, 1);
    }

    #[test]
    fn the_facts_of_the_worked_example_are_read() {
        let facts = load(&["tests/contracts/facts".into()]).ok().unwrap();
        let counts = Counts { disclosure: 4, consent: 14, basis: 8, recipient: 12 };
        assert_eq!((facts.counts(), facts.heartbeat_ms()), (counts, None));
    }

    #[test]
    fn every_unreadable_line_is_reported_and_refuses_the_load() {
        let folder = folder(&[
            ("recipient.jsonl", &format!("{RECIPIENT}\n{{\"recipient\": \"b\", \"host\": []}}\nsecret\n")),
            ("consnet.jsonl", ""),
        ]);
        fs::write(folder.path().join("basis.jsonl"), b"{}\n\xff\n").unwrap();
        assert_eq!(
            faults(&[folder.path().to_owned(), folder.path().join("none.jsonl")]),
            [
                "basis.jsonl:1: field `basis` is missing",
                "basis.jsonl:2: not UTF-8",
                "consnet.jsonl: not named after a stream of facts (disclosure, consent, basis, recipient)",
                "recipient.jsonl:2: field `host` does not belong here (own data belongs under `meta`)",
                "recipient.jsonl:3: not a JSON object on one line",
                "none.jsonl: No such file or directory (os error 2)",
            ]
        );
    }

    #[test]
    fn many_faults_are_counted_in_the_end() {
        let folder = folder(&[("basis.jsonl", &"{}\n".repeat(ERRORS_MAX + 5))]);
        let faults = faults(&[folder.path().to_owned()]);
        assert_eq!(faults.len(), ERRORS_MAX + 1);
        assert_eq!(faults[ERRORS_MAX], "and 5 more");
    }
}
