//! The `Cache` port: values under keys that live for a while.
//!
//! Invariant: a value is never answered after its time, and may be gone before. A counter's window begins with its
//! first count and does not move. It does not say what a key means: whoever uses it begins its keys with a word of its
//! own, and with the tenant if it is one's.

use std::fmt;
use std::time::Duration;

use antler_events::log::BoxFuture;
use bytes::Bytes;

/// Longest key.
pub const KEY_BYTES_MAX: usize = 512;
/// Largest value.
pub const VALUE_BYTES_MAX: usize = 1 << 20;

/// A counter after it was counted up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// With this one.
    pub count: u64,
    /// How long the window still lasts.
    pub remaining: Duration,
}

/// What a cache holds, and how often it helped since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStatistics {
    /// Times that a value was asked for and was there.
    pub hits: u64,
    /// Times that it was not.
    pub misses: u64,
    pub entries: u64,
    pub bytes: u64,
    pub bytes_max: u64,
}

/// Why a cache did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    #[error("a {what} of the cache may have {max} bytes, not {length}")]
    TooLarge { what: &'static str, length: usize, max: usize },
    #[error("the cache does not answer: {reason}")]
    Unreachable { reason: String },
}

/// The answer of a cache.
pub type Caching<'a, T> = BoxFuture<'a, Result<T, CacheError>>;

/// Keeps values for a while.
pub trait Cache: Send + Sync + fmt::Debug {
    fn value(&self, key: &[u8]) -> Caching<'_, Option<Bytes>>;

    fn put(&self, key: &[u8], value: Bytes, time_to_live: Duration) -> Caching<'_, ()>;

    /// Puts the value only if there is none; answers whether it did. Of several at once, one does.
    fn add(&self, key: &[u8], value: Bytes, time_to_live: Duration) -> Caching<'_, bool>;

    fn delete(&self, key: &[u8]) -> Caching<'_, ()>;

    /// Counts up. The first count begins a window, after which the counter is gone.
    fn count(&self, key: &[u8], window: Duration) -> Caching<'_, Count>;

    /// Forgets everything.
    fn flush(&self) -> Caching<'_, ()>;

    /// Of this program; what a cache of several holds is that one's to tell.
    fn statistics(&self) -> CacheStatistics;
}

/// What every adapter checks before it takes a key and a value.
pub fn check(key: &[u8], value: &[u8]) -> Result<(), CacheError> {
    for (what, length, max) in [("key", key.len(), KEY_BYTES_MAX), ("value", value.len(), VALUE_BYTES_MAX)] {
        if length > max {
            return Err(CacheError::TooLarge { what, length, max });
        }
    }
    Ok(())
}
