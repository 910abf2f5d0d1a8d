//! `/api/auth/sessions/`: where somebody is logged in, and ending that.
//!
//! Invariant: people see and end their own sessions only. One that was ended counts for no further request; sockets look
//! again every `limits.live.credential_check_every`. It does not open sessions: logins do.

use std::sync::Arc;

use antler_events::event::session::{Session, SessionEndReason};
use antler_events::ids::SessionId;
use antler_projections::views::control::Kept;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, Identity, cause};
use super::super::base::AskedUri;
use super::super::error::ApiError;
use super::super::paging::{Page, PageAsked};
use super::fields::Fields;

#[derive(Debug, Serialize)]
struct SessionAnswer {
    id: SessionId,
    created_at: String,
    /// When its refresh token was used last.
    renewed_at: String,
    expires_at: String,
    address: Option<String>,
    user_agent: Option<String>,
    /// Is it the one that asks?
    current: bool,
}

#[derive(Debug, Serialize)]
struct Ended {
    ended: usize,
}

pub(super) async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let mut live = gate.accounts.live_sessions(caller.tenant, caller.user()).await?;
    // Who renewed last stands first.
    live.reverse();
    let current = current(&caller);
    let shown = live.iter().filter_map(|(id, kept)| shown(*id, kept, current)).collect::<Vec<_>>();
    Ok(json(StatusCode::OK, &Page::of_all(&uri, asked, shown)))
}

pub(super) async fn end(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let live = gate.accounts.live_sessions(caller.tenant, caller.user()).await?;
    let found = live.iter().find(|(known, _)| known.as_str() == id);
    let (session, _) = found.ok_or_else(|| ApiError::no_such("session", &id))?;
    let cause = cause(caller.actor(), &extensions);
    gate.accounts.end_session(caller.tenant, *session, SessionEndReason::Revoked, &cause).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ends all but the one that asks.
pub(super) async fn end_others(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (current, cause) = (current(&caller), cause(caller.actor(), &extensions));
    let mut ended = 0;
    for (session, _) in gate.accounts.live_sessions(caller.tenant, caller.user()).await? {
        if Some(session) != current {
            gate.accounts.end_session(caller.tenant, session, SessionEndReason::Revoked, &cause).await?;
            ended += 1;
        }
    }
    Ok(json(StatusCode::OK, &Ended { ended }))
}

fn current(caller: &Caller) -> Option<SessionId> {
    match caller.identity {
        Identity::Person { session, .. } => Some(session),
        Identity::Key { .. } => None,
    }
}

fn shown(id: SessionId, kept: &Kept<Session>, current: Option<SessionId>) -> Option<SessionAnswer> {
    let session = kept.state.as_ref()?;
    Some(SessionAnswer {
        id,
        created_at: kept.created_at.to_string(),
        renewed_at: kept.changed_at.to_string(),
        expires_at: session.expires_at.to_string(),
        address: session.address.map(|address| address.to_string()),
        user_agent: session.agent.as_ref().map(|agent| agent.as_str().to_owned()),
        current: Some(id) == current,
    })
}
