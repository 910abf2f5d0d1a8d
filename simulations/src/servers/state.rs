//! What was brought up in a folder: the file `services.json`, and the file of addresses for programs.
//!
//! Invariant: a process is in the file from before it answers until it is gone; the file is replaced as a whole, and
//! read by nobody else's user, for it holds passwords. It does not say whether a server still runs.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::process::Leader;
use super::seat::Seat;

const FILE: &str = "services.json";
const ADDRESSES: &str = "antler.env";

/// A server that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    #[serde(flatten)]
    pub seat: Seat,
    #[serde(flatten)]
    pub process: Leader,
}

/// All that were started in a folder.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) servers: Vec<Record>,
}

impl State {
    /// What is written in the folder; nothing, where nothing is.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_json::from_slice(&bytes).with_context(|| {
            let path = path.display();
            format!("{path} is not as it was written; end what it may have named by hand, and remove it")
        })
    }

    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        replace(&folder.join(FILE), &(serde_json::to_string_pretty(self)? + "\n"))?;
        replace(&folder.join(ADDRESSES), &self.addresses())
    }

    pub(super) fn of(&self, kind: Kind) -> Vec<&Record> {
        self.servers.iter().filter(|record| record.seat.kind == kind).collect()
    }

    pub(super) fn forget(&mut self, kind: Kind) {
        self.servers.retain(|record| record.seat.kind != kind);
    }

    /// One line for each kind, as a shell and most programs read it.
    pub(super) fn addresses(&self) -> String {
        let line = |kind: Kind| {
            let urls: Vec<String> = self.of(kind).iter().map(|record| record.seat.url()).collect();
            let name = kind.name().to_uppercase();
            (!urls.is_empty()).then(|| format!("ANTLER_SERVICES_{name}={}\n", urls.join(",")))
        };
        Kind::ALL.into_iter().filter_map(line).collect()
    }
}

/// Nobody else may change what is up in the folder until the guard is dropped.
pub(super) fn lock(folder: &Path) -> anyhow::Result<(PathBuf, File)> {
    let cannot = || format!("cannot write to {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    let folder = fs::canonicalize(folder).with_context(cannot)?;
    let guard = File::create(folder.join(".lock")).with_context(cannot)?;
    match guard.try_lock() {
        Ok(()) => Ok((folder, guard)),
        Err(fs::TryLockError::WouldBlock) => {
            bail!("another `services` is at work in {}; wait for it", folder.display())
        }
        Err(fs::TryLockError::Error(error)) => Err(error).with_context(cannot),
    }
}

/// A file made to be private takes the place of the old one.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let folder = path.parent().expect("the file lies in a folder");
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
    file.write_all(text.as_bytes()).with_context(cannot)?;
    file.persist(path).with_context(cannot)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::servers::kind::Wishes;

    fn record(name: &str, kind: Kind) -> Record {
        let wishes = Wishes { is_secure: true, ..Wishes::default() };
        let seat = Seat::draw(name, kind, Path::new("d"), &wishes).unwrap();
        Record { seat, process: Leader { pid: 1, started_ticks: 2, boot: String::from("b") } }
    }

    #[test]
    fn what_is_written_is_read_and_private() {
        let folder = tempfile::tempdir().unwrap();
        assert!(State::read(folder.path()).unwrap().servers.is_empty());
        let state = State { servers: vec![record("n1", Kind::Nats), record("mongo", Kind::Mongo)] };
        state.write(folder.path()).unwrap();
        assert_eq!(State::read(folder.path()).unwrap().servers, state.servers);
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_servers_of_a_cluster_stand_on_one_line() {
        let state = State { servers: vec![record("n1", Kind::Nats), record("n2", Kind::Nats)] };
        let urls: Vec<String> = state.servers.iter().map(|record| record.seat.url()).collect();
        assert_eq!(state.addresses(), format!("ANTLER_SERVICES_NATS={}\n", urls.join(",")));
        assert_eq!(State::default().addresses(), "");
    }

    #[test]
    fn garbage_is_answered_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        for garbage in ["", "[]", "{\"servers\": [{\"name\": 1}]}", "\0\0"] {
            fs::write(folder.path().join(FILE), garbage).unwrap();
            let error = State::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains("services.json is not as it was written; end what"), "{error}");
        }
    }

    #[test]
    fn two_at_once_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (_, guard) = lock(folder.path()).unwrap();
        let error = lock(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("another `services` is at work in "), "{error}");
        drop(guard);
        lock(folder.path()).unwrap();
    }
}
