//! Bench `store`: what it costs to put lines into the column store, and how much room they need there.
//!
//! The yardstick is zstd at level 1 of the same bytes, in one thread, piece by piece beside the store.
//! Invariant: what is measured is apply and seal, with the writing of the files and without the reading of
//! lines, which the bench `parse` measures; every line is found again afterwards. It asks no questions: `query`
//! does.

pub mod aged;
pub mod filled;

use antler_projections::index::columns::store::verify;
use anyhow::{Context as _, ensure};

use self::aged::Aged;
use self::filled::{Cost, Filled};
use super::yardstick::Compression;
use super::{Figure, ROUNDS, Report, Setting, median};

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let mut costs = Vec::new();
    let mut yardsticks = Vec::new();
    let mut stored = (0.0, 0.0);
    let mut aged = None;
    for round in 1..=ROUNDS {
        report.note(&format!("store: round {round} of {ROUNDS}"))?;
        let mut yardstick = Compression::new(&setting.corpus)?;
        let filled = Filled::beside(setting, &mut |bytes| yardstick.catch_up(bytes))?;
        yardstick.catch_up(filled.bytes)?;
        let statistics = filled.store.statistics();
        ensure!(
            statistics.rows == filled.lines,
            "{} lines went in, {} are there",
            filled.lines,
            statistics.rows
        );
        stored = (statistics.stored_bytes as f64 / filled.bytes, yardstick.stored());
        costs.push(filled.cost);
        yardsticks.push(yardstick.cpu_seconds_per_gb());
        if round == ROUNDS {
            prove(&filled)?;
            aged = setting.is_aged.then(|| Aged::new(setting, &filled)).transpose()?;
        }
    }
    let yardstick = median(&yardsticks);
    let of = |part: fn(&Cost) -> f64| median(&costs.iter().map(part).collect::<Vec<_>>());
    let mut figure = |name: &str, value, unit, yardstick| {
        report.figure(&Figure { name: format!("store.{name}"), value, unit, yardstick })
    };
    figure("apply.cpu", of(|cost| cost.apply), "cpu-s/GB", Some(yardstick))?;
    figure("seal.cpu", of(|cost| cost.seal), "cpu-s/GB", Some(yardstick))?;
    figure("apply_and_seal.cpu", of(|cost| cost.apply + cost.seal), "cpu-s/GB", Some(yardstick))?;
    figure("disk", stored.0, "of raw", Some(stored.1))?;
    figure("open.memory", of(|cost| cost.open_bytes_max / 1e6), "MB", None)?;
    // Later rounds find memory that earlier ones have not given back.
    let peak_bytes = costs.iter().map(|cost| cost.peak_bytes).fold(0.0, f64::max);
    figure("peak.memory", peak_bytes / 1e6, "MB", None)?;
    let Some(aged) = aged else { return Ok(()) };
    figure("open", aged.open_ms, "ms", None)?;
    figure("cold.cpu", aged.cpu_seconds_per_gb, "cpu-s/GB", Some(yardstick))?;
    figure("cold.disk", aged.stored, "of raw", Some(stored.1))
}

/// What was measured must have been worth it.
fn prove(filled: &Filled) -> anyhow::Result<()> {
    let proved = verify(&filled.files, &filled.dir)?.context("there is no store")?;
    ensure!(proved.findings.is_empty(), "the store is damaged: {:?}", proved.findings.first());
    Ok(())
}
