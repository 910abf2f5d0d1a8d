//! What comes in right now: counts by tenant, over the last seconds and minutes.
//!
//! Lines are counted when they arrive, whatever time they tell, because the question is how busy it is now.
//! Invariant: a tenant costs nothing until it sends, a bounded number of bytes while it does, and nothing again when it
//! has been quiet for as long as is looked back. It remembers nothing over a restart, and keeps no lines.

mod batch;
mod recent;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use antler_events::clock::Timestamp;
use antler_events::event::lines::LineDefaults;
use antler_events::ids::TenantId;
use antler_events::line::{Level, LineBatch};
use foldhash::fast::FixedState;

use self::batch::BatchCounts;
use self::recent::Recent;

/// So far back every second is known.
pub const SECONDS: usize = 300;
/// So many sources are named.
pub const TOP_SOURCES: usize = 10;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// The counts of all tenants.
#[derive(Debug, Default)]
pub struct LiveCounters {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tenants: HashMap<TenantId, Recent, FixedState>,
    /// The minute in which quiet tenants were looked for.
    swept: i64,
}

/// Lines of one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecondCounts {
    /// Since 1970.
    pub second: i64,
    pub lines: u32,
    pub warnings: u32,
    pub errors: u32,
    pub criticals: u32,
}

/// How busy a tenant is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    /// The mean of the last five whole seconds.
    pub lines_per_second: f64,
    /// In the last sixty seconds, this one included.
    pub warnings_per_minute: u64,
    pub errors_per_minute: u64,
    pub criticals_per_minute: u64,
    /// The busiest sources of the last five minutes, the busiest first. A line without a source counts for its service.
    pub top_sources: Vec<(Box<str>, u64)>,
    pub levels: LevelShares,
}

/// Lines of the last five minutes by level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LevelShares([u64; Level::ALL.len() + 1]);

impl LevelShares {
    /// Lines of a level, or without one.
    pub fn of(&self, level: Option<Level>) -> u64 {
        self.0[place(level)]
    }

    fn add(&mut self, level: Option<Level>, lines: u64) {
        self.0[place(level)] += lines;
    }

    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, lines)| *sum += lines);
    }
}

/// Lines without a level come first.
fn place(level: Option<Level>) -> usize {
    level.map_or(0, |level| level as usize)
}

impl LiveCounters {
    /// Counts a batch that was taken now.
    pub fn count(&self, tenant: TenantId, batch: &LineBatch, defaults: &LineDefaults, now: Timestamp) {
        let counts = BatchCounts::of(batch, defaults);
        let second = now.nanos().div_euclid(NANOS_PER_SECOND);
        let mut state = self.lock();
        state.sweep(second);
        state.tenants.entry(tenant).or_default().add(second, &counts);
    }

    pub fn rates(&self, tenant: TenantId, now: Timestamp) -> Rates {
        let second = now.nanos().div_euclid(NANOS_PER_SECOND);
        self.lock().tenants.get(&tenant).map(|recent| recent.rates(second)).unwrap_or_default()
    }

    /// The last seconds without this one, the oldest first, and none left out.
    pub fn history(&self, tenant: TenantId, now: Timestamp) -> Vec<SecondCounts> {
        let second = now.nanos().div_euclid(NANOS_PER_SECOND);
        let mut history: Vec<SecondCounts> = (second - SECONDS as i64..second)
            .map(|second| SecondCounts { second, ..SecondCounts::default() })
            .collect();
        if let Some(recent) = self.lock().tenants.get(&tenant) {
            recent.fill(&mut history);
        }
        history
    }

    /// Tenants that are remembered.
    pub fn tenants(&self) -> usize {
        self.lock().tenants.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Forgets, once a minute, who has been quiet for long.
    fn sweep(&mut self, second: i64) {
        let minute = second.div_euclid(60);
        if minute > self.swept {
            self.swept = minute;
            self.tenants.retain(|_, recent| recent.is_remembered(second));
        }
    }
}

#[cfg(test)]
mod tests;
