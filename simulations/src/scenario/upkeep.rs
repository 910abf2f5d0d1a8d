//! What keeps lines and what lets them go: retention of tenants and of their streams while days go by, and the end of
//! whole tenants.
//!
//! A world is a few lives of the real system over one log, one disk with the index, and views that a crash may lose; the
//! last of them ends in quiet. Invariant: in quiet every line is found that is within its retention, as it came, and no
//! line is found that is past it; a tenant that was to be erased is erased, whatever crashed meanwhile: nothing of it is
//! found, it is refused, and nobody else has lost anything. How lines are taken is for `actors` to say, and what a bad disk
//! does to the index for `store`.

mod compose;
mod life;
mod model;
mod quiet;
mod shelf;

use std::sync::Arc;

use antler_actors::planted::Planted;
use antler_projections::views::memory::MemoryViews;
use antler_projections::views::port::ViewStore;

use self::model::Model;
use self::shelf::Shelf;
use crate::harness::Scenario;
use crate::world::{Fault, SimulatedLog, World};

/// The scenario, with a bug in the actors or without.
#[derive(Debug, Clone, Copy, Default)]
pub struct UpkeepScenario {
    pub planted: Planted,
}

impl Scenario for UpkeepScenario {
    fn name(&self) -> &'static str {
        "upkeep"
    }

    fn faults(&self) -> &'static [Fault] {
        &[
            Fault::PowerCut,
            Fault::ProcessKilled,
            Fault::DeathInside,
            Fault::FailedBeforeCommit,
            Fault::LostAck,
            Fault::Delay,
            Fault::DiskFull,
            Fault::WriteError,
            Fault::RemoveError,
        ]
    }

    fn run(&self, world: &mut World) -> anyhow::Result<()> {
        Course::new(world, self.planted).run()
    }
}

/// The course of a world: what outlives the lives of its system.
struct Course<'w> {
    world: &'w mut World,
    planted: Planted,
    log: Arc<SimulatedLog>,
    views: Arc<dyn ViewStore>,
    shelf: Arc<Shelf>,
    model: Arc<Model>,
}

impl<'w> Course<'w> {
    fn new(world: &'w mut World, planted: Planted) -> Self {
        let partitions = world.rng.between(1, 3) as u16;
        let log = SimulatedLog::new(partitions, Arc::clone(&world.faults), Arc::clone(&world.clock));
        let shelf = Shelf::new(Arc::clone(&world.faults));
        let model = Model::new(&mut world.rng);
        Self {
            planted,
            log: Arc::new(log),
            views: Arc::new(MemoryViews::new()),
            shelf: Arc::new(shelf),
            model: Arc::new(model),
            world,
        }
    }

    fn run(mut self) -> anyhow::Result<()> {
        for _ in 0..self.world.rng.below(4) {
            let is_quiet = self.world.rng.chance(300);
            self.live(is_quiet)?;
        }
        self.live(true)
    }
}
