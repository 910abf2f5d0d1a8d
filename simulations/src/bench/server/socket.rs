//! Sockets that follow a tenant's lines.
//!
//! Invariant: an open socket has been greeted by the server, so every line acknowledged from then on is for it. It
//! answers pings only while it is read as messages.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tungstenite::{Message, Utf8Bytes, WebSocket};

const PATIENCE: Duration = Duration::from_secs(120);

/// An open socket.
pub(super) struct Socket(WebSocket<TcpStream>);

impl Socket {
    /// Follows the lines that a query passes.
    pub(super) fn open(address: SocketAddr, token: &str, query: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("cannot connect to the server")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let url = format!("ws://{address}/ws/logs/stream/?token={token}&query={query}");
        let (socket, _) = tungstenite::client(url, stream).context("the server opens no socket")?;
        let mut socket = Self(socket);
        let greeting = socket.hear()?;
        anyhow::ensure!(
            greeting.contains("\"connection\""),
            "the server does not greet, but says {greeting}"
        );
        Ok(socket)
    }

    /// The next message.
    pub(super) fn hear(&mut self) -> anyhow::Result<Utf8Bytes> {
        loop {
            match self.0.read().context("the socket broke")? {
                Message::Text(text) => return Ok(text),
                Message::Close(frame) => bail!("the server closes the socket: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The stream as it is, for a reader that only counts.
    pub(super) fn into_stream(self) -> anyhow::Result<TcpStream> {
        Ok(self.0.get_ref().try_clone()?)
    }
}
