//! What a sealed column is made of: its templates, how many texts have each, and where their pages lie.
//!
//! Pages are looked for only when a text or a variable is asked for, and words when one is: most questions need the
//! templates alone.
//! Invariant: all counts agree with each other. It holds no variables, so it can be kept for as long as the
//! column is asked often.

use std::sync::OnceLock;

use super::TemplateError;
use super::layout::{BlockSource, Cursor, Placing};
use super::page_index::PageIndex;
use super::root::Root;
use super::sieve::Sieve;
use super::templates::{Template, Templates};
use super::word_index::WordIndex;

/// What a sealed column is made of.
#[derive(Debug)]
pub struct TemplateDirectory {
    root: Root,
    templates: Templates,
    /// By number: how many texts have the template.
    texts: Vec<u32>,
    pub(super) sieve: Sieve,
    pages: OnceLock<Box<PageIndex>>,
    words: OnceLock<Box<WordIndex>>,
}

impl TemplateDirectory {
    /// Reads the directory of the column with this root.
    pub fn read(root: &Root, source: &dyn BlockSource) -> Result<Self, TemplateError> {
        let (texts, templates) = read_templates(root, &root.keys.read(source)?)?;
        let sieve = Sieve::read(&root.sieve.read(source)?)?;
        let (pages, words) = (OnceLock::new(), OnceLock::new());
        Ok(Self { root: root.clone(), templates, texts, sieve, pages, words })
    }

    pub fn count(&self) -> u32 {
        self.root.texts
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

    /// Where the pages lie, which is read when it is asked for the first time.
    pub(super) fn page_index(&self, source: &dyn BlockSource) -> Result<&PageIndex, TemplateError> {
        if let Some(pages) = self.pages.get() {
            return Ok(pages);
        }
        let pages = PageIndex::read(&self.root.pages.read(source)?, self)?;
        Ok(self.pages.get_or_init(|| Box::new(pages)))
    }

    /// Where words stand in literals, which is made when it is asked for the first time.
    pub fn word_index(&self) -> &WordIndex {
        self.words.get_or_init(|| Box::new(WordIndex::new(&self.templates)))
    }

    /// About how much memory it needs by now.
    pub fn bytes_held(&self) -> usize {
        size_of::<Self>()
            + self.root.bytes_held()
            + self.templates.bytes_held()
            + self.texts.len() * size_of::<u32>()
            + self.sieve.bytes_held()
            + self.pages.get().map_or(0, |pages| pages.bytes_held())
            + self.words.get().map_or(0, |words| words.bytes_held())
    }
}

/// How many of the texts have each template, and the templates.
fn read_templates(root: &Root, bytes: &[u8]) -> Result<(Vec<u32>, Templates), TemplateError> {
    let mut cursor = Cursor { bytes, placing: Placing::default() };
    let count = root.templates as usize;
    if count > bytes.len() {
        return Err(TemplateError::Damaged("the number of its templates"));
    }
    let texts = (0..=count).map(|_| cursor.count(root.texts)).collect::<Result<Vec<u32>, _>>()?;
    if texts.iter().map(|texts| u64::from(*texts)).sum::<u64>() != u64::from(root.texts) {
        return Err(TemplateError::Damaged("the number of its texts"));
    }
    Ok((texts, Templates::read(count, &mut cursor)?))
}
