//! The job of an import: what stands in an archive is taken into a tenant, member by member.
//!
//! Lines go the way of all lines, each piece as a request whose key is the hash of the archive and the place of the piece in
//! it. Invariant: it may be cut off anywhere, and goes on behind the last member that was taken whole; nothing is written
//! twice; where the quota of the tenant ends it waits. It holds one page of lines. Ids are new, because they say where a line
//! stands.

use std::sync::Arc;
use std::time::Duration;

use antler_actors::jobs::{Job, JobTurns};
use antler_actors::once::{Once, OnceError};
use antler_actors::quotas::{NotAdmitted, OverQuota};
use antler_actors::system::IngestError;
use antler_events::clock::Timestamp;
use antler_events::event::Cause;
use antler_events::event::note::RequestKey;
use antler_events::event::upload::{UploadCommand, UploadStage};
use antler_events::files::File;
use antler_events::ids::{ArchiveId, TenantId, UploadId};
use antler_events::log::BoxFuture;

use super::form::{FileRecord, Setting};
use super::pieces::pieces;
use super::reading::{ArchiveFault, Kind, Placed, member_at};
use super::state::{Archive, Brought, Done, Stage, Task};
use super::writing::CHUNK_BYTES;
use super::{ArchiveError, Archives};
use crate::disk::on_disk;
use crate::upload::store::UploadStore;

/// How often is looked whether a quota takes lines again.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Pieces of one page have less than so many numbers.
const PIECES_MAX: u64 = 1 << 32;

/// Takes one archive in.
#[derive(Debug)]
pub(super) struct ImportJob {
    tenant: TenantId,
    archives: Arc<Archives>,
    id: ArchiveId,
}

impl Job for ImportJob {
    fn name(&self) -> &str {
        self.id.as_str()
    }

    fn run<'a>(&'a self, turns: &'a JobTurns) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            while let Err(error) = self.attempt(turns).await {
                match error {
                    ArchiveError::Once(OnceError::Ingest(IngestError::NotAdmitted(
                        NotAdmitted::OverQuota(over),
                    ))) => self.wait_for_quota(over).await,
                    error => return self.archives.end_early(self.tenant, self.id, &error).await,
                }
            }
        })
    }

    fn given_up<'a>(&'a self, reason: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(self.archives.fail(self.tenant, self.id, reason))
    }
}

impl ImportJob {
    pub(super) fn new(tenant: TenantId, archives: Arc<Archives>, id: ArchiveId) -> Self {
        Self { tenant, archives, id }
    }

    async fn attempt(&self, turns: &JobTurns) -> Result<(), ArchiveError> {
        let _turn = turns.take().await;
        self.import().await
    }

    /// Until lines are taken again: at the time that the quota names, or when somebody raises the limit. It waits without a
    /// turn, so that nobody waits behind it.
    async fn wait_for_quota(&self, over: OverQuota) {
        let Self { archives, tenant, id } = self;
        tracing::info!(%tenant, archive = %id, until = %over.until, "an import waits for the quota of its tenant");
        let waits = Some(over.to_string());
        if let Err(error) = archives.update(*tenant, *id, move |archive| archive.waits = waits).await {
            tracing::warn!(%error, %tenant, archive = %id, "that an import waits is not written");
        }
        let quotas = archives.parts.system.quotas();
        while let Err(NotAdmitted::OverQuota(_)) = quotas.admit(*tenant) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn import(&self) -> Result<(), ArchiveError> {
        let began = self.archives.parts.clock.elapsed();
        let (store, tenant, id) = (Arc::clone(&self.archives.parts.store), self.tenant, self.id);
        let file: Arc<dyn File> = on_disk(move || store.read_file(tenant, id)).await?;
        while let Some((archive, brought)) = self.open() {
            let (of_file, at) = (Arc::clone(&file), archive.done.bytes);
            let placed = on_disk(move || Ok(member_at(&*of_file, at, of_file.size()?))).await??;
            match placed {
                Some(placed) if placed.kind != Kind::End => {
                    self.take(&archive, &brought, (&file, placed)).await?;
                }
                _ => return self.finish(brought, began).await,
            }
        }
        Ok(())
    }

    /// As it is on stable storage; none if nobody wants it to go on.
    fn open(&self) -> Option<(Archive, Brought)> {
        let archive = self.archives.parts.store.find(self.tenant, self.id)?;
        match &archive.task {
            Task::Import(brought) if archive.stage == Stage::Open => {
                let brought = brought.clone();
                Some((archive, brought))
            }
            _ => None,
        }
    }

    async fn take(
        &self,
        archive: &Archive,
        brought: &Brought,
        (file, placed): (&Arc<dyn File>, Placed),
    ) -> Result<(), ArchiveError> {
        let mut done = archive.done.clone();
        match placed.kind {
            Kind::Settings => {
                let settings: Vec<Setting> = placed.values(&placed.whole(&**file)?)?;
                let of = (self.id, settings);
                let (searches, warnings) =
                    self.archives.save_searches(self.tenant, archive.owner, of).await?;
                done.searches = searches;
                warnings.into_iter().for_each(|warning| done.warn(warning));
            }
            // It is read again together with the bytes.
            Kind::About(_) => return self.take_file(done, archive.created_at, (file, placed)).await,
            Kind::Lines(number) => self.lines(&mut done, (archive, brought, number), (file, &placed)).await?,
            Kind::Manifest | Kind::File(_) | Kind::End => {}
        }
        self.taken(done, placed.end()).await
    }

    async fn lines(
        &self,
        done: &mut Done,
        (archive, brought, number): (&Archive, &Brought, u64),
        (file, placed): (&Arc<dyn File>, &Placed),
    ) -> Result<(), ArchiveError> {
        let (of_file, of_placed) = (Arc::clone(file), placed.clone());
        let cut = on_disk(move || Ok(of_placed.lines(&*of_file).map(|records| pieces(&records))));
        let (pieces, refused) = cut.await??;
        let parts = &self.archives.parts;
        let once = Once { system: &parts.system, requests: &parts.requests, as_of: archive.created_at };
        let mut beyond = 0;
        for (at, piece) in (0..PIECES_MAX).zip(pieces) {
            let key = RequestKey::of_archive(&brought.sha256, number.saturating_mul(PIECES_MAX) + at);
            let written = once.write(self.tenant, key, &piece, &[]).await?;
            done.lines += written.accepted;
            beyond += written.rejected;
        }
        if beyond > 0 {
            done.warn(format!(
                "{beyond} lines of {} would begin more streams than the tenant may have, and are dead letters",
                placed.name
            ));
        }
        if refused > 0 {
            done.warn(format!("{refused} lines of {} are too long to be taken", placed.name));
        }
        Ok(())
    }

    /// A file with what is known of it. One that is here already stays as it is; since the import `began` it was the import
    /// that brought it, before a stop.
    async fn take_file(
        &self,
        mut done: Done,
        began: Timestamp,
        (file, about): (&Arc<dyn File>, Placed),
    ) -> Result<(), ArchiveError> {
        let (of_file, at) = (Arc::clone(file), about.end());
        let content = on_disk(move || Ok(member_at(&*of_file, at, of_file.size()?))).await??;
        let content = content.ok_or(ArchiveFault::Header { at })?;
        let (Kind::File(id), FileRecord { mut received, finished }) = (content.kind, about.about(&**file)?)
        else {
            return Err(ArchiveFault::Order { name: content.name }.into());
        };
        let uploads = &self.archives.parts.uploads;
        if let Some(here) = uploads.accounts().views.upload(self.tenant, id).await? {
            let is_kept = here.state.is_some_and(|upload| upload.stage != UploadStage::Deleted);
            match is_kept && here.created_at >= began {
                true => done.files += 1,
                false => {
                    done.warn(format!("the file {} is here already, or was deleted here", received.file_name))
                }
            }
            return self.taken(done, content.end()).await;
        }
        received.file_name = received.file_name.chars().filter(|one| !one.is_control()).take(200).collect();
        received.file_bytes = content.bytes;
        let (files, tenant, end) = (Arc::clone(&self.archives.parts.files), self.tenant, content.end());
        let of_file = Arc::clone(file);
        on_disk(move || copy(tenant, &files, id, (&*of_file, &content))).await?;
        uploads.command(self.tenant, id, UploadCommand::Bring(received, finished), &Cause::SYSTEM).await?;
        done.files += 1;
        self.taken(done, end).await
    }

    /// It goes on behind this from now on.
    async fn taken(&self, mut done: Done, end: u64) -> Result<(), ArchiveError> {
        done.bytes = end;
        let behind = move |archive: &mut Archive| (archive.done, archive.waits) = (done, None);
        self.archives.update(self.tenant, self.id, behind).await?;
        Ok(())
    }

    /// What was imported is remembered, so that it is not imported again; its file goes.
    async fn finish(&self, brought: Brought, began: Duration) -> Result<(), ArchiveError> {
        let took = self.archives.parts.clock.elapsed().saturating_sub(began);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let finished = Stage::Finished { bytes: brought.bytes, sha256: brought.sha256, took_ms };
        self.archives.update(self.tenant, self.id, move |archive| archive.stage = finished).await?;
        let (store, tenant, id) = (Arc::clone(&self.archives.parts.store), self.tenant, self.id);
        Ok(on_disk(move || store.remove_file(tenant, id)).await?)
    }
}

/// Stores a file of the archive as an uploaded one. An attempt before may have left it.
fn copy(
    tenant: TenantId,
    files: &Arc<UploadStore>,
    id: UploadId,
    (archive, content): (&dyn File, &Placed),
) -> std::io::Result<()> {
    files.remove(tenant, id)?;
    let mut stored = files.create(tenant, id)?;
    let (mut at, end) = (content.at, content.at + content.bytes);
    let mut chunk = vec![0; CHUNK_BYTES];
    while at < end {
        let most = chunk.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
        let count = archive.read_at(at, &mut chunk[..most])?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        stored.append(&chunk[..count])?;
        at += count as u64;
    }
    stored.sync()?;
    stored.keep();
    Ok(())
}
