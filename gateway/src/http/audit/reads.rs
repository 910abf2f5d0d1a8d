//! Notes reads of what is sensitive, as far as the settings say so: a layer does for requests, and sockets ask for it.
//!
//! Invariant: a read that is to be noted is answered when its entry is on stable storage, and refused if it cannot be
//! written. What was asked is told as an address has it, wherever it stood; no credential is.

use std::sync::Arc;

use antler_config::audit::{Audit, ReadKind};
use antler_events::event::audit::{Deed, DeedNoted};
use antler_events::event::{Actor, Cause};
use antler_events::ids::TenantId;
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::http::Shared;
use crate::http::auth::audited::{Audited, audited};
use crate::http::auth::{Caller, Gate, cause};
use crate::http::error::ApiError;
use crate::http::slow::Told;

/// A request for a socket, before anybody knows whose it is.
#[derive(Debug)]
pub(crate) struct SocketAsked {
    pub(crate) route: MatchedPath,
    pub(crate) address: Uri,
    cause: Cause,
}

/// The layer. It stands within the one that names the caller.
pub(in crate::http) async fn note(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some((tenant, deed, cause)) = noted(&shared, &request) else { return next.run(request).await };
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    let (mut object, told) = (address.to_owned(), Told::default());
    request.extensions_mut().insert(told.clone());
    let response = next.run(request).await;
    if !response.status().is_success() {
        return response;
    }
    if let Some(body) = told.body() {
        object.push(if object.contains('?') { '&' } else { '?' });
        object.push_str(body);
    }
    let deed = DeedNoted::new(deed, &object, 1);
    match shared.program.gate.accounts.note_deed(tenant, deed, &cause).await {
        Ok(()) => response,
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// What there is to note, if the request is answered well. What an operator reads of a tenant is no deed in its own.
fn noted(shared: &Shared, request: &Request) -> Option<(TenantId, Deed, Cause)> {
    let matched = request.extensions().get::<MatchedPath>()?;
    let kind = wanted(&shared.config.audit, request.method(), matched.as_str())?;
    let caller = request.extensions().get::<Caller>()?;
    Some((caller.tenant, deed(kind), cause(caller.actor(), request.extensions())))
}

impl SocketAsked {
    /// None if the router knows no such route.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let route = parts.extensions.get::<MatchedPath>()?.clone();
        Some(Self { route, address: parts.uri.clone(), cause: cause(Actor::Visitor, &parts.extensions) })
    }

    /// Notes that the caller opened the socket, on which lines and what is counted of them are read.
    pub(crate) async fn note(&self, gate: &Gate, settings: &Audit, caller: &Caller) -> Result<(), ApiError> {
        let Some(kind) = wanted(settings, &Method::GET, self.route.as_str()) else { return Ok(()) };
        let deed = DeedNoted::new(deed(kind), &without_token(&self.address), 1);
        let cause = Cause { actor: caller.actor(), ..self.cause };
        gate.accounts.note_deed(caller.tenant, deed, &cause).await?;
        Ok(())
    }
}

/// `path` is the pattern that the router matched.
fn wanted(settings: &Audit, method: &Method, path: &str) -> Option<ReadKind> {
    let Audited::Reads(kind) = audited(method, path) else { return None };
    settings.reads.0.contains(&kind).then_some(kind)
}

fn without_token(address: &Uri) -> String {
    let pairs = form_urlencoded::parse(address.query().unwrap_or_default().as_bytes());
    let mut kept = form_urlencoded::Serializer::new(String::new());
    kept.extend_pairs(pairs.filter(|(name, _)| name != "token"));
    let kept = kept.finish();
    format!("{}{}{kept}", address.path(), if kept.is_empty() { "" } else { "?" })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_socket_is_told_without_its_credential() {
        let check = |address: &str, expected: &str| {
            assert_eq!(without_token(&address.parse().unwrap()), expected);
        };
        check("/ws/logs/stream/?token=secret", "/ws/logs/stream/");
        check(
            "/ws/logs/stream/?query=a%20b&token=secret&level=error",
            "/ws/logs/stream/?query=a+b&level=error",
        );
        check("/ws/metrics", "/ws/metrics");
    }
}
