//! The file of views while it can be used, and opened again after an error of the disk.
//!
//! The B-tree answers nothing more once the disk has failed it, as a full one does, although all would be well with room.
//! Invariant: a transaction that failed has written nothing. Opening again loses what was not durable: whoever opens
//! brings it. It does not know what a document is.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use antler_events::files::FileSystem;
use redb::{
    Database, DatabaseError, Durability, ReadTransaction, ReadableDatabase as _, StorageError,
    WriteTransaction,
};

use super::ViewOpenError;
use super::backend::FileBackend;

/// Pages that are kept in memory.
const CACHE_BYTES: usize = 16 << 20;

pub(super) struct Opened {
    files: Arc<dyn FileSystem>,
    path: PathBuf,
    state: RwLock<State>,
}

struct State {
    database: Database,
    /// It writes nothing more, and reads what is in memory.
    has_failed: bool,
}

impl Opened {
    pub(super) fn new(files: Arc<dyn FileSystem>, path: &Path) -> Result<Self, ViewOpenError> {
        let state = RwLock::new(State { database: open(&*files, path)?, has_failed: false });
        Ok(Self { files, path: path.to_owned(), state })
    }

    pub(super) fn read<T>(
        &self,
        action: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        action(&self.state().database.begin_read()?)
    }

    pub(super) fn write<T>(
        &self,
        durability: Durability,
        action: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let written = transact(&self.state().database, durability, action);
        if let Err(redb::Error::Io(_) | redb::Error::PreviousIo) = written {
            self.state.write().unwrap_or_else(PoisonError::into_inner).has_failed = true;
        }
        written
    }

    /// Opens the file again if its disk has failed, and has what was not durable written once more. Nobody reads
    /// meanwhile: pages change under the one that has failed.
    pub(super) fn open_again(
        &self,
        bring: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), redb::Error> {
        if !self.state().has_failed {
            return Ok(());
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let database = open(&*self.files, &self.path).map_err(|error| match error {
            ViewOpenError::File { source, .. } | ViewOpenError::Full { source, .. } => {
                redb::Error::Io(source)
            }
            ViewOpenError::Damaged { reason, .. } => redb::Error::Corrupted(reason),
        })?;
        transact(&database, Durability::None, bring)?;
        *state = State { database, has_failed: false };
        Ok(())
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn transact<T>(
    database: &Database,
    durability: Durability,
    action: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
) -> Result<T, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(durability)?;
    let answer = action(&transaction)?;
    transaction.commit()?;
    Ok(answer)
}

fn open(files: &dyn FileSystem, path: &Path) -> Result<Database, ViewOpenError> {
    let shown = path.display().to_string();
    let backend = FileBackend::open(files, path)
        .map_err(|source| ViewOpenError::File { path: shown.clone(), source })?;
    let opened = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend);
    opened.map_err(|error| match error {
        DatabaseError::Storage(StorageError::Io(source)) if is_full(&source) => {
            ViewOpenError::Full { path: shown, source }
        }
        error => ViewOpenError::Damaged { path: shown, reason: error.to_string() },
    })
}

fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
