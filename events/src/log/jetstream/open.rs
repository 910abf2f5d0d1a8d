//! Opening: from a server to a log that knows how far it is.
//!
//! Invariant: nothing that was there is changed; what is not as it must be is told with what to do about it.
//! A log is open when this node has seen all that was stored before the opening began.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::future::try_join_all;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::{Semaphore, watch};

use super::connect::Connection;
use super::names::{Names, PrefixError};
use super::partition::{Partition, Progress};
use super::places::{Place, Places};
use super::state::{Beginning, State};
use super::{JetStreamLog, JetStreamOptions, follower, snapshot, streams, writer};
use crate::ids::{Offset, PartitionId};
use crate::log::body::Compressors;
use crate::log::pending::Pending;

/// What a message takes beside the piece of a record in it.
const HEADER_BYTES_MAX: usize = 1 << 10;

/// Work that the log wants done while it is open; ends when the log is closed.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A log that can be used, and the work that someone has to run for it.
pub struct Opened {
    pub log: Arc<JetStreamLog>,
    pub work: Vec<(PartitionId, Work)>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Opened").field("log", &self.log).finish_non_exhaustive()
    }
}

/// Why a log in JetStream cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Prefix(#[from] PrefixError),
    #[error("the address of NATS cannot be read ({servers}): {reason}; write nats://HOST:4222")]
    Address { servers: String, reason: String },
    #[error("NATS does not answer at {servers}: {reason}")]
    Unreachable { servers: String, reason: String },
    #[error("NATS at {servers} does not let this user in; look at user and password")]
    Denied { servers: String },
    #[error("NATS at {servers} and this program do not agree on TLS: {reason}")]
    Tls { servers: String, reason: String },
    #[error("NATS {version} is too old: {oldest} is needed, or newer")]
    TooOld { version: String, oldest: String },
    #[error(
        "NATS at {servers} has no JetStream for this user: {reason}; switch it on with `jetstream {{}}` in its file"
    )]
    NoJetStream { servers: String, reason: String },
    #[error("stream {name} of NATS cannot be made or looked at: {reason}")]
    Stream { name: String, reason: String },
    #[error("stream {name} of NATS has other settings than Antler's, and is left as it is: {differences}")]
    OtherSettings { name: String, differences: String },
    #[error(
        "the log in NATS has {recorded} partitions, and {asked} are asked for; that number is fixed when it is made"
    )]
    Partitions { recorded: String, asked: String },
    #[error("partition {partition} of the log in NATS cannot be read: {reason}")]
    Read { partition: PartitionId, reason: String },
}

pub(super) async fn open(options: JetStreamOptions) -> Result<Opened, OpenError> {
    let names = Names::new(&options.prefix)?;
    let connection = Connection::open(&options).await?;
    let made = streams::ensure(&connection.context, streams::of_snapshots(&names, &options)).await?;
    let identity = format!("nats {} {made}", options.prefix);
    let options = Arc::new(options);
    let ids = (0..options.partitions).map(PartitionId::new);
    let opened = try_join_all(ids.map(|id| open_partition(&connection, &names, &options, id))).await?;
    let (mut partitions, mut work) = (Vec::new(), Vec::<(PartitionId, Work)>::new());
    for (partition, queue) in opened {
        work.push((partition.id, Box::pin(writer::write(Arc::clone(&partition), queue))));
        work.push((partition.id, Box::pin(follower::follow(Arc::clone(&partition)))));
        partitions.push(partition);
    }
    let log = Arc::new(JetStreamLog { partitions, compressors: Compressors::new(), connection, identity });
    Ok(Opened { log, work })
}

async fn open_partition(
    connection: &Connection,
    names: &Names,
    options: &Arc<JetStreamOptions>,
    id: PartitionId,
) -> Result<(Arc<Partition>, UnboundedReceiver<Pending>), OpenError> {
    let context = &connection.context;
    streams::ensure(context, streams::of_partition(names, options, id)).await?;
    let stream = |name: String| async move {
        let found = context.get_stream_no_info(&name).await;
        found.map_err(|error| OpenError::Stream { name, reason: error.to_string() })
    };
    let (queue, waiting) = unbounded_channel();
    let nothing = Place { offset: Offset::FIRST, sequence: 1, bytes: 0 };
    let partition = Partition {
        id,
        names: names.clone(),
        context: context.clone(),
        stream: stream(names.stream(id)).await?,
        snapshots: stream(names.snapshots_stream()).await?,
        piece_bytes: connection.payload_bytes_max().saturating_sub(HEADER_BYTES_MAX).min(PIECE_BYTES_MAX),
        queue,
        budget: Arc::new(Semaphore::new(options.queue_permits() as usize)),
        progress: watch::Sender::new(Progress {
            next: Offset::FIRST,
            sequence: 0,
            closed: false,
            ended: false,
        }),
        holds: Arc::default(),
        shortening: tokio::sync::Mutex::default(),
        state: Mutex::new(State::new(start(), Places::new(nothing, nothing))),
        options: Arc::clone(options),
    };
    find_the_end(&partition).await.map_err(|reason| OpenError::Read { partition: id, reason })?;
    Ok((Arc::new(partition), waiting))
}

/// Largest message: what is larger is slower for the server to keep, and holds up smaller ones.
const PIECE_BYTES_MAX: usize = 1 << 20;

fn start() -> Beginning {
    Beginning {
        sequence: 0,
        next: Offset::FIRST,
        lines_from: Offset::FIRST,
        chains: Default::default(),
        last_of: Default::default(),
    }
}

/// Goes on from the newest snapshot to the last message that is there now.
async fn find_the_end(partition: &Partition) -> Result<(), String> {
    let beginning = snapshot::beginning(partition).await.map_err(|error| error.to_string())?;
    let info = partition.stream.get_info().await.map_err(|error| error.to_string())?.state;
    if info.last_sequence < beginning.sequence {
        return follower::look_back(partition, beginning.sequence).await;
    }
    let first = Place { offset: Offset::FIRST, sequence: info.first_sequence.max(1), bytes: 0 };
    // How much lies before the snapshot is reckoned by messages.
    let (held, behind) =
        (info.last_sequence + 1 - first.sequence.min(info.last_sequence), beginning.sequence);
    let passed = behind.saturating_sub(first.sequence.saturating_sub(1));
    let bytes = u128::from(info.bytes) * u128::from(passed) / u128::from(held.max(1));
    let end = Place { offset: beginning.next, sequence: behind + 1, bytes: bytes as u64 };
    *partition.state() = State::new(beginning, Places::new(first, end));
    partition.see_all(info.last_sequence).await.map_err(|error| error.to_string())?;
    partition.pass(info.last_sequence);
    Ok(())
}
