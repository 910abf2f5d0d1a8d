//! Pace: how long to rest after work so that it takes a share of one core and no more.
//!
//! Invariant: over any time that ends with a rest, work took at most the share. It measures nothing and does
//! not wait: the caller does both, because it has the clock.

use std::time::Duration;

/// A share of one core for work in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    share_percent: u32,
}

impl Pace {
    /// From 1 to 100 percent.
    pub fn new(share_percent: u8) -> Self {
        Self { share_percent: u32::from(share_percent.clamp(1, 100)) }
    }

    /// How long to rest after work of this length.
    pub fn rest_after(self, worked: Duration) -> Duration {
        let rest = worked.as_nanos() * u128::from(100 - self.share_percent);
        Duration::from_nanos_u128(rest.div_ceil(u128::from(self.share_percent)).min(u128::from(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_its_share_and_no_more() {
        let check = |percent, worked_ms, rest_ms| {
            let rest = Pace::new(percent).rest_after(Duration::from_millis(worked_ms));
            assert_eq!(rest, Duration::from_millis(rest_ms), "{percent} % after {worked_ms} ms");
        };
        check(20, 500, 2_000);
        check(1, 10, 990);
        check(100, 1_000, 0);
        check(50, 0, 0);
        assert_eq!(Pace::new(0), Pace::new(1));
        for percent in 1..=100 {
            let worked = Duration::from_nanos(1_234_567);
            let all = worked + Pace::new(percent).rest_after(worked);
            assert!(worked.as_nanos() * 100 <= all.as_nanos() * u128::from(percent), "{percent}");
        }
        assert!(Pace::new(1).rest_after(Duration::MAX) > Duration::from_secs(1));
    }
}
