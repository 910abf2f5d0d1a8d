//! What a growing and a sealed column can both be asked.
//!
//! Invariant: for the same texts both give the same answers, but for the numbers of the templates.
//! It does not search: a search asks for templates first and renders only texts that may match.

use std::ops::Range;

use super::column::TemplateColumn;
use super::form::HoleKind;
use super::read::TemplateReader;
use super::run::TakeRun;
use super::sieve::Beside;
use super::spelling::Spelling;
use super::templates::{Template, Templates};
use super::word_index::WordIndex;
use super::{REST, TemplateError};

/// Takes a text with its position.
pub type TakeText<'t> = dyn FnMut(u32, &[u8]) + 't;

/// Texts with templates.
pub trait TemplateTexts {
    fn count(&self) -> u32;

    /// All templates by their numbers.
    fn templates(&self) -> &Templates;

    /// How many templates there are; they have the numbers from 1 to that, and the rest has 0.
    fn template_count(&self) -> u16 {
        self.templates().count() as u16
    }

    /// The template of a number; that of the rest is empty.
    fn template(&self, number: u16) -> Template<'_> {
        self.templates().template(usize::from(number))
    }

    /// How many texts have the template of this number.
    fn texts_of(&self, number: u16) -> u32;

    /// Appends the numbers of the templates of these texts.
    fn numbers(&self, texts: Range<u32>, out: &mut Vec<u16>) -> Result<(), TemplateError>;

    /// Gives the texts at these positions, which rise.
    fn render(&self, positions: &[u32], take: &mut TakeText<'_>) -> Result<(), TemplateError>;

    /// Gives all texts of one template in their order.
    fn render_all_of(&self, number: u16, take: &mut TakeText<'_>) -> Result<(), TemplateError> {
        let mut numbers = Vec::new();
        self.numbers(0..self.count(), &mut numbers)?;
        let positions = (0..).zip(numbers).filter(|(_, other)| *other == number);
        self.render(&positions.map(|(position, _)| position).collect::<Vec<u32>>(), take)
    }

    /// For each hole how the variables of each of its pages are spelled. Nothing if only their kinds are known.
    fn spellings(&self, _number: u16) -> Result<Option<Vec<Vec<Spelling<'_>>>>, TemplateError> {
        Ok(None)
    }

    /// Gives all variables of a hole; the texts of the rest are variables of its first.
    fn variables(&self, number: u16, hole: usize, take: &mut TakeRun<'_>) -> Result<(), TemplateError>;

    /// The positions, which rise, of texts of these templates that may have the token, in any ASCII case: all
    /// that have it are among them. Nothing if that is not known without looking at each.
    fn candidates(&self, _numbers: &[u16], _token: &[u8]) -> Result<Option<Vec<u32>>, TemplateError> {
        Ok(None)
    }

    /// The numbers of templates of which some quoted text may be wanted, digits aside. What is asked is whether
    /// one of some texts may be, that lie behind each other.
    fn quoted(&self, may_be_wanted: &mut dyn FnMut(&[u8]) -> bool) -> Result<Vec<u16>, TemplateError> {
        let mut wanted = Vec::new();
        for number in REST + 1..=self.template_count() {
            let mut is_wanted = false;
            for (hole, kind) in self.template(number).kinds().enumerate() {
                if kind == HoleKind::Text && !is_wanted {
                    self.variables(number, hole, &mut |run| is_wanted |= may_be_wanted(run.bytes()))?;
                }
            }
            wanted.extend(is_wanted.then_some(number));
        }
        Ok(wanted)
    }

    /// Where words stand in literals; nothing if it is not worth while to note that.
    fn word_index(&self) -> Option<&WordIndex> {
        None
    }

    /// Whether all these words, of which none has a digit, may stand in a place where templates do not tell.
    fn may_have(&self, _place: Beside, _hashes: &[u64]) -> bool {
        true
    }
}

impl TemplateTexts for TemplateColumn {
    fn count(&self) -> u32 {
        self.count()
    }

    fn templates(&self) -> &Templates {
        self.templates()
    }

    fn texts_of(&self, number: u16) -> u32 {
        self.texts_of(number)
    }

    fn numbers(&self, texts: Range<u32>, out: &mut Vec<u16>) -> Result<(), TemplateError> {
        out.extend_from_slice(self.numbers(texts)?);
        Ok(())
    }

    fn render(&self, positions: &[u32], take: &mut TakeText<'_>) -> Result<(), TemplateError> {
        let mut text = Vec::new();
        for position in positions {
            text.clear();
            self.render(*position, &mut text)?;
            take(*position, &text);
        }
        Ok(())
    }

    fn variables(&self, number: u16, hole: usize, take: &mut TakeRun<'_>) -> Result<(), TemplateError> {
        self.give_variables(number, hole, take);
        Ok(())
    }
}

impl TemplateTexts for TemplateReader<'_> {
    fn count(&self) -> u32 {
        self.directory().count()
    }

    fn templates(&self) -> &Templates {
        self.directory().templates()
    }

    fn texts_of(&self, number: u16) -> u32 {
        self.directory().texts_of(number)
    }

    fn numbers(&self, texts: Range<u32>, out: &mut Vec<u16>) -> Result<(), TemplateError> {
        self.numbers(texts, out)
    }

    fn render(&self, positions: &[u32], take: &mut TakeText<'_>) -> Result<(), TemplateError> {
        self.render(positions, take)
    }

    fn spellings(&self, number: u16) -> Result<Option<Vec<Vec<Spelling<'_>>>>, TemplateError> {
        self.spellings(number).map(Some)
    }

    fn variables(&self, number: u16, hole: usize, take: &mut TakeRun<'_>) -> Result<(), TemplateError> {
        self.variables(number, hole, take)
    }

    fn quoted(&self, may_be_wanted: &mut dyn FnMut(&[u8]) -> bool) -> Result<Vec<u16>, TemplateError> {
        self.quoted(may_be_wanted)
    }

    fn word_index(&self) -> Option<&WordIndex> {
        Some(self.directory().word_index())
    }

    fn may_have(&self, place: Beside, hashes: &[u64]) -> bool {
        self.directory().sieve.may_have(place, hashes)
    }

    fn candidates(&self, numbers: &[u16], token: &[u8]) -> Result<Option<Vec<u32>>, TemplateError> {
        self.candidates(numbers, token).map(Some)
    }
}
