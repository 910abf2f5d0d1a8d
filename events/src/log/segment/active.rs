//! The segment that grows: how it is made, and how it is left when it is full.
//!
//! Invariant: a segment takes no event before its header and its name are on stable storage.
//! It does not write events: the committer does.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::header::{FRAMES_AT, SegmentHeader};
use super::index::{Describes, Index};
use super::partition::{Partition, Segment};
use super::planted::Planted;
use crate::files::{Access, File};
use crate::ids::Offset;

/// The segment that grows.
#[derive(Debug)]
pub(super) struct Active {
    pub file: Arc<dyn File>,
    pub header: SegmentHeader,
    /// Length on stable storage.
    pub length: u64,
    pub index: Index,
}

impl Active {
    /// Makes a segment whose header and name are on stable storage.
    pub(super) fn create(partition: &Partition, base: Offset) -> Result<Self, (&'static str, io::Error)> {
        let header = SegmentHeader { partition: partition.id, base, compacted: None };
        let path = segment_path(partition, base);
        let file = match partition.files.open(&path, Access::Create) {
            // A draft of an attempt that failed: its name says that nothing in it was acknowledged.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                partition.files.remove(&path).and_then(|()| partition.files.open(&path, Access::Create))
            }
            opened => opened,
        };
        let file: Arc<dyn File> = file.map_err(|error| ("a segment could not be made", error))?.into();
        file.write_at(0, &header.encode()).map_err(|error| ("a segment could not be written", error))?;
        file.sync().map_err(|error| ("a segment could not be synced", error))?;
        if !partition.options.planted.is(Planted::NoFolderSync) {
            let synced = partition.files.sync_dir(&partition.dir);
            synced.map_err(|error| ("the folder of the log could not be synced", error))?;
        }
        Ok(Self { file, header, length: FRAMES_AT, index: Index::new(base) })
    }

    pub(super) fn as_segment(&self, partition: &Partition) -> Segment {
        Segment {
            base: self.header.base,
            covered: None,
            path: segment_path(partition, self.header.base),
            file: Arc::clone(&self.file),
            frames_end: self.length,
            entries: self.index.entries.clone(),
        }
    }

    /// Leaves the index beside the full segment. Without it the next open takes longer, and nothing else.
    pub(super) fn seal(&self, partition: &Partition) {
        let path = index_path(partition, self.header.base);
        let describes = Describes { header: self.header.fingerprint(), size: self.length };
        if let Err(error) = self.index.save(&*partition.files, &path, describes) {
            tracing::warn!(partition = %partition.id, %error, "the index of a segment is not written");
        }
    }
}

pub(super) fn segment_path(partition: &Partition, base: Offset) -> PathBuf {
    partition.dir.join(format!("{:020}.seg", base.number()))
}

pub(super) fn index_path(partition: &Partition, base: Offset) -> PathBuf {
    partition.dir.join(format!("{:020}.idx", base.number()))
}
