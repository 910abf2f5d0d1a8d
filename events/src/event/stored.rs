//! The body of a control event in the log: its cause, then one frozen struct.
//!
//! Invariant: `read` of what `write` wrote gives the same values.
//! It does not know which struct belongs to which event: the `wire` modules do.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Cause;
use crate::codec::{self, CodecError};

pub(super) fn write<T: Serialize>(cause: &Cause, event: &T) -> Result<Bytes, CodecError> {
    codec::encode(&(cause, event))
}

/// Reads a frozen struct and brings it to today's event.
pub(super) fn read<T: DeserializeOwned, E>(
    body: &[u8],
    into_event: impl FnOnce(T) -> E,
) -> Result<Option<(Cause, E)>, CodecError> {
    let (cause, stored) = codec::decode(body)?;
    Ok(Some((cause, into_event(stored))))
}
