//! `corpus`: prints generated logs, to look at them or to send them somewhere.
//!
//! Invariant: the same arguments give the same bytes. It does not send anything itself.

use std::io::Write as _;
use std::path::PathBuf;

use antler_simulations::corpus::Corpus;
use antler_simulations::corpus::samples::Samples;
use clap::Parser;

/// Print generated logs: JSON and plain lines of many systems, mixed.
#[derive(Debug, Parser)]
struct Arguments {
    /// How much to print, at least; whole records only.
    #[arg(long, default_value_t = 1_000_000)]
    bytes: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Mix in real lines from DIR/NAME/*.log.
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut corpus = Corpus::new(arguments.seed);
    if let Some(dir) = &arguments.samples {
        corpus = corpus.with_samples(Samples::load(dir)?);
    }
    let mut out = std::io::BufWriter::with_capacity(1 << 18, std::io::stdout().lock());
    let mut printed = 0;
    let mut record = Vec::new();
    while printed < arguments.bytes {
        record.clear();
        corpus.write_record(&mut record);
        printed += record.len() as u64;
        match out.write_all(&record) {
            // The reader has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(out.flush()?)
}
