//! Lines through the real binary: somebody registers, sends, finds, and finds again after a crash.

use serde_json::{Value, json};

use super::running::{Answer, Running, exchange, wait};

const PASSWORD: &str = "correct horse battery staple";
const NDJSON: &str = "application/x-ndjson";

pub(crate) fn send(running: &Running, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nContent-Length: {length}{headers}");
    exchange(running.http, &head, body)
}

fn post_json(running: &Running, path: &str, token: Option<&str>, body: &Value) -> Value {
    let credential = token.map(|token| format!("\r\nAuthorization: Bearer {token}")).unwrap_or_default();
    let headers = format!("\r\nContent-Type: application/json{credential}");
    let answer = send(running, "POST", path, &headers, body.to_string().as_bytes());
    assert!(answer.head.starts_with("HTTP/1.1 201"), "{} {}", answer.head, answer.body);
    answer.json()
}

/// A new tenant: an access token, and a key that may send lines.
pub(crate) fn register(running: &Running, name: &str) -> (String, String) {
    let body = json!({
        "username": name, "email": format!("{name}@example.org"),
        "password": PASSWORD, "password_confirm": PASSWORD,
    });
    let token = post_json(running, "/api/auth/register/", None, &body)["token"].as_str().unwrap().to_owned();
    let key = json!({"name": "shipper", "scopes": ["ingest"]});
    let key = post_json(running, "/api/users/profile/api-keys/", Some(&token), &key);
    (token, key["key"].as_str().unwrap().to_owned())
}

pub(crate) fn ship(running: &Running, key: &str, content_type: &str, body: &[u8]) -> (u16, Value) {
    let headers = format!("\r\nContent-Type: {content_type}\r\nAuthorization: ApiKey {key}");
    let answer = send(running, "POST", "/api/logs/bulk/", &headers, body);
    (answer.head[9..12].parse().unwrap(), answer.json())
}

pub(crate) fn found(running: &Running, token: &str, query: &str) -> Value {
    let headers = format!("\r\nAuthorization: Bearer {token}");
    let answer = send(running, "GET", &format!("/api/logs/search/?q={query}"), &headers, b"");
    assert!(answer.head.starts_with("HTTP/1.1 200"), "{} {}", answer.head, answer.body);
    answer.json()
}

pub(crate) fn wait_for(running: &Running, token: &str, query: &str, total: u64) -> Value {
    wait(|| Some(found(running, token, query)).filter(|page| page["total"] == total))
}

#[test]
fn a_line_is_sent_found_kept_from_others_and_there_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, ann_key) = register(&running, "ann");
    let (bob, _) = register(&running, "bob");
    let body = b"{\"message\":\"a giraffe\",\"n\":7}\n{\"message\": broken\n{\"message\":\"a zebra\"}\n";
    let (status, answer) = ship(&running, &ann_key, NDJSON, body);
    assert_eq!((status, &answer["accepted"], &answer["rejected"]), (207, &json!(2), &json!(1)), "{answer}");
    assert_eq!((&answer["errors"][0]["line"], &answer["receipt"]["count"]), (&json!(2), &json!(2)));
    let page = wait_for(&running, &ann, "giraffe", 1);
    assert_eq!((&page["results"][0]["n"], &page["partial"]), (&json!(7), &json!(false)));
    assert_eq!(found(&running, &bob, "giraffe")["total"], 0);
    let receipt = answer["receipt"].to_string();
    drop(running);
    let running = Running::start(dir.path(), &[]);
    assert_eq!(found(&running, &ann, "giraffe%20or%20zebra")["total"], 2);
    assert_eq!(running.stop("TERM").0, Some(0));
    super::check(&["verify", "--data", dir.path().to_str().unwrap(), "--receipt", &receipt], 0, "receipt");
}

#[test]
fn lines_that_cannot_be_taken_are_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let settings = super::settings(dir.path(), "[limits.ingest]\nbody_bytes_max = \"64 KiB\"\n");
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(data.path(), &["serve", "--config", super::path_text(&settings)]);
    let (token, key) = register(&running, "ann");
    let check = |key: &str, content_type: &str, body: &[u8], status: u16, words: &str| {
        let (found, answer) = ship(&running, key, content_type, body);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(found, status, "{answer}");
        assert!(message.contains(words), "{answer}");
    };
    check("nonsense", NDJSON, b"{}", 401, "access token");
    check(&key, "image/png", b"{}", 415, "and not as image/png");
    check(&key, NDJSON, b"", 400, "the body is empty");
    check(&key, NDJSON, b"plain\n", 400, "none of the 1 lines can be taken; line 1: byte 0 of the line");
    check(&key, "application/json", b"{\"logs\":[", 400, "the body is not JSON");
    check(&key, NDJSON, &[b'x'; 70_000], 413, "the body has more than 65536 bytes");
    let headers = format!("\r\nAuthorization: Bearer {key}");
    let answer = send(&running, "GET", "/api/logs/search/", &headers, b"").json();
    assert_eq!(answer["error"]["code"], "forbidden", "{answer}");
    assert_eq!(found(&running, &token, "*")["total"], 0);
}
