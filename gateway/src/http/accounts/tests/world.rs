//! A server of accounts without a socket: log, views, projector, permissions and routes.
//!
//! Invariant: requests go through the layer that the program has. What the observer does is done in its place: the body
//! of an error, with a fixed request id.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antler_actors::accounts::{Accounts, USUAL_LIMITS};
use antler_actors::key_use::KeyUse;
use antler_actors::log_writers::LogWriters;
use antler_actors::progress::Progress;
use antler_actors::usage::Usage;
use antler_events::clock::{Clock, Timestamp};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::segment::{SegmentLog, SegmentOptions};
use antler_events::placement::Placement;
use antler_events::randomness::SystemRandomness;
use antler_projections::cache::memory::MemoryCache;
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::control::ControlViews;
use antler_projections::views::memory::MemoryViews;
use antler_projections::views::usage::UsageViews;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::super::routes;
use crate::credentials::token_key::TokenKey;
use crate::http::auth::{Gate, guard};
use crate::http::error::ApiError;
use crate::http::peer::PeerAddress;
use crate::http::route_class::RouteClass;

pub(super) const PASSWORD: &str = "Corr3ct-horse-battery";
const PARTITION: PartitionId = PartitionId::new(0);

async fn guarded(State(gate): State<Arc<Gate>>, request: Request<Body>, next: Next) -> Response {
    let class = RouteClass::of(request.method(), request.uri().path());
    guard(&gate, class, request, next).await
}

/// A clock that is moved by hand.
#[derive(Debug)]
pub(super) struct HandClock(Mutex<Duration>);

impl HandClock {
    pub(super) fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(1_700_000_000_000_000_000 + self.elapsed().as_nanos() as i64)
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

pub(super) struct World {
    pub(super) gate: Arc<Gate>,
    pub(super) clock: Arc<HandClock>,
    router: Router,
    projector: tokio::task::JoinHandle<()>,
    writers: LogWriters,
    _dir: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other settings or limits.
    pub(super) fn with(adjust: impl FnOnce(&mut Gate)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let opened = SegmentLog::open(&files, SegmentOptions::new(dir.path().to_owned(), 1)).unwrap();
        let writers = LogWriters::start(Arc::clone(&opened.log), opened.committers).unwrap();
        let clock = Arc::new(HandClock(Mutex::default()));
        let accounts = Accounts {
            log: opened.log,
            views: ControlViews::new(Arc::new(MemoryViews::new())),
            progress: Arc::new(Progress::new(1)),
            placement: Arc::new(Placement::new(1).unwrap()),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            randomness: Arc::new(SystemRandomness),
            limits: USUAL_LIMITS,
        };
        let projector = tokio::spawn(project(accounts.clone()));
        let mut gate = gate(accounts);
        adjust(&mut gate);
        let gate = Arc::new(gate);
        let router = routes::<()>(&gate)
            .route("/api/forgotten", get(async || "secret"))
            .layer(from_fn_with_state(Arc::clone(&gate), guarded))
            .layer(map_response(written));
        Self { gate, clock, router, projector, writers, _dir: dir }
    }

    pub(super) async fn register(&self, name: &str) -> (StatusCode, Value) {
        let email = format!("{}@example.org", name.to_lowercase());
        let body = json!({
            "username": name, "email": email, "organization": format!("org-{name}"),
            "password": PASSWORD, "password_confirm": PASSWORD,
        });
        self.send("POST", "/api/auth/register/", None, &body).await
    }

    pub(super) async fn log_in(&self, typed: &str, password: &str) -> (StatusCode, Value) {
        self.log_in_from("127.0.0.1", typed, password).await
    }

    pub(super) async fn log_in_from(&self, from: &str, typed: &str, password: &str) -> (StatusCode, Value) {
        let body = json!({"username": typed, "password": password}).to_string();
        let peer = PeerAddress(from.parse::<IpAddr>().unwrap());
        let request = Request::post("/api/auth/login").extension(peer);
        let request = request.header(header::USER_AGENT, "curl/8.5").body(Body::from(body)).unwrap();
        self.answer(request).await
    }

    /// Invites somebody and accepts the invitation under this name.
    pub(super) async fn join(&self, admin: &Value, name: &str, role: &str) -> (StatusCode, Value) {
        let body = json!({"email": format!("{name}@example.org"), "role": role});
        let (status, invited) = self.send("POST", "/api/tenant/invitations/", Some(admin), &body).await;
        assert_eq!(status, StatusCode::CREATED, "{invited}");
        self.accept(&invited["token"], name).await
    }

    pub(super) async fn accept(&self, token: &Value, name: &str) -> (StatusCode, Value) {
        let body = json!({
            "token": token, "username": name, "password": PASSWORD, "password_confirm": PASSWORD,
        });
        self.send("POST", "/api/auth/accept-invitation/", None, &body).await
    }

    /// A request without a body.
    pub(super) async fn asked(&self, method: &str, path: &str, token: &Value) -> (StatusCode, Value) {
        self.send(method, path, Some(token), &Value::Null).await
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&Value>,
        body: &Value,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token.and_then(Value::as_str) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.answer(request.body(body).unwrap()).await
    }

    pub(super) async fn raw(
        &self,
        method: &str,
        path: &str,
        body: &str,
        encoding: Option<&str>,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(encoding) = encoding {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        self.answer(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(super) async fn with_header(&self, name: &str, value: &str) -> StatusCode {
        let request = Request::get("/api/auth/user").header(name, value).body(Body::empty()).unwrap();
        self.answer(request).await.0
    }

    async fn answer(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.projector.abort();
        self.writers.stop().unwrap();
    }
}

fn gate(accounts: Accounts) -> Gate {
    let cache = Arc::new(MemoryCache::new(1 << 20, Arc::clone(&accounts.clock)));
    let counted = UsageViews::new(Arc::clone(accounts.views.store()));
    let usage = Usage::open(counted, Arc::clone(&accounts.clock), 1).now_or_never();
    let usage = Arc::new(usage.expect("memory keeps nobody waiting").unwrap());
    let key_use = Arc::new(KeyUse::new(ArrivalViews::new(Arc::clone(accounts.views.store()))));
    Gate::new((accounts, usage, key_use), cache, &TokenKey::draw(&SystemRandomness).unwrap(), 2).unwrap()
}

/// What the observer does with errors.
async fn written(mut response: Response) -> Response {
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error.answer("r-test"),
        None => response,
    }
}

/// What the program's projector does for the views.
async fn project(accounts: Accounts) {
    let mut from = Offset::FIRST;
    loop {
        accounts.log.wait(PARTITION, from).await.unwrap();
        let chunk = accounts.log.read(PARTITION, from, 1 << 20).await.unwrap();
        accounts.views.apply(PARTITION, &chunk.events, chunk.next).await.unwrap();
        accounts.progress.advance(PARTITION, chunk.next.before());
        from = chunk.next;
    }
}
