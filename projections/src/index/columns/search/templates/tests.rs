//! Tests of verdicts, and of what is followed and rendered: the texts found are those that pass.
//!
//! Invariant: every answer is compared with the test of each text. Texts are made of everything that becomes
//! a hole, and tests are cut out of texts, so that they touch holes, cross them and end at them.

use antler_events::query::tree::{FieldName, Filter, Test, Wildcard};
use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::plan::{Node, Plan};
use super::*;
use crate::index::columns::column::ColumnHead;
use crate::index::columns::template::{
    BlockSink, BlockSource, TemplateColumn, TemplateDirectory, TemplateError, TemplateReader, encode,
};

#[derive(Default)]
struct Memory(Vec<Bytes>);

impl BlockSink for Memory {
    fn put(&mut self, raw: &[u8]) -> u32 {
        self.0.push(Bytes::copy_from_slice(raw));
        self.0.len() as u32 - 1
    }
}

impl BlockSource for Memory {
    fn block(&self, id: u32) -> Result<Bytes, TemplateError> {
        let block = self.0.get(id as usize).cloned();
        block.ok_or_else(|| TemplateError::Block { id, reason: "there is none".to_owned() })
    }
}

/// So many texts without anything in common come first: then there is less room for templates, and what is
/// quoted becomes a variable, or texts have none.
fn column(fillers: usize, texts: &[String]) -> TemplateColumn {
    let mut column = TemplateColumn::default();
    let mut push = |text: &str| {
        column.push(0, text.as_bytes(), &mut |_| {}).unwrap();
    };
    let letters = |number: usize| {
        (0..4).map(|at| char::from(b'a' + (number >> (4 * at)) as u8 % 16)).collect::<String>()
    };
    (0..fillers).for_each(|number| push(&format!("{} \"\"", letters(number))));
    texts.iter().for_each(|text| push(text));
    column
}

/// Asks a column for all ranks and for some of them.
fn check_column(check: Check<'_>, texts: &dyn TemplateTexts, expected: &[bool], some: &[Index]) {
    let count = expected.len() as u32;
    let passing_of = |ranks: Range<u32>, wanted: &RowSet| {
        let found = passing(check, texts, &ranks, wanted).unwrap();
        found.iter().map(|at| at + ranks.start).collect::<Vec<_>>()
    };
    let all: Vec<u32> = (0..count).filter(|rank| expected[*rank as usize]).collect();
    assert_eq!(passing_of(0..count, &RowSet::all(count)), all);
    assert_eq!(passing_count(check, texts).unwrap(), all.len() as u64);
    let start = some.first().map_or(0, |start| start.index(expected.len()) as u32);
    let behind: Vec<u32> = all.iter().copied().filter(|rank| *rank >= start).collect();
    assert_eq!(passing_of(start..count, &RowSet::all(count - start)), behind);
    let mut wanted = RowSet::none(count);
    some.iter().for_each(|rank| wanted.insert(rank.index(expected.len()) as u32));
    let mut found = passing_of(0..count, &wanted);
    assert!(found.iter().all(|rank| expected[*rank as usize]));
    found.retain(|rank| wanted.contains(*rank));
    assert_eq!(found, all.iter().copied().filter(|rank| wanted.contains(*rank)).collect::<Vec<_>>());
}

fn check(fillers: usize, texts: &[String], test: &Test, class: Class, some: &[Index]) {
    let column = column(fillers, texts);
    let mut blocks = Memory::default();
    let root = encode(&column, &(0..column.count()).collect::<Vec<_>>(), &mut blocks).unwrap();
    let directory = TemplateDirectory::read(&root, &blocks).unwrap();
    let reader = TemplateReader::new(&directory, &blocks);
    let head = ColumnHead { name: "message".into(), class };
    for name in ["message", "other"] {
        let plan = Plan::new(&Filter::is(FieldName::named(name), test.clone())).unwrap();
        let Node::Is(leaf) = &plan.root else { panic!("a condition is a leaf") };
        let check = Check { leaf, head: &head };
        let mut expected = Vec::new();
        let all: Vec<u32> = (0..column.count()).collect();
        TemplateTexts::render(&column, &all, &mut |_, text| expected.push(check.passes_text(text))).unwrap();
        check_column(check, &column, &expected, some);
        check_column(check, &reader, &expected, some);
    }
}

/// What is known of the templates that may have passing texts, the rest aside.
fn answers_to(test: Test, texts: &[&str]) -> Vec<Answer> {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let column = column(0, &texts);
    let mut blocks = Memory::default();
    let root = encode(&column, &(0..column.count()).collect::<Vec<_>>(), &mut blocks).unwrap();
    let directory = TemplateDirectory::read(&root, &blocks).unwrap();
    let reader = TemplateReader::new(&directory, &blocks);
    let plan = Plan::new(&Filter::is(FieldName::named("message"), test)).unwrap();
    let Node::Is(leaf) = &plan.root else { panic!("a condition is a leaf") };
    let head = ColumnHead { name: "message".into(), class: Class::Text };
    let answers = Question::new(Check { leaf, head: &head }, &reader).answers().unwrap();
    answers.into_iter().filter(|(number, _)| *number != REST).map(|(_, answer)| answer).collect()
}

#[test]
fn templates_tell_without_their_variables() {
    let text = |text: &str| Test::Text(text.into());
    let regex = |source: &str| Test::Regex(source.into());
    let texts = ["took 500 ms on web-11", "took 7 ms on web-12", "took 33 ms on web-15"];
    let check = |test: Test, expected: &[Answer]| assert_eq!(answers_to(test, &texts), expected);
    check(text("ms on web"), &[Answer::All]);
    check(text("ms on we"), &[]);
    check(text("took ms"), &[]);
    check(regex("took [0-9]+ ms"), &[Answer::All]);
    check(regex("took [0-9]{6} ms"), &[]);
    check(regex("[a-z] [A-Z]{3}[0-9]"), &[]);
    check(regex("^took .* web-[0-9]+$"), &[Answer::All]);
    let answers = answers_to(regex(r"took \d{3} ms"), &texts);
    let [Answer::Doubts(doubts)] = &answers[..] else { panic!("{answers:?}") };
    assert!(matches!(&doubts[..], [Doubt { pieces, is_last: false, .. }] if *pieces == (1..3)), "{doubts:?}");
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => select(vec!["4bf92f3577b34da6", "1234567"]).prop_map(str::to_owned),
        6 => select(vec!["read", "timeout", "GET", "of", "context deadline", "ABC", "k", "größe", "\u{212a}"])
            .prop_map(str::to_owned),
        3 => "[0-9]{1,5}",
        1 => "[0-9]{19,21}",
        1 => "0[0-9]{2,3}",
        2 => "[a-z]{1,3}[0-9]{1,3}[a-z]?",
        1 => "[0-9a-f]{16}",
        1 => "[A-F]{2}[0-9][0-9A-F]{5}",
        1 => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        1 => "[1-9]\\.[1-9]\\.[1-9]\\.[1-9]",
        1 => "ä[0-9]{1,2}",
        2 => "\"(read|timeout|of|7| ){0,4}\"",
    ]
}

/// Texts of few kinds, so that each has some.
fn texts() -> impl Strategy<Value = Vec<String>> {
    let separator = || select(vec![" ", " ", " ", "-", ".", ": ", "=", "\n", ""]);
    let kind = prop::collection::vec((prop::collection::vec(part(), 1..4), separator()), 1..6);
    let text = (any::<Index>(), prop::collection::vec(any::<Index>(), 6));
    (prop::collection::vec(kind, 1..4), prop::collection::vec(text, 1..40)).prop_map(|(kinds, texts)| {
        let write = |(kind, choices): &(Index, Vec<Index>)| {
            let parts = kind.get(&kinds).iter().zip(choices);
            parts.map(|((parts, separator), choice)| format!("{}{separator}", choice.get(parts))).collect()
        };
        texts.iter().map(write).collect()
    })
}

/// A part of a text.
fn cut(text: &str, from: Index, length: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let from = from.index(characters.len() + 1);
    characters[from..characters.len().min(from + length)].iter().collect()
}

fn test(piece: &str, form: usize) -> Test {
    let like = |source: String| Test::Like(Wildcard { source: source.into() });
    let escaped: String = piece
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '\u{80}'.. => character.to_string(),
            other => format!("\\x{{{:x}}}", u32::from(other)),
        })
        .collect();
    let classes: String = piece
        .chars()
        .map(|character| match character {
            '0'..='9' => "[0-9]".to_owned(),
            'a'..='z' => "[a-z]".to_owned(),
            'A'..='Z' => "[A-Z]".to_owned(),
            other => format!("\\x{{{:x}}}", u32::from(other)),
        })
        .collect();
    match form {
        0 | 1 => Test::Text(piece.into()),
        2 => like(format!("{}*", piece.replace(['*', '?', '\\'], ""))),
        3 => like(format!("*{}?*", piece.replace(['*', '?', '\\'], ""))),
        4 => Test::Regex(escaped.into()),
        5 => Test::Regex(format!("^{escaped}|{escaped}$").into()),
        6 => Test::Regex(format!("(?i){escaped}\\b").into()),
        7 => Test::Regex(classes.into()),
        8 => Test::Regex(format!("{classes}(?s:.{{0,3}})[0-9]+{classes}").into()),
        9 => Test::Regex(format!("(?m)^{classes}$|{escaped}\\d{{2}}").into()),
        10 => Test::Regex("[a-z] [A-Z]{3}[0-9]?".into()),
        _ => Test::Text(piece.split(' ').next().unwrap_or_default().into()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn texts_are_found_that_pass(
        fillers in select(vec![0usize, 0, 62, 70, 600]),
        texts in texts(),
        (of, from, length) in (any::<Index>(), any::<Index>(), 0..16usize),
        form in 0..12usize,
        class in select(vec![Class::Text, Class::Text, Class::Text, Class::EscapedText]),
        some in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let piece = cut(of.get::<String>(&texts), from, length);
        check(fillers, &texts, &test(&piece, form), class, &some);
    }
}
