//! The event log of a data folder, open, with its writers.
//!
//! Invariant: a folder keeps the number of partitions that it began with. It reads no event.

use std::path::Path;
use std::sync::Arc;

use antler_actors::log_writers::LogWriters;
use antler_config::Storage;
use antler_events::clock::SystemClock;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::log::segment::{Finding, Opened, SegmentLog, SegmentOptions, recorded_partitions};

use super::{ComposeError, cores};
use crate::data_folder::DataFolder;

/// The event log with its writers.
#[derive(Debug)]
pub struct RunningLog {
    pub log: Arc<SegmentLog>,
    pub writers: LogWriters,
    /// What was not as it had been written when the log was opened.
    pub findings: Vec<Finding>,
}

/// Opens the event log of a data folder and starts its writers.
pub fn open_log(folder: &DataFolder, storage: &Storage) -> Result<RunningLog, ComposeError> {
    let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
    let dir = folder.log_dir();
    let options = SegmentOptions {
        segment_bytes: storage.segment_bytes.as_u64(),
        index_every_bytes: storage.index_every_bytes.as_u64(),
        linger: storage.linger,
        commit_bytes: storage.commit_bytes.as_usize(),
        queue_bytes: storage.queue_bytes.as_usize(),
        clock: Some(Arc::new(SystemClock::new())),
        ..SegmentOptions::new(dir.clone(), partitions(&*files, &dir, storage.partitions)?)
    };
    let Opened { log, committers, findings } = SegmentLog::open(&files, options)?;
    let writers = LogWriters::start(Arc::clone(&log), committers).map_err(ComposeError::Writers)?;
    Ok(RunningLog { log, writers, findings })
}

/// The number of the settings, of the folder, or of half the cores, whichever is the first to be known.
fn partitions(files: &dyn FileSystem, dir: &Path, asked: u16) -> Result<u16, ComposeError> {
    match (recorded_partitions(files, dir)?, asked) {
        (Some(recorded), asked) if asked != 0 && asked != recorded => {
            Err(ComposeError::Partitions { dir: dir.to_owned(), recorded, asked })
        }
        (Some(recorded), _) => Ok(recorded),
        (None, 0) => Ok(cores().div_ceil(2)),
        (None, asked) => Ok(asked),
    }
}
