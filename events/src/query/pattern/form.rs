//! Forms: the words of a message, with holes where its variables were.
//!
//! Invariant: what is shown of a form is read as the same form again, and a form is bounded however long its
//! message is. It does not learn which words without digits vary: `merge` does.

use std::fmt;

use super::scan::scan;
use super::word::{Word, settled};

/// A form with more words ends with a variable.
const WORDS_MAX: usize = 64;
/// Longer words are cut by what makes words of bytes.
const OPEN_BYTES_MAX: usize = 1 << 10;

/// What stands in a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    /// Digits and nothing else, and not too many.
    Number,
    /// A token with digits that is no number.
    Word,
    Uuid,
    /// An IPv4 address.
    Address,
    /// Anything between quotes.
    Text,
}

impl Hole {
    pub const ALL: [Self; 5] = [Self::Number, Self::Word, Self::Uuid, Self::Address, Self::Text];

    /// How it stands in a form.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Number => "<num>",
            Self::Word => "<word>",
            Self::Uuid => "<uuid>",
            Self::Address => "<ip>",
            Self::Text => "<text>",
        }
    }
}

/// The words of a message. Forms are equal if their words are, whatever kinds of variables they have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Form {
    pub(super) words: Vec<Word>,
}

impl Form {
    /// The form of a message.
    pub fn of_text(text: &[u8]) -> Self {
        let mut form = FormBuilder::default();
        scan(text, &mut form);
        form.finish()
    }

    /// The form that is shown so. Other texts are read as if they were shown.
    pub fn parse(shown: &str) -> Self {
        let mut form = FormBuilder::default();
        form.literal(shown.as_bytes());
        form.finish()
    }

    /// Names the form for ever. What kind a variable is does not count, as other messages may have another there.
    pub fn id(&self) -> PatternId {
        let mut hasher = blake3::Hasher::new();
        for word in &self.words {
            let (is_variable, text) = word.identity();
            hasher.update(&[u8::from(is_variable)]).update(text.as_bytes()).update(&[0xff]);
        }
        let hash = *hasher.finalize().as_bytes();
        PatternId(u64::from_be_bytes(*hash.first_chunk().expect("a hash has 32 bytes")))
    }

    /// Whether messages of the other form belong to this pattern: its variables stand for what is a variable there
    /// too, or for one word.
    pub fn covers(&self, other: &Self) -> bool {
        if let (Some(word), Some(first)) = (self.words.first(), other.words.first())
            && !word.is_variable()
            && word != first
        {
            return false;
        }
        // Up to which words of the other form the words so far reach.
        let mut reached = vec![false; other.words.len() + 1];
        reached[0] = true;
        for word in &self.words {
            let mut next = vec![false; reached.len()];
            for at in (0..reached.len()).filter(|at| reached[*at]) {
                word_ends(word, &other.words[at..]).for_each(|words| next[at + words] = true);
            }
            reached = next;
        }
        reached[other.words.len()]
    }

    /// Whether the other form is shown the same, with the same kinds of variables.
    pub fn is_shown_like(&self, other: &Self) -> bool {
        self.words.iter().map(Word::text).eq(other.words.iter().map(Word::text))
    }

    /// Words that are no variables.
    pub fn literal_words(&self) -> usize {
        self.words.iter().filter(|word| !word.is_variable()).count()
    }

    /// Bytes of memory.
    pub fn bytes_held(&self) -> usize {
        let text: usize = self.words.iter().map(|word| word.text().len()).sum();
        size_of::<Self>() + self.words.len() * size_of::<Word>() + text
    }

    /// Whether something between quotes is a variable, whatever it is.
    pub(super) fn is_wide(&self) -> bool {
        self.words.iter().any(|word| word.text().contains(Hole::Text.shown()))
    }

    /// The form with a variable for whatever stands between quotes, if something does.
    pub(super) fn widened(&self) -> Option<Self> {
        let shown = self.to_string();
        let mut parts = shown.split('"');
        let mut wide = parts.next()?.to_owned();
        let mut is_changed = false;
        while let Some(inner) = parts.next() {
            let Some(after) = parts.next() else {
                wide.extend(["\"", inner]);
                break;
            };
            is_changed |= !inner.is_empty();
            wide.extend(["\"", if inner.is_empty() { "" } else { Hole::Text.shown() }, "\"", after]);
        }
        is_changed.then(|| Self::parse(&wide))
    }
}

/// After how many of the words a word that begins with them may end.
fn word_ends<'w>(word: &'w Word, words: &'w [Word]) -> impl Iterator<Item = usize> + 'w {
    let (mut at, mut literals) = (0, 0);
    let is_bare = word.is_bare_variable();
    std::iter::from_fn(move || {
        let other = words.get(at).filter(|_| is_bare || at == 0)?;
        literals += usize::from(!other.is_variable());
        let fits = match (is_bare, word.is_variable()) {
            (true, _) => other.key().is_empty() && literals <= 1,
            (_, true) => other.key() == word.key(),
            _ => other == word,
        };
        at += 1;
        fits.then_some(at)
    })
}

/// As people read it: words with spaces between them, and variables as `<num>`, `<word>`, `<uuid>`, `<ip>`, `<text>`
/// or, if they may be several of these, `<*>`.
impl fmt::Display for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.words.iter().enumerate() {
            write!(out, "{}{}", if at > 0 { " " } else { "" }, word.text())?;
        }
        Ok(())
    }
}

/// Makes a form of the pieces of a message.
#[derive(Debug, Default)]
pub struct FormBuilder {
    words: Vec<Word>,
    /// The word that is not yet at its end.
    open: Vec<u8>,
    /// Words were left out at the end.
    is_cut: bool,
}

impl FormBuilder {
    /// Appends bytes that are no variable.
    pub fn literal(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(u8::is_ascii_whitespace) {
            let word = part.trim_ascii_end();
            self.push(word);
            if word.len() < part.len() {
                self.end_word();
            }
        }
    }

    pub fn hole(&mut self, hole: Hole) {
        self.push(hole.shown().as_bytes());
    }

    pub fn finish(mut self) -> Form {
        self.end_word();
        if self.is_cut {
            self.words.push(Word::variable(""));
        }
        Form { words: settled(self.words) }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = OPEN_BYTES_MAX.saturating_sub(self.open.len());
        self.open.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_word(&mut self) {
        if self.open.is_empty() {
            return;
        }
        if self.words.len() < WORDS_MAX {
            self.words.push(Word::new(&self.open));
        } else {
            self.is_cut = true;
        }
        self.open.clear();
    }
}

/// The name of a pattern that links and rules keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(u64);

/// A text that names no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the id of a pattern has 16 hexadecimal digits in lower case")]
pub struct PatternIdError;

impl PatternId {
    pub fn parse(text: &str) -> Result<Self, PatternIdError> {
        let number = u64::from_str_radix(text, 16).map_err(|_| PatternIdError)?;
        Some(Self(number)).filter(|id| id.to_string() == text).ok_or(PatternIdError)
    }
}

impl fmt::Display for PatternId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        Form::of_text(text.as_bytes()).to_string()
    }

    #[test]
    fn words_with_digits_are_variables() {
        let check = |text: &str, expected: &str| assert_eq!(shown(text), expected, "{text}");
        check("took 12ms  from 10.0.0.9:80", "took <word> from <ip>:<num>");
        check("job abcdefab-e89b-12d3-a456-42661417400f done", "job <uuid> done");
        check("sent 1530 bytes (1.5 KB) in 2 sec", "sent <num> bytes in <num> sec");
        check("at Mon Jun 5 2005", "at Mon Jun <num> <num>");
        check("größe5 naïve", "<word> naïve");
        check("\u{1b}[31m red \u{7} \0", "\u{fffd}[<word> red \u{fffd} \u{fffd}");
        check("says <num> and user=<*>", "says <num> and user=<*>");
        check("", "");
        assert_eq!(Form::of_text(b"\xff 7").to_string(), "\u{fffd} <num>");
    }

    #[test]
    fn an_id_does_not_depend_on_kinds_of_variables() {
        let id = |text: &str| Form::parse(text).id();
        assert_eq!(id("from <ip> by <word>"), id("from <num> by <*>"));
        assert_ne!(id("from <ip>"), id("from ip"));
        assert_ne!(id("user=<*>"), id("name=<*>"));
        assert_ne!(id("a b"), id("ab"));
        assert_eq!(id("user <*> gone").to_string(), "5b2eddfbb9fbe314");
        assert_eq!(PatternId::parse("5b2eddfbb9fbe314"), Ok(id("user <*> gone")));
        for wrong in ["", "5B2EDDFBB9FBE314", "+b2eddfbb9fbe314", "5b2eddfbb9fbe31", "x"] {
            assert_eq!(PatternId::parse(wrong), Err(PatternIdError), "{wrong}");
        }
    }

    #[test]
    fn a_pattern_covers_what_it_was_made_of() {
        let check = |pattern: &str, text: &str, expected: bool| {
            let covers = Form::parse(pattern).covers(&Form::of_text(text.as_bytes()));
            assert_eq!(covers, expected, "{pattern} / {text}");
        };
        check("for <*> from <ip>", "for root from 10.0.0.1", true);
        check("for <*> from <ip>", "for 7 from host", true);
        check("for <*> from <ip>", "for invalid user from 10.0.0.1", false);
        check("for <*> from <ip>", "for from 10.0.0.1", false);
        check("took <*>", "took 5 ms x7 long", true);
        check("user=<*> in", "user=root in", true);
        check("user=<*> in", "name=root in", false);
        check("user=<*> in", "root in", false);
        check("", "", true);
        check("", "a", false);
    }

    #[test]
    fn quoted_texts_can_be_variables() {
        let widened = |text: &str| Form::of_text(text.as_bytes()).widened().map(|form| form.to_string());
        assert_eq!(
            widened("\"GET /a b\" 200 \"\" \"x\" and \"y").unwrap(),
            "\"<text>\" <num> \"\" \"<text>\" and \"y"
        );
        assert_eq!(widened("none \"\" \""), None);
    }

    #[test]
    fn a_form_is_bounded() {
        let words = shown(&"word ".repeat(1_000_000));
        assert_eq!(words, "word ".repeat(WORDS_MAX) + "<*>");
        assert_eq!(shown(&format!("data={} end", "ab+/".repeat(300_000))), "data=<*> end");
        assert!(Form::of_text(&b"\xff".repeat(1 << 20)).bytes_held() < 1 << 10);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_shown_is_read_again(
            parts in prop::collection::vec(prop_oneof![
                prop::sample::select(vec![
                    "<num>", "<", "<*>", "(", ")", "KB", "ms", "Mon", "a", "=", " ", "  ", "\"", "7", "1.2.3.4", "b",
                    "\u{1}", "(7)", "(b)", "user=", "é",
                ]).prop_map(str::to_owned),
                "[ -~]{0,6}",
            ], 0..24),
        ) {
            let form = Form::of_text(parts.concat().as_bytes());
            let again = Form::parse(&form.to_string());
            prop_assert_eq!(again.to_string(), form.to_string());
            prop_assert_eq!(&again, &form);
            prop_assert!(form.covers(&form));
        }
    }
}
