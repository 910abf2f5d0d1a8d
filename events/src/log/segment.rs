//! The embedded event log: one chain of append-only segment files per partition.
//!
//! Rooms: `layout`, `header` and `frame` are the formats; `queue`, `committer` and `active` write; `read` reads
//! what `partition` holds; `catalogue`, `recover` and `tail` open, and `index` and `watermark` make that quick and
//! certain; `retain` truncates; `verify` proves; `finding` and `statistics` tell.
//! Invariant: what was acknowledged is read again or reported as damaged, with file and offset; never silently gone.
//! It owns no thread: each partition's `Committer` is run by whoever opened the log. Reads block on the disk.

mod active;
mod catalogue;
mod committer;
mod finding;
mod frame;
mod header;
mod index;
mod layout;
mod partition;
mod planted;
mod queue;
mod read;
mod recover;
mod retain;
mod statistics;
mod tail;
mod verify;
mod watermark;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

pub use committer::Committer;
pub use finding::{Finding, OpenError};
pub use layout::recorded_partitions;
pub use planted::Planted;
pub use verify::{BodyCheck, Verification, VerifyError, verify};

use self::partition::{Partition, Progress};
use crate::clock::Clock;
use crate::files::FileSystem;
use crate::ids::{Offset, PartitionId};
use crate::log::body::Compressors;
pub use crate::log::body::level_of_body;
use crate::log::pending::Pending;
use crate::log::{
    Append, AppendError, Appended, Bounds, BoxFuture, Chunk, EventLog, Hold, PartitionStatistics, ReadError,
    TruncateError,
};
use crate::subject::Subject;

/// How the log is laid out and written.
#[derive(Debug, Clone)]
pub struct SegmentOptions {
    pub dir: PathBuf,
    /// Fixed when the log is made.
    pub partitions: u16,
    /// A segment that has grown to this size is followed by a new one.
    pub segment_bytes: u64,
    /// Distance of the places that the index knows.
    pub index_every_bytes: u64,
    /// How long a commit waits for company.
    pub linger: Duration,
    /// So many stored bytes are committed at once.
    pub commit_bytes: usize,
    /// Stored bytes that may wait in one partition; further appends wait before they enter.
    pub queue_bytes: usize,
    /// Times what the disk takes for a sync; none: nothing is timed.
    pub clock: Option<Arc<dyn Clock>>,
    pub planted: Planted,
}

impl SegmentOptions {
    pub fn new(dir: PathBuf, partitions: u16) -> Self {
        Self {
            dir,
            partitions,
            segment_bytes: 128 << 20,
            index_every_bytes: 64 << 10,
            linger: Duration::from_millis(2),
            commit_bytes: 1 << 20,
            queue_bytes: 64 << 20,
            clock: None,
            planted: Planted::None,
        }
    }

    fn partition_dir(&self, partition: PartitionId) -> PathBuf {
        self.dir.join(format!("p{:03}", partition.number()))
    }

    fn queue_permits(&self) -> u32 {
        u32::try_from(self.queue_bytes).unwrap_or(u32::MAX).max(1)
    }
}

/// A log that can be used, the writers that someone has to run, and what was found at opening.
#[derive(Debug)]
pub struct Opened {
    pub log: Arc<SegmentLog>,
    pub committers: Vec<Committer>,
    pub findings: Vec<Finding>,
}

/// The embedded adapter of the event log.
pub struct SegmentLog {
    partitions: Vec<Arc<Partition>>,
    compressors: Compressors,
}

impl SegmentLog {
    pub fn open(files: &Arc<dyn FileSystem>, options: SegmentOptions) -> Result<Opened, OpenError> {
        let was_made = layout::was_made(&**files, &options)?;
        let options = Arc::new(options);
        let mut opened = Vec::new();
        for number in 0..options.partitions {
            opened.push(recover::open(files, &options, PartitionId::new(number), was_made)?);
        }
        if was_made {
            // The file may be the work of an open that failed before it was sure of the name.
            let synced = files.sync_dir(&options.dir);
            synced.map_err(|source| OpenError::storage("synced", &options.dir, source))?;
        } else {
            layout::make_certain(&**files, &options, &opened)?;
        }
        let partitions = opened.iter().map(|recovered| Arc::clone(&recovered.partition)).collect();
        let mut committers = Vec::new();
        let mut findings = Vec::new();
        for recovered in opened {
            committers.push(recovered.committer);
            findings.extend(recovered.findings);
        }
        let log = Arc::new(Self { partitions, compressors: Compressors::new() });
        Ok(Opened { log, committers, findings })
    }

    /// Takes no more appends; the committers finish what waits and return.
    pub fn close(&self) {
        self.partitions.iter().for_each(|partition| partition.close());
    }

    pub fn statistics(&self) -> Vec<PartitionStatistics> {
        self.partitions.iter().map(|partition| statistics::statistics_of(partition)).collect()
    }

    fn partition<E>(
        &self,
        id: PartitionId,
        error: impl FnOnce(PartitionId, u16) -> E,
    ) -> Result<&Arc<Partition>, E> {
        self.partitions.get(usize::from(id.number())).ok_or_else(|| error(id, self.partitions()))
    }

    fn readable(&self, id: PartitionId) -> Result<&Arc<Partition>, ReadError> {
        self.partition(id, |partition, partitions| ReadError::NoPartition { partition, partitions })
    }

    async fn append_to(&self, id: PartitionId, append: Append) -> Result<Appended, AppendError> {
        let partition =
            self.partition(id, |partition, partitions| AppendError::NoPartition { partition, partitions })?;
        append.check()?;
        let Append { events, expected } = append;
        let events = self.compressors.prepare_all(events);
        let stored: usize = events.iter().map(|event| event.stored.len()).sum();
        let permits = u32::try_from(stored).unwrap_or(u32::MAX).min(partition.options.queue_permits());
        let permit = Arc::clone(&partition.budget).acquire_many_owned(permits).await;
        let permit = permit.expect("the budget is never closed");
        let (answer, answered) = oneshot::channel();
        if partition.queue.push(Pending { events, expected, answer, permit }).is_err() {
            let reason = partition.state().stopped.clone().unwrap_or_else(|| "the log is closed".into());
            return Err(AppendError::Stopped { partition: id, reason });
        }
        answered.await.unwrap_or_else(|_| Err(AppendError::Unknown { reason: "the writer went away".into() }))
    }
}

impl fmt::Debug for SegmentLog {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SegmentLog").field("partitions", &self.partitions).finish_non_exhaustive()
    }
}

impl EventLog for SegmentLog {
    fn partitions(&self) -> u16 {
        self.partitions.len() as u16
    }

    fn append(&self, partition: PartitionId, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(self.append_to(partition, append))
    }

    fn read(
        &self,
        partition: PartitionId,
        from: Offset,
        bytes_max: usize,
    ) -> BoxFuture<'_, Result<Chunk, ReadError>> {
        Box::pin(async move { read::read(self.readable(partition)?, from, bytes_max) })
    }

    fn wait(&self, partition: PartitionId, from: Offset) -> BoxFuture<'_, Result<(), ReadError>> {
        Box::pin(async move {
            let mut progress = self.readable(partition)?.progress.subscribe();
            let arrived = |progress: &Progress| progress.next > from || progress.closed;
            match progress.wait_for(arrived).await {
                Ok(progress) if progress.next > from => Ok(()),
                _ => Err(ReadError::Storage { partition, reason: "the log is closed".into() }),
            }
        })
    }

    fn bounds(&self, partition: PartitionId) -> Result<Bounds, ReadError> {
        Ok(self.readable(partition)?.bounds())
    }

    fn bytes_from(&self, partition: PartitionId, from: Offset) -> Result<u64, ReadError> {
        Ok(self.readable(partition)?.bytes_from(from))
    }

    fn last_of(&self, partition: PartitionId, subject: Subject) -> Result<Offset, ReadError> {
        Ok(self.readable(partition)?.state().last_of.get(&subject).copied().unwrap_or_default())
    }

    fn hold(&self, partition: PartitionId, from: Offset) -> Result<Box<dyn Hold>, ReadError> {
        Ok(self.readable(partition)?.holds.hold(from))
    }

    fn truncate(
        &self,
        partition: PartitionId,
        below: Offset,
    ) -> BoxFuture<'_, Result<Offset, TruncateError>> {
        Box::pin(async move {
            let partition = self.partition(partition, |partition, partitions| {
                TruncateError::NoPartition { partition, partitions }
            })?;
            retain::truncate(partition, below)
        })
    }
}
