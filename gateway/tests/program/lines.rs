//! Lines through the real binary: somebody registers, sends, finds, and finds again after a crash.

use serde_json::json;

use super::client::{found, register, send, ship, wait_for};
use super::running::Running;

const NDJSON: &str = "application/x-ndjson";

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
    let settings = super::client::settings(dir.path(), "[limits.ingest]\nbody_bytes_max = \"64 KiB\"\n");
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(data.path(), &["serve", "--config", super::client::path_text(&settings)]);
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
