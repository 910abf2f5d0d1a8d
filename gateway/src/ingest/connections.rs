//! Connections over TCP that bring nothing but lines: accepted, perhaps decrypted, and read in portions.
//!
//! Invariant: there are never more than may be open at once; at a stop no further one is taken, and what the open ones have
//! read is given its time. It does not know what a line is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use antler_config::limits::IngestLimits;
use bytes::BytesMut;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::intake::{ConnectionFigures, Intake, IntakeFigures};
use crate::http::error::ApiError;
use crate::tls::{Inside, Tls};

/// Room for one read.
const READ_BYTES: usize = 64 << 10;
/// Pause after a failed accept, which usually means that the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What arrived by the time of a stop is looked for so long.
const LAST_LOOK: Duration = Duration::from_millis(50);
/// A sender that does not take its answers for so long is given up.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// A sender that was refused may finish what it is sending for so long, so that it gets to read why.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// What reads connections.
pub trait Reads: Send + Sync + 'static {
    fn intake(&self) -> &Intake;

    fn figures(&self) -> &ConnectionFigures;

    /// What connections are encrypted with.
    fn tls(&self) -> Option<&Arc<Tls>>;

    fn read<S>(
        &self,
        stream: S,
        address: SocketAddr,
        stop: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send
    where
        S: AsyncRead + AsyncWrite + Unpin + Send;
}

/// Serves until the stop, and then until what was read is written.
pub async fn serve<R: Reads>(reads: Arc<R>, listener: TcpListener, stop: watch::Receiver<bool>) {
    let mut stopping = stop.clone();
    let places = Arc::new(Semaphore::new(reads.intake().limits.connections_max as usize));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stops| *stops) => break,
            Some(_) = open.join_next() => {}
            (stream, address, place) = accept(&listener, &places) => {
                open.spawn(take(Arc::clone(&reads), stream, address, place, stop.clone()));
            }
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address, place),
            Err(error) => {
                tracing::warn!(%error, "a TCP connection for lines was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn take<R: Reads>(
    reads: Arc<R>,
    stream: TcpStream,
    address: SocketAddr,
    _place: OwnedSemaphorePermit,
    stop: watch::Receiver<bool>,
) {
    let _counted = Counted::new(reads.figures());
    let _ = stream.set_nodelay(true);
    let Some(tls) = reads.tls() else { return reads.read(stream, address, stop).await };
    match tls.accept(stream, Inside::Lines).await {
        Ok(stream) => reads.read(stream, address, stop).await,
        Err(error) => tracing::debug!(%error, %address, "a TCP connection did not come to be encrypted"),
    }
}

/// Counts a connection as open until it is dropped.
struct Counted<'a>(&'a ConnectionFigures);

impl<'a> Counted<'a> {
    fn new(figures: &'a ConnectionFigures) -> Self {
        IntakeFigures::add(&figures.accepted, 1);
        Self(figures)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.closed.fetch_add(1, Ordering::Relaxed);
    }
}

/// What came of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    Bytes,
    /// The sender will not send more.
    End,
    /// Nothing, for as long as that may last.
    Nothing,
    Stop,
}

/// Reads what has arrived and what arrives right behind it.
pub async fn gather(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
    patience: Duration,
    limits: &IngestLimits,
    stop: &mut watch::Receiver<bool>,
) -> Came {
    buffer.reserve(READ_BYTES);
    let first = tokio::select! {
        biased;
        _ = stop.wait_for(|stops| *stops) => None,
        first = tokio::time::timeout(patience, stream.read_buf(buffer)) => Some(first),
    };
    let bytes_max = limits.gather_bytes.as_usize() + buffer.len();
    match first {
        None => {
            let _all_that_came = tokio::time::timeout(LAST_LOOK, read_on(stream, buffer, bytes_max)).await;
            Came::Stop
        }
        Some(Err(_)) => Came::Nothing,
        Some(Ok(Ok(0) | Err(_))) => Came::End,
        Some(Ok(Ok(_))) => {
            let more = tokio::time::timeout(limits.gather_for, read_on(stream, buffer, bytes_max));
            more.await.unwrap_or(Came::Bytes)
        }
    }
}

async fn read_on(stream: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut, bytes_max: usize) -> Came {
    while buffer.len() < bytes_max {
        buffer.reserve(READ_BYTES);
        match stream.read_buf(buffer).await {
            Ok(0) | Err(_) => return Came::End,
            Ok(_) => {}
        }
    }
    Came::Bytes
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    error: Described<'a>,
}

#[derive(Serialize)]
struct Described<'a> {
    code: &'a str,
    message: String,
}

/// Sends JSON in one line.
pub async fn answer(stream: &mut (impl AsyncWrite + Unpin), answer: &impl Serialize) -> Result<(), ApiError> {
    let mut line = serde_json::to_vec(answer).map_err(|_| ApiError::Internal)?;
    line.push(b'\n');
    match tokio::time::timeout(ANSWER_MAX, stream.write_all(&line)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(unavailable("the answers are not read; read them, or do not ask for receipts")),
    }
}

/// Tells a sender why, and reads on a little: closing on bytes that were not read would take the answer away.
pub async fn refuse(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), error: &ApiError) {
    let described = Described { code: error.code(), message: error.to_string() };
    let farewell = async {
        answer(stream, &ErrorLine { error: described }).await.ok()?;
        stream.shutdown().await.ok()?;
        let mut rest = [0; 4_096];
        while stream.read(&mut rest).await.ok()? > 0 {}
        Some(())
    };
    let _sender_has_gone = tokio::time::timeout(FAREWELL_MAX, farewell).await;
}

pub fn unavailable(reason: &str) -> ApiError {
    ApiError::Unavailable { reason: reason.to_owned() }
}
