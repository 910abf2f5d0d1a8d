//! What waits for the next commit of a partition.
//!
//! Invariant: whoever is in the queue holds permits of the partition's byte budget, so it is bounded;
//! after `close` nothing enters. It does not look into appends.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::log::pending::Pending;

#[derive(Default)]
struct Waiting {
    appends: Vec<Pending>,
    bytes: usize,
    closed: bool,
}

pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// So many bytes do not wait for company.
    enough_bytes: usize,
}

impl Queue {
    pub(super) fn new(enough_bytes: usize) -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), enough_bytes }
    }

    /// Gives the append back if the queue is closed.
    pub(super) fn push(&self, append: Pending) -> Result<(), Pending> {
        let mut waiting = self.waiting();
        if waiting.closed {
            return Err(append);
        }
        waiting.bytes += append.stored_bytes();
        waiting.appends.push(append);
        // The writer sleeps until there is something, and then until there is enough.
        let wakes = waiting.appends.len() == 1 || waiting.bytes >= self.enough_bytes;
        drop(waiting);
        if wakes {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Everything that waits now.
    pub(super) fn take(&self) -> Vec<Pending> {
        let mut waiting = self.waiting();
        waiting.bytes = 0;
        std::mem::take(&mut waiting.appends)
    }

    /// Blocks until something waits, lingers for company, and takes it all; `None` when closed and empty. Nothing, if
    /// nothing came within `patience`.
    pub(super) fn next_batch(&self, linger: Duration, patience: Option<Duration>) -> Option<Vec<Pending>> {
        let expect = "nothing panics while it holds the queue";
        let mut waiting = self.waiting();
        while waiting.appends.is_empty() {
            if waiting.closed {
                return None;
            }
            let Some(patience) = patience else {
                waiting = self.arrived.wait(waiting).expect(expect);
                continue;
            };
            let timed_out;
            (waiting, timed_out) = self.arrived.wait_timeout(waiting, patience).expect(expect);
            if timed_out.timed_out() && waiting.appends.is_empty() && !waiting.closed {
                return Some(Vec::new());
            }
        }
        let wants_more = |waiting: &mut Waiting| waiting.bytes < self.enough_bytes && !waiting.closed;
        let (mut waiting, _) = self.arrived.wait_timeout_while(waiting, linger, wants_more).expect(expect);
        waiting.bytes = 0;
        Some(std::mem::take(&mut waiting.appends))
    }

    pub(super) fn close(&self) {
        self.waiting().closed = true;
        self.arrived.notify_all();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while it holds the queue")
    }
}
