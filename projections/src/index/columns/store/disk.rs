//! Groups on disk, opened when they are needed.
//!
//! Invariant: directories that are kept open hold at most their budget of bytes; one that is in use lives as
//! long as its reader. It does not decide which groups count.

use std::sync::Arc;

use super::folder::Folder;
use crate::index::columns::block::{ReadError, Restorers};
use crate::index::columns::group::cache::BlockCache;
use crate::index::columns::group::{SealedGroup, Shared};
use crate::index::columns::recent::Recent;

/// The group files of a store with what was read of them lately.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) folder: Folder,
    directories: Recent<u64, Arc<SealedGroup>>,
    shared: Arc<Shared>,
}

impl Disk {
    pub(super) fn new(folder: Folder, directories_bytes_max: usize, blocks_bytes_max: usize) -> Self {
        let shared = Shared { restorers: Restorers::default(), cache: BlockCache::new(blocks_bytes_max) };
        Self { folder, directories: Recent::new(directories_bytes_max), shared: Arc::new(shared) }
    }

    /// The group, from memory if it was used lately.
    pub(super) fn group(&self, number: u64) -> Result<Arc<SealedGroup>, ReadError> {
        if let Some(group) = self.directories.find(&number) {
            return Ok(group);
        }
        let group = Arc::new(self.open(number)?);
        self.directories.keep(number, Arc::clone(&group), group.bytes_held());
        Ok(group)
    }

    /// Opens the group without keeping it.
    pub(super) fn open(&self, number: u64) -> Result<SealedGroup, ReadError> {
        let file = self.folder.open_group(number).map_err(|error| ReadError::storage(&error))?;
        SealedGroup::open(file, number, Arc::clone(&self.shared))
    }

    /// Forgets what was read of a group.
    pub(super) fn forget(&self, number: u64) {
        self.directories.retain(|other| *other != number);
        self.shared.cache.forget(number);
    }

    pub(super) fn directories_bytes(&self) -> usize {
        self.directories.bytes_held()
    }

    pub(super) fn blocks_bytes(&self) -> usize {
        self.shared.cache.bytes_held()
    }
}
