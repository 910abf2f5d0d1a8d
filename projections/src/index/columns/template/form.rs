//! Templates: what texts of one kind have in common.
//!
//! A template is stored as its *key*: the literal bytes with a marker byte for each hole. Literal bytes that
//! look like a marker have an escape before them, so that different templates have different keys.
//! Invariant: literals and holes alternate, and there is a literal, maybe empty, at both ends.
//! It does not hold variables, and templates are held by `templates.rs`.

/// What stands in a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum HoleKind {
    /// At most 18 digits and nothing else.
    Decimal = 1,
    /// A token with digits that is no decimal.
    Word = 2,
    /// A UUID in lower case.
    Uuid = 3,
    /// An IPv4 address.
    Address = 4,
    /// Any bytes between quotes.
    Text = 5,
}

pub(super) const ESCAPE: u8 = 6;

impl HoleKind {
    pub(super) fn of(marker: u8) -> Option<Self> {
        let kinds = [Self::Decimal, Self::Word, Self::Uuid, Self::Address, Self::Text];
        kinds.into_iter().find(|kind| *kind as u8 == marker)
    }
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Literal(&'a [u8]),
    Hole(HoleKind),
}

/// A hole and where it lies, in four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HoleAt(u32);

impl HoleAt {
    /// Nothing if it lies too far behind.
    pub(super) fn new(at: usize, kind: HoleKind) -> Option<Self> {
        let at = u32::try_from(at).ok().filter(|at| *at < 1 << (u32::BITS - KIND_BITS))?;
        Some(Self(at << KIND_BITS | kind as u32))
    }

    /// Its place among the literals.
    #[inline]
    pub fn at(self) -> usize {
        (self.0 >> KIND_BITS) as usize
    }

    #[inline]
    pub fn kind(self) -> HoleKind {
        HoleKind::of((self.0 & ((1 << KIND_BITS) - 1)) as u8).expect("it was made of a kind")
    }
}

const KIND_BITS: u32 = 3;

/// What texts of one kind have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Template<'a> {
    /// All literals, one after the other.
    text: &'a [u8],
    holes: &'a [HoleAt],
}

impl<'a> Template<'a> {
    pub(super) fn new(text: &'a [u8], holes: &'a [HoleAt]) -> Self {
        Self { text, holes }
    }

    /// The literals, one after the other. A hole lies wherever `holes` says.
    pub fn text(self) -> &'a [u8] {
        self.text
    }

    /// Where in `text` each hole lies.
    pub fn holes(self) -> &'a [HoleAt] {
        self.holes
    }

    /// The literal before the hole of this number, or the last.
    pub fn literal(self, index: usize) -> &'a [u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.holes[before].at());
        let end = self.holes.get(index).map_or(self.text.len(), |hole| hole.at());
        &self.text[start..end]
    }

    /// All that it is made of, in order.
    pub fn pieces(self) -> impl Iterator<Item = Piece<'a>> {
        let holes = self.holes.iter().enumerate();
        let pairs =
            holes.flat_map(move |(at, hole)| [Piece::Literal(self.literal(at)), Piece::Hole(hole.kind())]);
        pairs.chain([Piece::Literal(self.literal(self.holes.len()))])
    }

    /// The key; `Templates` takes it back.
    pub fn key(self) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.text.len() + self.holes.len());
        for piece in self.pieces() {
            match piece {
                Piece::Literal(literal) => push_escaped(literal, &mut key),
                Piece::Hole(kind) => key.push(kind as u8),
            }
        }
        key
    }
}

/// Appends a literal that may hold bytes like markers.
pub(super) fn push_escaped(literal: &[u8], key: &mut Vec<u8>) {
    for &byte in literal {
        if is_marker(byte) {
            key.push(ESCAPE);
        }
        key.push(byte);
    }
}

pub(super) fn is_marker(byte: u8) -> bool {
    (HoleKind::Decimal as u8..=ESCAPE).contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::super::templates::Templates;
    use super::*;

    #[test]
    fn a_key_is_read_and_written() {
        let key = b"a \x01\x02:\x06\x04\x06\x06\x00";
        let templates = Templates::of_key(key).unwrap();
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
    }
}
