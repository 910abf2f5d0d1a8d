//! Scans: the answers by looking at every line.
//!
//! Invariant: what a scan holds follows from the lines that match, never from an index or a plan.
//! It is not fast and is not measured.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use antler_events::line::{Line, Value};

use super::expected::{Expected, Row, span_of_percentile_95};
use super::subject;

type Test = dyn Fn(Line<'_>) -> bool;
/// The group of a line, if it is in one.
type Key = dyn Fn(Line<'_>) -> Option<Vec<String>>;

/// How a question is answered without an engine.
#[derive(Clone)]
pub(super) enum Naive {
    Lines { test: Arc<Test>, wanted: usize, newest: bool },
    Groups { key: Arc<Key>, aggregate: Aggregate, top: Option<usize> },
}

/// The value of a group.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aggregate {
    Count,
    Percentile95(&'static str),
    Distinct(&'static str),
}

impl Naive {
    /// The latest so many lines that pass, or all if they are fewer.
    pub(super) fn newest(wanted: usize, test: impl Fn(Line<'_>) -> bool + 'static) -> Self {
        Self::Lines { test: Arc::new(test), wanted, newest: true }
    }

    /// Any so many lines that pass, or all if they are fewer.
    pub(super) fn any(wanted: usize, test: impl Fn(Line<'_>) -> bool + 'static) -> Self {
        Self::Lines { test: Arc::new(test), wanted, newest: false }
    }

    pub(super) fn count(test: fn(Line<'_>) -> bool) -> Self {
        Self::groups(move |line| test(line).then(Vec::new), Aggregate::Count)
    }

    pub(super) fn groups(
        key: impl Fn(Line<'_>) -> Option<Vec<String>> + 'static,
        aggregate: Aggregate,
    ) -> Self {
        Self::Groups { key: Arc::new(key), aggregate, top: None }
    }

    /// The groups with the most lines.
    pub(super) fn top(wanted: usize, key: fn(Line<'_>) -> Option<Vec<String>>) -> Self {
        Self::Groups { key: Arc::new(key), aggregate: Aggregate::Count, top: Some(wanted) }
    }

    pub(super) fn lines_wanted(&self) -> Option<usize> {
        match self {
            Self::Lines { wanted, .. } => Some(*wanted),
            Self::Groups { .. } => None,
        }
    }
}

impl fmt::Debug for Naive {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.lines_wanted().is_some() { "Naive::Lines" } else { "Naive::Groups" })
    }
}

/// A scan on its way through the corpus.
#[derive(Debug)]
pub(super) struct Scan {
    naive: Naive,
    /// With their times.
    lines: Vec<(i64, Row)>,
    groups: BTreeMap<Vec<String>, Group>,
}

#[derive(Debug, Default)]
struct Group {
    count: u64,
    numbers: Vec<f64>,
    texts: BTreeSet<String>,
}

impl Scan {
    pub(super) fn new(naive: Naive) -> Self {
        Self { naive, lines: Vec::new(), groups: BTreeMap::new() }
    }

    pub(super) fn take(&mut self, line: Line<'_>) {
        match &self.naive {
            Naive::Lines { test, .. } => {
                if test(line) {
                    let nanos = line.timestamp().nanos();
                    self.lines.push((nanos, vec![nanos.to_string(), subject::message(line).into_owned()]));
                }
            }
            Naive::Groups { key, aggregate, .. } => match (key(line), aggregate) {
                (Some(key), Aggregate::Count) => self.groups.entry(key).or_default().count += 1,
                (Some(key), Aggregate::Percentile95(name)) => {
                    let number = subject::field(line, name).and_then(Value::as_f64);
                    number
                        .into_iter()
                        .for_each(|it| self.groups.entry(key.clone()).or_default().numbers.push(it));
                }
                (Some(key), Aggregate::Distinct(name)) => {
                    let texts = &mut self.groups.entry(key).or_default().texts;
                    texts.extend(subject::field(line, name).map(|value| value.text().into_owned()));
                }
                (None, _) => {}
            },
        }
    }

    pub(super) fn finish(self) -> Expected {
        match self.naive {
            Naive::Lines { wanted, newest, .. } => Expected::lines(self.lines, wanted, newest),
            Naive::Groups { top: Some(wanted), .. } => {
                let count = |(key, group): (Vec<String>, Group)| (key.concat(), group.count);
                Expected::Top { counts: self.groups.into_iter().map(count).collect(), wanted }
            }
            Naive::Groups { aggregate: Aggregate::Percentile95(_), .. } => {
                let span = |(key, group): (Vec<String>, Group)| (key, span_of_percentile_95(group.numbers));
                Expected::Between(self.groups.into_iter().map(span).collect())
            }
            Naive::Groups { aggregate: Aggregate::Count, .. } => table(self.groups, |group| group.count),
            Naive::Groups { aggregate: Aggregate::Distinct(_), .. } => {
                let count = |(key, group): (Vec<String>, Group)| (key, group.texts.len() as u64);
                Expected::Distinct(self.groups.into_iter().map(count).collect())
            }
        }
    }
}

fn table(groups: BTreeMap<Vec<String>, Group>, value: fn(&Group) -> u64) -> Expected {
    let row = |(mut key, group): (Vec<String>, Group)| {
        key.push(value(&group).to_string());
        key
    };
    Expected::Table(groups.into_iter().map(row).collect())
}
