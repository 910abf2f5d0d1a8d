//! How far a projection is, for those who wait to read what they wrote.
//!
//! Invariant: the offset of a partition never falls. It moves nothing: projectors do.

use antler_events::ids::{Offset, PartitionId};
use tokio::sync::watch;

/// One offset for each partition.
#[derive(Debug)]
pub struct Progress {
    partitions: Vec<watch::Sender<Offset>>,
}

impl Progress {
    pub fn new(partitions: u16) -> Self {
        Self { partitions: (0..partitions).map(|_| watch::Sender::new(Offset::ZERO)).collect() }
    }

    /// Events up to this one have been taken.
    pub fn advance(&self, partition: PartitionId, offset: Offset) {
        if let Some(sender) = self.of(partition) {
            sender.send_if_modified(|at| {
                let rises = offset > *at;
                *at = offset.max(*at);
                rises
            });
        }
    }

    pub fn at(&self, partition: PartitionId) -> Offset {
        self.of(partition).map(|sender| *sender.borrow()).unwrap_or_default()
    }

    /// Waits until the event has been taken.
    pub async fn reached(&self, partition: PartitionId, offset: Offset) {
        if let Some(sender) = self.of(partition) {
            let mut receiver = sender.subscribe();
            let _never_closed = receiver.wait_for(|at| *at >= offset).await;
        }
    }

    fn of(&self, partition: PartitionId) -> Option<&watch::Sender<Offset>> {
        self.partitions.get(usize::from(partition.number()))
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
