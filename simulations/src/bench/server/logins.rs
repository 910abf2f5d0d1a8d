//! Bench `logins`: what a login costs, and what those who send lines feel of fifty a second.
//!
//! Invariant: every login has the right password and is answered with a token. The cost is by design: it is what a thief of
//! hashes pays for each guess.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use antler_events::clock::{Clock as _, SystemClock};
use serde_json::json;

use super::beside::{Over, report_acks};
use super::feeding::json_lines;
use super::http::{Connection, PASSWORD};
use super::pause;
use super::process::Server;
use crate::bench::{Figure, Report, Setting, percentile};

/// Logins one after the other, whose cost is measured.
const SINGLE: u32 = 30;
const EVERY: Duration = Duration::from_millis(20);
/// Each with a connection.
const PEOPLE: usize = 16;

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let (server, account) = Server::with_account(setting)?;
    let mut connection = Connection::open(server.http)?;
    (0..PEOPLE).try_for_each(|person| connection.register(&name(person)).map(drop))?;
    let before = server.quiet()?;
    (0..SINGLE).try_for_each(|_| log_in(&mut connection, &name(0)))?;
    let cpu_ms = (server.quiet()? - before) * 1e3 / f64::from(SINGLE);
    let figure =
        |name: &str, value, unit| Figure { name: format!("logins.{name}"), value, unit, yardstick: None };
    report.figure(&figure("cpu", cpu_ms, "ms"))?;
    let took_ms = Mutex::new(Vec::new());
    let work = |over: &Over| keep_logging_in(server.http, &setting.clock, over, &took_ms);
    let corpus = json_lines(&setting.corpus);
    report_acks(setting, &corpus, (&server, &account), ("logins", &work), report)?;
    let took_ms = took_ms.into_inner().expect("nobody who logs in panics");
    [50, 99].into_iter().try_for_each(|percent| {
        report.figure(&figure(&format!("p{percent}"), percentile(&took_ms, percent), "ms"))
    })
}

/// Logs in at a pace. The time of a login counts from when it was due.
fn keep_logging_in(
    address: SocketAddr,
    clock: &SystemClock,
    over: &Over,
    took_ms: &Mutex<Vec<f64>>,
) -> anyhow::Result<()> {
    let (next, started) = (AtomicU32::new(0), clock.elapsed());
    let one = |person: usize| {
        let mut connection = Connection::open(address)?;
        while !over.is_over() {
            let due = started + EVERY * next.fetch_add(1, Ordering::Relaxed);
            pause(due.saturating_sub(clock.elapsed()));
            log_in(&mut connection, &name(person))?;
            let took = (clock.elapsed() - due).as_secs_f64() * 1e3;
            took_ms.lock().expect("nobody who logs in panics").push(took);
        }
        anyhow::Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..PEOPLE).map(|person| scope.spawn(move || one(person))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("nobody who logs in panics"))
    })
}

fn name(person: usize) -> String {
    format!("person-{person}")
}

fn log_in(connection: &mut Connection, name: &str) -> anyhow::Result<()> {
    let who = json!({"username": name, "password": PASSWORD}).to_string();
    connection.post("/api/auth/login/", "", "application/json", who.as_bytes())?.expect(200)
}
