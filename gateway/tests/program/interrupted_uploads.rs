//! Uploads that are stopped in the middle: by a kill of the program, or by somebody who has thought better of it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::client::register;
use super::running::{Running, wait};
use super::socket_client::Socket;
use super::uploads::{ask, ended, get, status, upload};

/// Lines with numbers, of so many bytes in all that reading them takes a while.
fn numbered(count: usize) -> Vec<u8> {
    let mut text = String::new();
    for number in 0..count {
        let filling = (number * 2_654_435_761) % 1_000_003;
        writeln!(
            text,
            "{{\"n\":{number},\"message\":\"request {filling} of user-{} took {} ms\",\"path\":\"/shop/{filling}\"}}",
            number % 911,
            number % 1_733
        )
        .unwrap();
    }
    text.into_bytes()
}

/// Waits until some lines of an upload are written, and not all.
fn half_way(running: &Running, token: &str, id: &str) {
    wait(|| {
        let now = status(running, token, id);
        let indexed = now["result"]["indexed"].as_u64().unwrap();
        assert_ne!(now["status"], "SUCCESS", "it was too fast for this test: {now}");
        (indexed > 0).then_some(())
    });
}

/// How many lines of an upload there are, and the sum of their numbers.
fn counted(running: &Running, token: &str, id: &str) -> (usize, f64) {
    let query = "*+%7C+stats+count()+as+lines,+sum(n)+as+numbers";
    let table = get(running, &format!("/api/logs/search/?upload_id={id}&q={query}"), token);
    let row = &table["rows"][0];
    (row[0].as_u64().unwrap() as usize, row[1].as_f64().unwrap_or_default())
}

/// Waits until so many lines are found, of which each is there once.
fn each_once(running: &Running, token: &str, id: &str, lines: usize) {
    wait(|| (counted(running, token, id).0 >= lines).then_some(()));
    let sum = (lines * (lines - 1) / 2) as f64;
    assert_eq!(counted(running, token, id), (lines, sum));
}

#[test]
fn a_file_goes_on_after_a_kill_with_each_line_once() {
    const LINES: usize = 300_000;
    let dir = tempfile::tempdir().unwrap();
    let mut running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let id = upload(&running, &ann, &[], "numbers.ndjson", &numbered(LINES));
    half_way(&running, &ann, &id);
    // This kills it.
    drop(running);
    running = Running::start(dir.path(), &[]);
    let now = ended(&running, &ann, &id);
    let all = json!({"status": "completed", "total": LINES, "indexed": LINES, "failed": 0});
    assert_eq!(now["result"], all, "{now}");
    each_once(&running, &ann, &id, LINES);
    assert_eq!(running.stop("TERM").0, Some(0));
}

#[test]
fn a_cancelled_file_stops_and_goes_on_when_it_is_retried() {
    const LINES: usize = 300_000;
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let mut socket = Socket::open(&running, &format!("/ws/notifications/?token={ann}"));
    socket.expect("connection");
    socket.say(&json!({"type": "subscribe", "topics": ["upload_status"]}));
    socket.expect("subscription_updated");
    let id = upload(&running, &ann, &[], "numbers.ndjson", &numbered(LINES));
    let note = socket.expect("upload_status");
    assert_eq!((&note["upload_id"], &note["filename"]), (&json!(id), &json!("numbers.ndjson")), "{note}");
    half_way(&running, &ann, &id);
    let path = |what: &str| format!("/api/logs/upload/{id}/{what}/");
    let (answered, cancelled) = ask(&running, "POST", &path("cancel"), &ann, &Value::Null);
    assert_eq!((answered, &cancelled["status"]), (200, &json!("CANCELLED")), "{cancelled}");
    let indexed = cancelled["result"]["indexed"].as_u64().unwrap() as usize;
    assert!(0 < indexed && indexed < LINES, "{cancelled}");
    each_once(&running, &ann, &id, indexed);
    let (answered, retried) = ask(&running, "POST", &path("retry"), &ann, &Value::Null);
    assert_eq!(answered, 200, "{retried}");
    assert_eq!(ended(&running, &ann, &id)["result"]["indexed"], LINES);
    each_once(&running, &ann, &id, LINES);
    let last =
        std::iter::from_fn(|| Some(socket.expect("upload_status"))).find(|note| note["status"] == "SUCCESS");
    let last = last.unwrap();
    assert_eq!((&last["progress"], &last["indexed"]), (&json!(100), &json!(LINES)), "{last}");
    assert_eq!(running.stop("TERM").0, Some(0));
}
