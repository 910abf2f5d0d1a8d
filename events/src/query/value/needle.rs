//! A text that is looked for in other texts as words, without case.
//!
//! ASCII is searched as it stands; other scripts, and the rare text whose characters fold to ASCII, are
//! folded first.
//! Invariant: a place is found if the folded characters are equal there and no word goes on beyond an end
//! of the needle that is part of a word; the time is linear in the text for long needles and for any text.
//! An empty needle stands in an empty text only. It does not stem or skip punctuation.

use std::borrow::Cow;
use std::ops::Range;

use super::finder::Finder;
use super::piece::has_kelvin;
use crate::query::text::{fold, fold_char, goes_on};

/// A longer needle is searched so that no byte of the text is looked at twice.
const SHORT_BYTES_MAX: usize = 64;

#[derive(Debug, Clone)]
pub(super) struct Needle {
    folded: Box<str>,
    /// Its first and last byte; of an empty one nothing is looked for.
    ends: [u8; 2],
    search: Search,
    has_k: bool,
}

#[derive(Debug, Clone)]
enum Search {
    Nothing,
    Short(Finder),
    /// For each length of a prefix the longest shorter one that ends it (Knuth, Morris, Pratt).
    Long(Box<[u32]>),
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let folded: Box<str> = fold(text).into();
        let bytes = folded.as_bytes();
        let search = match bytes.len() {
            0 => Search::Nothing,
            1..=SHORT_BYTES_MAX => Search::Short(Finder::new(bytes)),
            _ => Search::Long(borders(bytes)),
        };
        let end = |byte: Option<&u8>| byte.copied().unwrap_or_default();
        Self { search, ends: [end(bytes.first()), end(bytes.last())], has_k: bytes.contains(&b'k'), folded }
    }

    pub(super) fn folded(&self) -> &str {
        &self.folded
    }

    /// Whether the text is this, without case.
    pub(super) fn is(&self, text: &[u8]) -> bool {
        self.comparable(text).is_some_and(|text| text.eq_ignore_ascii_case(self.folded.as_bytes()))
    }

    /// Whether the text contains this as words.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        if self.folded.is_empty() {
            return text.is_empty();
        }
        self.comparable(text).is_some_and(|text| self.find(&text, 0).is_some())
    }

    /// Where it stands in a text, at most `count_max` places that do not overlap.
    pub(super) fn places(&self, text: &str, count_max: usize) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        let Some(comparable) = self.comparable(text.as_bytes()) else { return places };
        let mut from = 0;
        while let Some(at) = self.find(&comparable, from).filter(|_| places.len() < count_max) {
            from = at + self.folded.len();
            places.push(at..from);
        }
        if matches!(comparable, Cow::Owned(_)) {
            unfold(&mut places, text);
        }
        places
    }

    /// The text in a form in which equal characters have equal bytes but for the case of ASCII; nothing if
    /// it cannot contain the needle.
    fn comparable<'a>(&self, text: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if self.folded.is_ascii() {
            let as_it_is = !self.has_k || text.is_ascii() || !has_kelvin(text);
            return Some(if as_it_is { Cow::Borrowed(text) } else { Cow::Owned(folded(text)) });
        }
        (!text.is_ascii()).then(|| Cow::Owned(folded(text)))
    }

    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        match &self.search {
            Search::Nothing => None,
            Search::Short(finder) => self.find_short(finder, text, from),
            Search::Long(borders) => self.find_long(borders, text, from),
        }
    }

    fn find_short(&self, finder: &Finder, text: &[u8], mut from: usize) -> Option<usize> {
        loop {
            let at = finder.find(text, from)?;
            if self.is_whole_at(text, at) {
                return Some(at);
            }
            from = at + 1;
        }
    }

    fn find_long(&self, borders: &[u32], text: &[u8], from: usize) -> Option<usize> {
        let needle = self.folded.as_bytes();
        let mut matched = 0;
        for (at, byte) in text.iter().enumerate().skip(from) {
            let byte = byte.to_ascii_lowercase();
            while matched > 0 && (matched == needle.len() || needle[matched] != byte) {
                matched = borders[matched] as usize;
            }
            matched += usize::from(needle[matched] == byte);
            let start = (at + 1).saturating_sub(needle.len());
            if matched == needle.len() && self.is_whole_at(text, start) {
                return Some(start);
            }
        }
        None
    }

    #[inline]
    fn is_whole_at(&self, text: &[u8], at: usize) -> bool {
        let [first, last] = self.ends;
        let (before, end) = (|back| text.get(at.checked_sub(back)?).copied(), at + self.folded.len());
        let behind = |on| text.get(end + on).copied();
        !goes_on(first, [before(1), before(2)]) && !goes_on(last, [behind(0), behind(1)])
    }
}

/// For each length of a prefix the longest shorter prefix that ends it.
fn borders(needle: &[u8]) -> Box<[u32]> {
    let mut borders = vec![0u32; needle.len() + 1];
    let mut border = 0;
    for length in 2..=needle.len() {
        let byte = needle[length - 1];
        while border > 0 && needle[border] != byte {
            border = borders[border] as usize;
        }
        border += usize::from(needle[border] == byte);
        borders[length] = border as u32;
    }
    borders.into()
}

/// Folds a text; bytes that are no UTF-8 become replacement characters.
fn folded(text: &[u8]) -> Vec<u8> {
    let mut folded = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        folded.extend(chunk.valid().chars().map(fold_char));
        if !chunk.invalid().is_empty() {
            folded.push(char::REPLACEMENT_CHARACTER);
        }
    }
    folded.into_bytes()
}

/// Turns places in a folded text, in order, to those in the text.
fn unfold(places: &mut [Range<usize>], text: &str) {
    let mut characters = text.char_indices();
    let mut folded_at = 0;
    let mut unfolded = |place: usize| {
        while folded_at < place {
            let Some((_, next)) = characters.next() else { break };
            folded_at += fold_char(next).len_utf8();
        }
        characters.offset()
    };
    for place in places {
        *place = unfolded(place.start)..unfolded(place.end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a list of one place")]
    fn words_are_found_where_no_word_goes_on() {
        let check = |needle: &str, text: &str, expected: &[Range<usize>]| {
            let needle = Needle::new(needle);
            assert_eq!(needle.places(text, 9), expected, "{needle:?} in {text:?}");
            assert_eq!(needle.is_in(text.as_bytes()), !expected.is_empty(), "{needle:?} in {text:?}");
        };
        check("timeout", "Timeout: read timeouts, TIMEOUT", &[0..7, 24..31]);
        check("timeout", "read_timeout timeout2", &[]);
        check("read timeout", "a READ TIMEOUT.", &[2..14]);
        check(".net", "asp.net core", &[3..7]);
        check("a-", "a-b", &[0..2]);
        check("größe", "die GRÖẞE, Größe", &[4..12, 14..21]);
        check("kilo", "\u{212a}ilo 1kilo \u{212a}ILO", &[0..6, 13..19]);
        check("\u{212a}", "k", &[0..1]);
        check("ss", "ß", &[]);
        check("77", "10.0.3.77 77. .77 a.77 1.77b", &[10..12, 15..17, 20..22]);
        check("3", "10.0.3.77, v3.1, 3.", &[17..18]);
        check("10.0.3.77", "from 10.0.3.77:80, 10.0.3.77.1 and 10.0.3.771", &[5..14]);
        check("x", "", &[]);
        check("a", "→a", &[]);
    }

    #[test]
    fn an_empty_needle_is_in_an_empty_text() {
        assert!(Needle::new("").is(b"") && Needle::new("").is_in(b""));
        assert!(!Needle::new("").is(b"x") && !Needle::new("").is_in(b"x"));
    }

    #[test]
    fn bytes_that_are_no_text_are_replacement_characters() {
        let needle = Needle::new("a\u{fffd}");
        assert!(needle.is(b"A\xff") && needle.is_in(b"- a\xc3 -"));
        assert!(!Needle::new("a").is_in(b"a\xff"));
    }

    #[test]
    fn a_needle_of_64_kb_takes_linear_time() {
        let needle = Needle::new(&"ab-".repeat(22_000)[..65_001]);
        let text = "ab-".repeat(700_000);
        assert!(!needle.is_in(&text.as_bytes()[..65_000]));
        assert!(!needle.is_in(text.replace("-ab", "-abc").as_bytes()));
        assert!(needle.is_in(text.as_bytes()));
    }

    proptest! {
        #[test]
        fn long_needles_are_found_like_short_ones(needle in "[aB-]{1,6}", text in "[aBb-]{0,40}") {
            let short = Needle::new(&needle);
            let long = Needle { search: Search::Long(borders(short.folded.as_bytes())), ..short.clone() };
            prop_assert_eq!(short.places(&text, 99), long.places(&text, 99));
        }

        #[test]
        fn fields_are_found_by_characters(needle in "[aÄßK1\u{212a}. ]{1,3}", text in "[aäßk1\u{212a}. ]{0,9}") {
            let folded: Vec<char> = fold(&text).chars().collect();
            let wanted: Vec<char> = fold(&needle).chars().collect();
            let is_word = |character: Option<&char>| {
                character.is_some_and(|found| found.is_ascii_alphanumeric() || *found == '_' || !found.is_ascii())
            };
            let goes_on = |inner: Option<&char>, outer: [Option<&char>; 2]| match outer {
                [Some('.'), Some('1')] => inner == Some(&'1'),
                [next, _] => is_word(inner) && is_word(next),
            };
            let expected = (0..(folded.len() + 1).saturating_sub(wanted.len())).any(|at| {
                let (end, before) = (at + wanted.len(), |back| at.checked_sub(back).map(|at| &folded[at]));
                folded[at..end] == wanted[..]
                    && !goes_on(wanted.first(), [before(1), before(2)])
                    && !goes_on(wanted.last(), [folded.get(end), folded.get(end + 1)])
            });
            prop_assert_eq!(Needle::new(&needle).is_in(text.as_bytes()), expected);
            prop_assert_eq!(Needle::new(&needle).is(text.as_bytes()), folded == wanted);
        }
    }
}
