//! An archive as the API shows it: what is in it, how far it is, and what came of it.
//!
//! Invariant: states are those of all jobs. It changes nothing.

use antler_events::ids::{ArchiveId, UserId};
use serde::Serialize;

use crate::archive::Archives;
use crate::archive::form::Origin;
use crate::archive::state::{Archive, Stage, Task};

#[derive(Debug, Serialize)]
pub(in crate::http) struct Shown {
    id: ArchiveId,
    kind: &'static str,
    state: &'static str,
    /// Percent.
    progress: u64,
    lines: u64,
    files: u64,
    searches: u64,
    /// Bytes of the archive; of one that is being written, so far.
    size: u64,
    sha256: Option<String>,
    warnings: Vec<String>,
    error: Option<String>,
    user_id: UserId,
    created_at: String,
    updated_at: String,
    took_ms: Option<u64>,
    /// Of an export.
    expires_at: Option<String>,
    wanted: Option<ShownWanted>,
    /// Of an import: where the archive is from.
    from: Option<ShownOrigin>,
}

#[derive(Debug, Serialize)]
struct ShownWanted {
    from: Option<String>,
    to: String,
    streams: Vec<String>,
    include: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct ShownOrigin {
    #[serde(flatten)]
    tenant: Origin,
    made_at: String,
}

/// As `STATES` of jobs has them.
pub(in crate::http) fn state(archive: &Archive) -> &'static str {
    match archive.stage {
        Stage::Open if archive.waits.is_some() => "retrying",
        Stage::Open => "running",
        Stage::Finished { .. } => "succeeded",
        Stage::Failed { .. } => "failed",
        Stage::Cancelled => "cancelled",
    }
}

impl Shown {
    pub(in crate::http) fn of(archive: &Archive, archives: &Archives) -> Self {
        let (mut size, mut sha256, mut took) = (archive.done.bytes, None, None);
        if let Stage::Finished { bytes, sha256: sum, took_ms } = archive.stage.clone() {
            (size, sha256, took) = (bytes, Some(sum), Some(took_ms));
        }
        let (mut wanted, mut from) = (None, None);
        match &archive.task {
            Task::Export(of) => {
                let parts = [("lines", of.lines), ("settings", of.settings), ("files", of.files)];
                wanted = Some(ShownWanted {
                    from: of.from.map(|from| from.to_string()),
                    to: of.to.to_string(),
                    streams: of.streams.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
                    include: parts.into_iter().filter(|(_, is_in)| *is_in).map(|(name, _)| name).collect(),
                });
            }
            Task::Import(brought) => {
                (size, sha256) = (brought.bytes, Some(brought.sha256.clone()));
                from = Some(ShownOrigin { tenant: brought.origin.clone(), made_at: brought.made_at.clone() });
            }
        }
        Self {
            id: archive.id,
            kind: kind(archive),
            state: state(archive),
            progress: archive.progress(),
            lines: archive.done.lines,
            files: archive.done.files,
            searches: archive.done.searches,
            size,
            sha256,
            warnings: archive.done.warnings.clone(),
            error: archive.trouble().map(str::to_owned),
            user_id: archive.owner,
            created_at: archive.created_at.to_string(),
            updated_at: archive.changed_at.to_string(),
            took_ms: took,
            expires_at: archive.expires_at(archives.parts.limits.exports_kept_for).map(|at| at.to_string()),
            wanted,
            from,
        }
    }
}

pub(in crate::http) fn kind(archive: &Archive) -> &'static str {
    if archive.is_export() { "export" } else { "import" }
}
