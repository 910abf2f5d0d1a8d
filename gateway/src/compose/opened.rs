//! The event log of the settings, open, with what works for it.
//!
//! Invariant: a data folder keeps the log that it began with, and that log its number of partitions: what was folded
//! from one log is never held against another. It reads no event.

use std::path::Path;
use std::sync::Arc;

use antler_actors::log_work::LogWork;
use antler_actors::log_writers::{LogWriters, WritersPanicked};
use antler_config::{Config, LogBackend};
use antler_events::clock::SystemClock;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::PartitionId;
use antler_events::log::jetstream::{self, JetStreamLog, JetStreamOptions, Server};
use antler_events::log::segment::{Finding, Opened, SegmentLog, SegmentOptions, recorded_partitions};
use antler_events::log::{EventLog, PartitionStatistics};
use antler_events::randomness::{Randomness as _, SystemRandomness};

use super::{ComposeError, cores};
use crate::data_folder::DataFolder;

/// The event log, and what keeps it.
#[derive(Debug)]
pub struct RunningLog {
    pub log: Arc<dyn EventLog>,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Files { log: Arc<SegmentLog>, writers: Arc<LogWriters>, findings: Vec<Finding> },
    Nats { log: Arc<JetStreamLog>, work: LogWork },
}

impl RunningLog {
    pub fn statistics(&self) -> Vec<PartitionStatistics> {
        match &self.kept {
            Kept::Files { log, .. } => log.statistics(),
            Kept::Nats { log, .. } => log.statistics(),
        }
    }

    /// What was not as it had been written when the log was opened.
    pub fn findings(&self) -> &[Finding] {
        match &self.kept {
            Kept::Files { findings, .. } => findings,
            Kept::Nats { .. } => &[],
        }
    }

    /// The server that the log lies on, if it does.
    pub fn server(&self) -> Option<Server> {
        match &self.kept {
            Kept::Files { .. } => None,
            Kept::Nats { log, .. } => Some(log.server()),
        }
    }

    /// Partitions of which something that writes or follows is gone although nobody stopped it.
    pub fn ended(&self) -> Vec<PartitionId> {
        match &self.kept {
            Kept::Files { writers, .. } => writers.ended(),
            Kept::Nats { work, .. } => work.ended(),
        }
    }

    /// Closes the log when what waits is written. A second call does nothing.
    pub async fn stop(&self) -> Result<(), WritersPanicked> {
        match &self.kept {
            Kept::Files { writers, .. } => {
                let writers = Arc::clone(writers);
                // Joining threads blocks.
                let stopping = tokio::task::spawn_blocking(move || writers.stop());
                stopping.await.unwrap_or_else(|_| Err(WritersPanicked::of(Vec::new())))
            }
            Kept::Nats { work, .. } => work.stop().await,
        }
    }
}

/// Opens the event log of a data folder, wherever it lies, and starts what works for it.
pub async fn open_log(folder: &DataFolder, config: &Config) -> Result<RunningLog, ComposeError> {
    match config.backends.log {
        LogBackend::Files => open_files(folder, config),
        LogBackend::Nats => open_nats(folder, config).await,
    }
}

fn open_files(folder: &DataFolder, config: &Config) -> Result<RunningLog, ComposeError> {
    let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
    let (dir, storage) = (folder.log_dir(), &config.storage);
    if let Some(recorded) = folder.log_elsewhere(&*files)? {
        return Err(ComposeError::OtherLog { asked: "files".to_owned(), recorded });
    }
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
    let kept = Kept::Files { log: Arc::clone(&log), writers: Arc::new(writers), findings };
    Ok(RunningLog { log, kept })
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

async fn open_nats(folder: &DataFolder, config: &Config) -> Result<RunningLog, ComposeError> {
    if recorded_partitions(&RealFiles, &folder.log_dir())?.is_some() {
        let (asked, recorded) = ("nats".to_owned(), "files".to_owned());
        return Err(ComposeError::OtherLog { asked, recorded });
    }
    let jetstream::Opened { log, work } = JetStreamLog::open(nats_options(config)?).await?;
    let identity = log.identity().to_owned();
    match folder.log_elsewhere(&RealFiles)? {
        None => folder.note_log_elsewhere(&RealFiles, &identity)?,
        Some(recorded) if recorded == identity => {}
        Some(recorded) => return Err(ComposeError::OtherLog { asked: identity, recorded }),
    }
    let work = LogWork::start(Arc::clone(&log), work);
    Ok(RunningLog { log: Arc::clone(&log) as Arc<dyn EventLog>, kept: Kept::Nats { log, work } })
}

fn nats_options(config: &Config) -> Result<JetStreamOptions, ComposeError> {
    let (nats, storage) = (&config.nats, &config.storage);
    let mut writer = [0; 8];
    SystemRandomness.fill(&mut writer)?;
    let authorities = Some(nats.authorities.clone()).filter(|path| !path.as_os_str().is_empty());
    Ok(JetStreamOptions {
        user: nats.user.clone(),
        password: nats.password.clone(),
        certificates: authorities,
        prefix: nats.prefix.clone(),
        partitions: nats.partitions,
        replicas: usize::from(nats.replicas),
        answer_within: nats.timeout,
        linger: storage.linger,
        commit_bytes: storage.commit_bytes.as_usize(),
        queue_bytes: storage.queue_bytes.as_usize(),
        ..JetStreamOptions::new(nats.servers.clone(), u64::from_le_bytes(writer))
    })
}
