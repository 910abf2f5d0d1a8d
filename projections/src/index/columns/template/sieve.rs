//! Words that stand where templates do not tell: between quotes, and in texts that have no template.
//!
//! A sealed column keeps a token filter for each of the two, so that a search for words that stand in literals only
//! reads no variable. Invariant: a word that stands there may be there. It knows words without digits only: those
//! with digits are variables, and pages tell them apart.

use antler_events::query::text::{token_hash, tokens};

use super::column::TemplateColumn;
use super::form::HoleKind;
use super::layout::{Cursor, Placing};
use super::run::Run;
use super::texts::TemplateTexts as _;
use super::variables::Variables;
use super::{REST, TemplateError};
use crate::index::columns::filter::{Filter, FilterBuilder};
use crate::index::columns::varint;

/// Two of a hundred absent words pass.
const BITS_PER_WORD: usize = 8;
/// Hashes that are held while a filter is made.
const WORDS_MAX: usize = 1 << 16;

/// Where words stand that are in no literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    Quotes,
    Rest,
}

/// The filters of a sealed column.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    quotes: Box<[u8]>,
    rest: Box<[u8]>,
}

impl Sieve {
    /// Of the texts of these templates, and of the rest.
    pub(super) fn of(column: &TemplateColumn, templates: &[u16]) -> Self {
        let quotes = filter(|take| {
            for number in templates {
                let kinds = column.template(*number).holes().iter().map(|hole| hole.kind());
                let holes = kinds.zip(&column.slot(*number).holes);
                holes.filter(|(kind, _)| *kind == HoleKind::Text).for_each(|(_, variables)| {
                    if let Variables::Words(words) = variables {
                        words.give(take);
                    }
                });
            }
        });
        Self { quotes, rest: filter(|take| column.give_variables(REST, 0, take)) }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes_held() + 4);
        varint::push(&mut out, self.quotes.len() as u64);
        out.extend_from_slice(&self.quotes);
        out.extend_from_slice(&self.rest);
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, TemplateError> {
        let mut cursor = Cursor { bytes, placing: Placing::default() };
        let (quotes, rest) = (cursor.run()?, cursor.bytes);
        let is_filter = |bytes: &&[u8]| bytes.is_empty() || Filter::read(bytes).is_ok();
        if [quotes, rest].iter().all(is_filter) {
            Ok(Self { quotes: quotes.into(), rest: rest.into() })
        } else {
            Err(TemplateError::Damaged("the filter of its words"))
        }
    }

    /// Whether all these words may stand in such a place.
    pub(super) fn may_have(&self, place: Beside, hashes: &[u64]) -> bool {
        let bytes = match place {
            Beside::Quotes => &self.quotes,
            Beside::Rest => &self.rest,
        };
        Filter::read(bytes).is_ok_and(|filter| hashes.iter().all(|hash| filter.may_have(*hash)))
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.quotes.len() + self.rest.len()
    }
}

/// The filter of the words of the texts that are given; empty if none has a word.
fn filter(give: impl FnOnce(&mut dyn FnMut(&Run<'_>))) -> Box<[u8]> {
    let mut builder = FilterBuilder::new(BITS_PER_WORD, WORDS_MAX);
    let mut has_words = false;
    give(&mut |run| {
        for text in (0..run.variables()).map(|index| run.variable(index)) {
            for word in tokens(text).filter(|token| !token.iter().any(u8::is_ascii_digit)) {
                builder.push(token_hash(word));
                has_words = true;
            }
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
        let sieve = Sieve::of(&column, &all);
        let read = Sieve::read(&sieve.write()).unwrap();
        for sieve in [&sieve, &read] {
            assert!(sieve.may_have(Beside::Quotes, &hashes("give kilo")));
            assert!(!sieve.may_have(Beside::Quotes, &hashes("give alone")));
            assert!(!sieve.may_have(Beside::Quotes, &hashes("ok")), "it stands in a literal");
            assert!(sieve.may_have(Beside::Rest, &hashes("alone with")));
            assert!(!sieve.may_have(Beside::Rest, &hashes("give")));
            assert!(!sieve.may_have(Beside::Rest, &hashes("n1")));
        }
        assert!(Sieve::read(&[]).is_err() && Sieve::read(&[0, 1, 2]).is_err());
        assert!(!Sieve::of(&TemplateColumn::default(), &[]).may_have(Beside::Rest, &hashes("a")));
    }
}
