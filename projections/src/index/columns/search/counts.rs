//! Counts over the lines that a filter wants: all of them, by time and level, by the values of a field.
//!
//! Invariant: every line that passes is counted once in its bucket, and in a count by values once for each
//! value that it has. Counts of groups add up, so they can be taken in any order.

use std::collections::BTreeMap;

use antler_events::ids::TenantId;
use antler_events::line::{Level, Role};
use antler_events::query::tree::FieldName;

use super::budget::{Budget, Stop};
use super::evaluate::find;
use super::fields::TextNumbers;
use super::places::Scan;
use super::plan::Plan;
use super::rows::RowSet;
use super::select::{Period, SearchGroup, latest_first, select};
use super::tally::tally;
use super::workers::{Inline, Workers, gather};
use crate::index::columns::block::ReadError;
use crate::index::columns::view::GroupView;

/// Which lines are counted.
#[derive(Debug)]
pub struct CountSearch<'a> {
    pub plan: &'a Plan,
    pub period: Period,
}

/// What is missing from counts.
#[derive(Debug, Default)]
pub struct Gaps {
    /// Groups could not be read.
    pub damaged: Vec<ReadError>,
    pub stopped: Option<Stop>,
}

/// Lines by level; the first place is for lines without one.
pub type ByLevel = [u64; Level::ALL.len() + 1];

/// Counts lines.
pub fn count<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: &CountSearch<'_>,
    budget: &Budget<'_>,
) -> (u64, Gaps) {
    count_with(tenant, groups, asked, budget, &Inline)
}

/// The same with workers.
pub fn count_with<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: &CountSearch<'_>,
    budget: &Budget<'_>,
    workers: &dyn Workers,
) -> (u64, Gaps) {
    let (mut total, mut gaps) = (0, Gaps::default());
    let (first, last) = asked.plan.period();
    let period = (first.max(asked.period.0), last.min(asked.period.1));
    for wave in latest_first(groups, period).chunks(workers.width().max(1)) {
        gaps.stopped = budget.stop();
        if gaps.stopped.is_some() {
            break;
        }
        let counts =
            gather(workers, wave.len(), |at| wave[at].with(|view| tally(tenant, view, asked.plan, period)));
        for count in counts {
            match count {
                Ok(Ok(count)) => total += count,
                Ok(Err(error)) | Err(error) => gaps.damaged.push(error),
            }
        }
    }
    (total, gaps)
}

/// Counts lines by level in steps of time, each under its first nanosecond.
pub fn histogram<S: SearchGroup>(
    tenant: TenantId,
    groups: &[S],
    asked: &CountSearch<'_>,
    step_nanos: i64,
    budget: &Budget<'_>,
) -> (BTreeMap<i64, ByLevel>, Gaps) {
    let step = step_nanos.max(1);
    let mut buckets: BTreeMap<i64, ByLevel> = BTreeMap::new();
    let gaps = for_each_group(tenant, groups, asked, budget, |scan, found| {
        let levels = levels_of(scan, found)?;
        let mut times = Vec::with_capacity(scan.len() as usize);
        scan.group.times(scan.rows.clone(), &mut times)?;
        let mut last: Option<(i64, ByLevel)> = None;
        for row in found.iter() {
            let bucket = times[row as usize].div_euclid(step);
            match &mut last {
                Some((of, counts)) if *of == bucket => counts[usize::from(levels[row as usize])] += 1,
                _ => {
                    add(&mut buckets, last.take(), step);
                    let mut counts = ByLevel::default();
                    counts[usize::from(levels[row as usize])] = 1;
                    last = Some((bucket, counts));
                }
            }
        }
        add(&mut buckets, last, step);
        Ok(())
    });
    (buckets, gaps)
}

fn add(buckets: &mut BTreeMap<i64, ByLevel>, counted: Option<(i64, ByLevel)>, step: i64) {
    if let Some((bucket, counts)) = counted {
        let sums = buckets.entry(bucket.saturating_mul(step)).or_default();
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
}

/// A value and how many lines have it.
pub type ValueCount = (Box<[u8]>, u64);

/// Counts lines by the values of a field.
pub fn values<S: SearchGroup>(
    tenant: TenantId,
    groups: &[S],
    asked: &CountSearch<'_>,
    field: &FieldName,
    budget: &Budget<'_>,
) -> (Vec<ValueCount>, Gaps) {
    let mut numbers = TextNumbers::default();
    let mut counts: Vec<u64> = Vec::new();
    let gaps = for_each_group(tenant, groups, asked, budget, |scan, found| {
        scan.field(field, found, &mut numbers, &mut |_, number| {
            let number = number as usize;
            if counts.len() <= number {
                counts.resize(number + 1, 0);
            }
            counts[number] += 1;
        })
    });
    let mut values: Vec<ValueCount> = (0..numbers.len() as u32)
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(number, count)| (numbers.text(number).into(), count))
        .collect();
    values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    (values, gaps)
}

/// For each row of the scan the place of its level in `ByLevel`.
pub(super) fn levels_of<G: GroupView + ?Sized>(
    scan: &Scan<'_, G>,
    rows: &RowSet,
) -> Result<Vec<u8>, ReadError> {
    let mut levels = vec![0u8; scan.len() as usize];
    let mut numbers = TextNumbers::default();
    let mut known: Vec<u8> = Vec::new();
    let mut of_rows: Vec<(u32, u32)> = Vec::new();
    scan.field(&FieldName::Role(Role::Level), rows, &mut numbers, &mut |row, number| {
        of_rows.push((row, number));
    })?;
    known.extend(
        (0..numbers.len() as u32)
            .map(|number| Level::parse(numbers.text(number)).map_or(0, |level| level as u8)),
    );
    of_rows.iter().for_each(|(row, number)| levels[*row as usize] = known[*number as usize]);
    Ok(levels)
}

fn for_each_group<S: SearchGroup>(
    tenant: TenantId,
    groups: &[S],
    asked: &CountSearch<'_>,
    budget: &Budget<'_>,
    mut visit: impl for<'a> FnMut(&Scan<'a, dyn GroupView + 'a>, &RowSet) -> Result<(), ReadError>,
) -> Gaps {
    let mut gaps = Gaps::default();
    let (first, last) = asked.plan.period();
    let period = (first.max(asked.period.0), last.min(asked.period.1));
    for group in latest_first(groups, period) {
        gaps.stopped = budget.stop();
        if gaps.stopped.is_some() {
            break;
        }
        let searched = group.with(|view| {
            let selection = select(tenant, view, period)?;
            let found = find(view, selection.rows.clone(), &selection.set, asked.plan)?;
            if found.is_empty() { Ok(()) } else { visit(&Scan::new(view, selection.rows), &found) }
        });
        if let Ok(Err(error)) | Err(error) = searched {
            gaps.damaged.push(error);
        }
    }
    gaps
}
