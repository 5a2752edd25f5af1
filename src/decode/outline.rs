//! The structure of a compact document, checked 64 bytes at a time, for a visitor who asks for few of its tokens.
//!
//! What stands outside strings obeys rules about neighbours (a comma is followed by a value, a colon follows a key …),
//! and those are a few operations on bitmaps for a whole block. Only brackets are looked at one by one, and the way to
//! a token is sought backwards from it. Compact means: no white space outside strings and no backslash, as every
//! serializer writes it by itself. Anything else, and anything that is not in order, is left to `walk`, which decides.

use super::bitmap::{BLOCK_BYTES, Bitmaps, Block};
use super::token::{Container, Frame, Path, Token, TokenKind, Visit};
use super::walk::{Broken, DEPTH_MAX, position, prefix_xor};

/// An open bracket, and what may come next in it.
#[derive(Clone, Copy)]
pub(super) struct Level {
    at: usize,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// Whether the next separator must be a colon; else it must be a comma.
    Object { wants_colon: bool },
    /// Position of the element at hand.
    Array(u32),
}

/// Shows `visitor` the tokens that it asks for ([`Visit::interest`], of which `next` is the first). `None` where the
/// document is not compact or not in order: what the visitor saw of it is then to be forgotten.
pub(super) fn outline<'a>(
    bytes: &'a [u8],
    bitmaps: &Bitmaps,
    next: u32,
    levels: &mut Vec<Level>,
    frames: &mut Vec<Frame<'a>>,
    visitor: &mut impl Visit<'a>,
) -> Option<Result<(), Broken>> {
    levels.clear();
    if !matches!(bytes.first(), Some(b'{' | b'[')) {
        return None;
    }
    let end = bytes.trim_ascii_end().len();
    let mut outline = Outline {
        bytes,
        end,
        next: next as usize,
        levels,
        frames,
        visitor,
        before: Before::default(),
        faults: 0,
    };
    let blocks = bitmaps.blocks().iter().take(end.div_ceil(BLOCK_BYTES));
    for (block, base) in blocks.zip((0..).step_by(BLOCK_BYTES)) {
        if let Err(broken) = outline.block(base, block)? {
            return Some(Err(broken));
        }
    }
    outline.is_complete().then_some(Ok(()))
}

/// What of a block stands outside strings.
#[derive(Clone, Copy)]
struct Outside {
    separator: u64,
    colon: u64,
    /// The insides of strings, with their opening quotes.
    string: u64,
}

/// What the block before leaves to the next.
struct Before {
    /// All ones where the next block begins inside a string.
    string: u64,
    /// 1 where the last byte is of the kind, else 0.
    separator: u64,
    open: u64,
    scalar: u64,
    closing_quote: u64,
    /// Of all values only the root, at the first byte, stands behind nothing.
    nothing: u64,
}

impl Default for Before {
    fn default() -> Before {
        Before { string: 0, separator: 0, open: 0, scalar: 0, closing_quote: 0, nothing: 1 }
    }
}

struct Outline<'o, 'a, V> {
    bytes: &'a [u8],
    /// Of the document, without white space behind it.
    end: usize,
    /// Where the next token lies that the visitor asks for.
    next: usize,
    levels: &'o mut Vec<Level>,
    frames: &'o mut Vec<Frame<'a>>,
    visitor: &'o mut V,
    before: Before,
    /// 0 while all is in order.
    faults: u64,
}

impl<'a, V: Visit<'a>> Outline<'_, 'a, V> {
    fn is_complete(&self) -> bool {
        let Before { string, separator, open, .. } = self.before;
        self.levels.is_empty() && self.faults | string | separator | open == 0
    }

    fn block(&mut self, base: usize, block: &Block) -> Option<Result<(), Broken>> {
        let string = prefix_xor(block.quote) ^ self.before.string;
        let outside = Outside {
            separator: (block.colon | block.comma) & !string,
            colon: block.colon & !string,
            string,
        };
        let (open, close) = (block.open & !string, block.close & !string);
        self.check_neighbours(base, block, outside, open, close);
        if self.faults != 0 {
            return None;
        }
        let mut rest = u64::MAX;
        let mut brackets = open | close;
        while brackets != 0 {
            let bracket = brackets & brackets.wrapping_neg();
            brackets ^= bracket;
            self.stretch(base, rest & (bracket - 1), outside)?;
            rest = u64::MAX << 1 << bracket.trailing_zeros();
            let at = base + bracket.trailing_zeros() as usize;
            if open & bracket == 0 {
                self.close(at)?;
            } else if let Err(broken) = self.open(at)? {
                return Some(Err(broken));
            }
        }
        self.stretch(base, rest, outside)?;
        Some(Ok(()))
    }

    /// What may stand beside what, in a whole block.
    #[inline]
    fn check_neighbours(&mut self, base: usize, block: &Block, outside: Outside, open: u64, close: u64) {
        let Outside { separator, colon, string } = outside;
        let last = u64::BITS - 1;
        let length = self.end - base;
        let valid = if length < BLOCK_BYTES { (1 << length) - 1 } else { u64::MAX };
        let (opening, closing_quote) = (block.quote & string, block.quote & !string);
        let scalar = !(string | block.quote | separator | open | close) & valid;
        let before = &self.before;
        let after_separator = separator << 1 | before.separator;
        let after_open = open << 1 | before.open;
        let value = opening | open | scalar & !(scalar << 1 | before.scalar);
        self.faults |= block.blank & scalar
            | value & !(after_separator | after_open | before.nothing)
            | after_separator & !value
            | after_open & !(value | close)
            | colon & !(closing_quote << 1 | before.closing_quote);
        self.before = Before {
            // The sign, spread over all bits.
            string: (string >> last).wrapping_neg(),
            separator: separator >> last,
            open: open >> last,
            scalar: scalar >> last,
            closing_quote: closing_quote >> last,
            nothing: 0,
        };
    }

    /// `bits` of a block, between which there is no bracket.
    #[inline]
    fn stretch(&mut self, base: usize, bits: u64, outside: Outside) -> Option<()> {
        // Most often the visitor asks for nothing here.
        if self.next < base + BLOCK_BYTES {
            self.show_all(base, bits, outside)?;
        }
        let separator = outside.separator & bits;
        if separator == 0 {
            return Some(());
        }
        let colon = outside.colon & bits;
        match &mut self.levels.last_mut()?.kind {
            Kind::Array(position) => {
                *position += separator.count_ones();
                self.faults |= colon;
            }
            Kind::Object { wants_colon } => {
                // The first, third … separator.
                let counted = prefix_xor(separator);
                let odd = separator & counted;
                let colon_due = if *wants_colon { odd } else { separator ^ odd };
                self.faults |= colon_due ^ colon;
                // The last bit tells whether they are odd in number: counting costs more on a CPU of 2003.
                *wants_colon ^= counted >> (u64::BITS - 1) == 1;
            }
        }
        Some(())
    }

    #[cold]
    fn show_all(&mut self, base: usize, bits: u64, outside: Outside) -> Option<()> {
        loop {
            // The token may have begun in an earlier block; what is asked for lies in this one.
            let bit = u32::try_from(self.next.checked_sub(base)?).ok()?;
            if 1_u64.checked_shl(bit).unwrap_or_default() & bits == 0 {
                return Some(());
            }
            self.show(bit, bits, outside)?;
        }
    }

    fn open(&mut self, at: usize) -> Option<Result<(), Broken>> {
        match self.levels.last().map(|level| level.kind) {
            // There a key is due.
            Some(Kind::Object { wants_colon: true }) => return None,
            None if at > 0 => return None,
            _ => {}
        }
        if self.levels.len() >= DEPTH_MAX {
            return Some(Err(Broken::Depth));
        }
        let (container, kind) = match self.bytes.get(at)? {
            b'{' => (Container::Object, Kind::Object { wants_colon: true }),
            _ => (Container::Array, Kind::Array(0)),
        };
        self.visitor.open(container, position(at), Path { frames: &[] });
        self.levels.push(Level { at, kind });
        Some(Ok(()))
    }

    fn close(&mut self, at: usize) -> Option<()> {
        let level = self.levels.pop()?;
        let container = match (level.kind, self.bytes.get(at)?) {
            (Kind::Object { wants_colon }, b'}') if !wants_colon || level.at + 1 == at => Container::Object,
            (Kind::Array(_), b']') => Container::Array,
            _ => return None,
        };
        self.visitor.close(container, position(at), Path { frames: &[] });
        (!self.levels.is_empty() || at + 1 == self.end).then_some(())
    }

    /// Shows the token around bit `bit`, where `self.next` lies.
    fn show(&mut self, bit: u32, bits: u64, outside: Outside) -> Option<()> {
        let in_string = outside.string >> bit & 1 != 0;
        let token = if in_string { self.string()? } else { self.scalar()? };
        let elements_before = (outside.separator & bits & ((1 << bit) - 1)).count_ones();
        self.frames.clear();
        let own = token.at as usize - usize::from(in_string);
        for (depth, level) in self.levels.iter().enumerate() {
            let inner = self.levels.get(depth + 1);
            self.frames.push(match level.kind {
                Kind::Array(position) if inner.is_none() => Frame::Index(position + elements_before),
                Kind::Array(position) => Frame::Index(position),
                Kind::Object { .. } if inner.is_none() && token.kind == TokenKind::Key => {
                    Frame::Key { raw: token.raw, at: token.at, escaped: false }
                }
                Kind::Object { .. } => self.key_before(inner.map_or(own, |inner| inner.at))?,
            });
        }
        let path = Path { frames: self.frames };
        if token.kind == TokenKind::Key {
            self.visitor.key(token, path);
        } else {
            self.visitor.value(token, path);
        }
        let after = token.at as usize + token.raw.len();
        self.next = self.visitor.interest(position(after)).map_or(after, |next| (next as usize).max(after));
        Some(())
    }

    /// The key, colon and quote before a value that begins at `at`.
    fn key_before(&self, at: usize) -> Option<Frame<'a>> {
        let end = self.bytes.get(..at)?.strip_suffix(b"\":")?.len();
        let start = memchr::memrchr(b'"', self.bytes.get(..end)?)? + 1;
        Some(Frame::Key { raw: self.bytes.get(start..end)?, at: position(start), escaped: false })
    }

    fn string(&self) -> Option<Token<'a>> {
        let start = memchr::memrchr(b'"', self.bytes.get(..self.next)?)? + 1;
        let end = self.next + memchr::memchr(b'"', self.bytes.get(self.next..)?)?;
        let is_key = self.bytes.get(end + 1) == Some(&b':');
        let kind = if is_key { TokenKind::Key } else { TokenKind::String };
        Some(Token { kind, raw: self.bytes.get(start..end)?, at: position(start), escaped: false })
    }

    fn scalar(&self) -> Option<Token<'a>> {
        let before = self.bytes.get(..self.next)?;
        let start = before.iter().rposition(|byte| matches!(byte, b':' | b',' | b'['))? + 1;
        let after = self.bytes.get(self.next..)?;
        let end = self.next + after.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?;
        let raw = self.bytes.get(start..end)?;
        Some(Token { kind: TokenKind::of_scalar(raw), raw, at: position(start), escaped: false })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::bitmap::Bitmaps;
    use super::super::token::{Container, Path, Token, TokenKind, Visit};
    use super::super::walk::{Broken, DEPTH_MAX, walk_json};
    use super::outline;

    /// Asks for the tokens that hold a digit; what a walk shows besides is left out.
    struct Digits<'a> {
        bytes: &'a [u8],
        seen: Vec<(String, TokenKind, u32, &'a [u8])>,
        brackets: Vec<(Container, u32)>,
    }

    impl<'a> Visit<'a> for Digits<'a> {
        fn interest(&mut self, from: u32) -> Option<u32> {
            let rest = self.bytes.get(from as usize..).unwrap_or_default();
            let next = rest.iter().position(u8::is_ascii_digit);
            Some(next.map_or(u32::MAX, |next| from + u32::try_from(next).unwrap()))
        }

        fn restart(&mut self) {
            unreachable!("neither walk begins anew");
        }

        fn open(&mut self, container: Container, at: u32, _: Path<'_, 'a>) {
            self.brackets.push((container, at));
        }

        fn close(&mut self, container: Container, at: u32, _: Path<'_, 'a>) {
            self.brackets.push((container, at));
        }

        fn key(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
            self.value(token, path);
        }

        fn value(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
            if token.raw.iter().any(u8::is_ascii_digit) {
                let mut text = String::from("$");
                path.write_to(&mut text, |_, _| None);
                self.seen.push((text, token.kind, token.at, token.raw));
            }
        }
    }

    fn digits(bytes: &[u8]) -> (Bitmaps, Digits<'_>) {
        let mut bitmaps = Bitmaps::default();
        bitmaps.classify(bytes);
        (bitmaps, Digits { bytes, seen: Vec::new(), brackets: Vec::new() })
    }

    fn outlined(bytes: &[u8]) -> Option<(Result<(), Broken>, Digits<'_>)> {
        let (bitmaps, mut digits) = digits(bytes);
        let next = digits.interest(0).unwrap();
        let result = outline(bytes, &bitmaps, next, &mut Vec::new(), &mut Vec::new(), &mut digits)?;
        Some((result, digits))
    }

    /// What the outline shows is what the walk shows; whether there is an outline.
    fn check(bytes: &[u8]) -> bool {
        let Some((result, outlined)) = outlined(bytes) else { return false };
        let (bitmaps, mut walked) = digits(bytes);
        let expected = walk_json(bytes, 0, &bitmaps, &mut Vec::new(), &mut walked);
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(result, expected, "{text}");
        if result.is_ok() {
            assert_eq!(outlined.seen, walked.seen, "{text}");
            assert_eq!(outlined.brackets, walked.brackets, "{text}");
        }
        true
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            "[a-z0-9가-힣 :,{}\\[\\]]{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 60, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::vec(("[a-z0-9 :,{}]{0,12}", inner), 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn of_a_compact_document_the_same_is_seen(value in documents(), newline in any::<bool>()) {
            let text = Value::from(vec![value]).to_string() + if newline { "\n" } else { "" };
            prop_assert!(check(text.as_bytes()), "{}", text);
        }

        #[test]
        fn what_is_in_order_by_the_outline_is_so_by_the_walk(
            bytes in prop::collection::vec(prop::sample::select(b"{}{}[]:::,,\"\"\"a11 \n".to_vec()), 0..20),
            position in 0_usize..70,
        ) {
            // Wherever the end of a block falls.
            let mut shifted = format!("[\"{}\",", "x".repeat(position)).into_bytes();
            shifted.extend_from_slice(&bytes);
            shifted.push(b']');
            check(&shifted);
            check(&bytes);
        }
    }

    #[test]
    fn only_compact_documents_in_order_have_an_outline() {
        for (text, has_one) in [
            (r#"{"a":{"b":[1,"x",{},[],-2.5e3]},"t":"1","a":null,"1":01}"#, true),
            ("[]", true),
            ("{}", true),
            ("[[[1],[2,[3]]]]\n", true),
            (r#"["1"]"#, true),
            (r#""1""#, false),
            ("[1, 2]", false),
            ("[ ]", false),
            ("[1 2]", false),
            ("[1,]", false),
            ("[,1]", false),
            (r#"{"a"}"#, false),
            (r#"{"a":}"#, false),
            (r#"{"a":1,}"#, false),
            (r#"{"a":1,2}"#, false),
            (r#"{"a":"b":1}"#, false),
            (r#"{"a":1"b":2}"#, false),
            (r#"{1:"a"}"#, false),
            (r#"{{"a":1}:2}"#, false),
            (r#"["a":1]"#, false),
            (r#"{"a":[1}"#, false),
            ("[1]]", false),
            ("[1][2]", false),
            ("[1],2", false),
            ("[1", false),
            (r#"["1"#, false),
        ] {
            assert_eq!(check(text.as_bytes()), has_one, "{text}");
        }
        let deep = "[".repeat(2 * DEPTH_MAX);
        assert!(matches!(outlined(deep.as_bytes()), Some((Err(Broken::Depth), _))));
    }
}
