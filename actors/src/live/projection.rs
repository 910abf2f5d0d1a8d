//! The live feed as a projection: counts lines, and gives them to the tails of their tenant.
//!
//! Invariant: it begins at the end of the log and keeps no checkpoint, because nobody watches what came before the start;
//! it never waits. It matches nothing: tails do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use antler_config::limits::LineLimits;
use antler_events::clock::Clock;
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::BoxFuture;
use antler_projections::live::LiveCounters;

use super::inbox::{Delivery, Tails};
use crate::projector::follow::{Followed, Lines};
use crate::projector::{Applied, ApplyError, Projection};

#[derive(Debug)]
pub struct LiveProjection {
    tails: Arc<Tails>,
    counters: Arc<LiveCounters>,
    clock: Arc<dyn Clock>,
    limits: LineLimits,
    /// By partition, the last event that was passed on.
    applied: Vec<AtomicU64>,
}

impl LiveProjection {
    pub fn new(
        tails: Arc<Tails>,
        counters: Arc<LiveCounters>,
        clock: Arc<dyn Clock>,
        partitions: u16,
    ) -> Self {
        let begin = |number| AtomicU64::new(tails.looking_at(PartitionId::new(number)).number());
        let applied = (0..partitions).map(begin).collect();
        let limits = tails.bounds.lines.clone();
        Self { tails, counters, clock, limits, applied }
    }

    fn pass_on(&self, partition: PartitionId, event: &Followed) -> Result<(), ApplyError> {
        let offset = event.offset();
        let read = event.lines(&self.limits);
        match read.map_err(|error| ApplyError::Event { offset, reason: error.to_string() })? {
            Some(Lines { tenant, batch, arrival }) => {
                self.counters.count(tenant, &batch, &arrival.defaults, self.clock.now());
                self.tails.give(tenant, partition, &Delivery { offset, batch, arrival });
            }
            None => self.tails.look_at(partition, offset),
        }
        self.passed(partition, offset);
        Ok(())
    }

    fn passed(&self, partition: PartitionId, offset: Offset) {
        if let Some(applied) = self.applied.get(usize::from(partition.number())) {
            applied.fetch_max(offset.number(), Ordering::Relaxed);
        }
    }
}

impl Projection for LiveProjection {
    fn name(&self) -> &'static str {
        "live"
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        let applied = self.applied.get(usize::from(partition.number()));
        Offset::new(applied.map_or(0, |applied| applied.load(Ordering::Relaxed)))
    }

    fn apply<'a>(
        &'a self,
        partition: PartitionId,
        events: &'a [Followed],
    ) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        Box::pin(async move {
            let before = self.applied(partition);
            for event in events {
                match self.pass_on(partition, event) {
                    Ok(()) => {}
                    Err(error) if self.applied(partition) == before => return Err(error),
                    // What was passed on is said first; the event comes again.
                    Err(_) => break,
                }
            }
            Ok(Applied { up_to: self.applied(partition), is_full: false })
        })
    }

    fn set_aside<'a>(
        &'a self,
        partition: PartitionId,
        event: Offset,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            self.tails.look_at(partition, event);
            self.passed(partition, event);
            Ok(())
        })
    }
}
