//! Actors: the only place that owns long-lived work.
//!
//! Invariants: every thread and task of the program is started here or in the gateway, is named,
//! and is joined at stop. It knows no socket and no protocol.

pub mod accounts;
mod background;
pub mod calls;
pub mod credits;
pub mod door;
pub mod erasure;
pub mod failed_logins;
pub mod handover;
pub mod ingest_shard;
pub mod jobs;
pub mod key_use;
pub mod live;
pub mod log_work;
pub mod log_writers;
pub mod notes;
pub mod once;
pub mod planted;
pub mod platform;
pub mod post;
pub mod progress;
pub mod projector;
pub mod quotas;
pub mod requests;
pub mod search_history;
pub mod stream_counter;
pub mod streams;
pub mod supervision;
pub mod system;
pub mod taken;
pub mod tenant;
pub mod turns;
pub mod upkeep;
pub mod uploads;
pub mod usage;
pub mod warnings;
pub mod workers;
