//! The log as actors meet it: slow at times, and for one tenant a cause of panics.
//!
//! Invariant: what it answers is what the log behind it did; a panic comes before or after the append, never between.
//! It keeps nothing: the simulated log does.

use std::sync::Arc;
use std::time::Duration;

use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::{
    Append, AppendError, Appended, Bounds, BoxFuture, Chunk, EventLog, Hold, ReadError, TruncateError,
};
use antler_events::subject::Subject;

use crate::world::{Fault, Faults, SimulatedLog};

/// A log between the actors and the truth.
#[derive(Debug)]
pub(in crate::scenario) struct UnreliableLog {
    pub(in crate::scenario) log: Arc<SimulatedLog>,
    pub(in crate::scenario) faults: Arc<Faults>,
    /// Whose appends may panic.
    pub(in crate::scenario) bad: TenantId,
    pub(in crate::scenario) delay_max: Duration,
}

impl UnreliableLog {
    async fn delay(&self) {
        if self.faults.strikes(Fault::Delay) {
            let millis = self.faults.random(|rng| rng.below(self.delay_max.as_millis() as u64 + 1));
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
    }

    fn panic_for(&self, append: &Append) {
        let is_bad = append.events.iter().any(|event| event.subject.tenant == self.bad);
        assert!(!is_bad || !self.faults.strikes(Fault::ActorPanic), "on purpose");
    }
}

impl EventLog for UnreliableLog {
    fn partitions(&self) -> u16 {
        self.log.partitions()
    }

    fn append(&self, partition: PartitionId, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            self.delay().await;
            self.panic_for(&append);
            let appended = self.log.append(partition, append.clone()).await;
            self.panic_for(&append);
            self.delay().await;
            appended
        })
    }

    fn read(&self, of: PartitionId, from: Offset, bytes: usize) -> BoxFuture<'_, Result<Chunk, ReadError>> {
        Box::pin(async move {
            self.delay().await;
            self.log.read(of, from, bytes).await
        })
    }

    fn wait(&self, partition: PartitionId, from: Offset) -> BoxFuture<'_, Result<(), ReadError>> {
        self.log.wait(partition, from)
    }

    fn bounds(&self, partition: PartitionId) -> Result<Bounds, ReadError> {
        self.log.bounds(partition)
    }

    fn bytes_from(&self, partition: PartitionId, from: Offset) -> Result<u64, ReadError> {
        self.log.bytes_from(partition, from)
    }

    fn last_of(&self, partition: PartitionId, subject: Subject) -> Result<Offset, ReadError> {
        self.log.last_of(partition, subject)
    }

    fn hold(&self, partition: PartitionId, from: Offset) -> Result<Box<dyn Hold>, ReadError> {
        self.log.hold(partition, from)
    }

    fn truncate(&self, of: PartitionId, below: Offset) -> BoxFuture<'_, Result<Offset, TruncateError>> {
        self.log.truncate(of, below)
    }
}
