//! Draws of a test, from its seed.
//!
//! Invariant: the same seed draws the same. What threads and the machine make of it differs all the same.

use std::time::Duration;

pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Below a bound that is not zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(crate) fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    /// Lets a random time below a bound go by: the moment of a blow is what is drawn here, nothing is waited for.
    pub(crate) fn pass(&mut self, most: Duration) {
        let time = Duration::from_micros(self.below(most.as_micros() as u64));
        let (_never, timer) = std::sync::mpsc::channel::<()>();
        let _ = timer.recv_timeout(time);
    }
}
