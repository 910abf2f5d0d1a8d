//! Cases of what goes in: once, whole, in its place, and durable when it says so.

use antler_events::event::lines::LineDefaults;
use antler_events::ids::Offset;

use super::Subject;
use super::given::*;
use crate::index::port::{BatchAt, IndexError, LineId};

pub(super) async fn lines_come_back_as_they_came(subject: Subject) {
    let index = subject.index();
    let lines: Vec<Vec<u8>> = vec![
        br#"{"@timestamp":"2026-03-01T08:00:01.5Z","level":"INFO","message":"a \u00e4 \"quoted\" \n line"}"#
            .to_vec(),
        b"  plain text with \xff bytes\r\n".to_vec(),
        br#"{"a":{"b":[1,2.50,-0,1e3,"x"]},"a.b":null,"c":{},"d":[],"dup":1,"dup":"two"}"#.to_vec(),
        "größe 漢字 \u{202e}right to left\u{0}".as_bytes().to_vec(),
        b"{not json".to_vec(),
        b"".to_vec(),
        b"{}".to_vec(),
    ];
    let defaults = LineDefaults {
        service: Some("api".to_owned()),
        host: Some("h1".to_owned()),
        tags: vec!["a".to_owned(), "b".to_owned()],
        ..LineDefaults::default()
    };
    let events = vec![said("acme", 5, second(9), &lines, defaults.clone())];
    let report = feed(&*index, 1, events).await;
    assert_eq!((report.events, report.lines, report.known), (1, lines.len() as u64, 0));
    for _ in 0..2 {
        let page = page(&*index, "acme", oldest("*", 100)).await;
        assert!(!page.coverage.is_partial, "{:?}", page.coverage);
        let mut found = page.lines;
        found.sort_by_key(|line| line.id());
        assert_eq!(found.iter().map(|line| line.raw.to_vec()).collect::<Vec<_>>(), lines);
        for (line, number) in found.iter().zip(0..) {
            assert_eq!(line.id(), LineId { partition: partition(1), offset: Offset::new(5), line: number });
            assert_eq!(line.received_at, second(9));
            assert_eq!(line.position.time, if number == 0 { at(START + SECOND * 3 / 2) } else { second(9) });
            assert_eq!(line.is_plain, [1, 3, 4, 5].contains(&number), "line {number}");
            assert_eq!((&*line.arrival.protocol, &line.arrival.defaults), ("http", &defaults));
            assert!(line.parsed().is_ok_and(|batch| batch.len() == 1));
        }
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn an_event_is_applied_once(subject: Subject) {
    let index = subject.index();
    let events: Vec<BatchAt> =
        (1..=20).map(|offset| event("acme", offset, second(0), &[format!("line {offset}")])).collect();
    feed(&*index, 0, events[..12].to_vec()).await;
    let report = feed(&*index, 0, events[5..15].to_vec()).await;
    assert_eq!((report.known, report.events, report.applied), (7, 3, Offset::new(15)));
    index.flush().await.expect("a flush");
    let report = feed(&*index, 0, events.clone()).await;
    assert_eq!((report.known, report.lines, report.applied), (15, 5, Offset::new(20)));
    assert_eq!(index.applied(partition(0)), Offset::new(20));
    let page = page(&*index, "acme", oldest("*", 100)).await;
    assert_eq!(texts(&page.lines), (1..=20).map(|number| format!("line {number}")).collect::<Vec<_>>());
}

pub(super) async fn events_without_lines_are_passed(subject: Subject) {
    let index = subject.index();
    assert_eq!(index.applied(partition(0)), Offset::ZERO);
    let nothing = |offset| BatchAt { offset: Offset::new(offset), lines: None };
    let none: [&str; 0] = [];
    feed(&*index, 0, vec![nothing(3), event("acme", 4, second(0), &["a"]), nothing(9)]).await;
    assert_eq!(index.applied(partition(0)), Offset::new(9));
    feed(&*index, 0, vec![event("acme", 12, second(0), &none)]).await;
    index.flush().await.expect("a flush");
    assert_eq!(index.checkpoint(partition(0)), Offset::new(12));
    assert_eq!(index.checkpoint(partition(1)), Offset::ZERO);
    assert_eq!(page(&*index, "acme", newest("*", 10)).await.lines.len(), 1);
}

pub(super) async fn offsets_that_do_not_rise_are_refused(subject: Subject) {
    let index = subject.index();
    let events = [4, 5, 5].map(|offset| event("acme", offset, second(0), &["a"]));
    let refused = index.apply(partition(0), events.to_vec()).await;
    assert!(matches!(refused, Err(IndexError::NotRising { .. })), "{refused:?}");
    assert_eq!(index.applied(partition(0)), Offset::ZERO);
    assert_eq!(page(&*index, "acme", newest("*", 10)).await.lines, []);
}

pub(super) async fn partitions_have_offsets_of_their_own(subject: Subject) {
    let index = subject.index();
    feed(&*index, 0, vec![event("acme", 7, second(1), &["zero"])]).await;
    feed(&*index, 1, vec![event("acme", 7, second(1), &["one"]), event("bolt", 8, second(1), &["b"])]).await;
    assert_eq!((index.applied(partition(0)), index.applied(partition(1))), (Offset::new(7), Offset::new(8)));
    assert_eq!(texts(&page(&*index, "acme", oldest("*", 10)).await.lines), ["zero", "one"]);
}

pub(super) async fn late_lines_stand_in_their_place(subject: Subject) {
    let index = subject.index();
    let times = [50, 10, 90, 10, 70, -100_000, 30, 200_000];
    for (seconds, offset) in times.into_iter().zip(1..) {
        let line = format!(r#"{{"ts":"{}","n":{offset}}}"#, second(seconds));
        feed(&*index, offset as u16 % 2, vec![event("acme", offset, second(100), &[line])]).await;
        if offset == 4 {
            index.flush().await.expect("a flush");
        }
    }
    let found = page(&*index, "acme", oldest("*", 100)).await.lines;
    let mut sorted = times;
    sorted.sort_unstable();
    assert_eq!(found.iter().map(|line| line.position.time).collect::<Vec<_>>(), sorted.map(second));
    let mut newest = page(&*index, "acme", newest("*", 100)).await.lines;
    newest.reverse();
    assert_eq!(newest, found);
}

pub(super) async fn what_was_flushed_is_there_after_a_reopen(subject: Subject) {
    let partitions = mixed(120, 3);
    let index = subject.index();
    feed_mixed(&*index, &partitions).await;
    index.flush().await.expect("a flush");
    for (events, number) in partitions.iter().zip(0..) {
        let last = events.last().expect("some events").offset;
        assert_eq!((index.applied(partition(number)), index.checkpoint(partition(number))), (last, last));
    }
    let before = page(&*index, "acme", newest("*", 10_000)).await.lines;
    drop(index);
    let Some(index) = subject.reopen() else { return };
    assert_eq!(page(&*index, "acme", newest("*", 10_000)).await.lines, before);
    let report = feed(&*index, 0, partitions[0].clone()).await;
    assert_eq!((report.events, report.known), (0, partitions[0].len() as u64));
}

pub(super) async fn the_log_gives_again_what_was_not_durable(subject: Subject) {
    let partitions = mixed(200, 3);
    let index = subject.index();
    feed_mixed(&*index, &partitions).await;
    keep_up(&*index).await;
    let before = page(&*index, "acme", newest("*", 10_000)).await.lines;
    drop(index);
    let Some(index) = subject.reopen() else { return };
    for (events, number) in partitions.iter().zip(0..) {
        let checkpoint = index.checkpoint(partition(number));
        assert_eq!(index.applied(partition(number)), checkpoint, "what is not durable is not applied");
        let again: Vec<_> = events.iter().filter(|event| event.offset > checkpoint).cloned().collect();
        feed(&*index, number, again).await;
    }
    assert_eq!(page(&*index, "acme", newest("*", 10_000)).await.lines, before);
}
