//! Columns in the order of the file: for each the values of the rows, as the rows are sorted now.
//!
//! Invariant: the values of a row keep their order among themselves. A column that nearly every row has is
//! gone through as a whole; one of few values costs only these.

use std::borrow::Cow;

use crate::index::columns::block::BlockWriter;
use crate::index::columns::group::directory::{SealedColumn, SealedValues};
use crate::index::columns::open::OpenGroup;
use crate::index::columns::open::columns::{OpenColumn, OpenValues};
use crate::index::columns::plane::{PAGE, PlaneWriter};
use crate::index::columns::templates::SealedTemplates;

/// A row that is not in the file.
const ABSENT: u32 = u32::MAX;
/// A column with a value in one of so many rows is put in order row by row; sorting would cost more.
const DENSE_SHARE: usize = 2;

pub(super) struct ColumnSealer<'a> {
    group: &'a OpenGroup,
    rows: &'a [u32],
    /// For each row of the open group its place in the file.
    places: Vec<u32>,
    /// Whether the file has all rows in their old order.
    is_unmoved: bool,
}

/// The values of a column that are in the file, in its order.
struct Order<'a> {
    values: Cow<'a, [u32]>,
    /// The new row of each.
    rows: Cow<'a, [u32]>,
}

impl<'a> ColumnSealer<'a> {
    pub(super) fn new(group: &'a OpenGroup, rows: &'a [u32]) -> Self {
        let mut places = vec![ABSENT; group.rows()];
        for (place, row) in rows.iter().enumerate() {
            places[*row as usize] = place as u32;
        }
        let is_unmoved = rows.len() == group.rows() && is_counting(rows);
        Self { group, rows, places, is_unmoved }
    }

    pub(super) fn seal(
        &mut self,
        column: u32,
        planes: &mut PlaneWriter,
        blocks: &mut BlockWriter,
    ) -> SealedColumn {
        let column = &self.group.columns[column];
        let order = self.order(column);
        let is_full = order.rows.len() == self.rows.len() && is_counting(&order.rows);
        let values = match &column.values {
            OpenValues::Dictionary(values) => {
                SealedValues::Dictionary(values.seal(&order.values, planes, blocks))
            }
            OpenValues::Numbers(values) => SealedValues::Numbers(values.seal(&order.values, planes, blocks)),
            OpenValues::Template(values) => {
                SealedValues::Templates(SealedTemplates::seal(values, &order.values, blocks))
            }
        };
        let pages = if is_full { 0 } else { self.rows.len().div_ceil(PAGE) };
        let rank = |page: usize| order.rows.partition_point(|row| (*row as usize) < page * PAGE) as u32;
        SealedColumn {
            head: column.head.clone(),
            values,
            is_full,
            ranks: (0..pages).map(rank).collect(),
            uses: Vec::new(),
        }
    }

    fn order<'b>(&'b self, column: &'b OpenColumn) -> Order<'b> {
        let has_one_per_row = column.rows.len() == self.places.len() && is_counting(&column.rows);
        if has_one_per_row {
            // A value has the number of its row.
            Order { values: self.rows.into(), rows: (0..self.rows.len() as u32).collect() }
        } else if self.is_unmoved {
            Order { values: (0..column.rows.len() as u32).collect(), rows: (&*column.rows).into() }
        } else if column.rows.len() * DENSE_SHARE >= self.places.len() {
            self.order_of_many(column)
        } else {
            self.order_of_few(column)
        }
    }

    /// Goes through all rows of the file: the values of a row stand together in its column.
    fn order_of_many(&self, column: &OpenColumn) -> Order<'static> {
        let mut first_of = vec![ABSENT; self.places.len()];
        for (value, row) in column.rows.iter().enumerate().rev() {
            first_of[*row as usize] = value as u32;
        }
        let (mut values, mut rows) =
            (Vec::with_capacity(column.rows.len()), Vec::with_capacity(column.rows.len()));
        for (place, row) in self.rows.iter().enumerate() {
            let mut value = first_of[*row as usize];
            while column.rows.get(value as usize) == Some(row) {
                values.push(value);
                rows.push(place as u32);
                value += 1;
            }
        }
        Order { values: values.into(), rows: rows.into() }
    }

    /// Sorts, with place and value in one number, so that this moves little.
    fn order_of_few(&self, column: &OpenColumn) -> Order<'static> {
        let place = |(value, row): (usize, &u32)| {
            let place = self.places[*row as usize];
            (place != ABSENT).then_some(u64::from(place) << 32 | value as u64)
        };
        let mut placed: Vec<u64> = column.rows.iter().enumerate().filter_map(place).collect();
        placed.sort_unstable();
        Order {
            values: placed.iter().map(|placed| *placed as u32).collect(),
            rows: placed.iter().map(|placed| (placed >> 32) as u32).collect(),
        }
    }
}

/// Whether the numbers are 0, 1, 2 and so on.
fn is_counting(numbers: &[u32]) -> bool {
    numbers.iter().zip(0..).all(|(number, at)| *number == at)
}
