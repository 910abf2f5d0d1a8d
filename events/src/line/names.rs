//! Field names of one batch: each dotted path is kept once and known by a small number.
//!
//! A path is a key below another path. Lines of one sender have the same keys in the same order, so
//! every path remembers which keys followed it last: a key that comes where it is expected costs a few
//! comparisons, and only others are looked up.
//! Invariant: what a refused line brought is forgotten by `forget_after`, and neither the count of names
//! nor the cost of a look-up grows without bound, whatever keys are sent. It does not store values.

use std::hash::BuildHasher;

use antler_config::limits::LineLimits;
use foldhash::fast::FixedState;

use self::slots::Slots;
use super::role::{Claim, leads_to_a_role};
use super::scan::text::unescape;

pub(super) mod known;
mod slots;

/// A name in its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(super) u16);

impl NameId {
    /// Its place among the names of its batch.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A place in the tree of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathId(u16);

impl PathId {
    /// The line itself.
    pub(super) const ROOT: Self = Self(0);
    /// The message of plain lines, known from the start.
    pub(super) const MESSAGE: Self = Self(1);
    /// A place whose fields are not kept, because a limit was reached.
    pub(super) const HIDDEN: Self = Self(u16::MAX);
}

/// The root and the message.
const PRESET_PATHS: usize = 2;

/// Keys that are expected after a key. Lines of different senders come mixed, and share their first keys.
const FOLLOWERS: usize = 4;

/// What is asked of a path for every key and value: half a cache line.
#[derive(Debug)]
struct Path {
    /// The first bytes of `key":`, as it stands in a line.
    key_head: Head,
    key_length: u16,
    parent: PathId,
    /// The paths whose keys came after this one, the latest first.
    followers: [PathId; FOLLOWERS],
    /// `None` until a value is found there, or if names have run out.
    name: Option<NameId>,
    claim: Option<Claim>,
}

/// The text of a path.
#[derive(Debug)]
struct Spelling {
    /// Where `key":` begins in `keys`.
    key_start: u32,
    /// Where the dotted name stands in `dotted`.
    dotted_start: u32,
    dotted_length: u16,
}

/// Sixteen bytes of text.
type Head = [u64; 2];
const HEAD_BYTES: usize = size_of::<Head>();

/// The bytes of a head that count, by the length of the key.
const HEAD_MASKS: [Head; HEAD_BYTES + 1] = {
    let mut masks = [[0; 2]; HEAD_BYTES + 1];
    let mut length = 1;
    while length <= HEAD_BYTES {
        let mask = u128::MAX >> (128 - 8 * length);
        masks[length] = [mask as u64, (mask >> 64) as u64];
        length += 1;
    }
    masks
};

fn head(text: [u8; HEAD_BYTES]) -> Head {
    let text = u128::from_le_bytes(text);
    [text as u64, (text >> 64) as u64]
}

#[derive(Debug)]
pub(super) struct Names {
    paths: Vec<Path>,
    spellings: Vec<Spelling>,
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
    /// Paths that batches before have left.
    inherited: usize,
    /// A path was refused that might have been taken without those.
    is_crowded: bool,
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
            spellings: Vec::with_capacity(64),
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
            inherited: 0,
            is_crowded: false,
        };
        names.add_path(PathId::HIDDEN, b"", 0, "");
        names.path(PathId::ROOT, b"message");
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

    /// The path below `parent` whose key, quote and colon stand at `at`, if it is one of those expected,
    /// and where they end.
    #[inline(always)]
    pub(super) fn expected(&mut self, parent: PathId, line: &[u8], at: usize) -> Option<(PathId, usize)> {
        let head = head(*line.get(at..)?.first_chunk()?);
        let first = self.paths[usize::from(self.previous.0)].followers[0];
        if let Some(end) = self.end_of_key(first, parent, head, line, at) {
            self.previous = first;
            return Some((first, end));
        }
        self.expected_less(parent, head, line, at)
    }

    #[inline(never)]
    fn expected_less(
        &mut self,
        parent: PathId,
        head: Head,
        line: &[u8],
        at: usize,
    ) -> Option<(PathId, usize)> {
        let followers = self.paths[usize::from(self.previous.0)].followers;
        followers[1..].iter().find_map(|other| {
            let end = self.end_of_key(*other, parent, head, line, at)?;
            self.followed_by(*other);
            Some((*other, end))
        })
    }

    /// Where the key of a candidate ends that stands at `at`, with its quote and colon.
    #[inline(always)]
    fn end_of_key(
        &self,
        candidate: PathId,
        parent: PathId,
        head: Head,
        line: &[u8],
        at: usize,
    ) -> Option<usize> {
        let path = self.paths.get(usize::from(candidate.0))?;
        let length = usize::from(path.key_length);
        let masks = HEAD_MASKS[length.min(HEAD_BYTES)];
        let differing = (path.key_head[0] ^ head[0]) & masks[0] | (path.key_head[1] ^ head[1]) & masks[1];
        if differing != 0 || path.parent != parent || length == 0 {
            return None;
        }
        if length > HEAD_BYTES && !line[at..].starts_with(self.key(candidate)) {
            return None;
        }
        Some(at + length)
    }

    /// The key of a path, with its quote and colon.
    fn key(&self, path: PathId) -> &[u8] {
        let start = self.spellings[usize::from(path.0)].key_start as usize;
        &self.keys[start..start + usize::from(self.paths[usize::from(path.0)].key_length)]
    }

    /// Puts a path first among those that are expected next time.
    fn followed_by(&mut self, path: PathId) {
        let followers = &mut self.paths[usize::from(self.previous.0)].followers;
        let last = followers.iter().position(|known| *known == path).unwrap_or(FOLLOWERS - 1);
        followers[..=last].rotate_right(1);
        followers[0] = path;
        self.previous = path;
    }

    /// The path of a key below `parent`. `key` stands in the line as it is here, without quotes.
    pub(super) fn path(&mut self, parent: PathId, key: &[u8]) -> PathId {
        if parent == PathId::HIDDEN {
            return PathId::HIDDEN;
        }
        let hash = self.hasher.hash_one((parent.0, key)) as u32;
        let found = self.path_slots.find(hash, |slot| {
            let path = PathId(slot + 1);
            let same_key = self.key(path).strip_suffix(b"\":") == Some(key);
            same_key && self.paths[usize::from(path.0)].parent == parent
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
        let too_many = self.paths.len() >= PRESET_PATHS + 2 * self.names_max && !leads_to_a_role(&dotted);
        let too_long = dotted.len() > self.name_bytes_max;
        let Ok(key_length) = u16::try_from(key.len() + 2) else { return PathId::HIDDEN };
        if too_long {
            return PathId::HIDDEN;
        }
        if too_many || self.path_slots.insert(hash).is_none() {
            self.is_crowded |= self.inherited > 0;
            return PathId::HIDDEN;
        }
        self.add_path(parent, key, key_length, &dotted)
    }

    fn add_path(&mut self, parent: PathId, key: &[u8], key_length: u16, dotted: &str) -> PathId {
        let id = PathId(self.paths.len() as u16);
        let (key_start, dotted_start) = (self.keys.len(), self.dotted.len());
        self.keys.extend_from_slice(key);
        self.keys.extend_from_slice(b"\":");
        self.dotted.push_str(dotted);
        let mut key_head = [0; HEAD_BYTES];
        key_head.iter_mut().zip(&self.keys[key_start..]).for_each(|(to, from)| *to = *from);
        self.paths.push(Path {
            key_head: head(key_head),
            key_length,
            parent,
            followers: [PathId::HIDDEN; FOLLOWERS],
            name: None,
            claim: Claim::of(dotted),
        });
        self.spellings.push(Spelling {
            key_start: key_start as u32,
            dotted_start: dotted_start as u32,
            dotted_length: dotted.len() as u16,
        });
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
        let claim = self.paths[usize::from(path.0)].claim;
        let Spelling { dotted_start, dotted_length, .. } = self.spellings[usize::from(path.0)];
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
        let Spelling { dotted_start, dotted_length, .. } = self.spellings[usize::from(path.0)];
        &self.dotted[dotted_start as usize..][..usize::from(dotted_length)]
    }

    /// Takes back every name that came after `mark`.
    #[cold]
    pub(super) fn forget_after(&mut self, mark: Mark) {
        for path in self.named.drain(mark.named..) {
            self.paths[usize::from(path.0)].name = None;
        }
        self.paths.truncate(mark.paths);
        self.spellings.truncate(mark.paths);
        // The root is a path without a slot.
        self.path_slots.truncate(mark.paths - 1);
        self.keys.truncate(mark.keys);
        self.dotted.truncate(mark.dotted);
        self.names.truncate(mark.names);
        self.name_slots.truncate(mark.names);
    }

    /// Whether a batch might have more names if it began without those of batches before.
    pub(super) fn is_crowded(&self) -> bool {
        self.is_crowded
    }

    pub(super) fn into_table(self) -> NameTable {
        self.names
    }

    /// The names of the batch. What is left knows the paths and has no names, ready for another batch.
    fn renew(&mut self) -> NameTable {
        for path in self.named.drain(..) {
            self.paths[usize::from(path.0)].name = None;
        }
        self.name_slots.truncate(0);
        self.inherited = self.paths.len();
        std::mem::take(&mut self.names)
    }
}
