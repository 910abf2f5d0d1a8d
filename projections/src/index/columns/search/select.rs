//! Which groups and rows a search looks at before it looks at values: those of a tenant in a time.
//!
//! Invariant: a row that is left out is another tenant's or outside the time. Groups outside the time are not
//! opened.

use std::ops::Range;

use antler_events::ids::TenantId;

use super::rows::RowSet;
use crate::index::columns::block::ReadError;
use crate::index::columns::view::{GroupView, TenantRows, pages};

/// A group that is opened when it is searched.
pub trait SearchGroup {
    /// Earliest and latest time of its rows.
    fn span(&self) -> (i64, i64);

    fn with<R>(&self, read: impl FnOnce(&dyn GroupView) -> R) -> Result<R, ReadError>;
}

/// First and last nanosecond of a time.
pub type Period = (i64, i64);

/// Rows of a group.
#[derive(Debug)]
pub struct Selection {
    pub rows: Range<u32>,
    /// Counts from the start of `rows`.
    pub set: RowSet,
}

/// The rows of a tenant in a time.
pub fn select(tenant: TenantId, group: &dyn GroupView, period: Period) -> Result<Selection, ReadError> {
    let (first, last) = period;
    let is_inside = group.span().is_none_or(|(earliest, latest)| first <= earliest && latest <= last);
    match group.tenant_rows(tenant) {
        TenantRows::Range(rows) if is_inside || rows.is_empty() => Ok(Selection::of_all(rows)),
        TenantRows::Range(rows) if group.is_sorted() => Ok(Selection::of_all(between(group, rows, period)?)),
        TenantRows::Range(rows) => {
            let mut selection = Selection::of_all(rows);
            selection.keep_within(group, period)?;
            Ok(selection)
        }
        TenantRows::List(list) => {
            let mut set = RowSet::none(group.rows());
            list.iter().for_each(|row| set.insert(*row));
            let mut selection = Selection { rows: 0..group.rows(), set };
            if !is_inside && !list.is_empty() {
                selection.keep_within(group, period)?;
            }
            Ok(selection)
        }
    }
}

/// Those of sorted rows that lie in a time: only the pages of the two ends are read.
fn between(group: &dyn GroupView, rows: Range<u32>, (first, last): Period) -> Result<Range<u32>, ReadError> {
    let start = first_row(group, rows.clone(), |time| time >= first)?;
    Ok(start..first_row(group, start..rows.end, |time| time > last)?)
}

/// The first of sorted rows whose time has come, or their end.
fn first_row(
    group: &dyn GroupView,
    rows: Range<u32>,
    has_come: impl Fn(i64) -> bool,
) -> Result<u32, ReadError> {
    let mut times = Vec::new();
    for (page, here) in pages(rows.clone()) {
        if group.page_span(page).is_some_and(|(_, latest)| !has_come(latest)) {
            continue;
        }
        times.clear();
        group.times(here.clone(), &mut times)?;
        let before = times.partition_point(|time| !has_come(*time));
        if before < times.len() {
            return Ok(here.start + before as u32);
        }
    }
    Ok(rows.end)
}

impl Selection {
    fn of_all(rows: Range<u32>) -> Self {
        let set = RowSet::all(rows.end - rows.start);
        Self { rows, set }
    }

    /// The part of a range of rows that lies in the selection.
    pub fn part(&self, rows: Range<u32>) -> Self {
        let start = rows.start - self.rows.start;
        Self { set: self.set.part(start..start + (rows.end - rows.start)), rows }
    }

    fn keep_within(&mut self, group: &dyn GroupView, (first, last): Period) -> Result<(), ReadError> {
        let mut times = Vec::with_capacity(self.rows.len());
        group.times(self.rows.clone(), &mut times)?;
        self.set.intersect(&RowSet::passing(&times, |time| (first..=last).contains(time)));
        Ok(())
    }
}

/// Groups with rows in a time, the latest first.
pub fn latest_first<S: SearchGroup>(groups: &[S], (first, last): Period) -> Vec<&S> {
    let overlaps = |group: &&S| group.span().0 <= last && first <= group.span().1;
    let mut groups: Vec<&S> = groups.iter().filter(overlaps).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.span().1));
    groups
}
