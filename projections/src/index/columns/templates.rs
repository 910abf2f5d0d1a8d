//! Template columns in a group file: their blocks among those of the group, their directory read when needed.
//!
//! Invariant: what `template` writes and reads goes through the blocks of the group, with its checksums.
//! It adds nothing to what a template is.

use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;

use super::block::{BlockWriter, Blocks, ReadError};
use super::template::{
    BlockSink, BlockSource, TemplateColumn, TemplateDirectory, TemplateError, TemplateReader, TemplateTexts,
    encode,
};
use super::varint;

/// A sealed column.
#[derive(Debug)]
pub struct SealedTemplates {
    len: u32,
    root: Box<[u8]>,
    directory: OnceLock<Box<TemplateDirectory>>,
}

impl SealedTemplates {
    /// Writes the values at these positions, in their order.
    pub fn seal(column: &TemplateColumn, order: &[u32], blocks: &mut BlockWriter) -> Self {
        let root = encode(column, order, &mut Sink(blocks)).expect("positions are those of the column");
        Self { len: order.len() as u32, root: root.into(), directory: OnceLock::new() }
    }

    pub fn len(&self) -> usize {
        self.len as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What templates there are.
    pub fn directory(&self, blocks: &impl Blocks) -> Result<&TemplateDirectory, ReadError> {
        if let Some(directory) = self.directory.get() {
            return Ok(directory);
        }
        let directory = TemplateDirectory::read(&self.root, &Source(blocks))?;
        if directory.count() != self.len {
            return Err(ReadError::directory("a column of templates"));
        }
        Ok(self.directory.get_or_init(|| Box::new(directory)))
    }

    /// Asks the texts what a growing column can be asked too.
    pub fn with_texts<R>(
        &self,
        blocks: &impl Blocks,
        ask: impl FnOnce(&dyn TemplateTexts) -> Result<R, ReadError>,
    ) -> Result<R, ReadError> {
        ask(&TemplateReader::new(self.directory(blocks)?, &Source(blocks)))
    }

    /// The positions, rising, of texts that may have a token with a digit, in any ASCII case; nothing if it is not
    /// told by their variables alone.
    pub fn candidates(&self, blocks: &impl Blocks, token: &[u8]) -> Result<Option<Vec<u32>>, ReadError> {
        let directory = self.directory(blocks)?;
        let has_digit = |number: u16| directory.template(number).text().iter().any(u8::is_ascii_digit);
        if (1..=directory.template_count()).any(has_digit) {
            return Ok(None);
        }
        let numbers: Vec<u16> = (0..=directory.template_count()).collect();
        Ok(Some(TemplateReader::new(directory, &Source(blocks)).candidates(&numbers, token)?))
    }

    /// The hashes of a range of texts in their order, under which they count as different.
    pub fn hashes(&self, blocks: &impl Blocks, texts: Range<u32>) -> Result<Vec<u64>, ReadError> {
        Ok(TemplateReader::new(self.directory(blocks)?, &Source(blocks)).hashes(texts)?)
    }

    /// The same of all texts, some at a time and in any order.
    pub fn each_hash(&self, blocks: &impl Blocks, take: &mut dyn FnMut(&[u64])) -> Result<(), ReadError> {
        Ok(TemplateReader::new(self.directory(blocks)?, &Source(blocks)).each_hash(take)?)
    }

    /// Visits the values of rising ranks, each with its place among the ranks.
    pub fn visit(
        &self,
        blocks: &impl Blocks,
        ranks: &[u32],
        visit: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), ReadError> {
        let mut at = 0;
        let mut take = |_: u32, text: &[u8]| {
            visit(at, text);
            at += 1;
        };
        self.with_texts(blocks, |texts| Ok(texts.render(ranks, &mut take)?))
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        varint::push(out, u64::from(self.len));
        varint::push(out, self.root.len() as u64);
        out.extend_from_slice(&self.root);
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let wrong = || ReadError::directory("a column of templates");
        let len = varint::take_u32(bytes).ok_or_else(wrong)?;
        let length = varint::take_u32(bytes).ok_or_else(wrong)? as usize;
        let (root, rest) = bytes.split_at_checked(length).ok_or_else(wrong)?;
        *bytes = rest;
        Ok(Self { len, root: root.into(), directory: OnceLock::new() })
    }

    /// Memory that the column holds when it is asked.
    pub fn bytes_held(&self) -> usize {
        self.root.len() + TemplateDirectory::bytes_needed(&self.root)
    }
}

impl From<TemplateError> for ReadError {
    fn from(error: TemplateError) -> Self {
        Self::Storage { reason: error.to_string().into() }
    }
}

struct Sink<'a>(&'a mut BlockWriter);

impl BlockSink for Sink<'_> {
    fn put(&mut self, raw: &[u8]) -> u32 {
        self.0.put_block(raw)
    }
}

struct Source<'a, B>(&'a B);

impl<B: Blocks> BlockSource for Source<'_, B> {
    fn block(&self, id: u32) -> Result<Bytes, TemplateError> {
        self.0.block(id).map_err(|error| TemplateError::Block { id, reason: error.to_string() })
    }
}
