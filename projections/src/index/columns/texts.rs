//! Lists of texts: the values of a dictionary, names, whole lines. In pages of whole texts.
//!
//! Invariant: each text comes back byte for byte under its number. A page is its lengths, then its texts,
//! so that it is read without its neighbours. It does not look for repeats: `dictionary` does.

use std::ops::Range;

use bytes::Bytes;

use super::block::{BLOCK_BYTES_MAX, BlockWriter, Blocks, Extent, ReadError};
use super::varint;

/// A page is closed when it has so many bytes.
const PAGE_BYTES: usize = 32 << 10;
/// Longest text; a page with one more must still be a block.
pub const TEXT_BYTES_MAX: usize = BLOCK_BYTES_MAX - PAGE_BYTES - 64;

/// Where the texts of a list are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    len: u32,
    pages: Vec<Page>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    /// Number of its first text.
    first: u32,
    extent: Extent,
}

impl Texts {
    pub fn write<'a>(texts: impl Iterator<Item = &'a [u8]>, blocks: &mut BlockWriter) -> Self {
        let mut list = Self::default();
        // Growing to a page step by step would cost more than room that stays unused.
        let (mut lengths, mut bytes) =
            (Vec::with_capacity(2 * PAGE_BYTES), Vec::with_capacity(2 * PAGE_BYTES));
        let mut first = 0;
        for text in texts {
            assert!(text.len() <= TEXT_BYTES_MAX, "texts are lines or parts of lines");
            varint::push(&mut lengths, text.len() as u64);
            bytes.extend_from_slice(text);
            list.len += 1;
            if lengths.len() + bytes.len() >= PAGE_BYTES {
                list.close_page(first, &mut lengths, &mut bytes, blocks);
                first = list.len;
            }
        }
        if first < list.len {
            list.close_page(first, &mut lengths, &mut bytes, blocks);
        }
        list
    }

    fn close_page(
        &mut self,
        first: u32,
        lengths: &mut Vec<u8>,
        bytes: &mut Vec<u8>,
        blocks: &mut BlockWriter,
    ) {
        lengths.append(bytes);
        self.pages.push(Page { first, extent: blocks.put(lengths) });
        lengths.clear();
    }

    pub const fn len(&self) -> usize {
        self.len as usize
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Visits all texts with their numbers, in order.
    pub fn for_each(&self, blocks: &impl Blocks, mut visit: impl FnMut(u32, &[u8])) -> Result<(), ReadError> {
        for page in 0..self.pages.len() {
            let texts = self.page(blocks, page)?;
            for index in 0..texts.ends.len() {
                visit(texts.first + index as u32, texts.text(index));
            }
        }
        Ok(())
    }

    /// Visits the texts of rising numbers.
    pub fn visit(
        &self,
        blocks: &impl Blocks,
        numbers: impl Iterator<Item = u32>,
        mut visit: impl FnMut(u32, &[u8]),
    ) -> Result<(), ReadError> {
        let mut open: Option<PageTexts> = None;
        for number in numbers {
            let texts = match open.take() {
                Some(texts) if texts.numbers().contains(&number) => texts,
                _ => self.page(blocks, self.page_of(number))?,
            };
            if !texts.numbers().contains(&number) {
                return Err(ReadError::directory("a text"));
            }
            visit(number, texts.text((number - texts.first) as usize));
            open = Some(texts);
        }
        Ok(())
    }

    fn page_of(&self, number: u32) -> usize {
        self.pages.partition_point(|page| page.first <= number).saturating_sub(1)
    }

    fn page(&self, blocks: &impl Blocks, index: usize) -> Result<PageTexts, ReadError> {
        let wrong = || ReadError::directory("a page of texts");
        let page = self.pages.get(index).ok_or_else(wrong)?;
        let end = self.pages.get(index + 1).map_or(self.len, |next| next.first);
        let bytes = blocks.stream(page.extent)?;
        let mut rest = &bytes[..];
        let count = end.checked_sub(page.first).ok_or_else(wrong)? as usize;
        if count > bytes.len() {
            return Err(wrong());
        }
        let mut ends = Vec::with_capacity(count);
        let mut end = 0usize;
        for _ in 0..count {
            end += varint::take_u32(&mut rest).ok_or_else(wrong)? as usize;
            ends.push(end as u32);
        }
        if end != rest.len() {
            return Err(wrong());
        }
        let start = bytes.len() - rest.len();
        Ok(PageTexts { first: page.first, ends, bytes: bytes.slice(start..) })
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        varint::push(out, u64::from(self.len));
        varint::push(out, self.pages.len() as u64);
        for page in &self.pages {
            varint::push(out, u64::from(page.first));
            page.extent.encode(out);
        }
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let wrong = || ReadError::directory("the directory of texts");
        let len = varint::take_u32(bytes).ok_or_else(wrong)?;
        let count = varint::take_u32(bytes).ok_or_else(wrong)? as usize;
        if count > bytes.len() {
            return Err(wrong());
        }
        let mut pages = Vec::with_capacity(count);
        for _ in 0..count {
            let first = varint::take_u32(bytes).ok_or_else(wrong)?;
            pages.push(Page { first, extent: Extent::decode(bytes)? });
        }
        let rising = pages.windows(2).all(|pair| pair[0].first < pair[1].first);
        let starts = pages.first().is_none_or(|page| page.first == 0);
        let ends = pages.last().map_or(len == 0, |page| page.first < len);
        if rising && starts && ends { Ok(Self { len, pages }) } else { Err(wrong()) }
    }

    /// Memory that the directory holds.
    pub fn bytes_held(&self) -> usize {
        self.pages.capacity() * size_of::<Page>()
    }
}

struct PageTexts {
    first: u32,
    ends: Vec<u32>,
    bytes: Bytes,
}

impl PageTexts {
    fn numbers(&self) -> Range<u32> {
        self.first..self.first + self.ends.len() as u32
    }

    fn text(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start as usize..self.ends[index] as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::block::BlocksInMemory;
    use super::*;

    fn written(texts: &[Vec<u8>]) -> (Texts, BlocksInMemory) {
        let mut blocks = BlockWriter::new(1, Vec::new()).unwrap();
        let list = Texts::write(texts.iter().map(Vec::as_slice), &mut blocks);
        let mut encoded = Vec::new();
        list.encode(&mut encoded);
        assert_eq!(Texts::decode(&mut &encoded[..]).unwrap(), list);
        for cut in 0..encoded.len() {
            assert!(Texts::decode(&mut &encoded[..cut]).is_err());
        }
        let (bytes, table) = blocks.finish();
        (list, BlocksInMemory::new(bytes, table))
    }

    #[test]
    fn a_number_that_no_text_has_is_an_error() {
        let (list, blocks) = written(&[b"a".to_vec()]);
        assert!(list.visit(&blocks, [1].into_iter(), |_, _| {}).is_err());
        assert!(written(&[]).0.visit(&blocks, [0].into_iter(), |_, _| {}).is_err());
    }

    proptest! {
        #[test]
        fn texts_come_back(texts in proptest::collection::vec(
            prop_oneof![3 => proptest::collection::vec(any::<u8>(), 0..20),
                        1 => proptest::collection::vec(any::<u8>(), 9_000..20_000)], 0..60), step in 1usize..7) {
            let (list, blocks) = written(&texts);
            let mut all = Vec::new();
            list.for_each(&blocks, |number, text| all.push((number, text.to_vec()))).unwrap();
            let expected: Vec<_> = texts.iter().cloned().enumerate().map(|(at, text)| (at as u32, text)).collect();
            prop_assert_eq!(&all, &expected);
            let mut some = Vec::new();
            let numbers = (0..texts.len() as u32).step_by(step);
            list.visit(&blocks, numbers, |number, text| some.push((number, text.to_vec()))).unwrap();
            prop_assert_eq!(some, expected.into_iter().step_by(step).collect::<Vec<_>>());
        }
    }
}
