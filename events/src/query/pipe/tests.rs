//! Tests of pipes as texts: what is read, printed and complained about, and the table of pipes.

use antler_config::limits::{LineLimits, PipeLimits, QueryLimits};
use proptest::prelude::*;

use super::expression::tests::{expressions, names};
use super::*;
use crate::clock::Timestamp;
use crate::event::lines::LineDefaults;
use crate::line::{LineBatch, LineBatchBuilder};
use crate::query::diagnose::{Diagnostic, Diagnostics, Span};

pub(in crate::query::pipe) fn context() -> Context {
    let range =
        TimeRange { from: NOW, to: Timestamp::from_nanos(1_772_370_000_000_000_000), utc_offset_seconds: 0 };
    Context { range, limits: PipeLimits::default() }
}

const NOW: Timestamp = Timestamp::from_nanos(1_772_366_400_000_000_000);

/// Pipes of a text, and what is wrong with it.
fn read(text: &str) -> (Vec<Pipe>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new(50);
    let pipes = parse(text, 0, NOW, &QueryLimits::default(), &mut diagnostics);
    if !diagnostics.has_errors() {
        check(text, &pipes, &context(), &mut diagnostics);
    }
    (pipes.into_iter().map(|(pipe, _)| pipe).collect(), diagnostics.into_sorted())
}

pub(in crate::query::pipe) fn parsed(text: &str) -> Vec<Pipe> {
    let (pipes, complaints) = read(text);
    assert_eq!(complaints, [], "{text}");
    pipes
}

fn batch(lines: &[&str]) -> LineBatch {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), NOW);
    for line in lines {
        builder.push(line.as_bytes()).unwrap();
    }
    builder.finish()
}

/// The answer of pipes on lines.
pub(in crate::query::pipe) fn run(text: &str, lines: &[&str]) -> Table {
    let mut pipeline = Pipeline::new(&parsed(text), &context()).unwrap();
    let (batch, defaults) = (batch(lines), LineDefaults::default());
    for (key, line) in batch.lines().enumerate() {
        let fields: Vec<FieldName> = pipeline.reads().iter().map(|read| read.field.clone()).collect();
        if pipeline.push_row(key as u128, fields.iter().map(|field| Cell::of_line(line, &defaults, field)))
            == Flow::Enough
        {
            break;
        }
    }
    pipeline.finish()
}

#[test]
fn every_pipe_does_what_its_example_says() {
    for entry in PIPES {
        let table = run(entry.example, entry.lines);
        assert_eq!(table.to_string(), entry.answer.join("\n"), "{}", entry.example);
        assert_eq!(table.warnings, [], "{}", entry.example);
        assert!(entry.example.contains(entry.name), "{}", entry.name);
    }
}

#[test]
fn texts_print_in_one_form() {
    let same = |text: &str| check_printed(text, text);
    same("fields a, http.status, \"a b\"");
    same("drop a, b");
    check_printed("fields -a, -b", "drop a, b");
    check_printed("SORT -a, b ASC, c desc", "sort by a desc, b, c desc");
    check_printed("head", "limit 10");
    check_printed(
        "stats count, AVG(x) as mean by level, bin(60s) as minute",
        "stats count(), avg(x) as mean by level, bin(1m) as minute",
    );
    same("stats p99.9(ms), rate() by bin(ms, 0.5), \"by\"");
    check_printed("stats by service", "stats count() by service");
    same("top 5 path, verb by service");
    check_printed("rare path", "rare 10 path");
    check_printed("uniq by a, b", "uniq a, b");
    same("patterns");
    same("patterns 5 of error.text");
    same(r#"extract "took <ms>ms \"quoted\"""#);
    same(r"extract /a\/b(?<c>\d+)/ from path");
    check_printed("eval a=b*2+1,c=`d e`", "eval a = b * 2 + 1, c = `d e`");
}

fn check_printed(text: &str, expected: &str) {
    assert_eq!(printed(&parsed(text)), expected, "{text}");
}

#[test]
fn mistakes_are_told_where_they_are() {
    let check = |text: &str, code: &str, at: &str, suggestion: Option<&str>| {
        let (_, complaints) = read(text);
        let first = complaints.first().unwrap_or_else(|| panic!("{text} has no complaint"));
        assert_eq!(
            (first.code, first.span.of(text), first.suggestion.as_deref()),
            (code, at, suggestion),
            "{text}"
        );
    };
    check("stat count()", "unknown_pipe", "stat", Some("stats"));
    check("tpo 5 a", "unknown_pipe", "tpo", Some("top"));
    check("zzz", "unknown_pipe", "zzz", None);
    check("stats cuont()", "unknown_function", "cuont", Some("count"));
    check("stats sum()", "field_missing", "sum", None);
    check("stats count() by", "unexpected", "", None);
    check("stats count(), count()", "name_twice", "count(), count()", None);
    check("stats count() by bin(soon)", "unexpected", ")", None);
    check("stats count() by bin(100)", "bad_width", "100", None);
    check("limit many", "unexpected", "many", None);
    check("limit 0", "unexpected", "", None);
    check("fields a b", "unexpected", "b", None);
    check("fields a*", "pattern_for_name", "a*", None);
    check("fields -a, b", "unexpected", "b", None);
    check("sort by", "unexpected", "", None);
    check("top 5", "unexpected", "", None);
    check("top a by a", "name_twice", "", None);
    check("extract took", "unexpected", "took", None);
    check("extract \"took\"", "bad_template", "extract \"took\"", None);
    check("extract /(/", "bad_regex", "extract /(/", None);
    check(r"extract /\d+/", "bad_regex", r"extract /\d+/", None);
    check("eval 5", "unexpected", "", None);
    check("stats count() by service | sort by cuont", "unknown_column", "cuont", Some("count"));
    check("stats count() | fields a", "unknown_column", "a", None);
    check("drop a | eval b = a", "unknown_column", "a", None);
    check("fields a | sort by b", "unknown_column", "b", None);
    check("| limit 1", "unexpected", "|", None);
    check("limit 1 |", "unexpected", "", None);
    check("", "unexpected", "", None);
}

#[test]
fn every_pipe_tells_its_own_mistake() {
    let (pipes, complaints) = read("limit x y | sort by a | stats sum() | tpo a");
    let codes: Vec<_> = complaints.iter().map(|complaint| complaint.code).collect();
    assert_eq!(codes, ["unexpected", "field_missing", "unknown_pipe"]);
    assert_eq!(pipes.len(), 1);
}

#[test]
fn large_texts_end_soon() {
    assert_eq!(read(&"limit 1 | ".repeat(50_000)).1[0].code, "too_many_pipes");
    assert_eq!(read(&format!("fields {}a", "a, ".repeat(50_000))).1[0].code, "too_many_items");
    assert!(!read(&"(".repeat(500_000)).1.is_empty());
    assert!(!read(&"x".repeat(500_000)).1.is_empty());
    assert_eq!(read(r"extract /(?<a>(\w{1000}){1000})/").1[0].code, "bad_regex");
}

fn printed(pipes: &[Pipe]) -> String {
    pipes.iter().map(Pipe::to_string).collect::<Vec<_>>().join(" | ")
}

fn bins() -> impl Strategy<Value = bin::Bin> {
    prop_oneof![
        (1i64..i64::from(i32::MAX)).prop_map(|seconds| bin::Bin::Time(seconds * 1_000_000)),
        (1i64..1_000, 0u8..3)
            .prop_map(|(mantissa, scale)| bin::Bin::Number(Number::decimal(mantissa, scale))),
    ]
}

fn grouping() -> impl Strategy<Value = Grouping> {
    use aggregate::{Function, Measure, Percent};
    let function = prop_oneof![
        prop::sample::select(Function::PLAIN.to_vec()),
        (0i64..100_000)
            .prop_map(|percent| Function::Percentile(Percent::new(Number::decimal(percent, 3)).unwrap())),
    ];
    let measures = prop::collection::vec((function, names()), 1..4);
    let keys = prop::collection::vec((names(), prop::option::of(bins())), 0..3);
    (measures, keys, any::<bool>()).prop_map(|(measures, keys, renamed)| {
        let measure = |(index, (function, field)): (usize, (Function, FieldName))| {
            let field = (!function.counts_lines() || index % 2 == 0).then_some(field);
            Measure { name: format!("m{index}").into(), ..Measure::new(function, field) }
        };
        let key = |(index, (field, bin)): (usize, (FieldName, Option<bin::Bin>))| {
            let is_time = field == FieldName::named("timestamp");
            let bin = bin.filter(|bin| !is_time || matches!(bin, bin::Bin::Time(_)));
            let key = grouping::Key::new(field, bin);
            if renamed || index > 0 { grouping::Key { name: format!("k{index}").into(), ..key } } else { key }
        };
        Grouping {
            keys: keys.into_iter().enumerate().map(key).collect(),
            measures: measures.into_iter().enumerate().map(measure).collect(),
            only_complete: false,
        }
    })
}

fn pipes() -> impl Strategy<Value = Pipe> {
    let fields = || prop::collection::vec(names(), 1..4);
    prop_oneof![
        fields().prop_map(|fields| Pipe::Fields(fields::Fields::Keep(fields))),
        fields().prop_map(|fields| Pipe::Fields(fields::Fields::Drop(fields))),
        prop::collection::vec((names(), any::<bool>()), 1..4).prop_map(|by| {
            let by = by.into_iter().map(|(field, descending)| sort::SortKey { field, descending }).collect();
            Pipe::Sort(sort::Sort { by })
        }),
        (1u32..).prop_map(Pipe::Limit),
        grouping().prop_map(|grouping| Pipe::Stats(stats::Stats { grouping })),
        (1u32.., fields(), any::<bool>()).prop_map(|(rows, fields, is_rare)| {
            let by = fields.iter().map(|field| FieldName::named(&format!("{}_", name_of(field)))).collect();
            Pipe::Top(top::Top { rows, fields, by, is_rare })
        }),
        fields().prop_map(|fields| Pipe::Uniq(uniq::Uniq { fields })),
        (prop::option::of(1u32..), names())
            .prop_map(|(rows, field)| Pipe::Patterns(patterns::Patterns { rows, field })),
        (any::<String>(), names()).prop_map(|(text, from)| {
            Pipe::Extract(extract::Extract { pattern: extract::Pattern::Template(text.into()), from })
        }),
        (r"[a-z /|)\\]{0,4}x", names()).prop_map(|(text, from)| {
            let text = text.replace('\\', r"\\");
            Pipe::Extract(extract::Extract { pattern: extract::Pattern::Regex(text.into()), from })
        }),
        crate::query::strategy::filters().prop_map(Pipe::Where),
        prop::collection::vec((names(), expressions()), 1..3)
            .prop_map(|assignments| Pipe::Eval(eval::Eval { assignments })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_printed_reads_as_the_same(pipes in prop::collection::vec(pipes(), 1..4)) {
        let text = printed(&pipes);
        let mut diagnostics = Diagnostics::new(50);
        let read = parse(&text, 0, NOW, &QueryLimits::default(), &mut diagnostics);
        let read: Vec<_> = read.into_iter().map(|(pipe, _)| pipe).collect();
        prop_assert!(!diagnostics.has_errors(), "{} {:?}", text, diagnostics);
        prop_assert_eq!(read, pipes, "{}", text);
    }

    #[test]
    fn whatever_pipes_are_put_together_give_a_table(
        pipes in prop::collection::vec(pipes(), 1..5),
        rows in prop::collection::vec((any::<i64>(), ".{0,3}"), 0..12),
    ) {
        let Ok(mut pipeline) = Pipeline::new(&pipes, &context()) else { return Ok(()) };
        for (number, text) in &rows {
            let kinds = [
                Cell::Number(Number::integer(*number)),
                Cell::text(text),
                Cell::Time(Timestamp::from_nanos(*number)),
                Cell::Missing,
                Cell::Bool(true),
            ];
            let cells = kinds.into_iter().cycle().skip(number.unsigned_abs() as usize % 5);
            pipeline.push_row(u128::from(number.unsigned_abs()), cells);
        }
        let table = pipeline.finish();
        prop_assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        prop_assert!(table.lines.is_none_or(|lines| lines.keys.len() == table.rows.len()));
    }

    #[test]
    fn whatever_is_written_has_an_end_and_places_in_it(
        words in prop::collection::vec(prop_oneof![
            prop::sample::select(vec![
                "stats", "by", "count", "(", ")", ",", "|", "bin", "1m", "as", "eval", "=", "+", "-", "not", "extract",
                "\"<a>", "\"", "/", "/(?<a>b)/", "`", "top", "5", "sort", "fields", "where", "if", "ä", "\\", "patterns",
            ]).prop_map(str::to_owned),
            ".{0,3}",
        ], 0..20),
    ) {
        let text = words.join(" ");
        let (_, complaints) = read(&text);
        for complaint in complaints {
            let Span { start, end } = complaint.span;
            prop_assert!(start <= end && text.get(start..end).is_some(), "{} {:?}", text, complaint);
        }
    }
}
