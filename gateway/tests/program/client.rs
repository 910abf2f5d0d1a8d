//! What somebody does with a running server: writes its settings, registers, sends lines, asks for them.
//!
//! Invariant: an answer that is not the one that was to be expected is a panic with what came instead. It knows nothing of
//! what a test is about.

use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding as _};
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

/// The mails of a server that writes them into a folder.
pub(crate) struct Mails(PathBuf);

impl Mails {
    pub(crate) fn new(dir: &Path) -> Self {
        Self(dir.join("mails"))
    }

    pub(crate) fn settings(&self) -> String {
        format!(
            "[mail]\nkind = \"files\"\nfolder = {:?}\nfrom = \"antler@example.org\"\n\
             [server]\npublic_url = \"https://logs.example.org\"\n",
            path_text(&self.0)
        )
    }

    /// Waits for a mail to the address whose link leads to the page, and answers the token in it.
    pub(crate) fn token(&self, to: &str, page: &str) -> String {
        wait(|| self.texts(to).iter().find_map(|text| token_of(text, page)))
    }

    /// What was written to an address until now.
    pub(crate) fn texts(&self, to: &str) -> Vec<String> {
        let files = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mails = files.filter(|path| path.extension().is_some_and(|end| end == "eml"));
        let mails = mails.filter_map(|path| std::fs::read_to_string(path).ok());
        mails.filter(|mail| mail.contains(&format!("\r\nTo: {to}\r\n"))).map(|mail| body_of(&mail)).collect()
    }
}

/// The text of a mail.
pub(crate) fn body_of(mail: &str) -> String {
    let (_, body) = mail.split_once("\r\n\r\n").unwrap();
    let body: String = body.split_whitespace().collect();
    String::from_utf8(Base64::decode_vec(&body).unwrap()).unwrap()
}

pub(crate) fn token_of(text: &str, page: &str) -> Option<String> {
    let (_, link) = text.split_once(&format!("https://logs.example.org/{page}#token="))?;
    link.lines().next().map(str::to_owned)
}
