//! Tests of automata: what they say of texts is what the tests say.
//!
//! Invariant: every comparison is with the test itself. It does not repeat the tests of the tests.

use proptest::prelude::*;

use super::super::{FieldKind, ValueTest};
use super::*;
use crate::query::tree::{Test, Wildcard};

const KINDS: [FieldKind; 2] = [FieldKind::Message, FieldKind::Other];

/// What the automaton says of a text in two parts, if it has something to say.
fn said(automaton: &Automaton, text: &str, cut: usize) -> Option<bool> {
    let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
    let between = automaton.run(automaton.start(), &text.as_bytes()[..cut]);
    let state = automaton.run(between, &text.as_bytes()[cut..]);
    assert!(!between.is_final() || between == state);
    automaton.at_end(state)
}

/// How many of the texts the automaton could not tell.
fn check(test: &Test, texts: &[String], cut: usize) -> usize {
    let mut untold = 0;
    for kind in KINDS {
        let test = ValueTest::new(test, kind).unwrap();
        let Some(automaton) = test.automaton() else { continue };
        for text in texts {
            match said(&automaton, text, cut) {
                Some(passes) => assert_eq!(passes, test.matches_text(text.as_bytes()), "{test:?} {text:?}"),
                None => untold += 1,
            }
        }
    }
    untold
}

fn check_ascii(test: &Test, texts: &[&str]) {
    assert!(ValueTest::new(test, FieldKind::Message).unwrap().automaton().is_some(), "{test:?}");
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!((0..9).map(|cut| check(test, &texts, cut)).sum::<usize>(), 0, "{test:?}");
}

#[test]
fn words_wildcards_and_expressions_have_automata() {
    let texts =
        ["", "a", "read timeout", "Read-Timeout x", "xread timeout", "read timeouts", "timeout: read"];
    for text in ["", "timeout", "read timeout", ".net", "a-", "-"] {
        check_ascii(&Test::Text(text.into()), &texts);
    }
    for source in ["", "*", "time*", "*out*", "?", "r*t", "read t*", "*-t*", r"\*", "**", "?*?", r"a\"] {
        check_ascii(&Test::Like(Wildcard { source: source.into() }), &texts);
    }
    for source in ["time", "^read", "out$", r"\btime", r"\w+ \w+", "x*", "(?m)^a$", "(?i)READ.t", "[^a-z]"] {
        check_ascii(&Test::Regex(source.into()), &texts);
    }
}

#[test]
fn final_states_say_that_the_rest_does_not_matter() {
    let automaton =
        |source: &str| ValueTest::new(&Test::Regex(source.into()), FieldKind::Any).unwrap().automaton();
    let begins = automaton("^ab").unwrap();
    assert_eq!(begins.run(begins.start(), b"x"), State::FAILED);
    assert_eq!(begins.run(begins.start(), b"ab"), State::PASSED);
    assert_eq!(begins.states(), 5);
    let all = automaton("x*").unwrap();
    assert_eq!((all.start(), all.states()), (State::PASSED, 3));
    let word = automaton(r"\bab\b").unwrap();
    assert_eq!(word.run(word.start(), "ä".as_bytes()), State::UNKNOWN);
    assert_eq!(word.at_end(State::UNKNOWN), None);
}

#[test]
fn letters_are_those_that_states_tell_apart() {
    let test = ValueTest::new(&Test::Regex("[a-f]x[0-9]".into()), FieldKind::Any).unwrap();
    let automaton = test.automaton().unwrap();
    assert_eq!(automaton.letters(|byte| byte.is_ascii_digit()).0.len(), 1);
    assert_eq!(automaton.letters(|byte| byte.is_ascii_lowercase()).0.len(), 3);
    assert_eq!(automaton.letters(|_| false).0.len(), 0);
}

#[test]
fn costly_tests_have_no_automaton() {
    let check = |test: &Test| {
        let test = ValueTest::new(test, FieldKind::Any).unwrap();
        assert!(test.automaton().is_none(), "{test:?}");
    };
    check(&Test::Regex("[01]*1[01]{14}$".into()));
    check(&Test::Text("a ".repeat(BUILT_BYTES_MAX).into()));
    check(&Test::Like(Wildcard { source: format!("*a{}", "?".repeat(20)).into() }));
    check(&Test::Text("größe".into()));
    check(&Test::Exists);
}

fn any_test() -> impl Strategy<Value = Test> {
    let text = || "[aAkK5 .-]{0,4}";
    let expression = prop::collection::vec(
        prop::sample::select(vec![
            "a", "K", "5", " ", ".", "[ak]", r"\d", r"\w", r"\b", r"\B", "^", "$", "a*", "(a|5)", "(?i)k",
            ".*", "(?m)^", "5{1,2}", "ä", "[^a]", r"\s?", "",
        ]),
        0..6,
    );
    prop_oneof![
        text().prop_map(|text| Test::Text(text.into())),
        "[aAkK5 .?*-]{0,4}".prop_map(|source| Test::Like(Wildcard { source: source.into() })),
        expression.prop_map(|parts| Test::Regex(parts.concat().into())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn automata_say_what_tests_say(
        test in any_test(),
        texts in prop::collection::vec("[aAkKb5 .\n\"äÄ\u{212a}\u{fffd}-]{0,9}", 1..12),
        cut in 0..9usize,
    ) {
        check(&test, &texts, cut);
    }

    #[test]
    fn bytes_that_are_no_text_are_replacement_characters(text in prop::collection::vec(any::<u8>(), 0..6)) {
        for source in [".", "^.{2}$", "\u{fffd}"] {
            let test = ValueTest::new(&Test::Regex(source.into()), FieldKind::Any).unwrap();
            let automaton = test.automaton().unwrap();
            let state = automaton.run(automaton.start(), &text);
            prop_assert_eq!(automaton.at_end(state), Some(test.matches_text(&text)));
        }
    }
}
