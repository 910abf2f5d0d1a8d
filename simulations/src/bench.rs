//! Benches: what each part costs, beside a yardstick of the same run.
//!
//! A figure is one line on standard output: name, value, unit, yardstick, ratio, with tabs between.
//! Invariant: a cost is CPU time per byte that went in, so that it can be compared between machines by its
//! ratio. Nothing here decides whether a figure is good enough.

pub mod cpu;
pub mod crew;
pub mod log;
pub mod memory;
pub mod parse;
pub mod patterns;
pub mod peers;
pub mod query;
pub mod questions;
pub mod reading;
pub mod server;
pub mod store;
pub mod views;
pub mod yardstick;

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use antler_events::clock::SystemClock;
use bytes::Bytes;

/// A bench measures one part and reports its figures.
pub type Bench = fn(&Setting, &mut Report<'_>) -> anyhow::Result<()>;

/// All benches by name, in the order of `all`.
pub const BENCHES: [(&str, Bench); 15] = [
    ("log", log::run),
    ("parse", parse::run),
    ("patterns", patterns::run),
    ("store", store::run),
    ("query", query::run),
    ("peers", peers::run),
    ("ingest", server::ingest::run),
    ("tail", server::tail::run),
    ("fanout", server::fanout::run),
    ("tenants", server::tenants::run),
    ("memory", server::idle::run),
    ("search", server::search::run),
    ("views", views::run),
    ("logins", server::logins::run),
    ("uploads", server::uploads::run),
];

/// How often everything is measured; the median counts.
pub const ROUNDS: usize = 3;

/// What every bench works on.
#[derive(Debug)]
pub struct Setting {
    /// Whole lines of the corpus.
    pub corpus: Bytes,
    /// Over how many tenants a store deals the lines.
    pub tenants: u32,
    /// How many work on a question at once.
    pub workers: u32,
    /// The only questions that are asked; all if none is named.
    pub questions: Vec<String>,
    /// An empty folder on the disk to be measured.
    pub dir: PathBuf,
    pub clock: SystemClock,
    /// The folder of real lines, if one is given.
    pub samples: Option<PathBuf>,
    /// Whether a filled store is made cold too, which takes longer than all else.
    pub is_aged: bool,
}

/// Where figures and remarks go.
pub struct Report<'a> {
    pub figures: &'a mut dyn Write,
    pub notes: &'a mut dyn Write,
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Report")
    }
}

impl Report<'_> {
    pub fn figure(&mut self, figure: &Figure) -> anyhow::Result<()> {
        writeln!(self.figures, "{figure}")?;
        Ok(self.figures.flush()?)
    }

    pub fn note(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.notes, "{text}")?)
    }
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// What the yardstick needed, in the same unit; none if there is nothing to compare with.
    pub yardstick: Option<f64>,
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\t{:.3}\t{}\t", self.name, self.value, self.unit)?;
        match self.yardstick {
            Some(yardstick) => write!(out, "{yardstick:.3}\t{:.3}", self.value / yardstick),
            None => write!(out, "-\t-"),
        }
    }
}

/// The middle value; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The smallest value that so many percent of all do not exceed; 0 of none.
pub fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Cuts the corpus into batches of whole lines, each of at least `bytes` but the last.
pub fn batches(corpus: &Bytes, bytes: usize) -> Vec<Bytes> {
    let mut batches = Vec::new();
    let mut rest = corpus.clone();
    while rest.len() > bytes {
        let end = newline(&rest, bytes - 1).map_or(rest.len(), |at| at + 1);
        batches.push(rest.split_to(end));
    }
    batches.extend((!rest.is_empty()).then_some(rest));
    batches
}

fn newline(bytes: &[u8], from: usize) -> Option<usize> {
    bytes[from..].iter().position(|byte| *byte == b'\n').map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_one_line_of_five_columns() {
        let figure = |yardstick| Figure { name: "log.x".to_owned(), value: 2.5, unit: "cpu-s/GB", yardstick };
        assert_eq!(figure(Some(2.0)).to_string(), "log.x\t2.500\tcpu-s/GB\t2.000\t1.250");
        assert_eq!(figure(None).to_string(), "log.x\t2.500\tcpu-s/GB\t-\t-");
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!((median(&values), percentile(&values, 99), percentile(&values, 100)), (50.0, 99.0, 100.0));
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn batches_hold_whole_lines_and_lose_none() {
        let corpus = Bytes::from_static(b"aaa\nb\ncccccccc\nd\ne");
        let check = |bytes, expected: &[&[u8]]| assert_eq!(batches(&corpus, bytes), expected, "{bytes}");
        check(4, &[b"aaa\n", b"b\ncccccccc\n", b"d\ne"]);
        check(5, &[b"aaa\nb\n", b"cccccccc\n", b"d\ne"]);
        check(100, &[b"aaa\nb\ncccccccc\nd\ne"]);
        assert!(batches(&Bytes::new(), 4).is_empty());
    }
}
