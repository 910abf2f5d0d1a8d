//! A vocabulary that nobody has seen before, and sentences of it.
//!
//! Words come as often as in natural text: the n-th about 1/n as often as the first, and the frequent ones
//! are short. Some are misspelt, so that new words never end. Invariant: no two words are the same, and
//! the same draws give the same words. It has no grammar: nothing that compresses depends on one.

use std::collections::BTreeSet;
use std::io::Write as _;

use crate::draw::Draw;

const WORDS: usize = 40_000;
const ONSETS: [&str; 24] = [
    "b", "br", "c", "ch", "d", "dr", "f", "g", "gl", "h", "j", "k", "l", "m", "n", "p", "pr", "r", "s", "st",
    "t", "tr", "v", "w",
];
const VOWELS: [&str; 10] = ["a", "e", "i", "o", "u", "ai", "ea", "ou", "é", "y"];
const CODAS: [&str; 12] = ["", "", "", "n", "r", "s", "t", "l", "nd", "ck", "m", "ght"];
const SIGNS: [&str; 10] = ["🙂", "😂", "👍", "🎉", "❤️", "😅", "🙏", "🔥", ":)", "xD"];
const ENDS: [&str; 8] = [".", ".", ".", "!", "?", "...", "", ""];

#[derive(Debug)]
pub(super) struct Vocabulary {
    /// The most frequent first.
    words: Vec<String>,
}

impl Vocabulary {
    pub(super) fn new(draw: &mut Draw) -> Self {
        let mut seen = BTreeSet::new();
        let mut words = Vec::with_capacity(WORDS);
        while words.len() < WORDS {
            let word = new_word(words.len() as u64, draw);
            if seen.insert(word.clone()) {
                words.push(word);
            }
        }
        Self { words }
    }

    pub(super) fn word(&self, draw: &mut Draw) -> &str {
        &self.words[draw.skewed(WORDS as u64) as usize]
    }

    /// A name that one of so many things keeps.
    pub(super) fn name(&self, of: u64, draw: &mut Draw) -> &str {
        &self.words[WORDS - 1 - draw.skewed(of) as usize]
    }

    /// Text of so many words, in sentences.
    pub(super) fn text(&self, words: u64, draw: &mut Draw) -> String {
        let mut text = Vec::new();
        let mut left_in_sentence = 0;
        for place in 0..words {
            if place > 0 {
                text.push(b' ');
            }
            let begins = left_in_sentence == 0;
            if begins {
                left_in_sentence = 3 + draw.skewed(20);
            }
            self.write_word(begins, draw, &mut text);
            left_in_sentence -= 1;
            if left_in_sentence == 0 {
                text.extend_from_slice(ENDS[draw.below(ENDS.len() as u64) as usize].as_bytes());
            } else if draw.one_in(9) {
                text.push(b',');
            }
        }
        String::from_utf8(text).expect("words, signs and numbers are text")
    }

    fn write_word(&self, begins: bool, draw: &mut Draw, out: &mut Vec<u8>) {
        let word = self.word(draw);
        match draw.below(120) {
            0..4 => write!(out, "{}", draw.skewed(100_000)),
            4..7 => write!(out, "{}", SIGNS[draw.below(SIGNS.len() as u64) as usize]),
            7..9 => write!(out, "@{word}{}", draw.skewed(500)),
            9..10 => write!(out, "https://{word}.example/{}/{:x}", self.word(draw), draw.number()),
            10..12 => write!(out, "\"{word}\""),
            12..15 => out.write_all(misspelt(word, draw).as_bytes()),
            _ if begins => write!(out, "{}{}", word[..1].to_ascii_uppercase(), &word[1..]),
            _ => out.write_all(word.as_bytes()),
        }
        .expect("a vector takes every byte");
    }
}

/// A word of one to four syllables; the rarer, the longer.
fn new_word(rank: u64, draw: &mut Draw) -> String {
    let syllables = 1 + draw.below(1 + u64::from((rank + 2).ilog2()) / 4);
    let mut word = String::new();
    for _ in 0..syllables {
        word += ONSETS[draw.below(ONSETS.len() as u64) as usize];
        word += VOWELS[draw.below(VOWELS.len() as u64) as usize];
    }
    word + CODAS[draw.below(CODAS.len() as u64) as usize]
}

/// One letter comes twice or changes its place with a neighbour.
fn misspelt(word: &str, draw: &mut Draw) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = draw.below(letters.len() as u64) as usize;
    if at > 0 && draw.one_in(2) {
        letters.swap(at - 1, at);
    } else {
        letters.insert(at, letters[at]);
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_tenth_word_is_about_a_tenth_as_frequent_as_the_first() {
        let mut draw = Draw::new(1);
        let vocabulary = Vocabulary::new(&mut draw);
        let mut counts = BTreeMap::<&str, u32>::new();
        for _ in 0..400_000 {
            *counts.entry(vocabulary.word(&mut draw)).or_default() += 1;
        }
        let count = |rank: usize| f64::from(counts[vocabulary.words[rank].as_str()]);
        assert!((5.0..20.0).contains(&(count(0) / count(9))), "{} {}", count(0), count(9));
        assert!(counts.len() > 20_000, "{}", counts.len());
    }

    #[test]
    fn text_has_as_many_words_as_asked_and_more_that_are_new() {
        let mut draw = Draw::new(2);
        let vocabulary = Vocabulary::new(&mut draw);
        let known: BTreeSet<&str> = vocabulary.words.iter().map(String::as_str).collect();
        let text = vocabulary.text(10_000, &mut draw);
        assert_eq!(text.split(' ').count(), 10_000);
        let is_new = |word: &&str| !known.contains(word.to_lowercase().trim_matches(['.', ',', '!', '?']));
        let new = text.split(' ').filter(is_new).count();
        assert!((300..2_500).contains(&new), "{new}");
    }
}
