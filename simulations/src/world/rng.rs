//! Seeded randomness: xoshiro256** with its state filled by splitmix64.
//!
//! Invariant: the sequence of a seed never changes, so that a seed in an old report still replays.
//! It is not for secrets: whoever sees some numbers can compute the next ones.

use crate::draw::Draw;

/// A generator of numbers that only its seed decides.
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    pub fn new(seed: u64) -> Self {
        let mut filler = Draw::new(seed);
        Self { state: std::array::from_fn(|_| filler.number()) }
    }

    /// A generator that goes its own way from here on.
    pub fn fork(&mut self) -> Self {
        Self::new(self.number())
    }

    pub fn number(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let c = c ^ a;
        let d = d ^ b;
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// A number below `bound`, which is not 0. The bias of the multiplication is below 2^-32 here.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `from` up to and without `to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from)
    }

    /// An index into something with `length` entries.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.index(of.len())]
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let random = self.number().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_of_a_seed_is_frozen() {
        let mut rng = Rng::new(7);
        let numbers = [rng.number(), rng.number(), rng.number()];
        assert_eq!(numbers, [12923355070828475994, 5142052590334782674, 15488392906492639638]);
    }

    #[test]
    fn numbers_below_a_bound_reach_every_value_about_as_often() {
        let mut rng = Rng::new(1);
        let mut counts = [0u32; 10];
        for _ in 0..10_000 {
            counts[rng.index(10)] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_fork_neither_repeats_nor_follows_its_origin() {
        let mut rng = Rng::new(1);
        let mut fork = rng.fork();
        let (ours, theirs): (Vec<u64>, Vec<u64>) = (0..100).map(|_| (rng.number(), fork.number())).unzip();
        assert!(ours.iter().all(|number| !theirs.contains(number)));
    }
}
