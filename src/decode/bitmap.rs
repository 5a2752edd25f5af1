//! One look at each byte: which of the few classes that matter it belongs to, as bitmaps of 64 bytes a block.
//!
//! The tokenizer and the candidate finder read the same bitmaps, so a payload's bytes are classified once.
//! AVX-512 or AVX2 where the CPU has it (asked at run time), SSE2 on every other x86-64, plain Rust elsewhere; the last,
//! partial block is copied into a padded one, so nothing outside the slice is ever read.

/// Bytes of a block: one bit each in a `u64`.
pub const BLOCK_BYTES: usize = 64;

/// Blocks that stay allocated between payloads: those of 1 MiB.
const BLOCKS_KEPT_MAX: usize = (1 << 20) / BLOCK_BYTES;

/// The classes of 64 bytes; bit `n` is byte `n`. Bytes beyond the end of the payload belong to none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// `"`
    pub quote: u64,
    /// `\`
    pub backslash: u64,
    /// `{ [`
    pub open: u64,
    /// `} ]`
    pub close: u64,
    /// `:`
    pub colon: u64,
    /// `,`
    pub comma: u64,
    /// Up to the space: white space and control characters.
    pub blank: u64,
    /// `0`–`9`, and `*`, which stands for a digit in a masked number.
    pub digit: u64,
    /// What may stand between the digits of one number: `-`, space, `.`, `/`, `(`, `)`.
    pub separator: u64,
    /// `0x80` and above.
    pub non_ascii: u64,
    /// `C2 E2 E3 EF`: first bytes of the characters that fold to ASCII digits, hyphens, spaces or nothing
    /// (full-width forms, the hyphen family, no-break and zero-width spaces, ● ○). No Hangul begins so.
    pub foldable: u64,
}

/// The bitmaps of one payload, or of one decoded text.
#[derive(Default)]
pub struct Bitmaps {
    blocks: Vec<Block>,
    is_ascii: bool,
    has_backslash: bool,
    has_foldable: bool,
}

impl Bitmaps {
    /// Classifies `bytes`; what was here before is gone.
    pub fn classify(&mut self, bytes: &[u8]) {
        self.blocks.clear();
        self.blocks.shrink_to(BLOCKS_KEPT_MAX);
        self.blocks.reserve(bytes.len().div_ceil(BLOCK_BYTES));
        classify_into(bytes, &mut self.blocks);
        let (mut non_ascii, mut backslash, mut foldable) = (0, 0, 0);
        for block in &self.blocks {
            non_ascii |= block.non_ascii;
            backslash |= block.backslash;
            foldable |= block.foldable;
        }
        self.is_ascii = non_ascii == 0;
        self.has_backslash = backslash != 0;
        self.has_foldable = foldable != 0;
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub fn is_ascii(&self) -> bool {
        self.is_ascii
    }

    pub fn has_foldable(&self) -> bool {
        self.has_foldable
    }

    /// Whether a byte of `class` lies in `start..end`.
    pub fn any(&self, start: usize, end: usize, class: impl Fn(&Block) -> u64) -> bool {
        self.count(start, end, class) != 0
    }

    /// How many bytes of `class` lie in `start..end`.
    pub fn count(&self, start: usize, end: usize, class: impl Fn(&Block) -> u64) -> u32 {
        if start >= end {
            return 0;
        }
        let (first, last) = (start / BLOCK_BYTES, (end - 1) / BLOCK_BYTES);
        let from = u64::MAX << (start % BLOCK_BYTES);
        let to = u64::MAX >> (BLOCK_BYTES - 1 - (end - 1) % BLOCK_BYTES);
        match self.blocks.get(first..=last).unwrap_or_default() {
            [only] => (class(only) & from & to).count_ones(),
            [head, middle @ .., tail] => {
                (class(head) & from).count_ones()
                    + (class(tail) & to).count_ones()
                    + middle.iter().map(|block| class(block).count_ones()).sum::<u32>()
            }
            [] => 0,
        }
    }

    /// The bits of `class` from byte `start` to before `end`, the first one lowest; `None` where they are more than 64.
    pub fn window(&self, start: usize, end: usize, class: impl Fn(&Block) -> u64) -> Option<u64> {
        let length = end.checked_sub(start).filter(|length| (1..=BLOCK_BYTES).contains(length))?;
        let (block, shift) = (start / BLOCK_BYTES, start % BLOCK_BYTES);
        let mut bits = class(self.blocks.get(block)?) >> shift;
        if shift + length > BLOCK_BYTES {
            bits |= class(self.blocks.get(block + 1)?) << (BLOCK_BYTES - shift);
        }
        Some(bits & (u64::MAX >> (BLOCK_BYTES - length)))
    }

    pub fn has_backslash(&self) -> bool {
        self.has_backslash
    }

    /// Whether a backslash lies in `start..end`.
    pub fn any_backslash(&self, start: usize, end: usize) -> bool {
        self.has_backslash && self.any(start, end, |block| block.backslash)
    }
}

fn classify_into(bytes: &[u8], out: &mut Vec<Block>) {
    #[cfg(target_arch = "x86_64")]
    x86::classify_into(bytes, out);
    #[cfg(not(target_arch = "x86_64"))]
    classify_plain(bytes, out);
}

/// The reference: what the vector code must agree with.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn classify_plain(bytes: &[u8], out: &mut Vec<Block>) {
    for chunk in bytes.chunks(BLOCK_BYTES) {
        let mut block = Block::default();
        for (position, byte) in chunk.iter().enumerate() {
            let bit = 1 << position;
            match byte {
                b'"' => block.quote |= bit,
                b'\\' => block.backslash |= bit,
                b'{' | b'[' => block.open |= bit,
                b'}' | b']' => block.close |= bit,
                b':' => block.colon |= bit,
                b',' => block.comma |= bit,
                b'0'..=b'9' | b'*' => block.digit |= bit,
                b'-' | b' ' | b'.' | b'/' | b'(' | b')' => block.separator |= bit,
                0x80.. => block.non_ascii |= bit,
                _ => {}
            }
            if matches!(byte, 0xC2 | 0xE2 | 0xE3 | 0xEF) {
                block.foldable |= bit;
            }
            if *byte <= b' ' {
                block.blank |= bit;
            }
        }
        out.push(block);
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "SIMD loads, one instruction, and the call of code for a CPU feature that was asked for"
)]
mod x86 {
    use std::arch::asm;
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_or_si128,
        _mm_set1_epi8, _mm_sub_epi8, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
        _mm256_min_epu8, _mm256_or_si256, _mm256_set1_epi8, _mm256_sub_epi8, _mm512_and_si512,
        _mm512_cmpeq_epi8_mask, _mm512_cmple_epu8_mask, _mm512_loadu_si512, _mm512_movepi8_mask,
        _mm512_or_si512, _mm512_set1_epi8, _mm512_sub_epi8,
    };

    use super::{BLOCK_BYTES, Block};

    /// Stands behind the end of the payload: of no class.
    const PADDING: u8 = b'~';

    pub(super) fn classify_into(bytes: &[u8], out: &mut Vec<Block>) {
        if is_x86_feature_detected!("avx512bw") {
            // SAFETY: the CPU has AVX-512BW, which is all that the function needs.
            unsafe { avx512(bytes, out) }
        } else if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, which is all that the function needs.
            unsafe { avx2(bytes, out) }
        } else {
            // SAFETY: every x86-64 has SSE2.
            unsafe { sse2(bytes, out) }
        }
    }

    /// The loop over all blocks for one block function.
    macro_rules! blocks {
        ($name:ident, $block:ident, $feature:literal) => {
            #[target_feature(enable = $feature)]
            pub(super) fn $name(bytes: &[u8], out: &mut Vec<Block>) {
                let (chunks, tail) = bytes.as_chunks::<BLOCK_BYTES>();
                let mut padded = [PADDING; BLOCK_BYTES];
                for (to, from) in padded.iter_mut().zip(tail) {
                    *to = *from;
                }
                let last = if tail.is_empty() { None } else { Some(&padded) };
                // One call, so that it is inlined.
                for chunk in chunks.iter().chain(last) {
                    out.push($block(chunk));
                }
            }
        };
    }

    /// The classifier for one vector width. `$load` reads `$lanes` bytes from a pointer without alignment.
    macro_rules! classifier {
        ($name:ident, $block:ident, $feature:literal, $lanes:literal, $load:ident, $set1:ident, $eq:ident, $or:ident,
         $and:ident, $min:ident, $sub:ident, $mask:ident, $vector:ident, $movemask:literal, $class:ident) => {
            blocks!($name, $block, $feature);

            #[inline]
            #[target_feature(enable = $feature)]
            #[expect(clippy::cast_possible_wrap, reason = "byte constants in signed lanes")]
            fn $block(chunk: &[u8; BLOCK_BYTES]) -> Block {
                let mut block = Block::default();
                let (lanes, _) = chunk.as_chunks::<$lanes>();
                for (position, lane) in lanes.iter().enumerate() {
                    // SAFETY: `lane` is exactly as long as what is loaded; alignment is not asked for.
                    let bytes = unsafe { $load(lane.as_ptr().cast()) };
                    let is = |byte: u8| $eq(bytes, $set1(byte as i8));
                    let bits = |class| u64::from($mask(class)) << (position * $lanes);

                    block.quote |= bits(is(b'"'));
                    block.backslash |= bits(is(b'\\'));
                    // `[` and `{`, `]` and `}` differ in one bit only, and no other byte maps onto them.
                    let folded = $or(bytes, $set1(0x20));
                    block.open |= bits($eq(folded, $set1(b'{' as i8)));
                    block.close |= bits($eq(folded, $set1(b'}' as i8)));
                    block.colon |= bits(is(b':'));
                    block.comma |= bits(is(b','));
                    block.blank |= bits($eq($min(bytes, $set1(0x20)), bytes));
                    let offset = $sub(bytes, $set1(b'0' as i8));
                    let digits = $eq($min(offset, $set1(9)), offset);
                    block.digit |= bits($or(digits, is(b'*')));
                    // `(` and `)`, `.` and `/` differ in the lowest bit.
                    let even = $and(bytes, $set1(0xFE_u8 as i8));
                    let pairs = $or($eq(even, $set1(b'(' as i8)), $eq(even, $set1(b'.' as i8)));
                    block.separator |= bits($or(pairs, $or(is(b'-'), is(b' '))));
                    let non_ascii = bits(bytes);
                    if non_ascii != 0 {
                        block.non_ascii |= non_ascii;
                        let two = $or(is(0xC2), is(0xE2));
                        block.foldable |= bits($or(two, $or(is(0xE3), is(0xEF))));
                    }
                }
                block
            }

            /// The highest bit of each byte. As an instruction, because LLVM 21 takes the intrinsic apart bit by bit
            /// when several of them end up in one structure: ten times as many instructions (Rust 1.95).
            #[inline]
            #[target_feature(enable = $feature)]
            fn $mask(vector: $vector) -> u32 {
                let bits;
                // SAFETY: it reads and writes registers only.
                unsafe {
                    asm!($movemask, bits = out(reg) bits, vector = in($class) vector,
                        options(pure, nomem, nostack, preserves_flags));
                }
                bits
            }
        };
    }

    blocks!(avx512, block_avx512, "avx512bw");

    /// Here comparisons give bitmaps by themselves.
    #[inline]
    #[target_feature(enable = "avx512bw")]
    #[expect(clippy::cast_possible_wrap, reason = "byte constants in signed lanes")]
    fn block_avx512(chunk: &[u8; BLOCK_BYTES]) -> Block {
        // SAFETY: `chunk` is exactly as long as what is loaded; alignment is not asked for.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        let all = |byte: u8| _mm512_set1_epi8(byte as i8);
        let is = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, all(byte));
        let folded = _mm512_or_si512(bytes, all(0x20));
        let even = _mm512_and_si512(bytes, all(0xFE));
        let non_ascii = _mm512_movepi8_mask(bytes);
        Block {
            quote: is(b'"'),
            backslash: is(b'\\'),
            open: _mm512_cmpeq_epi8_mask(folded, all(b'{')),
            close: _mm512_cmpeq_epi8_mask(folded, all(b'}')),
            colon: is(b':'),
            comma: is(b','),
            blank: _mm512_cmple_epu8_mask(bytes, all(b' ')),
            digit: _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, all(b'0')), all(9)) | is(b'*'),
            separator: _mm512_cmpeq_epi8_mask(even, all(b'('))
                | _mm512_cmpeq_epi8_mask(even, all(b'.'))
                | is(b'-')
                | is(b' '),
            non_ascii,
            foldable: if non_ascii == 0 { 0 } else { is(0xC2) | is(0xE2) | is(0xE3) | is(0xEF) },
        }
    }

    classifier!(
        avx2,
        block_avx2,
        "avx2",
        32,
        _mm256_loadu_si256,
        _mm256_set1_epi8,
        _mm256_cmpeq_epi8,
        _mm256_or_si256,
        _mm256_and_si256,
        _mm256_min_epu8,
        _mm256_sub_epi8,
        movemask_avx2,
        __m256i,
        "vpmovmskb {bits:e}, {vector}",
        ymm_reg
    );
    classifier!(
        sse2,
        block_sse2,
        "sse2",
        16,
        _mm_loadu_si128,
        _mm_set1_epi8,
        _mm_cmpeq_epi8,
        _mm_or_si128,
        _mm_and_si128,
        _mm_min_epu8,
        _mm_sub_epi8,
        movemask_sse2,
        __m128i,
        "pmovmskb {bits:e}, {vector}",
        xmm_reg
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bitmaps, Block, classify_plain};

    fn plain(bytes: &[u8]) -> Vec<Block> {
        let mut out = Vec::new();
        classify_plain(bytes, &mut out);
        out
    }

    proptest! {
        #[test]
        fn every_width_agrees_with_plain_rust(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let expected = plain(&bytes);
            let mut bitmaps = Bitmaps::default();
            bitmaps.classify(&bytes);
            prop_assert_eq!(bitmaps.blocks(), expected.as_slice());
            #[cfg(target_arch = "x86_64")]
            {
                let mut narrow = Vec::new();
                #[expect(unsafe_code, reason = "SSE2 is part of x86-64")]
                // SAFETY: every x86-64 has SSE2.
                unsafe { super::x86::sse2(&bytes, &mut narrow) };
                prop_assert_eq!(&narrow, &expected);
                if is_x86_feature_detected!("avx2") {
                    narrow.clear();
                    #[expect(unsafe_code, reason = "the CPU was asked")]
                    // SAFETY: the CPU has AVX2.
                    unsafe { super::x86::avx2(&bytes, &mut narrow) };
                    prop_assert_eq!(narrow, expected);
                }
            }
        }

        #[test]
        fn a_range_is_asked_about_its_own_bytes_only(
            bytes in prop::collection::vec(prop::sample::select(b"a\\".to_vec()), 1..200),
            start in 0_usize..200, end in 0_usize..200,
        ) {
            let mut bitmaps = Bitmaps::default();
            bitmaps.classify(&bytes);
            let (start, end) = (start.min(bytes.len()), end.min(bytes.len()));
            let expected = bytes.get(start..end).is_some_and(|range| range.contains(&b'\\'));
            prop_assert_eq!(bitmaps.any_backslash(start, end), expected);
            if let Some(window) = bitmaps.window(start, end, |block| block.backslash) {
                let bit = |(position, byte): (usize, &u8)| u64::from(*byte == b'\\') << position;
                prop_assert_eq!(window, bytes[start..end].iter().enumerate().map(bit).sum::<u64>());
            }
        }
    }

    #[test]
    fn all_bytes_are_classified_alike() {
        let all: Vec<u8> = (0..=255).collect();
        let mut bitmaps = Bitmaps::default();
        bitmaps.classify(&all);
        assert_eq!(bitmaps.blocks(), plain(&all).as_slice());
        assert!(!bitmaps.is_ascii());
    }
}
