//! How a search was answered: its steps, the ways that parts of the index took, and what each cost.
//!
//! Invariant: figures were counted while the search ran; nothing is estimated. It does not change the search.

use std::fmt;
use std::time::Duration;

use super::answer::Coverage;

/// Parts that are named of those that took one way.
pub const PARTS_NAMED_MAX: usize = 100;

/// What a search did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The filter as it was understood.
    pub filter: String,
    pub steps: Vec<Step>,
    /// Lines of the page, which is not given.
    pub lines: u64,
    pub coverage: Coverage,
}

/// A step of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    pub what: String,
    /// Parts of the index: each took one way.
    pub parts: u64,
    pub ways: Vec<Way>,
    /// What was looked at, and how often.
    pub looked_at: Vec<(String, u64)>,
    pub cost: Cost,
}

/// How some parts of the index were dealt with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    pub what: String,
    pub parts: u64,
    /// The names of the first of them, as warnings name them.
    pub names: Vec<String>,
    pub cost: Cost,
}

/// What it took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Bytes that were read from storage, and from memory in their place.
    pub stored_bytes_read: u64,
    pub cached_bytes_read: u64,
    /// Time of all threads together.
    pub took: Duration,
}

impl Step {
    /// Notes which way a part took.
    pub fn note(&mut self, part: String, way: &str, cost: Cost) {
        self.parts += 1;
        self.cost.add(cost);
        let at = self.ways.iter().position(|known| known.what == way).unwrap_or_else(|| {
            self.ways.push(Way { what: way.to_owned(), ..Way::default() });
            self.ways.len() - 1
        });
        let way = &mut self.ways[at];
        way.parts += 1;
        way.cost.add(cost);
        if way.names.len() < PARTS_NAMED_MAX {
            way.names.push(part);
        }
    }
}

impl Cost {
    pub fn add(&mut self, other: Self) {
        self.stored_bytes_read += other.stored_bytes_read;
        self.cached_bytes_read += other.cached_bytes_read;
        self.took += other.took;
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "lines that pass {}", self.filter)?;
        for step in &self.steps {
            write!(out, "\n{step}")?;
        }
        self.coverage.warnings.iter().try_for_each(|warning| write!(out, "\n{warning}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} parts; {}", self.what, self.parts, self.cost)?;
        self.ways.iter().try_for_each(|way| write!(out, "\n  {way}"))?;
        self.looked_at.iter().try_for_each(|(what, count)| write!(out, "\n  {count} {what}"))
    }
}

impl fmt::Display for Way {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} parts {}; {}: {}", self.parts, self.what, self.cost, self.names.join(", "))?;
        let unnamed = self.parts.saturating_sub(self.names.len() as u64);
        if unnamed > 0 { write!(out, " and {unnamed} more") } else { Ok(()) }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stored_bytes_read, cached_bytes_read, took } = self;
        write!(out, "{stored_bytes_read} bytes read, {cached_bytes_read} more from memory, {took:?}")
    }
}
