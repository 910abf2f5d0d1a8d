//! Patterns: what messages have in common, how often and when they come, with examples, and which are new.
//!
//! A pattern is what `antler_events::query::pattern` makes of messages: their forms, merged. An index may keep forms,
//! or make them of the lines when it is asked.
//! Invariant: the same lines give the same patterns with the same ids and counts in every index, in a total order.
//! It does not decide what is shown of a form, nor which patterns somebody keeps.

use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::query::pattern::{Form, PatternId};
use antler_events::query::tree::Filter;

use super::answer::Coverage;
use super::counts::{LevelCounts, Resolution, ValueCount};
use super::error::{SearchError, within};
use super::line::FoundLine;
use super::search::Period;

/// Patterns of an answer.
pub const PATTERNS_MAX: u32 = 10_000;
/// Lines and services that are given of one pattern.
pub const EXAMPLES_MAX: u32 = 100;
pub const SERVICES_MAX: u32 = 1_000;
/// Patterns that somebody has kept.
pub const KNOWN_PATTERNS_MAX: usize = 1_000;

/// Which patterns come first. Those that are equal in it come in the order of their forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PatternOrder {
    #[default]
    MostFrequent,
    Rarest,
    /// Those that were seen for the first time last.
    NewestFirst,
    /// Those that come more or less often than in the baseline, beyond what chance does.
    MostChanged,
}

/// What is told of each pattern beside how many lines it has. Each costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PatternDetails {
    /// When the first and the last line was.
    pub seen: bool,
    /// Lines over time, cut as a histogram is.
    pub over_time: Option<Resolution>,
    /// Lines by level.
    pub levels: bool,
    /// So many of the most frequent services.
    pub services: u32,
    /// So many of the newest lines.
    pub examples: u32,
}

/// Which patterns are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternsQuery {
    /// Lines that are counted.
    pub filter: Filter,
    pub period: Period,
    pub order: PatternOrder,
    /// Patterns of the answer.
    pub limit: u32,
    pub details: PatternDetails,
    /// Patterns are new that no line of the tenant before this moment has, whatever the filter says of it.
    pub new_since: Option<Timestamp>,
    /// Only new ones.
    pub only_new: bool,
    /// How far back newness looks, and what changes are measured against. Without it newness looks back without an
    /// end, and changes are measured against the time before the period, as long as the period is; times in the filter do not count.
    pub baseline: Option<Period>,
    /// Patterns that somebody has kept. Whatever they cover belongs to them, so that they keep their ids.
    pub known: Vec<Form>,
}

impl PatternsQuery {
    /// The most frequent patterns of all lines, with nothing but counts.
    pub fn most_frequent(limit: u32) -> Self {
        Self {
            filter: Filter::All,
            period: Period::ALWAYS,
            order: PatternOrder::MostFrequent,
            limit,
            details: PatternDetails::default(),
            new_since: None,
            only_new: false,
            baseline: None,
            known: Vec::new(),
        }
    }

    pub fn check(&self) -> Result<(), SearchError> {
        let asked = u64::from;
        within("patterns", asked(self.limit), asked(PATTERNS_MAX))?;
        within("examples of a pattern", asked(self.details.examples), asked(EXAMPLES_MAX))?;
        within("services of a pattern", asked(self.details.services), asked(SERVICES_MAX))?;
        within("kept patterns", self.known.len() as u64, KNOWN_PATTERNS_MAX as u64)
    }

    /// All time that the answer depends on.
    pub fn looked_at(&self) -> Period {
        let Period { first, last } = self.period;
        let length = last.nanos().saturating_sub(first.nanos());
        let as_long_before = Timestamp::from_nanos(first.nanos().saturating_sub(length).saturating_sub(1));
        let is_compared = self.order == PatternOrder::MostChanged;
        match self.baseline {
            _ if self.new_since.is_none() && !is_compared => self.period,
            Some(baseline) => Period { first: first.min(baseline.first), last: last.max(baseline.last) },
            None if self.new_since.is_some() => Period { first: Period::ALWAYS.first, last },
            None => Period { first: as_long_before, last },
        }
    }
}

/// Patterns in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patterns {
    pub patterns: Vec<PatternSummary>,
    /// Patterns that the limit left out, and how many lines they have.
    pub others: u64,
    pub others_lines: u64,
    /// How finely time was cut; zero if that was not asked for, or if there are no lines.
    pub step: Duration,
    /// Lines that the filter wants: those that have a pattern, those without a message, and those whose message was
    /// not looked at.
    pub lines: u64,
    pub classified: u64,
    pub without_message: u64,
    pub unclassified: u64,
    pub coverage: Coverage,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternSummary {
    pub id: PatternId,
    /// What it is shown as.
    pub form: Form,
    pub lines: u64,
    /// Time of the first and of the last line, if asked for.
    pub seen: Option<Period>,
    /// Those with lines, in the order of time. They begin at multiples of the step since 1970.
    pub buckets: Vec<PatternBucket>,
    /// If asked for.
    pub by_level: Option<LevelCounts>,
    /// The most frequent first.
    pub services: Vec<ValueCount>,
    /// The newest first.
    pub examples: Vec<FoundLine>,
    /// Lines of the baseline, if changes are asked for.
    pub lines_before: Option<u64>,
    /// Whether nothing older has it; false if that was not asked for.
    pub is_new: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatternBucket {
    pub start: Timestamp,
    pub lines: u64,
}
