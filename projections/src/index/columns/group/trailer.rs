//! Head and tail of a group file: magic, version, and where the directory is.
//!
//! Invariant: the trailer has a checksum of its own and one of the directory, so that nothing is looked up
//! through damaged bytes. It does not know what the directory says.

use std::io;

use antler_events::files::{File, read_full};

use crate::index::columns::block::{ReadError, Restorers};

/// First bytes of every group file.
pub const HEAD: &[u8; 8] = b"ANTLERgr";
pub const VERSION: u16 = 1;
pub const TRAILER_BYTES: usize = 36;
/// Stands above the version if blocks lean on others, so that no program reads such a file that cannot.
const HAS_BASES: u32 = 1 << 16;
/// Largest directory, as it is read.
const DIRECTORY_BYTES_MAX: u32 = 256 << 20;

/// A directory as it stands in a file.
#[derive(Debug)]
pub struct StoredDirectory {
    pub bytes: Vec<u8>,
    /// Whether its table of blocks says bases.
    pub has_bases: bool,
}

/// Appends the directory and the trailer to the blocks.
pub fn finish(file: Vec<u8>, directory: &[u8], level: i32) -> io::Result<Vec<u8>> {
    append(file, directory, u32::from(VERSION), level)
}

/// The same for a directory whose table says bases.
pub fn finish_with_bases(file: Vec<u8>, directory: &[u8], level: i32) -> io::Result<Vec<u8>> {
    append(file, directory, u32::from(VERSION) | HAS_BASES, level)
}

fn append(mut file: Vec<u8>, directory: &[u8], version: u32, level: i32) -> io::Result<Vec<u8>> {
    let at = file.len() as u64;
    let stored = zstd::bulk::compress(directory, level)?;
    file.extend_from_slice(&stored);
    let start = file.len();
    file.extend_from_slice(&at.to_le_bytes());
    file.extend_from_slice(&(stored.len() as u32).to_le_bytes());
    file.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    file.extend_from_slice(&crc32fast::hash(&stored).to_le_bytes());
    file.extend_from_slice(&version.to_le_bytes());
    let checksum = crc32fast::hash(&file[start..]);
    file.extend_from_slice(&checksum.to_le_bytes());
    file.extend_from_slice(HEAD);
    Ok(file)
}

/// The directory of a file of `size` bytes.
pub fn read_directory(
    file: &dyn File,
    size: u64,
    restorers: &Restorers,
) -> Result<StoredDirectory, ReadError> {
    let wrong = |what| ReadError::Directory { what };
    let start = size.checked_sub(TRAILER_BYTES as u64).ok_or(wrong("a file too short for a group"))?;
    let mut trailer = [0; TRAILER_BYTES];
    read_exact(file, start, &mut trailer)?;
    let (fields, end) = trailer.split_at(24);
    let (checksum, magic) = end.split_at(4);
    if magic != HEAD || crc32fast::hash(fields).to_le_bytes() != checksum {
        return Err(wrong("the trailer of the group"));
    }
    let number = |at: usize| u32::from_le_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]]);
    let at = u64::from(number(0)) | u64::from(number(4)) << 32;
    let (stored, length, crc) = (number(8), number(12), number(16));
    if number(20) & !HAS_BASES != u32::from(VERSION) {
        return Err(wrong("the version of the group"));
    }
    if at.checked_add(u64::from(stored)) != Some(start) || length > DIRECTORY_BYTES_MAX {
        return Err(wrong("the trailer of the group"));
    }
    let mut bytes = vec![0; stored as usize];
    read_exact(file, at, &mut bytes)?;
    if crc32fast::hash(&bytes) != crc {
        return Err(wrong("the directory of the group"));
    }
    let bytes = restorers.restore(&bytes, length as usize).ok_or(wrong("the directory of the group"))?;
    Ok(StoredDirectory { bytes, has_bases: number(20) & HAS_BASES != 0 })
}

fn read_exact(file: &dyn File, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
    match read_full(file, at, into) {
        Ok(filled) if filled == into.len() => Ok(()),
        Ok(_) => Err(ReadError::Directory { what: "the end of the group" }),
        Err(error) => Err(ReadError::storage(&error)),
    }
}
