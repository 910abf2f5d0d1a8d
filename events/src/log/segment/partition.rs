//! A partition as its readers and its writer share it: segments, bounds, holds, progress.
//!
//! Invariant: what is in `State` is on stable storage; the writer publishes only behind a sync.
//! It does not write: `committer.rs` appends and `retain.rs` truncates.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{Semaphore, watch};

use super::SegmentOptions;
use super::frame::WalkFrom;
use super::header::FRAMES_AT;
use super::index::Entry;
use super::queue::Queue;
use crate::durations::Durations;
use crate::files::{File, FileSystem};
use crate::ids::{Offset, PartitionId};
use crate::log::Bounds;
use crate::log::heads::LastOf;
use crate::log::holds::Holds;

pub(super) struct Partition {
    pub id: PartitionId,
    pub dir: PathBuf,
    pub files: Arc<dyn FileSystem>,
    pub options: Arc<SegmentOptions>,
    pub queue: Queue,
    pub budget: Arc<Semaphore>,
    pub counters: Counters,
    pub progress: watch::Sender<Progress>,
    pub holds: Arc<Holds>,
    /// Held by the one truncation that runs.
    pub truncation: Mutex<()>,
    state: Mutex<State>,
}

/// What followers wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    pub next: Offset,
    pub closed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub appends: AtomicU64,
    pub events: AtomicU64,
    pub syncs: AtomicU64,
    /// What each of them took, if there is a clock.
    pub sync_times: Durations,
    pub raw_bytes: AtomicU64,
    pub stored_bytes: AtomicU64,
    pub refused: AtomicU64,
}

#[derive(Debug)]
pub(super) struct State {
    /// In order; the last one is being written.
    pub segments: Vec<Segment>,
    pub next: Offset,
    pub last_of: LastOf,
    /// Why there will be no more appends.
    pub stopped: Option<Arc<str>>,
    pub disk_full: bool,
}

/// A segment file as readers see it.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub base: Offset,
    /// For a compacted one: the first offset it does not stand for.
    pub covered: Option<Offset>,
    pub path: PathBuf,
    pub file: Arc<dyn File>,
    /// Where its durable frames end.
    pub frames_end: u64,
    pub entries: Vec<Entry>,
}

impl Segment {
    /// The last known place at or before an offset.
    fn place_of(&self, offset: Offset) -> Entry {
        let behind = self.entries.partition_point(|entry| entry.offset <= offset);
        let first = Entry { offset: self.base, position: FRAMES_AT };
        behind.checked_sub(1).map_or(first, |at| self.entries[at])
    }

    /// A walk that begins at or before `offset`; `until` is the first offset of the next segment.
    pub(super) fn walk_from(&self, partition: &Partition, offset: Offset, until: Offset) -> WalkFrom {
        let place = self.place_of(offset);
        WalkFrom {
            partition: partition.id,
            file: Arc::clone(&self.file),
            position: place.position,
            end: self.frames_end,
            expected: place.offset,
            until,
            covered: self.covered,
            planted: partition.options.planted,
        }
    }
}

/// Where to read on.
pub(super) struct Place {
    pub walk: WalkFrom,
    pub path: PathBuf,
    /// The first offset of the segment.
    pub base: Offset,
    /// The first offset of the next segment, or the end of the log.
    pub until: Offset,
}

impl Partition {
    pub(super) fn new(
        id: PartitionId,
        dir: PathBuf,
        files: Arc<dyn FileSystem>,
        options: Arc<SegmentOptions>,
        state: State,
    ) -> Self {
        let budget = options.queue_permits();
        let progress = watch::Sender::new(Progress { next: state.next, closed: false });
        Self {
            id,
            dir,
            files,
            queue: Queue::new(options.commit_bytes),
            options,
            budget: Arc::new(Semaphore::new(budget as usize)),
            counters: Counters::default(),
            progress,
            holds: Arc::default(),
            truncation: Mutex::new(()),
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// The place of an offset; `None` if it is not durable yet.
    pub(super) fn place_of(&self, offset: Offset) -> Option<Place> {
        let state = self.state();
        if offset >= state.next {
            return None;
        }
        let behind = state.segments.partition_point(|segment| segment.base <= offset);
        let at = behind.saturating_sub(1);
        let segment = &state.segments[at];
        let until = state.segments.get(at + 1).map_or(state.next, |next| next.base);
        let walk = segment.walk_from(self, offset, until);
        Some(Place { walk, path: segment.path.clone(), base: segment.base, until })
    }

    pub(super) fn bounds(&self) -> Bounds {
        let state = self.state();
        Bounds { lines_from: state.lines_from(), next: state.next }
    }

    /// Counts from the last known place at or before the offset.
    pub(super) fn bytes_from(&self, from: Offset) -> u64 {
        let state = self.state();
        if from >= state.next {
            return 0;
        }
        let at = state.segments.partition_point(|segment| segment.base <= from).saturating_sub(1);
        let ends = state.segments[at..].iter().map(|segment| segment.frames_end.saturating_sub(FRAMES_AT));
        let passed = state.segments[at].place_of(from).position.saturating_sub(FRAMES_AT);
        ends.sum::<u64>().saturating_sub(passed)
    }

    /// After this nothing enters; what waits is still written.
    pub(super) fn close(&self) {
        self.queue.close();
        self.progress.send_modify(|progress| progress.closed = true);
    }

    pub(super) fn count(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Partition {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Partition").field("id", &self.id).field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl State {
    /// Compacted segments stand at the beginning, one behind the other.
    pub(super) fn lines_from(&self) -> Offset {
        self.segments.iter().map_while(|segment| segment.covered).last().unwrap_or(Offset::FIRST)
    }
}
