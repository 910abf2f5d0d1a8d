//! One life of a store: from its opening to its end, with everything that is asked of it meanwhile.
//!
//! Invariant: after every step what is seen is held against the model; an error is excused only while the
//! disk is bad or a file was damaged. It does not look into files: what it knows, a user of the store knows.

mod acts;
mod users;

use std::slice::SliceIndex;
use std::sync::Arc;

use antler_projections::index::columns::search::lines::Hit;
use antler_projections::index::columns::store::{ColumnStore, Retention, StoreError, StoreOptions};
use anyhow::{Context as _, ensure};

pub(super) use self::acts::number_of;
use self::acts::retention;
use self::users::Held;
use super::model::{Excused, Model, Reach, TenantModel};
use super::sight::{ALL, Stock, ask};
use super::workload::Workload;
use crate::world::World;

/// How often everything that is seen is held against the model after a step. More would find no more in the
/// same time: further worlds do.
const CHECKED_PER_MILLE: u64 = 60;

/// What outlives a life.
pub(super) struct Around<'w> {
    pub(super) world: &'w mut World,
    pub(super) model: &'w mut Model,
    pub(super) workload: &'w mut Workload,
    pub(super) stock: &'w mut Stock,
}

/// A running store with its users.
pub(super) struct Life<'a, 'w> {
    pub(super) around: Around<'w>,
    store: &'a ColumnStore,
    options: &'a StoreOptions,
    retention: Arc<Retention>,
    held: Vec<Held>,
    /// Whether the disk is bad just now.
    is_bad: bool,
}

impl<'a, 'w> Life<'a, 'w> {
    pub(super) fn new(around: Around<'w>, store: &'a ColumnStore, options: &'a StoreOptions) -> Self {
        let retention = Arc::new(retention());
        Self { around, store, options, retention, held: Vec::new(), is_bad: false }
    }

    /// What an open store shows before it is given anything: what its checkpoints say. Then the log gives it
    /// the rest again.
    pub(super) fn begin(&mut self) -> anyhow::Result<()> {
        for (partition, model) in &mut self.around.model.partitions {
            let checkpoint = self.store.checkpoint(*partition);
            ensure!(
                checkpoint >= model.checkpoint,
                "the checkpoint of partition {partition} went back from {} to {checkpoint}",
                model.checkpoint
            );
            ensure!(checkpoint < model.next_offset(), "the checkpoint {checkpoint} is ahead of the log");
            ensure!(
                self.store.applied(*partition) == checkpoint,
                "an open store knows more than its checkpoint"
            );
            (model.applied, model.checkpoint) = (checkpoint, checkpoint);
            self.around.world.trace.note(format_args!("partition {partition} goes on behind {checkpoint}"));
        }
        self.settle_doubts()?;
        self.check().context("before the log gave anything again")?;
        self.catch_up()?;
        self.settle_doubts()?;
        self.around.model.tenants.iter_mut().for_each(|tenant| tenant.doubtful.clear());
        self.check().context("after the log gave its lines again")
    }

    pub(super) fn steps(&mut self, count: u64) -> anyhow::Result<()> {
        for _ in 0..count {
            self.step()?;
            self.glance()?;
        }
        self.check()
    }

    /// Goes on until the program dies in the middle of something.
    pub(super) fn die_inside(&mut self) -> anyhow::Result<()> {
        let changes = self.around.world.rng.between(1, 40);
        self.around.world.trace.note(format_args!("dies after {changes} changes"));
        self.around.world.files.die_after(changes);
        self.is_bad = true;
        for _ in 0..12 {
            match self.around.world.rng.below(10) {
                0..4 => self.append()?,
                4..7 => self.seal()?,
                7 => self.compact()?,
                8 => self.cool()?,
                _ => self.erase()?,
            }
            self.glance()?;
        }
        self.check()
    }

    /// Makes the disk good; then everything must become durable and all that is to go must go.
    pub(super) fn settle(&mut self) -> anyhow::Result<()> {
        self.held.clear();
        self.make_good();
        self.catch_up()?;
        self.seal_all()?;
        for (partition, model) in &self.around.model.partitions {
            let checkpoint = self.store.checkpoint(*partition);
            ensure!(checkpoint == model.applied, "all is sealed, and the checkpoint is {checkpoint}");
        }
        self.drop_all()?;
        self.check()?;
        self.check_gone()
    }

    /// Holds everything that is seen against the model.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        self.look(.., TenantModel::check_seen)
    }

    /// Holds what one tenant sees against the model.
    fn check_tenant(&mut self, number: usize) -> anyhow::Result<()> {
        self.look(number..=number, TenantModel::check_seen)
    }

    /// Looks at new groups after every step, and often at everything.
    fn glance(&mut self) -> anyhow::Result<()> {
        if self.around.world.rng.chance(CHECKED_PER_MILLE) {
            return self.check();
        }
        let Around { world, model, workload, stock } = &mut self.around;
        let everything = &workload.questions[0].plan;
        let snapshot = self.store.snapshot();
        world.faults.without(|| stock.take(&snapshot, model, everything, &world.clock)).map(drop)
    }

    fn settle_doubts(&mut self) -> anyhow::Result<()> {
        if self.around.model.tenants.iter().all(|tenant| tenant.doubtful.is_empty()) {
            return Ok(());
        }
        self.look(.., TenantModel::settle_doubts)
    }

    /// Shows the model all lines of some tenants, as they are on a disk that does not fail just now.
    fn look(
        &mut self,
        tenants: impl SliceIndex<[TenantModel], Output = [TenantModel]>,
        judge: impl Fn(&mut TenantModel, &Reach, &Excused, &[Hit]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Around { world, model, workload, stock } = &mut self.around;
        let everything = &workload.questions[0].plan;
        let snapshot = self.store.snapshot();
        world.faults.without(|| {
            let mut excused = stock.take(&snapshot, model, everything, &world.clock)?;
            let applied = model.applied();
            for tenant in &mut model.tenants[tenants] {
                let answer = ask(tenant.id, &snapshot.groups, everything, ALL, &world.clock);
                let is_whole = answer.damaged.is_empty() || !stock.flipped.is_empty();
                ensure!(is_whole, "groups cannot be read, and nothing harmed them: {:?}", answer.damaged);
                if !answer.damaged.is_empty() {
                    // What was read a moment ago may have been remembered, and is forgotten now.
                    excused.extend(stock.flipped.iter().flat_map(|number| stock.lines_of(*number)));
                }
                judge(tenant, &applied, &excused, &answer.hits)?;
            }
            Ok(())
        })
    }

    /// A step that failed, which it may only for a reason.
    fn failed(&mut self, what: &str, error: &StoreError) -> anyhow::Result<()> {
        self.around.world.trace.note(format_args!("{what} failed: {error}"));
        let is_damage = match error {
            StoreError::Group { group, .. } => self.around.stock.flipped.contains(group),
            _ => false,
        };
        ensure!(self.is_bad || is_damage, "{what} fails on a good disk: {error:?}");
        Ok(())
    }

    fn make_good(&mut self) {
        self.around.world.faults.disarm_all();
        self.around.world.files.set_free(None);
        self.is_bad = false;
    }
}
