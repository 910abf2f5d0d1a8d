//! The job of an export: settings, files and lines of a tenant are written into its archive, member by member.
//!
//! Invariant: it may be cut off anywhere, and goes on behind the last member that is on stable storage; it holds one page of
//! lines. What cannot be read is named in the archive. It changes nothing of the tenant.

use std::sync::Arc;
use std::time::Duration;

use antler_actors::jobs::{Job, JobTurns};
use antler_events::event::upload::UploadFinished;
use antler_events::event::upload::UploadStage;
use antler_events::files::File;
use antler_events::ids::{ArchiveId, TenantId, UploadId};
use antler_events::log::BoxFuture;
use antler_events::query::tree::Filter;
use antler_projections::index::port::{After, Bounds, Cursor, LinePage, LineQuery, Order, Period, Warning};

use super::form::{
    END, End, FileRecord, KIND, LineRecord, MANIFEST, Manifest, Member, Origin, SETTINGS, VERSION, json_line,
    lines_name,
};
use super::state::{Archive, Stage, Task, Wanted};
use super::writing::{Writing, sum_of};
use super::{ArchiveError, Archives};
use crate::disk::on_disk;

/// Lines of a member, and what they may take.
const PAGE_LINES: u32 = 10_000;
const PAGE_BOUNDS: Bounds = Bounds { time: Duration::from_secs(30), memory_bytes: 4 << 20 };
/// Pages without a line and without progress before an export is given up.
const STANDSTILLS_MAX: u32 = 3;
/// How often is looked whether lines that were written before can be found.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What was read of a page is compressed so well that it is still quick.
const LEVEL: i32 = 3;

/// Writes one export.
#[derive(Debug)]
pub(super) struct ExportJob {
    tenant: TenantId,
    archives: Arc<Archives>,
    id: ArchiveId,
}

impl Job for ExportJob {
    fn name(&self) -> &str {
        self.id.as_str()
    }

    fn run<'a>(&'a self, turns: &'a JobTurns) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let _turn = turns.take().await;
            if let Err(error) = self.export().await {
                self.fail(&error.to_string()).await;
            }
        })
    }

    fn given_up<'a>(&'a self, reason: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(self.fail(reason))
    }
}

impl ExportJob {
    pub(super) fn new(tenant: TenantId, archives: Arc<Archives>, id: ArchiveId) -> Self {
        Self { tenant, archives, id }
    }

    async fn fail(&self, reason: &str) {
        self.archives.fail(self.tenant, self.id, reason).await;
    }

    async fn export(&self) -> Result<(), ArchiveError> {
        let began = self.archives.parts.clock.elapsed();
        let Some((archive, wanted)) = self.open() else { return Ok(()) };
        if archive.done.members.is_empty() {
            self.all_found().await?;
            let of_lines = self.archives.parts.index.tenant_statistics(self.tenant, PAGE_BOUNDS).await?.lines;
            self.archives
                .update(self.tenant, self.id, move |archive| archive.done.of_lines = of_lines)
                .await?;
            let manifest = self.manifest(&archive, &wanted).await?;
            self.add(MANIFEST, json_line(&manifest), |_| {}).await?;
        }
        if wanted.settings && !archive.done.has(SETTINGS) {
            let (settings, searches) = self.archives.settings(self.tenant).await?;
            self.add(SETTINGS, settings, move |archive| archive.done.searches = searches).await?;
        }
        if wanted.files {
            self.files().await?;
        }
        if wanted.lines && !archive.done.has_all_lines {
            self.lines(&wanted).await?;
        }
        self.finish(began).await
    }

    /// As it is on stable storage; none if nobody wants it to go on.
    fn open(&self) -> Option<(Archive, Wanted)> {
        let archive = self.archives.parts.store.find(self.tenant, self.id)?;
        match &archive.task {
            Task::Export(wanted) if archive.stage == Stage::Open => {
                let wanted = wanted.clone();
                Some((archive, wanted))
            }
            _ => None,
        }
    }

    /// Waits until what is in the log now can be found.
    async fn all_found(&self) -> Result<(), ArchiveError> {
        let parts = &self.archives.parts;
        for (partition, last) in parts.log.ends()? {
            while parts.index.applied(partition) < last {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    async fn manifest(&self, archive: &Archive, wanted: &Wanted) -> Result<Manifest, ArchiveError> {
        let tenant = self.archives.parts.uploads.accounts().views.tenant(self.tenant).await?;
        let name = tenant.and_then(|kept| kept.state).map(|tenant| tenant.name.as_str().to_owned());
        let include = [("lines", wanted.lines), ("settings", wanted.settings), ("files", wanted.files)];
        Ok(Manifest {
            kind: KIND.to_owned(),
            version: VERSION,
            tenant: Origin { id: self.tenant.to_string(), name: name.unwrap_or_default() },
            made_at: archive.created_at.to_string(),
            from: wanted.from.map(|from| from.to_string()),
            to: wanted.to.to_string(),
            streams: wanted.streams.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            include: include
                .into_iter()
                .filter(|(_, is_in)| *is_in)
                .map(|(name, _)| name.to_owned())
                .collect(),
        })
    }

    /// Files that were read to their ends; others are in no archive.
    async fn files(&self) -> Result<(), ArchiveError> {
        let mut all = self.archives.parts.uploads.list(self.tenant).await?;
        all.sort_unstable_by_key(|(id, ..)| *id);
        for (id, _, upload) in all {
            let name = format!("files/{id}");
            let Some((archive, _)) = self.open() else { return Ok(()) };
            let UploadStage::Finished { took_ms } = upload.stage else { continue };
            if archive.done.has(&name) {
                continue;
            }
            let finished = UploadFinished { counts: upload.counts, took_ms };
            let mut received = upload.received;
            received.labels = upload.labels;
            self.file(&archive, id, FileRecord { received, finished }).await?;
        }
        Ok(())
    }

    /// What is known of a file and its bytes, together.
    async fn file(&self, archive: &Archive, id: UploadId, record: FileRecord) -> Result<(), ArchiveError> {
        let (tenant, mut writing) = (self.tenant, self.writing(archive).await?);
        let files = Arc::clone(&self.archives.parts.files);
        let written = on_disk(move || {
            let about = writing.add(&format!("files/{id}.json"), &json_line(&record))?;
            let mut file = files.read(tenant, id, Arc::default())?;
            let bytes = file.bytes();
            let content = writing
                .copy(&format!("files/{id}"), bytes, &mut |chunk| std::io::Read::read(&mut file, chunk))?;
            Ok((vec![about, content], writing.end))
        });
        let (members, end) = written.await?;
        self.counted(members, end, |archive| archive.done.files += 1).await
    }

    async fn lines(&self, wanted: &Wanted) -> Result<(), ArchiveError> {
        let streams = &wanted.streams;
        let filter = if streams.reach_all() { Filter::All } else { Filter::Filed(streams.clone()) };
        let always = Period::ALWAYS;
        let mut query = LineQuery {
            filter,
            period: Period { first: wanted.from.unwrap_or(always.first), last: wanted.to },
            order: Order::OldestFirst,
            asked_at: wanted.to,
            ..LineQuery::newest(PAGE_LINES)
        };
        let mut standstills = 0;
        while let Some((archive, _)) = self.open() {
            let cursor = archive.done.cursor.as_deref().map(Cursor::parse).transpose();
            let cursor = cursor.map_err(|error| ArchiveError::Lines { reason: error.to_string() })?;
            query.after = cursor.map(After::Cursor);
            let page = self.archives.parts.index.search(self.tenant, query.clone(), PAGE_BOUNDS).await?;
            let is_standing = page.lines.is_empty() && page.next.is_some() && page.next == cursor;
            standstills = if is_standing { standstills + 1 } else { 0 };
            if standstills >= STANDSTILLS_MAX {
                let reason = "the time of a page ran out again and again without a line; ask for less";
                return Err(ArchiveError::Lines { reason: reason.to_owned() });
            }
            let is_last = page.next.is_none();
            self.page(&archive, page).await?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Writes a page as a member, and where to go on behind it.
    async fn page(&self, archive: &Archive, page: LinePage) -> Result<(), ArchiveError> {
        let next = page.next;
        let passes =
            |warning: &&Warning| next.is_some() && matches!(warning, Warning::Deadline | Warning::Memory);
        let lacking: Vec<String> =
            page.coverage.warnings.iter().filter(|one| !passes(one)).map(ToString::to_string).collect();
        let (count, mut writing) = (page.lines.len() as u64, self.writing(archive).await?);
        let number =
            archive.done.members.iter().filter(|member| member.name.starts_with("lines/")).count() as u64;
        let written = on_disk(move || {
            if page.lines.is_empty() {
                return Ok((Vec::new(), writing.end));
            }
            let lines: Vec<u8> =
                page.lines.iter().flat_map(|line| json_line(&LineRecord::of(line))).collect();
            let packed = zstd::encode_all(&lines[..], LEVEL)?;
            let member = writing.add(&lines_name(number + 1), &packed)?;
            Ok((vec![member], writing.end))
        });
        let (members, end) = written.await?;
        self.counted(members, end, move |archive| {
            archive.done.lines += count;
            archive.done.cursor = next.map(|cursor| cursor.to_string());
            archive.done.has_all_lines = next.is_none();
            lacking.into_iter().for_each(|warning| archive.done.warn(warning));
        })
        .await
    }

    async fn finish(&self, began: Duration) -> Result<(), ArchiveError> {
        let Some((archive, _)) = self.open() else { return Ok(()) };
        let mut writing = self.writing(&archive).await?;
        let done = archive.done;
        let end = End {
            members: done.members,
            lines: done.lines,
            files: done.files,
            searches: done.searches,
            warnings: done.warnings,
            sha256: String::new(),
        };
        let written = on_disk(move || {
            writing.add(END, &json_line(&end.sealed()))?;
            let bytes = writing.finish()?;
            Ok((bytes, sum_of(&*writing.file)?))
        });
        let (bytes, sha256) = written.await?;
        let took = self.archives.parts.clock.elapsed().saturating_sub(began);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let finished = Stage::Finished { bytes, sha256, took_ms };
        self.archives.update(self.tenant, self.id, move |archive| archive.stage = finished).await?;
        Ok(())
    }

    async fn add(
        &self,
        name: &'static str,
        content: Vec<u8>,
        note: impl FnOnce(&mut Archive) + Send + 'static,
    ) -> Result<(), ArchiveError> {
        let Some((archive, _)) = self.open() else { return Ok(()) };
        let mut writing = self.writing(&archive).await?;
        let written = on_disk(move || Ok((writing.add(name, &content)?, writing.end)));
        let (member, end) = written.await?;
        self.counted(vec![member], end, note).await
    }

    async fn counted(
        &self,
        members: Vec<Member>,
        end: u64,
        note: impl FnOnce(&mut Archive) + Send + 'static,
    ) -> Result<(), ArchiveError> {
        let counted = move |archive: &mut Archive| {
            archive.done.members.extend(members);
            archive.done.bytes = end;
            note(archive);
        };
        self.archives.update(self.tenant, self.id, counted).await?;
        Ok(())
    }

    /// The file, behind what is counted of it.
    async fn writing(&self, archive: &Archive) -> Result<Writing, ArchiveError> {
        let (store, tenant, id) = (Arc::clone(&self.archives.parts.store), self.tenant, self.id);
        let file: Arc<dyn File> = on_disk(move || store.open_file(tenant, id)).await?;
        let at_s = u64::try_from(archive.created_at.nanos() / 1_000_000_000).unwrap_or_default();
        Ok(Writing { file, end: archive.done.bytes, at_s })
    }
}
