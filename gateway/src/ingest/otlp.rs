//! OTLP: log records of OpenTelemetry, in Protobuf or JSON, as lines.
//!
//! Invariant: everything that a record, its scope and its resource say is in its line, which is a JSON object; attributes
//! stand under their own names, and what names would be there twice keeps them behind `attributes.`, `scope.` or
//! `resource.`. It opens no socket and writes nothing.

mod entry;
mod message;
mod value;

use antler_events::clock::Timestamp;
use antler_events::line::KnownNames;
use bytes::Bytes;
use prost::Message as _;

use self::entry::Entry;
use self::message::{LogsRequest, ResourceLogs};
use super::decode::{DecodeError, Decoded, Decoder, Kind, decode_by};

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Protobuf,
    Json,
}

/// Takes a body apart. The number of a line is that of its record, counted from 1.
pub fn decode(
    body: &Bytes,
    form: Form,
    known: &KnownNames,
    received_at: Timestamp,
) -> Result<Decoded, DecodeError> {
    let not_otlp = |reason: String| DecodeError::NotOtlp { reason };
    let request = match form {
        Form::Protobuf => LogsRequest::decode(&body[..]).map_err(|error| not_otlp(error.to_string()))?,
        Form::Json => serde_json::from_slice(body).map_err(|error| not_otlp(error.to_string()))?,
    };
    let decoded = decode_by(body, known, received_at, |decoder| {
        let mut number = 0;
        request.resource_logs.iter().for_each(|of| push_all(of, &mut number, decoder));
        Ok(())
    });
    Ok(decoded?.0)
}

fn push_all(of: &ResourceLogs, number: &mut u64, decoder: &mut Decoder<'_>) {
    let resource = of.resource.as_ref().map_or(&[][..], |resource| &resource.attributes[..]);
    let mut line = Vec::new();
    for scope_logs in of.scope_logs.iter().chain(&of.library_logs) {
        for record in &scope_logs.log_records {
            *number += 1;
            let entry = Entry { record, scope: scope_logs.scope.as_ref(), resource };
            line.clear();
            serde_json::to_writer(&mut line, &entry).expect("a vector takes all that these values are");
            decoder.push(*number, &line, Kind::Json, || Bytes::copy_from_slice(&line));
        }
    }
}

#[cfg(test)]
mod tests;
