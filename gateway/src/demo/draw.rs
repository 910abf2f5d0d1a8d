//! Numbers that look random and are the same for the same seed.
//!
//! Invariant: what is drawn depends on the seed and the second alone, so that traffic of a time is always the same. It is no
//! source of secrets.

/// Draws for one second.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64, second: i64) -> Self {
        Self(mix(seed ^ mix(second.unsigned_abs())))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Below a bound, which is at least 1.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True so often.
    pub(super) fn is(&mut self, share: f64) -> bool {
        self.share() < share
    }

    pub(super) fn one_of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len() as u64) as usize]
    }

    /// Mostly near the median, now and then far above it, as times of answers are.
    pub(super) fn milliseconds(&mut self, median: f64) -> f64 {
        let spread = (self.share() + self.share() + self.share() - 1.5) * 1.6;
        let tail = if self.is(0.02) { 4.0 } else { 1.0 };
        (median * spread.exp() * tail * 100.0).round() / 100.0
    }
}

/// The finishing step of splitmix64.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
