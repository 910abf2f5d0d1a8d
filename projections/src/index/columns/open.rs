//! The open group: lines taken apart into columns, in the order in which they arrive.
//!
//! Invariant: after `apply` every line of the batch is a row, whatever it looks like, and memory is bounded
//! by the bytes that came: a line whose names or shape would cost others too much is kept whole. It is
//! never on disk: the event log is, and `seal` writes what has become a group.

pub mod columns;
mod draft;
pub mod rows;
pub mod tenants;
mod view;

use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::{Line, LineBatch, Role};

use self::columns::{BatchColumns, OpenColumns};
use self::draft::{LineDraft, Payload, Reading};
use self::tenants::OpenTenants;
use super::catalogue::EraseMark;
use super::column::{Class, WHOLE, WHOLE_PLAIN};
use super::filter::FilterBuilder;
use super::group::directory::EventRow;
use super::narrow::NarrowNumbers;
use super::shape::{Hole, Look, ShapeTable, Writing};

/// Ten bits let one of a hundred absent tokens pass.
const FILTER_BITS_PER_TOKEN: usize = 10;
const FILTER_TOKENS_MAX: usize = 4 << 20;

/// Rows that are not sealed yet.
#[derive(Debug)]
pub struct OpenGroup {
    pub(super) partition: PartitionId,
    pub(super) times: Vec<i64>,
    pub(super) shape_of: Vec<u32>,
    pub(super) tenant_of: Vec<u32>,
    pub(super) raw_length_of: NarrowNumbers,
    /// Earliest and latest time.
    pub(super) span: Option<(i64, i64)>,
    pub(super) events: Vec<EventRow>,
    /// Places of rows in the order of arrival, as far as they are not the rows themselves.
    places: Vec<u64>,
    /// Behind the places of all lines of all events.
    next_place: u64,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) tenants: OpenTenants,
    pub(super) columns: OpenColumns,
    pub(super) shapes: ShapeTable,
    pub(super) filter: FilterBuilder,
    raw_bytes: u64,
    draft: LineDraft,
}

/// What the lines of one batch have in common.
struct Event<'a> {
    partition: PartitionId,
    offset: Offset,
    arrival: &'a Arrival,
}

/// A value that the sender said once for all lines of a batch.
struct DefaultValue<'a> {
    /// It holds where the line does not fill this role; tags always hold.
    role: Option<Role>,
    column: u32,
    text: &'a str,
}

impl OpenGroup {
    pub fn new(partition: PartitionId) -> Self {
        Self {
            partition,
            times: Vec::new(),
            shape_of: Vec::new(),
            tenant_of: Vec::new(),
            raw_length_of: NarrowNumbers::default(),
            span: None,
            events: Vec::new(),
            places: Vec::new(),
            next_place: 0,
            arrivals: Vec::new(),
            tenants: OpenTenants::default(),
            columns: OpenColumns::default(),
            shapes: ShapeTable::default(),
            filter: FilterBuilder::new(FILTER_BITS_PER_TOKEN, FILTER_TOKENS_MAX),
            raw_bytes: 0,
            draft: LineDraft::default(),
        }
    }

    /// Forgets all rows and keeps the memory: the next group will be much like this one. Columns that were
    /// not used are let go.
    pub fn clear(&mut self) {
        self.times.clear();
        self.shape_of.clear();
        self.tenant_of.clear();
        self.raw_length_of.clear();
        self.span = None;
        self.events.clear();
        self.places.clear();
        self.next_place = 0;
        self.arrivals.clear();
        self.tenants.clear();
        self.columns.clear();
        self.shapes.clear();
        self.filter.clear();
        self.raw_bytes = 0;
    }

    /// Becomes a group of another partition; only an empty one can.
    pub fn reassign(&mut self, partition: PartitionId) {
        debug_assert!(self.is_empty(), "rows have the partition that they came from");
        self.partition = partition;
    }

    /// Appends the lines of an event.
    pub fn apply(&mut self, tenant: TenantId, offset: Offset, batch: &LineBatch, arrival: &Arrival) {
        let event = Event { partition: self.partition, offset, arrival };
        self.append(tenant, &event, batch, 0..batch.len() as u32);
    }

    /// Appends some lines of an event, which were in another group before: `lines` are their places in the
    /// event, which rise. They keep their origin.
    pub fn apply_rows(
        &mut self,
        tenant: TenantId,
        (partition, offset): (PartitionId, Offset),
        batch: &LineBatch,
        arrival: &Arrival,
        lines: &[u32],
    ) {
        debug_assert!(lines.is_sorted() && lines.len() == batch.len(), "each line has its place");
        self.append(tenant, &Event { partition, offset, arrival }, batch, lines.iter().copied());
    }

    fn append(
        &mut self,
        tenant: TenantId,
        event: &Event<'_>,
        batch: &LineBatch,
        lines: impl Iterator<Item = u32>,
    ) {
        let tenant = self.tenants.number(tenant);
        let arrival = self.arrival_number(event.arrival);
        let first = self.next_place;
        let Event { partition, offset, .. } = *event;
        self.events.push(EventRow { first, partition, offset, received_at: batch.received_at(), arrival });
        let mut names = BatchColumns::new(batch);
        let defaults = self.default_values(tenant, event.arrival);
        for (line, at) in batch.lines().zip(lines) {
            self.note_place(first + u64::from(at));
            self.push(tenant, line, &mut names, &defaults);
        }
    }

    pub fn rows(&self) -> usize {
        self.times.len()
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Bytes of all lines as they came.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    /// The same of some rows.
    pub(super) fn raw_bytes_of(&self, rows: &[u32]) -> u64 {
        rows.iter().map(|row| self.raw_length_of.at(*row as usize)).sum()
    }

    /// Count of columns and shapes: what makes a group large without many rows.
    pub fn forms(&self) -> usize {
        self.columns.len() + self.shapes.len()
    }

    /// Memory that the group holds.
    pub fn bytes_held(&self) -> usize {
        let rows = self.times.capacity() * 8
            + (self.shape_of.capacity() + self.tenant_of.capacity()) * 4
            + self.raw_length_of.bytes_held();
        let events = self.events.capacity() * size_of::<EventRow>() + self.places.capacity() * 8;
        rows + events
            + self.columns.bytes_held()
            + self.shapes.bytes_held()
            + self.tenants.bytes_held()
            + self.filter.bytes_held()
    }

    /// Which event a row came with.
    pub(super) fn event_index(&self, row: u32) -> usize {
        let place = self.place(row);
        self.events.partition_point(|event| event.first <= place) - 1
    }

    /// Whether the lines of the row's event are to go; only rows of the mark's tenant are asked for.
    pub(super) fn is_covered(&self, mark: &EraseMark, row: u32) -> bool {
        let event = self.events[self.event_index(row)];
        mark.covers(event.partition, event.offset)
    }

    /// Place of a row in the order of arrival.
    pub(super) fn place(&self, row: u32) -> u64 {
        self.places.get(row as usize).copied().unwrap_or(u64::from(row))
    }

    /// Before the row is pushed.
    fn note_place(&mut self, place: u64) {
        let row = self.rows();
        self.next_place = place + 1;
        if !self.places.is_empty() || place != row as u64 {
            self.places.extend(self.places.len() as u64..row as u64);
            self.places.push(place);
        }
    }

    fn arrival_number(&mut self, arrival: &Arrival) -> u32 {
        // Batches that follow each other mostly come the same way.
        let known = self.arrivals.iter().rposition(|known| known == arrival);
        known.unwrap_or_else(|| {
            self.arrivals.push(arrival.clone());
            self.arrivals.len() - 1
        }) as u32
    }

    /// Columns for defaults are not refused: they have the names of roles.
    fn default_values<'a>(&mut self, tenant: u32, arrival: &'a Arrival) -> Vec<DefaultValue<'a>> {
        let said = &arrival.defaults;
        let roles = [
            (Role::Source, &said.source),
            (Role::Service, &said.service),
            (Role::Environment, &said.environment),
            (Role::Level, &said.level),
            (Role::Host, &said.host),
        ];
        let usage = self.tenants.usage_mut(tenant);
        let mut column = |name: &str| self.columns.ensure(name, Class::Text, usage);
        let mut values = Vec::new();
        for (role, text) in roles {
            if let Some(text) = text {
                values.push(DefaultValue { role: Some(role), column: column(role.synonyms()[0]), text });
            }
        }
        values.extend(said.tags.iter().map(|text| DefaultValue { role: None, column: column("tags"), text }));
        values
    }

    fn push(
        &mut self,
        tenant: u32,
        line: Line<'_>,
        names: &mut BatchColumns<'_>,
        defaults: &[DefaultValue<'_>],
    ) {
        let raw = line.raw();
        let row = self.rows() as u32;
        self.tenants.usage_mut(tenant).rows += 1;
        // What a limit keeps out of the fields of a line is found only in the line as a whole.
        let shape = if line.is_cut() { None } else { self.shape_of(tenant, line, names, defaults) };
        let shape = shape.unwrap_or_else(|| self.shape_of_whole(tenant, line, defaults));
        self.push_values(row, tenant, raw, defaults);
        let time = line.timestamp().nanos();
        let (earliest, latest) = self.span.unwrap_or((time, time));
        self.span = Some((earliest.min(time), latest.max(time)));
        self.times.push(time);
        self.raw_length_of.push(raw.len() as u64);
        self.shape_of.push(shape);
        self.tenant_of.push(tenant);
        self.raw_bytes += raw.len() as u64;
    }

    /// Reads the line and answers its shape; none if the tenant may not add what the line would need.
    fn shape_of(
        &mut self,
        tenant: u32,
        line: Line<'_>,
        names: &mut BatchColumns<'_>,
        defaults: &[DefaultValue<'_>],
    ) -> Option<u32> {
        let usage = self.tenants.usage_mut(tenant);
        let look = Look::of(line);
        let guess = self.shapes.guess(look);
        let guessed = guess.map(|number| &self.shapes.shapes()[number as usize]);
        let column = |name, class| names.column(name, class, &mut self.columns, usage);
        let reading = self.draft.read(line, guessed, column);
        if reading == Reading::Refused {
            return None;
        }
        add_defaults(&mut self.draft, line, defaults);
        if reading == Reading::Guessed && guessed.is_some_and(|shape| self.draft.shape.is_around(shape)) {
            return guess;
        }
        let shapes = self.shapes.len();
        let number = self.shapes.number(&self.draft.shape, line.raw(), || usage.admit_shape(shapes))?;
        self.shapes.learn(look, number);
        Some(number)
    }

    /// The shape of a line that is one value.
    #[cold]
    fn shape_of_whole(&mut self, tenant: u32, line: Line<'_>, defaults: &[DefaultValue<'_>]) -> u32 {
        let name = if line.is_plain() { WHOLE_PLAIN } else { WHOLE };
        let column = self.columns.ensure(name, Class::Whole, self.tenants.usage_mut(tenant));
        self.draft.keep_whole(line.raw(), Hole { column, writing: Writing::Plain });
        add_defaults(&mut self.draft, line, defaults);
        self.shapes.number(&self.draft.shape, line.raw(), || true).expect("it was let in")
    }

    fn push_values(&mut self, row: u32, tenant: u32, raw: &[u8], defaults: &[DefaultValue<'_>]) {
        let filter = &mut self.filter;
        let mut token = |hash| filter.push(hash);
        let draft = &self.draft;
        let tenants = &self.tenant_of;
        for ((hole, span), payload) in draft.shape.holes.iter().zip(&draft.shape.spans).zip(&draft.payloads) {
            let text = match payload {
                Payload::Time => continue,
                Payload::Number(number) => {
                    self.columns.push_number(hole.column, row, *number);
                    continue;
                }
                Payload::Span => &raw[span.0 as usize..span.1 as usize],
                Payload::Resolved(range) => &draft.resolved[range.clone()],
            };
            self.columns.push_text(hole.column, (row, tenant), text, tenants, &mut token);
        }
        for (column, default) in draft.shape.defaults.iter().zip(&draft.defaults) {
            let text = defaults[*default].text.as_bytes();
            self.columns.push_text(*column, (row, tenant), text, tenants, &mut token);
        }
    }
}

/// Adds the defaults that hold for the line.
fn add_defaults(draft: &mut LineDraft, line: Line<'_>, defaults: &[DefaultValue<'_>]) {
    for (index, default) in defaults.iter().enumerate() {
        match default.role {
            Some(role) if line.index_of(role).is_some() => {}
            role => draft.add_default(index, default.column, role),
        }
    }
}

#[cfg(test)]
mod tests;
