//! The servers' own protocols, as far as a question and an answer go.
//!
//! Invariant: every exchange has an end, with an answer or an error. They are no clients to build on: one connection,
//! one question at a time, no retry.

pub mod http;
pub mod mongo;
pub mod nats;
pub mod redis;

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context as _;

use super::kind::Kind;
use super::seat::Seat;

/// A server that does not say anything for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// No answer is longer.
const ANSWER_BYTES_MAX: usize = 16 << 20;

fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)
        .with_context(|| format!("nobody listens on {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether the server at this seat answers as it should: it is ready for a client.
pub fn ask(seat: &Seat) -> anyhow::Result<()> {
    match seat.kind {
        Kind::Nats => nats::Connection::open(seat)?.ask_jetstream(),
        Kind::Elasticsearch | Kind::OpenSearch => http::ask_health(seat),
        Kind::Mongo => mongo::Connection::open(seat.address)?.ask(),
        Kind::Redis => redis::ask(seat),
    }
}
