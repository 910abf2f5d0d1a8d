//! Groups on disk, opened when they are needed.
//!
//! Invariant: directories that are kept open hold at most their budget of bytes; one that is in use lives as
//! long as its reader. It does not decide which groups count.

use std::sync::Arc;

use super::folder::Folder;
use crate::index::columns::block::ReadError;
use crate::index::columns::group::{SealedGroup, Shared};
use crate::index::columns::recent::Recent;

/// Directories of groups get one part of so many of the memory for directories; those of their columns of templates,
/// which only some questions need and which are much larger, get the others.
const GROUPS_SHARE: usize = 4;

/// The group files of a store with what was read of them lately.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) folder: Folder,
    groups: Recent<u64, Arc<SealedGroup>>,
    shared: Arc<Shared>,
}

impl Disk {
    pub(super) fn new(folder: Folder, directories_bytes_max: usize, blocks_bytes_max: usize) -> Self {
        let of_groups = directories_bytes_max / GROUPS_SHARE;
        let shared = Shared::new(blocks_bytes_max, directories_bytes_max - of_groups);
        Self { folder, groups: Recent::new(of_groups), shared: Arc::new(shared) }
    }

    /// The group, from memory if it was used lately.
    pub(super) fn group(&self, number: u64) -> Result<Arc<SealedGroup>, ReadError> {
        if let Some(group) = self.groups.find(&number) {
            return Ok(group);
        }
        let group = Arc::new(self.open(number)?);
        self.groups.keep(number, Arc::clone(&group), group.bytes_held());
        Ok(group)
    }

    /// Opens the group without keeping it.
    pub(super) fn open(&self, number: u64) -> Result<SealedGroup, ReadError> {
        let file = self.folder.open_group(number).map_err(|error| ReadError::storage(&error))?;
        SealedGroup::open(file, number, Arc::clone(&self.shared))
    }

    /// Forgets what was read of a group.
    pub(super) fn forget(&self, number: u64) {
        self.groups.retain(|other| *other != number);
        self.shared.forget(number);
    }

    pub(super) fn directories_bytes(&self) -> usize {
        self.groups.bytes_held() + self.shared.made_bytes()
    }

    pub(super) fn blocks_bytes(&self) -> usize {
        self.shared.blocks_bytes()
    }
}
