//! What a steady stream of lines feels of other work: its acknowledgements alone, and beside that work.
//!
//! Invariant: both are measured in turn at one server, so that what the machine does meanwhile changes both; the other work
//! goes on as long as the stream. It does not know what that work is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::feeding::{Fed, Feeding};
use super::http::Account;
use super::process::Server;
use crate::bench::{Figure, ROUNDS, Report, Setting, batches, median};

const BODY_BYTES: usize = 20_000;
const CONNECTIONS: usize = 16;
/// 10 MB/s, for six seconds.
const EVERY: Duration = Duration::from_millis(2);
const BODIES: usize = 3_000;

/// Work that goes on until it is told that it is over.
pub(super) type Work<'a> = dyn Fn(&Over) -> anyhow::Result<()> + Sync + 'a;

/// Whether the stream has ended.
#[derive(Debug, Default)]
pub(super) struct Over(AtomicBool);

impl Over {
    pub(super) fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reports the ack p99 of a stream alone and beside `work`, in turn.
pub(super) fn report_acks(
    setting: &Setting,
    corpus: &Bytes,
    (server, account): (&Server, &Account),
    (name, work): (&str, &Work<'_>),
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let bodies: Vec<Bytes> = batches(corpus, BODY_BYTES).into_iter().cycle().take(BODIES).collect();
    let accounts = std::slice::from_ref(account);
    let stream = Feeding { bodies: &bodies, accounts, connections: CONNECTIONS, every: Some(EVERY) };
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        report.note(&format!("{name}: round {round} of {ROUNDS}"))?;
        server.quiet()?;
        alone.push(stream.run(server.http, &setting.clock)?);
        server.quiet()?;
        beside.push(run_beside(setting, server, &stream, work)?);
    }
    let p99 = |fed: &[Fed]| median(&fed.iter().map(|fed| fed.ack_ms(99)).collect::<Vec<_>>());
    report.figure(&Figure {
        name: format!("{name}.ingest.ack.p99"),
        value: p99(&beside),
        unit: "ms",
        yardstick: Some(p99(&alone)),
    })
}

fn run_beside(
    setting: &Setting,
    server: &Server,
    stream: &Feeding<'_>,
    work: &Work<'_>,
) -> anyhow::Result<Fed> {
    let over = Over::default();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| work(&over));
        let fed = stream.run(server.http, &setting.clock);
        over.0.store(true, Ordering::Relaxed);
        other.join().expect("the other work does not panic")?;
        fed
    })
}
