//! What every store of views must do, as cases that a test runs against a fresh store each.
//!
//! Invariant: a case uses the port only, so that it holds for files, for memory and for a cluster alike.
//! It does not damage files: tests of an adapter do.

use std::fmt;
use std::sync::Arc;

use antler_events::ids::{Offset, PartitionId};
use antler_events::log::BoxFuture;
use bytes::Bytes;

use super::port::{
    DOCUMENT_BYTES_MAX, Document, Fold, KEY_BYTES_MAX, Page, ViewError, ViewName, ViewStore, ViewWrite,
};

/// A store, fresh and empty.
pub trait StoreUnderTest: Send + Sync + fmt::Debug {
    fn store(&self) -> Arc<dyn ViewStore>;

    /// Ends the store and opens it again from what it keeps; none if it keeps nothing. Asked for when nobody
    /// holds the store any more.
    fn reopen(&self) -> Option<Arc<dyn ViewStore>>;
}

pub type Subject = Arc<dyn StoreUnderTest>;

/// A behaviour by its name.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub run: fn(Subject) -> BoxFuture<'static, ()>,
}

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        /// All of them; each wants a store of its own.
        pub const CASES: &[Case] = &[$(
            Case { name: stringify!($name), run: |subject| Box::pin($name(subject)) },
        )*];
    };
}

cases![
    a_new_view_is_empty,
    a_document_is_what_was_put_last,
    a_fold_behind_the_checkpoint_changes_nothing,
    partitions_have_checkpoints_of_their_own,
    a_fold_without_writes_moves_the_checkpoint,
    pages_follow_the_order_of_keys,
    a_prefix_ends_where_other_keys_begin,
    views_do_not_see_each_other,
    a_shadow_takes_the_place_of_its_view,
    hashes_tell_views_apart,
    a_cleared_view_is_as_new,
    what_is_too_large_is_refused_whole,
    what_was_flushed_is_there_after_a_reopen,
];

const VIEW: ViewName = ViewName::new("things");
const OTHER: ViewName = ViewName::new("others");
const PARTITION: PartitionId = PartitionId::new(0);

fn put(key: &str, document: &str) -> ViewWrite {
    ViewWrite::Put {
        key: Bytes::copy_from_slice(key.as_bytes()),
        document: Bytes::copy_from_slice(document.as_bytes()),
    }
}

fn delete(key: &str) -> ViewWrite {
    ViewWrite::Delete { key: Bytes::copy_from_slice(key.as_bytes()) }
}

fn fold(next: u64, writes: Vec<ViewWrite>) -> Fold {
    Fold { partition: PARTITION, next: Offset::new(next), writes }
}

async fn applied(store: &Arc<dyn ViewStore>, view: ViewName, next: u64, writes: Vec<ViewWrite>) -> bool {
    store.apply(view, fold(next, writes)).await.expect("a healthy store takes a fold")
}

async fn shown(store: &Arc<dyn ViewStore>, view: ViewName, page: Page<'_>) -> String {
    let found = store.scan(view, page).await.expect("a healthy store answers");
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let pairs = found.iter().map(|Document { key, document }| format!("{}={}", text(key), text(document)));
    pairs.collect::<Vec<_>>().join(" ")
}

async fn count(store: &Arc<dyn ViewStore>, view: ViewName) -> u64 {
    store.count(view).await.expect("a healthy store answers")
}

async fn all(store: &Arc<dyn ViewStore>, view: ViewName) -> String {
    shown(store, view, Page { prefix: b"", after: None, limit: 100 }).await
}

async fn checkpoint(store: &Arc<dyn ViewStore>, partition: PartitionId) -> u64 {
    store.checkpoint(VIEW, partition).await.expect("a healthy store answers").number()
}

async fn a_new_view_is_empty(subject: Subject) {
    let store = subject.store();
    assert_eq!(all(&store, VIEW).await, "");
    assert_eq!(store.document(VIEW, b"a").await, Ok(None));
    assert_eq!(count(&store, VIEW).await, 0);
    assert_eq!(checkpoint(&store, PARTITION).await, 1);
}

async fn a_document_is_what_was_put_last(subject: Subject) {
    let store = subject.store();
    assert!(applied(&store, VIEW, 2, vec![put("a", "1"), put("b", "1"), put("a", "2")]).await);
    assert_eq!(all(&store, VIEW).await, "a=2 b=1");
    assert_eq!(count(&store, VIEW).await, 2);
    assert!(applied(&store, VIEW, 3, vec![delete("a"), put("b", "3"), delete("none")]).await);
    assert_eq!(all(&store, VIEW).await, "b=3");
    assert_eq!((count(&store, VIEW).await, count(&store, OTHER).await), (1, 0));
    assert_eq!(store.document(VIEW, b"b").await, Ok(Some(Bytes::from_static(b"3"))));
    assert_eq!(store.document(VIEW, b"a").await, Ok(None));
}

async fn a_fold_behind_the_checkpoint_changes_nothing(subject: Subject) {
    let store = subject.store();
    assert!(applied(&store, VIEW, 5, vec![put("a", "1")]).await);
    assert!(!applied(&store, VIEW, 5, vec![put("a", "2")]).await);
    assert!(!applied(&store, VIEW, 4, vec![delete("a")]).await);
    assert_eq!((all(&store, VIEW).await.as_str(), checkpoint(&store, PARTITION).await), ("a=1", 5));
}

async fn partitions_have_checkpoints_of_their_own(subject: Subject) {
    let store = subject.store();
    let other = PartitionId::new(7);
    assert!(applied(&store, VIEW, 9, vec![put("a", "1")]).await);
    let fold = Fold { partition: other, next: Offset::new(2), writes: vec![put("b", "1")] };
    assert_eq!(store.apply(VIEW, fold).await, Ok(true));
    assert_eq!((checkpoint(&store, PARTITION).await, checkpoint(&store, other).await), (9, 2));
    assert_eq!(all(&store, VIEW).await, "a=1 b=1");
}

async fn a_fold_without_writes_moves_the_checkpoint(subject: Subject) {
    let store = subject.store();
    assert!(applied(&store, VIEW, 1_000, vec![]).await);
    assert_eq!(checkpoint(&store, PARTITION).await, 1_000);
}

async fn pages_follow_the_order_of_keys(subject: Subject) {
    let store = subject.store();
    let keys = ["k/d", "k/a", "k/c", "k/b", "k/e"];
    applied(&store, VIEW, 2, keys.iter().map(|key| put(key, "x")).collect()).await;
    let page = |after| Page { prefix: b"k/", after, limit: 2 };
    assert_eq!(shown(&store, VIEW, page(None)).await, "k/a=x k/b=x");
    assert_eq!(shown(&store, VIEW, page(Some(b"k/b"))).await, "k/c=x k/d=x");
    assert_eq!(shown(&store, VIEW, page(Some(b"k/d"))).await, "k/e=x");
    assert_eq!(shown(&store, VIEW, page(Some(b"k/e"))).await, "");
    assert_eq!(shown(&store, VIEW, page(Some(b"k/bb"))).await, "k/c=x k/d=x");
    assert_eq!(shown(&store, VIEW, page(Some(b"a"))).await, "k/a=x k/b=x");
    assert_eq!(shown(&store, VIEW, Page { limit: 0, ..page(None) }).await, "");
    assert_eq!(
        store.scan(VIEW, Page { limit: usize::MAX, ..page(None) }).await.map(|found| found.len()),
        Ok(5)
    );
}

async fn a_prefix_ends_where_other_keys_begin(subject: Subject) {
    let store = subject.store();
    let put = |key: &'static [u8]| ViewWrite::Put { key: Bytes::from_static(key), document: Bytes::new() };
    let writes = vec![put(b"a"), put(b"a\0"), put(b"a\xff"), put(b"a\xff\xff"), put(b"b"), put(b"\xff\xff")];
    applied(&store, VIEW, 2, writes).await;
    let count = async |prefix: &[u8]| {
        let page = Page { prefix, after: None, limit: 100 };
        store.scan(VIEW, page).await.expect("a healthy store answers").len()
    };
    assert_eq!(count(b"a").await, 4);
    assert_eq!(count(b"a\xff").await, 2);
    assert_eq!(count(b"\xff").await, 1);
    assert_eq!(count(b"c").await, 0);
}

async fn views_do_not_see_each_other(subject: Subject) {
    let store = subject.store();
    applied(&store, VIEW, 5, vec![put("a", "1")]).await;
    assert_eq!(all(&store, OTHER).await, "");
    assert!(applied(&store, OTHER, 2, vec![put("a", "other")]).await);
    assert!(applied(&store, VIEW.shadow(), 2, vec![put("a", "shadow")]).await);
    assert_eq!(all(&store, VIEW).await, "a=1");
    assert_eq!(all(&store, OTHER).await, "a=other");
}

async fn a_shadow_takes_the_place_of_its_view(subject: Subject) {
    let store = subject.store();
    applied(&store, VIEW, 5, vec![put("a", "old"), put("b", "old")]).await;
    applied(&store, VIEW.shadow(), 3, vec![put("a", "new")]).await;
    assert_eq!(store.replace_by_shadow(VIEW).await, Ok(()));
    assert_eq!((all(&store, VIEW).await.as_str(), checkpoint(&store, PARTITION).await), ("a=new", 3));
    assert_eq!(all(&store, VIEW.shadow()).await, "");
    assert_eq!(store.checkpoint(VIEW.shadow(), PARTITION).await, Ok(Offset::FIRST));
    assert_eq!(store.replace_by_shadow(VIEW).await, Ok(()));
    assert_eq!((all(&store, VIEW).await.as_str(), checkpoint(&store, PARTITION).await), ("", 1));
}

async fn hashes_tell_views_apart(subject: Subject) {
    let store = subject.store();
    let hash = async |view| store.hash(view).await.expect("a healthy store answers");
    assert_eq!(hash(VIEW).await, hash(OTHER).await);
    applied(&store, VIEW, 2, vec![put("a", "1"), put("bc", "2")]).await;
    applied(&store, OTHER, 9, vec![put("bc", "2")]).await;
    assert_ne!(hash(VIEW).await, hash(OTHER).await);
    applied(&store, OTHER, 10, vec![put("a", "1")]).await;
    assert_eq!(hash(VIEW).await, hash(OTHER).await);
    applied(&store, OTHER, 11, vec![delete("bc"), put("b", "c2")]).await;
    assert_ne!(hash(VIEW).await, hash(OTHER).await);
}

async fn a_cleared_view_is_as_new(subject: Subject) {
    let store = subject.store();
    applied(&store, VIEW, 5, vec![put("a", "1")]).await;
    applied(&store, OTHER, 5, vec![put("a", "1")]).await;
    assert_eq!(store.clear(VIEW).await, Ok(()));
    assert_eq!((all(&store, VIEW).await.as_str(), checkpoint(&store, PARTITION).await), ("", 1));
    assert_eq!(all(&store, OTHER).await, "a=1");
    assert!(applied(&store, VIEW, 2, vec![put("a", "2")]).await);
    assert_eq!(all(&store, VIEW).await, "a=2");
}

async fn what_is_too_large_is_refused_whole(subject: Subject) {
    let store = subject.store();
    let large =
        ViewWrite::Put { key: Bytes::from_static(b"b"), document: vec![0; DOCUMENT_BYTES_MAX + 1].into() };
    let long = ViewWrite::Delete { key: vec![0; KEY_BYTES_MAX + 1].into() };
    for refused in [large, long] {
        let answer = store.apply(VIEW, fold(2, vec![put("a", "1"), refused])).await;
        assert!(matches!(answer, Err(ViewError::TooLarge { .. })), "{answer:?}");
    }
    assert_eq!((all(&store, VIEW).await.as_str(), checkpoint(&store, PARTITION).await), ("", 1));
}

async fn what_was_flushed_is_there_after_a_reopen(subject: Subject) {
    let store = subject.store();
    applied(&store, VIEW, 5, vec![put("a", "1")]).await;
    applied(&store, VIEW.shadow(), 3, vec![put("a", "2")]).await;
    assert_eq!(store.flush().await, Ok(()));
    drop(store);
    let Some(store) = subject.reopen() else { return };
    assert_eq!((all(&store, VIEW).await.as_str(), checkpoint(&store, PARTITION).await), ("a=1", 5));
    assert_eq!(all(&store, VIEW.shadow()).await, "a=2");
}
