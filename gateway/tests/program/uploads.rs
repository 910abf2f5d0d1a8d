//! Uploaded files through the real binary: of all forms, over kills, and of bad will.

use std::io::Write as _;

use serde_json::{Value, json};

use super::client::{make_key, register, send};
use super::running::{Answer, Running, wait};

const BOUNDARY: &str = "----a-boundary-of-a-browser";

/// A form with fields and files, as browsers send it.
pub(crate) fn form(fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(format!("{head}{value}\r\n").as_bytes());
    }
    for (name, bytes) in files {
        let place = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
        let kind = "Content-Type: application/octet-stream";
        body.extend_from_slice(format!("--{BOUNDARY}\r\n{place}\r\n{kind}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub(crate) fn post(running: &Running, token: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let kind = format!("Content-Type: multipart/form-data; boundary={BOUNDARY}");
    let headers = format!("\r\nAuthorization: Bearer {token}\r\n{kind}");
    read(&send(running, "POST", path, &headers, body))
}

pub(crate) fn ask(running: &Running, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let headers = format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    read(&send(running, method, path, &headers, body.as_bytes()))
}

pub(crate) fn get(running: &Running, path: &str, token: &str) -> Value {
    let (status, body) = ask(running, "GET", path, token, &Value::Null);
    assert_eq!(status, 200, "{path} {body}");
    body
}

fn read(answer: &Answer) -> (u16, Value) {
    (answer.head[9..12].parse().unwrap(), serde_json::from_str(&answer.body).unwrap_or(Value::Null))
}

/// Sends one file, and says which upload it is.
pub(crate) fn upload(
    running: &Running,
    token: &str,
    fields: &[(&str, &str)],
    name: &str,
    bytes: &[u8],
) -> String {
    let (status, taken) = post(running, token, "/api/logs/upload/", &form(fields, &[(name, bytes)]));
    assert_eq!(status, 202, "{taken}");
    assert_eq!((&taken["status"], &taken["file_name"]), (&json!("PENDING"), &json!(name)));
    assert_eq!((&taken["file_size"], &taken["task_id"]), (&json!(bytes.len()), &taken["upload_id"]));
    taken["upload_id"].as_str().unwrap().to_owned()
}

pub(crate) fn status(running: &Running, token: &str, id: &str) -> Value {
    get(running, &format!("/api/logs/upload/status/{id}/"), token)
}

/// Waits until an upload has ended.
pub(crate) fn ended(running: &Running, token: &str, id: &str) -> Value {
    wait(|| {
        let now = status(running, token, id);
        matches!(now["status"].as_str().unwrap(), "SUCCESS" | "FAILURE" | "CANCELLED").then_some(now)
    })
}

/// Waits until so many lines of an upload are found.
pub(crate) fn lines(running: &Running, token: &str, id: &str, total: usize) -> Value {
    let path = format!("/api/logs/metadata/{id}/content/?sort=timestamp&size=1000");
    wait(|| Some(get(running, &path, token)).filter(|page| page["total"] == total))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// An archive of files that are not packed.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut about = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        about.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        about.extend_from_slice(&[length, length].concat());
        about.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        about.extend_from_slice(&[0, 0]);
        let at = u32::try_from(out.len()).unwrap().to_le_bytes();
        out.extend_from_slice(&[b"PK\x03\x04", &about[..], name.as_bytes(), bytes].concat());
        let tail = [&[0; 10][..], &at, name.as_bytes()].concat();
        directory.extend_from_slice(&[b"PK\x01\x02\x14\x00", &about[..], &tail].concat());
    }
    let (count, at) = (u16::try_from(files.len()).unwrap().to_le_bytes(), out.len() as u32);
    let length = (directory.len() as u32).to_le_bytes();
    out.extend_from_slice(&directory);
    out.extend_from_slice(&[b"PK\x05\x06\0\0\0\0", &count[..], &count, &length].concat());
    out.extend_from_slice(&[&at.to_le_bytes()[..], &[0, 0]].concat());
    out
}

#[test]
fn files_of_all_forms_become_lines_that_name_their_file() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let (bob, _) = register(&running, "bob");
    let objects = b"{\"message\":\"one\",\"service\":\"own\"}\n{broken\n{\"message\":\"three\"}\n";
    let fields = [
        ("source", "nginx"),
        ("environment", "staging"),
        ("service_name", "shop"),
        ("tags", "[\"a\",\"b\"]"),
        ("description", "of last night"),
    ];
    let id = upload(&running, &ann, &fields, "a.ndjson", objects);
    let now = ended(&running, &ann, &id);
    assert_eq!((&now["status"], &now["progress"]), (&json!("SUCCESS"), &json!(100)));
    assert_eq!(now["result"], json!({"status": "completed", "total": 3, "indexed": 3, "failed": 0}));
    assert_eq!(now["errors"][0]["line"], 2, "{now}");
    let found = lines(&running, &ann, &id, 3);
    let broken =
        found["results"].as_array().unwrap().iter().find(|line| line["message"] == "{broken").unwrap();
    assert!(broken["parse_error"].is_string(), "{broken}");
    let own = found["results"].as_array().unwrap().iter().find(|line| line["message"] == "one").unwrap();
    for (name, value) in [
        ("upload_id", json!(id)),
        ("task_id", json!(id)),
        ("file_name", json!("a.ndjson")),
        ("source", json!("nginx")),
        ("environment", json!("staging")),
        ("service", json!("own")),
    ] {
        assert_eq!(own[name], value, "{own}");
    }
    assert_eq!(broken["service"], "shop", "{broken}");
    let one = get(&running, &format!("/api/logs/metadata/{id}/"), &ann);
    assert_eq!((&one["log_count"], &one["tags"]), (&json!(3), &json!(["a", "b"])), "{one}");
    for path in ["/api/logs/upload/status/", "/api/v1/logs/metadata/", "/api/logs/metadata/task/"] {
        assert_eq!(ask(&running, "GET", &format!("{path}{id}"), &bob, &Value::Null).0, 404);
    }

    let rows = b"time,level,message\n2026-03-01T08:00:00Z,error,disk full\n2026-03-01T08:00:01Z,info,back\n2026-03-01T08:00:02Z,info\n";
    let id = upload(&running, &ann, &[], "b.csv", rows);
    assert_eq!(ended(&running, &ann, &id)["result"]["indexed"], 3);
    let found = lines(&running, &ann, &id, 3);
    assert_eq!(
        (&found["results"][0]["message"], &found["results"][0]["level"]),
        (&json!("disk full"), &json!("error"))
    );

    let text =
        b"2026-03-01 08:00:00,123 ERROR shop: out of paper\n2026-03-01 08:00:01,123 INFO shop: more paper\n";
    let id = upload(&running, &ann, &[], "c.log.gz", &gzip(text));
    assert_eq!(ended(&running, &ann, &id)["result"]["indexed"], 2);
    assert_eq!(lines(&running, &ann, &id, 2)["results"][0]["level"], "error");
    let one = get(&running, &format!("/api/logs/metadata/{id}/"), &ann);
    assert_eq!((&one["error_count"], &one["warning_count"]), (&json!(1), &json!(0)), "{one}");

    let archive = zip(&[("d.ndjson", objects), ("e/f.log", text), ("g.png", b"\x89PNG\r\n\x1a\n")]);
    let id = upload(&running, &ann, &[], "all.zip", &archive);
    let now = ended(&running, &ann, &id);
    assert_eq!(now["result"], json!({"status": "completed", "total": 6, "indexed": 5, "failed": 1}), "{now}");
    let found = lines(&running, &ann, &id, 5);
    let of_archive = |name: &str| {
        found["results"].as_array().unwrap().iter().filter(|line| line["archive_file"] == name).count()
    };
    assert_eq!((of_archive("d.ndjson"), of_archive("e/f.log")), (3, 2), "{found}");
    assert_eq!(running.stop("TERM").0, Some(0));
}

#[test]
fn several_files_come_at_once_and_are_listed_changed_and_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let (bob, _) = register(&running, "bob");
    let files: [(&str, &[u8]); 2] = [("one.log", b"a\nb\n"), ("two.log", b"c\n")];
    let (status, taken) = post(&running, &ann, "/api/logs/upload", &form(&[("source", "x")], &files));
    assert_eq!((status, taken["uploads"].as_array().unwrap().len()), (202, 2), "{taken}");
    let ids: Vec<&str> =
        taken["uploads"].as_array().unwrap().iter().map(|one| one["upload_id"].as_str().unwrap()).collect();
    ids.iter().for_each(|id| assert_eq!(ended(&running, &ann, id)["status"], "SUCCESS"));
    let total = |query: &str| get(&running, &format!("/api/logs/metadata/?{query}"), &ann)["total"].clone();
    for (query, count) in [
        ("", 2),
        ("status=completed", 2),
        ("status=FAILURE", 0),
        ("search=TWO", 1),
        ("source=x", 2),
        ("environment=y", 0),
    ] {
        assert_eq!(total(query), count, "{query}");
    }
    let list = get(&running, "/api/logs/metadata/?ordering=-file_size&size=1", &ann);
    assert_eq!(list["results"][0]["file_name"], "one.log");
    for wrong in ["size=101", "status=odd", "ordering=colour", "colour=red"] {
        let path = format!("/api/logs/metadata/?{wrong}");
        assert_eq!(ask(&running, "GET", &path, &ann, &Value::Null).0, 422, "{wrong}");
    }
    assert_eq!(get(&running, "/api/logs/metadata/recent/?limit=1", &ann)["total"], 1);
    assert_eq!(get(&running, "/api/logs/metadata/", &bob)["total"], 0);
    let stats = get(&running, "/api/logs/metadata/stats/?group_by=source&days=7", &ann);
    assert_eq!((&stats["total_uploads"], &stats["total_logs"]), (&json!(2), &json!(3)), "{stats}");
    assert_eq!(stats["groups"][0]["key"], "x");
    let one = format!("/api/logs/metadata/{}/", ids[0]);
    let change = json!({"description": "new", "tags": ["t"]});
    let (status, changed) = ask(&running, "PATCH", &one, &ann, &change);
    assert_eq!((status, &changed["description"], &changed["tags"]), (200, &json!("new"), &json!(["t"])));
    assert_eq!(ask(&running, "PATCH", &one, &ann, &json!({"source": "y"})).0, 422);
    let credential = format!("\r\nAuthorization: Bearer {ann}");
    let file = send(&running, "GET", &format!("{one}download/"), &credential, b"");
    assert_eq!(file.body, "a\nb\n");
    assert!(file.head.contains("content-disposition: attachment; filename=\"one.log\""), "{}", file.head);
    lines(&running, &ann, ids[0], 2);
    assert_eq!(get(&running, &format!("{one}content/?search=b"), &ann)["total"], 1);
    let key = make_key(&running, &ann, &["read"]);
    assert_eq!(ask(&running, "DELETE", &one, &key, &Value::Null).0, 403);
    for path in ["", "download/", "content/"] {
        assert_eq!(ask(&running, "GET", &format!("{one}{path}"), &bob, &Value::Null).0, 404, "{path}");
    }
    assert_eq!(ask(&running, "DELETE", &one, &bob, &Value::Null).0, 404);
    assert_eq!(running.stop("TERM").0, Some(0));
    super::check(&["rebuild", "uploads", "--data", dir.path().to_str().unwrap()], 0, "uploads");
}

#[test]
fn a_deleted_file_goes_with_its_lines() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let sent = |name: &str| {
        let id = upload(&running, &ann, &[], name, b"{\"message\":\"one\"}\n{\"message\":\"two\"}\n");
        assert_eq!(ended(&running, &ann, &id)["status"], "SUCCESS");
        (lines(&running, &ann, &id, 2)["results"][0]["id"].as_str().unwrap().to_owned(), id)
    };
    let ((line, gone), (other_line, stays)) = (sent("gone.log"), sent("stays.log"));
    let one = format!("/api/logs/metadata/{gone}/");
    assert_eq!(ask(&running, "DELETE", &one, &ann, &Value::Null).0, 204);
    assert!(
        !dir.path()
            .join("uploads")
            .read_dir()
            .unwrap()
            .any(|tenant| { tenant.unwrap().path().join(&gone).exists() })
    );
    for _ in 0..2 {
        for path in ["", "content/", "download/"] {
            assert_eq!(ask(&running, "GET", &format!("{one}{path}"), &ann, &Value::Null).0, 404, "{path}");
        }
        assert_eq!(get(&running, &format!("/api/logs/search/?upload_id={gone}"), &ann)["total"], 0);
        assert_eq!(get(&running, "/api/logs/search/?q=one+or+two", &ann)["total"], 2);
        assert_eq!(ask(&running, "GET", &format!("/api/logs/{line}/"), &ann, &Value::Null).0, 404);
        assert_eq!(ask(&running, "GET", &format!("/api/logs/{other_line}/"), &ann, &Value::Null).0, 200);
        assert_eq!(lines(&running, &ann, &stays, 2)["total"], 2);
        drop(running);
        running = Running::start(dir.path(), &[]);
    }
    assert_eq!(running.stop("TERM").0, Some(0));
}
