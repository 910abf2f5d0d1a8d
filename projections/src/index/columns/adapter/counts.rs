//! Answers that are counts: over time, and by the values of fields.
//!
//! Invariant: values are counted group by group into a memory that is bounded; when it is full the rarer half is
//! let go, and the answer says so. It does not decide the steps of a histogram: the port does.

use std::collections::BTreeMap;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_events::query::print_name;
use antler_events::query::tree::{FieldName, Filter};

use super::asked::Asked;
use super::lines::nanos;
use crate::index::columns::block::ReadError;
use crate::index::columns::search::counts::{self, CountSearch};
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::select::{SearchGroup, select};
use crate::index::columns::view::GroupView;
use crate::index::port::counts::counted_as;
use crate::index::port::{
    Bucket, Coverage, Facet, FacetQuery, Facets, Histogram, HistogramQuery, Period, SearchError, ValueCount,
    ValuesQuery, Warning,
};

/// Groups whose values are counted before memory is looked at.
const GROUPS_TOGETHER: usize = 4;
/// What a value costs beside its text.
const BYTES_PER_VALUE: usize = 64;

impl Asked<'_> {
    pub(super) fn histogram(
        &self,
        tenant: TenantId,
        query: &HistogramQuery,
    ) -> Result<Histogram, SearchError> {
        let plan = Plan::new(&query.filter)?;
        let mut coverage = self.coverage(query.period);
        let Some(of_lines) = self.span_of(tenant, query.period, &mut coverage) else {
            return Ok(Histogram { coverage, ..Histogram::default() });
        };
        let step = query.resolution.step_within(query.period, || of_lines)?;
        let asked = CountSearch { plan: &plan, period: nanos(query.period) };
        let (counts, gaps) = counts::histogram(tenant, &self.groups, &asked, step, &self.budget());
        self.note_gaps(&mut coverage, &gaps);
        let bucket = |(start, by_level)| Bucket { start: Timestamp::from_nanos(start), by_level };
        Ok(Histogram {
            step: Duration::from_nanos(step as u64),
            buckets: counts.into_iter().map(bucket).collect(),
            coverage,
        })
    }

    /// Time of the first and the last line of a tenant in a time; none if there are no lines.
    pub(super) fn span_of(
        &self,
        tenant: TenantId,
        period: Period,
        coverage: &mut Coverage,
    ) -> Option<Period> {
        let mut known: Option<(i64, i64)> = None;
        let mut damaged = Vec::new();
        for group in &self.groups {
            let (earliest, latest) = group.span();
            let (first, last) = nanos(period);
            let adds_nothing = known.is_some_and(|known| known.0 <= earliest && latest <= known.1);
            if adds_nothing || latest < first || last < earliest {
                continue;
            }
            let stopped = self.budget().stop();
            if stopped.is_some() {
                Self::note_stop(coverage, stopped);
                break;
            }
            match group.with(|view| times_of(tenant, view, (first, last))) {
                Ok(Ok(Some((first, last)))) => {
                    let before = known.unwrap_or((first, last));
                    known = Some((before.0.min(first), before.1.max(last)));
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) | Err(error) => damaged.push(error),
            }
        }
        self.note_damage(coverage, &damaged);
        let period =
            |(first, last)| Period { first: Timestamp::from_nanos(first), last: Timestamp::from_nanos(last) };
        known.map(period)
    }

    pub(super) fn facets(&self, tenant: TenantId, query: &FacetQuery) -> Result<Facets, SearchError> {
        query.check()?;
        let plan = Plan::new(&query.filter)?;
        let mut coverage = self.coverage(query.period);
        let mut facets = Vec::with_capacity(query.fields.len());
        let bytes_max = self.memory_bytes / query.fields.len().max(1);
        for field in &query.fields {
            let tally = self.tally(tenant, (&plan, query.period), (field, bytes_max), &mut coverage);
            facets.push(tally.facet(field, query.size, &mut coverage));
        }
        Ok(Facets { facets, coverage })
    }

    pub(super) fn values(&self, tenant: TenantId, query: &ValuesQuery) -> Result<Facets, SearchError> {
        query.check()?;
        let plan = Plan::new(&Filter::All)?;
        let mut coverage = self.coverage(query.period);
        let asked = (&query.field, self.memory_bytes);
        let mut tally = self.tally(tenant, (&plan, query.period), asked, &mut coverage);
        tally.counts.retain(|value, _| query.like.matches(value));
        // How many of those that were let go look like it is not known.
        tally.lines_left_out = 0;
        let facet = tally.facet(&query.field, query.size, &mut coverage);
        Ok(Facets { facets: vec![facet], coverage })
    }

    fn tally(
        &self,
        tenant: TenantId,
        (plan, period): (&Plan, Period),
        (field, bytes_max): (&FieldName, usize),
        coverage: &mut Coverage,
    ) -> Tally {
        let asked = CountSearch { plan, period: nanos(period) };
        let mut tally = Tally { bytes_max, ..Tally::default() };
        for some in self.groups.chunks(GROUPS_TOGETHER) {
            let (values, gaps) = counts::values(tenant, some, &asked, field, &self.budget());
            for (value, lines) in values {
                let text = String::from_utf8_lossy(&value);
                tally.add(counted_as(field, &text).unwrap_or(&text), lines);
            }
            self.note_gaps(coverage, &gaps);
            if gaps.stopped.is_some() {
                break;
            }
        }
        tally
    }
}

/// Counts of values in bounded memory.
#[derive(Debug, Default)]
struct Tally {
    counts: BTreeMap<String, u64>,
    bytes: usize,
    bytes_max: usize,
    lines_left_out: u64,
}

impl Tally {
    fn add(&mut self, value: &str, lines: u64) {
        if let Some(count) = self.counts.get_mut(value) {
            *count += lines;
            return;
        }
        self.bytes += value.len() + BYTES_PER_VALUE;
        self.counts.insert(value.to_owned(), lines);
        if self.bytes > self.bytes_max && self.counts.len() > 1 {
            self.drop_rare();
        }
    }

    /// Lets go of half of the values.
    fn drop_rare(&mut self) {
        let mut by_count: Vec<u64> = self.counts.values().copied().collect();
        let half = by_count.len() / 2;
        let edge = *by_count.select_nth_unstable(half).1;
        let mut kept_at_edge = half - self.counts.values().filter(|count| **count > edge).count().min(half);
        let (mut bytes, mut left_out) = (0, 0);
        self.counts.retain(|value, count| {
            let stays = *count > edge || *count == edge && kept_at_edge > 0;
            kept_at_edge -= usize::from(stays && *count == edge);
            if stays {
                bytes += value.len() + BYTES_PER_VALUE;
            } else {
                left_out += *count;
            }
            stays
        });
        self.bytes = bytes;
        self.lines_left_out += left_out;
    }

    fn facet(self, field: &FieldName, size: u32, coverage: &mut Coverage) -> Facet {
        if self.lines_left_out > 0 {
            coverage.note(Warning::ValuesLeftOut { field: print_name(field) });
        }
        let values = self.counts.into_iter().map(|(value, lines)| ValueCount { value, lines }).collect();
        let facet = Facet::new(field.clone(), values, size);
        Facet { others: facet.others + self.lines_left_out, ..facet }
    }
}

/// Time of the first and the last row of a tenant.
fn times_of(
    tenant: TenantId,
    view: &dyn GroupView,
    period: (i64, i64),
) -> Result<Option<(i64, i64)>, ReadError> {
    let selection = select(tenant, view, period)?;
    if selection.set.is_empty() {
        return Ok(None);
    }
    let mut times = Vec::with_capacity(selection.rows.len());
    view.times(selection.rows.clone(), &mut times)?;
    let chosen = || selection.set.iter().map(|row| times[row as usize]);
    Ok(chosen().min().zip(chosen().max()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_keeps_what_is_frequent_in_bounded_memory() {
        let mut tally = Tally { bytes_max: 50 * (BYTES_PER_VALUE + 5), ..Tally::default() };
        for number in 0..5_000u64 {
            tally.add(&format!("r{number:04}"), 1);
            tally.add(&format!("often{}", number % 3), 1);
            assert!(tally.bytes <= tally.bytes_max, "{} bytes", tally.bytes);
        }
        let mut coverage = Coverage::whole();
        let facet = tally.facet(&FieldName::named("x"), 3, &mut coverage);
        let shown: Vec<_> = facet.values.iter().map(|value| (&*value.value, value.lines)).collect();
        assert_eq!(shown, [("often0", 1_667), ("often1", 1_667), ("often2", 1_666)]);
        assert_eq!(facet.others, 5_000);
        assert_eq!(coverage.warnings, [Warning::ValuesLeftOut { field: "x".to_owned() }]);
    }
}
