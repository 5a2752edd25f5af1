//! Data subjects, known only by keyed tokens (contracts, "Subject tokens").
//!
//! A token is made of an identifier (a member number, a phone number …) with a secret key, so that consent
//! systems and sumun name the same person without either of them storing who it is. Who holds the key can
//! enumerate all phone numbers; the tokens protect against everyone else.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;

/// `KID:TYPE:HEX`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectToken(pub String);

/// Bytes of the HMAC that a token shows: the first half of SHA-256.
pub const TOKEN_BYTES: usize = 16;

/// The parts of a token as they are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenParts<'a> {
    pub key_id: &'a str,
    pub token_type: TokenType,
    pub value: u128,
}

impl SubjectToken {
    /// `None` where the text is no token: a key id, a known type and 32 lower-case hexadecimal digits.
    pub fn parts(&self) -> Option<TokenParts<'_>> {
        let (rest, hex) = self.0.rsplit_once(':')?;
        let (key_id, token_type) = rest.split_once(':')?;
        let token_type = TokenType::parse(token_type)?;
        if key_id.is_empty() || hex.len() != 2 * TOKEN_BYTES {
            return None;
        }
        let value = hex.bytes().try_fold(0_u128, |value, digit| {
            let nibble = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            Some(value << 4 | u128::from(nibble))
        })?;
        Some(TokenParts { key_id, token_type, value })
    }
}

/// The kind of identifier a token was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenType {
    Member,
    Phone,
    Email,
    /// Connecting information (연계정보): the 88 characters of base64 that identify a person across services.
    Ci,
}

impl TokenType {
    pub const ALL: [TokenType; 4] = [TokenType::Member, TokenType::Phone, TokenType::Email, TokenType::Ci];

    pub const fn as_str(self) -> &'static str {
        match self {
            TokenType::Member => "member",
            TokenType::Phone => "phone",
            TokenType::Email => "email",
            TokenType::Ci => "ci",
        }
    }

    pub fn parse(name: &str) -> Option<TokenType> {
        TokenType::ALL.into_iter().find(|token_type| token_type.as_str() == name)
    }
}

/// The keys that tokens are made with. Holds secrets and makes tokens of raw values: no `Debug`.
#[derive(Clone)]
pub struct Keyring {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    /// One state per type, in the order of [`TokenType::ALL`], that has taken in the padded key and
    /// `TYPE ‖ 0x1F`: a token then costs the two compressions that its value needs and no key schedule.
    states: [Hmac<Sha256>; 4],
    /// Likewise, with a prefix that is no type.
    payload_state: Hmac<Sha256>,
}

impl Keyring {
    /// Keys by id; the first one makes the tokens.
    pub fn new(keys: Vec<(String, [u8; 32])>) -> Keyring {
        let keys = keys.into_iter().map(|(id, secret)| {
            let keyed = keyed(&secret);
            Key {
                id,
                states: TokenType::ALL.map(|token_type| prefixed(&keyed, token_type.as_str())),
                payload_state: prefixed(&keyed, "payload"),
            }
        });
        Keyring { keys: keys.collect() }
    }

    /// The token of a raw value with the first key; `None` for a masked or empty value, or without a key.
    pub fn token(&self, token_type: TokenType, value: &str) -> Option<SubjectToken> {
        let key = self.keys.first()?;
        let value = normalised(token_type, value)?;
        let mut state = key.states.get(token_type as usize)?.clone();
        state.update(value.as_bytes());
        let mut text = String::with_capacity(key.id.len() + 2 * TOKEN_BYTES + 8);
        text.push_str(&key.id);
        text.push(':');
        text.push_str(token_type.as_str());
        text.push(':');
        push_code(state, &mut text);
        Some(SubjectToken(text))
    }

    /// `KID:HEX` of a whole payload, by which whoever holds payload and key can tell that it is this one.
    /// `None` without a key. No token: a payload is not a person.
    pub fn payload_hmac(&self, payload: &[u8]) -> Option<String> {
        let key = self.keys.first()?;
        let mut state = key.payload_state.clone();
        state.update(payload);
        let mut text = format!("{}:", key.id);
        push_code(state, &mut text);
        Some(text)
    }
}

/// The first 16 bytes of the code, in lower case hexadecimal.
fn push_code(state: Hmac<Sha256>, out: &mut String) {
    let mut digits = [0; 2 * TOKEN_BYTES];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(state.finalize().into_bytes()) {
        for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 0xf]) {
            *digit = nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        }
    }
    out.push_str(std::str::from_utf8(&digits).unwrap_or_default());
}

fn keyed(secret: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC pads a key that is shorter than the block of 64 bytes with zeros.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    for (to, from) in block.iter_mut().zip(secret) {
        *to = *from;
    }
    Hmac::<Sha256>::new(&block)
}

fn prefixed(keyed: &Hmac<Sha256>, prefix: &str) -> Hmac<Sha256> {
    let mut state = keyed.clone();
    state.update(prefix.as_bytes());
    state.update(&[0x1f]);
    state
}

/// A value in the one form of which its token is made; `None` for a masked value, or where nothing is left.
pub fn normalise(token_type: TokenType, value: &str) -> Option<String> {
    normalised(token_type, value).map(Cow::into_owned)
}

fn normalised(token_type: TokenType, value: &str) -> Option<Cow<'_, str>> {
    if is_masked(value) {
        return None;
    }
    let value = match token_type {
        TokenType::Member => member(value),
        TokenType::Phone => phone(value)?,
        TokenType::Email => email(value)?,
        TokenType::Ci => connecting_information(value)?,
    };
    (!value.is_empty()).then_some(value)
}

/// A number with masked digits would otherwise become the token of a shorter one, and so somebody else's.
fn is_masked(value: &str) -> bool {
    value.contains(['*', '●', '○'])
}

fn member(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    if value.is_ascii() { Cow::Borrowed(value) } else { Cow::Owned(value.nfc().collect()) }
}

fn phone(value: &str) -> Option<Cow<'_, str>> {
    let value = compatible(value)?;
    let digits: Cow<'_, str> = match value {
        Cow::Borrowed(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => Cow::Borrowed(text),
        text => Cow::Owned(text.chars().filter(char::is_ascii_digit).collect()),
    };
    let abroad = digits.strip_prefix("0082").or_else(|| digits.strip_prefix("82"));
    if let Some(national) = abroad {
        return Some(Cow::Owned(format!("0{}", national.strip_prefix('0').unwrap_or(national))));
    }
    // A spreadsheet that took the number for a number has eaten the leading zero.
    if digits.len() == 10 && digits.starts_with("10") {
        return Some(Cow::Owned(format!("0{digits}")));
    }
    Some(digits)
}

fn email(value: &str) -> Option<Cow<'_, str>> {
    let value = compatible(value)?;
    let plain = |byte: u8| {
        byte.is_ascii() && !byte.is_ascii_whitespace() && !byte.is_ascii_uppercase() && byte != 0x0b
    };
    if value.bytes().all(plain) {
        return Some(value);
    }
    Some(Cow::Owned(without_white_space(&value).to_lowercase()))
}

fn connecting_information(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains(|char: char| char.is_whitespace() || char == '%') {
        return Some(Cow::Borrowed(value));
    }
    let decoded = percent_decoded(&without_white_space(value));
    // What the decoding brings to light (%0A, %2A) is subject to the same rules.
    let decoded = without_white_space(&decoded);
    (!is_masked(&decoded)).then_some(Cow::Owned(decoded))
}

/// NFKC; `None` where a mask comes to light (a full-width asterisk).
fn compatible(value: &str) -> Option<Cow<'_, str>> {
    if value.is_ascii() {
        return Some(Cow::Borrowed(value));
    }
    let text: String = value.nfkc().collect();
    (!is_masked(&text)).then_some(Cow::Owned(text))
}

fn without_white_space(value: &str) -> String {
    value.chars().filter(|char| !char.is_whitespace()).collect()
}

/// `%3D` becomes `=`; a `%` without two digits stays; a value that does not decode to UTF-8 stays as it is.
fn percent_decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = after.split_at_checked(2).filter(|_| first == b'%');
        let byte = pair.and_then(|(pair, after)| {
            let pair =
                std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()))?;
            Some((u8::from_str_radix(pair, 16).ok()?, after))
        });
        let (byte, after) = byte.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

/// Position of a person in one facts snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonIndex(pub u32);

/// Whose data it is (`DECISION.md` §1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// No selector yielded a value.
    Unresolved,
    /// The persons that `token` names at the record's time. Empty: a person whom no fact knows.
    /// `token` is the person's own token where it is one, else the selected one.
    Persons { token: SubjectToken, persons: Vec<PersonIndex> },
}

impl Subject {
    /// Persons who are the subject: 0 where unresolved; a person without facts is a person too.
    pub fn count(&self) -> usize {
        match self {
            Subject::Unresolved => 0,
            Subject::Persons { persons, .. } => persons.len().max(1),
        }
    }

    /// The token as it is printed; `None` where unresolved.
    pub fn text(&self) -> Option<&str> {
        match self {
            Subject::Unresolved => None,
            Subject::Persons { token, .. } => Some(&token.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Keyring, SubjectToken, TokenType, normalise};

    fn keyring() -> Keyring {
        let mut secret = [0; 32];
        for (byte, value) in secret.iter_mut().zip(0..) {
            *byte = value;
        }
        Keyring::new(vec![("k1".to_owned(), secret)])
    }

    #[test]
    fn every_test_vector_of_the_contract_holds() {
        let table = include_str!("../tests/contracts/tokens.tsv");
        let mut rows = 0;
        for line in table.lines().skip(1) {
            let columns: Vec<_> = line.split('\t').collect();
            let &[token_type, value, normalised, token] = columns.as_slice() else { panic!("four columns") };
            let token_type = TokenType::parse(token_type).expect("a known type");
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            assert_eq!(normalise(token_type, value), some(normalised), "{line}");
            assert_eq!(keyring().token(token_type, value), some(token).map(SubjectToken), "{line}");
            rows += 1;
        }
        assert_eq!(rows, 15);
    }

    #[test]
    fn values_take_their_one_form() {
        let check = |token_type, value, expected: Option<&str>| {
            assert_eq!(normalise(token_type, value).as_deref(), expected, "{token_type:?} {value:?}");
        };
        check(TokenType::Member, "\u{3000}고객\u{a0}7\n", Some("고객\u{a0}7"));
        check(TokenType::Member, "\u{1100}\u{1161}", Some("가"));
        check(TokenType::Member, " \t", None);
        check(TokenType::Member, "M-10○1", None);
        check(TokenType::Phone, "010-●●●●-5678", None);
        check(TokenType::Phone, "010-＊＊＊＊-5678", None);
        check(TokenType::Phone, "none", None);
        check(TokenType::Phone, "00820101234567", Some("0101234567"));
        check(TokenType::Email, "Ａ b@\u{b}X.KR", Some("ab@x.kr"));
        check(TokenType::Email, "a***@naver.com", None);
        check(TokenType::Ci, "a%2Bb %2f=\n", Some("a+b/="));
        check(TokenType::Ci, "a%2G%", Some("a%2G%"));
        check(TokenType::Ci, "a%FF", Some("a%FF"));
        check(TokenType::Ci, "a%2A", None);
        check(TokenType::Ci, "%20", None);
    }

    #[test]
    fn a_token_reads_back_and_what_is_none_does_not() {
        let token = keyring().token(TokenType::Phone, "010-1234-5678").unwrap();
        let parts = token.parts().unwrap();
        assert_eq!((parts.key_id, parts.token_type), ("k1", TokenType::Phone));
        assert_eq!(format!("{:032x}", parts.value), "333625e8af6012c36aa018d2d941c053");
        for text in [
            "",
            "k1:phone",
            ":phone:333625e8af6012c36aa018d2d941c053",
            "k1:fax:333625e8af6012c36aa018d2d941c053",
            "k1:phone:333625E8AF6012C36AA018D2D941C053",
            "k1:phone:333625e8",
            "k1:x:phone:333625e8af6012c36aa018d2d941c053",
        ] {
            assert_eq!(SubjectToken(text.to_owned()).parts(), None, "{text}");
        }
    }
}
