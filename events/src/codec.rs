//! The body codec: the only file that knows bincode.
//!
//! Invariant: decoding is always bounded, so that a corrupt length is an error and not an allocation.
//! It does not know any event: those are in `event/`.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bytes::Bytes;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Largest body before compression. Everything that is decoded or inflated stays below it.
pub const BODY_BYTES_MAX: usize = 64 << 20;

/// How a body is encoded, by the number that stands in its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum CodecId {
    /// bincode 2, variable-length integers, body compressed with zstd.
    BincodeZstd = 1,
}

impl CodecId {
    pub fn from_number(number: u8) -> Option<Self> {
        (number == Self::BincodeZstd as u8).then_some(Self::BincodeZstd)
    }
}

/// Why a value could not be encoded or a body not be decoded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    #[error("the body of {type_name} cannot be encoded")]
    Encode { type_name: &'static str, source: bincode::error::EncodeError },
    #[error("the body of {type_name} has {length} bytes, more than {BODY_BYTES_MAX}")]
    TooLarge { type_name: &'static str, length: usize },
    #[error("the body is not a {type_name}")]
    Decode { type_name: &'static str, source: bincode::error::DecodeError },
    #[error("the body of {type_name} has {extra} bytes too many")]
    Trailing { type_name: &'static str, extra: usize },
}

fn configuration() -> Configuration<LittleEndian, Varint, Limit<BODY_BYTES_MAX>> {
    bincode::config::standard().with_limit::<BODY_BYTES_MAX>()
}

pub fn encode<T: Serialize>(value: &T) -> Result<Bytes, CodecError> {
    let type_name = std::any::type_name::<T>();
    let body = bincode::serde::encode_to_vec(value, configuration())
        .map_err(|source| CodecError::Encode { type_name, source })?;
    if body.len() > BODY_BYTES_MAX {
        return Err(CodecError::TooLarge { type_name, length: body.len() });
    }
    Ok(body.into())
}

/// Decodes a whole body; bytes left over are an error.
pub fn decode<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, CodecError> {
    let type_name = std::any::type_name::<T>();
    let (value, used) = bincode::serde::borrow_decode_from_slice(body, configuration())
        .map_err(|source| CodecError::Decode { type_name, source })?;
    match body.len() - used {
        0 => Ok(value),
        extra => Err(CodecError::Trailing { type_name, extra }),
    }
}

/// Bytes that are encoded as one run, not one by one, and decoded without a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a>(pub &'a [u8]);

impl Serialize for Run<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Run<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BorrowedRun;

        impl<'de> Visitor<'de> for BorrowedRun {
            type Value = &'de [u8];
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a run of bytes")
            }
            fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<&'de [u8], E> {
                Ok(bytes)
            }
        }

        deserializer.deserialize_bytes(BorrowedRun).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_comes_back_without_a_copy() {
        let body = encode(&(7u32, Run(b"abc"))).unwrap();
        let (number, run): (u32, Run<'_>) = decode(&body).unwrap();
        assert_eq!((number, run.0), (7, &b"abc"[..]));
        assert_eq!(run.0.as_ptr(), body[body.len() - 3..].as_ptr());
    }

    #[test]
    fn a_corrupt_length_is_an_error_and_no_allocation() {
        let huge = [253u8, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(matches!(decode::<String>(&huge), Err(CodecError::Decode { .. })));
        assert!(matches!(decode::<Vec<u64>>(&huge), Err(CodecError::Decode { .. })));
    }

    #[test]
    fn bytes_left_over_are_an_error() {
        let error = decode::<u8>(&[1, 2]).unwrap_err();
        assert_eq!(error.to_string(), "the body of u8 has 1 bytes too many");
    }
}
