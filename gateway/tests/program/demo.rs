//! The demo through the real binary: somebody starts it, logs in, and finds a shop with a past.

use super::client::{found, send};
use super::running::{Running, wait};

/// The ports are told before the demo has its login.
fn password_of(data: &std::path::Path) -> String {
    let file = data.join("credentials/demo.password");
    wait(|| std::fs::read_to_string(&file).ok().filter(|password| !password.is_empty()))
}

fn log_in(running: &Running, password: &str) -> String {
    let body = serde_json::json!({"username": "demo", "password": password}).to_string();
    let answer =
        send(running, "POST", "/api/auth/login/", "\r\nContent-Type: application/json", body.as_bytes());
    assert!(answer.head.starts_with("HTTP/1.1 200"), "{} {}", answer.head, answer.body);
    answer.json()["token"].as_str().unwrap().to_owned()
}

#[test]
fn the_demo_has_a_past_a_present_and_its_own_tenant() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &["serve", "--demo"]);
    let password = password_of(dir.path());
    let token = log_in(&running, &password);
    let (stranger, _) = super::client::register(&running, "ann");
    for query in [
        "service:nginx",
        "service:payments%20and%20level:error",
        "rolled%20back",
        "account%20admin%20locked",
        "service:web%20and%20duration_ms%20%3E%201000",
        "circuit%20breaker%20open",
    ] {
        wait(|| Some(()).filter(|()| found(&running, &token, query)["total"].as_u64() > Some(0)));
    }
    // The present is reached, and goes on.
    wait(|| Some(()).filter(|()| found(&running, &token, "*&from=now-5s")["total"].as_u64() > Some(0)));
    assert_eq!(found(&running, &stranger, "*")["total"], 0);
    let before = found(&running, &token, "*&to=now-10s")["total"].as_u64().unwrap();
    let (code, said) = running.stop("TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&password), "{said}");
    // The same account and the same past once more, and nothing of it twice.
    let running = Running::start(dir.path(), &["--demo"]);
    assert_eq!(password_of(dir.path()), password);
    let token = log_in(&running, &password);
    wait(|| Some(()).filter(|()| found(&running, &token, "*&from=now-2s")["total"].as_u64() > Some(0)));
    let after = found(&running, &token, "*&to=now-10s")["total"].as_u64().unwrap();
    assert!(after < before + before / 4, "{before} lines became {after}");
}

#[test]
fn a_name_that_is_taken_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    super::client::register(&running, "demo");
    assert_eq!(running.stop("TERM").0, Some(0));
    let data = super::client::path_text(dir.path());
    super::check(&["--demo", "--ephemeral-ports", "--data", data], 1, "somebody else has the name demo");
}

/// Answers the body.
fn ask(running: &Running, token: &str, method: &str, body: &str) -> (String, serde_json::Value) {
    let head = format!("\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}");
    let answer = send(running, method, "/api/tenant/demo/", &head, body.as_bytes());
    (answer.head.lines().next().unwrap_or_default().to_owned(), answer.json())
}

#[test]
fn a_new_tenant_switches_a_demo_on_and_off() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, _) = super::client::register(&running, "ann");
    let (stranger, _) = super::client::register(&running, "bob");
    assert_eq!(ask(&running, &token, "GET", "").1["playing"], false);
    let (status, begun) = ask(&running, &token, "POST", r#"{"minutes": 2, "past_minutes": 5}"#);
    assert!(status.contains("200"), "{status} {begun}");
    assert_eq!((&begun["playing"], &begun["streams"]), (&true.into(), &"logs-*-demo".into()));
    // The past is there, and the present comes; a second wish changes nothing.
    for query in ["service:nginx", "data_stream.namespace:demo&to=now-4m", "*&from=now-3s"] {
        wait(|| Some(()).filter(|()| found(&running, &token, query)["total"].as_u64() > Some(0)));
    }
    let (_, again) = ask(&running, &token, "POST", "");
    assert_eq!((&again["since"], &again["until"]), (&begun["since"], &begun["until"]));
    assert!(again["lines"].as_u64() > Some(100), "{again}");
    assert_eq!(ask(&running, &stranger, "GET", "").1["playing"], false);
    assert_eq!(found(&running, &stranger, "*")["total"], 0);
    assert_eq!(ask(&running, &token, "DELETE", "").1["playing"], false);
    // Another one goes on behind it: the same past is not there twice.
    let past = "*&from=now-4m&to=now-1m";
    let before = found(&running, &token, past)["total"].as_u64().unwrap();
    ask(&running, &token, "POST", r#"{"past_minutes": 5}"#);
    wait(|| Some(()).filter(|()| found(&running, &token, "*&from=now-2s")["total"].as_u64() > Some(0)));
    let after = found(&running, &token, past)["total"].as_u64().unwrap();
    assert!(after < before + before / 4, "{before} lines became {after}");
    // It ends with the server.
    let (code, said) = running.stop("TERM");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn lines_of_a_demo_are_kept_for_a_day_unless_something_else_is_decided() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, _) = super::client::register(&running, "ann");
    let head = format!("\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}");
    let retention = |method: &str, body: &str| {
        send(&running, method, "/api/tenant/retention/", &head, body.as_bytes()).json()["streams"].clone()
    };
    ask(&running, &token, "POST", r#"{"minutes": 1, "past_minutes": 0}"#);
    assert_eq!(retention("GET", ""), serde_json::json!([{"stream": "logs-*-demo", "days": 1}]));
    ask(&running, &token, "DELETE", "");
    retention("PUT", r#"{"streams": [{"stream": "logs-*-demo", "days": 3}]}"#);
    ask(&running, &token, "POST", r#"{"minutes": 1, "past_minutes": 0}"#);
    assert_eq!(retention("GET", ""), serde_json::json!([{"stream": "logs-*-demo", "days": 3}]));
    for (body, field) in [
        (r#"{"minutes": 0}"#, "minutes"),
        (r#"{"minutes": 61}"#, "minutes"),
        (r#"{"past_minutes": "all"}"#, "past_minutes"),
    ] {
        let (status, said) = ask(&running, &token, "POST", body);
        assert!(status.contains("422"), "{status} {said}");
        assert_eq!(said["error"]["details"]["field"], field, "{said}");
    }
}
