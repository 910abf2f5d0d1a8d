//! Searches that are kept, through the real binary and over kills.

use serde_json::{Value, json};

use super::client::{make_key, register, send};
use super::running::{Running, wait};

const HISTORY: &str = "/api/logs/search-history/";

/// Status and body.
fn ask(running: &Running, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let headers = format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = send(running, method, path, &headers, body.as_bytes());
    (answer.head[9..12].parse().unwrap(), serde_json::from_str(&answer.body).unwrap_or(Value::Null))
}

fn queries(running: &Running, token: &str) -> Vec<String> {
    let (status, listed) = ask(running, "GET", HISTORY, token, &Value::Null);
    assert_eq!(status, 200, "{listed}");
    let results = listed["results"].as_array().unwrap();
    results.iter().map(|one| one["query"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_history_fills_by_itself_and_what_was_saved_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let (bob, _) = register(&running, "bob");
    assert_eq!(ask(&running, "GET", "/api/logs/search/?q=lynx", &ann, &Value::Null).0, 200);
    wait(|| (queries(&running, &ann) == ["lynx"]).then_some(()));
    let (status, saved) = ask(&running, "POST", HISTORY, &ann, &json!({"query": "level:error"}));
    assert_eq!(status, 201, "{saved}");
    drop(running);
    let running = Running::start(dir.path(), &[]);
    assert_eq!(queries(&running, &ann), ["level:error", "lynx"]);
    assert_eq!(queries(&running, &bob), [] as [String; 0]);
    let path = format!("/api/v1/search/history/{}/", saved["id"].as_str().unwrap());
    assert_eq!(ask(&running, "GET", &path, &bob, &Value::Null).0, 404);
    assert_eq!(ask(&running, "POST", &format!("{path}replay/"), &ann, &Value::Null).0, 200);
    assert_eq!(ask(&running, "DELETE", &path, &ann, &Value::Null).0, 204);
    assert_eq!(queries(&running, &ann), ["lynx"]);
    let key = make_key(&running, &ann, &["read"]);
    let (status, refused) = ask(&running, "GET", HISTORY, &key, &Value::Null);
    assert_eq!((status, &refused["error"]["code"]), (403, &json!("forbidden")));
    assert_eq!(running.stop("TERM").0, Some(0));
}

#[test]
fn saved_searches_survive_a_kill_and_are_not_seen_by_other_tenants() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let (bob, _) = register(&running, "bob");
    let saved = "/api/logs/saved-searches/";
    let body = json!({"name": "errors", "query": "level:${level}", "template": true, "shared": true});
    let (status, answer) = ask(&running, "POST", saved, &ann, &body);
    assert_eq!(status, 201, "{answer}");
    let one = format!("/api/v1/search/saved/{}", answer["id"].as_str().unwrap());
    let (status, changed) = ask(&running, "PATCH", &one, &ann, &json!({"columns": ["host"]}));
    assert_eq!(status, 200, "{changed}");
    drop(running);
    let running = Running::start(dir.path(), &[]);
    assert_eq!(ask(&running, "GET", &one, &ann, &Value::Null), (200, changed));
    assert_eq!(ask(&running, "GET", &one, &bob, &Value::Null).0, 404);
    assert_eq!(ask(&running, "GET", saved, &bob, &Value::Null).1["total"], 0);
    let run = |parameters: Value| ask(&running, "POST", &format!("{one}/run/"), &ann, &parameters);
    assert_eq!(run(json!({"parameters": {"level": "error"}})).0, 200);
    assert_eq!(run(json!({})).0, 422);
    let key = make_key(&running, &ann, &["read"]);
    assert_eq!(ask(&running, "GET", &one, &key, &Value::Null).0, 200);
    assert_eq!(ask(&running, "DELETE", &one, &key, &Value::Null).0, 403);
    assert_eq!(ask(&running, "DELETE", &one, &ann, &Value::Null).0, 204);
    assert_eq!(running.stop("TERM").0, Some(0));
    super::check(&["rebuild", "searches", "--data", dir.path().to_str().unwrap()], 0, "searches");
}
