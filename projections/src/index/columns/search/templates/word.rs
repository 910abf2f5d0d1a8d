//! Words that stand in literals if they stand anywhere: most templates are ruled out by one look for them.
//!
//! A variable is a whole token with a digit, or a UUID or an address, or rarely a quoted text. So words
//! without digits, and what is between them, stand in a literal or between quotes; but for words of hex
//! digits, which a UUID may have. Invariant: a text that passes has the words in one of these places.

use antler_events::query::text::is_token_byte;
use antler_events::query::value::{Finder, Piece, has_kelvin};

use crate::index::columns::template::{HoleKind, Template};

/// Words that every passing text has.
pub(super) struct Words {
    finder: Finder,
    has_k: bool,
    /// One of them may be a part of a UUID.
    may_be_hex: bool,
}

/// Where a template may have the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Nowhere,
    /// Between quotes, if anywhere.
    Quoted,
    Anywhere,
}

impl Words {
    /// The longest words of the pieces that every passing text has.
    pub(super) fn of(pieces: &[Piece]) -> Option<Self> {
        let longest = pieces.iter().flat_map(stretches).max_by_key(|words| words.len())?;
        let is_hex = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_hexdigit);
        Some(Self {
            finder: Finder::new(longest.as_bytes()),
            has_k: longest.contains('k'),
            may_be_hex: longest.as_bytes().split(|byte| !is_token_byte(*byte)).any(is_hex),
        })
    }

    pub(super) fn place(&self, template: &Template) -> Place {
        let has = |wanted| template.holes().iter().any(|(_, kind)| *kind == wanted);
        if self.may_be_in(template.text()) || self.may_be_hex && has(HoleKind::Uuid) {
            Place::Anywhere
        } else if has(HoleKind::Text) {
            Place::Quoted
        } else {
            Place::Nowhere
        }
    }

    pub(super) fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.finder.find(bytes, 0).is_some() || self.has_k && has_kelvin(bytes)
    }
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
    use super::*;

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
        let check = |text: &str, key: &[u8], expected: Place| {
            let piece = Piece { text: text.into(), begins_word: true, ends_word: true };
            let place = Words::of(&[piece]).unwrap().place(&Template::of_key(key).unwrap());
            assert_eq!(place, expected, "{text} {}", key.escape_ascii());
        };
        check("read timeout", b"READ timeout of \x01", Place::Anywhere);
        check("read timeout", b"read \x02 timeout of \x01 \x03", Place::Nowhere);
        check("read timeout", b"get \"\x05\"", Place::Quoted);
        check("dead", b"of \x01", Place::Nowhere);
        check("dead", b"of \x03", Place::Anywhere);
        check("kilo", "\u{212a}ilo".as_bytes(), Place::Anywhere);
    }
}
