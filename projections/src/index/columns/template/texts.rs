//! What a growing and a sealed column can both be asked.
//!
//! Invariant: for the same texts both give the same answers, but for the numbers of the templates.
//! It does not search: a search asks for templates first and renders only texts that may match.

use std::ops::Range;

use super::column::TemplateColumn;
use super::form::Template;
use super::read::TemplateReader;
use super::run::TakeRun;
use super::spelling::Atom;
use super::{REST, TemplateError};

/// Takes a text with its position.
pub type TakeText<'t> = dyn FnMut(u32, &[u8]) + 't;

/// Texts with templates.
pub trait TemplateTexts {
    fn count(&self) -> u32;

    /// How many templates there are; they have the numbers from 1 to that, and the rest has 0.
    fn template_count(&self) -> u16;

    /// The template of a number; that of the rest is empty.
    fn template(&self, number: u16) -> &Template;

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

    /// Calls once for each page of a hole with how its variables are spelled.
    fn spellings(
        &self,
        number: u16,
        hole: usize,
        take: &mut dyn FnMut(&[Atom<'_>]),
    ) -> Result<(), TemplateError>;

    /// Gives all variables of a hole; the texts of the rest are variables of its first.
    fn variables(&self, number: u16, hole: usize, take: &mut TakeRun<'_>) -> Result<(), TemplateError>;

    /// The templates with their numbers and how many texts have them; the rest is not among them.
    fn templates<'t>(&'t self) -> Box<dyn Iterator<Item = (u16, &'t Template, u32)> + 't> {
        let numbers = REST + 1..=self.template_count();
        Box::new(numbers.map(|number| (number, self.template(number), self.texts_of(number))))
    }
}

impl TemplateTexts for TemplateColumn {
    fn count(&self) -> u32 {
        self.count()
    }

    fn template_count(&self) -> u16 {
        self.template_count()
    }

    fn template(&self, number: u16) -> &Template {
        self.template(number)
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

    fn spellings(
        &self,
        number: u16,
        hole: usize,
        take: &mut dyn FnMut(&[Atom<'_>]),
    ) -> Result<(), TemplateError> {
        take(self.template(number).holes()[hole].1.spelling());
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

    fn template_count(&self) -> u16 {
        self.directory().template_count()
    }

    fn template(&self, number: u16) -> &Template {
        self.directory().template(number)
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

    fn spellings(
        &self,
        number: u16,
        hole: usize,
        take: &mut dyn FnMut(&[Atom<'_>]),
    ) -> Result<(), TemplateError> {
        self.spellings(number, hole, take)
    }

    fn variables(&self, number: u16, hole: usize, take: &mut TakeRun<'_>) -> Result<(), TemplateError> {
        self.variables(number, hole, take)
    }
}
