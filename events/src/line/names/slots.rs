//! A hash table that gives numbers to hashes in order, from 0 on.
//!
//! Invariant: a look-up looks at no more than `PROBES_MAX` slots, so keys that are made to collide cost
//! the sender its field names and nobody any time. Only the latest numbers can be taken back.
//! It does not hold keys: the caller compares them.

/// Slots that may hold a hash, from its first on.
const PROBES_MAX: usize = 128;
const EMPTY: u16 = u16::MAX;

#[derive(Debug)]
pub(super) struct Slots {
    /// Numbers, at or soon after the place that their hash names. The length is a power of two.
    slots: Vec<u16>,
    /// The hash of each number.
    hashes: Vec<u32>,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { slots: vec![EMPTY; 128], hashes: Vec::with_capacity(64) }
    }

    /// The number with this hash that `is_it` accepts.
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(u16) -> bool) -> Option<u16> {
        for slot in self.probes(hash) {
            let number = self.slots[slot];
            let known = *self.hashes.get(usize::from(number))?;
            if known == hash && is_it(number) {
                return Some(number);
            }
        }
        None
    }

    /// Gives the next number to a hash; nothing if there are no more or its place is overcrowded.
    pub(super) fn insert(&mut self, hash: u32) -> Option<u16> {
        let number = u16::try_from(self.hashes.len()).ok().filter(|number| *number != EMPTY)?;
        if self.hashes.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot_of(hash, EMPTY)?;
        self.slots[slot] = number;
        self.hashes.push(hash);
        Some(number)
    }

    /// Takes back every number from `count` on, the latest first, so that no search that passed an
    /// older one is cut.
    pub(super) fn truncate(&mut self, count: usize) {
        while self.hashes.len() > count {
            let latest = (self.hashes.len() - 1) as u16;
            if let Some(slot) = self.slot_of(self.hashes[usize::from(latest)], latest) {
                self.slots[slot] = EMPTY;
            }
            self.hashes.pop();
        }
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY; self.slots.len() * 2];
        for number in 0..self.hashes.len() {
            // A number without a place is not found again: its key is then as good as unknown.
            if let Some(slot) = self.slot_of(self.hashes[number], EMPTY) {
                self.slots[slot] = number as u16;
            }
        }
    }

    fn slot_of(&self, hash: u32, held: u16) -> Option<usize> {
        self.probes(hash).find(|slot| self.slots[*slot] == held)
    }

    fn probes(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len() - 1;
        (0..PROBES_MAX).map(move |step| (hash as usize + step) & mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_until_they_are_taken_back() {
        let mut slots = Slots::new();
        let hash = |number: u16| u32::from(number % 300).wrapping_mul(0x9e37_79b9);
        for number in 0..1000 {
            assert_eq!(slots.insert(hash(number)), Some(number));
        }
        slots.truncate(500);
        for number in 0..1000 {
            let found = slots.find(hash(number), |candidate| candidate == number);
            assert_eq!(found, (number < 500).then_some(number), "{number}");
        }
        assert_eq!(slots.insert(7), Some(500));
    }

    #[test]
    fn colliding_hashes_are_refused_and_not_searched_for_long() {
        let mut slots = Slots::new();
        let taken = (0..1000).filter(|_| slots.insert(9).is_some()).count();
        assert_eq!(taken, PROBES_MAX);
        assert_eq!(slots.find(9, |number| number == 127), Some(127));
        assert_eq!(slots.find(9, |_| false), None);
    }

    #[test]
    fn numbers_run_out_without_harm() {
        let mut slots = Slots::new();
        let taken =
            (0..70_000u32).filter(|number| slots.insert(number.wrapping_mul(0x9e37_79b9)).is_some()).count();
        assert_eq!(taken, usize::from(u16::MAX));
    }
}
