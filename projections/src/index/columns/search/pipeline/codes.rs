//! The values of a field as small numbers: for each row which of the cells it has.
//!
//! The shapes of a group say in which column the first value of the field stands. Invariant: the cell of a row is what
//! `Cell::of_line` reads in its line. Rows of shapes that do not tell are left out by the caller.
//! It makes a cell once for each different value, not for each row.

use std::ops::Range;

use antler_events::clock::Timestamp;
use antler_events::line::{Level, Role, Value, ValueKind};
use antler_events::query::pipe::bin::Bin;
use antler_events::query::pipe::grouping::Key;
use antler_events::query::pipe::{Cell, Number, TimeRange};
use antler_events::query::tree::FieldName;

use super::numbering::Numbering;
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::decimal::Decimal;
use crate::index::columns::forms::Fill;
use crate::index::columns::search::fields::{Placed, TextNumbers};
use crate::index::columns::search::places::{Scan, Use};
use crate::index::columns::search::rows::RowSet;
use crate::index::columns::shape::{Hole, Shape, Writing};
use crate::index::columns::view::{GroupView, Values};

/// Where the rows of a shape have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Missing,
    /// The time of the row.
    Time,
    /// A value of a column: which of those that the row has there.
    Value {
        column: u32,
        nth: u32,
    },
    /// Only the line tells.
    Untold,
}

/// A cell for each row.
#[derive(Debug)]
pub(super) struct Codes {
    /// For each row of the scan which of the cells.
    pub(super) of_rows: Vec<u32>,
    /// The first is missing.
    pub(super) cells: Vec<Cell>,
}

type View<'a> = dyn GroupView + 'a;

/// Values are read one by one if no more than one of so many is wanted.
const VALUES_PER_PICKED: usize = 8;

/// The sources of a field in all shapes of a group.
pub(super) fn sources<'a>(scan: &Scan<'a, View<'a>>, field: &FieldName) -> Vec<Source> {
    let shapes = scan.group.shapes();
    if *field == FieldName::Role(Role::Time) {
        return vec![Source::Time; shapes.len()];
    }
    let (forms, mut sources) = (scan.forms(), vec![Source::Missing; shapes.len()]);
    match field {
        FieldName::Role(role) => {
            for Fill { column, shape, nth } in forms.fills(*role).iter().copied() {
                let is_time = scan.group.head(column).class == Class::Time;
                sources[shape as usize] =
                    if is_time { Source::Untold } else { Source::Value { column, nth } };
            }
        }
        FieldName::Named(name) => {
            let columns = forms.named(name, |column| &scan.group.head(column).name);
            let as_times = forms.times().iter().filter(|(column, _)| columns.contains(column));
            let with_values = columns.iter().flat_map(|column| forms.uses(*column)).map(|of| of.shape);
            for shape in with_values.chain(as_times.map(|(_, shape)| *shape)) {
                sources[shape as usize] = source_of_name(&shapes[shape as usize], columns, &**name == "tags");
            }
        }
        FieldName::Any | FieldName::Like(_) => {}
    }
    forms.whole().iter().for_each(|shape| sources[*shape as usize] = Source::Untold);
    sources
}

/// Where a shape has the first value of columns that have one name.
fn source_of_name(shape: &Shape, columns: &[u32], is_of_defaults: bool) -> Source {
    match shape.holes.iter().find(|hole| columns.contains(&hole.column)) {
        Some(Hole { writing: Writing::Time(_), .. }) => Source::Untold,
        Some(hole) => Source::Value { column: hole.column, nth: 0 },
        None => {
            // Other defaults have the names of roles.
            let mut defaults = shape.defaults.iter().copied().filter(|_| is_of_defaults);
            let default = defaults.find(|column| columns.contains(column));
            default.map_or(Source::Missing, |column| Source::Value { column, nth: 0 })
        }
    }
}

/// The columns that rows have a field in.
pub(super) fn columns_of(sources: &[Source]) -> Vec<u32> {
    let mut columns: Vec<u32> = sources.iter().filter_map(|source| source.column()).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// The values of a column that rows have for a field.
pub(super) struct ColumnRows {
    pub(super) ranks: Range<u32>,
    /// Values count from the first of the ranks.
    pub(super) placed: Placed,
}

impl ColumnRows {
    /// Nothing if there are none.
    pub(super) fn new<'a>(
        scan: &Scan<'a, View<'a>>,
        rows: &RowSet,
        column: u32,
        sources: &[Source],
    ) -> Result<Option<Self>, ReadError> {
        let uses = Self::uses(scan, column, sources);
        let ranks = scan.ranks(column, &uses)?;
        let placed = scan.placed(column, &uses, &ranks, rows)?;
        Ok((!placed.rows.is_empty()).then_some(Self { ranks, placed }))
    }

    /// The same where it does not matter which row has which value: then nothing is placed if all count.
    pub(super) fn of_any_row<'a>(
        scan: &Scan<'a, View<'a>>,
        rows: &RowSet,
        column: u32,
        sources: &[Source],
    ) -> Result<Option<Self>, ReadError> {
        let uses = Self::uses(scan, column, sources);
        let counts = |of: &Use| of.values == 0 || !of.ignored && (of.values == 1 || of.only.is_none());
        if rows.count() < scan.len() || !uses.iter().all(counts) {
            return Self::new(scan, rows, column, sources);
        }
        let ranks = scan.ranks(column, &uses)?;
        let placed = Placed { rows: vec![0; ranks.len()], values: (0..ranks.len() as u32).collect() };
        Ok((!ranks.is_empty()).then_some(Self { ranks, placed }))
    }

    pub(super) fn uses<'a>(scan: &Scan<'a, View<'a>>, column: u32, sources: &[Source]) -> Vec<Use> {
        let mut uses = scan.uses(column);
        uses.iter_mut().zip(sources).for_each(|(of, source)| *of = source.narrow(*of, column));
        uses
    }
}

impl Codes {
    fn none(rows: u32) -> Self {
        Self { of_rows: vec![0; rows as usize], cells: vec![Cell::Missing] }
    }

    /// The times of rows, cut to the bins of a key if there is one.
    pub(super) fn of_times<'a>(
        scan: &Scan<'a, View<'a>>,
        rows: &RowSet,
        cut: Option<(&Key, &TimeRange)>,
    ) -> Result<Self, ReadError> {
        let mut times = Vec::with_capacity(scan.len() as usize);
        scan.group.times(scan.rows.clone(), &mut times)?;
        let mut codes = Self::none(scan.len());
        let mut numbering = Numbering::below(u64::MAX, 0);
        // A row mostly lies in the bin of the row before.
        let mut last = (1, 0, 0);
        for row in rows.iter() {
            let time = *times.get(row as usize).ok_or(ReadError::directory("a time"))?;
            if !(last.0..=last.1).contains(&time) {
                let cell = Cell::Time(Timestamp::from_nanos(time));
                let (cell, until) = cut.map_or((cell.clone(), time), |cut| bin(&cell, time, cut));
                last = match &cell {
                    Cell::Time(start) => {
                        let (number, is_new) = numbering.number(start.nanos() as u64);
                        let last = (start.nanos(), until, number + 1);
                        if is_new {
                            codes.cells.push(cell);
                        }
                        last
                    }
                    _ => (time, time, 0),
                };
            }
            codes.of_rows[row as usize] = last.2;
        }
        Ok(codes)
    }

    /// The values of a field in rows of shapes that tell.
    pub(super) fn of_field<'a>(
        scan: &Scan<'a, View<'a>>,
        rows: &RowSet,
        field: &FieldName,
        sources: &[Source],
    ) -> Result<Self, ReadError> {
        let mut codes = Self::none(scan.len());
        for column in columns_of(sources) {
            codes.add_column(scan, rows, column, field, sources)?;
        }
        Ok(codes)
    }

    /// The values of one of the columns of a field.
    pub(super) fn of_column<'a>(
        scan: &Scan<'a, View<'a>>,
        rows: &RowSet,
        column: u32,
        field: &FieldName,
        sources: &[Source],
    ) -> Result<Self, ReadError> {
        let mut codes = Self::none(scan.len());
        codes.add_column(scan, rows, column, field, sources)?;
        Ok(codes)
    }

    fn add_column<'a>(
        &mut self,
        scan: &Scan<'a, View<'a>>,
        rows: &RowSet,
        column: u32,
        field: &FieldName,
        sources: &[Source],
    ) -> Result<(), ReadError> {
        let Some(placed) = ColumnRows::new(scan, rows, column, sources)? else { return Ok(()) };
        let ColumnRows { ranks, placed } = &placed;
        let wanted = placed;
        let range = ranks.start as usize..ranks.end as usize;
        let class = scan.group.head(column).class;
        let is_level = *field == FieldName::Role(Role::Level);
        let cell = |text: &[u8]| cell_of(class, text, is_level);
        let values = scan.group.values(column);
        match values {
            Values::OpenDictionary(texts) => {
                let ids = texts.ids(range);
                let ids = wanted.of_values(&ids)?;
                self.add_ids(wanted, &ids, texts.texts(), |numbers, visit| {
                    numbers.iter().for_each(|number| visit(cell(texts.text(*number))));
                    Ok(())
                })
            }
            Values::Dictionary(texts, blocks) => {
                let ids = if wanted.values.len() < range.len() / VALUES_PER_PICKED {
                    let ranks: Vec<u32> = wanted.values.iter().map(|value| ranks.start + value).collect();
                    texts.ids_at(blocks, &ranks)?
                } else {
                    let mut ids = Vec::with_capacity(range.len());
                    texts.ids(blocks, range, &mut ids)?;
                    wanted.of_values(&ids)?.into_owned()
                };
                self.add_ids(wanted, &ids, texts.texts.len(), |numbers, visit| {
                    texts.texts.visit(blocks, numbers.iter().copied(), |_, text| visit(cell(text)))
                })
            }
            Values::OpenNumbers(numbers) => {
                let decimals: Vec<Decimal> = range.map(|at| numbers.at(at)).collect();
                self.add_numbers(wanted, &decimals, is_level)
            }
            Values::Numbers(numbers, blocks) => {
                let mut decimals = Vec::with_capacity(range.len());
                numbers.read(blocks, range, &mut decimals)?;
                self.add_numbers(wanted, &decimals, is_level)
            }
            Values::OpenTemplates(_) | Values::Templates(..) => {
                let wanted_ranks: Vec<u32> = wanted.values.iter().map(|value| ranks.start + value).collect();
                let (base, mut numbers) = (self.cells.len() as u32, TextNumbers::default());
                values.texts(&wanted_ranks, &mut |at, text| {
                    self.of_rows[wanted.rows[at] as usize] = base + numbers.number(text);
                })?;
                let texts = (0..numbers.len() as u32).map(|number| cell(numbers.text(number)));
                self.cells.extend(texts);
                Ok(())
            }
        }
    }

    /// Adds values with these numbers in a dictionary of so many texts, of which only those that rows have are read.
    fn add_ids(
        &mut self,
        wanted: &Placed,
        ids: &[u32],
        texts: usize,
        read: impl FnOnce(&[u32], &mut dyn FnMut(Cell)) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut code_of = vec![0u32; texts];
        let wrong = || ReadError::directory("the number of a text");
        for id in ids {
            *code_of.get_mut(*id as usize).ok_or_else(wrong)? = 1;
        }
        let used: Vec<u32> = (0..texts as u32).filter(|id| code_of[*id as usize] == 1).collect();
        for (id, code) in used.iter().zip(self.cells.len() as u32..) {
            code_of[*id as usize] = code;
        }
        let expected = self.cells.len() + used.len();
        read(&used, &mut |cell| self.cells.push(cell))?;
        if self.cells.len() != expected {
            return Err(wrong());
        }
        for (row, id) in wanted.rows.iter().zip(ids) {
            self.of_rows[*row as usize] = code_of[*id as usize];
        }
        Ok(())
    }

    fn add_numbers(
        &mut self,
        wanted: &Placed,
        decimals: &[Decimal],
        is_level: bool,
    ) -> Result<(), ReadError> {
        let largest = wanted.values.iter().max().map(|value| *value as usize);
        if largest.is_some_and(|largest| largest >= decimals.len()) {
            return Err(ReadError::directory("a number"));
        }
        // One numbering for each scale, so that mantissas alone are keys.
        let mut scales: Vec<(u8, Vec<u32>, Numbering)> = Vec::new();
        let lowest = decimals.iter().map(|number| number.mantissa()).min().unwrap_or(0);
        let highest = decimals.iter().map(|number| number.mantissa()).max().unwrap_or(0);
        let bound = highest.abs_diff(lowest).saturating_add(1);
        for (row, value) in wanted.rows.iter().zip(&wanted.values) {
            let number = decimals[*value as usize];
            let at = scales.iter().position(|(scale, ..)| *scale == number.scale()).unwrap_or_else(|| {
                scales.push((number.scale(), Vec::new(), Numbering::below(bound, wanted.rows.len())));
                scales.len() - 1
            });
            let (_, codes, numbering) = &mut scales[at];
            let (code, is_new) = numbering.number(number.mantissa().abs_diff(lowest));
            if is_new {
                codes.push(self.cells.len() as u32);
                self.cells.push(cell_of_number(number, is_level));
            }
            self.of_rows[*row as usize] = codes[code as usize];
        }
        Ok(())
    }
}

impl Source {
    fn column(self) -> Option<u32> {
        if let Self::Value { column, .. } = self { Some(column) } else { None }
    }

    /// How a shape uses a column, if only the value of the source counts.
    fn narrow(self, of: Use, column: u32) -> Use {
        match self {
            Self::Value { column: from, nth } if from == column => Use { only: Some(nth), ..of },
            _ => Use { ignored: of.values > 0, ..of },
        }
    }
}

/// The bin of a time, and a time up to which all that follow lie in it.
fn bin(cell: &Cell, time: i64, (key, range): (&Key, &TimeRange)) -> (Cell, i64) {
    let start = key.of(cell, range);
    let until = match (&start, key.bin) {
        (Cell::Time(start), Some(Bin::Time(width))) => start.nanos().saturating_add(width - 1),
        _ => time,
    };
    (start, until)
}

fn cell_of_number(number: Decimal, is_level: bool) -> Cell {
    if is_level {
        let mut text = Vec::new();
        number.write(&mut text);
        return cell_of(Class::Number, &text, true);
    }
    Cell::Number(Number::decimal(number.mantissa(), number.scale()))
}

/// What a value of a column is.
pub(super) fn cell_of(class: Class, raw: &[u8], is_level: bool) -> Cell {
    let kind = match class {
        Class::Text | Class::Whole | Class::Time => ValueKind::String,
        Class::EscapedText => ValueKind::EscapedString,
        Class::Number | Class::OtherNumber => ValueKind::Number,
        Class::Flag if raw == b"true" => ValueKind::True,
        Class::Flag => ValueKind::False,
    };
    let value = Value { kind, raw };
    let level = is_level.then(|| Level::parse(value.text().as_bytes())).flatten();
    level.map_or_else(|| Cell::of_value(value), Cell::Level)
}
