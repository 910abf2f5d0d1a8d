//! Actors: the only place that owns long-lived work.
//!
//! Invariants: every thread and task of the program is started here or in the gateway, is named,
//! and is joined at stop. It knows no socket and no protocol.

pub mod log_writers;
