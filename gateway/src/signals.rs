//! The signals that stop the program: SIGTERM and SIGINT.
//!
//! Invariant: from the moment `Signals` exists, neither kills the process; both are asked for.
//! It does not stop anything itself.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Caught signals.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Needs to be called inside the runtime.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Resolves with the name of the next signal.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
