//! Filters drawn at random, for tests of what prints, stores or answers them.
//!
//! Invariant: every tree is one that a front end can build: flat, with the tests that a field can have.
//! Few of them match a line; `generate` draws those that often do.

use std::net::IpAddr;
use std::ops::Bound;

use proptest::prelude::*;

use super::tree::{FieldName, Filter, Network, Scalar, Test, Wildcard};
use crate::clock::Timestamp;
use crate::line::{Level, Role};

/// Trees of up to 32 conditions.
pub fn filters() -> BoxedStrategy<Filter> {
    let leaf = prop_oneof![1 => Just(Filter::All), 30 => conditions()];
    leaf.prop_recursive(5, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5).prop_map(Filter::all_of),
            prop::collection::vec(inner.clone(), 1..5).prop_map(Filter::any_of),
            inner.prop_map(Filter::negated),
        ]
    })
    .boxed()
}

/// A field and a test that it can have.
pub fn conditions() -> BoxedStrategy<Filter> {
    prop_oneof![
        (plain_fields(), plain_tests()).prop_map(|(field, test)| Filter::is(field, test)),
        any_tests().prop_map(|test| Filter::is(FieldName::Any, test)),
        level_tests().prop_map(|test| Filter::is(FieldName::Role(Role::Level), test)),
        time_tests().prop_map(|test| Filter::is(FieldName::Role(Role::Time), test)),
        message_tests().prop_map(|test| Filter::is(FieldName::Role(Role::Message), test)),
    ]
    .boxed()
}

/// Fields but for any, and those of the roles whose values have a type or no networks.
fn plain_fields() -> BoxedStrategy<FieldName> {
    let roles = [Role::Service, Role::Source, Role::Environment, Role::Host, Role::TraceId, Role::SpanId];
    prop_oneof![
        names().prop_map(|name| FieldName::named(&name)).prop_filter("a role of its own", |field| {
            !matches!(field, FieldName::Role(Role::Time | Role::Level | Role::Message))
        }),
        prop::sample::select(roles.to_vec()).prop_map(FieldName::Role),
        wildcards().prop_map(FieldName::Like),
    ]
    .boxed()
}

fn names() -> BoxedStrategy<String> {
    prop_oneof![
        "[a-z]{1,4}(\\.[a-z_]{1,4}){0,2}",
        "[a-zA-Z0-9@_.-]{1,8}",
        words(),
        Just("and".to_owned()),
        Just("404".to_owned()),
        Just(String::new()),
    ]
    .boxed()
}

/// Texts of all kinds, among them what has a meaning in queries.
fn words() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[a-z]{1,6}",
        2 => "[a-zA-Z0-9._:/@-]{1,12}",
        2 => "([a-z \\\\\"*?(){}|<>=!,:/\\[\\]~^&+-]|\\PC){1,8}",
        1 => any::<String>().prop_filter("empty", |text| !text.is_empty()),
        1 => prop::sample::select(vec![
            "and", "OR", "not", "TO", "now", "now-15m", "2026-03-01", "10.0.0.0/8", "500ms", "10MB", "error", "1e5",
            "-1", "*", "/a/", "\\", "\"", "a\u{a0}b", "\u{7f}", "\u{2028}", "::1",
        ]).prop_map(str::to_owned),
    ].boxed()
}

fn texts() -> BoxedStrategy<Test> {
    words().prop_map(|text| Test::Text(text.into())).boxed()
}

fn likes() -> BoxedStrategy<Test> {
    wildcards().prop_map(Test::Like).boxed()
}

fn wildcards() -> BoxedStrategy<Wildcard> {
    let wild = prop::sample::select(vec!["*", "?", "*?", "?*"]).prop_map(str::to_owned);
    let text = words().prop_map(|text| super::lexer::literal::escaped_pattern(&text)).boxed();
    (prop::option::of(text.clone()), wild, text, prop::bool::ANY)
        .prop_map(|(before, wild, after, ends_wild)| {
            let end = if ends_wild { "*" } else { "" };
            Wildcard { source: format!("{}{wild}{after}{end}", before.unwrap_or_default()).into() }
        })
        .boxed()
}

fn regexes() -> BoxedStrategy<Test> {
    let forms =
        ["a+b", "^GET /x/", r"(?i)err(or)?\s\d{2,3}", r"[/|)\]]", r"\\", r"a\|b", "ä|ö", " ", r"\x2f/"];
    prop_oneof![
        prop::sample::select(forms.to_vec()).prop_map(str::to_owned),
        words().prop_map(|text| regex::escape(&text)),
    ]
    .prop_map(|source| Test::Regex(source.into()))
    .boxed()
}

fn networks() -> BoxedStrategy<Test> {
    let four = (any::<u32>(), 0u8..=32).prop_map(|(address, bits)| {
        let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
        Network { address: IpAddr::V4((address & mask).into()), prefix_bits: bits }
    });
    let six = (any::<u128>(), 0u8..=128).prop_map(|(address, bits)| {
        let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
        Network { address: IpAddr::V6((address & mask).into()), prefix_bits: bits }
    });
    prop_oneof![four, six].prop_map(Test::Network).boxed()
}

fn plain_tests() -> BoxedStrategy<Test> {
    prop_oneof![
        2 => Just(Test::Exists),
        4 => texts(),
        1 => Just(Test::Text("".into())),
        2 => likes(),
        1 => regexes(),
        1 => networks(),
        4 => untyped_ranges(),
    ]
    .boxed()
}

fn any_tests() -> BoxedStrategy<Test> {
    prop_oneof![
        1 => Just(Test::Text("".into())),
        4 => texts(),
        2 => likes(),
        1 => regexes(),
        1 => networks(),
        1 => untyped_ranges(),
    ]
    .boxed()
}

fn message_tests() -> BoxedStrategy<Test> {
    prop_oneof![Just(Test::Exists), texts(), likes(), regexes(), untyped_ranges()].boxed()
}

fn level_tests() -> BoxedStrategy<Test> {
    let unknown = words().prop_filter("a level", |text| Level::parse(text.as_bytes()).is_none());
    prop_oneof![
        1 => Just(Test::Exists),
        1 => unknown.prop_map(|text| Test::Text(text.into())),
        1 => likes(),
        1 => regexes(),
        4 => ranges(prop::sample::select(Level::ALL.to_vec()).prop_map(Scalar::Level)),
    ]
    .boxed()
}

fn time_tests() -> BoxedStrategy<Test> {
    prop_oneof![1 => Just(Test::Exists), 4 => ranges(times())].boxed()
}

fn untyped_ranges() -> BoxedStrategy<Test> {
    let number = prop_oneof![
        (-1_000i32..1_000).prop_map(f64::from),
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
    ];
    let bytes = (0u32..5_000, prop::sample::select(vec![1.0, 1e3, 1024.0, 1e6, 1e9, 1_048_576.0, 0.25]));
    let address = prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
    ];
    prop_oneof![
        ranges(number.prop_map(Scalar::Number)),
        ranges(times()),
        ranges(
            prop_oneof![any::<i64>(), (-5_000i64..5_000).prop_map(|s| s * 500_000_000)]
                .prop_map(Scalar::Duration)
        ),
        ranges(bytes.prop_map(|(count, unit)| Scalar::Size(f64::from(count) * unit))),
        ranges(address.prop_map(Scalar::Address)),
        ranges(words().prop_map(|text| Scalar::Text(text.into()))),
    ]
    .boxed()
}

fn times() -> BoxedStrategy<Scalar> {
    let nanos = prop_oneof![
        -9_200_000_000_000_000_000i64..9_200_000_000_000_000_000,
        (1_700_000_000i64..1_800_000_000).prop_map(|seconds| seconds * 1_000_000_000),
    ];
    nanos.prop_map(|nanos| Scalar::Time(Timestamp::from_nanos(nanos))).boxed()
}

/// Ranges with at least one end.
fn ranges(ends: impl Strategy<Value = Scalar> + 'static) -> BoxedStrategy<Test> {
    let ends = ends.boxed();
    let bound =
        |scalar, is_included| if is_included { Bound::Included(scalar) } else { Bound::Excluded(scalar) };
    let sides = prop::sample::select(vec![(true, false), (false, true), (true, true)]);
    (ends.clone(), ends, any::<bool>(), any::<bool>(), sides)
        .prop_map(move |(from, to, first, last, sides)| {
            let from = if sides.0 { bound(from, first) } else { Bound::Unbounded };
            let to = if sides.1 { bound(to, last) } else { Bound::Unbounded };
            Test::Range(from, to)
        })
        .boxed()
}
