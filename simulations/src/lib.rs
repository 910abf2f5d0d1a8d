//! Simulations: the machine that proves the rest, by seeded faults, load, benches and end-to-end tests.
//!
//! Invariant: one seed is one world; run twice it gives the same trace.
//! Nothing of the product imports it.

pub mod bench;
pub mod corpus;
pub mod damage;
pub mod draw;
pub mod fuzz;
pub mod harness;
pub mod scenario;
pub mod servers;
pub mod world;
