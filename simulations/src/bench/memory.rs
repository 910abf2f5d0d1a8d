//! How much more memory a piece of work had resident at its peak than there was before it.
//!
//! Invariant: what was there before, such as the corpus, does not count. It is the whole process, so nothing
//! else may run beside the work. Works on Linux only.

use anyhow::Context as _;

/// What is resident now, and the most that ever was.
pub const RESIDENT: &str = "VmRSS:";
pub const PEAK: &str = "VmHWM:";
const OWN: &str = "self";

/// A mark from which growth is counted.
#[derive(Debug, Clone, Copy)]
pub struct MemoryMark {
    resident_bytes: u64,
}

impl MemoryMark {
    /// Forgets the peak so far.
    pub fn set() -> anyhow::Result<Self> {
        const FORGET_PEAK: &str = "5";
        std::fs::write("/proc/self/clear_refs", FORGET_PEAK).context("cannot forget the peak of memory")?;
        Ok(Self { resident_bytes: status_bytes(OWN, RESIDENT)? })
    }

    /// The most that was resident since the mark, beyond what was then.
    pub fn grown_bytes(self) -> anyhow::Result<u64> {
        Ok(status_bytes(OWN, PEAK)?.saturating_sub(self.resident_bytes))
    }
}

/// What the kernel says of a process, by its number or `OWN`.
pub fn status_bytes(process: &str, key: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.context("cannot read the memory in use")?;
    let said = status.lines().find_map(|line| line.strip_prefix(key));
    let kibibytes =
        said.and_then(|said| said.trim().strip_suffix(" kB")).context("no memory in use is told")?;
    Ok(kibibytes.parse::<u64>().context("the memory in use is no number")? << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_counts_and_what_was_there_does_not() {
        let before = vec![1u8; 64 << 20];
        let grown = || {
            let mark = MemoryMark::set().unwrap();
            drop(std::hint::black_box(vec![1u8; 32 << 20]));
            mark.grown_bytes().unwrap()
        };
        // Another test may give memory back meanwhile.
        assert!((0..20).any(|_| (31 << 20..64 << 20).contains(&grown())));
        assert_eq!(before.iter().map(|byte| u64::from(*byte)).sum::<u64>(), 64 << 20);
    }
}
