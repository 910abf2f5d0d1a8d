//! The event log under everything that users, disks and power supplies do to it.
//!
//! A world is a few lives of the program on one disk, each ended by a close, a kill or a power cut, and then an
//! ending: a clean proof, or damage that has to be noticed. Invariant: what was acknowledged is in the log,
//! byte for byte, or reported. It runs the writers itself: there is no thread and no linger here.

mod ending;
mod life;
mod model;
mod workload;

use std::path::PathBuf;
use std::sync::Arc;

use antler_events::files::FileSystem;
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::segment::{
    Finding, Opened, Planted, SegmentLog, SegmentOptions, Verification, verify,
};
use antler_events::log::{Chunk, EventLog as _};
use anyhow::{Context as _, bail, ensure};

use self::life::{Around, Life};
use self::model::PartitionModel;
use self::workload::Workload;
use super::opening::open_with_faults;
use crate::harness::Scenario;
use crate::world::{Fault, Rng, World};

/// Faults that may strike while a log is opened, and how often they do.
const ARMED_AT_OPEN: [(Fault, u16); 7] = [
    (Fault::SyncError, 200),
    (Fault::WriteError, 200),
    (Fault::SyncDirError, 200),
    (Fault::CreateError, 200),
    (Fault::RemoveError, 200),
    (Fault::ReadError, 100),
    (Fault::ShortRead, 500),
];

/// The scenario, with a bug in the log or without.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogScenario {
    pub planted: Planted,
}

impl Scenario for LogScenario {
    fn name(&self) -> &'static str {
        "log"
    }

    fn faults(&self) -> &'static [Fault] {
        &[
            Fault::PowerCut,
            Fault::ProcessKilled,
            Fault::DeathInside,
            Fault::LostWrite,
            Fault::ReorderedWrite,
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
            Fault::AppendDropped,
        ]
    }

    fn run(&self, world: &mut World) -> anyhow::Result<()> {
        let options = options(&mut world.rng, self.planted);
        world.trace.note(format_args!("{options:?}"));
        Course::new(world, options).run()
    }
}

/// Small enough that a short run rolls, indexes, waits for room and splits commits.
fn options(rng: &mut Rng, planted: Planted) -> SegmentOptions {
    SegmentOptions {
        segment_bytes: *rng.pick(&[1_000, 4_000, 16_000, 64_000]),
        index_every_bytes: *rng.pick(&[1, 500, 4_000]),
        commit_bytes: *rng.pick(&[1_000, 10_000]),
        queue_bytes: *rng.pick(&[2_000, 20_000, 1_000_000]),
        planted,
        ..SegmentOptions::new(PathBuf::from("data/log"), rng.between(1, 4) as u16)
    }
}

/// How the last life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Closed, and nothing had gone wrong.
    Clean,
    Rough,
}

/// The course of a world.
struct Course<'w> {
    world: &'w mut World,
    options: SegmentOptions,
    models: Vec<PartitionModel>,
    workload: Workload,
    last_end: End,
}

impl<'w> Course<'w> {
    fn new(world: &'w mut World, options: SegmentOptions) -> Self {
        let models = (0..options.partitions).map(|number| PartitionModel::new(PartitionId::new(number)));
        let workload = Workload::new(3 * options.commit_bytes as u64);
        Self { world, models: models.collect(), workload, options, last_end: End::Clean }
    }

    fn run(mut self) -> anyhow::Result<()> {
        for _ in 0..self.world.rng.between(1, 5) {
            self.live()?;
        }
        self.end()
    }

    fn live(&mut self) -> anyhow::Result<()> {
        let Opened { log, committers, findings } = self.open()?;
        self.check_opened(&log, &findings)?;
        let steps = self.world.rng.between(5, 120);
        let end = self.world.rng.below(10);
        let Self { world, models, workload, .. } = self;
        let files = Arc::clone(&world.files);
        let mut life = Life::new(Around { world, models, workload }, &log, committers);
        life.steps(steps)?;
        if end >= 7 {
            life.die_inside()?;
        }
        if end < 3 {
            let harmed = life.is_harmed();
            life.close()?;
            self.last_end = if harmed { End::Rough } else { End::Clean };
        } else if end.is_multiple_of(2) {
            files.kill_process();
            self.last_end = End::Rough;
        } else {
            files.cut_power();
            self.last_end = End::Rough;
        }
        self.world.faults.disarm_all();
        self.world.files.set_free(None);
        self.world.trace.note(format_args!("the life has ended: {end}"));
        Ok(())
    }

    /// Opens the log, sometimes on a bad disk; on a good one it must succeed.
    fn open(&mut self) -> anyhow::Result<Opened> {
        let options = &self.options;
        if self.world.rng.chance(250) {
            self.last_end = End::Rough;
            if let Some(opened) =
                open_with_faults(self.world, &ARMED_AT_OPEN, |world| open_log(world, options))
            {
                return Ok(opened);
            }
        }
        open_log(self.world, options).map_err(|error| anyhow::anyhow!("the log cannot be opened: {error:#}"))
    }

    fn verify(&self) -> anyhow::Result<Verification> {
        let files = &*self.world.files;
        Ok(verify(files, &self.options.dir, self.options.planted, &mut |_| Ok(()))?)
    }

    /// What an open log must show after a life that damaged nothing that was synced.
    fn check_opened(&mut self, log: &SegmentLog, findings: &[Finding]) -> anyhow::Result<()> {
        for finding in findings {
            self.world.trace.note(format_args!("found: {finding}"));
            match finding {
                Finding::TornTail { .. } if self.last_end == End::Rough => {}
                other => bail!("nothing was damaged, and the log reports: {other}"),
            }
        }
        for model in &mut self.models {
            check_partition(log, model).with_context(|| format!("partition {}", model.id))?;
            self.world.trace.note(format_args!("partition {} goes on at {}", model.id, model.next()));
        }
        Ok(())
    }
}

fn check_partition(log: &SegmentLog, model: &mut PartitionModel) -> anyhow::Result<()> {
    let bounds = log.bounds(model.id)?;
    let next = model.next();
    ensure!(bounds.next >= next, "acknowledged events are gone: the log ends at {}, not {next}", bounds.next);
    let lines_from = bounds.lines_from;
    ensure!(lines_from >= model.promised, "lines truncated below {} are back", model.promised);
    ensure!(
        lines_from <= model.permitted,
        "lines below {lines_from} are gone, allowed is {}",
        model.permitted
    );
    model.lines_from = lines_from;
    let mut events = life::read_range(log, model.id, Offset::ZERO, bounds.next)?;
    let known = events.partition_point(|event| event.envelope.offset < next);
    let newer = events.split_off(known);
    model.check_read(Offset::ZERO, &Chunk { events, next })?;
    ensure!(model.visible_from(Offset::ZERO).count() == known, "acknowledged events are gone");
    model.learn(&newer)?;
    model.forget_open();
    ensure!(model.next() == bounds.next, "the log ends at {}, and {} was read", bounds.next, model.next());
    life::check_subjects(log, model)
}

fn open_log(world: &World, options: &SegmentOptions) -> anyhow::Result<Opened> {
    let files: Arc<dyn FileSystem> = Arc::clone(&world.files) as _;
    Ok(SegmentLog::open(&files, options.clone())?)
}
