//! `GET /api/logs/streams/`: the streams that lines are filed under, each with its number of lines.
//!
//! Invariant: who is kept to streams sees these alone, because the question is built as every other is. The parts of names
//! are counted from their columns; no line is read for it. It does not say who may send to a stream.

use antler_projections::index::port::streams::{STREAMS, streams_of};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::asking::{Asking, Tail};
use super::parameters::Parameters;
use super::question::{QUERY, Question};
use super::refusal::invalid;
use super::table::table_of;
use super::{RequestTenant, SearchState};
use crate::http::answer::json;
use crate::http::base::AskedUri;
use crate::http::error::ApiError;
use crate::http::paging::{Page, PageAsked};

const SIZE: u32 = 50;
const SIZE_MAX: u32 = 1_000;

#[derive(Debug, Serialize)]
struct Streams {
    #[serde(flatten)]
    page: Page<Stream>,
    #[serde(flatten)]
    tail: Tail,
}

#[derive(Debug, Serialize)]
struct Stream {
    name: String,
    lines: u64,
}

/// Those with the most lines first.
pub(super) async fn streams(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    AskedUri(uri): AskedUri,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    if parameters.has(QUERY) {
        return Err(invalid(QUERY[0], "streams are not searched; from and to bound the time of their lines"));
    }
    let page = parameters.number(&["page"], 1, u32::MAX)?.unwrap_or(1);
    let size = parameters.number(&["size", "page_size"], 1, SIZE_MAX)?.unwrap_or(SIZE);
    let asked = PageAsked { page: page.into(), size: size.into() };
    let mut asking = Asking::new(&state);
    parameters.put(QUERY[0], Some(STREAMS.into()));
    let question = Question::read(&mut parameters, asking.now())?;
    asking.note(parameters.unknown());
    let table = table_of(tenant, &state, &mut asking, &question).await?;
    let counted = streams_of(&table.rows).into_iter();
    let mut all: Vec<Stream> =
        counted.map(|(name, lines)| Stream { name: name.to_string(), lines }).collect();
    all.sort_by_key(|stream| std::cmp::Reverse(stream.lines));
    let body = Streams { page: Page::of_all(&uri, asked, all), tail: asking.tail() };
    Ok(json(StatusCode::OK, &body))
}
