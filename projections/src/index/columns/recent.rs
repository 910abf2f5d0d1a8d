//! What was used lately or often, up to a budget of bytes.
//!
//! Invariant: it holds at most its budget of bytes, and whoever walks through more than that again and again
//! still finds a part of it. It does not know what it holds: the caller says what each thing weighs.

use std::fmt;
use std::hash::Hash;

use foldhash::fast::FixedState;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

/// About what a thing weighs, which says how many are remembered that are gone.
const WEIGHT_USUAL: usize = 64 << 10;

/// A bounded memory of things by their keys.
pub(in crate::index::columns) struct Recent<K, V> {
    cache: Cache<K, Weighed<V>, ByWeight, FixedState, DefaultLifecycle<K, Weighed<V>>>,
}

#[derive(Clone)]
struct Weighed<V> {
    value: V,
    weight: usize,
}

#[derive(Clone)]
struct ByWeight;

impl<K, V> Weighter<K, Weighed<V>> for ByWeight {
    fn weight(&self, _key: &K, held: &Weighed<V>) -> u64 {
        held.weight as u64
    }
}

impl<K: Hash + Eq, V: Clone> Recent<K, V> {
    pub(in crate::index::columns) fn new(bytes_max: usize) -> Self {
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(bytes_max / WEIGHT_USUAL)
            .weight_capacity(bytes_max as u64)
            .build()
            .expect("both capacities are set");
        let hasher = FixedState::default();
        Self { cache: Cache::with_options(options, ByWeight, hasher, DefaultLifecycle::default()) }
    }

    pub(in crate::index::columns) fn find(&self, key: &K) -> Option<V> {
        self.cache.get(key).map(|held| held.value)
    }

    /// What weighs more than the budget is not kept.
    pub(in crate::index::columns) fn keep(&self, key: K, value: V, weight: usize) {
        // What weighs nothing would stay for ever.
        self.cache.insert(key, Weighed { value, weight: weight.max(1) });
    }

    /// Lets go of everything whose key is not wanted.
    pub(in crate::index::columns) fn retain(&self, wanted: impl Fn(&K) -> bool) {
        self.cache.retain(|key, _| wanted(key));
    }

    pub(in crate::index::columns) fn bytes_held(&self) -> usize {
        self.cache.weight() as usize
    }
}

impl<K: Hash + Eq, V: Clone> fmt::Debug for Recent<K, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Recent({} bytes at most)", self.cache.capacity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_budget_holds() {
        let recent = Recent::new(10_000);
        recent.keep(0, 'a', 1_000);
        for key in 1..100 {
            assert_eq!(recent.find(&0), Some('a'), "{key}");
            recent.keep(key, 'b', 1_000);
            assert!(recent.bytes_held() <= 10_000);
        }
        let held = (0..100).filter(|key| recent.find(key).is_some()).count();
        assert!((4..=10).contains(&held), "{held}");
        recent.keep(1_000, 'c', 11_000);
        assert_eq!(recent.find(&1_000), None);
    }

    #[test]
    fn who_walks_through_more_than_fits_finds_a_part() {
        let recent = Recent::new(100_000);
        let mut found = 0;
        for key in (0..10).flat_map(|_| 0..150) {
            match recent.find(&key) {
                Some(()) => found += 1,
                None => recent.keep(key, (), 1_000),
            }
        }
        assert!(found > 9 * 50, "{found} of {}", 9 * 150);
    }

    #[test]
    fn a_thing_that_is_not_wanted_gives_its_bytes_back() {
        let recent = Recent::new(100);
        recent.keep(1, 'a', 30);
        recent.keep(2, 'b', 30);
        recent.keep(2, 'c', 20);
        recent.retain(|key| *key != 1);
        assert_eq!((recent.find(&1), recent.find(&2), recent.bytes_held()), (None, Some('c'), 20));
        recent.retain(|_| false);
        assert_eq!(recent.bytes_held(), 0);
    }
}
