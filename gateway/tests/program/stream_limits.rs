//! The limit of streams of a tenant, through the real binary and every way in.
//!
//! Invariant: counts are waited for, because streams are counted behind the answer. It does not test how lines are filed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpStream, UdpSocket};

use serde_json::{Value, json};

use super::client::{register, send, ship, start_with, wait_for};
use super::running::{Answer, Running, wait};
use super::uploads::{ask, ended, get, upload};

const OPERATOR: &str = "an operator's own token";
const NDJSON: &str = "application/x-ndjson";

fn start(dir: &std::path::Path) -> Running {
    start_with(dir, &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"))
}

/// Sets the limit of a person's tenant, and answers how the operator sees the tenant then.
fn limit(running: &Running, token: &str, streams: u64) -> Value {
    let id = get(running, "/api/tenant/", token)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/admin/tenants/{id}/");
    let (status, changed) = ask(running, "PATCH", &path, OPERATOR, &json!({"streams_max": streams}));
    assert_eq!(status, 200, "{changed}");
    changed
}

/// A line of each of some services.
fn lines(services: &[&str]) -> Vec<u8> {
    let line = |service: &&str| format!("{}\n", json!({"service": service, "message": "an okapi"}));
    services.iter().map(line).collect::<String>().into_bytes()
}

fn quota(running: &Running, token: &str) -> Value {
    get(running, "/api/users/profile/quota/", token)["streams"].clone()
}

fn wait_for_streams(running: &Running, token: &str, used: u64) -> Value {
    wait(|| Some(quota(running, token)).filter(|streams| streams["used"] == used))
}

fn letters(running: &Running, token: &str) -> Vec<Value> {
    get(running, "/api/logs/dead-letters/", token)["results"].as_array().unwrap().clone()
}

fn wait_for_letters(running: &Running, token: &str, count: usize) -> Vec<Value> {
    wait(|| Some(letters(running, token)).filter(|letters| letters.len() == count))
}

/// A tenant of a person that has the streams a, b and c, and may have no other.
fn full(running: &Running, name: &str) -> (String, String) {
    let (token, key) = register(running, name);
    assert_eq!(limit(running, &token, 3)["limits"]["streams_max"], 3);
    assert_eq!(ship(running, &key, NDJSON, &lines(&["a", "b", "c"])).0, 200);
    let streams = wait_for_streams(running, &token, 3);
    assert_eq!((&streams["limit"], &streams["status"]), (&json!(3), &json!("exceeded")), "{streams}");
    (token, key)
}

#[test]
fn a_line_that_would_begin_a_stream_beyond_the_limit_is_a_dead_letter_and_the_others_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let ((ann, key), (bob, other)) = (full(&running, "ann"), register(&running, "bob"));
    assert_eq!(limit(&running, &ann, 3)["streams"], 3, "the operator sees it");
    let told = wait(|| {
        let audit = get(&running, "/api/audit/?action=quota_warned", &ann);
        audit["results"].as_array().unwrap().first().cloned()
    });
    assert_eq!((&told["object"]["id"], &told["after"]["count"]), (&json!("streams"), &json!(100)), "{told}");
    let sent = [&b"\n"[..], &lines(&["a", "d"]), b"{broken\n", &lines(&["b"])].concat();
    let (status, answer) = ship(&running, &key, NDJSON, &sent);
    assert_eq!(
        (status, &answer["accepted"], &answer["rejected"], &answer["receipt"]["count"]),
        (207, &json!(2), &json!(2), &json!(2)),
        "{answer}"
    );
    let codes: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|e| (&e["line"], &e["code"])).collect();
    assert_eq!(codes[0], (&json!(3), &json!("too_many_streams")));
    assert_eq!(codes[1].0, &json!(4));
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("the stream logs-d-default") && message.contains("as it may, 3"), "{message}");
    let kept = wait_for_letters(&running, &ann, 2);
    let letter = kept.iter().find(|letter| letter["code"] == "too_many_streams").unwrap();
    assert_eq!(
        (&letter["line"], letter["message"].as_str(), letter["raw"].as_str().unwrap().as_bytes()),
        (&json!(3), Some(message), lines(&["d"]).trim_ascii())
    );
    assert_eq!(ship(&running, &other, NDJSON, &lines(&["a", "b", "c", "d"])).0, 200, "others go on");
    wait_for(&running, &bob, "okapi", 4);
    wait_for(&running, &ann, "okapi", 5);
}

/// A line that is answered by itself.
fn send_one(running: &Running, key: &str, line: &[u8]) -> Answer {
    let headers =
        format!("\r\nContent-Type: application/json\r\nAuthorization: ApiKey {key}\r\nIdempotency-Key: one");
    send(running, "POST", "/api/logs/", &headers, line)
}

#[test]
fn a_full_tenant_stays_full_over_a_restart_until_its_limit_is_raised() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let (ann, key) = full(&running, "ann");
    assert_eq!(running.stop("TERM").0, Some(0));
    let running = start(dir.path());
    assert_eq!(wait_for_streams(&running, &ann, 3)["status"], "exceeded");
    let (status, answer) = ship(&running, &key, NDJSON, &lines(&["d"]));
    assert_eq!((status, &answer["accepted"], &answer["rejected"]), (207, &json!(0), &json!(1)), "{answer}");
    let one = send_one(&running, &key, &lines(&["d"]));
    assert!(one.head.starts_with("HTTP/1.1 422") && one.body.contains("too_many_streams"), "{}", one.body);
    let id = wait_for_letters(&running, &ann, 1)[0]["id"].as_str().unwrap().to_owned();
    let replay = format!("/api/logs/dead-letters/{id}/replay/");
    let (status, refused) = ask(&running, "POST", &replay, &ann, &json!({}));
    assert_eq!((status, &refused["error"]["code"]), (422, &json!("too_many_streams")), "{refused}");
    assert_eq!(
        letters(&running, &ann).len(),
        1,
        "what its sender was told is no dead letter, and the letter stays"
    );

    limit(&running, &ann, 4);
    assert_eq!(ask(&running, "POST", &replay, &ann, &json!({})).0, 201);
    wait_for_letters(&running, &ann, 0);
    let one = send_one(&running, &key, &lines(&["d"]));
    assert!(one.head.starts_with("HTTP/1.1 201"), "nothing was remembered of the refusal: {}", one.body);
    wait_for(&running, &ann, "okapi", 5);
    wait_for_streams(&running, &ann, 4);
    assert_eq!(ship(&running, &key, NDJSON, &lines(&["e"])).1["rejected"], 1);
}

#[test]
fn tcp_udp_and_files_meet_the_limit_too() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let (ann, key) = full(&running, "ann");
    let greeting = format!("{}\n", json!({"token": key, "ack": true})).into_bytes();
    let mut tcp = TcpStream::connect(running.port("tcp")).unwrap();
    tcp.write_all(&[&greeting[..], &lines(&["a", "tcp"])].concat()).unwrap();
    let mut answer = String::new();
    BufReader::new(&tcp).read_line(&mut answer).unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(1), &json!(1)), "{answer}");
    let kept = wait_for_letters(&running, &ann, 1);
    assert_eq!(
        (&kept[0]["line"], &kept[0]["protocol"]),
        (&json!(3), &json!("tcp")),
        "the greeting is line 1"
    );
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(&[&greeting[..], &lines(&["udp", "b"])].concat(), running.port("udp")).unwrap();
    wait_for_letters(&running, &ann, 2);
    let id = upload(&running, &ann, &[], "some.ndjson", &lines(&["c", "file", "a", "file"]));
    let read = ended(&running, &ann, &id);
    assert_eq!((&read["status"], &read["result"]["indexed"]), (&json!("SUCCESS"), &json!(2)), "{read}");
    assert_eq!(read["result"]["failed"], 2, "{read}");
    let kept = wait_for_letters(&running, &ann, 4);
    assert!(kept.iter().all(|letter| letter["code"] == "too_many_streams"), "{kept:?}");
    wait_for(&running, &ann, "okapi", 7);
    let text = send(&running, "GET", "/metrics", "", b"").body;
    for protocol in ["tcp", "udp"] {
        let figure = format!("\nantler_ingest_rejected_lines_total{{protocol=\"{protocol}\"}} 1\n");
        assert!(text.contains(&figure), "{text}");
    }
    assert!(text.contains("\nantler_ingest_refused_total{reason=\"too_many_streams\"} 3\n"), "{text}");
}

#[test]
fn a_stream_whose_last_line_is_gone_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let (ann, key) = register(&running, "ann");
    limit(&running, &ann, 2);
    let id = upload(&running, &ann, &[], "some.ndjson", &lines(&["file"]));
    assert_eq!(ended(&running, &ann, &id)["status"], "SUCCESS");
    assert_eq!(ship(&running, &key, NDJSON, &lines(&["a"])).0, 200);
    wait_for_streams(&running, &ann, 2);
    assert_eq!(ship(&running, &key, NDJSON, &lines(&["b"])).1["rejected"], 1);
    let path = format!("/api/logs/metadata/{id}/");
    assert_eq!(ask(&running, "DELETE", &path, &ann, &Value::Null).0, 204);
    wait_for_streams(&running, &ann, 1);
    assert_eq!(ship(&running, &key, NDJSON, &lines(&["b"])).0, 200);
}
