//! Searches of people: what somebody asked, and what of it somebody wants forgotten.
//!
//! Invariant: a search is called after the place of the note that tells of it, so no two have one id. It does not say
//! how many are kept: the view does.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::event::BodyError;
use crate::event::asked::Asked;
use crate::ids::{IdError, Offset, PartitionId, UserId};

/// A search that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    pub by: UserId,
    pub asked: Asked,
    /// Lines that were found, if they were counted.
    pub found: Option<u64>,
    /// What it took, if that is known.
    pub took_us: Option<u64>,
}

/// Somebody wants one of their searches forgotten, or all that were asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchesForgotten {
    pub by: UserId,
    /// None: all.
    pub search: Option<PastSearchId>,
}

/// What a search is called: the place of its note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastSearchId {
    pub partition: PartitionId,
    pub offset: Offset,
}

/// The frozen body of schema 1.
#[derive(Serialize, Deserialize)]
struct SearchedV1 {
    by: UserId,
    asked: Asked,
    found: Option<u64>,
    took_us: Option<u64>,
}

/// The frozen body of schema 1.
#[derive(Serialize, Deserialize)]
struct SearchesForgottenV1 {
    by: UserId,
    search: Option<(PartitionId, Offset)>,
}

impl Searched {
    pub(super) fn bytes_held(&self) -> usize {
        self.asked.bytes() + 128
    }

    pub(super) fn encode(&self) -> Result<Bytes, CodecError> {
        let Self { by, asked, found, took_us } = self.clone();
        codec::encode(&SearchedV1 { by, asked, found, took_us })
    }

    /// Reads a body of schema 1.
    pub(super) fn decode(body: &Bytes) -> Result<Self, BodyError> {
        let SearchedV1 { by, asked, found, took_us } = codec::decode(body)?;
        Ok(Self { by, asked, found, took_us })
    }
}

impl SearchesForgotten {
    pub(super) fn encode(self) -> Result<Bytes, CodecError> {
        let search = self.search.map(|PastSearchId { partition, offset }| (partition, offset));
        codec::encode(&SearchesForgottenV1 { by: self.by, search })
    }

    /// Reads a body of schema 1.
    pub(super) fn decode(body: &Bytes) -> Result<Self, BodyError> {
        let SearchesForgottenV1 { by, search } = codec::decode(body)?;
        Ok(Self { by, search: search.map(|(partition, offset)| PastSearchId { partition, offset }) })
    }
}

impl fmt::Display for PastSearchId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.partition, self.offset)
    }
}

impl FromStr for PastSearchId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::NotANumber { kind: "search id", text: text.chars().take(40).collect() };
        let (partition, offset) = text.split_once('-').ok_or_else(wrong)?;
        let offset = offset.parse().map(Offset::new).map_err(|_| wrong())?;
        Ok(Self { partition: partition.parse()?, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_and_another_text_is_none() {
        let id = PastSearchId { partition: PartitionId::new(3), offset: Offset::new(99) };
        assert_eq!((id.to_string().as_str(), "3-99".parse()), ("3-99", Ok(id)));
        for wrong in ["", "3", "3-", "-9", "a-9", "3-9-1"] {
            assert!(wrong.parse::<PastSearchId>().is_err(), "{wrong}");
        }
    }
}
