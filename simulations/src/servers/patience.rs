//! Waiting for a condition, with an end.
//!
//! Invariant: whoever waits here stops waiting. It uses the machine's clock: real servers know no other.

use std::sync::mpsc;
use std::time::Duration;

use antler_events::clock::{Clock as _, SystemClock};

/// Between two looks: far below what a server needs for anything, far above what a look costs.
const POLL: Duration = Duration::from_millis(50);

/// Looks until there is something to see; nothing when that took too long.
pub fn wait_for<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let clock = SystemClock::new();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if clock.elapsed() >= patience {
            return None;
        }
        let (_never, timer) = mpsc::channel::<()>();
        let _ = timer.recv_timeout(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_no_longer_than_it_should() {
        let mut looks = 0;
        let third = |looks: &mut u32| {
            *looks += 1;
            (*looks == 3).then_some("seen")
        };
        assert_eq!(wait_for(Duration::from_secs(60), || third(&mut looks)), Some("seen"));
        assert_eq!(wait_for(Duration::from_millis(10), || None::<()>), None);
    }
}
