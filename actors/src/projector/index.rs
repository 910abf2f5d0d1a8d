//! The search index as a projection.
//!
//! Invariant: the index is given every event of a partition, also those that say nothing to it, so that its checkpoint
//! can pass them. It does not seal: upkeep does.

use std::sync::Arc;
use std::time::Duration;

use antler_config::limits::LineLimits;
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::BoxFuture;
use antler_projections::index::port::feed::TenantLines;
use antler_projections::index::port::{BatchAt, IndexError, SearchIndex};
use tokio::sync::Notify;

use super::follow::{Followed, Lines};
use super::{Applied, ApplyError, Projection};

/// What the projection is called.
pub const NAME: &str = "index";
/// Lines are found so much later at most, and each batch costs less when several are taken.
const GATHER_FOR: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct IndexProjection {
    index: Arc<dyn SearchIndex>,
    limits: LineLimits,
    /// Told when there is upkeep to do.
    upkeep: Arc<Notify>,
}

impl IndexProjection {
    pub fn new(index: Arc<dyn SearchIndex>, limits: LineLimits, upkeep: Arc<Notify>) -> Self {
        Self { index, limits, upkeep }
    }

    /// Events before the first that cannot be read, and why that cannot be.
    fn batches(&self, events: &[Followed]) -> (Vec<BatchAt>, Option<ApplyError>) {
        let mut batches = Vec::with_capacity(events.len());
        for event in events {
            let offset = event.offset();
            match event.lines(&self.limits) {
                Ok(lines) => batches.push(BatchAt { offset, lines: lines.map(of_tenant) }),
                Err(error) => {
                    return (batches, Some(ApplyError::Event { offset, reason: error.to_string() }));
                }
            }
        }
        (batches, None)
    }

    async fn give(&self, partition: PartitionId, batches: Vec<BatchAt>) -> Result<Applied, IndexError> {
        let report = self.index.apply(partition, batches).await?;
        let is_full = report.refused.is_some();
        if report.is_upkeep_due || is_full {
            self.upkeep.notify_one();
        }
        Ok(Applied { up_to: report.applied, is_full })
    }

    /// Gives events one by one, so that the one is known that the index fails on.
    async fn give_each(&self, partition: PartitionId, batches: Vec<BatchAt>) -> Result<Applied, ApplyError> {
        let mut applied = Applied { up_to: self.index.applied(partition), is_full: false };
        for batch in batches {
            let offset = batch.offset;
            applied = match self.give(partition, vec![batch]).await {
                Err(IndexError::Lost(lost)) if applied.up_to < offset => {
                    return Err(ApplyError::Event { offset, reason: lost.to_string() });
                }
                given => given.map_err(|error| refused(&error))?,
            };
            if applied.is_full {
                break;
            }
        }
        Ok(applied)
    }
}

fn of_tenant(lines: Lines) -> TenantLines {
    let Lines { tenant, batch, arrival } = lines;
    TenantLines { tenant, batch, arrival }
}

fn refused(error: &dyn std::error::Error) -> ApplyError {
    ApplyError::Projection { reason: error.to_string() }
}

impl Projection for IndexProjection {
    fn name(&self) -> &'static str {
        NAME
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        self.index.applied(partition)
    }

    fn apply<'a>(
        &'a self,
        partition: PartitionId,
        events: &'a [Followed],
    ) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        Box::pin(async move {
            let (batches, failed) = self.batches(events);
            match failed {
                Some(error) if batches.is_empty() => return Err(error),
                _ => {}
            }
            match self.give(partition, batches.clone()).await {
                Err(IndexError::Lost(_)) => self.give_each(partition, batches).await,
                given => given.map_err(|error| refused(&error)),
            }
        })
    }

    fn gathers_for(&self) -> Duration {
        GATHER_FOR
    }

    fn set_aside<'a>(
        &'a self,
        partition: PartitionId,
        event: Offset,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            let passed = vec![BatchAt { offset: event, lines: None }];
            self.index.apply(partition, passed).await.map_err(|error| refused(&error))?;
            Ok(())
        })
    }
}
