//! Answers that are patterns.
//!
//! Invariant: all that the memory of the question has no room for is named, and lines that are given as examples are
//! the tenant's. It finds no pattern: `search::patterns` does.

use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;

use super::asked::Asked;
use super::lines::{found, nanos};
use crate::index::columns::search::patterns::{self, FoundPattern, PatternAnswer, PatternSearch};
use crate::index::columns::search::plan::Plan;
use crate::index::port::{
    Coverage, PatternBucket, PatternSummary, Patterns, PatternsQuery, Period, SearchError, ValueCount,
    Warning,
};

impl Asked<'_> {
    pub(super) fn patterns(&self, tenant: TenantId, query: &PatternsQuery) -> Result<Patterns, SearchError> {
        query.check()?;
        let plan = Plan::new(&query.filter)?;
        let mut coverage = self.coverage(query.looked_at());
        let step_nanos = self.step_of_patterns(tenant, query, &mut coverage)?;
        let asked = PatternSearch {
            plan: &plan,
            period: nanos(query.period),
            order: query.order,
            limit: query.limit as usize,
            details: patterns::PatternDetails {
                seen: query.details.seen,
                step_nanos,
                levels: query.details.levels,
                services: query.details.services as usize,
                examples: query.details.examples as usize,
            },
            new_since: query.new_since,
            only_new: query.only_new,
            baseline: query.baseline.map(nanos),
            known: &query.known,
            bytes_max: self.memory_bytes / 2,
        };
        let answer = patterns::patterns(tenant, &self.groups, &asked, &self.budget());
        self.note_missing(&mut coverage, &answer);
        let others = answer.patterns_found.saturating_sub(answer.patterns.len()) as u64;
        Ok(Patterns {
            others,
            others_lines: answer.lines_left_out,
            step: Duration::from_nanos(step_nanos.map_or(0, i64::unsigned_abs)),
            lines: answer.lines,
            classified: answer.classified,
            without_message: answer.without_message,
            unclassified: answer.unclassified,
            patterns: answer.patterns.into_iter().map(|pattern| summary(query, pattern)).collect(),
            coverage,
        })
    }

    /// How finely time is cut; none if that is not asked for, or if there are no lines.
    fn step_of_patterns(
        &self,
        tenant: TenantId,
        query: &PatternsQuery,
        coverage: &mut Coverage,
    ) -> Result<Option<i64>, SearchError> {
        let Some(resolution) = query.details.over_time else { return Ok(None) };
        let of_lines = self.span_of(tenant, query.period, coverage);
        of_lines.map(|of_lines| resolution.step_within(query.period, || of_lines)).transpose()
    }

    fn note_missing(&self, coverage: &mut Coverage, answer: &PatternAnswer) {
        Self::note_stop(coverage, answer.stopped);
        let damaged: Vec<_> = answer.damaged.iter().map(|damaged| damaged.error.clone()).collect();
        self.note_damage(coverage, &damaged);
        if answer.is_cut {
            coverage.note(Warning::Memory);
        }
        if answer.unclassified > 0 {
            coverage.note(Warning::MessagesLeftOut { lines: answer.unclassified });
        }
        if answer.unclassified_before > 0 {
            coverage.note(Warning::OlderMessagesLeftOut { lines: answer.unclassified_before });
        }
    }
}

fn summary(query: &PatternsQuery, pattern: FoundPattern) -> PatternSummary {
    let bucket = |(start, lines)| PatternBucket { start: Timestamp::from_nanos(start), lines };
    let service = |(name, lines): (Box<[u8]>, u64)| ValueCount {
        value: String::from_utf8_lossy(&name).into_owned(),
        lines,
    };
    let is_seen = query.details.seen;
    PatternSummary {
        id: pattern.id,
        form: pattern.form,
        lines: pattern.count,
        seen: pattern.seen.filter(|_| is_seen).map(|(first, last)| Period { first, last }),
        buckets: pattern.buckets.into_iter().map(bucket).collect(),
        by_level: query.details.levels.then_some(pattern.levels),
        services: pattern.services.into_iter().map(service).collect(),
        examples: pattern.examples.into_iter().map(found).collect(),
        lines_before: pattern.count_before,
        is_new: pattern.is_new,
    }
}
