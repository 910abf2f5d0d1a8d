//! A group as those see it who search and render: rows, shapes, columns, whether open or sealed.
//!
//! Invariant: an open group and the sealed one that it becomes give the same answers for the same lines.
//! A view is read only, and reading is all that can fail.

use std::borrow::Cow;
use std::ops::Range;

use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};

use super::block::ReadError;
use super::column::ColumnHead;
use super::dictionary::{OpenDictionary, SealedDictionary};
use super::forms::Forms;
use super::group::GroupBlocks;
use super::number::{OpenNumbers, SealedNumbers};
use super::plane::PAGE;
use super::rollup::SealedRollup;
use super::shape::Shape;
use super::template::TemplateColumn;
use super::templates::SealedTemplates;

/// Rows of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRows {
    /// All rows of a range.
    Range(Range<u32>),
    /// Some rows, rising.
    List(Vec<u32>),
}

impl TenantRows {
    pub fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::List(list) => list.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn into_list(self) -> Vec<u32> {
        match self {
            Self::Range(range) => range.collect(),
            Self::List(list) => list,
        }
    }
}

/// Where a row came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub partition: PartitionId,
    pub offset: Offset,
    /// Its place in the batch.
    pub line: u32,
    pub received_at: Timestamp,
    /// Which of the arrivals.
    pub arrival: u32,
}

/// What had counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedBy {
    Rollup,
    /// Dictionaries and templates, which know how often each of their texts is there.
    Columns,
}

/// What can be asked of a group.
pub trait GroupView {
    fn rows(&self) -> u32;

    fn tenant_rows(&self, tenant: TenantId) -> TenantRows;

    /// Earliest and latest time of all rows; nothing if there are none.
    fn span(&self) -> Option<(i64, i64)>;

    /// The same of the rows of a page, which may tell too much. Nothing if it is not known.
    fn page_span(&self, page: usize) -> Option<(i64, i64)>;

    /// Whether the rows of each tenant are in the order of their times.
    fn is_sorted(&self) -> bool;

    /// Bytes of the lines of rows as they came, if that is known without rendering them.
    fn known_raw_bytes(&self, _rows: &[u32]) -> Option<u64> {
        None
    }

    /// Appends the times of rows, in nanoseconds.
    fn times(&self, rows: Range<u32>, out: &mut Vec<i64>) -> Result<(), ReadError>;

    /// Appends the numbers of the shapes of rows.
    fn shape_numbers(&self, rows: Range<u32>, out: &mut Vec<u32>) -> Result<(), ReadError>;

    /// All shapes; those of a sealed group without their text.
    fn shapes(&self) -> &[Shape];

    /// What the shapes are made of.
    fn forms(&self) -> Cow<'_, Forms>;

    /// Visits the texts of shapes, by rising numbers.
    fn shape_texts(&self, numbers: &[u32], visit: &mut dyn FnMut(u32, &[u8])) -> Result<(), ReadError>;

    fn columns(&self) -> u32;

    fn head(&self, column: u32) -> &ColumnHead;

    fn values(&self, column: u32) -> Values<'_>;

    /// Whether every row has exactly one value of the column.
    fn is_full(&self, column: u32) -> bool;

    /// How many values of the column stand before the first row of a page of `PAGE` rows.
    fn rank_at_page(&self, column: u32, page: usize) -> u32;

    fn arrivals(&self) -> &[Arrival];

    /// Where rows came from, by rising rows.
    fn origins(&self, rows: &[u32]) -> Result<Vec<Origin>, ReadError>;

    /// The row of a line of an event, whoever's it is.
    fn row_of(&self, partition: PartitionId, offset: Offset, line: u32) -> Result<Option<u32>, ReadError>;

    /// Whether a token that filters keep may be in the group.
    fn may_have(&self, token_hash: u64) -> Result<bool, ReadError>;

    /// What all rows of a tenant come to, if the group has counted them.
    fn rollup(&self, _tenant: TenantId) -> Option<TenantRollup<'_>> {
        None
    }

    /// Tells whoever watches a search that what was asked had been counted before.
    fn note_counted(&self, _by: CountedBy) {}

    /// What was read of the group so far, by whoever reads it.
    fn reads(&self) -> Reads {
        Reads::default()
    }
}

/// The roll-up of a group, and the number that a tenant has in it.
#[derive(Debug, Clone, Copy)]
pub struct TenantRollup<'a> {
    pub rollup: &'a SealedRollup,
    pub tenant: u32,
    pub blocks: &'a GroupBlocks,
}

/// What was read of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reads {
    /// Bytes of blocks that came from the file, and of those that were in memory.
    pub stored_bytes: u64,
    pub cached_bytes: u64,
    /// Blocks that are not as they were written.
    pub faults: u64,
}

/// The values of a column.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    OpenDictionary(&'a OpenDictionary),
    OpenTemplates(&'a TemplateColumn),
    OpenNumbers(&'a OpenNumbers),
    Dictionary(&'a SealedDictionary, &'a GroupBlocks),
    Templates(&'a SealedTemplates, &'a GroupBlocks),
    Numbers(&'a SealedNumbers, &'a GroupBlocks),
}

impl Values<'_> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Self::OpenDictionary(values) => values.len(),
            Self::OpenTemplates(values) => values.count() as usize,
            Self::OpenNumbers(values) => values.len(),
            Self::Dictionary(values, _) => values.len(),
            Self::Templates(values, _) => values.len(),
            Self::Numbers(values, _) => values.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Visits the values of rising ranks as texts, each with its place among the ranks.
    pub fn texts(self, ranks: &[u32], visit: &mut dyn FnMut(usize, &[u8])) -> Result<(), ReadError> {
        let mut text = Vec::new();
        match self {
            Self::OpenDictionary(values) => {
                for (at, rank) in ranks.iter().enumerate() {
                    visit(at, values.text(values.id(*rank as usize)));
                }
                Ok(())
            }
            Self::OpenTemplates(values) => {
                for (at, rank) in ranks.iter().enumerate() {
                    text.clear();
                    let rendered = values.render(*rank, &mut text);
                    rendered.map_err(|_| ReadError::directory("a rank"))?;
                    visit(at, &text);
                }
                Ok(())
            }
            Self::OpenNumbers(values) => {
                for (at, rank) in ranks.iter().enumerate() {
                    text.clear();
                    values.at(*rank as usize).write(&mut text);
                    visit(at, &text);
                }
                Ok(())
            }
            Self::Dictionary(values, blocks) => dictionary_texts(values, blocks, ranks, visit),
            Self::Templates(values, blocks) => values.visit(blocks, ranks, visit),
            Self::Numbers(values, blocks) => {
                for (at, number) in values.at(blocks, ranks)?.into_iter().enumerate() {
                    text.clear();
                    number.write(&mut text);
                    visit(at, &text);
                }
                Ok(())
            }
        }
    }
}

fn dictionary_texts(
    values: &SealedDictionary,
    blocks: &GroupBlocks,
    ranks: &[u32],
    visit: &mut dyn FnMut(usize, &[u8]),
) -> Result<(), ReadError> {
    let mut places: Vec<(u32, usize)> = values.ids_at(blocks, ranks)?.into_iter().zip(0..).collect();
    places.sort_unstable();
    let mut at = places.iter();
    values.texts.visit(blocks, places.iter().map(|place| place.0), |_, text| {
        if let Some((_, place)) = at.next() {
            visit(*place, text);
        }
    })
}

/// Pages of rows that a range touches, each with the rows of the range in it.
pub fn pages(rows: Range<u32>) -> impl Iterator<Item = (usize, Range<u32>)> {
    let page = PAGE as u32;
    (rows.start / page..rows.end.div_ceil(page)).map(move |index| {
        let within = rows.start.max(index * page)..rows.end.min((index + 1) * page);
        (index as usize, within)
    })
}
