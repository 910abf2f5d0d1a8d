//! From forms to patterns: counts of the forms of a pattern are added, and patterns are put in order.
//!
//! Invariant: the order is total, so the same counts give the same list. Forms of the past take part in the merging,
//! as what varied then varies now. It reads no group.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use antler_events::clock::Timestamp;
use antler_events::query::pattern::{Form, merge};
use foldhash::fast::FixedState;

use super::forms::Forms;
use super::tally::Tally;
use super::{FoundPattern, Past, PatternSearch};
use crate::index::port::PatternOrder;

/// The patterns that are answered.
pub(super) struct Ranked {
    pub(super) patterns: Vec<Gathered>,
    /// How many there are without the limit.
    pub(super) found: usize,
    /// Lines of those behind the limit.
    pub(super) lines_left_out: u64,
}

/// A pattern with its forms.
pub(super) struct Gathered {
    pub(super) pattern: FoundPattern,
    pub(super) forms: Vec<u32>,
}

pub(super) fn rank(asked: &PatternSearch<'_>, forms: &Forms, tally: &Tally, past: &Past) -> Ranked {
    let mut patterns = gathered(forms, asked.known);
    patterns.iter_mut().for_each(|gathered| gathered.add_counts(asked, tally, past));
    patterns.retain(|gathered| gathered.pattern.count > 0);
    if asked.only_new {
        patterns.retain(|gathered| gathered.pattern.is_new);
    }
    let found = patterns.len();
    sort(asked, &mut patterns);
    let left_out = patterns.split_off(asked.limit.min(found));
    let lines_left_out = left_out.iter().map(|gathered| gathered.pattern.count).sum();
    if asked.details.services > 0 {
        add_services(asked.details.services, tally, &mut patterns);
    }
    Ranked { patterns, found, lines_left_out }
}

/// Which forms become which patterns.
fn gathered(forms: &Forms, known: &[Form]) -> Vec<Gathered> {
    let mut known: Vec<&Form> = known.iter().collect();
    // The one that says most comes first.
    known.sort_unstable_by_key(|form| (Reverse(form.literal_words()), *form));
    known.dedup();
    let mut patterns: Vec<Gathered> = known.iter().copied().map(Gathered::new).collect();
    let mut others = Vec::new();
    for (form, number) in forms.all().iter().zip(0..) {
        match known.iter().position(|known| known.covers(form)) {
            Some(at) => patterns[at].forms.push(number),
            None => others.push(number),
        }
    }
    let merged = merge(others.iter().map(|number| &forms.all()[*number as usize]));
    let places: Vec<usize> = (merged.patterns.iter())
        .map(|form| {
            let at = known.iter().position(|known| *known == form).unwrap_or(patterns.len());
            if at == patterns.len() {
                patterns.push(Gathered::new(form));
            }
            at
        })
        .collect();
    for (number, pattern) in others.into_iter().zip(merged.of_form) {
        patterns[places[pattern as usize]].forms.push(number);
    }
    patterns
}

impl Gathered {
    fn new(form: &Form) -> Self {
        let pattern = FoundPattern {
            id: form.id(),
            form: form.clone(),
            count: 0,
            seen: None,
            buckets: Vec::new(),
            levels: Default::default(),
            services: Vec::new(),
            examples: Vec::new(),
            count_before: None,
            is_new: false,
        };
        Self { pattern, forms: Vec::new() }
    }

    fn add_counts(&mut self, asked: &PatternSearch<'_>, tally: &Tally, past: &Past) {
        let pattern = &mut self.pattern;
        let mut buckets: BTreeMap<i64, u64> = BTreeMap::new();
        let mut seen: Option<(i64, i64)> = None;
        for of_form in self.forms.iter().filter_map(|form| tally.of_forms.get(*form as usize)) {
            pattern.count += of_form.count;
            pattern.levels.iter_mut().zip(of_form.levels).for_each(|(sum, lines)| *sum += lines);
            of_form.buckets.iter().for_each(|(start, lines)| *buckets.entry(*start).or_default() += lines);
            if let Some((first, last)) = of_form.seen {
                let (earliest, latest) = seen.unwrap_or((first, last));
                seen = Some((earliest.min(first), latest.max(last)));
            }
        }
        pattern.buckets = buckets.into_iter().collect();
        pattern.seen = seen.map(|(first, last)| (Timestamp::from_nanos(first), Timestamp::from_nanos(last)));
        let sum =
            |counts: &[u64]| -> u64 { self.forms.iter().filter_map(|form| counts.get(*form as usize)).sum() };
        pattern.count_before = asked.compares_with().map(|_| sum(&past.compared));
        let is_old = |since| sum(&past.old) > 0 || pattern.seen.is_some_and(|(first, _)| first < since);
        pattern.is_new = asked.new_since.is_some_and(|since| !is_old(since));
    }
}

fn sort(asked: &PatternSearch<'_>, patterns: &mut [Gathered]) {
    // Patterns are different, so the form decides in the end.
    match asked.order {
        PatternOrder::MostFrequent => patterns.sort_by(|one, other| {
            let key = |gathered: &Gathered| Reverse(gathered.pattern.count);
            key(one).cmp(&key(other)).then_with(|| one.pattern.form.cmp(&other.pattern.form))
        }),
        PatternOrder::Rarest => patterns.sort_by(|one, other| {
            let key = |gathered: &Gathered| gathered.pattern.count;
            key(one).cmp(&key(other)).then_with(|| one.pattern.form.cmp(&other.pattern.form))
        }),
        PatternOrder::NewestFirst => patterns.sort_by(|one, other| {
            let key = |gathered: &Gathered| Reverse(gathered.pattern.seen.map(|(first, _)| first));
            key(one).cmp(&key(other)).then_with(|| one.pattern.form.cmp(&other.pattern.form))
        }),
        PatternOrder::MostChanged => patterns.sort_by(|one, other| {
            let key = |gathered: &Gathered| change(asked, &gathered.pattern);
            key(other).total_cmp(&key(one)).then_with(|| one.pattern.form.cmp(&other.pattern.form))
        }),
    }
}

/// By how many standard deviations a count differs from what the baseline lets expect.
fn change(asked: &PatternSearch<'_>, pattern: &FoundPattern) -> f64 {
    let length = |(first, last): (i64, i64)| (i128::from(last) - i128::from(first) + 1).max(1) as f64;
    let scale = asked.compares_with().map_or(1.0, |before| length(asked.period) / length(before));
    let expected = pattern.count_before.unwrap_or_default() as f64 * scale;
    let count = pattern.count as f64;
    (count - expected).abs() / (count + expected + 1.0).sqrt()
}

fn add_services(wanted: usize, tally: &Tally, patterns: &mut [Gathered]) {
    let mut pattern_of: HashMap<u32, usize, FixedState> = HashMap::default();
    for (at, gathered) in patterns.iter().enumerate() {
        pattern_of.extend(gathered.forms.iter().map(|form| (*form, at)));
    }
    let mut lines: BTreeMap<(usize, &[u8]), u64> = BTreeMap::new();
    for (form, service, count) in tally.services_of() {
        if let Some(at) = pattern_of.get(&form) {
            *lines.entry((*at, service)).or_default() += count;
        }
    }
    for ((at, service), count) in lines {
        patterns[at].pattern.services.push((service.into(), count));
    }
    for gathered in patterns {
        let services = &mut gathered.pattern.services;
        services.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        services.truncate(wanted);
    }
}
