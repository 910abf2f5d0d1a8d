//! Lines in groups, open and sealed, for bodies that ask a store without its folder.
//!
//! Invariant: the lines are one tenant's, in one event, and each is in one of the sealed groups. It checks
//! nothing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use antler_config::limits::LineLimits;
use antler_events::event::lines::Arrival;
use antler_events::files::{Access, File, FileSystem as _};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_projections::index::columns::block::ReadError;
use antler_projections::index::columns::group::{SealedGroup, Shared};
use antler_projections::index::columns::open::OpenGroup;
use antler_projections::index::columns::seal::{days, seal};
use antler_projections::index::columns::search::budget::Budget;
use antler_projections::index::columns::search::select::SearchGroup;
use antler_projections::index::columns::view::GroupView;

use super::queries::NOW;
use crate::world::{Faults, Rng, SimulatedClock, SimulatedFiles};

/// Every time.
pub(super) const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

/// A group that can be searched.
pub(super) struct Held<G>(pub(super) G);

impl<G: GroupView> SearchGroup for Held<G> {
    fn span(&self) -> (i64, i64) {
        self.0.span().unwrap_or(ALWAYS)
    }

    fn with<R>(&self, read: impl FnOnce(&dyn GroupView) -> R) -> Result<R, ReadError> {
        Ok(read(&self.0))
    }
}

pub(super) fn tenant(number: u8) -> TenantId {
    TenantId::parse(&format!("tenant-{number}")).expect("a name of letters and digits")
}

/// The lines that are taken, as a batch.
pub(super) fn batch<'a>(lines: impl Iterator<Item = &'a [u8]>) -> LineBatch {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), NOW);
    for line in lines {
        // A refusal is as good an answer as any.
        let _ = builder.push(line);
    }
    builder.finish()
}

pub(super) fn open_group(batch: &LineBatch) -> OpenGroup {
    let mut group = OpenGroup::new(PartitionId::new(0));
    group.apply(tenant(0), Offset::FIRST, batch, &Arrival::default());
    group
}

/// The files that a group is sealed to.
pub(super) fn sealed_files(group: &OpenGroup) -> Vec<Vec<u8>> {
    let sealed = |rows: &[u32]| seal(group, rows, 1).expect("memory takes all bytes");
    days(group).iter().map(|day| sealed(&day.rows)).collect()
}

/// Opens the bytes of a file as a group.
pub(super) fn opened(bytes: &[u8]) -> Result<Held<SealedGroup>, ReadError> {
    let shared = Shared::new(1 << 20, 1 << 20);
    SealedGroup::open(file(bytes), 1, Arc::new(shared)).map(Held)
}

/// Asks with all the time in the world.
pub(super) fn with_budget<T>(ask: impl FnOnce(&Budget<'_>) -> T) -> T {
    let (clock, is_cancelled) = (SimulatedClock::new(Rng::new(1)), AtomicBool::new(false));
    ask(&Budget::alone(&clock, &is_cancelled))
}

fn file(bytes: &[u8]) -> Box<dyn File> {
    let faults = Arc::new(Faults::new(Rng::new(1)));
    let files = SimulatedFiles::new(faults, Arc::new(SimulatedClock::new(Rng::new(1))));
    let path = Path::new("data/group");
    files.create_dir(Path::new("data")).expect("no fault is armed");
    files.place(path, bytes);
    files.open(path, Access::Read).expect("the file was placed")
}
