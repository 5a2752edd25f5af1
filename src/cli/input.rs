//! Records from lines of bytes, for `scan` and `bench`.
//!
//! A payload reaches inspection as the bytes it has in Kafka. kcat writes payloads that are not UTF-8 raw inside
//! its JSON, so lines are bytes here, never text.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::args::Input;
use super::exit::{Exit, Failure};
use super::kcat;
use crate::record::{Header, Record};

/// Ten MiB of payload with every byte escaped (`\u0000`), and room for the envelope. A longer line is no record.
const LINE_BYTES_MAX: usize = 128 << 20;
const READ_BUFFER_BYTES: usize = 1 << 20;

/// A record that owns its bytes. Holds raw payload: no `Debug`.
#[derive(Clone, Default)]
pub(super) struct OwnedRecord {
    /// `None` for a bare payload: its coordinates are not known.
    pub(super) coordinates: Option<Coordinates>,
    pub(super) timestamp_ms: Option<i64>,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: OwnedHeaders,
}

/// Names and values.
pub(super) type OwnedHeaders = Vec<(Vec<u8>, Option<Vec<u8>>)>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coordinates {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) offset: i64,
}

impl OwnedRecord {
    /// The headers as a [`Record`] wants them, in `out`.
    pub(super) fn headers_into<'a>(&'a self, out: &mut Vec<Header<'a>>) {
        out.clear();
        out.extend(self.headers.iter().map(|(name, value)| Header { name, value: value.as_deref() }));
    }

    /// `headers` are those of [`OwnedRecord::headers_into`].
    pub(super) fn record<'a>(&'a self, headers: &'a [Header<'a>]) -> Record<'a> {
        let (topic, partition, offset) = match &self.coordinates {
            Some(at) => (at.topic.as_str(), at.partition, at.offset),
            None => ("", 0, 0),
        };
        Record {
            topic,
            partition,
            offset,
            timestamp_ms: self.timestamp_ms,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers,
        }
    }
}

/// One line of input.
pub(super) enum Line {
    Record(OwnedRecord),
    /// No record: broken JSON, not kcat's object, or longer than [`LINE_BYTES_MAX`] (then nobody counts its bytes).
    Unreadable {
        bytes: Option<u64>,
    },
}

/// Reads the lines of one file.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    input: Input,
    buffer: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R, input: Input) -> Lines<R> {
        Lines { reader: BufReader::with_capacity(READ_BUFFER_BYTES, reader), input, buffer: Vec::new() }
    }

    /// Whether the next line has to be waited for.
    pub(super) fn is_idle(&self) -> bool {
        self.reader.buffer().is_empty()
    }

    /// The next record or unreadable line; `None` at the end. Lines without content hold no record and are
    /// skipped, except where each line is a text: an empty text is a record.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            match read_line(&mut self.reader, &mut self.buffer, LINE_BYTES_MAX)? {
                ReadLine::End => return Ok(None),
                ReadLine::TooLong => return Ok(Some(Line::Unreadable { bytes: None })),
                ReadLine::Line => {}
            }
            let line = self.buffer.as_slice();
            let bare = |value: &[u8]| OwnedRecord { value: Some(value.to_vec()), ..OwnedRecord::default() };
            match self.input {
                Input::Text => return Ok(Some(Line::Record(bare(line)))),
                _ if line.trim_ascii().is_empty() => {}
                Input::Ndjson => return Ok(Some(Line::Record(bare(line)))),
                Input::Kcat => {
                    let unreadable = Line::Unreadable { bytes: Some(line.len() as u64) };
                    return Ok(Some(kcat::parse(line).map_or(unreadable, Line::Record)));
                }
            }
        }
    }
}

/// Hands every line of the files to `take`, `-` or no file being stdin; and whether the next line has to be waited for.
pub(super) fn each_line(
    files: &[PathBuf],
    input: Input,
    take: &mut dyn FnMut(Line, bool) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let stdin = [PathBuf::from("-")];
    let files = if files.is_empty() { stdin.as_slice() } else { files };
    for path in files {
        let unreadable = |error: io::Error| {
            Failure::new(
                Exit::Usage,
                format_args!("{}: {error}; name a file that can be read", path.display()),
            )
        };
        let reader: Box<dyn Read> = match path.as_path() {
            path if path == Path::new("-") => Box::new(io::stdin().lock()),
            path => Box::new(File::open(path).map_err(unreadable)?),
        };
        let mut lines = Lines::new(reader, input);
        while let Some(line) = lines.next().map_err(unreadable)? {
            take(line, lines.is_idle())?;
        }
    }
    Ok(())
}

enum ReadLine {
    /// In the buffer, without its end.
    Line,
    /// The rest of it was skipped.
    TooLong,
    End,
}

fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>, bytes_max: usize) -> io::Result<ReadLine> {
    buffer.clear();
    let mut begun = false;
    let mut too_long = false;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() && !begun {
            return Ok(ReadLine::End);
        }
        begun = true;
        let end = memchr::memchr(b'\n', available);
        let (part, _) = available.split_at(end.unwrap_or(available.len()));
        too_long |= buffer.len() + part.len() > bytes_max;
        if !too_long {
            buffer.extend_from_slice(part);
        }
        let at_end = end.is_some() || available.is_empty();
        let used = end.map_or(available.len(), |end| end + 1);
        reader.consume(used);
        if at_end {
            break;
        }
    }
    if too_long {
        buffer.clear();
        return Ok(ReadLine::TooLong);
    }
    if buffer.last() == Some(&b'\r') {
        buffer.pop();
    }
    Ok(ReadLine::Line)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{Input, Line, Lines, ReadLine, read_line};

    fn values(text: &[u8], input: Input) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(text, input);
        let mut out = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            out.push(match line {
                Line::Record(record) => record.value,
                Line::Unreadable { .. } => None,
            });
        }
        out
    }

    #[test]
    fn a_line_is_a_payload_with_or_without_a_last_line_end() {
        let both = vec![Some(b"{\"a\":1}".to_vec()), Some(b"[2]".to_vec())];
        assert_eq!(values(b"{\"a\":1}\r\n[2]", Input::Ndjson), both);
        assert_eq!(values(b"{\"a\":1}\n[2]\n", Input::Ndjson), both);
    }

    #[test]
    fn an_empty_line_is_a_record_only_where_lines_are_texts() {
        assert_eq!(values(b"\n  \n", Input::Ndjson), Vec::<Option<Vec<u8>>>::new());
        assert_eq!(values(b"\n  \n", Input::Kcat), Vec::<Option<Vec<u8>>>::new());
        assert_eq!(values(b"a\n\nb\n", Input::Text).len(), 3);
    }

    #[test]
    fn bytes_that_are_not_utf8_arrive_unchanged() {
        assert_eq!(values(b"\xb1\xe8\n", Input::Text), vec![Some(vec![0xb1, 0xe8])]);
    }

    #[test]
    fn a_line_spans_reads_and_one_that_is_too_long_is_skipped_whole() {
        let mut reader = BufReader::with_capacity(4, b"0123456789\nabcdef\n".as_slice());
        let mut buffer = Vec::new();
        assert!(matches!(read_line(&mut reader, &mut buffer, 9).unwrap(), ReadLine::TooLong));
        assert!(matches!(read_line(&mut reader, &mut buffer, 9).unwrap(), ReadLine::Line));
        assert_eq!(buffer, b"abcdef");
        assert!(matches!(read_line(&mut reader, &mut buffer, 9).unwrap(), ReadLine::End));
    }
}
