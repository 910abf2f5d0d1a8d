//! Changing the catalogue, and removing what it does not name any more.
//!
//! Invariant: a change is seen by snapshots only after it is durable, and then at once and whole. A change
//! that failed has changed nothing that is seen; its files stay until another one succeeds, because the disk
//! may have it nevertheless.

use std::sync::{Arc, MutexGuard};

use super::{ColumnStore, Planted, State, StoreError};
use crate::index::columns::catalogue::{Catalogue, EraseMark, GroupEntry};

impl ColumnStore {
    /// Makes a change durable, then seen. `change` may decide against it; `publish` is what else becomes
    /// seen with it.
    pub(super) fn commit<T>(
        &self,
        change: impl FnOnce(&mut Catalogue) -> Option<T>,
        publish: impl FnOnce(&mut State),
    ) -> Result<Option<T>, StoreError> {
        let held = self.lock_commits();
        let mut catalogue = (*self.state().catalogue).clone();
        let Some(answer) = change(&mut catalogue) else { return Ok(None) };
        catalogue.sequence += 1;
        catalogue.next_number = self.state().next_number;
        self.disk.folder.write_catalogue(&catalogue)?;
        let mut state = self.state();
        state.catalogue = Arc::new(catalogue);
        let certain = std::mem::take(&mut state.doubtful);
        state.dropped.extend(certain);
        publish(&mut state);
        drop(state);
        drop(held);
        self.remove_dropped();
        Ok(Some(answer))
    }

    /// Numbers for groups that are going to be written, and the marks that hold for them: a later mark hides
    /// groups with these numbers.
    pub(super) fn reserve(&self, count: u64) -> (u64, Arc<[EraseMark]>) {
        let _held = self.lock_commits();
        let mut state = self.state();
        let first = state.next_number;
        state.next_number += count;
        (first, Arc::clone(&state.catalogue.marks))
    }

    /// Lets go of files of groups that were written and do not count.
    pub(super) fn drop_written(&self, entries: Vec<GroupEntry>) {
        self.state().dropped.extend(entries.into_iter().map(Arc::new));
    }

    /// Removes files that nobody reads any more. One that cannot be removed is tried again with the next change;
    /// an open removes it too.
    pub(super) fn remove_dropped(&self) {
        let at_once = self.options.planted.is(Planted::RemovedWhileRead);
        let unread = |entry: &mut Arc<GroupEntry>| at_once || Arc::strong_count(entry) == 1;
        let gone: Vec<_> = self.state().dropped.extract_if(.., unread).collect();
        for entry in gone {
            self.disk.forget(entry.number);
            if self.disk.folder.remove(&self.disk.folder.group_path(entry.number)).is_err() {
                self.state().dropped.push(entry);
            }
        }
    }

    fn lock_commits(&self) -> MutexGuard<'_, ()> {
        self.commits.lock().expect("nothing panics while it changes the catalogue")
    }
}
