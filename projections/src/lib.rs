//! Projections: readable state folded from events.
//!
//! Invariants: a projection is a fold of the log, idempotent by offset, and can be dropped and rebuilt.
//! It never spawns, never opens a socket and never appends an event.

pub mod cache;
pub mod index;
pub mod live;
pub mod views;

#[cfg(test)]
mod faulty_files;
