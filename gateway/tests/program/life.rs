//! A server's life as those see it who run it: what it says of itself, where it listens, and how it goes.
//!
//! Invariant: what is asserted is seen from outside: lines on standard error, answers, exit codes, time. They do not look at
//! how anything else is answered.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use antler_events::clock::{Clock as _, SystemClock};
use serde_json::Value;

use super::client::{path_text, register, ship};
use super::running::{Running, get, wait};
use super::socket_client::stream;

/// From the interface of the program.
const EXIT_MAX: Duration = Duration::from_secs(10);

#[test]
fn its_own_log_is_json_where_no_terminal_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let (code, said) = Running::start(dir.path(), &[]).stop("TERM");
    assert_eq!(code, Some(0), "{said}");
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for line in &lines {
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{field} is missing in {line}");
        }
    }
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert!(messages.contains(&"stopping") && messages.last() == Some(&"stopped"), "{messages:?}");
    let stopping = lines.iter().find(|line| line["message"] == "stopping").unwrap();
    assert_eq!(stopping["signal"], "SIGTERM", "values are fields of their own: {stopping}");
}

#[test]
fn its_own_log_is_text_where_the_settings_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_antler"));
    command.env("ANTLER__LOGGING__FORMAT", "text");
    let (_, said) = Running::launch(command, dir.path(), &[]).stop("TERM");
    assert!(is_text(&said), "{said}");
    assert!(!said.contains('\u{1b}'), "colours are for terminals: {said:?}");
}

#[test]
fn its_own_log_is_text_on_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let (data, ports, seen) =
        (dir.path().join("data"), dir.path().join("ports.json"), dir.path().join("seen"));
    let serve = format!(
        "exec '{}' serve --ephemeral-ports --data '{}' --ports-file '{}'",
        env!("CARGO_BIN_EXE_antler"),
        path_text(&data),
        path_text(&ports)
    );
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &serve, path_text(&seen)])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait(|| std::fs::read_to_string(&ports).ok());
    stop_owner(&data);
    let code = wait(|| terminal.try_wait().unwrap()).code();
    let said = std::fs::read_to_string(&seen).unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(is_text(&said) && said.contains('\u{1b}'), "{said:?}");
}

fn is_text(said: &str) -> bool {
    said.contains(" INFO") && said.contains("stopping") && !said.contains("\"level\"")
}

/// Tells the process that has the folder to stop.
fn stop_owner(data: &Path) {
    let lock = std::fs::read_to_string(data.join("lock")).unwrap();
    let id: u32 =
        lock.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("{lock}"));
    assert!(Command::new("kill").args(["-s", "TERM", &id.to_string()]).status().unwrap().success());
}

#[test]
fn a_default_port_that_is_taken_is_shown_as_skipped_by_a_healthy_server() {
    // Taken by this test, or by somebody else: both will do.
    let _tcp = TcpListener::bind("127.0.0.1:5000");
    let _udp = UdpSocket::bind("127.0.0.1:5000");
    let dir = tempfile::tempdir().unwrap();
    let command = Command::new(env!("CARGO_BIN_EXE_antler"));
    let running = Running::begin(command, dir.path(), &["--listen", "127.0.0.1:0"]);
    let health = running.json("/health");
    assert_eq!(health["status"], "ok", "{health}");
    for (name, setting) in [("tcp", "listeners.tcp"), ("udp", "listeners.udp")] {
        let told = &health["dependencies"][name];
        assert_eq!(told["status"], "skipped", "{health}");
        assert!(told["detail"].as_str().unwrap().contains(setting), "{told}");
    }
    assert!(health["dependencies"]["http"]["detail"].as_str().unwrap().contains("listens on"), "{health}");
    let (_, said) = running.stop("TERM");
    assert_eq!(said.matches("a listener is left out").count(), 2, "{said}");
}

#[test]
fn a_server_that_stops_is_alive_and_not_ready() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, _) = register(&running, "ann");
    let mut socket = stream(&running, &token, "");
    let half = |path: &str| {
        let mut half = TcpStream::connect(running.http).unwrap();
        write!(half, "GET {path} HTTP/1.1\r\nHost:").unwrap();
        half
    };
    let asked = [("/ready", "503", "stopping"), ("/live", "200", "alive")];
    let mut halves = asked.map(|(path, ..)| half(path));
    assert!(get(running.http, "/ready").head.starts_with("HTTP/1.1 200"));
    running.signal("TERM");
    assert_eq!(socket.end().0, 1001);
    for ((path, status, word), half) in asked.into_iter().zip(&mut halves) {
        half.write_all(b" antler\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        half.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(word),
            "{path}: {answer}"
        );
    }
    assert_eq!(running.ended().0, Some(0));
}

#[test]
fn a_stop_takes_less_than_ten_seconds_also_with_connections_that_say_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    assert_eq!(ship(&running, &key, "text/plain", b"one\ntwo\n").0, 200);
    let mut socket = stream(&running, &token, "");
    let mut silent =
        [running.http, running.http, running.port("tcp")].map(|at| TcpStream::connect(at).unwrap());
    silent[1].write_all(b"POST /api/logs/bulk/ HTTP/1.1\r\nContent-Length: 100\r\n").unwrap();
    silent[2].write_all(format!("{{\"token\":\"{key}\"}}\nthree\nhalf of a").as_bytes()).unwrap();
    assert_eq!(socket.lines(1).0, ["three"]);
    let reading = std::thread::spawn(move || socket.end().0);
    let clock = SystemClock::new();
    let (code, said) = running.stop("TERM");
    let took = clock.elapsed();
    assert_eq!((code, reading.join().unwrap()), (Some(0), 1001), "{said}");
    assert!(took < EXIT_MAX, "it took {took:?}: {said}");
}
