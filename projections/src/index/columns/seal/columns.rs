//! Columns in the order of the file: for each the values of the rows, as the rows are sorted now.
//!
//! Invariant: the values of a row keep their order among themselves. A column that nearly every row has is
//! gone through as a whole; one of few values costs only these.

use crate::index::columns::block::BlockWriter;
use crate::index::columns::group::directory::{SealedColumn, SealedValues};
use crate::index::columns::open::OpenGroup;
use crate::index::columns::open::columns::{OpenColumn, OpenValues};
use crate::index::columns::plane::{PAGE, PlaneWriter};
use crate::index::columns::templates::SealedTemplates;

/// A row that is not in the file.
const ABSENT: u32 = u32::MAX;

pub(super) struct ColumnSealer<'a> {
    group: &'a OpenGroup,
    rows: &'a [u32],
    /// For each row of the open group its place in the file.
    places: Vec<u32>,
    /// Whether the file has all rows in their old order.
    is_unmoved: bool,
}

/// The values of a column that are in the file, in its order.
struct Order {
    values: Vec<u32>,
    /// The new row of each.
    rows: Vec<u32>,
}

impl<'a> ColumnSealer<'a> {
    pub(super) fn new(group: &'a OpenGroup, rows: &'a [u32]) -> Self {
        let mut places = vec![ABSENT; group.rows()];
        for (place, row) in rows.iter().enumerate() {
            places[*row as usize] = place as u32;
        }
        let is_unmoved = rows.len() == group.rows() && rows.iter().zip(0..).all(|(row, at)| *row == at);
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
        let is_full =
            order.rows.len() == self.rows.len() && order.rows.iter().zip(0..).all(|(row, at)| *row == at);
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

    fn order(&self, column: &OpenColumn) -> Order {
        let all = 0..column.rows.len() as u32;
        if self.is_unmoved {
            return Order { values: all.collect(), rows: column.rows.clone() };
        }
        // Place and value in one number, so that sorting moves little.
        let place = |value: u32| {
            let place = self.places[column.rows[value as usize] as usize];
            (place != ABSENT).then_some(u64::from(place) << 32 | u64::from(value))
        };
        let mut placed: Vec<u64> = all.filter_map(place).collect();
        placed.sort_unstable();
        Order {
            values: placed.iter().map(|placed| *placed as u32).collect(),
            rows: placed.iter().map(|placed| (placed >> 32) as u32).collect(),
        }
    }
}
