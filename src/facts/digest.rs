//! The digest of a set of facts: the sum modulo 2^256 of the SHA-256 of each fact's canonical JSON.
//!
//! A sum does not depend on the order in which the facts came, and a fact that replaces another updates it in
//! place.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A number modulo 2^256, little-endian limbs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum([u64; 4]);

impl Sum {
    /// Of one fact. `None` where the line is no JSON.
    pub(super) fn of_fact(line: &str) -> Option<Sum> {
        let fact: Value = serde_json::from_str(line).ok()?;
        let mut canonical = String::with_capacity(line.len());
        write_canonical(&fact, &mut canonical);
        let hash = Sha256::digest(canonical.as_bytes());
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().rev().zip(hash.chunks_exact(8)) {
            *limb = bytes.iter().fold(0_u64, |limb, byte| limb << 8 | u64::from(*byte));
        }
        Some(Sum(limbs))
    }

    #[must_use]
    pub(super) fn plus(self, other: Sum) -> Sum {
        let mut carry = false;
        let mut limbs = self.0;
        for (limb, other) in limbs.iter_mut().zip(other.0) {
            let (sum, over) = limb.overflowing_add(other);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            *limb = sum;
            carry = over || again;
        }
        Sum(limbs)
    }

    #[must_use]
    pub(super) fn minus(self, other: Sum) -> Sum {
        // Two's complement: -x is the complement of x, plus one.
        self.plus(Sum(other.0.map(|limb| !limb))).plus(Sum([1, 0, 0, 0]))
    }

    /// `sha256:` and 64 hexadecimal digits, the most significant first.
    pub(super) fn printed(self) -> String {
        let [a, b, c, d] = self.0;
        format!("sha256:{d:016x}{c:016x}{b:016x}{a:016x}")
    }
}

/// Keys sorted by bytes, no white space. Sorts by itself: `serde_json` keeps the order of the input as soon as
/// any crate in the build asks for its `preserve_order`.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            write_list('{', '}', fields, out, |(key, value), out| {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
            });
        }
        Value::Array(items) => write_list('[', ']', items, out, write_canonical),
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn write_list<T>(
    open: char,
    close: char,
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::{Sum, write_canonical};

    #[test]
    fn canonical_json_has_sorted_keys_and_no_white_space() {
        let value = serde_json::from_str(r#" {"b": [1, {"z": null, "a": "가\n"}], "a": 1.5} "#).unwrap();
        let mut out = String::new();
        write_canonical(&value, &mut out);
        assert_eq!(out, r#"{"a":1.5,"b":[1,{"a":"가\n","z":null}]}"#);
    }

    #[test]
    fn sums_carry_wrap_and_undo() {
        let max = Sum([u64::MAX; 4]);
        assert_eq!(max.plus(Sum([1, 0, 0, 0])), Sum::default());
        assert_eq!(Sum([u64::MAX, 0, 0, 0]).plus(Sum([1, 0, 0, 0])), Sum([0, 1, 0, 0]));
        let (a, b) = (Sum::of_fact("{}").unwrap(), Sum::of_fact("[]").unwrap());
        assert_eq!(a.plus(b).minus(a), b);
        // SHA-256 of "{}"
        assert_eq!(a.printed(), "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }
}
