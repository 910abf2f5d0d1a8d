//! The views of dead letters, answers and searches as a projection, and how much was sent.
//!
//! Invariant: the log keeps every event until views and sums have it on stable storage: what they lose in a crash they are
//! given again. It reads no lines.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_events::event::note::Note;
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::{BoxFuture, EventLog, Hold, ReadError};
use antler_projections::views::arrivals::{ArrivalViews, NoteAt};
use antler_projections::views::control::ControlViewError;
use antler_projections::views::port::ViewError;

use super::follow::Followed;
use super::{Applied, ApplyError, Projection};
use crate::quotas::Quotas;

/// What the projection is called.
pub const NAME: &str = "arrivals";

#[derive(Debug)]
pub struct ArrivalsProjection {
    views: ArrivalViews,
    quotas: Arc<Quotas>,
    partitions: Vec<Mutex<Place>>,
}

/// How far it is in a partition.
#[derive(Debug)]
struct Place {
    applied: Offset,
    hold: Box<dyn Hold>,
}

/// Why the projection cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ArrivalsError {
    #[error(transparent)]
    Views(#[from] ViewError),
    #[error("the event log cannot be followed")]
    Log(#[from] ReadError),
}

impl ArrivalsProjection {
    /// Begins where the views, or the sums, are.
    pub async fn open(
        views: ArrivalViews,
        quotas: Arc<Quotas>,
        log: &dyn EventLog,
    ) -> Result<Self, ArrivalsError> {
        let mut partitions = Vec::new();
        for partition in (0..log.partitions()).map(PartitionId::new) {
            let next = views.checkpoint(partition).await?.min(quotas.usage().needed_from(partition));
            let (applied, hold) = (next.before(), log.hold(partition, next)?);
            partitions.push(Mutex::new(Place { applied, hold }));
        }
        Ok(Self { views, quotas, partitions })
    }

    fn place(&self, partition: PartitionId) -> Option<MutexGuard<'_, Place>> {
        let place = self.partitions.get(usize::from(partition.number()))?;
        Some(place.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn take(&self, partition: PartitionId, notes: &[NoteAt]) -> Result<(), ApplyError> {
        match self.views.apply(partition, notes).await {
            Ok(()) => Ok(()),
            Err(ControlViewError::Store(error)) => Err(refused(&error)),
            // One of them is to blame: the first that fails alone.
            Err(_) => {
                for note in notes {
                    let taken = self.views.apply(partition, std::slice::from_ref(note)).await;
                    taken.map_err(|error| match error {
                        ControlViewError::Store(error) => refused(&error),
                        error => ApplyError::Event { offset: note.offset, reason: error.to_string() },
                    })?;
                }
                Ok(())
            }
        }
    }

    fn passed(&self, partition: PartitionId, up_to: Offset) {
        if let Some(mut place) = self.place(partition) {
            place.applied = place.applied.max(up_to);
        }
    }
}

fn refused(error: &ViewError) -> ApplyError {
    ApplyError::Projection { reason: error.to_string() }
}

impl Projection for ArrivalsProjection {
    fn name(&self) -> &'static str {
        NAME
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        self.place(partition).map_or(Offset::ZERO, |place| place.applied)
    }

    fn apply<'a>(
        &'a self,
        partition: PartitionId,
        events: &'a [Followed],
    ) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        Box::pin(async move {
            let (mut notes, mut sent, mut up_to) = (Vec::new(), Vec::new(), self.applied(partition));
            let mut unreadable = None;
            for event in events {
                match event.note().and_then(|note| Ok((note, event.sent()?))) {
                    Ok((note, lines)) => {
                        notes.extend(note);
                        sent.extend(lines);
                    }
                    Err(error) => {
                        let (offset, reason) = (event.offset(), error.to_string());
                        unreadable = Some(ApplyError::Event { offset, reason });
                        break;
                    }
                }
                up_to = event.offset();
            }
            match unreadable {
                Some(error) if events.first().is_some_and(|first| first.offset() > up_to) => Err(error),
                _ => {
                    if !notes.is_empty() {
                        self.take(partition, &notes).await?;
                    }
                    let usage = self.quotas.usage();
                    usage.count(partition, &sent, up_to);
                    let forgotten = notes.iter().filter(|at| *at.note == Note::TenantForgotten);
                    forgotten.for_each(|at| usage.forget(at.tenant, partition));
                    self.passed(partition, up_to);
                    Ok(Applied { up_to, is_full: false })
                }
            }
        })
    }

    fn set_aside<'a>(
        &'a self,
        partition: PartitionId,
        event: Offset,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        self.passed(partition, event);
        Box::pin(std::future::ready(Ok(())))
    }

    fn settle(&self, partition: PartitionId) -> BoxFuture<'_, Result<(), ApplyError>> {
        Box::pin(async move {
            let usage = self.quotas.usage();
            self.quotas.look_again().await.map_err(|error| refused(&error))?;
            self.quotas.judge(&usage.active(partition)).await.map_err(|error| refused(&error))?;
            let written = usage.write_if_due(partition).await;
            written.map_err(|error| ApplyError::Projection { reason: error.to_string() })?;
            let next = self.applied(partition).plus(1);
            self.views.settle(partition, next).await.map_err(|error| refused(&error))?;
            if let Some(place) = self.place(partition) {
                place.hold.advance(next.min(usage.needed_from(partition)));
            }
            Ok(())
        })
    }
}
