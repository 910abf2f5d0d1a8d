//! A tenant that leaves one server for another, as its admin and an intruder with a power switch see it.
//!
//! Invariant: what arrives is compared with what left line by line, with bytes and times; only ids are others.

use std::path::Path;

use serde_json::{Value, json};

use super::client::{found, path_text, post_json, register, send, settings, ship, wait_for};
use super::quota::{OPERATOR, limit};
use super::running::{Running, wait};

const EXPORT: &str = "/api/tenant/export/";
const IMPORT: &str = "/api/tenant/import/";
const LINES: usize = 20_000;

fn bearer(token: &str) -> String {
    format!("\r\nAuthorization: Bearer {token}")
}

fn start(dir: &Path) -> Running {
    Running::start(&dir.join("data"), &["--config", path_text(&dir.join("antler.toml"))])
}

fn get(running: &Running, path: &str, token: &str) -> Value {
    send(running, "GET", path, &bearer(token), b"").json()
}

/// Asks with a body; status and answer.
fn ask(running: &Running, method: &str, path: &str, token: &str, body: (&str, &[u8])) -> (u16, Value) {
    let headers = format!("{}\r\nContent-Type: {}", bearer(token), body.0);
    let answer = send(running, method, path, &headers, body.1);
    let status = answer.head[9..12].parse().unwrap();
    (status, if answer.body.is_empty() { Value::Null } else { answer.json() })
}

fn ended(running: &Running, path: &str, token: &str) -> Value {
    wait(|| Some(get(running, path, token)).filter(|archive| archive["state"] != "running"))
}

/// A tenant with lines of several senders, times and forms, a file and a saved search.
fn filled(running: &Running) -> String {
    let (token, key) = register(running, "ann");
    let services = ["shop", "till", "stock"];
    let mut sent = 0;
    for (part, size) in (0..).zip([1; 20].into_iter().chain([1_500; 14])) {
        if sent >= LINES - 100 {
            break;
        }
        let size = size.min(LINES - 100 - sent);
        let line = |number: usize| match part % 3 {
            0 => format!(
                "{{\"ts\":{},\"msg\":\"order {number} of \\u00e4 part\",\"level\":\"warn\"}}",
                1_760_000_000 + number % 977
            ),
            1 => format!(
                "{{\"message\":\"till {number}\",\"service\":\"{}\",\"n\":{{\"v\":{number}}}}}",
                services[number % 3]
            ),
            _ => format!("plain line {number} of part {part}\t"),
        };
        let body: Vec<String> = (sent..sent + size).map(line).collect();
        let form = if part % 3 == 2 { "text/plain" } else { "application/x-ndjson" };
        let path = format!("/api/logs/bulk/?service=part{part}&tags=a,b&environment=staging");
        let headers = format!("{}\r\nContent-Type: {form}", bearer(&key));
        let answer = send(running, "POST", &path, &headers, body.join("\n").as_bytes());
        assert!(answer.head.contains(" 200 "), "{} {}", answer.head, answer.body);
        sent += size;
    }
    let file: String = (0..100).map(|number| format!("line {number} of a file\n")).collect();
    let headers = format!("{}\r\nContent-Type: multipart/form-data; boundary=b", bearer(&token));
    let part = "Content-Disposition: form-data; name=\"file\"; filename=\"shop.log\"";
    let body = format!("--b\r\n{part}\r\n\r\n{file}\r\n--b--\r\n");
    assert!(send(running, "POST", "/api/logs/upload/", &headers, body.as_bytes()).head.contains(" 202 "));
    let search = json!({"name": "orders", "query": "order AND level:warning", "description": "late ones"});
    post_json(running, "/api/logs/saved-searches/", Some(&token), &search);
    wait_for(running, &token, "*", LINES as u64);
    wait(|| {
        let jobs = get(running, "/api/jobs/?state=succeeded", &token);
        Some(()).filter(|()| jobs["total"] == 1)
    });
    token
}

/// Every line with all that is said of it but its id, in an order that says nothing.
fn lines(running: &Running, token: &str) -> Vec<String> {
    let path = "/api/logs/export/?format=ndjson&include=raw";
    let body = send(running, "GET", path, &bearer(token), b"").body;
    let without_id = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("id");
        line.to_string()
    };
    let mut lines: Vec<String> = body.lines().filter(|line| line.starts_with('{')).map(without_id).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_tenant_moves_to_another_server_though_both_are_killed() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    settings(here.path(), "");
    settings(there.path(), "");
    let mut running = start(here.path());
    let token = filled(&running);
    let before = lines(&running, &token);
    assert_eq!(before.len(), LINES);
    let (status, asked) = ask(&running, "POST", EXPORT, &token, ("application/json", b"{}"));
    assert_eq!(status, 202, "{asked}");
    let id = asked["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        running.stop("KILL");
        running = start(here.path());
    }
    let path = format!("{EXPORT}{id}/");
    let done = ended(&running, &path, &token);
    let counts = (&done["state"], &done["lines"], &done["files"], &done["searches"], &done["warnings"]);
    assert_eq!(counts, (&json!("succeeded"), &json!(LINES), &json!(1), &json!(1), &json!([])), "{done}");
    assert_eq!(get(&running, &format!("/api/jobs/{id}/"), &token)["kind"], "export");
    let tenant = get(&running, "/api/tenant/", &token)["id"].as_str().unwrap().to_owned();
    let archive =
        std::fs::read(here.path().join("data/archives").join(tenant).join(format!("{id}.tar"))).unwrap();
    assert_eq!(archive.len() as u64, done["size"].as_u64().unwrap());
    let file = get(&running, "/api/logs/metadata/", &token)["results"][0].clone();

    let mut other = start(there.path());
    let (mover, _) = register(&other, "bob");
    let sent = ("application/x-tar", &archive[..]);
    let mut spoiled = archive.clone();
    spoiled[archive.len() / 2] ^= 1;
    for bad in [&archive[..archive.len() / 2], &spoiled, b"no archive"] {
        let (status, answer) = ask(&other, "POST", IMPORT, &mover, ("application/x-tar", bad));
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("invalid_lines")), "{answer}");
    }
    assert_eq!(get(&other, IMPORT, &mover)["total"], 0);
    let (status, asked) = ask(&other, "POST", IMPORT, &mover, sent);
    assert_eq!(status, 202, "{asked}");
    let path = format!("{IMPORT}{}/", asked["id"].as_str().unwrap());
    for _ in 0..3 {
        other.stop("KILL");
        other = start(there.path());
    }
    let done = ended(&other, &path, &mover);
    let counts = (&done["state"], &done["lines"], &done["files"], &done["searches"], &done["warnings"]);
    assert_eq!(counts, (&json!("succeeded"), &json!(LINES), &json!(1), &json!(1), &json!([])), "{done}");
    assert_eq!(done["from"]["name"], "ann");
    wait_for(&other, &mover, "*", LINES as u64);
    assert!(lines(&other, &mover) == before, "lines are others than they were");
    for query in ["order", "level:warning", "service:part3", "tags:b AND plain", "n.v%3A17", "upload_id:*"] {
        let query = query.replace(' ', "%20");
        assert_eq!(
            found(&other, &mover, &query)["total"],
            found(&running, &token, &query)["total"],
            "{query}"
        );
    }
    let there_too = get(&other, "/api/logs/metadata/", &mover)["results"][0].clone();
    let same = |name: &str| assert_eq!(there_too[name], file[name], "{name}: {there_too}");
    ["upload_id", "file_name", "file_size", "log_count"].into_iter().for_each(same);
    assert_eq!(get(&other, "/api/logs/saved-searches/", &mover)["results"][0]["description"], "late ones");
    let (status, again) = ask(&other, "POST", IMPORT, &mover, sent);
    assert_eq!((status, &again["id"]), (200, &done["id"]), "{again}");
    assert_eq!(found(&other, &mover, "*")["total"], LINES);
}

#[test]
fn an_export_has_what_was_asked_for_and_goes_when_it_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    settings(dir.path(), "[limits.archives]\nexports_per_tenant_max = 1\n");
    let running = start(dir.path());
    let (token, key) = register(&running, "ann");
    let (stranger, _) = register(&running, "bob");
    let body = b"{\"ts\":\"2026-01-01T00:00:00Z\",\"msg\":\"old\"}\n{\"ts\":\"2026-02-01T00:00:00Z\",\"msg\":\"new\"}\n\
        {\"ts\":\"2026-02-01T00:00:00Z\",\"msg\":\"other\",\"service\":\"till\"}\n";
    assert_eq!(ship(&running, &key, "application/x-ndjson", body).0, 200);
    wait_for(&running, &token, "*", 3);
    let asked =
        json!({"from": "2026-01-15", "streams": ["logs-generic-*"], "include": ["lines"]}).to_string();
    let json = |text: &'static str| ("application/json", text.as_bytes());
    let (status, export) = ask(&running, "POST", EXPORT, &token, ("application/json", asked.as_bytes()));
    assert_eq!(status, 202, "{export}");
    let path = format!("{EXPORT}{}/", export["id"].as_str().unwrap());
    let done = ended(&running, &path, &token);
    assert_eq!((&done["state"], &done["lines"]), (&json!("succeeded"), &json!(1)), "{done}");
    assert_eq!(ask(&running, "POST", EXPORT, &token, json("{}")).0, 409);
    assert_eq!(ask(&running, "POST", EXPORT, &token, json("{\"include\":[\"secrets\"]}")).0, 422);
    assert_eq!(ask(&running, "POST", EXPORT, &token, json("{\"from\":\"soon\"}")).0, 422);
    assert_eq!(ask(&running, "GET", &path, &stranger, json("")).0, 404);
    assert_eq!(ask(&running, "GET", &path, &key, json("")).0, 403);
    assert_eq!(ask(&running, "DELETE", &path, &stranger, json("")).0, 404);
    let folder = dir.path().join("data/archives");
    let tenant = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read_dir(&tenant).unwrap().count(), 2);
    assert_eq!(ask(&running, "DELETE", &path, &token, json("")).0, 204);
    assert_eq!(ask(&running, "GET", &path, &token, json("")).0, 404);
    assert_eq!(std::fs::read_dir(&tenant).unwrap().count(), 0);
}

/// The archive of a tenant with three lines.
fn exported(running: &Running, dir: &Path, name: &str) -> Vec<u8> {
    let (token, key) = register(running, name);
    assert_eq!(ship(running, &key, "text/plain", b"moved one\nmoved two\nmoved three\n").0, 200);
    wait_for(running, &token, "moved", 3);
    let (_, asked) = ask(running, "POST", EXPORT, &token, ("application/json", b"{}"));
    let id = asked["id"].as_str().unwrap();
    assert_eq!(ended(running, &format!("{EXPORT}{id}/"), &token)["state"], "succeeded");
    let tenant = get(running, "/api/tenant/", &token)["id"].as_str().unwrap().to_owned();
    std::fs::read(dir.join("data/archives").join(tenant).join(format!("{id}.tar"))).unwrap()
}

#[test]
fn an_import_waits_for_the_quota_and_goes_on_when_it_takes_lines_again() {
    let dir = tempfile::tempdir().unwrap();
    settings(dir.path(), format!("[listeners]\noperator_token = \"{OPERATOR}\"\n"));
    let running = start(dir.path());
    let archive = exported(&running, dir.path(), "ann");
    let (bob, key) = register(&running, "bob");
    limit(&running, &bob, 1);
    wait(|| (ship(&running, &key, "text/plain", b"of bob\n").0 == 429).then_some(()));
    let (status, import) = ask(&running, "POST", IMPORT, &bob, ("application/x-tar", &archive));
    assert_eq!(status, 202, "{import}");
    let id = import["id"].as_str().unwrap();
    let state = |wanted: &str| {
        let path = format!("{IMPORT}{id}/");
        wait(|| Some(get(&running, &path, &bob)).filter(|import| import["state"] == wanted))
    };
    let waiting = state("retrying");
    assert!(waiting["error"].as_str().unwrap().contains("lines are taken again from "), "{waiting}");
    let job = get(&running, &format!("/api/jobs/{id}/"), &bob);
    assert_eq!((&job["state"], &job["error"]["code"]), (&json!("retrying"), &json!("not_admitted")), "{job}");
    let tell = |what: &str| {
        let path = format!("/api/jobs/{id}/{what}/");
        let (status, job) = ask(&running, "POST", &path, &bob, ("application/json", b""));
        assert_eq!(status, 200, "{job}");
    };
    tell("cancel");
    assert_eq!(state("cancelled")["error"], Value::Null);
    tell("retry");
    state("retrying");
    assert_eq!(found(&running, &bob, "moved")["total"], 0);
    limit(&running, &bob, 1_000);
    let done = state("succeeded");
    assert_eq!((&done["lines"], &done["error"]), (&json!(3), &Value::Null), "{done}");
    wait_for(&running, &bob, "moved", 3);
}

#[test]
fn the_terminal_takes_a_tenant_from_one_server_to_another() {
    let dir = tempfile::tempdir().unwrap();
    settings(dir.path(), "");
    let running = start(dir.path());
    let (token, key) = register(&running, "ann");
    assert_eq!(ship(&running, &key, "text/plain", b"one\ntwo\n").0, 200);
    wait_for(&running, &token, "*", 2);
    let (other, _) = register(&running, "bob");
    let (server, file) = (format!("http://{}", running.http), dir.path().join("ann.tar"));
    let file = path_text(&file);
    let export = |name: &'static str| {
        ["tenant", "export", name, "--output", file, "--server", &server, "--token", &token]
            .map(str::to_owned)
    };
    let check = |arguments: &[String], code, said| {
        super::check(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), code, said);
    };
    check(&export("bob"), 2, "the token is of tenant \"ann\"");
    check(&export("ann"), 0, "exported 2 lines, 0 files and 0 saved searches");
    check(&export("ann"), 1, "name another file with --output");
    assert_eq!(get(&running, EXPORT, &token)["total"], 0);
    let import = ["tenant", "import", file, "--server", &server, "--token", &other].map(str::to_owned);
    check(&import, 0, "imported 2 lines");
    wait_for(&running, &other, "*", 2);
    check(&import, 0, "imported 2 lines");
    assert_eq!(found(&running, &other, "*")["total"], 2);
    std::fs::write(file, "no archive").unwrap();
    check(&import, 1, "this is no archive of a tenant");
}
