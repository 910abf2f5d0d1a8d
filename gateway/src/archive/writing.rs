//! An archive that is being written: member after member, each whole or not there.
//!
//! Invariant: a member is on stable storage before it is counted, and what stands behind the counted ones is written over.
//! It does not know what a member holds.

use std::io;
use std::sync::Arc;

use antler_events::files::File;
use sha2::{Digest as _, Sha256};

use super::form::Member;
use super::tar::{BLOCK, header, padding};
use crate::credentials::secret::hex;

/// What is copied at once.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// Where members go.
#[derive(Debug, Clone)]
pub(super) struct Writing {
    pub file: Arc<dyn File>,
    /// Members end here.
    pub end: u64,
    pub at_s: u64,
}

impl Writing {
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> io::Result<Member> {
        let mut rest = content;
        self.copy(name, content.len() as u64, &mut |chunk| {
            let count = rest.len().min(chunk.len());
            chunk[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            Ok(count)
        })
    }

    /// Adds a member of so many bytes, which `read` gives.
    pub(super) fn copy(
        &mut self,
        name: &str,
        bytes: u64,
        read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<Member> {
        self.file.write_at(self.end, &header(name, bytes, self.at_s))?;
        let (mut at, mut sum, mut left) = (self.end + BLOCK as u64, Sha256::new(), bytes);
        let mut chunk = vec![0; CHUNK_BYTES.min(usize::try_from(bytes).unwrap_or(CHUNK_BYTES))];
        while left > 0 {
            let most = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let count = read(&mut chunk[..most])?;
            if count == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{name} became shorter")));
            }
            self.file.write_at(at, &chunk[..count])?;
            sum.update(&chunk[..count]);
            (at, left) = (at + count as u64, left - count as u64);
        }
        let rest = padding(bytes);
        self.file.write_at(at, &vec![0; rest as usize])?;
        self.end = at + rest;
        self.file.sync()?;
        Ok(Member { name: name.to_owned(), bytes, sha256: hex(&sum.finalize()) })
    }

    /// Ends the archive, and cuts off what an attempt before may have left behind it. Answers its length.
    pub(super) fn finish(&mut self) -> io::Result<u64> {
        self.file.write_at(self.end, &[0; 2 * BLOCK])?;
        self.end += 2 * BLOCK as u64;
        self.file.set_size(self.end)?;
        self.file.sync()?;
        Ok(self.end)
    }
}

/// The SHA-256 of a file.
pub(super) fn sum_of(file: &dyn File) -> io::Result<String> {
    let (mut sum, mut at, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK_BYTES]);
    loop {
        let count = file.read_at(at, &mut chunk)?;
        if count == 0 {
            return Ok(hex(&sum.finalize()));
        }
        sum.update(&chunk[..count]);
        at += count as u64;
    }
}
