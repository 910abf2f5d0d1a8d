//! Counts over the lines that a filter wants: all of them, by time and level, by the values of a field.
//!
//! Invariant: every line that passes is counted once in its bucket, and in a count by values once for each
//! value that it has. Counts of groups add up, so they can be taken in any order.

use std::collections::BTreeMap;

use antler_events::ids::TenantId;
use antler_events::line::{Level, Role};
use antler_events::query::tree::FieldName;

use super::budget::{Budget, Stop};
use super::counted::Counted;
use super::evaluate::find;
use super::fields::TextNumbers;
use super::places::Scan;
use super::plan::Plan;
use super::rows::RowSet;
use super::select::{Period, SearchGroup, latest_first, select};
use super::tally::tally;
use super::waves::{Sum, sum_groups};
use crate::index::columns::block::ReadError;
use crate::index::columns::rollup::Cell;
use crate::index::columns::view::GroupView;

const NANOS_PER_MINUTE: i64 = 60_000_000_000;

/// Which lines are counted.
#[derive(Debug)]
pub struct CountSearch<'a> {
    pub plan: &'a Plan,
    pub period: Period,
}

impl CountSearch<'_> {
    /// The time that lines can be of.
    fn narrowed(&self) -> Period {
        let (first, last) = self.plan.period();
        (first.max(self.period.0), last.min(self.period.1))
    }
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
    let (mut total, period) = (0, asked.narrowed());
    let groups = latest_first(groups, period);
    let gaps = sum_groups(&groups, budget, &mut total, |view, total| {
        *total += tally(tenant, view, asked.plan, period)?;
        Ok(())
    });
    (total, gaps)
}

/// Counts lines by level in steps of time, each under its first nanosecond.
pub fn histogram<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: &CountSearch<'_>,
    step_nanos: i64,
    budget: &Budget<'_>,
) -> (BTreeMap<i64, ByLevel>, Gaps) {
    let mut histogram = Histogram { step: step_nanos.max(1), buckets: BTreeMap::new() };
    let gaps = for_each_group(tenant, groups, asked, budget, &mut histogram);
    (histogram.buckets, gaps)
}

/// A value and how many lines have it.
pub type ValueCount = (Box<[u8]>, u64);

/// Counts lines by the values of a field.
pub fn values<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: &CountSearch<'_>,
    field: &FieldName,
    budget: &Budget<'_>,
) -> (Vec<ValueCount>, Gaps) {
    let mut by_value = ByValue { field, numbers: TextNumbers::default(), counts: Vec::new() };
    let gaps = for_each_group(tenant, groups, asked, budget, &mut by_value);
    let ByValue { numbers, counts, .. } = by_value;
    let mut values: Vec<ValueCount> = (0..numbers.len() as u32)
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(number, count)| (numbers.text(number).into(), count))
        .collect();
    values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    (values, gaps)
}

/// What is counted: rows, and cells of what a group has counted.
trait Tally: Sum {
    /// Whether cells tell; if so, whether their services are asked for.
    fn asks_services(&self) -> Option<bool>;

    /// A cell with the name of its service, if services are asked for.
    fn cell(&mut self, cell: Cell, service: Option<&[u8]>);

    fn rows<'a>(&mut self, scan: &Scan<'a, dyn GroupView + 'a>, rows: &RowSet) -> Result<(), ReadError>;
}

struct Histogram {
    step: i64,
    buckets: BTreeMap<i64, ByLevel>,
}

impl Sum for Histogram {
    fn empty(&self) -> Self {
        Self { step: self.step, buckets: BTreeMap::new() }
    }

    fn add(&mut self, other: Self) {
        for (start, counts) in other.buckets {
            add_levels(self.buckets.entry(start).or_default(), counts);
        }
    }
}

impl Tally for Histogram {
    fn asks_services(&self) -> Option<bool> {
        (self.step % NANOS_PER_MINUTE == 0).then_some(false)
    }

    fn cell(&mut self, cell: Cell, _service: Option<&[u8]>) {
        let mut counts = ByLevel::default();
        counts[cell.level.map_or(0, |level| level as usize)] = u64::from(cell.count);
        let bucket = cell.minute.start().nanos().div_euclid(self.step);
        add(&mut self.buckets, Some((bucket, counts)), self.step);
    }

    fn rows<'a>(&mut self, scan: &Scan<'a, dyn GroupView + 'a>, rows: &RowSet) -> Result<(), ReadError> {
        let levels = levels_of(scan, rows)?;
        let mut times = Vec::with_capacity(scan.len() as usize);
        scan.group.times(scan.rows.clone(), &mut times)?;
        let mut last: Option<(i64, ByLevel)> = None;
        for row in rows.iter() {
            let bucket = times[row as usize].div_euclid(self.step);
            match &mut last {
                Some((of, counts)) if *of == bucket => counts[usize::from(levels[row as usize])] += 1,
                _ => {
                    add(&mut self.buckets, last.take(), self.step);
                    let mut counts = ByLevel::default();
                    counts[usize::from(levels[row as usize])] = 1;
                    last = Some((bucket, counts));
                }
            }
        }
        add(&mut self.buckets, last, self.step);
        Ok(())
    }
}

fn add(buckets: &mut BTreeMap<i64, ByLevel>, counted: Option<(i64, ByLevel)>, step: i64) {
    if let Some((bucket, counts)) = counted {
        add_levels(buckets.entry(bucket.saturating_mul(step)).or_default(), counts);
    }
}

fn add_levels(sums: &mut ByLevel, counts: ByLevel) {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

struct ByValue<'a> {
    field: &'a FieldName,
    numbers: TextNumbers,
    counts: Vec<u64>,
}

impl ByValue<'_> {
    fn count(counts: &mut Vec<u64>, number: u32, count: u64) {
        let number = number as usize;
        if counts.len() <= number {
            counts.resize(number + 1, 0);
        }
        counts[number] += count;
    }
}

impl Sum for ByValue<'_> {
    fn empty(&self) -> Self {
        Self { field: self.field, numbers: TextNumbers::default(), counts: Vec::new() }
    }

    fn add(&mut self, other: Self) {
        for (number, count) in (0..other.numbers.len() as u32).zip(other.counts) {
            Self::count(&mut self.counts, self.numbers.number(other.numbers.text(number)), count);
        }
    }
}

impl Tally for ByValue<'_> {
    fn asks_services(&self) -> Option<bool> {
        (*self.field == FieldName::Role(Role::Service)).then_some(true)
    }

    fn cell(&mut self, cell: Cell, service: Option<&[u8]>) {
        if let Some(service) = service {
            Self::count(&mut self.counts, self.numbers.number(service), u64::from(cell.count));
        }
    }

    fn rows<'a>(&mut self, scan: &Scan<'a, dyn GroupView + 'a>, rows: &RowSet) -> Result<(), ReadError> {
        let Self { field, numbers, counts } = self;
        scan.field(field, rows, numbers, &mut |_, number| Self::count(counts, number, 1))
    }
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

fn for_each_group<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: &CountSearch<'_>,
    budget: &Budget<'_>,
    tally: &mut impl Tally,
) -> Gaps {
    let period = asked.narrowed();
    let groups = latest_first(groups, period);
    sum_groups(&groups, budget, tally, |view, tally| tally_group(tenant, view, (asked.plan, period), tally))
}

fn tally_group(
    tenant: TenantId,
    view: &dyn GroupView,
    (plan, period): (&Plan, Period),
    tally: &mut impl Tally,
) -> Result<(), ReadError> {
    let counted = match tally.asks_services() {
        Some(needs_services) => Counted::open(tenant, view, plan, needs_services)?,
        None => None,
    };
    let mut cells = Vec::new();
    let selection = match &counted {
        Some(counted) => counted.for_each(period, |cell| cells.push(cell))?,
        None => select(tenant, view, period)?,
    };
    if !selection.set.is_empty() {
        let found = find(view, selection.rows.clone(), &selection.set, plan)?;
        if !found.is_empty() {
            tally.rows(&Scan::new(view, selection.rows), &found)?;
        }
    }
    for (cell, counted) in cells.into_iter().zip(counted.iter().cycle()) {
        tally.cell(cell, counted.services.get(cell.service as usize).map(|name| &**name));
    }
    Ok(())
}
