//! Takes lines into a batch.
//!
//! Invariant: a line that is refused leaves nothing behind: no byte, no field, no name. Pushing the same
//! lines with the same limits and arrival gives the same batch. It does not split a body into lines: the
//! ingest protocols do.

use antler_config::limits::LineLimits;
use bytes::Bytes;

use super::batch::{FieldRecord, LineBatch, LineRecord, NO_FIELD, ValueKind};
use super::error::LineError;
use super::level::Level;
use super::names::known::KnownNames;
use super::names::{NameTable, Names, PathId};
use super::role::{Claim, Role};
use super::scan::text::unescape;
use super::scan::{Container, Leaves, PADDING, scan};
use super::{plain, timestamp};
use crate::clock::Timestamp;
use crate::codec::BODY_BYTES_MAX;

/// Bytes of lines in one batch: an event must have room for them and for what it says about them.
pub const BATCH_BYTES_MAX: usize = BODY_BYTES_MAX - (8 << 20);

/// Bytes of a line for each of its fields beyond the first few. Fields are smaller than this in hostile
/// lines only, and those would take many times their size in memory.
const BYTES_PER_FIELD_MIN: usize = 6;
/// What a field and a line are expected to need, as room is made for a body: rather more than usual, so
/// that little room stays unused.
const BYTES_PER_FIELD: usize = 32;
const BYTES_PER_LINE: usize = 256;
/// Fields that any line may have.
const FIELDS_OF_ANY_LINE: usize = 8;
/// Fields that may be counted in 16 bits, with room for those that fill a role beyond the limit.
const FIELDS_OF_A_LINE_MAX: usize = 65_000;

/// A batch under construction.
#[derive(Debug)]
pub struct LineBatchBuilder {
    limits: LineLimits,
    received_at: Timestamp,
    buffer: Vec<u8>,
    lines: Vec<LineRecord>,
    fields: Vec<FieldRecord>,
    names: Names,
    /// Room for the scanner.
    open: Vec<Container>,
}

impl LineBatchBuilder {
    pub fn new(limits: LineLimits, received_at: Timestamp) -> Self {
        let names = Names::new(&limits);
        Self::with_names(limits, received_at, names)
    }

    /// With the limits of what is known, and without the need to learn the same names again.
    pub fn knowing(known: &KnownNames, received_at: Timestamp) -> Self {
        Self::with_names(known.limits().clone(), received_at, known.take())
    }

    fn with_names(limits: LineLimits, received_at: Timestamp, names: Names) -> Self {
        Self {
            limits,
            received_at,
            buffer: Vec::new(),
            lines: Vec::new(),
            fields: Vec::new(),
            names,
            open: Vec::new(),
        }
    }

    /// Makes room for a body of so many bytes.
    pub fn reserve(&mut self, bytes: usize) {
        let bytes = bytes.min(BATCH_BYTES_MAX);
        self.buffer.reserve_exact(bytes + PADDING);
        self.fields.reserve_exact(bytes / BYTES_PER_FIELD);
        self.lines.reserve_exact(bytes / BYTES_PER_LINE);
    }

    /// Lines taken so far.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes taken so far.
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Takes a JSON object, or else plain text.
    pub fn push(&mut self, line: &[u8]) -> Result<(), LineError> {
        if plain::looks_like_json(line) { self.push_json(line) } else { self.push_plain(line) }
    }

    /// Takes a line that was taken before, as what it was taken for. One that the limits of today refuse as
    /// JSON becomes a plain one.
    pub fn push_again(&mut self, line: &[u8], is_plain: bool) -> Result<(), LineError> {
        if is_plain || self.push_json(line).is_err() {
            self.push_plain(line)?;
        }
        Ok(())
    }

    /// Takes any text as a message.
    pub fn push_plain(&mut self, line: &[u8]) -> Result<(), LineError> {
        let start = self.check_room(line)?;
        let length = plain::message(line).len();
        let mut record = LineRecord { is_plain: true, ..self.empty_record(start, line.len()) };
        match self.names.name_at(PathId::MESSAGE) {
            Some((name, _)) => {
                let field = FieldRecord { start, length: length as u32, name, kind: ValueKind::String };
                push_tight(&mut self.fields, field);
                record.field_count = 1;
                record.roles[Role::Message as usize] = 0;
            }
            None => record.is_cut = true,
        }
        self.append(line);
        push_tight(&mut self.lines, record);
        Ok(())
    }

    /// Takes a JSON object; anything else is refused.
    pub fn push_json(&mut self, line: &[u8]) -> Result<(), LineError> {
        let start = self.check_room(line)?;
        check_utf8(line)?;
        self.append(line);
        self.buffer.extend_from_slice(&[0; PADDING]);
        let record = self.scan(start, line.len());
        let kept = record.as_ref().map_or(0, |_| line.len());
        self.buffer.truncate(start as usize + kept);
        push_tight(&mut self.lines, record?);
        Ok(())
    }

    fn scan(&mut self, start: u32, length: usize) -> Result<LineRecord, LineError> {
        let mark = self.names.begin_line();
        let first_field = self.fields.len();
        let record = self.empty_record(start, length);
        let line = &self.buffer[start as usize..];
        let room = (length / BYTES_PER_FIELD_MIN)
            .max(FIELDS_OF_ANY_LINE)
            .min(usize::from(self.limits.fields_per_line_max))
            .min(FIELDS_OF_A_LINE_MAX);
        let mut collector = Collector {
            line,
            received_at: self.received_at,
            names: &mut self.names,
            fields: std::mem::take(&mut self.fields),
            first_field,
            fields_max: first_field + room,
            ranks: [u8::MAX; Role::ALL.len()],
            record,
        };
        let scanned = scan(line, &self.limits, &mut self.open, &mut collector);
        let Collector { fields, record, .. } = collector;
        self.fields = fields;
        if let Err(error) = scanned {
            self.fields.truncate(first_field);
            self.names.forget_after(mark);
            return Err(error);
        }
        Ok(LineRecord { field_count: (self.fields.len() - first_field) as u16, ..record })
    }

    /// Whether what was known has come in the way of a name, so that the batch has to be built without.
    pub fn is_crowded(&self) -> bool {
        self.names.is_crowded()
    }

    /// Ends the batch.
    pub fn finish(self) -> LineBatch {
        self.finish_with(Names::into_table)
    }

    /// Ends the batch, and keeps what it taught.
    pub fn finish_knowing(self, known: &KnownNames) -> LineBatch {
        self.finish_with(|names| known.give(names))
    }

    fn finish_with(self, table_of: impl FnOnce(Names) -> NameTable) -> LineBatch {
        let buffer_capacity = self.buffer.capacity();
        LineBatch {
            buffer: Bytes::from(self.buffer),
            buffer_capacity,
            lines: self.lines,
            fields: self.fields,
            names: table_of(self.names),
            received_at: self.received_at,
        }
    }

    /// Where the line will stand, if there is room for it.
    fn check_room(&self, line: &[u8]) -> Result<u32, LineError> {
        LineError::check_length(line.len(), &self.limits)?;
        let (lines, bytes) = (self.lines.len(), self.buffer.len());
        if lines >= self.limits.lines_per_batch_max as usize || bytes + line.len() > BATCH_BYTES_MAX {
            return Err(LineError::BatchFull { lines, bytes });
        }
        Ok(bytes as u32)
    }

    fn append(&mut self, line: &[u8]) {
        let missing = (self.buffer.len() + line.len() + PADDING).saturating_sub(self.buffer.capacity());
        if missing > 0 {
            let room = missing.max(self.buffer.len() / 4);
            self.buffer.reserve_exact(self.buffer.capacity() - self.buffer.len() + room);
        }
        self.buffer.extend_from_slice(line);
    }

    fn empty_record(&self, start: u32, length: usize) -> LineRecord {
        LineRecord {
            time: self.received_at,
            start,
            length: length as u32,
            first_field: self.fields.len() as u32,
            field_count: 0,
            roles: [NO_FIELD; Role::ALL.len()],
            level: None,
            has_time: false,
            is_plain: false,
            is_cut: false,
        }
    }
}

/// ASCII is seen at a glance, and most lines are nothing else.
fn check_utf8(line: &[u8]) -> Result<(), LineError> {
    if line.is_ascii() {
        return Ok(());
    }
    std::str::from_utf8(line).map(drop).map_err(|error| LineError::Utf8 { at: error.valid_up_to() })
}

/// Takes the leaves of one line.
struct Collector<'a> {
    line: &'a [u8],
    received_at: Timestamp,
    names: &'a mut Names,
    /// Those of the batch, lent for the line.
    fields: Vec<FieldRecord>,
    first_field: usize,
    fields_max: usize,
    /// For each role the rank of the name that fills it.
    ranks: [u8; Role::ALL.len()],
    record: LineRecord,
}

impl Leaves for Collector<'_> {
    #[inline(always)]
    fn expected(&mut self, parent: PathId, line: &[u8], at: usize) -> Option<(PathId, usize)> {
        self.names.expected(parent, line, at)
    }

    fn path(&mut self, parent: PathId, key: &[u8]) -> PathId {
        self.names.path(parent, key)
    }

    #[inline(always)]
    fn leaf(&mut self, path: PathId, kind: ValueKind, start: usize, end: usize) {
        let Some((name, claim)) = self.names.name_at(path) else {
            self.record.is_cut = true;
            return;
        };
        let mut full = self.fields.len() >= self.fields_max;
        if let Some(claim) = claim {
            let kept = !full;
            full = !self.claim(claim, kind, start, end, kept) && full;
        }
        if full {
            self.record.is_cut = true;
            return;
        }
        let (start, length) = (self.record.start + start as u32, (end - start) as u32);
        push_tight(&mut self.fields, FieldRecord { start, length, name, kind });
    }
}

impl Collector<'_> {
    /// Lets a value fill a role if its name is as strong as the one before and it can be read; says
    /// whether it does. Beyond the limit of fields only a stronger name does, so that a line cannot
    /// grow by repeating a role.
    fn claim(&mut self, claim: Claim, kind: ValueKind, start: usize, end: usize, kept: bool) -> bool {
        let role = claim.role as usize;
        let weaker = claim.rank > self.ranks[role] || (!kept && claim.rank == self.ranks[role]);
        if weaker || !kind.is_scalar() || !self.read(claim.role, kind, start, end) {
            return false;
        }
        self.ranks[role] = claim.rank;
        self.record.roles[role] = (self.fields.len() - self.first_field) as u16;
        true
    }

    fn read(&mut self, role: Role, kind: ValueKind, start: usize, end: usize) -> bool {
        if !matches!(role, Role::Time | Role::Level) {
            return true;
        }
        let raw = &self.line[start..end];
        let unescaped;
        let text = if kind == ValueKind::EscapedString {
            unescaped = unescape(raw);
            unescaped.as_bytes()
        } else {
            raw
        };
        match role {
            Role::Time => timestamp::parse(text, self.received_at).is_some_and(|time| {
                self.record.time = time;
                self.record.has_time = true;
                true
            }),
            _ => Level::parse(text).is_some_and(|level| {
                self.record.level = Some(level);
                true
            }),
        }
    }
}

/// Pushes, growing by a quarter and not by twice, so that memory stays near what is used.
#[inline(always)]
fn push_tight<T>(items: &mut Vec<T>, item: T) {
    if items.len() == items.capacity() {
        grow_tight(items);
    }
    items.push(item);
}

#[cold]
fn grow_tight<T>(items: &mut Vec<T>) {
    items.reserve_exact((items.len() / 4).max(64));
}

#[cfg(test)]
mod tests;
