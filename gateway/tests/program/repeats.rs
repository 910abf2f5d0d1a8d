//! Repeats under an idempotency key, and dead letters, through the real binary and over crashes.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use super::client::{found, register, send, wait_for};
use super::running::{Answer, Running, exchange, wait};

const NDJSON: &str = "application/x-ndjson";

fn post(http: SocketAddr, path: &str, key: &str, idempotency_key: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nContent-Length: {length}\r\nContent-Type: {NDJSON}\r\n\
         Authorization: ApiKey {key}\r\nIdempotency-Key: {idempotency_key}"
    );
    exchange(http, &head, body)
}

fn bulk(http: SocketAddr, key: &str, idempotency_key: &str, body: &[u8]) -> (String, Value) {
    let answer = post(http, "/api/logs/bulk/", key, idempotency_key, body);
    (answer.head[9..12].to_owned(), answer.json())
}

fn letters(running: &Running, token: &str, path: &str) -> Value {
    let headers = format!("\r\nAuthorization: Bearer {token}");
    let answer = send(running, "GET", &format!("/api/logs/dead-letters/{path}"), &headers, b"");
    assert!(answer.head.starts_with("HTTP/1.1 200"), "{} {}", answer.head, answer.body);
    answer.json()
}

#[test]
fn a_repeat_gets_the_first_answer_and_stores_nothing_also_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let (bob, other_key) = register(&running, "bob");
    let body = b"{\"message\":\"one lynx\"}\n{broken\n{\"message\":\"two lynx\"}\n";
    let first = bulk(running.http, &key, "k 1", body);
    assert_eq!((first.0.as_str(), &first.1["accepted"], &first.1["rejected"]), ("207", &json!(2), &json!(1)));
    assert_eq!(first.1["errors"][0]["line"], 2);
    assert_eq!(bulk(running.http, &key, "k 1", body), first);
    assert_eq!(bulk(running.http, &key, "k 1", b"{\"message\":\"another lynx\"}"), first);
    let one = post(running.http, "/api/logs/", &key, "k2", b"{\"message\":\"a single lynx\"}");
    assert!(one.head.starts_with("HTTP/1.1 201"), "{} {}", one.head, one.body);
    wait_for(&running, &ann, "lynx", 3);
    // Keys are those of a tenant.
    let (status, foreign) = bulk(running.http, &other_key, "k 1", b"{\"message\":\"a foreign lynx\"}");
    assert_eq!((status.as_str(), &foreign["receipt"]["count"]), ("200", &json!(1)));
    // At once, before the views have a chance to have it.
    let last = bulk(running.http, &key, "k3", body);
    drop(running);
    let running = Running::start(dir.path(), &[]);
    assert_eq!(bulk(running.http, &key, "k3", body), last);
    assert_eq!(bulk(running.http, &key, "k 1", body), first);
    let again = post(running.http, "/api/logs/", &key, "k2", b"{\"message\":\"a single lynx\"}");
    assert_eq!((&again.head[9..12], &again.body), ("201", &one.body));
    assert_eq!(found(&running, &ann, "lynx")["total"], 5);
    assert_eq!(found(&running, &bob, "lynx")["total"], 1);
    assert_eq!(running.stop("TERM").0, Some(0));
    for answer in [&first.1, &last.1] {
        let receipt = answer["receipt"].to_string();
        super::check(&["verify", "--data", dir.path().to_str().unwrap(), "--receipt", &receipt], 0, "proved");
    }
}

#[test]
fn requests_with_one_key_at_once_are_one() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let http = running.http;
    let answers: Vec<_> = std::thread::scope(|scope| {
        let body = b"{\"message\":\"a race\"}";
        let senders: Vec<_> = (0..16).map(|_| scope.spawn(|| bulk(http, &key, "the same", body))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == "200"), "{answers:?}");
    wait_for(&running, &ann, "race", 1);
    let refused = bulk(running.http, &key, &"x".repeat(256), b"{}");
    assert_eq!((refused.0.as_str(), &refused.1["error"]["code"]), ("400", &json!("invalid_idempotency_key")));
    assert!(refused.1["error"]["message"].as_str().unwrap().contains("at most 255 bytes, not 256"));
    // What was refused is not remembered.
    assert_eq!(bulk(running.http, &key, "later", b"plain").0, "400");
    assert_eq!(bulk(running.http, &key, "later", b"{\"message\":\"a later race\"}").0, "200");
    wait_for(&running, &ann, "race", 2);
}

#[test]
fn what_is_rejected_is_kept_with_its_reason_and_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let (bob, _) = register(&running, "bob");
    let body = b"{\"message\":\"fine\"}\n{broken\n{\"a\":\"\xff\"}\n";
    assert_eq!(bulk(running.http, &key, "k", body).0, "207");
    assert_eq!(bulk(running.http, &key, "l", b"nothing of this is stored").0, "400");
    let mut tcp = TcpStream::connect(running.port("tcp")).unwrap();
    writeln!(tcp, "{}", json!({"token": key})).unwrap();
    tcp.write_all(&vec![b'x'; 3 << 20]).unwrap();
    drop(tcp);
    let page = wait(|| Some(letters(&running, &ann, "")).filter(|page| page["total"] == 3));
    let letter = |at: usize, name: &str| page["results"][at][name].clone();
    assert_eq!((letter(0, "protocol"), letter(0, "code")), (json!("tcp"), json!("line_too_long")));
    assert_eq!(
        (letter(0, "line"), letter(0, "bytes"), letter(0, "cut")),
        (json!(2), json!(3 << 20), json!(true))
    );
    assert_eq!(
        (letter(1, "line"), letter(1, "encoding"), letter(1, "raw")),
        (json!(3), json!("base64"), json!("eyJhIjoi/yJ9"))
    );
    assert_eq!(
        (letter(2, "raw"), letter(2, "encoding"), letter(2, "cut")),
        (json!("{broken"), json!("text"), json!(false))
    );
    assert!(letter(2, "message").as_str().unwrap().contains("byte 1 of the line"), "{page}");
    assert_eq!((letter(2, "protocol"), letter(2, "origin")), (json!("http"), json!("127.0.0.1")));
    let whole = letters(&running, &ann, &format!("{}/", letter(0, "id").as_str().unwrap()));
    assert_eq!((whole["raw"].as_str().unwrap().len(), &whole["cut"]), (1 << 20, &json!(true)));
    let second = letters(&running, &ann, "?size=1&page=2");
    assert_eq!(
        (&second["results"][0], &second["next"]),
        (&page["results"][1], &json!("/api/logs/dead-letters/?page=3&size=1"))
    );
    assert_eq!(letters(&running, &bob, "")["total"], 0);
    let headers = format!("\r\nAuthorization: Bearer {key}");
    assert!(send(&running, "GET", "/api/logs/dead-letters/", &headers, b"").head.starts_with("HTTP/1.1 403"));
    let headers = format!("\r\nAuthorization: Bearer {bob}");
    assert!(
        send(&running, "GET", "/api/logs/dead-letters/1/", &headers, b"").head.starts_with("HTTP/1.1 404")
    );
    drop(running);
    let running = Running::start(dir.path(), &[]);
    assert_eq!(letters(&running, &ann, "")["results"], page["results"]);
    assert_eq!(found(&running, &ann, "fine")["total"], 1);
}

#[test]
fn a_letter_is_sent_again_as_it_came_or_mended_and_then_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let ((ann, key), (bob, _)) = (register(&running, "ann"), register(&running, "bob"));
    let long = "x".repeat(3 << 20);
    let body = [
        b"{broken lynx\n{\"a\":\"\xff\"}\n{\"a\":1, oops\n{\"message\":\"".as_slice(),
        long.as_bytes(),
        b"\"}\n",
    ];
    let sent = post(running.http, "/api/logs/bulk/", &key, "k", &body.concat());
    assert!(sent.head.starts_with("HTTP/1.1 400"), "none can be taken: {} {}", sent.head, sent.body);
    let body = [b"{\"message\":\"fine\"}\n".as_slice(), &body.concat()].concat();
    assert_eq!(bulk(running.http, &key, "k2", &body).1["rejected"], 4);
    let page = wait(|| Some(letters(&running, &ann, "")).filter(|page| page["total"] == 4));
    let id = |at: usize| page["results"][at]["id"].as_str().unwrap().to_owned();
    let [long, oops, bytes, broken] = [0, 1, 2, 3].map(id);
    let asked = |token: &str, method: &str, path: &str, body: &str| {
        let headers = format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json");
        let path = format!("/api/logs/dead-letters/{path}");
        let answer = send(&running, method, &path, &headers, body.as_bytes());
        (answer.head[9..12].parse::<u16>().unwrap(), answer.body)
    };
    let check = |path: &str, body: &str, code: u16, words: &str| {
        let (status, answer) = asked(&ann, "POST", path, body);
        assert!(status == code && answer.contains(words), "{path} {status} {answer}");
    };
    check(&format!("{long}/replay/"), "", 409, "only the beginning");
    check(&format!("{oops}/replay/"), r#"{"raw":"one\ntwo"}"#, 400, "2 lines");
    check(&format!("{oops}/replay/"), r#"{"raw":7}"#, 422, "raw");
    assert_eq!(letters(&running, &ann, "")["total"], 4, "what is refused again stays");
    assert_eq!(asked(&bob, "POST", &format!("{broken}/replay/"), "").0, 404, "it is another tenant's");
    check(&format!("{broken}/replay/"), "", 201, "receipt");
    check(&format!("{oops}/replay/"), r#"{"raw":"{\"a\":1,\"message\":\"mended lynx\"}"}"#, 201, "receipt");
    check(&format!("{oops}/replay/"), "", 404, "no dead letter");
    wait_for(&running, &ann, "lynx", 2);
    assert_eq!(asked(&ann, "DELETE", &format!("{long}/"), "").0, 204);
    let left = letters(&running, &ann, "");
    assert_eq!((&left["total"], &left["counted"]), (&json!(1), &json!(4)));
    assert_eq!(left["results"][0]["id"], bytes.as_str(), "bytes that are no UTF-8 are no JSON");
    check(&format!("{bytes}/replay/"), "", 201, "receipt");
    assert_eq!(letters(&running, &ann, "")["total"], 0, "a line of text may have them");
    assert_eq!(bulk(running.http, &key, "k3", &body).1["rejected"], 4);
    wait(|| (letters(&running, &ann, "")["total"] == 4).then_some(()));
    assert_eq!(asked(&ann, "DELETE", "", "").0, 204);
    assert_eq!(letters(&running, &ann, "")["total"], 0);
    drop(running);
    let running = Running::start(dir.path(), &[]);
    assert_eq!(letters(&running, &ann, "")["total"], 0, "also after a restart");
    assert_eq!(found(&running, &ann, "lynx")["total"], 2);
}
