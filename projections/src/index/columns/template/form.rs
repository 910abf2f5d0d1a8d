//! Templates: what texts of one kind have in common.
//!
//! A template is stored as its *key*: the literal bytes with a marker byte for each hole. Literal bytes that
//! look like a marker have an escape before them, so that different templates have different keys.
//! Invariant: literals and holes alternate, and there is a literal, maybe empty, at both ends.
//! It does not hold variables.

use super::split::{Split, split};

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

const ESCAPE: u8 = 6;

impl HoleKind {
    fn of(marker: u8) -> Option<Self> {
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

/// What texts of one kind have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// All literals, one after the other.
    text: Box<[u8]>,
    holes: Box<[(u32, HoleKind)]>,
}

impl Template {
    /// The template of a text.
    pub fn of_text(text: &[u8], parts: &mut Split) -> Self {
        split(text, parts);
        Self::of_key(parts.key()).expect("the split writes keys")
    }

    /// The template that a key stands for, if it does.
    pub fn of_key(key: &[u8]) -> Option<Self> {
        let (mut text, mut holes) = (Vec::with_capacity(key.len()), Vec::new());
        let mut bytes = key.iter();
        while let Some(&byte) = bytes.next() {
            if let Some(kind) = HoleKind::of(byte) {
                holes.push((u32::try_from(text.len()).ok()?, kind));
            } else if byte == ESCAPE {
                text.push(*bytes.next().filter(|byte| is_marker(**byte))?);
            } else {
                text.push(byte);
            }
        }
        Some(Self { text: text.into(), holes: holes.into() })
    }

    /// The literals, one after the other. A hole lies wherever `holes` says.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where in `text` each hole lies.
    pub fn holes(&self) -> &[(u32, HoleKind)] {
        &self.holes
    }

    /// The literal before the hole of this number, or the last.
    pub fn literal(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.holes[before].0 as usize);
        let end = self.holes.get(index).map_or(self.text.len(), |hole| hole.0 as usize);
        &self.text[start..end]
    }

    /// All that it is made of, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let holes = self.holes.iter().enumerate();
        let pairs = holes.flat_map(|(at, hole)| [Piece::Literal(self.literal(at)), Piece::Hole(hole.1)]);
        pairs.chain([Piece::Literal(self.literal(self.holes.len()))])
    }

    /// The key; `of_key` takes it back.
    pub fn key(&self) -> Vec<u8> {
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

fn is_marker(byte: u8) -> bool {
    (HoleKind::Decimal as u8..=ESCAPE).contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_and_written() {
        let key = b"a \x01\x02:\x06\x04\x06\x06\x00";
        let template = Template::of_key(key).unwrap();
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

    #[test]
    fn a_damaged_key_is_refused() {
        assert_eq!(Template::of_key(b"a\x06"), None);
        assert_eq!(Template::of_key(b"a\x06b"), None);
        assert_eq!(Template::of_key(b"").unwrap().pieces().count(), 1);
    }
}
