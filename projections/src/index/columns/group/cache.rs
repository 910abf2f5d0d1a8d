//! Blocks that were read lately, as they were put in.
//!
//! Two generations: what is used moves to the young one, and when that is full the old one is dropped.
//! Invariant: it holds at most its budget of bytes. It is shared by all groups and all tenants; what a
//! tenant may see is decided before a block is asked for.

use std::fmt;
use std::sync::Mutex;

use bytes::Bytes;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// A group and a block of it.
pub type Key = (u64, u32);

type Generation = HashMap<Key, Bytes, FixedState>;

/// A bounded memory of blocks.
pub struct BlockCache {
    bytes_max: usize,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: Generation,
    young_bytes: usize,
    old: Generation,
}

impl BlockCache {
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, generations: Mutex::default() }
    }

    pub fn find(&self, key: Key) -> Option<Bytes> {
        let mut generations = self.generations.lock().expect("nothing panics while it holds the cache");
        if let Some(bytes) = generations.young.get(&key) {
            return Some(bytes.clone());
        }
        let bytes = generations.old.remove(&key)?;
        self.insert(&mut generations, key, bytes.clone());
        Some(bytes)
    }

    pub fn keep(&self, key: Key, bytes: Bytes) {
        let mut generations = self.generations.lock().expect("nothing panics while it holds the cache");
        self.insert(&mut generations, key, bytes);
    }

    fn insert(&self, generations: &mut Generations, key: Key, bytes: Bytes) {
        let half = self.bytes_max / 2;
        let weight = weight(&bytes);
        if weight > half {
            return;
        }
        if generations.young_bytes + weight > half {
            generations.old = std::mem::take(&mut generations.young);
            generations.young_bytes = 0;
        }
        if generations.young.insert(key, bytes).is_none() {
            generations.young_bytes += weight;
        }
    }
}

/// What an entry costs, its place in the table included.
fn weight(bytes: &Bytes) -> usize {
    bytes.len() + 2 * (size_of::<Key>() + size_of::<Bytes>())
}

impl fmt::Debug for BlockCache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "BlockCache({} bytes at most)", self.bytes_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_budget_holds() {
        let cache = BlockCache::new(10_000);
        let block = Bytes::from(vec![1; 1_000]);
        cache.keep((0, 0), block.clone());
        for number in 1..100 {
            cache.keep((0, number), block.clone());
            assert!(cache.find((0, 0)).is_some(), "{number}");
        }
        let held = (0..100).filter(|number| cache.find((0, *number)).is_some()).count();
        assert!((4..=9).contains(&held), "{held}");
        cache.keep((1, 0), Bytes::from(vec![0; 6_000]));
        assert!(cache.find((1, 0)).is_none());
    }
}
