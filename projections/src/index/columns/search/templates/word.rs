//! Words that stand in literals if they stand anywhere: most templates are ruled out by one look for them.
//!
//! A variable is a whole token with a digit, or a UUID or an address, or rarely a quoted text. So words
//! without digits, and what is between them, stand in a literal or between quotes; but for words of hex
//! digits, which a UUID may have. Invariant: a text that passes has the words in one of these places.
//! It does not decide about a text: only that all texts of a template pass.

use std::borrow::Cow;
use std::cmp::Reverse;

use antler_events::query::text::{is_token_byte, token_hash, tokens};
use antler_events::query::value::{Finder, Piece, Prefilter, ValueTest, has_kelvin};

use crate::index::columns::template::{Beside, HoleKind, LiteralAt, TemplateTexts};

/// Shorter tokens with a digit are in too many texts.
const TOKEN_BYTES_MIN: usize = 5;

/// What every passing text has, made once for all columns.
#[derive(Debug)]
pub(in crate::index::columns::search) struct Required {
    /// A variable, or a token of a text that is not cut.
    pub(super) token: Option<Box<[u8]>>,
    pub(super) words: Option<Words>,
    pub(super) prefilter: Option<Prefilter>,
}

impl Required {
    pub(in crate::index::columns::search) fn of(test: &ValueTest) -> Self {
        Self {
            token: token(test).map(Into::into),
            words: Words::of(test),
            prefilter: Prefilter::of(test.pieces().iter().map(|piece| &*piece.text)),
        }
    }
}

/// Words that every passing text has.
#[derive(Debug)]
pub(super) struct Words {
    words: Box<[u8]>,
    hashes: Vec<u64>,
    finder: Finder,
    has_k: bool,
    /// One of them may be a part of a UUID.
    may_be_hex: bool,
    /// A text passes if the words stand in it.
    is_all: bool,
}

/// What the words tell of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Between quotes, if anywhere.
    Quoted,
    Anywhere,
    /// In a literal, so that every text passes.
    InAll,
}

/// How the words stand in a literal, if they do.
#[derive(Default)]
struct Found {
    /// By the ends that they touch: whether they stand there with no token that goes on.
    free: [bool; 4],
}

impl Found {
    /// Whether they are free where the literal is in a template: what touches a hole is not.
    fn is_free(&self, at: LiteralAt) -> bool {
        let ends = [(false, false), (false, true), (true, false), (true, true)];
        let may_touch = |(start, end): &(bool, bool)| (at.is_first || !start) && (at.is_last || !end);
        ends.iter().filter(|ends| may_touch(ends)).any(|(start, end)| self.free[touch(*start, *end)])
    }
}

fn touch(start: bool, end: bool) -> usize {
    usize::from(start) * 2 + usize::from(end)
}

impl Words {
    /// The longest words of the pieces that every passing text has.
    fn of(test: &ValueTest) -> Option<Self> {
        let longest = test.pieces().iter().flat_map(stretches).max_by_key(|words| words.len())?;
        let is_hex = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_hexdigit);
        Some(Self {
            words: longest.as_bytes().into(),
            hashes: tokens(longest.as_bytes()).map(token_hash).collect(),
            finder: Finder::new(longest.as_bytes()),
            has_k: longest.contains('k'),
            may_be_hex: longest.as_bytes().split(|byte| !is_token_byte(*byte)).any(is_hex),
            is_all: test.is_for_words() && test.pieces().iter().all(|piece| *piece.text == *longest),
        })
    }

    /// Where templates may have the words, by rising numbers; the others have them nowhere.
    pub(super) fn places(&self, texts: &dyn TemplateTexts) -> Vec<(u16, Place)> {
        let mut places = self.places_in_literals(texts);
        let mut add =
            |kind, place| places.extend(with_hole(texts, kind).iter().map(|number| (*number, place)));
        if texts.may_have(Beside::Quotes, &self.hashes) {
            add(HoleKind::Text, Place::Quoted);
        }
        if self.may_be_hex {
            add(HoleKind::Uuid, Place::Anywhere);
        }
        // That counts which tells most.
        places.sort_unstable_by_key(|(number, place)| (*number, Reverse(*place)));
        places.dedup_by_key(|(number, _)| *number);
        places
    }

    fn places_in_literals(&self, texts: &dyn TemplateTexts) -> Vec<(u16, Place)> {
        let (literals, mut places) = (texts.templates().literals(), Vec::new());
        let mut take = |number: u16, found: &Found, at: LiteralAt| {
            let is_all = self.is_all && found.is_free(at);
            places.push((number, if is_all { Place::InAll } else { Place::Anywhere }));
        };
        if let Some(index) = texts.word_index() {
            for literal in index.literals_with(&self.hashes) {
                let Some(found) = self.found_in(literals.get(literal)) else { continue };
                for number in index.templates_with(literal) {
                    let places = texts.template(*number).places().filter(|at| at.literal == literal);
                    places.for_each(|at| take(*number, &found, at));
                }
            }
            return places;
        }
        let found: Vec<Option<Found>> = literals.iter().map(|literal| self.found_in(literal)).collect();
        for number in 1..=texts.template_count() {
            for at in texts.template(number).places() {
                found[usize::from(at.literal)].iter().for_each(|found| take(number, found, at));
            }
        }
        places
    }

    fn found_in(&self, literal: &[u8]) -> Option<Found> {
        let has_kelvin = self.has_k && has_kelvin(literal);
        let (mut found, mut from) = (has_kelvin.then(Found::default), 0);
        while let Some(at) = self.finder.find(literal, from) {
            let found = found.get_or_insert_default();
            self.free_at(literal, at).into_iter().for_each(|touch| found.free[touch] = true);
            from = at + 1;
        }
        found
    }

    /// Which ends of a literal the words touch that stand there, if no token goes on before or behind them.
    fn free_at(&self, literal: &[u8], at: usize) -> Option<usize> {
        let end = at + self.words.len();
        let goes_on = |inner: Option<&u8>, outer: Option<&u8>| {
            inner.is_some_and(|byte| is_token_byte(*byte)) && outer.is_some_and(|byte| is_token_byte(*byte))
        };
        let before = at.checked_sub(1).and_then(|before| literal.get(before));
        let is_free = !goes_on(self.words.first(), before) && !goes_on(self.words.last(), literal.get(end));
        is_free.then(|| touch(at == 0, end == literal.len()))
    }

    /// Whether a text passes if the words stand in it, wherever that is.
    pub(super) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Whether a text without a template may have the words.
    pub(super) fn may_be_in_rest(&self, texts: &dyn TemplateTexts) -> bool {
        texts.may_have(Beside::Rest, &self.hashes)
    }

    pub(super) fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.finder.find(bytes, 0).is_some() || self.has_k && has_kelvin(bytes)
    }
}

/// The templates with a hole of the kind.
fn with_hole(texts: &dyn TemplateTexts, kind: HoleKind) -> Cow<'_, [u16]> {
    match texts.word_index().and_then(|index| index.templates_with_hole(kind)) {
        Some(numbers) => numbers.into(),
        None => texts.templates().with_hole(kind).map(|number| number as u16).collect(),
    }
}

/// The longest token with a digit that every passing text has: it is a variable, or in a text of the rest or
/// between quotes. One that can be written in another script does not count.
fn token(test: &ValueTest) -> Option<&[u8]> {
    let is_alone = |token: &[u8]| {
        token.len() >= TOKEN_BYTES_MIN
            && token.is_ascii()
            && !token.contains(&b'k')
            && token.iter().any(u8::is_ascii_digit)
    };
    test.pieces()
        .iter()
        .flat_map(whole_tokens)
        .filter(|token| is_alone(token))
        .max_by_key(|token| token.len())
}

/// The tokens of a piece that are tokens of the text.
fn whole_tokens(piece: &Piece) -> impl Iterator<Item = &[u8]> {
    let bytes = piece.text.as_bytes();
    let mut end = 0;
    bytes.chunk_by(|one, other| is_token_byte(*one) == is_token_byte(*other)).filter(move |token| {
        let start = end;
        end += token.len();
        let is_whole = (start > 0 || piece.begins_word) && (end < bytes.len() || piece.ends_word);
        is_whole && is_token_byte(token[0])
    })
}

/// The parts of a piece that are made of whole words without digits, and what is beside them. A quote ends
/// a part, because what is on its other side may stand elsewhere.
fn stretches(piece: &Piece) -> impl Iterator<Item = &str> {
    let bytes = piece.text.as_bytes();
    let mut stays: Vec<bool> = bytes.iter().map(|byte| *byte != b'"').collect();
    let mut end = 0;
    for token in bytes.chunk_by(|one, other| is_token_byte(*one) == is_token_byte(*other)) {
        let start = end;
        end += token.len();
        let is_whole = (start > 0 || piece.begins_word) && (end < bytes.len() || piece.ends_word);
        let is_word = |byte: &u8| byte.is_ascii() && !byte.is_ascii_digit();
        if is_token_byte(token[0]) && !(is_whole && token.iter().all(is_word)) {
            stays[start..end].fill(false);
        }
    }
    let mut end = 0;
    let parts = stays.chunk_by(|one, other| one == other).filter_map(move |part| {
        let start = end;
        end += part.len();
        part[0].then_some(start..end)
    });
    let parts: Vec<&str> = parts.map(|part| &piece.text[part]).collect();
    parts.into_iter().filter(|part| part.bytes().any(is_token_byte))
}

#[cfg(test)]
mod tests {
    use antler_events::query::tree::Test;
    use antler_events::query::value::FieldKind;

    use super::*;
    use crate::index::columns::template::TemplateColumn;

    #[test]
    fn words_are_whole_and_without_digits() {
        let check = |text: &str, begins_word: bool, ends_word: bool, expected: &[&str]| {
            let piece = Piece { text: text.into(), begins_word, ends_word };
            assert_eq!(stretches(&piece).collect::<Vec<_>>(), expected, "{text}");
        };
        check("context deadline", true, true, &["context deadline"]);
        check("context deadline", false, true, &[" deadline"]);
        check("returned 503 after ", false, false, &[" after "]);
        check("a-b 5c d\"e größe.f", true, true, &["a-b ", " d", "e ", ".f"]);
        check("time", false, false, &[]);
        check(" \" ", true, true, &[]);
        check("", true, true, &[]);
    }

    #[test]
    fn a_template_has_the_words_in_literals_or_quotes() {
        use Place::{Anywhere, InAll};
        let check = |text: &str, texts: &[&str], expected: &[(u16, Place)]| {
            let test = ValueTest::new(&Test::Text(text.into()), FieldKind::Message).unwrap();
            let mut column = TemplateColumn::default();
            for text in texts {
                column.push(0, text.as_bytes(), &mut |_| {}).unwrap();
            }
            assert_eq!(Words::of(&test).unwrap().places(&column), expected, "{text}");
        };
        let texts = ["READ timeout of 5", "read 5a timeout of", "a read timeout, read timeouts"];
        check("read timeout", &texts, &[(1, InAll), (3, InAll)]);
        check("timeout of 5", &texts, &[(1, Anywhere)]);
        check("a", &["\u{e4}a 5", "5 a", "a5", "a"], &[(1, Anywhere), (2, InAll), (4, InAll)]);
        let uuid = "id 123e4567-e89b-12d3-a456-42661417400f";
        check("dead", &[uuid, "5 x"], &[(1, Anywhere)]);
        check("kilo", &["\u{212a}ilo 5"], &[(1, Anywhere)]);
    }
}
