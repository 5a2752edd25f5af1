//! From a payload to a stream of borrowed tokens: where a text lies, under which key, how deep, how encoded.
//!
//! No document is built. What is no JSON is read as one raw text; that is inspection too.

mod bitmap;
mod outline;
mod token;
mod walk;

pub use bitmap::{BLOCK_BYTES, Bitmaps, Block};
pub use token::{Container, Frame, Path, Token, TokenKind, Visit};
pub use walk::DEPTH_MAX;

use crate::finding::IssueCode;
use walk::Broken;

/// Larger payloads are not read (contracts, "What scan prints").
pub const PAYLOAD_BYTES_MAX: usize = 10 << 20;

/// Memory that is reused from payload to payload, one per lane. At most 14 MiB while a payload of
/// [`PAYLOAD_BYTES_MAX`] is walked, 1.5 MiB between payloads.
#[derive(Default)]
pub struct Scratch {
    /// Every fault of the structure is an issue, also where there is nothing to see. Without it a payload in which
    /// nothing can be found is not walked: that it ends as it began is enough.
    pub is_strict: bool,
    bitmaps: Bitmaps,
    levels: Vec<outline::Level>,
    /// Empty between walks; a panic in a visitor leaves it without memory, never with old frames.
    frames: Vec<Frame<'static>>,
}

/// How a payload was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Text,
}

impl Format {
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Text => "text",
        }
    }
}

/// What came of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    pub format: Format,
    issues: [Option<IssueCode>; 2],
    /// Bytes that no token holds: the whole payload where it is too large, else 0.
    pub bytes_unread: u64,
}

impl Walked {
    /// What went wrong, in the order in which it was seen.
    pub fn issues(&self) -> impl Iterator<Item = IssueCode> + '_ {
        self.issues.iter().flatten().copied()
    }
}

/// Hands every text of `bytes` to `visitor`: JSON token by token, anything else as one [`TokenKind::Text`].
///
/// JSON that breaks on the way, or nests deeper than [`DEPTH_MAX`], is read again as one text: then
/// [`Visit::restart`] voids what was seen before. Bytes that are not UTF-8 are read all the same.
pub fn walk<'a>(bytes: &'a [u8], scratch: &mut Scratch, visitor: &mut impl Visit<'a>) -> Walked {
    if bytes.len() > PAYLOAD_BYTES_MAX {
        return Walked {
            format: Format::Text,
            issues: [Some(IssueCode::SizeLimit), None],
            bytes_unread: bytes.len() as u64,
        };
    }
    scratch.bitmaps.classify(bytes);
    visitor.begin(bytes, &scratch.bitmaps);
    let (format, structure) = match json_start(bytes) {
        None => (Format::Text, None),
        Some(start) => {
            let mut frames = std::mem::take(&mut scratch.frames);
            let bitmaps = &scratch.bitmaps;
            let walked = if visitor.is_curious() {
                walk_curious(bytes, start, bitmaps, &mut scratch.levels, &mut frames, visitor)
            } else if !scratch.is_strict && ends_as_it_began(bytes, start, bitmaps) {
                Ok(())
            } else {
                walk::walk_json(bytes, start, bitmaps, &mut frames, &mut Nobody)
            };
            scratch.frames = recycled(frames);
            match walked {
                Ok(()) => (Format::Json, None),
                Err(Broken::Syntax) => (Format::Text, Some(IssueCode::JsonSyntax)),
                Err(Broken::Depth) => (Format::Text, Some(IssueCode::DepthLimit)),
            }
        }
    };
    if structure.is_some() {
        visitor.restart();
    }
    if format == Format::Text {
        let text = Token { kind: TokenKind::Text, raw: bytes, at: 0, escaped: false };
        visitor.value(text, Path { frames: &[] });
    }
    let is_utf8 = scratch.bitmaps.is_ascii() || simdutf8::basic::from_utf8(bytes).is_ok();
    let encoding = if is_utf8 { None } else { Some(IssueCode::Encoding) };
    Walked { format, issues: [structure, encoding], bytes_unread: 0 }
}

/// By the outline where that is enough, else from mark to mark.
fn walk_curious<'a>(
    bytes: &'a [u8],
    start: usize,
    bitmaps: &Bitmaps,
    levels: &mut Vec<outline::Level>,
    frames: &mut Vec<Frame<'a>>,
    visitor: &mut impl Visit<'a>,
) -> Result<(), Broken> {
    if start == 0
        && !bitmaps.has_backslash()
        && let Some(next) = visitor.interest(0)
    {
        if let Some(walked) = outline::outline(bytes, bitmaps, next, levels, frames, visitor) {
            return walked;
        }
        visitor.restart();
        frames.clear();
    }
    walk::walk_json(bytes, start, bitmaps, frames, visitor)
}

/// Whether the structure holds is asked also where there is nothing to see.
struct Nobody;

impl<'a> Visit<'a> for Nobody {
    const SEES: bool = false;

    fn begin(&mut self, _: &'a [u8], _: &Bitmaps) {}

    fn restart(&mut self) {}

    fn value(&mut self, _: Token<'a>, _: Path<'_, 'a>) {}
}

/// Whether the last byte closes what the first one opened, and every string is closed: truncated JSON seldom does.
fn ends_as_it_began(bytes: &[u8], start: usize, bitmaps: &Bitmaps) -> bool {
    let closing = match bytes.get(start) {
        Some(b'{') => b'}',
        Some(b'[') => b']',
        _ => b'"',
    };
    // Without escapes every string is closed where the number of quotes is even.
    let parity = || bitmaps.blocks().iter().fold(0, |parity, block| parity ^ block.quote).count_ones() % 2;
    !bitmaps.has_backslash() && bytes.trim_ascii_end().last() == Some(&closing) && parity() == 0
}

/// Where the document begins; `None` where `bytes` is no object, array or string.
/// A bare number or word is plain text: nobody calls `01012345678` a document.
fn json_start(bytes: &[u8]) -> Option<usize> {
    let after_mark = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let document = after_mark.trim_ascii_start();
    matches!(document.first(), Some(b'{' | b'[' | b'"')).then(|| bytes.len() - document.len())
}

/// The same memory for the next payload. Collecting in place keeps the allocation; tests/allocations.rs sees to it.
fn recycled(mut frames: Vec<Frame<'_>>) -> Vec<Frame<'static>> {
    frames.clear();
    frames.into_iter().map(|_| Frame::Index(0)).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Bitmaps, Format, Path, Scratch, Token, TokenKind, Visit, Walked, walk};
    use crate::finding::IssueCode;

    /// Path, kind and decoded text of every token.
    #[derive(Default)]
    struct Seen {
        tokens: Vec<(String, TokenKind, String)>,
        depth: i64,
    }

    impl<'a> Visit<'a> for Seen {
        fn begin(&mut self, _bytes: &'a [u8], _bitmaps: &Bitmaps) {}

        fn restart(&mut self) {
            *self = Seen::default();
        }

        fn open(&mut self, _: super::Container, _: u32, _: Path<'_, 'a>) {
            self.depth += 1;
        }

        fn close(&mut self, _: super::Container, _: u32, _: Path<'_, 'a>) {
            self.depth -= 1;
        }

        fn key(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
            self.value(token, path);
        }

        fn value(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
            let mut text = String::from("$");
            path.write_to(&mut text, |_, _| None);
            self.tokens.push((text, token.kind, token.text(&mut String::new()).to_owned()));
        }
    }

    fn walked(bytes: &[u8]) -> (Seen, Walked) {
        let mut seen = Seen::default();
        let walked = walk(bytes, &mut Scratch::default(), &mut seen);
        (seen, walked)
    }

    fn check(payload: &str, expected: &[(&str, TokenKind, &str)]) {
        let (seen, walked) = walked(payload.as_bytes());
        assert_eq!(walked.format, Format::Json, "{payload}");
        assert_eq!(walked.issues().count(), 0, "{payload}");
        assert_eq!(seen.depth, 0, "{payload}");
        let expected: Vec<_> = expected
            .iter()
            .map(|(path, kind, text)| ((*path).to_owned(), *kind, (*text).to_owned()))
            .collect();
        assert_eq!(seen.tokens, expected, "{payload}");
    }

    #[test]
    fn every_text_of_a_document_is_one_token_with_its_path() {
        use TokenKind::{Key, Literal, Number, String};
        check(
            r#" {"a": {"b" :[ 1 , "x", {} ,[], -2.5e3]}, "t\u0065l":"\ud55c\n", "a":null, "빈 칸":01}"#,
            &[
                ("$.a", Key, "a"),
                ("$.a.b", Key, "b"),
                ("$.a.b[0]", Number, "1"),
                ("$.a.b[1]", String, "x"),
                ("$.a.b[4]", Number, "-2.5e3"),
                ("$.tel", Key, "tel"),
                ("$.tel", String, "한\n"),
                ("$.a", Key, "a"),
                ("$.a", Literal, "null"),
                ("$['빈 칸']", Key, "빈 칸"),
                ("$['빈 칸']", Number, "01"),
            ],
        );
        check("\u{feff}\"\\\\\\\"{,:\"", &[("$", String, "\\\"{,:")]);
        check("[NaN]", &[("$[0]", Literal, "NaN")]);
        check("[]", &[]);
    }

    #[test]
    fn broken_json_is_read_again_as_one_text_and_nothing_twice() {
        for payload in [
            r#"{"tel":"010-2345-6789""#,
            r#"{"tel":"010-2345-6789"#,
            r#"{"a":1,}"#,
            "[1,]",
            "[1 2]",
            "{\"a\" 1}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":1}}",
            "{\"a\":1} {\"b\":2}",
            "[1}",
            "{\"a\":}",
            "{\"a\":1 \"b\":2}",
            "[,]",
            "\"a\" b",
            "\"a\\\"",
            "[",
            "{",
        ] {
            let (seen, walked) = walked(payload.as_bytes());
            assert_eq!(walked.issues().collect::<Vec<_>>(), [IssueCode::JsonSyntax], "{payload}");
            assert_eq!((walked.format, walked.bytes_unread), (Format::Text, 0));
            assert_eq!(seen.tokens, [("$".to_owned(), TokenKind::Text, payload.to_owned())]);
        }
    }

    #[test]
    fn what_is_no_document_is_one_text() {
        for payload in ["", "tel 010-2345-6789", "01023456789", "true", "<a>1</a>"] {
            let (seen, walked) = walked(payload.as_bytes());
            assert_eq!((walked.format, walked.issues().count()), (Format::Text, 0), "{payload}");
            assert_eq!(seen.tokens, [("$".to_owned(), TokenKind::Text, payload.to_owned())]);
        }
    }

    #[test]
    fn limits_say_what_was_not_read() {
        let deep = "[".repeat(1_000_000);
        let (seen, deep) = (walked(deep.as_bytes()).0, walked(deep.as_bytes()).1);
        assert_eq!(deep.issues().collect::<Vec<_>>(), [IssueCode::DepthLimit]);
        assert_eq!((deep.bytes_unread, seen.tokens.len()), (0, 1));

        let nested = format!("{}1{}", "[".repeat(super::DEPTH_MAX), "]".repeat(super::DEPTH_MAX));
        assert_eq!(walked(nested.as_bytes()).1.format, Format::Json);

        let large = vec![b'1'; super::PAYLOAD_BYTES_MAX + 1];
        let (seen, large) = walked(&large);
        assert_eq!(large.issues().collect::<Vec<_>>(), [IssueCode::SizeLimit]);
        assert_eq!(large.bytes_unread, super::PAYLOAD_BYTES_MAX as u64 + 1);
        assert!(seen.tokens.is_empty());

        let (seen, broken) = walked(b"{\"a\":\"\xFF1\"}");
        assert_eq!(broken.issues().collect::<Vec<_>>(), [IssueCode::Encoding]);
        assert_eq!((broken.format, broken.bytes_unread), (Format::Json, 0));
        assert_eq!(seen.tokens[1].2, "\u{FFFD}1");
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
            "[\\\\\"/{},:\\[\\] \n]{0,80}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 60, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::vec(("[\\PC\\\\\"]{0,12}", inner), 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// What a full parse sees, in document order.
    fn texts(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    out.push(key.clone());
                    texts(member, out);
                }
            }
            Value::Array(members) => members.iter().for_each(|member| texts(member, out)),
            Value::String(text) => out.push(text.clone()),
            scalar => out.push(scalar.to_string()),
        }
    }

    fn ascii_only(document: &str) -> String {
        let mut out = String::new();
        for unit in document.encode_utf16() {
            match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => out.push(char::from(byte)),
                _ => write!(out, "\\u{unit:04x}").unwrap(),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn every_text_that_a_full_parse_sees_is_a_token(value in documents()) {
            let value = json!([value]);
            let mut expected = Vec::new();
            texts(&value, &mut expected);
            let compact = value.to_string();
            for document in [ascii_only(&compact), serde_json::to_string_pretty(&value).unwrap(), compact] {
                let (seen, walked) = walked(document.as_bytes());
                prop_assert_eq!(walked.format, Format::Json);
                let tokens: Vec<_> = seen.tokens.into_iter().map(|(_, _, text)| text).collect();
                prop_assert_eq!(&tokens, &expected);
            }
        }

        #[test]
        fn any_bytes_are_walked_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            walked(&bytes);
        }

        #[test]
        fn json_like_bytes_are_json_wherever_serde_says_so(
            bytes in prop::collection::vec(prop::sample::select(b"{}[]:,\"\\ua1 e-\n".to_vec()), 0..24),
        ) {
            let (_, walked) = walked(&bytes);
            let starts = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
            if starts && serde_json::from_slice::<Value>(&bytes).is_ok() {
                prop_assert_eq!(walked.format, Format::Json);
            }
        }
    }
}
