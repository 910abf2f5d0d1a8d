//! What a batch takes, refuses and says of its lines.
//!
//! Invariant: every limit has a case just below and just above it. It does not generate lines:
//! `reference.rs` does.

use super::*;
use crate::line::NameId;

const ARRIVAL: Timestamp = Timestamp::from_nanos(1_767_323_045_000_000_000);

fn builder() -> LineBatchBuilder {
    LineBatchBuilder::new(LineLimits::default(), ARRIVAL)
}

fn batch(lines: &[&str]) -> LineBatch {
    let mut builder = builder();
    for line in lines {
        builder.push(line.as_bytes()).unwrap();
    }
    builder.finish()
}

/// A line as `name=text` pairs, one space between.
fn check(line: &str, expected: &str) {
    let batch = batch(&[line]);
    let fields: Vec<_> = batch
        .line(0)
        .unwrap()
        .fields()
        .map(|field| format!("{}={}", field.name_text, field.value.text()))
        .collect();
    assert_eq!(fields.join(" "), expected, "{line}");
}

fn check_refused(line: &[u8], message: &str) {
    let mut builder = builder();
    builder.push(br#"{"before":1}"#).unwrap();
    let error = builder.push_json(line).unwrap_err();
    assert_eq!(error.to_string(), message, "{}", String::from_utf8_lossy(&line[..line.len().min(80)]));
    builder.push(br#"{"after":2}"#).unwrap();
    let batch = builder.finish();
    assert_eq!(batch.buffer(), &br#"{"before":1}{"after":2}"#[..]);
    assert_eq!(batch.names().map(|(_, name)| name).collect::<Vec<_>>(), ["before", "after"]);
    assert_eq!((batch.len(), batch.field_count()), (2, 2));
}

#[test]
fn every_leaf_has_its_dotted_path() {
    check("{}", "");
    check(r#"{"a":1,"b":{"c":"x","d":{"e":null}},"f":true}"#, "a=1 b.c=x b.d.e=null f=true");
    check(r#"{"a":[1,"x",{"b":2},[3,{"c":4}]],"d":false}"#, "a=1 a=x a.b=2 a=3 a.c=4 d=false");
    check(r#"{"a":{},"b":[],"c":[{}]}"#, "a={} b=[] c={}");
    check(r#"{"a":1,"a":2,"a.b":3,"a":{"b":4}}"#, "a=1 a=2 a.b=3 a.b=4");
    check(r#"{"":1,"x":{"":2}}"#, "=1 x.=2");
    check(r#" { "a" : [ 1 , 2 ] , "b\n" : "x\ty" } "#, "a=1 a=2 b\n=x\ty");
    check("plain {text}\n", "message=plain {text}");
}

#[test]
fn names_are_kept_once_whatever_their_spelling() {
    let batch = batch(&[r#"{"a":1,"\u0061":2}"#, r#"{"x":{"a":1},"x.a":2}"#, r#"{"a":3,"x":{"\u0061":4}}"#]);
    assert_eq!(batch.names().map(|(_, name)| name).collect::<Vec<_>>(), ["a", "x.a"]);
    let ids: Vec<_> = batch.lines().flat_map(|line| line.fields().map(|field| field.name)).collect();
    assert_eq!(ids, [0, 0, 1, 1, 0, 1].map(NameId));
}

#[test]
fn the_first_synonym_wins_and_the_last_of_its_values() {
    let check = |line: &str, role: Role, expected: Option<&str>| {
        let batch = batch(&[line]);
        let value = batch.line(0).unwrap().role(role).map(|value| value.text().into_owned());
        assert_eq!(value.as_deref(), expected, "{line}");
    };
    check(r#"{"log":"c","msg":"b","message":"a"}"#, Role::Message, Some("a"));
    check(r#"{"message":"a","message":"b","msg":"c"}"#, Role::Message, Some("b"));
    check(r#"{"message":null,"msg":"c"}"#, Role::Message, Some("c"));
    check(r#"{"message":5}"#, Role::Message, Some("5"));
    check(r#"{"log":{"level":"warn"},"service":{"name":"api"}}"#, Role::Service, Some("api"));
    check(r#"{"log":{"level":"warn"}}"#, Role::Level, Some("warn"));
    check(r#"{"level":"odd","severity":"error"}"#, Role::Level, Some("error"));
    check(r#"{"level":"odd"}"#, Role::Level, None);
    check(r#"{"Message":"a"}"#, Role::Message, None);
    check(r#"{"hostname":"h1","host":{"name":"h2"}}"#, Role::Host, Some("h1"));
    check("some text\r\n", Role::Message, Some("some text"));
}

#[test]
fn a_line_tells_its_time_or_has_that_of_its_arrival() {
    let check = |line: &str, expected: &str| {
        assert_eq!(batch(&[line]).line(0).unwrap().timestamp().to_string(), expected, "{line}");
    };
    check(r#"{"ts":1714564800,"@timestamp":"2024-05-01T12:00:01Z"}"#, "2024-05-01T12:00:01.000Z");
    check(r#"{"@timestamp":"soon","ts":1714564800}"#, "2024-05-01T12:00:00.000Z");
    check(r#"{"time":"10\/Oct\/2000:13:55:36 +0000"}"#, "2000-10-10T13:55:36.000Z");
    check(r#"{"time":"Oct 11 22:14:15"}"#, "2025-10-11T22:14:15.000Z");
    check(r#"{"time":12.5}"#, "2026-01-02T03:04:05.000Z");
    check(r#"{"time":"9999-01-01T00:00:00Z"}"#, "2026-01-02T03:04:05.000Z");
    check("2024-05-01T12:00:00Z plain", "2026-01-02T03:04:05.000Z");
}

#[test]
fn a_bad_line_is_refused_with_what_and_where_and_leaves_nothing() {
    check_refused(b"", "the line ends where an object should follow");
    check_refused(b"text", "byte 0 of the line is 0x74 where an object should be");
    check_refused(b"[1]", "byte 0 of the line is 0x5b where an object should be");
    check_refused(br#"{"new":{"er":1}"#, "the line ends where a comma or the end of an object should follow");
    check_refused(br#"{"new":1}}"#, "byte 9 of the line is 0x7d where nothing more should be");
    check_refused(br#"{"new":1,}"#, "byte 9 of the line is 0x7d where a key in quotes should be");
    check_refused(br#"{"new":[1,]}"#, "byte 10 of the line is 0x5d where a value should be");
    check_refused(br#"{"new":"x"#, "the line ends where the end of a string should follow");
    check_refused(br#"{"new":tru}"#, "byte 7 of the line is 0x74 where a value should be");
    check_refused(
        br#"{"new":01}"#,
        "byte 8 of the line is 0x31 where a comma or the end of an object should be",
    );
    check_refused(br#"{"new":1"#, "the line ends where a comma or the end of an object should follow");
    check_refused(br#"{'a':1}"#, "byte 1 of the line is 0x27 where a key in quotes should be");
    check_refused(b"{\"new\":\"\xff\"}", "the line is not valid utf-8 at byte 8");
    check_refused(b"{\"new\":\"\xed\xa0\x80\"}", "the line is not valid utf-8 at byte 8");
    check_refused(
        b"{\"new\":\"a\0b\"}",
        "byte 9 of the line is the control character 0x00, which a string must escape",
    );
    check_refused(b"{\"new\":\0}", "byte 7 of the line is 0x00 where a value should be");
    check_refused(
        br#"{"new":"\ud800"}"#,
        "the escape at byte 8 of the line is half of a surrogate pair, which is no character",
    );
    check_refused(br#"{"new":"\q"}"#, "the escape at byte 8 of the line is not one that JSON knows");
    check_refused(&vec![b' '; (1 << 20) + 1], "the line has 1048577 bytes, more than 1048576");
    let long = format!("{{\"new\":{}}}", "7".repeat(5_000));
    check_refused(long.as_bytes(), "the number at byte 7 of the line has more than 400 bytes");
    let deep = format!("{{\"new\":{}", "[".repeat(10_000));
    check_refused(deep.as_bytes(), "byte 70 of the line opens nesting level 65, more than 64");
    let deep = "{\"a\":".repeat(10_000);
    check_refused(deep.as_bytes(), "byte 320 of the line opens nesting level 65, more than 64");
}

#[test]
fn a_limit_lets_through_what_just_fits() {
    let mut builder = builder();
    builder.push_json(format!("{}1{}", "{\"a\":".repeat(64), "}".repeat(64)).as_bytes()).unwrap();
    builder.push_json(format!("{{\"n\":{}}}", "7".repeat(400)).as_bytes()).unwrap();
    builder.push_plain(&vec![b'x'; 1 << 20]).unwrap();
    assert!(matches!(builder.push_plain(&vec![b'x'; (1 << 20) + 1]), Err(LineError::TooLong { .. })));
    assert_eq!(builder.finish().len(), 3);
}

#[test]
fn a_full_batch_says_so() {
    let mut builder =
        LineBatchBuilder::new(LineLimits { lines_per_batch_max: 2, ..LineLimits::default() }, ARRIVAL);
    builder.push(b"a").unwrap();
    builder.push(b"{}").unwrap();
    let error = builder.push(b"b").unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.code()),
        ("the batch is full with 2 lines and 3 bytes", "batch_full")
    );
}

#[test]
fn fields_beyond_a_limit_are_left_out_but_not_those_with_a_role() {
    let limits = LineLimits {
        fields_per_line_max: 2,
        names_per_batch_max: 3,
        name_bytes_max: 6,
        ..LineLimits::default()
    };
    let mut builder = LineBatchBuilder::new(limits, ARRIVAL);
    let lines = [
        r#"{"a":1,"b":2,"c":3,"level":"error","msg":"x","message":"y","level":"info"}"#,
        r#"{"toolong":1,"a":{"toolong":2}}"#,
        r#"{"d":1,"host":"h"}"#,
        r#"{"e":1,"b":7}"#,
    ];
    for line in lines {
        builder.push(line.as_bytes()).unwrap();
    }
    let batch = builder.finish();
    let shown: Vec<_> = batch
        .lines()
        .map(|line| (line.is_cut(), line.fields().map(|field| field.name_text).collect::<Vec<_>>().join(" ")))
        .collect();
    let expected = [(true, "a b level msg"), (true, ""), (true, "host"), (true, "b")];
    assert_eq!(shown, expected.map(|(cut, names)| (cut, names.to_owned())));
    assert_eq!(batch.line(0).unwrap().level(), Some(Level::Error));
}

#[test]
fn a_refused_line_gives_back_the_names_it_took() {
    let limits = LineLimits { names_per_batch_max: 2, ..LineLimits::default() };
    let mut builder = LineBatchBuilder::new(limits, ARRIVAL);
    for number in 0..1_000 {
        builder.push(format!("{{\"x{number}\":1,\"y{number}\":{{\"z\":1}},").as_bytes()).unwrap_err();
    }
    builder.push(br#"{"x1":{"z":1},"y":2}"#).unwrap();
    builder.push(br#"{"x1":1,"y"}"#).unwrap_err();
    builder.push(br#"{"x1":1,"y":3}"#).unwrap();
    let batch = builder.finish();
    assert_eq!(batch.names().map(|(_, name)| name).collect::<Vec<_>>(), ["x1.z", "y"]);
    let second: Vec<_> = batch.line(1).unwrap().fields().map(|field| field.name_text).collect();
    assert_eq!(second, ["y"]);
}

#[test]
fn memory_stays_near_the_input() {
    let objects = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(10_000));
    let arrays = format!("{{\"a\":[{}1]}}", "1,".repeat(400));
    let names: String = (0..20_000).map(|number| format!("\"{number:x}\":1,")).collect();
    let names = format!("{{{names}\"z\":1}}");
    for line in [objects.as_str(), &arrays, &names, "{}", "x", r#"{"a":[1,1,1,1,1,1,1,1,1,1,1,1]}"#] {
        let mut builder = builder();
        let count = (4 << 20) / line.len();
        for _ in 0..count.min(100_000) {
            builder.push(line.as_bytes()).unwrap();
        }
        let batch = builder.finish();
        let bound = 4 * batch.buffer().len() + 256 * batch.len() + (1 << 20);
        assert!(
            batch.bytes_held() <= bound,
            "{} > {bound} for {}",
            batch.bytes_held(),
            &line[..line.len().min(40)]
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_kept_in_a_plain_line() {
    let mut builder = builder();
    builder.push(b"a\xff\0b\\n\n").unwrap();
    let batch = builder.finish();
    let line = batch.line(0).unwrap();
    assert_eq!(line.raw(), b"a\xff\0b\\n\n");
    assert_eq!(line.raw_shared(), line.raw());
    assert_eq!(line.message().as_deref(), Some("a\u{fffd}\0b\\n"));
    assert!(line.is_plain() && !line.is_cut() && line.level().is_none());
}

#[test]
fn a_path_that_a_refused_line_named_is_named_anew() {
    let mut builder = builder();
    builder.push(br#"{"x":{"z":1}}"#).unwrap();
    builder.push(br#"{"x":1,"y"}"#).unwrap_err();
    builder.push(br#"{"w":1}"#).unwrap();
    builder.push(br#"{"x":2}"#).unwrap();
    let batch = builder.finish();
    assert_eq!(batch.names().map(|(_, name)| name).collect::<Vec<_>>(), ["x.z", "w", "x"]);
    assert_eq!(batch.line(2).unwrap().fields().next().unwrap().name_text, "x");
}
