//! The different ones of many hashes.
//!
//! They are divided by their highest bits into parts that fit the memory next to the processor, and each part is
//! entered into one small table. Invariant: every hash that was given is in the answer exactly once; hashes that
//! somebody made collide are sorted instead, so they cost little more. It does not hash again.

/// Hashes of a part, about.
const PART: usize = 1_024;
const PART_BITS_MAX: u32 = 12;
/// A table has at least so many places for each hash.
const PLACES_PER_HASH: usize = 2;
/// Places that are looked at before a part is sorted.
const STEPS_MAX: usize = 64;
/// No hash; the hash of that value is looked after apart.
const FREE: u64 = 0;

/// The different ones, in no order that means something.
pub(super) fn different(hashes: Vec<u64>) -> Vec<u64> {
    let bits = (hashes.len() / PART).max(1).ilog2().min(PART_BITS_MAX);
    let (mut parted, ends) = parted(&hashes, bits);
    drop(hashes);
    let largest = ends.array_windows().map(|[start, end]| end - start).max().unwrap_or(0);
    let places = (largest.min(4 * PART) * PLACES_PER_HASH).next_power_of_two().max(2);
    let mut table = vec![FREE; places];
    let mut kept = 0;
    for [start, end] in ends.array_windows() {
        kept = keep_different(&mut parted, (*start, *end), kept, &mut table, bits);
    }
    parted.truncate(kept);
    parted.shrink_to_fit();
    parted
}

/// The hashes by their highest bits, and where each part ends, with a zero before.
fn parted(hashes: &[u64], bits: u32) -> (Vec<u64>, Vec<usize>) {
    let parts = 1usize << bits;
    let part = |hash: u64| (hash >> (u64::BITS - 1 - bits) >> 1) as usize;
    let mut places = vec![0usize; parts + 1];
    hashes.iter().for_each(|hash| places[part(*hash) + 1] += 1);
    for at in 0..parts {
        places[at + 1] += places[at];
    }
    let ends = places.clone();
    let mut parted = vec![FREE; hashes.len()];
    for hash in hashes {
        let place = &mut places[part(*hash)];
        parted[*place] = *hash;
        *place += 1;
    }
    (parted, ends)
}

/// Moves the different hashes of a part behind those that are kept; gives how many are kept then.
fn keep_different(
    hashes: &mut [u64],
    (start, end): (usize, usize),
    mut kept: usize,
    table: &mut [u64],
    bits: u32,
) -> usize {
    let first = kept;
    let mut has_zero = false;
    table.fill(FREE);
    let is_large = (end - start) * PLACES_PER_HASH > table.len();
    for at in start..end {
        let hash = hashes[at];
        let is_new = match hash {
            _ if is_large => None,
            FREE => Some(!std::mem::replace(&mut has_zero, true)),
            hash => enter(table, hash, bits),
        };
        match is_new {
            Some(true) => {
                hashes[kept] = hash;
                kept += 1;
            }
            Some(false) => {}
            None => {
                hashes.copy_within(at..end, kept);
                return first + sorted(&mut hashes[first..kept + end - at]);
            }
        }
    }
    kept
}

/// Whether the hash was not there; nothing if finding it takes too long.
#[inline]
fn enter(table: &mut [u64], hash: u64, bits: u32) -> Option<bool> {
    let mask = table.len() - 1;
    let home = ((hash << bits) >> (u64::BITS - table.len().ilog2())) as usize;
    for step in 0..STEPS_MAX {
        let place = &mut table[(home + step) & mask];
        if *place == hash {
            return Some(false);
        }
        if *place == FREE {
            *place = hash;
            return Some(true);
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

    fn check(hashes: Vec<u64>) {
        let expected: BTreeSet<u64> = hashes.iter().copied().collect();
        let mut found = different(hashes);
        found.sort_unstable();
        assert!(found.iter().eq(&expected));
    }

    proptest! {
        #[test]
        fn every_hash_is_there_once(
            hashes in proptest::collection::vec(prop_oneof![any::<u64>(), 0u64..40], 0..5_000),
            spread in prop_oneof![Just(1u64), Just(1 << 40), Just(0x9E37_79B9_7F4A_7C15)],
        ) {
            check(hashes.into_iter().map(|hash| hash.wrapping_mul(spread)).collect());
        }
    }

    #[test]
    fn hashes_that_collide_are_sorted() {
        check((0..300_000).map(|number| number % 100_000).collect());
        check((0..5_000).map(|number| 7 << 60 | number).collect());
        check((0..50_000u64).map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect());
    }
}
