//! Dead letters that somebody dropped, because they are of no use or have been sent again.
//!
//! Invariant: a letter is named by its number and by what it was, so that a number that came to mean another letter drops
//! nothing. It does not say why.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::super::BodyError;
use crate::clock::Timestamp;
use crate::codec::{self, CodecError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LettersDropped {
    pub letters: Vec<DroppedLetter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DroppedLetter {
    pub number: u64,
    pub at: Timestamp,
    /// How many bytes it had.
    pub length: u64,
}

#[derive(Serialize, Deserialize)]
struct LettersDroppedV1 {
    letters: Vec<(u64, Timestamp, u64)>,
}

impl LettersDropped {
    pub(super) fn bytes_held(&self) -> usize {
        self.letters.len() * size_of::<DroppedLetter>() + 64
    }

    pub(super) fn encode(&self) -> Result<Bytes, CodecError> {
        let parts = |letter: &DroppedLetter| (letter.number, letter.at, letter.length);
        codec::encode(&LettersDroppedV1 { letters: self.letters.iter().map(parts).collect() })
    }

    /// Reads a body of schema 1.
    pub(super) fn decode(body: &Bytes) -> Result<Self, BodyError> {
        let LettersDroppedV1 { letters } = codec::decode(body)?;
        let letter = |(number, at, length)| DroppedLetter { number, at, length };
        Ok(Self { letters: letters.into_iter().map(letter).collect() })
    }
}
