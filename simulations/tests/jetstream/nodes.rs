//! Many nodes on one log, and one node after another.

use antler_events::ids::Offset;
use antler_events::log::{Append, AppendError, EventLog, Expected};
use antler_simulations::servers::{Kind, Server, Wishes, scratch};
use futures_util::future::join_all;

use super::node::{Node, P0, assert_whole, control, lines, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn nodes_that_write_at_once_make_one_log() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let nodes = [
        Node::open(&server, "many", 1).await,
        Node::open(&server, "many", 2).await,
        Node::open(&server, "many", 3).await,
    ];
    let writing = nodes.iter().enumerate().flat_map(|(number, node)| {
        (0..100).map(move |at| {
            let event = if at % 10 == 0 { control } else { lines };
            node.append(event(["acme", "other"][at % 2], format!("{number} {at}")))
        })
    });
    let answers: Vec<_> = join_all(writing).await.into_iter().map(Result::unwrap).collect();
    for node in &nodes {
        node.log.wait(P0, Offset::new(300)).await.unwrap();
        let events = node.read_all().await;
        assert_eq!(events.len(), 300);
        assert_whole(&events);
        for (at, answer) in answers.iter().enumerate() {
            let event = &events[answer.first.number() as usize - 1];
            assert_eq!(
                (&event.body[..], event.hash),
                (format!("{} {}", at / 100, at % 100).as_bytes(), answer.hash)
            );
        }
    }
    for node in nodes {
        node.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn of_two_nodes_with_one_expectation_one_is_recorded() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let nodes = [Node::open(&server, "race", 1).await, Node::open(&server, "race", 2).await];
    for round in 0..50 {
        let event = |number: usize| control("acme", format!("{round} {number}"));
        let expected = vec![Expected { subject: event(0).subject, last: Offset::new(round) }];
        for node in &nodes {
            node.log.wait(P0, Offset::new(round)).await.unwrap();
        }
        let racing = nodes.iter().enumerate().map(|(number, node)| {
            node.log.append(P0, Append { events: vec![event(number)], expected: expected.clone() })
        });
        let answers = join_all(racing).await;
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        let lost =
            answers.iter().filter(|answer| matches!(answer, Err(AppendError::Conflict { .. }))).count();
        assert_eq!((won, lost), (1, 1), "round {round}: {answers:?}");
    }
    for node in nodes {
        node.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn a_log_goes_on_from_its_snapshot_and_without_one() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    // In pieces, and with snapshots in the middle.
    let small = |writer| {
        let mut options = options(&server, "again", writer);
        options.snapshot_bytes = 20_000;
        options.recent_bytes = 10_000;
        options
    };
    let big = |number: u64| -> String {
        (0..2_500_000_u64)
            .map(|at| char::from(b'a' + (at.wrapping_mul(at ^ number) >> 7) as u8 % 26))
            .collect()
    };
    for round in 0..6_u64 {
        let node = Node::with(small(round)).await.unwrap();
        assert_eq!(node.log.bounds(P0).unwrap().next, Offset::new(1 + round * 32));
        assert_eq!(
            node.log.last_of(P0, control("acme", String::new()).subject).unwrap(),
            Offset::new(round * 32)
        );
        for at in 0..30 {
            node.append(lines("acme", format!("{round} {at} {}", "x".repeat(1_000)))).await.unwrap();
        }
        node.append(lines("acme", big(round))).await.unwrap();
        node.append(control("acme", format!("{round}"))).await.unwrap();
        let events = node.read_all().await;
        assert_eq!(events.len() as u64, (round + 1) * 32);
        assert_whole(&events);
        assert_eq!(events[30].body, big(0).as_bytes());
        if round % 2 == 0 { node.close().await } else { node.crash() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn what_one_node_truncates_is_gone_for_all() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let mut tiny = options(&server, "cut", 2);
    tiny.recent_bytes = 1;
    let (one, other) = (Node::open(&server, "cut", 1).await, Node::with(tiny).await.unwrap());
    for at in 1..=60 {
        let event = if at % 10 == 0 { control } else { lines };
        one.append(event("acme", format!("{at}"))).await.unwrap();
    }
    other.log.wait(P0, Offset::new(60)).await.unwrap();
    let from = one.log.truncate(P0, Offset::new(45)).await.unwrap();
    assert_eq!(from, Offset::new(45));
    let third = Node::open(&server, "cut", 3).await;
    for node in [&one, &other, &third] {
        let left: Vec<u64> =
            node.read_all().await.iter().map(|event| event.envelope.offset.number()).collect();
        let expected: Vec<u64> = (1..=60).filter(|at| *at >= 45 || at % 10 == 0).collect();
        assert_eq!(left, expected);
        assert_eq!(node.log.bounds(P0).unwrap().lines_from, from);
        assert!(node.log.statistics().iter().all(|partition| partition.alarms == 0));
    }
    third.append(lines("acme", "on".to_owned())).await.unwrap();
    assert!(third.log.statistics().iter().all(|partition| partition.alarms == 0));
    for node in [one, other, third] {
        node.close().await;
    }
}
