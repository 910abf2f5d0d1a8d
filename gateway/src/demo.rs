//! The demo: the traffic of a shop with a past and incidents in it, played into a tenant.
//!
//! Invariant: lines go the way of all lines, so a demo takes no more than its tenant may; it stops before what it feeds. A
//! tenant has one demo at a time. It touches no other tenant.

mod account;
mod draw;
mod feeder;
mod incidents;
mod traffic;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::account::DemoError;
use self::feeder::{Feeder, Stage};
use crate::compose::Program;
use crate::http::auth::Gate;

/// Its lines are filed under these, apart from all others.
pub const STREAMS: &str = "logs-*-demo";
/// At once, on one server.
const DEMOS_MAX: usize = 10;
/// What a demo of its own begins with.
const HISTORY: Duration = Duration::from_secs(3_600);

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Play {
    /// What was before the start.
    pub history: Duration,
    /// None: until it is stopped.
    pub until: Option<Timestamp>,
}

/// A demo as it is now.
#[derive(Debug, Clone, Copy)]
pub struct Playing {
    pub since: Timestamp,
    pub until: Option<Timestamp>,
    /// That have been taken.
    pub lines: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("{DEMOS_MAX} demos play on this server already; stop one, or wait until one has ended")]
pub struct TooManyDemos;

/// Those that play, by tenant.
#[derive(Debug)]
pub struct Demos {
    stage: Stage,
    running: Mutex<BTreeMap<TenantId, Running>>,
}

#[derive(Debug)]
struct Running {
    since: Timestamp,
    until: Option<Timestamp>,
    lines: Arc<AtomicU64>,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Demos {
    pub fn new(program: &Program) -> Self {
        Self { stage: Stage::of(program), running: Mutex::default() }
    }

    /// Begins to play, unless it plays already.
    pub fn begin(&self, tenant: TenantId, play: Play) -> Result<Playing, TooManyDemos> {
        let mut running = self.running();
        if let Some(demo) = running.get(&tenant) {
            return Ok(demo.now());
        }
        if running.len() >= DEMOS_MAX {
            return Err(TooManyDemos);
        }
        let (stopping, stop) = watch::channel(false);
        let lines = Arc::<AtomicU64>::default();
        let feeder = Feeder::new(tenant, self.stage.clone(), play, Arc::clone(&lines));
        let since = self.stage.now();
        let task = tokio::spawn(feeder.play(stop));
        let demo = Running { since, until: play.until, lines, stopping, task };
        let now = demo.now();
        running.insert(tenant, demo);
        Ok(now)
    }

    /// The one that plays into the tenant.
    pub fn of(&self, tenant: TenantId) -> Option<Playing> {
        self.running().get(&tenant).map(Running::now)
    }

    /// Resolves when its last line has been answered.
    pub async fn stop(&self, tenant: TenantId) {
        let demo = self.running().remove(&tenant);
        if let Some(demo) = demo {
            demo.stop().await;
        }
    }

    /// The same for all.
    pub async fn stop_all(&self) {
        let all: Vec<Running> = std::mem::take(&mut *self.running()).into_values().collect();
        for demo in &all {
            demo.stopping.send_replace(true);
        }
        for demo in all {
            demo.stop().await;
        }
    }

    /// Without those that have ended by themselves.
    fn running(&self) -> MutexGuard<'_, BTreeMap<TenantId, Running>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, demo| !demo.task.is_finished());
        running
    }
}

impl Running {
    fn now(&self) -> Playing {
        Playing { since: self.since, until: self.until, lines: self.lines.load(Ordering::Relaxed) }
    }

    async fn stop(self) {
        self.stopping.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a demo broke off");
        }
    }
}

/// Plays in a tenant of its own, which is made if there is none. Answers the name and the password to log in with.
pub async fn play(
    demos: &Demos,
    gate: &Gate,
    credentials: &Path,
) -> Result<(&'static str, String), DemoError> {
    let (tenant, password) = account::account(gate, credentials).await?;
    demos.begin(tenant, Play { history: HISTORY, until: None })?;
    Ok((account::USERNAME, password))
}
