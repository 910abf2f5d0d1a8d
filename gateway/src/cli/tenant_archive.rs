//! `antler tenant export [NAME] --output FILE` and `antler tenant import FILE`: a tenant of a running server as one file.
//!
//! Invariant: a file is only there under its name when it is whole and its SHA-256 is the one that the server tells; none is
//! written over. The tenant is that of the token. What the server made for this command it has removed again.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::{Method, header};
use bytes::Bytes;
use clap::Args;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::remote::client::{Client, Question};
use super::remote::refusal::Refusal;
use super::remote::{self, RemoteError, RemoteFlags};
use super::{CommandError, Outcome, SettingFlags};
use crate::credentials::secret::hex;

/// How often the server is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// What is read of a file at once.
const CHUNK_BYTES: usize = 1 << 20;
const EXPORTS: &str = "/api/tenant/export/";
const IMPORTS: &str = "/api/tenant/import/";

#[derive(Debug, Args)]
pub(super) struct ExportFlags {
    /// The tenant; it has to be that of the token
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The archive; there must be none of that name
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Debug, Args)]
pub(super) struct ImportFlags {
    /// An archive that was exported
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    remote: RemoteFlags,
}

/// Why an archive was not written or sent.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveCommandError {
    #[error("the token is of tenant {name:?}; log in there, or leave the name out")]
    OtherTenant { name: String },
    #[error("{} cannot be written; name another file with --output", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the server did not finish: {reason}")]
    NotDone { reason: String },
    #[error("what came is not what the server has written; try again")]
    Sum,
}

impl ArchiveCommandError {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::OtherTenant { .. } | Self::Read { .. } => Outcome::WrongUsage,
            _ => Outcome::FoundProblem,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Tenant {
    id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Archive {
    id: String,
    state: String,
    lines: u64,
    files: u64,
    searches: u64,
    size: u64,
    sha256: Option<String>,
    warnings: Vec<String>,
    error: Option<String>,
}

pub(super) fn export(
    settings: &SettingFlags,
    flags: &ExportFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let mut client = flags.remote.client(settings)?;
    let path = flags.output.clone();
    let unwritten = |source| ArchiveCommandError::Write { path: path.clone(), source };
    let archive = remote::run(async {
        if let Some(asked) = &flags.name {
            let Tenant { id, name } = client.read(&Question::get("/api/tenant/", &[])).await?;
            if ![&id, &name].contains(&asked) {
                return Err(ArchiveCommandError::OtherTenant { name }.into());
            }
        }
        let mut file = Draft::create(&flags.output).map_err(unwritten)?;
        let begun: Archive = client.read(&question(Method::POST, EXPORTS, Bytes::new())).await?;
        let archive = ended(&mut client, EXPORTS, begun).await?;
        let address = format!("{EXPORTS}{}/", archive.id);
        let mut sum = Sha256::new();
        let mut take = |chunk: &[u8]| {
            sum.update(chunk);
            file.file.write_all(chunk)
        };
        let status = client.save(&Question::get(&format!("{address}download/"), &[]), &mut take).await;
        status?.map_err(unwritten)?;
        if archive.sha256.as_deref() != Some(&hex(&sum.finalize())) {
            return Err(ArchiveCommandError::Sum.into());
        }
        file.keep(&flags.output).map_err(unwritten)?;
        let removed = client
            .ask(&question(Method::DELETE, &address, Bytes::new()))
            .await
            .map_err(RemoteError::Client)?;
        match removed.status.is_success() {
            true => Ok(archive),
            false => Err(RemoteError::Refused(Refusal::of(&removed)).into()),
        }
    })?;
    told(&archive, "exported", out)
}

pub(super) fn import(
    settings: &SettingFlags,
    flags: &ImportFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let mut client = flags.remote.client(settings)?;
    let unread = |source| ArchiveCommandError::Read { path: flags.file.clone(), source };
    let mut file = File::open(&flags.file).map_err(unread)?;
    let bytes = file.metadata().map_err(unread)?.len();
    let archive = remote::run(async {
        let sent = question(Method::POST, IMPORTS, Bytes::new());
        let read = move || {
            let mut chunk = vec![0; CHUNK_BYTES];
            let count = file.read(&mut chunk)?;
            chunk.truncate(count);
            Ok(Bytes::from(chunk))
        };
        let answer = client.send_file(&sent, bytes, read).await.map_err(RemoteError::Client)?;
        if !answer.status.is_success() {
            return Err(RemoteError::Refused(Refusal::of(&answer)).into());
        }
        let begun: Archive = client.parsed(&answer)?;
        ended(&mut client, IMPORTS, begun).await
    })?;
    told(&archive, "imported", out)
}

fn question(method: Method, path: &str, body: Bytes) -> Question {
    let headers = vec![(
        header::CONTENT_TYPE,
        if path == IMPORTS { "application/x-tar" } else { "application/json" }.to_owned(),
    )];
    Question { method, path: path.to_owned(), headers, body }
}

/// Waits until the server has done it.
async fn ended(client: &mut Client, of: &str, mut archive: Archive) -> Result<Archive, CommandError> {
    while archive.state == "running" {
        tokio::time::sleep(ASK_EVERY).await;
        archive = client.read(&Question::get(&format!("{of}{}/", archive.id), &[])).await?;
    }
    match archive.state.as_str() {
        "succeeded" => Ok(archive),
        state => {
            let reason = archive.error.unwrap_or_else(|| format!("it is {state}"));
            Err(ArchiveCommandError::NotDone { reason }.into())
        }
    }
}

fn told(archive: &Archive, done: &str, out: &mut dyn Write) -> Result<Outcome, CommandError> {
    let Archive { lines, files, searches, size, sha256, warnings, .. } = archive;
    let sha256 = sha256.as_deref().unwrap_or_default();
    writeln!(
        out,
        "{done} {lines} lines, {files} files and {searches} saved searches, {size} bytes, sha256 {sha256}"
    )?;
    warnings.iter().try_for_each(|warning| writeln!(out, "{}", super::line_text::plain(warning)))?;
    Ok(if warnings.is_empty() { Outcome::Done } else { Outcome::FoundProblem })
}

/// A file that gets its name when it is whole.
struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    /// For the owner's eyes, beside a name that nothing has.
    fn create(path: &Path) -> io::Result<Self> {
        if path.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        Ok(Self { path, file })
    }

    fn keep(&self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::hard_link(&self.path, path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "a part of an archive stays");
        }
    }
}
