//! Merging: words that turn out to be variables although they have no digit.
//!
//! Where forms differ in one word and that word takes several values, it is a variable. Forms with a variable for
//! whatever stands between quotes take in those that have a text there.
//! Invariant: what becomes of forms depends on which there are, not on their order, nor on how often each comes.
//! It does not count messages.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use super::form::Form;
use super::word::{Word, joined};

/// A word that takes so many values in otherwise equal forms is a variable, or one beside which a variable stands there.
const VALUES_MIN: usize = 3;
/// The same for the value of a key: `state=open` is more often one of a few than a variable.
const KEY_VALUES_MIN: usize = 5;
/// More rounds find nothing new in practice.
const ROUNDS_MAX: usize = 8;

/// What becomes of forms.
#[derive(Debug, Clone)]
pub struct Merged {
    /// All patterns, in the order of their words.
    pub patterns: Vec<Form>,
    /// For each form, in the order in which they came, the index of its pattern.
    pub of_form: Vec<u32>,
}

/// Makes patterns of forms. A form may come several times.
pub fn merge<'f>(forms: impl IntoIterator<Item = &'f Form>) -> Merged {
    let forms: Vec<&Form> = forms.into_iter().collect();
    let mut classes = Classes::default();
    let wide = wide_forms(&forms);
    let words = |form: &Form| widened_into(form, &wide).unwrap_or_else(|| form.clone()).words;
    let entered: Vec<usize> = forms.iter().map(|form| classes.enter(words(form))).collect();
    let mut class_of: Vec<usize> = (0..classes.all.len()).collect();
    for _ in 0..ROUNDS_MAX {
        let variables = classes.variables();
        if variables.is_empty() {
            break;
        }
        let moved = classes.merge(&variables);
        class_of.iter_mut().for_each(|class| *class = moved[*class]);
    }
    classes.sorted(entered.into_iter().map(|class| class_of[class]))
}

/// Forms that have a variable for whatever stands between quotes.
fn wide_forms<'f>(forms: &[&'f Form]) -> HashSet<&'f Form, FixedState> {
    forms.iter().copied().filter(|form| form.is_wide()).collect()
}

/// The form as one of the wide ones, if it is.
fn widened_into(form: &Form, wide: &HashSet<&Form, FixedState>) -> Option<Form> {
    if wide.is_empty() { None } else { form.widened().filter(|form| wide.contains(form)) }
}

/// A word of a class: the indices of both.
type Place = (usize, usize);

/// A word of a class, with hashes of what it is and of what is beside it.
#[derive(Debug, Clone, Copy)]
struct HashedPlace {
    others: u64,
    hash: u64,
    class: u32,
    word: u32,
}

/// Forms whose words are equal are one class.
#[derive(Debug, Default)]
struct Classes {
    all: Vec<Vec<Word>>,
    by_words: HashMap<u64, Vec<usize>, FixedState>,
}

impl Classes {
    /// The index of the class with these words.
    fn enter(&mut self, words: Vec<Word>) -> usize {
        if let Some(index) = self.index_of(&words) {
            let class = &mut self.all[index];
            class.iter_mut().zip(&words).for_each(|(word, other)| word.merge_text(other));
            return index;
        }
        let index = self.all.len();
        self.by_words.entry(hash(&words)).or_default().push(index);
        self.all.push(words);
        index
    }

    fn index_of(&self, words: &[Word]) -> Option<usize> {
        self.by_words.get(&hash(words))?.iter().copied().find(|index| self.all[*index] == words)
    }

    /// The words that turn out to be variables.
    fn variables(&self) -> Vec<Place> {
        let mut found = Vec::new();
        let places = self.places_by_others();
        for alike in places.chunk_by(|one, other| one.others == other.others) {
            if alike.len() > 1 && self.is_variable(alike) {
                let places = alike.iter().map(|place| (place.class as usize, place.word as usize));
                found.extend(places.filter(|(class, word)| !self.all[*class][*word].is_variable()));
            }
        }
        found.extend(self.names_beside_variables());
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether words that stand in otherwise equal forms are values of a variable.
    fn is_variable(&self, alike: &[HashedPlace]) -> bool {
        let word = |place: &HashedPlace| &self.all[place.class as usize][place.word as usize];
        let mut values: Vec<u64> = alike.iter().map(|place| place.hash).collect();
        values.sort_unstable();
        values.dedup();
        let needed = if word(&alike[0]).key().is_empty() { VALUES_MIN } else { KEY_VALUES_MIN };
        values.len() >= needed || (values.len() > 1 && alike.iter().any(|place| word(place).is_variable()))
    }

    /// All words with what is beside them, those together that have the same. A first word stays as it is.
    fn places_by_others(&self) -> Vec<HashedPlace> {
        let mut places = Vec::with_capacity(self.all.iter().map(Vec::len).sum());
        let mut hashes: Vec<u64> = Vec::new();
        for (class, words) in (0..).zip(&self.all) {
            hashes.clear();
            hashes.extend(words.iter().enumerate().map(|(place, word)| hash_at(place, word)));
            let whole = hashes.iter().copied().fold(0, u64::wrapping_add);
            for (place, (word, hash)) in words.iter().zip(&hashes).enumerate().skip(1) {
                let masked = hash_of_variable(place, word.key());
                let others = whole.wrapping_sub(*hash).wrapping_add(masked);
                // The place counts too: another one may be what differs.
                let others = others.rotate_left(1) ^ place as u64;
                places.push(HashedPlace { others, hash: *hash, class, word: place as u32 });
            }
        }
        places.sort_unstable_by_key(|place| (place.others, place.class, place.word));
        places
    }

    /// Words with a dot, such as names of hosts, that stand beside a variable where other forms have nothing but the
    /// variable: they are often a part of it that happens to have no digit.
    fn names_beside_variables(&self) -> Vec<Place> {
        let mut found = Vec::new();
        for (index, words) in self.all.iter().enumerate() {
            for place in (1..words.len()).filter(|place| words[*place].is_dotted_name()) {
                let beside = [words.get(place - 1), words.get(place + 1)];
                if beside.into_iter().flatten().any(Word::is_bare_variable) {
                    let mut without = words.clone();
                    without[place].make_variable();
                    found.extend(self.index_of(&joined(without)).map(|_| (index, place)));
                }
            }
        }
        found
    }

    /// Makes variables of these words, and answers for each class its new index.
    fn merge(&mut self, variables: &[Place]) -> Vec<usize> {
        let old = std::mem::take(self);
        let mut variables = variables.iter().copied().peekable();
        let mut moved = Vec::with_capacity(old.all.len());
        for (index, mut words) in old.all.into_iter().enumerate() {
            while let Some((_, place)) = variables.next_if(|variable| variable.0 == index) {
                words[place].make_variable();
            }
            moved.push(self.enter(joined(words)));
        }
        moved
    }

    /// The classes as patterns, the same whatever the order of the forms was.
    fn sorted(self, of_form: impl Iterator<Item = usize>) -> Merged {
        let mut patterns: Vec<(Form, usize)> =
            self.all.into_iter().map(|words| Form { words }).zip(0..).collect();
        patterns.sort_unstable();
        let mut places = vec![0; patterns.len()];
        (0..).zip(&patterns).for_each(|(place, (_, class))| places[*class] = place);
        let of_form = of_form.map(|class| places[class]).collect();
        Merged { patterns: patterns.into_iter().map(|(form, _)| form).collect(), of_form }
    }
}

/// The hash of words, as a sum so that one of them can be exchanged.
fn hash(words: &[Word]) -> u64 {
    let hashes = words.iter().enumerate().map(|(place, word)| hash_at(place, word));
    hashes.fold(0, u64::wrapping_add)
}

fn hash_at(place: usize, word: &Word) -> u64 {
    FixedState::default().hash_one((place, word.identity()))
}

fn hash_of_variable(place: usize, key: &str) -> u64 {
    FixedState::default().hash_one((place, (true, key)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(texts: &[&str], expected: &[(&str, usize)]) {
        let forms: Vec<Form> = texts.iter().map(|text| Form::of_text(text.as_bytes())).collect();
        let found = merge(&forms);
        let count = |index| found.of_form.iter().filter(|of| **of == index).count();
        let shown: Vec<(String, usize)> =
            found.patterns.iter().zip(0..).map(|(form, index)| (form.to_string(), count(index))).collect();
        let expected: Vec<(String, usize)> =
            expected.iter().map(|(text, count)| ((*text).to_owned(), *count)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_word_of_several_values_is_a_variable() {
        check(
            &["for root from 10.0.0.1", "for eve from 10.0.0.2", "for bob from 10.0.0.3", "is done"],
            &[("for <*> from <ip>", 3), ("is done", 1)],
        );
        check(&["for eve from 1", "for x2 from 1"], &[("for <*> from <num>", 2)]);
        check(&["task a started", "task a ended"], &[("task a ended", 1), ("task a started", 1)]);
    }

    #[test]
    fn first_words_and_keys_are_more_stable() {
        let programs = ["cupsd is up", "klogd is up", "portmap is up", "syslogd is up"];
        check(&programs, &programs.map(|text| (text, 1)));
        let users = ["x user=guest", "x user=root", "x user=test", "x user=adm", "x user=ftp"];
        check(&users[..3], &[("x user=guest", 1), ("x user=root", 1), ("x user=test", 1)]);
        check(&users, &[("x user=<*>", 5)]);
        check(&["x user=7", "x user=root"], &[("x user=<*>", 2)]);
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
    fn a_name_beside_a_variable_belongs_to_it() {
        check(
            &["for h7.example [10.0.0.1] failed", "for ns.example [10.0.0.2] failed"],
            &[("for <*> failed", 2)],
        );
        check(&["in a.conf 7", "in b 8"], &[("in a.conf <num>", 1), ("in b <num>", 1)]);
    }

    #[test]
    fn several_words_may_vary() {
        let texts =
            ["a", "b", "c"].map(|user| ["d", "e", "f"].map(|host| format!("user {user} on {host} in")));
        let texts: Vec<&str> = texts.iter().flatten().map(String::as_str).collect();
        check(&texts, &[("user <*> on <*> in", 9)]);
    }

    #[test]
    fn wide_forms_take_in_narrow_ones() {
        let narrow = Form::of_text(b"says \"GET /a\" 5");
        let other = Form::of_text(b"says \"GET /a\" and more");
        let wide = Form::parse("says \"<text>\" <num>");
        assert_eq!(merge([&narrow, &other]).patterns.len(), 2);
        let merged = merge([&narrow, &wide, &other]);
        assert_eq!((merged.of_form[0], merged.patterns.len()), (merged.of_form[1], 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn order_and_repetition_change_nothing(
            texts in prop::collection::vec(
                prop::collection::vec(prop::sample::select(vec![
                    "a", "b", "c", "d", "k=a", "k=b", "k=c", "k=d", "k=e", "7", "1.2.3.4", "ms", "\"q\"", "\"<text>\"",
                ]), 1..5),
                1..30,
            ),
            seed in any::<prop::sample::Index>(),
        ) {
            let forms: Vec<Form> = texts.iter().map(|words| Form::of_text(words.join(" ").as_bytes())).collect();
            let merged = merge(&forms);
            let start = seed.index(forms.len());
            let turned: Vec<&Form> =
                forms[start..].iter().chain(&forms[..start]).chain(&forms[start / 2..start]).rev().collect();
            let again = merge(turned.iter().copied());
            let shown = |merged: &Merged| merged.patterns.iter().map(Form::to_string).collect::<Vec<_>>();
            prop_assert_eq!(shown(&again), shown(&merged));
            for (form, pattern) in turned.iter().zip(&again.of_form) {
                let at = forms.iter().position(|other| std::ptr::eq(other, *form)).unwrap();
                prop_assert_eq!(merged.of_form[at], *pattern);
            }
        }
    }
}
