//! Where ports meet their adapters: the only place that chooses them.
//!
//! Invariant: what is returned runs; a failure leaves no thread behind. It does not decide when to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use antler_actors::log_writers::LogWriters;
use antler_config::Storage;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::log::segment::{
    Finding, OpenError, Opened, SegmentLog, SegmentOptions, recorded_partitions,
};

use crate::data_folder::DataFolder;

/// The event log with its writers.
#[derive(Debug)]
pub struct RunningLog {
    pub log: Arc<SegmentLog>,
    pub writers: LogWriters,
    /// What was not as it had been written when the log was opened.
    pub findings: Vec<Finding>,
}

/// Why the program cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error("the event log cannot be opened")]
    Log(#[from] OpenError),
    #[error(
        "the log in {} has {recorded} partitions, and storage.partitions is {asked}; \
         set it to {recorded}, or to 0 for what the folder has", dir.display()
    )]
    Partitions { dir: PathBuf, recorded: u16, asked: u16 },
    #[error("the threads that write the event log cannot be started")]
    Writers(#[source] std::io::Error),
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
        ..SegmentOptions::new(dir.clone(), partitions(&*files, &dir, storage.partitions)?)
    };
    let Opened { log, committers, findings } = SegmentLog::open(&files, options)?;
    let writers = LogWriters::start(Arc::clone(&log), committers).map_err(ComposeError::Writers)?;
    Ok(RunningLog { log, writers, findings })
}

/// The number of the settings, of the folder, or of the cores, whichever is the first to be known.
fn partitions(files: &dyn FileSystem, dir: &Path, asked: u16) -> Result<u16, ComposeError> {
    match (recorded_partitions(files, dir)?, asked) {
        (Some(recorded), asked) if asked != 0 && asked != recorded => {
            Err(ComposeError::Partitions { dir: dir.to_owned(), recorded, asked })
        }
        (Some(recorded), _) => Ok(recorded),
        (None, 0) => Ok(cores()),
        (None, asked) => Ok(asked),
    }
}

/// How many threads this process may run at once.
pub fn cores() -> u16 {
    std::thread::available_parallelism().map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(u16::MAX))
}
