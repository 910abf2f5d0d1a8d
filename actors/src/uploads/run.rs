//! The job of an upload: its file is read on a thread of its own, and written batch by batch, each when the one before is
//! on stable storage.
//!
//! Invariant: it may be cut off anywhere, and whoever begins again goes on behind what is on stable storage. Writing that
//! finds no room waits. It holds two batches: one that is being written, and the next.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use antler_events::event::Cause;
use antler_events::event::note::{NamedError, RequestKey};
use antler_events::event::upload::{
    Upload, UploadCommand, UploadFailed, UploadFinished, UploadProblem, UploadStage,
};
use antler_events::ids::{TenantId, UploadId};
use antler_events::log::BoxFuture;
use antler_projections::index::port::compute;
use antler_projections::views::control::Kept;
use tokio::sync::mpsc;

use super::reader::{ReadBatch, ReadFailure, ReadRequest};
use super::{Phase, UploadError, UploadNow, UploadParts, Uploads};
use crate::jobs::{Job, JobTurns};
use crate::once::{Once, OnceError, Written};
use crate::system::IngestError;

/// How often people are told, and how often it is an event.
const TELL_EVERY: Duration = Duration::from_millis(500);
const RECORD_EVERY: Duration = Duration::from_secs(10);
/// Problems that the answer of one batch names.
const PROBLEMS_OF_BATCH_MAX: usize = 20;

/// Reads one file.
#[derive(Debug)]
pub(super) struct UploadJob {
    uploads: Arc<Uploads>,
    tenant: TenantId,
    id: UploadId,
}

/// Why an attempt ended before the file did.
#[derive(Debug)]
enum Ended {
    /// Nobody wants it to go on now.
    Stopped,
    Failed(ReadFailure),
}

/// A file that is being read.
struct Reading<'a> {
    job: &'a UploadJob,
    kept: Kept<Upload>,
    upload: Upload,
    now: UploadNow,
    told_at: Duration,
    recorded_at: Duration,
}

impl Job for UploadJob {
    fn name(&self) -> &str {
        self.id.as_str()
    }

    fn run<'a>(&'a self, turns: &'a JobTurns) -> BoxFuture<'a, ()> {
        Box::pin(self.run_patiently(turns))
    }

    fn given_up<'a>(&'a self, reason: &'a str) -> BoxFuture<'a, ()> {
        let message = format!("reading the file stopped: {reason}");
        Box::pin(self.fail(ReadFailure { code: "internal", message, passes: false }))
    }
}

impl UploadJob {
    pub(super) fn new(tenant: TenantId, uploads: Arc<Uploads>, id: UploadId) -> Self {
        Self { uploads, tenant, id }
    }

    async fn run_patiently(&self, turns: &JobTurns) {
        let limits = &self.uploads.parts.limits;
        for attempt in 0.. {
            let failure = match self.attempt(turns, attempt + 1).await {
                Ok(()) | Err(Ended::Stopped) => break,
                Err(Ended::Failed(failure)) => failure,
            };
            if !failure.passes || attempt >= limits.retries_max {
                return self.fail(failure).await;
            }
            tracing::warn!(tenant = %self.tenant, upload = %self.id, reason = failure.message,
                "a file could not be read to its end, which is tried again");
            if let Some(now) = self.uploads.open().get_mut(&(self.tenant, self.id)) {
                now.phase = Phase::Retrying;
            }
            tokio::time::sleep(limits.retry_after).await;
        }
        self.uploads.open().remove(&(self.tenant, self.id));
    }

    async fn attempt(&self, turns: &JobTurns, tries: u32) -> Result<(), Ended> {
        let Self { uploads, tenant, id } = self;
        let found = uploads.find(*tenant, *id).await.map_err(UploadError::from)?;
        let Some((_, kept, upload)) = found.filter(|(.., upload)| upload.stage == UploadStage::Open) else {
            return Err(Ended::Stopped);
        };
        let counts = uploads.catch_up(*tenant, *id, &kept, upload.counts.clone()).await?;
        let bytes_read = Arc::<AtomicU64>::default();
        let now = UploadNow { phase: Phase::Waiting, tries, began_at: None, counts, bytes_read };
        let mut reading =
            Reading { job: self, kept, upload, now, told_at: Duration::ZERO, recorded_at: Duration::ZERO };
        reading.tell();
        let _turn = turns.take().await;
        reading.now.phase = Phase::Reading;
        reading.now.began_at = Some(uploads.parts.accounts.clock.now());
        reading.tell();
        reading.read_all().await?;
        Ok(uploads.tell_end(*tenant, *id).await?)
    }

    async fn fail(&self, ReadFailure { code, message, .. }: ReadFailure) {
        let Self { uploads, tenant, id } = self;
        let counts = uploads.open().get(&(*tenant, *id)).map(|now| now.counts.clone());
        let failed = UploadFailed { counts: counts.unwrap_or_default(), code: code.to_owned(), message };
        let command = UploadCommand::Fail(failed);
        let recorded = match uploads.command(*tenant, *id, command, &Cause::SYSTEM).await {
            Ok(()) => uploads.tell_end(*tenant, *id).await,
            Err(error) => Err(error),
        };
        if let Err(error) = recorded {
            tracing::error!(%error, %tenant, upload = %id, "a failed upload is not recorded, and is read again at the next start");
        }
    }
}

impl Reading<'_> {
    async fn read_all(&mut self) -> Result<(), Ended> {
        let clock = Arc::clone(&self.job.uploads.parts.accounts.clock);
        let began = clock.elapsed();
        self.recorded_at = began;
        let (sender, mut batches) = mpsc::channel::<ReadBatch>(1);
        let (request, reader) = (self.request(), Arc::clone(&self.job.uploads.parts.reader));
        let read = move || reader.read(&request, &mut |batch| sender.blocking_send(batch).is_ok());
        let outcome = compute(&*self.job.uploads.parts.workers, read);
        let written = async {
            while let Some(batch) = batches.recv().await {
                self.write(batch).await?;
                self.note_progress(clock.elapsed()).await?;
            }
            Ok::<(), Ended>(())
        };
        let (outcome, ()) = tokio::try_join!(
            async { outcome.await.map_err(|_| passing("internal", "the thread that reads the file failed")) },
            written
        )?;
        outcome.map_err(Ended::Failed)?;
        let took_ms = u64::try_from((clock.elapsed() - began).as_millis()).unwrap_or(u64::MAX);
        let finished = UploadFinished { counts: self.now.counts.clone(), took_ms };
        self.command(UploadCommand::Finish(finished)).await
    }

    fn request(&self) -> ReadRequest {
        ReadRequest {
            tenant: self.job.tenant,
            upload: self.job.id,
            received: self.upload.received.clone(),
            arrival: self.kept.created_at,
            skip: self.now.counts.items,
            bytes_read: Arc::clone(&self.now.bytes_read),
        }
    }

    /// Returns when the batch is on stable storage.
    async fn write(&mut self, batch: ReadBatch) -> Result<(), Ended> {
        let UploadJob { uploads, tenant, id } = self.job;
        let ReadBatch { arrived, rejected, problems } = batch;
        let indexed: u64 = arrived.batches.iter().map(|batch| batch.len() as u64).sum();
        let key = RequestKey::of_upload(*id, self.now.counts.items);
        let errors: Vec<NamedError> = problems.iter().take(PROBLEMS_OF_BATCH_MAX).map(named).collect();
        let UploadParts { system, requests, .. } = &uploads.parts;
        let once = Once { system, requests, as_of: self.kept.created_at };
        let written = match once.write(*tenant, key, &arrived, &errors).await {
            Err(OnceError::Ingest(error @ IngestError::NotAdmitted(_))) => {
                return Err(self.not_admitted(&error));
            }
            written => written.map_err(UploadError::from)?,
        };
        let Written { accepted, rejected: all_rejected, refused } = written;
        if accepted + all_rejected != indexed + rejected {
            return Err(passing("internal", "the file was cut in another way before"));
        }
        let problems = problems.into_iter().chain(refused.errors.iter().map(problem));
        self.now.counts.add(accepted, all_rejected, problems);
        Ok(())
    }

    /// Hours may pass until lines are taken again, so somebody has to want it then.
    fn not_admitted(&self, why: &IngestError) -> Ended {
        let taken = self.now.counts.items;
        let message =
            format!("{why}; the file was read up to entry {taken}, and a retry then goes on behind it");
        Ended::Failed(ReadFailure { code: "not_admitted", message, passes: false })
    }

    async fn note_progress(&mut self, elapsed: Duration) -> Result<(), Ended> {
        let UploadJob { uploads, tenant, id } = self.job;
        uploads.open().insert((*tenant, *id), self.now.clone());
        if elapsed >= self.told_at + TELL_EVERY {
            self.told_at = elapsed;
            self.tell();
        }
        if elapsed >= self.recorded_at + RECORD_EVERY {
            self.recorded_at = elapsed;
            self.command(UploadCommand::Progress(self.now.counts.clone())).await?;
        }
        Ok(())
    }

    async fn command(&self, command: UploadCommand) -> Result<(), Ended> {
        let UploadJob { uploads, tenant, id } = self.job;
        Ok(uploads.command(*tenant, *id, command, &Cause::SYSTEM).await?)
    }

    fn tell(&self) {
        let UploadJob { uploads, tenant, id } = self.job;
        uploads.open().insert((*tenant, *id), self.now.clone());
        uploads.parts.watcher.told(*tenant, *id, &self.upload, &self.now);
    }
}

fn passing(code: &'static str, message: &str) -> Ended {
    Ended::Failed(ReadFailure { code, message: message.to_owned(), passes: true })
}

impl From<UploadError> for Ended {
    fn from(error: UploadError) -> Self {
        let code = match &error {
            UploadError::Ingest(IngestError::Stopping) => return Self::Stopped,
            _ => "not_written",
        };
        passing(code, &error.to_string())
    }
}

fn named(problem: &UploadProblem) -> NamedError {
    let UploadProblem { line, code, message } = problem.clone();
    NamedError { line, code, message }
}

pub(super) fn problem(named: &NamedError) -> UploadProblem {
    let NamedError { line, code, message } = named.clone();
    UploadProblem { line, code, message }
}
