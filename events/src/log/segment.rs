//! The embedded event log: one chain of append-only segment files per partition.
//!
//! Rooms: `frame` and `header` are the formats; `queue` and `committer` write; `read` reads; `catalogue`, `recover`
//! and `tail` open; `index` and `watermark` make that quick and certain; `retain` truncates; `verify` proves.
//! Invariant: what was acknowledged is read again or reported as damaged, with file and offset; never silently gone.
//! It owns no thread: each partition's `Committer` is run by whoever opened the log. Reads block on the disk.

mod body;
mod catalogue;
mod committer;
mod frame;
mod header;
mod index;
mod partition;
mod planted;
mod queue;
mod read;
mod recover;
mod retain;
mod tail;
mod verify;
mod watermark;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;

pub use committer::Committer;
pub use planted::Planted;
pub use verify::{BodyCheck, Verification, VerifyError, verify};

use self::body::Compressors;
use self::partition::{Partition, Progress};
use self::queue::Pending;
use self::recover::Recovered;
use crate::files::{self, FileSystem};
use crate::ids::{Offset, PartitionId};
use crate::log::{
    APPEND_BYTES_MAX, APPEND_EVENTS_MAX, Append, AppendError, Appended, Bounds, BoxFuture, Chunk, Damage,
    EventLog, Hold, ReadError, TruncateError,
};
use crate::subject::Subject;

/// The file that says what the folder holds.
const LAYOUT_NAME: &str = "layout";
const LAYOUT: &str = "antler log 1";

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

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The end of an append that nobody was told about.
    TornTail {
        partition: PartitionId,
        file: String,
        position: u64,
        bytes: u64,
    },
    Damaged(Damage),
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail { partition, file, position, bytes } => write!(
                out,
                "{file} at byte {position}: {bytes} bytes of an append to partition {partition} \
                 that was never acknowledged"
            ),
            Self::Damaged(damage) => damage.fmt(out),
        }
    }
}

/// Why a log cannot be opened. Nothing in it was changed that was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} cannot be {action}", path.display())]
    Storage { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is of another version: {reason}", file.display())]
    Version { file: PathBuf, reason: String },
    #[error("the log in {} has {recorded} partitions, so it cannot be opened with {asked}", dir.display())]
    PartitionCount { dir: PathBuf, recorded: u16, asked: u16 },
    #[error("{} is missing, although partition {partition} holds events", file.display())]
    LayoutMissing { file: PathBuf, partition: PartitionId },
    #[error("a log needs at least one partition")]
    NoPartitions,
}

impl OpenError {
    fn storage(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Storage { action, path: path.to_owned(), source }
    }
}

/// What one partition has done since it was opened, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionStatistics {
    pub partition: PartitionId,
    pub bounds: Bounds,
    pub segments: u64,
    /// Bytes of frames on disk.
    pub disk_bytes: u64,
    pub appends: u64,
    pub events: u64,
    pub syncs: u64,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    pub refused: u64,
    pub waiting_bytes: u64,
    pub disk_full: bool,
    /// Why the writer has stopped.
    pub stopped: Option<Arc<str>>,
}

/// The embedded adapter of the event log.
pub struct SegmentLog {
    partitions: Vec<Arc<Partition>>,
    compressors: Compressors,
}

impl SegmentLog {
    pub fn open(files: &Arc<dyn FileSystem>, options: SegmentOptions) -> Result<Opened, OpenError> {
        let was_made = was_made(&**files, &options)?;
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
            make_certain(&**files, &options, &opened)?;
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
        self.partitions.iter().map(|partition| statistics_of(partition)).collect()
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
        check_append(&append)?;
        let Append { events, expected } = append;
        let events: Vec<_> = events.into_iter().map(|event| self.compressors.prepare(event)).collect();
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

    fn last_of(&self, partition: PartitionId, subject: Subject) -> Result<Offset, ReadError> {
        Ok(self.readable(partition)?.state().last_of.get(&subject).copied().unwrap_or_default())
    }

    fn hold(&self, partition: PartitionId, from: Offset) -> Result<Box<dyn Hold>, ReadError> {
        Ok(self.readable(partition)?.hold(from))
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

fn check_append(append: &Append) -> Result<(), AppendError> {
    if append.events.is_empty() {
        return Err(AppendError::Empty);
    }
    let bytes = append.events.iter().map(|event| event.body.len()).sum();
    for (what, actual, max) in
        [("events", append.events.len(), APPEND_EVENTS_MAX), ("bytes", bytes, APPEND_BYTES_MAX)]
    {
        if actual > max {
            return Err(AppendError::TooLarge { what, actual, max });
        }
    }
    match append.expected.iter().find(|expected| !expected.subject.kind.is_control()) {
        Some(expected) => Err(AppendError::LinesExpected { subject: expected.subject }),
        None => Ok(()),
    }
}

/// Whether the log was made before, and with as many partitions as are asked for.
fn was_made(files: &dyn FileSystem, options: &SegmentOptions) -> Result<bool, OpenError> {
    let SegmentOptions { dir, partitions: asked, .. } = options;
    if *asked == 0 {
        return Err(OpenError::NoPartitions);
    }
    files.create_dir(dir).map_err(|source| OpenError::storage("made", dir, source))?;
    match recorded_partitions(files, dir)? {
        Some(recorded) if recorded == *asked => Ok(true),
        Some(recorded) => Err(OpenError::PartitionCount { dir: dir.clone(), recorded, asked: *asked }),
        None => Ok(false),
    }
}

/// Writes the layout behind everything that it speaks of, so that whatever is missing later is damage.
fn make_certain(
    files: &dyn FileSystem,
    options: &SegmentOptions,
    opened: &[Recovered],
) -> Result<(), OpenError> {
    let SegmentOptions { dir, partitions, .. } = options;
    let path = dir.join(LAYOUT_NAME);
    if let Some(used) = opened.iter().find(|recovered| recovered.partition.bounds().next > Offset::FIRST) {
        return Err(OpenError::LayoutMissing { file: path, partition: used.partition.id });
    }
    files::replace(files, &path, format!("{LAYOUT}\npartitions {partitions}\n").as_bytes())
        .map_err(|source| OpenError::storage("written", &path, source))
}

/// How many partitions the log in a folder has; `None` if there is no log.
pub fn recorded_partitions(files: &dyn FileSystem, dir: &Path) -> Result<Option<u16>, OpenError> {
    let path = dir.join(LAYOUT_NAME);
    let bytes = match files::read_whole(files, &path, 4096) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|source| OpenError::storage("read", &path, source))?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let recorded = text
        .strip_prefix(LAYOUT)
        .and_then(|rest| rest.strip_prefix("\npartitions "))
        .and_then(|count| count.trim_end().parse().ok());
    let reason = || format!("it begins with {:?}", text.chars().take(40).collect::<String>());
    recorded.map(Some).ok_or_else(|| OpenError::Version { file: path, reason: reason() })
}

fn statistics_of(partition: &Partition) -> PartitionStatistics {
    let bounds = partition.bounds();
    let waiting = partition.options.queue_permits() as usize - partition.budget.available_permits();
    let state = partition.state();
    let counters = &partition.counters;
    PartitionStatistics {
        partition: partition.id,
        bounds,
        segments: state.segments.len() as u64,
        disk_bytes: state.segments.iter().map(|segment| segment.frames_end).sum(),
        appends: counters.appends.load(Ordering::Relaxed),
        events: counters.events.load(Ordering::Relaxed),
        syncs: counters.syncs.load(Ordering::Relaxed),
        raw_bytes: counters.raw_bytes.load(Ordering::Relaxed),
        stored_bytes: counters.stored_bytes.load(Ordering::Relaxed),
        refused: counters.refused.load(Ordering::Relaxed),
        waiting_bytes: waiting as u64,
        disk_full: state.disk_full,
        stopped: state.stopped.clone(),
    }
}
