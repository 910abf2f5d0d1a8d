//! Snapshots: what the records up to a message left behind, so that nobody has to read them all again.
//!
//! A snapshot is some messages under the sequence that it was taken at, and a pointer that says which snapshot counts,
//! and where lines begin. All nodes make the same snapshot of the same sequence, so two of them at once do no harm.
//! Invariant: the pointer moves only forward, by the server's own comparison, and only when all pieces of what it
//! points at are stored. It does not decide when a snapshot is due.

use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::partition::Partition;
use super::state::Beginning;
use crate::codec;
use crate::ids::Offset;
use crate::log::heads::{
    Chains, LastOf, StoredChains, StoredLastOf, restore_chains, restore_last_of, store_chains, store_last_of,
};

const LAYOUT: u16 = 1;
const ZSTD_LEVEL: i32 = 1;
/// Largest snapshot, before compression.
const BYTES_MAX: usize = codec::BODY_BYTES_MAX;

/// Why a snapshot could not be left or read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SnapshotError {
    #[error("NATS does not answer for {subject}: {reason}")]
    NoAnswer { subject: String, reason: String },
    #[error("the snapshot under {subject} is not as it was written: {reason}")]
    Damaged { subject: String, reason: String },
    #[error("the snapshot under {subject} has layout {found}, and this version reads {LAYOUT}")]
    Layout { subject: String, found: u16 },
    #[error("the snapshot cannot be encoded")]
    Encode(#[from] codec::CodecError),
    #[error("the snapshot cannot be compressed")]
    Compress(#[source] std::io::Error),
    #[error("other nodes left snapshots all the time, so that this one did not")]
    Overtaken,
}

/// Says which snapshot counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pointer {
    layout: u16,
    /// The last message that it holds.
    sequence: u64,
    lines_from: Offset,
    pieces: u32,
    crc: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredSnapshot {
    next: Offset,
    chains: StoredChains,
    last_of: StoredLastOf,
}

/// A pointer, and the message that it lies in.
struct Found {
    pointer: Pointer,
    message: u64,
}

/// How far the newest snapshot is; the beginning of the log if there is none.
pub(super) async fn beginning(partition: &Partition) -> Result<Beginning, SnapshotError> {
    let Some(Found { pointer, .. }) = pointer_of(partition).await? else {
        let (chains, last_of) = (Chains::new(), LastOf::new());
        let (next, lines_from) = (Offset::FIRST, Offset::FIRST);
        return Ok(Beginning { sequence: 0, next, lines_from, chains, last_of });
    };
    let subject = partition.names.all_pieces(partition.id, pointer.sequence);
    let damaged =
        |reason: &str| SnapshotError::Damaged { subject: subject.clone(), reason: reason.to_owned() };
    let mut bytes = Vec::new();
    for at in 0..pointer.pieces as usize {
        let piece = partition.names.piece(partition.id, pointer.sequence, at);
        let found = last_message(partition, &piece).await?;
        bytes.extend_from_slice(&found.ok_or_else(|| damaged(&format!("piece {at} is missing")))?.0);
    }
    if crc32fast::hash(&bytes) != pointer.crc {
        return Err(damaged("the checksum does not match"));
    }
    let body = zstd::bulk::decompress(&bytes, BYTES_MAX).map_err(|error| damaged(&error.to_string()))?;
    let stored: StoredSnapshot = codec::decode(&body).map_err(|error| damaged(&error.to_string()))?;
    let last_of =
        restore_last_of(stored.last_of).ok_or_else(|| damaged("it names a subject of a later version"))?;
    Ok(Beginning {
        sequence: pointer.sequence,
        next: stored.next,
        lines_from: pointer.lines_from,
        chains: restore_chains(stored.chains),
        last_of,
    })
}

/// Asks where lines begin; another node may have truncated them.
pub(super) async fn learn_of_truncation(partition: &Partition) -> Result<Offset, SnapshotError> {
    let found = pointer_of(partition).await?;
    let mut state = partition.state();
    let told = found.map_or(Offset::FIRST, |found| found.pointer.lines_from);
    state.lines_from = state.lines_from.max(told);
    Ok(state.lines_from)
}

/// Leaves a snapshot of what this node knows, and says with it that lines begin at `lines_from` or later.
pub(super) async fn leave(partition: &Partition, lines_from: Offset) -> Result<(), SnapshotError> {
    const ATTEMPTS: usize = 8;
    for _ in 0..ATTEMPTS {
        let before = pointer_of(partition).await?;
        let (known, message) =
            before.map_or((None, 0), |Found { pointer, message }| (Some(pointer), message));
        if let Some(known) = &known
            && known.sequence > partition.state().settled
            && !partition.seen_behind(known.sequence - 1).await
        {
            continue;
        }
        let (sequence, body) = taken(partition)?;
        let told = known.as_ref().map_or(Offset::FIRST, |known| known.lines_from);
        let lines_from = lines_from.max(told).max(partition.state().lines_from);
        let pieces: Vec<Bytes> = cut(&body, partition.piece_bytes);
        for (at, piece) in pieces.iter().enumerate() {
            let subject = partition.names.piece(partition.id, sequence, at);
            store(partition, subject, piece.clone(), None).await?;
        }
        let crc = crc32fast::hash(&body);
        let pointer = Pointer { layout: LAYOUT, sequence, lines_from, pieces: pieces.len() as u32, crc };
        let subject = partition.names.pointer(partition.id);
        if !store(partition, subject, codec::encode(&pointer)?, Some(message)).await? {
            continue;
        }
        note(partition, lines_from);
        if let Some(known) = known.filter(|known| known.sequence != sequence) {
            remove(partition, known.sequence).await;
        }
        return Ok(());
    }
    Err(SnapshotError::Overtaken)
}

fn note(partition: &Partition, lines_from: Offset) {
    let mut state = partition.state();
    state.lines_from = state.lines_from.max(lines_from);
    state.bytes_since_snapshot = 0;
}

/// What this node knows, as it is stored, and the last message that it stands for.
fn taken(partition: &Partition) -> Result<(u64, Bytes), SnapshotError> {
    let (sequence, stored) = {
        let state = partition.state();
        let (chains, last_of) = (store_chains(&state.chains), store_last_of(&state.last_of));
        (state.settled, StoredSnapshot { next: state.next, chains, last_of })
    };
    let body = codec::encode(&stored)?;
    let body = zstd::bulk::compress(&body, ZSTD_LEVEL).map_err(SnapshotError::Compress)?;
    Ok((sequence, body.into()))
}

fn cut(body: &Bytes, piece_bytes: usize) -> Vec<Bytes> {
    let begins = (0..body.len()).step_by(piece_bytes.max(1));
    begins.map(|at| body.slice(at..body.len().min(at + piece_bytes))).collect()
}

/// Answers whether it was stored: not, if the subject's last message is not the expected one.
async fn store(
    partition: &Partition,
    subject: String,
    body: Bytes,
    expected: Option<u64>,
) -> Result<bool, SnapshotError> {
    let message = PublishMessage::build().payload(body);
    let message = match expected {
        Some(last) => message.expected_last_subject_sequence(last),
        None => message,
    };
    let sent = partition.context.send_publish(subject.clone(), message).await;
    let answered = match sent {
        Ok(answer) => answer.await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(false),
        Err(error) => Err(SnapshotError::NoAnswer { subject, reason: error.to_string() }),
    }
}

/// What is left of an old snapshot harms nobody.
async fn remove(partition: &Partition, sequence: u64) {
    let subject = partition.names.all_pieces(partition.id, sequence);
    if let Err(error) = partition.snapshots.purge().filter(subject).await {
        tracing::warn!(partition = %partition.id, %error, "an old snapshot of the log is not removed");
    }
}

async fn pointer_of(partition: &Partition) -> Result<Option<Found>, SnapshotError> {
    let subject = partition.names.pointer(partition.id);
    let Some((body, message)) = last_message(partition, &subject).await? else { return Ok(None) };
    let pointer: Pointer = codec::decode(&body)
        .map_err(|error| SnapshotError::Damaged { subject: subject.clone(), reason: error.to_string() })?;
    match pointer.layout {
        LAYOUT => Ok(Some(Found { pointer, message })),
        found => Err(SnapshotError::Layout { subject, found }),
    }
}

/// The newest message of a subject, as the leader of the stream has it, and its sequence.
async fn last_message(partition: &Partition, subject: &str) -> Result<Option<(Bytes, u64)>, SnapshotError> {
    match partition.snapshots.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(Some((message.payload, message.sequence))),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(SnapshotError::NoAnswer { subject: subject.to_owned(), reason: error.to_string() }),
    }
}
