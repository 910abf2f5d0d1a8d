//! Fuzzing: bodies that must hold for any bytes, and the machine that looks for bytes where they do not.
//!
//! A body is a pure function that panics on a broken promise. It runs on every file of its seed corpus,
//! then on seeded mutations of them: run `n` of seed `s` is the same bytes on every machine.
//! Invariant: a body has no state and reads nothing but its argument. It does not measure coverage.

pub mod groups;
pub mod hostile;
mod lines;
pub mod mutate;
mod pipelines;
mod queries;
mod regexes;
mod seeds;
mod stand;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

pub use groups::fuzz_group;
pub use lines::fuzz_line;
pub use pipelines::fuzz_pipeline;
pub use queries::fuzz_query;
pub use regexes::fuzz_regex;

use mutate::Mutator;

/// Something that takes bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    pub body: fn(&[u8]),
    /// Seeds that are better made than stored.
    seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets; each has a folder of its name in `simulations/fuzz/corpus`.
pub const TARGETS: [Target; 5] = [
    Target { name: "lines", body: fuzz_line, seeds: Vec::new },
    Target { name: "queries", body: fuzz_query, seeds: seeds::queries },
    Target { name: "pipelines", body: fuzz_pipeline, seeds: seeds::pipelines },
    Target { name: "groups", body: fuzz_group, seeds: seeds::groups },
    Target { name: "regexes", body: fuzz_regex, seeds: seeds::regexes },
];

/// Bytes that break a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The run that found them; none if they are a file of the corpus.
    pub run: Option<u64>,
    pub bytes: Vec<u8>,
}

impl Target {
    /// The files of the seed corpus in the order of their names, and the seeds that are made.
    pub fn corpus(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(self.name);
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        paths.sort();
        ensure!(!paths.is_empty(), "{} is empty", folder.display());
        let read =
            |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        let mut corpus: Vec<Vec<u8>> = paths.iter().map(read).collect::<anyhow::Result<_>>()?;
        corpus.extend((self.seeds)());
        Ok(corpus)
    }

    /// Runs the corpus and so many mutations, and stops at the first finding.
    pub fn search(&self, corpus: &[Vec<u8>], seed: u64, first: u64, runs: u64) -> Option<Finding> {
        let files = corpus.iter().map(|bytes| Finding { run: None, bytes: bytes.clone() });
        let mutator = Mutator::new(corpus, seed);
        let mutations =
            (first..first + runs).map(|run| Finding { run: Some(run), bytes: mutator.bytes(run) });
        files.chain(mutations).find(|candidate| !self.holds(&candidate.bytes))
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        let body = self.body;
        catch_unwind(|| body(bytes)).is_ok()
    }
}

#[cfg(test)]
mod tests;
