//! Lines from programs that send to Elasticsearch: `_bulk`, single documents, and what clients ask before they send.
//!
//! Invariant: every item of a bulk is answered under its place; one is said to be created when its line is on stable
//! storage. It has no index, mapping or template: what asks for one is told what holds here.

mod answers;
mod handshake;

use std::sync::Arc;

use antler_actors::ingest_shard::Arrived;
use antler_events::event::lines::{Arrival, LineDefaults};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post, put};

use self::answers::Taking;
pub(super) use self::handshake::greeting;
use super::Shared;
use super::addresses::with_slash;
use super::error::ApiError;
use super::logs::{Incoming, IngestState, not_taken, unreadable};
use crate::ingest::elastic::{self, Action, Bulk, Item};

const PROTOCOL: &str = "elasticsearch";

/// What programs look for before they send anything.
const PRODUCT: (&str, HeaderValue) = ("x-elastic-product", HeaderValue::from_static("Elasticsearch"));

pub(super) fn routes() -> Router<Arc<Shared>> {
    let routes = [
        ("/_bulk", post(bulk).put(bulk)),
        ("/{index}/_bulk", post(bulk_of).put(bulk_of)),
        ("/{index}/_doc", post(document)),
        ("/{index}/_doc/{document}", put(indexed)),
        ("/{index}/_create/{document}", put(created)),
        ("/_license", get(handshake::license)),
        ("/_xpack", get(handshake::features)),
        ("/_cluster/health", get(handshake::health)),
        ("/_cat/health", get(handshake::health_line)),
        ("/_index_template/{name}", get(handshake::template).put(handshake::put_template)),
    ];
    let router =
        routes.into_iter().fold(Router::new(), |router, (path, methods)| with_slash(router, path, &methods));
    router.layer(from_fn(handshake::as_product))
}

async fn bulk(State(ingest): State<IngestState>, incoming: Incoming) -> Result<Response, ApiError> {
    take_bulk(None, incoming, &ingest).await
}

async fn bulk_of(
    State(ingest): State<IngestState>,
    Path(index): Path<String>,
    incoming: Incoming,
) -> Result<Response, ApiError> {
    take_bulk(Some(index), incoming, &ingest).await
}

async fn take_bulk(
    index: Option<String>,
    incoming: Incoming,
    ingest: &IngestState,
) -> Result<Response, ApiError> {
    let began = ingest.clock.elapsed();
    let (tenant, arrival) = (incoming.tenant, arrival(&incoming));
    let read =
        incoming.read(ingest, move |body, names, now| elastic::decode(body, index.as_deref(), names, now));
    let (sender, Bulk { decoded, items }) = read.await?;
    sender.check(&decoded, &arrival)?;
    let mut taking = Taking::of(&decoded, items);
    if !decoded.batches.is_empty() || !decoded.rejected.is_empty() {
        let taken = ingest.system.take(tenant, ingest.arrived(decoded, arrival)).await;
        taking.taken(taken.map_err(|error| not_taken(&error))?);
    }
    Ok(taking.answer(ingest.clock.elapsed().saturating_sub(began)))
}

async fn document(
    State(ingest): State<IngestState>,
    Path(index): Path<String>,
    incoming: Incoming,
) -> Result<Response, ApiError> {
    take_one(Item { action: Action::Index, index, id: None }, incoming, &ingest).await
}

async fn indexed(
    State(ingest): State<IngestState>,
    Path((index, id)): Path<(String, String)>,
    incoming: Incoming,
) -> Result<Response, ApiError> {
    take_one(Item::new(Action::Index, index, &id), incoming, &ingest).await
}

async fn created(
    State(ingest): State<IngestState>,
    Path((index, id)): Path<(String, String)>,
    incoming: Incoming,
) -> Result<Response, ApiError> {
    take_one(Item::new(Action::Create, index, &id), incoming, &ingest).await
}

async fn take_one(item: Item, incoming: Incoming, ingest: &IngestState) -> Result<Response, ApiError> {
    let (tenant, arrival) = (incoming.tenant, arrival(&incoming));
    let read = incoming.read(ingest, move |body, names, now| elastic::decode_one(body, item, names, now));
    let (sender, Bulk { decoded, items }) = read.await?;
    sender.check(&decoded, &arrival)?;
    if let Some(rejected) = decoded.rejected.first() {
        return Err(unreadable(rejected.error.to_string()));
    }
    let mut taking = Taking::of(&decoded, items);
    let arrived = Arrived { is_whole: true, ..ingest.arrived(decoded, arrival) };
    taking.taken(ingest.system.take(tenant, arrived).await.map_err(|error| not_taken(&error))?);
    Ok(taking.answer_of_one())
}

fn arrival(incoming: &Incoming) -> Arrival {
    let (protocol, origin) = (PROTOCOL.to_owned(), incoming.origin.clone());
    Arrival { protocol, origin, defaults: LineDefaults::default() }
}

/// The type that a client reads: its own if it asks for one.
fn content_type(headers: &HeaderMap) -> HeaderValue {
    let own = |value: &&HeaderValue| {
        value.to_str().is_ok_and(|text| text.starts_with("application/vnd.elasticsearch+json"))
    };
    let asked = headers.get_all(axum::http::header::ACCEPT).iter().find(own);
    asked.cloned().unwrap_or(HeaderValue::from_static("application/json"))
}
