//! Tests of pipelines: what is read, asked and held, and that parts make the whole.

use proptest::prelude::*;

use super::*;
use crate::line::Role;
use crate::query::pipe::aggregate::Function;
use crate::query::pipe::tests::{context, parsed, run};
use crate::query::pipe::{Number, name_of};

fn pipeline(text: &str) -> Pipeline {
    Pipeline::new(&parsed(text), &context()).unwrap()
}

fn reads(pipeline: &Pipeline) -> Vec<(&str, bool)> {
    pipeline.reads().iter().map(|read| (name_of(&read.field), read.shown_only)).collect()
}

/// Numbers as lines with `n` and `even`.
fn numbers(text: &str, count: i64) -> Table {
    let lines: Vec<String> = (0..count).map(|n| format!(r#"{{"n":{n},"even":{}}}"#, n % 2 == 0)).collect();
    run(text, &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn rows(table: &Table) -> Vec<String> {
    table.to_string().lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_pipeline_reads_only_what_it_needs() {
    let check =
        |text: &str, expected: &[(&str, bool)]| assert_eq!(reads(&pipeline(text)), expected, "{text}");
    check("stats count() by level", &[("level", false)]);
    check("stats first(a)", &[("timestamp", false), ("a", false)]);
    check("sort by a | limit 5 | fields message, a", &[("a", false), ("message", true)]);
    check("where b:1 | eval c = a + 1 | where c > 1", &[("a", false)]);
    check("fields a, a", &[("a", true)]);
    check("patterns", &[("timestamp", false), ("message", false)]);
}

#[test]
fn conditions_on_lines_are_asked_of_lines() {
    let check = |text: &str, expected: &str| {
        assert_eq!(crate::query::print(pipeline(text).filter()), expected, "{text}");
    };
    check("where level:error | stats count()", "level:error");
    check("eval c = a | where timeout and c > 1 and b:x", "timeout and b:x");
    check("sort by a | where b:x", "b:x");
    check("limit 5 | where b:x", "*");
    check("eval b = 1 | where b:1", "*");
    check("extract \"<b>x\" | where not b:1", "*");
    check("stats count() by b | where b:x", "*");
}

#[test]
fn rows_are_filtered_by_what_was_computed() {
    assert_eq!(rows(&numbers("eval d = n * 2 | where d > 4 and d < 10 | fields d", 9)), ["6", "8"]);
    assert_eq!(rows(&numbers("limit 4 | where even:true | fields n", 9)), ["0", "2"]);
    assert_eq!(rows(&numbers("limit 4 | where not n:* | fields n", 9)), Vec::<String>::new());
    assert_eq!(rows(&numbers("stats count() by even | where true", 9)), ["true | 5"]);
    assert_eq!(rows(&numbers("stats count() as some by even | where s*:5", 9)), ["true | 5"]);
}

#[test]
fn rows_are_tested_as_lines_are() {
    let lines = [
        r#"{"timestamp":"2026-03-01T12:00:09Z","level":"warn","ms":1500,"at":"1.5s","ip":"10.0.0.7"}"#,
        r#"{"timestamp":"2026-03-01T12:01:10Z","level":"debug","ms":20,"at":"20ms","ip":"192.168.0.1"}"#,
    ];
    let check = |condition: &str| {
        let late = format!("limit 2 | where {condition} | stats count()");
        let early = format!("where {condition} | stats count()");
        assert_eq!(rows(&run(&late, &lines)), ["1"], "{condition}");
        assert_ne!(pipeline(&early).filter(), &Filter::All, "{condition}");
    };
    for condition in [
        "level>=warning",
        "level:warn",
        "timestamp < \"2026-03-01T12:01:00Z\"",
        "ms > 500ms",
        "ms:1500.0",
        "at > 1s",
        "ip:10.0.0.0/8",
        "not ip:/^10/",
        "ip:192*",
        "ms:(1500 or 7)",
    ] {
        check(condition);
    }
}

#[test]
fn an_answer_of_lines_names_them() {
    let table = numbers("sort by n desc | limit 2 | drop even", 5);
    let lines = table.lines.clone().unwrap();
    assert_eq!((lines.keys, lines.with_other_fields), (vec![4, 3], true));
    assert_eq!(lines.dropped, [FieldName::named("even")]);
    assert_eq!(table.columns, ["n".into()]);
    assert!(!numbers("fields n", 5).lines.unwrap().with_other_fields);
    assert_eq!(numbers("stats count()", 5).lines, None);
}

#[test]
fn pipes_behind_a_table_work_on_its_rows() {
    let text = "stats count() as n by even | eval share = n * 100 / 9 | sort by share | fields even, share | limit 1";
    assert_eq!(rows(&numbers(text, 9)), ["false | 44.44444444444444"]);
    assert_eq!(rows(&numbers("uniq n | stats count(), sum(n), last(n)", 5)), ["5 | 10 | 4"]);
    assert_eq!(rows(&numbers("stats count() as k by n | top 1 k", 5)), ["1 | 5 | 100"]);
}

#[test]
fn first_and_last_know_the_time_when_it_is_not_shown() {
    let lines =
        [r#"{"timestamp":"2026-03-01T12:00:09Z","n":1}"#, r#"{"timestamp":"2026-03-01T12:00:01Z","n":2}"#];
    assert_eq!(run("fields n | stats first(n), last(n)", &lines).to_string(), "first_n | last_n\n2 | 1");
    assert_eq!(run("eval timestamp = n | stats first(n)", &lines).to_string(), "first_n\n2");
}

#[test]
fn texts_do_not_grow_without_end() {
    let twice = ", a = a + a".repeat(40);
    assert_eq!(rows(&numbers(&format!("eval a = \"text\"{twice}, b = len(a) | fields b"), 1)), ["65536"]);
}

#[test]
fn enough_is_said_at_the_last_row() {
    let mut limited = pipeline("limit 2 | fields n");
    let push = |pipeline: &mut Pipeline, n: u64| pipeline.push_row(u128::from(n), [Cell::count(n)]);
    assert_eq!((push(&mut limited, 1), push(&mut limited, 2), push(&mut limited, 3)), {
        (Flow::More, Flow::Enough, Flow::Enough)
    });
    assert_eq!(rows(&limited.finish()), ["1", "2"]);
    let mut sorted = pipeline("sort by n | limit 1 | fields n");
    assert_eq!((push(&mut sorted, 2), push(&mut sorted, 1)), (Flow::More, Flow::More));
    assert_eq!(rows(&sorted.finish()), ["1"]);
}

fn limited(text: &str, limits: PipeLimits, count: u64) -> Table {
    let mut pipeline = Pipeline::new(&parsed(text), &Context { limits, ..context() }).unwrap();
    for n in 0..count {
        if pipeline.push_row(u128::from(n), [Cell::count(n)]) == Flow::Enough {
            break;
        }
    }
    pipeline.finish()
}

#[test]
fn what_is_lost_to_limits_is_told() {
    let limits = || PipeLimits { rows_max: 10, groups_max: 20, ..PipeLimits::default() };
    let check = |text: &str, expected: &[Warning], row_count: usize| {
        let table = limited(text, limits(), 100);
        assert_eq!((table.warnings.as_slice(), table.rows.len()), (expected, row_count), "{text}");
    };
    check("fields n", &[Warning::RowsLeftOut { rows: 10 }], 10);
    check("sort by n desc", &[Warning::SortedFirst { rows: 10 }], 10);
    check("sort by n desc | limit 10", &[], 10);
    check("sort by n desc | eval m = n | limit 5", &[], 5);
    check("sort by n desc | limit 50", &[Warning::SortedFirst { rows: 10 }], 10);
    check("uniq n | limit 5", &[Warning::GroupsLeftOut { groups: 20, lines: 80 }], 5);
    let small = PipeLimits { distinct_values_max: 10, percentile_values_max: 10, ..PipeLimits::default() };
    let estimated = |column: &str, function: &str| Warning::Estimated {
        column: column.into(),
        function: Function::named(function).unwrap(),
    };
    let table = limited("stats distinct(n), count(), p99(n) as most", small, 2_000);
    assert_eq!(table.warnings, [estimated("distinct_n", "distinct"), estimated("most", "p99")]);
    assert_eq!(
        table.warnings[0].to_string(),
        "distinct_n is an estimate, because there are too many different values to count each: its standard \
         error is 0.81 %, so it is hardly ever off by more than 2.4 %."
    );
}

#[test]
fn rows_are_bounded_by_bytes_too() {
    let limits = PipeLimits { row_bytes_max: 100_000, ..PipeLimits::default() };
    for (text, is_sorted) in [("fields n", false), ("sort by n", true)] {
        let mut pipeline =
            Pipeline::new(&parsed(text), &Context { limits: limits.clone(), ..context() }).unwrap();
        for key in 0..1_000 {
            pipeline.push_row(key, [Cell::text(&format!("{key:01000}"))]);
        }
        let table = pipeline.finish();
        let held: usize = table.rows.iter().flatten().map(Cell::bytes_held).sum();
        assert!(held <= 100_000 && table.rows.len() > 20 && table.warnings.len() == 1, "{held}");
        assert!(!is_sorted || table.rows[0][0].to_string().ends_with("000"));
    }
}

#[test]
fn an_index_can_fill_the_first_groups() {
    let mut pipeline = pipeline("where a:1 | stats count(), sum(n) by level | sort by count desc");
    let first = pipeline.first_groups().unwrap();
    assert_eq!(first.grouping.keys[0].field, FieldName::Role(Role::Level));
    let groups = pipeline.first_groups_mut().unwrap();
    for (level, lines) in [("info", 3), ("error", 5)] {
        groups.add(&[Cell::text(level)], &[Cell::Missing, Cell::count(2)], lines, Timestamp::default());
    }
    assert_eq!(pipeline.finish().to_string(), "level | count | sum_n\nerror | 5 | 10\ninfo | 3 | 6");
    assert!(self::pipeline("eval b = a | stats count() by b").first_groups().is_none());
    assert!(self::pipeline("patterns").first_groups().unwrap().of_patterns);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn parts_make_the_whole(
        values in prop::collection::vec((0i64..40, 0usize..4), 0..150),
        text in prop::sample::select(vec![
            "stats count(), sum(a), avg(a), min(a), max(a), p50(a), p99(a), distinct(a), first(a), last(a), rate() by b",
            "top 3 a by b",
            "rare 2 a",
            "uniq a, b",
            "eval c = a * 2 | where c > 20 | stats count() by c | sort by count desc | limit 5",
            "sort by a desc, b | limit 7 | fields a, b",
            "sort by b | fields b",
            "patterns of a",
        ]),
    ) {
        let mut whole = pipeline(text);
        let mut parts = vec![pipeline(text); 4];
        prop_assert!(whole.is_divisible());
        let names: Vec<String> = whole.reads().iter().map(|read| name_of(&read.field).to_owned()).collect();
        // Parts are merged in their order, so the rows of an earlier part come before.
        let mut values = values;
        values.sort_by_key(|(_, part)| *part);
        for (key, (value, part)) in values.iter().enumerate() {
            let cells = || names.iter().map(|name| match name.as_str() {
                "timestamp" => Cell::Time(Timestamp::from_nanos(*value)),
                "a" => Cell::Number(Number::decimal(*value, 1)),
                _ => Cell::text(if value % 3 == 0 { "x" } else { "y" }),
            });
            whole.push_row(key as u128, cells());
            parts[*part].push_row(key as u128, cells());
        }
        let mut merged = pipeline(text);
        parts.into_iter().for_each(|part| merged.merge(part));
        prop_assert_eq!(merged.finish(), whole.finish());
    }
}

#[test]
fn a_limit_in_front_cannot_be_divided() {
    for (text, expected) in
        [("limit 5 | stats count()", false), ("fields a", false), ("where b:1 | stats count()", true)]
    {
        assert_eq!(pipeline(text).is_divisible(), expected, "{text}");
    }
}
