//! Distinct counts: a set of hashes while it is small, then HyperLogLog.
//!
//! Invariant: the state is a function of the values alone, not of their order or of how they were divided among
//! states that were merged. Exact up to a bound but for colliding hashes of 64 bits (one in 40 million at
//! a million values); beyond, 16,384 registers estimate with a standard error of 0.81 %.
//! It does not remember the values.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};

use foldhash::{fast, quality};

const REGISTER_BITS: u32 = 14;
const REGISTERS: usize = 1 << REGISTER_BITS;
/// Bits of a hash that are left to count zeros in.
const RANK_BITS: u32 = u64::BITS - REGISTER_BITS;
/// Sets up to this size take less memory than registers.
const SMALL_SET: usize = REGISTERS / 16;
const SEED: u64 = 0x616E_746C_6572;

/// How many different values there were.
#[derive(Debug, Clone, PartialEq)]
pub struct Distinct {
    values_max: usize,
    seen: Seen,
}

#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Hashes(HashSet<u64, fast::FixedState>),
    /// For each register the longest run of zeros of its hashes, plus one.
    Registers(Box<[u8]>),
}

impl Distinct {
    /// Exact up to so many values.
    pub fn new(values_max: usize) -> Self {
        Self { values_max, seen: Seen::Hashes(HashSet::default()) }
    }

    pub fn add(&mut self, value: &impl Hash) {
        self.add_hash(quality::FixedState::with_seed(SEED).hash_one(value));
    }

    pub fn merge(&mut self, other: &Self) {
        match &other.seen {
            Seen::Hashes(hashes) => hashes.iter().for_each(|hash| self.add_hash(*hash)),
            Seen::Registers(theirs) => {
                for (mine, theirs) in self.registers().iter_mut().zip(theirs) {
                    *mine = (*mine).max(*theirs);
                }
            }
        }
    }

    pub fn is_exact(&self) -> bool {
        matches!(self.seen, Seen::Hashes(_))
    }

    /// Gives up exactness where that saves memory.
    pub fn coarsen(&mut self) {
        if matches!(&self.seen, Seen::Hashes(hashes) if hashes.len() > SMALL_SET) {
            self.registers();
        }
    }

    pub fn finish(&self) -> u64 {
        match &self.seen {
            Seen::Hashes(hashes) => hashes.len() as u64,
            Seen::Registers(registers) => estimate(registers).round() as u64,
        }
    }

    pub fn bytes_held(&self) -> usize {
        match &self.seen {
            Seen::Hashes(hashes) => hashes.capacity() * (size_of::<u64>() + 1) * 8 / 7,
            Seen::Registers(_) => REGISTERS,
        }
    }

    fn add_hash(&mut self, hash: u64) {
        match &mut self.seen {
            Seen::Hashes(hashes) => {
                hashes.insert(hash);
                if hashes.len() > self.values_max {
                    self.registers();
                }
            }
            Seen::Registers(registers) => register(registers, hash),
        }
    }

    /// The registers, made of the hashes if there are none yet.
    fn registers(&mut self) -> &mut [u8] {
        if let Seen::Hashes(hashes) = &self.seen {
            let mut registers = vec![0; REGISTERS].into_boxed_slice();
            hashes.iter().for_each(|hash| register(&mut registers, *hash));
            self.seen = Seen::Registers(registers);
        }
        match &mut self.seen {
            Seen::Registers(registers) => registers,
            Seen::Hashes(_) => unreachable!("hashes were turned into registers above"),
        }
    }
}

fn register(registers: &mut [u8], hash: u64) {
    let index = (hash >> RANK_BITS) as usize;
    let rank = ((hash << REGISTER_BITS).leading_zeros().min(RANK_BITS) + 1) as u8;
    registers[index] = registers[index].max(rank);
}

/// Ertl's estimator: without bias over the whole range, and without tables.
fn estimate(registers: &[u8]) -> f64 {
    let mut counts = [0u32; RANK_BITS as usize + 2];
    registers.iter().for_each(|rank| counts[usize::from(*rank)] += 1);
    let total = REGISTERS as f64;
    let full = f64::from(counts[RANK_BITS as usize + 1]);
    let mut sum = total * tau(1.0 - full / total);
    for rank in (1..=RANK_BITS as usize).rev() {
        sum = 0.5 * (sum + f64::from(counts[rank]));
    }
    sum += total * sigma(f64::from(counts[0]) / total);
    total * total / (2.0 * std::f64::consts::LN_2 * sum)
}

/// `x + Σ x^(2^k) · 2^(k-1)`: what empty registers tell.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, x);
    loop {
        x *= x;
        let next = sum + x * weight;
        if next == sum {
            return sum;
        }
        (sum, weight) = (next, weight * 2.0);
    }
}

/// The same for registers that are full.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        weight *= 0.5;
        let next = sum - (1.0 - x) * (1.0 - x) * weight;
        if next == sum {
            return sum / 3.0;
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn estimates_stay_within_three_standard_errors() {
        for count in [0u64, 1, 100, 5_000, 20_000, 50_000, 200_000, 1_000_000] {
            let mut distinct = Distinct::new(0);
            distinct.registers();
            (0..count).for_each(|value| distinct.add(&value));
            let error = (distinct.finish() as f64 - count as f64).abs() / count.max(1) as f64;
            assert!(error <= 3.0 * 0.0081, "{count}: {} is off by {error}", distinct.finish());
        }
    }

    #[test]
    fn small_sets_stay_exact_when_memory_is_short() {
        let mut distinct = Distinct::new(100_000);
        (0..SMALL_SET as u64).for_each(|value| distinct.add(&value));
        distinct.coarsen();
        assert!(distinct.is_exact());
        distinct.add(&u64::MAX);
        distinct.coarsen();
        assert!(!distinct.is_exact());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn merged_parts_are_the_whole(
            values in prop::collection::vec((0u16..500, 0usize..3), 0..600), values_max in 0usize..600,
        ) {
            let mut whole = Distinct::new(values_max);
            let mut parts = vec![Distinct::new(values_max); 3];
            let mut set = std::collections::BTreeSet::new();
            for (value, part) in &values {
                whole.add(value);
                parts[*part].add(value);
                set.insert(*value);
            }
            let mut merged = Distinct::new(values_max);
            parts.iter().for_each(|part| merged.merge(part));
            prop_assert_eq!(&merged, &whole);
            if set.len() <= values_max {
                prop_assert!(whole.is_exact());
                prop_assert_eq!(whole.finish(), set.len() as u64);
            }
        }
    }
}
