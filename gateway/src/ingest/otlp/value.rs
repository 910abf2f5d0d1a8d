//! Values of OTLP: how its JSON writes what JSON itself does not hold, and how lines have it.
//!
//! Invariant: a number that JSON cannot hold, and bytes, are texts in a line; a text is never made a number. It knows no
//! record.

use std::str::FromStr;

use base64ct::{Base64, Encoding as _};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::message::{AnyValue, KeyValue, Value};

/// What a line has of a value.
pub(super) struct Shown<'a>(pub Option<&'a AnyValue>);

struct ShownMap<'a>(&'a [KeyValue]);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0.and_then(|value| value.value.as_ref()) {
            None => out.serialize_unit(),
            Some(Value::Text(text)) => out.serialize_str(text),
            Some(Value::Bool(is)) => out.serialize_bool(*is),
            Some(Value::Whole(number)) => out.serialize_i64(*number),
            Some(Value::Double(number)) if number.is_finite() => out.serialize_f64(*number),
            Some(Value::Double(number)) => out.collect_str(number),
            Some(Value::Array(array)) => out.collect_seq(array.values.iter().map(|value| Shown(Some(value)))),
            Some(Value::Map(map)) => ShownMap(&map.values).serialize(out),
            Some(Value::Bytes(bytes)) => out.serialize_str(&Base64::encode_string(bytes)),
        }
    }
}

impl Serialize for ShownMap<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.0.len()))?;
        for KeyValue { key, value } in self.0 {
            map.serialize_entry(key, &Shown(value.as_ref()))?;
        }
        map.end()
    }
}

/// JSON of Protobuf writes numbers of 64 bits, and those that are none, as texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(serde_json::Number),
    Text(String),
}

impl Written {
    fn parsed<N: FromStr, E: Error>(self) -> Result<N, E> {
        let text = match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        };
        text.parse().map_err(|_| E::custom(format!("{text:?} is no number that may stand there")))
    }
}

pub(super) fn number<'de, D: Deserializer<'de>, N: FromStr>(from: D) -> Result<N, D::Error> {
    Written::deserialize(from)?.parsed()
}

pub(super) fn perhaps_number<'de, D: Deserializer<'de>, N: FromStr>(from: D) -> Result<Option<N>, D::Error> {
    Option::<Written>::deserialize(from)?.map(Written::parsed).transpose()
}

pub(super) fn base64<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| Base64::decode_vec(&text).map_err(D::Error::custom)).transpose()
}

/// Ids, which JSON of OTLP writes so, and not as other bytes.
pub(super) fn hex<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(from)?;
    let decoded = HEXLOWER_PERMISSIVE.decode(text.as_bytes());
    decoded.map_err(|error| D::Error::custom(format!("{text:?} is no hexadecimal id: {error}")))
}
