//! API keys that were used, told now and then.
//!
//! Invariant: it tells of the last use of each key until the note, no more than once a minute, so that no request is one
//! write more. It does not say what a key was used for.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::codec::{self, CodecError};
use crate::event::BodyError;
use crate::ids::KeyId;

/// Keys of a tenant with the time of their last use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysUsed {
    pub keys: Vec<(KeyId, Timestamp)>,
}

/// The frozen body of schema 1.
#[derive(Serialize, Deserialize)]
struct KeysUsedV1 {
    keys: Vec<(KeyId, Timestamp)>,
}

impl KeysUsed {
    pub(super) fn bytes_held(&self) -> usize {
        self.keys.len() * size_of::<(KeyId, Timestamp)>()
    }

    pub(super) fn encode(&self) -> Result<Bytes, CodecError> {
        codec::encode(&KeysUsedV1 { keys: self.keys.clone() })
    }

    /// Reads a body of schema 1.
    pub(super) fn decode(body: &Bytes) -> Result<Self, BodyError> {
        let KeysUsedV1 { keys } = codec::decode(body)?;
        Ok(Self { keys })
    }
}
