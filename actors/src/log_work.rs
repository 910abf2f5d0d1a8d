//! The tasks of a log that lies elsewhere: what writes and follows it for this node.
//!
//! Invariant: every task is joined before `stop` returns, or ended when a `LogWork` is gone.
//! It does not begin one again: a task ends only at a stop, or by a panic that an operator must see.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_events::ids::PartitionId;
use antler_events::log::jetstream::{JetStreamLog, Work};
use tokio::task::JoinHandle;

use crate::log_writers::WritersPanicked;

/// Running work of one log.
#[derive(Debug)]
pub struct LogWork {
    log: Arc<JetStreamLog>,
    tasks: Mutex<Vec<(PartitionId, JoinHandle<()>)>>,
}

impl LogWork {
    /// Gives each work a task of the runtime that this is called in.
    pub fn start(log: Arc<JetStreamLog>, work: Vec<(PartitionId, Work)>) -> Self {
        let tasks = work.into_iter().map(|(partition, work)| (partition, tokio::spawn(work))).collect();
        Self { log, tasks: Mutex::new(tasks) }
    }

    /// Partitions of which some work is gone although nobody stopped it.
    pub fn ended(&self) -> Vec<PartitionId> {
        let tasks = self.tasks();
        let ended = tasks.iter().filter(|(_, task)| task.is_finished());
        ended.map(|(partition, _)| *partition).collect()
    }

    /// Closes the log, lets it write what waits, and joins the tasks. A second call does nothing.
    pub async fn stop(&self) -> Result<(), WritersPanicked> {
        self.log.close();
        let tasks = std::mem::take(&mut *self.tasks());
        let mut partitions = Vec::new();
        for (partition, task) in tasks {
            if task.await.is_err() {
                partitions.push(partition.number());
            }
        }
        match partitions.is_empty() {
            true => Ok(()),
            false => Err(WritersPanicked::of(partitions)),
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<(PartitionId, JoinHandle<()>)>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LogWork {
    fn drop(&mut self) {
        self.log.close();
        self.tasks().iter().for_each(|(_, task)| task.abort());
    }
}
