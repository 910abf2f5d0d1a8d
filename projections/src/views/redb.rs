//! Views in one file of the data folder: the embedded adapter, a B-tree with transactions (crate `redb`).
//!
//! A fold is a transaction that is visible at once and durable with the next one that is: after some megabytes, or
//! at `flush`. So a start reads little of the log again, and a login costs no sync of a second file.
//! Invariant: documents and checkpoints are written in one transaction. Transactions run on `Workers`; reading a
//! document does not leave its thread, because it touches a few pages. It repairs no damage: views are folded again.

mod backend;
mod patient;

use std::fmt;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use antler_events::files::{FileSystem, is_full};
use antler_events::ids::{Offset, PartitionId};
use bytes::Bytes;
use redb::{
    Database, Durability, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _,
    TableDefinition, TableError, WriteTransaction,
};

use self::backend::FileBackend;
use self::patient::PatientFile;
use super::port::{
    Document, Fold, PAGE_DOCUMENTS_MAX, Page, ViewError, ViewHash, ViewHasher, ViewName, ViewStore,
    ViewWrite, Viewing, check,
};
use crate::index::port::{Workers, compute};

/// Pages that are kept in memory.
const CACHE_BYTES: usize = 16 << 20;
/// So many bytes of folds are made durable without being asked.
const UNFLUSHED_BYTES_MAX: usize = 4 << 20;

const CHECKPOINTS: TableDefinition<'static, (&str, u16), u64> = TableDefinition::new("checkpoints");

type Documents<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

/// The table's name has a mark before it, so that no view can be called like the table of checkpoints.
fn table_name(view: ViewName) -> String {
    format!("view:{view}")
}

/// Views in a file.
#[derive(Clone)]
pub struct RedbViews {
    kept: Arc<Kept>,
    workers: Arc<dyn Workers>,
}

struct Kept {
    database: Database,
    file: Arc<PatientFile>,
    /// About so many: what is counted while another transaction becomes durable may be forgotten.
    unflushed_bytes: AtomicUsize,
}

/// Why the file of views cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ViewOpenError {
    #[error("the file of views {path} cannot be opened")]
    File { path: String, source: std::io::Error },
    #[error("the file of views {path} cannot be opened, because its disk is full; make room and start again")]
    Full { path: String, source: std::io::Error },
    #[error(
        "the file of views {path} is damaged: {reason}; move it away and start again: the views are folded anew from \
         the event log, and nothing is lost"
    )]
    Damaged { path: String, reason: String },
}

impl fmt::Debug for RedbViews {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RedbViews").finish_non_exhaustive()
    }
}

impl RedbViews {
    /// Opens the file of views, and makes it if it is missing; its folder too.
    pub fn open(
        files: &dyn FileSystem,
        path: &Path,
        workers: Arc<dyn Workers>,
    ) -> Result<Self, ViewOpenError> {
        let shown = path.display().to_string();
        let no_file = |source| match is_full(&source) {
            true => ViewOpenError::Full { path: shown.clone(), source },
            false => ViewOpenError::File { path: shown.clone(), source },
        };
        let backend = FileBackend::open(files, path).map_err(no_file)?;
        let file = backend.file();
        let opened = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend);
        let database = opened
            .map_err(|error| ViewOpenError::Damaged { path: shown.clone(), reason: error.to_string() })?;
        file.catch_up().map_err(no_file)?;
        Ok(Self { kept: Arc::new(Kept { database, file, unflushed_bytes: AtomicUsize::new(0) }), workers })
    }

    /// Runs a transaction where it may wait for the disk.
    fn write<T: Send + 'static>(
        &self,
        action: impl FnOnce(&Kept) -> Result<T, redb::Error> + Send + 'static,
    ) -> Viewing<'_, T> {
        let kept = Arc::clone(&self.kept);
        Box::pin(async move {
            let answer = compute(&*self.workers, move || action(&kept)).await;
            let answer = answer.map_err(|lost| ViewError::Storage { reason: lost.to_string() })?;
            answer.map_err(|error| storage(&error))
        })
    }

    fn read<T: Send + 'static>(&self, answer: Result<T, redb::Error>) -> Viewing<'_, T> {
        Box::pin(std::future::ready(answer.map_err(|error| storage(&error))))
    }
}

fn storage(error: &redb::Error) -> ViewError {
    ViewError::Storage { reason: error.to_string() }
}

impl ViewStore for RedbViews {
    fn document(&self, view: ViewName, key: &[u8]) -> Viewing<'_, Option<Bytes>> {
        self.read(self.kept.document(view, key))
    }

    fn scan(&self, view: ViewName, page: Page<'_>) -> Viewing<'_, Vec<Document>> {
        self.read(self.kept.scan(view, page))
    }

    fn apply(&self, view: ViewName, fold: Fold) -> Viewing<'_, bool> {
        match check(view, &fold) {
            Ok(()) => self.write(move |kept| kept.apply(view, &fold)),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn checkpoint(&self, view: ViewName, partition: PartitionId) -> Viewing<'_, Offset> {
        self.read(self.kept.checkpoint(view, partition))
    }

    fn replace_by_shadow(&self, view: ViewName) -> Viewing<'_, ()> {
        self.write(move |kept| kept.replace_by_shadow(view))
    }

    fn hash(&self, view: ViewName) -> Viewing<'_, ViewHash> {
        self.write(move |kept| kept.hash(view))
    }

    fn count(&self, view: ViewName) -> Viewing<'_, u64> {
        self.read(self.kept.count(view))
    }

    fn clear(&self, view: ViewName) -> Viewing<'_, ()> {
        self.write(move |kept| {
            kept.durably(|transaction| {
                let name = table_name(view);
                transaction.delete_table(Documents::new(&name))?;
                forget_checkpoints(transaction, view)
            })
        })
    }

    fn flush(&self) -> Viewing<'_, ()> {
        self.write(|kept| kept.durably(|_| Ok(())))
    }
}

impl Kept {
    fn document(&self, view: ViewName, key: &[u8]) -> Result<Option<Bytes>, redb::Error> {
        let name = table_name(view);
        let table = match self.database.begin_read()?.open_table(Documents::new(&name)) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            table => table?,
        };
        Ok(table.get(key)?.map(|found| Bytes::copy_from_slice(found.value())))
    }

    fn scan(&self, view: ViewName, page: Page<'_>) -> Result<Vec<Document>, redb::Error> {
        let name = table_name(view);
        let table = match self.database.begin_read()?.open_table(Documents::new(&name)) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            table => table?,
        };
        let from = match page.after {
            Some(after) if after >= page.prefix => Bound::Excluded(after),
            _ => Bound::Included(page.prefix),
        };
        let mut found = Vec::new();
        for entry in table.range::<&[u8]>((from, Bound::Unbounded))?.take(page.limit.min(PAGE_DOCUMENTS_MAX))
        {
            let (key, document) = entry?;
            if !key.value().starts_with(page.prefix) {
                break;
            }
            let copy = Bytes::copy_from_slice;
            found.push(Document { key: copy(key.value()), document: copy(document.value()) });
        }
        Ok(found)
    }

    fn count(&self, view: ViewName) -> Result<u64, redb::Error> {
        let name = table_name(view);
        match self.database.begin_read()?.open_table(Documents::new(&name)) {
            Err(TableError::TableDoesNotExist(_)) => Ok(0),
            table => Ok(table?.len()?),
        }
    }

    fn checkpoint(&self, view: ViewName, partition: PartitionId) -> Result<Offset, redb::Error> {
        let table = match self.database.begin_read()?.open_table(CHECKPOINTS) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Offset::FIRST),
            table => table?,
        };
        let found = table.get((view.to_string().as_str(), partition.number()))?;
        Ok(found.map_or(Offset::FIRST, |found| Offset::new(found.value())))
    }

    fn apply(&self, view: ViewName, fold: &Fold) -> Result<bool, redb::Error> {
        let mut transaction = self.begin()?;
        let bytes = size(fold);
        let unflushed = self.unflushed_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let is_durable = unflushed > UNFLUSHED_BYTES_MAX;
        transaction.set_durability(if is_durable { Durability::Immediate } else { Durability::None })?;
        if !take(&transaction, view, fold)? {
            transaction.abort()?;
            return Ok(false);
        }
        transaction.commit()?;
        // While the file waits for room the fold is visible and not durable, as one that asked for no more.
        if is_durable && self.file.catch_up().is_ok() {
            self.unflushed_bytes.store(0, Ordering::Relaxed);
        }
        Ok(true)
    }

    fn replace_by_shadow(&self, view: ViewName) -> Result<(), redb::Error> {
        self.durably(|transaction| {
            let (name, shadow) = (table_name(view), table_name(view.shadow()));
            transaction.delete_table(Documents::new(&name))?;
            match transaction.rename_table(Documents::new(&shadow), Documents::new(&name)) {
                Err(TableError::TableDoesNotExist(_)) => {}
                renamed => renamed?,
            }
            let checkpoints = checkpoints(transaction, view.shadow())?;
            forget_checkpoints(transaction, view)?;
            forget_checkpoints(transaction, view.shadow())?;
            let mut table = transaction.open_table(CHECKPOINTS)?;
            for (partition, next) in checkpoints {
                table.insert((view.to_string().as_str(), partition), next)?;
            }
            Ok(())
        })
    }

    fn hash(&self, view: ViewName) -> Result<ViewHash, redb::Error> {
        let mut hasher = ViewHasher::default();
        let name = table_name(view);
        let table = match self.database.begin_read()?.open_table(Documents::new(&name)) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(hasher.finish()),
            table => table?,
        };
        for entry in table.iter()? {
            let (key, document) = entry?;
            hasher.add(key.value(), document.value());
        }
        Ok(hasher.finish())
    }

    /// None begins before the file has written what it could not, so no more than one transaction waits in memory.
    fn begin(&self) -> Result<WriteTransaction, redb::Error> {
        self.file.catch_up()?;
        Ok(self.database.begin_write()?)
    }

    /// A durable transaction takes all that were committed before it along.
    fn durably(
        &self,
        action: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), redb::Error> {
        let transaction = self.begin()?;
        action(&transaction)?;
        transaction.commit()?;
        self.file.catch_up()?;
        self.unflushed_bytes.store(0, Ordering::Relaxed);
        Ok(())
    }
}

/// Writes a fold and its checkpoint, unless it is behind.
fn take(transaction: &WriteTransaction, view: ViewName, fold: &Fold) -> Result<bool, redb::Error> {
    let (shown, number) = (view.to_string(), fold.partition.number());
    let place = (shown.as_str(), number);
    let mut checkpoints = transaction.open_table(CHECKPOINTS)?;
    let checkpoint = checkpoints.get(place)?.map_or(Offset::FIRST, |found| Offset::new(found.value()));
    if fold.next <= checkpoint {
        return Ok(false);
    }
    checkpoints.insert(place, fold.next.number())?;
    let name = table_name(view);
    let mut table = transaction.open_table(Documents::new(&name))?;
    for write in &fold.writes {
        match write {
            ViewWrite::Put { key, document } => table.insert(key.as_ref(), document.as_ref())?,
            ViewWrite::Delete { key } => table.remove(key.as_ref())?,
        };
    }
    Ok(true)
}

fn checkpoints(transaction: &WriteTransaction, view: ViewName) -> Result<Vec<(u16, u64)>, redb::Error> {
    let shown = view.to_string();
    let table = transaction.open_table(CHECKPOINTS)?;
    let range = table.range((shown.as_str(), 0)..=(shown.as_str(), u16::MAX))?;
    range
        .map(|entry| {
            let (place, next) = entry?;
            Ok((place.value().1, next.value()))
        })
        .collect()
}

fn forget_checkpoints(transaction: &WriteTransaction, view: ViewName) -> Result<(), redb::Error> {
    let known = checkpoints(transaction, view)?;
    let mut table = transaction.open_table(CHECKPOINTS)?;
    for (partition, _) in known {
        table.remove((view.to_string().as_str(), partition))?;
    }
    Ok(())
}

fn size(fold: &Fold) -> usize {
    let each = fold.writes.iter().map(|write| match write {
        ViewWrite::Put { key, document } => key.len() + document.len(),
        ViewWrite::Delete { key } => key.len(),
    });
    each.sum()
}

#[cfg(test)]
mod tests;
