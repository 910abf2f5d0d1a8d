//! What a tenant has sent and may send, as its people see it.
//!
//! Invariant: figures are waited for, because lines are counted behind their answer. It does not test how they are added up.

use serde_json::Value;

use super::client::{register, send, ship};
use super::running::{Running, wait};

fn quota(running: &Running, token: &str) -> Value {
    let headers = format!("\r\nAuthorization: Bearer {token}");
    let answer = send(running, "GET", "/api/users/profile/quota/?days=2", &headers, b"");
    assert!(answer.head.starts_with("HTTP/1.1 200"), "{} {}", answer.head, answer.body);
    answer.json()
}

fn wait_for_lines(running: &Running, token: &str, lines: u64) -> Value {
    wait(|| Some(quota(running, token)).filter(|quota| quota["used"] == lines))
}

#[test]
fn what_was_sent_today_is_counted_once_also_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let ((ann, ann_key), (bob, _)) = (register(&running, "ann"), register(&running, "bob"));
    assert_eq!(ship(&running, &ann_key, "text/plain", b"one\ntwo\nthree\n").0, 200);
    let counted = wait_for_lines(&running, &ann, 3);
    assert_eq!((&counted["bytes"]["used"], &counted["status"]), (&11.into(), &"ok".into()), "{counted}");
    assert_eq!(counted["days"].as_array().unwrap().len(), 2);
    assert_eq!((&counted["days"][0]["lines"], &counted["days"][1]["lines"]), (&3.into(), &0.into()));
    assert_eq!(quota(&running, &bob)["used"], 0, "nobody sees what others sent");
    running.stop("KILL");
    let running = Running::start(dir.path(), &[]);
    wait_for_lines(&running, &ann, 3);
    assert_eq!(ship(&running, &ann_key, "text/plain", b"four\n").0, 200);
    wait_for_lines(&running, &ann, 4);
    assert_eq!(running.stop("TERM").0, Some(0));
    let running = Running::start(dir.path(), &[]);
    assert_eq!(quota(&running, &ann)["used"], 4, "after a stop in order nothing is to be counted again");
    let headers = format!("\r\nAuthorization: Bearer {ann}");
    let wrong = send(&running, "GET", "/api/users/profile/quota/?days=0", &headers, b"");
    assert!(wrong.head.starts_with("HTTP/1.1 422") && wrong.body.contains("from 1 to 92"), "{}", wrong.body);
}
