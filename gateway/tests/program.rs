//! Black-box tests of the real binary, each with its own folder and free ports.
//!
//! Invariant: a test knows the program only by its command line, its files, its ports and its signals.
//! They do not sleep for a fixed time: they wait until something is there, with a bound.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "program/archives.rs"]
mod archives;
#[path = "program/audit.rs"]
mod audit;
#[path = "program/client.rs"]
mod client;
#[path = "program/commands.rs"]
mod commands;
#[path = "program/demo.rs"]
mod demo;
#[path = "program/documented.rs"]
mod documented;
#[path = "program/drawn.rs"]
mod drawn;
#[path = "program/edge.rs"]
mod edge;
#[path = "program/encrypted.rs"]
mod encrypted;
#[path = "program/erasure.rs"]
mod erasure;
#[path = "program/figures.rs"]
mod figures;
#[path = "program/hostile_uploads.rs"]
mod hostile_uploads;
#[path = "program/interrupted_uploads.rs"]
mod interrupted_uploads;
#[path = "program/isolation.rs"]
mod isolation;
#[path = "program/jobs.rs"]
mod jobs;
#[path = "program/kept_searches.rs"]
mod kept_searches;
#[path = "program/life.rs"]
mod life;
#[path = "program/lines.rs"]
mod lines;
#[path = "program/listeners.rs"]
mod listeners;
#[path = "program/mails.rs"]
mod mails;
#[path = "program/names.rs"]
mod names;
#[path = "program/operations.rs"]
mod operations;
#[path = "program/people.rs"]
mod people;
#[path = "program/protocols.rs"]
mod protocols;
#[path = "program/quota.rs"]
mod quota;
#[path = "program/rates.rs"]
mod rates;
#[path = "program/refusals.rs"]
mod refusals;
#[path = "program/repeats.rs"]
mod repeats;
#[path = "program/running.rs"]
mod running;
#[path = "program/schemas.rs"]
mod schemas;
#[path = "program/schemathesis.rs"]
mod schemathesis;
#[path = "program/services.rs"]
mod services;
#[path = "program/slow.rs"]
mod slow;
#[path = "program/socket_client.rs"]
mod socket_client;
#[path = "program/sockets.rs"]
mod sockets;
#[path = "program/stream_limits.rs"]
mod stream_limits;
#[path = "program/streams.rs"]
mod streams;
#[path = "program/support.rs"]
mod support;
#[path = "program/tenants.rs"]
mod tenants;
#[path = "program/terminal.rs"]
mod terminal;
#[path = "program/uploads.rs"]
mod uploads;
#[path = "program/walls.rs"]
mod walls;
#[path = "program/written_folder.rs"]
mod written_folder;

use std::path::Path;
use std::process::{Command, Output};

use client::{path_text, settings};
use running::{Running, get, request};

fn antler(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antler"));
    command.args(arguments);
    command
}

/// Runs to the end. A folder that this very process seems to use is free in a moment: see `written_folder`.
fn run(arguments: &[&str]) -> Output {
    let in_use = format!("in use by another antler (process {})", std::process::id());
    running::wait(|| {
        let output = antler(arguments).output().unwrap();
        Some(output).filter(|output| !text(&output.stderr).contains(&in_use))
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs to the end and compares the exit code and a part of what is said.
fn check(arguments: &[&str], code: i32, expected: &str) {
    let output = run(arguments);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(expected), "{arguments:?}: {said}");
}

#[test]
fn it_starts_answers_and_stops_by_sigterm() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let health = running.json("/health");
    assert_eq!(health["status"], "ok");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert!(health["uptime_s"].is_u64());
    let log = &health["dependencies"]["log"];
    assert_eq!(log["status"], "ok", "{log}");
    assert!(log["latency_ms"].is_f64() && log["detail"].as_str().unwrap().contains("take appends"), "{log}");
    assert_eq!(running.json("/api/health/")["status"], "ok");
    assert_eq!(running.json("/live/")["status"], "alive");
    assert_eq!(running.json("/ready")["status"], "ready");
    let (code, said) = running.stop("TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ready") && said.contains("stopping"), "{said}");
    // The folder is free again, and SIGINT stops too.
    assert_eq!(Running::start(dir.path(), &["serve"]).stop("INT").0, Some(0));
}

#[test]
fn metrics_are_prometheus_text_with_help_and_type() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    running.json("/health");
    let answer = get(running.http, "/metrics");
    assert!(answer.head.contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    let count = |start: &str| answer.body.lines().filter(|line| line.starts_with(start)).count();
    assert!(count("# HELP ") >= 30, "{}", answer.body);
    assert_eq!(count("# HELP "), count("# TYPE "));
    let value = |sample: &str| -> f64 {
        let line = answer.body.lines().find_map(|line| line.strip_prefix(sample));
        line.unwrap_or_else(|| panic!("no {sample} in {}", answer.body)).trim().parse().unwrap()
    };
    assert_eq!(value("antler_http_requests_total{route=\"health\",status=\"200\"}"), 1.0);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_open_fds") > 3.0);
}

#[test]
fn metrics_ask_for_the_token_that_is_set() {
    let dir = tempfile::tempdir().unwrap();
    let config = settings(dir.path(), "[listeners]\nmetrics_token = \"s3cret\"\n");
    let running = Running::start(&dir.path().join("data"), &["--config", path_text(&config)]);
    assert!(get(running.http, "/metrics").head.starts_with("HTTP/1.1 401"));
    let with = |token: &str| {
        request(running.http, &format!("GET /metrics HTTP/1.1\r\nAuthorization: Bearer {token}"))
    };
    assert!(with("s3creT").head.starts_with("HTTP/1.1 401"));
    assert!(with("s3cret").head.starts_with("HTTP/1.1 200"));
}

#[test]
fn errors_have_one_form_and_the_requests_id() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let missing = request(running.http, "GET /nope HTTP/1.1\r\nX-Request-Id: mine-1");
    assert!(
        missing.head.starts_with("HTTP/1.1 404") && missing.head.contains("x-request-id: mine-1"),
        "{}",
        missing.head
    );
    let body = missing.json();
    assert_eq!(
        (body["error"]["code"].as_str(), body["error"]["request_id"].as_str()),
        (Some("not_found"), Some("mine-1"))
    );
    let wrong = request(running.http, "DELETE /health HTTP/1.1");
    assert!(
        wrong.head.starts_with("HTTP/1.1 405") && wrong.head.contains("allow: GET,HEAD"),
        "{}",
        wrong.head
    );
    assert_eq!(wrong.json()["error"]["code"], "method_not_allowed");
    let id = get(running.http, "/live").head;
    assert!(id.contains("x-request-id: "), "{id}");
}

#[test]
fn an_open_connection_that_says_nothing_does_not_stop_the_exit() {
    let dir = tempfile::tempdir().unwrap();
    let config = settings(dir.path(), "[limits.http]\ndrain_timeout = \"100 ms\"\n");
    let running = Running::start(&dir.path().join("data"), &["--config", path_text(&config)]);
    let _silent = std::net::TcpStream::connect(running.http).unwrap();
    let mut half = std::net::TcpStream::connect(running.http).unwrap();
    std::io::Write::write_all(&mut half, b"GET /health HTTP/1.1\r\nHost:").unwrap();
    assert_eq!(running.stop("TERM").0, Some(0));
}

#[test]
fn a_slow_head_is_cut_off_and_too_many_connections_wait() {
    let dir = tempfile::tempdir().unwrap();
    let config = settings(dir.path(), "[limits.http]\nheader_timeout = \"100 ms\"\nconnections_max = 1\n");
    let running = Running::start(&dir.path().join("data"), &["--config", path_text(&config)]);
    let mut slow = std::net::TcpStream::connect(running.http).unwrap();
    std::io::Write::write_all(&mut slow, b"GET /health HTTP/1.1\r\nHost:").unwrap();
    // It has the only place until it is closed.
    assert_eq!(running.json("/health")["status"], "ok");
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut slow, &mut rest).unwrap();
    assert!(!text(&rest).contains("200 OK"), "{}", text(&rest));
}

#[test]
fn a_second_process_on_one_folder_is_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let data = path_text(dir.path());
    let expected = format!(
        "the data folder {data} is in use by another antler (process {}); a folder serves one",
        running.id()
    );
    check(&["--data", data, "--ephemeral-ports"], 1, &expected);
    assert_eq!(running.json("/health")["status"], "ok");
}

#[test]
fn a_port_in_use_is_refused_with_the_setting_and_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    check(
        &["serve", "--data", path_text(dir.path()), "--listen", &address],
        1,
        &format!(
            "cannot listen on {address} (listeners.http, from flag --listen): another program has this port; stop it, or choose another port with --listen"
        ),
    );
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let below = file.join("data");
    let cannot = |path: &Path| format!("the data folder {} cannot be made: ", path.display());
    check(&["--ephemeral-ports", "--data", path_text(&below)], 1, &cannot(&below));
    check(&["--ephemeral-ports", "--data", "/proc/antler"], 1, &cannot(Path::new("/proc/antler")));
    check(
        &["--ephemeral-ports", "--data", path_text(dir.path())],
        1,
        "it holds \"file\" and no file \"format\"",
    );
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("format"), "antler data 9\n").unwrap();
    check(
        &["--ephemeral-ports", "--data", path_text(other.path())],
        1,
        "has format 9, and this version of antler (0.1.0) reads format 1",
    );
}

#[test]
fn a_typo_in_the_settings_is_named_with_a_suggestion() {
    let dir = tempfile::tempdir().unwrap();
    let config = settings(dir.path(), "[storage]\nlinger = \"2 ms\"\nsegmnt_bytes = \"1 MiB\"\n");
    let config = path_text(&config);
    let expected =
        format!("{config}:3: unknown setting storage.segmnt_bytes; did you mean storage.segment_bytes?");
    check(&["--config", config], 1, &expected);
    check(&["config", "check", "--config", config], 1, &expected);
    check(
        &["config", "check", "--config", "/nowhere.toml"],
        1,
        "the configuration file /nowhere.toml cannot be read: No such file",
    );
    check(&["config", "check"], 0, "the configuration is valid");
    let output = antler(&["config", "check"]).env("ANTLER__STORAGE__DTA", "x").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("did you mean ANTLER__STORAGE__DATA?"));
}

#[test]
fn config_print_shows_origins_and_masks_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let config = settings(dir.path(), "[listeners]\nmetrics_token = \"hunter2\"\n");
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "hunter of three boars\n").unwrap();
    let output = antler(&["config", "print", "--config", path_text(&config), "--data", "/d"])
        .env("ANTLER__STORAGE__LINGER", "5ms")
        .env("ANTLER__LISTENERS__OPERATOR_TOKEN_FILE", &secret)
        .output()
        .unwrap();
    let printed = text(&output.stdout);
    let line = |key: &str| {
        printed
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        line("listeners.metrics_token"),
        format!("listeners.metrics_token = \"***\" # {}:2", config.display())
    );
    assert_eq!(line("storage.data"), "storage.data = \"/d\" # flag --data");
    assert_eq!(line("storage.linger"), "storage.linger = \"5 ms\" # environment ANTLER__STORAGE__LINGER");
    assert_eq!(line("logging.level"), "logging.level = \"info\" # default");
    let of_file = "listeners.operator_token = \"***\" # environment ANTLER__LISTENERS__OPERATOR_TOKEN_FILE";
    assert_eq!(line("listeners.operator_token"), of_file);
    assert!(!printed.contains("hunter"));
}

#[test]
fn the_printed_defaults_are_a_valid_file() {
    let dir = tempfile::tempdir().unwrap();
    let config = settings(dir.path(), run(&["config", "defaults"]).stdout);
    check(&["config", "check", "--config", path_text(&config)], 0, "the configuration is valid");
}

#[test]
fn wrong_usage_is_one_line_and_exit_code_2() {
    for (arguments, expected) in [
        (vec!["--prot", "1"], "antler: unexpected argument '--prot' found; "),
        (
            vec!["srve"],
            "antler: unrecognized subcommand 'srve'; tip: a similar subcommand exists: 'serve'; see antler --help",
        ),
        (vec!["config"], "antler: 'antler config' requires a subcommand"),
        (
            vec!["config", "check", "--ephemeral-ports"],
            "antler: unexpected argument '--ephemeral-ports' found",
        ),
        (
            vec!["--ports-file", "p", "config", "check"],
            "antler: --ephemeral-ports, --ports-file and --demo go with the command serve only",
        ),
    ] {
        let output = run(&arguments);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{arguments:?}: {said}");
        assert!(said.starts_with(expected), "{arguments:?}: {said}");
    }
    check(&["--help"], 0, "--ports-file");
    check(&["--help"], 0, "ANTLER__SECTION__KEY_FILE");
    check(&["--version"], 0, env!("CARGO_PKG_VERSION"));
}

#[test]
fn verify_proves_a_folder_and_names_a_flipped_byte() {
    let dir = tempfile::tempdir().unwrap();
    let data = path_text(dir.path());
    written_folder::write(dir.path(), 20);
    check(&["verify", "--data", data], 0, "events      20 (0 control)");
    check(&["verify", "--data", data], 0, "lines       40");
    check(&["verify", "--data", data], 0, "everything that was acknowledged is there");
    let (file, position) = written_folder::flip_a_byte(dir.path());
    let output = run(&["verify", "--data", data]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let damage = said.lines().find(|line| line.starts_with("damage")).unwrap_or_else(|| panic!("{said}"));
    assert!(
        damage.contains(&file) && damage.contains(" at byte ") && damage.contains("lost events"),
        "{damage}"
    );
    assert!(said.contains("places of damage: 1"), "flipped byte {position}: {said}");
    // The server starts all the same, and says so.
    let running = Running::start(dir.path(), &[]);
    assert_eq!(running.json("/health")["status"], "ok");
    check(&["verify", "--data", data], 1, "in use by another antler");
}

#[test]
fn verify_proves_the_search_index_and_names_a_damaged_group() {
    let dir = tempfile::tempdir().unwrap();
    let data = path_text(dir.path());
    written_folder::write(dir.path(), 20);
    let group = written_folder::write_index(dir.path(), 20);
    check(&["verify", "--data", data], 0, "index       1 groups with 40 lines");
    check(&["verify", "--data", data], 0, "every line that the index counts is there");
    let mut bytes = std::fs::read(&group).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&group, bytes).unwrap();
    let damage = format!("damage      {}: ", path_text(&group));
    check(&["verify", "--data", data], 1, &damage);
    check(&["verify", "--data", data], 1, "the 40 lines of group 1 are not searched");
    check(&["verify", "--data", data], 1, "places of damage in the index: 1");
    check(&["verify", "--data", data, "--accept", "1"], 1, "places of damage in the index: 1");
    written_folder::set_aside(dir.path());
    check(&["verify", "--data", data], 1, "set aside   ");
    check(&["verify", "--data", data], 1, "places of damage in the index: 1");
    check(&["verify", "--data", data, "--accept", "2"], 1, "places of damage in the index: 1");
    check(&["verify", "--data", data, "--accept", "1"], 0, "accepted    ");
    check(&["verify", "--data", data, "--accept", "1"], 0, "but those whose loss is accepted");
    std::fs::write(dir.path().join("index/format"), "antler index 9\n").unwrap();
    check(&["verify", "--data", data], 1, "is of another version");
}

#[test]
fn verify_holds_a_receipt_against_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let receipt = written_folder::write(dir.path(), 3);
    let verify = |receipt: &str, code, text| {
        check(&["verify", "--data", path_text(dir.path()), "--receipt", receipt], code, text);
    };
    let text = serde_json::to_string(&receipt).unwrap();
    verify(&text, 0, "receipt     events 3 to 3 of partition 0: proved");
    verify(&text.replace("\"count\":2", "\"count\":3"), 1, "not proved: its events hold 2 lines, not 3");
    verify(&text.replace("\"last\":3", "\"last\":4"), 1, "not proved: 1 of its 2 events are not in the log");
    verify("{}", 2, "--receipt {}: missing field `partition`");
}

#[test]
fn verify_names_a_control_event_that_means_nothing() {
    let dir = tempfile::tempdir().unwrap();
    written_folder::write_meaningless_control(dir.path());
    check(
        &["verify", "--data", path_text(dir.path())],
        1,
        "event 1 of partition 0 does not hold a tenant_registered of schema 1: ",
    );
}

#[test]
fn verify_of_what_is_no_data_folder_is_wrong_usage() {
    let dir = tempfile::tempdir().unwrap();
    let data = path_text(dir.path());
    check(&["verify", "--data", data], 2, &format!("{data} is not a data folder of antler: it has no file"));
    check(
        &["verify", "--data", "/nowhere"],
        2,
        "/nowhere is not a data folder of antler: there is no such folder",
    );
}

#[test]
fn doctor_looks_at_everything() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let doctor = ["doctor", "--listen", "127.0.0.1:0", "--data", path_text(&data)];
    check(&doctor, 0, "is made at the first start");
    assert!(!data.exists());
    written_folder::write(&data, 3);
    check(&doctor, 0, "3 events were recorded");
    check(&doctor, 0, "acknowledged after fdatasync");
    check(&doctor, 0, "a write of 4 KiB is durable after");
    written_folder::flip_a_byte(&data);
    check(&doctor, 1, "problem  event log: ");
    let running = Running::start(&data, &[]);
    check(&doctor, 0, &format!("(process {})", running.id()));
    let taken = running.http.to_string();
    let other = dir.path().join("other");
    check(&["doctor", "--listen", &taken, "--data", path_text(&other)], 1, "problem  port: cannot listen on");
    std::fs::write(&other, "x").unwrap();
    check(&["doctor", "--listen", "127.0.0.1:0", "--data", path_text(&other)], 1, "problem  data folder: ");
    check(&["doctor", "--listen", "nowhere"], 1, "problem  settings: ");
}

#[test]
fn partitions_are_those_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    written_folder::write(dir.path(), 1);
    assert!(
        Running::start(dir.path(), &[]).json("/health")["dependencies"]["log"]["detail"]
            == "1 of 1 partitions take appends"
    );
    let output = antler(&["--ephemeral-ports", "--data", path_text(dir.path())])
        .env("ANTLER__STORAGE__PARTITIONS", "3")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("has 1 partitions, and storage.partitions is 3; set it to 1, or to 0"), "{said}");
}
