//! Bench `tenants`: the same lines of one tenant and of many, and what a noisy tenant does to the others.
//!
//! Invariant: both sides get the same bodies in the same order, and each side has a server of its own. What it takes to
//! make the tenants does not count.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;

use super::feeding::{Fed, Feeding, json_lines};
use super::http::{Account, Connection};
use super::pause;
use super::process::{Memory, Server};
use crate::bench::{Figure, Report, Setting, batches};

const TENANTS: usize = 10_000;
const BODY_BYTES: usize = 20_000;
const CONNECTIONS: usize = 16;
const REGISTRARS: usize = 4;
/// Tenants beside the noisy one, one of whom sends a body so often.
const QUIET_TENANTS: usize = 20;
const QUIET_EVERY: Duration = Duration::from_millis(10);
const QUIET_BODIES: usize = 1_000;
const NOISY_BODY_BYTES: usize = 2_000_000;
const NOISY_CONNECTIONS: usize = 16;
/// The noisy one sends so many times the bytes of each of the others.
const NOISY_TIMES: u32 = 100;
/// Whoever waits to make noise looks so often whether it is over.
const LOOKS_EVERY: Duration = Duration::from_millis(50);

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let corpus = json_lines(&setting.corpus);
    let (bodies, noise) = (batches(&corpus, BODY_BYTES), batches(&corpus, NOISY_BODY_BYTES));
    report.note("tenants: one")?;
    let (one, _) = cost(setting, &bodies, 1)?;
    report.note(&format!("tenants: {TENANTS}"))?;
    let (many, memory) = cost(setting, &bodies, TENANTS)?;
    report.note("tenants: a noisy one")?;
    let alone = quiet_acks(setting, &bodies, Noise { bodies: &[], every: None })?;
    let of_each = BODY_BYTES as f64 / (QUIET_EVERY * QUIET_TENANTS as u32).as_secs_f64();
    let every = NOISY_BODY_BYTES as f64 * NOISY_CONNECTIONS as f64 / (of_each * f64::from(NOISY_TIMES));
    let noisy = Noise { bodies: &noise, every: Some(Duration::from_secs_f64(every)) };
    let noisy = quiet_acks(setting, &bodies, noisy)?;
    let flood = quiet_acks(setting, &bodies, Noise { bodies: &noise, every: None })?;
    let mut figure = |name: &str, value, unit, yardstick| {
        report.figure(&Figure { name: format!("tenants.{name}"), value, unit, yardstick })
    };
    figure("many.cpu", many, "cpu-s/GB", Some(one))?;
    figure("many.memory", memory.resident / 1e6, "MB", None)?;
    figure("many.peak.memory", memory.peak / 1e6, "MB", None)?;
    for (name, beside) in [("beside_noisy", &noisy), ("beside_flood", &flood)] {
        figure(&format!("{name}.ack.p50"), beside.ack_ms(50), "ms", Some(alone.ack_ms(50)))?;
        figure(&format!("{name}.ack.p99"), beside.ack_ms(99), "ms", Some(alone.ack_ms(99)))?;
    }
    Ok(())
}

/// What the noisy tenant sends.
#[derive(Debug, Clone, Copy)]
struct Noise<'a> {
    bodies: &'a [Bytes],
    /// Time from one body of a connection to the next; none is as fast as it goes.
    every: Option<Duration>,
}

/// CPU seconds for each gigabyte, and the memory at the end.
fn cost(setting: &Setting, bodies: &[Bytes], tenants: usize) -> anyhow::Result<(f64, Memory)> {
    let server = Server::start(setting, "")?;
    let accounts = register(&server, tenants)?;
    let before = server.quiet()?;
    let feeding = Feeding { bodies, accounts: &accounts, connections: CONNECTIONS, every: None };
    let fed = feeding.run(server.http, &setting.clock)?;
    let cpu_seconds = server.quiet()? - before;
    Ok((cpu_seconds / fed.bytes * 1e9, server.memory()?))
}

fn register(server: &Server, tenants: usize) -> anyhow::Result<Vec<Account>> {
    let (next, accounts) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(tenants)));
    let work = || {
        let mut connection = Connection::open(server.http)?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= tenants {
                return anyhow::Ok(());
            }
            let account = connection.register(&format!("tenant{number}"));
            let account = account.with_context(|| format!("tenant {number}"))?;
            accounts.lock().expect("no registrar has panicked").push(account);
        }
    };
    std::thread::scope(|scope| {
        let registrars: Vec<_> = (0..REGISTRARS).map(|_| scope.spawn(work)).collect();
        registrars.into_iter().try_for_each(|thread| thread.join().expect("a registrar does not panic"))
    })?;
    Ok(accounts.into_inner().expect("no registrar has panicked"))
}

/// How soon tenants that send little are acknowledged, while another one makes noise, if there is any.
fn quiet_acks(setting: &Setting, bodies: &[Bytes], noise: Noise<'_>) -> anyhow::Result<Fed> {
    let server = Server::start(setting, "")?;
    let accounts = register(&server, QUIET_TENANTS + 1)?;
    let (noisy, quiet) = accounts.split_at(1);
    let bodies = &bodies[..bodies.len().min(QUIET_BODIES)];
    let feeding = Feeding { bodies, accounts: quiet, connections: QUIET_TENANTS, every: Some(QUIET_EVERY) };
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (server, noisy, is_over) = (&server, &noisy[0], &is_over);
        let make_noise = |number| move || make_noise(noise, number, server, noisy, is_over);
        let noisy: Vec<_> = (0..NOISY_CONNECTIONS).map(|number| scope.spawn(make_noise(number))).collect();
        let fed = feeding.run(server.http, &setting.clock);
        is_over.store(true, Ordering::Release);
        noisy.into_iter().try_for_each(|thread| thread.join().expect("a noisy sender does not panic"))?;
        fed
    })
}

/// Sends large bodies until it is over; being refused is what happens to who is noisy.
fn make_noise(
    noise: Noise<'_>,
    number: usize,
    server: &Server,
    account: &Account,
    is_over: &AtomicBool,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.http)?;
    let every = noise.every.unwrap_or_default();
    // Connections that send at a pace do not send at the same time.
    let mut wait = every.mul_f64(number as f64 / NOISY_CONNECTIONS as f64);
    for body in noise.bodies.iter().cycle() {
        while !wait.is_zero() && !is_over.load(Ordering::Acquire) {
            let step = wait.min(LOOKS_EVERY);
            pause(step);
            wait -= step;
        }
        if is_over.load(Ordering::Acquire) {
            break;
        }
        connection.post("/api/logs/bulk/", &account.key, "application/x-ndjson", body)?;
        wait = every;
    }
    Ok(())
}
