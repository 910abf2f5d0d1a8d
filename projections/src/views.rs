//! Views: small documents under keys, folded from control events: who the tenants, members and keys are.
//!
//! `port` is what a store of views promises, `redb` and `memory` keep it; `control` asks and folds the views of
//! which each is a file of its own; `arrivals` those of what is recorded beside lines; `usage` counts lines, and `calls`
//! keeps the one thing here that no event tells: how often tenants have asked.
//! Invariant: a view is a fold of the log. Its documents and its checkpoints move together, so it can be dropped
//! and folded again at any time. It does not append, and no view asks another.

pub mod answers;
pub mod arrivals;
pub mod audit;
pub mod calls;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod control;
pub mod dead_letters;
mod document;
mod fold;
mod key_use;
mod keys;
mod mails;
mod members;
pub mod memory;
mod names;
pub mod port;
pub mod rebuild;
pub mod redb;
pub mod search_history;
mod searches;
mod sessions;
mod tenants;
mod uploads;
pub mod usage;
