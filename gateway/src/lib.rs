//! The gateway: the program `antler`, its command line, and everything that opens a socket.
//!
//! Invariants: adapters are chosen in `compose.rs` only; every listener is bounded by `limits`.
//! It holds no state of its own: what it answers comes from the log and its projections.

pub mod allocator;
pub mod archive;
pub mod cli;
pub mod compose;
pub mod credentials;
pub mod data_folder;
pub mod demo;
mod disk;
pub mod erased_files;
pub mod erasure_receipt;
pub mod http;
pub mod ingest;
pub mod listeners;
pub mod mail;
pub mod own_log;
pub mod ports_file;
pub mod serve;
pub mod signals;
pub mod socket;
pub mod support;
pub mod tls;
pub mod upload;
