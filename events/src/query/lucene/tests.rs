//! Tests of the syntax of Lucene: a text, and the tree as the printer writes it.

use proptest::prelude::*;

use super::*;
use crate::query::print;

const NOW: Timestamp = Timestamp::from_nanos(1_711_888_496_789_000_000);

fn read(text: &str) -> Parsed {
    parse_lucene(text, NOW, &QueryLimits::default())
}

fn check(text: &str, expected: &str) {
    let query = read(text).into_query().unwrap_or_else(|wrong| panic!("{text}: {wrong:#?}"));
    assert_eq!(print(&query.filter), expected, "{text}");
}

#[test]
fn terms_beside_each_other_are_alternatives_unless_signs_say_otherwise() {
    check("", "*");
    check("*", "*");
    check("a b", "a or b");
    check("+a b -c", "a and not c");
    check("+a +b", "a and b");
    check("a b -c", "(a or b) and not c");
    check("-a", "not a");
    check("NOT a", "not a");
    check("a !b", "a and not b");
    check("+(a b) +c", "(a or b) and c");
}

#[test]
fn and_binds_tighter_than_or() {
    check("a AND b OR c", "a and b or c");
    check("a && (b || c)", "a and (b or c)");
    check("a AND NOT b", "a and not b");
    check("a and b", "a or \"and\" or b");
}

#[test]
fn fields_have_values_groups_ranges_and_regexes() {
    check("level:warn AND service:(api web)", "level:warning and (service:api or service:web)");
    check("message:\"read timeout\"", "message:\"read timeout\"");
    check("http.*:500", "http.*:500");
    check("_exists_:user.id", "user.id:*");
    check("path:/a\\/[0-9]+/", "path:/a\\/[0-9]+/");
    check(r"user\:name:a\ b", "\"user:name\":\"a b\"");
    check("took:[1 TO 5} OR took:{* TO 5]", "took:[1 TO 5} or took<=5");
    check("took:>5 AND took:<=10", "took>5 and took<=10");
    check("took:[* TO *]", "took:*");
    check("ip:10.1.0.0/16", "ip:10.1.0.0/16");
    check("host:web-?.eu*", r"host:web\-?.eu*");
    check("@timestamp:[2026-03-01 TO 2026-03-01]", {
        "timestamp:[2026-03-01T00:00:00.000Z TO 2026-03-02T00:00:00.000Z}"
    });
}

#[test]
fn what_cannot_be_said_is_refused_with_its_place() {
    let wrong = |text: &str, code: &str, span: Span| {
        let found: Vec<_> = read(text).diagnostics.iter().map(|one| (one.code, one.span)).collect();
        assert_eq!(found, [(code, span)], "{text}");
    };
    wrong("a^2 b", "boost", Span::new(1, 3));
    wrong("(a b)^2.5", "boost", Span::new(5, 9));
    wrong("roam~", "fuzzy", Span::new(4, 5));
    wrong("\"a b\"~3 c", "fuzzy", Span::new(5, 7));
    wrong("a AND", "missing_term", Span::at(5));
    wrong("a:", "missing_value", Span::at(2));
    wrong("(a", "unclosed_group", Span::new(0, 1));
    wrong("a)", "unexpected_sign", Span::new(1, 2));
    wrong("a:[1 5]", "bad_range", Span::new(2, 5));
    wrong("()", "empty_group", Span::new(0, 2));
    wrong("a | b", "unexpected_sign", Span::new(2, 3));
    wrong(r"a\q", "bad_escape", Span::new(1, 3));
    wrong(&"(".repeat(1_000), "too_deep", Span::new(32, 33));
    wrong(&"a ".repeat(2_000), "too_many_clauses", Span::new(2_000, 2_001));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_text_is_read_to_its_end(text in r#"(a|b:|AND |OR |NOT |[a-cé :=<>!&|,/\\"*?()\[\]{}+\-^~]|\PC){0,40}"#) {
        for diagnostic in read(&text).diagnostics {
            prop_assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some());
        }
    }
}
