//! CPU time of a thread, in user code and in the kernel.
//!
//! Invariant: exact to microseconds, so that small runs can be compared too, and asking costs less than one: work
//! that comes in small pieces is not charged for being measured. What the kernel does on threads of its own, such
//! as writing pages back, is in no figure. Works on Unix only.

use rustix::time::{ClockId, clock_gettime};

/// CPU seconds of the calling thread.
pub fn of_thread() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted() {
        let before = of_thread();
        let sum =
            (0..2_000_000u64).fold(0, |sum: u64, number| std::hint::black_box(sum.wrapping_add(number)));
        std::hint::black_box(sum);
        assert!(of_thread() > before);
    }
}
