//! Views in one file of the data folder: the embedded adapter, a B-tree with transactions (crate `redb`).
//!
//! A fold is a transaction that is visible at once and durable with the next one that is: after some megabytes, or
//! at `flush`. So a start reads little of the log again, and a login costs no sync of a second file.
//! Invariant: documents and checkpoints are written in one transaction, and what was applied stays, also when the file
//! has to be opened again. Transactions run on `Workers`; reading a document does not leave its thread, because it
//! touches a few pages. It repairs no damage: views are folded again.

mod backend;
mod opened;

use std::fmt;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_events::files::FileSystem;
use antler_events::ids::{Offset, PartitionId};
use bytes::Bytes;
use redb::{
    Durability, ReadOnlyTable, ReadableTable as _, ReadableTableMetadata as _, TableDefinition, TableError,
    WriteTransaction,
};

use self::opened::Opened;
use super::port::{
    Document, Fold, PAGE_DOCUMENTS_MAX, Page, ViewError, ViewHash, ViewHasher, ViewName, ViewStore,
    ViewWrite, Viewing, check,
};
use crate::index::port::Workers;

/// So many bytes of folds are made durable without being asked.
const UNFLUSHED_BYTES_MAX: usize = 4 << 20;

const CHECKPOINTS: TableDefinition<'static, (&str, u16), u64> = TableDefinition::new("checkpoints");

type Documents<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;
type DocumentTable = ReadOnlyTable<&'static [u8], &'static [u8]>;

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
    opened: Opened,
    /// Folds that are not durable yet, in their order. Whoever holds it is the only one who writes.
    unflushed: Mutex<Unflushed>,
}

#[derive(Default)]
struct Unflushed {
    folds: Vec<(ViewName, Fold)>,
    bytes: usize,
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
        files: Arc<dyn FileSystem>,
        path: &Path,
        workers: Arc<dyn Workers>,
    ) -> Result<Self, ViewOpenError> {
        let opened = Opened::new(files, path)?;
        Ok(Self { kept: Arc::new(Kept { opened, unflushed: Mutex::default() }), workers })
    }

    /// Runs a transaction where it may wait for the disk.
    fn write<T: Send + 'static>(
        &self,
        action: impl FnOnce(&Kept) -> Result<T, redb::Error> + Send + 'static,
    ) -> Viewing<'_, T> {
        let kept = Arc::clone(&self.kept);
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let work = self.workers.run(Box::new(move || {
            // Nobody may wait any more; the transaction counts all the same.
            let _ = sender.send(action(&kept));
        }));
        Box::pin(async move {
            work.await.map_err(|lost| ViewError::Storage { reason: lost.to_string() })?;
            let answer = receiver.await.map_err(|lost| ViewError::Storage { reason: lost.to_string() })?;
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
            Ok(()) => self.write(move |kept| kept.apply(view, fold)),
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
    /// Asks the table of a view; the default if there is none yet.
    fn ask<T: Default>(
        &self,
        view: ViewName,
        action: impl FnOnce(&DocumentTable) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let name = table_name(view);
        self.opened.read(|transaction| match transaction.open_table(Documents::new(&name)) {
            Err(TableError::TableDoesNotExist(_)) => Ok(T::default()),
            table => action(&table?),
        })
    }

    fn document(&self, view: ViewName, key: &[u8]) -> Result<Option<Bytes>, redb::Error> {
        self.ask(view, |table| Ok(table.get(key)?.map(|found| Bytes::copy_from_slice(found.value()))))
    }

    fn scan(&self, view: ViewName, page: Page<'_>) -> Result<Vec<Document>, redb::Error> {
        let from = match page.after {
            Some(after) if after >= page.prefix => Bound::Excluded(after),
            _ => Bound::Included(page.prefix),
        };
        let limit = page.limit.min(PAGE_DOCUMENTS_MAX);
        self.ask(view, |table| {
            let mut found = Vec::new();
            for entry in table.range::<&[u8]>((from, Bound::Unbounded))?.take(limit) {
                let (key, document) = entry?;
                if !key.value().starts_with(page.prefix) {
                    break;
                }
                let copy = Bytes::copy_from_slice;
                found.push(Document { key: copy(key.value()), document: copy(document.value()) });
            }
            Ok(found)
        })
    }

    fn count(&self, view: ViewName) -> Result<u64, redb::Error> {
        self.ask(view, |table| Ok(table.len()?))
    }

    fn checkpoint(&self, view: ViewName, partition: PartitionId) -> Result<Offset, redb::Error> {
        self.opened.read(|transaction| {
            let table = match transaction.open_table(CHECKPOINTS) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(Offset::FIRST),
                table => table?,
            };
            let found = table.get((view.to_string().as_str(), partition.number()))?;
            Ok(found.map_or(Offset::FIRST, |found| Offset::new(found.value())))
        })
    }

    fn apply(&self, view: ViewName, fold: Fold) -> Result<bool, redb::Error> {
        let mut unflushed = self.writing()?;
        let bytes = unflushed.bytes + size(&fold);
        let is_durable = bytes > UNFLUSHED_BYTES_MAX;
        let durability = if is_durable { Durability::Immediate } else { Durability::None };
        let is_new = self.opened.write(durability, |transaction| take(transaction, view, &fold))?;
        match is_durable {
            true => *unflushed = Unflushed::default(),
            false if is_new => unflushed.add(view, fold),
            false => {}
        }
        Ok(is_new)
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
        let hasher = self.ask(view, |table| {
            let mut hasher = ViewHasher::default();
            for entry in table.iter()? {
                let (key, document) = entry?;
                hasher.add(key.value(), document.value());
            }
            Ok(hasher)
        });
        Ok(hasher?.finish())
    }

    /// A durable transaction takes all that were committed before it along.
    fn durably(
        &self,
        action: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), redb::Error> {
        let mut unflushed = self.writing()?;
        self.opened.write(Durability::Immediate, action)?;
        *unflushed = Unflushed::default();
        Ok(())
    }

    /// Lets nobody else write. A file that an error of the disk has closed is opened again, with all that was applied.
    fn writing(&self) -> Result<MutexGuard<'_, Unflushed>, redb::Error> {
        let unflushed = self.unflushed.lock().unwrap_or_else(PoisonError::into_inner);
        self.opened.open_again(|transaction| {
            unflushed.folds.iter().try_for_each(|(view, fold)| take(transaction, *view, fold).map(drop))
        })?;
        Ok(unflushed)
    }
}

impl Unflushed {
    fn add(&mut self, view: ViewName, fold: Fold) {
        self.bytes += size(&fold);
        self.folds.push((view, fold));
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
