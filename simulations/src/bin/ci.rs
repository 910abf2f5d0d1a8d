//! `cargo ci`: runs every check, prints each with its time, and ends with a table.
//!
//! Invariant: exit status 0 means that every stage passed, 1 that one did not, 2 wrong usage.
//! Without root it installs nothing: it says which line would, and ends with 1.

use std::path::Path;
use std::process::ExitCode;

use antler_events::clock::SystemClock;
use antler_simulations::ci;
use clap::{Parser, ValueEnum};

/// Every check of the project.
#[derive(Parser)]
#[command(name = "cargo ci")]
struct Arguments {
    /// Which checks: all, or those that need no server, browser, root or network
    #[arg(value_enum, default_value_t = Extent::All)]
    extent: Extent,
}

#[derive(Clone, Copy, ValueEnum)]
enum Extent {
    All,
    Fast,
}

fn main() -> anyhow::Result<ExitCode> {
    let stages = match Arguments::parse().extent {
        Extent::All => ci::stages(),
        Extent::Fast => ci::fast(),
    };
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace");
    let out = &mut std::io::stdout().lock();
    if !ci::provide(&stages, top, rustix::process::geteuid().is_root(), out)? {
        return Ok(ExitCode::FAILURE);
    }
    let report = ci::run(&stages, top, &SystemClock::new(), out)?;
    Ok(if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
