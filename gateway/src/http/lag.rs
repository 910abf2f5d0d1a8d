//! How far projections are behind the event log: in events, in bytes, and in seconds.
//!
//! Invariant: who has taken everything is behind by nothing. The time is that of the event which comes next, so it tells how
//! old the oldest thing is that cannot be found yet. It reads the log only for those who are behind, one event each.

use antler_events::ids::PartitionId;

use super::shared::Shared;

/// A projection on one partition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lag {
    pub projection: &'static str,
    pub partition: PartitionId,
    pub events: u64,
    pub bytes: u64,
    pub seconds: f64,
}

/// Of each projection on each partition.
pub(super) async fn all(shared: &Shared) -> Vec<Lag> {
    let mut lags = Vec::new();
    for running in shared.program.system.projections() {
        for partition in (0..shared.log.log.partitions()).map(PartitionId::new) {
            let at = running.progress.at(partition);
            lags.push(
                behind(
                    shared,
                    Lag { projection: running.name, partition, events: 0, bytes: 0, seconds: 0.0 },
                    at,
                )
                .await,
            );
        }
    }
    lags
}

async fn behind(shared: &Shared, none: Lag, at: antler_events::ids::Offset) -> Lag {
    let log = &shared.log.log;
    let next = at.plus(1);
    let Ok(bounds) = log.bounds(none.partition) else { return none };
    if bounds.next <= next {
        return none;
    }
    let oldest =
        log.read(none.partition, next, 1).await.ok().and_then(|chunk| chunk.events.into_iter().next());
    let age = oldest.map_or(0, |event| shared.clock.now().nanos() - event.envelope.recorded_at.nanos());
    Lag {
        events: bounds.next.number() - next.number(),
        bytes: log.bytes_from(none.partition, next).unwrap_or_default(),
        seconds: age.max(0) as f64 / 1e9,
        ..none
    }
}
