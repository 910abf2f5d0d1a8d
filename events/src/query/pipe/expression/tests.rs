//! Tests of expressions: values, what is read and printed.

use proptest::prelude::*;

use super::function::FUNCTIONS;
use super::*;
use crate::query::diagnose::{Diagnostic, Diagnostics};
use crate::query::lexer::{Lexer, Mode, TokenKind};
use crate::query::pipe::parse::Reader;

fn read(text: &str) -> (Option<Expression>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new(10);
    let mut reader = Reader { lexer: Lexer::new(text), diagnostics: &mut diagnostics };
    let expression = parse::expression(&mut reader).ok();
    let is_all = reader.lexer.peek(Mode::Expression).kind == TokenKind::End;
    (expression.filter(|_| is_all), diagnostics.into_sorted())
}

fn parsed(text: &str) -> Expression {
    let (expression, complaints) = read(text);
    assert_eq!(complaints, [], "{text}");
    expression.unwrap_or_else(|| panic!("{text} is not read whole"))
}

/// The value with `a` = 6, `b` = 4, `name` = "Eve", `level` = error, `start` and `end` two seconds apart.
fn value(text: &str) -> String {
    let row = [
        ("a", Cell::count(6)),
        ("b", Cell::text("4")),
        ("name", Cell::text("Eve")),
        ("level", Cell::Level(Level::Error)),
        ("start", Cell::Time(Timestamp::from_nanos(1_000_000_000))),
        ("end", Cell::Time(Timestamp::from_nanos(3_000_000_000))),
        ("none", Cell::Missing),
    ];
    let slot =
        |field: &FieldName| row.iter().position(|(name, _)| FieldName::named(name) == *field).ok_or(());
    let compiled = parsed(text).with_fields(&mut { slot }).unwrap();
    let cells: Vec<Cell> = row.iter().map(|(_, cell)| cell.clone()).collect();
    match compiled.evaluate(&cells) {
        Cell::Missing => "missing".to_owned(),
        cell => cell.to_string(),
    }
}

#[test]
fn every_function_does_what_its_example_says() {
    for entry in FUNCTIONS {
        let (expression, expected) = entry.example;
        assert_eq!(value(expression), expected, "{expression}");
        assert!(expression.contains(&format!("{}(", entry.name)), "{}", entry.name);
        assert_eq!(entry.function.name(), entry.name);
    }
}

#[test]
fn operators_bind_as_in_arithmetic() {
    let check = |text: &str, expected: &str| assert_eq!(value(text), expected, "{text}");
    check("a * 2 + b", "16");
    check("2 + a * b", "26");
    check("a - b - 1", "1");
    check("(a - b) * -2", "-4");
    check("a / b", "1.5");
    check("a % b", "2");
    check("0.1 + 0.2", "0.3");
    check("-a + 10", "4");
    check("a > b and not b > a", "true");
    check("a > 5 or none > 5", "true");
    check("a = 6", "true");
    check("a != 6", "false");
    check("a<=6 && b>=5", "false");
}

#[test]
fn types_meet_where_that_has_a_sense() {
    let check = |text: &str, expected: &str| assert_eq!(value(text), expected, "{text}");
    check(r#""user " + name"#, "user Eve");
    check(r#"a + " apples""#, "6 apples");
    check(r#"name == "eve""#, "true");
    check(r#"level >= "warning""#, "true");
    check(r#"level == "err""#, "true");
    check("end - start", "2000");
    check("end - start >= 2s", "true");
    check("start + 2s == end", "true");
    check(r#"start < "1970-01-01T00:00:02Z""#, "true");
    check("name * 2", "missing");
    check("a / 0", "missing");
    check("none + 1", "missing");
    check("none == none", "false");
    check("none != 1", "true");
    check("name > 1", "false");
    check("if(a > 5, none, 1)", "missing");
    check("if(a > 7, 1)", "missing");
    check("true == \"TRUE\"", "true");
}

#[test]
fn functions_bear_with_whatever_they_are_given() {
    let check = |text: &str, expected: &str| assert_eq!(value(text), expected, "{text}");
    check("upper(none)", "missing");
    check("len(a)", "1");
    check("round(name)", "missing");
    check("round(2.5, -1)", "missing");
    check("round(2.5, 1e9)", "2.5");
    check("substr(name, 5)", "");
    check("substr(name, -2, 1)", "v");
    check("substr(name, 1, -5)", "");
    check("substr(name, name)", "missing");
    check(r#"replace(name, "", "x")"#, "Eve");
    check("bin(a, 0)", "missing");
    check("contains(name, none)", "false");
    check(r#"ms("soon")"#, "missing");
    check("min(none)", "missing");
}

#[test]
fn texts_do_not_grow_without_end() {
    let mut text = "name".to_owned();
    for _ in 0..7 {
        text = format!(r#"replace({text}, "e", "{}")"#, "e".repeat(20));
    }
    let length: usize = value(&format!("len({text})")).parse().unwrap();
    assert!(length > 60_000 && length <= 64 << 10, "{length}");
}

#[test]
fn mistakes_are_told_where_they_are() {
    let check = |text: &str, code: &str, at: &str| {
        let (_, complaints) = read(text);
        let first = complaints.first().unwrap_or_else(|| panic!("{text} has no complaint"));
        assert_eq!((first.code, first.span.of(text)), (code, at), "{text}");
    };
    check("a +", "unexpected", "");
    check("a + * b", "unexpected", "*");
    check("(a", "unexpected", "");
    check("lowr(a)", "unknown_function", "lowr");
    check("lower()", "wrong_arguments", "lower");
    check("if(a)", "wrong_arguments", "if");
    check("1 < a < 3", "unexpected", "<");
    check("12x", "bad_number", "12x");
    check("and", "unexpected", "and");
    check(r#""open"#, "unclosed_quote", r#""open"#);
    assert_eq!(read("lowr(a)").1[0].suggestion.as_deref(), Some("lower"));
}

#[test]
fn deep_and_long_expressions_are_refused() {
    for text in [
        "(".repeat(100_000),
        "-".repeat(100_000),
        "not ".repeat(100_000),
        "1+".repeat(100_000),
        "len(".repeat(100_000),
    ] {
        let (expression, complaints) = read(&text);
        assert_eq!((expression, complaints[0].code), (None, "expression_too_large"), "{}", &text[..5]);
    }
}

pub(in crate::query::pipe) fn names() -> impl Strategy<Value = FieldName> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "http.status",
            "level",
            "by",
            "not",
            "user-id",
            "5xx",
            "größe",
            "a b",
            "\"`\\",
            "null"
        ])
        .prop_map(FieldName::named),
        "[a-z]{1,3}".prop_map(|name| FieldName::named(&name)),
        "\\PC{1,4}".prop_map(|name| FieldName::named(&name)),
    ]
}

pub(in crate::query::pipe) fn expressions() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        names().prop_map(Expression::Field),
        (any::<i32>(), 0u8..5).prop_map(|(mantissa, scale)| {
            Expression::Literal(Cell::Number(Number::decimal(i64::from(mantissa), scale)))
        }),
        any::<f64>()
            .prop_filter_map("finite", Number::of)
            .prop_map(|number| Expression::Literal(Cell::Number(number))),
        any::<bool>().prop_map(|value| Expression::Literal(Cell::Bool(value))),
        Just(Expression::Literal(Cell::Missing)),
        any::<String>().prop_map(|text| Expression::Literal(Cell::text(&text))),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            (prop::sample::select(Operator::ALL.to_vec()), inner.clone(), inner.clone()).prop_map(
                |(operator, left, right)| Expression::Binary(operator, Box::new(left), Box::new(right))
            ),
            inner.clone().prop_map(|inner| Expression::Not(Box::new(inner))),
            inner.clone().prop_map(|inner| Expression::Negative(Box::new(inner))),
            (prop::sample::select(FUNCTIONS), prop::collection::vec(inner, 3)).prop_map(
                |(entry, mut arguments)| {
                    arguments.truncate(entry.count.1);
                    Expression::Call(entry.function, arguments)
                }
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn what_is_printed_reads_as_the_same(expression in expressions()) {
        let printed = expression.to_string();
        prop_assert_eq!(read(&printed), (Some(expression), vec![]), "{}", printed);
    }

    #[test]
    fn every_expression_has_a_value(expression in expressions(), number in any::<i64>(), text in ".{0,5}") {
        let row = [Cell::Number(Number::integer(number)), Cell::text(&text), Cell::Time(Timestamp::from_nanos(number))];
        let slot = |field: &FieldName| -> Result<usize, ()> { Ok(crate::query::pipe::name_of(field).len() % 3) };
        let _value = expression.with_fields(&mut { slot }).unwrap().evaluate(&row);
    }
}
