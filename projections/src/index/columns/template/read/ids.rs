//! Texts as hashes, for counting the different ones: ids are hashed in binary and not written.
//!
//! Invariant: a text has the hash that `hash_of_text` gives what it says. Only texts that are one id as a whole,
//! in pages of nothing else, are hashed without being written.

use antler_events::query::pipe::aggregate::distinct::{Id, hash_of_text};

use super::TemplateReader;
use crate::index::columns::template::TemplateError;
use crate::index::columns::template::layout::Blocks;
use crate::index::columns::template::page::{Page, View};

const LONG_BYTES: usize = 16;
const SHORT_BYTES: usize = 8;
/// So many hashes are given at a time, or more by a page at most: they stay in the memory next to the processor.
const GIVEN_TOGETHER: usize = 8_192;

impl<'a> TemplateReader<'a> {
    /// The hashes of a range of texts, in their order.
    pub fn hashes(&self, texts: std::ops::Range<u32>) -> Result<Vec<u64>, TemplateError> {
        let count = self.directory.count();
        if texts.end > count || texts.start > texts.end {
            return Err(TemplateError::Position { position: texts.end, count });
        }
        let mut blocks = self.blocks()?;
        let by_number = (0..=self.directory.template_count())
            .map(|number| {
                let mut hashes = Vec::new();
                self.hash_template(number, &mut blocks, &mut hashes, &mut |_| {})?;
                Ok(hashes)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if let [only] = by_number.iter().filter(|hashes| !hashes.is_empty()).collect::<Vec<_>>()[..]
            && only.len() == count as usize
        {
            return Ok(only[texts.start as usize..texts.end as usize].to_vec());
        }
        let mut numbers = Vec::with_capacity(texts.end as usize);
        self.numbers(0..texts.end, &mut numbers)?;
        let mut of_number: Vec<_> = by_number.iter().map(|hashes| hashes.iter()).collect();
        let in_order = numbers.into_iter().map(|number| of_number[usize::from(number)].next().copied());
        let hashes: Option<Vec<u64>> = in_order.skip(texts.start as usize).collect();
        hashes.ok_or(TemplateError::Damaged("the number of its texts"))
    }

    /// Gives the hashes of all texts, some at a time and in any order.
    pub fn each_hash(&self, take: &mut dyn FnMut(&[u64])) -> Result<(), TemplateError> {
        let mut blocks = self.blocks()?;
        let (mut hashes, mut given) = (Vec::with_capacity(GIVEN_TOGETHER), 0);
        let mut give = |hashes: &mut Vec<u64>| {
            given += hashes.len() as u64;
            take(hashes);
            hashes.clear();
        };
        for number in 0..=self.directory.template_count() {
            self.hash_template(number, &mut blocks, &mut hashes, &mut |hashes| {
                if hashes.len() >= GIVEN_TOGETHER {
                    give(hashes);
                }
            })?;
        }
        give(&mut hashes);
        let is_whole = given == u64::from(self.directory.count());
        if is_whole { Ok(()) } else { Err(TemplateError::Damaged("the number of its texts")) }
    }

    /// Appends the hashes of all texts of a template, and shows what there is by then after each page or text.
    fn hash_template(
        &self,
        number: u16,
        blocks: &mut Blocks<'a>,
        hashes: &mut Vec<u64>,
        show: &mut dyn FnMut(&mut Vec<u64>),
    ) -> Result<(), TemplateError> {
        let pages = self.pages_of(number)?;
        if let ([pages], true) = (&pages[..], self.directory.template(number).is_bare()) {
            for page in pages {
                hash_page(page, blocks, hashes)?;
                show(hashes);
            }
            return Ok(());
        }
        let mut template = self.open(number)?;
        let mut text = Vec::new();
        for rank in 0..self.directory.texts_of(number) {
            text.clear();
            template.write(rank, blocks, &mut text)?;
            hashes.push(hash_of_bytes(&text));
            show(hashes);
        }
        Ok(())
    }
}

/// Of variables that are the whole text.
fn hash_page<'a>(
    page: &Page<'a>,
    blocks: &mut Blocks<'a>,
    hashes: &mut Vec<u64>,
) -> Result<(), TemplateError> {
    let view = page.view(blocks)?;
    let before = hashes.len();
    match &view {
        View::Uuids(bytes) => {
            let (uuids, _) = bytes.as_chunks::<LONG_BYTES>();
            hashes.extend(uuids.iter().map(|uuid| Id::Uuid(*uuid).hash()));
        }
        View::Words(words) => match words.lower_hex() {
            Some((digits, bytes)) if digits == 2 * LONG_BYTES => {
                hashes.extend(bytes.as_chunks().0.iter().map(|id| Id::Long(*id).hash()));
            }
            Some((digits, bytes)) if digits == 2 * SHORT_BYTES => {
                hashes.extend(bytes.as_chunks().0.iter().map(|id| Id::Short(*id).hash()));
            }
            _ => {}
        },
        View::Decimals(_) | View::Addresses(_) => {}
    }
    if hashes.len() == before {
        let mut text = Vec::new();
        hashes.extend((0..page.count as usize).map(|index| {
            text.clear();
            view.write(index, &mut text);
            hash_of_bytes(&text)
        }));
    }
    let is_whole = hashes.len() - before == page.count as usize;
    if is_whole { Ok(()) } else { Err(TemplateError::Damaged("a page of ids")) }
}

/// Of what the bytes say as a text.
fn hash_of_bytes(text: &[u8]) -> u64 {
    hash_of_text(String::from_utf8_lossy(text).as_bytes())
}
