//! Hashes of which the different ones count.
//!
//! They are collected as they come, many of them divided by their highest bits, and made a set now and then: the hashes of
//! one part at a time, in a small table that fits the memory next to the processor. What comes in large numbers is looked
//! through first for what came just before, because lines that belong together lie near each other. Invariant: every
//! hash that was given is there, after `settle` exactly once; hashes that somebody made collide are sorted instead, so
//! they cost little more. It does not hash again.

/// Parts, once there are many hashes.
const PARTS: usize = 1 << PART_BITS;
const PART_BITS: u32 = 8;
/// So many hashes are one part.
const UNDIVIDED_MAX: usize = 8_192;
/// So many that come in large numbers are one part until more come: who is soon merged need not divide them.
const WAITING_MAX: usize = 65_536;
/// So many places remember what came just before; fewer hashes than that are not looked through for it.
const RECENT: usize = 1 << RECENT_BITS;
const RECENT_BITS: u32 = 11;
/// Hashes of a part that are collected before they are made a set, if their set is not large itself.
const COLLECTED_MIN: usize = 1_024;
/// So many times those of the set are collected, but no more beyond it than a set may have.
const COLLECTED_FACTOR: usize = 8;
/// A table has at least so many places for each hash.
const PLACES_PER_HASH: usize = 2;
/// Places that are looked at before a part is sorted.
const STEPS_MAX: usize = 64;
/// No hash; the hash of that value is looked after apart.
const FREE: u64 = 0;

/// Collected hashes.
#[derive(Debug, Clone)]
pub(super) struct Hashes {
    /// One, or `PARTS`.
    parts: Vec<Part>,
    /// Those that are known to be different.
    different: usize,
    /// A set may have so many; whoever collects lets go of larger ones.
    values_max: usize,
}

#[derive(Debug, Clone, Default)]
struct Part {
    hashes: Vec<u64>,
    /// The first so many are different.
    different: usize,
}

impl Hashes {
    pub(super) fn new(values_max: usize) -> Self {
        Self { parts: vec![Part::default()], different: 0, values_max }
    }

    /// How many are known to be different by now.
    pub(super) fn different(&self) -> usize {
        self.different
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        self.parts.iter().flat_map(|part| part.hashes.iter().copied())
    }

    #[inline]
    pub(super) fn add(&mut self, hash: u64) {
        let at = self.part_of(hash);
        let part = &mut self.parts[at];
        // Lines that follow each other often say the same.
        if part.hashes.last() != Some(&hash) {
            part.hashes.push(hash);
            self.settle_if_many(at, &mut Vec::new());
        }
    }

    pub(super) fn add_all(&mut self, hashes: &[u64]) {
        for some in hashes.chunks(WAITING_MAX) {
            if some.len() < RECENT {
                self.take_in(some);
            } else if self.is_undivided() && self.parts[0].hashes.len() + some.len() <= WAITING_MAX {
                push_new(some, &mut self.parts[0].hashes);
            } else {
                let mut new = Vec::new();
                push_new(some, &mut new);
                self.take_in(&new);
            }
        }
    }

    fn take_in(&mut self, hashes: &[u64]) {
        let mut table = Vec::new();
        if self.is_undivided() {
            self.settle_if_many(0, &mut table);
        }
        let mut rest = hashes;
        while self.is_undivided() && !rest.is_empty() {
            let room = UNDIVIDED_MAX + 1 - self.parts[0].hashes.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.parts[0].hashes.extend_from_slice(now);
            self.settle_if_many(0, &mut table);
            rest = later;
        }
        if !rest.is_empty() {
            self.deal(rest);
            (0..PARTS).for_each(|at| self.settle_if_many(at, &mut table));
        }
    }

    /// Appends each hash to its part.
    fn deal(&mut self, hashes: &[u64]) {
        let mut counts = [0u32; PARTS];
        hashes.iter().for_each(|hash| counts[part_of(*hash)] += 1);
        self.parts.iter_mut().zip(counts).for_each(|(part, count)| part.hashes.reserve(count as usize));
        hashes.iter().for_each(|hash| self.parts[part_of(*hash)].hashes.push(*hash));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if other.is_undivided() {
            return self.take_in(&other.parts[0].hashes);
        }
        self.divide();
        let mut table = Vec::new();
        for at in 0..PARTS {
            self.parts[at].hashes.extend_from_slice(&other.parts[at].hashes);
            self.settle_if_many(at, &mut table);
        }
    }

    /// Lets go of hashes that came again; gives how many are left.
    pub(super) fn settle(&mut self) -> usize {
        let mut table = Vec::new();
        for part in &mut self.parts {
            self.different += part.settle(&mut table);
        }
        self.different
    }

    pub(super) fn bytes_held(&self) -> usize {
        let of_part = |part: &Part| size_of::<Part>() + part.hashes.capacity() * size_of::<u64>();
        self.parts.iter().map(of_part).sum()
    }

    fn is_undivided(&self) -> bool {
        self.parts.len() == 1
    }

    #[inline]
    fn part_of(&self, hash: u64) -> usize {
        if self.is_undivided() { 0 } else { part_of(hash) }
    }

    /// The table is lent, to be used again.
    #[inline]
    fn settle_if_many(&mut self, at: usize, table: &mut Vec<u64>) {
        let is_undivided = self.is_undivided();
        let part = &mut self.parts[at];
        let most = if is_undivided {
            UNDIVIDED_MAX
        } else {
            let more = part.different * (COLLECTED_FACTOR - 1);
            part.different + more.min(self.values_max / PARTS).max(COLLECTED_MIN)
        };
        if part.hashes.len() > most {
            self.different += part.settle(table);
            // With less room it would be looked through again soon.
            if is_undivided && part.different > UNDIVIDED_MAX / 2 {
                self.divide();
            }
        }
    }

    fn divide(&mut self) {
        if !self.is_undivided() {
            return;
        }
        let whole = std::mem::take(&mut self.parts[0]);
        self.parts = vec![Part::default(); PARTS];
        self.deal(&whole.hashes);
        whole.hashes[..whole.different].iter().for_each(|hash| self.parts[part_of(*hash)].different += 1);
    }
}

#[inline]
fn part_of(hash: u64) -> usize {
    (hash >> (u64::BITS - PART_BITS)) as usize
}

impl Part {
    /// Leaves each hash once; gives how many are newly known to be different.
    fn settle(&mut self, table: &mut Vec<u64>) -> usize {
        let Self { hashes, different } = self;
        let before = *different;
        if before == hashes.len() {
            return 0;
        }
        table.clear();
        table.resize((hashes.len() * PLACES_PER_HASH).next_power_of_two(), FREE);
        let kept = keep_different(hashes, table);
        hashes.truncate(kept);
        *different = hashes.len();
        if hashes.capacity() > 2 * UNDIVIDED_MAX {
            hashes.shrink_to(2 * hashes.len());
        }
        *different - before
    }
}

/// Appends hashes but for most of those that came just before.
fn push_new(hashes: &[u64], out: &mut Vec<u64>) {
    // What is in no place is there at first: the first place has a hash of the last one.
    let mut recent = [0; RECENT];
    recent[0] = u64::MAX;
    let before = out.len();
    out.resize(before + hashes.len(), 0);
    let (room, mut kept) = (&mut out[before..], 0);
    for hash in hashes {
        let place = &mut recent[(hash >> (u64::BITS - RECENT_BITS)) as usize];
        // Whether it came just before cannot be foreseen, so nothing branches on it.
        room[kept] = *hash;
        kept += usize::from(*place != *hash);
        *place = *hash;
    }
    out.truncate(before + kept);
}

/// Moves the different hashes to the front; gives how many these are.
fn keep_different(hashes: &mut [u64], table: &mut [u64]) -> usize {
    let (mut kept, mut has_zero) = (0, false);
    for at in 0..hashes.len() {
        let hash = hashes[at];
        let is_new = match hash {
            FREE => Some(!std::mem::replace(&mut has_zero, true)),
            hash => enter(table, hash),
        };
        let Some(is_new) = is_new else {
            hashes.copy_within(at.., kept);
            let left = kept + hashes.len() - at;
            return sorted(&mut hashes[..left]);
        };
        // Whether a hash is new cannot be foreseen, so nothing branches on it.
        hashes[kept] = hash;
        kept += usize::from(is_new);
    }
    kept
}

/// Whether the hash was not there; nothing if finding it takes too long. Those of a part have the same highest bits.
#[inline]
fn enter(table: &mut [u64], hash: u64) -> Option<bool> {
    let mask = table.len() - 1;
    let home = (hash >> (u64::BITS - PART_BITS - table.len().ilog2())) as usize;
    for step in 0..STEPS_MAX {
        let place = &mut table[(home + step) & mask];
        let found = *place;
        if found == hash || found == FREE {
            *place = hash;
            return Some(found == FREE);
        }
    }
    None
}

/// Sorts, moves the different ones to the front, and gives how many these are.
fn sorted(hashes: &mut [u64]) -> usize {
    hashes.sort_unstable();
    let mut kept = 0;
    for at in 0..hashes.len() {
        if at == 0 || hashes[at] != hashes[kept - 1] {
            hashes[kept] = hashes[at];
            kept += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(given: &[u64]) {
        let expected: BTreeSet<u64> = given.iter().copied().collect();
        let mut one_by_one = Hashes::new(1_000_000);
        given.iter().for_each(|hash| one_by_one.add(*hash));
        let mut together = Hashes::new(1_000_000);
        given.chunks(given.len().div_ceil(3).max(1)).for_each(|some| together.add_all(some));
        let mut merged = Hashes::new(1_000_000);
        for some in given.chunks(given.len().div_ceil(2).max(1)) {
            let mut part = Hashes::new(1_000_000);
            part.add_all(some);
            merged.merge(&part);
        }
        for mut hashes in [one_by_one, together, merged] {
            assert!(hashes.different() <= expected.len());
            assert_eq!(hashes.settle(), expected.len());
            let mut found: Vec<u64> = hashes.iter().collect();
            found.sort_unstable();
            assert!(found.iter().eq(&expected));
        }
    }

    proptest! {
        #[test]
        fn every_hash_is_there_once(
            hashes in proptest::collection::vec(prop_oneof![any::<u64>(), 0u64..40], 0..15_000),
            spread in prop_oneof![Just(1u64), Just(1 << 40), Just(0x9E37_79B9_7F4A_7C15)],
        ) {
            check(&hashes.into_iter().map(|hash| hash.wrapping_mul(spread)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn many_hashes_are_divided_and_those_that_collide_are_sorted() {
        let check = |count: u64, make: fn(u64) -> u64| check(&(0..count).map(make).collect::<Vec<_>>());
        check(300_000, |number| number % 100_000);
        check(50_000, |number| 7 << 60 | number);
        check(300_000, |number| (number % 120_000).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        check(300_000, |number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }

    #[test]
    fn what_is_collected_beyond_a_set_is_bounded() {
        let mut hashes = Hashes::new(100_000);
        for number in 0..3_000_000u64 {
            hashes.add((number % 90_000).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            assert!(number % 1_000 > 0 || hashes.iter().count() <= 90_000 + PARTS * COLLECTED_MIN + 100_000);
        }
        let mut waiting = Hashes::new(100_000);
        let many: Vec<u64> = (0..200_000).map(|number: u64| number << 40).collect();
        waiting.add_all(&many[..50_000]);
        waiting.add_all(&many);
        assert_eq!(waiting.settle(), 200_000);
        let mut few = Hashes::new(100_000);
        many.chunks(10_000).for_each(|_| few.add_all(&[7; 10_000]));
        assert_eq!(few.settle(), 1);
        assert!(few.bytes_held() <= 2 * UNDIVIDED_MAX * size_of::<u64>() + 100, "{}", few.bytes_held());
        let mut few = Hashes::new(100_000);
        (0..1_000_000u64).for_each(|number| few.add((number % 300) << 50));
        assert!(few.bytes_held() <= 2 * UNDIVIDED_MAX * size_of::<u64>() + 100, "{}", few.bytes_held());
    }
}
