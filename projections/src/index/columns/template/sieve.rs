//! Words that stand where templates do not tell: between quotes, and in texts that have no template.
//!
//! A sealed column keeps a token filter for each of the two, so that a search for words that stand in literals only
//! reads no variable. The words are collected while the column grows, when its texts are cut into words anyhow.
//! Invariant: a word that stands there may be there. It knows words without digits only: those with digits are
//! variables, and pages tell them apart.

use super::TemplateError;
use super::column::TemplateColumn;
use super::form::HoleKind;
use super::layout::{Cursor, Placing};
use super::templates::Templates;
use crate::index::columns::filter::{Filter, FilterBuilder};
use crate::index::columns::varint;

/// Two of a hundred absent words pass.
const BITS_PER_WORD: usize = 8;
/// A filter has room for so many words, with a number of blocks (1,020) that many numbers divide.
const WORDS_MAX: usize = 1_020 * 64;
/// Hashes that are held while a filter is made.
const HELD_MAX: usize = 2_048;

/// Where words stand that are in no literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    Quotes,
    Rest,
}

/// The words beside literals of a column that grows.
#[derive(Debug, Default)]
pub(super) struct OpenSieve {
    pub(super) quotes: OpenWords,
    pub(super) rest: OpenWords,
}

/// The words of one place. Nothing as long as there are none.
#[derive(Debug, Default)]
pub(super) struct OpenWords(Option<FilterBuilder>);

/// The filters of a sealed column.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    quotes: Box<[u8]>,
    rest: Box<[u8]>,
}

impl OpenSieve {
    /// Forgets all words and keeps the memory of places that had some.
    pub(super) fn clear(&mut self) {
        [&mut self.quotes, &mut self.rest].into_iter().for_each(OpenWords::clear);
    }

    pub(super) fn bytes_held(&self) -> usize {
        [&self.quotes, &self.rest]
            .into_iter()
            .filter_map(|words| words.0.as_ref())
            .map(FilterBuilder::bytes_held)
            .sum()
    }
}

impl OpenWords {
    /// Notes the hash of a word without digits.
    #[inline]
    pub(super) fn note(&mut self, hash: u64) {
        let begin = || FilterBuilder::holding(HELD_MAX, BITS_PER_WORD, WORDS_MAX);
        self.0.get_or_insert_with(begin).push(hash);
    }

    fn clear(&mut self) {
        match &mut self.0 {
            Some(words) if !words.is_empty() => words.clear(),
            words => *words = None,
        }
    }

    /// The stored filter; empty if there is no word.
    fn finish(&self) -> Box<[u8]> {
        let words = self.0.as_ref().filter(|words| !words.is_empty());
        words.map_or_else(Box::default, |words| words.finish().into())
    }
}

impl Sieve {
    /// Of a column of which these templates are written.
    pub(super) fn of(column: &TemplateColumn, templates: &Templates) -> Self {
        let OpenSieve { quotes, rest } = column.sieve();
        let has_quotes = templates.with_hole(HoleKind::Text).next().is_some();
        let quotes = if has_quotes { quotes.finish() } else { Box::default() };
        Self { quotes, rest: rest.finish() }
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

#[cfg(test)]
mod tests {
    use antler_events::query::text::{token_hash, tokens};

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
        let sieve = Sieve::of(&column, column.templates());
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
        assert!(
            !Sieve::of(&TemplateColumn::default(), &Templates::default())
                .may_have(Beside::Rest, &hashes("a"))
        );
    }
}
