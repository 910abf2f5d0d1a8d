//! The actor system under everything that tenants, logs, projections and crashes do to it.
//!
//! A world is a few lives of the system over one log, each ended by a stop in quiet, a stop in the middle of work, or a
//! crash. Invariant: what was acknowledged is in the log once, byte for byte, at the place that its receipt names; what
//! was refused is not there; a request with a key is there once, however often it is sent; a projection has exactly what the log has, and usage counts it; a job that nobody cancels ends, and has done each step once; and a tenant that
//! fails is felt by nobody else.
//! Time is the runtime's, which stands still while somebody works. The log never loses anything: `log` is for that.

pub(super) mod clock;
mod ledger;
mod life;
pub(super) mod log;
mod model;
pub(super) mod senders;
mod usage;
mod watchers;
mod work;

use std::sync::Arc;

use antler_actors::planted::Planted;
use antler_projections::views::memory::MemoryViews;
use antler_projections::views::port::ViewStore;

use self::ledger::Ledger;
use self::model::Model;
use self::work::Orders;
use crate::harness::Scenario;
use crate::world::{Fault, SimulatedLog, World};

/// The scenario, with a bug in the actors or without.
#[derive(Debug, Clone, Copy, Default)]
pub struct ActorsScenario {
    pub planted: Planted,
}

impl Scenario for ActorsScenario {
    fn name(&self) -> &'static str {
        "actors"
    }

    fn faults(&self) -> &'static [Fault] {
        &[
            Fault::ProcessKilled,
            Fault::FailedBeforeCommit,
            Fault::LostAck,
            Fault::Delay,
            Fault::DiskFull,
            Fault::ReadError,
            Fault::ActorPanic,
            Fault::JobPanic,
            Fault::ProjectionError,
            Fault::ProjectionFull,
            Fault::EventRefused,
            Fault::PoisonEvent,
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
    ledgers: [Arc<Ledger>; 2],
    views: Arc<dyn ViewStore>,
    model: Model,
    orders: Arc<Orders>,
}

impl<'w> Course<'w> {
    fn new(world: &'w mut World, planted: Planted) -> Self {
        let partitions = world.rng.between(1, 4) as u16;
        let (faults, clock) = (&world.faults, &world.clock);
        let log = Arc::new(SimulatedLog::new(partitions, Arc::clone(faults), Arc::clone(clock)));
        let ledger = |name| Arc::new(Ledger::new(name, partitions, Arc::clone(faults)));
        let ledgers = [ledger("index"), ledger("views")];
        let views = Arc::new(MemoryViews::new());
        Self { world, planted, log, ledgers, views, model: Model::default(), orders: Arc::default() }
    }

    fn run(mut self) -> anyhow::Result<()> {
        for _ in 0..self.world.rng.between(1, 4) {
            self.live()?;
            self.world.faults.disarm_all();
            self.model.check(&self.log)?;
            self.orders.check(&self.log)?;
            self.ledgers.iter().try_for_each(|ledger| ledger.check(&self.log))?;
            if self.world.rng.chance(200) {
                self.world.clock.jump();
            }
        }
        Ok(())
    }
}
