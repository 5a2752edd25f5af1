//! Paths that select: the field paths of contracts, "Field paths", within one JSON text, and `[*]`.

use std::fmt;

/// `$.orders[*].receiver['e-mail'][0]`: steps from a root, which is the text itself or a scope instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath {
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value under this key of an object (under each, where the key stands twice).
    Key(String),
    /// One element of an array.
    Index(u32),
    /// Every element of an array.
    Each,
}

/// Why a text is no path; the text itself is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PathError(&'static str);

impl FieldPath {
    pub fn parse(text: &str) -> Result<FieldPath, PathError> {
        let mut rest = text.strip_prefix('$').ok_or(PathError("a path begins with `$`, as in `$.a.b[0]`"))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, tail) = if let Some(tail) = rest.strip_prefix('.') {
                identifier(tail)?
            } else if let Some(tail) = rest.strip_prefix("['") {
                quoted(tail)?
            } else if let Some(tail) = rest.strip_prefix('[') {
                position(tail)?
            } else {
                return Err(PathError("after `$` a path goes on with `.key`, `['key']`, `[0]` or `[*]`"));
            };
            steps.push(step);
            rest = tail;
        }
        Ok(FieldPath { steps })
    }

    /// This path, and from its end the other one.
    #[must_use]
    pub fn join(&self, relative: &FieldPath) -> FieldPath {
        FieldPath { steps: self.steps.iter().chain(&relative.steps).cloned().collect() }
    }
}

fn identifier(text: &str) -> Result<(Step, &str), PathError> {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    let (key, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    if !key.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_') {
        return Err(PathError(
            "after `.` stands a key of letters, digits and `_`; any other is written `['key']`",
        ));
    }
    Ok((Step::Key(key.to_owned()), rest))
}

fn quoted(text: &str) -> Result<(Step, &str), PathError> {
    let mut key = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some((_, escaped @ ('\'' | '\\'))) => key.push(escaped),
                _ => return Err(PathError("in `['…']` a backslash stands before `'` or `\\` only")),
            },
            '\'' => {
                let rest = text.get(at..).and_then(|rest| rest.strip_prefix("']"));
                return rest.map(|rest| (Step::Key(key), rest)).ok_or(PathError("`['` is closed by `']`"));
            }
            letter => key.push(letter),
        }
    }
    Err(PathError("`['` is closed by `']`"))
}

fn position(text: &str) -> Result<(Step, &str), PathError> {
    let error = PathError("in `[…]` stands a position counted from 0, `*` or a key in `'…'`");
    let (inside, rest) = text.split_once(']').ok_or_else(|| error.clone())?;
    if inside == "*" {
        return Ok((Step::Each, rest));
    }
    if inside.is_empty() || !inside.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(error);
    }
    inside.parse().map(|position| (Step::Index(position), rest)).map_err(|_| error)
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.steps {
            match step {
                Step::Index(position) => write!(f, "[{position}]")?,
                Step::Each => f.write_str("[*]")?,
                Step::Key(key) if identifier(key).is_ok_and(|(_, rest)| rest.is_empty()) => {
                    write!(f, ".{key}")?;
                }
                Step::Key(key) => write!(f, "['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldPath, Step};

    #[test]
    fn a_path_is_read_and_printed_as_the_contract_writes_it() {
        for text in [
            "$",
            "$.a.b[0].c",
            "$.orders[*]",
            "$['rcvr.nm'][2]",
            r"$['it\'s \\']",
            "$.주문[*].수령인",
            "$[*]",
        ] {
            assert_eq!(FieldPath::parse(text).unwrap().to_string(), text);
        }
        let path = FieldPath::parse("$['a'][10][*]").unwrap();
        assert_eq!(path.steps, [Step::Key("a".into()), Step::Index(10), Step::Each]);
        assert_eq!(path.join(&FieldPath::parse("$.b").unwrap()).to_string(), "$.a[10][*].b");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "", "a.b", "$a", "$.", "$.a-b", "$.1", "$[", "$[x]", "$[-1]", "$['a", "$['a'", r"$['\n']",
            "$..a", "$[]",
        ] {
            assert!(FieldPath::parse(text).is_err(), "{text}");
        }
    }
}
