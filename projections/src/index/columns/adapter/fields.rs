//! The list of fields: names and kinds from the shapes of lines, without reading a value.
//!
//! Invariant: a line counts once for each name that it has a value of. Lines that are kept whole are read again, as
//! many as can be; of the others the answer says how many there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use antler_events::ids::TenantId;
use antler_events::line::Role;
use antler_events::query::text::fold;

use super::asked::Asked;
use super::lines::{found, nanos};
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::search::lines::hits_of;
use crate::index::columns::search::select::{SearchGroup, select};
use crate::index::columns::shape::Shape;
use crate::index::columns::view::GroupView;
use crate::index::port::fields::FieldCounts;
use crate::index::port::{FieldKinds, FieldList, FieldsQuery, Warning};

/// Lines that are read again for one answer, and how many of them together.
const WHOLE_LINES_MAX: u64 = 4_096;
const READ_TOGETHER: usize = 64;
/// What a name costs beside its text.
const BYTES_PER_NAME: usize = 96;

impl Asked<'_> {
    pub(super) fn fields(&self, tenant: TenantId, query: &FieldsQuery) -> FieldList {
        let mut coverage = self.coverage(query.period);
        let mut names = Names::new(&query.prefix, self.memory_bytes);
        let (mut damaged, mut stopped) = (Vec::new(), None);
        let (first, last) = nanos(query.period);
        let overlaps = |span: (i64, i64)| span.0 <= last && first <= span.1;
        for group in self.groups.iter().filter(|group| overlaps(group.span())) {
            stopped = self.budget().stop();
            if stopped.is_some() {
                break;
            }
            match group.with(|view| names.add_group(tenant, view, (first, last))) {
                Ok(Ok(())) => {}
                Ok(Err(error)) | Err(error) => damaged.push(error),
            }
        }
        Self::note_stop(&mut coverage, stopped);
        self.note_damage(&mut coverage, &damaged);
        if names.lines_not_listed > 0 {
            coverage.note(Warning::LinesNotListed { lines: names.lines_not_listed });
        }
        if names.is_full {
            coverage.note(Warning::FieldsLeftOut { listed: u64::from(query.size) });
        }
        FieldList::new(names.counts, query.size, coverage)
    }
}

/// Names as they are found.
struct Names {
    /// Folded.
    prefix: String,
    counts: FieldCounts,
    bytes_left: usize,
    is_full: bool,
    lines_read: u64,
    lines_not_listed: u64,
}

impl Names {
    fn new(prefix: &str, bytes_max: usize) -> Self {
        Self {
            prefix: fold(prefix),
            counts: FieldCounts::new(),
            bytes_left: bytes_max,
            is_full: false,
            lines_read: 0,
            lines_not_listed: 0,
        }
    }

    fn add_group(
        &mut self,
        tenant: TenantId,
        view: &dyn GroupView,
        period: (i64, i64),
    ) -> Result<(), ReadError> {
        let selection = select(tenant, view, period)?;
        if selection.set.is_empty() {
            return Ok(());
        }
        let mut shapes = Vec::with_capacity(selection.rows.len());
        view.shape_numbers(selection.rows.clone(), &mut shapes)?;
        let mut lines_of = vec![0u64; view.shapes().len()];
        let mut whole = Vec::new();
        let is_whole: Vec<bool> = view.shapes().iter().map(|shape| keeps_whole(view, shape)).collect();
        for row in selection.set.iter() {
            let shape = *shapes.get(row as usize).ok_or(ReadError::directory("the shapes of rows"))? as usize;
            lines_of[shape] += 1;
            if is_whole[shape] {
                whole.push(row + selection.rows.start);
            }
        }
        let mut kinds_of: BTreeMap<Arc<str>, (FieldKinds, u64)> = BTreeMap::new();
        for (shape, lines) in view.shapes().iter().zip(lines_of).filter(|(_, lines)| *lines > 0) {
            for (name, kinds) in fields_of(view, shape) {
                let counted = kinds_of.entry(name).or_default();
                counted.0.add(kinds);
                counted.1 += lines;
            }
        }
        kinds_of.into_iter().for_each(|(name, (kinds, lines))| self.add(&name, kinds, lines));
        self.add_whole(view, &whole)
    }

    /// Reads lines again that are kept whole.
    fn add_whole(&mut self, view: &dyn GroupView, rows: &[u32]) -> Result<(), ReadError> {
        let room = usize::try_from(WHOLE_LINES_MAX - self.lines_read).unwrap_or(usize::MAX);
        let (read, rest) = rows.split_at(rows.len().min(room));
        self.lines_read += read.len() as u64;
        self.lines_not_listed += rest.len() as u64;
        for some in read.chunks(READ_TOGETHER) {
            for hit in hits_of(view, some)? {
                let batch = found(hit).parsed().map_err(|_| ReadError::directory("a line"))?;
                let line = batch.line(0).ok_or(ReadError::directory("a line"))?;
                let time = line.index_of(Role::Time);
                let mut of_line: BTreeMap<&str, FieldKinds> = BTreeMap::new();
                for (index, field) in line.fields().enumerate().filter(|(_, of)| of.value.kind.is_scalar()) {
                    let is_time = Some(index) == time;
                    let kinds = if is_time { FieldKinds::TIME } else { FieldKinds::of(field.value.kind) };
                    of_line.entry(field.name_text).or_default().add(kinds);
                }
                of_line.into_iter().for_each(|(name, kinds)| self.add(name, kinds, 1));
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, kinds: FieldKinds, lines: u64) {
        if let Some(counted) = self.counts.get_mut(name) {
            counted.0.add(kinds);
            counted.1 += lines;
            return;
        }
        if !fold(name).starts_with(&self.prefix) {
            return;
        }
        match self.bytes_left.checked_sub(name.len() + BYTES_PER_NAME) {
            Some(left) => {
                self.bytes_left = left;
                self.counts.insert(name.to_owned(), (kinds, lines));
            }
            None => self.is_full = true,
        }
    }
}

fn keeps_whole(view: &dyn GroupView, shape: &Shape) -> bool {
    shape.columns().any(|column| view.head(column).class == Class::Whole)
}

/// Names and kinds of the values of a shape, each name once.
fn fields_of(view: &dyn GroupView, shape: &Shape) -> BTreeMap<Arc<str>, FieldKinds> {
    let time = usize::from(shape.roles[Role::Time as usize]);
    let mut fields: BTreeMap<Arc<str>, FieldKinds> = BTreeMap::new();
    for (index, column) in shape.columns().enumerate() {
        let head = view.head(column);
        let none = FieldKinds::default();
        let kinds = match head.class {
            _ if index == time => FieldKinds::TIME,
            Class::Text | Class::EscapedText => FieldKinds { text: true, ..none },
            Class::Number | Class::OtherNumber => FieldKinds { number: true, ..none },
            Class::Flag => FieldKinds { flag: true, ..none },
            Class::Time => FieldKinds::TIME,
            Class::Whole => continue,
        };
        fields.entry(Arc::clone(&head.name)).or_default().add(kinds);
    }
    fields
}
