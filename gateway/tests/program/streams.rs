//! Keys that are kept to streams, through the real binary: what they send, see and hear.

use std::net::UdpSocket;

use serde_json::json;

use super::client::{post_json, register, send, ship, wait_for};
use super::running::{Running, wait};
use super::socket_client::Socket;

const NDJSON: &str = "application/x-ndjson";
const WEB: &[u8] = b"{\"service\":\"web\",\"message\":\"a giraffe\"}\n";
const PAY: &[u8] = b"{\"service\":\"pay\",\"message\":\"a giraffe of gold\"}\n";

/// A key for lines of the service web alone.
fn web_key(running: &Running, token: &str) -> String {
    let asked =
        json!({"name": "web", "scopes": ["ingest", "read", "write", "admin"], "streams": ["logs-web-*"]});
    let made = post_json(running, "/api/users/profile/api-keys/", Some(token), &asked);
    made["key"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

fn get(running: &Running, key: &str, path: &str) -> (u16, serde_json::Value) {
    let headers = format!("\r\nAuthorization: Bearer {key}");
    let answer = send(running, "GET", path, &headers, b"");
    (answer.head[9..12].parse().unwrap(), answer.json())
}

#[test]
fn a_key_sends_to_its_streams_only() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let key = web_key(&running, &ann);
    assert_eq!(ship(&running, &key, NDJSON, WEB).0, 200);
    let (status, answer) = ship(&running, &key, NDJSON, &[WEB, PAY].concat());
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(status, 403, "{answer}");
    assert!(
        message.contains("line 2 is of the stream logs-pay-default") && message.contains("logs-web-*"),
        "{message}"
    );
    let headers = format!("\r\nContent-Type: application/json\r\nAuthorization: Bearer {key}");
    let one = send(&running, "POST", "/api/logs/?service=pay", &headers, b"{\"message\":\"a giraffe\"}");
    assert_eq!(&one.head[9..12], "403", "{}", one.body);

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let greeting = format!("{}\n", json!({"token": key})).into_bytes();
    udp.send_to(&[&greeting[..], PAY].concat(), running.port("udp")).unwrap();
    let dropped = || {
        let text = send(&running, "GET", "/metrics", "", b"").body;
        text.contains("\nantler_ingest_udp_dropped_total{protocol=\"udp\"} 1\n").then_some(())
    };
    wait(dropped);
    udp.send_to(&[&greeting[..], WEB].concat(), running.port("udp")).unwrap();
    wait_for(&running, &ann, "giraffe", 2);
}

#[test]
fn a_key_sees_its_streams_only_and_is_refused_where_all_would_be_shown() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, own) = register(&running, "ann");
    let key = web_key(&running, &ann);
    ship(&running, &own, NDJSON, &[WEB, PAY, WEB].concat());
    wait_for(&running, &ann, "giraffe", 3);
    for path in
        ["/api/logs/search/?q=giraffe", "/api/logs/", "/api/logs/histogram/", "/api/v1/logs/search?q=not%20x"]
    {
        let (status, answer) = get(&running, &key, path);
        assert_eq!((status, &answer["total"]), (200, &json!(2)), "{path}: {answer}");
        assert!(!answer.to_string().contains("gold"), "{path}: {answer}");
    }
    let (_, values) = get(&running, &key, "/api/logs/fields/service/values/");
    assert_eq!(
        (values["results"].as_array().unwrap().len(), &values["results"][0]["value"]),
        (1, &json!("web"))
    );
    let counted = get(&running, &key, "/api/logs/search/?q=*%20%7C%20stats%20count()").1;
    assert_eq!(counted["rows"], json!([[2]]), "{counted}");
    let id =
        get(&running, &ann, "/api/logs/search/?q=gold").1["results"][0]["id"].as_str().unwrap().to_owned();
    let closed =
        ["stats/", "fields/", "validate-query/?q=g", "dead-letters/", "metadata/", &format!("{id}/")];
    for path in
        closed.map(|path| format!("/api/logs/{path}")).into_iter().chain(["/api/tenant/users/".to_owned()])
    {
        let (status, answer) = get(&running, &key, &path);
        assert_eq!(status, 403, "{path}: {answer}");
    }
}

#[test]
fn a_key_hears_of_its_streams_only() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, own) = register(&running, "ann");
    let key = web_key(&running, &ann);
    let mut socket = Socket::open(&running, &format!("/ws/logs/stream/?token={key}"));
    socket.hear();
    ship(&running, &own, NDJSON, &[PAY, WEB, PAY].concat());
    let heard = socket.hear();
    assert!(heard.to_string().contains("giraffe") && !heard.to_string().contains("gold"), "{heard}");
    socket.say(&json!({"type": "set_filters", "filters": {"query": "giraffe"}}));
    socket.hear();
    ship(&running, &own, NDJSON, &[PAY, WEB].concat());
    let heard = socket.hear();
    assert!(heard.to_string().contains("giraffe") && !heard.to_string().contains("gold"), "{heard}");
    for path in ["/ws/metrics/", "/ws/notifications/"] {
        let mut socket = Socket::open(&running, &format!("{path}?token={key}"));
        assert_eq!(socket.end().0, 4003, "{path}");
    }
}

#[test]
fn streams_are_listed_with_their_lines_and_a_key_sees_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let ((ann, ann_key), (eve, _)) = (register(&running, "ann"), register(&running, "eve"));
    let own = b"{\"data_stream\":{\"type\":\"metrics\",\"dataset\":\"nginx.access\",\"namespace\":\"PT\"},\"n\":1}\n";
    let plain = b"{\"message\":\"of no service\"}\n";
    let sent = [WEB, WEB, PAY, own, plain, WEB].concat();
    assert_eq!(ship(&running, &ann_key, NDJSON, &sent).0, 200);
    wait_for(&running, &ann, "*", 6);
    let (status, all) = get(&running, &ann, "/api/logs/streams/");
    let shown = |page: &serde_json::Value| -> Vec<(String, u64)> {
        let streams = page["results"].as_array().unwrap().iter();
        streams.map(|of| (of["name"].as_str().unwrap().to_owned(), of["lines"].as_u64().unwrap())).collect()
    };
    let expected = [
        ("logs-web-default", 3),
        ("logs-generic-default", 1),
        ("logs-pay-default", 1),
        ("metrics-nginx.access-pt", 1),
    ];
    let expected: Vec<(String, u64)> = expected.map(|(name, lines)| (name.to_owned(), lines)).into();
    assert_eq!((status, shown(&all), &all["total"]), (200, expected.clone(), &json!(4)), "{all}");
    let (_, second) = get(&running, &ann, "/api/logs/streams/?size=1&page=2");
    assert_eq!((shown(&second), &second["page"]), (expected[1..2].to_vec(), &json!(2)), "{second}");
    assert_eq!(shown(&get(&running, &web_key(&running, &ann), "/api/logs/streams/").1), expected[..1]);
    assert_eq!(get(&running, &eve, "/api/logs/streams/").1["total"], 0);
    assert_eq!(get(&running, &ann, "/api/logs/streams/?q=x").0, 422);
}
