//! An archive that is brought: its bytes go to the disk as they come, are proved, and then an import is begun.
//!
//! Invariant: a chunk is in memory at a time; what is refused, or ends early, leaves nothing behind. It takes no lines: a
//! job does.

use std::sync::Arc;

use antler_events::event::audit::Deed;
use antler_events::files::File;
use antler_events::ids::TenantId;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::super::Shared;
use super::super::answer::json;
use super::super::auth::Caller;
use super::super::error::{ApiError, LinesProblem};
use super::Shown;
use crate::archive::ArchiveError;
use crate::archive::reading::prove_readable;
use crate::archive::state::Brought;
use crate::archive::store::ArchiveFile;
use crate::credentials::secret::hex;
use crate::disk::on_disk;

/// What is written or read at once.
const CHUNK_BYTES: usize = 1 << 20;
/// How an archive may be called.
const FORMS: [&str; 3] = ["application/x-tar", "application/octet-stream", "application/tar"];

/// 202 if the import is begun or gone on with, 200 if the archive was imported before or is being imported.
pub(super) async fn take(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let form =
        head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !FORMS.contains(&form) {
        let reason = format!("an archive is sent as its bytes, as {}", FORMS[0]);
        return Err(ApiError::UnsupportedBody { reason });
    }
    let archives = &shared.program.archives;
    let (file, bytes, sha256) = receive(caller.tenant, &shared, body).await?;
    let proved = Arc::clone(&file.file);
    let proved = tokio::task::spawn_blocking(move || prove_readable(&*proved));
    let manifest = proved.await.map_err(|_| ApiError::Internal)?.map_err(ArchiveError::from)?;
    let brought = Brought { sha256, bytes, origin: manifest.tenant, made_at: manifest.made_at };
    let (archive, is_new) = archives.ask_import(caller.tenant, caller.user(), (file, brought)).await?;
    super::note(&shared, &caller, (Deed::TenantImportAsked, archive.id), &head.extensions).await?;
    let status = if is_new { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok(json(status, &Shown::of(&archive, archives)))
}

/// The archive on stable storage, how long it is, and its SHA-256.
async fn receive(
    tenant: TenantId,
    shared: &Shared,
    body: Body,
) -> Result<(ArchiveFile, u64, String), ApiError> {
    let archives = &shared.program.archives;
    let (store, id) = (Arc::clone(&archives.parts.store), archives.new_id()?);
    let received = on_disk(move || store.receive(tenant, id)).await?;
    let (mut stream, mut waiting) = (body.into_data_stream(), BytesMut::new());
    let (mut bytes, mut sum) = (0u64, Sha256::new());
    let (within, max) = (shared.config.limits.ingest.body_timeout, archives.parts.limits.import_bytes_max);
    loop {
        let next = tokio::time::timeout(within, stream.next()).await;
        let next =
            next.map_err(|_| refused(LinesProblem::Slow, "nothing more of the archive came in time"))?;
        let next = next.transpose();
        let chunk =
            next.map_err(|_| refused(LinesProblem::Unreadable, "the connection ended before the archive"))?;
        let is_end = chunk.is_none();
        waiting.extend_from_slice(&chunk.unwrap_or_default());
        if bytes + waiting.len() as u64 > max.as_u64() {
            let reason = format!("an archive may have {max}; export less, in several archives");
            return Err(refused(LinesProblem::TooLarge, &reason));
        }
        if waiting.len() >= CHUNK_BYTES || is_end {
            let (written, file, at) = (waiting.split().freeze(), Arc::clone(&received.file), bytes);
            sum.update(&written);
            bytes += written.len() as u64;
            on_disk(move || file.write_at(at, &written)).await?;
        }
        if is_end {
            let file = Arc::clone(&received.file);
            on_disk(move || file.sync()).await?;
            return Ok((received, bytes, hex(&sum.finalize())));
        }
    }
}

fn refused(problem: LinesProblem, reason: &str) -> ApiError {
    ApiError::Lines { problem, reason: reason.to_owned() }
}

pub(super) fn chunks(file: Arc<dyn File>) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::try_unfold((file, 0), |(file, at)| async move {
        let read = move || {
            let mut chunk = vec![0; CHUNK_BYTES];
            let count = file.read_at(at, &mut chunk)?;
            chunk.truncate(count);
            Ok((chunk, file))
        };
        let (chunk, file) = on_disk(read).await?;
        let next = at + chunk.len() as u64;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), (file, next))))
    })
}
