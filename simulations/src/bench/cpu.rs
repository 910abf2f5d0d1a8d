//! CPU time of a thread, in user code and in the kernel.
//!
//! Invariant: exact to microseconds, so that small runs can be compared too; the account of the whole process
//! in `/proc` is only kept to 10 ms, so a bench adds up its threads. What the kernel does on threads of its
//! own, such as writing pages back, is in no figure. Works on Linux only.

use anyhow::Context as _;

/// CPU seconds of the calling thread.
pub fn of_thread() -> anyhow::Result<f64> {
    // The kernel brings the account of a running thread up to date when it yields.
    std::thread::yield_now();
    let path = "/proc/thread-self/schedstat";
    let statistics = std::fs::read_to_string(path).context("cannot read the CPU time of the thread")?;
    let nanos: u64 = statistics.split(' ').next().unwrap_or_default().parse().context(path)?;
    Ok(nanos as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted() {
        let before = of_thread().unwrap();
        let sum =
            (0..2_000_000u64).fold(0, |sum: u64, number| std::hint::black_box(sum.wrapping_add(number)));
        std::hint::black_box(sum);
        assert!(of_thread().unwrap() > before);
    }
}
