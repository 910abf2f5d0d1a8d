//! From values to rows and back: which row a value of a column stands in.
//!
//! Invariant: the values of consecutive rows are consecutive in every column, so a range of rows is a range
//! of ranks. Shapes of a page are read once, and only pages that something was found in.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use antler_events::line::Role;

use super::occupied::KnownOccupied;
use super::rows::RowSet;
use crate::index::columns::block::ReadError;
use crate::index::columns::forms::Forms;
use crate::index::columns::plane::PAGE;
use crate::index::columns::view::GroupView;

/// Some rows of a group, as a search goes through them.
pub(super) struct Scan<'a, G: ?Sized> {
    pub(super) group: &'a G,
    /// The rows that are asked.
    pub(super) rows: Range<u32>,
    /// Shapes of the pages of the range, read when they are needed.
    shapes: Vec<OnceCell<Vec<u32>>>,
    /// Shapes of the rows of the range alone.
    shapes_of_rows: OnceCell<Vec<u32>>,
    forms: OnceCell<Cow<'a, Forms>>,
    known_occupied: OnceCell<Vec<KnownOccupied>>,
}

/// How many values of a column a row of a shape has, and which of them count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) values: u32,
    /// Only this one of them counts; all if there is none.
    pub(super) only: Option<u32>,
    /// Rows of the shape do not count.
    pub(super) ignored: bool,
}

impl<'a, G: GroupView + ?Sized> Scan<'a, G> {
    pub(super) fn new(group: &'a G, rows: Range<u32>) -> Self {
        let pages =
            if rows.is_empty() { 0 } else { (rows.end as usize - 1) / PAGE + 1 - rows.start as usize / PAGE };
        let shapes = (0..pages).map(|_| OnceCell::new()).collect();
        let (shapes_of_rows, forms, known_occupied) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { group, rows, shapes, shapes_of_rows, forms, known_occupied }
    }

    pub(super) fn len(&self) -> u32 {
        self.rows.end - self.rows.start
    }

    /// What was foreseen.
    pub(super) fn known_occupied(&self) -> &[KnownOccupied] {
        self.known_occupied.get().map_or(&[], Vec::as_slice)
    }

    /// Keeps what is known; only the first time, as one question foresees once.
    pub(super) fn know_occupied(&self, known: Vec<KnownOccupied>) {
        self.known_occupied.get_or_init(|| known);
    }

    /// What the shapes of the group are made of.
    pub(super) fn forms(&self) -> &Forms {
        self.forms.get_or_init(|| self.group.forms())
    }

    /// Pages of the range.
    pub(super) fn pages(&self) -> Range<usize> {
        let first = self.rows.start as usize / PAGE;
        first..first + self.shapes.len()
    }

    /// Shapes of all rows of a page.
    pub(super) fn shapes(&self, page: usize) -> Result<&[u32], ReadError> {
        let cell = &self.shapes[page - self.pages().start];
        if let Some(shapes) = cell.get() {
            return Ok(shapes);
        }
        let start = (page * PAGE) as u32;
        let end = self.group.rows().min(start + PAGE as u32);
        let mut shapes = Vec::with_capacity((end - start) as usize);
        self.group.shape_numbers(start..end, &mut shapes)?;
        if shapes.len() != (end - start) as usize {
            return Err(ReadError::directory("the shapes of rows"));
        }
        Ok(cell.get_or_init(|| shapes))
    }

    /// Shapes of the rows of the range.
    pub(super) fn shapes_of_rows(&self) -> Result<&[u32], ReadError> {
        if let Some(shapes) = self.shapes_of_rows.get() {
            return Ok(shapes);
        }
        let mut shapes = Vec::with_capacity(self.rows.len());
        self.group.shape_numbers(self.rows.clone(), &mut shapes)?;
        if shapes.len() != self.rows.len() {
            return Err(ReadError::directory("the shapes of rows"));
        }
        Ok(self.shapes_of_rows.get_or_init(|| shapes))
    }

    /// For each shape of the group whether one of the rows has it.
    pub(super) fn shapes_among(&self, rows: &RowSet) -> Result<Vec<bool>, ReadError> {
        let mut among = vec![false; self.group.shapes().len()];
        let shapes = self.shapes_of_rows()?;
        rows.iter().for_each(|row| among[shapes[row as usize] as usize] = true);
        Ok(among)
    }

    /// How the shapes use a column: all values of it count.
    pub(super) fn uses(&self, column: u32) -> Vec<Use> {
        self.counted(column, Use::default())
    }

    /// The same where only the values that fill a role count.
    pub(super) fn uses_in_role(&self, column: u32, role: Role) -> Vec<Use> {
        let mut uses = self.counted(column, Use { ignored: true, ..Use::default() });
        let fills = self.forms().fills(role);
        let first = fills.partition_point(|fill| fill.column < column);
        for fill in fills[first..].iter().take_while(|fill| fill.column == column) {
            let of = &mut uses[fill.shape as usize];
            *of = Use { ignored: false, only: (of.values > 1).then_some(fill.nth), ..*of };
        }
        uses
    }

    fn counted(&self, column: u32, unused: Use) -> Vec<Use> {
        let mut uses = vec![unused; self.group.shapes().len()];
        for of in self.forms().uses(column) {
            uses[of.shape as usize].values = of.values;
        }
        uses
    }

    /// The ranks of a column's values in the rows of the range.
    pub(super) fn ranks(&self, column: u32, uses: &[Use]) -> Result<Range<u32>, ReadError> {
        if self.rows.is_empty() {
            return Ok(0..0);
        }
        if self.group.is_full(column) {
            return Ok(self.rows.clone());
        }
        let values = self.group.values(column).len() as u32;
        let ranks = self.rank(column, uses, self.rows.start)?..self.rank(column, uses, self.rows.end)?;
        if ranks.start <= ranks.end && ranks.end <= values {
            Ok(ranks)
        } else {
            Err(ReadError::directory("ranks"))
        }
    }

    /// Values of the column before a row.
    pub(super) fn rank(&self, column: u32, uses: &[Use], row: u32) -> Result<u32, ReadError> {
        let (page, within) = (row as usize / PAGE, row as usize % PAGE);
        if row == self.group.rows() {
            return Ok(self.group.values(column).len() as u32);
        }
        let before = self.group.rank_at_page(column, page);
        if within == 0 {
            return Ok(before);
        }
        let passed = &self.shapes(page)?[..within];
        Ok(before.saturating_add(passed.iter().map(|shape| uses[*shape as usize].values).sum()))
    }

    /// The rows that hold one of the values; `found` counts from the first of `ranks`.
    pub(super) fn rows_of(
        &self,
        column: u32,
        uses: &[Use],
        ranks: &Range<u32>,
        found: &RowSet,
    ) -> Result<RowSet, ReadError> {
        let mut rows = RowSet::none(self.len());
        let plain = uses.iter().all(|of| of.values == 0 || (!of.ignored && of.only.is_none()));
        if self.group.is_full(column) && plain {
            return Ok(found.clone());
        }
        let mut next = found.iter().peekable();
        for page in self.pages() {
            let Some(first) = next.peek() else { break };
            let start = self.rows.start.max((page * PAGE) as u32);
            let end = self.rows.end.min((page * PAGE + PAGE) as u32);
            if *first >= self.rank(column, uses, end)? - ranks.start {
                continue;
            }
            let mut rank = self.rank(column, uses, start)? - ranks.start;
            let shapes = &self.shapes(page)?[start as usize % PAGE..];
            for (row, shape) in (start..end).zip(shapes) {
                let of = uses[*shape as usize];
                while let Some(value) = next.next_if(|value| *value < rank + of.values) {
                    if !of.ignored && of.only.is_none_or(|only| value == rank + only) {
                        rows.insert(row - self.rows.start);
                    }
                }
                rank += of.values;
            }
        }
        Ok(rows)
    }

    /// The values that some rows have, counted from the first of `ranks`.
    pub(super) fn values_of(
        &self,
        column: u32,
        uses: &[Use],
        ranks: &Range<u32>,
        rows: &RowSet,
    ) -> Result<RowSet, ReadError> {
        if self.group.is_full(column) {
            return Ok(rows.clone());
        }
        let mut values = RowSet::none(ranks.end - ranks.start);
        let mut next = rows.iter().peekable();
        for page in self.pages() {
            let start = self.rows.start.max((page * PAGE) as u32);
            let end = self.rows.end.min((page * PAGE + PAGE) as u32);
            if next.peek().is_none_or(|row| row + self.rows.start >= end) {
                continue;
            }
            let mut rank = self.rank(column, uses, start)? - ranks.start;
            let shapes = &self.shapes(page)?[start as usize % PAGE..];
            for (row, shape) in (start..end).zip(shapes) {
                let count = uses[*shape as usize].values;
                if next.next_if(|next| next + self.rows.start == row).is_some() {
                    values.insert_range(rank..(rank + count).min(values.range_len()));
                }
                rank += count;
            }
        }
        Ok(values)
    }

    /// Those of the rows whose shape is asked for.
    pub(super) fn rows_of_shapes(
        &self,
        rows: &RowSet,
        is_asked: impl Fn(u32) -> bool,
    ) -> Result<RowSet, ReadError> {
        let mut found = RowSet::none(self.len());
        let asked: Vec<bool> = (0..self.group.shapes().len() as u32).map(is_asked).collect();
        if !asked.contains(&true) {
            return Ok(found);
        }
        let mut next = rows.iter().peekable();
        for page in self.pages() {
            let (start, end) = ((page * PAGE) as u32, (page * PAGE + PAGE) as u32);
            if next.peek().is_none_or(|row| row + self.rows.start >= end) {
                continue;
            }
            let shapes = self.shapes(page)?;
            while let Some(row) = next.next_if(|row| row + self.rows.start < end) {
                if asked[shapes[(row + self.rows.start - start) as usize] as usize] {
                    found.insert(row);
                }
            }
        }
        Ok(found)
    }

    /// Whether lines of a shape are kept whole, so that their values are in no column.
    pub(super) fn is_whole(&self, shape: u32) -> bool {
        self.forms().whole().binary_search(&shape).is_ok()
    }
}
