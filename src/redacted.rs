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

/// An account or card: the last `shown` digits.
pub fn last(text: &str, shown: usize) -> String {
    let digits = text.chars().filter(|character| is_hidden(*character)).count();
    let mut seen = 0;
    let mask = |character: char| {
        seen += usize::from(is_hidden(character));
        if is_hidden(character) && seen + shown <= digits { '*' } else { character }
    };
    text.chars().map(mask).collect()
}

/// A name: the first and last syllable, of two the first; in Latin letters the initials.
pub fn person_name(text: &str) -> String {
    if text.is_ascii() {
        let mut begins = true;
        let initials = |character: char| {
            let shown = begins && character.is_ascii_alphabetic();
            begins = !character.is_ascii_alphabetic() && (begins || character == ' ');
            if is_hidden(character) && !shown { '*' } else { character }
        };
        return text.chars().map(initials).collect();
    }
    let syllables = text.chars().filter(|character| is_hidden(*character)).count();
    let mut seen = 0;
    let ends = |character: char| {
        if !is_hidden(character) {
            return character;
        }
        seen += 1;
        let shown = seen == 1 && syllables > 1 || seen == syllables && syllables > 2;
        if shown { character } else { '*' }
    };
    text.chars().map(ends).collect()
}

/// An e-mail address: the first letter and the domain.
pub fn email_address(text: &str) -> String {
    let Some((local, domain)) = text.rsplit_once('@') else { return whole(text) };
    let first = local.chars().next().map_or(0, char::len_utf8);
    let (first, rest) = local.split_at(first);
    format!("{first}{}@{domain}", whole(rest))
}

/// An address: the words that `is_shown` knows as provinces and cities.
pub fn postal_address(text: &str, is_shown: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|character: char| !is_hidden(character) && character != '-') {
        let letters = word.trim_end_matches(|character: char| !is_hidden(character));
        if is_shown(letters) {
            out.push_str(word);
        } else {
            out.push_str(&whole(word));
        }
    }
    out
}

/// A value of which nothing may be shown.
pub fn whole(text: &str) -> String {
    text.chars().map(|character| if is_hidden(character) { '*' } else { character }).collect()
}

/// A `*` of a number that came masked counts like the digit it stands for.
#[inline]
fn is_hidden(character: char) -> bool {
    // Hangul before the rest: the tables of Unicode are slow to ask.
    let known = character.is_ascii_alphanumeric() || character == '*' || ('가'..='힣').contains(&character);
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
    fn a_name_shows_its_ends_or_its_initials() {
        for (text, masked) in [
            ("홍길동", "홍*동"),
            ("허준", "허*"),
            ("박", "*"),
            ("남궁 민수", "남* *수"),
            ("HONG GILDONG", "H*** G******"),
            ("Kim, Min-su", "K**, M**-**"),
            ("ｋｉｍ", "ｋ*ｍ"),
        ] {
            assert_eq!(super::person_name(text), masked);
        }
    }

    #[test]
    fn accounts_cards_mail_and_addresses_show_what_tells_them_apart() {
        assert_eq!(super::last("110-345-678901", 3), "***-***-***901");
        assert_eq!(super::last("4009 0512 3456 7812", 4), "**** **** **** 7812");
        assert_eq!(super::email_address("jiwon.han88@naver.com"), "j****.*****@naver.com");
        let is_city = |word: &str| matches!(word, "경기도" | "성남시" | "Seoul");
        assert_eq!(
            super::postal_address("경기도 성남시 판교역로 235-1, 5층", is_city),
            "경기도 성남시 **** ***-*, **"
        );
        assert_eq!(super::postal_address("152, Teheran-ro, Seoul", is_city), "***, *******-**, Seoul");
    }

    #[test]
    fn a_resident_number_shows_nothing() {
        assert_eq!(super::whole("850312-1213450"), "******-*******");
        assert_eq!(super::whole("홍길동 A"), "*** *");
    }
}
