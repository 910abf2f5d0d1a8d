//! The bytes of an event wherever it travels or rests: envelope, hash chain, receipt.
//!
//! Invariant: what is here is a format that other machines and later versions read;
//! it changes only by a new version number with a golden file. It knows no storage.

pub mod chain;
pub mod envelope;
pub mod receipt;

pub use chain::ChainHash;
pub use envelope::{Envelope, EventType, SchemaVersion};
pub use receipt::Receipt;
