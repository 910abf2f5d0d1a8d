//! What is taken of a tenant that has as many streams as it may, and how counts are kept.
//!
//! Invariant: lines are compared as they came. It asks no index.

use antler_events::clock::Timestamp;
use antler_events::line::{LineNumbers, StreamParts};

use super::*;

const NOW: Timestamp = Timestamp::from_nanos(0);

fn stream(service: &str) -> StreamName {
    StreamName::of_parts(&StreamParts { service: Some(service), ..StreamParts::default() })
}

fn names(services: &[&str]) -> BTreeSet<StreamName> {
    services.iter().map(|service| stream(service)).collect()
}

fn full(services: &[&str]) -> FullStreams {
    FullStreams { max: services.len() as u64, names: Arc::new(names(services)) }
}

fn batch(lines: &[&str]) -> Arc<LineBatch> {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), NOW);
    for line in lines {
        builder.push(line.as_bytes()).or_else(|_| builder.push_plain(line.as_bytes())).unwrap();
    }
    Arc::new(builder.finish())
}

fn texts(arrived: &Arrived) -> Vec<String> {
    let lines = arrived.batches.iter().flat_map(|batch| batch.lines());
    lines.map(|line| String::from_utf8(line.raw().to_vec()).unwrap()).collect()
}

#[test]
fn lines_of_known_streams_go_on_and_others_become_dead_letters_with_the_reason() {
    let mut numbers = LineNumbers::default();
    [1, 2, 4, 5, 6].iter().for_each(|number| numbers.push(*number));
    let batches = vec![
        batch(&["plain", r#"{"service":"api"}"#, r#"{"service":"new"}"#]),
        batch(&[r#"{"app":"new"}"#, "x"]),
    ];
    let mut arrived = Arrived { batches, numbers, ..Arrived::default() };
    let refused = full(&["api", "generic"]).sift(&mut arrived);
    assert_eq!(texts(&arrived), ["plain", r#"{"service":"api"}"#, "x"]);
    let named: Vec<(u64, &str)> =
        refused.errors.iter().map(|error| (error.line, error.code.as_str())).collect();
    assert_eq!((refused.count, named), (2, vec![(4, CODE), (5, CODE)]));
    let reason =
        "the line would begin the stream logs-new-default, and the tenant has as many streams as it may, 2";
    assert!(refused.errors[0].message.starts_with(reason), "{}", refused.errors[0].message);
    let letters = arrived.rejected.unwrap();
    let kept: Vec<(u64, &[u8])> = letters.lines.iter().map(|line| (line.number, &line.raw[..])).collect();
    assert_eq!(kept, [(4, &br#"{"service":"new"}"#[..]), (5, &br#"{"app":"new"}"#[..])]);
    assert_eq!(letters.lines[0].message, refused.errors[0].message);
}

#[test]
fn a_batch_of_new_streams_alone_leaves_nothing_but_dead_letters() {
    let mut arrived = Arrived { batches: vec![batch(&[r#"{"service":"new"}"#])], ..Arrived::default() };
    assert_eq!(full(&["api"]).sift(&mut arrived).count, 1);
    assert_eq!((arrived.batches.len(), arrived.rejected.unwrap().count()), (0, 1));
}

#[test]
fn what_is_to_be_taken_as_a_whole_is_refused_with_the_first_stream_that_has_no_room() {
    let full = full(&["api"]);
    let of = |lines: &[&str]| full.check(&Arrived { batches: vec![batch(lines)], ..Arrived::default() });
    assert_eq!(of(&[r#"{"service":"api"}"#]), Ok(()));
    let refused = of(&[r#"{"service":"api"}"#, r#"{"service":"b"}"#, r#"{"service":"c"}"#]);
    assert_eq!(refused, Err(NoRoomForStream { name: stream("b"), max: 1 }));
}

#[test]
fn refused_lines_stand_among_others_in_their_order_and_only_so_many_are_named() {
    let error = |line| NamedError { line, code: CODE.to_owned(), message: String::new() };
    let mut refused = Refused::default();
    (1..=150).for_each(|line| refused.add(error(2 * line)));
    assert_eq!((refused.count, refused.errors.len()), (150, NAMED_MAX));
    let mut errors = vec![error(3), error(900)];
    refused.join(&mut errors);
    let lines: Vec<u64> = errors.iter().map(|error| error.line).collect();
    assert_eq!((lines.len(), &lines[..3]), (NAMED_MAX, &[2, 3, 4][..]));
}

#[test]
fn names_are_kept_only_of_who_has_as_many_as_it_may() {
    let (counts, tenant, at) = (StreamCounts::default(), TenantId::parse("acme").unwrap(), Duration::ZERO);
    assert_eq!(counts.of(tenant), None);
    counts.put(tenant, (names(&["a", "b", "c"]), false), 3, at);
    assert_eq!((counts.of(tenant), counts.full(tenant, 3)), (Some(3), None), "nobody is kept to a part");
    assert_eq!(counts.take_due(at), [tenant]);
    counts.put(tenant, (names(&["a", "b"]), true), 3, at);
    assert_eq!((counts.of(tenant), counts.full(tenant, 3)), (Some(2), None));
    assert_eq!(counts.full(tenant, 2), None, "its names are not known yet");
    assert_eq!(counts.take_due(at), [tenant], "so they are counted again");
    counts.put(tenant, (names(&["a", "b"]), true), 2, at);
    assert_eq!(*counts.full(tenant, 2).unwrap().names, names(&["a", "b"]));
    assert_eq!(counts.take_due(at), [tenant], "who is full is counted until it is not");
    counts.put(tenant, (names(&["a"]), false), 2, at);
    assert_eq!(*counts.full(tenant, 2).unwrap().names, names(&["a", "b"]), "a part takes nothing away");
    counts.put(tenant, (names(&["a"]), true), 2, at);
    assert_eq!((counts.of(tenant), counts.full(tenant, 2)), (Some(1), None), "a stream has gone");
    assert!(counts.take_due(at).is_empty());
    assert_eq!(counts.take_due(RECOUNT_AFTER), [tenant], "streams go without anybody sending");
}

#[test]
fn who_has_much_room_is_counted_again_only_after_a_while() {
    let (counts, tenant) = (StreamCounts::default(), TenantId::parse("acme").unwrap());
    let due = |now: Duration| {
        counts.are_due(&[tenant], now);
        !counts.take_due(now).is_empty()
    };
    assert!(due(Duration::ZERO), "it was not counted yet");
    counts.put(tenant, (names(&["a"]), true), MANY, Duration::ZERO);
    assert!(!due(ROOMY_AFTER / 2));
    assert!(due(ROOMY_AFTER));
    counts.put(tenant, (names(&["a"]), true), MANY, Duration::ZERO);
    assert_eq!(counts.full(tenant, 3), None);
    assert!(due(Duration::ZERO), "its limit is another now");
    counts.put(tenant, (names(&["a"]), true), 3, Duration::ZERO);
    assert!(due(Duration::ZERO), "it is near its limit");
    counts.put(tenant, (names(&["a"]), false), MANY, Duration::ZERO);
    assert!(due(Duration::ZERO), "nobody knows how near it is");
}
