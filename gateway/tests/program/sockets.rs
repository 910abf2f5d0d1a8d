//! Sockets of the real binary, with a client that does what browsers and programs do, and what they should not.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};
use tungstenite::Message;

use super::client::{register, send, ship, start_with, wait_for};
use super::running::{Running, request, wait};
use super::socket_client::{Socket, stream};

fn post(running: &Running, key: &str, lines: &[Value]) {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(ship(running, key, "application/x-ndjson", body.as_bytes()).0, 200);
}

fn say(running: &Running, key: &str, text: &str) {
    post(running, key, &[json!({"message": text, "level": "info"})]);
}

#[test]
fn a_credential_comes_in_the_address_the_head_or_the_first_message() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[limits.live]\ncredential_timeout = \"300 ms\"\n");
    let (token, key) = register(&running, "ann");
    let mut socket = stream(&running, &token, "");
    let mut headed =
        Socket::with_headers(&running, "/ws/logs/stream", &[("authorization", &format!("Token {token}"))])
            .unwrap();
    let hello = headed.hear();
    assert_eq!((&hello["type"], &hello["connected_users"]), (&json!("connection"), &json!(1)));
    let mut first = Socket::open(&running, "/ws/logs/stream/");
    first.say(&json!({"type": "auth", "token": token}));
    assert_eq!(first.hear()["type"], "connection");
    say(&running, &key, "for all three");
    for socket in [&mut socket, &mut headed, &mut first] {
        assert_eq!(socket.lines(1).0, ["for all three"]);
    }
    let end = |path: &str, said: Option<Value>| {
        let mut socket = Socket::open(&running, path);
        if let Some(said) = said {
            socket.say(&said);
        }
        let (code, reason) = socket.end();
        assert!(!reason.is_empty());
        code
    };
    assert_eq!(end("/ws/logs/stream/?token=nonsense", None), 4001);
    assert_eq!(end("/ws/metrics/", None), 4001);
    assert_eq!(end("/ws/notifications/", Some(json!({"type": "ping"}))), 4001);
    assert_eq!(end("/ws/logs/stream/", Some(json!({"type": "auth", "token": "x"}))), 4001);
    assert_eq!(end(&format!("/ws/logs/stream/?token={key}"), None), 4003);
    assert_eq!(end(&format!("/ws/notifications/somebody/?token={token}"), None), 4003);
    assert_eq!(end(&format!("/ws/logs/stream/?token={token}&resume=x"), None), 1008);
}

#[test]
fn what_is_no_socket_and_pages_of_other_sites_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(
        dir.path(),
        "[server]\ncors_origins = \"https://status.example.org\"\n[limits.live]\nsockets_max = 2\n",
    );
    let (token, _) = register(&running, "ann");
    let plain = request(running.http, "GET /ws/logs/stream/ HTTP/1.1");
    assert!(plain.head.starts_with("HTTP/1.1 426"), "{}", plain.head);
    assert_eq!(plain.json()["error"]["code"], "upgrade_required");
    let path = format!("/ws/logs/stream/?token={token}");
    let from = |origin: &str| Socket::with_headers(&running, &path, &[("origin", origin)]);
    assert!(from("https://evil.example").err().unwrap().contains("403"));
    let own = from(&format!("http://{}", running.http)).unwrap();
    let named = from("https://status.example.org").unwrap();
    assert!(from("https://status.example.org").err().unwrap().contains("503"));
    drop((own, named));
    wait(|| from("https://status.example.org").ok());
}

#[test]
fn a_tenant_sees_its_own_lines_and_those_of_its_filter() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let ((ann, ann_key), (bob, bob_key)) = (register(&running, "ann"), register(&running, "bob"));
    let (mut of_ann, mut of_bob) = (stream(&running, &ann, ""), stream(&running, &bob, "&event=new_log"));
    say(&running, &ann_key, "of ann");
    say(&running, &bob_key, "of bob");
    assert_eq!(of_ann.lines(1).0, ["of ann"]);
    let heard = of_bob.hear();
    assert_eq!((&heard["type"], &heard["data"]["message"]), (&json!("new_log"), &json!("of bob")));
    assert!(["id", "timestamp", "received_at", "level"].iter().all(|name| heard["data"][*name].is_string()));
    let found = wait_for(&running, &bob, "*", 1);
    assert_eq!(found["results"][0], heard["data"], "a live line is the line of a search");
    of_ann.say(&json!({"type": "set_filters", "filters": {"level": "error", "query": "pine*"}}));
    assert_eq!(of_ann.expect("filters_updated")["filters"]["level"], "error");
    let line = |level: &str, text: &str| json!({"level": level, "message": text});
    post(
        &running,
        &ann_key,
        &[line("info", "pineapple 1"), line("error", "pineapple 2"), line("error", "no")],
    );
    assert_eq!(of_ann.lines(1).0, ["pineapple 2"]);
    for (query, code) in [("level:(error", "invalid_query"), ("error | stats count()", "invalid_query")] {
        of_ann.say(&json!({"type": "set_filters", "filters": {"query": query}}));
        let error = of_ann.expect("error");
        assert_eq!(error["code"], code, "{error}");
    }
    of_ann.say(&json!({"type": "set_filters", "filters": {"level": "nonsense"}}));
    assert_eq!(of_ann.expect("error")["details"]["field"], "level");
    // The filter before is still in force.
    post(&running, &ann_key, &[line("info", "pineapple 3"), line("error", "pineapple 4")]);
    assert_eq!(of_ann.lines(1).0, ["pineapple 4"]);
    of_ann.hears_nothing();
    of_bob.hears_nothing();
    of_ann.say(&json!({"type": "ping"}));
    assert!(of_ann.expect("pong")["timestamp"].is_string());
}

#[test]
fn a_stream_that_was_cut_goes_on_behind_its_last_line() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let mut socket = stream(&running, &token, "");
    let batch = |from: usize| -> Vec<Value> {
        (from..from + 10).map(|number| json!({"message": format!("{number}")})).collect()
    };
    let mut all = Vec::new();
    post(&running, &key, &batch(0));
    let (lines, mut last) = socket.lines(10);
    all.extend(lines);
    for round in 1..20 {
        drop(socket);
        post(&running, &key, &batch(round * 10));
        socket = stream(&running, &token, &format!("&resume={last}"));
        let lines;
        (lines, last) = socket.lines(10);
        all.extend(lines);
    }
    let expected: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    assert_eq!(all, expected);
    // What never was is said, and the stream begins now.
    drop(socket);
    let mut ahead = stream(&running, &token, &format!("&resume={}", 1u64 << 50));
    assert_eq!(ahead.hear()["code"], "unknown_position");
    say(&running, &key, "now");
    assert_eq!(ahead.lines(1).0, ["now"]);
}

#[test]
fn a_stream_begins_in_the_past_and_runs_into_the_present() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let lines: Vec<Value> = (0..1_200).map(|n| json!({"message": format!("{n}"), "n": n})).collect();
    post(&running, &key, &lines[..600]);
    wait_for(&running, &token, "*", 600);
    post(&running, &key, &lines[600..]);
    post(&running, &key, &[json!({"message": "old", "timestamp": "2020-01-01T00:00:00Z"})]);
    let mut socket = stream(&running, &token, "&from=now-15m");
    say(&running, &key, "present");
    let (told, _) = socket.lines(1_201);
    let mut sorted = told.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((sorted.len(), told.last().unwrap().as_str()), (1_201, "present"));
    assert!(!told.contains(&"old".to_owned()));
    say(&running, &key, "and one more");
    assert_eq!(socket.lines(1).0, ["and one more"]);
    let mut filtered = stream(&running, &token, "&from=now-15m&query=n%3A7");
    assert_eq!(filtered.lines(1).0, ["7"]);
    assert!(filtered.expect("caught_up")["seq"].is_u64());
}

#[test]
fn a_paused_stream_only_counts_and_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let mut socket = stream(&running, &token, "");
    say(&running, &key, "0");
    assert_eq!(socket.lines(1).0, ["0"]);
    socket.say(&json!({"type": "pause"}));
    assert_eq!(socket.hear(), json!({"type": "paused", "pending": 0}));
    for number in 1..4 {
        say(&running, &key, &number.to_string());
    }
    wait(|| Some(socket.hear()).filter(|heard| *heard == json!({"type": "paused", "pending": 3})));
    socket.say(&json!({"type": "resume"}));
    assert_eq!(socket.hear()["type"], "resumed");
    assert_eq!(socket.lines(3).0, ["1", "2", "3"]);
}

#[test]
fn who_is_revoked_is_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[limits.live]\ncredential_check_every = \"100 ms\"\n");
    let (token, _) = register(&running, "ann");
    let headers = format!("\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}");
    let body = json!({"name": "reader", "scopes": ["read"]}).to_string();
    let made = send(&running, "POST", "/api/users/profile/api-keys/", &headers, body.as_bytes()).json();
    let mut by_key = stream(&running, made["key"].as_str().unwrap(), "");
    let mut by_token = stream(&running, &token, "");
    let path = format!("/api/users/profile/api-keys/{}/", made["id"].as_str().unwrap());
    send(&running, "DELETE", &path, &headers, b"");
    let (code, reason) = by_key.end();
    assert_eq!(code, 4001);
    assert!(reason.contains("revoked"), "{reason}");
    by_token.hears_nothing();
    send(&running, "POST", "/api/auth/logout/", &headers, b"{}");
    assert_eq!(by_token.end().0, 4001);
}

#[test]
fn metrics_are_of_the_tenant_alone() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let ((ann, key), (bob, _)) = (register(&running, "ann"), register(&running, "bob"));
    let lines: Vec<Value> =
        ["error", "error", "warn", "fatal", "info"].map(|l| json!({"level": l, "source": "shop"})).into();
    post(&running, &key, &lines);
    let mut of_ann = Socket::open(&running, &format!("/ws/metrics/?token={ann}"));
    assert_eq!(of_ann.hear()["type"], "connection");
    let history = of_ann.hear();
    assert_eq!(
        (&history["type"], history["data"].as_array().unwrap().len()),
        (&json!("metrics_history"), 300)
    );
    let update = wait(|| Some(of_ann.hear()).filter(|heard| heard["logs_per_second"] == 1.0));
    assert_eq!(update["type"], "metrics_update");
    let per_minute = ["errors_per_minute", "warnings_per_minute", "criticals_per_minute", "connected_users"];
    assert_eq!(per_minute.map(|name| update[name].as_u64().unwrap()), [2, 1, 1, 1]);
    assert_eq!(update["top_sources"], json!([{"source": "shop", "count": 5}]));
    assert_eq!(update["level_distribution"]["critical"], 1);
    of_ann.say(&json!({"type": "refresh"}));
    of_ann.expect("metrics_history");
    let mut of_bob = Socket::open(&running, &format!("/ws/metrics/?token={bob}"));
    let update = of_bob.expect("metrics_update");
    assert_eq!((&update["errors_per_minute"], &update["top_sources"]), (&json!(0), &json!([])));
}

#[test]
fn an_operator_sees_sockets_and_what_they_are_sent() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[limits.live]\nsockets_per_tenant_max = 3\n");
    let (token, key) = register(&running, "ann");
    let metrics = || super::get(running.http, "/metrics").body;
    let value = |sample: &str| -> Option<u64> {
        metrics().lines().find_map(|line| line.strip_prefix(sample)?.trim().parse().ok())
    };
    let reaches = |sample: &str, expected: u64| wait(|| value(sample).filter(|found| *found == expected));
    let mut first = stream(&running, &token, "");
    let mut second = stream(&running, &token, "&query=level:info");
    let mut silent = Socket::open(&running, "/ws/metrics/");
    reaches("antler_sockets_open{kind=\"stream\"}", 2);
    reaches("antler_sockets_open{kind=\"metrics\"}", 1);
    reaches("antler_sockets_without_credential", 1);
    say(&running, &key, "one");
    say(&running, &key, "two");
    assert_eq!(
        (first.lines(2).0, second.lines(2).0),
        (["one", "two"].map(str::to_owned).to_vec(), ["one", "two"].map(str::to_owned).to_vec())
    );
    reaches("antler_live_lines_total", 4);
    reaches("antler_live_readers", 2);
    reaches("antler_live_gaps_total", 0);
    reaches("antler_live_waiting_bytes", 0);
    silent.say(&json!({"type": "auth", "token": "nonsense"}));
    assert_eq!(silent.end().0, 4001);
    reaches("antler_sockets_closed_total{reason=\"unauthorized\"}", 1);
    let _third = stream(&running, &token, "");
    let mut fourth = Socket::open(&running, &format!("/ws/logs/stream/?token={token}"));
    assert_eq!(fourth.end().0, 1013);
    reaches("antler_sockets_refused_total{reason=\"tenant_full\"}", 1);
    drop((first, second));
    reaches("antler_sockets_closed_total{reason=\"client_gone\"}", 2);
    reaches("antler_sockets_open{kind=\"stream\"}", 1);
    reaches("antler_sockets_total{kind=\"stream\"}", 4);
}

#[test]
fn errors_are_notified_up_to_a_rate() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, key) = register(&running, "ann");
    let mut socket = Socket::open(&running, &format!("/ws/notifications/?token={token}"));
    assert_eq!(socket.hear()["type"], "connection");
    say(&running, &key, "nothing to see");
    post(&running, &key, &[json!({"level": "critical", "message": "fire"})]);
    let heard = socket.hear();
    assert_eq!((&heard["type"], &heard["data"]["message"]), (&json!("log_event"), &json!("fire")));
    let many: Vec<Value> = (0..1_000).map(|n| json!({"level": "error", "message": format!("{n}")})).collect();
    post(&running, &key, &many);
    let mut shown = 0;
    let left_out = loop {
        let heard = socket.hear();
        match heard["type"].as_str().unwrap() {
            "log_event" => shown += 1,
            _ => break heard,
        }
    };
    assert_eq!((&left_out["type"], &left_out["code"]), (&json!("system"), &json!("log_events_left_out")));
    assert_eq!(left_out["count"].as_u64().unwrap() + shown, 1_000);
    socket.say(&json!({"type": "subscribe", "topics": ["system"]}));
    assert_eq!(socket.expect("subscription_updated")["topics"], json!(["system"]));
    post(&running, &key, &[json!({"level": "error", "message": "unheard"})]);
    socket.hears_nothing();
    let stopping = std::thread::spawn(move || (socket.expect("system"), socket.end()));
    assert_eq!(running.stop("TERM").0, Some(0));
    let (note, end) = stopping.join().unwrap();
    assert_eq!((&note["code"], end.0), (&json!("stopping"), 1001));
}

#[test]
fn garbage_floods_and_endless_frames_end_the_socket_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[limits.live]\nmessages_max = 20\nping_every = \"200 ms\"\n");
    let (token, key) = register(&running, "ann");
    let mut good = stream(&running, &token, "");
    let good = std::thread::spawn(move || good.lines(1).0);
    let mut socket = stream(&running, &token, "");
    for garbage in ["", "{", "[]", "\u{0}", r#"{"type":"nope"}"#, r#"{"type":"set_filters","filters":7}"#] {
        socket.0.send(Message::text(garbage)).unwrap();
        assert_eq!(socket.expect("error")["type"], "error");
    }
    socket.0.send(Message::text("[".repeat(60_000))).unwrap();
    assert_eq!(socket.expect("error")["code"], "invalid_message");
    socket.0.send(Message::binary(vec![0; 100])).unwrap();
    assert!(socket.expect("error")["message"].as_str().unwrap().contains("binary"));
    for _ in 0..20 {
        socket.say(&json!({"type": "ping"}));
    }
    assert_eq!(socket.end().0, 1008);
    // The head of a frame of 100 MB is enough.
    let mut socket = stream(&running, &token, "");
    let head = [0x81, 0xff, 0, 0, 0, 0, 6, 0, 0, 0, 1, 2, 3, 4];
    socket.0.get_mut().write_all(&head).unwrap();
    assert_eq!(socket.end().0, 1009);
    // No frame at all.
    let mut socket = stream(&running, &token, "");
    socket.0.get_mut().write_all(&[0xff; 1_000]).unwrap();
    let mut rest = Vec::new();
    let _ = socket.0.get_mut().read_to_end(&mut rest);
    // One that does not answer pings.
    let mut silent = stream(&running, &token, "");
    let mut rest = Vec::new();
    let _ = silent.0.get_mut().read_to_end(&mut rest);
    say(&running, &key, "still there");
    assert_eq!(good.join().unwrap(), ["still there"]);
}

#[test]
fn a_stop_says_goodbye_and_leaves_no_socket_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (token, _) = register(&running, "ann");
    let mut sockets: Vec<Socket> = (0..20).map(|_| stream(&running, &token, "")).collect();
    let ends =
        std::thread::spawn(move || sockets.iter_mut().map(|socket| socket.end().0).collect::<Vec<_>>());
    assert_eq!(running.stop("TERM").0, Some(0));
    assert_eq!(ends.join().unwrap(), [1001; 20]);
}
