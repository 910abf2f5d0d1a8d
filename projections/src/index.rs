//! The search index: what lines say, found again.
//!
//! Invariant: an index is a fold of the log; what it has applied up to its checkpoint it can answer, and
//! nothing of one tenant is ever shown to another. It does not append, spawn or open sockets.

pub mod columns;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod hiding;
pub mod port;
#[cfg(any(test, feature = "conformance"))]
pub mod reference;
