//! Which rows have a value of a column, where no row has two: a bit for each row.
//!
//! Values stand in the order of their rows, so that the rank of a row is how many bits stand before its own, counted
//! 64 rows at a time. Invariant: bits and ranks lead to each other. Columns of which a row has several values do
//! not belong here.

use std::ops::Range;

use super::fields::Placed;
use super::places::{Scan, Use};
use super::rows::RowSet;
use crate::index::columns::block::ReadError;
use crate::index::columns::view::GroupView;

/// The rows of a scan that have a value of a column.
#[derive(Debug)]
pub(super) struct Occupied {
    /// The ranks of their values.
    pub(super) ranks: Range<u32>,
    rows: RowSet,
    /// Rows whose value counts, if not all do.
    counted: Option<RowSet>,
}

impl<G: GroupView + ?Sized> Scan<'_, G> {
    /// Nothing if a row may have several values.
    pub(super) fn occupied(&self, column: u32, uses: &[Use]) -> Result<Option<Occupied>, ReadError> {
        if uses.iter().any(|of| of.values > 1) {
            return Ok(None);
        }
        let is_any_ignored = uses.iter().any(|of| of.values == 1 && of.ignored);
        if self.group.is_full(column) && !is_any_ignored {
            let rows = RowSet::all(self.len());
            return Ok(Some(Occupied { ranks: self.rows.clone(), rows, counted: None }));
        }
        let shapes = self.shapes_of_rows()?;
        let of_shapes = |is_in: fn(&Use) -> bool| {
            let is_in: Vec<bool> = uses.iter().map(is_in).collect();
            RowSet::passing(shapes, |shape| is_in[*shape as usize])
        };
        let rows = of_shapes(|of| of.values == 1);
        let counted = is_any_ignored.then(|| of_shapes(|of| of.values == 1 && !of.ignored));
        let start = if self.group.is_full(column) {
            self.rows.start
        } else {
            self.rank(column, uses, self.rows.start)?
        };
        let ranks = start..start.saturating_add(rows.count());
        if ranks.end as usize > self.group.values(column).len() {
            return Err(ReadError::directory("ranks"));
        }
        Ok(Some(Occupied { ranks, rows, counted }))
    }
}

impl Occupied {
    /// The values of some rows, counted from the first rank.
    pub(super) fn values_of(&self, rows: &RowSet) -> RowSet {
        self.rows.ranks_of(rows)
    }

    /// Those of some rows whose value counts, with their values.
    pub(super) fn placed(&self, rows: &RowSet) -> Placed {
        let mut found = rows.clone();
        found.intersect(self.counted.as_ref().unwrap_or(&self.rows));
        let rows: Vec<u32> = found.iter().collect();
        let values = if found == self.rows {
            (0..rows.len() as u32).collect()
        } else {
            self.rows.ranks_of(&found).iter().collect()
        };
        Placed { rows, values }
    }

    /// The rows that hold one of the values, if it counts there.
    pub(super) fn rows_of(&self, values: &RowSet) -> RowSet {
        let mut rows = self.rows.at_ranks(values);
        if let Some(counted) = &self.counted {
            rows.intersect(counted);
        }
        rows
    }
}
