//! The `Workers` port: somebody who runs work that takes long, away from the threads that serve sockets.
//!
//! A piece of work may consist of jobs that do not depend on each other: then it asks for others to join in.
//! Invariant: work is run once, or the answer says that it was not. Work never waits for a thread to become free, so
//! that no number of questions can lock up, and taking lines in keeps its threads. An index owns no thread.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use antler_events::log::BoxFuture;
use tokio::sync::oneshot;

/// Something to be done.
pub type Work = Box<dyn FnOnce() + Send>;

/// Runs work.
pub trait Workers: Send + Sync + fmt::Debug {
    /// Resolves when the work has ended. It goes on if nobody waits any more.
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>>;

    /// How many jobs of one piece of work are done at once, if nobody else has work.
    fn width(&self) -> usize {
        1
    }

    /// Does the job for each number below the count, each once, and returns when all are done. Whoever calls does jobs
    /// until none is left; others join in if they are free by then, at most `width` with the caller.
    fn share(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        JobList::new(count).work_off(job);
    }
}

/// Has workers do something, and brings back what it gave. Once begun it is done whether or not somebody waits for it.
pub async fn compute<T: Send + 'static>(
    workers: &dyn Workers,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, WorkLost> {
    let (giver, given) = oneshot::channel();
    let work = move || {
        let _nobody_waits = giver.send(work());
    };
    workers.run(Box::new(work)).await?;
    given.await.map_err(|_| WorkLost)
}

/// Numbers of jobs that are still to be done, for those who share them.
#[derive(Debug)]
pub struct JobList {
    next: AtomicUsize,
    count: usize,
}

impl JobList {
    pub fn new(count: usize) -> Self {
        Self { next: AtomicUsize::new(0), count }
    }

    /// Does jobs until none is left that nobody has begun.
    pub fn work_off(&self, job: &(dyn Fn(usize) + Sync)) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.count {
                return;
            }
            job(number);
        }
    }
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
