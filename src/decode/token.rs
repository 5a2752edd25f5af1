//! What decoding hands to the stages: tokens and the place they lie in.

use std::fmt::Write as _;

use super::bitmap::Bitmaps;

/// A borrowed text of a payload. Holds raw text: no `Debug`.
#[derive(Clone, Copy)]
pub struct Token<'a> {
    pub kind: TokenKind,
    /// As it stands in the payload, without the quotes.
    pub raw: &'a [u8],
    /// Byte position of `raw` in the part.
    pub at: u32,
    /// Whether `raw` holds JSON escapes.
    pub escaped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A JSON object's key.
    Key,
    /// A JSON string.
    String,
    /// A JSON number, as written.
    Number,
    /// `true`, `false`, `null`.
    Literal,
    /// A whole payload without structure.
    Text,
}

impl TokenKind {
    /// Of what stands in JSON without quotes.
    pub(super) fn of_scalar(raw: &[u8]) -> TokenKind {
        match raw.first() {
            Some(b'0'..=b'9' | b'-') => TokenKind::Number,
            _ => TokenKind::Literal,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    Object,
    Array,
}

/// One level of the way to a token.
#[derive(Clone, Copy)]
pub enum Frame<'a> {
    /// In an object, under this key (raw bytes, perhaps with escapes; empty before the first key).
    Key { raw: &'a [u8], at: u32, escaped: bool },
    /// In an array, at this position.
    Index(u32),
}

/// The way from the root to the token at hand, outermost first.
#[derive(Clone, Copy)]
pub struct Path<'p, 'a> {
    pub frames: &'p [Frame<'a>],
}

/// A stage that reads tokens as they pass. Every method is called in payload order.
pub trait Visit<'a> {
    /// False for one who sees nothing, and only lets the structure be checked: the walk is then a shorter one.
    const SEES: bool = true;

    /// Whether there is anything to see in this payload; asked after [`Visit::begin`].
    fn is_curious(&self) -> bool {
        true
    }

    /// The first byte from `from` on whose token must be seen, `u32::MAX` where there is none; the other tokens may be
    /// left out, and the paths of `open` and `close` be empty. `None`: every token is to be seen.
    fn interest(&mut self, _from: u32) -> Option<u32> {
        None
    }

    /// A payload begins; `bitmaps` are those of `bytes`.
    fn begin(&mut self, _bytes: &'a [u8], _bitmaps: &Bitmaps) {}

    /// The payload turned out not to be JSON: all that was seen of it is void, and it follows as one text.
    fn restart(&mut self);

    /// An object or array begins; `path` leads to it. `at` is the position of its bracket.
    fn open(&mut self, _container: Container, _at: u32, _path: Path<'_, 'a>) {}

    /// It ends; `at` is the position of the closing bracket, `path` the same as at `open`.
    fn close(&mut self, _container: Container, _at: u32, _path: Path<'_, 'a>) {}

    /// A key of an object; `path` leads to the value that follows (its last frame is this key).
    fn key(&mut self, _token: Token<'a>, _path: Path<'_, 'a>) {}

    /// A string, number, literal, or the whole text.
    fn value(&mut self, token: Token<'a>, path: Path<'_, 'a>);
}

impl<'a> Token<'a> {
    /// The decoded text: `raw` itself where nothing is escaped and it is UTF-8, else built in `buffer`.
    /// Lone surrogates and bytes that are not UTF-8 become U+FFFD.
    pub fn text<'b>(&self, buffer: &'b mut String) -> &'b str
    where
        'a: 'b,
    {
        if !self.escaped
            && let Ok(text) = std::str::from_utf8(self.raw)
        {
            return text;
        }
        buffer.clear();
        unescape_into(self.raw, self.escaped, buffer);
        buffer
    }
}

/// Appends the decoded text of a JSON string's inside to `out`.
pub(super) fn unescape_into(raw: &[u8], escaped: bool, out: &mut String) {
    if !escaped {
        out.push_str(&String::from_utf8_lossy(raw));
        return;
    }
    let mut rest = raw;
    while let Some(position) = memchr::memchr(b'\\', rest) {
        let (plain, tail) = rest.split_at(position);
        out.push_str(&String::from_utf8_lossy(plain));
        rest = unescape_one(tail, out);
    }
    out.push_str(&String::from_utf8_lossy(rest));
}

/// `tail` begins with a backslash. Appends what the escape stands for and returns what follows it.
/// An escape that JSON does not know stands for itself.
fn unescape_one<'a>(tail: &'a [u8], out: &mut String) -> &'a [u8] {
    let simple = match tail.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let Some(high) = hex4(tail.get(2..6)) else {
                out.push('\\');
                return tail.get(1..).unwrap_or_default();
            };
            let after = tail.get(6..).unwrap_or_default();
            if (0xD800..0xDC00).contains(&high)
                && after.starts_with(b"\\u")
                && let Some(low @ 0xDC00..0xE000) = hex4(after.get(2..6))
            {
                let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                out.push(char::from_u32(code).unwrap_or('\u{FFFD}'));
                return after.get(6..).unwrap_or_default();
            }
            out.push(char::from_u32(high).unwrap_or('\u{FFFD}'));
            return after;
        }
        _ => {
            out.push('\\');
            return tail.get(1..).unwrap_or_default();
        }
    };
    out.push(simple);
    tail.get(2..).unwrap_or_default()
}

fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    let mut value = 0;
    for digit in digits? {
        value = value * 16 + char::from(*digit).to_digit(16)?;
    }
    Some(value)
}

impl<'a> Path<'_, 'a> {
    /// The key the token lies under: of the innermost object, looking through arrays.
    pub fn key(&self) -> Option<Token<'a>> {
        self.frames.iter().rev().find_map(|frame| match *frame {
            Frame::Key { raw, at, escaped } => Some(Token { kind: TokenKind::Key, raw, at, escaped }),
            Frame::Index(_) => None,
        })
    }

    /// Appends the path in the grammar of `contracts`, "Field paths", without the leading `$`.
    /// `mask` may replace a decoded key that is itself a finding.
    pub fn write_to(&self, out: &mut String, mut mask: impl FnMut(&Token<'a>, &str) -> Option<String>) {
        let mut buffer = String::new();
        for frame in self.frames {
            match *frame {
                // One digit is written by hand: formatting costs as much as the rest of the path.
                Frame::Index(position @ 0..=9) => {
                    out.extend(['[', char::from_digit(position, 10).unwrap_or_default(), ']']);
                }
                Frame::Index(position) => {
                    // Writing to a String cannot fail.
                    write!(out, "[{position}]").unwrap_or_default();
                }
                Frame::Key { raw, at, escaped } => {
                    let token = Token { kind: TokenKind::Key, raw, at, escaped };
                    let text = token.text(&mut buffer);
                    match mask(&token, text) {
                        Some(masked) => write_key(out, &masked),
                        None => write_key(out, text),
                    }
                }
            }
        }
    }
}

/// `.key` for an identifier, `['…']` with `'` and `\` escaped for anything else.
fn write_key(out: &mut String, key: &str) {
    if is_identifier(key) {
        out.push('.');
        out.push_str(key);
        return;
    }
    out.push_str("['");
    for character in key.chars() {
        if matches!(character, '\'' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push_str("']");
}

/// A letter (of any script) or `_`, then letters, digits and `_`.
fn is_identifier(key: &str) -> bool {
    if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return !key.starts_with(|first: char| first.is_ascii_digit()) && !key.is_empty();
    }
    if let [first, rest @ ..] = key.as_bytes()
        && key.is_ascii()
    {
        return (first.is_ascii_alphabetic() || *first == b'_')
            && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    }
    let mut characters = key.chars();
    // Hangul first: the tables of Unicode are slow to ask.
    let is_hangul = |character: char| ('가'..='힣').contains(&character);
    characters.next().is_some_and(|first| is_hangul(first) || first.is_alphabetic() || first == '_')
        && characters.all(|character| is_hangul(character) || character.is_alphanumeric() || character == '_')
}
