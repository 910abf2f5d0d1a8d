//! Lines and filters drawn from one small grammar, for tests that compare what answers filters.
//!
//! Few names and few words, so that filters find something; among them what is easily got wrong: escapes,
//! other scripts, characters whose case changes their length, arrays, repeated keys, numbers in texts,
//! plain lines that are no UTF-8, values that change their type.
//! Invariant: every filter compiles, and every line is taken by the default limits. It does not draw text
//! of the query language: not every filter can be said in it.

use std::net::IpAddr;
use std::ops::Bound;

use antler_config::limits::LineLimits;
use proptest::prelude::*;
use proptest::sample::select;

use super::tree::{FieldName, Filter, Network, Scalar, Test, Wildcard};
use crate::clock::Timestamp;
use crate::event::lines::LineDefaults;
use crate::line::{Level, LineBatch, LineBatchBuilder};

/// 2026-03-01T12:00:00Z, when all lines arrive.
pub const ARRIVAL: Timestamp = Timestamp::from_nanos(1_772_366_400_000_000_000);

const NAMES: [&str; 16] = [
    "message", "message", "msg", "level", "severity", "service", "app", "host", "time", "tags", "a", "b",
    "a_ms", "b_kb", "A", "é",
];
const WORDS: [&str; 30] = [
    "error",
    "Error",
    "timeout",
    "TIMEOUT",
    "timeouts",
    "read",
    "api",
    "k8s",
    "\u{212a}8s",
    "größe",
    "GRÖẞE",
    "漢字",
    "a",
    "b",
    "_",
    "5",
    "500",
    "1.5",
    "true",
    "info",
    "warn",
    "10.0.0.1",
    "::1",
    "2s",
    "200ms",
    "4KiB",
    "2026-03-01T12:00:00Z",
    "Mar  1 12:00:00",
    "1772366400",
    "x\u{a0}y",
];
const SEPARATORS: [&str; 9] = [" ", " ", " ", "-", ".", "\n", "\"", "/", ""];
const NUMBERS: [&str; 14] = [
    "5",
    "5.0",
    "500",
    "5e2",
    "0.5e3",
    "-1.5",
    "0",
    "-0",
    "1.5",
    "2000",
    "1772366400",
    "1772366400500",
    "9007199254740993",
    "9007199254740992",
];
const PATTERNS: [&str; 14] =
    ["*", "", "time*", "*out*", "?", "a*", "*5*", "r??d", "read time*", "*\\**", "gr*E", "k8?", "*.*", "漢*"];
const EXPRESSIONS: [&str; 12] = [
    "time",
    "(?i)time",
    "^read",
    "out$",
    "[0-9]+",
    "(?i)k8s",
    "größe|api",
    "a.b",
    "\\btimeout\\b",
    "x*",
    "(?s)r.*t",
    "5",
];

/// A batch of up to so many lines, which arrives at [`ARRIVAL`], as they are taken.
pub fn lines(count_max: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(line(), 1..=count_max)
}

/// A JSON object, or plain bytes.
pub fn line() -> impl Strategy<Value = Vec<u8>> {
    let plain = prop::collection::vec(
        prop_oneof![8 => text().prop_map(String::into_bytes), 1 => Just(vec![0xff]), 1 => Just(vec![0xc3])],
        0..4,
    )
    .prop_map(|parts| parts.concat())
    .prop_filter("a JSON object is no plain line", |line| !line.starts_with(b"{"));
    prop_oneof![5 => object(value()).prop_map(String::into_bytes), 1 => plain]
}

/// Lines as a batch. Those that are refused are left out.
pub fn batch(lines: &[Vec<u8>]) -> LineBatch {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), ARRIVAL);
    let refused = lines.iter().filter(|line| builder.push(line).is_err()).count();
    debug_assert_eq!(refused, 0, "every generated line is taken");
    builder.finish()
}

/// What a sender says for all lines of a batch.
pub fn defaults() -> impl Strategy<Value = LineDefaults> {
    let said = || prop::option::of(text());
    (said(), said(), said(), said(), prop::collection::vec(text(), 0..2)).prop_map(
        |(source, service, level, host, tags)| LineDefaults {
            source,
            service,
            environment: None,
            level,
            host,
            tags,
        },
    )
}

pub fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        1 => Just(Filter::All),
        20 => (field(), test()).prop_map(|(field, test)| Filter::is(field, test)),
        4 => typed_range().prop_map(|(field, test)| Filter::is(field, test)),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts().prop_map(Filter::all_of),
            parts().prop_map(Filter::any_of),
            inner.clone().prop_map(Filter::negated),
        ]
    })
}

pub fn field() -> impl Strategy<Value = FieldName> {
    let pattern = select(vec!["*", "a*", "?", "*s*", "s*e", "A", "b.?"]);
    prop_oneof![
        3 => Just(FieldName::Any),
        4 => select(NAMES.to_vec()).prop_map(FieldName::named),
        1 => select(NAMES.to_vec()).prop_map(|name| FieldName::Named(name.into())),
        1 => (select(NAMES.to_vec()), select(NAMES.to_vec()))
            .prop_map(|(above, name)| FieldName::named(&format!("{above}.{name}"))),
        1 => pattern.prop_map(|source| FieldName::Like(Wildcard { source: source.into() })),
    ]
}

pub fn test() -> impl Strategy<Value = Test> {
    prop_oneof![
        1 => Just(Test::Exists),
        6 => text().prop_map(|text| Test::Text(text.into())),
        2 => select(NUMBERS.to_vec()).prop_map(|text| Test::Text(text.into())),
        3 => wildcard().prop_map(Test::Like),
        2 => select(EXPRESSIONS.to_vec()).prop_map(|source| Test::Regex(source.into())),
        3 => (bound(scalar()), bound(scalar())).prop_map(|(lower, upper)| Test::Range(lower, upper)),
        1 => network().prop_map(Test::Network),
    ]
}

fn wildcard() -> impl Strategy<Value = Wildcard> {
    let ends = select(vec![("", "*"), ("*", ""), ("*", "*"), ("?", ""), ("", "?")]);
    prop_oneof![
        select(PATTERNS.to_vec()).prop_map(str::to_owned),
        (text(), ends).prop_map(|(text, (before, after))| format!("{before}{text}{after}")),
    ]
    .prop_map(|source| Wildcard { source: source.into() })
}

/// A range of the kind that the field has.
fn typed_range() -> impl Strategy<Value = (FieldName, Test)> {
    let of = |name: &'static str, scalar: BoxedStrategy<Scalar>| {
        let bounds = (bound(scalar.clone()), bound(scalar));
        bounds.prop_map(move |(lower, upper)| (FieldName::named(name), Test::Range(lower, upper)))
    };
    prop_oneof![
        of("level", level().boxed()),
        of("timestamp", time().boxed()),
        of("a_ms", duration().boxed()),
        of("b_kb", size().boxed()),
    ]
}

fn bound(scalar: impl Strategy<Value = Scalar> + Clone + 'static) -> impl Strategy<Value = Bound<Scalar>> {
    prop_oneof![
        Just(Bound::Unbounded),
        scalar.clone().prop_map(Bound::Included),
        scalar.prop_map(Bound::Excluded),
    ]
}

fn scalar() -> impl Strategy<Value = Scalar> + Clone {
    let addresses: [IpAddr; 3] = [[10, 0, 0, 1].into(), [10, 0, 0, 0].into(), [0u16; 8].into()];
    prop_oneof![
        select(vec![-2.0, 0.0, 1.5, 5.0, 500.0, 1e9, f64::NAN]).prop_map(Scalar::Number),
        time(),
        duration(),
        size(),
        level(),
        select(addresses.to_vec()).prop_map(Scalar::Address),
        text().prop_map(|text| Scalar::Text(text.into())),
    ]
}

fn time() -> impl Strategy<Value = Scalar> + Clone {
    select(vec![-1, 0, 1, 500_000_000])
        .prop_map(|off| Scalar::Time(Timestamp::from_nanos(ARRIVAL.nanos() + off)))
}

fn duration() -> impl Strategy<Value = Scalar> + Clone {
    select(vec![0, 1_500_000, 5_000_000, 200_000_000, 2_000_000_000]).prop_map(Scalar::Duration)
}

fn size() -> impl Strategy<Value = Scalar> + Clone {
    select(vec![0.0, 5.0, 500.0, 1500.0, 4096.0]).prop_map(Scalar::Size)
}

fn level() -> impl Strategy<Value = Scalar> + Clone {
    select(Level::ALL.to_vec()).prop_map(Scalar::Level)
}

fn network() -> impl Strategy<Value = Network> {
    let addresses: [IpAddr; 3] = [[10, 0, 0, 0].into(), [0, 0, 0, 0].into(), [0u16; 8].into()];
    (select(addresses.to_vec()), select(vec![0, 8, 31, 32]))
        .prop_map(|(address, prefix_bits)| Network { address, prefix_bits })
}

/// A word, or a few and what is between them.
fn text() -> impl Strategy<Value = String> + Clone {
    let part = (select(WORDS.to_vec()), select(SEPARATORS.to_vec()));
    let several = prop::collection::vec(part, 0..4).prop_map(|parts| {
        let last = parts.len().saturating_sub(1);
        let joined = parts.iter().enumerate().map(|(index, (word, separator))| match index == last {
            true => (*word).to_owned(),
            false => format!("{word}{separator}"),
        });
        joined.collect()
    });
    prop_oneof![select(WORDS.to_vec()).prop_map(str::to_owned), several]
}

fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        8 => (text(), 0..8usize).prop_map(|(text, escaped)| json(&text, escaped)),
        4 => select(NUMBERS.to_vec()).prop_map(str::to_owned),
        2 => select(vec!["true", "false", "null", "[]", "{}"]).prop_map(str::to_owned),
    ];
    scalar.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|items| format!("[{}]", items.join(","))),
            object(inner),
        ]
    })
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec((select(NAMES.to_vec()), value), 0..5).prop_map(|members| {
        let members: Vec<_> =
            members.iter().map(|(name, value)| format!("{}:{value}", json(name, 0))).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// A text as JSON. Where `escaped` is not zero every so many characters one is written as a number.
fn json(text: &str, escaped: usize) -> String {
    let mut json = String::from("\"");
    for (index, character) in text.chars().enumerate() {
        let by_number = escaped > 0 && index % escaped == escaped - 1;
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\n' if !by_number => json.push_str("\\n"),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ if by_number => {
                let units = character.encode_utf16(&mut [0; 2]).to_vec();
                json.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
            }
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}
