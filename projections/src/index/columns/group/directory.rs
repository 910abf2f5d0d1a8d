//! The directory of a group: what it holds and where.
//!
//! Invariant: a directory that was decoded is consistent in itself: every column of a shape exists, every
//! column has as many values as its shapes say, every row belongs to one tenant. What only reading blocks
//! can tell is checked there.

mod origins;

use std::ops::Range;

use antler_events::ids::TenantId;

use crate::index::columns::block::{BlockWriter, Blocks, Extent, ReadError};
use crate::index::columns::column::ColumnHead;
use crate::index::columns::dictionary::SealedDictionary;
use crate::index::columns::filter::FilterShape;
use crate::index::columns::number::SealedNumbers;
use crate::index::columns::plane::{PAGE, Planes};
use crate::index::columns::rollup::SealedRollup;
use crate::index::columns::shape::Shape;
use crate::index::columns::templates::SealedTemplates;
use crate::index::columns::texts::Texts;
use crate::index::columns::time::Times;
use crate::index::columns::varint;

pub use self::origins::{EventRow, Events, origin, place_of};

/// What a group holds.
#[derive(Debug)]
pub struct Directory {
    pub rows: u32,
    /// Bytes of the lines as they came.
    pub raw_bytes: u64,
    /// Sorted; each with the row behind its last.
    pub tenants: Vec<(TenantId, u32)>,
    pub times: Times,
    pub shape_of: Planes,
    pub shapes: Vec<Shape>,
    pub shape_texts: Texts,
    pub columns: Vec<SealedColumn>,
    pub events: Events,
    /// The filter of all tokens, in pages.
    pub filter: SealedFilter,
    /// Nothing if it would have too many cells.
    pub rollup: Option<SealedRollup>,
}

/// A column of a sealed group.
#[derive(Debug)]
pub struct SealedColumn {
    pub head: ColumnHead,
    pub values: SealedValues,
    /// Whether every row has exactly one value.
    pub is_full: bool,
    /// For each page of rows how many values stand before it; empty if the column is full.
    pub ranks: Vec<u32>,
}

/// Its values.
#[derive(Debug)]
pub enum SealedValues {
    Dictionary(SealedDictionary),
    Templates(SealedTemplates),
    Numbers(SealedNumbers),
}

impl Directory {
    /// Rows of a tenant.
    pub fn rows_of(&self, tenant: TenantId) -> Range<u32> {
        match self.tenants.binary_search_by_key(&tenant, |entry| entry.0) {
            Ok(0) => 0..self.tenants[0].1,
            Ok(at) => self.tenants[at - 1].1..self.tenants[at].1,
            Err(_) => 0..0,
        }
    }

    /// The number that a tenant has in the roll-up.
    pub fn number_of(&self, tenant: TenantId) -> Option<u32> {
        let at = self.tenants.binary_search_by_key(&tenant, |entry| entry.0);
        at.ok().map(|at| at as u32)
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        varint::push(out, u64::from(self.rows));
        varint::push(out, self.raw_bytes);
        varint::push(out, self.tenants.len() as u64);
        let mut start = 0;
        for (tenant, end) in &self.tenants {
            out.push(tenant.as_str().len() as u8);
            out.extend_from_slice(tenant.as_str().as_bytes());
            varint::push(out, u64::from(end - start));
            start = *end;
        }
        self.times.encode(out);
        self.shape_of.encode(out);
        varint::push(out, self.columns.len() as u64);
        self.columns.iter().for_each(|column| column.encode(out));
        varint::push(out, self.shapes.len() as u64);
        self.shapes.iter().for_each(|shape| shape.encode(out));
        self.shape_texts.encode(out);
        self.events.encode(out);
        self.filter.encode(out);
        out.push(u8::from(self.rollup.is_some()));
        self.rollup.iter().for_each(|rollup| rollup.encode(out));
    }

    /// Reads a whole directory.
    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let wrong = || ReadError::directory("the directory of the group");
        let rows = varint::take_u32(bytes).ok_or_else(wrong)?;
        let raw_bytes = varint::take(bytes).ok_or_else(wrong)?;
        let tenants = take_tenants(bytes, rows).ok_or_else(wrong)?;
        let times = Times::decode(bytes)?;
        let shape_of = Planes::decode(bytes)?;
        let count = take_count(bytes).ok_or_else(wrong)?;
        let columns = (0..count).map(|_| SealedColumn::decode(bytes, rows)).collect::<Result<Vec<_>, _>>()?;
        let count = take_count(bytes).ok_or_else(wrong)?;
        let below = columns.len() as u32;
        let shapes = (0..count).map(|_| Shape::decode(bytes, below)).collect::<Result<Vec<_>, _>>()?;
        let shape_texts = Texts::decode(bytes)?;
        let events = Events::decode(bytes)?;
        let filter = SealedFilter::decode(bytes)?;
        let rollup = match take_byte(bytes).ok_or_else(wrong)? {
            0 => None,
            _ => Some(SealedRollup::decode(bytes)?),
        };
        let lengths = [times.len(), shape_of.len(), events.len()];
        if !bytes.is_empty() || lengths != [rows as usize; 3] || shape_texts.len() != shapes.len() {
            return Err(wrong());
        }
        Ok(Self {
            rows,
            raw_bytes,
            tenants,
            times,
            shape_of,
            shapes,
            shape_texts,
            columns,
            events,
            filter,
            rollup,
        })
    }

    /// Memory that the directory holds.
    pub fn bytes_held(&self) -> usize {
        let columns: usize = self.columns.iter().map(SealedColumn::bytes_held).sum();
        let shapes: usize = self.shapes.iter().map(Shape::bytes_held).sum();
        self.tenants.capacity() * size_of::<(TenantId, u32)>()
            + columns
            + shapes
            + self.times.bytes_held()
            + self.shape_of.bytes_held()
            + self.shape_texts.bytes_held()
            + self.events.bytes_held()
            + self.filter.bytes_held()
            + self.rollup.as_ref().map_or(0, SealedRollup::bytes_held)
    }
}

/// A count of things of at least one byte each.
fn take_count(bytes: &mut &[u8]) -> Option<usize> {
    varint::take_u32(bytes).map(|count| count as usize).filter(|count| *count <= bytes.len())
}

fn take_tenants(bytes: &mut &[u8], rows: u32) -> Option<Vec<(TenantId, u32)>> {
    let count = take_count(bytes)?;
    let mut tenants: Vec<(TenantId, u32)> = Vec::with_capacity(count);
    let mut end = 0u32;
    for _ in 0..count {
        let (length, rest) = bytes.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        *bytes = rest;
        let tenant = TenantId::parse(std::str::from_utf8(name).ok()?).ok()?;
        end = end.checked_add(varint::take_u32(bytes)?)?;
        if tenants.last().is_some_and(|last| last.0 >= tenant) {
            return None;
        }
        tenants.push((tenant, end));
    }
    (end == rows).then_some(tenants)
}

impl SealedColumn {
    fn encode(&self, out: &mut Vec<u8>) {
        self.head.encode(out);
        match &self.values {
            SealedValues::Dictionary(values) => {
                out.push(0);
                values.encode(out);
            }
            SealedValues::Templates(values) => {
                out.push(1);
                values.encode(out);
            }
            SealedValues::Numbers(values) => {
                out.push(2);
                values.encode(out);
            }
        }
        out.push(u8::from(self.is_full));
        if !self.is_full {
            self.ranks.iter().for_each(|rank| varint::push(out, u64::from(*rank)));
        }
    }

    fn decode(bytes: &mut &[u8], rows: u32) -> Result<Self, ReadError> {
        let wrong = || ReadError::directory("the directory of a column");
        let head = ColumnHead::decode(bytes)?;
        let kind = take_byte(bytes).ok_or_else(wrong)?;
        let values = match kind {
            0 => SealedValues::Dictionary(SealedDictionary::decode(bytes)?),
            1 => SealedValues::Templates(SealedTemplates::decode(bytes)?),
            2 => SealedValues::Numbers(SealedNumbers::decode(bytes)?),
            _ => return Err(wrong()),
        };
        let is_full = take_byte(bytes).ok_or_else(wrong)? == 1;
        let pages = if is_full { 0 } else { (rows as usize).div_ceil(PAGE) };
        if pages > bytes.len() || (is_full && values.len() != rows as usize) {
            return Err(wrong());
        }
        let ranks =
            (0..pages).map(|_| varint::take_u32(bytes).ok_or_else(wrong)).collect::<Result<_, _>>()?;
        Ok(Self { head, values, is_full, ranks })
    }

    fn bytes_held(&self) -> usize {
        let values = match &self.values {
            SealedValues::Dictionary(values) => values.bytes_held(),
            SealedValues::Templates(values) => values.bytes_held(),
            SealedValues::Numbers(values) => values.bytes_held(),
        };
        size_of::<Self>() + self.head.name.len() + self.ranks.capacity() * 4 + values
    }
}

fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*byte)
}

impl SealedValues {
    pub fn len(&self) -> usize {
        match self {
            Self::Dictionary(values) => values.len(),
            Self::Templates(values) => values.len(),
            Self::Numbers(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A token filter cut into pages, so that a question reads one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedFilter {
    shape: Option<FilterShape>,
    pages: Vec<Extent>,
}

/// Bytes of a page of a filter: whole blocks of it.
const FILTER_PAGE_BYTES: usize = 8 << 10;

impl SealedFilter {
    /// Takes the stored bytes of a filter.
    pub fn write(filter: &[u8], blocks: &mut BlockWriter) -> Self {
        let Some((bits, trailer)) = filter.split_last_chunk() else { return Self::default() };
        let shape = FilterShape::read(trailer).expect("it was just built");
        let pages = bits.chunks(FILTER_PAGE_BYTES).map(|page| blocks.put_dense(page)).collect();
        Self { shape: Some(shape), pages }
    }

    /// Whether the token may be in the group.
    pub fn may_have(&self, blocks: &impl Blocks, hash: u64) -> Result<bool, ReadError> {
        let Some(shape) = self.shape else { return Ok(true) };
        let Some(at) = shape.block_at(hash) else { return Ok(false) };
        let wrong = || ReadError::directory("the token filter");
        let page = self.pages.get(at as usize / FILTER_PAGE_BYTES).ok_or_else(wrong)?;
        let page = blocks.stream(*page)?;
        let block = page.get(at as usize % FILTER_PAGE_BYTES..).and_then(|rest| rest.first_chunk());
        Ok(shape.may_have(block.ok_or_else(wrong)?, hash))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let trailer = self.shape.map(FilterShape::bytes);
        out.push(u8::from(trailer.is_some()));
        out.extend(trailer.into_iter().flatten());
        varint::push(out, self.pages.len() as u64);
        self.pages.iter().for_each(|page| page.encode(out));
    }

    fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let wrong = || ReadError::directory("the token filter");
        let mut shape = None;
        if take_byte(bytes).ok_or_else(wrong)? == 1 {
            let (trailer, rest) = bytes.split_first_chunk().ok_or_else(wrong)?;
            *bytes = rest;
            shape = Some(FilterShape::read(trailer).map_err(|_| wrong())?);
        }
        let count = take_count(bytes).ok_or_else(wrong)?;
        let pages = (0..count).map(|_| Extent::decode(bytes)).collect::<Result<_, _>>()?;
        Ok(Self { shape, pages })
    }

    fn bytes_held(&self) -> usize {
        self.pages.capacity() * size_of::<Extent>()
    }
}
