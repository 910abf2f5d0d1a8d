//! The matcher: cases of the page of the tree, the comparison with the reference, bad filters, highlights.
//!
//! Invariant: each case names a line, a filter and the answer. It does not measure speed.

use std::ops::Bound;

use proptest::prelude::*;

use super::*;
use crate::clock::Timestamp;
use crate::line::{Level, Role};
use crate::query::generate::{self, ARRIVAL};
use crate::query::reference;
use crate::query::tree::{FieldName, Scalar, Test, Wildcard};

fn text(field: &str, text: &str) -> Filter {
    Filter::is(field_of(field), Test::Text(text.into()))
}

fn field_of(name: &str) -> FieldName {
    match name {
        "" => FieldName::Any,
        _ if name.contains('*') => FieldName::Like(Wildcard { source: name.into() }),
        _ => FieldName::named(name),
    }
}

fn at_least(field: &str, limit: Scalar) -> Filter {
    Filter::is(field_of(field), Test::Range(Bound::Included(limit), Bound::Unbounded))
}

fn service_default() -> LineDefaults {
    LineDefaults {
        service: Some("Api".to_owned()),
        level: Some("err".to_owned()),
        tags: vec!["red".to_owned()],
        ..LineDefaults::default()
    }
}

fn answer(line: &str, filter: &Filter, defaults: &LineDefaults) -> bool {
    let batch = generate::batch(&[line.as_bytes().to_vec()]);
    let line = batch.line(0).unwrap();
    let found = Matcher::new(filter).unwrap().for_batch(&batch, defaults).matches(line);
    assert_eq!(found, reference::matches(filter, line, defaults), "the reference for {filter:?}");
    found
}

fn check(line: &str, filter: &Filter, expected: bool) {
    assert_eq!(answer(line, filter, &LineDefaults::default()), expected, "{line} {filter:?}");
}

#[test]
fn some_value_of_the_field_passes() {
    check(r#"{"a":["x","y"]}"#, &text("a", "y"), true);
    check(r#"{"a":"x","a":"y"}"#, &text("a", "x"), true);
    check(r#"{"a":{"b":1}}"#, &text("a.b", "1"), true);
    check(r#"{"a":{"b":1}}"#, &text("a*", "1"), true);
    check(r#"{"A":1}"#, &text("a", "1"), false);
    check(r#"{"a":null,"b":[],"c":{}}"#, &Filter::is(FieldName::Any, Test::Exists), false);
    check("{}", &text("a", "x").negated(), true);
    check("{}", &Filter::nothing(), false);
    check("{}", &Filter::All, true);
}

#[test]
fn a_role_is_the_value_that_fills_it() {
    check(r#"{"msg":"a timeout"}"#, &text("message", "timeout"), true);
    check(r#"{"msg":"a timeout","message":"b"}"#, &text("message", "timeout"), false);
    check(r#"{"severity":"WARN"}"#, &at_least("level", Scalar::Level(Level::Warning)), true);
    check(r#"{"severity":"info"}"#, &at_least("level", Scalar::Level(Level::Warning)), false);
    check(r#"{"level":"banana"}"#, &at_least("level", Scalar::Level(Level::Trace)), false);
    check("plain timeout\n", &text("message", "timeout"), true);
    check("{}", &Filter::is(FieldName::Role(Role::Time), Test::Exists), true);
    check("{}", &at_least("timestamp", Scalar::Time(ARRIVAL)), true);
    check(r#"{"ts":"2020-01-01T00:00:00Z"}"#, &at_least("timestamp", Scalar::Time(ARRIVAL)), false);
    check("{}", &text("timestamp", "2026-03-01T12:00:00.000Z"), true);
    let late = Filter::is(
        FieldName::Role(Role::Time),
        Test::Range(Bound::Excluded(Scalar::Time(Timestamp::from_nanos(i64::MAX))), Bound::Unbounded),
    );
    check("{}", &late, false);
}

#[test]
fn defaults_are_values_where_the_line_is_silent() {
    let check = |line: &str, filter: &Filter, expected: bool| {
        assert_eq!(answer(line, filter, &service_default()), expected, "{line} {filter:?}");
    };
    check("{}", &text("service", "api"), true);
    check("{}", &text("serv*", "api"), true);
    check("{}", &text("", "api"), true);
    check(r#"{"app":"web"}"#, &text("service", "api"), false);
    check(r#"{"app":"web"}"#, &text("", "api"), false);
    check(r#"{"app":null}"#, &text("service", "api"), true);
    check("{}", &at_least("level", Scalar::Level(Level::Error)), true);
    check(r#"{"level":"banana"}"#, &at_least("level", Scalar::Level(Level::Error)), true);
    check(r#"{"tags":"blue"}"#, &text("tags", "red"), true);
    check(r#"{"tags":"blue"}"#, &text("tags", "blue"), true);
    check("{}", &text("", "red"), true);
}

#[test]
fn escapes_hide_nothing() {
    check(r#"{"a":"read \u0074imeout"}"#, &text("", "timeout"), true);
    check(r#"{"a":"read\ntimeout"}"#, &text("", "timeout"), true);
    check(r#"{"a":"read\ntimeout"}"#, &text("", "ntimeout"), false);
    check(r#"{"a":"\/x\"y"}"#, &text("a", "/x\"y"), true);
    check(r#"{"timeout":"x"}"#, &text("", "timeout"), false);
    check(r#"{"a":500.0}"#, &text("", "5e2"), true);
}

#[test]
fn numbers_have_the_unit_of_their_name() {
    let slow = |field: &str| at_least(field, Scalar::Duration(1_000_000_000));
    check(r#"{"took_ms":1000}"#, &slow("took_ms"), true);
    check(r#"{"took_us":1000}"#, &slow("took_us"), false);
    check(r#"{"took_s":1}"#, &slow(""), true);
    check(r#"{"took_s":1}"#, &slow("took*"), true);
    check(r#"{"took":"1s"}"#, &slow("took"), true);
    check(r#"{"took":999}"#, &slow("took"), false);
}

#[test]
fn a_filter_that_is_too_large_is_refused() {
    let refused = |filter: &Filter| Matcher::new(filter).unwrap_err().to_string();
    let deep = (0..100).fold(text("", "a"), |inner, _| Filter::Not(Box::new(inner)));
    assert_eq!(refused(&deep), "the filter is nested deeper than 64 levels");
    let many = Filter::Or(vec![text("", "a"); 10_001]);
    assert_eq!(refused(&many), "the filter has more than 10000 conditions");
    let expression = Filter::is(FieldName::Any, Test::Regex("a".into()));
    assert_eq!(
        refused(&Filter::Or(vec![expression; 33])),
        "the filter has more than 32 regular expressions; join them with |"
    );
    let unreadable = Filter::is(FieldName::Any, Test::Regex("a(".into()));
    assert_eq!(refused(&unreadable), "the regular expression \"a(\" cannot be read");
}

#[test]
fn cheap_conditions_are_asked_first() {
    let filter = Filter::all_of([
        Filter::is(FieldName::Any, Test::Regex(".".into())),
        text("", "timeout"),
        Filter::any_of([text("a", "x"), text("service", "api")]),
        at_least("level", Scalar::Level(Level::Error)),
    ]);
    let matcher = Matcher::new(&filter).unwrap();
    let Node::And(parts) = &matcher.root else { panic!("{:?}", matcher.root) };
    assert!(matches!(parts[0], Node::Is(4)), "{parts:?}");
    assert!(matches!(&parts[1], Node::Or(parts) if matches!(parts[0], Node::Is(3))), "{parts:?}");
    assert!(matches!(parts[2..], [Node::Is(1), Node::Is(0)]), "{parts:?}");
}

#[test]
fn highlights_say_where_a_line_passed() {
    let check = |line: &str, filter: &Filter, expected: &[(&str, &[&str])]| {
        let batch = generate::batch(&[line.as_bytes().to_vec()]);
        let (matcher, line) = (Matcher::new(filter).unwrap(), batch.line(0).unwrap());
        let highlights = matcher.for_batch(&batch, &LineDefaults::default()).highlights(line);
        let fields: Vec<_> = line.fields().collect();
        let shown: Vec<(&str, Vec<String>)> = highlights
            .iter()
            .map(|found| {
                assert_eq!(fields[found.field].name_text, found.name);
                let text = fields[found.field].value.text();
                (found.name, found.places.iter().map(|place| text[place.clone()].to_owned()).collect())
            })
            .collect();
        let shown: Vec<(&str, Vec<&str>)> =
            shown.iter().map(|(name, parts)| (*name, parts.iter().map(String::as_str).collect())).collect();
        let expected: Vec<_> = expected.iter().map(|(name, parts)| (*name, parts.to_vec())).collect();
        assert_eq!(shown, expected, "{filter:?}");
    };
    let line = r#"{"level":"error","msg":"Read \u0074imeout of GRÖẞE, timeouts","service":"api","n":500,"a":"api x"}"#;
    check(line, &text("", "timeout"), &[("msg", &["timeout"])]);
    check(line, &text("", "größe"), &[("msg", &["GRÖẞE"])]);
    check(line, &text("", "api"), &[("service", &["api"]), ("a", &["api"])]);
    check(line, &text("service", "api"), &[("service", &["api"])]);
    check(line, &text("", "500"), &[("n", &["500"])]);
    check(line, &text("", "timeout").negated(), &[]);
    let wildcard =
        Filter::is(FieldName::Role(Role::Message), Test::Like(Wildcard { source: "time*".into() }));
    let expression = Filter::is(FieldName::Any, Test::Regex("o[fu]t?".into()));
    check(line, &wildcard, &[("msg", &["timeout", "timeouts"])]);
    check(line, &expression, &[("msg", &["out", "of", "out"])]);
    check(line, &Filter::all_of([wildcard, expression]), &[("msg", &["timeout", "of", "timeouts"])]);
    check(line, &Filter::is(FieldName::Any, Test::Exists), &[]);
}

const CASES: u32 = 20_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn both_matchers_agree(
        lines in generate::lines(3), defaults in generate::defaults(), filter in generate::filter()
    ) {
        let batch = generate::batch(&lines);
        prop_assert_eq!(batch.len(), lines.len());
        let matcher = Matcher::new(&filter).unwrap();
        let bound = matcher.for_batch(&batch, &defaults);
        for line in batch.lines() {
            let expected = reference::matches(&filter, line, &defaults);
            prop_assert_eq!(bound.matches(line), expected, "{}", String::from_utf8_lossy(line.raw()));
            for highlight in bound.highlights(line) {
                let field = line.fields().nth(highlight.field).unwrap();
                let text = field.value.text();
                prop_assert!(highlight.places.iter().all(|place| text.get(place.clone()).is_some()));
                prop_assert!(highlight.places.windows(2).all(|two| two[0].end < two[1].start));
            }
        }
    }
}

#[test]
fn generated_conditions_of_every_kind_pass_and_fail() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let condition = (generate::field(), generate::test());
    let drawn = (generate::lines(3), generate::defaults(), condition);
    let mut counts = [[0u32; 2]; 6];
    for _ in 0..6_000 {
        let (lines, defaults, (field, test)) = drawn.new_tree(&mut runner).unwrap().current();
        let kind = match test {
            Test::Exists => 0,
            Test::Text(_) => 1,
            Test::Like(_) => 2,
            Test::Regex(_) => 3,
            Test::Range(..) => 4,
            Test::Network(_) => 5,
        };
        let batch = generate::batch(&lines);
        let matcher = Matcher::new(&Filter::is(field, test)).unwrap();
        let bound = matcher.for_batch(&batch, &defaults);
        for line in batch.lines() {
            counts[kind][usize::from(bound.matches(line))] += 1;
        }
    }
    assert!(counts.iter().flatten().all(|count| *count > 10), "{counts:?}");
}
