//! Where the pages of a sealed column lie: those of its templates' numbers, and those of each hole.
//!
//! Invariant: every page was looked at once, and all counts agree with those of the templates. It holds no
//! variables, so it can be kept for as long as the column is asked often.

use std::sync::OnceLock;

use super::form::HoleKind;
use super::layout::{Cursor, Placing, take_blocks};
use super::numbers::Numbers;
use super::page::{PAGE_COUNT_MAX, Page};
use super::words::Held;
use super::{REST, TemplateDirectory, TemplateError};

/// Where pages lie.
#[derive(Debug)]
pub(super) struct PageIndex {
    pub(super) blocks: Vec<u32>,
    pub(super) places: Vec<PlacePage>,
    bytes: Vec<u8>,
    /// By number of a template: where its pages begin.
    starts: Vec<Start>,
    quoted: OnceLock<Vec<(u16, Held)>>,
}

/// The numbers of the templates of a page of texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacePage {
    pub(super) numbers: Numbers,
    /// How many templates occur in the page.
    pub(super) occurring: u32,
    /// How often each of those occurred before it.
    pub(super) before: Numbers,
}

#[derive(Debug, Clone, Copy)]
struct Start {
    offset: u32,
    placing: Placing,
}

impl PageIndex {
    /// Reads the pages of the templates of a directory.
    pub(super) fn read(bytes: &[u8], directory: &TemplateDirectory) -> Result<Self, TemplateError> {
        let mut rest = bytes;
        let blocks = take_blocks(&mut rest)?;
        let bytes = rest.to_vec();
        let mut cursor = Cursor { bytes: &bytes, placing: Placing::default() };
        let places = read_places(directory.count(), &mut cursor)?;
        let mut starts = Vec::with_capacity(usize::from(directory.template_count()) + 1);
        for number in 0..=directory.template_count() {
            let offset = (bytes.len() - cursor.bytes.len()) as u32;
            starts.push(Start { offset, placing: cursor.placing });
            for kind in kinds(directory, number) {
                read_hole(kind, directory.texts_of(number), &mut cursor, &mut |_| {})?;
            }
        }
        if !cursor.bytes.is_empty() {
            return Err(TemplateError::Damaged("the end of its directory"));
        }
        Ok(Self { blocks, places, bytes, starts, quoted: OnceLock::new() })
    }

    /// The pages of all holes of a template; the rest is one hole.
    pub(super) fn pages_of(
        &self,
        directory: &TemplateDirectory,
        number: u16,
    ) -> Result<Vec<Vec<Page<'_>>>, TemplateError> {
        let start = self.starts[usize::from(number)];
        let mut cursor = Cursor { bytes: &self.bytes[start.offset as usize..], placing: start.placing };
        let pages_of_hole = |kind| {
            let mut pages = Vec::new();
            read_hole(kind, directory.texts_of(number), &mut cursor, &mut |page| pages.push(page))?;
            Ok(pages)
        };
        kinds(directory, number).map(pages_of_hole).collect()
    }

    /// What is known of the quoted texts of templates, with their numbers.
    pub(super) fn quoted(&self, directory: &TemplateDirectory) -> Result<&[(u16, Held)], TemplateError> {
        if let Some(quoted) = self.quoted.get() {
            return Ok(quoted);
        }
        let mut quoted = Vec::new();
        for number in directory.templates().with_hole(HoleKind::Text).map(|number| number as u16) {
            let pages = self.pages_of(directory, number)?;
            for (_, pages) in kinds(directory, number).zip(pages).filter(|(kind, _)| *kind == HoleKind::Text)
            {
                quoted.extend(pages.iter().map(|page| (number, page.held())));
            }
        }
        Ok(self.quoted.get_or_init(|| quoted))
    }

    /// About how much memory it needs.
    pub(super) fn bytes_held(&self) -> usize {
        self.starts.len() * size_of::<Start>()
            + self.places.len() * size_of::<PlacePage>()
            + self.blocks.len() * size_of::<u32>()
            + self.bytes.len()
            + self.quoted.get().map_or(0, |quoted| quoted.len() * size_of::<(u16, Held)>())
    }
}

fn kinds(directory: &TemplateDirectory, number: u16) -> impl Iterator<Item = HoleKind> {
    let rest = (number == REST).then_some(HoleKind::Word);
    rest.into_iter().chain(directory.template(number).kinds())
}

fn read_places(mut left: u32, cursor: &mut Cursor<'_>) -> Result<Vec<PlacePage>, TemplateError> {
    let mut places = Vec::new();
    while left > 0 {
        let count = left.min(PAGE_COUNT_MAX as u32);
        let numbers = Numbers::read(count, cursor)?;
        let occurring = cursor.count(count)?;
        places.push(PlacePage { numbers, occurring, before: Numbers::read(occurring, cursor)? });
        left -= count;
    }
    Ok(places)
}

fn read_hole<'d>(
    kind: HoleKind,
    count: u32,
    cursor: &mut Cursor<'d>,
    take: &mut impl FnMut(Page<'d>),
) -> Result<(), TemplateError> {
    let mut start = 0;
    while start < count {
        let page = Page::read(kind, start, count, cursor)?;
        start += page.count;
        take(page);
    }
    Ok(())
}
