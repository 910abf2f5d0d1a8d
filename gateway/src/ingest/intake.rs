//! What the listeners share that take lines without a request: whose they are, and writing them.
//!
//! Invariant: a line that was read is written, set down as a dead letter, or counted as dropped; which of them is for the
//! protocol to say. Writing that finds no room waits, and the sender with it. It opens no socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use antler_actors::system::{IngestError, Taken};
use antler_config::limits::IngestLimits;
use antler_events::access::Scope;
use antler_events::event::lines::Arrival;
use antler_events::event::tenant::Standing;
use antler_events::ids::TenantId;
use bytes::Bytes;

use super::decode::{DecodeError, Decoded, Form, Rejected};
use super::reach;
use crate::http::auth::permissions::Permission;
use crate::http::auth::{Caller, Gate};
use crate::http::error::ApiError;
use crate::http::logs::{IngestState, not_taken};

/// Whoever waits for room tries again after so long, and at last this long.
const WAIT_FIRST: Duration = Duration::from_millis(5);
const WAIT_LONGEST: Duration = Duration::from_millis(200);
/// A credential is looked at again after so long.
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// What takes lines in.
#[derive(Debug)]
pub struct Intake {
    pub gate: Arc<Gate>,
    pub ingest: IngestState,
    pub limits: IngestLimits,
    pub figures: IntakeFigures,
}

/// Counts of the listeners for lines.
#[derive(Debug, Default)]
pub struct IntakeFigures {
    pub tcp: ConnectionFigures,
    pub udp: DatagramFigures,
    pub syslog_tcp: ConnectionFigures,
    pub syslog_udp: DatagramFigures,
}

/// Of a listener for connections.
#[derive(Debug, Default)]
pub struct ConnectionFigures {
    pub accepted: AtomicU64,
    pub closed: AtomicU64,
    pub refused: AtomicU64,
    pub lines: AtomicU64,
    pub rejected: AtomicU64,
}

/// Of a listener for datagrams.
#[derive(Debug, Default)]
pub struct DatagramFigures {
    pub datagrams: AtomicU64,
    pub dropped: AtomicU64,
    pub lines: AtomicU64,
    pub rejected: AtomicU64,
}

/// Whose lines they are, and since when that is known.
#[derive(Debug, Clone)]
pub struct Sender {
    pub tenant: TenantId,
    /// None for the tenant of the settings.
    caller: Option<Caller>,
    checked_at: Duration,
}

impl Sender {
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Is it the same one?
    pub fn is(&self, other: &Self) -> bool {
        (self.tenant, &self.caller) == (other.tenant, &other.caller)
    }

    /// May it send these lines?
    pub fn check(&self, decoded: &Decoded, arrival: &Arrival) -> Result<(), ApiError> {
        reach::check(self.caller().and_then(Caller::kept_to), decoded, &arrival.defaults)
    }

    pub fn is_fresh(&self, now: Duration) -> bool {
        now.saturating_sub(self.checked_at) < CHECK_EVERY
    }
}

impl Intake {
    pub fn new(gate: Arc<Gate>, ingest: IngestState, limits: IngestLimits) -> Self {
        Self { gate, ingest, limits, figures: IntakeFigures::default() }
    }

    /// Whose token it is, if it may send lines.
    pub async fn bearer(&self, token: &str) -> Result<Sender, ApiError> {
        let caller = self.gate.authenticate(token).await?;
        caller.check(Permission::Scope(Scope::Ingest))?;
        Ok(Sender { tenant: caller.tenant, caller: Some(caller), checked_at: self.elapsed() })
    }

    /// The tenant of the settings, if it is there.
    pub async fn configured(&self, tenant: TenantId, setting: &str) -> Result<Sender, ApiError> {
        let found = self.gate.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
        match found.filter(|found| found.standing != Standing::Closed) {
            Some(_) => Ok(Sender { tenant, caller: None, checked_at: self.elapsed() }),
            None => {
                let reason = format!("there is no tenant {tenant}, which {setting} names; set another id");
                Err(ApiError::Unauthorized { reason })
            }
        }
    }

    /// The same sender, if it may still send.
    pub async fn check_again(&self, sender: &Sender, setting: &str) -> Result<Sender, ApiError> {
        if sender.is_fresh(self.elapsed()) {
            return Ok(sender.clone());
        }
        let Some(caller) = &sender.caller else { return self.configured(sender.tenant, setting).await };
        let caller = self.gate.check_again(caller).await?;
        caller.check(Permission::Scope(Scope::Ingest))?;
        Ok(Sender { tenant: caller.tenant, caller: Some(caller), checked_at: self.elapsed() })
    }

    pub fn elapsed(&self) -> Duration {
        self.ingest.clock.elapsed()
    }

    /// Takes whole lines apart; blank ones are nothing.
    pub async fn decode(
        &self,
        lines: Bytes,
        before: u64,
        rejected: Vec<Rejected>,
    ) -> Result<Decoded, ApiError> {
        let decoded = self.ingest.decode(lines, Form::Text).await?;
        let mut decoded = match decoded {
            Ok(decoded) => decoded,
            Err(DecodeError::Empty) => Decoded::default(),
            Err(error) => {
                tracing::error!(%error, "lines were not taken apart");
                return Err(ApiError::Internal);
            }
        };
        decoded.rejected.iter_mut().for_each(|line| line.line += before);
        decoded.numbers.stand_behind(before);
        decoded.rejected.extend(rejected);
        Ok(decoded)
    }

    /// Writes lines, and those that were rejected as dead letters. None if there is nothing to write.
    pub async fn write(
        &self,
        tenant: TenantId,
        decoded: Decoded,
        arrival: Arrival,
    ) -> Result<Option<Taken>, IngestError> {
        if decoded.batches.is_empty() && decoded.rejected.is_empty() {
            return Ok(None);
        }
        self.ingest.system.take(tenant, self.ingest.arrived(decoded, arrival)).await.map(Some)
    }

    /// The same, but waits while there is no room for them.
    pub async fn write_patiently(
        &self,
        tenant: TenantId,
        decoded: Decoded,
        arrival: Arrival,
    ) -> Result<Option<Taken>, ApiError> {
        if decoded.batches.is_empty() && decoded.rejected.is_empty() {
            return Ok(None);
        }
        let arrived = self.ingest.arrived(decoded, arrival);
        let mut wait = WAIT_FIRST;
        loop {
            match self.ingest.system.take(tenant, arrived.again()).await {
                Ok(taken) => return Ok(Some(taken)),
                Err(error) if error.passes() => tokio::time::sleep(wait).await,
                Err(error) => return Err(not_taken(&error)),
            }
            wait = WAIT_LONGEST.min(wait * 2);
        }
    }
}

impl IntakeFigures {
    pub fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}
