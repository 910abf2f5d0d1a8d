//! `/api/logs/logstash/monitor/`: how lines come in, under the addresses that programs know from a chain of servers.
//!
//! Invariant: only operators come here, and what is answered is what this server's own ingest says of itself; no secret is
//! among it. A reset forgets nothing: it only notes where counting begins.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use antler_actors::taken::TakenFigures;
use antler_events::clock::Timestamp;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::json as value;

use crate::http::Shared;
use crate::http::answer::json;
use crate::http::health;
use crate::listeners::Listening;

/// Where counting begins.
#[derive(Debug, Default)]
pub(in crate::http) struct Monitor(Mutex<Baseline>);

#[derive(Debug, Clone, Default)]
struct Baseline {
    /// Since the start, if nobody has reset it.
    reset: Option<(Timestamp, Duration)>,
    taken: Taken,
}

/// Of the process.
#[derive(Debug, Clone, Default)]
struct Taken {
    requests: u64,
    lines: u64,
    refused: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct Stats {
    /// When counting began.
    since: String,
    requests: u64,
    lines: u64,
    lines_per_second: f64,
    /// Requests whose lines were not taken, by reason.
    refused: BTreeMap<&'static str, u64>,
}

pub(super) async fn stats(State(shared): State<Arc<Shared>>) -> Response {
    let baseline = shared.monitor.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let now = Taken::of(shared.program.system.taken());
    let (since, began) = baseline.reset.unwrap_or((shared.started, Duration::ZERO));
    let seconds = shared.clock.elapsed().saturating_sub(began).as_secs_f64().max(1e-3);
    let lines = now.lines - baseline.taken.lines;
    let before = |reason| baseline.taken.refused.get(reason).copied().unwrap_or_default();
    let refused = now.refused.iter().map(|(reason, count)| (*reason, count - before(reason)));
    let stats = Stats {
        since: since.to_string(),
        requests: now.requests - baseline.taken.requests,
        lines,
        lines_per_second: (lines as f64 / seconds * 100.0).round() / 100.0,
        refused: refused.filter(|(_, count)| *count > 0).collect(),
    };
    json(StatusCode::OK, &stats)
}

/// Counting begins anew.
pub(super) async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    let reset = Some((shared.clock.now(), shared.clock.elapsed()));
    let taken = Taken::of(shared.program.system.taken());
    *shared.monitor.0.lock().unwrap_or_else(PoisonError::into_inner) = Baseline { reset, taken };
    StatusCode::NO_CONTENT.into_response()
}

pub(super) async fn config(State(shared): State<Arc<Shared>>) -> Response {
    let listener = |state: &Listening| match state {
        Listening::At(address) => address.to_string(),
        Listening::Skipped { reason } => format!("skipped: {reason}"),
    };
    let listeners: BTreeMap<&str, String> =
        shared.listeners.iter().map(|place| (place.name, listener(&place.state))).collect();
    let limits = &shared.config.limits;
    let limits = value!({"ingest": limits.ingest, "upload": limits.upload});
    json(StatusCode::OK, &value!({"listeners": listeners, "limits": limits}))
}

/// Whether lines would be written now. It writes none.
pub(super) async fn test(State(shared): State<Arc<Shared>>) -> Response {
    let (success, latency_ms, message) = health::takes_lines(&shared);
    json(StatusCode::OK, &value!({"success": success, "latency_ms": latency_ms, "message": message}))
}

impl Taken {
    fn of(figures: &TakenFigures) -> Self {
        Self {
            requests: figures.waited().count,
            lines: figures.lines(),
            refused: figures.refused().collect(),
        }
    }
}
