//! Bench `fanout`: the same lines to many sockets.
//!
//! Invariant: a record counts when its bytes have come to the client, at every socket alike; one socket is read as
//! messages and must have every line, and the others must have come to as many bytes. The server's CPU time holds the
//! taking of the lines too.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use tokio::io::AsyncReadExt as _;

use super::feeding::{Feeding, json_lines};
use super::process::Server;
use super::socket::Socket;
use crate::bench::{Figure, Report, Setting, batches, cpu};

const SOCKETS: usize = 1_000;
const BODY_BYTES: usize = 20_000;
const BODIES: usize = 60;
/// Slow enough that no queue overflows, as the client has to keep up with all sockets.
const EVERY: Duration = Duration::from_millis(50);
/// The last line that is sent.
const END: &str = "this is the very last line";
const BUFFER_BYTES: usize = 64 << 10;

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    report.note(&format!("fanout: {SOCKETS} sockets"))?;
    let (server, account) = Server::with_account(setting)?;
    let mut bodies: Vec<_> =
        batches(&json_lines(&setting.corpus), BODY_BYTES).into_iter().take(BODIES).collect();
    bodies.push(Bytes::from(format!("{{\"message\":\"{END}\"}}\n")));
    let lines: usize = bodies.iter().map(|body| memchr::memchr_iter(b'\n', body).count()).sum();
    let reader = Socket::open(server.http, &account.token, "*")?;
    let streams = open(server.http, &account.token)?;
    let before = server.quiet()?;
    let (bytes, client_cpu_seconds) = std::thread::scope(|scope| {
        let counter = scope.spawn(move || drain(streams));
        let reader = scope.spawn(move || read(reader, lines));
        let accounts = std::slice::from_ref(&account);
        let feeding = Feeding { bodies: &bodies, accounts, connections: 1, every: Some(EVERY) };
        feeding.run(server.http, &setting.clock)?;
        reader.join().expect("the reader does not panic")?;
        counter.join().expect("the counter does not panic")
    })?;
    let cpu_seconds = server.quiet()? - before;
    let total = bytes.iter().sum::<u64>();
    ensure!(
        bytes.iter().all(|of_one| of_one * bytes.len() as u64 == total),
        "sockets got different bytes: {bytes:?}"
    );
    let records = (lines * (SOCKETS + 1)) as f64;
    let mut figure = |name: &str, value, unit| {
        report.figure(&Figure { name: format!("fanout.{name}"), value, unit, yardstick: None })
    };
    figure("records", records / cpu_seconds / 1e6, "M/cpu-s")?;
    figure("bytes", total as f64 / cpu_seconds / 1e6, "MB/cpu-s")?;
    figure("client.records", records / client_cpu_seconds / 1e6, "M/cpu-s")
}

fn open(address: SocketAddr, token: &str) -> anyhow::Result<Vec<TcpStream>> {
    let open = |_| Socket::open(address, token, "*")?.into_stream();
    (0..SOCKETS).map(open).collect()
}

/// Reads messages until all lines have come.
fn read(mut socket: Socket, lines: usize) -> anyhow::Result<()> {
    let mut heard = 0;
    while heard < lines {
        let frame: serde_json::Value = serde_json::from_str(&socket.hear()?)?;
        heard += match frame["type"].as_str().unwrap_or_default() {
            "log" => 1,
            "log_batch" => frame["data"].as_array().map_or(0, Vec::len),
            "gap" => anyhow::bail!("the reader missed lines: {frame}"),
            _ => 0,
        };
    }
    Ok(())
}

/// Reads all streams up to the last line; answers the bytes of each, and the CPU seconds it took.
fn drain(streams: Vec<TcpStream>) -> anyhow::Result<(Vec<u64>, f64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bytes = runtime.block_on(async {
        let mut readers = tokio::task::JoinSet::new();
        for stream in streams {
            readers.spawn(count(stream));
        }
        let mut bytes = Vec::with_capacity(SOCKETS);
        while let Some(counted) = readers.join_next().await {
            bytes.push(counted.context("a reader panicked")??);
        }
        anyhow::Ok(bytes)
    })?;
    Ok((bytes, cpu::of_thread()))
}

/// The bytes of a stream up to the last line.
async fn count(stream: TcpStream) -> anyhow::Result<u64> {
    stream.set_nonblocking(true)?;
    let mut stream = tokio::net::TcpStream::from_std(stream)?;
    let end = memchr::memmem::Finder::new(END);
    // What was read last stays in front, as the end may come in two pieces.
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut kept, mut count) = (0, 0);
    loop {
        let read = stream.read(&mut buffer[kept..]).await?;
        ensure!(read > 0, "the server has closed a socket");
        count += read as u64;
        let filled = kept + read;
        if end.find(&buffer[..filled]).is_some() {
            return Ok(count);
        }
        kept = filled.min(END.len());
        buffer.copy_within(filled - kept..filled, 0);
    }
}
