//! Ways by which logs come in: one file per protocol, and what they share.
//!
//! Invariant: a line that arrives is in a batch, or among the rejected with its number, the reason and its bytes. It
//! writes nothing: the actors do.

pub mod body;
pub mod connections;
pub mod decode;
pub mod elastic;
pub mod http_json;
pub mod intake;
pub mod lines;
pub mod otlp;
pub(crate) mod reach;
pub mod senders;
mod shares;
pub mod syslog;
pub mod tcp;
pub mod udp;
