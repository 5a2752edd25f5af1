//! Texts of outputs, cut to a length.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Longest text that an output carries whole. Paths, purposes and names come from payloads and registries, where
/// nothing bounds them; escaped for JSON a text grows sixfold at most.
pub(super) const TEXT_BYTES_MAX: usize = 1024;

/// The text, or its beginning, `…` and 64 bits of its SHA-256: different texts stay different.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    let kept = text.floor_char_boundary(TEXT_BYTES_MAX);
    let head = text.get(..kept).unwrap_or_default();
    Cow::Owned(format!("{head}…{}", hex(&Sha256::digest(text.as_bytes()), 8)))
}

/// The first `bytes` bytes in lower case hexadecimal.
pub(super) fn hex(digest: &[u8], bytes: usize) -> String {
    digest.iter().take(bytes).fold(String::with_capacity(2 * bytes), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{TEXT_BYTES_MAX, bounded};

    #[test]
    fn a_long_text_is_cut_between_characters_and_stays_itself() {
        let exact = "가".repeat(TEXT_BYTES_MAX / 3);
        assert_eq!(bounded(&exact), exact);
        let (one, other) = (format!("{exact}나나"), format!("{exact}나다"));
        assert!(bounded(&one).len() <= TEXT_BYTES_MAX + "…".len() + 16);
        assert_ne!(bounded(&one), bounded(&other));
        assert_eq!(bounded(&one), bounded(&one));
    }
}
