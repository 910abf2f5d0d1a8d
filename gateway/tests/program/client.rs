//! What somebody does with a running server: writes its settings, registers, sends lines, asks for them.
//!
//! Invariant: an answer that is not the one that was to be expected is a panic with what came instead. It knows nothing of
//! what a test is about.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::running::{Answer, Running, exchange, wait};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) fn send(running: &Running, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nContent-Length: {length}{headers}");
    exchange(running.http, &head, body)
}

pub(crate) fn post_json(running: &Running, path: &str, token: Option<&str>, body: &Value) -> Value {
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
    let key = make_key(running, &token, &["ingest"]);
    (token, key)
}

/// Logs in as a browser does that keeps cookies; answers what it sends from then on.
pub(crate) fn cookie_login(running: &Running, name: &str, password: &str) -> String {
    let body = json!({"username": name, "password": password, "cookie": true}).to_string();
    let answer = send(running, "POST", "/api/auth/login/", "", body.as_bytes());
    cookies(&answer)
}

/// The cookies that an answer sets, and the code that pages send with them.
pub(crate) fn cookies(answer: &Answer) -> String {
    let set = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let pairs: Vec<&str> = set.map(|cookie| cookie.split(';').next().unwrap()).collect();
    let code = pairs.iter().find_map(|pair| pair.strip_prefix("antler_csrf="));
    let code = code.unwrap_or_else(|| panic!("no cookies: {} {}", answer.head, answer.body));
    format!("\r\nCookie: {}\r\nX-CSRF-Token: {code}", pairs.join("; "))
}

pub(crate) fn make_key(running: &Running, token: &str, scopes: &[&str]) -> String {
    let key = json!({"name": "shipper", "scopes": scopes});
    let key = post_json(running, "/api/users/profile/api-keys/", Some(token), &key);
    key["key"].as_str().unwrap().to_owned()
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

/// Writes a configuration file.
pub(crate) fn settings(dir: &Path, content: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join("antler.toml");
    std::fs::write(&path, content).unwrap();
    path
}

pub(crate) fn path_text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Starts a server with settings beside its data.
pub(crate) fn start_with(dir: &Path, content: &str) -> Running {
    let file = settings(dir, content);
    Running::start(&dir.join("data"), &["serve", "--config", path_text(&file)])
}
