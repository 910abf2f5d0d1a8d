//! The printer: a filter as the shortest plain text that means it.
//!
//! Invariant: reading the text again gives the same tree, for each tree that a front end builds.
//! It does not give back the text that a tree came from: relative times have become times, and sugar is gone.

mod value;

use crate::access::StreamPattern;

use super::tree::{Condition, FieldName, Filter, Test};

/// The text of a filter.
pub fn print(filter: &Filter) -> String {
    let mut out = String::new();
    print_filter(filter, &mut out);
    out
}

/// The text of a name of a field, quoted if it has to be.
pub fn print_name(field: &FieldName) -> String {
    match field {
        FieldName::Any => "*".to_owned(),
        FieldName::Role(role) => FieldName::role_name(*role).to_owned(),
        FieldName::Named(name) if value::is_plain_name(name) => name.to_string(),
        FieldName::Named(name) => value::quoted(name),
        FieldName::Like(wildcard) => value::pattern(wildcard),
    }
}

fn print_filter(filter: &Filter, out: &mut String) {
    match filter {
        Filter::All => out.push('*'),
        Filter::And(parts) => print_joined(parts, " and ", "*", out),
        Filter::Or(parts) => print_joined(parts, " or ", "not *", out),
        Filter::Not(inner) => {
            out.push_str("not ");
            print_within(inner, matches!(**inner, Filter::And(_) | Filter::Or(_) | Filter::Not(_)), out);
        }
        Filter::Is(condition) => print_condition(condition, out),
        // Nobody can write it; whoever reads it is to know why lines are missing.
        Filter::Filed(streams) => {
            let names: Vec<&str> = streams.iter().map(StreamPattern::as_str).collect();
            out.push_str(&format!("[streams {}]", names.join(" ")));
        }
    }
}

fn print_joined(parts: &[Filter], operator: &str, of_none: &str, out: &mut String) {
    if parts.is_empty() {
        out.push_str(of_none);
    }
    let binds_tighter = |part: &Filter| match part {
        Filter::And(_) => operator == " or ",
        Filter::Or(_) => false,
        _ => true,
    };
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            out.push_str(operator);
        }
        print_within(part, !binds_tighter(part), out);
    }
}

fn print_within(filter: &Filter, in_parentheses: bool, out: &mut String) {
    if in_parentheses {
        out.push('(');
    }
    print_filter(filter, out);
    if in_parentheses {
        out.push(')');
    }
}

fn print_condition(condition: &Condition, out: &mut String) {
    let Condition { field, test } = condition;
    match (field, test) {
        (FieldName::Any, Test::Exists) => out.push('*'),
        // Quotes by themselves with nothing in them are refused.
        (FieldName::Any, Test::Text(text)) if text.is_empty() => out.push_str("*:\"\""),
        (FieldName::Any, Test::Text(_) | Test::Like(_) | Test::Regex(_)) => out.push_str(&value::test(test)),
        _ => {
            let name = print_name(field);
            out.push_str(&name);
            out.push_str(&value::after_name(field, test, is_like_a_time(&name)));
        }
    }
}

/// Whether a colon and a digit would go on with the name, as in `12:30`.
fn is_like_a_time(name: &str) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    digit(name.as_bytes().first()) && digit(name.as_bytes().last())
}

#[cfg(test)]
mod tests {
    use antler_config::limits::QueryLimits;
    use proptest::prelude::*;

    use super::*;
    use crate::clock::Timestamp;
    use crate::query::parse::parse;
    use crate::query::strategy;

    fn read(text: &str) -> Filter {
        let limits = QueryLimits { regexes_max: 1_000, ..QueryLimits::default() };
        let parsed = parse(text, Timestamp::from_nanos(0), &limits);
        parsed.into_query().unwrap_or_else(|wrong| panic!("{text}: {wrong:#?}")).filter
    }

    #[test]
    fn a_filter_is_printed_without_what_it_does_not_need() {
        let check = |text: &str, expected: &str| assert_eq!(print(&read(text)), expected, "{text}");
        check("", "*");
        check("((a)) AND (b && c)", "a and b and c");
        check("a b or -c d", "a and b or not c and d");
        check("(a or b) c", "(a or b) and c");
        check("!(a b)", "not (a and b)");
        check("not not a", "a");
        check("level:(WARN or err)", "level:warning or level:error");
        check("level>=warn", "level>=warning");
        check("service:(api or web) x:\"y z\"", "(service:api or service:web) and x:\"y z\"");
        check("\"and\" or \"-x\"", "\"and\" or \"-x\"");
        check("a:{ b:{c:1} d*:* \"e f\":/x\\/y/ }", "a.b.c:1 and a.d*:* and \"a.e f\":/x\\/y/");
        check("@timestamp:2026-03-01", "timestamp:[2026-03-01T00:00:00.000Z TO 2026-03-02T00:00:00.000Z}");
        check("timestamp > now", "timestamp>1970-01-01T00:00:00.000000000Z");
        check("took > 1500ms size<=10485760B", "took>1500ms and size<=10MiB");
        check("ip:10.1.2.3/8 or *:::1/128", "ip:10.0.0.0/8 or *:::1/128");
        check("x:[1 TO *} y:{* TO \"a b\"]", "x>=1 and y<=\"a b\"");
        check("\"404\":5 or 4*4: 5", "\"404\":5 or 4*4: 5");
        check(r"a\ b* or c\:d", r#"a\ b* or "c:d""#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn what_is_printed_reads_as_the_same_tree(filter in strategy::filters()) {
            prop_assert_eq!(read(&print(&filter)), filter);
        }
    }
}
