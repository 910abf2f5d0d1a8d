//! Blocks: the pieces a group file consists of, each compressed where that helps, and checksummed.
//!
//! A stream of bytes is put in and gives an `Extent`; small ones share a block. Invariant: what is read
//! is what was put, or an error that names the block. A block may lean on another one, its base (`based`).
//! It does not know what the bytes mean.

mod based;

use std::any::Any;
use std::io;
use std::sync::{Arc, Mutex};

use super::varint;
use bytes::Bytes;

/// Streams below this share blocks.
const SHARED_BYTES_MAX: usize = 4 << 10;
/// A shared block is closed when it has so many bytes.
const SHARED_BLOCK_BYTES: usize = 32 << 10;
/// Largest block; larger streams are the caller's to cut.
pub const BLOCK_BYTES_MAX: usize = 16 << 20;
/// A base must save so many bytes, because reading it costs.
const BASE_BYTES: usize = 256;
/// Bytes behind each stored block: the checksum of what stands before them.
const CHECKSUM_BYTES: usize = 4;

/// Where a stream stands: a block and a range in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    pub block: u32,
    pub start: u32,
    pub length: u32,
}

impl Extent {
    pub fn encode(self, out: &mut Vec<u8>) {
        for number in [self.block, self.start, self.length] {
            varint::push(out, u64::from(number));
        }
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let mut take = || varint::take_u32(bytes).ok_or(ReadError::directory("an extent"));
        Ok(Self { block: take()?, start: take()?, length: take()? })
    }
}

/// Why stored bytes cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    #[error("the group has no block {block}")]
    NoBlock { block: u32 },
    #[error("block {block} at byte {at} does not have its checksum")]
    Checksum { block: u32, at: u64 },
    #[error("block {block} at byte {at} ends early")]
    Short { block: u32, at: u64 },
    #[error("block {block} at byte {at} cannot be decompressed")]
    Compression { block: u32, at: u64 },
    #[error("{what} is not what its directory says")]
    Directory { what: &'static str },
    #[error("{reason}")]
    Storage { reason: Arc<str> },
}

impl ReadError {
    pub(super) const fn directory(what: &'static str) -> Self {
        Self::Directory { what }
    }

    pub(super) fn storage(error: &io::Error) -> Self {
        Self::Storage { reason: error.to_string().into() }
    }
}

/// Where a block stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    at: u64,
    /// Without the checksum.
    stored: u32,
    length: u32,
    /// The block that it leans on.
    base: Option<u32>,
}

/// Writes blocks one after the other into memory.
pub struct BlockWriter {
    level: i32,
    compressor: zstd::bulk::Compressor<'static>,
    out: Vec<u8>,
    entries: Vec<Entry>,
    /// Where a block is compressed.
    scratch: Vec<u8>,
    shared: Vec<u8>,
    shared_block: Option<u32>,
}

impl BlockWriter {
    /// `out` may have bytes already: positions count from its start.
    pub fn new(level: i32, out: Vec<u8>) -> io::Result<Self> {
        let compressor = zstd::bulk::Compressor::new(level)?;
        let (scratch, shared) = (Vec::new(), Vec::new());
        Ok(Self { level, compressor, out, entries: Vec::new(), scratch, shared, shared_block: None })
    }

    /// Takes a stream of at most `BLOCK_BYTES_MAX` bytes.
    pub fn put(&mut self, stream: &[u8]) -> Extent {
        let length = stream.len() as u32;
        if stream.is_empty() {
            return Extent::default();
        }
        if stream.len() >= SHARED_BYTES_MAX {
            let block = self.reserve();
            self.write(block, stream);
            return Extent { block, start: 0, length };
        }
        let block = self.shared_block.unwrap_or_else(|| self.reserve());
        self.shared_block = Some(block);
        let start = self.shared.len() as u32;
        self.shared.extend_from_slice(stream);
        if self.shared.len() >= SHARED_BLOCK_BYTES {
            self.close_shared();
        }
        Extent { block, start, length }
    }

    /// Takes a block that shares nothing.
    pub fn put_block(&mut self, bytes: &[u8]) -> u32 {
        let block = self.reserve();
        self.write(block, bytes);
        block
    }

    /// Takes a block that shares nothing, on the back of an earlier one if that is clearly smaller; says
    /// whether it is. The base must have none itself.
    pub fn put_block_on(&mut self, bytes: &[u8], (base, base_bytes): (u32, &[u8])) -> bool {
        assert!(self.entries[base as usize].base.is_none(), "a base has no base");
        let start = self.out.len();
        let block = self.put_block(bytes);
        let alone = self.entries[block as usize].stored as usize;
        let based = based::compress(bytes, base_bytes, self.level);
        let Some(based) = based.filter(|based| based.len() + based.len() / 16 + BASE_BYTES < alone) else {
            return false;
        };
        self.out.truncate(start);
        self.out.extend_from_slice(&based);
        self.close(block, start, bytes.len());
        self.entries[block as usize].base = Some(base);
        true
    }

    /// Takes bytes that are known not to shrink.
    pub fn put_dense(&mut self, stream: &[u8]) -> Extent {
        let block = self.reserve();
        let at = self.out.len();
        self.out.extend_from_slice(stream);
        self.close(block, at, stream.len());
        Extent { block, start: 0, length: stream.len() as u32 }
    }

    /// Ends the last block; answers all bytes and where the blocks are.
    pub fn finish(mut self) -> (Vec<u8>, BlockTable) {
        self.close_shared();
        (self.out, BlockTable { entries: self.entries })
    }

    fn close_shared(&mut self) {
        if let Some(block) = self.shared_block.take() {
            let shared = std::mem::take(&mut self.shared);
            self.write(block, &shared);
            self.shared = shared;
            self.shared.clear();
        }
    }

    fn reserve(&mut self) -> u32 {
        self.entries.push(Entry { at: 0, stored: 0, length: 0, base: None });
        self.entries.len() as u32 - 1
    }

    fn write(&mut self, block: u32, raw: &[u8]) {
        assert!(raw.len() <= BLOCK_BYTES_MAX, "streams are cut before they are put");
        let at = self.out.len();
        // Compressed elsewhere and copied, because room for the worst case would have to be cleared in `out`.
        self.scratch.clear();
        self.scratch.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        let compressor = &mut self.compressor;
        let compressed =
            compressor.compress_to_buffer(raw, &mut self.scratch).expect("the room has the bound's size");
        // What hardly shrinks is kept as it is: reading it costs nothing then.
        let is_smaller = compressed + compressed / 32 < raw.len();
        self.out.extend_from_slice(if is_smaller { &self.scratch } else { raw });
        self.close(block, at, raw.len());
    }

    /// Notes the bytes from `at` on as the block.
    fn close(&mut self, block: u32, at: usize, length: usize) {
        let stored = self.out.len() - at;
        let checksum = crc32fast::hash(&self.out[at..]);
        self.out.extend_from_slice(&checksum.to_le_bytes());
        let entry = &mut self.entries[block as usize];
        *entry = Entry { at: at as u64, stored: stored as u32, length: length as u32, base: None };
    }
}

impl std::fmt::Debug for BlockWriter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "BlockWriter({} blocks, {} bytes)", self.entries.len(), self.out.len())
    }
}

/// Where the blocks of a file are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockTable {
    entries: Vec<Entry>,
}

impl BlockTable {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether any block leans on another one.
    pub fn has_bases(&self) -> bool {
        self.entries.iter().any(|entry| entry.base.is_some())
    }

    /// The block that must be read first.
    pub fn base_of(&self, block: u32) -> Option<u32> {
        self.entries.get(block as usize).and_then(|entry| entry.base)
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        let has_bases = self.has_bases();
        varint::push(out, self.entries.len() as u64);
        for entry in &self.entries {
            varint::push(out, entry.at);
            varint::push(out, u64::from(entry.stored));
            varint::push(out, u64::from(entry.length));
            if has_bases {
                varint::push(out, entry.base.map_or(0, |base| u64::from(base) + 1));
            }
        }
    }

    /// Reads a table whose blocks all lie before `end`; whether it says bases, the file knows.
    pub fn decode(bytes: &mut &[u8], end: u64, has_bases: bool) -> Result<Self, ReadError> {
        let wrong = ReadError::directory("the table of blocks");
        let count = varint::take(bytes).ok_or(wrong.clone())?;
        if count > bytes.len() as u64 {
            return Err(wrong);
        }
        let mut entries = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let at = varint::take(bytes).ok_or(wrong.clone())?;
            let stored = varint::take_u32(bytes).ok_or(wrong.clone())?;
            let length = varint::take_u32(bytes).ok_or(wrong.clone())?;
            let base = if has_bases { varint::take_u32(bytes).ok_or(wrong.clone())? } else { 0 };
            let fits =
                at.checked_add(u64::from(stored) + CHECKSUM_BYTES as u64).is_some_and(|last| last <= end);
            if !fits || length as usize > BLOCK_BYTES_MAX || stored > length {
                return Err(wrong);
            }
            entries.push(Entry { at, stored, length, base: base.checked_sub(1) });
        }
        let has_none = |base: u32| entries.get(base as usize).is_some_and(|entry| entry.base.is_none());
        if entries.iter().filter_map(|entry| entry.base).all(has_none) {
            Ok(Self { entries })
        } else {
            Err(wrong)
        }
    }

    /// Memory that the table holds.
    pub fn bytes_held(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

/// What blocks say in a form that is quick to ask.
pub type Made = Arc<dyn Any + Send + Sync>;

/// Gives blocks back.
pub trait Blocks {
    /// A whole block as it was put.
    fn block(&self, block: u32) -> Result<Bytes, ReadError>;

    /// What was made of a block and those that belong to it, if it is kept.
    fn find_made(&self, _block: u32) -> Option<Made> {
        None
    }

    /// Keeps what was made of a block, and needs so much memory, for a while. Whoever keeps nothing drops it.
    fn keep_made(&self, _block: u32, _made: Made, _bytes: usize) {}

    /// A stream as it was put.
    fn stream(&self, extent: Extent) -> Result<Bytes, ReadError> {
        if extent.length == 0 {
            return Ok(Bytes::new());
        }
        let block = self.block(extent.block)?;
        let (start, end) = (extent.start as usize, extent.start as usize + extent.length as usize);
        if end > block.len() {
            return Err(ReadError::directory("a stream"));
        }
        Ok(block.slice(start..end))
    }
}

/// Reads one block of a table through `read_at`, which fills its buffer or fails. `base` are the bytes of the
/// block that it leans on.
pub fn read_block(
    table: &BlockTable,
    block: u32,
    base: Option<&[u8]>,
    restorers: &Restorers,
    read_at: impl FnOnce(u64, &mut [u8]) -> io::Result<bool>,
) -> Result<Bytes, ReadError> {
    let entry = table.entries.get(block as usize).ok_or(ReadError::NoBlock { block })?;
    let at = entry.at;
    let mut stored = vec![0; entry.stored as usize + CHECKSUM_BYTES];
    if !read_at(at, &mut stored).map_err(|error| ReadError::storage(&error))? {
        return Err(ReadError::Short { block, at });
    }
    let checksum = stored.split_off(entry.stored as usize);
    if crc32fast::hash(&stored).to_le_bytes() != checksum[..] {
        return Err(ReadError::Checksum { block, at });
    }
    let length = entry.length as usize;
    let restored = match base {
        None if entry.stored == entry.length => return Ok(stored.into()),
        None => restorers.restore(&stored, length),
        Some(base) => based::restore(&stored, length, base),
    };
    restored.ok_or(ReadError::Compression { block, at }).map(Bytes::from)
}

/// Decompressing contexts, lent to whoever reads.
#[derive(Default)]
pub struct Restorers(Mutex<Vec<zstd::bulk::Decompressor<'static>>>);

impl Restorers {
    /// Nothing if it is not what was compressed to so many bytes.
    pub fn restore(&self, stored: &[u8], length: usize) -> Option<Vec<u8>> {
        let idle = self.0.lock().expect("nothing panics while it holds the pool").pop();
        let mut context =
            idle.unwrap_or_else(|| zstd::bulk::Decompressor::new().expect("a context without a dictionary"));
        let restored = context.decompress(stored, length).ok().filter(|restored| restored.len() == length);
        self.0.lock().expect("nothing panics while it holds the pool").push(context);
        restored
    }
}

impl std::fmt::Debug for Restorers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Restorers")
    }
}

/// Blocks that are in memory as a whole.
#[derive(Debug)]
pub struct BlocksInMemory {
    bytes: Vec<u8>,
    table: BlockTable,
    restorers: Restorers,
}

impl BlocksInMemory {
    pub fn new(bytes: Vec<u8>, table: BlockTable) -> Self {
        Self { bytes, table, restorers: Restorers::default() }
    }
}

impl Blocks for BlocksInMemory {
    fn block(&self, block: u32) -> Result<Bytes, ReadError> {
        let base = self.table.base_of(block).map(|base| self.block(base)).transpose()?;
        read_block(&self.table, block, base.as_deref(), &self.restorers, |at, into| {
            let from = self.bytes.get(at as usize..).and_then(|rest| rest.get(..into.len()));
            let Some(from) = from else { return Ok(false) };
            into.copy_from_slice(from);
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams() -> Vec<Vec<u8>> {
        let noise = |length: usize| -> Vec<u8> {
            let mut state = 7u64;
            let mut next = || {
                state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                (state >> 56) as u8
            };
            (0..length).map(|_| next()).collect()
        };
        vec![b"small".to_vec(), vec![], vec![7; 100_000], noise(9_000), b"also small".to_vec(), noise(3_000)]
    }

    fn written() -> (Vec<u8>, BlockTable, Vec<Extent>) {
        let mut writer = BlockWriter::new(1, b"head".to_vec()).unwrap();
        let extents = streams().iter().map(|stream| writer.put(stream)).collect();
        let (bytes, table) = writer.finish();
        (bytes, table, extents)
    }

    #[test]
    fn streams_come_back_and_small_ones_share_a_block() {
        let (bytes, table, extents) = written();
        assert_eq!(table.len(), 3);
        assert_eq!((extents[0].block, extents[4].block), (extents[5].block, extents[0].block));
        assert!(bytes.len() < 4 + 9_000 + 3_200 + 200);
        let blocks = BlocksInMemory::new(bytes, table);
        for (stream, extent) in streams().iter().zip(extents) {
            assert_eq!(blocks.stream(extent).unwrap(), stream);
        }
    }

    #[test]
    fn a_table_survives_its_bytes_and_refuses_what_lies_outside() {
        let (bytes, table, _) = written();
        let mut encoded = Vec::new();
        table.encode(&mut encoded);
        let end = bytes.len() as u64;
        assert_eq!(BlockTable::decode(&mut &encoded[..], end, false).unwrap(), table);
        assert!(BlockTable::decode(&mut &encoded[..], end - 1, false).is_err());
        for cut in 0..encoded.len() {
            assert!(BlockTable::decode(&mut &encoded[..cut], end, false).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let (bytes, table, extents) = written();
        for at in 4..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            let blocks = BlocksInMemory::new(bytes, table.clone());
            let read = extents.iter().map(|extent| blocks.stream(*extent));
            assert!(read.filter(Result::is_err).count() > 0, "byte {at}");
        }
    }

    #[test]
    fn a_block_on_a_base_comes_back_and_a_base_of_a_base_is_refused() {
        let first = &streams()[3];
        let second = [&first[100..], b"and more"].concat();
        let mut writer = BlockWriter::new(19, b"head".to_vec()).unwrap();
        let base = writer.put_block(first);
        assert!(writer.put_block_on(&second, (base, first)));
        assert!(!writer.put_block_on(&[9; 700], (base, first)), "it is small without one");
        let (bytes, table) = writer.finish();
        assert!(bytes.len() < first.len() + 300, "{}", bytes.len());
        let (mut encoded, end) = (Vec::new(), bytes.len() as u64);
        table.encode(&mut encoded);
        assert_eq!(BlockTable::decode(&mut &encoded[..], end, true).unwrap(), table);
        let blocks = BlocksInMemory::new(bytes, table.clone());
        assert_eq!(
            (blocks.block(1).unwrap(), blocks.block(2).unwrap()),
            (second.into(), vec![9; 700].into())
        );
        for wrong in [1, 3] {
            let mut table = table.clone();
            table.entries[2].base = Some(wrong);
            encoded.clear();
            table.encode(&mut encoded);
            assert!(BlockTable::decode(&mut &encoded[..], end, true).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_stream_outside_its_block_is_an_error() {
        let (bytes, table, extents) = written();
        let blocks = BlocksInMemory::new(bytes, table);
        let beyond = Extent { length: u32::MAX, ..extents[0] };
        assert!(matches!(blocks.stream(beyond), Err(ReadError::Directory { .. })));
        assert!(matches!(blocks.block(9), Err(ReadError::NoBlock { block: 9 })));
    }
}
