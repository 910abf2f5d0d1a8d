//! Pieces: what a text must contain if a test matches it, for indexes that know parts of texts.
//!
//! Invariant: a matching text contains every piece, folded, in their order and without overlap; a piece
//! that begins a word does so in the text. Pieces can be missing, never wrong.
//! They do not decide: a text with all pieces still has to be tested.

use super::finder::Finder;
use crate::query::text::{is_filtered, is_token_byte, token_hash};

/// The one character beyond ASCII that folds to a letter of it.
const KELVIN: &[u8] = "\u{212a}".as_bytes();
/// A shorter run is in most texts anyway.
const PREFILTER_BYTES_MIN: usize = 2;
/// More of a run would not be found more quickly, and could be compared in vain at every place.
const PREFILTER_BYTES_MAX: usize = 32;

/// A part of every matching text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Folded as `text::fold` does.
    pub text: Box<str>,
    /// If its first byte is part of a word, the word begins there.
    pub begins_word: bool,
    /// If its last byte is part of a word, the word ends there.
    pub ends_word: bool,
}

impl Piece {
    /// Hashes of the tokens that a text with this piece has as a whole, as far as filters keep them.
    pub(super) fn tokens(&self) -> impl Iterator<Item = u64> {
        let bytes = self.text.as_bytes();
        let mut end = 0;
        bytes.split(|byte| !is_token_byte(*byte)).filter_map(move |token| {
            let start = end;
            end = start + token.len() + 1;
            let whole_left = start > 0 || self.begins_word;
            let whole_right = start + token.len() < bytes.len() || self.ends_word;
            (is_filtered(token) && whole_left && whole_right).then(|| token_hash(token))
        })
    }
}

/// A quick look for the best piece, before a text is taken apart.
#[derive(Debug, Clone)]
pub struct Prefilter {
    finder: Finder,
    /// The letter k can stand there as the sign of the kelvin.
    has_k: bool,
}

impl Prefilter {
    /// Of texts that are parts of every text that is looked for.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let runs = parts.into_iter().flat_map(|part| part.as_bytes().split(|byte| !is_plain(*byte)));
        let longest = runs.max_by_key(|run| run.len()).filter(|run| run.len() >= PREFILTER_BYTES_MIN)?;
        let run = &longest[..longest.len().min(PREFILTER_BYTES_MAX)];
        Some(Self { finder: Finder::new(run), has_k: run.contains(&b'k') })
    }

    /// Whether a text can have the pieces.
    pub(super) fn allows(&self, text: &[u8]) -> bool {
        self.finder.find(text, 0).is_some() || (self.has_k && has_kelvin(text))
    }

    /// The first place from `from` on, among texts that lie behind each other, where one can have the pieces.
    pub fn find(&self, texts: &[u8], from: usize) -> Option<usize> {
        let found = self.finder.find(texts, from);
        if !self.has_k {
            return found;
        }
        let kelvin = memchr::memmem::find(texts.get(from..)?, KELVIN).map(|at| from + at);
        found.into_iter().chain(kelvin).min()
    }

    /// Whether a text can have them of which this is the JSON: only `\u` can hide what is looked for.
    pub(super) fn allows_json(&self, json: &[u8]) -> bool {
        self.allows(json)
            || memchr::memchr(b'\\', json)
                .is_some_and(|at| memchr::memmem::find(&json[at..], br"\u").is_some())
    }
}

/// Whether a text has the character that folds to `k`.
pub fn has_kelvin(text: &[u8]) -> bool {
    memchr::memmem::find(text, KELVIN).is_some()
}

/// Bytes that stand for themselves in JSON, in all cases of a text.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_control() && !matches!(byte, b'"' | b'\\' | b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::text::fold_char;

    #[test]
    fn only_the_kelvin_folds_to_ascii() {
        let folds = ('\u{80}'..=char::MAX).filter(|character| fold_char(*character).is_ascii());
        assert_eq!(folds.collect::<String>().as_bytes(), KELVIN);
    }

    #[test]
    fn a_token_is_whole_if_its_ends_are_known() {
        let check = |text: &str, begins_word: bool, ends_word: bool, expected: &[&str]| {
            let piece = Piece { text: text.into(), begins_word, ends_word };
            let expected: Vec<u64> = expected.iter().map(|token| token_hash(token.as_bytes())).collect();
            assert_eq!(piece.tokens().collect::<Vec<_>>(), expected, "{text}");
        };
        check("read timeout x", true, true, &["read", "timeout"]);
        check("read timeout x", false, false, &["timeout"]);
        check("-id-", false, false, &["id"]);
        check("id", false, true, &[]);
        check("größe1 b", true, false, &["größe1"]);
        check("", true, true, &[]);
    }

    #[test]
    fn a_prefilter_knows_what_json_hides() {
        let filter = Prefilter::of(["größe", "a/kilo\""]).unwrap();
        assert!(!filter.allows("größe".as_bytes()));
        assert!(filter.allows(b"2 KILO") && filter.allows("2 \u{212a}ilo".as_bytes()));
        assert!(!filter.allows(b"2 k\\u0069lo") && filter.allows_json(b"2 k\\u0069lo"));
        assert!(!filter.allows_json(b"2 k\\nilo"));
        assert!(Prefilter::of(["ö", "x"]).is_none());
    }
}
