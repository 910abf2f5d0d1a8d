//! What every cache must do, as cases that a test runs against a fresh cache each.
//!
//! Invariant: a case uses the port only, and lets time pass through the one who made the cache.
//! It does not test what is forgotten for want of room: that is an adapter's own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
use antler_events::log::BoxFuture;
use bytes::Bytes;

use super::port::{Cache, CacheError, Count, KEY_BYTES_MAX, VALUE_BYTES_MAX};

/// A cache, fresh and empty, with time that can be made to pass.
pub trait CacheUnderTest: Send + Sync + fmt::Debug {
    fn cache(&self) -> Arc<dyn Cache>;
    fn pass(&self, time: Duration);
}

/// A clock that stands until time is made to pass.
#[derive(Debug, Default)]
pub struct TestClock(Mutex<Duration>);

impl TestClock {
    pub fn pass(&self, time: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(i64::try_from(self.elapsed().as_nanos()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub type Subject = Arc<dyn CacheUnderTest>;

/// A behaviour by its name.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub run: fn(Subject) -> BoxFuture<'static, ()>,
}

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        /// All of them; each wants a cache of its own.
        pub const CASES: &[Case] = &[$(
            Case { name: stringify!($name), run: |subject| Box::pin($name(subject)) },
        )*];
    };
}

cases![
    a_value_is_what_was_put_last,
    a_value_lives_for_its_time,
    a_value_is_added_once,
    a_deleted_value_is_gone,
    a_counter_counts_within_its_window,
    a_flush_forgets_everything,
    what_is_too_large_is_refused,
    hits_and_misses_are_counted,
];

const MINUTE: Duration = Duration::from_secs(60);

async fn value(cache: &Arc<dyn Cache>, key: &str) -> Option<Bytes> {
    cache.value(key.as_bytes()).await.expect("a healthy cache answers")
}

async fn a_value_is_what_was_put_last(subject: Subject) {
    let cache = subject.cache();
    assert_eq!(value(&cache, "a").await, None);
    assert_eq!(cache.put(b"a", "1".into(), MINUTE).await, Ok(()));
    assert_eq!(cache.put(b"a", "2".into(), MINUTE).await, Ok(()));
    assert_eq!(value(&cache, "a").await, Some("2".into()));
    assert_eq!(value(&cache, "b").await, None);
}

async fn a_value_lives_for_its_time(subject: Subject) {
    let cache = subject.cache();
    assert_eq!(cache.put(b"a", "1".into(), MINUTE).await, Ok(()));
    subject.pass(MINUTE - Duration::from_millis(1));
    assert_eq!(value(&cache, "a").await, Some("1".into()));
    subject.pass(Duration::from_millis(1));
    assert_eq!(value(&cache, "a").await, None);
}

async fn a_value_is_added_once(subject: Subject) {
    let cache = subject.cache();
    assert_eq!(cache.add(b"a", "1".into(), MINUTE).await, Ok(true));
    assert_eq!(cache.add(b"a", "2".into(), MINUTE).await, Ok(false));
    assert_eq!(value(&cache, "a").await, Some("1".into()));
    subject.pass(MINUTE);
    assert_eq!(cache.add(b"a", "3".into(), MINUTE).await, Ok(true));
    assert_eq!(value(&cache, "a").await, Some("3".into()));
}

async fn a_deleted_value_is_gone(subject: Subject) {
    let cache = subject.cache();
    assert_eq!(cache.put(b"a", "1".into(), MINUTE).await, Ok(()));
    assert_eq!(cache.delete(b"a").await, Ok(()));
    assert_eq!(cache.delete(b"a").await, Ok(()));
    assert_eq!(value(&cache, "a").await, None);
}

async fn a_counter_counts_within_its_window(subject: Subject) {
    let cache = subject.cache();
    let half = MINUTE / 2;
    assert_eq!(cache.count(b"a", MINUTE).await, Ok(Count { count: 1, remaining: MINUTE }));
    subject.pass(half);
    assert_eq!(cache.count(b"a", MINUTE).await, Ok(Count { count: 2, remaining: half }));
    assert_eq!(cache.count(b"b", MINUTE).await, Ok(Count { count: 1, remaining: MINUTE }));
    subject.pass(half);
    assert_eq!(cache.count(b"a", MINUTE).await, Ok(Count { count: 1, remaining: MINUTE }));
    assert_eq!(cache.delete(b"a").await, Ok(()));
    assert_eq!(cache.count(b"a", MINUTE).await, Ok(Count { count: 1, remaining: MINUTE }));
}

async fn a_flush_forgets_everything(subject: Subject) {
    let cache = subject.cache();
    assert_eq!(cache.put(b"a", "1".into(), MINUTE).await, Ok(()));
    assert_eq!(cache.count(b"b", MINUTE).await.map(|count| count.count), Ok(1));
    assert_eq!(cache.flush().await, Ok(()));
    assert_eq!(value(&cache, "a").await, None);
    assert_eq!(cache.count(b"b", MINUTE).await.map(|count| count.count), Ok(1));
}

async fn what_is_too_large_is_refused(subject: Subject) {
    let cache = subject.cache();
    let long = vec![0; KEY_BYTES_MAX + 1];
    let refused = |answer: &Result<(), CacheError>| matches!(answer, Err(CacheError::TooLarge { .. }));
    assert!(refused(&cache.put(&long, Bytes::new(), MINUTE).await));
    assert!(refused(&cache.put(b"a", vec![0; VALUE_BYTES_MAX + 1].into(), MINUTE).await));
    assert!(refused(&cache.count(&long, MINUTE).await.map(|_| ())));
    assert_eq!(value(&cache, "a").await, None);
}

async fn hits_and_misses_are_counted(subject: Subject) {
    let cache = subject.cache();
    assert_eq!(cache.put(b"a", "1".into(), MINUTE).await, Ok(()));
    for key in ["a", "b", "a"] {
        value(&cache, key).await;
    }
    subject.pass(MINUTE);
    value(&cache, "a").await;
    let statistics = cache.statistics();
    assert_eq!((statistics.hits, statistics.misses), (2, 2));
}
