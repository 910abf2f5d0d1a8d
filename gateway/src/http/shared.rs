//! What the handlers of requests share.
//!
//! Invariant: it lives as long as the server, and handlers only look at it or count in it.
//! It does nothing itself.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use antler_config::Config;
use antler_events::clock::{Clock, Timestamp};
use axum::extract::FromRef;

use super::admin::monitor::Monitor;
use super::archives::ArchivesState;
use super::connections::ConnectionFigures;
use super::dead_letters::LettersState;
use super::logs::IngestState;
use super::observe::Requests;
use super::search::history::HistoryState;
use super::search::saved::SavedState;
use super::search::{SearchFigures, SearchState};
use super::slow::SlowQueries;
use super::uploads::UploadsState;
use crate::compose::{Program, RunningLog};
use crate::demo::Demos;
use crate::listeners::Place;
use crate::own_log::RecentLines;
use crate::socket::SocketState;
use crate::tls::Tls;

/// What handlers see of the program.
#[derive(Debug)]
pub struct Shared {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub log: RunningLog,
    pub program: Program,
    pub started: Timestamp,
    pub connections: Arc<ConnectionFigures>,
    pub demos: Demos,
    /// What became of the listeners.
    pub listeners: Vec<Place>,
    /// What HTTP is encrypted with.
    pub tls: Option<Arc<Tls>>,
    pub requests: Requests,
    pub slow: SlowQueries,
    /// Since when lines are counted for the operator.
    pub(super) monitor: Monitor,
    pub searches: Arc<SearchFigures>,
    /// The latest of what the program has said about itself.
    pub own_log: RecentLines,
    /// The program has been told to stop and takes no new work.
    pub stopping: AtomicBool,
}

impl FromRef<Arc<Shared>> for SearchState {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        Self {
            index: Arc::clone(&shared.program.index),
            clock: Arc::clone(&shared.clock),
            limits: shared.config.limits.search.clone(),
            figures: Arc::clone(&shared.searches),
        }
    }
}

impl FromRef<Arc<Shared>> for IngestState {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        shared.program.ingest.clone()
    }
}

impl FromRef<Arc<Shared>> for LettersState {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        let program = &shared.program;
        let accounts = program.gate.accounts.clone();
        Self { views: program.arrivals.clone(), notes: program.notes.clone(), accounts }
    }
}

impl FromRef<Arc<Shared>> for HistoryState {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        Self(shared.program.history.clone())
    }
}

impl FromRef<Arc<Shared>> for SavedState {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        let gate = &shared.program.gate;
        Self {
            base: shared.config.server.base_path.clone(),
            accounts: gate.accounts.clone(),
            limits: shared.config.limits.searches.clone(),
            account_limits: gate.account_limits.clone(),
        }
    }
}

impl FromRef<Arc<Shared>> for UploadsState {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        shared.program.uploads.clone()
    }
}

impl FromRef<Arc<Shared>> for ArchivesState {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(&shared.program.archives))
    }
}

impl FromRef<Arc<Shared>> for SocketState {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(&shared.program.sockets))
    }
}

impl Shared {
    pub fn new(
        config: Config,
        clock: Arc<dyn Clock>,
        log: RunningLog,
        program: Program,
        listeners: Vec<Place>,
        tls: Option<Arc<Tls>>,
        own_log: RecentLines,
    ) -> Self {
        let (started, slow) = (clock.now(), SlowQueries::new(&config.limits.search));
        let demos = Demos::new(&program);
        Self {
            config,
            clock,
            log,
            program,
            started,
            connections: Arc::default(),
            demos,
            listeners,
            tls,
            requests: Requests::new(started.nanos()),
            slow,
            monitor: Monitor::default(),
            searches: Arc::default(),
            own_log,
            stopping: AtomicBool::new(false),
        }
    }
}
