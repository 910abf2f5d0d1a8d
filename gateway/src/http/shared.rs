//! What the handlers of requests share.
//!
//! Invariant: it lives as long as the server, and handlers only look at it or count in it.
//! It does nothing itself.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use antler_config::Config;
use antler_events::clock::{Clock, Timestamp};

use super::connections::ConnectionFigures;
use super::observe::Requests;
use crate::compose::RunningLog;

/// What handlers see of the program.
#[derive(Debug)]
pub struct Shared {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub log: RunningLog,
    pub started: Timestamp,
    pub connections: Arc<ConnectionFigures>,
    pub requests: Requests,
    /// The program has been told to stop and takes no new work.
    pub stopping: AtomicBool,
}

impl Shared {
    pub fn new(config: Config, clock: Arc<dyn Clock>, log: RunningLog) -> Self {
        let started = clock.now();
        Self {
            config,
            clock,
            log,
            started,
            connections: Arc::default(),
            requests: Requests::new(started.nanos()),
            stopping: AtomicBool::new(false),
        }
    }
}
