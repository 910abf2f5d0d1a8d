//! What can be said: ids, log lines, commands, events, their bytes on the wire, and the event log.
//!
//! Invariants: an event is a fact and never changes; what is decided is decided by pure functions;
//! an append resolves only when the event is on stable storage.
//! It never spawns a thread or a task, never opens a socket and never reads the wall clock
//! outside `clock.rs` or a file outside `files.rs`.

pub mod access;
pub mod clock;
pub mod codec;
pub mod durations;
pub mod event;
pub mod files;
pub mod identity;
pub mod ids;
pub mod line;
pub mod log;
pub mod placement;
pub mod query;
pub mod randomness;
pub mod subject;
pub mod wire;
