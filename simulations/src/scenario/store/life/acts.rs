//! What is done to a store: lines are applied, groups sealed, merged, erased and dropped, and the disk fails.
//!
//! Invariant: the model is told what an answer of the store promises, and nothing that was only tried, but
//! for what may have happened all the same. It looks at no lines.

use std::time::Duration;

use antler_events::clock::{Clock as _, Timestamp};
use antler_events::ids::{PartitionId, TenantId};
use antler_projections::index::columns::store::{ApplyError, RetainReport, Retention, TenantRetention};
use anyhow::{bail, ensure};

use super::super::model::{Event, place_of};
use super::super::sight::{ALL, ask};
use super::super::workload::tenant;
use super::{Around, Life};
use crate::world::{Fault, World};

/// Faults that strike while the store works, and how often they do when they are armed.
const ARMED: [(Fault, u16); 10] = [
    (Fault::SyncError, 150),
    (Fault::WriteError, 100),
    (Fault::SyncDirError, 200),
    (Fault::CreateError, 150),
    (Fault::RenameError, 200),
    (Fault::RemoveError, 300),
    (Fault::ReadError, 60),
    (Fault::BitFlipInRead, 60),
    (Fault::SlowDisk, 300),
    (Fault::ShortRead, 300),
];

const HOUR: Duration = Duration::from_secs(3_600);
/// Lines of the tenant with the same number are kept so long; of the others for ever.
const AGES: [Duration; 2] = [Duration::from_secs(12 * 3_600), Duration::from_secs(30 * 3_600)];
/// Rounds of sealing or compacting that no world needs.
const ROUNDS_MAX: usize = 1_000;

impl Life<'_, '_> {
    pub(super) fn step(&mut self) -> anyhow::Result<()> {
        match self.around.world.rng.below(100) {
            0..42 => self.append(),
            42..60 => self.seal(),
            60..63 => self.tick(),
            63..65 => self.cool(),
            65..72 => self.compact(),
            72..75 => self.retain().map(drop),
            75..78 => self.erase(),
            78..81 => self.hold(),
            81..91 => self.question(),
            91..93 => self.flip(),
            _ => self.change_faults(),
        }
    }

    /// The log gets some events, and the store as many of them as it takes.
    pub(super) fn append(&mut self) -> anyhow::Result<()> {
        for _ in 0..self.around.world.rng.between(1, 5) {
            self.record()?;
        }
        for partition in self.partitions() {
            self.apply_rest(partition)?;
        }
        Ok(())
    }

    fn record(&mut self) -> anyhow::Result<()> {
        let Around { world, model, workload, .. } = &mut self.around;
        let World { rng, clock, .. } = &mut **world;
        clock.advance(Duration::from_millis(rng.below(2_000)));
        let partition = PartitionId::new(rng.index(model.partitions.len()) as u16);
        let number = rng.index(model.tenants.len());
        let batch = rng.chance(900).then(|| workload.batch(rng, clock.now())).transpose()?;
        let events = model.partitions.get_mut(&partition).expect("a partition of the model");
        let offset = events.next_offset().plus(if rng.chance(100) { rng.below(5) } else { 0 });
        let lines = batch.as_ref().map(|batch| workload.lines(batch)).unwrap_or_default();
        let places = (0..).map(|line| (partition, offset, line));
        model.tenants[number].lines.extend(places.zip(lines));
        events.events.push(Event { tenant: number, offset, batch });
        Ok(())
    }

    /// Applies what the store does not have, until it takes no more.
    fn apply_rest(&mut self, partition: PartitionId) -> anyhow::Result<bool> {
        let Around { world, model, .. } = &mut self.around;
        let known = model.partitions.get_mut(&partition).expect("a partition of the model");
        // What comes again is not taken twice.
        if world.rng.chance(100)
            && let Some(Event { tenant, offset, batch: Some(batch) }) = known.events.first()
            && *offset <= known.applied
        {
            let tenant = model.tenants[*tenant].id;
            let applied = self.store.apply(tenant, partition, *offset, &batch.lines, &batch.arrival)?;
            ensure!(applied.rows == 0, "event {offset} came again and was taken");
        }
        while let Some(Event { tenant, offset, batch }) = known.next_event() {
            let offset = *offset;
            let tenant = model.tenants[*tenant].id;
            match batch {
                None => self.store.pass(partition, offset),
                Some(batch) => {
                    match self.store.apply(tenant, partition, offset, &batch.lines, &batch.arrival) {
                        Ok(applied) => ensure!(
                            applied.rows == 0 || applied.rows as usize == batch.lines.len(),
                            "event {offset} was taken in part"
                        ),
                        Err(ApplyError::Full { waiting }) => {
                            ensure!(
                                waiting >= self.options.sealing_max,
                                "{waiting} groups wait, and that is too many"
                            );
                            world.trace.note(format_args!("event {offset} of {partition} has no room"));
                            return Ok(false);
                        }
                    }
                }
            }
            known.applied = offset;
            ensure!(self.store.applied(partition) == offset, "event {offset} was applied and is not known");
            world.trace.note(format_args!("event {offset} of {partition}"));
        }
        Ok(true)
    }

    /// Applies everything on a good disk.
    pub(super) fn catch_up(&mut self) -> anyhow::Result<()> {
        for partition in self.partitions() {
            let mut rounds = 0;
            while !self.apply_rest(partition)? {
                self.seal()?;
                rounds += 1;
                ensure!(rounds < ROUNDS_MAX, "partition {partition} never catches up");
            }
        }
        Ok(())
    }

    pub(super) fn seal(&mut self) -> anyhow::Result<()> {
        let report = match self.store.seal_next() {
            Ok(Some(report)) => report,
            Ok(None) => return Ok(()),
            Err(error) => return self.failed("a seal", &error),
        };
        let Around { world, model, .. } = &mut self.around;
        world.trace.note(format_args!("{report:?}"));
        let partition = model.partitions.get_mut(&report.partition).expect("a partition of the model");
        ensure!(report.checkpoint > partition.checkpoint, "a seal does not bring the checkpoint forward");
        ensure!(report.checkpoint <= partition.applied, "the checkpoint is ahead of what was applied");
        ensure!(
            self.store.checkpoint(report.partition) == report.checkpoint,
            "the checkpoint is another one"
        );
        partition.checkpoint = report.checkpoint;
        Ok(())
    }

    /// Seals on a good disk until nothing is in memory only.
    pub(super) fn seal_all(&mut self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            let is_flushed = self.store.flush().is_ok();
            if is_flushed && self.store.statistics().sealing == 0 {
                return Ok(());
            }
            self.seal()?;
        }
        bail!("sealing never ends")
    }

    fn tick(&mut self) -> anyhow::Result<()> {
        let World { rng, clock, trace, .. } = &mut *self.around.world;
        match rng.below(10) {
            0 => clock.jump(),
            1..4 => clock.advance_up_to(6 * HOUR),
            _ => clock.advance_up_to(2 * self.options.open_for_max),
        }
        trace.note(format_args!("tick: {}", self.store.tick(clock.now())));
        Ok(())
    }

    pub(super) fn compact(&mut self) -> anyhow::Result<()> {
        match self.store.compact_next() {
            Ok(report) => self.around.world.trace.note(format_args!("{report:?}")),
            Err(error) => self.failed("a compaction", &error)?,
        }
        Ok(())
    }

    pub(super) fn cool(&mut self) -> anyhow::Result<()> {
        let now = self.around.world.clock.now();
        match self.store.cold_next(now) {
            Ok(report) => self.around.world.trace.note(format_args!("cold: {report:?}")),
            Err(error) => self.failed("a cold step", &error)?,
        }
        Ok(())
    }

    /// Compacts on a good disk until nothing is left to do; each damaged group may stop it once.
    fn compact_all(&mut self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            match self.store.compact_next() {
                Ok(None) => return Ok(()),
                Ok(Some(report)) => self.around.world.trace.note(format_args!("{report:?}")),
                Err(error) => self.failed("a compaction", &error)?,
            }
            self.glance()?;
        }
        bail!("compaction never ends")
    }

    /// Compacts and drops on a good disk until nothing is too old: without lines that are gone, erased ones too, a group
    /// may be older than it was with them.
    pub(super) fn drop_all(&mut self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            self.compact_all()?;
            let retained = self.retain()?;
            if retained.is_some_and(|report| report.groups == 0 && report.groups_due == 0) {
                return Ok(());
            }
        }
        bail!("retention never ends")
    }

    /// What was dropped, unless it failed with a reason.
    fn retain(&mut self) -> anyhow::Result<Option<RetainReport>> {
        let now = self.around.world.clock.now();
        let retained = self.store.retain(now, &self.retention);
        for tenant in &mut self.around.model.tenants {
            if let Some(age) = age(tenant.id) {
                tenant.expired_before = tenant.expired_before.max(before(now, age));
            }
        }
        match retained {
            Ok(report) => {
                self.around.world.trace.note(format_args!("{report:?}"));
                Ok(Some(report))
            }
            Err(error) => self.failed("retention", &error).map(|()| None),
        }
    }

    pub(super) fn erase(&mut self) -> anyhow::Result<()> {
        let Around { world, model, .. } = &mut self.around;
        let applied = model.applied();
        let number = world.rng.index(model.tenants.len());
        let tenant = &mut model.tenants[number];
        match self.store.erase(tenant.id) {
            Ok(()) => {
                world.trace.note(format_args!("{} is erased", tenant.id));
                tenant.erase(&applied);
                Ok(())
            }
            Err(error) => {
                tenant.doubtful.push(applied);
                self.failed("an erasure", &error)
            }
        }
    }

    /// On a good disk, after retention and compaction: nothing is left that is to go.
    pub(super) fn check_gone(&mut self) -> anyhow::Result<()> {
        let Around { world, model, workload, .. } = &mut self.around;
        let now = world.clock.now();
        for group in self.store.snapshot().groups {
            let mut newest = Timestamp::from_nanos(i64::MIN);
            let mut firsts = Vec::new();
            for tenant in &model.tenants {
                ensure!(!self.store.is_erasing(tenant.id), "the lines of {} are never gone", tenant.id);
                let groups = std::slice::from_ref(&group);
                let hits = ask(tenant.id, groups, &workload.questions[0].plan, ALL, &world.clock).hits;
                for hit in &hits {
                    newest = newest.max(tenant.check_line(hit)?.young_at);
                }
                firsts.extend(hits.first().map(|hit| (tenant.id, place_of(hit))));
            }
            for (tenant, first) in firsts {
                let is_old = age(tenant).is_some_and(|age| newest < before(now, age));
                ensure!(!is_old, "{group:?} still has line {first:?} of {tenant}");
            }
        }
        Ok(())
    }

    fn flip(&mut self) -> anyhow::Result<()> {
        let Around { world, stock, .. } = &mut self.around;
        let harmable =
            |path: &std::path::Path| number_of(path).is_some_and(|number| stock.is_harmable(number));
        if world.rng.chance(300)
            && let Some(flip) = world.files.flip_at_rest(harmable)
        {
            world.trace.note(format_args!("{flip:?}"));
            stock.flipped.extend(number_of(&flip.path));
        }
        Ok(())
    }

    fn change_faults(&mut self) -> anyhow::Result<()> {
        if self.is_bad {
            self.make_good();
            self.around.world.trace.note(format_args!("the disk is good"));
            return Ok(());
        }
        self.is_bad = true;
        let World { rng, faults, files, trace, .. } = &mut *self.around.world;
        for (fault, per_mille) in (0..2).map(|_| *rng.pick(&ARMED)) {
            faults.arm(fault, per_mille);
            trace.note(format_args!("{} at {per_mille}", fault.name()));
            self.around.stock.reads_lied |= fault == Fault::BitFlipInRead;
        }
        if rng.chance(250) {
            let free = rng.below(6_000);
            trace.note(format_args!("{free} bytes are free"));
            files.set_free(Some(free));
        }
        Ok(())
    }

    fn partitions(&self) -> Vec<PartitionId> {
        self.around.model.partitions.keys().copied().collect()
    }
}

/// As `age` says, by a store.
pub(super) fn retention() -> Retention {
    let mut retention = Retention::default();
    for (number, age) in (0..).zip(AGES) {
        retention.set(tenant(number), TenantRetention::of_age(age));
    }
    retention
}

fn age(of: TenantId) -> Option<Duration> {
    (0..).zip(AGES).find(|(number, _)| tenant(*number) == of).map(|(_, age)| age)
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    Timestamp::from_nanos(now.nanos() - age.as_nanos() as i64)
}

/// The number of the group that a file is named by.
pub(in crate::scenario::store) fn number_of(path: &std::path::Path) -> Option<u64> {
    let is_group = path.extension().is_some_and(|ending| ending == "group");
    path.file_stem().filter(|_| is_group)?.to_str()?.parse().ok()
}
