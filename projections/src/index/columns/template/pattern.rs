//! Patterns: templates that differ only in words which are variables although they have no digit.
//!
//! A user name makes a template of its own for every user. Where templates differ in one word and that word
//! takes several values, the word is a variable; so `Failed password for <*> from <ip>` comes out of many.
//! Invariant: each template belongs to one pattern, and the counts of the patterns are those of the templates.
//! It looks at no text: what it is given are templates, of one column or of many.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use super::form::Template;
use word::{Word, words};

mod word;

/// A word that takes so many values in otherwise equal templates is a variable.
const VALUES_MIN: usize = 3;
/// The same for the value of a key: `state=open` is more often one of a few than a variable.
const KEY_VALUES_MIN: usize = 5;
/// A place that already holds a variable counts as so many values.
const VARIABLE_VALUES: usize = 2;
/// More rounds find nothing new in practice.
const ROUNDS_MAX: usize = 8;

/// What texts of many templates have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The words of the pattern; a variable is `<num>`, `<ip>`, `<uuid>`, `<word>`, `<text>` or, if it may be
    /// several of these or words without digits, `<*>`.
    pub text: String,
    pub count: u64,
}

/// All patterns of some templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns {
    /// The most frequent ones first.
    pub patterns: Vec<Pattern>,
    /// For each template, in the order in which they came, the index of its pattern.
    pub of_template: Vec<u32>,
}

impl Patterns {
    /// The patterns of templates with their counts. A template may come several times.
    pub fn of<'t>(templates: impl IntoIterator<Item = (&'t Template, u64)>) -> Self {
        let mut classes = Classes::default();
        let templates = templates.into_iter();
        let members: Vec<usize> =
            templates.map(|(template, count)| classes.enter(words(template), count)).collect();
        let mut class_of: Vec<usize> = (0..classes.all.len()).collect();
        for _ in 0..ROUNDS_MAX {
            let variables = classes.variables();
            if variables.is_empty() {
                break;
            }
            let moved = classes.merge(&variables);
            class_of.iter_mut().for_each(|class| *class = moved[*class]);
        }
        classes.ranked(members.into_iter().map(|member| class_of[member]))
    }
}

/// Templates whose words are equal.
#[derive(Debug)]
struct Class {
    words: Vec<Word>,
    count: u64,
}

#[derive(Debug, Default)]
struct Classes {
    all: Vec<Class>,
    by_words: HashMap<u64, Vec<usize>, FixedState>,
}

/// A word of a class: the indices of both.
type Place = (usize, usize);

impl Classes {
    /// Adds to the class with these words, and answers its index.
    fn enter(&mut self, words: Vec<Word>, count: u64) -> usize {
        let same = self.by_words.entry(hash(&words)).or_default();
        let known = same.iter().copied().find(|index| self.all[*index].words == words);
        if let Some(index) = known {
            let class = &mut self.all[index];
            class.count += count;
            class.words.iter_mut().zip(&words).for_each(|(word, other)| word.merge_text(other));
            return index;
        }
        same.push(self.all.len());
        self.all.push(Class { words, count });
        self.all.len() - 1
    }

    /// The words that turn out to be variables.
    fn variables(&self) -> Vec<Place> {
        let mut found = Vec::new();
        for places in self.places_but_for_one_word() {
            let word = |place: &Place| &self.all[place.0].words[place.1];
            let mut values: Vec<&Word> = places.iter().map(word).collect();
            values.sort_unstable();
            values.dedup();
            let weight = |value: &&Word| if value.is_variable() { VARIABLE_VALUES } else { 1 };
            let needed = if values[0].key().is_empty() { VALUES_MIN } else { KEY_VALUES_MIN };
            if values.iter().map(weight).sum::<usize>() >= needed {
                found.extend(places.into_iter().filter(|place| !word(place).is_variable()));
            }
        }
        found.sort_unstable();
        found
    }

    /// Groups of places of classes that are equal but for the word at the place. A first word stays.
    fn places_but_for_one_word(&self) -> Vec<Vec<Place>> {
        let mut by_hash: HashMap<u64, usize, FixedState> = HashMap::default();
        let mut groups: Vec<Vec<Place>> = Vec::new();
        for (index, class) in self.all.iter().enumerate() {
            let whole = hash(&class.words);
            for (place, word) in class.words.iter().enumerate().skip(1) {
                let masked = hash_at(place, &Word::variable(word.key()));
                let others = whole.wrapping_sub(hash_at(place, word)).wrapping_add(masked);
                // The place counts too: another one may be what differs.
                match by_hash.entry(others.rotate_left(1) ^ place as u64) {
                    Entry::Occupied(group) => groups[*group.get()].push((index, place)),
                    Entry::Vacant(group) => {
                        group.insert(groups.len());
                        groups.push(vec![(index, place)]);
                    }
                }
            }
        }
        groups.retain(|group| group.len() > 1);
        groups
    }

    /// Makes variables of these words, and answers for each class its new index.
    fn merge(&mut self, variables: &[Place]) -> Vec<usize> {
        let old = std::mem::take(self);
        let mut variables = variables.iter().copied().peekable();
        let mut moved = Vec::with_capacity(old.all.len());
        for (index, mut class) in old.all.into_iter().enumerate() {
            while let Some((_, place)) = variables.next_if(|variable| variable.0 == index) {
                class.words[place].make_variable();
            }
            moved.push(self.enter(word::joined(class.words), class.count));
        }
        moved
    }

    fn ranked(&self, members: impl Iterator<Item = usize>) -> Patterns {
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by_key(|index| (std::cmp::Reverse(self.all[*index].count), *index));
        let mut rank = vec![0; order.len()];
        (0..).zip(&order).for_each(|(place, index)| rank[*index] = place);
        let pattern = |index: &usize| {
            let class = &self.all[*index];
            Pattern { text: word::text(&class.words), count: class.count }
        };
        let patterns = order.iter().map(pattern).collect();
        Patterns { patterns, of_template: members.map(|index| rank[index]).collect() }
    }
}

/// The hash of words, as a sum so that one of them can be exchanged.
fn hash(words: &[Word]) -> u64 {
    let hashes = words.iter().enumerate().map(|(place, word)| hash_at(place, word));
    hashes.fold(0, u64::wrapping_add)
}

fn hash_at(place: usize, word: &Word) -> u64 {
    FixedState::default().hash_one((place, word))
}

#[cfg(test)]
mod tests {
    use super::super::split::Split;
    use super::*;

    fn check(texts: &[&str], expected: &[(&str, u64)]) {
        let mut split = Split::default();
        let templates: Vec<Template> =
            texts.iter().map(|text| Template::of_text(text.as_bytes(), &mut split)).collect();
        let found = Patterns::of(templates.iter().map(|template| (template, 1)));
        let shown: Vec<(&str, u64)> =
            found.patterns.iter().map(|pattern| (pattern.text.as_str(), pattern.count)).collect();
        assert_eq!(shown, expected);
        let mut counts = vec![0; shown.len()];
        found.of_template.iter().for_each(|pattern| counts[*pattern as usize] += 1);
        assert!(counts.into_iter().eq(expected.iter().map(|(_, count)| *count)));
    }

    #[test]
    fn a_word_of_several_values_is_a_variable() {
        check(
            &["for root from 10.0.0.1", "for eve from 10.0.0.2", "for bob from 10.0.0.3", "is done"],
            &[("for <*> from <ip>", 3), ("is done", 1)],
        );
        check(&["for eve from 1", "for x2 from 1"], &[("for <*> from <num>", 2)]);
        check(&["task a started", "task a ended"], &[("task a started", 1), ("task a ended", 1)]);
    }

    #[test]
    fn first_words_and_keys_are_more_stable() {
        let programs = ["cupsd is up", "klogd is up", "syslogd is up", "portmap is up"];
        check(&programs, &programs.map(|text| (text, 1)));
        let users = ["x user=root", "x user=guest", "x user=test", "x user=adm", "x user=ftp"];
        check(&users[..3], &[("x user=root", 1), ("x user=guest", 1), ("x user=test", 1)]);
        check(&users, &[("x user=<*>", 5)]);
    }

    #[test]
    fn quantities_are_one_variable() {
        check(
            &["sent 5 bytes in 7 ms", "sent 1530 bytes (1.5 KB) in 2 sec", "sent 3 bytes in 00:01"],
            &[("sent <num> bytes in <*>", 3)],
        );
        check(&["at Mon Jun 5 2005 by x", "at Tue Jul 6 2005 by x"], &[("at <*> by x", 2)]);
    }

    #[test]
    fn several_words_may_vary() {
        let texts =
            ["a", "b", "c"].map(|user| ["d", "e", "f"].map(|host| format!("user {user} on {host} in")));
        let texts: Vec<&str> = texts.iter().flatten().map(String::as_str).collect();
        check(&texts, &[("user <*> on <*> in", 9)]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_somehow() {
        let template = Template::of_text(b"\xff \x01 7", &mut Split::default());
        assert_eq!(Patterns::of([(&template, 2)]).patterns[0].text, "\u{fffd} \u{1} <num>");
        assert!(Patterns::of([]).patterns.is_empty());
    }
}
