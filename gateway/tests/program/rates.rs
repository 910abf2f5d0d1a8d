//! How often somebody may ask, as those meet it who ask too often.
//!
//! Invariant: limits are so low that a test reaches them. Hours are not waited for.

use serde_json::{Value, json};

use super::client::{post_json, register, send, ship, start_with};
use super::running::{Answer, Running, wait};

const OPERATOR: &str = "an operator's own token";

fn asked(running: &Running, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let headers = format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(running, method, path, &headers, body.as_bytes())
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let line = answer.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name}: {}", answer.head))
}

#[test]
fn a_person_who_asks_too_often_is_refused_with_the_time_to_wait_and_lines_still_come_in() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[limits.rates]\nuser_per_hour = 3\nanonymous_per_hour = 10\n");
    let (ann, key) = register(&running, "ann");
    let ask = || asked(&running, &ann, "GET", "/api/logs/search/?q=*", &Value::Null);
    let first = ask();
    // Making the key was the first of the three.
    assert_eq!(header(&first, "x-ratelimit-limit"), "3");
    assert_eq!(header(&first, "x-ratelimit-remaining"), "1");
    assert!(header(&first, "ratelimit-policy").starts_with("\"user\";q=3;w=3600, \"tenant\";q="));
    assert!(header(&first, "ratelimit").starts_with("\"user\";r=1;t="), "{}", first.head);
    ask();
    let refused = ask();
    assert!(refused.head.starts_with("HTTP/1.1 429"), "{} {}", refused.head, refused.body);
    let seconds: u64 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=3_601).contains(&seconds), "{seconds}");
    assert_eq!(refused.json()["error"]["code"], "too_many_requests");
    assert!(
        refused.body.contains("you have asked as often as may be in an hour, 3 times"),
        "{}",
        refused.body
    );
    for _ in 0..10 {
        assert_eq!(ship(&running, &key, "text/plain", b"one\n").0, 200);
        assert!(send(&running, "GET", "/health", "", b"").head.starts_with("HTTP/1.1 200"));
    }
    let ask = || asked(&running, "a.b.c", "GET", "/api/tenant/", &Value::Null);
    (0..10).for_each(|_| drop(ask()));
    let wrong = ask();
    assert!(wrong.head.starts_with("HTTP/1.1 429"), "{} {}", wrong.head, wrong.body);
}

#[test]
fn the_calls_of_a_tenant_are_counted_in_all_and_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let content = format!("[listeners]\noperator_token = \"{OPERATOR}\"\n");
    let running = start_with(dir.path(), &content);
    let (ann, _) = register(&running, "ann");
    let of_tenant = asked(&running, &ann, "GET", "/api/tenant/", &Value::Null).json();
    let quota =
        |running: &Running| asked(running, &ann, "GET", "/api/users/profile/quota/", &Value::Null).json();
    let used = quota(&running)["calls"]["used"].as_u64().unwrap();
    assert_eq!(quota(&running)["calls"]["used"], used + 1);
    assert_eq!(running.stop("TERM").0, Some(0));
    let running = start_with(dir.path(), &content);
    let of_hour = quota(&running)["calls"].clone();
    // The hour may have ended meanwhile.
    assert!([json!(used + 2), json!(1)].contains(&of_hour["used"]), "{used} {of_hour}");
    let at = format!("/api/admin/tenants/{}/", of_tenant["id"].as_str().unwrap());
    let changed = asked(&running, OPERATOR, "PATCH", &at, &json!({"api_calls_per_hour": 1}));
    assert_eq!(changed.json()["limits"]["api_calls_per_hour"], 1, "{}", changed.body);
    let refused = wait(|| {
        let answer = asked(&running, &ann, "GET", "/api/tenant/", &Value::Null);
        answer.head.starts_with("HTTP/1.1 429").then_some(answer)
    });
    assert!(
        refused.body.contains("the tenant has asked as often as may be in an hour, 1 times"),
        "{}",
        refused.body
    );
    assert_eq!(header(&refused, "x-ratelimit-remaining"), "0");
    let eve = json!({"username": "eve", "email": "eve@example.org", "password": super::client::PASSWORD,
        "password_confirm": super::client::PASSWORD});
    let eve = post_json(&running, "/api/auth/register/", None, &eve);
    let other = asked(&running, eve["token"].as_str().unwrap(), "GET", "/api/tenant/", &Value::Null);
    assert!(other.head.starts_with("HTTP/1.1 200"), "others go on: {}", other.body);
}
