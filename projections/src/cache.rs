//! The cache: what is quick to ask again and no loss to forget: counters of rate limits, answers, used tickets.
//!
//! Invariant: flushing it changes no answer, but for counters that begin anew. It holds no truth: the log does.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod memory;
pub mod port;
