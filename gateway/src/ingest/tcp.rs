//! Lines over TCP: a JSON object or plain line per line, and perhaps a greeting before them.
//!
//! Invariant: what came is written in its order before a connection ends, or its sender is told in one line why not. A
//! sender that is faster than the log is not read on, and nothing of it is dropped. It keeps no lines between parts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use antler_config::duration;
use antler_events::event::lines::Arrival;
use antler_events::ids::TenantId;
use antler_events::wire::Receipt;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

use super::connections::{Came, Reads, answer, gather, refuse, unavailable};
use super::intake::{ConnectionFigures, Intake, IntakeFigures, Sender};
use super::lines::{Beginning, Greeting, LineStream, Whole};
use crate::http::error::{ApiError, LinesProblem};
use crate::tls::Tls;

const SETTING: &str = "listeners.tcp_tenant";

/// What all connections have.
#[derive(Debug)]
pub struct TcpLines {
    pub intake: Arc<Intake>,
    /// Whose lines those without a token are.
    pub tenant: Option<TenantId>,
    /// What connections are encrypted with.
    pub tls: Option<Arc<Tls>>,
}

impl Reads for TcpLines {
    fn intake(&self) -> &Intake {
        &self.intake
    }

    fn figures(&self) -> &ConnectionFigures {
        &self.intake.figures.tcp
    }

    fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    async fn read<S>(&self, stream: S, address: SocketAddr, stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
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
            IntakeFigures::add(&self.intake.figures.tcp.refused, 1);
            tracing::debug!(%error, %address, "a TCP connection for lines is refused");
            refuse(&mut connection.stream, &error).await;
        }
        let _peer_is_gone = connection.stream.shutdown().await;
    }
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

    async fn gather(&mut self) -> Came {
        let limits = &self.with.intake.limits;
        let patience = if self.needs_token() { limits.token_timeout } else { limits.idle_timeout };
        gather(&mut self.stream, &mut self.lines.buffer, patience, limits, &mut self.stop).await
    }

    fn needs_token(&self) -> bool {
        self.sender.is_none() && self.with.tenant.is_none()
    }

    /// Has the token been on its way for too long? It may come byte by byte.
    fn is_late(&self) -> bool {
        let since = self.with.intake.elapsed().saturating_sub(self.opened_at);
        self.needs_token() && since > self.with.intake.limits.token_timeout
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
        IntakeFigures::add(&intake.figures.tcp.lines, accepted);
        IntakeFigures::add(&intake.figures.tcp.rejected, rejected);
        if self.wants_receipts {
            let receipt = taken.map(|taken| taken.receipt);
            answer(&mut self.stream, &Answer { accepted, rejected, receipt }).await?;
        }
        Ok(())
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
}

fn needs_token() -> ApiError {
    let reason = format!(
        "lines need a token here: send {{\"token\":\"…\"}} with an API key as the first line, or set {SETTING}"
    );
    ApiError::Unauthorized { reason }
}
