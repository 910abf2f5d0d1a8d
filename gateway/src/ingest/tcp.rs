//! Lines over TCP: a JSON object or plain line per line, and perhaps a greeting before them.
//!
//! Invariant: what came is written in its order before a connection ends, or its sender is told in one line why not. A
//! sender that is faster than the log is not read on, and nothing of it is dropped. It keeps no lines between parts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use antler_config::duration;
use antler_events::event::lines::Arrival;
use antler_events::ids::TenantId;
use antler_events::wire::Receipt;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::intake::{Intake, IntakeFigures, Sender};
use super::lines::{Beginning, Greeting, LineStream, Whole};
use crate::http::error::{ApiError, LinesProblem};
use crate::tls::{Inside, Tls};

const SETTING: &str = "listeners.tcp_tenant";
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

/// What all connections have.
#[derive(Debug)]
pub struct TcpLines {
    pub intake: Arc<Intake>,
    /// Whose lines those without a token are.
    pub tenant: Option<TenantId>,
    /// What connections are encrypted with.
    pub tls: Option<Arc<Tls>>,
}

impl TcpLines {
    /// Serves until the stop, and then until what was read is written.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, stop: watch::Receiver<bool>) {
        let mut stopping = stop.clone();
        let places = Arc::new(Semaphore::new(self.intake.limits.connections_max as usize));
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stops| *stops) => break,
                Some(_) = open.join_next() => {}
                (stream, address, place) = accept(&listener, &places) => {
                    open.spawn(Arc::clone(&self).take(stream, address, place, stop.clone()));
                }
            }
        }
        drop(listener);
        while open.join_next().await.is_some() {}
    }

    async fn take(
        self: Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        _place: OwnedSemaphorePermit,
        stop: watch::Receiver<bool>,
    ) {
        let _counted = Counted::new(&self.intake);
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.read(stream, address, stop).await };
        match tls.accept(stream, Inside::Lines).await {
            Ok(stream) => self.read(stream, address, stop).await,
            Err(error) => tracing::debug!(%error, %address, "a TCP connection did not come to be encrypted"),
        }
    }

    async fn read<S>(&self, stream: S, address: SocketAddr, stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let lines = LineStream::new(self.intake.ingest.names.limits().line_bytes_max);
        let origin = address.ip().to_canonical();
        let mut connection = Connection {
            with: self,
            stream,
            origin,
            lines,
            opened_at: self.intake.elapsed(),
            sender: None,
            wants_receipts: false,
            stop,
        };
        if let Err(error) = connection.run().await {
            IntakeFigures::add(&self.intake.figures.tcp_refused, 1);
            tracing::debug!(%error, %address, "a TCP connection for lines is refused");
            connection.refuse(&error).await;
        }
        let _peer_is_gone = connection.stream.shutdown().await;
    }
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

/// Counts a connection as open until it is dropped.
struct Counted<'a>(&'a Intake);

impl<'a> Counted<'a> {
    fn new(intake: &'a Intake) -> Self {
        IntakeFigures::add(&intake.figures.tcp_accepted, 1);
        Self(intake)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.figures.tcp_closed.fetch_add(1, Ordering::Relaxed);
    }
}

/// What came of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Bytes,
    /// The sender will not send more.
    End,
    Nothing,
    Stop,
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

/// The answer to a part of the lines, if the sender wants one.
#[derive(Serialize)]
struct Answer {
    accepted: u64,
    rejected: u64,
    receipt: Option<Receipt>,
}

struct Connection<'a, S> {
    with: &'a TcpLines,
    stream: S,
    origin: IpAddr,
    lines: LineStream,
    opened_at: Duration,
    sender: Option<Sender>,
    wants_receipts: bool,
    stop: watch::Receiver<bool>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<'_, S> {
    /// Takes lines until the sender has no more.
    async fn run(&mut self) -> Result<(), ApiError> {
        loop {
            let came = self.gather().await;
            let is_at_end = matches!(came, Came::End | Came::Nothing);
            if self.sender.is_none() && !self.begin(is_at_end).await? {
                match came {
                    Came::Bytes if self.is_late() => return Err(needs_token()),
                    Came::Bytes => continue,
                    Came::End | Came::Stop => return Ok(()),
                    Came::Nothing => return Err(self.too_slow()),
                }
            }
            // At a stop the sender is in the middle of a line, which is not one.
            let whole = if is_at_end { self.lines.finish() } else { self.lines.take() };
            self.write(whole).await?;
            match came {
                Came::Bytes => {}
                Came::End => return Ok(()),
                Came::Nothing => return Err(self.too_slow()),
                Came::Stop => return Err(unavailable("the server is stopping; connect again in a moment")),
            }
        }
    }

    /// Reads what has arrived and what arrives right behind it.
    async fn gather(&mut self) -> Came {
        let limits = &self.with.intake.limits;
        let patience = if self.needs_token() { limits.token_timeout } else { limits.idle_timeout };
        self.lines.buffer.reserve(READ_BYTES);
        let first = tokio::select! {
            biased;
            _ = self.stop.wait_for(|stops| *stops) => None,
            first = tokio::time::timeout(patience, self.stream.read_buf(&mut self.lines.buffer)) => Some(first),
        };
        match first {
            None => {
                let _all_that_came = tokio::time::timeout(LAST_LOOK, self.read_on()).await;
                Came::Stop
            }
            Some(Err(_)) => Came::Nothing,
            Some(Ok(Ok(0) | Err(_))) => Came::End,
            Some(Ok(Ok(_))) => {
                let more = tokio::time::timeout(limits.gather_for, self.read_on());
                more.await.unwrap_or(Came::Bytes)
            }
        }
    }

    fn needs_token(&self) -> bool {
        self.sender.is_none() && self.with.tenant.is_none()
    }

    /// Has the token been on its way for too long? It may come byte by byte.
    fn is_late(&self) -> bool {
        let since = self.with.intake.elapsed().saturating_sub(self.opened_at);
        self.needs_token() && since > self.with.intake.limits.token_timeout
    }

    async fn read_on(&mut self) -> Came {
        let bytes_max = self.with.intake.limits.gather_bytes.as_usize() + self.lines.buffer.len();
        while self.lines.buffer.len() < bytes_max {
            self.lines.buffer.reserve(READ_BYTES);
            match self.stream.read_buf(&mut self.lines.buffer).await {
                Ok(0) | Err(_) => return Came::End,
                Ok(_) => {}
            }
        }
        Came::Bytes
    }

    /// Finds out whose lines they are. Answers whether that is known.
    async fn begin(&mut self, is_at_end: bool) -> Result<bool, ApiError> {
        if is_at_end && self.lines.buffer.is_empty() {
            return Ok(false);
        }
        let Greeting { token, ack } = match self.lines.begin(is_at_end) {
            Beginning::Unknown => return Ok(false),
            Beginning::Lines => Greeting::default(),
            Beginning::Greeting(greeting) => greeting,
        };
        self.wants_receipts = ack;
        self.sender = Some(match (token, self.with.tenant) {
            (Some(token), _) => self.with.intake.bearer(&token).await?,
            (None, Some(tenant)) => self.with.intake.configured(tenant, SETTING).await?,
            (None, None) => return Err(needs_token()),
        });
        Ok(true)
    }

    async fn write(&mut self, Whole { lines, before, too_long }: Whole) -> Result<(), ApiError> {
        let Some(sender) = &self.sender else { return Ok(()) };
        let intake = &self.with.intake;
        let decoded = intake.decode(lines, before, too_long).await?;
        let (accepted, rejected) = (decoded.accepted, decoded.rejected.len() as u64);
        if accepted + rejected == 0 {
            return Ok(());
        }
        let sender = intake.check_again(sender, SETTING).await?;
        let arrival =
            Arrival { protocol: "tcp".to_owned(), origin: self.origin.to_string(), ..Arrival::default() };
        sender.check(&decoded, &arrival)?;
        let taken = intake.write_patiently(sender.tenant, decoded, arrival).await?;
        let refused = taken.as_ref().map_or(0, |taken| taken.refused.count);
        let (accepted, rejected) = (accepted - refused, rejected + refused);
        self.sender = Some(sender);
        IntakeFigures::add(&intake.figures.tcp_lines, accepted);
        IntakeFigures::add(&intake.figures.tcp_rejected, rejected);
        if self.wants_receipts {
            let receipt = taken.map(|taken| taken.receipt);
            self.answer(&Answer { accepted, rejected, receipt }).await?;
        }
        Ok(())
    }

    async fn answer(&mut self, answer: &impl Serialize) -> Result<(), ApiError> {
        let mut line = serde_json::to_vec(answer).map_err(|_| ApiError::Internal)?;
        line.push(b'\n');
        let written = tokio::time::timeout(ANSWER_MAX, self.stream.write_all(&line)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            _ => Err(unavailable("the answers are not read; read them, or do not ask for receipts")),
        }
    }

    fn too_slow(&self) -> ApiError {
        let limits = &self.with.intake.limits;
        if self.needs_token() {
            return needs_token();
        }
        let within = duration::format(limits.idle_timeout);
        let reason = format!("nothing came for {within}; connect again when there is more");
        ApiError::Lines { problem: LinesProblem::Slow, reason }
    }

    /// Tells the sender why, and reads on a little: closing on bytes that were not read would take the answer away.
    async fn refuse(&mut self, error: &ApiError) {
        let described = Described { code: error.code(), message: error.to_string() };
        let farewell = async {
            self.answer(&ErrorLine { error: described }).await.ok()?;
            self.stream.shutdown().await.ok()?;
            let mut rest = [0; 4_096];
            while self.stream.read(&mut rest).await.ok()? > 0 {}
            Some(())
        };
        let _sender_has_gone = tokio::time::timeout(FAREWELL_MAX, farewell).await;
    }
}

fn needs_token() -> ApiError {
    let reason = format!(
        "lines need a token here: send {{\"token\":\"…\"}} with an API key as the first line, or set {SETTING}"
    );
    ApiError::Unauthorized { reason }
}

fn unavailable(reason: &str) -> ApiError {
    ApiError::Unavailable { reason: reason.to_owned() }
}
