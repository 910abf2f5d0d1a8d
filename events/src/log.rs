//! The event log: the port, its conformance suite, and its adapters.
//!
//! Invariant: an event that was acknowledged is read again, whole, in its place, until it is truncated.
//! It does not interpret events: bodies are bytes here.

mod body;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod heads;
mod holds;
pub mod jetstream;
mod pending;
pub mod port;
pub mod receipts;
pub mod segment;
mod statistics;

pub use port::*;
pub use statistics::PartitionStatistics;
