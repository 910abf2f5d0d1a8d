//! Bench `tail`: how soon an acknowledged line is at the sockets, and how soon it is found.
//!
//! Invariant: the load of other lines goes on all the while. A line counts at each socket from its acknowledgement;
//! one that was there before its acknowledgement counts as 0, and one that a socket misses ends the bench.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use antler_events::clock::{Clock as _, SystemClock};
use anyhow::ensure;
use bytes::Bytes;
use memchr::memmem::Finder;

use super::feeding::{Fed, Feeding, json_lines};
use super::http::{Account, Connection};
use super::pause;
use super::process::Server;
use super::socket::Socket;
use crate::bench::{Figure, Report, Setting, batches, percentile};

const SOCKETS: usize = 100;
const FILTERS: usize = 20;
const LOAD_BYTES_PER_SECOND: f64 = 50e6;
const LOAD_BODY_BYTES: usize = 200_000;
const LOAD_CONNECTIONS: usize = 4;
const PROBE_EVERY: Duration = Duration::from_millis(10);
const PROBE_DIGITS: usize = 8;
/// The last line that is sent.
const END: usize = 99_999_999;

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    report.note(&format!("tail: {SOCKETS} sockets with {FILTERS} filters"))?;
    // Before anything runs: taking the corpus apart is not what is measured.
    let bodies = batches(&json_lines(&setting.corpus), LOAD_BODY_BYTES);
    let (waits, fed) = followed(setting, &bodies)?;
    let mut figure = |name: &str, value, unit| {
        report.figure(&Figure { name: format!("tail.{name}"), value, unit, yardstick: None })
    };
    figure("load", fed.megabytes_per_second(), "MB/s")?;
    figure("ack_to_socket.p50", percentile(&waits, 50), "ms")?;
    figure("ack_to_socket.p99", percentile(&waits, 99), "ms")?;
    let waits = searched(setting, &bodies)?;
    figure("ack_to_searchable.p50", percentile(&waits, 50), "ms")?;
    figure("ack_to_searchable.p99", percentile(&waits, 99), "ms")
}

/// When each probe was seen at each socket after its acknowledgement.
fn followed(setting: &Setting, bodies: &[Bytes]) -> anyhow::Result<(Vec<f64>, Fed)> {
    let (server, account) = Server::with_account(setting)?;
    let services = services(setting);
    let mut sockets = Vec::with_capacity(SOCKETS);
    for number in 0..SOCKETS {
        let service = &services[number % FILTERS % services.len()];
        let query =
            format!("kind:probe or (service:\"{service}\" and level:error and status:>{})", number % FILTERS);
        sockets.push(Socket::open(server.http, &account.token, &query)?);
    }
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clock = &setting.clock;
        let listeners: Vec<_> =
            sockets.into_iter().map(|socket| scope.spawn(move || listen(socket, clock))).collect();
        let prober = scope.spawn(|| probe(&server, &account, &is_over, clock));
        let fed = load(setting, bodies, &server, &account);
        is_over.store(true, Ordering::Release);
        let acks = prober.join().expect("the prober does not panic")?;
        let mut waits = Vec::new();
        for listener in listeners {
            let seen = listener.join().expect("a listener does not panic")?;
            ensure!(seen.len() == acks.len(), "{} probes were sent, {} are seen", acks.len(), seen.len());
            waits.extend(seen.iter().map(|(number, at)| milliseconds(at.saturating_sub(acks[*number]))));
        }
        Ok((waits, fed?))
    })
}

fn load(setting: &Setting, bodies: &[Bytes], server: &Server, account: &Account) -> anyhow::Result<Fed> {
    let every = Duration::from_secs_f64(LOAD_BODY_BYTES as f64 / LOAD_BYTES_PER_SECOND);
    let accounts = std::slice::from_ref(account);
    let feeding = Feeding { bodies, accounts, connections: LOAD_CONNECTIONS, every: Some(every) };
    feeding.run(server.http, &setting.clock)
}

/// Sends a numbered line again and again; answers when each was acknowledged.
fn probe(
    server: &Server,
    account: &Account,
    is_over: &AtomicBool,
    clock: &SystemClock,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(server.http)?;
    let mut acks = Vec::new();
    while !is_over.load(Ordering::Acquire) {
        connection.send_lines(&account.key, probe_line(acks.len()).as_bytes())?;
        acks.push(clock.elapsed());
        pause(PROBE_EVERY);
    }
    connection.send_lines(&account.key, probe_line(END).as_bytes())?;
    Ok(acks)
}

/// Which probes a socket brings, and when.
fn listen(mut socket: Socket, clock: &SystemClock) -> anyhow::Result<Vec<(usize, Duration)>> {
    let finder = Finder::new("\"message\":\"probe ");
    let mut seen = Vec::new();
    loop {
        let frame = socket.hear()?;
        let at = clock.elapsed();
        ensure!(!frame.contains("\"type\":\"gap\""), "a socket missed lines: {frame}");
        for found in finder.find_iter(frame.as_bytes()) {
            let start = found + finder.needle().len();
            match frame[start..start + PROBE_DIGITS].parse()? {
                END => return Ok(seen),
                number => seen.push((number, at)),
            }
        }
    }
}

/// How long after its acknowledgement each of many lines was found.
fn searched(setting: &Setting, bodies: &[Bytes]) -> anyhow::Result<Vec<f64>> {
    let (server, account) = Server::with_account(setting)?;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let searcher = scope.spawn(|| search(&server, &account, &is_over, &setting.clock));
        let fed = load(setting, bodies, &server, &account);
        is_over.store(true, Ordering::Release);
        let waits = searcher.join().expect("the searcher does not panic");
        fed?;
        waits
    })
}

fn search(
    server: &Server,
    account: &Account,
    is_over: &AtomicBool,
    clock: &SystemClock,
) -> anyhow::Result<Vec<f64>> {
    let mut connection = Connection::open(server.http)?;
    let mut waits = Vec::new();
    while !is_over.load(Ordering::Acquire) {
        let number = waits.len();
        connection.send_lines(&account.key, probe_line(number).as_bytes())?;
        let acknowledged = clock.elapsed();
        let path = format!("/api/logs/search/?size=1&q=kind:probe%20number:{number}");
        while connection.get(&path, &account.token)?.json()?["total"] != 1 {}
        waits.push(milliseconds(clock.elapsed() - acknowledged));
        pause(PROBE_EVERY);
    }
    Ok(waits)
}

fn probe_line(number: usize) -> String {
    format!("{{\"message\":\"probe {number:0PROBE_DIGITS$}\",\"kind\":\"probe\",\"number\":{number}}}\n")
}

/// Names of services in the first lines of the corpus.
fn services(setting: &Setting) -> Vec<String> {
    let lines = setting.corpus.split(|byte| *byte == b'\n').take(20_000);
    let names = lines.filter_map(|line| {
        let line: serde_json::Value = serde_json::from_slice(line).ok()?;
        Some(line["service"].as_str()?.to_owned())
    });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.push("shop".to_owned());
    names
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
