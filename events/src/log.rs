//! The event log: the port, its conformance suite, and its adapters.
//!
//! Invariant: an event that was acknowledged is read again, whole, in its place, until it is truncated.
//! It does not interpret events: bodies are bytes here.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod port;
pub mod receipts;
pub mod segment;

pub use port::*;
