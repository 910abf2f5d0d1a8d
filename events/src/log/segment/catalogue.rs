//! The files of a partition's folder, as they are found.
//!
//! Invariant: names are read, never guessed; what a compacted segment stands for hides the segments it replaced.
//! It changes nothing on disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::header::{HeaderFault, SegmentHeader};
use crate::files::{Access, File, FileSystem};
use crate::ids::{Offset, PartitionId};

pub(super) const WATERMARK_NAME: &str = "durable";
pub(super) const DRAFT_ENDING: &str = ".draft";

/// A segment file with what its first bytes say.
#[derive(Debug)]
pub(super) struct Listed {
    pub base: Offset,
    pub path: PathBuf,
    pub file: Arc<dyn File>,
    pub size: u64,
    pub header: Result<SegmentHeader, HeaderFault>,
}

impl Listed {
    pub(super) fn covered(&self) -> Option<Offset> {
        self.header.as_ref().ok().and_then(|header| header.compacted).map(|compacted| compacted.end)
    }

    pub(super) fn frames_end(&self) -> u64 {
        self.header.as_ref().map_or(self.size, |header| header.frames_end(self.size))
    }

    pub(super) fn index_path(&self) -> PathBuf {
        self.path.with_extension("idx")
    }
}

/// Segments in order, and those that a compacted one has replaced.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub segments: Vec<Listed>,
    pub replaced: Vec<PathBuf>,
    pub drafts: Vec<PathBuf>,
    pub has_watermark: bool,
}

pub(super) fn list(files: &dyn FileSystem, dir: &Path, partition: PartitionId) -> io::Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    for name in files.list(dir)? {
        let path = dir.join(&name);
        if name == WATERMARK_NAME {
            catalogue.has_watermark = true;
        } else if name.ends_with(DRAFT_ENDING) {
            catalogue.drafts.push(path);
        } else if let Some(base) = base_of(&name) {
            catalogue.take(files, path, partition, base)?;
        }
    }
    Ok(catalogue)
}

impl Catalogue {
    /// Names are sorted, so a compacted segment comes before those it replaced.
    fn take(
        &mut self,
        files: &dyn FileSystem,
        path: PathBuf,
        partition: PartitionId,
        base: Offset,
    ) -> io::Result<()> {
        if self.segments.last().and_then(Listed::covered).is_some_and(|end| base < end) {
            self.replaced.push(path);
            return Ok(());
        }
        let file: Arc<dyn File> = files.open(&path, Access::Read)?.into();
        let size = file.size()?;
        let header = SegmentHeader::load(&*file, partition, base)?;
        self.segments.push(Listed { base, path, file, size, header });
        Ok(())
    }
}

fn base_of(name: &str) -> Option<Offset> {
    let digits = name.strip_suffix(".seg").filter(|digits| digits.len() == 20)?;
    digits.parse().ok().map(Offset::new)
}
