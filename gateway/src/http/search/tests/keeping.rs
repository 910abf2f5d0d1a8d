//! The store of lines with what is kept of searches beside it: a log, its views, and people who ask.

use std::sync::Arc;

use antler_actors::accounts::{Accounts, USUAL_LIMITS};
use antler_actors::log_writers::LogWriters;
use antler_actors::notes::Notes;
use antler_actors::progress::Progress;
use antler_actors::search_history::{HistoryParts, SearchHistory};
use antler_config::BasePath;
use antler_config::limits::{AccountLimits, SearchesLimits};
use antler_events::access::Role;
use antler_events::event::{Event, decode};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId, SessionId, UserId};
use antler_events::log::EventLog;
use antler_events::log::segment::{SegmentLog, SegmentOptions};
use antler_events::placement::Placement;
use antler_events::randomness::SystemRandomness;
use antler_projections::views::arrivals::{ArrivalViews, NoteAt};
use antler_projections::views::control::ControlViews;
use antler_projections::views::memory::MemoryViews;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::{Request, StatusCode};
use axum::middleware::{from_fn_with_state, map_response};
use axum::{Router, body};
use serde_json::Value;
use tower::ServiceExt as _;

use super::given::{Given, StillClock, tenant, with_body};
use crate::http::auth::{Caller, Identity};
use crate::http::search::history::{self, HistoryState, remember};
use crate::http::search::saved::{self, SavedState};
use crate::http::search::{RequestTenant, SearchState, routes};

const PARTITION: PartitionId = PartitionId::new(0);

pub(super) struct Keeping {
    pub(super) history: SearchHistory,
    router: Router,
    projector: tokio::task::JoinHandle<()>,
    writers: LogWriters,
    _given: Given,
    _dir: tempfile::TempDir,
}

#[derive(Clone)]
struct Handled {
    search: SearchState,
    history: SearchHistory,
    saved: SavedState,
}

impl FromRef<Handled> for SearchState {
    fn from_ref(handled: &Handled) -> Self {
        handled.search.clone()
    }
}

impl FromRef<Handled> for HistoryState {
    fn from_ref(handled: &Handled) -> Self {
        Self(handled.history.clone())
    }
}

impl FromRef<Handled> for SavedState {
    fn from_ref(handled: &Handled) -> Self {
        handled.saved.clone()
    }
}

/// Who asks: a role, a name, a tenant.
pub(super) type Who = (Role, &'static str, &'static str);

pub(super) const ANN: Who = (Role::Viewer, "ann", "acme");
/// Of the same tenant.
pub(super) const BOB: Who = (Role::Developer, "bob", "acme");
/// Of another tenant, by the same name.
pub(super) const OTHER_ANN: Who = (Role::Admin, "ann", "bolt");

impl Keeping {
    pub(super) async fn new() -> Self {
        Self::within(SearchesLimits::default()).await
    }

    pub(super) async fn within(limits: SearchesLimits) -> Self {
        let given = Given::filled().await;
        let dir = tempfile::tempdir().unwrap();
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let opened = SegmentLog::open(&files, SegmentOptions::new(dir.path().to_owned(), 1)).unwrap();
        let writers = LogWriters::start(Arc::clone(&opened.log), opened.committers).unwrap();
        let log: Arc<dyn EventLog> = opened.log;
        let views = ArrivalViews::new(Arc::new(MemoryViews::new()));
        let accounts = Accounts {
            log,
            views: ControlViews::new(Arc::new(MemoryViews::new())),
            progress: Arc::new(Progress::new(1)),
            placement: Arc::new(Placement::new(1).unwrap()),
            clock: Arc::new(StillClock),
            randomness: Arc::new(SystemRandomness),
            limits: USUAL_LIMITS,
        };
        let projector = tokio::spawn(project(accounts.clone(), views.clone()));
        let notes = Notes {
            log: Arc::clone(&accounts.log),
            progress: Arc::clone(&accounts.progress),
            placement: Arc::clone(&accounts.placement),
            clock: Arc::clone(&accounts.clock),
        };
        let history = SearchHistory::new(HistoryParts { notes, views, limits: limits.clone() });
        let saved = SavedState {
            base: BasePath::default(),
            accounts,
            limits,
            account_limits: AccountLimits::default(),
        };
        let handled = Handled { search: given.state(), history: history.clone(), saved };
        let router = routes::<Handled>()
            .layer(from_fn_with_state(history.clone(), remember))
            .merge(history::routes())
            .merge(saved::routes())
            .with_state(handled)
            .layer(map_response(with_body));
        Self { history, router, projector, writers, _given: given, _dir: dir }
    }

    pub(super) async fn send(&self, who: Who, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send_by(caller(who), method, path, body).await
    }

    pub(super) async fn send_by(
        &self,
        caller: Caller,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.extension(RequestTenant(caller.tenant)).extension(caller);
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let body = body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// What is answered with 200.
    pub(super) async fn json(&self, who: Who, path: &str) -> Value {
        let (status, answer) = self.send(who, "GET", path, &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.projector.abort();
        self.writers.stop().unwrap();
    }
}

pub(super) fn caller((role, name, of): Who) -> Caller {
    let user = UserId::parse(name).unwrap();
    let session = SessionId::parse("s1").unwrap();
    let identity = Identity::Person { user, session, epoch: 0, role };
    Caller { tenant: tenant(of), identity, is_unverified: false }
}

/// What the program's projectors do for the views.
async fn project(accounts: Accounts, arrivals: ArrivalViews) {
    let Accounts { log, views, progress, .. } = accounts;
    let mut from = Offset::FIRST;
    loop {
        log.wait(PARTITION, from).await.unwrap();
        let chunk = log.read(PARTITION, from, 1 << 20).await.unwrap();
        for recorded in &chunk.events {
            let envelope = &recorded.envelope;
            let Event::Note(note) = decode(envelope, &recorded.body).unwrap() else { continue };
            let (tenant, offset, recorded_at) =
                (envelope.subject.tenant, envelope.offset, envelope.recorded_at);
            let note = NoteAt { tenant, offset, recorded_at, hash: recorded.hash, note: Arc::new(note) };
            arrivals.apply(PARTITION, &[note]).await.unwrap();
        }
        views.apply(PARTITION, &chunk.events, chunk.next).await.unwrap();
        progress.advance(PARTITION, chunk.next.before());
        from = chunk.next;
    }
}
