//! `/api/admin/jobs/`: the upkeep of the server: what is done when, how it ended last, and "do it now".
//!
//! Invariant: only operators come here, and what they ask for is begun by upkeep, one thing at a time. It does no work.

use std::sync::Arc;

use antler_actors::upkeep::schedule::{Chore, ChoreState, Outcome};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::http::Shared;
use crate::http::answer::json;
use crate::http::base::AskedUri;
use crate::http::error::ApiError;
use crate::http::paging::{Page, PageAsked};

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: &'static str,
    what: &'static str,
    state: &'static str,
    running_since: Option<String>,
    last: Option<Last>,
    /// None if it is done whenever there is something to do.
    next_at: Option<String>,
    done: u64,
    failed: u64,
}

#[derive(Debug, Serialize)]
struct Last {
    began_at: String,
    took_ms: u64,
    succeeded: bool,
    result: String,
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    Ok(json(StatusCode::OK, &Page::of_all(&uri, asked, all(&shared))))
}

pub(super) fn all(shared: &Shared) -> Vec<Shown> {
    let schedule = &shared.program.schedule;
    Chore::ALL.into_iter().map(|chore| Shown::of(chore, schedule.state(chore))).collect()
}

/// Answers before it is done.
pub(super) async fn run(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let chore = Chore::named(&id).ok_or_else(|| ApiError::no_such("job of upkeep", &id))?;
    shared.program.schedule.ask(chore);
    tracing::info!(job = chore.name(), "an operator wants a job of upkeep now");
    Ok(json(StatusCode::ACCEPTED, &Shown::of(chore, shared.program.schedule.state(chore))))
}

impl Shown {
    fn of(chore: Chore, state: ChoreState) -> Self {
        let word = match (&state.running_since, state.is_asked) {
            (Some(_), _) => "running",
            (None, true) => "asked",
            (None, false) => "resting",
        };
        let last = state.last.map(|(began, took, outcome)| Last {
            began_at: began.to_string(),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            succeeded: !matches!(outcome, Outcome::Failed(_)),
            result: match outcome {
                Outcome::Nothing => String::new(),
                Outcome::Done(what) | Outcome::Failed(what) => what,
            },
        });
        Self {
            id: chore.name(),
            what: chore.what(),
            state: word,
            running_since: state.running_since.map(|since| since.to_string()),
            last,
            next_at: state.next_at.map(|at| at.to_string()),
            done: state.done,
            failed: state.failed,
        }
    }
}
