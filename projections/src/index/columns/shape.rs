//! Shapes: what lines that were written by the same code have in common, the bytes between their values.
//!
//! A shape says for each hole which column its value is in and how it is written there. Invariant: a line is
//! the pieces of its shape with its values between them, byte for byte. Lines of different shapes have
//! different columns, so nothing is stored for a value that is not there.

use std::ops::Range;

use antler_events::line::{Line, Role};
use hashbrown::HashTable;

use super::block::ReadError;
use super::same::same;
use super::time_text::TimeForm;
use super::varint;

/// How a value stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// As it is in its column.
    Plain,
    /// A text with the usual escapes of JSON, resolved in its column.
    Escaped,
    /// The time of the row in a form; its column has the name and no values.
    Time(TimeForm),
}

/// The place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    pub column: u32,
    pub writing: Writing,
}

/// No value fills the role.
pub const NO_VALUE: u16 = u16::MAX;

/// For each role, which value fills it: those in the line first, then those of the defaults.
pub type Roles = [u16; Role::ALL.len()];

/// Everything of a line but its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The pieces around the holes, one after the other; one more than holes.
    pub text: Box<[u8]>,
    /// Where each piece ends in `text`.
    pub ends: Box<[u32]>,
    pub holes: Box<[Hole]>,
    /// Columns of values that the sender said once for the whole batch; they are not in the line.
    pub defaults: Box<[u32]>,
    pub roles: Roles,
}

impl Shape {
    pub fn piece(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start as usize..self.ends[index] as usize]
    }

    /// Columns of all holes and defaults.
    pub fn columns(&self) -> impl Iterator<Item = u32> {
        self.holes.iter().map(|hole| hole.column).chain(self.defaults.iter().copied())
    }

    /// Columns of all values that are in columns, in the order in which the columns have them.
    pub fn values(&self) -> impl Iterator<Item = u32> {
        let holes = self.holes.iter().filter(|hole| !matches!(hole.writing, Writing::Time(_)));
        holes.map(|hole| hole.column).chain(self.defaults.iter().copied())
    }

    /// The column of the value that fills a role, and which of the row's values of that column it is.
    pub fn role(&self, role: Role) -> Option<(u32, usize)> {
        let index = usize::from(self.roles[role as usize]);
        let column = self.columns().nth(index)?;
        Some((column, self.columns().take(index).filter(|other| *other == column).count()))
    }

    pub fn bytes_held(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.ends.len() * 4 + self.holes.len() * size_of::<Hole>()
    }

    /// All but the text, which is kept apart because only rendering needs it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        varint::push(out, self.holes.len() as u64);
        let mut before = 0;
        for end in &self.ends {
            varint::push(out, u64::from(end - before));
            before = *end;
        }
        for hole in &self.holes {
            let (kind, form) = match hole.writing {
                Writing::Plain => (0, None),
                Writing::Escaped => (1, None),
                Writing::Time(form) => (2, Some(form)),
            };
            out.push(kind);
            varint::push(out, u64::from(hole.column));
            form.into_iter().for_each(|form| varint::push(out, u64::from(form.number())));
        }
        varint::push(out, self.defaults.len() as u64);
        self.defaults.iter().for_each(|column| varint::push(out, u64::from(*column)));
        self.roles.iter().for_each(|value| varint::push(out, u64::from(value.wrapping_add(1))));
    }

    /// Reads a shape without its text, whose columns are all below `columns`.
    pub fn decode(bytes: &mut &[u8], columns: u32) -> Result<Self, ReadError> {
        Self::take(bytes, columns).ok_or(ReadError::directory("a shape"))
    }

    fn take(bytes: &mut &[u8], columns: u32) -> Option<Self> {
        let count = varint::take_u32(bytes)? as usize;
        if count >= bytes.len() {
            return None;
        }
        let mut end = 0u32;
        let ends = (0..=count).map(|_| {
            end = end.checked_add(varint::take_u32(bytes)?)?;
            Some(end)
        });
        let ends: Box<[u32]> = ends.collect::<Option<_>>()?;
        let holes: Box<[Hole]> = (0..count).map(|_| take_hole(bytes, columns)).collect::<Option<_>>()?;
        let defaults = varint::take_u32(bytes)? as usize;
        if defaults > bytes.len() {
            return None;
        }
        let below = |column: &u32| *column < columns;
        let defaults: Box<[u32]> =
            (0..defaults).map(|_| varint::take_u32(bytes).filter(below)).collect::<Option<_>>()?;
        let mut roles = [NO_VALUE; Role::ALL.len()];
        for role in &mut roles {
            *role = u16::try_from(varint::take(bytes)?).ok()?.wrapping_sub(1);
            if *role != NO_VALUE && usize::from(*role) >= count + defaults.len() {
                return None;
            }
        }
        Some(Self { text: Box::default(), ends, holes, defaults, roles })
    }
}

fn take_hole(bytes: &mut &[u8], columns: u32) -> Option<Hole> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    let column = varint::take_u32(bytes).filter(|column| *column < columns)?;
    let writing = match kind {
        0 => Writing::Plain,
        1 => Writing::Escaped,
        2 => Writing::Time(TimeForm::from_number(varint::take_u32(bytes)?)?),
        _ => return None,
    };
    Some(Hole { column, writing })
}

/// What the shape of one line would be, before it is known whether it is new.
#[derive(Debug, Default)]
pub struct ShapeDraft {
    pub holes: Vec<Hole>,
    /// Where the value of each hole stands in the line.
    pub spans: Vec<(u32, u32)>,
    pub defaults: Vec<u32>,
    pub roles: Roles,
}

impl ShapeDraft {
    pub fn clear(&mut self) {
        self.holes.clear();
        self.spans.clear();
        self.defaults.clear();
        self.roles = [NO_VALUE; Role::ALL.len()];
    }

    /// The bytes of the line around its holes.
    fn pieces<'a>(&'a self, line: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let starts = std::iter::once(0).chain(self.spans.iter().map(|span| span.1));
        let ends = self.spans.iter().map(|span| span.0).chain(std::iter::once(line.len() as u32));
        starts.zip(ends).map(|(start, end)| &line[start as usize..end as usize])
    }

    /// Mixes everything but the pieces; of them only how long they are together.
    fn hash(&self, line: &[u8]) -> u64 {
        let values: u32 = self.spans.iter().map(|span| span.1 - span.0).sum();
        let mut hash = line.len() as u64 - u64::from(values);
        let mut mix = |number: u64| hash = (hash ^ number).wrapping_mul(MULTIPLIER).rotate_left(23);
        for hole in &self.holes {
            mix(u64::from(hole.column) << 8 | matches!(hole.writing, Writing::Escaped) as u64);
            if let Writing::Time(form) = hole.writing {
                mix(u64::from(form.number()));
            }
        }
        self.defaults.iter().for_each(|column| mix(u64::from(*column)));
        self.roles.iter().for_each(|role| mix(u64::from(*role)));
        hash
    }

    fn is(&self, shape: &Shape, line: &[u8]) -> bool {
        if self.holes.len() != shape.holes.len() || !self.is_around(shape) {
            return false;
        }
        let mut follower = Follower::new(Some(shape), line);
        for (hole, span) in self.holes.iter().zip(&self.spans) {
            follower.take(*hole, &(span.0 as usize..span.1 as usize));
        }
        follower.is_same()
    }

    /// Whether all but holes and pieces are those of the shape.
    #[inline]
    pub fn is_around(&self, shape: &Shape) -> bool {
        // Compared one by one: there are few of each, so the call of a comparison for many would cost more.
        self.roles.iter().zip(&shape.roles).all(|(left, right)| left == right)
            && self.defaults.len() == shape.defaults.len()
            && self.defaults.iter().zip(&shape.defaults).all(|(left, right)| left == right)
    }

    fn shape(&self, line: &[u8]) -> Shape {
        let mut text = Vec::new();
        let ends = self.pieces(line).map(|piece| {
            text.extend_from_slice(piece);
            text.len() as u32
        });
        let ends = ends.collect();
        Shape {
            text: text.into(),
            ends,
            holes: self.holes.as_slice().into(),
            defaults: self.defaults.as_slice().into(),
            roles: self.roles,
        }
    }
}

/// What can be said of a line without going through its values. Lines of one shape mostly look alike, and few
/// others do.
#[derive(Debug, Clone, Copy)]
pub struct Look(u64);

impl Look {
    #[inline]
    pub fn of(line: Line<'_>) -> Self {
        let count = line.places().len();
        let before = |index: usize| {
            let place = line.place(index)?;
            line.raw()[..place.span.start].last_chunk().map(|bytes| u64::from_le_bytes(*bytes))
        };
        let middle = before(count / 2).unwrap_or_default().wrapping_mul(MULTIPLIER);
        let last = count.checked_sub(1).and_then(before).unwrap_or_default();
        let mixed = (middle.rotate_left(23) ^ last).wrapping_mul(MULTIPLIER) ^ count as u64;
        Self(mixed.wrapping_mul(MULTIPLIER))
    }

    fn place(self) -> usize {
        (self.0 >> 32) as usize % GUESSES
    }
}

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// Holds a line against a shape that it may have, value by value.
#[derive(Debug)]
pub struct Follower<'a> {
    shape: Option<&'a Shape>,
    line: &'a [u8],
    /// Values that were the shape's so far.
    holes: usize,
    line_at: usize,
    text_at: usize,
}

impl<'a> Follower<'a> {
    pub fn new(shape: Option<&'a Shape>, line: &'a [u8]) -> Self {
        Self { shape, line, holes: 0, line_at: 0, text_at: 0 }
    }

    /// Takes the next value and where it stands in the line.
    #[inline(always)]
    pub fn take(&mut self, hole: Hole, span: &Range<usize>) {
        let Some(shape) = self.shape else { return };
        let is_its = shape.holes.get(self.holes) == Some(&hole) && self.has_piece(shape, span.start);
        self.holes += 1;
        self.line_at = span.end;
        if !is_its {
            self.shape = None;
        }
    }

    /// Whether the line has the shape, once all its values were taken.
    pub fn is_same(mut self) -> bool {
        self.shape
            .is_some_and(|shape| shape.holes.len() == self.holes && self.has_piece(shape, self.line.len()))
    }

    /// Whether the bytes of the line up to `end` are the next piece.
    #[inline(always)]
    fn has_piece(&mut self, shape: &Shape, end: usize) -> bool {
        let text_end = shape.ends[self.holes] as usize;
        let piece = &shape.text[self.text_at..text_end];
        self.text_at = text_end;
        same(&self.line[self.line_at..end], piece)
    }
}

/// Places for guesses.
const GUESSES: usize = 256;
const NO_GUESS: u32 = u32::MAX;

/// The shapes of an open group.
#[derive(Debug)]
pub struct ShapeTable {
    shapes: Vec<Shape>,
    table: HashTable<(u64, u32)>,
    /// The last shape of lines that look alike.
    guesses: Box<[u32; GUESSES]>,
    bytes_held: usize,
}

impl Default for ShapeTable {
    fn default() -> Self {
        let guesses = Box::new([NO_GUESS; GUESSES]);
        Self { shapes: Vec::new(), table: HashTable::new(), guesses, bytes_held: 0 }
    }
}

impl ShapeTable {
    /// A shape that a line of this look may have.
    #[inline]
    pub fn guess(&self, look: Look) -> Option<u32> {
        Some(self.guesses[look.place()]).filter(|guess| *guess != NO_GUESS)
    }

    /// Notes the shape of a line of this look.
    pub fn learn(&mut self, look: Look, number: u32) {
        self.guesses[look.place()] = number;
    }

    /// The number of a shape; if it is new, only if `admit` lets it in.
    pub fn number(&mut self, draft: &ShapeDraft, line: &[u8], admit: impl FnOnce() -> bool) -> Option<u32> {
        let hash = draft.hash(line);
        let shapes = &self.shapes;
        let is_it = |entry: &(u64, u32)| entry.0 == hash && draft.is(&shapes[entry.1 as usize], line);
        if let Some(entry) = self.table.find(hash, is_it) {
            return Some(entry.1);
        }
        if !admit() {
            return None;
        }
        let number = self.shapes.len() as u32;
        let shape = draft.shape(line);
        self.bytes_held += shape.bytes_held() + 2 * size_of::<(u64, u32)>();
        self.shapes.push(shape);
        self.table.insert_unique(hash, (hash, number), |entry| entry.0);
        Some(number)
    }

    pub fn clear(&mut self) {
        self.shapes.clear();
        self.table.clear();
        *self.guesses = [NO_GUESS; GUESSES];
        self.bytes_held = 0;
    }

    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    pub fn bytes_held(&self) -> usize {
        self.bytes_held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holes where the line has digits; every digit run in column 7.
    fn draft(line: &str) -> ShapeDraft {
        let mut draft = ShapeDraft::default();
        draft.clear();
        let mut start = None;
        for (at, byte) in line.bytes().chain([0]).enumerate() {
            match (byte.is_ascii_digit(), start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    draft.spans.push((from as u32, at as u32));
                    draft.holes.push(Hole { column: 7, writing: Writing::Plain });
                    start = None;
                }
                _ => {}
            }
        }
        draft
    }

    #[test]
    fn lines_with_the_same_bytes_around_their_values_have_one_shape() {
        let mut table = ShapeTable::default();
        let mut number = |line: &str| table.number(&draft(line), line.as_bytes(), || true).unwrap();
        assert_eq!([number("a=1 b=22"), number("a=345 b=6"), number("a=1 c=22"), number("")], [0, 0, 1, 2]);
        assert_eq!(table.shapes()[0].piece(1), b" b=");
        assert_eq!(table.number(&draft("new"), b"new", || false), None);
        assert_eq!(table.len(), 3);
    }

    #[test]
    fn what_a_shape_is_read_from_must_be_whole() {
        let line = "a=1 b=22";
        let mut draft = draft(line);
        draft.defaults = vec![3, 7];
        draft.roles[Role::Service as usize] = 3;
        let time = Writing::Time(TimeForm::RFC_3339_MILLIS);
        draft.holes[0] = Hole { column: 2, writing: time };
        let shape = draft.shape(line.as_bytes());
        assert_eq!(shape.role(Role::Service), Some((7, 1)));
        assert_eq!(shape.role(Role::Host), None);
        let mut bytes = Vec::new();
        shape.encode(&mut bytes);
        let read = Shape::decode(&mut &bytes[..], 8).unwrap();
        assert_eq!(Shape { text: shape.text.clone(), ..read }, shape);
        assert!(Shape::decode(&mut &bytes[..], 7).is_err());
        for cut in 0..bytes.len() {
            assert!(Shape::decode(&mut &bytes[..cut], 8).is_err(), "cut at {cut}");
        }
    }
}
