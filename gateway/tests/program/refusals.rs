//! What a sender reads when lines are refused: every sentence as the server writes it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::json;

use super::client::{register, send, ship};
use super::running::{Answer, Running};

const NDJSON: &str = "Content-Type: application/x-ndjson";

fn status(answer: &Answer) -> &str {
    &answer.head[9..12]
}

/// Compares status, code and sentence.
fn check(answer: &Answer, expected: (&str, &str, &str)) {
    let error = &answer.json()["error"];
    let (code, message) = (error["code"].as_str().unwrap(), error["message"].as_str().unwrap());
    assert_eq!((status(answer), code, message), expected);
    assert!(!error["request_id"].as_str().unwrap().is_empty(), "{error}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Opens a request and sends a part of its body.
fn begin(running: &Running, key: &str, length: usize, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(running.http).unwrap();
    let head = format!(
        "POST /api/logs/bulk/ HTTP/1.1\r\nHost: antler\r\nConnection: close\r\n{NDJSON}\r\n\
         Authorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> Answer {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer { head: head.to_owned(), body: body.to_owned() }
}

#[test]
fn a_request_that_cannot_be_taken_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let headers = format!("\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}");
    let body = br#"{"name":"reader","scopes":["read"]}"#;
    let reader = send(&running, "POST", "/api/users/profile/api-keys/", &headers, body).json();
    let reader = reader["key"].as_str().unwrap().to_owned();
    let post = |path: &str, headers: &str, body: &[u8]| {
        let headers = format!("\r\nAuthorization: Bearer {key}{headers}");
        send(&running, "POST", path, &headers, body)
    };
    let bulk = |headers: &str, body: &[u8]| post("/api/logs/bulk/", headers, body);
    let ndjson = format!("\r\n{NDJSON}");
    let line = b"{\"message\":\"x\"}\n";
    check(
        &send(&running, "POST", "/api/logs/bulk/", &ndjson, line),
        (
            "401",
            "unauthorized",
            "this needs a credential: send Authorization: Bearer TOKEN, where TOKEN is an access token or an API key",
        ),
    );
    let with_reader = format!("{ndjson}\r\nAuthorization: Bearer {reader}");
    check(
        &send(&running, "POST", "/api/logs/bulk/", &with_reader, line),
        ("403", "forbidden", "the API key has not the scope ingest; create one that has it"),
    );
    check(
        &post("/api/logs/bulk/?colour=red", &ndjson, line),
        (
            "422",
            "invalid_parameter",
            "the parameter colour cannot be used: there is no such parameter; there are source, service, environment, level, host, tags",
        ),
    );
    check(
        &bulk(&format!("{ndjson}\r\nIdempotency-Key: "), line),
        ("400", "invalid_idempotency_key", "an Idempotency-Key needs at least one character"),
    );
    check(
        &send(&running, "DELETE", "/api/logs/bulk/", &format!("\r\nAuthorization: Bearer {key}"), b""),
        (
            "405",
            "method_not_allowed",
            "/api/logs/bulk/ does not take DELETE; the Allow header of this answer lists what it takes",
        ),
    );
}

#[test]
fn a_body_that_cannot_be_read_says_what_is_wrong_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (_, key) = register(&running, "ann");
    let post = |path: &str, headers: &str, body: &[u8]| {
        let headers = format!("\r\nAuthorization: Bearer {key}{headers}");
        send(&running, "POST", path, &headers, body)
    };
    let bulk = |headers: &str, body: &[u8]| post("/api/logs/bulk/", headers, body);
    let (ndjson, line) = (format!("\r\n{NDJSON}"), b"{\"message\":\"x\"}\n");
    check(
        &post("/api/logs/", &ndjson, &[&line[..], line].concat()),
        ("400", "invalid_lines", "the body has 2 lines; send many to /api/logs/bulk/"),
    );
    check(
        &bulk("\r\nContent-Type: application/json", b"7"),
        (
            "400",
            "invalid_lines",
            "the body is neither an array of objects, nor an object with \"logs\", nor an object",
        ),
    );
    check(
        &bulk(&format!("{ndjson}\r\nContent-Encoding: br"), line),
        (
            "415",
            "unsupported_media_type",
            "the body is compressed as \"br\"; gzip, deflate and zstd are known",
        ),
    );
    let bomb = gzip(&vec![b' '; 20 << 20]);
    check(
        &bulk(&format!("{ndjson}\r\nContent-Encoding: gzip"), &bomb),
        (
            "413",
            "body_too_large",
            "the body becomes more than 33554432 bytes, or 200 times its size, when it is inflated",
        ),
    );
    let damaged = bulk(&format!("{ndjson}\r\nContent-Encoding: gzip"), b"no gzip at all");
    assert_eq!(status(&damaged), "400");
    assert!(damaged.body.contains("the body is not gzip as its header says"), "{}", damaged.body);
}

#[test]
fn each_rejected_line_says_where_it_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (_, key) = register(&running, "ann");
    let deep = "{\"a\":".repeat(70);
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    let number = format!("{{\"a\":{}}}", "1".repeat(401));
    let lines: [(&[u8], &str, &str); 9] = [
        (b"{\"a\":1", "json_ends_early", "the line ends where a comma or the end of an object should follow"),
        (b"{\"a\" 1}", "invalid_json", "byte 5 of the line is 0x31 where a colon should be"),
        (b"{\"a\":\"\xff\"}", "invalid_utf8", "the line is not valid utf-8 at byte 6"),
        (deep.as_bytes(), "json_too_deep", "byte 320 of the line opens nesting level 65, more than 64"),
        (number.as_bytes(), "number_too_long", "the number at byte 5 of the line has more than 400 bytes"),
        (
            b"{\"a\":\"\x01\"}",
            "control_character",
            "byte 6 of the line is the control character 0x01, which a string must escape",
        ),
        (b"{\"a\":\"\\q\"}", "invalid_escape", "the escape at byte 6 of the line is not one that JSON knows"),
        (
            b"{\"a\":\"\\ud800\"}",
            "lone_surrogate",
            "the escape at byte 6 of the line is half of a surrogate pair, which is no character",
        ),
        (long.as_bytes(), "line_too_long", "the line has 1048584 bytes, more than 1048576"),
    ];
    let mut body = b"{\"message\":\"good\"}\n".to_vec();
    for (line, _, _) in lines {
        body.extend_from_slice(line);
        body.push(b'\n');
    }
    let (status, answer) = ship(&running, &key, "application/x-ndjson", &body);
    assert_eq!((status, &answer["accepted"], &answer["rejected"]), (207, &json!(1), &json!(9)), "{answer}");
    for (at, (_, code, message)) in lines.into_iter().enumerate() {
        assert_eq!(answer["errors"][at], json!({"line": at + 2, "code": code, "message": message}));
    }
}

#[test]
fn bodies_that_come_slowly_break_off_or_are_too_many_are_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let config = super::settings(
        dir.path(),
        "[limits.ingest]\nbody_bytes_max = \"64 KiB\"\nbodies_bytes_max = \"64 KiB\"\nbody_timeout = \"2 s\"\n",
    );
    let running = Running::start(&dir.path().join("data"), &["--config", super::path_text(&config)]);
    let (_, key) = register(&running, "ann");
    let body = format!("{{\"message\":\"{}\"}}\n", "x".repeat(40_000));
    let headers = format!("\r\n{NDJSON}\r\nAuthorization: Bearer {key}");
    // A slow body may end before another comes, where the machine is busy: then both begin anew.
    let (slow, busy) = super::running::wait(|| {
        let slow = begin(&running, &key, 60_000, &[b'x'; 50_000]);
        let answer = send(&running, "POST", "/api/logs/bulk/", &headers, body.as_bytes());
        (status(&answer) != "200").then_some((slow, answer))
    });
    let message = "too many bodies are being received at once for this tenant; send again a little later, and fewer at once";
    check(&busy, ("429", "too_much_under_way", message));
    assert!(busy.head.to_lowercase().contains("retry-after: 1"), "{}", busy.head);
    check(&answer(slow), ("408", "body_too_slow", "the body was not sent within 2 s"));
    let cut = begin(&running, &key, 60_000, b"{}\n");
    cut.shutdown(Shutdown::Write).unwrap();
    let message = "the body ended early: error reading a body from connection";
    check(&answer(cut), ("400", "invalid_lines", message));
}
