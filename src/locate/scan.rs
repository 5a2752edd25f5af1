//! One walk over a text: where the scope instances of a route lie and what its paths hit.

use super::route::PathSet;
use crate::decode::{Container, Path, Token, TokenKind, Visit};

/// Scope instances of one record; 24 bytes each.
pub const INSTANCES_MAX: usize = 1 << 18;
/// Values that the paths of a route hit in one record; 20 bytes each.
pub const HITS_MAX: usize = 1 << 19;
/// What is kept for the next record, of each kind.
const KEPT_MAX: usize = 1 << 12;

/// A part of the value that has selectors of its own; the first one of a record is the record itself.
/// They lie in record order; an inner one comes after the one around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instance {
    pub(super) scope: u16,
    /// Length of the path that leads to it: where it ends again.
    depth: u16,
    /// Position of the instance around it; the record's is its own.
    pub(super) around: u32,
    /// Bytes `[from, to)` of the value.
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Instance {
    const RECORD: Instance = Instance { scope: 0, depth: 0, around: 0, from: 0, to: u32::MAX };
}

/// A text or number at the end of a path. Only its place is kept: the payload stays where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) instance: u32,
    pub(super) at: u32,
    pub(super) bytes: u32,
    /// Bit of the path; those of the key's set come after those of the value's.
    pub(super) path: u8,
    pub(super) escaped: bool,
}

/// What one record's walks found.
#[derive(Default)]
pub(super) struct Scanned {
    pub(super) instances: Vec<Instance>,
    /// In the order of [`Hit::order`] once finished.
    pub(super) hits: Vec<Hit>,
    /// More than the limits allow: what is here is not all.
    pub(super) overflown: bool,
    /// By depth: the paths that lead to the open container.
    leading: Vec<u64>,
    /// Open instances, innermost last.
    open: Vec<u32>,
    key_buffer: String,
}

impl Hit {
    fn order(&self) -> (u32, u8, u32) {
        (self.instance, self.path, self.at)
    }
}

impl Scanned {
    pub(super) fn clear(&mut self) {
        self.instances.clear();
        self.instances.shrink_to(KEPT_MAX);
        self.instances.push(Instance::RECORD);
        self.hits.clear();
        self.hits.shrink_to(KEPT_MAX);
        self.open.clear();
        self.overflown = false;
    }

    /// Makes [`Self::hits_of`] possible.
    pub(super) fn finish(&mut self) {
        if !self.hits.is_sorted_by_key(Hit::order) {
            self.hits.sort_unstable_by_key(Hit::order);
        }
    }

    /// What a path hit for an instance, in payload order.
    pub(super) fn hits_of(&self, instance: u32, path: u8) -> &[Hit] {
        let wanted = (instance, path);
        let begin = self.hits.partition_point(|hit| (hit.instance, hit.path) < wanted);
        let rest = self.hits.get(begin..).unwrap_or_default();
        let length = rest.partition_point(|hit| (hit.instance, hit.path) == wanted);
        rest.get(..length).unwrap_or_default()
    }

    /// The innermost instance that holds a byte of the value.
    pub(super) fn innermost(&self, at: u32) -> u32 {
        let after = self.instances.partition_point(|instance| instance.from <= at);
        let mut position = u32::try_from(after).unwrap_or(u32::MAX).saturating_sub(1);
        while let Some(instance) = self.instances.get(position as usize) {
            if at < instance.to || position == 0 {
                return position;
            }
            position = instance.around;
        }
        0
    }
}

/// The visitor of a walk.
pub(super) struct Scan<'s> {
    pub(super) set: &'s PathSet,
    /// Added to the bits of `set`.
    pub(super) first_path: u8,
    pub(super) found: &'s mut Scanned,
}

impl Scan<'_> {
    fn begin_instances(&mut self, beginning: u64, from: u32, to: u32, depth: usize) {
        for bit in bits(beginning) {
            if self.found.instances.len() >= INSTANCES_MAX {
                self.found.overflown = true;
                return;
            }
            let position = u32::try_from(self.found.instances.len()).unwrap_or(u32::MAX);
            self.found.instances.push(Instance {
                scope: self.set.scopes.get(usize::from(bit)).copied().unwrap_or_default(),
                depth: u16::try_from(depth).unwrap_or(u16::MAX),
                around: self.found.open.last().copied().unwrap_or_default(),
                from,
                to,
            });
            self.found.open.push(position);
        }
    }

    /// Ends what is open at this depth.
    fn end_instances(&mut self, depth: usize, to: u32) {
        while let Some(instance) =
            self.found.open.last().and_then(|open| self.found.instances.get_mut(*open as usize))
        {
            if usize::from(instance.depth) < depth {
                return;
            }
            instance.to = to;
            self.found.open.pop();
        }
    }

    fn hit(&mut self, bit: u8, token: &Token<'_>) {
        if self.found.hits.len() >= HITS_MAX {
            self.found.overflown = true;
            return;
        }
        let scope = self.set.scopes.get(usize::from(bit)).copied().unwrap_or_default();
        self.found.hits.push(Hit {
            instance: self.open_instance_of(scope),
            at: token.at,
            bytes: u32::try_from(token.raw.len()).unwrap_or(u32::MAX),
            path: bit + self.first_path,
            escaped: token.escaped,
        });
    }

    /// A path of a scope begins where the scope does: its innermost open instance is the one.
    fn open_instance_of(&self, scope: u16) -> u32 {
        if scope == 0 {
            return 0;
        }
        let is_of_scope = |position: &&u32| {
            self.found.instances.get(**position as usize).is_some_and(|instance| instance.scope == scope)
        };
        self.found.open.iter().rev().find(is_of_scope).copied().unwrap_or_default()
    }
}

impl<'a> Visit<'a> for Scan<'_> {
    fn restart(&mut self) {
        // The value is walked before the key: its hits stay when the key breaks.
        if self.first_path == 0 {
            self.found.clear();
        } else {
            self.found.hits.retain(|hit| hit.path < self.first_path);
        }
    }

    fn open(&mut self, _container: Container, at: u32, path: Path<'_, 'a>) {
        let depth = path.frames.len();
        if depth > self.set.depth() {
            return;
        }
        let leading = self.set.leading(path.frames, &self.found.leading, &mut self.found.key_buffer);
        self.found.leading.truncate(depth);
        // Containers that no path leads into are entered without a word: theirs is 0.
        self.found.leading.resize(depth, 0);
        self.found.leading.push(leading);
        let beginning = self.set.ending(leading, depth) & self.set.begins;
        if beginning != 0 {
            self.begin_instances(beginning, at, u32::MAX, depth);
        }
    }

    fn close(&mut self, _container: Container, at: u32, path: Path<'_, 'a>) {
        if !self.found.open.is_empty() {
            self.end_instances(path.frames.len(), at);
        }
    }

    fn value(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
        let depth = path.frames.len();
        let leading = self.set.leading(path.frames, &self.found.leading, &mut self.found.key_buffer);
        let ending = self.set.ending(leading, depth);
        if ending == 0 {
            return;
        }
        let beginning = ending & self.set.begins;
        let to =
            token.at.saturating_add(u32::try_from(token.raw.len()).unwrap_or(u32::MAX)).saturating_add(1);
        self.begin_instances(beginning, token.at, to, depth);
        if matches!(token.kind, TokenKind::String | TokenKind::Number | TokenKind::Text) {
            for bit in bits(ending & !beginning) {
                self.hit(bit, &token);
            }
        }
        if beginning != 0 {
            self.end_instances(depth, to);
        }
    }
}

/// The positions of the bits that are set, lowest first.
fn bits(mut word: u64) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let bit = u8::try_from(word.trailing_zeros()).ok().filter(|_| word != 0)?;
        word &= word - 1;
        Some(bit)
    })
}
