//! From a request to an open socket.
//!
//! Invariant: a page of another site opens a socket only if the settings name its origin; a socket has a place before it is
//! opened. A bad credential is told on the open socket, where browsers can see why. It does not serve: sessions do.

use std::future::Future;
use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{FromRef, FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use super::connection::{Connection, End, Unknown};
use super::figures::SocketKind;
use super::{SocketState, Sockets};
use crate::http::audit::reads::SocketAsked;
use crate::http::auth::permissions::{self, Asked, Permission};
use crate::http::auth::{cookies, credential};
use crate::http::error::ApiError;
use crate::http::origins::Asking;

/// Memory that each open socket holds for what its client sends; it grows for a larger message.
const READ_BUFFER_BYTES: usize = 2 << 10;
/// So much is gathered before it is written.
const WRITE_BUFFER_BYTES: usize = 16 << 10;

/// A request for a socket.
#[derive(Debug)]
pub(super) struct Knock {
    sockets: Arc<Sockets>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    headers: HeaderMap,
    asked: SocketAsked,
    permission: Permission,
}

pub(super) async fn stream(knock: Knock) -> Result<Response, ApiError> {
    knock.open(SocketKind::Stream, |mut connection, address| async move {
        let end = super::stream::serve(&mut connection, &address).await;
        (connection, end)
    })
}

pub(super) async fn metrics(knock: Knock) -> Result<Response, ApiError> {
    knock.open(SocketKind::Metrics, |mut connection, _| async move {
        let end = super::metrics::serve(&mut connection).await;
        (connection, end)
    })
}

pub(super) async fn notifications(user: Option<Path<String>>, knock: Knock) -> Result<Response, ApiError> {
    knock.open(SocketKind::Notifications, |mut connection, _| async move {
        let user = user.map(|Path(user)| user);
        let end = super::notifications::serve(&mut connection, user.as_deref()).await;
        (connection, end)
    })
}

impl Knock {
    fn open<F, S>(self, kind: SocketKind, session: F) -> Result<Response, ApiError>
    where
        F: FnOnce(Connection, String) -> S + Send + 'static,
        S: Future<Output = (Connection, End)> + Send,
    {
        let Self { sockets, upgrade, headers, asked, permission } = self;
        let asking = sockets.gate.origins.asking(&headers);
        check_origin(&asking)?;
        let upgrade = upgrade.map_err(|refused| ApiError::NoSocket { reason: refused.body_text() })?;
        let place = sockets.open.enter(kind);
        let place = place.map_err(|error| ApiError::Unavailable { reason: error.to_string() })?;
        let parameters = asked.address.query().unwrap_or_default().to_owned();
        let credential = credential_of(&headers, &parameters, &asking);
        let message_bytes_max = sockets.limits.message_bytes_max.as_usize();
        let upgrade = upgrade
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_message_size(message_bytes_max)
            .max_frame_size(message_bytes_max);
        Ok(upgrade.on_upgrade(move |socket: WebSocket| async move {
            let unknown = Unknown { sockets, socket, place, permission };
            if let Some(mut connection) = unknown.admit(credential).await {
                let (connection, end) = match connection.note_opened(&asked).await {
                    Ok(()) => Box::pin(session(connection, parameters)).await,
                    Err(end) => (connection, end),
                };
                tracing::debug!(?end, tenant = %connection.caller.tenant, "a socket ends");
                connection.close(end).await;
            }
        }))
    }
}

/// The credential of the address, of the head, or of a cookie, which a browser sends whoever's page asks; none if it is to
/// come in the first message.
fn credential_of(headers: &HeaderMap, address: &str, asking: &Asking) -> Result<Option<String>, ApiError> {
    let mut pairs = form_urlencoded::parse(address.as_bytes());
    if let Some((_, token)) = pairs.find(|(name, _)| name == "token") {
        return Ok(Some(token.into_owned()));
    }
    match credential::is_given(headers) {
        true => credential::of(headers).map(Some),
        false if asking.may_use_cookies() => Ok(cookies::session(headers).map(str::to_owned)),
        false => Ok(None),
    }
}

/// Browsers say which site a page is of, and nothing else keeps foreign pages away from sockets. Programs say nothing.
fn check_origin(asking: &Asking) -> Result<(), ApiError> {
    let Asking::Foreign(origin) = asking else { return Ok(()) };
    Err(ApiError::Forbidden {
        reason: format!(
            "pages of {origin:?} may not open sockets here; an operator can allow them in server.cors_origins"
        ),
    })
}

impl<S> FromRequestParts<S> for Knock
where
    S: Send + Sync,
    SocketState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let SocketState(sockets) = SocketState::from_ref(state);
        let closed = || ApiError::Forbidden { reason: "this address is closed".to_owned() };
        let asked = SocketAsked::of(parts).ok_or_else(closed)?;
        let Asked::Permission(permission) = permissions::asked(&Method::GET, asked.route.as_str()) else {
            return Err(closed());
        };
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        let headers = std::mem::take(&mut parts.headers);
        Ok(Self { sockets, upgrade, headers, asked, permission })
    }
}
