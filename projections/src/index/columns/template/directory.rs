//! What a sealed column is made of: its templates, and where their pages begin in the directory.
//!
//! Invariant: all counts agree with each other, and every page was looked at once. It holds no variables, so
//! it can be kept for as long as the column is asked often.

use std::sync::OnceLock;

use super::encode::FORMAT;
use super::form::{HoleKind, Template};
use super::layout::{BlockSource, Cursor, Placing, take_blocks};
use super::numbers::Numbers;
use super::page::{PAGE_COUNT_MAX, Page};
use super::sieve::Sieve;
use super::templates::Templates;
use super::words::Held;
use super::{REST, TemplateError};

/// No column has more templates.
const TEMPLATES_MAX: u32 = u16::MAX as u32 - 1;
/// No column has more texts.
const TEXTS_MAX: u32 = 1 << 28;

/// What a sealed column is made of.
#[derive(Debug)]
pub struct TemplateDirectory {
    count: u32,
    templates: Templates,
    /// By number: how many texts have the template.
    texts: Vec<u32>,
    pub(super) blocks: Vec<u32>,
    pub(super) places: Vec<PlacePage>,
    pages: Vec<u8>,
    /// By number: where its pages begin.
    starts: Vec<Start>,
    pub(super) sieve: Sieve,
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

/// What finds the directory.
struct Root {
    texts: u32,
    templates: u32,
    holes: u32,
    /// Templates, pages, and words beside templates.
    runs: [RunOfBlocks; 3],
}

/// Bytes that were put into blocks one after the other.
struct RunOfBlocks {
    length: u32,
    blocks: Vec<u32>,
}

impl TemplateDirectory {
    /// About how much memory the directory with this root needs when it has been asked everything.
    pub fn bytes_needed(root: &[u8]) -> usize {
        let Ok(Root { texts, templates, holes, runs: [keys, pages, sieve] }) = Root::read(root) else {
            return 0;
        };
        let (texts, templates, holes) = (texts as usize, templates as usize, holes as usize);
        // What is kept of blocks and of quoted texts stands in the pages in fewer bytes.
        Templates::bytes_needed(templates, holes, keys.length as usize)
            + (templates + 1) * (size_of::<Start>() + size_of::<u32>())
            + pages.length as usize * 2
            + texts.div_ceil(PAGE_COUNT_MAX) * size_of::<PlacePage>()
            + sieve.length as usize
    }

    /// Reads the directory of a column with this root.
    pub fn read(root: &[u8], source: &dyn BlockSource) -> Result<Self, TemplateError> {
        let root = Root::read(root)?;
        let (templates, texts) = root.templates(&read_run(&root.runs[0], source)?)?;
        let directory = read_run(&root.runs[1], source)?;
        let sieve = Sieve::read(&read_run(&root.runs[2], source)?)?;
        let count = root.texts;
        let mut pages = &directory[..];
        let blocks = take_blocks(&mut pages)?;
        let mut read = Self {
            count,
            templates,
            texts,
            blocks,
            places: Vec::new(),
            pages: pages.to_vec(),
            starts: Vec::new(),
            sieve,
            quoted: OnceLock::new(),
        };
        read.read_pages()?;
        Ok(read)
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    pub fn template_count(&self) -> u16 {
        self.templates.count() as u16
    }

    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    pub fn template(&self, number: u16) -> Template<'_> {
        self.templates.template(usize::from(number))
    }

    pub fn texts_of(&self, number: u16) -> u32 {
        self.texts[usize::from(number)]
    }

    /// What is known of the quoted texts of templates, with their numbers.
    pub(super) fn quoted(&self) -> Result<&[(u16, Held)], TemplateError> {
        if let Some(quoted) = self.quoted.get() {
            return Ok(quoted);
        }
        let mut quoted = Vec::new();
        for number in REST + 1..=self.template_count() {
            let has_quoted = self.kinds(number).any(|kind| kind == HoleKind::Text);
            let pages = if has_quoted { self.pages_of(number)? } else { Vec::new() };
            for (_, pages) in self.kinds(number).zip(pages).filter(|(kind, _)| *kind == HoleKind::Text) {
                quoted.extend(pages.iter().map(|page| (number, page.held())));
            }
        }
        Ok(self.quoted.get_or_init(|| quoted))
    }

    /// About how much memory it needs.
    pub fn bytes_held(&self) -> usize {
        self.templates.bytes_held()
            + self.texts.len() * (size_of::<Start>() + size_of::<u32>())
            + self.places.len() * size_of::<PlacePage>()
            + self.blocks.len() * 4
            + self.pages.len()
            + self.sieve.bytes_held()
            + self.quoted.get().map_or(0, |quoted| quoted.len() * size_of::<(u16, Held)>())
    }

    /// The pages of all holes of a template; the rest is one hole.
    pub(super) fn pages_of(&self, number: u16) -> Result<Vec<Vec<Page<'_>>>, TemplateError> {
        let start = self.starts[usize::from(number)];
        let mut cursor = Cursor { bytes: &self.pages[start.offset as usize..], placing: start.placing };
        self.kinds(number).map(|kind| read_hole(kind, self.texts_of(number), &mut cursor)).collect()
    }

    fn kinds(&self, number: u16) -> impl Iterator<Item = HoleKind> {
        let rest = (number == REST).then_some(HoleKind::Word);
        rest.into_iter().chain(self.template(number).holes().iter().map(|hole| hole.kind()))
    }

    fn read_pages(&mut self) -> Result<(), TemplateError> {
        let mut cursor = Cursor { bytes: &self.pages, placing: Placing::default() };
        let mut left = self.count;
        while left > 0 {
            let count = left.min(PAGE_COUNT_MAX as u32);
            let numbers = Numbers::read(count, &mut cursor)?;
            let occurring = cursor.count(count)?;
            self.places.push(PlacePage {
                numbers,
                occurring,
                before: Numbers::read(occurring, &mut cursor)?,
            });
            left -= count;
        }
        let mut starts = Vec::with_capacity(self.texts.len());
        for number in 0..=self.template_count() {
            let offset = (self.pages.len() - cursor.bytes.len()) as u32;
            starts.push(Start { offset, placing: cursor.placing });
            for kind in self.kinds(number) {
                read_hole(kind, self.texts_of(number), &mut cursor)?;
            }
        }
        if !cursor.bytes.is_empty() {
            return Err(TemplateError::Damaged("the end of its directory"));
        }
        self.starts = starts;
        Ok(())
    }
}

fn read_hole<'d>(
    kind: HoleKind,
    count: u32,
    cursor: &mut Cursor<'d>,
) -> Result<Vec<Page<'d>>, TemplateError> {
    let (mut pages, mut start) = (Vec::new(), 0);
    while start < count {
        let page = Page::read(kind, start, count, cursor)?;
        start += page.count;
        pages.push(page);
    }
    Ok(pages)
}

impl Root {
    fn read(bytes: &[u8]) -> Result<Self, TemplateError> {
        let mut cursor = Cursor { bytes, placing: Placing::default() };
        if cursor.byte()? != FORMAT {
            return Err(TemplateError::Damaged("the format of its root"));
        }
        let (texts, templates) = (cursor.count(TEXTS_MAX)?, cursor.count(TEMPLATES_MAX)?);
        let holes = cursor.count(u32::MAX)?;
        let mut run = || {
            let length = cursor.count(u32::MAX)?;
            let count = cursor.count(cursor.bytes.len() as u32)?;
            let blocks = (0..count).map(|_| cursor.count(u32::MAX)).collect::<Result<_, _>>()?;
            Ok(RunOfBlocks { length, blocks })
        };
        Ok(Self { texts, templates, holes, runs: [run()?, run()?, run()?] })
    }

    /// The templates, with how many of the texts have each.
    fn templates(&self, bytes: &[u8]) -> Result<(Templates, Vec<u32>), TemplateError> {
        let mut cursor = Cursor { bytes, placing: Placing::default() };
        let (count, holes) = (self.templates as usize, self.holes as usize);
        if count > bytes.len() || holes > bytes.len() {
            return Err(TemplateError::Damaged("the number of its templates"));
        }
        let texts = (0..=count).map(|_| cursor.count(self.texts)).collect::<Result<Vec<u32>, _>>()?;
        if texts.iter().map(|texts| u64::from(*texts)).sum::<u64>() != u64::from(self.texts) {
            return Err(TemplateError::Damaged("the number of its texts"));
        }
        let lengths =
            (0..count).map(|_| cursor.count(bytes.len() as u32)).collect::<Result<Vec<u32>, _>>()?;
        let mut templates = Templates::with_capacity(count, holes, cursor.bytes.len());
        let mut keys = cursor.bytes;
        let mut push = |length: u32| {
            let (key, rest) = keys.split_at_checked(length as usize)?;
            keys = rest;
            templates.push_key(key)
        };
        let read: Option<()> = lengths.into_iter().try_for_each(&mut push);
        if read.is_none() || templates.holes() != holes {
            return Err(TemplateError::Damaged("the key of a template"));
        }
        Ok((templates, texts))
    }
}

fn read_run(run: &RunOfBlocks, source: &dyn BlockSource) -> Result<Vec<u8>, TemplateError> {
    let mut bytes = Vec::new();
    for block in &run.blocks {
        bytes.extend_from_slice(&source.block(*block)?);
        if bytes.len() > run.length as usize {
            break;
        }
    }
    if bytes.len() == run.length as usize {
        Ok(bytes)
    } else {
        Err(TemplateError::Damaged("the length of a run"))
    }
}
