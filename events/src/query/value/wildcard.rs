//! A wildcard held against texts: all its states at once, one bit each.
//!
//! State n means that the first n characters of the pattern have been met; a `*` keeps its state alive.
//! Invariant: a text is read once, at a cost per character that the size of the pattern bounds; nothing is
//! tried twice, however many `*` there are. White space is that of ASCII, because bytes of other scripts
//! are parts of words. It does not search: the pattern is for a whole text, or for whole parts of it.

use std::ops::Range;

use super::ValueTestError;
use super::piece::Piece;
use crate::query::text::{fold_char, is_token_byte};
use crate::query::tree::Wildcard;

/// Words of bits in the table of one pattern: 256 KiB.
const TABLE_WORDS_MAX: usize = 1 << 15;
const BITS: usize = u64::BITS as usize;

/// One step of a pattern that takes a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Character(char),
    Any,
}

#[derive(Debug, Clone)]
pub(super) struct Pattern {
    source: Box<str>,
    folds: bool,
    has_white_space: bool,
    /// Words of a set of states.
    words: usize,
    steps: usize,
    /// Characters of the pattern in order; the row of each is its place plus one.
    characters: Vec<char>,
    /// The row of each character of ASCII.
    ascii_rows: Box<[u32; 128]>,
    /// For each row the states that its character leads on from. Row 0 is for all other characters.
    rows: Vec<u64>,
    /// States that any character leaves alive.
    stars: Vec<u64>,
    pieces: Vec<Piece>,
}

impl Pattern {
    pub(super) fn new(wildcard: &Wildcard, folds: bool) -> Result<Self, ValueTestError> {
        let (steps, starred) = read(&wildcard.source, folds);
        let mut characters: Vec<char> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Character(character) => Some(*character),
                Step::Any => None,
            })
            .collect();
        characters.sort_unstable();
        characters.dedup();
        let words = (steps.len() + 1).div_ceil(BITS);
        if words.saturating_mul(characters.len() + 1) > TABLE_WORDS_MAX {
            return Err(ValueTestError::WildcardTooLarge { length: steps.len() });
        }
        let mut ascii_rows = Box::new([0; 128]);
        for (index, character) in characters.iter().enumerate().filter(|(_, found)| found.is_ascii()) {
            ascii_rows[*character as usize] = index as u32 + 1;
        }
        let mut stars = vec![0; words];
        starred.iter().for_each(|state| stars[state / BITS] |= 1 << (state % BITS));
        Ok(Self {
            source: wildcard.source.as_ref().into(),
            folds,
            has_white_space: characters.iter().any(is_white_space),
            words,
            steps: steps.len(),
            rows: table(&steps, &characters, words),
            pieces: pieces(&steps, &starred),
            characters,
            ascii_rows,
            stars,
        })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// What is in every text that matches, in whichever way.
    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether the whole text is as the pattern says.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        if self.words == 1 { self.run_word(text) } else { self.run_words(text) }
    }

    /// Whether the text, or a run without white space, or a word of it is as the pattern says.
    pub(super) fn matches_part(&self, text: &[u8]) -> bool {
        self.matches(text)
            || !self.has_white_space
                && (runs(text).any(|run| self.matches(&text[run]))
                    || words(text).any(|word| self.matches(&text[word])))
    }

    /// The words that match, or else the runs, or else the whole text.
    pub(super) fn matching_parts(&self, text: &str, count_max: usize) -> Vec<Range<usize>> {
        let text = text.as_bytes();
        let matching = |part: &Range<usize>| !self.has_white_space && self.matches(&text[part.clone()]);
        let mut parts: Vec<_> = words(text).filter(matching).take(count_max).collect();
        if parts.is_empty() {
            parts = runs(text).filter(matching).take(count_max).collect();
        }
        if parts.is_empty() && self.matches(text) {
            parts.push(0..text.len());
        }
        parts
    }

    fn run_word(&self, text: &[u8]) -> bool {
        let (stars, mut states) = (self.stars[0], 1u64);
        for_each_character(text, |character| {
            states = (states & self.rows[self.row(character)]) << 1 | states & stars;
            states != 0
        });
        states >> self.steps & 1 == 1
    }

    fn run_words(&self, text: &[u8]) -> bool {
        let mut states = vec![0u64; self.words];
        states[0] = 1;
        for_each_character(text, |character| {
            let row = &self.rows[self.row(character) * self.words..][..self.words];
            let (mut carry, mut alive) = (0, 0);
            for ((states, row), stars) in states.iter_mut().zip(row).zip(&self.stars) {
                let moving = *states & row;
                *states = moving << 1 | carry | *states & stars;
                carry = moving >> (BITS - 1);
                alive |= *states;
            }
            alive != 0
        });
        states[self.steps / BITS] >> (self.steps % BITS) & 1 == 1
    }

    #[inline(always)]
    fn row(&self, character: char) -> usize {
        let character = if self.folds { fold_fast(character) } else { character };
        match self.ascii_rows.get(character as usize) {
            Some(row) => *row as usize,
            None => self.characters.binary_search(&character).map_or(0, |index| index + 1),
        }
    }
}

/// The steps of a pattern, and the states in which a `*` stands, in order.
fn read(source: &str, folds: bool) -> (Vec<Step>, Vec<usize>) {
    let (mut steps, mut starred) = (Vec::new(), Vec::new());
    let mut rest = source.chars();
    while let Some(character) = rest.next() {
        match character {
            '*' if starred.last() == Some(&steps.len()) => {}
            '*' => starred.push(steps.len()),
            '?' => steps.push(Step::Any),
            _ => {
                let escaped = if character == '\\' { rest.next() } else { None };
                let literal = escaped.unwrap_or(character);
                steps.push(Step::Character(if folds { fold_char(literal) } else { literal }));
            }
        }
    }
    (steps, starred)
}

fn table(steps: &[Step], characters: &[char], words: usize) -> Vec<u64> {
    let mut rows = vec![0; words * (characters.len() + 1)];
    for (state, step) in steps.iter().enumerate() {
        let (word, bit) = (state / BITS, 1u64 << (state % BITS));
        match step {
            Step::Any => rows.iter_mut().skip(word).step_by(words).for_each(|row| *row |= bit),
            Step::Character(character) => {
                let row = characters.binary_search(character).map_or(0, |index| index + 1);
                rows[row * words + word] |= bit;
            }
        }
    }
    rows
}

/// The runs of characters that nothing interrupts. A matching part begins and ends with words of its text.
fn pieces(steps: &[Step], starred: &[usize]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let is_starred = |state: usize| starred.binary_search(&state).is_ok();
    for state in 0..=steps.len() {
        let ends = state == steps.len() || steps[state] == Step::Any || is_starred(state);
        if !ends {
            continue;
        }
        let text: String = steps[start..state].iter().filter_map(Step::character).collect();
        if !text.is_empty() {
            pieces.push(Piece {
                text: text.into(),
                begins_word: start == 0 && !is_starred(0),
                ends_word: state == steps.len() && !is_starred(state),
            });
        }
        start = if steps.get(state) == Some(&Step::Any) { state + 1 } else { state };
    }
    pieces
}

impl Step {
    fn character(&self) -> Option<char> {
        match self {
            Self::Character(character) => Some(*character),
            Self::Any => None,
        }
    }
}

/// Calls with each character until it says no. Bytes that are no UTF-8 are replacement characters.
#[inline(always)]
fn for_each_character(text: &[u8], mut call: impl FnMut(char) -> bool) {
    if text.is_ascii() {
        let _ = text.iter().all(|byte| call(char::from(*byte)));
        return;
    }
    for chunk in text.utf8_chunks() {
        let more = chunk.valid().chars().all(&mut call);
        if !more || (!chunk.invalid().is_empty() && !call(char::REPLACEMENT_CHARACTER)) {
            return;
        }
    }
}

#[inline(always)]
fn fold_fast(character: char) -> char {
    if character.is_ascii() { character.to_ascii_lowercase() } else { fold_char(character) }
}

pub(super) fn is_white_space(character: &char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

/// Runs without white space.
fn runs(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    parts(text, |byte| !is_white_space(&char::from(byte)))
}

/// Tokens.
fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    parts(text, is_token_byte)
}

/// The longest runs of bytes that belong.
fn parts(text: &[u8], belongs: fn(u8) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].iter().position(|byte| belongs(*byte))?;
        at =
            text[start..].iter().position(|byte| !belongs(*byte)).map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(source: &str) -> Pattern {
        Pattern::new(&Wildcard { source: source.into() }, true).unwrap()
    }

    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => slow(rest, text) || !text.is_empty() && slow(pattern, &text[1..]),
            (['?', rest @ ..], [_, after @ ..]) => slow(rest, after),
            ([wanted, rest @ ..], [found, after @ ..]) => {
                fold_char(*wanted) == fold_char(*found) && slow(rest, after)
            }
            (_, []) => false,
        }
    }

    #[test]
    fn a_pattern_is_for_a_whole_text() {
        let check = |source: &str, matching: &[&str], others: &[&str]| {
            let found = pattern(source);
            matching.iter().for_each(|text| assert!(found.matches(text.as_bytes()), "{source} {text}"));
            others.iter().for_each(|text| assert!(!found.matches(text.as_bytes()), "{source} {text}"));
        };
        check("time*", &["time", "TIMEOUT", "time out"], &["", "tim", "a time"]);
        check("*", &["", "x"], &[]);
        check("", &[""], &["x"]);
        check("?", &["x", "ä", "漢"], &["", "xy"]);
        check("a*b?c", &["abxc", "aXXb.c"], &["abc", "abxcd"]);
        check(r"\*\?\\", &[r"*?\"], &["a"]);
        check(r"a\", &[r"A\"], &["a"]);
        check("GRÖ*E", &["größe", "GRÖẞE"], &["grosse"]);
        assert!(pattern("?").matches(b"\xff") && !pattern("?").matches(b"\xff\xff"));
        let exact = Pattern::new(&Wildcard { source: "Http.*".into() }, false).unwrap();
        assert!(exact.matches(b"Http.code") && !exact.matches(b"http.code"));
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a list of one place")]
    fn a_pattern_finds_parts_of_a_text() {
        let check = |source: &str, text: &str, expected: &[Range<usize>]| {
            assert_eq!(pattern(source).matching_parts(text, 9), expected, "{source} {text}");
            assert_eq!(
                pattern(source).matches_part(text.as_bytes()),
                !expected.is_empty(),
                "{source} {text}"
            );
        };
        check("time*", "read Timeout, times-2", &[5..12, 14..19]);
        check("/api/*", "GET /api/v1 200", &[4..11]);
        check("a b*", "x a bc", &[]);
        check("a b*", "a bc", &[0..4]);
        check("*.x", "y.x z", &[0..3]);
        check("q*z", "q\u{a0}z", &[0..4]);
    }

    #[test]
    fn pieces_know_their_ends() {
        let check = |source: &str, expected: &[(&str, bool, bool)]| {
            let pieces = pattern(source).pieces;
            let found: Vec<_> =
                pieces.iter().map(|piece| (&*piece.text, piece.begins_word, piece.ends_word)).collect();
            assert_eq!(found, expected, "{source}");
        };
        check("Time*", &[("time", true, false)]);
        check("*a?b*c", &[("a", false, false), ("b", false, false), ("c", false, true)]);
        check("abc", &[("abc", true, true)]);
        check("?*?", &[]);
        check("**", &[]);
        check("a??b", &[("a", true, false), ("b", false, true)]);
    }

    #[test]
    fn no_pattern_blows_up() {
        let text = "a".repeat(100_000);
        assert!(pattern(&"*".repeat(10_000)).matches(text.as_bytes()));
        assert!(!pattern(&format!("{}b", "a*".repeat(10_000))).matches(&text.as_bytes()[..20_000]));
        assert!(pattern(&"a*".repeat(10_000)).matches(&text.as_bytes()[..20_000]));
        let many: String = ('\u{100}'..).take(40_000).collect();
        let refused = Pattern::new(&Wildcard { source: many.into() }, true);
        assert!(matches!(refused, Err(ValueTestError::WildcardTooLarge { .. })), "{refused:?}");
    }

    proptest! {
        #[test]
        fn patterns_match_like_the_obvious_way(source in "[aBä*?]{0,7}", text in "[Abä]{0,9}", pad in 0..2usize) {
            let (source, text) = ("a".repeat(pad * 70) + &source, "A".repeat(pad * 70) + &text);
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = slow(&characters(&source), &characters(&text));
            prop_assert_eq!(pattern(&source).matches(text.as_bytes()), expected);
        }
    }
}
