//! Dictionary columns: texts that repeat, each kept once, and for each value its number.
//!
//! Invariant: a value's number gives its text, in the open column and in the sealed one alike. A column
//! with few repeats does not belong here; `open` moves it to templates.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::block::{BlockWriter, Blocks, ReadError};
use super::narrow::NarrowNumbers;
use super::plane::{PlaneWriter, Planes};
use super::same::{run_at, same};
use super::texts::Texts;

/// A column under construction.
#[derive(Debug, Default)]
pub struct OpenDictionary {
    table: HashTable<Entry>,
    arena: Vec<u8>,
    ends: Vec<u32>,
    ids: NarrowNumbers,
    hasher: FixedState,
}

/// A text as the table knows it. Most are short, and those are told apart without looking into the arena, which
/// is another place in memory for each value.
#[derive(Debug, Clone, Copy)]
struct Entry {
    head: u64,
    length: u32,
    start: u32,
    id: u32,
}

/// Bytes of a text that its head tells.
const HEAD_BYTES: usize = 8;

impl OpenDictionary {
    /// Appends a value; says whether its text is new.
    #[inline]
    pub fn push(&mut self, text: &[u8]) -> bool {
        let head = head_of(text);
        let hash = hash_of(&self.hasher, head, text);
        let arena = &self.arena;
        if let Some(entry) = self.table.find(hash, |entry| entry.is(head, text, arena)) {
            self.ids.push(entry.id.into());
            return false;
        }
        self.add(hash, head, text);
        true
    }

    #[cold]
    fn add(&mut self, hash: u64, head: u64, text: &[u8]) {
        let (id, start) = (self.ends.len() as u32, self.arena.len() as u32);
        self.arena.extend_from_slice(text);
        self.ends.push(self.arena.len() as u32);
        self.ids.push(id.into());
        let (arena, hasher) = (&self.arena, &self.hasher);
        let entry = Entry { head, length: text.len() as u32, start, id };
        self.table.insert_unique(hash, entry, |entry| hash_of(hasher, entry.head, entry.text(arena)));
    }

    /// Forgets all values and keeps the memory.
    pub fn clear(&mut self) {
        self.table.clear();
        self.arena.clear();
        self.ends.clear();
        self.ids.clear();
    }

    /// Values.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Different texts.
    pub fn texts(&self) -> usize {
        self.ends.len()
    }

    /// Number of the text of a value.
    pub fn id(&self, value: usize) -> u32 {
        self.ids.at(value) as u32
    }

    /// The same of a range of values.
    pub fn ids(&self, range: Range<usize>) -> Vec<u32> {
        let mut ids = Vec::with_capacity(range.len());
        self.ids.read_u32(range, &mut ids);
        ids
    }

    pub fn text(&self, id: u32) -> &[u8] {
        run_at(&self.arena, &self.ends, id as usize)
    }

    /// Memory that the column holds.
    pub fn bytes_held(&self) -> usize {
        self.arena.capacity() + self.ends.capacity() * 4 + self.ids.bytes_held() + self.table_bytes_held()
    }

    fn table_bytes_held(&self) -> usize {
        self.table.capacity() * (size_of::<Entry>() + 1)
    }

    /// Writes the values at these positions, in their order. Texts are numbered anew as they first occur.
    pub fn seal(
        &self,
        order: &[u32],
        planes: &mut PlaneWriter,
        blocks: &mut BlockWriter,
    ) -> SealedDictionary {
        const NONE: u32 = u32::MAX;
        let mut numbers = vec![NONE; self.ends.len()];
        let mut used: Vec<u32> = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        let ids: Vec<u32> = order
            .iter()
            .map(|at| {
                let id = self.id(*at as usize);
                let number = &mut numbers[id as usize];
                if *number == NONE {
                    *number = used.len() as u32;
                    used.push(id);
                    counts.push(0);
                }
                counts[*number as usize] += 1;
                *number
            })
            .collect();
        let texts = Texts::write(used.iter().map(|id| self.text(*id)), blocks);
        SealedDictionary { texts, counts: planes.write(&counts, blocks), ids: planes.write(&ids, blocks) }
    }
}

impl Entry {
    #[inline]
    fn is(&self, head: u64, text: &[u8], arena: &[u8]) -> bool {
        self.head == head
            && self.length as usize == text.len()
            && (text.len() <= HEAD_BYTES || same(&self.text(arena)[HEAD_BYTES..], &text[HEAD_BYTES..]))
    }

    #[inline]
    fn text<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        &arena[self.start as usize..self.start as usize + self.length as usize]
    }
}

/// The first bytes of a text; with the length they are all of a short one.
#[inline]
fn head_of(text: &[u8]) -> u64 {
    if let Some(head) = text.first_chunk::<HEAD_BYTES>() {
        return u64::from_le_bytes(*head);
    }
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => text.iter().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

/// Without the length that a slice would add: it costs as much as a short text itself.
#[inline]
fn hash_of(hasher: &FixedState, head: u64, text: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    if text.len() > HEAD_BYTES {
        hasher.write(text);
    } else {
        hasher.write_u64(head);
    }
    hasher.finish()
}

/// A sealed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDictionary {
    pub texts: Texts,
    /// How often each text occurs.
    pub counts: Planes,
    ids: Planes,
}

impl SealedDictionary {
    /// Values.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Appends the numbers of the texts of a range of values.
    pub fn ids(
        &self,
        blocks: &impl Blocks,
        range: Range<usize>,
        out: &mut Vec<u32>,
    ) -> Result<(), ReadError> {
        let Some(most) = (self.texts.len() as u32).checked_sub(1) else { return Ok(()) };
        let read = self.ids.read_narrow(blocks, range, most, out);
        read.map_err(|error| match error {
            ReadError::Directory { .. } => ReadError::directory("the number of a text"),
            other => other,
        })
    }

    /// The numbers of the texts of some values.
    pub fn ids_at(&self, blocks: &impl Blocks, ranks: &[u32]) -> Result<Vec<u32>, ReadError> {
        let mut wide = Vec::with_capacity(ranks.len());
        self.ids.pick(blocks, ranks, &mut wide)?;
        let wrong = ReadError::directory("the number of a text");
        let ids: Option<Vec<u32>> = wide.into_iter().map(|id| self.checked(id)).collect();
        ids.ok_or(wrong)
    }

    fn checked(&self, id: u64) -> Option<u32> {
        (id < self.texts.len() as u64).then_some(id as u32)
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        self.texts.encode(out);
        self.counts.encode(out);
        self.ids.encode(out);
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let (texts, counts) = (Texts::decode(bytes)?, Planes::decode(bytes)?);
        let ids = Planes::decode(bytes)?;
        if counts.len() != texts.len() || (texts.is_empty() && !ids.is_empty()) {
            return Err(ReadError::directory("a dictionary"));
        }
        Ok(Self { texts, counts, ids })
    }

    /// Memory that the directory holds.
    pub fn bytes_held(&self) -> usize {
        self.texts.bytes_held() + self.counts.bytes_held() + self.ids.bytes_held()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::block::BlocksInMemory;
    use super::*;

    #[test]
    fn texts_that_begin_alike_are_told_apart() {
        let mut texts = vec![Vec::new()];
        for length in 1..20 {
            texts.extend([vec![0; length], vec![b'a'; length]]);
            for at in 0..length {
                let mut text = vec![b'a'; length];
                text[at] = b'b';
                texts.push(text);
            }
        }
        let mut open = OpenDictionary::default();
        texts.iter().for_each(|text| assert!(open.push(text), "{text:?}"));
        texts.iter().for_each(|text| assert!(!open.push(text), "{text:?}"));
        let again = open.ids(texts.len()..open.len()).into_iter().map(|id| open.text(id).to_vec());
        assert!(again.eq(texts.iter().cloned()));
    }

    proptest! {
        #[test]
        fn values_come_back_in_their_new_order(
            values in proptest::collection::vec("[abc]{0,2}", 0..200),
            keys in proptest::collection::vec(any::<u32>(), 200),
        ) {
            let mut open = OpenDictionary::default();
            let mut seen = std::collections::BTreeSet::new();
            for value in &values {
                prop_assert_eq!(open.push(value.as_bytes()), seen.insert(value.clone()));
            }
            prop_assert_eq!((open.len(), open.texts()), (values.len(), seen.len()));
            let mut order: Vec<u32> = (0..values.len() as u32).filter(|at| keys[*at as usize] % 4 > 0).collect();
            order.sort_by_key(|at| keys[*at as usize]);

            let mut blocks = BlockWriter::new(1, Vec::new()).unwrap();
            let sealed = open.seal(&order, &mut PlaneWriter::default(), &mut blocks);
            let mut encoded = Vec::new();
            sealed.encode(&mut encoded);
            prop_assert_eq!(&SealedDictionary::decode(&mut &encoded[..]).unwrap(), &sealed);
            let (bytes, table) = blocks.finish();
            let blocks = BlocksInMemory::new(bytes, table);

            let mut texts = Vec::new();
            sealed.texts.for_each(&blocks, |_, text| texts.push(text.to_vec())).unwrap();
            let mut ids = Vec::new();
            sealed.ids(&blocks, 0..order.len(), &mut ids).unwrap();
            let read: Vec<_> = ids.iter().map(|id| texts[*id as usize].clone()).collect();
            let expected: Vec<_> = order.iter().map(|at| values[*at as usize].clone().into_bytes()).collect();
            prop_assert_eq!(read, expected);
            let mut counts = Vec::new();
            sealed.counts.read(&blocks, 0..texts.len(), &mut counts).unwrap();
            let counted: Vec<u64> =
                (0..texts.len() as u32).map(|id| ids.iter().filter(|other| **other == id).count() as u64).collect();
            prop_assert_eq!(counts, counted);
        }
    }
}
