//! The JSON tokenizer: driven by the bitmaps, iterative, without a document.
//!
//! It is no validator of scalars: a number with a leading zero, `NaN` or a bare word in the place of a value is
//! one token, because its digits must be inspected under its key. What breaks the structure (a missing quote,
//! bracket, colon or comma) breaks the whole payload: it is read again as one text.

use super::bitmap::{BLOCK_BYTES, Bitmaps, Block};
use super::token::{Container, Frame, Path, Token, TokenKind, Visit};

/// Open brackets at once. Deeper documents are read as raw text.
pub const DEPTH_MAX: usize = 512;

/// Why a payload is not walked as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Syntax,
    Depth,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Root,
    /// In an object: a key; `}` too where it is the `first`.
    Member {
        first: bool,
    },
    /// In an array: a value; `]` too where it is the `first`.
    Element {
        first: bool,
    },
    /// After an object or array inside another: `,` or a closing bracket.
    Separator,
    /// After the root value.
    End,
}

/// Walks `bytes`, whose first byte that is no white space (from `start` on) opens an object, array or string.
/// `frames` is empty and reused by the caller.
pub(super) fn walk_json<'a>(
    bytes: &'a [u8],
    start: usize,
    bitmaps: &Bitmaps,
    frames: &mut Vec<Frame<'a>>,
    visitor: &mut impl Visit<'a>,
) -> Result<(), Broken> {
    let cursor = Cursor { bytes, marks: Marks::new(bitmaps.blocks()), from: start };
    Walker { cursor, bitmaps, frames, visitor, expect: Expect::Root }.document()
}

/// Where the walk is in the bytes. The loops of [`Walker`] work on a copy of their own: that stays in registers.
#[derive(Clone)]
struct Cursor<'w, 'a> {
    bytes: &'a [u8],
    marks: Marks<'w>,
    /// The end of the last mark: what lies between it and the next one is white space or a scalar.
    from: usize,
}

#[expect(clippy::inline_always, reason = "calls cost a fifth of the walk")]
impl<'a> Cursor<'_, 'a> {
    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn next(&mut self) -> Result<usize, Broken> {
        self.marks.next().ok_or(Broken::Syntax)
    }

    #[inline(always)]
    fn blank_until(&self, at: usize) -> Result<(), Broken> {
        if self.is_blank_until(at) { Ok(()) } else { Err(Broken::Syntax) }
    }

    #[inline(always)]
    fn is_blank_until(&self, at: usize) -> bool {
        self.from == at || is_blank(self.bytes.get(self.from..at).unwrap_or_default())
    }

    /// The inside of the string whose opening quote is at `at`, with nothing but white space before it. Inside a
    /// string the only marks are quotes.
    #[inline(always)]
    fn string(&mut self, at: usize) -> Result<&'a [u8], Broken> {
        self.blank_until(at)?;
        let end = self.next()?;
        self.from = end + 1;
        self.bytes.get(at + 1..end).ok_or(Broken::Syntax)
    }
}

#[cold]
fn is_blank(gap: &[u8]) -> bool {
    gap.iter().all(u8::is_ascii_whitespace)
}

struct Walker<'w, 'a, V> {
    cursor: Cursor<'w, 'a>,
    bitmaps: &'w Bitmaps,
    frames: &'w mut Vec<Frame<'a>>,
    visitor: &'w mut V,
    expect: Expect,
}

impl<'w, 'a, V: Visit<'a>> Walker<'w, 'a, V> {
    /// One turn for each bracket: the members between two brackets are read in loops of their own, whose branches
    /// are easy to foresee.
    fn document(mut self) -> Result<(), Broken> {
        while let Some(at) = self.cursor.marks.next() {
            match self.expect {
                Expect::Root => self.root(at)?,
                Expect::Member { first } => self.members(at, first)?,
                Expect::Element { first } => self.elements(at, first)?,
                Expect::Separator => self.separator(at)?,
                Expect::End => return Err(Broken::Syntax),
            }
        }
        if self.expect != Expect::End {
            return Err(Broken::Syntax);
        }
        self.cursor.blank_until(self.cursor.bytes.len())
    }

    fn root(&mut self, at: usize) -> Result<(), Broken> {
        match self.cursor.byte(at) {
            b'"' => {
                let raw = self.cursor.string(at)?;
                self.see(TokenKind::String, at + 1, raw);
                self.expect = Expect::End;
                Ok(())
            }
            b'{' => self.open(at, Container::Object),
            b'[' => self.open(at, Container::Array),
            _ => Err(Broken::Syntax),
        }
    }

    /// Members of an object, up to the next bracket. `at` is where a key begins, or the end of an empty object.
    fn members(&mut self, mut at: usize, first: bool) -> Result<(), Broken> {
        let mut cursor = self.cursor.clone();
        if first && cursor.byte(at) == b'}' {
            cursor.blank_until(at)?;
            return self.close(at, Container::Object);
        }
        loop {
            self.key(&mut cursor, at)?;
            at = cursor.next()?;
            match cursor.byte(at) {
                b'"' => at = self.string(&mut cursor, at)?,
                b',' | b'}' => self.scalar(&cursor, at)?,
                b'{' => return self.go_in(cursor, at, Container::Object),
                b'[' => return self.go_in(cursor, at, Container::Array),
                _ => return Err(Broken::Syntax),
            }
            match cursor.byte(at) {
                b',' => cursor.from = at + 1,
                b'}' => return self.go_out(cursor, at, Container::Object),
                _ => return Err(Broken::Syntax),
            }
            at = cursor.next()?;
        }
    }

    /// Elements of an array, up to the next bracket. `at` is the first mark in or behind an element.
    fn elements(&mut self, mut at: usize, first: bool) -> Result<(), Broken> {
        let mut cursor = self.cursor.clone();
        if first && cursor.byte(at) == b']' && cursor.is_blank_until(at) {
            return self.close(at, Container::Array);
        }
        loop {
            match cursor.byte(at) {
                b'"' => at = self.string(&mut cursor, at)?,
                b',' | b']' => self.scalar(&cursor, at)?,
                b'{' => return self.go_in(cursor, at, Container::Object),
                b'[' => return self.go_in(cursor, at, Container::Array),
                _ => return Err(Broken::Syntax),
            }
            match cursor.byte(at) {
                b',' => {
                    cursor.from = at + 1;
                    self.next_element();
                }
                b']' => return self.go_out(cursor, at, Container::Array),
                _ => return Err(Broken::Syntax),
            }
            at = cursor.next()?;
        }
    }

    /// What follows an object or array that is a member or element itself.
    fn separator(&mut self, at: usize) -> Result<(), Broken> {
        self.cursor.blank_until(at)?;
        match (self.cursor.byte(at), self.frames.last()) {
            (b',', Some(Frame::Key { .. })) => {
                self.cursor.from = at + 1;
                self.expect = Expect::Member { first: false };
                Ok(())
            }
            (b',', Some(Frame::Index(_))) => {
                self.cursor.from = at + 1;
                self.next_element();
                self.expect = Expect::Element { first: false };
                Ok(())
            }
            (b'}', _) => self.close(at, Container::Object),
            (b']', _) => self.close(at, Container::Array),
            _ => Err(Broken::Syntax),
        }
    }

    fn next_element(&mut self) {
        if let Some(Frame::Index(position)) = self.frames.last_mut() {
            *position += 1;
        }
    }

    /// The key whose opening quote is at `at`, and its colon.
    #[expect(clippy::inline_always, reason = "calls cost a fifth of the walk")]
    #[inline(always)]
    fn key(&mut self, cursor: &mut Cursor<'w, 'a>, at: usize) -> Result<(), Broken> {
        if cursor.byte(at) != b'"' {
            return Err(Broken::Syntax);
        }
        let raw = cursor.string(at)?;
        let colon = cursor.next()?;
        if cursor.byte(colon) != b':' {
            return Err(Broken::Syntax);
        }
        cursor.blank_until(colon)?;
        cursor.from = colon + 1;
        if V::SEES {
            let token = self.token(TokenKind::Key, at + 1, raw);
            if let Some(frame) = self.frames.last_mut() {
                *frame = Frame::Key { raw, at: token.at, escaped: token.escaped };
            }
            self.visitor.key(token, Path { frames: self.frames });
        }
        Ok(())
    }

    /// The string whose opening quote is at `at`; returns the mark behind it.
    #[expect(clippy::inline_always, reason = "calls cost a fifth of the walk")]
    #[inline(always)]
    fn string(&mut self, cursor: &mut Cursor<'w, 'a>, at: usize) -> Result<usize, Broken> {
        let raw = cursor.string(at)?;
        self.see(TokenKind::String, at + 1, raw);
        let after = cursor.next()?;
        cursor.blank_until(after)?;
        Ok(after)
    }

    /// The number or literal that ends before the mark at `at`.
    fn scalar(&mut self, cursor: &Cursor<'w, 'a>, at: usize) -> Result<(), Broken> {
        let gap = cursor.bytes.get(cursor.from..at).unwrap_or_default();
        let raw = gap.trim_ascii_start();
        let start = at - raw.len();
        let raw = raw.trim_ascii_end();
        if raw.is_empty() || has_blank(raw) {
            return Err(Broken::Syntax);
        }
        let token = Token { kind: TokenKind::of_scalar(raw), raw, at: position(start), escaped: false };
        self.visitor.value(token, Path { frames: self.frames });
        Ok(())
    }

    #[expect(clippy::inline_always, reason = "calls cost a fifth of the walk")]
    #[inline(always)]
    fn see(&mut self, kind: TokenKind, start: usize, raw: &'a [u8]) {
        let token = self.token(kind, start, raw);
        self.visitor.value(token, Path { frames: self.frames });
    }

    #[expect(clippy::inline_always, reason = "calls cost a fifth of the walk")]
    #[inline(always)]
    fn token(&self, kind: TokenKind, start: usize, raw: &'a [u8]) -> Token<'a> {
        let escaped = V::SEES && self.bitmaps.any_backslash(start, start + raw.len());
        Token { kind, raw, at: position(start), escaped }
    }

    fn go_in(&mut self, cursor: Cursor<'w, 'a>, at: usize, container: Container) -> Result<(), Broken> {
        self.cursor = cursor;
        self.open(at, container)
    }

    fn go_out(&mut self, cursor: Cursor<'w, 'a>, at: usize, container: Container) -> Result<(), Broken> {
        self.cursor = cursor;
        self.close(at, container)
    }

    fn open(&mut self, at: usize, container: Container) -> Result<(), Broken> {
        self.cursor.blank_until(at)?;
        if self.frames.len() >= DEPTH_MAX {
            return Err(Broken::Depth);
        }
        self.visitor.open(container, position(at), Path { frames: self.frames });
        let (frame, expect) = match container {
            Container::Object => {
                (Frame::Key { raw: &[], at: position(at), escaped: false }, Expect::Member { first: true })
            }
            Container::Array => (Frame::Index(0), Expect::Element { first: true }),
        };
        self.frames.push(frame);
        self.expect = expect;
        self.cursor.from = at + 1;
        Ok(())
    }

    fn close(&mut self, at: usize, container: Container) -> Result<(), Broken> {
        match (self.frames.pop(), container) {
            (Some(Frame::Key { .. }), Container::Object) | (Some(Frame::Index(_)), Container::Array) => {}
            _ => return Err(Broken::Syntax),
        }
        self.visitor.close(container, position(at), Path { frames: self.frames });
        self.cursor.from = at + 1;
        self.expect = if self.frames.is_empty() { Expect::End } else { Expect::Separator };
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by decode::PAYLOAD_BYTES_MAX")]
pub(super) fn position(at: usize) -> u32 {
    at as u32
}

/// Whether a byte up to the blank lies in `raw`: eight at a time, for there are many numbers.
fn has_blank(raw: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = raw.as_chunks::<8>();
    let in_word = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        word.wrapping_sub(ONES * 0x21) & !word & (ONES << 7) != 0
    };
    words.iter().any(in_word) || rest.iter().any(|byte| *byte <= b' ')
}

/// Positions, in order, of the quotes that are not escaped and of the structural bytes outside strings.
#[derive(Clone)]
struct Marks<'m> {
    blocks: std::slice::Iter<'m, Block>,
    bits: u64,
    /// Of the block at hand.
    base: usize,
    /// 1 where the first byte of the next block is escaped by the last of this one.
    escape_carry: u64,
    /// All ones where the next block begins inside a string.
    string_carry: u64,
}

impl<'m> Marks<'m> {
    fn new(blocks: &'m [Block]) -> Marks<'m> {
        Marks {
            blocks: blocks.iter(),
            bits: 0,
            base: 0_usize.wrapping_sub(BLOCK_BYTES),
            escape_carry: 0,
            string_carry: 0,
        }
    }

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            let block = self.blocks.next()?;
            self.base = self.base.wrapping_add(BLOCK_BYTES);
            self.bits = self.of(block);
        }
        let position = self.base + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(position)
    }

    #[inline]
    fn of(&mut self, block: &Block) -> u64 {
        let quotes = block.quote & !self.escaped(block.backslash);
        let in_string = prefix_xor(quotes) ^ self.string_carry;
        // The sign, spread over all bits: whether the last byte is inside a string.
        self.string_carry = (in_string >> 63).wrapping_neg();
        (block.open | block.close | block.colon | block.comma) & !in_string | quotes
    }

    /// The bytes that a backslash escapes: those after a run of backslashes of odd length
    /// (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019).
    #[inline]
    fn escaped(&mut self, backslash: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        if backslash == 0 {
            return std::mem::take(&mut self.escape_carry);
        }
        let backslash = backslash & !self.escape_carry;
        let follows = backslash << 1 | self.escape_carry;
        let odd_starts = backslash & !EVEN & !follows;
        let (even_runs, overflow) = odd_starts.overflowing_add(backslash);
        self.escape_carry = u64::from(overflow);
        (EVEN ^ (even_runs << 1)) & follows
    }
}

/// Bit `n` is the exclusive or of the bits `0..=n`: from quotes to the insides of strings.
#[inline]
pub(super) fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
