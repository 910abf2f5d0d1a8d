//! One line on its way into columns: where its values are, and in which form they are kept.
//!
//! Invariant: a value is kept in a form only if that form gives back the same bytes; otherwise as it was
//! written. It does not store anything: the open group does, once it knows the shape.

use std::ops::Range;

use antler_events::line::{Line, NameId, Place, Role, ValueKind};

use crate::index::columns::column::Class;
use crate::index::columns::decimal::Decimal;
use crate::index::columns::escape;
use crate::index::columns::shape::{Follower, Hole, Shape, ShapeDraft, Writing};
use crate::index::columns::time_text::{self, TimeForm};

/// What is put into the column of a hole.
#[derive(Debug, Clone)]
pub(super) enum Payload {
    /// The bytes of the line.
    Span,
    /// A text in `resolved`.
    Resolved(Range<usize>),
    Number(Decimal),
    /// Nothing: the row has its time.
    Time,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A value has no column.
    Refused,
    Done,
    /// Its values stand where those of the guessed shape do.
    Guessed,
}

/// Scratch room for one line after the other.
#[derive(Debug)]
pub(super) struct LineDraft {
    pub(super) shape: ShapeDraft,
    /// For each hole.
    pub(super) payloads: Vec<Payload>,
    pub(super) resolved: Vec<u8>,
    /// Which defaults hold, in the order of `shape.defaults`.
    pub(super) defaults: Vec<usize>,
    /// For each field of the line, so that no role walks through the fields.
    holes_before: Vec<u16>,
    time_form: TimeForm,
}

impl Default for LineDraft {
    fn default() -> Self {
        Self {
            shape: ShapeDraft::default(),
            payloads: Vec::new(),
            resolved: Vec::new(),
            defaults: Vec::new(),
            holes_before: Vec::new(),
            time_form: TimeForm::RFC_3339_MILLIS,
        }
    }
}

impl LineDraft {
    /// Finds the holes of a line, if each of them has a column, and whether they are those of a shape.
    pub(super) fn read(
        &mut self,
        line: Line<'_>,
        guess: Option<&Shape>,
        mut column: impl FnMut(NameId, Class) -> Option<u32>,
    ) -> Reading {
        self.clear();
        let raw = line.raw();
        let mut follower = Follower::new(guess, raw);
        let time_field = line.index_of(Role::Time).unwrap_or(usize::MAX);
        for (index, place) in line.places().enumerate() {
            self.holes_before.push(self.shape.holes.len() as u16);
            let value = &raw[place.span.clone()];
            let time = if index == time_field { self.take_time(line, &place, value) } else { None };
            let taken = if time.is_some() { time } else { self.take(place.kind, value) };
            let Some((class, writing)) = taken else { continue };
            let Some(column) = column(place.name, class) else { return Reading::Refused };
            let hole = Hole { column, writing };
            follower.take(hole, &place.span);
            self.push(hole, &place.span);
        }
        self.read_roles(line);
        if follower.is_same() { Reading::Guessed } else { Reading::Done }
    }

    /// Makes the whole line one hole.
    pub(super) fn keep_whole(&mut self, raw: &[u8], hole: Hole) {
        self.clear();
        self.payloads.push(Payload::Span);
        self.push(hole, &(0..raw.len()));
    }

    /// Adds a value that stands behind those of the line.
    pub(super) fn add_default(&mut self, index: usize, column: u32, role: Option<Role>) {
        if let Some(role) = role {
            self.shape.roles[role as usize] = (self.shape.holes.len() + self.shape.defaults.len()) as u16;
        }
        self.shape.defaults.push(column);
        self.defaults.push(index);
    }

    fn clear(&mut self) {
        self.shape.clear();
        self.payloads.clear();
        self.resolved.clear();
        self.defaults.clear();
        self.holes_before.clear();
    }

    /// Its payload is there already.
    #[inline]
    fn push(&mut self, hole: Hole, span: &Range<usize>) {
        self.shape.holes.push(hole);
        self.shape.spans.push((span.start as u32, span.end as u32));
    }

    fn take_time(&mut self, line: Line<'_>, place: &Place, value: &[u8]) -> Option<(Class, Writing)> {
        let plain = matches!(place.kind, ValueKind::String | ValueKind::Number);
        let time = line.own_timestamp().filter(|_| plain)?;
        let form = time_text::recognise(value, time, self.time_form)?;
        self.time_form = form;
        self.payloads.push(Payload::Time);
        Some((Class::Time, Writing::Time(form)))
    }

    /// Keeps the payload of a value and answers the rest of its form. Nothing for what is no value: it stays in the
    /// shape.
    #[inline(always)]
    fn take(&mut self, kind: ValueKind, value: &[u8]) -> Option<(Class, Writing)> {
        // Each is put in its place at once: a payload that is handed on is written twice, in pieces and as a whole,
        // and the second waits for the first.
        match kind {
            ValueKind::String => {
                self.payloads.push(Payload::Span);
                Some((Class::Text, Writing::Plain))
            }
            ValueKind::EscapedString => Some(self.take_escaped(value)),
            ValueKind::Number => Some(self.take_number(value)),
            ValueKind::True | ValueKind::False => {
                self.payloads.push(Payload::Span);
                Some((Class::Flag, Writing::Plain))
            }
            ValueKind::Null | ValueKind::EmptyObject | ValueKind::EmptyArray => None,
        }
    }

    fn take_escaped(&mut self, value: &[u8]) -> (Class, Writing) {
        let start = self.resolved.len();
        if escape::resolve(value, &mut self.resolved) {
            self.payloads.push(Payload::Resolved(start..self.resolved.len()));
            (Class::Text, Writing::Escaped)
        } else {
            self.payloads.push(Payload::Span);
            (Class::EscapedText, Writing::Plain)
        }
    }

    fn take_number(&mut self, value: &[u8]) -> (Class, Writing) {
        if let Some(number) = Decimal::parse(value) {
            self.payloads.push(Payload::Number(number));
            (Class::Number, Writing::Plain)
        } else {
            self.payloads.push(Payload::Span);
            (Class::OtherNumber, Writing::Plain)
        }
    }

    /// Fields that are no values have no hole, so later ones count less.
    fn read_roles(&mut self, line: Line<'_>) {
        for role in Role::ALL {
            if let Some(field) = line.index_of(role) {
                self.shape.roles[role as usize] = self.holes_before[field];
            }
        }
    }
}
