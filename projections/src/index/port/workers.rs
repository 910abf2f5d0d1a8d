//! The `Workers` port: somebody who runs work that takes long, away from the threads that serve sockets.
//!
//! Invariant: work is run once, or the answer says that it was not. An index gives its work away and owns no
//! thread.

use std::fmt;

use antler_events::log::BoxFuture;

/// Something to be done.
pub type Work = Box<dyn FnOnce() + Send>;

/// Runs work.
pub trait Workers: Send + Sync + fmt::Debug {
    /// Resolves when the work has ended. It goes on if nobody waits any more.
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>>;
}

/// The work was not run to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work was given up before it ended; the program is stopping, or the work has failed")]
pub struct WorkLost;

/// Runs work at once, where its answer is waited for: for programs of one thread, and for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct InlineWorkers;

impl Workers for InlineWorkers {
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>> {
        Box::pin(async move {
            work();
            Ok(())
        })
    }
}
