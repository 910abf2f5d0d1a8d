//! The words of a form, as patterns compare them.
//!
//! A word with a hole is a variable as a whole; so are the names of days and months. A unit behind a variable
//! belongs to it, as do numbers in parentheses, and variables side by side are one.
//! Invariant: two words are equal if both are the same text, or both are variables with the same key; what is shown
//! reads as the same words again. It does not know other forms.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::form::Hole;

/// A longer word is a variable: nobody writes it.
const WORD_BYTES_MAX: usize = 256;
const ANY: &str = "<*>";
const DATE_BYTES: usize = 3;
const DATES: [&str; 19] = [
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
    "Sep", "Oct", "Nov", "Dec",
];
const UNITS: [&str; 19] = [
    "B", "KB", "MB", "GB", "TB", "kB", "KiB", "MiB", "GiB", "ns", "us", "ms", "s", "sec", "secs", "min", "h",
    "MHz", "%",
];

/// A word of a form.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// As it is shown.
    text: Arc<str>,
    /// How much of it is the key: what stands up to the equals sign before a value.
    key_bytes: usize,
    is_variable: bool,
}

impl Word {
    /// The word that such bytes are. What is written like a hole is one, so that what is shown can be read again.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let is_long = bytes.len() > WORD_BYTES_MAX;
        let text = shown(&bytes[..bytes.len().min(WORD_BYTES_MAX)]);
        let hole = first_hole(&text);
        let literal = &text[..hole.unwrap_or(text.len())];
        let key_bytes = literal.rfind('=').filter(|at| *at > 0).map_or(0, |at| at + 1);
        if is_long {
            return Self::variable(&text[..key_bytes]);
        }
        let name = text.trim_end_matches([',', '.']);
        let is_date = name.len() == DATE_BYTES && DATES.contains(&name);
        Self { is_variable: hole.is_some() || is_date, key_bytes, text: text.into() }
    }

    pub(super) fn variable(key: &str) -> Self {
        Self { text: format!("{key}{ANY}").into(), key_bytes: key.len(), is_variable: true }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_variable(&self) -> bool {
        self.is_variable
    }

    /// Whether it is a variable that is not the value of a key.
    pub(super) fn is_bare_variable(&self) -> bool {
        self.is_variable && self.key_bytes == 0
    }

    /// Whether it is a literal of several names with dots between them.
    pub(super) fn is_dotted_name(&self) -> bool {
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte != b'=');
        !self.is_variable && self.text.contains('.') && self.text.split('.').all(is_name)
    }

    pub(super) fn key(&self) -> &str {
        &self.text[..self.key_bytes]
    }

    pub(super) fn make_variable(&mut self) {
        *self = Self::variable(self.key());
    }

    /// Takes in an equal word, which may be shown in another way.
    pub(super) fn merge_text(&mut self, other: &Self) {
        if self.text != other.text {
            self.make_variable();
        }
    }

    /// What makes words equal.
    pub(super) fn identity(&self) -> (bool, &str) {
        (self.is_variable, if self.is_variable { self.key() } else { &self.text })
    }

    fn append(&mut self, text: &str) {
        let both_any = *self.text == *ANY && text == ANY;
        if !both_any {
            self.text = format!("{} {text}", self.text).into();
        }
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

/// Words as they stood in a text, made the words of a form.
pub(super) fn settled(raw: Vec<Word>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(raw.len());
    for word in raw {
        match words.last_mut().filter(|last| last.is_variable && belongs_to_variable(&word)) {
            Some(last) => last.append(&word.text),
            None => words.push(word),
        }
    }
    words.retain(|word| !(word.is_variable && is_in_parentheses(&word.text)));
    joined(words)
}

/// The words with variables side by side made one.
pub(super) fn joined(all: Vec<Word>) -> Vec<Word> {
    if !all.windows(2).any(|words| words.iter().all(Word::is_bare_variable)) {
        return all;
    }
    let mut words: Vec<Word> = Vec::with_capacity(all.len());
    for word in all {
        match words.last_mut().filter(|last| last.is_bare_variable() && word.is_bare_variable()) {
            Some(last) => last.append(&word.text),
            None => words.push(word),
        }
    }
    words
}

fn belongs_to_variable(word: &Word) -> bool {
    let is_unit = UNITS.contains(&word.text.trim_end_matches([')', ']', ',', '.', ';']));
    !word.is_variable && (is_unit || is_in_parentheses(&word.text))
}

fn is_in_parentheses(text: &str) -> bool {
    text.starts_with('(') && text.ends_with(')')
}

/// Bytes as text that does nothing but stand there.
fn shown(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if !text.chars().any(char::is_control) {
        return text;
    }
    let harmless = |letter: char| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
    text.chars().map(harmless).collect::<String>().into()
}

/// Where the first hole stands.
fn first_hole(text: &str) -> Option<usize> {
    let is_hole = |at: &usize| {
        text[*at..].starts_with(ANY) || Hole::ALL.iter().any(|hole| text[*at..].starts_with(hole.shown()))
    };
    text.match_indices('<').map(|(at, _)| at).find(is_hole)
}
