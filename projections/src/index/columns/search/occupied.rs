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
#[derive(Debug, Clone)]
pub(super) struct Occupied {
    /// The ranks of their values.
    pub(super) ranks: Range<u32>,
    rows: RowSet,
    /// Rows whose value counts, if not all do.
    counted: Option<RowSet>,
}

/// A column as some question uses it, and what was found out about it before.
#[derive(Debug)]
pub(super) struct KnownOccupied {
    column: u32,
    uses: Vec<Use>,
    occupied: Occupied,
}

/// How each shape uses a column, and what is asked of that.
type ShapeTest<'a> = (&'a [Use], fn(&Use) -> bool);

/// Sets of rows that are made in one pass.
const SETS_TOGETHER: usize = u8::BITS as usize;

impl<G: GroupView + ?Sized> Scan<'_, G> {
    /// Nothing if a row may have several values.
    pub(super) fn occupied(&self, column: u32, uses: &[Use]) -> Result<Option<Occupied>, ReadError> {
        let is_it = |known: &&KnownOccupied| known.column == column && known.uses == uses;
        if let Some(known) = self.known_occupied().iter().find(is_it) {
            return Ok(Some(known.occupied.clone()));
        }
        let mut found = self.occupied_by(&[(column, uses)])?;
        Ok(found.pop().flatten())
    }

    /// Finds out about columns that will be asked for, all of them in one pass over the rows.
    pub(super) fn foresee_occupied(&self, columns: Vec<(u32, Vec<Use>)>) -> Result<(), ReadError> {
        let asked: Vec<(u32, &[Use])> = columns.iter().map(|(column, uses)| (*column, &uses[..])).collect();
        let found = self.occupied_by(&asked)?;
        let known = columns.into_iter().zip(found).filter_map(|((column, uses), occupied)| {
            occupied.map(|occupied| KnownOccupied { column, uses, occupied })
        });
        self.know_occupied(known.collect());
        Ok(())
    }

    fn occupied_by(&self, columns: &[(u32, &[Use])]) -> Result<Vec<Option<Occupied>>, ReadError> {
        let has_values: fn(&Use) -> bool = |of| of.values == 1;
        let has_counted: fn(&Use) -> bool = |of| of.values == 1 && !of.ignored;
        let mut tests: Vec<ShapeTest<'_>> = Vec::new();
        for (column, uses) in columns.iter().filter(|(_, uses)| is_single(uses)) {
            if !self.has_in_all(*column, uses) {
                tests.push((uses, has_values));
            }
            if is_any_ignored(uses) {
                tests.push((uses, has_counted));
            }
        }
        let mut sets = self.rows_by(&tests)?.into_iter();
        let mut next = || sets.next().expect("each test gives a set");
        let mut found = Vec::with_capacity(columns.len());
        for (column, uses) in columns {
            found.push(if is_single(uses) {
                let is_in_all = self.has_in_all(*column, uses);
                let rows = if is_in_all { RowSet::all(self.len()) } else { next() };
                let counted = is_any_ignored(uses).then(&mut next);
                Some(self.placed_at((*column, uses), rows, counted)?)
            } else {
                None
            });
        }
        Ok(found)
    }

    /// Whether every row has a value that counts, as the directory says.
    fn has_in_all(&self, column: u32, uses: &[Use]) -> bool {
        self.group.is_full(column) && !is_any_ignored(uses)
    }

    fn placed_at(
        &self,
        (column, uses): (u32, &[Use]),
        rows: RowSet,
        counted: Option<RowSet>,
    ) -> Result<Occupied, ReadError> {
        let is_full = self.group.is_full(column);
        let start = if is_full { self.rows.start } else { self.rank(column, uses, self.rows.start)? };
        let ranks = start..start.saturating_add(rows.count());
        let is_inside = ranks.end as usize <= self.group.values(column).len();
        if is_inside { Ok(Occupied { ranks, rows, counted }) } else { Err(ReadError::directory("ranks")) }
    }

    /// For each test the rows whose shape passes.
    fn rows_by(&self, tests: &[ShapeTest<'_>]) -> Result<Vec<RowSet>, ReadError> {
        let mut sets = Vec::with_capacity(tests.len());
        for tests in tests.chunks(SETS_TOGETHER) {
            let mut flags = vec![0u8; self.group.shapes().len()];
            for (bit, (uses, test)) in tests.iter().enumerate() {
                flags.iter_mut().zip(*uses).for_each(|(flags, of)| *flags |= u8::from(test(of)) << bit);
            }
            sets.extend(RowSet::by_flags(self.shapes_of_rows()?, &flags, tests.len()));
        }
        Ok(sets)
    }
}

fn is_single(uses: &[Use]) -> bool {
    uses.iter().all(|of| of.values <= 1)
}

fn is_any_ignored(uses: &[Use]) -> bool {
    uses.iter().any(|of| of.values == 1 && of.ignored)
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
