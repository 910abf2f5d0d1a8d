//! The cache of one process: the embedded adapter.
//!
//! Invariant: it takes no more than its bytes; what was asked least lately goes first, and what is over its time is not
//! answered. It has no thread that clears up: dead entries go when there is need of room.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use antler_events::clock::Clock;
use bytes::Bytes;
use foldhash::fast::FixedState;
use quick_cache::Weighter;
use quick_cache::sync::{Cache as Entries, DefaultLifecycle};

use super::port::{Cache, CacheError, CacheStatistics, Caching, Count, check};

/// What an entry costs beside its key and value.
const ENTRY_BYTES: u64 = 96;
/// What the sizes of tables are reckoned with.
const USUAL_ENTRY_BYTES: u64 = 256;

/// A cache in memory.
pub struct MemoryCache {
    entries: Entries<Bytes, Entry, Weight, FixedState>,
    clock: Arc<dyn Clock>,
    /// Held while an entry is changed that depends on what it was.
    changing: Mutex<()>,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Debug, Clone)]
struct Entry {
    held: Held,
    /// By the clock's `elapsed`.
    until: Duration,
}

#[derive(Debug, Clone)]
enum Held {
    Value(Bytes),
    Count(u64),
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Bytes, Entry> for Weight {
    fn weight(&self, key: &Bytes, entry: &Entry) -> u64 {
        let value = match &entry.held {
            Held::Value(value) => value.len(),
            Held::Count(_) => 0,
        };
        (key.len() + value) as u64 + ENTRY_BYTES
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MemoryCache").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

impl MemoryCache {
    /// A cache that takes about so many bytes.
    pub fn new(bytes_max: u64, clock: Arc<dyn Clock>) -> Self {
        let usual = usize::try_from(bytes_max / USUAL_ENTRY_BYTES).unwrap_or(usize::MAX).max(16);
        let lifecycle = DefaultLifecycle::default();
        let entries = Entries::with(usual, bytes_max, Weight, FixedState::default(), lifecycle);
        let zero = || AtomicU64::new(0);
        Self { entries, clock, changing: Mutex::new(()), hits: zero(), misses: zero() }
    }

    /// What it takes now.
    pub fn bytes(&self) -> u64 {
        self.entries.weight()
    }

    fn live(&self, key: &[u8]) -> Option<Entry> {
        self.entries.get(key).filter(|entry| self.clock.elapsed() < entry.until)
    }

    fn keep(&self, key: &[u8], held: Held, time_to_live: Duration) {
        let until = self.clock.elapsed().saturating_add(time_to_live);
        self.entries.insert(Bytes::copy_from_slice(key), Entry { held, until });
    }

    fn add_now(&self, key: &[u8], value: Bytes, time_to_live: Duration) -> Result<bool, CacheError> {
        check(key, &value)?;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.live(key).is_some() {
            return Ok(false);
        }
        self.keep(key, Held::Value(value), time_to_live);
        Ok(true)
    }

    fn count_now(&self, key: &[u8], window: Duration) -> Result<Count, CacheError> {
        check(key, &[])?;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, remaining) = match self.live(key) {
            Some(Entry { held: Held::Count(count), until }) => {
                (count, until.saturating_sub(self.clock.elapsed()))
            }
            _ => (0, window),
        };
        let count = before.saturating_add(1);
        self.keep(key, Held::Count(count), remaining);
        Ok(Count { count, remaining })
    }
}

impl Cache for MemoryCache {
    fn value(&self, key: &[u8]) -> Caching<'_, Option<Bytes>> {
        let found = self.live(key).and_then(|entry| match entry.held {
            Held::Value(value) => Some(value),
            Held::Count(_) => None,
        });
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(found)))
    }

    fn put(&self, key: &[u8], value: Bytes, time_to_live: Duration) -> Caching<'_, ()> {
        let put = check(key, &value).map(|()| self.keep(key, Held::Value(value), time_to_live));
        Box::pin(std::future::ready(put))
    }

    fn add(&self, key: &[u8], value: Bytes, time_to_live: Duration) -> Caching<'_, bool> {
        Box::pin(std::future::ready(self.add_now(key, value, time_to_live)))
    }

    fn delete(&self, key: &[u8]) -> Caching<'_, ()> {
        self.entries.remove(key);
        Box::pin(std::future::ready(Ok(())))
    }

    fn count(&self, key: &[u8], window: Duration) -> Caching<'_, Count> {
        Box::pin(std::future::ready(self.count_now(key, window)))
    }

    fn flush(&self) -> Caching<'_, ()> {
        self.entries.clear();
        Box::pin(std::future::ready(Ok(())))
    }

    fn statistics(&self) -> CacheStatistics {
        CacheStatistics {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: self.entries.len() as u64,
            bytes: self.bytes(),
            bytes_max: self.entries.capacity(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::conformance::{CASES, CacheUnderTest, TestClock};
    use crate::index::conformance::tests::at_once;

    #[derive(Debug)]
    struct Fresh {
        clock: Arc<TestClock>,
        cache: Arc<MemoryCache>,
    }

    fn fresh(bytes_max: u64) -> Fresh {
        let clock = Arc::new(TestClock::default());
        let cache = Arc::new(MemoryCache::new(bytes_max, Arc::clone(&clock) as Arc<dyn Clock>));
        Fresh { clock, cache }
    }

    impl CacheUnderTest for Fresh {
        fn cache(&self) -> Arc<dyn Cache> {
            Arc::clone(&self.cache) as Arc<dyn Cache>
        }

        fn pass(&self, time: Duration) {
            self.clock.pass(time);
        }
    }

    #[test]
    fn it_keeps_the_promises_of_the_port() {
        for case in CASES {
            println!("{}", case.name);
            at_once((case.run)(Arc::new(fresh(1 << 20))));
        }
    }

    #[test]
    fn it_takes_no_more_than_its_bytes() {
        let Fresh { cache, .. } = fresh(100_000);
        for number in 0..2_000_u32 {
            let value = vec![0; 500].into();
            at_once(cache.put(&number.to_le_bytes(), value, Duration::from_secs(60))).unwrap();
            assert!(cache.bytes() <= 100_000, "{} bytes", cache.bytes());
        }
        assert!(cache.bytes() > 50_000, "{} bytes", cache.bytes());
        let CacheStatistics { entries, bytes, bytes_max, .. } = cache.statistics();
        assert_eq!((bytes, bytes_max), (cache.bytes(), 100_000));
        assert_eq!(entries, bytes / (4 + 500 + ENTRY_BYTES));
    }
}
