//! Where the bytes of a sealed column lie: parts in blocks, and a directory that says what the parts are.
//!
//! A *part* is a run of bytes of one kind, such as the low bytes of many numbers. A large part has a block of
//! its own; small ones share a block with others of texts or with others of numbers, because bytes that are alike
//! are compressed better together. Where a part lies follows from the lengths of the parts before it, so
//! that the directory does not say it.
//! Invariant: writer and reader place parts by the same rule. It does not compress: the owner of blocks does.

use std::collections::HashMap;

use bytes::Bytes;
use foldhash::fast::FixedState;

use super::TemplateError;
use crate::index::columns::varint;

/// A part of at least so many bytes has a block of its own.
const OWN_BYTES: usize = 4 << 10;
/// Small parts share a block of at most so many bytes.
const SHARED_BYTES: usize = 64 << 10;
/// No part is longer.
const PART_BYTES_MAX: u64 = 1 << 30;

/// Where a sealed column puts its blocks.
pub trait BlockSink {
    /// Keeps a block and answers its number.
    fn put(&mut self, raw: &[u8]) -> u32;
}

/// Where a sealed column finds its blocks.
pub trait BlockSource {
    /// The bytes of a block as they were put.
    fn block(&self, id: u32) -> Result<Bytes, TemplateError>;
}

/// What a part is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matter {
    Numbers,
    Text,
}

/// Of how many matters there are parts.
const MATTERS: usize = Matter::Text as usize + 1;

/// The rule that says where the next part lies.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Placing {
    blocks: u32,
    /// For each matter.
    shared: [Shared; MATTERS],
}

/// A block that small parts share.
#[derive(Debug, Default, Clone, Copy)]
struct Shared {
    block: u32,
    bytes: u32,
}

/// Where a part lies.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Part {
    block: u32,
    start: u32,
    length: u32,
}

impl Placing {
    fn place(&mut self, matter: Matter, length: usize) -> Part {
        let shared = &mut self.shared[matter as usize];
        let mut part = Part { block: shared.block, start: shared.bytes, length: length as u32 };
        let is_own = length >= OWN_BYTES;
        let opens = shared.bytes == 0 || shared.bytes as usize + length > SHARED_BYTES;
        if length > 0 && (is_own || opens) {
            (part.block, part.start) = (self.blocks, 0);
            self.blocks += 1;
        }
        if length > 0 && !is_own {
            *shared = Shared { block: part.block, bytes: part.start + part.length };
        }
        part
    }
}

/// Writes parts, and the directory beside them.
pub(super) struct PartWriter<'a> {
    sink: &'a mut dyn BlockSink,
    pub(super) directory: Vec<u8>,
    placing: Placing,
    /// The numbers of the blocks, in the order in which their first parts came.
    blocks: Vec<u32>,
    /// For each matter the block that small parts share.
    shared: [Vec<u8>; MATTERS],
}

impl<'a> PartWriter<'a> {
    pub(super) fn new(sink: &'a mut dyn BlockSink) -> Self {
        Self {
            sink,
            directory: Vec::new(),
            placing: Placing::default(),
            blocks: Vec::new(),
            shared: Default::default(),
        }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.directory.push(byte);
    }

    pub(super) fn varint(&mut self, number: u64) {
        varint::push(&mut self.directory, number);
    }

    /// Bytes in the directory itself.
    pub(super) fn run(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.directory.extend_from_slice(bytes);
    }

    /// A part; the reader has to know its length.
    pub(super) fn part(&mut self, matter: Matter, bytes: &[u8]) {
        let open = self.placing;
        let place = self.placing.place(matter, bytes.len());
        if bytes.len() >= OWN_BYTES {
            self.blocks.push(self.sink.put(bytes));
        } else if !bytes.is_empty() {
            if place.start == 0 {
                self.close(matter, open);
                self.blocks.push(0);
            }
            self.shared[matter as usize].extend_from_slice(bytes);
        }
    }

    /// The directory with the numbers of the blocks before it.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let placing = self.placing;
        [Matter::Numbers, Matter::Text].into_iter().for_each(|matter| self.close(matter, placing));
        let mut out = Vec::with_capacity(self.directory.len() + self.blocks.len() + 8);
        varint::push(&mut out, self.blocks.len() as u64);
        let mut before = 0;
        for id in &self.blocks {
            varint::push(&mut out, varint::zigzag(i64::from(*id) - before));
            before = i64::from(*id) + 1;
        }
        out.extend_from_slice(&self.directory);
        out
    }

    /// Ends the block that parts shared so far.
    fn close(&mut self, matter: Matter, placing: Placing) {
        let (bytes, shared) = (&mut self.shared[matter as usize], placing.shared[matter as usize]);
        if !bytes.is_empty() {
            self.blocks[shared.block as usize] = self.sink.put(bytes);
            bytes.clear();
        }
    }
}

/// Takes the numbers of the blocks from the front of a directory.
pub(super) fn take_blocks(directory: &mut &[u8]) -> Result<Vec<u32>, TemplateError> {
    let damaged = TemplateError::Damaged("the list of its blocks");
    let count = varint::take(directory).filter(|count| *count <= directory.len() as u64);
    let mut next = 0i64;
    let mut id = || {
        let id = next.checked_add(varint::unzigzag(varint::take(directory)?))?;
        next = id.checked_add(1)?;
        u32::try_from(id).ok()
    };
    let ids: Option<Vec<u32>> = (0..count.ok_or(damaged.clone())?).map(|_| id()).collect();
    ids.ok_or(damaged)
}

/// Reads a directory from some place on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'d> {
    pub(super) bytes: &'d [u8],
    pub(super) placing: Placing,
}

impl<'d> Cursor<'d> {
    pub(super) fn byte(&mut self) -> Result<u8, TemplateError> {
        let (byte, rest) =
            self.bytes.split_first().ok_or(TemplateError::Damaged("the end of its directory"))?;
        self.bytes = rest;
        Ok(*byte)
    }

    pub(super) fn varint(&mut self) -> Result<u64, TemplateError> {
        varint::take(&mut self.bytes).ok_or(TemplateError::Damaged("a number of its directory"))
    }

    /// A count of things of which there are at most so many.
    pub(super) fn count(&mut self, max: u32) -> Result<u32, TemplateError> {
        let count = u32::try_from(self.varint()?).ok().filter(|count| *count <= max);
        count.ok_or(TemplateError::Damaged("a count of its directory"))
    }

    pub(super) fn run(&mut self) -> Result<&'d [u8], TemplateError> {
        let length = self.varint()?;
        let split = usize::try_from(length).ok().and_then(|length| self.bytes.split_at_checked(length));
        let (run, rest) = split.ok_or(TemplateError::Damaged("a run of its directory"))?;
        self.bytes = rest;
        Ok(run)
    }

    pub(super) fn part(&mut self, matter: Matter, length: u64) -> Result<Part, TemplateError> {
        if length > PART_BYTES_MAX {
            return Err(TemplateError::Damaged("the length of a part"));
        }
        Ok(self.placing.place(matter, length as usize))
    }
}

/// The blocks of a column as one call needs them: each is fetched once.
pub(super) struct Blocks<'a> {
    source: &'a dyn BlockSource,
    ids: &'a [u32],
    shared: HashMap<u32, Bytes, FixedState>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(source: &'a dyn BlockSource, ids: &'a [u32]) -> Self {
        Self { source, ids, shared: HashMap::default() }
    }

    /// The bytes of a part.
    pub(super) fn part(&mut self, part: Part) -> Result<Bytes, TemplateError> {
        let (start, end) = (part.start as usize, part.start as usize + part.length as usize);
        let block = match part.length as usize {
            0 => return Ok(Bytes::new()),
            OWN_BYTES.. => self.fetch(part.block)?,
            _ => match self.shared.get(&part.block) {
                Some(block) => block.clone(),
                None => {
                    let block = self.fetch(part.block)?;
                    self.shared.insert(part.block, block.clone());
                    block
                }
            },
        };
        if end > block.len() {
            return Err(TemplateError::Damaged("the length of a block"));
        }
        Ok(block.slice(start..end))
    }

    fn fetch(&self, index: u32) -> Result<Bytes, TemplateError> {
        let id = self.ids.get(index as usize).ok_or(TemplateError::Damaged("the number of its blocks"))?;
        self.source.block(*id)
    }
}
