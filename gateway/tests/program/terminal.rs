//! The commands of somebody at a terminal, against a running server.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Output, Stdio};

use super::client::register;
use super::running::{Running, wait};
use super::{antler, text};

/// Runs a command with a credential and an input.
fn with(running: &Running, token: &str, arguments: &[&str], input: &[u8]) -> Output {
    let server = format!("http://{}", running.http);
    let mut command = antler(arguments);
    command.args(["--server", &server]).env("ANTLER_TOKEN", token);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that ends early does not take all of it.
    let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

fn said(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

fn query(running: &Running, token: &str, arguments: &[&str]) -> Output {
    with(running, token, &[&["query"], arguments].concat(), b"")
}

/// Asks again until so many lines are shown.
fn query_until(running: &Running, token: &str, arguments: &[&str], lines: usize) -> String {
    wait(|| {
        let output = query(running, token, arguments);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        Some(text(&output.stdout)).filter(|shown| shown.lines().count() == lines)
    })
}

const LINES: &[u8] = b"{\"timestamp\":\"2026-03-01T08:00:02Z\",\"level\":\"error\",\"service\":\"pay\",\"message\":\"no \\u001b[31mmoney\"}\n\
    {\"timestamp\":\"2026-03-01T08:00:01Z\",\"level\":\"info\",\"service\":\"=web\",\"message\":\"fine\",\"n\":7}\n";

#[test]
fn lines_are_sent_and_asked_for_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let sent = with(&running, &key, &["send", "-"], LINES);
    assert_eq!(
        (sent.status.code(), text(&sent.stdout)),
        (Some(0), "2 accepted, 0 rejected\n".to_owned()),
        "{}",
        said(&sent)
    );
    let shown = query_until(&running, &token, &["*"], 2);
    assert_eq!(
        shown,
        "2026-03-01T08:00:01.000Z INFO     =web  fine\n2026-03-01T08:00:02.000Z ERROR    pay  no \\x1b[31mmoney\n"
    );
    let newest = query(&running, &token, &["*", "--limit", "1", "--format", "json"]);
    let line: serde_json::Value = serde_json::from_slice(&newest.stdout).unwrap();
    assert_eq!(line["message"], "no \u{1b}[31mmoney");
    let csv = text(&query(&running, &token, &["service:\"=web\"", "--format", "csv"]).stdout);
    assert!(csv.starts_with("timestamp,level,service,") && csv.contains(",info,'=web,"), "{csv}");
    let table = text(&query(&running, &token, &["* | stats count() by level | sort by level"]).stdout);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert_eq!(text(&query(&running, &token, &["*", "--since", "1h"]).stdout), "");
    let ranged =
        query(&running, &token, &["*", "--from", "2026-03-01T08:00:02Z", "--to", "2026-03-01T09:00:00Z"]);
    assert_eq!(text(&ranged.stdout).lines().count(), 1);
}

#[test]
fn a_large_file_is_sent_in_batches_and_rejected_lines_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let mut lines: Vec<String> = (0..30_000)
        .map(|n| format!("{{\"message\":\"order {n} was shipped to somebody\",\"n\":{n}}}\n"))
        .collect();
    lines[29_990] = "{\"message\": broken\n".to_owned();
    let path = dir.path().join("lines.ndjson");
    std::fs::write(&path, lines.concat()).unwrap();
    for compression in [&["--no-compression"][..], &[]] {
        let sent = with(
            &running,
            &key,
            &[&["send", super::client::path_text(&path), "--service", "shop"], compression].concat(),
            b"",
        );
        let told = text(&sent.stdout);
        assert_eq!(sent.status.code(), Some(1), "{}", said(&sent));
        assert!(told.contains("line 29991: ") && told.ends_with("29999 accepted, 1 rejected\n"), "{told}");
    }
    let counted = wait(|| {
        let output = query(&running, &token, &["service:shop | stats count()", "--format", "json"]);
        Some(text(&output.stdout)).filter(|shown| shown.contains("59998"))
    });
    assert_eq!(counted.lines().count(), 1, "{counted}");
    let more = query(&running, &token, &["service:shop", "--limit", "2500"]);
    assert_eq!(text(&more.stdout).lines().count(), 2_500);
    let plain = with(&running, &key, &["send", "-"], b"plain one\n\nplain two\n");
    assert_eq!(text(&plain.stdout), "2 accepted, 0 rejected\n");
    let nothing = with(&running, &key, &["send", "-"], b"");
    assert_eq!(
        (nothing.status.code(), text(&nothing.stdout)),
        (Some(0), "0 accepted, 0 rejected\n".to_owned())
    );
    let unreadable = with(&running, &key, &["send", "--kind", "ndjson", "-"], b"one\ntwo\n");
    assert_eq!(unreadable.status.code(), Some(1));
    assert!(text(&unreadable.stdout).ends_with("0 accepted, 2 rejected\n"), "{}", said(&unreadable));
}

#[test]
fn what_goes_wrong_is_one_sentence_with_the_place_in_the_query() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let check = |output: &Output, code: i32, words: &str| {
        assert_eq!(output.status.code(), Some(code), "{}", said(output));
        assert!(text(&output.stderr).contains(words), "{words} is not in {}", said(output));
    };
    let wrong = query(&running, &token, &["level:(error or"]);
    check(&wrong, 2, "\n  level:(error or\n");
    assert!(text(&wrong.stderr).lines().last().unwrap().trim_start().starts_with('^'), "{}", said(&wrong));
    check(&query(&running, &token, &["*", "--since", "soon"]), 2, "from");
    check(&query(&running, &key, &["*"]), 1, "the API key has not the scope read");
    check(&query(&running, "nonsense", &["*"]), 1, "the access token is not one of this server");
    check(&query(&running, "", &["*"]), 2, "there is no credential; set ANTLER_TOKEN");
    check(&query(&running, &token, &["*", "--format", "xml"]), 2, "xml");
    check(&with(&running, &token, &["send", "/nowhere/x"], b""), 1, "/nowhere/x cannot be read");
    let elsewhere =
        |server: &str| antler(&["query", "*", "--token", "x", "--server", server]).output().unwrap();
    check(&elsewhere("https://127.0.0.1:1"), 1, "no server answers at https://127.0.0.1:1");
    check(&elsewhere("http://127.0.0.1:1"), 1, "no server answers at http://127.0.0.1:1");
    check(&elsewhere("nonsense nonsense"), 2, "is not the address of a server");
}

#[test]
fn a_batch_is_sent_again_until_the_server_is_there() {
    // Takes one connection, answers that it is busy, takes the next, breaks it off, and goes.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heads = std::thread::spawn(move || {
        let answers: [&[u8]; 3] = [
            b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            b"",
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 30\r\n\r\n{\"accepted\":1,\"rejected\":0   }",
        ];
        answers.map(|answer| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 8192];
            let read = std::io::Read::read(&mut stream, &mut head).unwrap();
            stream.write_all(answer).unwrap();
            text(&head[..read]).to_lowercase()
        })
    });
    let server = format!("http://{address}");
    let mut command = antler(&["send", "-", "--server", &server, "--token", "x"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"one line\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stdout), "1 accepted, 0 rejected\n");
    let keys = heads.join().unwrap().map(|head| {
        let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).map(str::to_owned);
        assert!(
            head.contains("authorization: bearer x") && head.contains("content-type: text/plain"),
            "{head}"
        );
        key.unwrap()
    });
    assert!(keys[0] == keys[1] && keys[1] == keys[2], "{keys:?}");
}

#[test]
fn a_tail_runs_from_the_past_into_the_present_and_refuses_as_a_query_does() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let server = format!("http://{}", running.http);
    let arguments = ["tail", "level:error", "--since", "1h", "--limit", "3", "--server", &server];
    let mut command = antler(&arguments);
    command.env("ANTLER_TOKEN", &token).stdout(Stdio::piped()).stderr(Stdio::piped());
    let sent = |n: u32| {
        let lines = format!(
            "{{\"level\":\"error\",\"message\":\"bad {n}\"}}\n{{\"level\":\"info\",\"message\":\"good\"}}\n"
        );
        let sent = with(&running, &key, &["send", "-"], lines.as_bytes());
        assert_eq!(sent.status.code(), Some(0), "{}", said(&sent));
    };
    sent(1);
    query_until(&running, &token, &["level:error"], 1);
    let child = command.spawn().unwrap();
    sent(2);
    sent(3);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let shown: Vec<String> =
        text(&output.stdout).lines().map(|line| line.rsplit("  ").next().unwrap().to_owned()).collect();
    assert_eq!(shown, ["bad 1", "bad 2", "bad 3"], "{}", said(&output));
    let wrong = with(&running, &token, &["tail", "level:(error or"], b"");
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
    assert!(text(&wrong.stderr).contains("\n  level:(error or\n"), "{}", said(&wrong));
    let stranger = with(&running, "nonsense", &["tail"], b"");
    assert_eq!(stranger.status.code(), Some(1));
    assert!(
        text(&stranger.stderr).contains("the access token is not one of this server"),
        "{}",
        said(&stranger)
    );
}

#[test]
fn a_tail_goes_on_when_the_server_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let config = super::settings(dir.path(), "[listeners]\ntcp = \"127.0.0.1:0\"\nudp = \"127.0.0.1:0\"\n");
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let data = dir.path().join("data");
    let start =
        || Running::begin(antler(&[]), &data, &["--config", super::path_text(&config), "--listen", &address]);
    let mut running = start();
    let (token, key) = register(&running, "ann");
    let server = format!("http://{address}");
    let mut command = antler(&["tail", "--limit", "16", "--format", "json", "--server", &server]);
    command.env("ANTLER_TOKEN", &token).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let follows = |running: &Running| {
        wait(|| {
            super::get(running.http, "/metrics").body.contains("\nantler_live_readers 1\n").then_some(())
        });
    };
    follows(&running);
    let mut sent = 0;
    let mut send = |running: &Running, lines: u32| {
        let text: String = (sent..sent + lines).map(|number| format!("line {number}\n")).collect();
        sent += lines;
        assert_eq!(with(running, &key, &["send", "-"], text.as_bytes()).status.code(), Some(0));
    };
    for (signal, lines) in [("TERM", 0), ("KILL", 3), ("TERM", 3), ("KILL", 3)] {
        // Some of these the tail has not been given when the server goes, and one comes before it is back.
        if lines > 0 {
            send(&running, lines);
        }
        running.stop(signal);
        running = start();
        send(&running, 1);
        follows(&running);
    }
    send(&running, 3);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let message = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["message"].clone();
    let shown: Vec<_> = text(&output.stdout).lines().map(message).collect();
    let expected: Vec<String> = (0..16).map(|number| format!("line {number}")).collect();
    assert_eq!(shown, expected, "{}", said(&output));
    let told = text(&output.stderr);
    assert!(told.matches("connecting again in 250 ms").count() >= 4, "{told}");
    assert!(told.contains("the server is stopping; connect again in a moment"), "{told}");
}
