//! How long the disk takes to make a small write durable.
//!
//! Invariant: the probe's file is gone afterwards. It does not measure throughput.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use antler_events::clock::{Clock, SystemClock};
use antler_events::files::{Access, File, FileSystem};

const ROUNDS: u64 = 16;
const BLOCK: [u8; 4096] = [0x5a; 4096];

/// Times of one write and one sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SyncLatency {
    median: Duration,
    slowest: Duration,
}

pub(super) fn measure(files: &dyn FileSystem, dir: &Path) -> io::Result<SyncLatency> {
    let path = dir.join(format!(".antler-doctor-{}", std::process::id()));
    let file = files.open(&path, Access::Create)?;
    let measured = rounds(&*file);
    files.remove(&path)?;
    measured
}

fn rounds(file: &dyn File) -> io::Result<SyncLatency> {
    let clock = SystemClock::new();
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let began = clock.elapsed();
        file.write_at(round * BLOCK.len() as u64, &BLOCK)?;
        file.sync()?;
        times.push(clock.elapsed() - began);
    }
    times.sort_unstable();
    Ok(SyncLatency { median: times[times.len() / 2], slowest: times[times.len() - 1] })
}

impl fmt::Display for SyncLatency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let Self { median, slowest } = *self;
        write!(
            out,
            "a write of 4 KiB is durable after {:.2} ms (median of {ROUNDS}; slowest {:.2} ms)",
            ms(median),
            ms(slowest)
        )
    }
}

#[cfg(test)]
mod tests {
    use antler_events::files::RealFiles;

    use super::*;

    #[test]
    fn the_probe_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let latency = measure(&RealFiles, dir.path()).unwrap();
        assert!(latency.median <= latency.slowest);
        assert_eq!(RealFiles.list(dir.path()).unwrap(), Vec::<String>::new());
        assert!(measure(&RealFiles, &dir.path().join("missing")).is_err());
    }
}
