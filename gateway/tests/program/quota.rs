//! What a tenant has sent and may send, as its people see it.
//!
//! Invariant: figures are waited for, because lines are counted behind their answer. It does not test how they are added up.

use serde_json::{Value, json};

use super::client::{Mails, register, send, ship, start_with};
use super::running::{Answer, Running, wait};
use super::socket_client::Socket;
use super::uploads::{ended, form, post, upload};

pub(crate) const OPERATOR: &str = "an operator's own token";

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

/// Lets a tenant of a person send so many lines a day.
pub(crate) fn limit(running: &Running, token: &str, lines: u64) {
    let headers =
        |token: &str| format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json");
    let own = send(running, "GET", "/api/tenant/", &headers(token), b"").json();
    let at = format!("/api/admin/tenants/{}/", own["id"].as_str().unwrap());
    let body = json!({"logs_per_day": lines}).to_string();
    let changed = send(running, "PATCH", &at, &headers(OPERATOR), body.as_bytes());
    assert!(changed.head.starts_with("HTTP/1.1 200"), "{}", changed.body);
}

fn audit(running: &Running, token: &str) -> Vec<Value> {
    let headers = format!("\r\nAuthorization: Bearer {token}");
    let found: Answer = send(running, "GET", "/api/audit/?action=quota_warned", &headers, b"");
    found.json()["results"].as_array().unwrap().clone()
}

#[test]
fn who_comes_near_a_limit_is_told_once_by_socket_and_mail_also_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mails = Mails::new(dir.path());
    let settings = format!("[listeners]\noperator_token = \"{OPERATOR}\"\n{}", mails.settings());
    let running = start_with(dir.path(), &settings);
    let ((ann, key), (bob, _)) = (register(&running, "ann"), register(&running, "bob"));
    limit(&running, &ann, 10);
    let mut socket = Socket::open(&running, &format!("/ws/notifications/?token={ann}"));
    let mut other = Socket::open(&running, &format!("/ws/notifications/?token={bob}"));
    socket.hear();
    other.hear();
    assert_eq!(ship(&running, &key, "text/plain", &b"line\n".repeat(8)).0, 200);
    let told = socket.expect("system");
    assert_eq!((&told["code"], &told["count"]), (&json!("quota_warning"), &json!(8)), "{told}");
    assert!(told["message"].as_str().unwrap().contains("80 % of the lines"), "{told}");
    let mail = wait(|| mails.texts("ann@example.org").into_iter().find(|text| text.contains("quota")));
    assert!(mail.contains("- 80 % of the lines that the tenant may send in a day are used"), "{mail}");
    assert_eq!(other.hear_within(std::time::Duration::from_millis(300)), None, "others hear nothing");

    drop((socket, other));
    assert_eq!(running.stop("TERM").0, Some(0));
    let running = start_with(dir.path(), &settings);
    let mut socket = Socket::open(&running, &format!("/ws/notifications/?token={ann}"));
    socket.hear();
    assert_eq!(ship(&running, &key, "text/plain", &b"line\n".repeat(2)).0, 200);
    let told = socket.expect("system");
    assert_eq!(told["code"], "quota_exceeded", "the step of before is not told again: {told}");
    let steps: Vec<Value> =
        audit(&running, &ann).iter().map(|entry| entry["after"]["count"].clone()).collect();
    assert_eq!(steps, [100, 80]);
    let of_quota =
        || mails.texts("ann@example.org").into_iter().filter(|text| text.contains("quota")).count();
    wait(|| (of_quota() == 2).then_some(()));
}

#[test]
fn a_file_beyond_the_quota_is_refused_at_once_or_ends_with_the_place_and_goes_on_by_retry() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), &format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"));
    let (ann, _) = register(&running, "ann");
    limit(&running, &ann, 1_000);
    // Sums are held against limits every second, so that a file has to take longer than that.
    let lines: Vec<u8> = (0..2_000_000).flat_map(|n| format!("line {n} of a file\n").into_bytes()).collect();
    let id = upload(&running, &ann, &[], "long.log", &lines);
    let failed = ended(&running, &ann, &id);
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("FAILURE"), &json!("not_admitted")),
        "{failed}"
    );
    let (message, taken) =
        (failed["error"]["message"].as_str().unwrap(), failed["result"]["indexed"].as_u64().unwrap());
    assert!(
        taken > 0 && message.contains(&format!("read up to entry {taken}, and a retry then")),
        "{failed}"
    );
    let headers = format!("\r\nAuthorization: Bearer {ann}\r\nContent-Type: multipart/form-data; boundary=b");
    let refused = send(&running, "POST", "/api/logs/upload/", &headers, b"");
    assert!(
        refused.head.starts_with("HTTP/1.1 429") && refused.head.contains("retry-after: "),
        "{}",
        refused.head
    );
    assert_eq!(post(&running, &ann, "/api/logs/upload/", &form(&[], &[("b.log", b"one\n")])).0, 429);
    limit(&running, &ann, 10_000_000);
    let retry = format!("/api/logs/upload/{id}/retry/");
    wait(|| {
        let headers = format!("\r\nAuthorization: Bearer {ann}");
        let again = send(&running, "POST", &retry, &headers, b"").json();
        (again["status"] != "FAILURE").then_some(())
    });
    let whole = ended(&running, &ann, &id);
    assert_eq!(
        (&whole["status"], &whole["result"]["indexed"]),
        (&json!("SUCCESS"), &json!(2_000_000)),
        "{whole}"
    );
}
