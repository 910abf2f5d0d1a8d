//! The scenarios: what is simulated.
//!
//! Invariant: a scenario's name is stable, because reports and replay commands carry it.
//! It does not run them: `harness` does.

pub mod actors;
pub mod log;
mod opening;
pub mod store;
pub mod upkeep;

use crate::harness::Scenario;

/// All of them, as they should pass.
pub fn all() -> Vec<Box<dyn Scenario>> {
    vec![
        Box::new(log::LogScenario::default()),
        Box::new(store::StoreScenario::default()),
        Box::new(actors::ActorsScenario::default()),
        Box::new(upkeep::UpkeepScenario::default()),
    ]
}
