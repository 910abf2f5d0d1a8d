//! Rounds of mixed load, each ended by SIGKILL at a random moment.
//!
//! Invariant: after each round all receipts hold, lines without one are there at most once, nobody sees foreign lines, what
//! a socket showed is there, and a repeat under a key gets the first answer. A failure names the seed and the round.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread::Scope;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::Message;

use super::client::{path_text, settings};
use super::ledger::Tenant;
use super::load::{Course, Keyed, Sender};
use super::random::Random;
use super::running::Running;
use super::wire::{PATIENCE, Reply, Wire};

/// Small enough that files are sealed, merged and removed while it runs.
const SETTINGS: &str = "[storage]\nsegment_bytes = \"1 MiB\"\nkeep_lines_for = \"2 s\"\n\
     [index]\nrows_max = 1024\nopen_for_max = \"1 s\"\n";
const PASSWORD: &str = "correct horse battery staple";
/// So many tenants send at once.
const SENDING: usize = 3;
/// Requests under a key that are sent again in each round.
const REPEATED: usize = 20;

struct Ordeal {
    dir: tempfile::TempDir,
    seed: u64,
    random: Random,
    /// The last ones send.
    tenants: Vec<Tenant>,
    keyed: Vec<Keyed>,
    /// Kills before the server was ready.
    unready: u64,
    /// Who registered in the last round, and what was answered.
    founded: Option<(String, Option<Reply>)>,
}

#[test]
fn kills_lose_nothing_that_was_acknowledged() {
    Ordeal::run(1, 25);
}

#[test]
#[ignore = "a long run"]
fn a_hundred_kills_lose_nothing_that_was_acknowledged() {
    for seed in 2..6 {
        Ordeal::run(seed, 100);
    }
}

impl Ordeal {
    fn run(seed: u64, rounds: u64) {
        let (dir, random) = (tempfile::tempdir().unwrap(), Random(seed));
        let (tenants, keyed) = (Vec::new(), Vec::new());
        let mut ordeal = Self { dir, seed, random, tenants, keyed, unready: 0, founded: None };
        let running = ordeal.start();
        for number in 0..SENDING {
            ordeal.tenants.push(Tenant::register(&running, &format!("first{number}")));
        }
        drop(running);
        (0..rounds).for_each(|round| ordeal.round(round));
        ordeal.end(rounds);
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Starts the server, sometimes after starts that were killed before it was ready.
    fn start(&mut self) -> Running {
        let config = settings(self.dir.path(), SETTINGS);
        while self.random.chance(4) {
            self.unready += 1;
            kill_unready(&self.data(), &config, &mut self.random);
        }
        Running::start(&self.data(), &["serve", "--config", path_text(&config)])
    }

    fn round(&mut self, round: u64) {
        let running = self.start();
        let context = format!("seed {}, round {round}", self.seed);
        self.look(&running, &context, round);
        let prefix = format!("r{round}");
        let sending = self.tenants.len() - SENDING;
        let moment = 1 + self.random.below(600);
        let course = Course::default();
        let heard = std::thread::scope(|scope| {
            let watching: Vec<_> = (sending..self.tenants.len())
                .map(|number| {
                    let tenant = &self.tenants[number];
                    let sender =
                        Sender { running: &running, tenant, number, prefix: &prefix, course: &course };
                    send_all(scope, sender);
                    scope.spawn(|| watch(&running, tenant))
                })
                .collect();
            let founding = scope.spawn(|| found_one(&running, &format!("founder{round}")));
            for _ in 0..5_000 {
                if course.answers.load(Ordering::Relaxed) >= moment {
                    break;
                }
                self.random.pass(Duration::from_millis(20));
            }
            self.random.pass(Duration::from_millis(10));
            running.signal("KILL");
            self.founded = Some((format!("founder{round}"), founding.join().unwrap()));
            watching.into_iter().map(|watching| watching.join().unwrap()).collect::<Vec<_>>()
        });
        let said = running.stop("KILL").1;
        assert!(!said.contains("panicked"), "{context}: {said}");
        for (tenant, heard) in self.tenants[sending..].iter().zip(&heard) {
            tenant.heard(heard, &context);
        }
        self.keyed.append(&mut course.keyed.into_inner().unwrap());
    }

    /// Holds what is there against what was promised before the last kill.
    fn look(&mut self, running: &Running, context: &str, round: u64) {
        let mut wire = Wire::open(running.http).unwrap();
        let from = self.keyed.len().saturating_sub(REPEATED);
        for keyed in &mut self.keyed[from..] {
            keyed.repeat(&self.tenants[keyed.tenant], &mut wire, context);
        }
        for tenant in &self.tenants[self.tenants.len() - SENDING..] {
            tenant.catch_up(running, &format!("marker{round}of{}", tenant.name));
            tenant.check(running, context);
        }
        if let Some((name, answer)) = self.founded.take() {
            let token = token_of(running, &name, answer, context);
            self.tenants.extend(token.map(|token| Tenant::with_token(running, &name, &token)));
        }
    }

    fn end(mut self, rounds: u64) {
        let running = self.start();
        let context = format!("seed {}, the end", self.seed);
        self.look(&running, &context, rounds);
        let mut lines = 0;
        for tenant in &self.tenants {
            tenant.catch_up(&running, "last");
            lines += tenant.check(&running, &context);
        }
        let mut wire = Wire::open(running.http).unwrap();
        for keyed in &mut self.keyed {
            keyed.repeat(&self.tenants[keyed.tenant], &mut wire, &context);
        }
        let (code, said) = running.stop("TERM");
        assert_eq!(code, Some(0), "{context}: {said}");
        let verify = Command::new(env!("CARGO_BIN_EXE_antler"))
            .args(["verify", "--data", path_text(&self.data())])
            .output()
            .unwrap();
        assert!(verify.status.success(), "{context}: {}", String::from_utf8_lossy(&verify.stdout));
        super::tell(&format!(
            "seed {}: {rounds} kills under load and {} before the server was ready; {lines} lines of {} tenants and {} \
             keys hold",
            self.seed,
            self.unready,
            self.tenants.len(),
            self.keyed.len()
        ));
    }
}

fn send_all<'scope>(scope: &'scope Scope<'scope, '_>, sender: Sender<'scope>) {
    scope.spawn(move || sender.bulk());
    scope.spawn(move || sender.single());
    scope.spawn(move || sender.tcp());
    scope.spawn(move || sender.keyed());
}

/// Follows a tenant's lines until the connection breaks: their names.
fn watch(running: &Running, tenant: &Tenant) -> Vec<String> {
    let mut heard = Vec::new();
    let Ok(stream) = TcpStream::connect(running.http) else { return heard };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let address = format!("ws://{}/ws/logs/stream/?token={}", running.http, tenant.key);
    let Ok((mut socket, _)) = tungstenite::client(address, stream) else { return heard };
    while let Ok(message) = socket.read() {
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        let batch = message["data"].as_array().cloned().unwrap_or_else(|| vec![message["data"].clone()]);
        heard.extend(batch.iter().filter_map(|line| line["name"].as_str()).map(str::to_owned));
    }
    heard
}

fn registration(name: &str) -> Vec<u8> {
    let body = json!({
        "username": name, "email": format!("{name}@example.org"),
        "password": PASSWORD, "password_confirm": PASSWORD,
    });
    body.to_string().into_bytes()
}

/// Registers, and is perhaps answered.
fn found_one(running: &Running, name: &str) -> Option<Reply> {
    let headers = "\r\nContent-Type: application/json";
    let mut wire = Wire::open(running.http).ok()?;
    wire.ask("POST /api/auth/register/", headers, &registration(name)).ok()
}

/// The token of somebody whose registration was answered, or was not: then all of it was done or nothing. None if the name
/// was claimed and the account never came; such a name is free again after a minute.
fn token_of(running: &Running, name: &str, answer: Option<Reply>, context: &str) -> Option<String> {
    let mut wire = Wire::open(running.http).unwrap();
    let mut post = |path: &str, body: &[u8]| {
        wire.ask(&format!("POST /api/auth/{path}/"), "\r\nContent-Type: application/json", body).unwrap()
    };
    let was_answered = answer.is_some();
    let mut answer = answer.unwrap_or_else(|| post("register", &registration(name)));
    if answer.status == 409 && !was_answered {
        let login = json!({"username": name, "password": PASSWORD}).to_string();
        answer = post("login", login.as_bytes());
        if answer.status == 401 {
            return None;
        }
    }
    assert!([200, 201].contains(&answer.status), "{context}, {name}: {}", answer.body);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    Some(body["token"].as_str().unwrap().to_owned())
}

/// Starts a server and kills it while it starts.
fn kill_unready(data: &Path, config: &Path, random: &mut Random) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_antler"))
        .args(["serve", "--ephemeral-ports", "--config", path_text(config), "--data", path_text(data)])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    random.pass(Duration::from_millis(150));
    process.kill().unwrap();
    process.wait().unwrap();
}
