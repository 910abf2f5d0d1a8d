//! The yardstick of all costs: zstd level 1 of the same bytes, and one write and fdatasync per megabyte.
//! Of all queries: one search through the same bytes in memory.
//!
//! Invariant: one thread, nothing but that work; a machine that is twice as slow has twice the yardstick.
//! It is not a target: it is what any durable log has to do at least.

use std::fs::File;
use std::io::Write as _;

use antler_events::clock::Clock as _;
use anyhow::{Context as _, ensure};
use bytes::Bytes;

use super::{ROUNDS, Setting, batches, cpu, median};

const BATCH_BYTES: usize = 1_000_000;

/// What the yardstick needed in one round.
#[derive(Debug, Clone)]
pub struct Yardstick {
    pub cpu_seconds_per_gb: f64,
    pub megabytes_per_second: f64,
    /// Stored bytes of one byte that went in.
    pub stored: f64,
    /// Of each write with its sync.
    pub sync_ms: Vec<f64>,
}

pub fn measure(setting: &Setting) -> anyhow::Result<Yardstick> {
    let path = setting.dir.join("yardstick");
    let mut file = File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))?;
    let batches = batches(&setting.corpus, BATCH_BYTES);
    let mut compressor = zstd::bulk::Compressor::new(1)?;
    let mut sync_ms = Vec::with_capacity(batches.len());
    let mut stored_bytes = 0;
    let (started, cpu_before) = (setting.clock.elapsed(), cpu::of_thread());
    for batch in &batches {
        let compressed = compressor.compress(batch)?;
        stored_bytes += compressed.len();
        let write_started = setting.clock.elapsed();
        file.write_all(&compressed)?;
        file.sync_data()?;
        sync_ms.push((setting.clock.elapsed() - write_started).as_secs_f64() * 1e3);
    }
    let cpu_seconds = cpu::of_thread() - cpu_before;
    let wall_seconds = (setting.clock.elapsed() - started).as_secs_f64();
    std::fs::remove_file(&path)?;
    let bytes = setting.corpus.len() as f64;
    Ok(Yardstick {
        cpu_seconds_per_gb: cpu_seconds / bytes * 1e9,
        megabytes_per_second: bytes / wall_seconds / 1e6,
        stored: stored_bytes as f64 / bytes,
        sync_ms,
    })
}

/// Compresses the corpus at level 1 and writes nothing, a piece at a time beside what it is measured against: a machine
/// that is slower for a while is so for both.
pub struct Compression {
    pieces: std::vec::IntoIter<Bytes>,
    compressor: zstd::bulk::Compressor<'static>,
    taken_bytes: f64,
    stored_bytes: f64,
    cpu_seconds: f64,
}

impl Compression {
    pub fn new(corpus: &Bytes) -> anyhow::Result<Self> {
        let pieces = batches(corpus, BATCH_BYTES).into_iter();
        let compressor = zstd::bulk::Compressor::new(1)?;
        Ok(Self { pieces, compressor, taken_bytes: 0.0, stored_bytes: 0.0, cpu_seconds: 0.0 })
    }

    /// Goes on until so many bytes of the corpus are compressed, or about so many.
    pub fn catch_up(&mut self, bytes: f64) -> anyhow::Result<()> {
        while self.taken_bytes < bytes {
            let Some(piece) = self.pieces.next() else { break };
            let before = cpu::of_thread();
            let stored = self.compressor.compress(&piece)?;
            self.cpu_seconds += cpu::of_thread() - before;
            self.taken_bytes += piece.len() as f64;
            self.stored_bytes += stored.len() as f64;
        }
        Ok(())
    }

    pub fn cpu_seconds_per_gb(&self) -> f64 {
        self.cpu_seconds / self.taken_bytes * 1e9
    }

    /// Stored bytes of one byte that went in.
    pub fn stored(&self) -> f64 {
        self.stored_bytes / self.taken_bytes
    }
}

impl std::fmt::Debug for Compression {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Compression({} bytes)", self.taken_bytes)
    }
}

/// CPU milliseconds of one pass over the bytes that looks for a text which is not there.
pub fn pass_ms(bytes: &[u8]) -> anyhow::Result<f64> {
    let absent = memchr::memmem::Finder::new("no line says this");
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let before = cpu::of_thread();
        ensure!(
            absent.find(std::hint::black_box(bytes)).is_none(),
            "the corpus has what no line should have"
        );
        rounds.push((cpu::of_thread() - before) * 1e3);
    }
    Ok(median(&rounds))
}

#[cfg(test)]
mod tests {
    use antler_events::clock::SystemClock;

    use super::*;
    use crate::corpus::Corpus;

    #[test]
    fn a_pass_costs_something_and_finds_nothing() {
        let pass_ms = pass_ms(&Corpus::new(1).write_bytes(2_000_000)).unwrap();
        assert!(pass_ms > 0.0 && pass_ms < 1_000.0, "{pass_ms}");
        assert!(super::pass_ms(b"no line says this").is_err());
    }

    #[test]
    fn the_yardstick_compresses_everything_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let corpus = Corpus::new(1).write_bytes(2_500_000).into();
        let setting = Setting {
            corpus,
            dir: dir.path().to_owned(),
            clock: SystemClock::new(),
            samples: None,
            is_aged: false,
            tenants: 1,
            workers: 1,
            questions: Vec::new(),
        };
        let yardstick = measure(&setting).unwrap();
        assert_eq!(yardstick.sync_ms.len(), 3);
        assert!(yardstick.stored > 0.05 && yardstick.stored < 0.5, "{}", yardstick.stored);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
