//! Bank accounts: ten to fourteen digits.
//!
//! Nothing in an account number checks it, and half of all random numbers have the layout of some bank. So it is one
//! only by its name, by the bank beside it, or by a label; a layout (`patterns/bank_account.yaml`) makes it likelier.

use serde::Deserialize;

use super::candidate::Chunk;
use super::number::{Number, Style, begins_alone, ends_alone};
use super::weight;

const DIGITS_MIN: usize = 10;
const DIGITS_MAX: usize = 14;
const CHUNKS_MAX: usize = 5;

/// What the rule says of one kind of account of one bank.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayoutRule {
    /// For the reader of the rule: numbers of several banks look alike.
    #[serde(rename = "bank")]
    _bank: String,
    /// `3-3-6`
    groups: String,
    at: usize,
    /// `110`, `100-161`
    digits: Vec<String>,
}

/// The layouts, by the number of their digits.
#[derive(Default)]
pub(super) struct Layouts([Vec<Layout>; DIGITS_MAX + 1 - DIGITS_MIN]);

impl Layouts {
    /// False where the rule says no layout of an account.
    pub(super) fn add(&mut self, rule: &LayoutRule) -> bool {
        let layout = rule.compile();
        // Shorter ones, of one bank, are too short to be told from anything.
        layout.is_some_and(|layout| {
            if let Some(list) = layout.length.checked_sub(DIGITS_MIN).and_then(|at| self.0.get_mut(at)) {
                list.push(layout);
            }
            true
        })
    }

    fn fit(&self, number: &Number) -> bool {
        let list = number.digits().len().checked_sub(DIGITS_MIN).and_then(|at| self.0.get(at));
        list.is_some_and(|list| list.iter().any(|layout| layout.fits(number)))
    }
}

/// Compiled: which digits stand at a place, and where separators may stand.
struct Layout {
    length: usize,
    cuts: u32,
    at: usize,
    width: usize,
    ranges: Vec<(u32, u32)>,
}

pub(super) struct Account {
    pub(super) number: Number,
    pub(super) weight: i32,
    pub(super) in_layout: bool,
    pub(super) separated: bool,
    pub(super) chunks: usize,
}

impl LayoutRule {
    /// `None` where groups or digits are no numbers, or of different widths.
    fn compile(&self) -> Option<Layout> {
        let (mut length, mut cuts) = (0, 0);
        for group in self.groups.split('-') {
            if length > 0 {
                cuts |= 1 << length;
            }
            length += group.parse::<usize>().ok()?;
        }
        let width = self.digits.first()?.split('-').next()?.len();
        let bound = |text: &str| (text.len() == width).then(|| text.parse::<u32>().ok()).flatten();
        let mut ranges = Vec::with_capacity(self.digits.len());
        for digits in &self.digits {
            let (first, last) = digits.split_once('-').unwrap_or((digits, digits));
            ranges.push((bound(first)?, bound(last)?));
        }
        (self.at + width <= length).then_some(Layout { length, cuts, at: self.at, width, ranges })
    }
}

impl Layout {
    /// Whether the digits fit, and no separator stands where none belongs.
    fn fits(&self, number: &Number) -> bool {
        let digits = number.digits();
        if number.cuts & !self.cuts != 0 {
            return false;
        }
        let Some(digits) = digits.get(self.at..self.at + self.width) else { return false };
        let value = digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit.saturating_sub(b'0')));
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&value))
    }
}

/// The longest account number that begins with `chunks[first]`.
pub(super) fn read(layouts: &Layouts, text: &[u8], chunks: &[Chunk], first: usize) -> Option<Account> {
    if !begins_alone(text, chunks, first) {
        return None;
    }
    let most = chunks.len().min(first + CHUNKS_MAX);
    (first + 1..=most).rev().find_map(|end| {
        let number = Number::read(text, chunks.get(first..end)?)?;
        let digits = number.digits();
        if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len())
            || number.is_masked()
            || is_date(&number)
            || is_loose_of_blanks(text, chunks.get(first..end)?)
            || !ends_alone(text, chunks, end - 1)
        {
            return None;
        }
        let in_layout = layouts.fit(&number);
        let separated = number.style(text) != Style::Plain;
        let weight = match (separated, in_layout) {
            (true, true) => weight::ACCOUNT_LAYOUT,
            (true, false) => weight::ACCOUNT_SEPARATED,
            (false, true) => weight::ACCOUNT_PLAIN_LAYOUT,
            (false, false) => weight::ACCOUNT_PLAIN,
        };
        Some(Account { number, weight, in_layout, separated, chunks: end - first })
    })
}

/// `2024-08-15 12:30` and its like: a year, then groups of two digits.
fn is_date(number: &Number) -> bool {
    const AFTER_YEAR: u32 = 1 << 4;
    const AFTER_MONTH: u32 = 1 << 6;
    matches!(number.digits(), [b'1', b'9', ..] | [b'2', b'0', ..])
        && number.cuts & (AFTER_YEAR | AFTER_MONTH) == AFTER_YEAR | AFTER_MONTH
}

/// Groups of an account are parted by one kind of separator, one character wide.
fn is_loose_of_blanks(text: &[u8], chunks: &[Chunk]) -> bool {
    let mut gaps = chunks.windows(2).filter_map(|pair| match pair {
        [before, after] => text.get(before.end..after.start),
        _ => None,
    });
    let first = gaps.next();
    first.is_some_and(|gap| !matches!(gap, b"-" | b" ")) || gaps.any(|gap| Some(gap) != first)
}

#[cfg(test)]
mod tests {
    use super::{LayoutRule, Layouts, read};
    use crate::inspect::candidate::cut;

    fn layouts() -> Layouts {
        let rule = |groups: &str, at, digits: &str| LayoutRule {
            _bank: String::new(),
            groups: groups.to_owned(),
            at,
            digits: vec![digits.to_owned()],
        };
        let mut layouts = Layouts::default();
        assert!(layouts.add(&rule("3-3-6", 0, "100-161")) && layouts.add(&rule("6-2-5-1", 6, "01")));
        assert!(!layouts.add(&rule("3-x-6", 0, "100")) && !layouts.add(&rule("3-3-6", 0, "100-16")));
        layouts
    }

    #[test]
    fn a_layout_fits_by_its_digits_and_its_separators() {
        let layouts = layouts();
        for (text, expected) in [
            ("110-345-678901", Some((true, 12))),
            ("110345678901", Some((true, 12))),
            ("11-0345-678901", Some((false, 12))),
            ("210-345-678901", Some((false, 12))),
            ("123456-01-12345-6", Some((true, 14))),
            ("759 587344 652", Some((false, 12))),
            ("2024-08-15 1230", None),
            ("2024-08-15", None),
            ("110-345 678901", None),
            ("1103456", None),
        ] {
            let mut chunks = Vec::new();
            cut(text.as_bytes(), 0, text.len(), &mut chunks);
            let account = read(&layouts, text.as_bytes(), &chunks, 0);
            let seen = account.map(|account| (account.in_layout, account.number.digits().len()));
            assert_eq!(seen, expected, "{text}");
        }
    }
}
