//! Template columns in a group file: their blocks among those of the group, their directory read when needed.
//!
//! Invariant: what `template` writes and reads goes through the blocks of the group, with its checksums.
//! It adds nothing to what a template is.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::block::{BlockWriter, Blocks, ReadError};
use super::template::{
    BlockSink, BlockSource, Root, TemplateColumn, TemplateDirectory, TemplateError, TemplateReader,
    TemplateTexts, encode,
};

/// A sealed column.
#[derive(Debug)]
pub struct SealedTemplates(Root);

impl SealedTemplates {
    /// Writes the values at these positions, in their order.
    pub fn seal(column: &TemplateColumn, order: &[u32], blocks: &mut BlockWriter) -> Self {
        Self(encode(column, order, &mut Sink(blocks)).expect("positions are those of the column"))
    }

    pub fn len(&self) -> usize {
        self.0.texts() as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks the texts what a growing column can be asked too.
    pub fn with_texts<R>(
        &self,
        blocks: &impl Blocks,
        ask: impl FnOnce(&dyn TemplateTexts) -> Result<R, ReadError>,
    ) -> Result<R, ReadError> {
        self.with_reader(blocks, |reader| ask(reader))
    }

    /// The positions, rising, of texts that may have a token with a digit, in any ASCII case; nothing if it is not
    /// told by their variables alone.
    pub fn candidates(&self, blocks: &impl Blocks, token: &[u8]) -> Result<Option<Vec<u32>>, ReadError> {
        self.with_reader(blocks, |reader| {
            let templates = reader.directory().templates();
            if templates.literals().bytes().iter().any(u8::is_ascii_digit) {
                return Ok(None);
            }
            let numbers: Vec<u16> = (0..=reader.directory().template_count()).collect();
            Ok(Some(reader.candidates(&numbers, token)?))
        })
    }

    /// The hashes of a range of texts in their order, under which they count as different.
    pub fn hashes(&self, blocks: &impl Blocks, texts: Range<u32>) -> Result<Vec<u64>, ReadError> {
        self.with_reader(blocks, |reader| Ok(reader.hashes(texts)?))
    }

    /// The same of all texts, some at a time and in any order.
    pub fn each_hash(&self, blocks: &impl Blocks, take: &mut dyn FnMut(&[u64])) -> Result<(), ReadError> {
        self.with_reader(blocks, |reader| Ok(reader.each_hash(take)?))
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
        self.0.encode(out);
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        Ok(Self(Root::decode(bytes)?))
    }

    /// Memory that the column holds beside what is made of its blocks.
    pub fn bytes_held(&self) -> usize {
        self.0.bytes_held()
    }

    /// Asks with the directory, which is made of the blocks if it is not kept, and kept if it has grown.
    fn with_reader<R>(
        &self,
        blocks: &impl Blocks,
        ask: impl FnOnce(&TemplateReader<'_>) -> Result<R, ReadError>,
    ) -> Result<R, ReadError> {
        let kept =
            blocks.find_made(self.0.block()).and_then(|made| made.downcast::<TemplateDirectory>().ok());
        let held = kept.as_ref().map_or(0, |directory| directory.bytes_held());
        let directory = match kept {
            Some(directory) => directory,
            None => Arc::new(TemplateDirectory::read(&self.0, &Source(blocks))?),
        };
        let answer = ask(&TemplateReader::new(&directory, &Source(blocks)));
        let holds = directory.bytes_held();
        if holds > held {
            blocks.keep_made(self.0.block(), directory, holds);
        }
        answer
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
