//! What a rule is: a name, its reason, the way out, a check, and samples that prove the check.
//!
//! Invariant: a rule without an offending sample does not exist; the field is not optional.
//! It does not decide what happens with a finding: the test does.

use std::fmt;

use super::repository::Repository;
use super::source::{Source, matches_name};

/// The files of a small repository, as (path, text).
pub type Sample = &'static [(&'static str, &'static str)];

/// A sample that is long and made of one byte is easier to count than to write.
pub const fn text_of(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("samples are ASCII"),
    }
}

pub type Check = Box<dyn Fn(&Repository) -> Vec<Finding>>;

pub struct Rule {
    pub name: &'static str,
    /// Why the rule is there.
    pub reason: &'static str,
    /// What to do instead.
    pub way_out: &'static str,
    pub check: Check,
    /// Repositories in which the rule finds something.
    pub offending: &'static [Sample],
    /// Repositories in which it finds nothing, though they come close.
    pub innocent: &'static [Sample],
}

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file: String,
    pub line: usize,
    /// What stands there.
    pub what: String,
}

impl Finding {
    pub fn new(file: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.into(), line, what: what.into() }
    }
}

/// A finding together with the rule it breaks, as it is shown.
pub struct Violation<'a> {
    pub rule: &'a Rule,
    pub finding: Finding,
}

impl fmt::Display for Violation<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { file, line, what } = &self.finding;
        let Rule { name, reason, way_out, .. } = self.rule;
        write!(out, "{file}:{line}: {name}: {what}\n    why: {reason}\n    way out: {way_out}")
    }
}

impl Rule {
    /// All that breaks this rule, each place once.
    pub fn violations(&self, repository: &Repository) -> Vec<Violation<'_>> {
        let mut findings = (self.check)(repository);
        findings.sort();
        findings.dedup_by(|a, b| (&a.file, a.line) == (&b.file, b.line));
        findings.into_iter().map(|finding| Violation { rule: self, finding }).collect()
    }
}

/// A path prefix where something is allowed, with the reason.
pub type Place = (&'static str, &'static str);

/// Whether a rule also binds the code of tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TestCode {
    Free,
    Bound,
}

/// Looks at every source file by itself.
pub fn each_source(check: fn(&Source) -> Vec<Finding>) -> Check {
    Box::new(move |repository| repository.sources.iter().flat_map(check).collect())
}

/// The names may be used below the given places only.
pub fn names_only_in(names: &'static [&'static str], places: &'static [Place], tests: TestCode) -> Check {
    Box::new(move |repository| {
        let outside = |source: &&Source| !places.iter().any(|(prefix, _)| source.path.starts_with(prefix));
        let mut findings = Vec::new();
        for source in repository.sources.iter().filter(outside) {
            let bound = |line: usize| tests == TestCode::Bound || !source.is_test(line);
            for named in source.names.iter().filter(|named| bound(named.line)) {
                if names.iter().any(|name| matches_name(named, name)) {
                    findings.push(Finding::new(&source.path, named.line, format!("`{}`", named.name)));
                }
            }
        }
        findings
    })
}
