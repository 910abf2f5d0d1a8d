//! The watermark: how far a partition is known to be on stable storage.
//!
//! It is written after each sync and synced only at a clean stop, so it costs next to nothing. After a power cut
//! it may be old; it is never ahead of the truth. Invariant: bytes and offsets below it were durable once,
//! so their absence is damage and their offsets are never given out again.
//! It does not replace the log: without it everything is still found by scanning.

use std::io;
use std::path::Path;

use crate::files::{self, Access, File, FileSystem, read_full};
use crate::ids::{Offset, PartitionId};
use crate::log::Damage;

const BYTES: usize = 28;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Watermark {
    /// Base of the segment that was written.
    pub base: Offset,
    /// Its length on stable storage.
    pub length: u64,
    /// The offset that comes next.
    pub next: Offset,
}

impl Watermark {
    pub(super) fn make(&self, files: &dyn FileSystem, path: &Path) -> io::Result<()> {
        files::replace(files, path, &self.encode())
    }

    pub(super) fn store(&self, file: &dyn File) -> io::Result<()> {
        file.write_at(0, &self.encode())
    }

    fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&self.base.number().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.length.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.next.number().to_le_bytes());
        let crc = crc32fast::hash(&bytes[..24]);
        bytes[24..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// A watermark that is damaged or missing says nothing.
    pub(super) fn load(file: &dyn File) -> io::Result<Option<Self>> {
        let mut bytes = [0; BYTES];
        let filled = read_full(file, 0, &mut bytes)?;
        let word = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(number)
        };
        let whole = filled == BYTES && crc32fast::hash(&bytes[..24]).to_le_bytes() == bytes[24..];
        Ok(whole.then(|| Self { base: Offset::new(word(0)), length: word(8), next: Offset::new(word(16)) }))
    }

    /// How many bytes of the segment with this base are known to have been durable.
    pub(super) fn proves(&self, base: Offset) -> u64 {
        if self.base == base { self.length } else { 0 }
    }
}

/// What is wrong with the watermark of a partition. It lies within one sector, which a disk writes whole or not at
/// all, so no power cut damages it.
pub(super) fn damage(
    files: &dyn FileSystem,
    path: &Path,
    partition: PartitionId,
) -> io::Result<Option<Damage>> {
    let wrong = match files.open(path, Access::Read) {
        Ok(file) => Watermark::load(&*file)?.is_none().then_some("damaged"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some("missing"),
        Err(error) => return Err(error),
    };
    Ok(wrong.map(|wrong| Damage {
        partition,
        file: path.display().to_string(),
        position: 0,
        first: Offset::FIRST,
        last: Offset::ZERO,
        reason: format!(
            "the watermark is {wrong}; lost bytes at the end of the log may pass for a torn tail"
        ),
    }))
}
