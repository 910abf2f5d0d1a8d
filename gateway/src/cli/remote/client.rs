//! A client of HTTP/1.1, one connection that is opened again when it broke.
//!
//! Invariant: connecting and answering are bounded in time, an answer in size. It repeats nothing by itself: who asks knows
//! what may be asked twice.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use antler_config::Secret;
use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HOST, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::refusal::Refusal;
use super::server::Server;
use super::{RemoteError, encrypted};

const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longer than the server works on a question.
const ANSWER_MAX: Duration = Duration::from_secs(120);
const ANSWER_BYTES_MAX: usize = 256 << 20;
const NAME: &str = concat!("antler/", env!("CARGO_PKG_VERSION"));

#[derive(Debug)]
pub(in crate::cli) struct Client {
    server: Server,
    token: Secret,
    connection: Option<SendRequest<Body>>,
    was_connected: bool,
}

/// A request without what every request has.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Question {
    pub method: Method,
    /// With its parameters.
    pub path: String,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Bytes,
}

#[derive(Debug)]
pub(in crate::cli) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(
        "no server answers at {server}: {source}; start one with antler serve, or name another with --server"
    )]
    Connect { server: String, source: io::Error },
    #[error(
        "the server at {server} cannot be trusted: {reason}; name the certificate, or that of its authority, with --ca \
         FILE, and the server by the name that is in it"
    )]
    Untrusted { server: String, reason: String },
    #[error("the file {} of --ca cannot be used: {reason}", path.display())]
    Authorities { path: PathBuf, reason: String },
    #[error("{what} cannot be sent in a request; remove what is not plain text in it")]
    Unsendable { what: &'static str },
    #[error("the connection to {server} broke off: {reason}")]
    Broken { server: String, reason: String },
    #[error("the server at {server} did not answer within {} s", ANSWER_MAX.as_secs())]
    Slow { server: String },
}

impl Question {
    pub(in crate::cli) fn get(path: &str, parameters: &[(&str, &str)]) -> Self {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        let path = format!("{path}?{}", query.finish());
        Self { method: Method::GET, path, headers: Vec::new(), body: Bytes::new() }
    }
}

impl Client {
    pub(in crate::cli) fn new(server: Server, token: Secret) -> Self {
        Self { server, token, connection: None, was_connected: false }
    }

    pub(in crate::cli) fn server(&self) -> &Server {
        &self.server
    }

    /// Whether the server was there at least once.
    pub(in crate::cli) fn was_connected(&self) -> bool {
        self.was_connected
    }

    /// The answer, whatever its status.
    pub(in crate::cli) async fn ask(&mut self, question: &Question) -> Result<Answer, ClientError> {
        let request = self.request(question, None)?;
        let mut connection = match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        self.was_connected = true;
        let answered = tokio::time::timeout(ANSWER_MAX, self.exchange(&mut connection, request)).await;
        let answer = answered.map_err(|_| ClientError::Slow { server: self.server.to_string() })??;
        self.connection = Some(connection);
        Ok(answer)
    }

    /// What a successful answer says; anything else is a refusal.
    pub(in crate::cli) async fn read<T: DeserializeOwned>(
        &mut self,
        question: &Question,
    ) -> Result<T, RemoteError> {
        let answer = self.ask(question).await?;
        if !answer.status.is_success() {
            return Err(Refusal::of(&answer).into());
        }
        self.parsed(&answer)
    }

    /// The same of an answer that is there.
    pub(in crate::cli) fn parsed<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, RemoteError> {
        let strange = |error: serde_json::Error| RemoteError::Strange {
            server: self.server.to_string(),
            reason: error.to_string(),
        };
        serde_json::from_slice(&answer.body).map_err(strange)
    }

    /// Gives a successful answer away piece by piece, however long it is. The inner error is of who takes it.
    pub(in crate::cli) async fn save(
        &mut self,
        question: &Question,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<io::Result<()>, RemoteError> {
        let request = self.request(question, None)?;
        let mut connection = self.connect().await?;
        let broken = |error: hyper::Error| RemoteError::Client(self.broken(&error));
        connection.ready().await.map_err(broken)?;
        let answer = connection.send_request(request).await.map_err(broken)?;
        let (parts, mut body) = answer.into_parts();
        if !parts.status.is_success() {
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| RemoteError::Client(self.broken(&*error)))?.to_bytes();
            return Err(Refusal::of(&Answer { status: parts.status, headers: parts.headers, body }).into());
        }
        loop {
            let next = tokio::time::timeout(ANSWER_MAX, body.frame()).await;
            let next = next.map_err(|_| ClientError::Slow { server: self.server.to_string() })?;
            let Some(frame) = next.transpose().map_err(broken)? else { return Ok(Ok(())) };
            if let Some(chunk) = frame.data_ref()
                && let Err(error) = take(chunk)
            {
                return Ok(Err(error));
            }
        }
    }

    /// Sends a body piece by piece, `bytes` in all; an empty piece ends it.
    pub(in crate::cli) async fn send_file(
        &mut self,
        question: &Question,
        bytes: u64,
        read: impl FnMut() -> io::Result<Bytes> + Send + 'static,
    ) -> Result<Answer, ClientError> {
        let pieces = futures_util::stream::try_unfold(read, |mut read| async move {
            let piece = read()?;
            Ok::<_, io::Error>((!piece.is_empty()).then_some((piece, read)))
        });
        let mut question = question.clone();
        question.headers.push((CONTENT_LENGTH, bytes.to_string()));
        let request = self.request(&question, Some(Body::from_stream(pieces)))?;
        let mut connection = self.connect().await?;
        self.exchange(&mut connection, request).await
    }

    /// Sends a request, and takes the whole answer.
    async fn exchange(
        &self,
        connection: &mut SendRequest<Body>,
        request: Request<Body>,
    ) -> Result<Answer, ClientError> {
        connection.ready().await.map_err(|error| self.broken(&error))?;
        let answer = connection.send_request(request).await.map_err(|error| self.broken(&error))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| self.broken(&*error))?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    fn request(&self, question: &Question, body: Option<Body>) -> Result<Request<Body>, ClientError> {
        let path = format!("{}{}", self.server.base, question.path);
        let uri: Uri = path.parse().map_err(|_| ClientError::Unsendable { what: "the address" })?;
        let mut request = Request::builder()
            .method(question.method.clone())
            .uri(uri)
            .header(HOST, self.server.address.to_string())
            .header(USER_AGENT, NAME)
            .header(ACCEPT, "application/json");
        if self.token.is_set() {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token.reveal()));
        }
        for (name, value) in &question.headers {
            request = request.header(name, value);
        }
        let request = request.body(body.unwrap_or_else(|| Body::from(question.body.clone())));
        request.map_err(|_| ClientError::Unsendable { what: "the credential" })
    }

    async fn connect(&self) -> Result<SendRequest<Body>, ClientError> {
        let stream = open(&self.server).await?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.broken(&error))?;
        // It ends when the sender is dropped; what went wrong is told by the request that was under way.
        drop(tokio::spawn(connection));
        Ok(sender)
    }

    fn broken(&self, error: &(dyn std::error::Error + 'static)) -> ClientError {
        ClientError::Broken { server: self.server.to_string(), reason: crate::cli::with_causes(error) }
    }
}

/// A connection in the open or through TLS.
pub(in crate::cli) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Connects to the server.
pub(in crate::cli) async fn open(server: &Server) -> Result<Box<dyn Stream>, ClientError> {
    let failed = |source| ClientError::Connect { server: server.to_string(), source };
    let connecting = TcpStream::connect((server.address.host(), server.address.port()));
    let connected = tokio::time::timeout(CONNECT_MAX, connecting).await;
    let stream = connected.map_err(|_| failed(io::ErrorKind::TimedOut.into()))?.map_err(failed)?;
    // A request is whole when it is written; waiting for more of it only adds latency.
    stream.set_nodelay(true).map_err(failed)?;
    let Some(encryption) = &server.encryption else { return Ok(Box::new(stream)) };
    let agreeing = encrypted::agree(server, encryption.authorities.as_deref(), stream);
    let agreed = tokio::time::timeout(CONNECT_MAX, agreeing).await;
    Ok(Box::new(agreed.map_err(|_| failed(io::ErrorKind::TimedOut.into()))??))
}
