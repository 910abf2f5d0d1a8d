//! `corpus`: prints generated logs, to look at them, to keep them in a file or to send them somewhere.
//!
//! Invariant: the same arguments give the same bytes. It does not send anything itself.

use std::io::{self, Write};
use std::path::PathBuf;

use antler_simulations::corpus::source::{Kind, Source};
use antler_simulations::corpus::tenants::Tenants;
use anyhow::Context as _;
use clap::Parser;

/// What is generated at a time; of one tenant, if there are tenants.
const BATCH_BYTES: u64 = 20_000;

/// Print generated logs: JSON and plain lines.
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
    #[arg(long, value_enum, default_value_t = Kind::Mixed)]
    corpus: Kind,
    /// Deal the corpus over so many tenants: each line begins with its tenant and a tab.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tenants: Option<u32>,
    /// Write to a new file and not to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let source = Source::open(arguments.corpus, arguments.seed, arguments.samples.as_deref())?;
    let printed = match &arguments.out {
        Some(path) => {
            let file = std::fs::File::create_new(path)
                .with_context(|| format!("cannot create {}", path.display()))?;
            print(&arguments, source, file)
        }
        None => print(&arguments, source, io::stdout().lock()),
    };
    match printed {
        // The reader has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        printed => printed,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn print(arguments: &Arguments, source: Source, out: impl Write) -> anyhow::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 18, out);
    let mut tenants = Tenants::new(source, arguments.tenants.unwrap_or(1), arguments.seed);
    let mut left = arguments.bytes;
    while left > 0 {
        let Some((tenant, lines)) = tenants.next_batch(left.min(BATCH_BYTES) as usize) else { break };
        left = left.saturating_sub(lines.len() as u64);
        if arguments.tenants.is_none() {
            out.write_all(&lines)?;
            continue;
        }
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            write!(out, "{tenant}\t")?;
            out.write_all(line)?;
        }
    }
    Ok(out.flush()?)
}
