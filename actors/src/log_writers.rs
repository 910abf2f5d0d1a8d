//! The threads that write the event log: one per partition, named after it.
//!
//! Invariant: every thread is joined before `stop` returns or a `LogWriters` is gone.
//! It does not restart a writer: after a failed sync only a restart of the program can tell what is on disk.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use antler_events::ids::PartitionId;
use antler_events::log::segment::{Committer, SegmentLog};

/// Running writers of one log.
#[derive(Debug)]
pub struct LogWriters {
    log: Arc<SegmentLog>,
    threads: Mutex<Vec<Writer>>,
}

#[derive(Debug)]
struct Writer {
    partition: PartitionId,
    thread: JoinHandle<()>,
}

/// Writers that ended by a panic. What they had acknowledged is on stable storage.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the writers of partitions {partitions:?} panicked; the next start checks what they wrote")]
pub struct WritersPanicked {
    partitions: Vec<u16>,
}

impl WritersPanicked {
    pub fn of(partitions: Vec<u16>) -> Self {
        Self { partitions }
    }
}

impl LogWriters {
    /// Gives each committer a thread.
    pub fn start(log: Arc<SegmentLog>, committers: Vec<Committer>) -> io::Result<Self> {
        let writers = Self { log, threads: Mutex::default() };
        for committer in committers {
            writers.spawn(committer.partition(), move || committer.run())?;
        }
        Ok(writers)
    }

    /// Partitions whose writer is gone although nobody stopped it.
    pub fn ended(&self) -> Vec<PartitionId> {
        let ended = |writer: &&Writer| writer.thread.is_finished();
        self.threads().iter().filter(ended).map(|writer| writer.partition).collect()
    }

    /// Closes the log, lets the writers write what waits, and joins them. A second call does nothing.
    pub fn stop(&self) -> Result<(), WritersPanicked> {
        self.log.close();
        let threads = std::mem::take(&mut *self.threads());
        let panicked = |writer: Writer| writer.thread.join().is_err().then_some(writer.partition.number());
        let partitions: Vec<u16> = threads.into_iter().filter_map(panicked).collect();
        match partitions.is_empty() {
            true => Ok(()),
            false => Err(WritersPanicked { partitions }),
        }
    }

    fn spawn(&self, partition: PartitionId, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let name = format!("log-writer-{partition}");
        let thread = std::thread::Builder::new().name(name).spawn(work)?;
        self.threads().push(Writer { partition, thread });
        Ok(())
    }

    fn threads(&self) -> std::sync::MutexGuard<'_, Vec<Writer>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LogWriters {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "the event log was not closed cleanly");
        }
    }
}

#[cfg(test)]
mod tests {
    use antler_events::clock::Timestamp;
    use antler_events::files::{FileSystem, RealFiles};
    use antler_events::ids::{Offset, TenantId};
    use antler_events::log::segment::{Opened, SegmentOptions};
    use antler_events::log::{Append, AppendError, EventLog, NewEvent};
    use antler_events::subject::Subject;
    use antler_events::wire::{EventType, SchemaVersion};

    use super::*;

    fn open(dir: &std::path::Path) -> Opened {
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        SegmentLog::open(&files, SegmentOptions::new(dir.to_owned(), 2)).unwrap()
    }

    fn line() -> Append {
        let event = NewEvent {
            subject: Subject::lines(TenantId::parse("acme").unwrap()),
            event_type: EventType(1),
            schema: SchemaVersion(1),
            recorded_at: Timestamp::from_nanos(1),
            body: vec![7].into(),
        };
        Append { events: vec![event], expected: vec![] }
    }

    #[tokio::test]
    async fn appends_are_written_until_stop_and_then_refused() {
        let dir = tempfile::tempdir().unwrap();
        let opened = open(dir.path());
        let writers = LogWriters::start(Arc::clone(&opened.log), opened.committers).unwrap();
        let partition = PartitionId::new(1);
        assert_eq!(opened.log.append(partition, line()).await.unwrap().last, Offset::FIRST);
        assert_eq!(writers.ended(), []);
        assert_eq!(writers.stop(), Ok(()));
        assert_eq!(writers.stop(), Ok(()));
        let refused = opened.log.append(partition, line()).await.unwrap_err();
        assert!(matches!(refused, AppendError::Stopped { .. }), "{refused}");
    }

    #[test]
    fn a_writer_that_panics_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let writers = LogWriters::start(open(dir.path()).log, Vec::new()).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        writers.spawn(PartitionId::new(7), || panic!("on purpose")).unwrap();
        writers.spawn(PartitionId::new(8), move || receiver.recv().unwrap_or_default()).unwrap();
        while writers.ended().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(writers.ended(), [PartitionId::new(7)]);
        drop(sender);
        let message = writers.stop().unwrap_err().to_string();
        assert_eq!(message, "the writers of partitions [7] panicked; the next start checks what they wrote");
    }
}
