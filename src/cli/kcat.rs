//! The object that `kcat -C -J` prints for one record.
//!
//! Read by hand and as bytes: kcat writes what is not UTF-8 raw inside its JSON strings, which no JSON library
//! takes, and the payload must reach inspection unchanged. Only the envelope is read here; what the payload is,
//! is a question for `decode`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::input::{Coordinates, OwnedHeaders, OwnedRecord};

/// `None` where the line is no such object: broken JSON, or `topic`, `partition`, `offset` or the payload is
/// missing or of another type. Other fields may be missing, unknown ones are passed over; of repeated fields the
/// last counts.
pub(super) fn parse(line: &[u8]) -> Option<OwnedRecord> {
    let mut cursor = Cursor { rest: line };
    let mut fields = Fields::default();
    cursor.token(b'{')?;
    if !cursor.take(b'}') {
        loop {
            let name = cursor.string()?;
            cursor.token(b':')?;
            fields.read(&name, &mut cursor)?;
            if !cursor.take(b',') {
                break;
            }
        }
        cursor.token(b'}')?;
    }
    cursor.end()?;
    fields.into_record()
}

/// `None` is JSON's null.
type Nullable<T> = Option<T>;

#[derive(Default)]
struct Fields {
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
    timestamp_ms: Option<i64>,
    /// kcat prints a time also where there is none, and says so here.
    timestamp_unknown: bool,
    key: Option<Vec<u8>>,
    value: Option<Nullable<Vec<u8>>>,
    headers: OwnedHeaders,
}

impl Fields {
    fn read(&mut self, name: &[u8], cursor: &mut Cursor<'_>) -> Option<()> {
        match name {
            b"topic" => self.topic = Some(String::from_utf8(cursor.string()?).ok()?),
            b"partition" => self.partition = Some(i32::try_from(cursor.integer()?).ok()?),
            b"offset" => self.offset = Some(cursor.integer()?),
            b"ts" => self.timestamp_ms = cursor.nullable(Cursor::integer)?,
            b"tstype" => {
                let kind = cursor.nullable(Cursor::string)?;
                self.timestamp_unknown = !matches!(kind.as_deref(), Some(b"create" | b"logappend"));
            }
            b"key" => self.key = cursor.nullable(Cursor::string)?,
            b"payload" => {
                let value = cursor.nullable(Cursor::string)?;
                self.set_value(value);
            }
            b"payload_b64" => {
                let encoded = cursor.nullable(Cursor::string)?;
                let value = match encoded {
                    Some(encoded) => Some(STANDARD.decode(encoded).ok()?),
                    None => None,
                };
                self.set_value(value);
            }
            b"headers" => self.headers = cursor.nullable(Cursor::headers)?.unwrap_or_default(),
            _ => cursor.skip_value()?,
        }
        Some(())
    }

    /// A writer that always prints both fields leaves one of them null: that one says nothing.
    fn set_value(&mut self, value: Nullable<Vec<u8>>) {
        self.value = Some(value.or_else(|| self.value.take().flatten()));
    }

    fn into_record(self) -> Option<OwnedRecord> {
        let coordinates =
            Coordinates { topic: self.topic?, partition: self.partition?, offset: self.offset? };
        // librdkafka's "no timestamp" is -1.
        let timestamp_ms = self.timestamp_ms.filter(|&at| at >= 0 && !self.timestamp_unknown);
        Some(OwnedRecord {
            coordinates: Some(coordinates),
            timestamp_ms,
            key: self.key,
            value: self.value?,
            headers: self.headers,
        })
    }
}

/// What is left of the line. Every method passes white space over first; `None` is broken JSON.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn take(&mut self, byte: u8) -> bool {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.split_first() {
            Some((&first, rest)) if first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn token(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn end(&self) -> Option<()> {
        self.rest.trim_ascii_start().is_empty().then_some(())
    }

    fn literal(&mut self, text: &[u8]) -> bool {
        self.rest = self.rest.trim_ascii_start();
        let Some(rest) = self.rest.strip_prefix(text) else { return false };
        self.rest = rest;
        true
    }

    fn nullable<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Nullable<T>> {
        if self.literal(b"null") { Some(None) } else { read(self).map(Some) }
    }

    fn integer(&mut self) -> Option<i64> {
        self.rest = self.rest.trim_ascii_start();
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
        let (digits, rest) = self.rest.split_at_checked(length)?;
        // `1.5` and `1e3` are no integers.
        if matches!(rest.first(), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.rest = rest;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// The bytes that a string stands for.
    fn string(&mut self) -> Option<Vec<u8>> {
        self.token(b'"')?;
        let mut out = Vec::new();
        loop {
            let position = memchr::memchr2(b'"', b'\\', self.rest)?;
            let (plain, tail) = self.rest.split_at_checked(position)?;
            out.extend_from_slice(plain);
            let (&mark, tail) = tail.split_first()?;
            self.rest = tail;
            if mark == b'"' {
                return Some(out);
            }
            self.escape(&mut out)?;
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let (&kind, rest) = self.rest.split_first()?;
        self.rest = rest;
        let byte = match kind {
            b'"' | b'\\' | b'/' => kind,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = self.unicode_escape()?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Some(());
            }
            _ => return None,
        };
        out.push(byte);
        Some(())
    }

    /// The digits after `\u`, and the second half of a surrogate pair. Half a pair is U+FFFD.
    fn unicode_escape(&mut self) -> Option<char> {
        let high = self.hex4()?;
        if (0xD800..0xDC00).contains(&high) {
            let before = self.rest;
            if self.rest.starts_with(b"\\u") {
                self.rest = self.rest.get(2..)?;
                let low = self.hex4()?;
                if (0xDC00..0xE000).contains(&low) {
                    return char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
                }
                self.rest = before;
            }
        }
        Some(char::from_u32(high).unwrap_or('\u{FFFD}'))
    }

    fn hex4(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
    }

    /// A flat array of names and values.
    fn headers(&mut self) -> Option<OwnedHeaders> {
        let mut headers = Vec::new();
        self.token(b'[')?;
        if self.take(b']') {
            return Some(headers);
        }
        loop {
            let name = self.string()?;
            self.token(b',')?;
            headers.push((name, self.nullable(Self::string)?));
            if self.take(b']') {
                return Some(headers);
            }
            self.token(b',')?;
        }
    }

    /// Passes a value of any type over, without recursion.
    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.rest = self.rest.trim_ascii_start();
            match self.rest.first()? {
                b'"' => drop(self.string()?),
                b'{' | b'[' => {
                    depth += 1;
                    self.rest = self.rest.get(1..)?;
                    continue;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.rest = self.rest.get(1..)?;
                }
                b',' | b':' if depth > 0 => {
                    self.rest = self.rest.get(1..)?;
                    continue;
                }
                byte if byte.is_ascii_alphanumeric() || *byte == b'-' => {
                    let word =
                        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                    let length = self.rest.iter().take_while(word).count();
                    self.rest = self.rest.get(length..)?;
                }
                _ => return None,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Nullable, parse};
    use crate::cli::input::{Coordinates, OwnedRecord};

    fn payload(json_string: &[u8]) -> Option<Nullable<Vec<u8>>> {
        let line = [br#"{"topic":"t","partition":0,"offset":1,"payload":"#, json_string, b"}"].concat();
        parse(&line).map(|record| record.value)
    }

    #[test]
    fn what_kcat_prints_is_read() {
        let line = r#"{"topic":"orders.outbound","partition":3,"offset":1207,"tstype":"create","ts":1719889445678,"broker":1,"headers":["x-seller-id","S17","x-empty",null],"key":"k","payload":"{\"a\":\"홍\"}"}"#;
        let OwnedRecord { coordinates, timestamp_ms, key, value, headers } = parse(line.as_bytes()).unwrap();
        let expected = Coordinates { topic: "orders.outbound".into(), partition: 3, offset: 1207 };
        assert_eq!(coordinates, Some(expected));
        assert_eq!(timestamp_ms, Some(1_719_889_445_678));
        assert_eq!(key.as_deref(), Some(b"k".as_slice()));
        assert_eq!(value.as_deref(), Some("{\"a\":\"홍\"}".as_bytes()));
        assert_eq!(headers, [(b"x-seller-id".to_vec(), Some(b"S17".to_vec())), (b"x-empty".to_vec(), None)]);
    }

    #[test]
    fn bytes_that_are_not_utf8_reach_inspection_unchanged() {
        // "김" in CP949, raw inside the JSON string as kcat writes it.
        assert_eq!(payload(b"\"\\\"\xb1\xe8\\\"\""), Some(Some(b"\"\xb1\xe8\"".to_vec())));
        // UTF-16LE "A": kcat escapes the zero byte.
        assert_eq!(payload(b"\"\xff\xfeA\\u0000\""), Some(Some(vec![0xff, 0xfe, b'A', 0])));
    }

    #[test]
    fn escapes_stand_for_their_characters() {
        assert_eq!(payload(br#""\ud64d\uD83D\ude00\/\n\"""#), Some(Some("홍😀/\n\"".into())));
        assert_eq!(payload(br#""\ud83dx\udc00""#), Some(Some("\u{FFFD}x\u{FFFD}".into())));
    }

    #[test]
    fn a_payload_may_be_null_or_base64() {
        assert_eq!(payload(b"null"), Some(None));
        let line = br#"{"payload_b64":"sej/AA==","topic":"t","partition":0,"offset":1,"key":null}"#;
        assert_eq!(parse(line).unwrap().value, Some(vec![0xb1, 0xe8, 0xff, 0]));
        for both in [r#""payload_b64":"YQ==","payload":null"#, r#""payload":null,"payload_b64":"YQ==""#] {
            let line = format!(r#"{{"topic":"t","partition":0,"offset":1,{both}}}"#);
            assert_eq!(parse(line.as_bytes()).unwrap().value.as_deref(), Some(b"a".as_slice()));
        }
    }

    #[test]
    fn a_time_that_kafka_does_not_know_is_none() {
        for time in
            [r#""tstype":"unknown","ts":0"#, r#""tstype":"create","ts":-1"#, r#""tstype":"none","ts":5"#]
        {
            let line = format!(r#"{{"topic":"t","partition":0,"offset":1,{time},"payload":"x"}}"#);
            assert_eq!(parse(line.as_bytes()).unwrap().timestamp_ms, None, "{time}");
        }
    }

    #[test]
    fn unknown_fields_are_passed_over() {
        let line = br#" { "x" : {"a":[1,-2.5e3,{"b":"}"}],"c":null} , "topic":"t","partition":0,"offset":1,"y":[],"payload":"p","z":true } "#;
        assert_eq!(parse(line).unwrap().value.as_deref(), Some(b"p".as_slice()));
    }

    #[test]
    fn anything_else_is_no_record() {
        for line in [
            r"",
            r"{}",
            r"[1]",
            r#""text""#,
            r#"{"topic":"t","partition":0,"offset":1}"#,
            r#"{"topic":"t","partition":0,"payload":"p"}"#,
            r#"{"topic":"t","partition":0,"offset":1.5,"payload":"p"}"#,
            r#"{"topic":"t","partition":0,"offset":1,"payload":5}"#,
            r#"{"topic":"t","partition":0,"offset":1,"payload":"p""#,
            r#"{"topic":"t","partition":0,"offset":1,"payload":"p"} x"#,
            r#"{"topic":"t","partition":0,"offset":1,"payload":"\q"}"#,
            r#"{"topic":"t","partition":0,"offset":1,"payload_b64":"?"}"#,
            r#"{"topic":"t","partition":0,"offset":1,"headers":["odd"],"payload":"p"}"#,
            r#"{"topic":"t","partition":0,"offset":1,"x":,"payload":"p"}"#,
            r#"{"topic":"t","partition":99999999999,"offset":1,"payload":"p"}"#,
        ] {
            assert!(parse(line.as_bytes()).is_none(), "{line}");
        }
    }
}
