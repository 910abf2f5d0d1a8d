//! Tests of the parser: what is refused, where, and with which way out; and that any text is read to its end.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::query::{Severity, print};

const NOW: Timestamp = Timestamp::from_nanos(1_711_888_496_789_000_000);

fn read(text: &str) -> Parsed {
    parse(text, NOW, &QueryLimits::default())
}

/// Each diagnostic as `code at "part of the text" -> suggestion`, errors with a `!`.
fn told(text: &str) -> Vec<String> {
    let tell = |one: &Diagnostic| {
        let mark = if one.severity == Severity::Error { "!" } else { "" };
        let suggestion = one.suggestion.as_ref().map(|way_out| format!(" -> {way_out}")).unwrap_or_default();
        format!("{}{mark} at {:?}{suggestion}", one.code, one.span.of(text))
    };
    read(text).diagnostics.iter().map(tell).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(told(text), expected, "{text}");
}

#[test]
fn an_equals_sign_is_told_the_way_to_write_it() {
    check("level=error", &[r#"equals_sign! at "level=error" -> level:error"#]);
    check("a == \"x y\" b", &[r#"equals_sign! at "a == \"x y\"" -> a:"x y""#]);
    check("level != error", &[r#"equals_sign! at "level != error" -> not level:error"#]);
}

#[test]
fn groups_are_closed_and_not_empty() {
    check("(a or b", &[r#"unclosed_group! at "(""#]);
    check("((a) and (b", &[r#"unclosed_group! at "(""#]);
    check("a) b", &[r#"unopened_group! at ")" -> "#]);
    check("a } b", &[r#"unopened_group! at "}" -> "#]);
    check("() a", &[r#"empty_group! at "()""#]);
    check("x:{ a", &[r#"unclosed_group! at "{""#]);
    check("x:(a or b", &[r#"unclosed_group! at "(""#]);
}

#[test]
fn operators_stand_between_conditions() {
    check("a and", &[r#"missing_term! at """#]);
    check("(a or) b", &[r#"missing_term! at ")""#]);
    check("or a", &[r#"misplaced_operator! at "or" -> "or""#]);
    check("a and or b", &[r#"misplaced_operator! at "or" -> "or""#]);
    check("not", &[r#"missing_term! at """#]);
    check("(a | b)", &[r#"not_an_or! at "|" ->  or"#]);
    check("level:(error, warning)", &[r#"not_an_or! at "," ->  or"#]);
    check("a, b", &[r#"unexpected_comma! at "," -> "#]);
}

#[test]
fn a_field_has_a_name_and_a_value() {
    check("level:", &[r#"missing_value! at "" -> *"#]);
    check("level: and b", &[r#"keyword_as_value! at "and" -> "and""#]);
    check("level:not error", &[r#"keyword_as_value! at "not" -> "not""#]);
    check("level: | top", &[r#"missing_value! at "" -> *"#]);
    check(":error", &[r#"missing_field! at ":""#]);
    check("level: :error", &[r#"repeated_colon! at ": :" -> :"#]);
    check("took >", &[r#"missing_value! at """#]);
    check("> 5", &[r#"unexpected_sign! at ">" -> ">""#]);
    check("x:]", &[]);
}

#[test]
fn ranges_have_two_ends_of_one_kind() {
    check("x:[1 5]", &[r#"bad_range! at "[1 ""#]);
    check("x:[1 TO 5", &[r#"bad_range! at "[1 TO 5""#]);
    check("x:[1 TO 5ms]", &[r#"mixed_range! at "[1 TO 5ms]""#]);
    check("x:[5 TO 1]", &[r#"empty_range at "[5 TO 1]""#]);
    check("x > 1e999", &[r#"number_too_large! at "1e999""#]);
    check(&format!("x > {}", "9".repeat(5_000)), &[&format!("number_too_large! at {:?}", "9".repeat(5_000))]);
    check("x > a*", &[r#"wildcard_in_range! at "a*""#]);
    check("x > \"5\"", &[r#"quoted_number at "\"5\"" -> 5"#]);
    check("level >= bad", &[r#"unknown_level! at "bad""#]);
}

#[test]
fn values_are_of_the_kind_that_their_field_has() {
    check("level:eror", &[r#"unknown_level at "eror""#]);
    check("timestamp:yesterday", &[r#"bad_time! at "yesterday""#]);
    check("timestamp > now-5x", &[r#"bad_time! at "now-5x""#]);
    check("created > now-5x", &[r#"bad_time! at "now-5x""#]);
    check("timestamp:2026-03-*", &[r#"wildcard_in_time! at "2026-03-*" -> 2026-03"#]);
    check("timestamp:now-15m", &[r#"equal_to_an_instant at "now-15m""#]);
    check("timestamp:/a/", &[r#"regex_on_time! at "/a/""#]);
    check("ip:10.0.0.0/33", &[r#"bad_network! at "10.0.0.0/33" -> 10.0.0.0/32"#]);
    check("a:'x y'", &[r#"other_quotes at "'x""#]);
    check("a:'x' ' don't", &[r#"other_quotes at "'x'" -> "x""#]);
    check("“x”", &[r#"other_quotes at "“x”" -> "x""#]);
    check("\"\"", &[r#"empty_text! at "\"\"""#]);
}

#[test]
fn quotes_escapes_and_regexes_are_told_where_they_go_wrong() {
    check("a \"b c", &[r#"unclosed_quote! at "\"b c" -> "b c""#]);
    check(r"a\qb", &[r#"bad_escape! at "\\q" -> \\q"#]);
    check("x:/ä(b/", &[r#"bad_regex! at "(""#]);
    check(r"x:/a\/[z-a]/", &[r#"bad_regex! at "z-a""#]);
    check("x:/a{2}{1000}{1000}/ y:/b/", &[r#"regex_too_costly! at "/a{2}{1000}{1000}/""#]);
    check(&"x:/a/ ".repeat(17), &[r#"too_many_regexes! at "/a/""#]);
}

#[test]
fn every_mistake_is_told() {
    check(
        "a=1 and (b:) and c:[1 2] or",
        &[
            r#"equals_sign! at "a=1" -> a:1"#,
            r#"missing_value! at "" -> *"#,
            r#"bad_range! at "[1 ""#,
            r#"missing_term! at """#,
        ],
    );
}

#[test]
fn reading_ends_when_no_more_can_be_told() {
    assert_eq!(told(&"a:] ) ".repeat(5_000)).len(), 50);
    assert_eq!(told(&"a:'b' ".repeat(500)).len(), 50);
}

#[test]
fn each_diagnostic_is_a_sentence() {
    for text in
        ["a=1 and (b:) and c:[1 2] or", "x:/(/ level:x timestamp:x > ) , \"\" 'a' x:[1 TO 2ms] (", r"\q"]
    {
        for diagnostic in read(text).diagnostics {
            let message = diagnostic.message;
            assert!(message.ends_with(['.', '?']) && message.contains(' '), "{message}");
        }
    }
}

#[test]
fn pipes_begin_at_the_first_bar_outside_of_quotes() {
    let check = |text: &str, filter: &str, pipes: Option<&str>| {
        let query = read(text).into_query().unwrap();
        let found = query.pipes.map(|span| span.of(text));
        assert_eq!((print(&query.filter).as_str(), found), (filter, pipes), "{text}");
    };
    check(
        "a \"|\" x:/b|c/ | stats count() | top 3 a",
        "a and \"|\" and x:/b|c/",
        Some(" stats count() | top 3 a"),
    );
    check("| limit 5", "*", Some(" limit 5"));
    check("a||b", "a or b", None);
    check("a|", "a", Some(""));
}

#[test]
fn a_hostile_text_is_refused_at_once() {
    let (limits, clock) = (QueryLimits::default(), SystemClock::new());
    let mebibyte = 1 << 20;
    let cases: [(&str, String); 17] = [
        ("query_too_long", "a".repeat(mebibyte)),
        ("too_deep", "(".repeat(60_000)),
        ("too_deep", "a:(".repeat(20_000)),
        ("too_deep", "a:{".repeat(20_000)),
        ("too_deep", "(a or ".repeat(10_000)),
        ("too_many_clauses", "a ".repeat(10_000)),
        ("too_many_clauses", "x:1 or ".repeat(9_000)),
        ("unopened_group", ")".repeat(60_000)),
        ("missing_term", "not ".repeat(15_000)),
        ("regex_too_long", format!("x:/{}/", "a".repeat(50_000))),
        ("regex_too_costly", "x:/(((\\w{100}){100}){100}){100}/ ".repeat(16)),
        ("name_too_long", format!("{}:x", "n".repeat(60_000))),
        ("wildcard_too_long", "*a".repeat(30_000)),
        ("misplaced_operator", "or ".repeat(20_000)),
        ("regex_too_costly", format!("x:/(?i){}/", r"\w".repeat(1_000))),
        ("regex_too_costly", r"x:/\w{60}/ ".repeat(16)),
        ("too_many_regexes", r"x:/(a|b+){9}/ ".repeat(1_000)),
    ];
    for (code, text) in cases {
        let started = clock.elapsed();
        let parsed = parse(&text, NOW, &limits);
        let took = clock.elapsed() - started;
        // Generous, because tests run beside others; a release build takes under ten milliseconds.
        assert!(took < Duration::from_secs(2), "{code} took {took:?}");
        assert!(parsed.diagnostics.iter().any(|one| one.code == code), "{code}: {:?}", parsed.diagnostics);
        assert!(parsed.diagnostics.len() <= usize::from(limits.diagnostics_max));
    }
}

/// What queries are made of, good and bad.
fn texts() -> BoxedStrategy<String> {
    let parts = prop::sample::select(vec![
        "a",
        "level",
        "timestamp",
        "message",
        "ip",
        "error",
        "500",
        "500ms",
        "10MB",
        "now-1d/d",
        "2026-03-01",
        ":",
        ":",
        ":",
        "=",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        " TO ",
        " and ",
        " or ",
        " not ",
        " ",
        " ",
        "-",
        "!",
        "\"",
        "\"",
        "\\",
        "\\u00e4",
        "*",
        "?",
        "/",
        "/a+/",
        "|",
        "||",
        "&&",
        ",",
        "'",
        "ä",
        "\u{a0}",
        "😀",
        "::1",
        "10.0.0.0/8",
        "\n",
        "\0",
        "x:[1 TO 5]",
        "x:(a or b)",
        "a:{b:c}",
        "\"read timeout\"",
    ]);
    prop_oneof![
        4 => prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat()),
        1 => "\\PC{0,40}",
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn any_text_is_read_to_its_end(text in texts()) {
        let parsed = read(&text);
        for Diagnostic { span, .. } in &parsed.diagnostics {
            prop_assert!(text.get(span.start..span.end).is_some(), "{:?}", span);
        }
        if let Some(pipes) = parsed.query.pipes {
            prop_assert_eq!(pipes.end, text.len());
            prop_assert_eq!(&text[pipes.start - 1..pipes.start], "|");
        }
        if let Ok(query) = parsed.into_query() {
            let printed = print(&query.filter);
            let again = read(&printed);
            prop_assert!(!again.has_errors(), "{}: {:?}", printed, again.diagnostics);
            prop_assert_eq!(print(&again.query.filter), printed);
            prop_assert_eq!(again.query.filter, query.filter);
        }
    }
}
