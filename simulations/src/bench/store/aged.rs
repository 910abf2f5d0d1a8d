//! A filled store some days later: how long it takes to open, and what the cold step costs and saves.
//!
//! Invariant: every group is cold afterwards, and every line is still there. It asks no questions: the bench
//! `query` does.

use std::time::Duration;

use antler_events::clock::{Clock as _, Timestamp};
use antler_projections::index::columns::store::{ColumnStore, Opened, StoreOptions};
use anyhow::ensure;

use super::filled::Filled;
use super::prove;
use crate::bench::{Setting, cpu};

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Aged {
    pub open_ms: f64,
    pub cpu_seconds_per_gb: f64,
    /// Stored bytes of one byte that went in.
    pub stored: f64,
}

impl Aged {
    pub fn new(setting: &Setting, filled: &Filled) -> anyhow::Result<Self> {
        let before = setting.clock.elapsed();
        let options = StoreOptions::new(filled.dir.clone());
        let Opened { store, findings } = ColumnStore::open(&filled.files, options)?;
        let open_ms = (setting.clock.elapsed() - before).as_secs_f64() * 1e3;
        ensure!(findings.is_empty(), "the store is damaged: {:?}", findings.first());
        let cpu_seconds = make_cold(&store)?;
        let statistics = store.statistics();
        ensure!(statistics.rows == filled.lines, "the cold step lost lines");
        prove(filled)?;
        Ok(Self {
            open_ms,
            cpu_seconds_per_gb: cpu_seconds / (filled.bytes / 1e9),
            stored: statistics.stored_bytes as f64 / filled.bytes,
        })
    }
}

/// Makes all groups cold and says how much CPU it took.
pub fn make_cold(store: &ColumnStore) -> anyhow::Result<f64> {
    let latest = store.snapshot().groups.iter().map(|group| group.span().1).max().unwrap_or_default();
    let week = Duration::from_secs(8 * 86_400);
    let later = Timestamp::from_nanos(latest.saturating_add(week.as_nanos() as i64));
    let before = cpu::of_thread();
    while store.cold_next(later)?.is_some() {}
    let cpu_seconds = cpu::of_thread() - before;
    let statistics = store.statistics();
    ensure!(statistics.cold_groups == statistics.groups, "some groups are not cold");
    Ok(cpu_seconds)
}
