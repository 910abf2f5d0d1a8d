//! Lines of all kinds put into groups, open and sealed, and taken out again.
//!
//! Invariant: what comes out is what went in, byte for byte, for its tenant only. Searching is tested elsewhere.

use std::path::Path;
use std::sync::Arc;

use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::files::{Access, FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatchBuilder;
use proptest::prelude::*;

use super::OpenGroup;
use crate::index::columns::group::{SealedGroup, Shared};
use crate::index::columns::render::render;
use crate::index::columns::seal::{days, seal};
use crate::index::columns::view::GroupView;

const ARRIVAL: Timestamp = Timestamp::from_nanos(1_772_352_000_000_000_000);

fn tenant(number: u8) -> TenantId {
    TenantId::parse(&format!("tenant-{number}")).unwrap()
}

/// Each batch is of a tenant, at the next offset.
fn open(batches: &[(u8, Vec<Vec<u8>>)]) -> OpenGroup {
    let mut group = OpenGroup::new(PartitionId::new(3));
    for ((number, lines), offset) in batches.iter().zip(1..) {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), ARRIVAL);
        for line in lines {
            builder.push(line).or_else(|_| builder.push_plain(line)).unwrap();
        }
        let defaults = LineDefaults { service: Some(format!("s{number}")), ..LineDefaults::default() };
        let arrival = Arrival { defaults, ..Arrival::default() };
        group.apply(tenant(*number), Offset::new(offset), &builder.finish(), &arrival);
    }
    group
}

fn reopened(dir: &Path, number: u64, bytes: &[u8]) -> SealedGroup {
    let path = dir.join(format!("{number}.grp"));
    let file = RealFiles.open(&path, Access::Create).unwrap();
    file.write_at(0, bytes).unwrap();
    let shared = Arc::new(Shared::new(1 << 20, 1 << 20));
    SealedGroup::open(file, number, shared).unwrap()
}

/// Lines of a tenant with where they came from, sorted.
fn lines_of(group: &impl GroupView, tenant: TenantId) -> Vec<(u64, u32, Vec<u8>)> {
    let rows = group.tenant_rows(tenant).into_list();
    let origins = group.origins(&rows).unwrap();
    let rendered = render(group, &rows).unwrap();
    let mut lines: Vec<_> = origins
        .into_iter()
        .zip(rendered)
        .map(|(origin, row)| (origin.offset.number(), origin.line, row.raw))
        .collect();
    lines.sort();
    lines
}

fn check(batches: &[(u8, Vec<Vec<u8>>)]) {
    let group = open(batches);
    let dir = tempfile::tempdir().unwrap();
    let sealed: Vec<_> = days(&group)
        .iter()
        .zip(0..)
        .map(|(day, number)| reopened(dir.path(), number, &seal(&group, &day.rows, 1).unwrap()))
        .collect();
    sealed.iter().for_each(|group| group.check_blocks().unwrap());
    for number in 0..5 {
        let of_tenant = batches.iter().zip(1u64..).filter(|((other, _), _)| *other == number);
        let expected: Vec<_> = of_tenant
            .flat_map(|((_, lines), offset)| {
                lines.iter().zip(0u32..).map(move |(line, at)| (offset, at, line.clone()))
            })
            .collect();
        assert_eq!(lines_of(&group, tenant(number)), expected, "open, tenant {number}");
        let mut read: Vec<_> = sealed.iter().flat_map(|group| lines_of(group, tenant(number))).collect();
        read.sort();
        assert_eq!(read, expected, "sealed, tenant {number}");
    }
    let rows: u32 = sealed.iter().map(GroupView::rows).sum();
    assert_eq!(rows as usize, group.rows());
}

fn texts(lines: &[&str]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.as_bytes().to_vec()).collect()
}

#[test]
fn lines_of_all_kinds_come_back() {
    let lines = texts(&[
        r#"{"@timestamp":"2026-03-01T08:00:00.123Z","level":"info","message":"user 17 logged in","n":1.50}"#,
        r#"{ "time" : 1772352000123, "level":"warn", "msg":"a\nb\t\"c\"", "ok":true, "none":null, "e":[] }"#,
        r#"{"message":"\u00e9t\/","n":1e5,"n":-0,"n":12345678901234567890,"a":[1,"x",{"b":2}]}"#,
        "plain text of 10.0.0.1\r\n",
        "\u{0}\u{1f}{}",
        "",
        "{}",
        r#"{"ts":"2026-02-27 23:59:59,5 +0100","message":""}"#,
    ]);
    check(&[(1, lines.clone()), (0, lines.clone()), (1, texts(&["{\"a\":1}"])), (4, lines)]);
    check(&[]);
}

#[test]
fn new_names_in_every_line_are_kept_whole_after_a_while() {
    let line = |at: usize| format!("{{\"key{at}\":{at},\"level\":\"info\"}}").into_bytes();
    let hostile: Vec<Vec<u8>> = (0..6_000).map(line).collect();
    let good = texts(&[r#"{"level":"info","message":"fine"}"#]);
    let batches = [(1, hostile[..3_000].to_vec()), (1, hostile[3_000..].to_vec()), (2, good)];
    let group = open(&batches);
    assert!(group.columns() < 2_100 && group.shapes().len() < 600, "{}", group.forms());
    check(&batches);
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("true".to_owned()),
        Just("null".to_owned()),
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?(e5)?",
        "\"[a-c ]{0,3}[0-9]{0,6}\"",
        "\"(a|\\\\n|\\\\u00e9|\\\\\"|\\\\/|ä){0,4}\"",
        Just("[1,\"b\",{\"c\":[]}]".to_owned()),
        Just("\"2026-03-01T08:00:00.5Z\"".to_owned()),
        (0u32..200_000).prop_map(|seconds| (1_772_352_000 + seconds).to_string()),
    ]
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let name =
        prop_oneof!["[a-d]", Just("time".to_owned()), Just("msg".to_owned()), Just("level".to_owned())];
    let field = (name, value(), "[ ]{0,1}").prop_map(|(name, value, gap)| format!("\"{name}\":{gap}{value}"));
    prop_oneof![
        4 => proptest::collection::vec(field, 0..6)
            .prop_map(|fields| format!("{{{}}}", fields.join(",")).into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..30),
        1 => "[a-c]{0,3} [0-9]{1,5} [a-c]{0,2}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn every_line_comes_back(batches in proptest::collection::vec(
        (0u8..5, proptest::collection::vec(line(), 0..12)), 0..8)) {
        check(&batches);
    }
}
