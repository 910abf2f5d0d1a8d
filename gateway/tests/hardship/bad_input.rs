//! What no honest client sends.
//!
//! Invariant: it is refused with a status and a sentence, or the connection ends; then the server still answers others, has
//! not panicked, and has not taken more memory than its bounds. Sockets, tokens and bodies of lines have further tests of
//! their own.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::start_with;
use super::ledger::Tenant;
use super::overload::peak_bytes;
use super::running::{Running, wait};
use super::wire::{PATIENCE, Reply, Wire};

const SETTINGS: &str = "[limits.http]\nheader_timeout = \"500 ms\"\nconnections_max = 200\n\
     [limits.ingest]\nbody_timeout = \"1 s\"\nbody_bytes_max = \"4 MiB\"\n\
     [limits.search]\ntime_max = \"1 s\"\n";
/// With default settings but those above.
const MEMORY_BYTES: u64 = 400 << 20;

struct Ordeal {
    _dir: tempfile::TempDir,
    running: Running,
    tenant: Tenant,
}

impl Ordeal {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let running = start_with(dir.path(), SETTINGS);
        let tenant = Tenant::register(&running, "ann");
        Self { _dir: dir, running, tenant }
    }

    /// Sends bytes as they are, says that this was all, and reads what comes.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = connect(self.running.http);
        // A server that refuses early closes before it has read all.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        heard(&mut stream)
    }

    fn ask(&self, request: &str, headers: &str, body: &[u8]) -> Reply {
        let headers = self.tenant.credential() + headers;
        Wire::open(self.running.http).unwrap().ask(request, &headers, body).unwrap()
    }

    /// The end of each ordeal.
    fn unharmed(self) {
        assert_eq!(self.running.json("/health")["status"], "ok");
        let peak = peak_bytes(&self.running);
        assert!(peak < MEMORY_BYTES, "{} MiB", peak >> 20);
        let (code, said) = self.running.stop("TERM");
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// All that comes until the end, also if the end is a reset.
fn heard(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        bytes.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The sentence of an error answer, which has to read like one.
fn sentence(reply: &Reply) -> String {
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("{reply:?}"));
    let error = &body["error"];
    let message = error["message"].as_str().unwrap_or_else(|| panic!("{reply:?}"));
    assert!(message.len() > 15 && message.contains(' '), "{message}");
    assert!(!message.contains("Error(") && !message.contains(" { "), "no debug output: {message}");
    assert!(error["code"].is_string() && error["request_id"].is_string(), "{body}");
    message.to_owned()
}

#[test]
fn heads_that_mean_two_things_are_refused() {
    let ordeal = Ordeal::new();
    for head in [
        "POST /api/logs/bulk/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\n{}\n",
        "POST /api/logs/bulk/ HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /api/logs/bulk/ HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /api/logs/bulk/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\r\n folded\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        "GET /he\0alth HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /health HTTP/9.9\r\nHost: a\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame at all, and more of it",
    ] {
        let answer = ordeal.raw(head.as_bytes());
        assert!(!answer.contains(" 200 OK"), "{head:?}: {answer}");
        assert!(!answer.contains(" 500 "), "{head:?}: {answer}");
    }
    let long = format!("GET /health HTTP/1.1\r\nHost: a\r\nX-A: {}\r\n\r\n", "x".repeat(300_000));
    // What was not read takes the answer along when the connection is closed.
    let answer = ordeal.raw(long.as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = format!("GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-A: b\r\n".repeat(5_000));
    assert!(ordeal.raw(many.as_bytes()).starts_with("HTTP/1.1 431"));
    ordeal.unharmed();
}

#[test]
fn a_request_within_a_request_is_none() {
    let ordeal = Ordeal::new();
    let credential = ordeal.tenant.credential();
    // Of two lengths the one in chunks counts, and nothing behind it: a proxy may have counted by the other.
    let inner = "GET /live HTTP/1.1\r\nHost: a\r\n\r\n";
    let head = format!(
        "POST /api/logs/bulk/ HTTP/1.1\r\nHost: a{credential}\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        5 + inner.len()
    );
    let answer = ordeal.raw(format!("{head}0\r\n\r\n{inner}").as_bytes());
    assert!(!answer.contains("alive"), "{answer}");
    ordeal.unharmed();
}

#[test]
fn paths_lead_nowhere_but_where_they_say() {
    let ordeal = Ordeal::new();
    for path in [
        "/../health",
        "/%2e%2e/health",
        "//health",
        "/health%00",
        "/api/logs/..%2f..%2fhealth",
        "/api/logs/%2e%2e/%2e%2e/etc/passwd",
        "/api/logs/../../../../etc/passwd/",
        "/api/logs/%ff%fe/",
        "/api/logs/0-1-2-3-4/",
        "/api/logs/18446744073709551616-0-0/",
        "/api/logs/dead-letters/%00/",
        "/api/logs/fields/%2e%2e%2f/values/",
        "/api/admin/../health",
        "/ws/../health",
    ] {
        let reply = ordeal.ask(&format!("GET {path}"), "", b"");
        let is_known = path.contains("/fields/") && reply.status == 200;
        assert!(is_known || (400..500).contains(&reply.status), "{path}: {reply:?}");
        if !is_known {
            sentence(&reply);
        }
    }
    ordeal.unharmed();
}

#[test]
fn bodies_without_an_end_are_cut_off() {
    let ordeal = Ordeal::new();
    let credential = ordeal.tenant.credential();
    let begin = |more: &str| {
        let mut stream = connect(ordeal.running.http);
        let head = format!("POST /api/logs/bulk/ HTTP/1.1\r\nHost: a{credential}{more}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    // It promises and does not send.
    let mut silent = begin("\r\nContent-Length: 1000");
    let mut dripping = begin("\r\nTransfer-Encoding: chunked");
    let mut endless = begin("\r\nTransfer-Encoding: chunked");
    let mut nonsense = begin("\r\nTransfer-Encoding: chunked");
    let mut huge = begin("\r\nTransfer-Encoding: chunked");
    dripping.write_all(b"1\r\n{\r\n").unwrap();
    nonsense.write_all(b"zz\r\n{\r\n").unwrap();
    huge.write_all(b"ffffffffffffffff1\r\n{").unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    while endless.write_all(chunk.as_bytes()).is_ok() {}
    for slow in [&mut silent, &mut dripping] {
        let answer = heard(slow);
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("the body was not sent within 1 s"), "{answer}");
    }
    for broken in [&mut nonsense, &mut huge] {
        let answer = heard(broken);
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    // Half closed in the middle of a body.
    let mut half = begin("\r\nContent-Length: 1000");
    half.write_all(b"{\"message\":\"half\"}\n").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    let answer = heard(&mut half);
    assert!(!answer.contains(" 200 OK"), "{answer}");
    let found = ordeal.ask("GET /api/logs/search/?q=*", "", b"");
    assert!(found.body.contains("\"total\":0"), "{}", found.body);
    ordeal.unharmed();
}

#[test]
fn bombs_do_not_go_off() {
    let ordeal = Ordeal::new();
    let zeros = vec![b'0'; 1 << 20];
    let gzip = |layers: usize| {
        let mut bytes = Vec::new();
        for layer in 0..layers {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            match layer {
                0 => (0..512).for_each(|_| out.write_all(&zeros).unwrap()),
                _ => out.write_all(&bytes).unwrap(),
            }
            bytes = out.finish().unwrap();
        }
        bytes
    };
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    (0..512).for_each(|_| zlib.write_all(&zeros).unwrap());
    let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    (0..512).for_each(|_| zstd.write_all(&zeros).unwrap());
    for (encoding, bytes, status) in [
        ("gzip", gzip(1), 413),
        ("gzip", gzip(2), 400),
        ("deflate", zlib.finish().unwrap(), 413),
        ("zstd", zstd.finish().unwrap(), 413),
        ("gzip, gzip", gzip(2), 415),
        // A form that is not known is refused unread: a large body could still be on its way when the server closes.
        ("br", zeros[..1 << 10].to_vec(), 415),
    ] {
        let headers = format!("\r\nContent-Encoding: {encoding}");
        let reply = ordeal.ask("POST /api/logs/bulk/", &headers, &bytes);
        // Two layers are one more than is taken off: what is below may be too large, or is no line.
        let is_expected =
            reply.status == status || (encoding == "gzip" && [400, 413].contains(&reply.status));
        assert!(is_expected, "{encoding}: {reply:?}");
        sentence(&reply);
    }
    ordeal.unharmed();
}

#[test]
fn questions_that_would_take_for_ever_are_bounded() {
    let ordeal = Ordeal::new();
    let line = format!("{{\"message\":\"{}b\"}}\n", "a".repeat(20_000)).repeat(50);
    let sent = ordeal.ask("POST /api/logs/bulk/", "\r\nContent-Type: application/x-ndjson", line.as_bytes());
    assert_eq!(sent.status, 200, "{}", sent.body);
    let deep = |count: usize| format!("{}a{}", "(".repeat(count), ")".repeat(count));
    let queries = [
        "message:/(a+)+$/".to_owned(),
        "message:/(a|aa)+c/".to_owned(),
        "message:/((a{1,100}){1,100}){1,100}/".to_owned(),
        "message:/(((((a{1000}){1000}){1000}){1000}){1000})/".to_owned(),
        format!("message:/{}/", "(a|b)*".repeat(5_000)),
        format!("message:{}", "*a".repeat(5_000)),
        deep(20_000),
        "not ".repeat(20_000) + "a",
        "a or ".repeat(20_000) + "a",
        format!("message:{}", "x".repeat(200_000)),
        "a:{".repeat(10_000),
        "\"".repeat(50_000),
        "* | stats count() by message | sort ".to_owned() + &"| sort count ".repeat(5_000),
    ];
    for query in queries {
        let body = json!({"q": query}).to_string();
        let reply =
            ordeal.ask("POST /api/logs/search/", "\r\nContent-Type: application/json", body.as_bytes());
        let shown: String = query.chars().take(40).collect();
        assert!([200, 400, 413].contains(&reply.status), "{shown}: {} {}", reply.status, reply.body);
        if reply.status != 200 {
            let said = sentence(&reply);
            assert!(said.len() < 2_000, "{shown}: a sentence of {} bytes", said.len());
        }
    }
    let large = json!({"q": "a".repeat(1 << 20)}).to_string();
    let reply = ordeal.ask("POST /api/logs/search/", "\r\nContent-Type: application/json", large.as_bytes());
    assert_eq!(reply.status, 413, "{}", reply.body);
    sentence(&reply);
    ordeal.unharmed();
}

#[test]
fn keys_that_are_gone_and_those_of_others_open_nothing() {
    let ordeal = Ordeal::new();
    let other = Tenant::register(&ordeal.running, "bob");
    let sent = ordeal.ask("POST /api/logs/", "", b"{\"message\":\"of ann\"}");
    let id = serde_json::from_str::<Value>(&sent.body).unwrap()["id"].as_str().unwrap().to_owned();
    wait(|| Some(()).filter(|()| ordeal.ask(&format!("GET /api/logs/{id}/"), "", b"").status == 200));
    let ask = |request: &str, key: &str| {
        let headers = format!("\r\nAuthorization: Bearer {key}");
        Wire::open(ordeal.running.http).unwrap().ask(request, &headers, b"").unwrap()
    };
    for path in ["", "raw/", "context/"] {
        let reply = ask(&format!("GET /api/logs/{id}/{path}"), &other.key);
        assert_eq!(reply.status, 404, "{path}: {}", reply.body);
        assert!(!sentence(&reply).contains("of ann"));
    }
    let mut forged = ordeal.tenant.key.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    let long = "x".repeat(10_000);
    for key in [forged.as_str(), "", "null", "undefined", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", &long] {
        let reply = ask("GET /api/logs/search/?q=*", key);
        assert_eq!(reply.status, 401, "{key}: {}", reply.body);
        sentence(&reply);
    }
    ordeal.unharmed();
}

#[test]
fn crowds_that_say_nothing_keep_nobody_out() {
    crowd(1_000);
}

#[test]
#[ignore = "a long run"]
fn great_crowds_that_say_nothing_keep_nobody_out() {
    for _ in 0..10 {
        crowd(10_000);
    }
}

/// Far more connections than there are places: some silent, some slow, some that send nonsense.
fn crowd(size: usize) {
    let ordeal = Ordeal::new();
    let address = ordeal.running.http;
    let mut crowd = Vec::new();
    for number in 0..size {
        // The queue of the system may be full, too: that is a refusal.
        let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) else {
            continue;
        };
        let begin: &[u8] = match number % 5 {
            0 => b"",
            1 => b"P",
            2 => b"GET /health HTTP/1.1\r\nHos",
            3 => b"PRI * HTTP/2.0\r\n\r\n",
            _ => b"\0\0\0\0",
        };
        let _ = stream.write_all(begin);
        crowd.push(stream);
    }
    // They have every place, and lose it again.
    let began = crowd.len();
    assert_eq!(ordeal.running.json("/live")["status"], "alive");
    let reply = ordeal.ask("GET /api/logs/search/?q=*", "", b"");
    assert_eq!(reply.status, 200, "{}", reply.body);
    super::tell(&format!("{began} of {size} connections that say nothing came in, and keep nobody out"));
    ordeal.unharmed();
}
