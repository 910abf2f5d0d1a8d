//! A group file: a directory at its end says where everything is, and nothing else is read to open it.
//!
//! Layout: magic, blocks, the compressed directory, and a trailer with its place, its checksum and the
//! version. Invariant: a file that was opened gives right answers or errors, whatever its bytes are. It is
//! never changed: a group that has lost rows is written anew.

pub mod cache;
pub mod directory;
pub mod recompress;
pub mod trailer;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use antler_events::event::lines::Arrival;
use antler_events::files::{File, read_full};
use antler_events::ids::{Offset, PartitionId, TenantId};
use bytes::Bytes;

use self::cache::BlockCache;
use self::directory::{Directory, SealedValues};
use super::block::{BlockTable, Blocks, Made, ReadError, Restorers, read_block};
use super::column::ColumnHead;
use super::forms::Forms;
use super::plane::PAGE;
use super::recent::Recent;
use super::shape::Shape;
use super::view::{GroupView, Origin, Reads, TenantRollup, TenantRows, Values};

/// The blocks of one file.
pub struct GroupBlocks {
    file: Box<dyn File>,
    table: BlockTable,
    /// The number of the group in the cache.
    number: u64,
    shared: Arc<Shared>,
    reads: ReadCounts,
}

/// What was read, for whoever explains a search.
#[derive(Default)]
struct ReadCounts {
    stored_bytes: AtomicU64,
    cached_bytes: AtomicU64,
    faults: AtomicU64,
}

/// What all groups of a store share.
#[derive(Debug)]
pub struct Shared {
    restorers: Restorers,
    cache: BlockCache,
    made: Recent<cache::Key, Made>,
}

impl Shared {
    /// Keeps so many bytes of blocks, and of what was made of them.
    pub fn new(blocks_bytes_max: usize, made_bytes_max: usize) -> Self {
        let (cache, made) = (BlockCache::new(blocks_bytes_max), Recent::new(made_bytes_max));
        Self { restorers: Restorers::default(), cache, made }
    }

    /// Lets go of what was read of a group.
    pub fn forget(&self, group: u64) {
        self.cache.forget(group);
        self.made.retain(|key| key.0 != group);
    }

    pub fn blocks_bytes(&self) -> usize {
        self.cache.bytes_held()
    }

    pub fn made_bytes(&self) -> usize {
        self.made.bytes_held()
    }
}

impl Blocks for GroupBlocks {
    fn block(&self, block: u32) -> Result<Bytes, ReadError> {
        if let Some(bytes) = self.shared.cache.find((self.number, block)) {
            self.reads.cached_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            return Ok(bytes);
        }
        let bytes = self.read(block).inspect_err(|_| {
            self.reads.faults.fetch_add(1, Ordering::Relaxed);
        })?;
        self.shared.cache.keep((self.number, block), bytes.clone());
        Ok(bytes)
    }

    fn find_made(&self, block: u32) -> Option<Made> {
        self.shared.made.find(&(self.number, block))
    }

    fn keep_made(&self, block: u32, made: Made, bytes: usize) {
        self.shared.made.keep((self.number, block), made, bytes);
    }
}

impl GroupBlocks {
    /// Whether some lean on others, as those of cold groups do.
    pub fn are_leaning(&self) -> bool {
        self.table.has_bases()
    }

    /// Reads a block from the file, whether it is in memory or not; a base may be.
    fn read(&self, block: u32) -> Result<Bytes, ReadError> {
        let base = self.table.base_of(block).map(|base| self.block(base)).transpose()?;
        let read_at = |at: u64, into: &mut [u8]| {
            self.reads.stored_bytes.fetch_add(into.len() as u64, Ordering::Relaxed);
            Ok(read_full(&*self.file, at, into)? == into.len())
        };
        read_block(&self.table, block, base.as_deref(), &self.shared.restorers, read_at)
    }
}

impl fmt::Debug for GroupBlocks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "GroupBlocks({}, {} blocks)", self.number, self.table.len())
    }
}

/// A group that was written.
#[derive(Debug)]
pub struct SealedGroup {
    pub directory: Directory,
    blocks: GroupBlocks,
    arrivals: Vec<Arrival>,
    /// Made when they are asked for.
    forms: OnceLock<Forms>,
}

impl SealedGroup {
    /// Reads trailer and directory.
    pub fn open(file: Box<dyn File>, number: u64, shared: Arc<Shared>) -> Result<Self, ReadError> {
        let size = file.size().map_err(|error| ReadError::storage(&error))?;
        let stored = trailer::read_directory(&*file, size, &shared.restorers)?;
        let mut rest = &stored.bytes[..];
        let table = BlockTable::decode(&mut rest, size, stored.has_bases)?;
        let directory = Directory::decode(&mut rest)?;
        let blocks = GroupBlocks { file, table, number, shared, reads: ReadCounts::default() };
        let arrivals = directory.events.read_arrivals(&blocks)?;
        Ok(Self { directory, blocks, arrivals, forms: OnceLock::new() })
    }

    pub fn blocks(&self) -> &GroupBlocks {
        &self.blocks
    }

    /// Memory that the group holds while it is open, beside blocks and what is made of them.
    pub fn bytes_held(&self) -> usize {
        let Directory { shapes, columns, .. } = &self.directory;
        size_of::<Self>()
            + self.directory.bytes_held()
            + self.blocks.table.bytes_held()
            + Forms::bytes_max(shapes, columns.len())
    }

    /// Reads every block once: each has its checksum.
    pub fn check_blocks(&self) -> Result<(), ReadError> {
        (0..self.blocks.table.len() as u32).try_for_each(|block| self.blocks.read(block).map(drop))
    }
}

impl GroupView for SealedGroup {
    fn rows(&self) -> u32 {
        self.directory.rows
    }

    fn tenant_rows(&self, tenant: TenantId) -> TenantRows {
        TenantRows::Range(self.directory.rows_of(tenant))
    }

    fn span(&self) -> Option<(i64, i64)> {
        let spans = (0..).map_while(|page| self.directory.times.span(page));
        spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn page_span(&self, page: usize) -> Option<(i64, i64)> {
        self.directory.times.span(page)
    }

    fn is_sorted(&self) -> bool {
        true
    }

    fn times(&self, rows: Range<u32>, out: &mut Vec<i64>) -> Result<(), ReadError> {
        self.directory.times.read(&self.blocks, rows.start as usize..rows.end as usize, out)
    }

    fn shape_numbers(&self, rows: Range<u32>, out: &mut Vec<u32>) -> Result<(), ReadError> {
        let Some(most) = (self.directory.shapes.len() as u32).checked_sub(1) else {
            return Err(ReadError::directory("the number of a shape"));
        };
        self.directory.shape_of.read_narrow(&self.blocks, rows.start as usize..rows.end as usize, most, out)
    }

    fn shapes(&self) -> &[Shape] {
        &self.directory.shapes
    }

    fn forms(&self) -> Cow<'_, Forms> {
        Cow::Borrowed(self.forms.get_or_init(|| Forms::of(self)))
    }

    fn shape_texts(&self, numbers: &[u32], visit: &mut dyn FnMut(u32, &[u8])) -> Result<(), ReadError> {
        self.directory.shape_texts.visit(&self.blocks, numbers.iter().copied(), visit)
    }

    fn columns(&self) -> u32 {
        self.directory.columns.len() as u32
    }

    fn head(&self, column: u32) -> &ColumnHead {
        &self.directory.columns[column as usize].head
    }

    fn values(&self, column: u32) -> Values<'_> {
        match &self.directory.columns[column as usize].values {
            SealedValues::Dictionary(values) => Values::Dictionary(values, &self.blocks),
            SealedValues::Templates(values) => Values::Templates(values, &self.blocks),
            SealedValues::Numbers(values) => Values::Numbers(values, &self.blocks),
        }
    }

    fn is_full(&self, column: u32) -> bool {
        self.directory.columns[column as usize].is_full
    }

    fn rank_at_page(&self, column: u32, page: usize) -> u32 {
        let column = &self.directory.columns[column as usize];
        if column.is_full {
            return (page * PAGE) as u32;
        }
        column.ranks.get(page).copied().unwrap_or(u32::MAX)
    }

    fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    fn origins(&self, rows: &[u32]) -> Result<Vec<Origin>, ReadError> {
        self.directory.events.origins(&self.blocks, rows)
    }

    fn row_of(&self, partition: PartitionId, offset: Offset, line: u32) -> Result<Option<u32>, ReadError> {
        self.directory.events.row_of(&self.blocks, (partition, offset, line))
    }

    fn may_have(&self, token_hash: u64) -> Result<bool, ReadError> {
        self.directory.filter.may_have(&self.blocks, token_hash)
    }

    fn rollup(&self, tenant: TenantId) -> Option<TenantRollup<'_>> {
        let (rollup, tenant) = (self.directory.rollup.as_ref()?, self.directory.number_of(tenant)?);
        Some(TenantRollup { rollup, tenant, blocks: &self.blocks })
    }

    fn reads(&self) -> Reads {
        let ReadCounts { stored_bytes, cached_bytes, faults } = &self.blocks.reads;
        Reads {
            stored_bytes: stored_bytes.load(Ordering::Relaxed),
            cached_bytes: cached_bytes.load(Ordering::Relaxed),
            faults: faults.load(Ordering::Relaxed),
        }
    }
}
