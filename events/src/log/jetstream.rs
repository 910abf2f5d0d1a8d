//! The event log in NATS JetStream, shared by all nodes of a cluster: one stream per partition.
//!
//! What is appended together lies in one record: a message, or several that follow each other. Each message names the
//! sequence that must be the last one before it, so the server itself puts the records of all nodes in one order, and
//! a record that somebody else overtook is laid out anew behind it. Whether a message of which no answer came was
//! taken can always be found out: it stands at the one sequence that it named, or it will never stand anywhere.
//! Rooms: `names`, `streams` and `connect` are how the server is met; `record` is the format; `writer` and `follower`
//! keep the `state` that `partition` shares; `pieces`, `places` and `read` read; `snapshot` and `retain` make it short.
//! Invariant: an append is answered only when the server has said that all of its record is stored, or when it is
//! certain that it is not. It owns no task: whoever opened the log runs its work.

mod connect;
mod follower;
mod names;
mod open;
mod partition;
mod pieces;
mod places;
mod read;
mod record;
mod retain;
mod snapshot;
mod state;
mod streams;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use antler_config::Secret;
use tokio::sync::oneshot;

pub use self::connect::Server;
pub use self::open::{OpenError, Opened, Work};

use self::partition::Partition;
use crate::ids::{Offset, PartitionId};
use crate::log::body::Compressors;
use crate::log::pending::Pending;
use crate::log::{
    Append, AppendError, Appended, Bounds, BoxFuture, Chunk, EventLog, Hold, PartitionStatistics, ReadError,
    TruncateError,
};
use crate::subject::Subject;

/// How the server is reached, and how the log lies there.
#[derive(Debug, Clone)]
pub struct JetStreamOptions {
    /// Addresses such as `nats://n1:4222`, with commas between them; any one of a cluster is enough.
    pub servers: String,
    pub user: String,
    pub password: Secret,
    /// Certificates that a server is trusted by, beside those of the machine.
    pub certificates: Option<PathBuf>,
    /// What the names of streams and subjects begin with, so that clusters can share a server.
    pub prefix: String,
    /// Fixed when the log is made.
    pub partitions: u16,
    /// Servers that keep each message.
    pub replicas: usize,
    /// Tells the messages of this process from all others; drawn at each start.
    pub writer: u64,
    /// How long one answer of the server is waited for.
    pub answer_within: Duration,
    /// How long a record waits for company.
    pub linger: Duration,
    /// So many stored bytes are one record.
    pub commit_bytes: usize,
    /// Stored bytes that may wait in one partition; further appends wait before they enter.
    pub queue_bytes: usize,
    /// Bytes of the newest records of a partition that are kept for readers.
    pub recent_bytes: usize,
    /// Bytes of records after which a snapshot is left, so that an open has no more to read.
    pub snapshot_bytes: u64,
}

impl JetStreamOptions {
    pub fn new(servers: impl Into<String>, writer: u64) -> Self {
        Self {
            servers: servers.into(),
            user: String::new(),
            password: Secret::default(),
            certificates: None,
            prefix: "antler".to_owned(),
            partitions: 16,
            replicas: 1,
            writer,
            answer_within: Duration::from_secs(3),
            linger: Duration::from_millis(1),
            commit_bytes: 1 << 20,
            queue_bytes: 32 << 20,
            recent_bytes: 4 << 20,
            snapshot_bytes: 64 << 20,
        }
    }

    fn queue_permits(&self) -> u32 {
        u32::try_from(self.queue_bytes).unwrap_or(u32::MAX).max(1)
    }
}

/// The adapter of the event log for clusters.
pub struct JetStreamLog {
    partitions: Vec<Arc<Partition>>,
    compressors: Compressors,
    connection: connect::Connection,
    identity: String,
}

impl JetStreamLog {
    /// Connects, makes the streams that are not there, and reads how far they are.
    pub async fn open(options: JetStreamOptions) -> Result<Opened, OpenError> {
        open::open(options).await
    }

    /// Takes no more appends; the work that was begun at the opening finishes what waits and returns.
    pub fn close(&self) {
        self.partitions.iter().for_each(|partition| partition.close());
    }

    /// What is at the other end of the connection, as it said of itself.
    pub fn server(&self) -> Server {
        self.connection.server()
    }

    /// Tells this log from any other, also from one that is made anew under its name.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    pub fn statistics(&self) -> Vec<PartitionStatistics> {
        self.partitions.iter().map(|partition| partition.statistics()).collect()
    }

    fn partition<E>(
        &self,
        id: PartitionId,
        error: impl FnOnce(PartitionId, u16) -> E,
    ) -> Result<&Arc<Partition>, E> {
        self.partitions.get(usize::from(id.number())).ok_or_else(|| error(id, self.partitions()))
    }

    fn readable(&self, id: PartitionId) -> Result<&Arc<Partition>, ReadError> {
        self.partition(id, |partition, partitions| ReadError::NoPartition { partition, partitions })
    }

    async fn append_to(&self, id: PartitionId, append: Append) -> Result<Appended, AppendError> {
        let partition =
            self.partition(id, |partition, partitions| AppendError::NoPartition { partition, partitions })?;
        append.check()?;
        partition.takes_appends()?;
        let Append { events, expected } = append;
        let events = self.compressors.prepare_all(events);
        let stored: usize = events.iter().map(|event| event.stored.len()).sum();
        let permits = u32::try_from(stored).unwrap_or(u32::MAX).min(partition.options.queue_permits());
        let permit = Arc::clone(&partition.budget).acquire_many_owned(permits).await;
        let permit = permit.expect("the budget is never closed");
        let (answer, answered) = oneshot::channel();
        if partition.queue.send(Pending { events, expected, answer, permit }).is_err() {
            return Err(partition.stopped());
        }
        answered.await.unwrap_or_else(|_| Err(partition.stopped()))
    }
}

impl fmt::Debug for JetStreamLog {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("JetStreamLog").field("partitions", &self.partitions).finish_non_exhaustive()
    }
}

impl EventLog for JetStreamLog {
    fn partitions(&self) -> u16 {
        self.partitions.len() as u16
    }

    fn append(&self, partition: PartitionId, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(self.append_to(partition, append))
    }

    fn read(
        &self,
        partition: PartitionId,
        from: Offset,
        bytes_max: usize,
    ) -> BoxFuture<'_, Result<Chunk, ReadError>> {
        Box::pin(async move { read::read(self.readable(partition)?, from, bytes_max).await })
    }

    fn wait(&self, partition: PartitionId, from: Offset) -> BoxFuture<'_, Result<(), ReadError>> {
        Box::pin(async move { self.readable(partition)?.wait(from).await })
    }

    fn bounds(&self, partition: PartitionId) -> Result<Bounds, ReadError> {
        Ok(self.readable(partition)?.state().bounds())
    }

    fn bytes_from(&self, partition: PartitionId, from: Offset) -> Result<u64, ReadError> {
        Ok(self.readable(partition)?.state().places.bytes_from(from))
    }

    fn last_of(&self, partition: PartitionId, subject: Subject) -> Result<Offset, ReadError> {
        Ok(self.readable(partition)?.state().last_of.get(&subject).copied().unwrap_or_default())
    }

    fn hold(&self, partition: PartitionId, from: Offset) -> Result<Box<dyn Hold>, ReadError> {
        Ok(self.readable(partition)?.holds.hold(from))
    }

    fn truncate(
        &self,
        partition: PartitionId,
        below: Offset,
    ) -> BoxFuture<'_, Result<Offset, TruncateError>> {
        Box::pin(async move {
            let partition = self.partition(partition, |partition, partitions| {
                TruncateError::NoPartition { partition, partitions }
            })?;
            retain::truncate(partition, below).await
        })
    }
}
