//! A world: everything that a simulated program can touch, all of it decided by one seed.
//!
//! Invariant: two worlds of the same seed that are asked the same things answer the same.
//! It starts no thread and reads neither the wall clock nor the machine's randomness.

pub mod clock;
pub mod faults;
pub mod files;
pub mod log;
pub mod poll;
pub mod rng;
pub mod trace;

use std::sync::Arc;

pub use clock::SimulatedClock;
pub use faults::{Fault, FaultCounts, Faults};
pub use files::SimulatedFiles;
pub use log::SimulatedLog;
pub use rng::Rng;
pub use trace::Trace;

/// What one seed decides.
#[derive(Debug)]
pub struct World {
    pub seed: u64,
    /// What the program's users do. The faults have a stream of their own, so that a change to the
    /// disk model does not change the workload of a seed.
    pub rng: Rng,
    pub clock: Arc<SimulatedClock>,
    pub faults: Arc<Faults>,
    pub files: Arc<SimulatedFiles>,
    pub trace: Trace,
}

impl World {
    pub fn new(seed: u64, trace: Trace) -> Self {
        let mut rng = Rng::new(seed);
        let clock = Arc::new(SimulatedClock::new(rng.fork()));
        let faults = Arc::new(Faults::new(rng.fork()));
        let files = Arc::new(SimulatedFiles::new(Arc::clone(&faults), Arc::clone(&clock)));
        Self { seed, rng, clock, faults, files, trace }
    }
}
