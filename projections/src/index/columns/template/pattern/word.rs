//! The words of a template, as patterns compare them.
//!
//! A word with a hole is a variable as a whole; so are the names of days and months. A unit behind a variable
//! belongs to it, as do numbers in parentheses, and variables side by side are one.
//! Invariant: two words are equal if both are the same text, or both are variables with the same key.
//! It does not know other templates.

use std::hash::{Hash, Hasher};

use super::super::form::{HoleKind, Piece, Template};

/// Further words of a template are one.
const WORDS_MAX: usize = 64;
const ANY: &str = "<*>";
const DATES: [&str; 19] = [
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
    "Sep", "Oct", "Nov", "Dec",
];
const UNITS: [&str; 19] = [
    "B", "KB", "MB", "GB", "TB", "kB", "KiB", "MiB", "GiB", "ns", "us", "ms", "s", "sec", "secs", "min", "h",
    "MHz", "%",
];

/// A word of a template.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// As it is shown.
    text: String,
    /// What stands up to the equals sign before a value.
    key: String,
    is_variable: bool,
}

impl Word {
    pub(super) fn variable(key: &str) -> Self {
        Self { text: format!("{key}{ANY}"), key: key.to_owned(), is_variable: true }
    }

    pub(super) fn is_variable(&self) -> bool {
        self.is_variable
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn make_variable(&mut self) {
        *self = Self::variable(&self.key);
    }

    /// Takes in an equal word, which may be shown in another way.
    pub(super) fn merge_text(&mut self, other: &Self) {
        if self.text != other.text {
            self.make_variable();
        }
    }

    /// What makes words equal.
    fn identity(&self) -> (bool, &str) {
        (self.is_variable, if self.is_variable { &self.key } else { &self.text })
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Word {}

impl PartialOrd for Word {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Word {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl Hash for Word {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// The words of a template.
pub(super) fn words(template: &Template) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for raw in raw_words(template) {
        let follows_variable = words.last().is_some_and(Word::is_variable);
        if follows_variable && belongs_to_variable(&raw) {
            join(&mut words, &raw.text);
        } else {
            words.push(raw);
        }
    }
    words.retain(|word| !(word.is_variable && is_in_parentheses(&word.text)));
    joined(words)
}

/// The words with variables side by side made one.
pub(super) fn joined(all: Vec<Word>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(all.len());
    for word in all {
        let is_bare = |word: &Word| word.is_variable && word.key.is_empty();
        if is_bare(&word) && words.last().is_some_and(is_bare) {
            join(&mut words, &word.text);
        } else {
            words.push(word);
        }
    }
    words
}

/// What a pattern of these words is shown as.
pub(super) fn text(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn join(words: &mut [Word], text: &str) {
    if let Some(last) = words.last_mut() {
        let both_any = last.text == ANY && text == ANY;
        if !both_any {
            last.text.push(' ');
            last.text.push_str(text);
        }
    }
}

fn belongs_to_variable(word: &Word) -> bool {
    let is_unit = UNITS.contains(&word.text.trim_end_matches([')', ']', ',', '.', ';']));
    !word.is_variable && (is_unit || is_in_parentheses(&word.text))
}

fn is_in_parentheses(text: &str) -> bool {
    text.starts_with('(') && text.ends_with(')')
}

/// The words between white space.
fn raw_words(template: &Template) -> Vec<Word> {
    let mut words: Vec<RawWord> = Vec::new();
    let mut is_open = false;
    for piece in template.pieces() {
        match piece {
            Piece::Hole(kind) => {
                open(&mut words, &mut is_open).push_hole(kind);
            }
            Piece::Literal(literal) => {
                for part in literal.split_inclusive(u8::is_ascii_whitespace) {
                    let text = part.trim_ascii_end();
                    if !text.is_empty() {
                        open(&mut words, &mut is_open).text.extend_from_slice(text);
                    }
                    is_open &= part.len() == text.len();
                }
            }
        }
    }
    words.into_iter().map(RawWord::into_word).collect()
}

/// The word that goes on, or a new one. The last word of many takes all that follows.
fn open<'w>(words: &'w mut Vec<RawWord>, is_open: &mut bool) -> &'w mut RawWord {
    if !*is_open && words.len() < WORDS_MAX {
        words.push(RawWord::default());
    }
    *is_open = true;
    words.last_mut().expect("there is a word, or one was pushed")
}

#[derive(Default)]
struct RawWord {
    text: Vec<u8>,
    /// Where its first hole is.
    hole: Option<usize>,
}

impl RawWord {
    fn push_hole(&mut self, kind: HoleKind) {
        self.hole.get_or_insert(self.text.len());
        let name: &[u8] = match kind {
            HoleKind::Decimal => b"<num>",
            HoleKind::Word => b"<word>",
            HoleKind::Uuid => b"<uuid>",
            HoleKind::Address => b"<ip>",
            HoleKind::Text => b"<text>",
        };
        self.text.extend_from_slice(name);
    }

    fn into_word(self) -> Word {
        let literal = &self.text[..self.hole.unwrap_or(self.text.len())];
        let key_end =
            literal.iter().rposition(|byte| *byte == b'=').filter(|at| *at > 0).map_or(0, |at| at + 1);
        let key = String::from_utf8_lossy(&self.text[..key_end]).into_owned();
        let text = String::from_utf8_lossy(&self.text).into_owned();
        let is_date = DATES.contains(&text.trim_end_matches([',', '.']));
        Word { is_variable: self.hole.is_some() || is_date, key, text }
    }
}
