//! The index of a segment: where some of its frames are, and what its events leave behind.
//!
//! A sealed segment has it in a file beside it (`.idx`: magic, CRC-32, encoded body), so that an open does not scan.
//! Invariant: the index is derived; a missing, damaged or stale one is made again from the segment.
//! It does not hold events.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::planted::Planted;
use crate::codec;
use crate::files::{self, FileSystem};
use crate::ids::Offset;
use crate::log::heads::{
    Chains, LastOf, StoredChains, StoredLastOf, restore_chains, restore_last_of, store_chains, store_last_of,
};
use crate::wire::chain::ChainId;
use crate::wire::{ChainHash, Envelope};

const MAGIC: [u8; 4] = *b"AnI1";

/// An event whose place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub offset: Offset,
    pub position: u64,
}

/// Which state of which file an index describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Describes {
    /// Fingerprint of the segment's header.
    pub header: u32,
    pub size: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    /// The offset behind the last event.
    pub next: Offset,
    pub events: u64,
    pub entries: Vec<Entry>,
    pub chains: Chains,
    pub last_of: LastOf,
}

/// The index as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredIndex {
    describes: Describes,
    next: Offset,
    events: u64,
    entries: Vec<Entry>,
    chains: StoredChains,
    last_of: StoredLastOf,
}

impl Index {
    pub(super) fn new(base: Offset) -> Self {
        let (chains, last_of) = (Chains::new(), LastOf::new());
        Self { next: base, events: 0, entries: Vec::new(), chains, last_of }
    }

    /// Takes in the event behind all others.
    pub(super) fn note(&mut self, envelope: &Envelope, hash: ChainHash, entry: Option<Entry>) {
        self.next = envelope.offset.plus(1);
        self.events += 1;
        self.entries.extend(entry);
        self.chains.insert(ChainId::from(envelope.subject), hash);
        if envelope.subject.kind.is_control() {
            self.last_of.insert(envelope.subject, envelope.offset);
        }
    }

    /// The entry for a frame, if the one before is far enough.
    pub(super) fn entry_for(
        entries: &[Entry],
        frame: (Offset, u64, u64),
        every: u64,
        planted: Planted,
    ) -> Option<Entry> {
        let (offset, position, end) = frame;
        if entries.last().is_some_and(|last| position - last.position.min(position) < every) {
            return None;
        }
        let position = if planted.is(Planted::IndexOffByOne) && !entries.is_empty() { end } else { position };
        Some(Entry { offset, position })
    }

    pub(super) fn note_frame(&mut self, frame: &Frame<'_>, every: u64, planted: Planted) {
        let place = (frame.envelope.offset, frame.position, frame.end());
        let entry = Self::entry_for(&self.entries, place, every, planted);
        self.note(&frame.envelope, frame.hash(), entry);
    }

    pub(super) fn save(&self, files: &dyn FileSystem, path: &Path, describes: Describes) -> io::Result<()> {
        let (chains, last_of) = (store_chains(&self.chains), store_last_of(&self.last_of));
        let Self { next, events, ref entries, .. } = *self;
        let stored = StoredIndex { describes, next, events, entries: entries.clone(), chains, last_of };
        let body = codec::encode(&stored).map_err(io::Error::other)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        files::replace(files, path, &bytes)
    }

    /// `None` if there is none, or none that describes this state of the segment.
    pub(super) fn load(
        files: &dyn FileSystem,
        path: &Path,
        describes: Describes,
    ) -> io::Result<Option<Self>> {
        match files::read_whole(files, path, codec::BODY_BYTES_MAX as u64) {
            Ok(bytes) => Ok(Self::decode(&bytes, describes)),
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::InvalidData].contains(&error.kind()) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether there is an index that is not as it was written. A stale one is as it was written.
    pub(super) fn is_damaged(files: &dyn FileSystem, path: &Path) -> io::Result<bool> {
        match files::read_whole(files, path, codec::BODY_BYTES_MAX as u64) {
            Ok(bytes) => Ok(StoredIndex::decode(&bytes).is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn decode(bytes: &[u8], describes: Describes) -> Option<Self> {
        let stored = StoredIndex::decode(bytes).filter(|stored| stored.describes == describes)?;
        let (chains, last_of) = (restore_chains(stored.chains), restore_last_of(stored.last_of)?);
        Some(Self { next: stored.next, events: stored.events, entries: stored.entries, chains, last_of })
    }
}

impl StoredIndex {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (crc, body) = bytes.strip_prefix(&MAGIC)?.split_first_chunk::<4>()?;
        if crc32fast::hash(body).to_le_bytes() != *crc {
            return None;
        }
        codec::decode(body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::RealFiles;
    use crate::ids::TenantId;
    use crate::subject::{Aggregate, Subject};

    #[test]
    fn an_index_survives_its_file_and_only_describes_its_segment() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.idx");
        let tenant = TenantId::parse("acme").unwrap();
        let index = Index {
            next: Offset::new(9),
            events: 8,
            entries: vec![Entry { offset: Offset::FIRST, position: 40 }],
            chains: Chains::from([(ChainId { tenant, control: true }, ChainHash::of_body(b"x"))]),
            last_of: LastOf::from([(Subject::control(tenant, Aggregate::Tenant), Offset::new(8))]),
        };
        let describes = Describes { header: 7, size: 1_000 };
        assert_eq!(Index::load(&RealFiles, &path, describes).unwrap(), None);
        index.save(&RealFiles, &path, describes).unwrap();
        assert_eq!(Index::load(&RealFiles, &path, describes).unwrap(), Some(index));
        assert_eq!(Index::load(&RealFiles, &path, Describes { size: 999, ..describes }).unwrap(), None);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        assert!(!Index::is_damaged(&RealFiles, &path).unwrap());
        std::fs::write(&path, bytes).unwrap();
        assert!(Index::is_damaged(&RealFiles, &path).unwrap());
        assert_eq!(Index::load(&RealFiles, &path, describes).unwrap(), None);
    }
}
