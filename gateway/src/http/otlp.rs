//! `POST /v1/logs`: log records of OpenTelemetry over HTTP.
//!
//! Invariant: the answer leaves when the lines are on stable storage, is written as the question was, and counts what was
//! not taken. It reads no records: `ingest::otlp` does.

use std::sync::Arc;

use antler_events::event::lines::{Arrival, LineDefaults};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use prost::Message;
use serde::Serialize;

use super::Shared;
use super::addresses::with_slash;
use super::error::ApiError;
use super::logs::{Incoming, IngestState, not_taken, not_taken_as};
use crate::ingest::otlp::{self, Form};

const PROTOCOL: &str = "otlp";
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// `ExportLogsServiceResponse`.
#[derive(Clone, PartialEq, Message, Serialize)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    #[serde(rename = "partialSuccess", skip_serializing_if = "Option::is_none")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Eq, Hash, Message, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_log_records: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    with_slash(Router::new(), "/v1/logs", &post(take))
}

async fn take(State(ingest): State<IngestState>, incoming: Incoming) -> Result<Response, ApiError> {
    let form = form_of(&incoming)?;
    let (protocol, origin) = (PROTOCOL.to_owned(), incoming.origin.clone());
    let (tenant, arrival) =
        (incoming.tenant, Arrival { protocol, origin, defaults: LineDefaults::default() });
    let read = incoming.read(&ingest, move |body, names, now| otlp::decode(body, form, names, now));
    let (sender, decoded) = read.await?;
    sender.check(&decoded, &arrival)?;
    let unreadable = decoded.rejected.iter().map(|line| (line.line, line.error.to_string()));
    let (mut count, mut first) = (decoded.rejected.len() as u64, unreadable.min_by_key(|(line, _)| *line));
    if !decoded.batches.is_empty() || !decoded.rejected.is_empty() {
        let taken = ingest.system.take(tenant, ingest.arrived(decoded, arrival)).await;
        let refused = taken.map_err(|error| not_taken(&error))?.refused;
        count += refused.count;
        first = first.or_else(|| refused.errors.first().map(|error| (error.line, error.message.clone())));
    }
    let partial_success = first.map(|(record, why)| PartialSuccess {
        rejected_log_records: i64::try_from(count).unwrap_or(i64::MAX),
        error_message: format!("record {record}: {why}; those not taken are kept among the dead letters"),
    });
    Ok(answered(form, &Answer { partial_success }))
}

fn form_of(incoming: &Incoming) -> Result<Form, ApiError> {
    let given = incoming.header(header::CONTENT_TYPE).unwrap_or_default();
    match given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        PROTOBUF | "application/protobuf" => Ok(Form::Protobuf),
        JSON => Ok(Form::Json),
        "" => Err(not_taken_as("OTLP is sent as application/x-protobuf or application/json", "nothing")),
        other => Err(not_taken_as("OTLP is sent as application/x-protobuf or application/json", other)),
    }
}

fn answered(form: Form, answer: &Answer) -> Response {
    match form {
        Form::Json => super::answer::json(StatusCode::OK, answer),
        Form::Protobuf => {
            ([(header::CONTENT_TYPE, HeaderValue::from_static(PROTOBUF))], answer.encode_to_vec())
                .into_response()
        }
    }
}
