//! Which corpus: the choice of the tools that take `--corpus`.
//!
//! Invariant: the same choice, seed and samples give the same bytes. It does not hold what it has written:
//! a caller who wants it all at once asks for so many bytes.

use std::path::Path;

use anyhow::Context as _;
use clap::ValueEnum;

use super::Corpus;
use super::samples::{Samples, unrepeated};
use super::unruly::Unruly;

/// Room for the last record, so that a large buffer need not grow for it.
const RECORD_BYTES: usize = 16 << 10;

/// The corpora by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Many systems at once, with real lines in it if there are samples.
    Mixed,
    /// Chat, prose, base64 and random ids: text without templates.
    Unruly,
    /// The samples as they are, each line once.
    Unrepeated,
}

/// A corpus that is being written.
#[derive(Debug)]
pub enum Source {
    Mixed(Box<Corpus>),
    Unruly(Unruly),
    Unrepeated { text: Vec<u8>, written: usize },
}

impl Source {
    pub fn open(kind: Kind, seed: u64, samples: Option<&Path>) -> anyhow::Result<Self> {
        Ok(match (kind, samples) {
            (Kind::Mixed, None) => Self::Mixed(Box::new(Corpus::new(seed))),
            (Kind::Mixed, Some(dir)) => {
                Self::Mixed(Box::new(Corpus::new(seed).with_samples(Samples::load(dir)?)))
            }
            (Kind::Unruly, _) => Self::Unruly(Unruly::new(seed)),
            (Kind::Unrepeated, samples) => {
                let dir = samples.context("the corpus unrepeated is made of samples: name their folder")?;
                Self::Unrepeated { text: unrepeated(dir)?, written: 0 }
            }
        })
    }

    /// Appends the next record, a line or several with their ends; false if there is none any more.
    pub fn write_record(&mut self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Mixed(corpus) => {
                corpus.write_record(out);
                true
            }
            Self::Unruly(corpus) => {
                corpus.write_record(out);
                true
            }
            Self::Unrepeated { text, written } => {
                let Some(line) = text[*written..].split_inclusive(|byte| *byte == b'\n').next() else {
                    return false;
                };
                out.extend_from_slice(line);
                *written += line.len();
                true
            }
        }
    }

    /// Whole records of at least so many bytes together, if there are so many.
    pub fn write_bytes(&mut self, bytes: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.saturating_add(RECORD_BYTES));
        while out.len() < bytes && self.write_record(&mut out) {}
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corpus_gives_whole_lines_until_there_are_enough() {
        for kind in [Kind::Mixed, Kind::Unruly] {
            let text = Source::open(kind, 1, None).unwrap().write_bytes(100_000);
            assert!(text.len() >= 100_000 && text.len() < 200_000 && text.ends_with(b"\n"), "{kind:?}");
        }
        assert_eq!(Source::open(Kind::Mixed, 1, None).unwrap().write_bytes(9_999), {
            Corpus::new(1).write_bytes(9_999)
        });
    }

    #[test]
    fn samples_come_once_byte_for_byte_and_then_no_more() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("Cron")).unwrap();
        std::fs::write(dir.path().join("Cron/a.log"), b"one\r\n\n\xfftwo").unwrap();
        std::fs::write(dir.path().join("Cron/b.log"), b"three\n").unwrap();
        let mut source = Source::open(Kind::Unrepeated, 1, Some(dir.path())).unwrap();
        assert_eq!(source.write_bytes(8), b"one\r\n\n\xfftwo\n");
        assert_eq!(source.write_bytes(1_000), b"three\n");
        assert!(!source.write_record(&mut Vec::new()));
    }

    #[test]
    fn unrepeated_lines_need_samples() {
        let error = Source::open(Kind::Unrepeated, 1, None).unwrap_err().to_string();
        assert_eq!(error, "the corpus unrepeated is made of samples: name their folder");
    }
}
