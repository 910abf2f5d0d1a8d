//! Seeded draws, even and skewed: the small generator, of which there may be one per item.
//!
//! Invariant: integers only, so that a seed gives the same draws on every machine.
//! It is not for secrets: anyone who knows the seed knows every draw.

/// SplitMix64: one multiplication chain per draw, and any seed is a good one.
#[derive(Debug, Clone)]
pub struct Draw {
    state: u64,
}

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// Evenly below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
    }

    /// Below `bound`, and the smaller the likelier: about as often as 1 / (x + 1), as names, clients
    /// and latencies of real systems are. Each power of two is as likely as the next.
    pub fn skewed(&mut self, bound: u64) -> u64 {
        let octaves = 64 - u64::from(bound.leading_zeros());
        let octave = self.below(octaves);
        let low = 1u64 << octave;
        let high = (low << 1).min(bound + 1);
        if low >= high { 0 } else { low + self.below(high - low) - 1 }
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// Spreads a number over all 64 bits; the same number always the same way.
pub fn mix(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_draw_stays_below_its_bound_and_prefers_small() {
        let mut draw = Draw::new(1);
        for bound in [1, 2, 3, 10, 1_000, 50_000] {
            let draws: Vec<u64> = (0..10_000).map(|_| draw.skewed(bound)).collect();
            assert!(draws.iter().all(|drawn| *drawn < bound), "{bound}");
            let first_half = draws.iter().filter(|drawn| **drawn <= bound / 2).count();
            assert!(first_half >= 6_000, "{bound}: {first_half}");
        }
    }

    #[test]
    fn an_even_draw_reaches_every_value() {
        let mut draw = Draw::new(2);
        let mut seen = [false; 10];
        (0..1_000).for_each(|_| seen[draw.below(10) as usize] = true);
        assert_eq!(seen, [true; 10]);
    }
}
