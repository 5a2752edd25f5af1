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
    /// After `[`: a value or `]`.
    FirstValue,
    /// After `:`, or `,` in an array.
    Value,
    /// After `{`: a key or `}`.
    FirstKey,
    /// After `,` in an object.
    Key,
    /// After a value: `,` or the closing bracket.
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
    let marks = Marks::new(bitmaps.blocks());
    Walker { bytes, bitmaps, marks, frames, visitor, from: start, expect: Expect::Value }.document()
}

struct Walker<'w, 'a, V> {
    bytes: &'a [u8],
    bitmaps: &'w Bitmaps,
    marks: Marks<'w>,
    frames: &'w mut Vec<Frame<'a>>,
    visitor: &'w mut V,
    /// The end of the last mark: what lies between it and the next one is white space or a scalar.
    from: usize,
    expect: Expect,
}

impl<'a, V: Visit<'a>> Walker<'_, 'a, V> {
    fn document(mut self) -> Result<(), Broken> {
        while let Some(at) = self.marks.next() {
            let byte = self.byte(at);
            match self.expect {
                Expect::Value | Expect::FirstValue => self.value(at, byte)?,
                Expect::Key | Expect::FirstKey => self.member(at, byte)?,
                Expect::Separator => self.separator(at, byte)?,
                Expect::End => return Err(Broken::Syntax),
            }
        }
        if self.expect != Expect::End {
            return Err(Broken::Syntax);
        }
        self.blank_until(self.bytes.len())
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// A value; where it is a string or scalar, with the separator that follows, so that the common case needs one
    /// turn of the loop per member.
    #[expect(clippy::inline_always, reason = "calls cost a fifth of the walk")]
    #[inline(always)]
    fn value(&mut self, at: usize, byte: u8) -> Result<(), Broken> {
        match byte {
            b'"' => {
                self.blank_until(at)?;
                let token = self.string(at, TokenKind::String)?;
                self.visitor.value(token, Path { frames: self.frames });
                if self.frames.is_empty() {
                    self.expect = Expect::End;
                    return Ok(());
                }
                let at = self.marks.next().ok_or(Broken::Syntax)?;
                self.separator(at, self.byte(at))
            }
            b'{' => self.open(at, Container::Object),
            b'[' => self.open(at, Container::Array),
            b',' | b'}' | b']' => {
                if self.scalar(at)? {
                    self.from = at;
                    self.separator(at, byte)
                } else if byte == b']' && self.expect == Expect::FirstValue {
                    self.close(at, Container::Array)
                } else {
                    Err(Broken::Syntax)
                }
            }
            _ => Err(Broken::Syntax),
        }
    }

    /// A key with its colon and value, or the end of an object that has no member.
    fn member(&mut self, at: usize, byte: u8) -> Result<(), Broken> {
        self.blank_until(at)?;
        match byte {
            b'"' => {
                let token = self.string(at, TokenKind::Key)?;
                let colon = self.marks.next().ok_or(Broken::Syntax)?;
                if self.byte(colon) != b':' {
                    return Err(Broken::Syntax);
                }
                self.blank_until(colon)?;
                self.from = colon + 1;
                if V::SEES {
                    if let Some(frame) = self.frames.last_mut() {
                        *frame = Frame::Key { raw: token.raw, at: token.at, escaped: token.escaped };
                    }
                    self.visitor.key(token, Path { frames: self.frames });
                }
                self.expect = Expect::Value;
                let at = self.marks.next().ok_or(Broken::Syntax)?;
                self.value(at, self.byte(at))
            }
            b'}' if self.expect == Expect::FirstKey => self.close(at, Container::Object),
            _ => Err(Broken::Syntax),
        }
    }

    #[expect(clippy::inline_always, reason = "calls cost a fifth of the walk")]
    #[inline(always)]
    fn separator(&mut self, at: usize, byte: u8) -> Result<(), Broken> {
        self.blank_until(at)?;
        match byte {
            b',' => {
                self.from = at + 1;
                match self.frames.last_mut() {
                    Some(Frame::Key { .. }) => self.expect = Expect::Key,
                    Some(Frame::Index(position)) => {
                        *position += 1;
                        self.expect = Expect::Value;
                    }
                    None => return Err(Broken::Syntax),
                }
                Ok(())
            }
            b'}' => self.close(at, Container::Object),
            b']' => self.close(at, Container::Array),
            _ => Err(Broken::Syntax),
        }
    }

    fn open(&mut self, at: usize, container: Container) -> Result<(), Broken> {
        self.blank_until(at)?;
        if self.frames.len() >= DEPTH_MAX {
            return Err(Broken::Depth);
        }
        self.visitor.open(container, position(at), Path { frames: self.frames });
        let (frame, expect) = match container {
            Container::Object => {
                (Frame::Key { raw: &[], at: position(at), escaped: false }, Expect::FirstKey)
            }
            Container::Array => (Frame::Index(0), Expect::FirstValue),
        };
        self.frames.push(frame);
        self.expect = expect;
        self.from = at + 1;
        Ok(())
    }

    fn close(&mut self, at: usize, container: Container) -> Result<(), Broken> {
        match (self.frames.pop(), container) {
            (Some(Frame::Key { .. }), Container::Object) | (Some(Frame::Index(_)), Container::Array) => {}
            _ => return Err(Broken::Syntax),
        }
        self.visitor.close(container, position(at), Path { frames: self.frames });
        self.from = at + 1;
        self.after_value();
        Ok(())
    }

    fn after_value(&mut self) {
        self.expect = if self.frames.is_empty() { Expect::End } else { Expect::Separator };
    }

    /// The string whose opening quote is at `at`. Inside a string the only marks are quotes.
    #[expect(clippy::inline_always, reason = "a call per string costs a tenth of the walk")]
    #[inline(always)]
    fn string(&mut self, at: usize, kind: TokenKind) -> Result<Token<'a>, Broken> {
        let end = self.marks.next().ok_or(Broken::Syntax)?;
        let start = at + 1;
        let raw = self.bytes.get(start..end).ok_or(Broken::Syntax)?;
        self.from = end + 1;
        let escaped = V::SEES && self.bitmaps.any_backslash(start, end);
        Ok(Token { kind, raw, at: position(start), escaped })
    }

    /// The number or literal that ends before `at`; false where there is none.
    fn scalar(&mut self, at: usize) -> Result<bool, Broken> {
        let mut start = self.from;
        let gap = self.bytes.get(start..at).unwrap_or_default();
        let raw = gap.trim_ascii_start();
        start += gap.len() - raw.len();
        let raw = raw.trim_ascii_end();
        let Some(first) = raw.first() else {
            return Ok(false);
        };
        let kind = match first {
            b'0'..=b'9' | b'-' => TokenKind::Number,
            _ => TokenKind::Literal,
        };
        if has_blank(raw) {
            return Err(Broken::Syntax);
        }
        self.visitor
            .value(Token { kind, raw, at: position(start), escaped: false }, Path { frames: self.frames });
        Ok(true)
    }

    fn blank_until(&self, at: usize) -> Result<(), Broken> {
        if self.from == at {
            return Ok(());
        }
        let gap = self.bytes.get(self.from..at).unwrap_or_default();
        if gap.iter().all(u8::is_ascii_whitespace) { Ok(()) } else { Err(Broken::Syntax) }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by decode::PAYLOAD_BYTES_MAX")]
fn position(at: usize) -> u32 {
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
        block.structural & !in_string | quotes
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
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
