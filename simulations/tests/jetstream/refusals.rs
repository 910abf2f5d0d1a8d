//! Servers and streams that are not as they must be: told at the opening, and left as they are.

use antler_config::Secret;
use antler_events::log::EventLog;
use antler_events::log::jetstream::{JetStreamOptions, OpenError};
use antler_simulations::servers::{Kind, Server, Wishes, scratch, wire::nats};
use serde_json::json;

use super::node::{Node, assert_whole, lines, options};

async fn refused(options: JetStreamOptions) -> OpenError {
    match Node::with(options).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS and a real Redis"]
async fn what_is_at_the_other_end_is_told() {
    let folder = scratch().unwrap();
    let secure = Wishes { is_secure: true, ..Wishes::default() };
    let server = Server::start(Kind::Nats, folder.path(), &secure).unwrap();
    let login = server.seat().login.clone().unwrap();
    let good = JetStreamOptions {
        user: login.name.clone(),
        password: Secret::new(login.password.clone()),
        ..options(&server, "good", 1)
    };
    Node::with(good.clone()).await.unwrap().close().await;
    let wrong = JetStreamOptions { password: Secret::new("not-this-one".to_owned()), ..good.clone() };
    let told = refused(wrong).await;
    assert!(matches!(told, OpenError::Denied { .. }) && !told.to_string().contains("not-this-one"), "{told}");
    let redis = Server::start(Kind::Redis, folder.path(), &Wishes::default()).unwrap();
    let told = refused(options(&redis, "good", 1)).await;
    assert!(matches!(told, OpenError::Unreachable { .. }), "{told:?}");
    let address = redis.seat().address;
    drop(redis);
    let nobody = JetStreamOptions { servers: format!("nats://ann:secret@{address}"), ..good };
    let told = refused(nobody).await.to_string();
    assert!(
        told.contains(&format!("NATS does not answer at nats://{address}")) && !told.contains("secret"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn a_stream_with_other_settings_is_left_as_it_is() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let ask = |subject: &str, payload: &str| {
        nats::Connection::open(server.seat()).unwrap().ask(subject, payload).unwrap()
    };
    let stream = json!({"name": "mine-ev-001", "subjects": ["mine.ev.1.>"], "storage": "memory", "max_age": 1_000_000_000});
    ask("$JS.API.STREAM.CREATE.mine-ev-001", &stream.to_string());
    let told = refused(options(&server, "mine", 1)).await.to_string();
    assert!(
        told.starts_with("stream mine-ev-001 of NATS has other settings than Antler's, and is left as it is"),
        "{told}"
    );
    assert!(told.contains("storage is Memory, and must be File; "), "{told}");
    assert_eq!(ask("$JS.API.STREAM.INFO.mine-ev-001", "")["config"]["storage"], "memory");
    Node::open(&server, "two", 1).await.close().await;
    let told = refused(JetStreamOptions { partitions: 4, ..options(&server, "two", 1) }).await.to_string();
    assert_eq!(
        told,
        "the log in NATS has 2 partitions, and 4 are asked for; that number is fixed when it is made"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a real NATS"]
async fn a_foreign_message_in_the_log_counts_for_nobody() {
    let folder = scratch().unwrap();
    let server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let node = Node::open(&server, "poison", 1).await;
    node.append(lines("acme", "before".to_owned())).await.unwrap();
    let answer = nats::Connection::open(server.seat()).unwrap().ask("poison.ev.0.lines", "poison").unwrap();
    assert_eq!(answer["seq"], 2);
    node.append(lines("acme", "behind".to_owned())).await.unwrap();
    let again = Node::open(&server, "poison", 2).await;
    for node in [&node, &again] {
        let events = node.read_all().await;
        assert_whole(&events);
        assert_eq!(
            events.iter().map(|event| &event.body[..]).collect::<Vec<_>>(),
            [&b"before"[..], b"behind"]
        );
        assert_eq!(node.log.statistics()[0].alarms, 1);
        assert_eq!(node.log.partitions(), 2);
    }
}
