//! Reads a sealed column.
//!
//! Invariant: a call fetches only the blocks that it needs, and each of them once; damaged bytes are an error.
//! It keeps nothing from one call to the next.

mod ids;

use std::borrow::Cow;
use std::iter::Peekable;
use std::ops::Range;

use super::TemplateError;
use super::directory::TemplateDirectory;
use super::form::HoleKind;
use super::layout::{BlockSource, Blocks};
use super::page::{PAGE_COUNT_MAX, Page, View};
use super::page_index::{PageIndex, PlacePage};
use super::run::TakeRun;
use super::spelling::Spelling;
use super::templates::Template;
use super::texts::TakeText;
use super::words::Held;

/// Stands for the rank of a template that does not occur.
const NOT_HERE: u32 = u32::MAX;

/// Reads a sealed column.
pub struct TemplateReader<'a> {
    directory: &'a TemplateDirectory,
    source: &'a dyn BlockSource,
}

impl std::fmt::Debug for TemplateReader<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("TemplateReader").field(self.directory).finish()
    }
}

impl<'a> TemplateReader<'a> {
    pub fn new(directory: &'a TemplateDirectory, source: &'a dyn BlockSource) -> Self {
        Self { directory, source }
    }

    pub fn directory(&self) -> &'a TemplateDirectory {
        self.directory
    }

    /// Appends the numbers of the templates of these texts.
    pub fn numbers(&self, texts: Range<u32>, out: &mut Vec<u16>) -> Result<(), TemplateError> {
        let count = self.directory.count();
        if texts.end > count {
            return Err(TemplateError::Position { position: texts.end, count });
        }
        let mut blocks = self.blocks()?;
        let mut at = texts.start as usize;
        while at < texts.end as usize {
            let page = at / PAGE_COUNT_MAX;
            let start = page * PAGE_COUNT_MAX;
            let end = (texts.end as usize).min(start + PAGE_COUNT_MAX);
            out.extend_from_slice(&self.numbers_of_page(page, &mut blocks)?[at - start..end - start]);
            at = end;
        }
        Ok(())
    }

    /// Gives the texts at these positions, which rise.
    pub fn render(&self, positions: &[u32], take: &mut TakeText<'_>) -> Result<(), TemplateError> {
        let mut blocks = self.blocks()?;
        let places = self.places(positions, &mut blocks)?;
        let mut open: Vec<Option<OpenTemplate<'a>>> = Vec::new();
        open.resize_with(usize::from(self.directory.template_count()) + 1, || None);
        let mut text = Vec::new();
        for (position, (number, rank)) in positions.iter().zip(places) {
            let template = match &mut open[usize::from(number)] {
                Some(template) => template,
                closed => closed.insert(self.open(number)?),
            };
            text.clear();
            template.write(rank, &mut blocks, &mut text)?;
            take(*position, &text);
        }
        Ok(())
    }

    /// The positions, which rise, of texts with a variable that may have the token, in any ASCII case; the texts
    /// of the rest count as variables. Looks at these templates only, and does not render. No text that has
    /// such a variable is left out; whoever asks looks at the texts in the end.
    pub fn candidates(&self, numbers: &[u16], token: &[u8]) -> Result<Vec<u32>, TemplateError> {
        let mut blocks = self.blocks()?;
        let mut wanted: Vec<Wanted> = Vec::new();
        wanted.resize_with(usize::from(self.directory.template_count()) + 1, Wanted::default);
        let mut found = 0;
        for &number in numbers {
            let ranks = self.ranks_with(number, token, &mut blocks)?;
            found += ranks.len();
            wanted[usize::from(number)] = Wanted { ranks: ranks.into_iter().peekable(), seen: 0 };
        }
        let mut positions = Vec::with_capacity(found);
        for page in 0..self.index()?.places.len() {
            if positions.len() == found {
                break;
            }
            let start = page * PAGE_COUNT_MAX;
            for (position, number) in (start as u32..).zip(self.numbers_of_page(page, &mut blocks)?) {
                let wanted = &mut wanted[usize::from(number)];
                positions.extend(wanted.ranks.next_if_eq(&wanted.seen).map(|_| position));
                wanted.seen += 1;
            }
        }
        Ok(positions)
    }

    /// For each hole how the variables of each of its pages are spelled.
    pub fn spellings(&self, number: u16) -> Result<Vec<Vec<Spelling<'a>>>, TemplateError> {
        let template = self.directory.template(number);
        let pages = self.pages_of(number)?;
        let of_page = |kind: HoleKind, page: &Page<'a>| match page.spelling() {
            Some(spelling) => Cow::Owned(spelling),
            None => Cow::Borrowed(kind.spelling()),
        };
        let of_hole = |(kind, pages): (HoleKind, &Vec<Page<'a>>)| {
            pages.iter().map(|page| of_page(kind, page)).collect()
        };
        Ok(template.kinds().zip(&pages).map(of_hole).collect())
    }

    /// Gives all variables of a hole; the texts of the rest are variables of its first.
    pub fn variables(&self, number: u16, hole: usize, take: &mut TakeRun<'_>) -> Result<(), TemplateError> {
        let mut blocks = self.blocks()?;
        let pages = self.pages_of(number)?;
        for page in pages.get(hole).ok_or(TemplateError::Damaged("the number of a hole"))? {
            page.view(&mut blocks)?.give(page.count as usize, take);
        }
        Ok(())
    }

    /// The numbers of templates of which some quoted text may be wanted, digits aside. What is asked is whether
    /// one of some texts may be, that lie behind each other.
    pub fn quoted(&self, may_be_wanted: &mut dyn FnMut(&[u8]) -> bool) -> Result<Vec<u16>, TemplateError> {
        let mut blocks = self.blocks()?;
        let mut wanted = Vec::new();
        for (number, held) in self.index()?.quoted(self.directory)? {
            let is_wanted = wanted.last() == Some(number)
                || match held {
                    Held::Part(part) => may_be_wanted(&blocks.part(*part)?),
                    Held::Word(word) => may_be_wanted(word),
                    Held::Unknown => true,
                };
            if is_wanted && wanted.last() != Some(number) {
                wanted.push(*number);
            }
        }
        Ok(wanted)
    }

    /// The ranks of texts of a template with a variable that may have the token.
    fn ranks_with(
        &self,
        number: u16,
        token: &[u8],
        blocks: &mut Blocks<'a>,
    ) -> Result<Vec<u32>, TemplateError> {
        let mut ranks = Vec::new();
        let pages = self.pages_of(number)?;
        for page in pages.iter().flatten().filter(|page| page.may_have(token)) {
            let view = page.view(blocks)?;
            view.find(token, page.count as usize, &mut |index| ranks.push(page.start + index as u32));
        }
        ranks.sort_unstable();
        ranks.dedup();
        Ok(ranks)
    }

    fn index(&self) -> Result<&'a PageIndex, TemplateError> {
        self.directory.page_index(self.source)
    }

    fn pages_of(&self, number: u16) -> Result<Vec<Vec<Page<'a>>>, TemplateError> {
        self.index()?.pages_of(self.directory, number)
    }

    fn open(&self, number: u16) -> Result<OpenTemplate<'a>, TemplateError> {
        let holes = |pages| OpenHole { pages, current: None };
        let holes = self.pages_of(number)?.into_iter().map(holes).collect();
        Ok(OpenTemplate { template: self.directory.template(number), holes })
    }

    fn blocks(&self) -> Result<Blocks<'a>, TemplateError> {
        Ok(Blocks::new(self.source, &self.index()?.blocks))
    }

    fn numbers_of_page(&self, page: usize, blocks: &mut Blocks<'a>) -> Result<Vec<u16>, TemplateError> {
        let count = (self.directory.count() as usize - page * PAGE_COUNT_MAX).min(PAGE_COUNT_MAX);
        let view = self.index()?.places[page].numbers.view(blocks)?;
        let numbers = match view.short(count) {
            Some(numbers) => numbers,
            None => view
                .whole(count)
                .into_iter()
                .map(|number| u16::try_from(number).unwrap_or(u16::MAX))
                .collect(),
        };
        let most = numbers.iter().copied().max().unwrap_or_default();
        if most > self.directory.template_count() {
            return Err(TemplateError::Damaged("the number of a template"));
        }
        Ok(numbers)
    }

    /// For each position the number of the template and the rank of the text.
    fn places(&self, positions: &[u32], blocks: &mut Blocks<'a>) -> Result<Vec<(u16, u32)>, TemplateError> {
        let count = self.directory.count();
        if let Some(&position) = positions.iter().find(|position| **position >= count) {
            return Err(TemplateError::Position { position, count });
        }
        let mut places = Vec::with_capacity(positions.len());
        let page_of = |position: &u32| *position as usize / PAGE_COUNT_MAX;
        for positions in positions.chunk_by(|one, other| page_of(one) == page_of(other)) {
            self.places_of_page(page_of(&positions[0]), positions, blocks, &mut places)?;
        }
        Ok(places)
    }

    fn places_of_page(
        &self,
        page: usize,
        positions: &[u32],
        blocks: &mut Blocks<'a>,
        out: &mut Vec<(u16, u32)>,
    ) -> Result<(), TemplateError> {
        let start = page * PAGE_COUNT_MAX;
        let numbers = self.numbers_of_page(page, blocks)?;
        let mut ranks = self.ranks_before(&numbers, &self.index()?.places[page], blocks)?;
        let mut wanted = positions.iter().map(|position| *position as usize - start).peekable();
        for (index, number) in numbers.iter().enumerate() {
            let rank = &mut ranks[usize::from(*number)];
            while wanted.next_if_eq(&index).is_some() {
                out.push((*number, *rank));
            }
            if wanted.peek().is_none() {
                return Ok(());
            }
            *rank = rank.saturating_add(1);
        }
        Err(TemplateError::Order)
    }

    /// By number: how many texts of each template that occurs in the page came before it.
    fn ranks_before(
        &self,
        numbers: &[u16],
        page: &PlacePage,
        blocks: &mut Blocks<'a>,
    ) -> Result<Vec<u32>, TemplateError> {
        let mut ranks = vec![NOT_HERE; usize::from(self.directory.template_count()) + 1];
        numbers.iter().for_each(|number| ranks[usize::from(*number)] = 0);
        let before = page.before.view(blocks)?;
        let occurring = ranks.iter_mut().filter(|rank| **rank != NOT_HERE);
        let mut count = 0;
        for (index, rank) in occurring.enumerate() {
            count += 1;
            if index < page.occurring as usize {
                *rank = u32::try_from(before.at(index)).unwrap_or(NOT_HERE);
            }
        }
        if count != page.occurring {
            return Err(TemplateError::Damaged("the ranks of its texts"));
        }
        Ok(ranks)
    }
}

/// The ranks that are wanted of a template, and how many of its texts were seen.
struct Wanted {
    ranks: Peekable<std::vec::IntoIter<u32>>,
    seen: u32,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { ranks: Vec::new().into_iter().peekable(), seen: 0 }
    }
}

/// A template whose texts are being read.
struct OpenTemplate<'a> {
    template: Template<'a>,
    holes: Vec<OpenHole<'a>>,
}

/// The pages of a hole, and the one that was read last.
struct OpenHole<'a> {
    pages: Vec<Page<'a>>,
    current: Option<(Page<'a>, View<'a>)>,
}

impl<'a> OpenTemplate<'a> {
    fn write(&mut self, rank: u32, blocks: &mut Blocks<'a>, out: &mut Vec<u8>) -> Result<(), TemplateError> {
        for (index, hole) in self.holes.iter_mut().enumerate() {
            out.extend_from_slice(self.template.literal(index));
            let (page, view) = hole.page_of(rank, blocks)?;
            view.write((rank - page.start) as usize, out);
        }
        out.extend_from_slice(self.template.literal(self.template.holes()));
        Ok(())
    }
}

impl<'a> OpenHole<'a> {
    #[inline]
    fn page_of(
        &mut self,
        rank: u32,
        blocks: &mut Blocks<'a>,
    ) -> Result<&(Page<'a>, View<'a>), TemplateError> {
        let is_current = self.current.as_ref().is_some_and(|(page, _)| page.contains(rank));
        if !is_current {
            let index = self.pages.partition_point(|page| page.end() <= rank);
            let page = self.pages.get(index).ok_or(TemplateError::Damaged("the rank of a text"))?;
            self.current = Some((*page, page.view(blocks)?));
        }
        Ok(self.current.as_ref().expect("it was set above"))
    }
}

#[cfg(test)]
mod tests;
