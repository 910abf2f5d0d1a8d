//! The values of a field, row by row, as numbers of texts: for counts by field, lists of values, and levels.
//!
//! Invariant: every value of a row is visited, in the order of the rows; the same text has the same number
//! whatever column it comes from. A text that a dictionary holds is looked at once, however many rows have it.

use std::borrow::Cow;
use std::hash::BuildHasher as _;
use std::ops::Range;

use antler_events::line::Value;
use antler_events::query::tree::FieldName;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::evaluate::{READ_TOGETHER, read_lines};
use super::places::{Scan, Use};
use super::rows::RowSet;
use super::values::resolved;
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::plane::PAGE;
use crate::index::columns::view::{GroupView, Values};

/// Different texts under numbers.
#[derive(Debug, Default)]
pub struct TextNumbers {
    table: HashTable<u32>,
    texts: Vec<Box<[u8]>>,
    hasher: FixedState,
}

impl TextNumbers {
    pub fn number(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        if let Some(number) = self.table.find(hash, |number| *self.texts[*number as usize] == *text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.into());
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.table.insert_unique(hash, number, |number| hasher.hash_one(&*texts[*number as usize]));
        number
    }

    pub fn text(&self, number: u32) -> &[u8] {
        &self.texts[number as usize]
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl<G: GroupView + ?Sized> Scan<'_, G> {
    /// Visits row and number of every value of a field in `rows`. The value that tells the time has none.
    pub(super) fn field(
        &self,
        field: &FieldName,
        rows: &RowSet,
        numbers: &mut TextNumbers,
        visit: &mut dyn FnMut(u32, u32),
    ) -> Result<(), ReadError> {
        for column in 0..self.group.columns() {
            let head = self.group.head(column);
            let uses = match field {
                FieldName::Role(role) => self.uses_in_role(column, *role),
                FieldName::Named(name) if *name == head.name => self.uses(column),
                _ => continue,
            };
            let is_used = uses.iter().any(|of| !of.ignored && of.values > 0);
            if is_used && !matches!(head.class, Class::Whole | Class::Time) {
                self.column_values(column, &uses, rows, numbers, visit)?;
            }
        }
        self.whole_values(field, rows, numbers, visit)
    }

    fn column_values(
        &self,
        column: u32,
        uses: &[Use],
        rows: &RowSet,
        numbers: &mut TextNumbers,
        visit: &mut dyn FnMut(u32, u32),
    ) -> Result<(), ReadError> {
        let ranks = self.ranks(column, uses)?;
        let values = self.group.values(column);
        let class = self.group.head(column).class;
        let known = TextsOfColumn::read(values, class, &ranks, numbers)?;
        let Placed { rows, values: of_rows } = self.placed(column, uses, &ranks, rows)?;
        if let Some(known) = known {
            for (row, value) in rows.into_iter().zip(of_rows) {
                visit(row, known.numbers[known.ids[value as usize] as usize]);
            }
            return Ok(());
        }
        let wanted_ranks: Vec<u32> = of_rows.iter().map(|value| ranks.start + value).collect();
        values.texts(&wanted_ranks, &mut |at, text| {
            visit(rows[at], numbers.number(&resolved(class, text)));
        })
    }

    /// The values of a column that count in some rows.
    pub(super) fn placed(
        &self,
        column: u32,
        uses: &[Use],
        ranks: &Range<u32>,
        rows: &RowSet,
    ) -> Result<Placed, ReadError> {
        if let Some(occupied) = self.occupied(column, uses)? {
            let is_whole = occupied.ranks == *ranks;
            return if is_whole { Ok(occupied.placed(rows)) } else { Err(ReadError::directory("ranks")) };
        }
        let mut placed = Placed::default();
        for page in self.pages() {
            let start = self.rows.start.max((page * PAGE) as u32);
            let end = self.rows.end.min((page * PAGE + PAGE) as u32);
            let first = self.rank(column, uses, start)?.wrapping_sub(ranks.start);
            let shapes = &self.shapes(page)?[start as usize % PAGE..];
            let shapes = &shapes[..(end - start) as usize];
            let start = start - self.rows.start;
            placed.add(uses, shapes, (start, first), rows);
        }
        let count = ranks.end - ranks.start;
        if placed.values.iter().any(|value| *value >= count) {
            return Err(ReadError::directory("ranks"));
        }
        Ok(placed)
    }

    /// Lines that are kept whole are read again.
    fn whole_values(
        &self,
        field: &FieldName,
        rows: &RowSet,
        numbers: &mut TextNumbers,
        visit: &mut dyn FnMut(u32, u32),
    ) -> Result<(), ReadError> {
        let whole = self.rows_of_shapes(rows, |shape| self.is_whole(shape))?;
        let whole: Vec<u32> = whole.iter().map(|row| row + self.rows.start).collect();
        for some in whole.chunks(READ_TOGETHER) {
            for (origin, row) in read_lines(self.group, some)? {
                let batch = row.parsed(origin.received_at)?;
                let line = batch.line(0).ok_or(ReadError::directory("a line"))?;
                let mut value = |value: Value<'_>| {
                    visit(row.row - self.rows.start, numbers.number(value.text().as_bytes()));
                };
                match field {
                    FieldName::Role(role) => line.role(*role).into_iter().for_each(&mut value),
                    FieldName::Named(name) => (line.fields())
                        .filter(|field| *field.name_text == **name && field.value.kind.is_scalar())
                        .for_each(|field| value(field.value)),
                    FieldName::Any | FieldName::Like(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// Rows with a value, counted from the first of a scan, and these values, counted from the first of some ranks.
#[derive(Debug, Default)]
pub(super) struct Placed {
    pub(super) rows: Vec<u32>,
    pub(super) values: Vec<u32>,
}

impl Placed {
    /// For each of the values what stands at its place.
    pub(super) fn of_values<'a>(&self, all: &'a [u32]) -> Result<Cow<'a, [u32]>, ReadError> {
        // As many rising values as there are are all of them.
        if self.values.len() == all.len() && self.values.is_sorted() {
            return Ok(Cow::Borrowed(all));
        }
        let of_values = self.values.iter().map(|value| all.get(*value as usize).copied());
        let of_values: Option<Vec<u32>> = of_values.collect();
        of_values.map(Cow::Owned).ok_or(ReadError::directory("the number of a text"))
    }

    /// Adds the rows of a page from one row and value on.
    fn add(&mut self, uses: &[Use], shapes: &[u32], (start, first): (u32, u32), rows: &RowSet) {
        let mut value = first;
        for (row, shape) in (start..).zip(shapes) {
            let of = uses[*shape as usize];
            if of.values > 0 && !of.ignored && rows.contains(row) {
                let values = match of.only {
                    Some(only) => value.wrapping_add(only)..value.wrapping_add(only).wrapping_add(1),
                    None => value..value.wrapping_add(of.values),
                };
                for value in values {
                    self.rows.push(row);
                    self.values.push(value);
                }
            }
            value = value.wrapping_add(of.values);
        }
    }
}

/// The texts of a dictionary under their common numbers, and which each value of a range has.
struct TextsOfColumn {
    numbers: Vec<u32>,
    ids: Vec<u32>,
}

impl TextsOfColumn {
    /// Nothing if the column is no dictionary.
    fn read(
        values: Values<'_>,
        class: Class,
        ranks: &Range<u32>,
        numbers: &mut TextNumbers,
    ) -> Result<Option<Self>, ReadError> {
        let range = ranks.start as usize..ranks.end as usize;
        let mut of_texts = Vec::new();
        let mut ids = Vec::new();
        match values {
            Values::OpenDictionary(values) => {
                let texts = (0..values.texts() as u32).map(|id| values.text(id));
                of_texts.extend(texts.map(|text| numbers.number(&resolved(class, text))));
                ids = values.ids(range);
            }
            Values::Dictionary(values, blocks) => {
                let mut number = |_, text: &[u8]| of_texts.push(numbers.number(&resolved(class, text)));
                values.texts.for_each(blocks, &mut number)?;
                values.ids(blocks, range, &mut ids)?;
            }
            _ => return Ok(None),
        }
        Ok(Some(Self { numbers: of_texts, ids }))
    }
}
