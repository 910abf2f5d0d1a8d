//! What batches before have taught about names: senders of small batches send the same keys again and again.
//!
//! Invariant: a batch is the same whether names were known or not. Where a bound on names is reached and what was known
//! may have had a part in it, the batch says that it is crowded, and whoever builds it begins anew without. Memory is
//! bounded by the count of trees and of their paths. No name of a batch before is in a batch that does not bring it.

use std::fmt;
use std::sync::{Mutex, MutexGuard};

use antler_config::limits::LineLimits;

use super::{NameTable, Names};

/// Trees of more paths are let go: a sender of many names would slow down the others.
const PATHS_MAX: usize = 1024;
/// As many batches as are built at once, or about so many.
const TREES_MAX: usize = 8;

/// Trees of names that wait for the next batch.
pub struct KnownNames {
    limits: LineLimits,
    trees: Mutex<Vec<Names>>,
}

impl KnownNames {
    /// For batches that are built with these limits.
    pub fn new(limits: LineLimits) -> Self {
        Self { limits, trees: Mutex::new(Vec::new()) }
    }

    pub fn limits(&self) -> &LineLimits {
        &self.limits
    }

    pub(in crate::line) fn take(&self) -> Names {
        let known = self.trees().pop();
        known.unwrap_or_else(|| Names::new(&self.limits))
    }

    /// Takes a tree back; answers the names of the batch that it was used for.
    pub(in crate::line) fn give(&self, mut names: Names) -> NameTable {
        if names.paths.len() > PATHS_MAX || names.is_crowded {
            return names.into_table();
        }
        let table = names.renew();
        let mut trees = self.trees();
        if trees.len() < TREES_MAX {
            trees.push(names);
        }
        table
    }

    fn trees(&self) -> MutexGuard<'_, Vec<Names>> {
        self.trees.lock().expect("nothing panics while it holds the trees")
    }
}

impl fmt::Debug for KnownNames {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KnownNames({})", self.trees().len())
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Timestamp;
    use crate::line::{LineBatch, LineBatchBuilder};

    use super::*;

    const AT: Timestamp = Timestamp::from_nanos(0);

    fn limits() -> LineLimits {
        LineLimits { names_per_batch_max: 6, ..LineLimits::default() }
    }

    fn filled(mut builder: LineBatchBuilder, lines: &[String]) -> LineBatchBuilder {
        lines.iter().for_each(|line| builder.push_json(line.as_bytes()).unwrap_or_default());
        builder
    }

    /// As a decoder builds it, and whether it was crowded.
    fn knowing(known: &KnownNames, lines: &[String]) -> (LineBatch, bool) {
        let builder = filled(LineBatchBuilder::knowing(known, AT), lines);
        let is_crowded = builder.is_crowded();
        let batch = builder.finish_knowing(known);
        match is_crowded {
            true => (filled(LineBatchBuilder::new(limits(), AT), lines).finish(), true),
            false => (batch, false),
        }
    }

    fn line(keys: &[u32]) -> String {
        let fields = keys.iter().map(|key| match key % 5 {
            0 => format!("\"a{key}\":{{\"b\":{key},\"c{key}\":\"x\"}}"),
            1 => "\"level\":\"info\"".to_owned(),
            _ => format!("\"k{key}\":{key}"),
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn a_batch_is_the_same_whatever_was_known() {
        let known = KnownNames::new(limits());
        let mut state = 1u32;
        let mut draw = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let mut crowded = 0;
        for round in 0..500 {
            let kinds = if round % 7 == 0 { 60 } else { 8 };
            let lines: Vec<String> = (0..draw(6))
                .map(|_| line(&(0..draw(8)).map(|_| draw(kinds)).collect::<Vec<_>>()))
                .chain((round % 3 == 0).then(|| "{\"broken\":1,\"k1\":".to_owned()))
                .collect();
            let alone = filled(LineBatchBuilder::new(limits(), AT), &lines).finish();
            let shown = |batch: &LineBatch| format!("{:?} {:?}", batch.names().collect::<Vec<_>>(), batch);
            let fields = |batch: &LineBatch| {
                let of_line =
                    |line: crate::line::Line<'_>| format!("{:?}", line.fields().collect::<Vec<_>>());
                batch.lines().map(of_line).collect::<Vec<_>>()
            };
            let (batch, is_crowded) = knowing(&known, &lines);
            crowded += u32::from(is_crowded);
            assert_eq!(shown(&batch), shown(&alone), "{lines:?}");
            assert_eq!(fields(&batch), fields(&alone), "{lines:?}");
        }
        // Both must have happened, or this proves nothing.
        assert!((10..400).contains(&crowded), "{crowded}");
    }
}
