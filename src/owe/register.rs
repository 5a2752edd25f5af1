//! The register's rows of one receipt, gathered record by record.
//!
//! Every record with findings passes here, so a row that exists is found and updated without an allocation.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::receipts::Share;
use super::text::bounded;
use crate::destination::Country;
use crate::entity::EntityType;
use crate::receipt::{RegisterRow, earlier};
use crate::timestamp::Timestamp;
use crate::verdict::{Outcome, Reasons};

/// Upper bound of a row's JSON apart from its texts and reasons: names of fields, all items, numbers and times of
/// full length. A test holds it against the largest row there can be.
const ROW_BYTES_MAX: usize = 550;

/// Rows by key, with an upper bound of what they are as JSON.
pub(super) struct Register {
    rows: Vec<Row>,
    /// Hash of the key to the row last made with that hash; earlier ones hang on it by [`Row::older`].
    by_hash: HashMap<u64, usize>,
    hasher: RandomState,
    bytes_max: usize,
    /// The rows of the record at hand, in the order of its cells; between [`Register::measure`] and
    /// [`Register::take`]. `None`: not made yet.
    planned: Vec<Option<usize>>,
    /// Counts records, so that a row counts each once.
    turn: u64,
}

struct Row {
    key: OwnedKey,
    items: Items,
    records: u64,
    bytes: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// The record that touched it last.
    turn: u64,
    older: Option<usize>,
}

/// What makes a row, in the order in which rows are sorted and printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key<'a> {
    recipient: Option<&'a str>,
    country: Option<Country>,
    outcome: Outcome,
    basis: Option<&'a str>,
    purpose: Option<&'a str>,
    transfer_type: Option<&'a str>,
    reasons: Reasons,
}

struct OwnedKey {
    recipient: Option<String>,
    country: Option<Country>,
    outcome: Outcome,
    basis: Option<String>,
    purpose: Option<String>,
    transfer_type: Option<String>,
    reasons: Reasons,
}

/// A set of entity types, one bit each.
#[derive(Clone, Copy, Default)]
struct Items(u16);

impl Register {
    pub(super) fn new() -> Register {
        Register {
            rows: Vec::new(),
            by_hash: HashMap::new(),
            hasher: RandomState::new(),
            bytes_max: 0,
            planned: Vec::new(),
            turn: 0,
        }
    }

    /// Upper bound of the rows' JSON, separators included.
    pub(super) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// Finds the record's rows, and says by how much [`Register::take`] will raise `bytes_max` at most.
    pub(super) fn measure(&mut self, share: &Share<'_>) -> usize {
        let mut planned = std::mem::take(&mut self.planned);
        planned.clear();
        let mut more = 0;
        each_cell(share, |key, _| {
            let row = self.find_after(planned.last().copied().flatten(), &key);
            if row.is_none() {
                more += key.row_bytes_max();
            }
            planned.push(row);
        });
        self.planned = planned;
        more
    }

    /// Counts the record that was measured last.
    pub(super) fn take(&mut self, share: &Share<'_>) {
        self.turn += 1;
        let time = share.timestamp_ms.and_then(Timestamp::from_ms);
        let planned = std::mem::take(&mut self.planned);
        let mut rows = planned.iter();
        let mut previous = None;
        each_cell(share, |key, entity| {
            let position = match rows.next().copied().flatten().or_else(|| self.find_after(previous, &key)) {
                Some(position) => position,
                None => self.insert(&key),
            };
            previous = Some(position);
            if let Some(row) = self.rows.get_mut(position) {
                row.count(entity, share.bytes, time, self.turn);
            }
        });
        self.planned = planned;
    }

    /// The rows, sorted by key; the register is empty afterwards.
    pub(super) fn drain(&mut self) -> Vec<RegisterRow> {
        self.by_hash.clear();
        self.bytes_max = 0;
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by_cached_key(|row| row.key.sort_key());
        rows.into_iter().map(Row::into_wire).collect()
    }

    /// Most cells of a transfer make the same row as the one before: that one is tried before hashing.
    fn find_after(&self, previous: Option<usize>, key: &Key<'_>) -> Option<usize> {
        let is_it = |position: usize| self.rows.get(position).is_some_and(|row| row.key.borrow() == *key);
        if let Some(previous) = previous.filter(|previous| is_it(*previous)) {
            return Some(previous);
        }
        let mut candidate = self.by_hash.get(&self.hasher.hash_one(key)).copied();
        while let Some(position) = candidate.filter(|position| !is_it(*position)) {
            candidate = self.rows.get(position).and_then(|row| row.older);
        }
        candidate
    }

    fn insert(&mut self, key: &Key<'_>) -> usize {
        let position = self.rows.len();
        let older = self.by_hash.insert(self.hasher.hash_one(key), position);
        self.bytes_max += key.row_bytes_max();
        self.rows.push(Row::new(key, older));
        position
    }
}

/// Every cell of a record with the key of its row: one for each basis, or one without.
fn each_cell(share: &Share<'_>, mut visit: impl FnMut(Key<'_>, EntityType)) {
    let purpose = share.purpose.map(bounded);
    let transfer_type = share.transfer_type.map(bounded);
    for transfer in &share.verdict.transfers {
        let recipient = transfer.recipient.as_deref().map(bounded);
        for cell in &transfer.cells {
            let key = Key {
                recipient: recipient.as_deref(),
                country: cell.country,
                outcome: cell.outcome,
                basis: None,
                purpose: purpose.as_deref(),
                transfer_type: transfer_type.as_deref(),
                reasons: cell.reasons,
            };
            if cell.basis.is_empty() {
                visit(key, cell.entity);
            }
            for basis in &cell.basis {
                visit(Key { basis: Some(&bounded(basis)), ..key }, cell.entity);
            }
        }
    }
}

impl Key<'_> {
    fn row_bytes_max(&self) -> usize {
        let texts = [self.recipient, self.basis, self.purpose, self.transfer_type];
        let texts: usize = texts.into_iter().flatten().map(json_bytes).sum();
        let reasons: usize = self.reasons.iter().map(|reason| reason.as_str().len() + "\"\",".len()).sum();
        ROW_BYTES_MAX + texts + reasons
    }
}

/// Length of a text's inside as JSON: quotes, backslashes and control characters are escaped.
fn json_bytes(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}

impl OwnedKey {
    fn borrow(&self) -> Key<'_> {
        Key {
            recipient: self.recipient.as_deref(),
            country: self.country,
            outcome: self.outcome,
            basis: self.basis.as_deref(),
            purpose: self.purpose.as_deref(),
            transfer_type: self.transfer_type.as_deref(),
            reasons: self.reasons,
        }
    }

    /// Orders rows by the bytes of what is printed of their keys, null first.
    fn sort_key(&self) -> impl Ord + use<> {
        (
            self.recipient.clone(),
            self.country,
            self.outcome.as_str(),
            self.basis.clone(),
            self.purpose.clone(),
            self.transfer_type.clone(),
            self.reasons.joined(),
        )
    }
}

impl Row {
    fn new(key: &Key<'_>, older: Option<usize>) -> Row {
        Row {
            key: OwnedKey {
                recipient: key.recipient.map(str::to_owned),
                country: key.country,
                outcome: key.outcome,
                basis: key.basis.map(str::to_owned),
                purpose: key.purpose.map(str::to_owned),
                transfer_type: key.transfer_type.map(str::to_owned),
                reasons: key.reasons,
            },
            items: Items::default(),
            records: 0,
            bytes: 0,
            first: None,
            last: None,
            turn: 0,
            older,
        }
    }

    fn count(&mut self, entity: EntityType, bytes: u64, time: Option<Timestamp>, turn: u64) {
        self.items.insert(entity);
        if self.turn == turn {
            return;
        }
        self.turn = turn;
        self.records += 1;
        self.bytes += bytes;
        self.first = earlier(self.first, time);
        self.last = self.last.max(time);
    }

    fn into_wire(self) -> RegisterRow {
        RegisterRow {
            recipient: self.key.recipient,
            country: self.key.country,
            outcome: self.key.outcome,
            basis: self.key.basis,
            purpose: self.key.purpose,
            transfer_type: self.key.transfer_type,
            reasons: self.key.reasons,
            items: self.items.to_vec(),
            records: self.records,
            bytes: self.bytes,
            first: self.first,
            last: self.last,
        }
    }
}

impl Items {
    fn insert(&mut self, entity: EntityType) {
        self.0 |= 1 << entity as u8;
    }

    fn to_vec(self) -> Vec<EntityType> {
        EntityType::ALL.into_iter().filter(|entity| self.0 & (1 << *entity as u8) != 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Items, Key, Row};
    use crate::destination::Country;
    use crate::entity::EntityType;
    use crate::timestamp::Timestamp;
    use crate::verdict::{Outcome, Reason};

    #[test]
    fn no_row_is_larger_than_its_bound() {
        for text in [None, Some("가\"\\\u{1}\n가")] {
            let key = Key {
                recipient: text,
                country: Country::parse("KR"),
                outcome: Outcome::Indeterminate,
                basis: text,
                purpose: text,
                transfer_type: text,
                reasons: Reason::ALL.iter().copied().collect(),
            };
            let mut row = Row::new(&key, None);
            row.items = EntityType::ALL.into_iter().fold(Items::default(), |mut items, entity| {
                items.insert(entity);
                items
            });
            (row.records, row.bytes) = (u64::MAX, u64::MAX);
            (row.first, row.last) = (Timestamp::from_ms(0), Timestamp::from_ms(0));
            let (written, bound) =
                (serde_json::to_string(&row.into_wire()).unwrap().len() + ",".len(), key.row_bytes_max());
            assert!(written <= bound, "{written} are more than {bound}");
            assert!(bound < written + 100, "{bound} is far above {written}");
        }
    }
}
