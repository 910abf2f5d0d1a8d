//! The socket that lines come on.
//!
//! Invariant: the credential stands in the head of the request and never in its address, which servers write into their
//! logs; a message is bounded. It does not open itself again.

use std::time::Duration;

use antler_config::Secret;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::broken;
use super::messages::{self, Message};
use crate::cli::line_text::plain;
use crate::cli::remote::RemoteError;
use crate::cli::remote::client::{Answer, ClientError, Stream, open};
use crate::cli::remote::refusal::Refusal;
use crate::cli::remote::server::Server;

const OPEN_MAX: Duration = Duration::from_secs(10);
const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// A server that is silent for so long is asked whether it is there.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Who gave no credential that counts is told by this code.
const UNAUTHORIZED: u16 = 4001;

/// What a socket is opened with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening<'a> {
    pub query: &'a str,
    pub from: Option<&'a str>,
    pub resume: Option<&'a str>,
    pub token: &'a Secret,
}

pub(super) struct Socket {
    server: Server,
    stream: WebSocketStream<Box<dyn Stream>>,
}

impl Socket {
    pub(super) async fn open(server: &Server, opening: &Opening<'_>) -> Result<Self, RemoteError> {
        let opened = tokio::time::timeout(OPEN_MAX, Self::connect(server, opening)).await;
        opened.map_err(|_| broken(server, &"it does not open a socket"))?
    }

    async fn connect(server: &Server, opening: &Opening<'_>) -> Result<Self, RemoteError> {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        let query = Some(opening.query).filter(|query| !query.is_empty());
        for (name, value) in [("query", query), ("from", opening.from), ("resume", opening.resume)] {
            value.map(|value| parameters.append_pair(name, value));
        }
        let address =
            format!("ws://{}{}/ws/logs/stream/?{}", server.address, server.base, parameters.finish());
        let unsendable = |what| RemoteError::Client(ClientError::Unsendable { what });
        let mut request = address.into_client_request().map_err(|_| unsendable("the address"))?;
        let credential = format!("Bearer {}", opening.token.reveal()).parse();
        request.headers_mut().insert(AUTHORIZATION, credential.map_err(|_| unsendable("the credential"))?);
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let opened =
            tokio_tungstenite::client_async_with_config(request, open(server).await?, Some(config)).await;
        let (stream, _) = opened.map_err(|error| not_opened(server, error))?;
        Ok(Self { server: server.clone(), stream })
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> Result<Message, RemoteError> {
        let mut was_asked = false;
        loop {
            let Ok(came) = tokio::time::timeout(SILENCE_MAX, self.stream.next()).await else {
                if was_asked {
                    return Ok(Message::Ended(format!("{} is silent", self.server)));
                }
                was_asked = true;
                if let Err(error) = self.stream.send(Frame::Ping(Bytes::new())).await {
                    return Ok(Message::Ended(error.to_string()));
                }
                continue;
            };
            match came {
                Some(Ok(Frame::Text(text))) => {
                    let strange = |error: serde_json::Error| RemoteError::Strange {
                        server: self.server.to_string(),
                        reason: error.to_string(),
                    };
                    return messages::read(&text).map_err(strange);
                }
                Some(Ok(Frame::Close(frame))) => {
                    return self.closed(frame.map(|frame| (frame.code.into(), frame.reason.to_string())));
                }
                Some(Ok(_)) => was_asked = false,
                Some(Err(error)) => {
                    return Ok(Message::Ended(format!(
                        "the connection to {} broke off: {error}",
                        self.server
                    )));
                }
                None => return Ok(Message::Ended(format!("{} closed the connection", self.server))),
            }
        }
    }

    fn closed(&self, why: Option<(u16, String)>) -> Result<Message, RemoteError> {
        match why {
            Some((UNAUTHORIZED, reason)) => {
                let reason =
                    if reason.is_empty() { "the credential does not count".to_owned() } else { reason };
                Err(RemoteError::Ended(format!("{} says: {}", self.server, plain(&reason))))
            }
            Some((_, reason)) if !reason.is_empty() => {
                Ok(Message::Ended(format!("{} says: {reason}", self.server)))
            }
            _ => Ok(Message::Ended(format!("{} closed the connection", self.server))),
        }
    }
}

/// The server's own sentence, if it answered with one.
fn not_opened(server: &Server, error: Error) -> RemoteError {
    match error {
        Error::Http(response) => {
            let (parts, body) = response.into_parts();
            let status = StatusCode::from_u16(parts.status.as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
            let body = Bytes::from(body.unwrap_or_default());
            Refusal::of(&Answer { status, headers: parts.headers, body }).into()
        }
        error => broken(server, &error),
    }
}
