//! What values pass which tests, by the kind of field; and what passing texts must contain.
//!
//! Invariant: each case is a sentence of the page of the tree. It does not repeat the tests of the parts.

use proptest::prelude::*;

use super::super::text::tokens;
use super::*;
use crate::query::tree::Wildcard;

fn text(text: &str) -> Test {
    Test::Text(text.into())
}

fn like(source: &str) -> Test {
    Test::Like(Wildcard { source: source.into() })
}

fn compiled(test: &Test, kind: FieldKind) -> ValueTest {
    ValueTest::new(test, kind).unwrap()
}

/// Whether a message and another field pass.
fn check(test: &Test, value: &str, message: bool, other: bool) {
    for (kind, expected) in
        [(FieldKind::Message, message), (FieldKind::Any, message), (FieldKind::Other, other)]
    {
        assert_eq!(
            compiled(test, kind).matches_text(value.as_bytes()),
            expected,
            "{test:?} {value:?} {kind:?}"
        );
    }
}

#[test]
fn a_text_is_the_value_or_stands_in_it_as_words() {
    check(&text("api"), "API", true, true);
    check(&text("api"), "api-gateway", true, false);
    check(&text("timeout"), "read Timeout", true, true);
    check(&text("timeout"), "read timeouts", false, false);
    check(&text("read timeout"), "a read timeout", true, true);
    check(&text("read timeout"), "read-timeout", false, false);
    check(&text("größe"), "GRÖẞE", true, true);
    check(&text(""), "", true, true);
    check(&text(""), "x y", false, false);
}

#[test]
fn a_wildcard_is_for_the_value_and_in_messages_for_its_parts() {
    check(&like("time*"), "timeout", true, true);
    check(&like("time*"), "a timeout", true, false);
    check(&like("/api/*"), "GET /api/v1 200", true, false);
    check(&like("a b*"), "x a b", false, false);
    check(&like("*b"), "x a.b", true, true);
    check(&like("*"), "", true, true);
}

#[test]
fn an_expression_is_found_anywhere_with_case() {
    check(&Test::Regex("t.me".into()), "a time", true, true);
    check(&Test::Regex("t.me".into()), "a TIME", false, false);
    check(&Test::Regex("(?i)t.me".into()), "a TIME", true, true);
    check(&Test::Exists, "", true, true);
}

#[test]
fn numbers_are_compared_as_numbers() {
    let check = |test: &Test, number: &str, expected: bool| {
        let test = compiled(test, FieldKind::Any);
        assert_eq!(
            test.matches_number(number.as_bytes(), NumberUnits::DEFAULT),
            expected,
            "{test:?} {number}"
        );
    };
    check(&text("500"), "5e2", true);
    check(&text("500.0"), "500", true);
    check(&text("5"), "1.5", false);
    check(&text("9007199254740993"), "9007199254740992", false);
    check(&text("abc"), "5", false);
    check(&like("5*"), "500", true);
    check(&like("6*"), "500", false);
    check(&Test::Regex("^5..$".into()), "500", true);
    check(&Test::Exists, "0", true);
    let test = compiled(&text("-1.5"), FieldKind::Other);
    assert!(
        test.matches_decimal(-15, 1, NumberUnits::DEFAULT)
            && test.matches_decimal(-150, 2, NumberUnits::DEFAULT)
    );
    assert!(compiled(&text("TRUE"), FieldKind::Other).matches_literal(true));
    assert!(!compiled(&text("true"), FieldKind::Other).matches_literal(false));
}

#[test]
fn tokens_are_those_of_every_passing_value() {
    let check = |test: &Test, expected: &[&str]| {
        let expected: Vec<u64> = expected.iter().map(|token| token_hash(token.as_bytes())).collect();
        assert_eq!(compiled(test, FieldKind::Any).required_tokens(), expected, "{test:?}");
    };
    check(&text("Read-Timeout 5s"), &["read", "timeout"]);
    check(&text("1234567890123456789"), &["1234567890123456789"]);
    check(&text("12345.5"), &["12345"]);
    check(&text("12.5"), &[]);
    check(&text("007"), &[]);
    check(&text("-7"), &[]);
    check(&like("abc-12*"), &["abc"]);
    check(&Test::Regex("id=abcd1 x".into()), &["abcd1"]);
    check(&Test::Exists, &[]);
}

#[test]
fn no_test_is_quadratic() {
    let (piece, value) = ("a".repeat(65_000) + "b", "a".repeat(1 << 20));
    for test in [text(&piece), like(&format!("*{}b*", "a".repeat(500))), Test::Regex(piece[64_000..].into())]
    {
        for kind in [FieldKind::Any, FieldKind::Other] {
            let test = compiled(&test, kind);
            assert!(!test.matches_text(value.as_bytes()));
            assert!(test.allows_json(piece.as_bytes()));
        }
    }
}

fn any_test() -> impl Strategy<Value = Test> {
    let words = "([aB1k]|é|\u{212a}|[ -]){0,4}";
    prop_oneof![
        words.prop_map(|source| text(&source)),
        "([aB1k]|é|[ *?-]){0,6}".prop_map(|source| like(&source)),
        prop::collection::vec(
            prop::sample::select(vec![
                "a", "B1", "k-", "(?i:k)", "(?i:é)", ".", "a+", "[aB]", "^", "$", " ", "(1|a)", "x?"
            ]),
            0..5
        )
        .prop_map(|parts| Test::Regex(parts.concat().into())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_passing_text_has_the_tokens_and_the_pieces(
        test in any_test(), value in "([aAbB1kK]|é|É|\u{212a}|[ -]){0,7}", other: bool
    ) {
        let test = compiled(&test, if other { FieldKind::Other } else { FieldKind::Any });
        if test.matches_text(value.as_bytes()) {
            let found: Vec<u64> = tokens(value.as_bytes()).map(token_hash).collect();
            prop_assert!(test.required_tokens().iter().all(|token| found.contains(token)), "{:?}", test);
            let folded = crate::query::text::fold(&value);
            let mut rest = folded.as_str();
            for piece in test.pieces() {
                let at = rest.find(&*piece.text);
                prop_assert!(at.is_some(), "{:?} {}", test, value);
                rest = &rest[at.unwrap() + piece.text.len()..];
            }
            let json = serde_json::to_string(&value).unwrap();
            prop_assert!(test.allows_json(json.as_bytes()), "{:?}", test);
        }
        for place in test.places(&value, 99) {
            prop_assert!(value.get(place.clone()).is_some_and(|part| !part.is_empty() || value.is_empty()), "{:?} {:?}", test, place);
        }
    }
}
