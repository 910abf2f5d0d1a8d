//! Lines over TCP, UDP and the HTTP port of their own, through the real binary.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{found, register, start_with, wait_for};
use super::running::{Running, exchange, wait};

/// Far above what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends everything, says that this was all, and reads the answer to its end.
fn tell(address: SocketAddr, parts: &[&[u8]]) -> String {
    let mut stream = connect(address);
    stream.set_nodelay(true).unwrap();
    for part in parts {
        stream.write_all(part).unwrap();
        stream.flush().unwrap();
    }
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn greeting(key: &str, ack: bool) -> Vec<u8> {
    format!("{}\n", json!({"token": key, "ack": ack})).into_bytes()
}

fn code(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    answer["error"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn tcp_lines_belong_to_the_tenant_of_their_token() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let tcp = running.port("tcp");
    let (ann, ann_key) = register(&running, "ann");
    let (bob, bob_key) = register(&running, "bob");
    assert_eq!(tell(tcp, &[&greeting(&ann_key, false), b"{\"message\":\"a hip", b"po\"}\nplain hippo"]), "");
    assert_eq!(tell(tcp, &[&greeting(&bob_key, false), b"\n\r\n{\"message\":\"a rhino\"}\r\n"]), "");
    let page = wait_for(&running, &ann, "hippo", 2);
    assert_eq!(page["results"].as_array().unwrap().len(), 2, "{page}");
    wait_for(&running, &bob, "rhino", 1);
    assert_eq!(found(&running, &bob, "hippo")["total"], 0);
    assert_eq!(found(&running, &ann, "rhino")["total"], 0);
    // With the access token of somebody who may send, too, byte by byte.
    let mut stream = connect(tcp);
    for byte in [&greeting(&ann, false)[..], b"a slow gnu\n"].concat() {
        stream.write_all(&[byte]).unwrap();
    }
    wait_for(&running, &ann, "gnu", 1);
}

#[test]
fn tcp_without_a_good_token_is_refused_with_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let tcp = running.port("tcp");
    let (ann, _) = register(&running, "ann");
    let answer = tell(tcp, &[b"{\"message\":\"nobody's\"}\n", &b"more\n".repeat(50_000)]);
    assert_eq!((code(&answer).as_str(), answer.lines().count()), ("unauthorized", 1));
    assert!(answer.contains("send {\\\"token\\\":\\\"…\\\"} with an API key as the first line"), "{answer}");
    assert_eq!(code(&tell(tcp, &[b"no newline at all"])), "unauthorized");
    assert_eq!(code(&tell(tcp, &[&greeting("nonsense", false), b"lost\n"])), "unauthorized");
    assert_eq!(code(&tell(tcp, &[&[0, 159, 146, 150].repeat(10_000)])), "unauthorized");
    assert_eq!(tell(tcp, &[]), "");
    assert_eq!(found(&running, &ann, "*")["total"], 0);
}

#[test]
fn a_line_that_is_too_long_does_not_end_the_connection_and_receipts_tell_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let long = vec![b'x'; 3 << 20];
    let answer = tell(
        running.port("tcp"),
        &[&greeting(&key, true), b"before\n", &long, b"\nafter it\n", b"\xff\xfe\n"],
    );
    let answers: Vec<Value> = answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sum = |name: &str| answers.iter().map(|answer| answer[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("accepted"), sum("rejected")), (3, 1), "{answer}");
    let receipts = answers.iter().filter_map(|answer| answer["receipt"]["count"].as_u64());
    assert_eq!(receipts.sum::<u64>(), 3, "{answer}");
    wait_for(&running, &ann, "before%20or%20after", 2);
}

#[test]
fn what_was_acknowledged_before_a_stop_is_there_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let stream = connect(running.port("tcp"));
    let mut sending = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        let _ = sending.write_all(&greeting(&key, true));
        (0..).take_while(|n| sending.write_all(format!("number {n}\n").as_bytes()).is_ok()).count()
    });
    let mut answers = BufReader::new(stream).lines();
    let mut acknowledged = 0;
    let mut note = |line: &str| {
        let answer: Value = serde_json::from_str(line).unwrap();
        acknowledged += answer["accepted"].as_u64().unwrap_or_default();
        answer
    };
    note(&answers.next().unwrap().unwrap());
    let (status, _) = running.stop("TERM");
    let last = answers.map_while(Result::ok).map(|line| note(&line)).last();
    assert_eq!(status, Some(0));
    assert_eq!(last.unwrap()["error"]["code"], "unavailable");
    assert!(sender.join().unwrap() as u64 >= acknowledged && acknowledged > 0);
    let running = Running::start(dir.path(), &[]);
    assert_eq!(found(&running, &ann, "number")["total"], acknowledged);
}

#[test]
fn listeners_of_a_tenant_take_lines_without_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(&dir.path().join("data"), &[]);
    let (ann, key) = register(&running, "ann");
    let headers = format!("\r\nAuthorization: Bearer {ann}");
    let user = exchange(running.http, &format!("GET /api/auth/user HTTP/1.1{headers}"), b"").json();
    let tenant = user["tenant"]["id"].as_str().unwrap_or_else(|| panic!("{user}")).to_owned();
    assert_eq!(running.stop("TERM").0, Some(0));
    let settings = format!(
        "[listeners]\ntcp_tenant = \"{tenant}\"\nudp_tenant = \"{tenant}\"\nhttp_json = \"127.0.0.1:8080\"\n\
         http_json_tenant = \"{tenant}\"\n"
    );
    let running = start_with(dir.path(), &settings);
    assert_eq!(tell(running.port("tcp"), &[b"an open okapi\n"]), "");
    let post = |headers: &str, body: &[u8]| {
        let head = format!("POST /any/path HTTP/1.1\r\nContent-Length: {}{headers}", body.len());
        exchange(running.port("http_json"), &head, body)
    };
    let answer = post("", b"{\"message\":\"a posted okapi\"}\n{\"message\":\"another okapi\"}\n");
    assert!(answer.head.starts_with("HTTP/1.1 200"), "{} {}", answer.head, answer.body);
    assert_eq!(answer.json()["accepted"], 2);
    let wrong = post("\r\nAuthorization: ApiKey nonsense", b"{}");
    assert!(wrong.head.starts_with("HTTP/1.1 401"), "{}", wrong.head);
    assert!(post(&format!("\r\nX-API-Key: {key}"), b"a keyed okapi").head.starts_with("HTTP/1.1 200"));
    let asked = exchange(running.port("http_json"), "GET /api/logs HTTP/1.1", b"");
    assert!(asked.head.starts_with("HTTP/1.1 405") && asked.head.contains("allow: POST"), "{}", asked.head);
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(b"a datagram okapi\nand a second okapi", running.port("udp")).unwrap();
    wait_for(&running, &ann, "okapi", 6);
    assert_eq!(running.json("/health")["dependencies"]["udp"]["status"], "ok");
}

#[test]
fn datagrams_name_their_tenant_or_are_counted_as_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, key) = register(&running, "ann");
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |datagram: &[u8]| udp.send_to(datagram, running.port("udp")).unwrap();
    send(&[&greeting(&key, false)[..], b"{\"message\":\"a tapir\"}\na plain tapir"].concat());
    send(b"nobody's tapir");
    send(&[&greeting("nonsense", false)[..], b"a lost tapir"].concat());
    send(b"");
    wait_for(&running, &ann, "tapir", 2);
    let dropped = || {
        let metrics = super::get(running.http, "/metrics").body;
        metrics.contains("antler_ingest_udp_dropped_total{protocol=\"udp\"} 2\n").then_some(())
    };
    wait(dropped);
}

#[test]
fn a_taken_port_is_an_error_if_it_was_set_and_a_note_if_it_was_not() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let run = |settings: &str| {
        let file = super::client::settings(dir.path(), settings);
        let data = dir.path().join("data");
        let arguments = ["--listen", "127.0.0.1:0", "--config", super::client::path_text(&file), "--data"];
        super::antler(&arguments).arg(&data).output().unwrap()
    };
    let output = run(&format!("[listeners]\ntcp = \"{address}\"\n"));
    let said = super::text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let expected = format!("cannot listen on {address} (listeners.tcp, from ");
    assert!(said.contains(&expected) && said.contains("or set it to \"off\""), "{said}");
    let output = run("[listeners]\ntcp_tenant = \"no tenant\"\ntcp = \"off\"\nudp = \"off\"\n");
    let said = super::text(&output.stderr);
    assert!(
        said.contains("listeners.tcp_tenant = \"no tenant\"") && said.contains("is not the id"),
        "{said}"
    );
}

#[test]
fn a_connection_that_says_nothing_is_closed_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let settings = "[limits.ingest]\ntoken_timeout = \"200 ms\"\nidle_timeout = \"200 ms\"\n";
    let running = start_with(dir.path(), settings);
    let (ann, key) = register(&running, "ann");
    let answer = |stream: &mut TcpStream| {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert_eq!(code(&answer(&mut connect(running.port("tcp")))), "unauthorized");
    let mut idle = connect(running.port("tcp"));
    idle.write_all(&[&greeting(&key, false)[..], b"the last wombat"].concat()).unwrap();
    let said = answer(&mut idle);
    assert_eq!(code(&said), "body_too_slow");
    assert!(said.contains("nothing came for 200 ms; connect again"), "{said}");
    wait_for(&running, &ann, "wombat", 1);
}

#[test]
fn a_sender_that_is_faster_than_the_log_loses_nothing() {
    const LINES: u64 = 40_000;
    let dir = tempfile::tempdir().unwrap();
    let settings = "[limits.ingest]\ntenant_bytes_max = \"1 MiB\"\ngather_bytes = \"64 KiB\"\n";
    let running = start_with(dir.path(), settings);
    let (ann, key) = register(&running, "ann");
    let tcp = running.port("tcp");
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let key = key.as_str();
            scope.spawn(move || {
                let lines =
                    (0..LINES / 4).map(|n| format!("{{\"sender\":{sender},\"n\":{n},\"m\":\"quokka\"}}\n"));
                let lines: String = lines.collect();
                assert_eq!(tell(tcp, &[&greeting(key, false), lines.as_bytes()]), "");
            });
        }
    });
    wait_for(&running, &ann, "quokka", LINES);
}
