//! Servers that are killed, paused or lose what they had, while a log is written.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use antler_events::log::{AppendError, EventLog};
use antler_simulations::servers::{Kind, Server, Wishes, scratch, wire::nats};

use super::node::{Node, assert_whole, lines};

/// Writes with some senders until it is told to stop; answers the bodies that were acknowledged.
async fn write_until(
    node: Arc<Node>,
    number: usize,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<String>>>,
) {
    let mut at = 0;
    while !stop.load(Ordering::Relaxed) {
        let body = format!("{number} {at}");
        node.append_at_last(lines("acme", body.clone())).await;
        acknowledged.lock().unwrap().push(body);
        at += 1;
    }
}

struct Load {
    node: Arc<Node>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<String>>>,
    writing: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn on(node: Node) -> Self {
        let (node, stop) = (Arc::new(node), Arc::<AtomicBool>::default());
        let acknowledged = Arc::<Mutex<Vec<String>>>::default();
        let write =
            |number| write_until(Arc::clone(&node), number, Arc::clone(&stop), Arc::clone(&acknowledged));
        let writing = (0..4).map(|number| tokio::spawn(write(number))).collect();
        Self { node, stop, acknowledged, writing }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits until so many more are acknowledged.
    async fn more(&self, count: usize) {
        let enough = self.count() + count;
        while self.count() < enough {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Waits until nothing is taken.
    async fn until_refused(&self) {
        let refused = || self.node.log.statistics()[0].refused;
        let before = refused();
        while refused() == before && self.node.log.statistics()[0].away.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    async fn end(self) -> (Arc<Node>, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        for writing in self.writing {
            writing.await.unwrap();
        }
        let acknowledged = self.acknowledged.lock().unwrap().clone();
        (self.node, acknowledged)
    }
}

async fn assert_nothing_lost(node: &Node, acknowledged: &[String]) {
    let events = node.read_all().await;
    assert_whole(&events);
    let found: std::collections::BTreeSet<_> = events.iter().map(|event| event.body.clone()).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|body| !found.contains(body.as_bytes())).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
    assert_eq!(events.len(), acknowledged.len(), "every append was answered in the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn a_server_that_is_killed_loses_and_doubles_nothing() {
    let folder = scratch().unwrap();
    let mut server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let load = Load::on(Node::open(&server, "kill", 1).await);
    for _ in 0..5 {
        load.more(50).await;
        server.kill9();
        load.until_refused().await;
        server.restart().unwrap();
    }
    load.more(50).await;
    let (node, acknowledged) = load.end().await;
    assert_nothing_lost(&node, &acknowledged).await;
    let again = Node::open(&server, "kill", 2).await;
    assert_nothing_lost(&again, &acknowledged).await;
    println!("{} acknowledged, {} doubts", acknowledged.len(), node.log.statistics()[0].doubts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn a_server_that_pauses_is_waited_for() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let load = Load::on(Node::open(&server, "pause", 1).await);
    load.more(50).await;
    server.pause().unwrap();
    load.until_refused().await;
    let refused = load.node.append(lines("acme", "refused".to_owned())).await.unwrap_err();
    assert!(matches!(refused, AppendError::Away { .. }), "{refused}");
    server.resume().unwrap();
    load.more(50).await;
    let (node, acknowledged) = load.end().await;
    assert_nothing_lost(&node, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn a_stop_without_a_server_ends_and_says_what_is_unknown() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let node = Node::open(&server, "stop", 1).await;
    node.append(lines("acme", "stored".to_owned())).await.unwrap();
    server.pause().unwrap();
    let log = Arc::clone(&node.log);
    let waiting = tokio::spawn(async move {
        let append = antler_events::log::Append {
            events: vec![lines("acme", "in doubt".to_owned())],
            expected: Vec::new(),
        };
        log.append(super::node::P0, append).await
    });
    while node.log.statistics()[0].doubts == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    node.close().await;
    let answer = waiting.await.unwrap().unwrap_err();
    assert!(matches!(answer, AppendError::Unknown { .. }), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn a_stream_that_goes_backwards_stops_its_partition() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let node = Node::open(&server, "back", 1).await;
    for at in 0..10 {
        node.append(lines("acme", format!("{at}"))).await.unwrap();
    }
    let ask = |subject: &str, payload: &str| {
        nats::Connection::open(server.seat()).unwrap().ask(subject, payload).unwrap()
    };
    let config = ask("$JS.API.STREAM.INFO.back-ev-000", "")["config"].clone();
    ask("$JS.API.STREAM.DELETE.back-ev-000", "");
    ask("$JS.API.STREAM.CREATE.back-ev-000", &config.to_string());
    let refused = loop {
        match node.append(lines("acme", "lost?".to_owned())).await {
            Err(error @ AppendError::Stopped { .. }) => break error.to_string(),
            Err(AppendError::Away { .. }) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            other => panic!("{other:?}"),
        }
    };
    assert!(
        refused.contains("stream back-ev-000 ends at message 0, and message 10 had been stored"),
        "{refused}"
    );
}
