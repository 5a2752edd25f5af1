//! A list without repeats that knows where each of its elements stands.

use std::collections::HashMap;
use std::hash::Hash;

/// So many are compared one by one: faster than hashing, and the usual case.
const LINEAR_MAX: usize = 16;

pub(super) struct Distinct<K> {
    pub(super) items: Vec<K>,
    /// Of all items, once they are more than [`LINEAR_MAX`].
    positions: HashMap<K, usize>,
}

impl<K> Default for Distinct<K> {
    fn default() -> Distinct<K> {
        Distinct { items: Vec::new(), positions: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash> Distinct<K> {
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.positions.clear();
    }

    /// Where the element stands, and whether it is new.
    pub(super) fn insert(&mut self, item: K) -> (usize, bool) {
        let known = if self.items.len() <= LINEAR_MAX {
            self.items.iter().position(|known| *known == item)
        } else {
            self.positions.get(&item).copied()
        };
        if let Some(position) = known {
            return (position, false);
        }
        let position = self.items.len();
        self.items.push(item);
        if position == LINEAR_MAX {
            self.positions.extend(self.items.iter().cloned().zip(0..));
        } else if position > LINEAR_MAX {
            self.positions.extend(self.items.last().cloned().map(|item| (item, position)));
        }
        (position, true)
    }
}
