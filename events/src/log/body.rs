//! Bodies as they are stored: compressed, with their checksum and hash.
//!
//! Invariant: a stored body gives back exactly the bytes that were appended, or an error.
//! It does not know what a body means.

use std::sync::Mutex;

use bytes::Bytes;

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::clock::Timestamp;
use crate::codec::CodecId;
use crate::ids::{Offset, PartitionId};
use crate::log::NewEvent;
use crate::subject::Subject;
use crate::wire::{ChainHash, Envelope, EventType, SchemaVersion};

/// Compressing no more than this keeps nobody waiting.
const LITTLE_BYTES: usize = 128 << 10;

/// Levels by the length that a body is below. Tiny bodies are framed with hardly a look at them: what they could become
/// smaller is not worth the tables that a look needs. All stay only until their log is cut, so that the time to compress
/// them costs more than the room, of small ones, which come in great number, all the more.
const LEVELS: [(usize, i32); 3] = [(1 << 10, -100), (64 << 10, -11), (usize::MAX, -3)];

/// The level that a body of a length is compressed at: whoever checks a hash without the log needs it.
pub fn level_of_body(bytes: usize) -> i32 {
    LEVELS[class_of(bytes)].1
}

fn class_of(bytes: usize) -> usize {
    LEVELS.iter().position(|(below, _)| bytes < *below).expect("the last class has no end")
}

/// An event whose body is ready to be written; the body as it came is let go.
pub(super) struct PreparedEvent {
    pub subject: Subject,
    pub event_type: EventType,
    pub schema: SchemaVersion,
    pub recorded_at: Timestamp,
    pub raw_bytes: u32,
    pub stored: Vec<u8>,
    pub crc: u32,
    pub hash: ChainHash,
}

impl PreparedEvent {
    /// What stands before it, at its place in the log and in its chain.
    pub(super) fn envelope(&self, partition: PartitionId, offset: Offset, previous: ChainHash) -> Envelope {
        Envelope {
            codec: CodecId::BincodeZstd,
            event_type: self.event_type,
            schema: self.schema,
            partition,
            offset,
            recorded_at: self.recorded_at,
            subject: self.subject,
            previous,
            body_stored: self.stored.len() as u32,
            body_raw: self.raw_bytes,
            body_crc: self.crc,
        }
    }
}

/// Compresses in the context of whoever appends, so that the writer of a partition only writes.
pub(super) struct Compressors(Mutex<Vec<Compressor>>);

struct Compressor {
    contexts: [zstd::bulk::Compressor<'static>; LEVELS.len()],
    /// Grows to the bound of the largest body, so that a stored body takes no more room than it has.
    scratch: Vec<u8>,
}

impl Compressors {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Much is not compressed on a thread that serves others: they would wait for as long as it takes.
    pub(super) fn prepare_all(&self, events: Vec<NewEvent>) -> Vec<PreparedEvent> {
        let bytes: usize = events.iter().map(|event| event.body.len()).sum();
        let prepare = || events.into_iter().map(|event| self.prepare(event)).collect();
        let serves_others =
            Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
        if bytes > LITTLE_BYTES && serves_others { tokio::task::block_in_place(prepare) } else { prepare() }
    }

    fn prepare(&self, event: NewEvent) -> PreparedEvent {
        let idle = self.pool().pop();
        let mut compressor = idle.unwrap_or_else(Compressor::new);
        let stored = compressor.compress(&event.body);
        self.pool().push(compressor);
        let crc = crc32fast::hash(&stored);
        let hash = ChainHash::of_body(&stored);
        let NewEvent { subject, event_type, schema, recorded_at, body } = event;
        let raw_bytes = body.len() as u32;
        PreparedEvent { subject, event_type, schema, recorded_at, raw_bytes, stored, crc, hash }
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<Compressor>> {
        self.0.lock().expect("nothing panics while it holds the pool")
    }
}

impl Compressor {
    fn new() -> Self {
        let of_level = |(_, level)| zstd::bulk::Compressor::new(level).expect("the level exists");
        Self { contexts: LEVELS.map(of_level), scratch: Vec::new() }
    }

    fn compress(&mut self, body: &[u8]) -> Vec<u8> {
        self.scratch.clear();
        self.scratch.reserve(zstd::zstd_safe::compress_bound(body.len()));
        let length = self.contexts[class_of(body.len())].compress_to_buffer(body, &mut self.scratch);
        self.scratch[..length.expect("the buffer has the bound's size")].to_vec()
    }
}

/// A stored body does not give back its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body cannot be decompressed")]
pub(super) struct NotRestored;

/// Restores bodies of one reader.
pub(super) struct Restorer(zstd::bulk::Decompressor<'static>);

impl Restorer {
    pub(super) fn new() -> Self {
        Self(zstd::bulk::Decompressor::new().expect("a context without a dictionary"))
    }

    pub(super) fn restore(&mut self, envelope: &Envelope, stored: &[u8]) -> Result<Bytes, NotRestored> {
        // The envelope has been checked: its length is below the limit.
        let raw = envelope.body_raw as usize;
        match self.0.decompress(stored, raw) {
            Ok(body) if body.len() == raw => Ok(body.into()),
            _ => Err(NotRestored),
        }
    }
}
