//! The store of groups: what makes lines in columns durable and keeps them so.
//!
//! Lines enter the open group of their partition (`apply`), a full group waits (`memory`) until somebody
//! seals it (`sealing`), files count when the catalogue names them (`folder`, `commit`), and a search takes
//! all groups of one moment (`snapshot`). `recover` opens; `prove` and `quarantine` find and take out what is
//! damaged; `erase`, `retain`, `compact` and `cold` rewrite groups, whose rows `carry` carries.
//! Invariant: every line that was applied up to a partition's checkpoint is in exactly one group on disk, or
//! in one that is reported as missing. It owns no thread: callers run the work. What is above the checkpoint
//! is the event log's to give again.

mod apply;
mod carry;
mod cold;
mod commit;
mod compact;
mod compactor;
mod disk;
mod erase;
mod error;
mod folder;
mod masked;
mod memory;
mod pace;
mod planted;
mod prove;
mod quarantine;
mod recover;
mod retain;
mod retention;
mod sealing;
mod snapshot;
mod statistics;
mod verify;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use antler_config::{ByteSize, Index};
use antler_events::ids::{Offset, PartitionId};

pub use apply::Applied;
pub use compact::CompactReport;
pub use error::{ApplyError, Finding, StoreError};
pub use pace::Pace;
pub use planted::Planted;
pub use retain::RetainReport;
pub use retention::{Retention, RetentionCondition, RetentionRule, TenantRetention};
pub use sealing::SealReport;
pub use snapshot::{GroupHandle, GroupId, Snapshot};
pub use statistics::StoreStatistics;
pub use verify::{StoreVerification, verify};

use self::apply::Writer;
use self::compactor::Compactor;
use self::disk::Disk;
use self::memory::MemoryGroup;
use self::sealing::Prepared;
use super::catalogue::{Catalogue, GroupEntry};
use super::open::OpenGroup;

/// Columns and shapes of a group that is full by them alone; the group itself takes a few more.
const FORMS_MAX: usize = 49_152;
/// How strongly new groups are compressed.
const LEVEL: i32 = 1;
/// The same for old ones: levels above save a quarter of a percent for two to three times the work.
const COLD_LEVEL: i32 = 15;

/// How a store is laid out and what it may hold in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    pub dir: PathBuf,
    /// A group with so many rows, or bytes of lines, or columns and shapes, is full.
    pub rows_max: u32,
    pub raw_bytes_max: u64,
    pub forms_max: usize,
    /// A group that stays open longer is sealed as it is.
    pub open_for_max: Duration,
    /// Memory of an open group; each partition has one.
    pub open_bytes_max: usize,
    /// Full groups that may wait to be sealed; with more, lines are not taken.
    pub sealing_max: usize,
    /// Memory of directories of groups that are kept open.
    pub directories_bytes_max: usize,
    /// Memory of blocks that were read lately.
    pub blocks_bytes_max: usize,
    /// How strongly new groups are compressed.
    pub level: i32,
    /// Groups older than this are compressed again, so strongly.
    pub cold_after: Duration,
    pub cold_level: i32,
    pub planted: Planted,
}

impl StoreOptions {
    /// With the usual settings.
    pub fn new(dir: PathBuf) -> Self {
        Self::with_settings(dir, &Index::default())
    }

    pub fn with_settings(dir: PathBuf, settings: &Index) -> Self {
        let bytes = |size: ByteSize| usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
        Self {
            dir,
            rows_max: settings.rows_max,
            raw_bytes_max: settings.raw_bytes_max.as_u64(),
            forms_max: FORMS_MAX,
            open_for_max: settings.open_for_max,
            open_bytes_max: bytes(settings.open_bytes_max),
            sealing_max: usize::from(settings.sealing_max),
            directories_bytes_max: bytes(settings.directories_bytes_max),
            blocks_bytes_max: bytes(settings.blocks_bytes_max),
            level: LEVEL,
            cold_after: settings.cold_after,
            cold_level: COLD_LEVEL,
            planted: Planted::None,
        }
    }
}

/// A store that can be used, and what was found at opening.
#[derive(Debug)]
pub struct Opened {
    pub store: ColumnStore,
    pub findings: Vec<Finding>,
}

/// Groups on disk and in memory.
///
/// Locks are taken in this order: sealer or compactor, `commits`, a lane, `state`; `state` is never held
/// while a file is touched.
pub struct ColumnStore {
    options: StoreOptions,
    disk: Arc<Disk>,
    state: Mutex<State>,
    /// Held by whoever changes the catalogue.
    commits: Mutex<()>,
    /// Held by whoever seals.
    sealer: Mutex<Option<Prepared>>,
    /// Held by whoever compacts.
    compactor: Mutex<Compactor>,
    lanes: Mutex<BTreeMap<PartitionId, Arc<Mutex<Writer>>>>,
}

/// What is true now.
#[derive(Debug)]
struct State {
    /// As it is on disk.
    catalogue: Arc<Catalogue>,
    /// The next group on disk gets this number.
    next_number: u64,
    /// The next group in memory gets this one.
    next_sequence: u64,
    lanes: BTreeMap<PartitionId, Lane>,
    /// Groups that were sealed; their memory is used again.
    spares: Vec<OpenGroup>,
    /// Groups that do not count any more; their files go when nobody reads them.
    dropped: Vec<Arc<GroupEntry>>,
    /// Groups that were written for a change that failed. The disk may have it nevertheless, so their files
    /// stay until another change is durable.
    doubtful: Vec<Arc<GroupEntry>>,
}

/// The groups of a partition in memory.
#[derive(Debug)]
struct Lane {
    applied: Offset,
    open: Arc<MemoryGroup>,
    /// From old to new.
    sealing: VecDeque<Arc<MemoryGroup>>,
}

impl ColumnStore {
    /// Events of the partition up to this one are in groups on disk.
    pub fn checkpoint(&self, partition: PartitionId) -> Offset {
        self.state().catalogue.checkpoints.get(&partition).copied().unwrap_or(Offset::ZERO)
    }

    /// Events of the partition up to this one are seen by a snapshot.
    pub fn applied(&self, partition: PartitionId) -> Offset {
        let state = self.state();
        let durable = || state.catalogue.checkpoints.get(&partition).copied();
        state.lanes.get(&partition).map(|lane| lane.applied).or_else(durable).unwrap_or(Offset::ZERO)
    }

    /// All groups that a search sees now.
    pub fn snapshot(&self) -> Snapshot {
        let (catalogue, mut memory) = self.groups_now();
        memory.sort_unstable_by_key(|group| group.sequence);
        let (disk, marks) = (&self.disk, &catalogue.marks);
        let sealed =
            catalogue.groups.values().map(|entry| GroupHandle::sealed(Arc::clone(entry), disk, marks));
        let memory = memory.iter().filter_map(|group| GroupHandle::memory(group, disk, marks));
        Snapshot { groups: sealed.chain(memory).collect(), missing: catalogue.quarantined.clone() }
    }

    /// The catalogue and all groups in memory, of one moment.
    fn groups_now(&self) -> (Arc<Catalogue>, Vec<Arc<MemoryGroup>>) {
        let state = self.state();
        let lanes = state.lanes.values();
        let memory = lanes.flat_map(|lane| lane.sealing.iter().chain([&lane.open]).map(Arc::clone));
        (Arc::clone(&state.catalogue), memory.collect())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state of the store")
    }
}

impl fmt::Debug for ColumnStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let (groups, lanes) = (state.catalogue.groups.len(), state.lanes.len());
        write!(out, "ColumnStore({}, {groups} groups, {lanes} lanes)", self.options.dir.display())
    }
}

#[cfg(test)]
mod tests;
