//! The column store under everything that a log, users, disks and power supplies do to it.
//!
//! A world is a few lives of a store on one disk, each ended by a close, a kill or a power cut, and then an
//! ending: all is sealed and proved, or damage has to be named. Invariant: what is seen is the fold of the
//! log, each line once, byte for byte and its tenant's only, except lines of groups that are named as
//! missing. The log itself is a list here: it never fails.

mod ending;
mod life;
mod model;
mod sight;
mod workload;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use antler_events::files::FileSystem;
use antler_projections::index::columns::store::{ColumnStore, Finding, Opened, Planted, StoreOptions};
use anyhow::{bail, ensure};

use self::life::{Around, Life};
use self::model::Model;
use self::sight::Stock;
use self::workload::Workload;
use super::opening::open_with_faults;
use crate::harness::Scenario;
use crate::world::{Fault, Rng, World};

/// Faults that may strike while a store is opened, and how often they do.
const ARMED_AT_OPEN: [(Fault, u16); 8] = [
    (Fault::SyncError, 200),
    (Fault::WriteError, 200),
    (Fault::SyncDirError, 200),
    (Fault::CreateError, 200),
    (Fault::RenameError, 200),
    (Fault::RemoveError, 200),
    (Fault::ReadError, 100),
    (Fault::ShortRead, 500),
];

/// The scenario, with a bug in the store or without.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreScenario {
    pub planted: Planted,
}

impl Scenario for StoreScenario {
    fn name(&self) -> &'static str {
        "store"
    }

    fn faults(&self) -> &'static [Fault] {
        &[
            Fault::PowerCut,
            Fault::ProcessKilled,
            Fault::DeathInside,
            Fault::LostWrite,
            Fault::TornWrite,
            Fault::StaleSector,
            Fault::LostName,
            Fault::BitFlipAtRest,
            Fault::BitFlipInRead,
            Fault::ShortRead,
            Fault::ReadError,
            Fault::WriteError,
            Fault::DiskFull,
            Fault::SyncError,
            Fault::SyncDirError,
            Fault::CreateError,
            Fault::RenameError,
            Fault::RemoveError,
            Fault::SlowDisk,
        ]
    }

    fn run(&self, world: &mut World) -> anyhow::Result<()> {
        let options = options(&mut world.rng, self.planted);
        world.trace.note(format_args!("{options:?}"));
        Course::new(world, options)?.run()
    }
}

/// Small enough that a short run seals, waits for room, merges and forgets what it read.
fn options(rng: &mut Rng, planted: Planted) -> StoreOptions {
    StoreOptions {
        rows_max: rng.between(20, 201) as u32,
        raw_bytes_max: *rng.pick(&[2_000, 1 << 20]),
        open_for_max: Duration::from_secs(rng.between(1, 60)),
        sealing_max: rng.between(1, 4) as usize,
        directories_bytes_max: *rng.pick(&[0, 20_000, 1 << 20, 1 << 20]),
        blocks_bytes_max: *rng.pick(&[0, 10_000, 1 << 20, 1 << 20]),
        // Below 0 hardly anything is compressed, which costs a world of small groups most of its time.
        level: *rng.pick(&[1, -100, -100, -100]),
        planted,
        ..StoreOptions::new(PathBuf::from("data/index"))
    }
}

/// The course of a world.
struct Course<'w> {
    world: &'w mut World,
    options: StoreOptions,
    model: Model,
    workload: Workload,
    stock: Stock,
    /// A bit of the catalogue or of its copy was flipped, and no open has seen it.
    is_catalogue_flipped: bool,
}

impl<'w> Course<'w> {
    fn new(world: &'w mut World, options: StoreOptions) -> anyhow::Result<Self> {
        let model = Model::new(world.rng.between(1, 4) as u16, world.rng.between(2, 5) as usize);
        let (workload, stock) = (Workload::new()?, Stock::default());
        Ok(Self { world, options, model, workload, stock, is_catalogue_flipped: false })
    }

    fn run(mut self) -> anyhow::Result<()> {
        for _ in 0..self.world.rng.between(1, 4) {
            self.live()?;
        }
        self.end()
    }

    fn live(&mut self) -> anyhow::Result<()> {
        let store = self.open()?;
        let steps = self.world.rng.between(5, 40);
        let end = self.world.rng.below(10);
        let files = Arc::clone(&self.world.files);
        let mut life = self.life(&store);
        life.begin()?;
        life.steps(steps)?;
        if end >= 5 {
            life.die_inside()?;
        }
        drop(life);
        drop(store);
        match end {
            0..2 => {}
            2..5 => files.kill_process(),
            _ if end.is_multiple_of(2) => files.kill_process(),
            _ => files.cut_power(),
        }
        self.world.faults.disarm_all();
        self.world.files.set_free(None);
        self.world.trace.note(format_args!("the life has ended: {end}"));
        self.flip_catalogue();
        Ok(())
    }

    fn life<'a>(&'a mut self, store: &'a ColumnStore) -> Life<'a, 'a> {
        let Self { world, model, workload, stock, options, .. } = self;
        Life::new(Around { world, model, workload, stock }, store, options)
    }

    /// Opens the store, sometimes on a bad disk; on a good one it must succeed.
    fn open(&mut self) -> anyhow::Result<ColumnStore> {
        let options = &self.options;
        if self.world.rng.chance(250)
            && let Some(opened) =
                open_with_faults(self.world, &ARMED_AT_OPEN, |world| open_store(world, options))
        {
            return self.check_opened(opened);
        }
        match open_store(self.world, options) {
            Ok(opened) => self.check_opened(opened),
            Err(error) => bail!("the store cannot be opened: {error:#}"),
        }
    }

    /// An open finds what a crash left behind, and a catalogue that was flipped; nothing else.
    fn check_opened(&mut self, opened: Opened) -> anyhow::Result<ColumnStore> {
        for finding in &opened.findings {
            self.world.trace.note(format_args!("found: {finding}"));
            match finding {
                Finding::Leftover { .. } => {}
                Finding::Catalogue { .. } => {
                    ensure!(
                        self.is_catalogue_flipped,
                        "nothing was damaged, and the store reports: {finding}"
                    );
                }
                Finding::Group { .. } => bail!("no file was cut or lost, and the store reports: {finding}"),
            }
        }
        self.is_catalogue_flipped = false;
        Ok(opened.store)
    }

    /// Either of the two catalogues will do.
    fn flip_catalogue(&mut self) {
        if !self.world.rng.chance(80) || self.is_catalogue_flipped {
            return;
        }
        let name = *self.world.rng.pick(&["catalogue", "catalogue.copy"]);
        let path = self.options.dir.join(name);
        if let Some(flip) = self.world.files.flip_at_rest(|other| other == path) {
            self.world.trace.note(format_args!("{flip:?}"));
            self.is_catalogue_flipped = true;
        }
    }
}

fn open_store(world: &World, options: &StoreOptions) -> anyhow::Result<Opened> {
    let files: Arc<dyn FileSystem> = Arc::clone(&world.files) as _;
    Ok(ColumnStore::open(&files, options.clone())?)
}

#[cfg(test)]
mod tests;
