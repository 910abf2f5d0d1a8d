//! Lines over UDP: a datagram is one or more lines, and perhaps a greeting with a token before them.
//!
//! Invariant: what arrived is written, or counted as dropped; a sender cannot be told, so whoever runs the server is, in
//! its log and its figures. It waits for nobody: the next datagram may be another's.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use antler_events::event::lines::Arrival;
use antler_events::ids::TenantId;
use bytes::{Bytes, BytesMut};
use foldhash::fast::FixedState;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::intake::{Intake, IntakeFigures, Sender};
use super::lines::{Greeting, split_greeting};

const SETTING: &str = "listeners.udp_tenant";
/// No datagram is larger.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;
/// Writes that are under way; beyond it, datagrams are dropped. Credits bound their bytes.
const WRITES_MAX: usize = 1_024;
/// Senders whose datagrams are gathered at once.
const PARTS_MAX: usize = 256;
/// Tokens that are remembered, good and bad ones.
const TOKENS_MAX: usize = 1_024;
/// A token that was refused is looked at again after so long.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// Dropped datagrams are warned of so often at most.
const WARN_EVERY: Duration = Duration::from_secs(10);
/// What arrived by the time of a stop is looked for so long.
const LAST_LOOK: Duration = Duration::from_millis(20);

/// The listener.
#[derive(Debug)]
pub struct UdpLines {
    intake: Arc<Intake>,
    /// Whose lines those without a token are.
    tenant: Option<TenantId>,
    tokens: HashMap<String, Known, FixedState>,
    own: Option<Known>,
    warned_at: Option<Duration>,
    /// Dropped since the last warning.
    dropped: u64,
}

/// What a credential was found to be.
#[derive(Debug, Clone)]
enum Known {
    Sender(Box<Sender>),
    Refused { at: Duration, reason: Arc<str> },
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
    pub fn new(intake: Arc<Intake>, tenant: Option<TenantId>) -> Self {
        Self { intake, tenant, tokens: HashMap::default(), own: None, warned_at: None, dropped: 0 }
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
        IntakeFigures::add(&self.intake.figures.udp_datagrams, 1);
        let (greeting, lines) = split_greeting(&datagram[..length]);
        if lines.trim_ascii().is_empty() {
            return;
        }
        let origin = from.ip().to_canonical();
        match self.sender_of(greeting).await {
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
                part.lines.extend_from_slice(lines);
                part.lines.extend_from_slice(b"\n");
            }
            Err(reason) => self.drop_counted(1, &reason),
        }
    }

    async fn sender_of(&mut self, greeting: Option<Greeting>) -> Result<Sender, Arc<str>> {
        let now = self.intake.elapsed();
        let token = greeting.and_then(|greeting| greeting.token);
        let known = match &token {
            Some(token) => self.tokens.get(token),
            None => self.own.as_ref(),
        };
        match known {
            Some(Known::Sender(sender)) if sender.is_fresh(now) => return Ok((**sender).clone()),
            Some(Known::Refused { at, reason }) if now.saturating_sub(*at) < REFUSED_FOR => {
                return Err(Arc::clone(reason));
            }
            _ => {}
        }
        let found = self.find(token.as_deref()).await;
        let answer = found.clone();
        let known = match found {
            Ok(sender) => Known::Sender(Box::new(sender)),
            Err(reason) => Known::Refused { at: now, reason },
        };
        match token {
            None => self.own = Some(known),
            Some(token) => {
                if self.tokens.len() >= TOKENS_MAX {
                    self.tokens.clear();
                }
                self.tokens.insert(token, known);
            }
        }
        answer
    }

    async fn find(&self, token: Option<&str>) -> Result<Sender, Arc<str>> {
        let found = match (token, self.tenant) {
            (Some(token), _) => self.intake.bearer(token).await,
            (None, Some(tenant)) => self.intake.configured(tenant, SETTING).await,
            (None, None) => {
                let reason = format!(
                    "lines need a token here: begin each datagram with the line {{\"token\":\"…\"}}, or set {SETTING}"
                );
                return Err(reason.into());
            }
        };
        found.map_err(|error| error.to_string().into())
    }

    fn write(&mut self, part: Part, writes: &mut JoinSet<Result<(), (u64, Arc<str>)>>) {
        if writes.len() >= WRITES_MAX {
            self.drop_counted(part.datagrams, "as many writes are under way as may be");
            return;
        }
        let intake = Arc::clone(&self.intake);
        writes.spawn(async move {
            let Part { sender, origin, datagrams, lines } = part;
            let written = write(&sender, &intake, origin, lines.freeze()).await;
            written.map_err(|reason| (datagrams, reason))
        });
    }

    fn written(&mut self, written: Result<(), (u64, Arc<str>)>) {
        if let Err((datagrams, reason)) = written {
            self.drop_counted(datagrams, &reason);
        }
    }

    fn drop_counted(&mut self, datagrams: u64, reason: &str) {
        self.intake.figures.udp_dropped.fetch_add(datagrams, Ordering::Relaxed);
        self.dropped += datagrams;
        let now = self.intake.elapsed();
        if self.warned_at.is_none_or(|at| now.saturating_sub(at) >= WARN_EVERY) {
            tracing::warn!(datagrams = self.dropped, reason, "datagrams are dropped");
            (self.warned_at, self.dropped) = (Some(now), 0);
        }
    }
}

async fn write(sender: &Sender, intake: &Intake, origin: IpAddr, lines: Bytes) -> Result<(), Arc<str>> {
    let decoded = intake.decode(lines, 0, Vec::new()).await.map_err(|error| error.to_string())?;
    let (accepted, rejected) = (decoded.accepted, decoded.rejected.len() as u64);
    let arrival = Arrival { protocol: "udp".to_owned(), origin: origin.to_string(), ..Arrival::default() };
    sender.check(&decoded, &arrival).map_err(|error| error.to_string())?;
    let taken = intake.write(sender.tenant, decoded, arrival).await.map_err(|error| error.to_string())?;
    let refused = taken.map_or(0, |taken| taken.refused.count);
    IntakeFigures::add(&intake.figures.udp_lines, accepted - refused);
    IntakeFigures::add(&intake.figures.udp_rejected, rejected + refused);
    Ok(())
}
