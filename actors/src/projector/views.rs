//! The views of control state as a projection.
//!
//! Invariant: what is said to be applied can be asked of the views at once; after a crash the views may be a little behind
//! that, and take the events again. It does not know when it is time to make them durable: its projector does.

use std::sync::atomic::{AtomicU64, Ordering};

use antler_events::ids::{Offset, PartitionId};
use antler_events::log::{BoxFuture, Recorded};
use antler_projections::views::control::{ControlViewError, ControlViews};
use antler_projections::views::port::ViewError;

use super::follow::Followed;
use super::{Applied, ApplyError, Projection};

/// What the projection is called.
pub const NAME: &str = "views";

#[derive(Debug)]
pub struct ViewsProjection {
    views: ControlViews,
    /// By partition, the offset of the last event that was taken.
    applied: Vec<AtomicU64>,
}

impl ViewsProjection {
    /// Begins where the views are.
    pub async fn open(views: ControlViews, partitions: u16) -> Result<Self, ViewError> {
        let mut applied = Vec::new();
        for partition in (0..partitions).map(PartitionId::new) {
            applied.push(AtomicU64::new(views.checkpoint(partition).await?.before().number()));
        }
        Ok(Self { views, applied })
    }

    async fn take(
        &self,
        partition: PartitionId,
        events: &[Recorded],
        last: Offset,
    ) -> Result<(), ControlViewError> {
        self.views.apply(partition, events, last.plus(1)).await?;
        if let Some(applied) = self.applied.get(usize::from(partition.number())) {
            applied.fetch_max(last.number(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Takes events one by one, so that the one is known that cannot be taken.
    async fn take_each(&self, partition: PartitionId, events: &[Recorded]) -> Result<(), ApplyError> {
        for event in events {
            let offset = event.envelope.offset;
            let taken = self.take(partition, std::slice::from_ref(event), offset).await;
            taken.map_err(|error| refused(error, offset))?;
        }
        Ok(())
    }
}

/// Lines say nothing to these views, and what was handed over are lines.
fn control(events: &[Followed]) -> Vec<Recorded> {
    let recorded = events.iter().filter_map(|event| match event {
        Followed::Recorded(recorded) => Some(recorded),
        Followed::Handed(_) | Followed::Noted(_) => None,
    });
    let control = recorded.filter(|recorded| recorded.envelope.subject.kind.is_control());
    control.map(|recorded| Recorded::clone(recorded)).collect()
}

fn refused(error: ControlViewError, offset: Offset) -> ApplyError {
    match error {
        ControlViewError::Store(error) => ApplyError::Projection { reason: error.to_string() },
        ControlViewError::Event(error) => ApplyError::Event { offset, reason: error.to_string() },
        ControlViewError::Document { .. } => ApplyError::Event { offset, reason: error.to_string() },
    }
}

impl Projection for ViewsProjection {
    fn name(&self) -> &'static str {
        NAME
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        let applied = self.applied.get(usize::from(partition.number()));
        applied.map_or(Offset::ZERO, |applied| Offset::new(applied.load(Ordering::Relaxed)))
    }

    fn apply<'a>(
        &'a self,
        partition: PartitionId,
        events: &'a [Followed],
    ) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        Box::pin(async move {
            let up_to = events.last().map_or_else(|| self.applied(partition), Followed::offset);
            let control = control(events);
            match self.take(partition, &control, up_to).await {
                Ok(()) => {}
                Err(ControlViewError::Store(error)) => {
                    return Err(ApplyError::Projection { reason: error.to_string() });
                }
                Err(_) => {
                    self.take_each(partition, &control).await?;
                    self.take(partition, &[], up_to).await.map_err(|error| refused(error, up_to))?;
                }
            }
            Ok(Applied { up_to, is_full: false })
        })
    }

    fn set_aside<'a>(
        &'a self,
        partition: PartitionId,
        event: Offset,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move { self.take(partition, &[], event).await.map_err(|error| refused(error, event)) })
    }

    fn settle(&self, partition: PartitionId) -> BoxFuture<'_, Result<(), ApplyError>> {
        Box::pin(async move {
            let settled = self.views.settle(partition, self.applied(partition).plus(1)).await;
            settled.map_err(|error| ApplyError::Projection { reason: error.to_string() })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use antler_config::limits::AccountLimits;
    use antler_events::clock::Timestamp;
    use antler_events::codec::CodecId;
    use antler_events::event::tenant::{TenantEvent, TenantRegistered};
    use antler_events::event::{Cause, ControlEvent};
    use antler_events::identity::{DisplayName, Email};
    use antler_events::ids::{TenantId, UserId};
    use antler_events::wire::{ChainHash, Envelope};
    use antler_projections::views::memory::MemoryViews;

    use super::*;

    const PARTITION: PartitionId = PartitionId::new(0);

    fn registered(tenant: &str, offset: u64) -> Recorded {
        let event = ControlEvent::Tenant(TenantEvent::Registered(TenantRegistered {
            name: DisplayName::parse("Acme", &AccountLimits::default()).unwrap(),
            founder: UserId::parse("u1").unwrap(),
            email: Email::parse("a@acme.example", &AccountLimits::default()).unwrap(),
        }));
        let tenant = TenantId::parse(tenant).unwrap();
        let new = event.record(tenant, &Cause::SYSTEM, Timestamp::from_nanos(0)).unwrap();
        let length = new.body.len() as u32;
        let envelope = Envelope {
            codec: CodecId::BincodeZstd,
            event_type: new.event_type,
            schema: new.schema,
            partition: PARTITION,
            offset: Offset::new(offset),
            recorded_at: new.recorded_at,
            subject: new.subject,
            previous: ChainHash::START,
            body_stored: length,
            body_raw: length,
            body_crc: 0,
        };
        Recorded { envelope, hash: ChainHash::START, body: new.body }
    }

    #[tokio::test]
    async fn an_event_that_cannot_be_read_is_named_and_the_others_are_taken() {
        let views = ControlViews::new(Arc::new(MemoryViews::new()));
        let projection = ViewsProjection::open(views.clone(), 1).await.unwrap();
        let mut broken = registered("b", 2);
        broken.body = broken.body.slice(..1);
        let events = [registered("a", 1), broken, registered("c", 3)];
        let followed: Vec<_> = events.into_iter().map(|event| Followed::Recorded(Box::new(event))).collect();
        let error = projection.apply(PARTITION, &followed).await.unwrap_err();
        assert!(matches!(error, ApplyError::Event { offset, .. } if offset == Offset::new(2)), "{error}");
        assert_eq!(projection.applied(PARTITION), Offset::new(1));
        projection.set_aside(PARTITION, Offset::new(2), "broken").await.unwrap();
        let applied = projection.apply(PARTITION, &followed[2..]).await.unwrap();
        assert_eq!((applied.up_to, projection.applied(PARTITION)), (Offset::new(3), Offset::new(3)));
        let is_there =
            async |tenant: &str| views.tenant(TenantId::parse(tenant).unwrap()).await.unwrap().is_some();
        assert!(is_there("a").await && !is_there("b").await && is_there("c").await);
    }
}
