//! The `ViewStore` port: named collections of small documents, each with one checkpoint per partition.
//!
//! Invariant: the documents of a fold and its checkpoint become visible together, and a fold that is behind the
//! checkpoint changes nothing. What was applied may be lost in a crash until `flush` returns; then documents and
//! checkpoint are both as they were before, and the log is read again from there.
//! It does not know what a document means: each view does.

use std::fmt;

use antler_events::ids::{Offset, PartitionId};
use antler_events::log::BoxFuture;
use bytes::Bytes;

/// Longest key of a document.
pub const KEY_BYTES_MAX: usize = 512;
/// Largest document.
pub const DOCUMENT_BYTES_MAX: usize = 8 << 20;
/// Most documents of one page.
pub const PAGE_DOCUMENTS_MAX: usize = 10_000;

/// A view by its name and form, or the shadow in which it is folded anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewName {
    name: &'static str,
    /// Of its documents. One of another form is another view to the store, so a new form is folded from the log.
    form: u16,
    is_shadow: bool,
}

impl ViewName {
    pub const fn new(name: &'static str) -> Self {
        Self::in_form(name, 1)
    }

    pub const fn in_form(name: &'static str, form: u16) -> Self {
        Self { name, form, is_shadow: false }
    }

    /// Where the view is folded anew, beside itself.
    pub const fn shadow(self) -> Self {
        Self { is_shadow: true, ..self }
    }

    /// As it was named, whether this is the shadow or not.
    pub const fn as_str(self) -> &'static str {
        self.name
    }
}

impl fmt::Display for ViewName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)?;
        if self.form > 1 {
            write!(out, ".{}", self.form)?;
        }
        out.write_str(if self.is_shadow { ".shadow" } else { "" })
    }
}

/// One change of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewWrite {
    Put { key: Bytes, document: Bytes },
    Delete { key: Bytes },
}

impl ViewWrite {
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// What some events of a partition change in a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    pub partition: PartitionId,
    /// The offset behind the last of these events: the view's checkpoint from now on.
    pub next: Offset,
    /// In order; a later one counts.
    pub writes: Vec<ViewWrite>,
}

/// A document with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub key: Bytes,
    pub document: Bytes,
}

/// A part of the keys of a view, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'a> {
    /// What the keys begin with.
    pub prefix: &'a [u8],
    /// The key that ended the page before; it does not come again.
    pub after: Option<&'a [u8]>,
    /// At most `PAGE_DOCUMENTS_MAX` count.
    pub limit: usize,
}

/// The hash over all keys and documents of a view, in order. Two folds of one log have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewHash(pub [u8; 32]);

impl fmt::Display for ViewHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Gathers a `ViewHash`; every adapter uses it, so that hashes of different adapters can be compared.
#[derive(Debug, Default)]
pub struct ViewHasher(blake3::Hasher);

impl ViewHasher {
    /// Takes the next document in the order of keys.
    pub fn add(&mut self, key: &[u8], document: &[u8]) {
        for part in [key, document] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    pub fn finish(&self) -> ViewHash {
        ViewHash(*self.0.finalize().as_bytes())
    }
}

/// Why a store of views did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    #[error("a {what} of view {view} may have {max} bytes, not {length}")]
    TooLarge { view: ViewName, what: &'static str, length: usize, max: usize },
    #[error("view {view} is damaged: {reason}; fold it again with: antler rebuild {}", view.as_str())]
    Damaged { view: ViewName, reason: String },
    #[error("the store of views does not answer: {reason}")]
    Storage { reason: String },
}

/// The answer of a store of views.
pub type Viewing<'a, T> = BoxFuture<'a, Result<T, ViewError>>;

/// Keeps views.
pub trait ViewStore: Send + Sync + fmt::Debug {
    fn document(&self, view: ViewName, key: &[u8]) -> Viewing<'_, Option<Bytes>>;

    /// Documents in the order of their keys, byte by byte.
    fn scan(&self, view: ViewName, page: Page<'_>) -> Viewing<'_, Vec<Document>>;

    /// Takes the fold in, unless the checkpoint of its partition is at its end or behind it already; answers
    /// whether it did.
    fn apply(&self, view: ViewName, fold: Fold) -> Viewing<'_, bool>;

    /// The offset from which on the view needs events of the partition; the first one for a view that has none.
    fn checkpoint(&self, view: ViewName, partition: PartitionId) -> Viewing<'_, Offset>;

    /// Puts the shadow, with its checkpoints, in the place of the view, in one step. A view without a shadow
    /// becomes empty.
    fn replace_by_shadow(&self, view: ViewName) -> Viewing<'_, ()>;

    fn hash(&self, view: ViewName) -> Viewing<'_, ViewHash>;

    /// How many documents the view has; without reading them.
    fn count(&self, view: ViewName) -> Viewing<'_, u64>;

    /// Forgets all documents and checkpoints of a view.
    fn clear(&self, view: ViewName) -> Viewing<'_, ()>;

    /// Returns when everything that was applied is on stable storage.
    fn flush(&self) -> Viewing<'_, ()>;
}

/// From where on one of these views needs events of the partition.
pub(super) async fn lowest_checkpoint(
    store: &dyn ViewStore,
    views: &[ViewName],
    partition: PartitionId,
) -> Result<Offset, ViewError> {
    let mut lowest = Offset::MAX;
    for view in views {
        lowest = lowest.min(store.checkpoint(*view, partition).await?);
    }
    Ok(lowest)
}

/// Notes that these views need nothing before `next`, and returns when all that was applied is on stable storage.
pub(super) async fn settle(
    store: &dyn ViewStore,
    views: &[ViewName],
    partition: PartitionId,
    next: Offset,
) -> Result<(), ViewError> {
    for view in views {
        store.apply(*view, Fold { partition, next, writes: Vec::new() }).await?;
    }
    store.flush().await
}

/// What every adapter checks before it takes a fold.
pub fn check(view: ViewName, fold: &Fold) -> Result<(), ViewError> {
    for write in &fold.writes {
        let (key, document) = match write {
            ViewWrite::Put { key, document } => (key.len(), document.len()),
            ViewWrite::Delete { key } => (key.len(), 0),
        };
        for (what, length, max) in [("key", key, KEY_BYTES_MAX), ("document", document, DOCUMENT_BYTES_MAX)] {
            if length > max {
                return Err(ViewError::TooLarge { view, what, length, max });
            }
        }
    }
    Ok(())
}
