//! Rows as lines again: the pieces of the shape with the values between them.
//!
//! Invariant: a line comes back byte for byte as it arrived. Only the columns that the rows have are read,
//! and of these only the pages that hold them.

use std::ops::Range;

use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::line::{LineBatch, LineBatchBuilder};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::block::ReadError;
use super::column::{Class, WHOLE_PLAIN};
use super::escape;
use super::plane::PAGE;
use super::shape::{Shape, Writing};
use super::time_text;
use super::view::GroupView;

/// A row as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedRow {
    pub row: u32,
    pub time: Timestamp,
    pub raw: Vec<u8>,
    /// Whether it was taken as text and not as JSON.
    pub is_plain: bool,
}

impl RenderedRow {
    /// The line alone in a batch.
    pub fn parsed(&self, received_at: Timestamp) -> Result<LineBatch, ReadError> {
        let limits = LineLimits::default().for_lines_taken_before();
        let mut builder = LineBatchBuilder::new(limits, received_at);
        builder.push_again(&self.raw, self.is_plain).map_err(|_| ReadError::directory("a line"))?;
        Ok(builder.finish())
    }
}

/// The rows as lines; `rows` rise.
pub fn render(group: &(impl GroupView + ?Sized), rows: &[u32]) -> Result<Vec<RenderedRow>, ReadError> {
    let placed = Placed::of(group, rows)?;
    let values = placed.values(group)?;
    let texts = placed.shape_texts(group)?;
    let mut next: HashMap<u32, usize, FixedState> = HashMap::default();
    let mut rendered = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let (time, shape) = (Timestamp::from_nanos(placed.times[at]), placed.shapes[at]);
        let mut raw = Vec::new();
        let form = &group.shapes()[shape as usize];
        let mut pieces = Pieces { text: &texts[&shape], form, index: 0 };
        raw.extend_from_slice(pieces.next()?);
        for hole in &form.holes {
            if let Writing::Time(form) = hole.writing {
                time_text::write(form, time, &mut raw);
            } else {
                let index = next.entry(hole.column).or_default();
                let value = values[&hole.column].text(*index).ok_or(ReadError::directory("a value"))?;
                *index += 1;
                match hole.writing {
                    Writing::Escaped => escape::write(value, &mut raw),
                    _ => raw.extend_from_slice(value),
                }
            }
            raw.extend_from_slice(pieces.next()?);
        }
        for column in &form.defaults {
            *next.entry(*column).or_default() += 1;
        }
        let is_plain = is_plain(group, form);
        rendered.push(RenderedRow { row: *row, time, raw, is_plain });
    }
    Ok(rendered)
}

/// A text is one hole with nothing before it; an object has at least its brace there.
fn is_plain(group: &(impl GroupView + ?Sized), form: &Shape) -> bool {
    match &*form.holes {
        [only] if form.ends[0] == 0 => {
            let head = group.head(only.column);
            head.class != Class::Whole || *head.name == *WHOLE_PLAIN
        }
        _ => false,
    }
}

struct Pieces<'a> {
    text: &'a [u8],
    form: &'a Shape,
    index: usize,
}

impl<'a> Pieces<'a> {
    fn next(&mut self) -> Result<&'a [u8], ReadError> {
        let start = if self.index == 0 { 0 } else { self.form.ends[self.index - 1] };
        let end = self.form.ends[self.index];
        self.index += 1;
        self.text.get(start as usize..end as usize).ok_or(ReadError::directory("the text of a shape"))
    }
}

/// Rows with their times and shapes, and for each column the ranks of their values.
struct Placed {
    times: Vec<i64>,
    shapes: Vec<u32>,
    /// For each column the ranks of the values that the rows have, rising.
    ranks: HashMap<u32, Vec<u32>, FixedState>,
}

impl Placed {
    fn of(group: &(impl GroupView + ?Sized), rows: &[u32]) -> Result<Self, ReadError> {
        let mut placed = Self { times: Vec::new(), shapes: Vec::new(), ranks: HashMap::default() };
        let mut rest = rows;
        while let Some(first) = rest.first() {
            let page = *first as usize / PAGE;
            let count = rest.partition_point(|row| *row as usize / PAGE == page);
            let (here, after) = rest.split_at(count);
            placed.add_page(group, page, here)?;
            rest = after;
        }
        Ok(placed)
    }

    fn add_page(
        &mut self,
        group: &(impl GroupView + ?Sized),
        page: usize,
        rows: &[u32],
    ) -> Result<(), ReadError> {
        let start = (page * PAGE) as u32;
        let end = rows.last().map_or(start, |last| last + 1);
        let mut shapes = Vec::with_capacity((end - start) as usize);
        group.shape_numbers(start..end, &mut shapes)?;
        if shapes.len() != (end - start) as usize || end > group.rows() {
            return Err(ReadError::directory("a row"));
        }
        let mut times = Vec::new();
        group.times(rows[0]..end, &mut times)?;
        let mut counter = RankCounter::new(group, page);
        let mut at = start;
        for row in rows {
            counter.pass(&shapes[(at - start) as usize..(row - start) as usize])?;
            let shape = shapes[(row - start) as usize];
            counter.take(shape, &mut self.ranks)?;
            self.shapes.push(shape);
            self.times.push(*times.get((row - rows[0]) as usize).ok_or(ReadError::directory("a time"))?);
            at = row + 1;
        }
        Ok(())
    }

    fn values(
        &self,
        group: &(impl GroupView + ?Sized),
    ) -> Result<HashMap<u32, Fetched, FixedState>, ReadError> {
        let mut all = HashMap::default();
        for (column, ranks) in &self.ranks {
            all.insert(*column, Fetched::of(group, *column, ranks)?);
        }
        Ok(all)
    }

    fn shape_texts(
        &self,
        group: &(impl GroupView + ?Sized),
    ) -> Result<HashMap<u32, Vec<u8>, FixedState>, ReadError> {
        let mut numbers = self.shapes.clone();
        numbers.sort_unstable();
        numbers.dedup();
        let mut texts = HashMap::default();
        group.shape_texts(&numbers, &mut |number, text| {
            texts.insert(number, text.to_vec());
        })?;
        Ok(texts)
    }
}

/// Counts values of columns along the rows of a page.
struct RankCounter<'a, G: ?Sized> {
    group: &'a G,
    page: usize,
    /// Values of each column in the rows that were passed.
    values: Vec<u32>,
    /// Rows of each shape that were passed and are not counted in `values` yet.
    rows: Vec<u32>,
    shapes: Vec<u32>,
}

impl<'a, G: GroupView + ?Sized> RankCounter<'a, G> {
    fn new(group: &'a G, page: usize) -> Self {
        let (columns, shapes) = (group.columns() as usize, group.shapes().len());
        Self { group, page, values: vec![0; columns], rows: vec![0; shapes], shapes: Vec::new() }
    }

    fn pass(&mut self, shapes: &[u32]) -> Result<(), ReadError> {
        for shape in shapes {
            let rows = self.rows.get_mut(*shape as usize).ok_or(ReadError::directory("a shape"))?;
            if *rows == 0 {
                self.shapes.push(*shape);
            }
            *rows += 1;
        }
        for shape in self.shapes.drain(..) {
            let rows = std::mem::take(&mut self.rows[shape as usize]);
            for column in self.group.shapes()[shape as usize].values() {
                self.values[column as usize] += rows;
            }
        }
        Ok(())
    }

    /// Notes the ranks of the values of the next row.
    fn take(&mut self, shape: u32, ranks: &mut HashMap<u32, Vec<u32>, FixedState>) -> Result<(), ReadError> {
        let form = self.group.shapes().get(shape as usize).ok_or(ReadError::directory("a shape"))?;
        for column in form.values() {
            let passed = &mut self.values[column as usize];
            ranks.entry(column).or_default().push(self.group.rank_at_page(column, self.page) + *passed);
            *passed += 1;
        }
        Ok(())
    }
}

/// Values of a column, in the order of their ranks.
struct Fetched {
    bytes: Vec<u8>,
    spans: Vec<Range<usize>>,
}

impl Fetched {
    fn of(group: &(impl GroupView + ?Sized), column: u32, ranks: &[u32]) -> Result<Self, ReadError> {
        let values = group.values(column);
        if ranks.last().is_some_and(|last| *last as usize >= values.len()) {
            return Err(ReadError::directory("a column"));
        }
        let mut fetched = Self { bytes: Vec::new(), spans: vec![0..0; ranks.len()] };
        values.texts(ranks, &mut |at, text| {
            let start = fetched.bytes.len();
            fetched.bytes.extend_from_slice(text);
            fetched.spans[at] = start..fetched.bytes.len();
        })?;
        Ok(fetched)
    }

    fn text(&self, index: usize) -> Option<&[u8]> {
        self.spans.get(index).map(|span| &self.bytes[span.clone()])
    }
}
