//! One Kafka record as it is read: borrowed, never copied, never printed.
//!
//! The types here hold raw payload, so they have no `Debug`, `Display` or `Serialize`.

/// A record of an egress topic. The bytes stay where librdkafka (or the input line) left them.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since the epoch; `None` where the producer and the broker set no time.
    pub timestamp_ms: Option<i64>,
    pub key: Option<&'a [u8]>,
    /// `None` is a null value (a tombstone): it holds nothing, key and headers are inspected all the same.
    pub value: Option<&'a [u8]>,
    pub headers: &'a [Header<'a>],
}

/// One header. Names are bytes: Kafka allows names that are not UTF-8.
#[derive(Clone, Copy)]
pub struct Header<'a> {
    pub name: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// Which of a record's byte strings a token, a finding or a scope lies in.
/// The order is the record order of findings: value, key, headers as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Value,
    Key,
    /// Position in `Record::headers`.
    Header(u32),
}

impl<'a> Record<'a> {
    /// The bytes of a part; `None` for a null value, key or header value.
    pub fn part(&self, part: Part) -> Option<&'a [u8]> {
        match part {
            Part::Value => self.value,
            Part::Key => self.key,
            Part::Header(position) => self.headers.get(position as usize).and_then(|header| header.value),
        }
    }
}
