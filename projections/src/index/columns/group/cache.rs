//! Blocks that were read lately, as they were put in.
//!
//! Invariant: it holds at most its budget of bytes. It is shared by all groups and all tenants; what a
//! tenant may see is decided before a block is asked for.

use bytes::Bytes;

use crate::index::columns::recent::Recent;

/// A group and a block of it.
pub type Key = (u64, u32);

/// A bounded memory of blocks.
#[derive(Debug)]
pub struct BlockCache(Recent<Key, Bytes>);

impl BlockCache {
    pub fn new(bytes_max: usize) -> Self {
        Self(Recent::new(bytes_max))
    }

    pub fn find(&self, key: Key) -> Option<Bytes> {
        self.0.find(&key)
    }

    pub fn keep(&self, key: Key, bytes: Bytes) {
        let weight = weight(&bytes);
        self.0.keep(key, bytes, weight);
    }

    /// Lets go of the blocks of a group.
    pub fn forget(&self, group: u64) {
        self.0.retain(|key| key.0 != group);
    }

    pub fn bytes_held(&self) -> usize {
        self.0.bytes_held()
    }
}

/// What an entry costs, its place in the table included.
fn weight(bytes: &Bytes) -> usize {
    bytes.len() + 2 * (size_of::<Key>() + size_of::<Bytes>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_a_group_are_forgotten_together() {
        let cache = BlockCache::new(10_000);
        for (group, block) in [(1, 0), (1, 1), (2, 0)] {
            cache.keep((group, block), Bytes::from(vec![1; 100]));
        }
        cache.forget(1);
        assert_eq!((cache.find((1, 0)), cache.find((1, 1))), (None, None));
        assert_eq!(cache.find((2, 0)).unwrap(), vec![1; 100]);
        assert_eq!(cache.bytes_held(), weight(&Bytes::from(vec![1; 100])));
    }
}
