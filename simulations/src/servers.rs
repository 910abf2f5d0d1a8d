//! Real servers of cluster mode on this machine: NATS, Elasticsearch, OpenSearch, MongoDB's protocol and Redis; and real
//! clients that send lines.
//!
//! Invariant: each server listens on 127.0.0.1 alone, on ports that were free, in a folder of its own, and is ended by the
//! id and the start time of its own process. No type of the product stands in what others see here, so that a test of any
//! crate can use it. It is not for production: those settings lie in `deploy/`.

pub mod board;
mod cache;
mod clients;
mod install;
mod kind;
mod launch;
mod patience;
mod ports;
mod process;
mod running;
mod seat;
mod server;
mod settings;
mod state;
mod user;
pub mod wire;

pub use cache::Cache;
pub use clients::Client;
pub use kind::{Kind, Login, Wishes};
pub use patience::wait_for;
pub use process::{End, Leader};
pub use running::Running;
pub use seat::Seat;
pub use server::{Server, scratch};
pub use state::Record;
