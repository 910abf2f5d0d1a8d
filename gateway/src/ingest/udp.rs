//! Lines over UDP: a datagram is one or more lines, and perhaps a greeting with a token before them.
//!
//! Invariant: what arrived is written, or counted as dropped; a sender cannot be told, so whoever runs the server is, in
//! its log and its figures. It waits for nobody: the next datagram may be another's.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::ids::TenantId;
use bytes::BytesMut;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::intake::{DatagramFigures, Intake, IntakeFigures, Sender};
use super::lines::split_greeting;
use super::senders::{Owner, Senders};

/// No datagram is larger.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;
/// Writes that are under way; beyond it, datagrams are dropped. Credits bound their bytes.
const WRITES_MAX: usize = 1_024;
/// Senders whose datagrams are gathered at once.
const PARTS_MAX: usize = 256;
/// Dropped datagrams are warned of so often at most.
const WARN_EVERY: Duration = Duration::from_secs(10);
/// What arrived by the time of a stop is looked for so long.
const LAST_LOOK: Duration = Duration::from_millis(20);

/// The token of a datagram, and the lines in it, at the time of its arrival.
pub type Split = Box<dyn FnMut(&[u8], Timestamp) -> (Option<String>, Cow<'_, [u8]>) + Send>;

/// Whose datagrams they are, and what they are called.
#[derive(Debug, Clone, Copy)]
pub struct Datagrams {
    pub protocol: &'static str,
    pub owner: Owner,
    pub figures: fn(&IntakeFigures) -> &DatagramFigures,
}

/// The listener.
pub struct UdpLines {
    intake: Arc<Intake>,
    of: Datagrams,
    split: Split,
    senders: Senders,
    warned_at: Option<Duration>,
    /// Dropped since the last warning.
    dropped: u64,
}

impl fmt::Debug for UdpLines {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UdpLines").field("of", &self.of).finish_non_exhaustive()
    }
}

/// Lines of one sender.
#[derive(Debug)]
struct Part {
    sender: Sender,
    origin: IpAddr,
    datagrams: u64,
    lines: BytesMut,
}

impl UdpLines {
    pub fn new(intake: Arc<Intake>, of: Datagrams, split: Split) -> Self {
        let senders = Senders::new(Arc::clone(&intake), of.owner);
        Self { intake, of, split, senders, warned_at: None, dropped: 0 }
    }

    /// Lines as they are, one or more in a datagram, and perhaps a greeting before them.
    pub fn plain(intake: Arc<Intake>, tenant: Option<TenantId>) -> Self {
        let advice = "begin each datagram with the line {\"token\":\"…\"}";
        let owner = Owner { tenant, setting: "listeners.udp_tenant", advice };
        let of = Datagrams { protocol: "udp", owner, figures: |figures| &figures.udp };
        Self::new(intake, of, Box::new(greeting_and_lines))
    }

    /// Serves until the stop, and then until what arrived is written.
    pub async fn serve(mut self, socket: UdpSocket, mut stop: watch::Receiver<bool>) {
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        let mut writes = JoinSet::new();
        let mut stops = false;
        while !stops {
            let first = tokio::select! {
                biased;
                _ = stop.wait_for(|stops| *stops) => None,
                Some(written) = writes.join_next() => {
                    self.written(written.unwrap_or(Err((0, "a write failed".into()))));
                    continue;
                }
                first = socket.recv_from(&mut datagram) => Some(first),
            };
            let mut parts = Vec::new();
            match first {
                None => stops = true,
                Some(first) => self.take(&mut parts, &datagram, first).await,
            }
            let time = if stops { LAST_LOOK } else { self.intake.limits.gather_for };
            self.gather(&socket, &mut datagram, &mut parts, time).await;
            for part in parts {
                self.write(part, &mut writes);
            }
        }
        while let Some(written) = writes.join_next().await {
            self.written(written.unwrap_or(Err((0, "a write failed".into()))));
        }
    }

    /// Receives what comes right behind, until there are enough bytes for a write.
    async fn gather(
        &mut self,
        socket: &UdpSocket,
        datagram: &mut [u8],
        parts: &mut Vec<Part>,
        time: Duration,
    ) {
        let bytes_max = self.intake.limits.gather_bytes.as_usize();
        let time_is_up = tokio::time::sleep(time);
        tokio::pin!(time_is_up);
        let has_room = |parts: &[Part]| {
            let bytes: usize = parts.iter().map(|part| part.lines.len()).sum();
            parts.len() < PARTS_MAX && bytes < bytes_max
        };
        while has_room(parts) {
            let received = tokio::select! {
                biased;
                received = socket.recv_from(datagram) => received,
                () = &mut time_is_up => return,
            };
            self.take(parts, datagram, received).await;
        }
    }

    async fn take(
        &mut self,
        parts: &mut Vec<Part>,
        datagram: &[u8],
        received: std::io::Result<(usize, SocketAddr)>,
    ) {
        let Ok((length, from)) = received else { return };
        IntakeFigures::add(&(self.of.figures)(&self.intake.figures).datagrams, 1);
        let (token, lines) = (self.split)(&datagram[..length], self.intake.ingest.clock.now());
        if lines.trim_ascii().is_empty() {
            return;
        }
        let origin = from.ip().to_canonical();
        match self.senders.of(token.as_deref()).await {
            Ok(sender) => {
                let same = |part: &&mut Part| part.sender.is(&sender) && part.origin == origin;
                let part = match parts.iter_mut().find(same) {
                    Some(part) => part,
                    None => {
                        parts.push(Part { sender, origin, datagrams: 0, lines: BytesMut::new() });
                        parts.last_mut().expect("it was pushed above")
                    }
                };
                part.datagrams += 1;
                part.lines.extend_from_slice(&lines);
                part.lines.extend_from_slice(b"\n");
            }
            Err(reason) => self.drop_counted(1, &reason),
        }
    }

    fn write(&mut self, part: Part, writes: &mut JoinSet<Result<(), (u64, Arc<str>)>>) {
        if writes.len() >= WRITES_MAX {
            self.drop_counted(part.datagrams, "as many writes are under way as may be");
            return;
        }
        let (intake, of) = (Arc::clone(&self.intake), self.of);
        writes.spawn(async move {
            let datagrams = part.datagrams;
            write(part, &intake, of).await.map_err(|reason| (datagrams, reason))
        });
    }

    fn written(&mut self, written: Result<(), (u64, Arc<str>)>) {
        if let Err((datagrams, reason)) = written {
            self.drop_counted(datagrams, &reason);
        }
    }

    fn drop_counted(&mut self, datagrams: u64, reason: &str) {
        (self.of.figures)(&self.intake.figures).dropped.fetch_add(datagrams, Ordering::Relaxed);
        self.dropped += datagrams;
        let now = self.intake.elapsed();
        if self.warned_at.is_none_or(|at| now.saturating_sub(at) >= WARN_EVERY) {
            tracing::warn!(datagrams = self.dropped, reason, "datagrams are dropped");
            (self.warned_at, self.dropped) = (Some(now), 0);
        }
    }
}

fn greeting_and_lines(datagram: &[u8], _: Timestamp) -> (Option<String>, Cow<'_, [u8]>) {
    let (greeting, lines) = split_greeting(datagram);
    (greeting.and_then(|greeting| greeting.token), Cow::Borrowed(lines))
}

async fn write(part: Part, intake: &Intake, of: Datagrams) -> Result<(), Arc<str>> {
    let Part { sender, origin, lines, .. } = part;
    let decoded = intake.decode(lines.freeze(), 0, Vec::new()).await.map_err(|error| error.to_string())?;
    let (accepted, rejected) = (decoded.accepted, decoded.rejected.len() as u64);
    let (protocol, origin) = (of.protocol.to_owned(), origin.to_string());
    let arrival = Arrival { protocol, origin, ..Arrival::default() };
    sender.check(&decoded, &arrival).map_err(|error| error.to_string())?;
    let taken = intake.write(sender.tenant, decoded, arrival).await.map_err(|error| error.to_string())?;
    let refused = taken.map_or(0, |taken| taken.refused.count);
    let figures = (of.figures)(&intake.figures);
    IntakeFigures::add(&figures.lines, accepted - refused);
    IntakeFigures::add(&figures.rejected, rejected + refused);
    Ok(())
}
