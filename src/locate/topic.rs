//! Names of topics and patterns of names, as librdkafka understands them.

use regex::bytes::{Regex, RegexBuilder};

/// A name, or a POSIX extended regular expression that begins with `^` and matches anywhere from there: librdkafka
/// does not anchor the end.
#[derive(Clone, Debug)]
pub enum TopicPattern {
    Name(String),
    Pattern(Box<Regex>),
}

/// Why a text names no topic; `Display` is one clause with its remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TopicError(String);

/// Kafka's own limit.
const TOPIC_NAME_BYTES_MAX: usize = 249;
/// Of a compiled pattern; a topic pattern is a few dozen bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

impl TopicPattern {
    pub fn parse(text: &str) -> Result<TopicPattern, TopicError> {
        if text.starts_with('^') { pattern(text) } else { name(text) }
    }

    pub fn matches(&self, topic: &str) -> bool {
        match self {
            TopicPattern::Name(name) => name == topic,
            TopicPattern::Pattern(regex) => regex.is_match(topic.as_bytes()),
        }
    }

    /// As librdkafka's subscription wants it.
    pub fn as_str(&self) -> &str {
        match self {
            TopicPattern::Name(name) => name,
            TopicPattern::Pattern(regex) => regex.as_str(),
        }
    }
}

impl PartialEq for TopicPattern {
    fn eq(&self, other: &TopicPattern) -> bool {
        self.as_str() == other.as_str()
    }
}

fn name(text: &str) -> Result<TopicPattern, TopicError> {
    let fits = !matches!(text, "" | "." | "..") && text.len() <= TOPIC_NAME_BYTES_MAX;
    if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) {
        return Ok(TopicPattern::Name(text.to_owned()));
    }
    Err(TopicError(
        "not a name of a topic; it holds letters, digits, `.`, `_` and `-`, and a pattern begins with `^`"
            .to_owned(),
    ))
}

fn pattern(text: &str) -> Result<TopicPattern, TopicError> {
    if let Some(reason) = only_here(text) {
        return Err(TopicError(format!("{reason}: librdkafka reads POSIX extended regular expressions")));
    }
    RegexBuilder::new(text)
        .unicode(false)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map(|regex| TopicPattern::Pattern(Box::new(regex)))
        .map_err(|_| TopicError("not a regular expression; check its brackets and repetitions".to_owned()))
}

/// What the two dialects read differently: here a route would match other topics than the subscription does.
fn only_here(pattern: &str) -> Option<&'static str> {
    let mut bytes = pattern.bytes().peekable();
    let mut before = b' ';
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.next().is_none_or(|next| next.is_ascii_alphanumeric()) => {
                return Some("write `[0-9]` or `[A-Za-z]` instead of an escape such as `\\d`");
            }
            b'(' if bytes.peek() == Some(&b'?') => return Some("groups that begin with `(?` are not known"),
            b'?' | b'+' | b'*' if matches!(before, b'?' | b'+' | b'*' | b'}') => {
                return Some("two repetitions follow each other");
            }
            b'[' => {
                if let Some(reason) = bracket(&mut bytes) {
                    return Some(reason);
                }
            }
            _ => {}
        }
        before = if byte == b'\\' { b' ' } else { byte };
    }
    None
}

fn bracket(bytes: &mut std::iter::Peekable<std::str::Bytes<'_>>) -> Option<&'static str> {
    bytes.next_if_eq(&b'^');
    let mut first = true;
    while let Some(byte) = bytes.next() {
        match byte {
            b']' if !first => return None,
            b'\\' => return Some("in `[…]` a backslash is a letter like any other; leave it out"),
            b'[' if bytes.peek() == Some(&b':') => {
                // A class of letters, `[:alpha:]`: both know it.
                bytes.find(|byte| *byte == b']')?;
            }
            b'[' => return Some("in `[…]` a second `[` is not known but in `[:alpha:]`"),
            b'&' | b'~' | b'-' if bytes.peek() == Some(&byte) => {
                return Some("in `[…]` the signs `&&`, `~~` and `--` are read differently");
            }
            _ => {}
        }
        first = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::TopicPattern;

    #[test]
    fn a_name_is_equal_and_a_pattern_matches_from_its_begin() {
        let matches = |text: &str, topic: &str| TopicPattern::parse(text).unwrap().matches(topic);
        assert!(matches("orders.outbound", "orders.outbound"));
        assert!(!matches("orders.outbound", "orders-outbound"));
        assert!(matches("^orders\\.", "orders.outbound"));
        assert!(matches("^(orders|returns)\\.[a-z]+$", "returns.outbound"));
        assert!(!matches("^(orders|returns)\\.[a-z]+$", "returns.outbound.1"));
        assert!(matches("^[[:alpha:]_.-]+$", "a.b-c_d"));
    }

    #[test]
    fn what_librdkafka_would_read_otherwise_is_refused() {
        for text in [
            "", ".", "a b", "주문", "^a(", "^[a", "^a\\d", "^(?i)a", "^a*?", "^[\\.]", "^[a&&b]", "^a{2",
            "^a\\", "^[[x]]",
        ] {
            assert!(TopicPattern::parse(text).is_err(), "{text}");
        }
    }
}
