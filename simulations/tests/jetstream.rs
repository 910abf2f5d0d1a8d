//! The event log in a real NATS: the promises of the port, many nodes at once, and servers that are killed or paused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "jetstream/faults.rs"]
mod faults;
#[path = "jetstream/node.rs"]
mod node;
#[path = "jetstream/nodes.rs"]
mod nodes;
#[path = "jetstream/program.rs"]
mod program;
#[path = "jetstream/refusals.rs"]
mod refusals;
#[expect(dead_code, reason = "the rest is for shippers")]
#[path = "shippers/site.rs"]
mod site;

use antler_events::log::EventLog;
use antler_events::log::conformance::CASES;
use antler_simulations::servers::{Kind, Server, Wishes, scratch};

use self::node::Node;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn it_keeps_the_promises_of_the_port() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    for (at, case) in CASES.iter().enumerate() {
        println!("{}", case.name);
        let node = Node::open(&server, &format!("case-{at}"), 1).await;
        (case.run)(node.log.clone()).await;
        let alarms: u64 = node.log.statistics().iter().map(|partition| partition.alarms).sum();
        assert_eq!((alarms, node.log.partitions()), (0, 2), "{}", case.name);
        node.close().await;
    }
}
