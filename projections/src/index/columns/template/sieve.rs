//! Words by where they stand: in literals, between quotes, or in texts that have no template.
//!
//! A sealed column keeps a token filter for each, so that it is not looked at for words that it does not have, and no
//! variable is read for words that stand in literals only. Invariant: a word that stands there may be there. It
//! knows words without digits only: those with digits are variables, and pages tell them apart.

use antler_events::query::text::{token_hash, tokens};

use super::column::TemplateColumn;
use super::form::HoleKind;
use super::layout::{Cursor, Placing};
use super::run::Run;
use super::templates::Templates;
use super::texts::TemplateTexts as _;
use super::variables::Variables;
use super::{REST, TemplateError};
use crate::index::columns::filter::{Filter, FilterBuilder};
use crate::index::columns::varint;

/// Two of a hundred absent words pass.
const BITS_PER_WORD: usize = 8;
/// Hashes that are held while a filter is made.
const WORDS_MAX: usize = 1 << 16;

/// Where words stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    Literals,
    Quotes,
    Rest,
}

/// The filters of a sealed column.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    literals: Box<[u8]>,
    quotes: Box<[u8]>,
    rest: Box<[u8]>,
}

impl Sieve {
    /// Of the texts of templates, which have other numbers in the column, and of the rest.
    pub(super) fn of(column: &TemplateColumn, numbers: &[u16], templates: &Templates) -> Self {
        let literals = filter(|take| templates.literals().iter().for_each(take));
        let quotes = filter(|take| {
            for number in numbers {
                let kinds = column.template(*number).kinds();
                let holes = kinds.zip(&column.slot(*number).holes);
                holes.filter(|(kind, _)| *kind == HoleKind::Text).for_each(|(_, variables)| {
                    if let Variables::Words(words) = variables {
                        words.give(&mut |run| each_variable(run, take));
                    }
                });
            }
        });
        let rest = filter(|take| column.give_variables(REST, 0, &mut |run| each_variable(run, take)));
        Self { literals, quotes, rest }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes_held() + 8);
        for filter in [&self.literals, &self.quotes] {
            varint::push(&mut out, filter.len() as u64);
            out.extend_from_slice(filter);
        }
        out.extend_from_slice(&self.rest);
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, TemplateError> {
        let mut cursor = Cursor { bytes, placing: Placing::default() };
        let (literals, quotes, rest) = (cursor.run()?, cursor.run()?, cursor.bytes);
        let is_filter = |bytes: &&[u8]| bytes.is_empty() || Filter::read(bytes).is_ok();
        if [literals, quotes, rest].iter().all(is_filter) {
            Ok(Self { literals: literals.into(), quotes: quotes.into(), rest: rest.into() })
        } else {
            Err(TemplateError::Damaged("the filter of its words"))
        }
    }

    /// Whether all these words may stand in such a place.
    pub(super) fn may_have(&self, place: Stand, hashes: &[u64]) -> bool {
        let bytes = match place {
            Stand::Literals => &self.literals,
            Stand::Quotes => &self.quotes,
            Stand::Rest => &self.rest,
        };
        Filter::read(bytes).is_ok_and(|filter| hashes.iter().all(|hash| filter.may_have(*hash)))
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.literals.len() + self.quotes.len() + self.rest.len()
    }
}

fn each_variable(run: &Run<'_>, take: &mut dyn FnMut(&[u8])) {
    (0..run.variables()).for_each(|index| take(run.variable(index)));
}

/// The filter of the words of the texts that are given; empty if none has a word.
fn filter(give: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Box<[u8]> {
    let mut builder = FilterBuilder::new(BITS_PER_WORD, WORDS_MAX);
    let mut has_words = false;
    give(&mut |text| {
        for word in tokens(text).filter(|token| !token.iter().any(u8::is_ascii_digit)) {
            builder.push(token_hash(word));
            has_words = true;
        }
    });
    if has_words { builder.finish().into() } else { Box::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<u64> {
        tokens(text.as_bytes()).map(token_hash).collect()
    }

    /// Large templates leave room for wide ones only, and a long text has none.
    fn column() -> TemplateColumn {
        let mut column = TemplateColumn::default();
        for number in (0..700).chain(1..10) {
            let asked = if column.count() < 700 { "x" } else { "Give \u{212a}ilo " }.repeat(number);
            column.push(0, format!("{number} \"{asked}\" ok").as_bytes(), &mut |_| {}).unwrap();
        }
        let long = format!("Alone with n1 {}", "-".repeat(1 << 20));
        column.push(0, long.as_bytes(), &mut |_| {}).unwrap();
        column
    }

    #[test]
    fn words_are_known_where_they_stand() {
        let column = column();
        let all: Vec<u16> = (1..=column.template_count()).collect();
        let sieve = Sieve::of(&column, &all, column.templates());
        let read = Sieve::read(&sieve.write()).unwrap();
        for sieve in [&sieve, &read] {
            assert!(sieve.may_have(Stand::Quotes, &hashes("give kilo")));
            assert!(!sieve.may_have(Stand::Quotes, &hashes("give alone")));
            assert!(!sieve.may_have(Stand::Quotes, &hashes("ok")), "it stands in a literal");
            assert!(sieve.may_have(Stand::Literals, &hashes("ok")));
            assert!(!sieve.may_have(Stand::Literals, &hashes("alone")));
            assert!(sieve.may_have(Stand::Rest, &hashes("alone with")));
            assert!(!sieve.may_have(Stand::Rest, &hashes("give")));
            assert!(!sieve.may_have(Stand::Rest, &hashes("n1")));
        }
        assert!(Sieve::read(&[]).is_err() && Sieve::read(&[0, 0, 1, 2]).is_err());
        assert!(
            !Sieve::of(&TemplateColumn::default(), &[], &Templates::default())
                .may_have(Stand::Rest, &hashes("a"))
        );
    }
}
