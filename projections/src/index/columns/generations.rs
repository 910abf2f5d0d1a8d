//! What was used lately, up to a budget of bytes.
//!
//! Two generations: what is used moves to the young one, and when that is full the old one is dropped.
//! Invariant: it holds at most its budget of bytes. It does not know what it holds: the caller says what
//! each thing weighs.

use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// A bounded memory of things by their keys.
pub(in crate::index::columns) struct Generations<K, V> {
    bytes_max: usize,
    held: Mutex<Held<K, V>>,
}

struct Held<K, V> {
    young: HashMap<K, (V, usize), FixedState>,
    young_bytes: usize,
    old: HashMap<K, (V, usize), FixedState>,
    old_bytes: usize,
}

impl<K: Hash + Eq, V: Clone> Generations<K, V> {
    pub(in crate::index::columns) fn new(bytes_max: usize) -> Self {
        let held = Held { young: HashMap::default(), young_bytes: 0, old: HashMap::default(), old_bytes: 0 };
        Self { bytes_max, held: Mutex::new(held) }
    }

    pub(in crate::index::columns) fn find(&self, key: K) -> Option<V> {
        let mut held = self.held();
        if let Some((value, _)) = held.young.get(&key) {
            return Some(value.clone());
        }
        let (value, weight) = held.old.remove(&key)?;
        held.old_bytes -= weight;
        self.insert(&mut held, key, value.clone(), weight);
        Some(value)
    }

    /// What weighs more than half the budget is not kept.
    pub(in crate::index::columns) fn keep(&self, key: K, value: V, weight: usize) {
        self.insert(&mut self.held(), key, value, weight);
    }

    /// Lets go of everything whose key is not wanted.
    pub(in crate::index::columns) fn retain(&self, wanted: impl Fn(&K) -> bool) {
        let mut held = self.held();
        let Held { young, young_bytes, old, old_bytes } = &mut *held;
        for (generation, bytes) in [(young, young_bytes), (old, old_bytes)] {
            generation.retain(|key, (_, weight)| {
                let wanted = wanted(key);
                *bytes -= if wanted { 0 } else { *weight };
                wanted
            });
        }
    }

    pub(in crate::index::columns) fn bytes_held(&self) -> usize {
        let held = self.held();
        held.young_bytes + held.old_bytes
    }

    fn held(&self) -> MutexGuard<'_, Held<K, V>> {
        self.held.lock().expect("nothing panics while it holds the generations")
    }

    fn insert(&self, held: &mut Held<K, V>, key: K, value: V, weight: usize) {
        let half = self.bytes_max / 2;
        if weight > half {
            return;
        }
        if held.young_bytes + weight > half {
            held.old = std::mem::take(&mut held.young);
            held.old_bytes = std::mem::take(&mut held.young_bytes);
        }
        if let Some((_, before)) = held.young.insert(key, (value, weight)) {
            held.young_bytes -= before;
        }
        held.young_bytes += weight;
    }
}

impl<K, V> fmt::Debug for Generations<K, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Generations({} bytes at most)", self.bytes_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_budget_holds() {
        let generations = Generations::new(10_000);
        generations.keep(0, 'a', 1_000);
        for key in 1..100 {
            generations.keep(key, 'b', 1_000);
            assert_eq!(generations.find(0), Some('a'), "{key}");
            assert!(generations.bytes_held() <= 10_000);
        }
        let held = (0..100).filter(|key| generations.find(*key).is_some()).count();
        assert!((4..=10).contains(&held), "{held}");
        generations.keep(1_000, 'c', 6_000);
        assert_eq!(generations.find(1_000), None);
    }

    #[test]
    fn a_thing_that_is_not_wanted_gives_its_bytes_back() {
        let generations = Generations::new(100);
        generations.keep(1, 'a', 30);
        generations.keep(2, 'b', 30);
        generations.keep(2, 'c', 20);
        generations.retain(|key| *key != 1);
        assert_eq!(
            (generations.find(1), generations.find(2), generations.bytes_held()),
            (None, Some('c'), 20)
        );
        generations.retain(|_| false);
        assert_eq!(generations.bytes_held(), 0);
    }
}
