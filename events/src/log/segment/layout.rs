//! The layout file: what a log's folder holds, and of which version it is.
//!
//! Invariant: it is written behind everything that it speaks of, so whatever is missing later is damage.
//! It does not know what is in the partitions.

use std::io;
use std::path::Path;

use super::recover::Recovered;
use super::{OpenError, SegmentOptions};
use crate::files::{self, FileSystem};
use crate::ids::Offset;

/// The file that says what the folder holds.
const LAYOUT_NAME: &str = "layout";
const LAYOUT: &str = "antler log 1";

/// Whether the log was made before, and with as many partitions as are asked for.
pub(super) fn was_made(files: &dyn FileSystem, options: &SegmentOptions) -> Result<bool, OpenError> {
    let SegmentOptions { dir, partitions: asked, .. } = options;
    if *asked == 0 {
        return Err(OpenError::NoPartitions);
    }
    files.create_dir(dir).map_err(|source| OpenError::storage("made", dir, source))?;
    match recorded_partitions(files, dir)? {
        Some(recorded) if recorded == *asked => Ok(true),
        Some(recorded) => Err(OpenError::PartitionCount { dir: dir.clone(), recorded, asked: *asked }),
        None => Ok(false),
    }
}

/// Writes the layout behind everything that it speaks of, so that whatever is missing later is damage.
pub(super) fn make_certain(
    files: &dyn FileSystem,
    options: &SegmentOptions,
    opened: &[Recovered],
) -> Result<(), OpenError> {
    let SegmentOptions { dir, partitions, .. } = options;
    let path = dir.join(LAYOUT_NAME);
    if let Some(used) = opened.iter().find(|recovered| recovered.partition.bounds().next > Offset::FIRST) {
        return Err(OpenError::LayoutMissing { file: path, partition: used.partition.id });
    }
    files::replace(files, &path, format!("{LAYOUT}\npartitions {partitions}\n").as_bytes())
        .map_err(|source| OpenError::storage("written", &path, source))
}

/// How many partitions the log in a folder has; `None` if there is no log.
pub fn recorded_partitions(files: &dyn FileSystem, dir: &Path) -> Result<Option<u16>, OpenError> {
    let path = dir.join(LAYOUT_NAME);
    let bytes = match files::read_whole(files, &path, 4096) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|source| OpenError::storage("read", &path, source))?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let recorded = text
        .strip_prefix(LAYOUT)
        .and_then(|rest| rest.strip_prefix("\npartitions "))
        .and_then(|count| count.trim_end().parse().ok());
    let reason = || format!("it begins with {:?}", text.chars().take(40).collect::<String>());
    recorded.map(Some).ok_or_else(|| OpenError::Version { file: path, reason: reason() })
}
