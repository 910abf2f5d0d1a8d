//! A layer that notes reads of what is sensitive, as far as the settings say so.
//!
//! Invariant: a read that is to be noted is answered when its entry is on stable storage, and refused if it cannot be
//! written. What was asked is told by its address; the body of a question is not looked at.

use std::sync::Arc;

use antler_config::audit::ReadKind;
use antler_events::event::Cause;
use antler_events::event::audit::{Deed, DeedNoted};
use antler_events::ids::TenantId;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::http::Shared;
use crate::http::auth::audited::{Audited, audited};
use crate::http::auth::{Caller, cause};
use crate::http::error::ApiError;

/// The layer. It stands within the one that names the caller.
pub(in crate::http) async fn note(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let noted = noted(&shared, &request);
    let response = next.run(request).await;
    let Some((tenant, deed, cause)) = noted.filter(|_| response.status().is_success()) else {
        return response;
    };
    match shared.program.gate.accounts.note_deed(tenant, deed, &cause).await {
        Ok(()) => response,
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// What there is to note, if the request is answered well. What an operator reads of a tenant is no deed in its own.
fn noted(shared: &Shared, request: &Request) -> Option<(TenantId, DeedNoted, Cause)> {
    let matched = request.extensions().get::<MatchedPath>()?;
    let Audited::Reads(kind) = audited(request.method(), matched.as_str()) else { return None };
    let caller = request.extensions().get::<Caller>()?;
    let is_wanted = shared.config.audit.reads.0.contains(&kind);
    let object = request.uri().path_and_query().map_or("", |address| address.as_str());
    let noted = || DeedNoted::new(deed(kind), object, 1);
    is_wanted.then(|| (caller.tenant, noted(), cause(caller.actor(), request.extensions())))
}

fn deed(kind: ReadKind) -> Deed {
    match kind {
        ReadKind::Search => Deed::Searched,
        ReadKind::Export => Deed::Exported,
        ReadKind::Download => Deed::Downloaded,
        ReadKind::Members => Deed::MembersRead,
        ReadKind::DeadLetters => Deed::LettersRead,
        ReadKind::Audit => Deed::AuditRead,
    }
}
