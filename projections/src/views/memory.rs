//! Views in memory: for tests, and for worlds that are simulated.
//!
//! Invariant: it keeps every promise of the port; a crash loses all of it, which the port allows.
//! It bounds nothing but single documents: whoever uses it bounds what is folded.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use antler_events::ids::{Offset, PartitionId};
use bytes::Bytes;

use super::port::{
    Document, Fold, PAGE_DOCUMENTS_MAX, Page, ViewHash, ViewHasher, ViewName, ViewStore, ViewWrite, Viewing,
    check,
};

/// A store of views that forgets everything at its end.
#[derive(Debug, Default)]
pub struct MemoryViews {
    views: Mutex<BTreeMap<ViewName, View>>,
}

#[derive(Debug, Default)]
struct View {
    documents: BTreeMap<Bytes, Bytes>,
    checkpoints: BTreeMap<PartitionId, Offset>,
}

impl MemoryViews {
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, view: ViewName, action: impl FnOnce(&mut View) -> T) -> T {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        action(views.entry(view).or_default())
    }
}

impl ViewStore for MemoryViews {
    fn document(&self, view: ViewName, key: &[u8]) -> Viewing<'_, Option<Bytes>> {
        let found = self.with(view, |view| view.documents.get(key).cloned());
        Box::pin(std::future::ready(Ok(found)))
    }

    fn scan(&self, view: ViewName, page: Page<'_>) -> Viewing<'_, Vec<Document>> {
        let found = self.with(view, |view| view.scan(page));
        Box::pin(std::future::ready(Ok(found)))
    }

    fn apply(&self, view: ViewName, fold: Fold) -> Viewing<'_, bool> {
        let applied = check(view, &fold).map(|()| self.with(view, |view| view.apply(fold)));
        Box::pin(std::future::ready(applied))
    }

    fn checkpoint(&self, view: ViewName, partition: PartitionId) -> Viewing<'_, Offset> {
        let found = self.with(view, |view| view.checkpoint(partition));
        Box::pin(std::future::ready(Ok(found)))
    }

    fn replace_by_shadow(&self, view: ViewName) -> Viewing<'_, ()> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let shadow = views.remove(&view.shadow()).unwrap_or_default();
        views.insert(view, shadow);
        Box::pin(std::future::ready(Ok(())))
    }

    fn hash(&self, view: ViewName) -> Viewing<'_, ViewHash> {
        let hash = self.with(view, |view| {
            let mut hasher = ViewHasher::default();
            view.documents.iter().for_each(|(key, document)| hasher.add(key, document));
            hasher.finish()
        });
        Box::pin(std::future::ready(Ok(hash)))
    }

    fn count(&self, view: ViewName) -> Viewing<'_, u64> {
        let count = self.with(view, |view| view.documents.len() as u64);
        Box::pin(std::future::ready(Ok(count)))
    }

    fn clear(&self, view: ViewName) -> Viewing<'_, ()> {
        self.with(view, |view| *view = View::default());
        Box::pin(std::future::ready(Ok(())))
    }

    fn flush(&self) -> Viewing<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl View {
    fn scan(&self, page: Page<'_>) -> Vec<Document> {
        let from = match page.after {
            Some(after) if after >= page.prefix => Bound::Excluded(after),
            _ => Bound::Included(page.prefix),
        };
        let found = self.documents.range::<[u8], _>((from, Bound::Unbounded));
        found
            .take_while(|(key, _)| key.starts_with(page.prefix))
            .take(page.limit.min(PAGE_DOCUMENTS_MAX))
            .map(|(key, document)| Document { key: key.clone(), document: document.clone() })
            .collect()
    }

    fn checkpoint(&self, partition: PartitionId) -> Offset {
        self.checkpoints.get(&partition).copied().unwrap_or(Offset::FIRST)
    }

    fn apply(&mut self, fold: Fold) -> bool {
        if fold.next <= self.checkpoint(fold.partition) {
            return false;
        }
        for write in fold.writes {
            match write {
                ViewWrite::Put { key, document } => self.documents.insert(key, document),
                ViewWrite::Delete { key } => self.documents.remove(&key),
            };
        }
        self.checkpoints.insert(fold.partition, fold.next);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::index::conformance::tests::at_once;
    use crate::views::conformance::{CASES, StoreUnderTest};

    #[derive(Debug, Default)]
    struct Fresh(Arc<MemoryViews>);

    impl StoreUnderTest for Fresh {
        fn store(&self) -> Arc<dyn ViewStore> {
            Arc::clone(&self.0) as Arc<dyn ViewStore>
        }

        fn reopen(&self) -> Option<Arc<dyn ViewStore>> {
            None
        }
    }

    #[test]
    fn it_keeps_the_promises_of_the_port() {
        for case in CASES {
            println!("{}", case.name);
            at_once((case.run)(Arc::new(Fresh::default())));
        }
    }
}
