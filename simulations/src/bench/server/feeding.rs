//! Sends bodies over several connections, as fast as the server takes them or at a pace.
//!
//! Invariant: every body is accepted whole, or the bench ends with what the server said. The time of an
//! acknowledgement counts from when its body was due, so a server that falls behind cannot hide it.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use antler_events::clock::{Clock as _, SystemClock};
use bytes::Bytes;

use super::http::{Account, Connection};
use super::pause;
use crate::bench::{cpu, percentile};

const STACK_BYTES: usize = 256 << 10;

/// What is sent, by whom, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Feeding<'a> {
    pub(super) bodies: &'a [Bytes],
    /// Bodies are dealt to them in turn.
    pub(super) accounts: &'a [Account],
    pub(super) connections: usize,
    /// Time from one body to the next; none is as fast as it goes.
    pub(super) every: Option<Duration>,
}

/// What sending took.
#[derive(Debug, Default)]
pub(super) struct Fed {
    pub(super) bytes: f64,
    pub(super) seconds: f64,
    pub(super) client_cpu_seconds: f64,
    /// Of each body.
    pub(super) acks_ms: Vec<f64>,
}

/// The lines of a corpus that are JSON, as NDJSON has no others.
pub(super) fn json_lines(corpus: &Bytes) -> Bytes {
    let lines = corpus.split_inclusive(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{"));
    lines.collect::<Vec<_>>().concat().into()
}

impl Feeding<'_> {
    pub(super) fn run(&self, address: SocketAddr, clock: &SystemClock) -> anyhow::Result<Fed> {
        let (next, fed) = (AtomicUsize::new(0), Mutex::new(Fed::default()));
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            connections.push(Connection::open(address)?);
        }
        let started = clock.elapsed();
        std::thread::scope(|scope| {
            let mut threads = Vec::with_capacity(self.connections);
            for connection in connections {
                let work = || self.feed(connection, &next, &fed, clock);
                threads.push(std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work)?);
            }
            threads.into_iter().try_for_each(|thread| thread.join().expect("a sender does not panic"))
        })?;
        let mut fed = fed.into_inner().expect("no sender has panicked");
        fed.seconds = (clock.elapsed() - started).as_secs_f64();
        Ok(fed)
    }

    fn feed(
        &self,
        mut connection: Connection,
        next: &AtomicUsize,
        fed: &Mutex<Fed>,
        clock: &SystemClock,
    ) -> anyhow::Result<()> {
        let (started, mut own) = (clock.elapsed(), Fed::default());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(body) = self.bodies.get(number) else { break };
            let due = match self.every {
                Some(every) => started + every * u32::try_from(number)?,
                None => clock.elapsed(),
            };
            let left = due.saturating_sub(clock.elapsed());
            if !left.is_zero() {
                pause(left);
            }
            connection.send_lines(&self.accounts[number % self.accounts.len()].key, body)?;
            own.acks_ms.push((clock.elapsed() - due).as_secs_f64() * 1e3);
            own.bytes += body.len() as f64;
        }
        let mut fed = fed.lock().expect("no sender has panicked");
        fed.bytes += own.bytes;
        fed.client_cpu_seconds += cpu::of_thread();
        fed.acks_ms.append(&mut own.acks_ms);
        Ok(())
    }
}

impl Fed {
    pub(super) fn megabytes_per_second(&self) -> f64 {
        self.bytes / self.seconds / 1e6
    }

    pub(super) fn ack_ms(&self, percent: usize) -> f64 {
        percentile(&self.acks_ms, percent)
    }
}
