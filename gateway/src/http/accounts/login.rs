//! `POST /api/auth/login/`, `refresh/`, `token/verify/` and `logout/`.
//!
//! Invariant: a wrong name and a wrong password get the same answer after the same work. A refresh token is good once.
//! A login goes into cookies only if that is asked for. It does not keep sessions: the event log does.

use std::sync::Arc;

use antler_actors::accounts::{AccountError, LoginName, Renewal};
use antler_events::access::{Role, Scope};
use antler_events::event::Actor;
use antler_events::event::session::{SessionEndReason, SessionRejection};
use antler_events::ids::{TenantId, UserId};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, Identity, cause, cookies};
use super::super::error::ApiError;
use super::super::origins::Asking;
use super::answers::{self, LoggedIn, Tokens, User, refresh_until};
use super::fields::Fields;
use super::{password, throttle};
use crate::credentials::access_token::Bearer;
use crate::credentials::secret::{self, DrawnSecret};

#[derive(Debug, Serialize)]
struct LoggedOut {
    message: &'static str,
}

pub(super) async fn log_in(
    State(gate): State<Arc<Gate>>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let is_to_be_kept = fields.flag("cookie")? || has_flag(&uri, "cookie")?;
    if is_to_be_kept {
        check_page(&gate, &headers)?;
    }
    let typed = fields.text_of(&["username", "email"])?;
    let given = password::bounded(&gate, fields.text("password")?)?;
    throttle::admit(&gate, typed, &extensions).await?;
    let found = gate.accounts.find_login(typed).await?;
    let known = found.as_ref().map(|found| found.account.password.clone());
    let matches = gate.passwords.matches(given, known).await?;
    if let (false, Some(LoginName { tenant, user, .. })) = (matches, &found) {
        gate.failed_logins.note(*tenant, *user, cause(Actor::Visitor, &extensions));
    }
    let (LoginName { tenant, user, account, .. }, role) = proved(found, matches)?;
    throttle::forget(&gate, typed, &extensions).await;
    let cause = cause(Actor::User(user), &extensions);
    let tokens = Tokens::open(tenant, &gate, (user, account.epoch), &cause, &extensions).await?;
    let tenant = answers::tenant(tenant, &gate).await?;
    let answer = LoggedIn { tokens, user: User::new(user, &account, role), tenant };
    let mut response = json(StatusCode::OK, &answer);
    if is_to_be_kept {
        gate.cookies.give(&answer.tokens.kept(), &extensions, response.headers_mut());
    }
    Ok(response)
}

fn has_flag(uri: &Uri, wanted: &str) -> Result<bool, ApiError> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    match pairs.find(|(name, _)| name == wanted).map(|(_, value)| value).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1" | "") => Ok(true),
        Some(_) => {
            let reason = "it has to be true or false".to_owned();
            Err(ApiError::InvalidParameter { field: wanted.to_owned(), reason })
        }
    }
}

/// Another site must not have a browser keep a login: its user would work under somebody else's name.
fn check_page(gate: &Gate, headers: &HeaderMap) -> Result<(), ApiError> {
    match gate.origins.asking(headers) {
        Asking::Program | Asking::Own | Asking::Named(_) => Ok(()),
        Asking::Any | Asking::Foreign(_) => Err(ApiError::Forbidden {
            reason: "pages of this site may not have a login kept in cookies; an operator can name it in \
                     server.cors_origins"
                .to_owned(),
        }),
    }
}

/// The login, if the password was right and the account belongs to its tenant.
fn proved(found: Option<LoginName>, matches: bool) -> Result<(LoginName, Role), ApiError> {
    let login = found.filter(|_| matches).ok_or_else(|| ApiError::Unauthorized {
        reason: "the username, e-mail address or password is wrong; check them and try again".to_owned(),
    })?;
    match login.role {
        Some(role) => Ok((login, role)),
        None => Err(ApiError::Unauthorized {
            reason: "the account does not belong to a tenant any more; ask its admin for an invitation"
                .to_owned(),
        }),
    }
}

/// The refresh token stands in the body, or is the one that the browser keeps.
pub(super) async fn refresh(
    State(gate): State<Arc<Gate>>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let is_in_body = fields.has("refresh") || fields.has("refresh_token");
    let kept = cookies::refresh(&headers).filter(|_| !is_in_body);
    let given = kept.map_or_else(|| fields.text_of(&["refresh", "refresh_token"]), Ok)?;
    let unknown = || ApiError::Unauthorized {
        reason: "the refresh token is not one of this server; log in again".to_owned(),
    };
    let (tenant, session, presented) = secret::parse_refresh_token(given).ok_or_else(unknown)?;
    if kept.is_some() {
        gate.cookies.check(session, &headers)?;
    }
    let next = DrawnSecret::draw(&*gate.randomness)?;
    let renewal = Renewal { session, presented, next: next.hash(), expires_at: refresh_until(&gate) };
    let cause = cause(Actor::Visitor, &extensions);
    let renewed = match gate.accounts.renew_session(tenant, renewal, &cause).await {
        Err(AccountError::Session(SessionRejection::NotOpened)) => return Err(unknown()),
        renewed => renewed?,
    };
    let bearer = Bearer { tenant, user: renewed.user, session, epoch: renewed.epoch };
    let tokens = Tokens::new(&gate, &bearer, &next);
    let mut response = json(StatusCode::OK, &tokens);
    if kept.is_some() {
        gate.cookies.give(&tokens.kept(), &extensions, response.headers_mut());
    }
    Ok(response)
}

#[derive(Debug, Serialize)]
struct Verified {
    valid: bool,
    kind: &'static str,
    tenant: TenantId,
    user: UserId,
    scopes: Vec<&'static str>,
}

/// Tells whose credential it is, and what it may; one that does not count is answered with 401.
pub(super) async fn verify(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, ApiError> {
    let (fields, _) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let caller = gate.authenticate(fields.text("token")?).await?;
    let kind = match caller.identity {
        Identity::Person { .. } => "access_token",
        Identity::Key { .. } => "api_key",
    };
    let scopes = caller.scopes().into_iter().map(Scope::as_str).collect();
    let verified = Verified { valid: true, kind, tenant: caller.tenant, user: caller.user(), scopes };
    Ok(json(StatusCode::OK, &verified))
}

/// Ends the session of the access token; its refresh token is worthless from now on.
pub(super) async fn log_out(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    if let Identity::Person { session, .. } = &caller.identity {
        let cause = cause(caller.actor(), &extensions);
        gate.accounts.end_session(caller.tenant, *session, SessionEndReason::LoggedOut, &cause).await?;
    }
    let mut response = json(StatusCode::OK, &LoggedOut { message: "logged out" });
    if cookies::session(&headers).is_some() {
        gate.cookies.take_back(&extensions, response.headers_mut());
    }
    Ok(response)
}
