//! `damage`: cuts and flips every byte at the end of the log's files and looks whether that is noticed.
//!
//! Invariant: it ends with a failure at the first damage that goes unnoticed, and names file and byte.
//! It touches no real file.

use std::io::{self, Write as _};

use antler_events::clock::{Clock as _, SystemClock};
use antler_simulations::damage::{TARGETS, check};
use clap::Parser;

/// Damages a log byte by byte.
#[derive(Debug, Parser)]
#[command(name = "damage")]
struct Arguments {
    /// Only every nth byte; the last ones always.
    #[arg(long, default_value_t = 1)]
    every: usize,
}

fn main() -> anyhow::Result<()> {
    let Arguments { every } = Arguments::parse();
    let mut out = io::stdout().lock();
    for target in TARGETS {
        let clock = SystemClock::new();
        let count = check(target, every.max(1))?;
        let seconds = clock.elapsed().as_secs_f64();
        writeln!(
            out,
            "{}: damaged {count} times in {seconds:.1} s, always noticed or harmless",
            target.what
        )?;
    }
    Ok(())
}
