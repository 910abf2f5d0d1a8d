//! Syslog over TCP.
//!
//! Invariant: messages are written in the order in which they came, each to the tenant that its token names. The protocol
//! knows no answers: a sender whose messages cannot be taken is told in one line why, and its connection ends, so that it
//! keeps them. A sender that is faster than the log is not read on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use antler_events::event::lines::Arrival;
use antler_events::ids::TenantId;
use antler_events::line::LineError;
use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

use super::frames::{Frame, Frames};
use super::{PROTOCOL, message, owner};
use crate::http::error::ApiError;
use crate::ingest::connections::{Came, Reads, gather, refuse};
use crate::ingest::decode::Rejected;
use crate::ingest::intake::{ConnectionFigures, Intake, IntakeFigures, Sender};
use crate::ingest::senders::Senders;
use crate::tls::Tls;
use crate::upload::pattern::syslog::Messages;

/// What all connections have.
#[derive(Debug)]
pub struct SyslogTcp {
    pub intake: Arc<Intake>,
    /// Whose messages those without a token are.
    pub tenant: Option<TenantId>,
    /// What connections are encrypted with.
    pub tls: Option<Arc<Tls>>,
}

impl Reads for SyslogTcp {
    fn intake(&self) -> &Intake {
        &self.intake
    }

    fn figures(&self) -> &ConnectionFigures {
        &self.intake.figures.syslog_tcp
    }

    fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    async fn read<S>(&self, mut stream: S, address: SocketAddr, mut stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let mut connection = Connection {
            intake: &self.intake,
            origin: address.ip().to_canonical(),
            frames: Frames::new(self.intake.ingest.names.limits().line_bytes_max),
            senders: Senders::new(Arc::clone(&self.intake), owner(self.tenant)),
            messages: Messages::new(self.intake.ingest.clock.now()),
            taken: 0,
        };
        if let Err(error) = connection.run(&mut stream, &mut stop).await {
            IntakeFigures::add(&self.figures().refused, 1);
            tracing::warn!(%error, %address, "a connection for syslog is refused");
            refuse(&mut stream, &error).await;
        }
        let _peer_is_gone = stream.shutdown().await;
    }
}

struct Connection<'a> {
    intake: &'a Intake,
    origin: IpAddr,
    frames: Frames,
    senders: Senders,
    messages: Messages,
    /// Messages so far.
    taken: u64,
}

/// Messages of one sender, one behind the other, as lines of JSON.
struct Run {
    sender: Sender,
    before: u64,
    lines: BytesMut,
    too_long: Vec<Rejected>,
}

impl Connection<'_> {
    async fn run(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), ApiError> {
        let limits = &self.intake.limits;
        loop {
            // Programs hold a connection open on which nothing happens for days.
            let came =
                gather(stream, &mut self.frames.buffer, limits.syslog_idle_timeout, limits, stop).await;
            self.take(matches!(came, Came::End | Came::Nothing)).await?;
            if came != Came::Bytes {
                return Ok(());
            }
        }
    }

    /// Writes what has come.
    async fn take(&mut self, is_at_end: bool) -> Result<(), ApiError> {
        let mut run: Option<Run> = None;
        while let Some(frame) = self.frames.next(is_at_end) {
            self.taken += 1;
            let now = self.intake.ingest.clock.now();
            let (Frame::Whole(bytes) | Frame::TooLong(bytes, _)) = &frame;
            let (token, text) = message::parts(bytes);
            let sender = match self.senders.of(token.as_deref()).await {
                Ok(sender) => sender,
                Err(reason) => {
                    self.write_run(run).await?;
                    return Err(ApiError::Unauthorized { reason: reason.to_string() });
                }
            };
            if run.as_ref().is_none_or(|run| !run.sender.is(&sender)) {
                let before = self.taken - 1;
                let next = Run { sender, before, lines: BytesMut::new(), too_long: Vec::new() };
                self.write_run(run.replace(next)).await?;
            }
            let Some(run) = &mut run else { continue };
            if let Frame::TooLong(_, length) = &frame {
                let max = self.intake.ingest.names.limits().line_bytes_max;
                let error = LineError::TooLong { length: *length, max };
                run.too_long.push(Rejected { line: self.taken, error, raw: text.into_owned().into() });
            } else {
                run.lines.extend_from_slice(&message::line(&text, &mut self.messages, now));
            }
            // Also of one that is no line here, so that numbers stay those of messages.
            run.lines.extend_from_slice(b"\n");
        }
        self.write_run(run).await
    }

    async fn write_run(&self, run: Option<Run>) -> Result<(), ApiError> {
        let Some(run) = run else { return Ok(()) };
        let Run { sender, before, lines, too_long } = run;
        let decoded = self.intake.decode(lines.freeze(), before, too_long).await?;
        let (accepted, rejected) = (decoded.accepted, decoded.rejected.len() as u64);
        let (protocol, origin) = (PROTOCOL.to_owned(), self.origin.to_string());
        let arrival = Arrival { protocol, origin, ..Arrival::default() };
        sender.check(&decoded, &arrival)?;
        let taken = self.intake.write_patiently(sender.tenant, decoded, arrival).await?;
        let refused = taken.map_or(0, |taken| taken.refused.count);
        let figures = &self.intake.figures.syslog_tcp;
        IntakeFigures::add(&figures.lines, accepted - refused);
        IntakeFigures::add(&figures.rejected, rejected + refused);
        Ok(())
    }
}
