//! Hashes of texts, and of ids that are known in binary.
//!
//! Invariant: an id has the hash of the text that it is written as. It does not read ids in upper case: these are
//! texts like others.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality;

use super::SEED;

const SHORT_DIGITS: usize = 16;
const LONG_DIGITS: usize = 32;
const UUID_BYTES: usize = 36;
const MIX: [u64; 3] = [0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93, 0xA076_1D64_78BD_642F];

/// A text in lower-case hex digits, in binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id {
    /// 16 digits.
    Short([u8; 8]),
    /// 32 digits.
    Long([u8; 16]),
    /// 32 digits with four hyphens.
    Uuid([u8; 16]),
}

impl Id {
    pub fn read(text: &[u8]) -> Option<Self> {
        match text.len() {
            SHORT_DIGITS => read(text.as_chunks().0).map(Self::Short),
            LONG_DIGITS => read(text.as_chunks().0).map(Self::Long),
            UUID_BYTES => read_uuid(text).map(Self::Uuid),
            _ => None,
        }
    }

    #[inline]
    pub fn hash(self) -> u64 {
        match self {
            Self::Short(bytes) => mixed(u64::from_be_bytes(bytes), 0, SHORT_DIGITS),
            Self::Long(bytes) => hash_of_halves(bytes, LONG_DIGITS),
            Self::Uuid(bytes) => hash_of_halves(bytes, UUID_BYTES),
        }
    }
}

/// The hash of a text, whatever it is.
pub fn hash_of_text(text: &[u8]) -> u64 {
    if let Some(id) = Id::read(text) {
        return id.hash();
    }
    let mut hasher = quality::FixedState::with_seed(SEED).build_hasher();
    hasher.write(text);
    hasher.finish()
}

#[inline]
fn hash_of_halves(bytes: [u8; 16], length: usize) -> u64 {
    let number = u128::from_be_bytes(bytes);
    mixed((number >> 64) as u64, number as u64, length)
}

/// Products of 64 bits with both halves folded together: each bit reaches all others.
#[inline]
fn mixed(high: u64, low: u64, length: usize) -> u64 {
    let folded = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product >> 64) as u64 ^ product as u64
    };
    folded(folded(high ^ MIX[0], low ^ MIX[1]) ^ length as u64, MIX[2])
}

fn read<const BYTES: usize>(pairs: &[[u8; 2]]) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

fn read_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let mut digits = [0; LONG_DIGITS];
    let mut at = 0;
    for (place, byte) in text.iter().enumerate() {
        if matches!(place, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
        } else {
            digits[at] = *byte;
            at += 1;
        }
    }
    read(digits.as_chunks().0)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_their_texts_only() {
        assert_eq!(Id::read(b"00000000000000ff"), Some(Id::Short([0, 0, 0, 0, 0, 0, 0, 255])));
        assert_eq!(
            Id::read(b"000102030405060708090a0b0c0d0e0f"),
            Some(Id::Long([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]))
        );
        assert_eq!(
            Id::read(b"00010203-0405-0607-0809-0a0b0c0d0e0f"),
            Some(Id::Uuid([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]))
        );
        let others: [&[u8]; 5] = [
            b"",
            b"00000000000000fF",
            b"0000000000000g00",
            b"00010203-0405-0607-0809-0a0b0c0d0e0-",
            b"00010203004050060700809-0a0b0c0d0e0f",
        ];
        for text in others {
            assert_eq!(Id::read(text), None);
        }
    }

    #[test]
    fn ids_that_differ_have_different_hashes() {
        let mut hashes = std::collections::BTreeSet::new();
        for number in 0..100_000u128 {
            let bytes = (number << 40).to_be_bytes();
            hashes.extend([Id::Long(bytes).hash(), Id::Uuid(bytes).hash()]);
            hashes.insert(Id::Short((number as u64).to_be_bytes()).hash());
        }
        assert_eq!(hashes.len(), 300_000);
        let high: std::collections::BTreeSet<u64> = hashes.iter().map(|hash| hash >> 52).collect();
        assert_eq!(high.len(), 1 << 12);
    }
}
