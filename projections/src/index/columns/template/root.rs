//! The root of a sealed column: how much there is, and which blocks hold what finds the rest.
//!
//! Invariant: a root that was read names blocks for each run. It does not read them before it is asked.

use super::TemplateError;
use super::layout::{BlockSink, BlockSource, Cursor, Placing};
use crate::index::columns::varint;

/// The first byte of a root.
const FORMAT: u8 = 1;
/// No column has more templates.
const TEMPLATES_MAX: u32 = u16::MAX as u32 - 1;
/// No column has more texts.
const TEXTS_MAX: u32 = 1 << 28;
/// The bytes of a block of a run.
const BLOCK_BYTES: usize = 128 << 10;

/// What finds a sealed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    pub(super) texts: u32,
    pub(super) templates: u32,
    pub(super) keys: RunOfBlocks,
    pub(super) pages: RunOfBlocks,
    /// Of words beside templates.
    pub(super) sieve: RunOfBlocks,
}

/// Bytes that were put into blocks one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunOfBlocks {
    length: u32,
    blocks: Box<[u32]>,
}

impl Root {
    /// How many texts the column has.
    pub fn texts(&self) -> u32 {
        self.texts
    }

    /// A block that is this column's alone.
    pub fn block(&self) -> u32 {
        self.keys.blocks[0]
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(FORMAT);
        varint::push(out, u64::from(self.texts));
        varint::push(out, u64::from(self.templates));
        [&self.keys, &self.pages, &self.sieve].into_iter().for_each(|run| run.encode(out));
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, TemplateError> {
        let mut cursor = Cursor { bytes, placing: Placing::default() };
        if cursor.byte()? != FORMAT {
            return Err(TemplateError::Damaged("the format of its root"));
        }
        let (texts, templates) = (cursor.count(TEXTS_MAX)?, cursor.count(TEMPLATES_MAX)?);
        let mut run = || RunOfBlocks::decode(&mut cursor);
        let root = Self { texts, templates, keys: run()?, pages: run()?, sieve: run()? };
        *bytes = cursor.bytes;
        Ok(root)
    }

    pub fn bytes_held(&self) -> usize {
        let runs = [&self.keys, &self.pages, &self.sieve];
        size_of::<Self>() + runs.iter().map(|run| run.blocks.len() * size_of::<u32>()).sum::<usize>()
    }
}

impl RunOfBlocks {
    /// Puts bytes into blocks; of none there is one block as well.
    pub(super) fn put(bytes: &[u8], sink: &mut dyn BlockSink) -> Self {
        let first = &bytes[..bytes.len().min(BLOCK_BYTES)];
        let others = bytes[first.len()..].chunks(BLOCK_BYTES);
        let blocks = std::iter::once(first).chain(others).map(|block| sink.put(block)).collect();
        Self { length: bytes.len() as u32, blocks }
    }

    pub(super) fn read(&self, source: &dyn BlockSource) -> Result<Vec<u8>, TemplateError> {
        let mut bytes = Vec::new();
        for block in &self.blocks {
            bytes.extend_from_slice(&source.block(*block)?);
            if bytes.len() > self.length as usize {
                break;
            }
        }
        if bytes.len() == self.length as usize {
            Ok(bytes)
        } else {
            Err(TemplateError::Damaged("the length of a run"))
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        varint::push(out, u64::from(self.length));
        varint::push(out, self.blocks.len() as u64);
        self.blocks.iter().for_each(|block| varint::push(out, u64::from(*block)));
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, TemplateError> {
        let length = cursor.count(u32::MAX)?;
        let count = cursor.count(cursor.bytes.len() as u32)?;
        let blocks = (0..count).map(|_| cursor.count(u32::MAX)).collect::<Result<Box<[u32]>, _>>()?;
        if blocks.is_empty() {
            return Err(TemplateError::Damaged("a run without blocks"));
        }
        Ok(Self { length, blocks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_read_and_written() {
        let run = |blocks: &[u32]| RunOfBlocks { length: 7, blocks: blocks.into() };
        let (keys, pages, sieve) = (run(&[300]), run(&[4, 70_000]), run(&[5]));
        let root = Root { texts: 1_000, templates: 3, keys, pages, sieve };
        let mut bytes = Vec::new();
        root.encode(&mut bytes);
        bytes.push(9);
        let mut rest = &bytes[..];
        assert_eq!(Root::decode(&mut rest).unwrap(), root);
        assert_eq!((rest, root.block()), (&[9][..], 300));
        for length in 0..bytes.len() - 1 {
            assert!(Root::decode(&mut &bytes[..length]).is_err(), "{length}");
        }
        let mut out = Vec::new();
        Root { sieve: run(&[]), ..root }.encode(&mut out);
        assert!(Root::decode(&mut &out[..]).is_err());
    }
}
