//! What every adapter of the event log must do, as cases that a test runs against a fresh log each.
//!
//! Invariant: a case uses the port only, so that it holds for files, for memory and for a cluster alike.
//! It does not break things: faults belong to the simulation.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::ids::{Offset, PartitionId, TenantId, UserId};
use crate::log::{
    APPEND_BYTES_MAX, APPEND_EVENTS_MAX, Append, AppendError, Appended, BoxFuture, EventLog, Expected,
    NewEvent, ReadError, Recorded,
};
use crate::subject::{Aggregate, Subject};
use crate::wire::chain::ChainId;
use crate::wire::{ChainHash, EventType, SchemaVersion};

/// The log under test. It has two partitions, and truncates about every 16 KiB or more finely.
pub type LogUnderTest = Arc<dyn EventLog>;

/// A behaviour by its name.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub run: fn(LogUnderTest) -> BoxFuture<'static, ()>,
}

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        /// All of them; each wants a log of its own.
        pub const CASES: &[Case] = &[$(Case { name: stringify!($name), run: |log| Box::pin($name(log)) }),*];
    };
}

cases![
    events_come_back_as_they_were_appended,
    offsets_begin_at_one_and_are_dense,
    a_read_begins_anywhere,
    a_small_read_gives_one_event,
    a_read_at_the_end_gives_nothing,
    partitions_do_not_mix,
    an_append_is_contiguous,
    each_event_names_the_one_before_it,
    an_expected_offset_that_is_wrong_records_nothing,
    of_two_appends_with_one_expectation_one_is_recorded,
    a_bad_append_is_refused_with_its_reason,
    an_unknown_partition_is_refused,
    waiting_ends_when_the_event_is_durable,
    many_appends_at_once_are_recorded_once_each,
    truncation_keeps_control_events,
    a_hold_stops_truncation,
    bytes_that_are_ahead_become_fewer,
];

const P0: PartitionId = PartitionId::new(0);
const P1: PartitionId = PartitionId::new(1);

async fn events_come_back_as_they_were_appended(log: LogUnderTest) {
    let bodies = [Vec::new(), b"one".to_vec(), noise(1 << 20, 7), vec![b'a'; 300_000]];
    for (at, body) in bodies.iter().enumerate() {
        append(&log, P0, vec![lines("acme", body.clone(), at as i64)]).await;
    }
    let events = read_all(&log, P0, Offset::FIRST).await;
    assert_eq!(events.len(), bodies.len());
    for (at, (event, body)) in events.iter().zip(&bodies).enumerate() {
        let new = lines("acme", body.clone(), at as i64);
        assert_eq!(event.body, new.body, "body {at}");
        assert_eq!(event.envelope.subject, new.subject);
        assert_eq!(event.envelope.event_type, new.event_type);
        assert_eq!(event.envelope.schema, new.schema);
        assert_eq!(event.envelope.recorded_at, new.recorded_at);
        assert_eq!(event.envelope.partition, P0);
    }
}

async fn offsets_begin_at_one_and_are_dense(log: LogUnderTest) {
    assert_eq!(log.bounds(P0).expect("bounds").next, Offset::FIRST);
    for number in 1..=20 {
        let appended = append(&log, P0, vec![lines("acme", noise(100, number), 0)]).await;
        assert_eq!((appended.first, appended.last), (Offset::new(number), Offset::new(number)));
        assert_eq!(appended.partition, P0);
    }
    assert_eq!(log.bounds(P0).expect("bounds").next, Offset::new(21));
    let offsets: Vec<_> = read_all(&log, P0, Offset::ZERO).await.iter().map(|e| e.envelope.offset).collect();
    assert_eq!(offsets, (1..=20).map(Offset::new).collect::<Vec<_>>());
}

async fn a_read_begins_anywhere(log: LogUnderTest) {
    for number in 1..=60 {
        append(&log, P0, vec![lines("acme", noise(2_000, number), 0)]).await;
    }
    for from in 1..=60 {
        let chunk = log.read(P0, Offset::new(from), 5_000).await.expect("a read");
        assert_eq!(chunk.events[0].envelope.offset, Offset::new(from));
        assert_eq!(chunk.events[0].body, noise(2_000, from));
        let last = chunk.events.last().expect("at least one").envelope.offset;
        assert_eq!(chunk.next, last.plus(1));
    }
}

async fn a_small_read_gives_one_event(log: LogUnderTest) {
    append(&log, P0, vec![lines("acme", noise(1_000, 1), 0), lines("acme", noise(1_000, 2), 0)]).await;
    let chunk = log.read(P0, Offset::FIRST, 1).await.expect("a read");
    assert_eq!(chunk.events.len(), 1);
    assert_eq!(chunk.next, Offset::new(2));
}

async fn a_read_at_the_end_gives_nothing(log: LogUnderTest) {
    append(&log, P0, vec![lines("acme", noise(10, 1), 0)]).await;
    for from in [2, 3, 1_000] {
        let chunk = log.read(P0, Offset::new(from), 1_000).await.expect("a read");
        assert_eq!((chunk.events.len(), chunk.next), (0, Offset::new(from)));
    }
}

async fn partitions_do_not_mix(log: LogUnderTest) {
    append(&log, P0, vec![lines("acme", b"zero".to_vec(), 0)]).await;
    append(&log, P1, vec![lines("acme", b"one".to_vec(), 0)]).await;
    for (partition, body) in [(P0, &b"zero"[..]), (P1, b"one")] {
        let events = read_all(&log, partition, Offset::FIRST).await;
        assert_eq!(events.iter().map(|event| &event.body[..]).collect::<Vec<_>>(), [body]);
    }
}

async fn an_append_is_contiguous(log: LogUnderTest) {
    append(&log, P0, vec![lines("other", noise(10, 0), 0)]).await;
    let events =
        vec![lines("acme", noise(10, 1), 0), control("acme", "u1", 2), lines("acme", noise(10, 3), 0)];
    let appended = append(&log, P0, events.clone()).await;
    assert_eq!((appended.first, appended.last), (Offset::new(2), Offset::new(4)));
    let recorded = read_all(&log, P0, appended.first).await;
    assert_eq!(recorded.len(), 3);
    assert_eq!(recorded[2].hash, appended.hash);
    assert!(recorded.iter().zip(&events).all(|(recorded, new)| recorded.body == new.body));
}

async fn each_event_names_the_one_before_it(log: LogUnderTest) {
    for number in 0..30 {
        let tenant = ["acme", "other"][number as usize % 2];
        let event =
            if number % 3 == 0 { control(tenant, "u1", number) } else { lines(tenant, noise(50, number), 0) };
        append(&log, P0, vec![event]).await;
    }
    let mut last = std::collections::BTreeMap::new();
    for event in read_all(&log, P0, Offset::FIRST).await {
        let chain = ChainId::from(event.envelope.subject);
        let before = last.insert(chain, event.hash).unwrap_or(ChainHash::START);
        assert_eq!(event.envelope.previous, before, "event {}", event.envelope.offset);
    }
    assert_eq!(last.len(), 4, "two chains for each tenant");
}

async fn an_expected_offset_that_is_wrong_records_nothing(log: LogUnderTest) {
    let subject = control("acme", "u1", 0).subject;
    assert_eq!(log.last_of(P0, subject).expect("last"), Offset::ZERO);
    let first =
        expecting(&log, subject, Offset::ZERO, vec![control("acme", "u1", 1)]).await.expect("the first");
    append(&log, P0, vec![control("acme", "u2", 1)]).await;
    assert_eq!(log.last_of(P0, subject).expect("last"), first.last);
    let events = vec![lines("acme", noise(10, 1), 0), control("acme", "u1", 2)];
    match expecting(&log, subject, Offset::ZERO, events).await {
        Err(AppendError::Conflict { subject: named, expected, actual }) => {
            assert_eq!((named, expected, actual), (subject, Offset::ZERO, first.last));
        }
        other => panic!("expected a conflict, got {other:?}"),
    }
    assert_eq!(read_all(&log, P0, Offset::FIRST).await.len(), 2);
    let second =
        expecting(&log, subject, first.last, vec![control("acme", "u1", 3)]).await.expect("the second");
    assert_eq!(second.first, Offset::new(3));
}

async fn of_two_appends_with_one_expectation_one_is_recorded(log: LogUnderTest) {
    let subject = control("acme", "u1", 0).subject;
    let racing =
        (0..8).map(|number| expecting(&log, subject, Offset::ZERO, vec![control("acme", "u1", number)]));
    let answers = together(racing).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(AppendError::Conflict { .. }))));
    assert_eq!(read_all(&log, P0, Offset::FIRST).await.len(), 1);
}

async fn a_bad_append_is_refused_with_its_reason(log: LogUnderTest) {
    let empty = log.append(P0, Append::default()).await;
    assert!(matches!(empty, Err(AppendError::Empty)), "{empty:?}");
    let events = vec![lines("acme", b"x".to_vec(), 0); APPEND_EVENTS_MAX + 1];
    let many = log.append(P0, Append { events, expected: Vec::new() }).await;
    assert!(matches!(many, Err(AppendError::TooLarge { what: "events", .. })), "{many:?}");
    let huge = vec![lines("acme", vec![0; APPEND_BYTES_MAX / 2 + 1], 0); 2];
    let huge = log.append(P0, Append { events: huge, expected: Vec::new() }).await;
    assert!(matches!(huge, Err(AppendError::TooLarge { what: "bytes", .. })), "{huge:?}");
    let subject = lines("acme", Vec::new(), 0).subject;
    let lines = expecting(&log, subject, Offset::ZERO, vec![lines("acme", Vec::new(), 0)]).await;
    assert!(matches!(lines, Err(AppendError::LinesExpected { .. })), "{lines:?}");
    assert_eq!(log.bounds(P0).expect("bounds").next, Offset::FIRST);
}

async fn an_unknown_partition_is_refused(log: LogUnderTest) {
    assert_eq!(log.partitions(), 2);
    let nowhere = PartitionId::new(2);
    let append = Append { events: vec![lines("acme", Vec::new(), 0)], expected: Vec::new() };
    assert!(matches!(log.append(nowhere, append).await, Err(AppendError::NoPartition { partitions: 2, .. })));
    let read = log.read(nowhere, Offset::FIRST, 1).await;
    assert!(matches!(read, Err(ReadError::NoPartition { .. })), "{read:?}");
    assert!(log.wait(nowhere, Offset::FIRST).await.is_err());
    assert!(log.bounds(nowhere).is_err() && log.hold(nowhere, Offset::FIRST).is_err());
    assert!(log.truncate(nowhere, Offset::FIRST).await.is_err());
}

async fn waiting_ends_when_the_event_is_durable(log: LogUnderTest) {
    append(&log, P0, vec![lines("acme", noise(10, 1), 0)]).await;
    log.wait(P0, Offset::FIRST).await.expect("it is there");
    let follower: Pin<Box<dyn Future<Output = Option<Bytes>> + Send>> = Box::pin(async {
        log.wait(P0, Offset::new(2)).await.expect("it comes");
        let chunk = log.read(P0, Offset::new(2), 1).await.expect("a read");
        Some(chunk.events[0].body.clone())
    });
    let writer: Pin<Box<dyn Future<Output = Option<Bytes>> + Send>> = Box::pin(async {
        append(&log, P1, vec![lines("acme", noise(10, 2), 0)]).await;
        append(&log, P0, vec![lines("acme", noise(10, 3), 0)]).await;
        None
    });
    assert_eq!(together([follower, writer]).await[0], Some(noise(10, 3).into()));
}

async fn many_appends_at_once_are_recorded_once_each(log: LogUnderTest) {
    let appends = (0..200u64).map(|number| append(&log, P0, vec![lines("acme", noise(500, number), 0)]));
    let answers = together(appends).await;
    let events = read_all(&log, P0, Offset::FIRST).await;
    assert_eq!(events.len(), 200);
    for (number, appended) in answers.iter().enumerate() {
        let event = &events[appended.first.number() as usize - 1];
        assert_eq!(event.body, noise(500, number as u64));
        assert_eq!(event.hash, appended.hash);
    }
}

async fn truncation_keeps_control_events(log: LogUnderTest) {
    fill(&log, 100).await;
    let before = read_all(&log, P0, Offset::FIRST).await;
    let mut gone_below = Offset::FIRST;
    for below in [30, 31, 60, 90, 1_000] {
        let from = log.truncate(P0, Offset::new(below)).await.expect("a truncation");
        assert!(from >= gone_below && from <= Offset::new(below), "truncated below {from}, asked {below}");
        assert_eq!(log.bounds(P0).expect("bounds").lines_from, from);
        gone_below = from;
        let kept =
            |event: &&Recorded| event.envelope.offset >= from || event.envelope.subject.kind.is_control();
        let expected: Vec<_> = before.iter().filter(kept).cloned().collect();
        assert_eq!(read_all(&log, P0, Offset::FIRST).await, expected);
    }
    assert!(gone_below > Offset::new(60), "most of it can go, but only {gone_below} did");
    let appended = append(&log, P0, vec![lines("acme", noise(10, 1), 0)]).await;
    assert_eq!(appended.first, Offset::new(101));
}

async fn a_hold_stops_truncation(log: LogUnderTest) {
    fill(&log, 100).await;
    let hold = log.hold(P0, Offset::new(20)).expect("a hold");
    let other = log.hold(P0, Offset::new(50)).expect("a hold");
    assert!(log.truncate(P0, Offset::new(90)).await.expect("a truncation") <= Offset::new(20));
    assert_eq!(
        log.read(P0, Offset::new(20), 1).await.expect("a read").events[0].envelope.offset,
        Offset::new(20)
    );
    hold.advance(Offset::new(70));
    assert!(log.truncate(P0, Offset::new(90)).await.expect("a truncation") <= Offset::new(50));
    drop((hold, other));
    assert!(log.truncate(P0, Offset::new(90)).await.expect("a truncation") > Offset::new(50));
}

async fn bytes_that_are_ahead_become_fewer(log: LogUnderTest) {
    let ahead = |from| log.bytes_from(P0, Offset::new(from)).expect("a number of bytes");
    assert_eq!(ahead(1), 0);
    fill(&log, 200).await;
    let all = ahead(1);
    // What cannot be compressed is stored as it is; a place is known to within what the log notes of them.
    assert!(all > 180 * 2_000 && ahead(101) < all && ahead(101) > 80 * 2_000, "{all} and {}", ahead(101));
    assert!((1..200).all(|from| ahead(from + 1) <= ahead(from) && ahead(from) > 0));
    assert_eq!((ahead(201), ahead(10_000)), (0, 0));
    assert!(log.bytes_from(PartitionId::new(9), Offset::FIRST).is_err());
}

/// Line events, with a control event of changing users at every tenth place.
async fn fill(log: &LogUnderTest, count: u64) {
    for number in 1..=count {
        let event = if number % 10 == 0 {
            control("acme", if number % 20 == 0 { "u1" } else { "u2" }, number)
        } else {
            lines("acme", noise(2_000, number), 0)
        };
        append(log, P0, vec![event]).await;
    }
}

async fn append(log: &LogUnderTest, partition: PartitionId, events: Vec<NewEvent>) -> Appended {
    log.append(partition, Append { events, expected: Vec::new() }).await.expect("an append")
}

async fn expecting(
    log: &LogUnderTest,
    subject: Subject,
    last: Offset,
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    log.append(P0, Append { events, expected: vec![Expected { subject, last }] }).await
}

/// Reads to the end in small chunks, and checks that each says where to go on.
async fn read_all(log: &LogUnderTest, partition: PartitionId, from: Offset) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    let mut from = from;
    while from < log.bounds(partition).expect("bounds").next {
        let chunk = log.read(partition, from, 10_000).await.expect("a read");
        assert!(chunk.next > from, "a read below the end moves on");
        events.extend(chunk.events);
        from = chunk.next;
    }
    events
}

/// Polls all of them until all are done.
async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        for (future, answer) in &mut running {
            if answer.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *answer = Some(ready);
            }
        }
        if running.iter().any(|(_, answer)| answer.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(running.iter_mut().filter_map(|(_, answer)| answer.take()).collect())
    })
    .await
}

fn lines(tenant: &str, body: Vec<u8>, recorded_at: i64) -> NewEvent {
    let tenant = TenantId::parse(tenant).expect("a good name");
    NewEvent {
        subject: Subject::lines(tenant),
        event_type: EventType(1),
        schema: SchemaVersion(1),
        recorded_at: Timestamp::from_nanos(recorded_at),
        body: body.into(),
    }
}

fn control(tenant: &str, user: &str, number: u64) -> NewEvent {
    let tenant = TenantId::parse(tenant).expect("a good name");
    let user = UserId::parse(user).expect("a good name");
    NewEvent {
        subject: Subject::control(tenant, Aggregate::Member(user)),
        event_type: EventType(2),
        schema: SchemaVersion(3),
        recorded_at: Timestamp::from_nanos(number as i64),
        body: format!("control {number}").into_bytes().into(),
    }
}

/// Bytes that do not compress, the same for the same seed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(&mut next).take(length).collect()
}
