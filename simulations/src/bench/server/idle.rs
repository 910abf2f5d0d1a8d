//! Bench `memory`: what the real program needs when it has nothing to do.
//!
//! Invariant: sockets are open and greeted when memory is looked at, all at the same server. The start counts from the
//! process to its ports being told, when it serves.

use anyhow::Context as _;
use rustix::process::{Resource, getrlimit};

use super::http::Connection;
use super::process::Server;
use super::socket::Socket;
use crate::bench::{Figure, ROUNDS, Report, Setting, median};

const SOCKETS: u64 = 10_000;
/// Files that this process needs beside its sockets.
const FILES_BESIDE: u64 = 200;

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let (mut starts, mut resident) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        report.note(&format!("memory: round {round} of {ROUNDS}"))?;
        let server = Server::start(setting, "")?;
        starts.push(server.started_in.as_secs_f64() * 1e3);
        server.quiet()?;
        resident.push(server.memory()?.resident);
    }
    let mut figure = |name: &str, value, unit| {
        report.figure(&Figure { name: format!("memory.{name}"), value, unit, yardstick: None })
    };
    figure("start", median(&starts), "ms")?;
    figure("idle", median(&resident) / 1e6, "MB")?;
    let (count, each) = sockets(setting)?;
    figure("sockets", count as f64, "open")?;
    figure("socket", each / 1e3, "kB")
}

/// How many idle sockets were open, and the memory of each.
fn sockets(setting: &Setting) -> anyhow::Result<(u64, f64)> {
    let server = Server::start(setting, "[limits.http]\nconnections_max = 20000\n")?;
    let account = Connection::open(server.http)?.register("watcher")?;
    let files = getrlimit(Resource::Nofile).current.unwrap_or(SOCKETS * 2);
    let count = SOCKETS.min(files.saturating_sub(FILES_BESIDE));
    // The first one brings what all share.
    let mut open = vec![Socket::open(server.http, &account.token, "level:error")?];
    server.quiet()?;
    let before = server.memory()?.resident;
    for number in 0..count {
        let socket = Socket::open(server.http, &account.token, "level:error");
        open.push(socket.with_context(|| format!("socket {number} of {count}"))?);
    }
    server.quiet()?;
    Ok((count, (server.memory()?.resident - before) / count as f64))
}
