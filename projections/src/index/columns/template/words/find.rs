//! Finds words by a token, without writing them.
//!
//! Invariant: every word that has the token, in any ASCII case, is found. It may find more: a search looks at
//! the whole text in the end.

use super::{Affixes, Decimals, DecimalsView, HexCase, TextsView, WordPage, WordsView};
use crate::index::columns::template::alphabet::is_token;
use crate::index::columns::template::notation::{self, DIGITS_MAX};

impl WordPage<'_> {
    /// Whether some word may have the token, as far as the directory says.
    pub(in super::super) fn may_have(&self, token: &[u8]) -> bool {
        match self {
            Self::List(_) | Self::Table(..) => true,
            Self::Same(word) => has(word, token),
            Self::Decimals(affixes, decimals) => match affixes.without(token) {
                Some(digits) => decimals.may_have(digits),
                None => affixes.may_have(token),
            },
            Self::Hex { affixes, digits, .. } => match affixes.without(token) {
                Some(inner) if inner.len() == *digits => true,
                _ => affixes.may_have(token),
            },
        }
    }
}

impl Decimals {
    /// Whether some number may be written like the token.
    pub(in super::super) fn may_have(&self, token: &[u8]) -> bool {
        is_decimal(token) && self.numbers.may_have(notation::decimal(token))
    }
}

impl WordsView<'_> {
    /// Takes the indices of words that may have the token.
    pub(in super::super) fn find(&self, token: &[u8], count: usize, take: &mut dyn FnMut(usize)) {
        match self {
            Self::List(texts) => texts.find(token, take),
            Self::Table(texts, indices) => {
                texts.find(token, &mut |entry| indices.for_each_equal(entry as u64, count, take));
            }
            Self::Same(word) if has(word, token) => (0..count).for_each(take),
            Self::Same(_) => {}
            Self::Decimals(affixes, decimals) => match affixes.without(token) {
                Some(digits) => decimals.find(digits, count, take),
                None if affixes.may_have(token) => (0..count).for_each(take),
                None => {}
            },
            Self::Hex { affixes, case, digits, bytes } => match affixes.without(token) {
                Some(inner) if inner.len() == *digits => find_hex(bytes, *case, inner, take),
                _ if affixes.may_have(token) => (0..count).for_each(take),
                _ => {}
            },
        }
    }
}

impl DecimalsView {
    /// Takes the indices of numbers that are written like the token.
    pub(in super::super) fn find(&self, token: &[u8], count: usize, take: &mut dyn FnMut(usize)) {
        if is_decimal(token) {
            let number = notation::decimal(token);
            let needed = notation::digit_count(number);
            self.numbers.for_each_equal(number, count, &mut |index| {
                if usize::from(needed).max(self.digits.at(index) as usize) == token.len() {
                    take(index);
                }
            });
        }
    }
}

impl TextsView {
    fn find(&self, token: &[u8], take: &mut dyn FnMut(usize)) {
        (0..self.ends.len()).filter(|index| has(self.text(*index), token)).for_each(take);
    }
}

impl Affixes<'_> {
    /// What the token has between the affixes, if it has them.
    fn without<'t>(&self, token: &'t [u8]) -> Option<&'t [u8]> {
        let (start, rest) = token.split_at_checked(self.prefix.len())?;
        let (inner, end) = rest.split_at_checked(rest.len().checked_sub(self.suffix.len())?)?;
        let has_both = start.eq_ignore_ascii_case(self.prefix) && end.eq_ignore_ascii_case(self.suffix);
        has_both.then_some(inner)
    }

    /// Quoted texts may have the token within an affix, or across its end.
    fn may_have(&self, token: &[u8]) -> bool {
        let is_text = |affix: &[u8]| affix.iter().any(|byte| !is_token(*byte));
        is_text(self.prefix) || is_text(self.suffix) || token.is_empty()
    }
}

fn is_decimal(token: &[u8]) -> bool {
    (1..=DIGITS_MAX).contains(&token.len()) && token.iter().all(u8::is_ascii_digit)
}

fn find_hex(bytes: &[u8], case: HexCase, digits: &[u8], take: &mut dyn FnMut(usize)) {
    let digits =
        if case == HexCase::Lower { digits.to_ascii_lowercase() } else { digits.to_ascii_uppercase() };
    if !case.is_digits(&digits) {
        return;
    }
    let mut wanted = Vec::with_capacity(digits.len().div_ceil(2));
    case.read(&digits, &mut wanted);
    let words = bytes.chunks_exact(wanted.len().max(1)).enumerate();
    words.filter(|(_, word)| *word == wanted).for_each(|(index, _)| take(index));
}

/// Whether the text has the token, in any ASCII case.
fn has(text: &[u8], token: &[u8]) -> bool {
    let Some((&first, rest)) = token.split_first() else { return true };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(lower, upper, text).any(|at| {
        let end = at + token.len();
        let neighbours = [at.checked_sub(1), Some(end)].into_iter().flatten();
        let is_whole = neighbours.filter_map(|at| text.get(at)).all(|byte| !is_token(*byte));
        is_whole && text.get(at + 1..end).is_some_and(|found| found.eq_ignore_ascii_case(rest))
    })
}
