//! `kill`: a real writer process under load, killed at random moments, and what it acknowledged compared
//! with what the log holds.
//!
//! Invariant: an append whose acknowledgement was printed is in the log, byte for byte, after every kill.
//! It does not cut the power: the kernel keeps what was written, so this proves the process and not the disk.

mod checker;
mod load;
mod writer;

use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use antler_events::clock::{Clock as _, SystemClock};
use antler_simulations::world::Rng;
use anyhow::Context as _;
use clap::Parser;

use self::checker::Checker;

/// Most acknowledgements that a writer gets to print before it is killed.
const ACKS_MAX: u64 = 150;
/// Most turns of an empty loop between the last acknowledgement and the kill: up to some hundred microseconds.
const SPIN_MAX: u64 = 400_000;

/// Kills a writer again and again.
#[derive(Debug, Parser)]
#[command(name = "kill")]
struct Arguments {
    /// How often to kill.
    #[arg(long, default_value_t = 100)]
    kills: u64,
    /// Decides the moments and the load.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Be the writer of this round in this folder.
    #[arg(long, hide = true, value_names = ["ROUND", "DIR"], num_args = 2)]
    write: Option<Vec<String>>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.write.as_deref() {
        Some([round, dir]) => writer::run(Path::new(dir), round.parse()?),
        _ => kill_again_and_again(&arguments),
    }
}

fn kill_again_and_again(arguments: &Arguments) -> anyhow::Result<()> {
    let clock = SystemClock::new();
    let dir = tempfile::tempdir()?;
    let mut rng = Rng::new(arguments.seed);
    let mut checker = Checker::new(dir.path().join("log"));
    for round in 0..arguments.kills {
        let acks = kill_once(round, dir.path(), &mut rng)?;
        checker.expect(&acks).with_context(|| format!("round {round}"))?;
        // Without a look, the next writer has to recover, and may be killed while it does.
        if rng.chance(700) || round + 1 == arguments.kills {
            let whole = round % 25 == 24 || round + 1 == arguments.kills;
            let checked = checker.check(whole);
            checked.with_context(|| format!("round {round}; replay with --seed {}", arguments.seed))?;
        }
    }
    let mut out = io::stdout().lock();
    let seconds = clock.elapsed().as_secs_f64();
    writeln!(out, "{} kills in {seconds:.1} s: {}", arguments.kills, checker.summary())?;
    Ok(())
}

/// Runs a writer up to some acknowledgement and a bit further; answers everything it acknowledged.
fn kill_once(round: u64, dir: &Path, rng: &mut Rng) -> anyhow::Result<Vec<String>> {
    let program: PathBuf = std::env::current_exe()?;
    let mut writer = Command::new(program)
        .args(["--write", &round.to_string()])
        .arg(dir.join("log"))
        .stdout(Stdio::piped())
        .spawn()
        .context("the writer cannot be started")?;
    let mut lines = BufReader::new(writer.stdout.take().context("the writer has a standard output")?);
    let mut acks = Vec::new();
    for _ in 0..rng.below(ACKS_MAX) {
        acks.extend(next_ack(&mut lines)?);
    }
    for turn in 0..rng.below(SPIN_MAX) {
        std::hint::black_box(turn);
    }
    writer.kill()?;
    let status = writer.wait()?;
    anyhow::ensure!(status.code().is_none(), "the writer ended by itself: {status}");
    while let Some(ack) = next_ack(&mut lines)? {
        acks.push(ack);
    }
    Ok(acks)
}

/// The next whole line; the last one may have been cut by the kill.
fn next_ack(lines: &mut impl io::BufRead) -> anyhow::Result<Option<String>> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    Ok(line.strip_suffix('\n').map(str::to_owned))
}
