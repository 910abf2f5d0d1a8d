//! Columns in the order of the file: for each the values of the rows, as the rows are sorted now.
//!
//! Invariant: the values of a row keep their order among themselves. A column that nearly every row has is
//! gone through as a whole; one of few values costs only these.

use std::borrow::Cow;
use std::rc::Rc;

use crate::index::columns::block::BlockWriter;
use crate::index::columns::group::directory::{SealedColumn, SealedValues};
use crate::index::columns::open::OpenGroup;
use crate::index::columns::open::columns::{OpenColumn, OpenValues};
use crate::index::columns::plane::{PAGE, PlaneWriter};
use crate::index::columns::templates::SealedTemplates;

/// A row that is not in the file.
const ABSENT: u32 = u32::MAX;
/// A column with a value in fewer rows is sorted, which costs less than counting all rows.
const ROWS_PER_VALUE_MAX: usize = 256;

pub(super) struct ColumnSealer<'a> {
    group: &'a OpenGroup,
    rows: &'a [u32],
    /// For each row of the open group its place in the file.
    places: Vec<u32>,
    /// Whether the file has all rows in their old order.
    is_unmoved: bool,
    /// The order of the column that was written last: the next one mostly stands in the same lines.
    last: Option<(u32, Rc<Order<'a>>)>,
}

/// The values of a column that are in the file, in its order.
struct Order<'a> {
    values: Cow<'a, [u32]>,
    /// The new row of each.
    rows: Vec<u32>,
    /// Whether each row has one.
    is_full: bool,
}

impl<'a> ColumnSealer<'a> {
    pub(super) fn new(group: &'a OpenGroup, rows: &'a [u32]) -> Self {
        let mut places = vec![ABSENT; group.rows()];
        for (place, row) in rows.iter().enumerate() {
            places[*row as usize] = place as u32;
        }
        let is_unmoved = rows.len() == group.rows() && is_counting(rows);
        Self { group, rows, places, is_unmoved, last: None }
    }

    pub(super) fn seal(
        &mut self,
        column: u32,
        planes: &mut PlaneWriter,
        blocks: &mut BlockWriter,
    ) -> SealedColumn {
        let order = self.order_of(column);
        let column = &self.group.columns[column];
        let is_full = order.is_full;
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
        SealedColumn { head: column.head.clone(), values, is_full, ranks: (0..pages).map(rank).collect() }
    }

    fn order_of(&mut self, column: u32) -> Rc<Order<'a>> {
        let columns = &self.group.columns;
        if let Some((last, order)) = &self.last
            && columns[*last].rows.is_same(&columns[column].rows)
        {
            return Rc::clone(order);
        }
        let order = Rc::new(self.order(&columns[column]));
        self.last = Some((column, Rc::clone(&order)));
        order
    }

    fn order(&self, column: &OpenColumn) -> Order<'a> {
        let has_one_per_row = column.rows.len() == self.places.len() && column.rows.is_counting();
        let (values, rows): (Cow<'a, [u32]>, Vec<u32>) = if has_one_per_row {
            // A value has the number of its row.
            (self.rows.into(), (0..self.rows.len() as u32).collect())
        } else if self.is_unmoved {
            ((0..column.rows.len() as u32).collect(), column.rows.iter().collect())
        } else {
            let is_worth_it = column.rows.len() >= self.places.len() / ROWS_PER_VALUE_MAX;
            let order = is_worth_it.then(|| self.order_by_rank(column)).flatten();
            let (values, rows) = order.unwrap_or_else(|| self.order_by_sorting(column));
            (values.into(), rows)
        };
        let is_full = rows.len() == self.rows.len() && is_counting(&rows);
        Order { values, rows, is_full }
    }

    /// Where each value belongs follows from how many places before its own have one, counted 64 at a time.
    /// None if a row has several values.
    fn order_by_rank(&self, column: &OpenColumn) -> Option<(Vec<u32>, Vec<u32>)> {
        let mut words = vec![0u64; self.rows.len().div_ceil(64)];
        let mut count = 0;
        for place in self.places_of(column) {
            let (word, bit) = (&mut words[place / 64], 1 << (place % 64));
            if *word & bit != 0 {
                return None;
            }
            *word |= bit;
            count += 1;
        }
        let mut before = 0;
        let ranks = words.iter().map(|word| (before, before += word.count_ones()).0);
        let ranks: Vec<u32> = ranks.collect();
        let (mut values, mut rows) = (vec![0; count], vec![0; count]);
        for (value, row) in column.rows.iter().enumerate() {
            let place = self.places[row as usize] as usize;
            let Some(word) = words.get(place / 64) else { continue };
            let lower = word & !(u64::MAX << (place % 64));
            let rank = (ranks[place / 64] + lower.count_ones()) as usize;
            (values[rank], rows[rank]) = (value as u32, place as u32);
        }
        Some((values, rows))
    }

    /// Places in the file of the values that are there.
    fn places_of(&self, column: &OpenColumn) -> impl Iterator<Item = usize> {
        let places = column.rows.iter().map(|row| self.places[row as usize]);
        places.filter(|place| *place != ABSENT).map(|place| place as usize)
    }

    /// Sorts, with place and value in one number, so that this moves little.
    fn order_by_sorting(&self, column: &OpenColumn) -> (Vec<u32>, Vec<u32>) {
        let place = |(value, row): (usize, u32)| {
            let place = self.places[row as usize];
            (place != ABSENT).then_some(u64::from(place) << 32 | value as u64)
        };
        let mut placed: Vec<u64> = column.rows.iter().enumerate().filter_map(place).collect();
        placed.sort_unstable();
        placed.iter().map(|placed| (*placed as u32, (placed >> 32) as u32)).unzip()
    }
}

/// Whether the numbers are 0, 1, 2 and so on.
fn is_counting(numbers: &[u32]) -> bool {
    numbers.iter().zip(0..).all(|(number, at)| *number == at)
}
