//! The real servers of cluster mode: brought up, written to, killed, paused, and gone in the end; and wrong usage told.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use antler_simulations::servers::wire::{http, mongo, nats, redis};
use antler_simulations::servers::{End, Kind, Leader, Seat, Server, Wishes, scratch};
use serde_json::{Value, json};

#[test]
#[ignore = "installs and starts real servers: network, Go, Maven, a JDK"]
fn what_a_server_was_given_outlives_a_kill() {
    let folder = scratch().unwrap();
    let wishes = Wishes { is_small: true, ..Wishes::default() };
    let leaders: Vec<Leader> = std::thread::scope(|scope| {
        let (below, wishes) = (folder.path(), &wishes);
        let live = |kind| scope.spawn(move || live_through(kind, below, wishes));
        let threads: Vec<_> = Kind::ALL.into_iter().map(live).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(leaders.len(), 2 * Kind::ALL.len());
    assert!(leaders.iter().all(|leader| !leader.is_alive()));
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());
}

/// Answers which processes it was.
fn live_through(kind: Kind, folder: &Path, wishes: &Wishes) -> [Leader; 2] {
    let mut server = Server::start(kind, folder, wishes).unwrap();
    write(server.seat());
    read(server.seat());
    let (first, seat) = (server.leader().clone(), server.seat().clone());
    server.kill9();
    assert!(server.ask().is_err(), "{kind} was killed");
    server.restart().unwrap();
    assert_eq!(server.seat(), &seat);
    if kind != Kind::Redis {
        read(&seat);
    }
    server.pause().unwrap();
    assert!(server.ask().is_err(), "{kind} is paused");
    server.resume().unwrap();
    // A question waits for its answer for a while, so that this ends.
    assert!((0..60).any(|_| server.ask().is_ok()), "{kind} was resumed");
    let second = server.leader().clone();
    // The other half is ended by its drop.
    if kind.is_search() {
        assert_eq!(server.stop(), End::Ended, "{kind}");
    }
    [first, second]
}

fn write(seat: &Seat) {
    match seat.kind {
        Kind::Nats => {
            let stream = json!({"name": "kept", "subjects": ["kept.>"], "storage": "file"});
            let answer = nats_answer(seat, "$JS.API.STREAM.CREATE.kept", &stream.to_string());
            assert_eq!(answer["config"]["name"], "kept", "{answer}");
            assert_eq!(nats_answer(seat, "kept.a", "words")["seq"], 1);
        }
        Kind::Elasticsearch | Kind::OpenSearch => {
            let index = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0}}).to_string();
            assert_eq!(http::send(seat.address, None, "PUT", "/kept", &index).unwrap().status, 200);
            let document = json!({"line": "words"}).to_string();
            let answer = http::send(seat.address, None, "PUT", "/kept/_doc/1", &document).unwrap();
            assert_eq!(answer.status, 201);
            assert_eq!(http::send(seat.address, None, "POST", "/kept/_refresh", "").unwrap().status, 200);
        }
        Kind::Mongo => {
            let mut connection = mongo::Connection::open(seat.address).unwrap();
            let insert = json!({"insert": "kept", "documents": [{"_id": 1, "line": "words"}]});
            assert_eq!(connection.run("antler", insert).unwrap()["n"], 1);
        }
        Kind::Redis => {
            let mut connection = redis::Connection::open(seat).unwrap();
            assert_eq!(connection.ask(&["SET", "kept", "words"]).unwrap(), "OK");
        }
    }
}

fn read(seat: &Seat) {
    match seat.kind {
        Kind::Nats => {
            let answer = nats_answer(seat, "$JS.API.STREAM.MSG.GET.kept", "{\"seq\": 1}");
            // The word in Base64.
            assert_eq!(answer["message"]["data"], "d29yZHM=", "{answer}");
        }
        Kind::Elasticsearch | Kind::OpenSearch => {
            let found = http::send(seat.address, None, "GET", "/kept/_search?q=line:words", "").unwrap();
            assert_eq!(found.json().unwrap()["hits"]["total"]["value"], 1);
        }
        Kind::Mongo => {
            let mut connection = mongo::Connection::open(seat.address).unwrap();
            let found = connection.run("antler", json!({"find": "kept", "filter": {"_id": 1}})).unwrap();
            assert_eq!(found["cursor"]["firstBatch"], json!([{"_id": 1, "line": "words"}]));
        }
        Kind::Redis => {
            let mut connection = redis::Connection::open(seat).unwrap();
            assert_eq!(connection.ask(&["GET", "kept"]).unwrap(), "words");
        }
    }
}

fn nats_answer(seat: &Seat, subject: &str, payload: &str) -> Value {
    nats::Connection::open(seat).unwrap().ask(subject, payload).unwrap()
}

/// Command lines that name the folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(&folder.display().to_string())).collect()
}

#[test]
#[ignore = "starts a real NATS cluster"]
fn a_cluster_whose_leader_is_killed_finds_a_new_one() {
    let folder = scratch().unwrap();
    let mut servers = Server::start_cluster(folder.path(), &Wishes::default()).unwrap();
    assert_eq!(
        servers.iter().map(|server| server.seat().name.as_str()).collect::<Vec<_>>(),
        ["n1", "n2", "n3"]
    );
    let stream = json!({"name": "kept", "subjects": ["kept.>"], "storage": "file", "num_replicas": 3});
    let answer = nats_answer(servers[0].seat(), "$JS.API.STREAM.CREATE.kept", &stream.to_string());
    assert_eq!(answer["config"]["num_replicas"], 3, "{answer}");
    let leads = |server: &Server, name: &str| server.seat().name == name;
    let old = nats::leader(servers[0].seat()).unwrap().unwrap();
    let killed = servers.iter().position(|server| leads(server, &old)).unwrap();
    servers[killed].kill9();
    let left = (killed + 1) % 3;
    let new = (0..600).find_map(|_| {
        let leader = nats::leader(servers[left].seat()).unwrap().filter(|leader| *leader != old);
        leader.or_else(|| pause_briefly(servers[left].seat()))
    });
    assert!(servers.iter().any(|server| leads(server, &new.clone().unwrap())), "{new:?}");
    servers[killed].restart().unwrap();
}

/// A question that the server answers late while nobody leads.
fn pause_briefly(seat: &Seat) -> Option<String> {
    let _ = nats::Connection::open(seat).and_then(|mut connection| connection.ask("$JS.API.INFO", ""));
    None
}

#[test]
#[ignore = "starts real servers"]
fn a_secure_server_lets_nobody_in_without_the_password() {
    let folder = scratch().unwrap();
    let wishes = Wishes { is_secure: true, ..Wishes::default() };
    for kind in [Kind::Nats, Kind::Redis] {
        let server = Server::start(kind, folder.path(), &wishes).unwrap();
        let mut stranger = server.seat().clone();
        stranger.login.as_mut().unwrap().password = String::from("wrong");
        assert!(antler_simulations::servers::wire::ask(&stranger).is_err(), "{kind}");
        assert!(server.url().contains(&server.seat().login.as_ref().unwrap().password));
    }
}

#[test]
#[ignore = "needs Go"]
fn an_install_without_network_is_told() {
    let folder = scratch().unwrap();
    let of_folder = |name: &str| folder.path().join(name);
    let output = services(folder.path(), &["up", "nats"])
        .env("GOPROXY", "off")
        .env("GOFLAGS", "-modcacherw")
        .env("GOMODCACHE", of_folder("modules"))
        .env("ANTLER_SERVICES_CACHE", of_folder("cache"))
        .output()
        .unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot bring nats up: go could not install nats-2.12.1"), "{said}");
    assert!(said.contains("module lookup disabled by GOPROXY=off"), "{said}");
}

#[test]
fn an_unknown_name_is_wrong_usage() {
    let folder = scratch().unwrap();
    let output = services(folder.path(), &["up", "kafka"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected = "there is no server \"kafka\"; there is: nats, elasticsearch, opensearch, mongo, redis";
    assert!(said(&output).contains(expected), "{}", said(&output));
}

#[test]
fn a_file_of_servers_that_is_garbage_stops_every_command() {
    let folder = scratch().unwrap();
    std::fs::write(folder.path().join("services.json"), "{\"servers\": 7}").unwrap();
    for command in ["up", "down", "status"] {
        let output = services(folder.path(), &[command, "redis"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(said(&output).contains("services.json is not as it was written"), "{}", said(&output));
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = scratch().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = services(&file.join("below"), &["up", "redis"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("cannot write to "), "{}", said(&output));
}

fn services(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_services"));
    command.args(words).arg("--dir").arg(folder);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
