//! A WebSocket client that does what browsers and programs do.
//!
//! Invariant: what is not expected is a panic that says what came. It judges no content.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use super::running::Running;

const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing is expected: long enough for a line to come that should not.
const SILENCE: Duration = Duration::from_millis(300);

/// An open socket.
pub(crate) struct Socket(pub(crate) WebSocket<TcpStream>);

impl Socket {
    pub(crate) fn open(running: &Running, path: &str) -> Self {
        Self::with_headers(running, path, &[]).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn with_headers(
        running: &Running,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, String> {
        let stream = TcpStream::connect(running.http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://{}{path}", running.http).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let opened = tungstenite::client(request, stream);
        opened.map(|(socket, _)| Self(socket)).map_err(|error| error.to_string())
    }

    /// The next message; none if nothing comes in time. The end is a panic.
    pub(crate) fn hear_within(&mut self, patience: Duration) -> Option<Value> {
        self.0.get_ref().set_read_timeout(Some(patience)).unwrap();
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => panic!("closed: {frame:?}"),
                Ok(_) => {}
                Err(tungstenite::Error::Io(_)) => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) fn hear(&mut self) -> Value {
        self.hear_within(PATIENCE).expect("a message in time")
    }

    /// Passes over other messages.
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        loop {
            let heard = self.hear();
            if heard["type"] == kind {
                return heard;
            }
        }
    }

    pub(crate) fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    /// The next lines: their messages, and the number of the last.
    pub(crate) fn lines(&mut self, count: usize) -> (Vec<String>, u64) {
        let (mut lines, mut last) = (Vec::new(), 0);
        while lines.len() < count {
            let heard = self.hear();
            match heard["type"].as_str().unwrap() {
                "log" | "new_log" => {
                    lines.push(message(&heard["data"]));
                    last = heard["seq"].as_u64().unwrap();
                }
                "log_batch" => {
                    let data = heard["data"].as_array().unwrap();
                    assert_eq!(heard["count"], data.len());
                    assert!(heard["first"].as_u64() < heard["last"].as_u64());
                    lines.extend(data.iter().map(message));
                    last = heard["last"].as_u64().unwrap();
                }
                _ => {}
            }
        }
        assert_eq!(lines.len(), count, "{lines:?}");
        (lines, last)
    }

    pub(crate) fn hears_nothing(&mut self) {
        let heard = self.hear_within(SILENCE);
        assert_eq!(heard, None);
    }

    /// The code and reason of the end.
    pub(crate) fn end(&mut self) -> (u16, String) {
        self.0.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
        loop {
            match self.0.read() {
                Ok(Message::Close(frame)) => {
                    let frame = frame.unwrap();
                    return (CloseCode::into(frame.code), frame.reason.to_string());
                }
                Ok(_) => {}
                Err(error) => panic!("it ended without a word: {error}"),
            }
        }
    }
}

fn message(line: &Value) -> String {
    line["message"].as_str().unwrap().to_owned()
}

/// A log stream that is ready.
pub(crate) fn stream(running: &Running, token: &str, more: &str) -> Socket {
    let mut socket = Socket::open(running, &format!("/ws/logs/stream/?token={token}{more}"));
    assert_eq!(socket.hear()["type"], "connection");
    socket
}
