//! The questions and their answers: that they ask for something, that wrong answers are found out.
//!
//! Invariant: the corpus of a test is so small that its answers can be counted by hand, or is generated
//! and only asked for what its generator promises. No engine runs here.

use std::collections::BTreeMap;

use super::*;
use crate::corpus::Corpus;

fn asked(corpus: Vec<u8>) -> BTreeMap<&'static str, Question> {
    let questions = questions(&corpus.into()).unwrap();
    let count = questions.len();
    let by_name: BTreeMap<_, _> = questions.into_iter().map(|question| (question.name, question)).collect();
    assert_eq!(by_name.len(), count);
    by_name
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// Two minutes of lines.
const LINES: &str = r#"
{"time":"2026-03-01T08:00:01Z","level":"error","service":"checkout","message":"payment failed: context deadline exceeded (x)","trace_id":"aa","request_id":"r1"}
{"time":"2026-03-01T08:00:02Z","level":"error","service":"checkout","message":"unfailed: Context-Deadline EXCEEDED","trace_id":"bb","request_id":"r2"}
{"time":"2026-03-01T08:01:03Z","level":"info","service":"search","message":"returned 503 after 1234 ms, returned 503 after 99 ms","http":{"duration_ms":1.5},"request_id":"r1"}
{"time":"2026-03-01T08:01:03Z","level":"info","service":"search","message":"returned 503 after 999 ms in AMS1","http":{"duration_ms":7.5}}
{"time":"2026-03-01T08:01:04Z","service":"checkout","message":"context deadlines exceeded","host":"h","http":{"duration_ms":null},"request_id":null}
"#;

#[test]
fn small_answers_are_those_counted_by_hand() {
    let questions = asked(LINES.trim_start().as_bytes().to_vec());
    let check = |name: &str, answer: &[&[&str]]| {
        let answer: Answer = answer.iter().map(|cells| row(cells)).collect();
        assert_eq!(questions[name].expected.check(&answer), Ok(()), "{name}");
        assert_eq!(questions[name].expected.row_count(), answer.rows.len(), "{name}");
    };
    let first = ["1772352001000000000", "payment failed: context deadline exceeded (x)"];
    let second = ["1772352002000000000", "unfailed: Context-Deadline EXCEEDED"];
    let fifth = ["1772352064000000000", "context deadlines exceeded"];
    check("needle", &[&first]);
    check("absent", &[]);
    check("phrase_rows", &[&second, &first]);
    check("phrase_count", &[&["2"]]);
    check("service_last", &[&first, &fifth, &second]);
    check("three_terms_last", &[&first]);
    check("regex_literal", &[&["1"]]);
    check("regex_bare", &[&["1"]]);
    check(
        "histogram",
        &[&["1772352000", "error", "2"], &["1772352060", "info", "2"], &["1772352060", "", "1"]],
    );
    check("top_services", &[&["checkout", "3"], &["search", "2"]]);
    check("top_hosts", &[&["h", "1"]]);
    check("p95_by_service", &[&["search", "7.2"]]);
    check("distinct_ids", &[&["2"]]);
    assert_eq!(questions["needle"].text, "trace_id:aa");
}

#[test]
fn every_question_finds_something_in_the_mixed_corpus() {
    let questions = asked(Corpus::new(1).write_bytes(12_000_000));
    for (name, question) in &questions {
        let empty = *name == "absent";
        let zero = Expected::Table(vec![row(&["0"])]);
        assert_eq!(question.expected.row_count() == 0, empty, "{name}");
        assert!(question.expected != zero, "{name}");
        assert_eq!(question.lines.is_some(), matches!(question.expected, Expected::Lines { .. }), "{name}");
    }
    assert!((8..=12).contains(&questions["needle"].expected.row_count()));
    for name in ["phrase_rows", "service_last"] {
        assert_eq!(questions[name].expected.row_count(), SCREEN_LINES, "{name}");
    }
}

#[test]
fn a_corpus_without_ids_is_refused() {
    let error = questions(&Bytes::from_static(b"plain\n")).unwrap_err().to_string();
    assert!(error.ends_with("no line has a trace_id"), "{error}");
}

#[test]
fn wrong_lines_are_found_out() {
    let found = |nanos: i64, message: &str| (nanos, row(&[&nanos.to_string(), message]));
    let all = vec![found(1, "a"), found(2, "b"), found(2, "c"), found(3, "d"), found(3, "d")];
    let check = |newest, answer: &[[&str; 2]], verdict: Result<(), &str>| {
        let answer: Answer = answer.iter().map(|cells| row(cells)).collect();
        let checked = Expected::lines(all.clone(), 3, newest).check(&answer);
        assert_eq!(checked, verdict.map_err(str::to_owned), "{answer:?}");
    };
    check(true, &[["3", "d"], ["3", "d"], ["2", "b"]], Ok(()));
    check(true, &[["2", "c"], ["3", "d"], ["3", "d"]], Ok(()));
    check(true, &[["1", "a"], ["3", "d"], ["3", "d"]], Err("the lines match but are not the newest"));
    check(false, &[["1", "a"], ["3", "d"], ["3", "d"]], Ok(()));
    check(true, &[["3", "d"], ["3", "d"]], Err("2 rows and not 3"));
    let foreign = "the line [\"2\", \"x\"] does not match, or not so often";
    check(false, &[["3", "d"], ["2", "x"], ["3", "d"]], Err(foreign));
    let doubled = "the line [\"2\", \"b\"] does not match, or not so often";
    check(false, &[["2", "b"], ["2", "b"], ["3", "d"]], Err(doubled));
}

#[test]
fn wrong_tables_are_found_out() {
    let check = |expected: &Expected, answer: &[[&str; 2]], verdict: Result<(), &str>| {
        let answer: Answer = answer.iter().map(|cells| row(cells)).collect();
        assert_eq!(expected.check(&answer), verdict.map_err(str::to_owned), "{answer:?}");
    };
    let table = Expected::Table(vec![row(&["a", "1"]), row(&["b", "2"])]);
    check(&table, &[["b", "2"], ["a", "1"]], Ok(()));
    check(&table, &[["b", "3"], ["a", "1"]], Err("the row [\"b\", \"3\"] and not [\"b\", \"2\"]"));
    let counts = [("a", 5), ("b", 3), ("c", 3), ("d", 1)].map(|(name, count)| (name.to_owned(), count));
    let top = Expected::Top { counts: counts.into(), wanted: 2 };
    check(&top, &[["a", "5"], ["c", "3"]], Ok(()));
    check(&top, &[["c", "3"], ["b", "3"]], Err("the counts are right but not the largest"));
    check(&top, &[["a", "5"], ["a", "5"]], Err("the counts are right but not the largest"));
    check(&top, &[["a", "5"], ["b", "2"]], Err("2 of \"b\" and not 3"));
    let between = Expected::Between([(row(&["a"]), (1.0, 2.0)), (row(&["b"]), (3.0, 3.0))].into());
    check(&between, &[["b", "3"], ["a", "1.5"]], Ok(()));
    check(&between, &[["b", "3"], ["b", "3"]], Err("a group comes twice"));
    check(&between, &[["b", "3"], ["a", "nan"]], Err("nan for [\"a\"], which is not from 1 to 2"));
    check(&between, &[["b", "3"], ["c", "1"]], Err("the group [\"c\"]"));
    let distinct = Expected::Distinct([(row(&["a"]), 1_000)].into());
    check(&distinct, &[["a", "1000"]], Ok(()));
    let off = Err("1001 for [\"a\"], which is not from 1000 to 1000");
    check(&distinct, &[["a", "1001"]], off);
    let estimate = |count: &str| Answer { rows: vec![row(&["a", count])], is_estimate: true };
    assert_eq!(distinct.check(&estimate("1024")), Ok(()));
    assert!(distinct.check(&estimate("1025")).is_err() && distinct.check(&estimate("975")).is_err());
}
