//! A batch of lines: one buffer, and for each line and field where it stands in it.
//!
//! Invariant: every line comes back byte for byte as it was pushed, and every span lies inside the
//! buffer. Memory is bounded by the input: see `bytes_held`. It cannot be changed once it is finished.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::Level;
pub use super::names::NameId;
use super::names::NameTable;
use super::role::Role;
use super::scan::text::unescape;
use crate::clock::Timestamp;

/// What a field's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ValueKind {
    /// Text that stands for itself.
    String,
    /// Text with escapes of JSON.
    EscapedString,
    Number,
    True,
    False,
    Null,
    EmptyObject,
    EmptyArray,
}

impl ValueKind {
    /// Whether it says something: null and empty containers do not fill a role.
    pub fn is_scalar(self) -> bool {
        !matches!(self, Self::Null | Self::EmptyObject | Self::EmptyArray)
    }
}

/// A field of a line: twelve bytes, because there are many.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldRecord {
    pub start: u32,
    pub length: u32,
    pub name: NameId,
    pub kind: ValueKind,
}

/// No field has the role.
pub(super) const NO_FIELD: u16 = u16::MAX;

#[derive(Debug, Clone, Copy)]
pub(super) struct LineRecord {
    /// Meaningless unless `has_time`.
    pub time: Timestamp,
    pub start: u32,
    pub length: u32,
    pub first_field: u32,
    pub field_count: u16,
    /// For each role the field that has it, counted from the first field of the line.
    pub roles: [u16; Role::ALL.len()],
    pub level: Option<Level>,
    pub has_time: bool,
    pub is_plain: bool,
    pub is_cut: bool,
}

/// Lines that arrived together.
#[derive(Clone)]
pub struct LineBatch {
    pub(super) buffer: Bytes,
    pub(super) buffer_capacity: usize,
    pub(super) lines: Vec<LineRecord>,
    pub(super) fields: Vec<FieldRecord>,
    pub(super) names: NameTable,
    pub(super) received_at: Timestamp,
}

impl LineBatch {
    /// Count of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// When the batch arrived: the time of lines that tell none.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// All lines as they came, one after the other with nothing between.
    pub fn buffer(&self) -> &Bytes {
        &self.buffer
    }

    /// A line by its place in the batch.
    pub fn line(&self, index: usize) -> Option<Line<'_>> {
        self.lines.get(index).map(|record| Line { batch: self, record })
    }

    pub fn lines(&self) -> impl ExactSizeIterator<Item = Line<'_>> + DoubleEndedIterator {
        self.lines.iter().map(|record| Line { batch: self, record })
    }

    /// Fields of all lines together.
    pub fn field_count(&self) -> usize {
        self.fields.len()
    }

    /// The dotted names of all fields, in the order of their ids.
    pub fn names(&self) -> impl ExactSizeIterator<Item = (NameId, &str)> {
        (0..self.names.len()).map(|index| {
            let id = NameId(index as u16);
            (id, self.names.name(id))
        })
    }

    pub fn name(&self, id: NameId) -> &str {
        self.names.name(id)
    }

    /// Memory that the batch holds: at most four times its lines, 256 bytes for each of them, and what
    /// its names take, which `LineLimits` bounds.
    pub fn bytes_held(&self) -> usize {
        self.buffer_capacity
            + self.lines.capacity() * size_of::<LineRecord>()
            + self.fields.capacity() * size_of::<FieldRecord>()
            + self.names.bytes_held()
    }
}

impl fmt::Debug for LineBatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lines, fields, bytes) = (self.lines.len(), self.fields.len(), self.buffer.len());
        write!(out, "LineBatch({lines} lines, {fields} fields, {bytes} bytes)")
    }
}

/// One line of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    batch: &'a LineBatch,
    record: &'a LineRecord,
}

impl<'a> Line<'a> {
    /// The line as it came.
    pub fn raw(self) -> &'a [u8] {
        span(self.batch, self.record.start, self.record.length)
    }

    /// The line as it came, sharing the buffer of the batch.
    pub fn raw_shared(self) -> Bytes {
        let start = self.record.start as usize;
        self.batch.buffer.slice(start..start + self.record.length as usize)
    }

    /// When it happened: the time that the line tells, else its arrival.
    pub fn timestamp(self) -> Timestamp {
        self.own_timestamp().unwrap_or(self.batch.received_at)
    }

    /// The time that the line tells.
    pub fn own_timestamp(self) -> Option<Timestamp> {
        self.record.has_time.then_some(self.record.time)
    }

    pub fn level(self) -> Option<Level> {
        self.record.level
    }

    /// Whether it was taken as plain text and not as JSON.
    pub fn is_plain(self) -> bool {
        self.record.is_plain
    }

    /// Whether it has fields that a limit keeps out of `fields`; they are in `raw` only.
    pub fn is_cut(self) -> bool {
        self.record.is_cut
    }

    /// The value that fills a role. For `Time` and `Level` it is what was read, as the sender wrote it.
    pub fn role(self, role: Role) -> Option<Value<'a>> {
        let index = self.record.roles[role as usize];
        let record = self.records().get(usize::from(index))?;
        Some(Value::of(self.batch, record))
    }

    pub fn message(self) -> Option<Cow<'a, str>> {
        self.role(Role::Message).map(Value::text)
    }

    /// All fields in the order of the line. A name can come more than once: repeated keys, arrays.
    pub fn fields(self) -> impl ExactSizeIterator<Item = Field<'a>> {
        let batch = self.batch;
        self.records().iter().map(move |record| Field {
            name: record.name,
            name_text: batch.name(record.name),
            value: Value::of(batch, record),
        })
    }

    /// Where the fields stand in `raw`, in the same order as `fields`. What lies between them is the form of
    /// the line.
    pub fn places(self) -> impl ExactSizeIterator<Item = Place> {
        self.records().iter().map(move |record| self.place_of(record))
    }

    /// Where one of the fields stands.
    #[inline]
    pub fn place(self, index: usize) -> Option<Place> {
        self.records().get(index).map(|record| self.place_of(record))
    }

    #[inline]
    fn place_of(self, record: &FieldRecord) -> Place {
        let start = (record.start - self.record.start) as usize;
        Place { name: record.name, kind: record.kind, span: start..start + record.length as usize }
    }

    /// Which of the fields fills a role.
    pub fn index_of(self, role: Role) -> Option<usize> {
        let index = self.record.roles[role as usize];
        (index != NO_FIELD).then_some(usize::from(index))
    }

    fn records(self) -> &'a [FieldRecord] {
        let first = self.record.first_field as usize;
        &self.batch.fields[first..first + usize::from(self.record.field_count)]
    }
}

/// A field of a line.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    pub name: NameId,
    /// The dotted name.
    pub name_text: &'a str,
    pub value: Value<'a>,
}

/// Where a field's value stands in its line; a string without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: NameId,
    pub kind: ValueKind,
    pub span: std::ops::Range<usize>,
}

/// A value as it stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    pub kind: ValueKind,
    /// The bytes of the line; a string without its quotes, escapes as they were written.
    pub raw: &'a [u8],
}

impl<'a> Value<'a> {
    fn of(batch: &'a LineBatch, record: &FieldRecord) -> Self {
        Self { kind: record.kind, raw: span(batch, record.start, record.length) }
    }

    /// What it says: escapes resolved; bytes of a plain line that are no UTF-8 replaced.
    pub fn text(self) -> Cow<'a, str> {
        match self.kind {
            ValueKind::EscapedString => unescape(self.raw),
            _ => String::from_utf8_lossy(self.raw),
        }
    }

    /// The nearest machine number, if it is a number.
    pub fn as_f64(self) -> Option<f64> {
        match self.kind {
            ValueKind::Number => std::str::from_utf8(self.raw).ok()?.parse().ok(),
            _ => None,
        }
    }
}

fn span(batch: &LineBatch, start: u32, length: u32) -> &[u8] {
    &batch.buffer[start as usize..start as usize + length as usize]
}
