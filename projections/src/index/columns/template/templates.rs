//! The templates of a column: lists of literals, which many templates share, and of the holes between them.
//!
//! Invariant: literals and holes alternate, and there is a literal, maybe empty, at both ends of a template.
//! It does not say which texts have a template, and does not hold variables.

mod stored;

use super::form::{ESCAPE, HoleKind, Piece, is_marker, push_escaped};
use super::literals::Literals;

/// Templates by their numbers, from 1 on. That of the rest, which has the number 0, is empty.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    literals: Literals,
    /// The numbers of the literals of all templates, one template behind the other.
    parts: Vec<u16>,
    /// Behind each of those the marker of the hole; nothing behind the last of a template.
    holes: Vec<u8>,
    all: Vec<End>,
}

const NO_HOLE: u8 = 0;

/// Where a template ends.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    parts: u32,
    /// A bit for each kind of hole.
    kinds: u8,
}

/// What texts of one kind have in common.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a> {
    literals: &'a Literals,
    parts: &'a [u16],
    holes: &'a [u8],
}

/// A literal in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiteralAt {
    pub literal: u16,
    /// Whether the texts begin with it.
    pub is_first: bool,
    /// Whether the texts end with it.
    pub is_last: bool,
}

impl Templates {
    /// One, that the key stands for.
    pub fn of_key(key: &[u8]) -> Option<Self> {
        let mut one = Self::default();
        one.push_key(key)?;
        Some(one)
    }

    /// Appends the template that a key stands for. One that is none, or has more literals than there is room
    /// for, changes no number.
    pub fn push_key(&mut self, key: &[u8]) -> Option<()> {
        let before = self.parts.len();
        let read = self.read_key(key);
        match read {
            Some(()) => self.end(),
            None => {
                self.parts.truncate(before);
                self.holes.truncate(before);
            }
        }
        read
    }

    /// Forgets all and keeps the memory.
    pub fn clear(&mut self) {
        self.literals.clear();
        self.parts.clear();
        self.holes.clear();
        self.all.clear();
    }

    /// How many there are, the rest aside.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    #[inline]
    pub fn template(&self, number: usize) -> Template<'_> {
        let start = number.checked_sub(1).map_or(0, |before| self.parts_before(before));
        let end = number.checked_sub(1).map_or(0, |index| self.all[index].parts as usize);
        let (parts, holes) = (&self.parts[start..end], &self.holes[start..end]);
        Template { literals: &self.literals, parts, holes }
    }

    /// The literals of all.
    pub fn literals(&self) -> &Literals {
        &self.literals
    }

    /// Whether a template has a hole of the kind.
    pub fn has(&self, number: usize, kind: HoleKind) -> bool {
        number.checked_sub(1).is_some_and(|index| self.all[index].kinds & bit(kind) != 0)
    }

    /// The templates that have a hole of the kind, by rising numbers.
    pub fn with_hole(&self, kind: HoleKind) -> impl Iterator<Item = usize> {
        (1..=self.count()).filter(move |number| self.has(*number, kind))
    }

    pub fn bytes_held(&self) -> usize {
        self.literals.bytes_held()
            + self.parts.capacity() * size_of::<u16>()
            + self.holes.capacity()
            + self.all.capacity() * size_of::<End>()
    }

    /// How many parts the templates before the one of this index have.
    #[inline]
    fn parts_before(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.all[before].parts as usize)
    }

    fn read_key(&mut self, key: &[u8]) -> Option<()> {
        let mut literal = Vec::new();
        let mut bytes = key.iter();
        while let Some(&byte) = bytes.next() {
            if let Some(kind) = HoleKind::of(byte) {
                self.push_part(&literal, Some(kind))?;
                literal.clear();
            } else if byte == ESCAPE {
                literal.push(*bytes.next().filter(|byte| is_marker(**byte))?);
            } else {
                literal.push(byte);
            }
        }
        self.push_part(&literal, None)
    }

    fn push_part(&mut self, literal: &[u8], hole: Option<HoleKind>) -> Option<()> {
        let literal = self.literals.number_of(literal)?;
        self.parts.push(literal);
        self.holes.push(hole.map_or(NO_HOLE, |kind| kind as u8));
        Some(())
    }

    fn end(&mut self) {
        let before = self.parts_before(self.all.len());
        let holes = self.holes[before..].iter().filter_map(|hole| HoleKind::of(*hole));
        let kinds = holes.fold(0, |kinds, hole| kinds | bit(hole));
        self.all.push(End { parts: self.parts.len() as u32, kinds });
    }
}

fn bit(kind: HoleKind) -> u8 {
    1 << kind as u8
}

impl<'a> Template<'a> {
    /// The literal before the hole of this number, or the last.
    #[inline]
    pub fn literal(self, index: usize) -> &'a [u8] {
        self.parts.get(index).map_or(&[], |literal| self.literals.get(*literal))
    }

    /// The numbers of its literals, in order.
    pub fn literals(self) -> &'a [u16] {
        self.parts
    }

    /// Its literals, each with where it stands.
    pub fn places(self) -> impl Iterator<Item = LiteralAt> + use<'a> {
        let places = self.parts.iter().zip(self.holes).enumerate();
        places.map(|(at, (literal, hole))| LiteralAt {
            literal: *literal,
            is_first: at == 0,
            is_last: *hole == NO_HOLE,
        })
    }

    /// How many holes it has.
    #[inline]
    pub fn holes(self) -> usize {
        self.holes.len().saturating_sub(1)
    }

    /// What the hole of this number is.
    pub fn kind(self, hole: usize) -> Option<HoleKind> {
        HoleKind::of(*self.holes.get(hole)?)
    }

    /// What its holes are, in order.
    pub fn kinds(self) -> impl Iterator<Item = HoleKind> + use<'a> {
        self.holes.iter().filter_map(|hole| HoleKind::of(*hole))
    }

    /// Whether its texts are their variables and nothing else.
    pub fn is_bare(self) -> bool {
        self.parts.iter().all(|literal| self.literals.get(*literal).is_empty())
    }

    /// All that it is made of, in order.
    pub fn pieces(self) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        self.parts.iter().zip(self.holes).flat_map(move |(literal, hole)| {
            let literal = Piece::Literal(self.literals.get(*literal));
            [Some(literal), HoleKind::of(*hole).map(Piece::Hole)].into_iter().flatten()
        })
    }

    /// Appends the key, which `Templates` takes back.
    pub fn write_key(self, key: &mut Vec<u8>) {
        for piece in self.pieces() {
            match piece {
                Piece::Literal(literal) => push_escaped(literal, key),
                Piece::Hole(kind) => key.push(kind as u8),
            }
        }
    }

    #[cfg(test)]
    pub fn key(self) -> Vec<u8> {
        let mut key = Vec::new();
        self.write_key(&mut key);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates(keys: &[&[u8]]) -> Templates {
        let mut templates = Templates::default();
        keys.iter().for_each(|key| templates.push_key(key).unwrap());
        templates
    }

    #[test]
    fn a_key_is_read_and_written() {
        let key = b"a \x01\x02:\x06\x04\x06\x06\x00";
        let templates = templates(&[key]);
        let template = templates.template(1);
        assert_eq!(template.key(), key);
        let pieces: Vec<Piece<'_>> = template.pieces().collect();
        let expected = [
            Piece::Literal(b"a "),
            Piece::Hole(HoleKind::Decimal),
            Piece::Literal(b""),
            Piece::Hole(HoleKind::Word),
            Piece::Literal(b":\x04\x06\x00"),
        ];
        assert_eq!(pieces, expected);
        assert_eq!(
            (template.holes(), template.literal(2), template.is_bare()),
            (2, &b":\x04\x06\x00"[..], false)
        );
    }

    #[test]
    fn templates_share_their_literals() {
        let keys = [&b""[..], b"a \x01 b", b" b", b"\x03", b"a \x06\x01", b"a \x05 b\x01"];
        let templates = templates(&keys);
        assert_eq!(templates.literals().bytes(), b"a  ba \x01");
        for (number, key) in (1..).zip(keys) {
            assert_eq!(templates.template(number).key(), key);
        }
        assert!(templates.has(4, HoleKind::Uuid) && !templates.has(3, HoleKind::Uuid));
        assert!(templates.template(4).is_bare() && !templates.template(2).is_bare());
        assert_eq!((templates.template(0).holes(), templates.template(0).literal(0)), (0, &b""[..]));
    }

    #[test]
    fn literals_are_found_in_templates() {
        let mut keys: Vec<Vec<u8>> = (0..200).map(|_| b"x\x01y".to_vec()).collect();
        keys[7] = b"same\x02mid\x02same".to_vec();
        keys[150] = b"same".to_vec();
        let templates = templates(&keys.iter().map(|key| &key[..]).collect::<Vec<_>>());
        let number_of = |literal: &[u8]| {
            (0..templates.literals().count() as u16)
                .find(|number| templates.literals().get(*number) == literal)
        };
        let (same, mid) = (number_of(b"same").unwrap(), number_of(b"mid").unwrap());
        let at = |literal, is_first, is_last| LiteralAt { literal, is_first, is_last };
        let expected = [
            (8, at(same, true, false)),
            (8, at(mid, false, false)),
            (8, at(same, false, true)),
            (151, at(same, true, true)),
        ];
        let places = |number| templates.template(number).places().map(move |at| (number, at));
        let found = (0..=templates.count()).flat_map(places);
        let wanted = found.filter(|(_, at)| [mid, same].contains(&at.literal));
        assert_eq!(wanted.collect::<Vec<_>>(), expected);
        assert_eq!(templates.with_hole(HoleKind::Word).collect::<Vec<_>>(), [8]);
    }

    #[test]
    fn a_damaged_key_is_refused_and_leaves_no_template() {
        let mut templates = templates(&[b"ok \x01"]);
        for damaged in [&b"a\x01b\x06"[..], b"\x02a\x06b"] {
            assert_eq!(templates.push_key(damaged), None);
        }
        templates.push_key(b"c").unwrap();
        assert_eq!((templates.count(), templates.template(2).literal(0)), (2, &b"c"[..]));
        assert_eq!(templates.template(2).holes(), 0);
    }
}
