//! How the variables of a hole can be spelled, as far as is known without reading them.
//!
//! Invariant: every variable of the hole is spelled by the atoms, one after the other; some spellings do not
//! occur. It does not read variables.

use std::borrow::Cow;

use super::form::HoleKind;
use super::notation::DIGITS_MAX;

/// A part of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atom<'d> {
    Bytes(&'d [u8]),
    /// So many bytes at least, and so many at most.
    Of(Alphabet, u32, u32),
}

/// How variables are spelled.
pub type Spelling<'d> = Cow<'d, [Atom<'d>]>;

/// Bytes that a part of a variable is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alphabet {
    Digits,
    LowerHex,
    UpperHex,
    Tokens,
    /// All but quotes.
    Unquoted,
    All,
}

impl Alphabet {
    pub const EACH: [Self; 6] =
        [Self::Digits, Self::LowerHex, Self::UpperHex, Self::Tokens, Self::Unquoted, Self::All];

    pub fn has(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::LowerHex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::UpperHex => matches!(byte, b'0'..=b'9' | b'A'..=b'F'),
            Self::Tokens => super::alphabet::is_token(byte),
            Self::Unquoted => byte != b'"',
            Self::All => true,
        }
    }
}

/// There is no bound that is worth it.
pub const UNBOUNDED: u32 = u32::MAX;

const DECIMAL: &[Atom<'static>] = &[Atom::Of(Alphabet::Digits, 1, DIGITS_MAX as u32)];
const WORD: &[Atom<'static>] = &[
    Atom::Of(Alphabet::Tokens, 0, UNBOUNDED),
    Atom::Of(Alphabet::Digits, 1, 1),
    Atom::Of(Alphabet::Tokens, 0, UNBOUNDED),
];
const UUID: &[Atom<'static>] = &[
    Atom::Of(Alphabet::LowerHex, 8, 8),
    Atom::Bytes(b"-"),
    Atom::Of(Alphabet::LowerHex, 4, 4),
    Atom::Bytes(b"-"),
    Atom::Of(Alphabet::LowerHex, 4, 4),
    Atom::Bytes(b"-"),
    Atom::Of(Alphabet::LowerHex, 4, 4),
    Atom::Bytes(b"-"),
    Atom::Of(Alphabet::LowerHex, 12, 12),
];
const ADDRESS_PART: Atom<'static> = Atom::Of(Alphabet::Digits, 1, 3);
const ADDRESS: &[Atom<'static>] = &[
    ADDRESS_PART,
    Atom::Bytes(b"."),
    ADDRESS_PART,
    Atom::Bytes(b"."),
    ADDRESS_PART,
    Atom::Bytes(b"."),
    ADDRESS_PART,
];
const TEXT: &[Atom<'static>] = &[Atom::Of(Alphabet::Unquoted, 1, UNBOUNDED)];

impl HoleKind {
    pub const EACH: [Self; 5] = [Self::Decimal, Self::Word, Self::Uuid, Self::Address, Self::Text];

    /// How all variables of the kind are spelled.
    pub fn spelling(self) -> &'static [Atom<'static>] {
        match self {
            Self::Decimal => DECIMAL,
            Self::Word => WORD,
            Self::Uuid => UUID,
            Self::Address => ADDRESS,
            Self::Text => TEXT,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::any_text;
    use super::super::split::{Split, split, split_quoted};
    use super::*;

    /// Whether the atoms spell the text.
    fn spells(atoms: &[Atom<'_>], text: &[u8]) -> bool {
        match atoms {
            [] => text.is_empty(),
            [Atom::Bytes(bytes), rest @ ..] => {
                text.strip_prefix(*bytes).is_some_and(|text| spells(rest, text))
            }
            [Atom::Of(alphabet, min, max), rest @ ..] => {
                let most = text.iter().take_while(|byte| alphabet.has(**byte)).count().min(*max as usize);
                (*min as usize..=most).any(|length| spells(rest, &text[length..]))
            }
        }
    }

    proptest! {
        #[test]
        fn every_variable_is_spelled_as_its_kind_says(text in any_text()) {
            let mut parts = Split::default();
            for cut in [split, split_quoted] {
                cut(&text, &mut parts);
                for hole in parts.holes() {
                    let variable = hole.text(&text);
                    prop_assert!(spells(hole.kind.spelling(), variable), "{:?} {:?}", hole.kind, variable);
                }
            }
        }
    }
}
