//! Field names of one batch: each dotted path is kept once and known by a small number.
//!
//! A path is a key below another path. Lines of one sender have the same keys in the same order, so
//! every path remembers which two keys followed it last: a key that comes where it is expected costs one
//! comparison, and only others are looked up.
//! Invariant: what a refused line brought is forgotten by `forget_after`, and neither the count of names
//! nor the cost of a look-up grows without bound, whatever keys are sent. It does not store values.

use std::hash::BuildHasher;

use antler_config::limits::LineLimits;
use foldhash::fast::FixedState;

use self::slots::Slots;
use super::role::{Claim, leads_to_a_role};
use super::scan::text::unescape;

mod slots;

/// A name in its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(super) u16);

/// A place in the tree of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathId(u16);

impl PathId {
    /// The line itself.
    pub(super) const ROOT: Self = Self(0);
    /// A place whose fields are not kept, because a limit was reached.
    pub(super) const HIDDEN: Self = Self(u16::MAX);
}

/// Bytes after the keys, so that a comparison may read beyond the last one.
const KEY_PADDING: usize = 16;

#[derive(Debug)]
struct Path {
    parent: PathId,
    /// The paths whose keys came after this one, the latest first.
    followers: [PathId; 2],
    /// `None` until a value is found there, or if names have run out.
    name: Option<NameId>,
    claim: Option<Claim>,
    /// Where `key":` stands in `keys`, as in the line.
    key_start: u32,
    key_length: u16,
    /// Where the dotted name stands in `dotted`.
    dotted_start: u32,
    dotted_length: u16,
}

#[derive(Debug)]
pub(super) struct Names {
    paths: Vec<Path>,
    path_slots: Slots,
    keys: Vec<u8>,
    dotted: String,
    /// The path of the key before.
    previous: PathId,
    names: NameTable,
    name_slots: Slots,
    /// Paths in the order in which they were given a name.
    named: Vec<PathId>,
    hasher: FixedState,
    names_max: usize,
    name_bytes_max: usize,
}

/// How much was known before a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    paths: usize,
    keys: usize,
    dotted: usize,
    names: usize,
    named: usize,
}

/// The names of a finished batch.
#[derive(Debug, Clone, Default)]
pub(super) struct NameTable {
    text: String,
    ends: Vec<u32>,
}

impl NameTable {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn name(&self, id: NameId) -> &str {
        let index = usize::from(id.0);
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[index] as usize]
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
    }

    fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
        self.text.truncate(self.ends.last().map_or(0, |end| *end as usize));
    }
}

impl Names {
    pub(super) fn new(limits: &LineLimits) -> Self {
        let mut names = Self {
            paths: Vec::with_capacity(64),
            path_slots: Slots::new(),
            keys: Vec::with_capacity(1024),
            dotted: String::with_capacity(1024),
            previous: PathId::ROOT,
            names: NameTable::default(),
            name_slots: Slots::new(),
            named: Vec::new(),
            hasher: FixedState::default(),
            names_max: usize::from(limits.names_per_batch_max),
            name_bytes_max: usize::from(limits.name_bytes_max),
        };
        names.add_path(PathId::HIDDEN, b"", 0, "");
        names
    }

    /// Begins a line: the first key is expected to be that of a line before.
    pub(super) fn begin_line(&mut self) -> Mark {
        self.previous = PathId::ROOT;
        Mark {
            paths: self.paths.len(),
            keys: self.keys.len(),
            dotted: self.dotted.len(),
            names: self.names.len(),
            named: self.named.len(),
        }
    }

    /// The path below `parent` whose key stands at the start of `text`, if it is one of those expected,
    /// and the length of the key with its quote and colon. `text` reaches `KEY_PADDING` past any key.
    #[inline(always)]
    pub(super) fn expected(&mut self, parent: PathId, text: &[u8]) -> Option<(PathId, usize)> {
        let [first, second] = self.paths[usize::from(self.previous.0)].followers;
        if let Some(length) = self.key_at(parent, first, text) {
            self.previous = first;
            return Some((first, length));
        }
        let length = self.key_at(parent, second, text)?;
        self.followed_by(second);
        Some((second, length))
    }

    #[inline(always)]
    fn key_at(&self, parent: PathId, candidate: PathId, text: &[u8]) -> Option<usize> {
        let path = self.paths.get(usize::from(candidate.0))?;
        let length = usize::from(path.key_length);
        if path.parent != parent || length == 0 {
            return None;
        }
        let key = self.keys.get(path.key_start as usize..)?;
        let same = match (key.first_chunk::<16>(), text.first_chunk::<16>()) {
            (Some(key), Some(text)) if length <= 16 => {
                let differing = u128::from_le_bytes(*key) ^ u128::from_le_bytes(*text);
                differing << (128 - 8 * length as u32) == 0
            }
            _ => key.get(..length)? == text.get(..length)?,
        };
        same.then_some(length)
    }

    fn followed_by(&mut self, path: PathId) {
        let followers = &mut self.paths[usize::from(self.previous.0)].followers;
        if followers[0] != path {
            *followers = [path, followers[0]];
        }
        self.previous = path;
    }

    /// The path of a key below `parent`. `key` stands in the line as it is here, without quotes.
    pub(super) fn path(&mut self, parent: PathId, key: &[u8]) -> PathId {
        if parent == PathId::HIDDEN {
            return PathId::HIDDEN;
        }
        let hash = self.hasher.hash_one((parent.0, key)) as u32;
        let found = self.path_slots.find(hash, |slot| {
            let path = &self.paths[usize::from(slot) + 1];
            let same_length = usize::from(path.key_length) == key.len() + 2;
            path.parent == parent && same_length && self.keys[path.key_start as usize..].starts_with(key)
        });
        let path = found.map_or_else(|| self.new_path(parent, key, hash), |slot| PathId(slot + 1));
        if path != PathId::HIDDEN {
            self.followed_by(path);
        }
        path
    }

    #[cold]
    fn new_path(&mut self, parent: PathId, key: &[u8], hash: u32) -> PathId {
        let text = unescape(key);
        let above = self.dotted_name(parent);
        let dotted = if parent == PathId::ROOT { text.into_owned() } else { format!("{above}.{text}") };
        let too_many = self.paths.len() >= self.names_max.saturating_mul(2) && !leads_to_a_role(&dotted);
        let too_long = dotted.len() > self.name_bytes_max;
        let Ok(key_length) = u16::try_from(key.len() + 2) else { return PathId::HIDDEN };
        if too_many || too_long || self.path_slots.insert(hash).is_none() {
            return PathId::HIDDEN;
        }
        self.add_path(parent, key, key_length, &dotted)
    }

    fn add_path(&mut self, parent: PathId, key: &[u8], key_length: u16, dotted: &str) -> PathId {
        let id = PathId(self.paths.len() as u16);
        self.paths.push(Path {
            parent,
            followers: [PathId::HIDDEN; 2],
            name: None,
            claim: Claim::of(dotted),
            key_start: self.keys.len() as u32,
            key_length,
            dotted_start: self.dotted.len() as u32,
            dotted_length: dotted.len() as u16,
        });
        self.keys.extend_from_slice(key);
        self.keys.extend_from_slice(b"\":");
        self.keys.extend_from_slice(&[0; KEY_PADDING]);
        self.dotted.push_str(dotted);
        id
    }

    /// The name of the values at a path, and what it claims; nothing where values are not kept.
    #[inline(always)]
    pub(super) fn name_at(&mut self, path: PathId) -> Option<(NameId, Option<Claim>)> {
        let known = self.paths.get(usize::from(path.0))?;
        match known.name {
            Some(name) => Some((name, known.claim)),
            None => self.name_first_value(path),
        }
    }

    #[cold]
    fn name_first_value(&mut self, path: PathId) -> Option<(NameId, Option<Claim>)> {
        let Path { dotted_start, dotted_length, claim, .. } = self.paths[usize::from(path.0)];
        let dotted = &self.dotted[dotted_start as usize..][..usize::from(dotted_length)];
        let hash = self.hasher.hash_one(dotted) as u32;
        let found = self.name_slots.find(hash, |id| self.names.name(NameId(id)) == dotted);
        let name = match found {
            Some(id) => NameId(id),
            None if self.names.len() >= self.names_max && claim.is_none() => return None,
            None => {
                let name = NameId(self.name_slots.insert(hash)?);
                self.names.push(dotted);
                name
            }
        };
        self.paths[usize::from(path.0)].name = Some(name);
        self.named.push(path);
        Some((name, claim))
    }

    fn dotted_name(&self, path: PathId) -> &str {
        let path = &self.paths[usize::from(path.0)];
        &self.dotted[path.dotted_start as usize..][..usize::from(path.dotted_length)]
    }

    /// Takes back every name that came after `mark`.
    #[cold]
    pub(super) fn forget_after(&mut self, mark: Mark) {
        for path in self.named.drain(mark.named..) {
            self.paths[usize::from(path.0)].name = None;
        }
        self.paths.truncate(mark.paths);
        // The root is a path without a slot.
        self.path_slots.truncate(mark.paths - 1);
        self.keys.truncate(mark.keys);
        self.dotted.truncate(mark.dotted);
        self.names.truncate(mark.names);
        self.name_slots.truncate(mark.names);
    }

    pub(super) fn into_table(self) -> NameTable {
        self.names
    }
}
