//! Masks: what may be shown of a finding (contracts, "Masks").
//!
//! Letters, syllables and digits become `*`, everything else stays as it is.

/// A phone number: the first `prefix_digits` digits (country code and network prefix) and the last four are shown.
pub fn phone_number(text: &str, prefix_digits: usize) -> String {
    const LAST_SHOWN: usize = 4;
    let digits = text.chars().filter(|character| is_hidden(*character)).count();
    let mut seen = 0;
    let mut is_shown = |character| {
        let hidden = is_hidden(character);
        seen += usize::from(hidden);
        !hidden || seen <= prefix_digits || seen + LAST_SHOWN > digits
    };
    if !text.is_ascii() {
        return text.chars().map(|character| if is_shown(character) { character } else { '*' }).collect();
    }
    // The usual case, without decoding and encoding.
    let mut out = text.as_bytes().to_vec();
    for byte in &mut out {
        if !is_shown(char::from(*byte)) {
            *byte = b'*';
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// A value of which nothing may be shown.
pub fn whole(text: &str) -> String {
    text.chars().map(|character| if is_hidden(character) { '*' } else { character }).collect()
}

/// A `*` of a number that came masked counts like the digit it stands for.
#[inline]
fn is_hidden(character: char) -> bool {
    let known = character.is_ascii_alphanumeric() || character == '*';
    known || !character.is_ascii() && character.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_phone_number_shows_its_prefix_and_the_last_four() {
        for (text, prefix_digits, masked) in [
            ("010-2345-6703", 3, "010-****-6703"),
            ("+82 10-2345-6703", 4, "+82 10-****-6703"),
            ("0212345678", 2, "02****5678"),
            ("1023456703", 2, "10****6703"),
            ("０１０－２３４５－６７０３", 3, "０１０－****－６７０３"),
            ("010-****-6703", 3, "010-****-6703"),
        ] {
            assert_eq!(super::phone_number(text, prefix_digits), masked);
        }
    }

    #[test]
    fn a_resident_number_shows_nothing() {
        assert_eq!(super::whole("850312-1213450"), "******-*******");
        assert_eq!(super::whole("홍길동 A"), "*** *");
    }
}
