//! Accounts: the commands of registration, login, passwords, keys and saved searches, as functions that anybody may call
//! at once.
//!
//! A command loads its aggregate from the views, lets the aggregate's own rules decide, appends with the offset that it
//! expects, and waits until the views have what it wrote. Another command that came between makes it decide again.
//! Invariant: nothing is answered that is not on stable storage and in the views. It sees no password and no secret, only
//! their hashes, and does not ask whether the caller may: the gateway does both.

mod aggregate;
mod audit;
mod error;
mod keys;
mod machines;
pub mod mails;
mod members;
mod passwords;
mod profiles;
mod registration;
mod searches;
mod sessions;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Clock;
use antler_events::event::member::MemberState;
use antler_events::event::membership::MembershipRejection;
use antler_events::event::tenant::{TenantLimits, TenantState};
use antler_events::event::{Cause, ControlEvent};
use antler_events::ids::{Offset, PartitionId, TenantId, UserId};
use antler_events::log::{Append, AppendError, EventLog, Expected, NewEvent};
use antler_events::placement::Placement;
use antler_events::randomness::Randomness;
use antler_events::subject::Subject;
use antler_projections::views::control::{ControlViews, Kept};

use self::aggregate::{Aggregated, Members, Tenants};
pub use self::error::AccountError;
pub use self::keys::NewKey;
pub use self::members::{Invited, Invitee, Joining};
pub use self::registration::{Registered, Registration};
pub use self::sessions::{LoginName, NewSession, Renewal};
use crate::progress::Progress;

/// How often a command decides again because another came between.
const ATTEMPTS_MAX: u32 = 8;
/// How long a command waits for the views.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a new tenant may use.
pub const USUAL_LIMITS: TenantLimits = TenantLimits {
    lines_per_day: 1_000_000_000,
    bytes_per_day: 1 << 40,
    retention_days: 90,
    seats: 100,
    calls_per_hour: 100_000_000,
    streams_max: 1_000,
};

/// What commands need of the program.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub log: Arc<dyn EventLog>,
    pub views: ControlViews,
    /// Of the projector that feeds these views.
    pub progress: Arc<Progress>,
    pub placement: Arc<Placement>,
    pub clock: Arc<dyn Clock>,
    pub randomness: Arc<dyn Randomness>,
    /// Of tenants that register.
    pub limits: TenantLimits,
}

impl Accounts {
    /// Decides on the aggregate as it is now, and records what was decided.
    async fn execute<A: Aggregated>(
        &self,
        tenant: TenantId,
        id: A::Id,
        cause: &Cause,
        decide: impl Fn(&Option<A::State>) -> Result<Vec<A::Event>, A::Rejection> + Send + Sync,
    ) -> Result<Vec<A::Event>, AccountError> {
        let subject = Subject::control(tenant, A::aggregate(id));
        let partition = self.placement.home(tenant);
        for _ in 0..ATTEMPTS_MAX {
            let (state, last) = self.state::<A>(tenant, id).await?;
            let events = decide(&state).map_err(Into::into)?;
            if events.is_empty() {
                return Ok(events);
            }
            let new = self.record(tenant, cause, events.iter().map(|event| A::event(id, event)))?;
            let append = Append { events: new, expected: vec![Expected { subject, last }] };
            if self.append(partition, append).await? {
                return Ok(events);
            }
        }
        Err(AccountError::Contended)
    }

    /// The same on a tenant and an account of it, which change together or not at all.
    async fn execute_both(
        &self,
        tenant: TenantId,
        user: UserId,
        cause: &Cause,
        decide: impl Fn(&TenantState, &MemberState) -> Result<Vec<ControlEvent>, MembershipRejection>
        + Send
        + Sync,
    ) -> Result<(), AccountError> {
        let partition = self.placement.home(tenant);
        for _ in 0..ATTEMPTS_MAX {
            let (of_tenant, tenant_last) = self.state::<Tenants>(tenant, ()).await?;
            let (of_member, member_last) = self.state::<Members>(tenant, user).await?;
            let events = decide(&of_tenant, &of_member)?;
            if events.is_empty() {
                return Ok(());
            }
            let expected = [(Tenants::aggregate(()), tenant_last), (Members::aggregate(user), member_last)];
            let expected = expected
                .map(|(aggregate, last)| Expected { subject: Subject::control(tenant, aggregate), last });
            let append = Append { events: self.record(tenant, cause, events)?, expected: expected.into() };
            if self.append(partition, append).await? {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// An aggregate as the log has it, and the offset of its last event.
    async fn state<A: Aggregated>(
        &self,
        tenant: TenantId,
        id: A::Id,
    ) -> Result<(Option<A::State>, Offset), AccountError> {
        let partition = self.placement.home(tenant);
        let last = self.log.last_of(partition, Subject::control(tenant, A::aggregate(id)))?;
        if last > Offset::ZERO {
            self.wait_for_views(partition, last).await?;
        }
        let kept = A::load(tenant, &self.views, id).await?;
        Ok(kept.map_or((None, Offset::ZERO), |Kept { state, last, .. }| (state, last)))
    }

    /// Appends, and waits until the views have it. False: something else was appended before.
    async fn append(&self, partition: PartitionId, append: Append) -> Result<bool, AccountError> {
        match self.log.append(partition, append).await {
            Ok(appended) => self.wait_for_views(partition, appended.last).await.map(|()| true),
            Err(AppendError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn wait_for_views(&self, partition: PartitionId, offset: Offset) -> Result<(), AccountError> {
        let reached = self.progress.reached(partition, offset);
        tokio::time::timeout(PATIENCE, reached).await.map_err(|_| AccountError::ViewsBehind)
    }

    fn record(
        &self,
        tenant: TenantId,
        cause: &Cause,
        events: impl IntoIterator<Item = ControlEvent>,
    ) -> Result<Vec<NewEvent>, AccountError> {
        let now = self.clock.now();
        let recorded = events.into_iter().map(|event| event.record(tenant, cause, now));
        Ok(recorded.collect::<Result<_, _>>()?)
    }

    /// Text for a new id, of 128 random bits.
    fn draw(&self) -> Result<String, AccountError> {
        let mut bytes = [0; 16];
        self.randomness.fill(&mut bytes)?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests;
