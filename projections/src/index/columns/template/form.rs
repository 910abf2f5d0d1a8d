//! What templates are made of, and their *keys*: the literal bytes with a marker byte for each hole.
//!
//! Literal bytes that look like a marker have an escape before them. Invariant: different templates have
//! different keys. It does not hold templates: `templates.rs` does.

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
    #[inline]
    pub(super) fn of(marker: u8) -> Option<Self> {
        Some(match marker {
            1 => Self::Decimal,
            2 => Self::Word,
            3 => Self::Uuid,
            4 => Self::Address,
            5 => Self::Text,
            _ => return None,
        })
    }
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Literal(&'a [u8]),
    Hole(HoleKind),
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
    use super::*;

    #[test]
    fn markers_are_told_from_literals() {
        let kinds: Vec<u8> = (0..=255).filter_map(HoleKind::of).map(|kind| kind as u8).collect();
        assert_eq!(kinds, [1, 2, 3, 4, 5]);
        let mut key = Vec::new();
        push_escaped(b"a\x01\x06\x00\x07", &mut key);
        assert_eq!(key, b"a\x06\x01\x06\x06\x00\x07");
    }
}
