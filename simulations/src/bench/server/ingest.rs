//! Bench `ingest`: lines over HTTP into the real program, as large bodies, as small ones and one by one.
//!
//! Invariant: all is acknowledged, so on stable storage, and all is counted until the server is quiet: log, index and
//! projections. The yardstick is zstd at level 1 of the same bytes in the same round. Lines that are no JSON stay out.

use std::time::Duration;

use anyhow::ensure;
use bytes::Bytes;

use super::feeding::{Fed, Feeding, json_lines};
use super::process::Server;
use crate::bench::yardstick::Compression;
use crate::bench::{Figure, ROUNDS, Report, Setting, batches, median};

const LARGE_BYTES: usize = 2_000_000;
const SMALL_BYTES: usize = 20_000;
const LARGE_CONNECTIONS: usize = 4;
const SMALL_CONNECTIONS: usize = 16;
const SINGLE_CONNECTIONS: usize = 256;
/// Single lines of one round.
const SINGLE_LINES: usize = 100_000;
/// Bodies at half load, in each round.
const HALF_LOAD_BODIES: usize = 4_000;

/// What one round measured.
#[derive(Debug, Clone, Default)]
struct Cost {
    cpu_seconds: f64,
    client_cpu_seconds: f64,
    megabytes_per_second: f64,
    peak_bytes: f64,
}

#[derive(Debug, Default)]
struct Rounds {
    yardsticks: Vec<f64>,
    large: Vec<Cost>,
    small: Vec<Cost>,
    single: Vec<Cost>,
    acks_p50: Vec<f64>,
    acks_p99: Vec<f64>,
}

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let mut rounds = Rounds::default();
    let corpus = json_lines(&setting.corpus);
    let (large, small) = (batches(&corpus, LARGE_BYTES), batches(&corpus, SMALL_BYTES));
    let single: Vec<Bytes> = batches(&corpus, 1).into_iter().take(SINGLE_LINES).collect();
    for round in 1..=ROUNDS {
        report.note(&format!("ingest: round {round} of {ROUNDS}"))?;
        let mut yardstick = Compression::new(&corpus)?;
        yardstick.catch_up(corpus.len() as f64 / 2.0)?;
        rounds.large.push(cost(setting, &large, LARGE_CONNECTIONS)?);
        yardstick.catch_up(corpus.len() as f64)?;
        rounds.yardsticks.push(yardstick.cpu_seconds_per_gb());
        rounds.small.push(cost(setting, &small, SMALL_CONNECTIONS)?);
        rounds.single.push(cost(setting, &single, SINGLE_CONNECTIONS)?);
        let full = rounds.small.last().map_or(1.0, |cost| cost.megabytes_per_second);
        let acks = half_load(setting, &small, full)?;
        rounds.acks_p50.push(acks.ack_ms(50));
        rounds.acks_p99.push(acks.ack_ms(99));
    }
    rounds.report(&single, report)
}

/// Sends bodies to a new server.
fn cost(setting: &Setting, bodies: &[Bytes], connections: usize) -> anyhow::Result<Cost> {
    let (server, account) = Server::with_account(setting)?;
    let before = server.quiet()?;
    let feeding = Feeding { bodies, accounts: &[account], connections, every: None };
    let fed = feeding.run(server.http, &setting.clock)?;
    let cpu_seconds = server.quiet()? - before;
    Ok(Cost {
        cpu_seconds: cpu_seconds / fed.bytes * 1e9,
        client_cpu_seconds: fed.client_cpu_seconds / fed.bytes * 1e9,
        megabytes_per_second: fed.megabytes_per_second(),
        peak_bytes: server.memory()?.peak,
    })
}

/// How long acknowledgements take when half of what can be sent is sent.
fn half_load(setting: &Setting, bodies: &[Bytes], full_megabytes: f64) -> anyhow::Result<Fed> {
    let (server, account) = Server::with_account(setting)?;
    let bodies = &bodies[..bodies.len().min(HALF_LOAD_BODIES)];
    let every = Duration::from_secs_f64(SMALL_BYTES as f64 / (full_megabytes * 1e6 / 2.0));
    let connections = SMALL_CONNECTIONS;
    let feeding = Feeding { bodies, accounts: &[account], connections, every: Some(every) };
    feeding.run(server.http, &setting.clock)
}

impl Rounds {
    fn report(&self, single: &[Bytes], report: &mut Report<'_>) -> anyhow::Result<()> {
        let yardstick = median(&self.yardsticks);
        let of = |costs: &[Cost], part: fn(&Cost) -> f64| median(&costs.iter().map(part).collect::<Vec<_>>());
        let mut figure = |name: &str, value, unit, yardstick| {
            report.figure(&Figure { name: format!("ingest.{name}"), value, unit, yardstick })
        };
        for (name, costs) in [("large", &self.large), ("small", &self.small)] {
            figure(&format!("{name}.cpu"), of(costs, |cost| cost.cpu_seconds), "cpu-s/GB", Some(yardstick))?;
            let client = of(costs, |cost| cost.client_cpu_seconds);
            figure(&format!("{name}.client.cpu"), client, "cpu-s/GB", Some(yardstick))?;
            figure(&format!("{name}.throughput"), of(costs, |cost| cost.megabytes_per_second), "MB/s", None)?;
            figure(&format!("{name}.peak.memory"), of(costs, |cost| cost.peak_bytes) / 1e6, "MB", None)?;
        }
        let bytes: usize = single.iter().map(Bytes::len).sum();
        ensure!(bytes > 0, "there are no lines");
        let line_bytes = bytes as f64 / single.len() as f64;
        let lines_per_second = of(&self.single, |cost| cost.megabytes_per_second) * 1e6 / line_bytes;
        figure("single.throughput", lines_per_second, "lines/s", None)?;
        let of_line = |cpu_seconds_per_gb: f64| cpu_seconds_per_gb * line_bytes / 1e3;
        figure("single.cpu", of_line(of(&self.single, |cost| cost.cpu_seconds)), "us/line", None)?;
        let client = of(&self.single, |cost| cost.client_cpu_seconds);
        figure("single.client.cpu", of_line(client), "us/line", None)?;
        figure("ack.p50", median(&self.acks_p50), "ms", None)?;
        figure("ack.p99", median(&self.acks_p99), "ms", None)
    }
}
