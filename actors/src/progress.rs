//! How far a projection is, for those who wait to read what they wrote.
//!
//! Invariant: the offset of a partition never falls; those who wait for the same are woken in the order in which they
//! came, so that a simulated world goes the same way each time. It moves nothing: projectors do.

use std::sync::atomic::{AtomicU64, Ordering};

use antler_events::ids::{Offset, PartitionId};
use tokio::sync::Notify;

/// One offset for each partition.
#[derive(Debug)]
pub struct Progress {
    partitions: Vec<Place>,
}

#[derive(Debug, Default)]
struct Place {
    offset: AtomicU64,
    risen: Notify,
}

impl Progress {
    pub fn new(partitions: u16) -> Self {
        Self { partitions: (0..partitions).map(|_| Place::default()).collect() }
    }

    /// Events up to this one have been taken.
    pub fn advance(&self, partition: PartitionId, offset: Offset) {
        if let Some(place) = self.of(partition)
            && place.offset.fetch_max(offset.number(), Ordering::SeqCst) < offset.number()
        {
            place.risen.notify_waiters();
        }
    }

    pub fn at(&self, partition: PartitionId) -> Offset {
        self.of(partition).map(Place::at).unwrap_or_default()
    }

    /// Waits until the event has been taken.
    pub async fn reached(&self, partition: PartitionId, offset: Offset) {
        let Some(place) = self.of(partition) else { return };
        while place.at() < offset {
            let risen = place.risen.notified();
            tokio::pin!(risen);
            risen.as_mut().enable();
            if place.at() < offset {
                risen.await;
            }
        }
    }

    fn of(&self, partition: PartitionId) -> Option<&Place> {
        self.partitions.get(usize::from(partition.number()))
    }
}

impl Place {
    fn at(&self) -> Offset {
        Offset::new(self.offset.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn who_waits_is_told_when_the_offset_is_reached() {
        let (progress, partition) = (Arc::new(Progress::new(2)), PartitionId::new(1));
        let waiting = tokio::spawn({
            let progress = Arc::clone(&progress);
            async move { progress.reached(partition, Offset::new(5)).await }
        });
        progress.advance(partition, Offset::new(4));
        progress.advance(partition, Offset::new(6));
        progress.advance(partition, Offset::new(3));
        waiting.await.unwrap();
        assert_eq!(progress.at(partition), Offset::new(6));
        assert_eq!(progress.at(PartitionId::new(0)), Offset::ZERO);
    }
}
