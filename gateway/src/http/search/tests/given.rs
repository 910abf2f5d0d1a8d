//! A store with a few hundred lines of two tenants, and requests to it.

use std::sync::Arc;
use std::time::Duration;

use antler_config::limits::{LineLimits, SearchLimits};
use antler_events::clock::{Clock, Timestamp};
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatchBuilder;
use antler_projections::index::columns::adapter::ColumnIndex;
use antler_projections::index::columns::store::{ColumnStore, StoreOptions};
use antler_projections::index::port::feed::TenantLines;
use antler_projections::index::port::{BatchAt, InlineWorkers, SearchIndex, Workers};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::http::error::ApiError;
use crate::http::search::{RequestTenant, SearchState, routes};

/// 2026-03-01T08:00:00Z.
pub(super) const START: i64 = 1_772_352_000_000_000_000;
pub(super) const LINES: usize = 300;

/// A clock that stands still, ten minutes behind the first line.
#[derive(Debug)]
pub(super) struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(START + 600_000_000_000)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(1)
    }
}

#[derive(Debug)]
pub(super) struct Given {
    dir: TempDir,
    pub index: Arc<dyn SearchIndex>,
    pub limits: SearchLimits,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub(super) fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// Line `n` is of second `n`; every tenth is an error.
pub(super) fn line(n: usize) -> String {
    let time = Timestamp::from_nanos(START + n as i64 * 1_000_000_000);
    let level = if n.is_multiple_of(10) { "ERROR" } else { "info" };
    let service = ["web", "pay"][n % 2];
    format!(
        r#"{{"timestamp":"{time}","level":"{level}","message":"order {n} shipped to lane {}","service_name":"{service}","n":{n},"price":12.50,"deep":{{"a":{{"b":"v{}"}}}},"big":12345678901234567890123}}"#,
        n % 7,
        n % 3
    )
}

impl Given {
    pub(super) async fn empty() -> Self {
        Self::working_with(Arc::new(InlineWorkers))
    }

    pub(super) fn working_with(workers: Arc<dyn Workers>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let options = StoreOptions { rows_max: 100, ..StoreOptions::new(dir.path().to_owned()) };
        let store = ColumnStore::open(&files, options).unwrap().store;
        let clock: Arc<dyn Clock> = Arc::new(StillClock);
        let index = Arc::new(ColumnIndex::new(store, clock, workers));
        Self { dir, index, limits: SearchLimits::default() }
    }

    /// The lines of `acme`, some of them sealed, and three of `bolt`.
    pub(super) async fn filled() -> Self {
        let given = Self::empty().await;
        let lines: Vec<String> = (0..LINES).map(line).collect();
        for (number, some) in lines.chunks(50).enumerate() {
            given.feed("acme", 1 + number as u64, some, LineDefaults::default()).await;
        }
        given
            .feed("bolt", 100, &["=cmd|calc", "plain bolt"].map(str::to_owned), LineDefaults::default())
            .await;
        given
    }

    pub(super) async fn feed(&self, name: &str, offset: u64, lines: &[String], defaults: LineDefaults) {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(START + 5));
        for line in lines {
            let line = line.as_bytes();
            builder.push(line).or_else(|_| builder.push_plain(line)).unwrap();
        }
        let arrival = Arrival { protocol: "http".to_owned(), origin: "192.0.2.7".to_owned(), defaults };
        let lines = TenantLines {
            tenant: tenant(name),
            batch: Arc::new(builder.finish()),
            arrival: Arc::new(arrival),
        };
        let event = BatchAt { offset: Offset::new(offset), lines: Some(lines) };
        loop {
            let report = self.index.apply(PartitionId::new(0), vec![event.clone()]).await.unwrap();
            if report.refused.is_none() {
                return;
            }
            assert!(self.index.upkeep().await.unwrap());
        }
    }

    /// Makes everything durable, and overwrites one half of the oldest file.
    pub(super) async fn damage_a_group(&self) {
        self.index.flush().await.unwrap();
        let files = std::fs::read_dir(self.dir.path().join("groups")).unwrap();
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        let path = paths.first().unwrap();
        let mut bytes = std::fs::read(path).unwrap();
        let length = bytes.len();
        bytes[..length / 2].fill(0xa5);
        std::fs::write(path, bytes).unwrap();
    }

    pub(super) fn state(&self) -> SearchState {
        SearchState {
            index: Arc::clone(&self.index),
            clock: Arc::new(StillClock),
            limits: self.limits.clone(),
            figures: Arc::default(),
        }
    }

    pub(super) fn router(&self) -> Router {
        routes::<SearchState>().with_state(self.state()).layer(map_response(with_body))
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 64 << 20).await.unwrap();
        Answered { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn ask(&self, name: &str, path: &str) -> Answered {
        let request = Request::get(path).extension(RequestTenant(tenant(name)));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// What a question of `acme` answers.
    pub(super) async fn json(&self, path: &str) -> Value {
        let answered = self.ask("acme", path).await;
        assert_eq!(answered.status, StatusCode::OK, "{path}: {:?}", answered.body);
        answered.json()
    }

    pub(super) async fn post(&self, path: &str, body: &str) -> Answered {
        let request = Request::post(path).extension(RequestTenant(tenant("acme")));
        let request = request.header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

impl Answered {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// What the observer does around every route.
pub(super) async fn with_body(mut response: Response) -> Response {
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error.answer("r-1"),
        None => response,
    }
}

/// The values of a field of all results.
pub(super) fn each<'a>(answer: &'a Value, field: &str) -> Vec<&'a Value> {
    answer["results"].as_array().unwrap().iter().map(|line| &line[field]).collect()
}
