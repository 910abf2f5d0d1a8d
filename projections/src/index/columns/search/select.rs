//! Which groups and rows a search looks at before it looks at values: those of a tenant in a time.
//!
//! Invariant: a row that is left out is another tenant's or outside the time. Groups outside the time are not
//! opened.

use std::ops::Range;

use antler_events::ids::TenantId;

use super::rows::RowSet;
use crate::index::columns::block::ReadError;
use crate::index::columns::view::{GroupView, TenantRows};

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
    let mut selection = match group.tenant_rows(tenant) {
        TenantRows::Range(rows) => {
            let set = RowSet::all(rows.end - rows.start);
            Selection { rows, set }
        }
        TenantRows::List(list) => {
            let mut set = RowSet::none(group.rows());
            list.iter().for_each(|row| set.insert(*row));
            Selection { rows: 0..group.rows(), set }
        }
    };
    let (first, last) = period;
    let is_inside = group.span().is_none_or(|(earliest, latest)| first <= earliest && latest <= last);
    if !is_inside && !selection.set.is_empty() {
        selection.keep_within(group, period)?;
    }
    Ok(selection)
}

impl Selection {
    fn keep_within(&mut self, group: &dyn GroupView, (first, last): Period) -> Result<(), ReadError> {
        let mut times = Vec::with_capacity(self.rows.len());
        group.times(self.rows.clone(), &mut times)?;
        let mut inside = RowSet::none(self.set.range_len());
        for (time, row) in times.iter().zip(0u32..) {
            if (first..=last).contains(time) {
                inside.insert(row);
            }
        }
        self.set.intersect(&inside);
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
