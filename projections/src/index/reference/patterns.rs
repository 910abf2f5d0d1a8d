//! Patterns as the reference makes them: the forms of all lines at once, each line counted by hand.
//!
//! Invariant: lines of the past take part in the merging, and are counted in nothing else. It takes forms and their
//! merging from the query language, as every index does, and shares nothing with how columns count.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_events::line::Role;
use antler_events::query::matcher::Matcher;
use antler_events::query::pattern::{Form, merge};
use antler_events::query::tree::{FieldName, Filter};

use super::answers::values_of;
use super::planted::Planted;
use super::{ReferenceIndex, Stored};
use crate::index::port::{
    Bounds, Coverage, LevelCounts, PatternBucket, PatternOrder, PatternSummary, Patterns, PatternsQuery,
    Period, SearchError, ValueCount, Warning,
};

impl ReferenceIndex {
    pub(super) fn patterns_of(
        &self,
        tenant: TenantId,
        query: &PatternsQuery,
        bounds: Bounds,
    ) -> Result<Patterns, SearchError> {
        query.check()?;
        Matcher::new(&query.filter)?;
        if let Err(coverage) = self.coverage(bounds) {
            return Ok(Patterns { coverage, ..Patterns::default() });
        }
        let lines = self.passing(tenant, &query.filter, query.period);
        let past = |period: Option<Period>| {
            period.map_or(Vec::new(), |period| self.passing(tenant, &Filter::All, period))
        };
        let (old, before) = (past(looks_back_to(query)), past(compares_with(query)));
        let classes = Classes::new(lines.iter().chain(&old).chain(&before), &query.known);
        let step = self.step_of(tenant, query)?;
        let told = Told { query, classes: &classes, old: &old, before: &before, step };
        let mut patterns: Vec<PatternSummary> = classes
            .split(&lines)
            .into_iter()
            .map(|(form, lines)| self.summary(&told, form, &lines))
            .collect();
        patterns.retain(|pattern| pattern.is_new || !query.only_new);
        sort(&mut patterns, query);
        let others = patterns.split_off(patterns.len().min(query.limit as usize));
        let mut coverage = Coverage::whole();
        self.bound_examples(&mut patterns, bounds.memory_bytes, &mut coverage);
        patterns.iter_mut().for_each(|pattern| pattern.seen = pattern.seen.filter(|_| query.details.seen));
        let without_message = lines.iter().filter(|stored| form_of(stored).is_none()).count() as u64;
        Ok(Patterns {
            patterns,
            others: others.len() as u64,
            others_lines: others.iter().map(|pattern| pattern.lines).sum(),
            step: Duration::from_nanos(step.map_or(0, i64::unsigned_abs)),
            lines: lines.len() as u64,
            classified: lines.len() as u64 - without_message,
            without_message,
            unclassified: 0,
            coverage,
        })
    }

    fn bound_examples(&self, patterns: &mut [PatternSummary], bytes_max: usize, coverage: &mut Coverage) {
        let mut bytes = 0;
        for pattern in patterns {
            pattern.examples.retain(|line| {
                bytes += line.bytes_held();
                let is_too_large = bytes > bytes_max && !self.planted.is(Planted::MemoryUnbounded);
                if is_too_large {
                    coverage.note(Warning::Memory);
                }
                !is_too_large
            });
        }
    }

    fn step_of(&self, tenant: TenantId, query: &PatternsQuery) -> Result<Option<i64>, SearchError> {
        let Some(resolution) = query.details.over_time else { return Ok(None) };
        let all = self.passing(tenant, &Filter::All, query.period);
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return Ok(None) };
        let of_lines = Period { first: first.position.time, last: last.position.time };
        resolution.step_within(query.period, || of_lines).map(Some)
    }

    /// What is told of a pattern and its lines, the oldest first.
    fn summary(&self, told: &Told<'_>, form: Form, lines: &[&Stored]) -> PatternSummary {
        let (details, times) = (told.query.details, || lines.iter().map(|stored| stored.position.time));
        let mut examples: Vec<_> = lines.iter().rev().map(|stored| stored.found()).collect();
        if self.planted.is(Planted::OldestExamples) {
            examples.reverse();
        }
        examples.truncate(details.examples as usize);
        let in_past = |past: &[Stored]| told.classes.split(past).get(&form).map_or(0, Vec::len) as u64;
        let is_older = |since| times().any(|time| time < since) || in_past(told.old) > 0;
        let is_old = |since| !self.planted.is(Planted::EverythingNew) && is_older(since);
        let first_of_lines =
            if self.planted.is(Planted::FirstSeenLast) { times().max() } else { times().min() };
        PatternSummary {
            id: form.id(),
            lines: lines.len() as u64,
            seen: first_of_lines.zip(times().max()).map(|(first, last)| Period { first, last }),
            buckets: told.step.map_or(Vec::new(), |step| buckets(times(), step)),
            by_level: details.levels.then(|| levels(lines)),
            services: services(lines, details.services as usize),
            examples,
            lines_before: compares_with(told.query).map(|_| in_past(told.before)),
            is_new: told.query.new_since.is_some_and(|since| !is_old(since)),
            form,
        }
    }
}

/// What all patterns of an answer have in common.
struct Told<'a> {
    query: &'a PatternsQuery,
    classes: &'a Classes,
    old: &'a [Stored],
    before: &'a [Stored],
    step: Option<i64>,
}

/// Which pattern each form belongs to, by how it is shown.
struct Classes(BTreeMap<String, Form>);

impl Classes {
    fn new<'a>(lines: impl Iterator<Item = &'a Stored>, known: &[Form]) -> Self {
        let forms: BTreeMap<String, Form> =
            lines.filter_map(form_of).map(|form| (form.to_string(), form)).collect();
        let mut known = known.to_vec();
        known.sort_unstable_by_key(|form| (Reverse(form.literal_words()), form.clone()));
        let keeps = |form: &Form| known.iter().find(|known| known.covers(form)).cloned();
        let mut pattern_of: BTreeMap<String, Form> = BTreeMap::new();
        let mut others = Vec::new();
        for (shown, form) in forms {
            match keeps(&form) {
                Some(known) => drop(pattern_of.insert(shown, known)),
                None => others.push((shown, form)),
            }
        }
        let merged = merge(others.iter().map(|(_, form)| form));
        for ((shown, _), at) in others.into_iter().zip(merged.of_form) {
            pattern_of.insert(shown, merged.patterns[at as usize].clone());
        }
        Self(pattern_of)
    }

    /// Lines by their patterns.
    fn split<'a>(&self, lines: &'a [Stored]) -> BTreeMap<Form, Vec<&'a Stored>> {
        let mut of_patterns: BTreeMap<Form, Vec<&Stored>> = BTreeMap::new();
        for stored in lines {
            if let Some(pattern) = form_of(stored).and_then(|form| self.0.get(&form.to_string())) {
                of_patterns.entry(pattern.clone()).or_default().push(stored);
            }
        }
        of_patterns
    }
}

fn form_of(stored: &Stored) -> Option<Form> {
    stored.line().message().map(|message| Form::of_text(message.as_bytes()))
}

fn looks_back_to(query: &PatternsQuery) -> Option<Period> {
    let before = Timestamp::from_nanos(query.new_since?.nanos().checked_sub(1)?);
    Some(query.baseline.unwrap_or(Period::ALWAYS).within(Period { last: before, ..Period::ALWAYS }))
}

fn compares_with(query: &PatternsQuery) -> Option<Period> {
    (query.order == PatternOrder::MostChanged).then_some(())?;
    let Period { first, last } = query.period;
    let before = first.nanos().checked_sub(1).map(|last_before| Period {
        first: Timestamp::from_nanos(
            first.nanos().saturating_sub(last.nanos().saturating_sub(first.nanos())).saturating_sub(1),
        ),
        last: Timestamp::from_nanos(last_before),
    });
    query.baseline.or(before)
}

fn buckets(times: impl Iterator<Item = Timestamp>, step: i64) -> Vec<PatternBucket> {
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    times.for_each(|time| *counts.entry(time.nanos().div_euclid(step) * step).or_default() += 1);
    let bucket = |(start, lines)| PatternBucket { start: Timestamp::from_nanos(start), lines };
    counts.into_iter().map(bucket).collect()
}

fn levels(lines: &[&Stored]) -> LevelCounts {
    let mut counts = LevelCounts::default();
    lines.iter().for_each(|stored| counts[stored.level().map_or(0, |level| level as usize)] += 1);
    counts
}

fn services(lines: &[&Stored], wanted: usize) -> Vec<ValueCount> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for stored in lines {
        let field = FieldName::Role(Role::Service);
        let values = values_of(stored.line(), &stored.arrival.defaults, &field);
        values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
    }
    let mut services: Vec<ValueCount> =
        counts.into_iter().map(|(value, lines)| ValueCount { value, lines }).collect();
    services.sort_by(|one, other| other.lines.cmp(&one.lines).then_with(|| one.value.cmp(&other.value)));
    services.truncate(wanted);
    services
}

fn sort(patterns: &mut [PatternSummary], query: &PatternsQuery) {
    patterns.sort_by(|one, other| one.form.cmp(&other.form));
    match query.order {
        PatternOrder::MostFrequent => patterns.sort_by_key(|pattern| Reverse(pattern.lines)),
        PatternOrder::Rarest => patterns.sort_by_key(|pattern| pattern.lines),
        PatternOrder::NewestFirst => {
            patterns.sort_by_key(|pattern| Reverse(pattern.seen.map(|seen| seen.first)));
        }
        PatternOrder::MostChanged => {
            patterns.sort_by(|one, other| change(other, query).total_cmp(&change(one, query)));
        }
    }
}

/// By how many standard deviations a count differs from what the baseline lets expect.
fn change(pattern: &PatternSummary, query: &PatternsQuery) -> f64 {
    let length = |of: Period| (i128::from(of.last.nanos()) - i128::from(of.first.nanos()) + 1).max(1) as f64;
    let scale = compares_with(query).map_or(1.0, |before| length(query.period) / length(before));
    let expected = pattern.lines_before.unwrap_or_default() as f64 * scale;
    let lines = pattern.lines as f64;
    (lines - expected).abs() / (lines + expected + 1.0).sqrt()
}
