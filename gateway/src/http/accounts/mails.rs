//! `POST /api/auth/verify-email/`, `verify-email/resend/`, `password-reset/` and `password-reset/confirm/`.
//!
//! Invariant: who asks for a reset learns nothing about which accounts there are: the answer and its time are the same. A
//! link counts once, for its time, and only as what it was sent for. It sends nothing itself: the post office does.

use std::sync::Arc;
use std::time::Duration;

use antler_actors::accounts::mails::Reset;
use antler_actors::accounts::{AccountError, LoginName};
use antler_actors::post::{PostOffice, PromiseError};
use antler_events::event::mail::{MailKind, MailPromised};
use antler_events::event::member::MemberRejection;
use antler_events::event::{Actor, Cause};
use antler_events::identity::Email;
use antler_events::ids::{TenantId, UserId};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, cause};
use super::super::error::ApiError;
use super::fields::Fields;
use super::{password, throttle};
use crate::credentials::password_rules::Owner;
use crate::credentials::secret;

#[derive(Debug, Serialize)]
struct Told {
    message: &'static str,
}

/// Finding an account and promising a mail takes a part of this; whoever asks waits for all of it.
const ANSWER_AFTER: Duration = Duration::from_millis(300);

pub(super) async fn ask_reset(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let typed = fields.text_of(&["email", "username"])?;
    if typed.trim().is_empty() {
        let reason = "it is empty; give an address or a name".to_owned();
        let field = if fields.has("email") { "email" } else { "username" };
        return Err(ApiError::Field { field, reason });
    }
    let post = post(&gate)?;
    throttle::admit_mail(&gate, typed, &extensions).await?;
    let promise = async {
        let found = gate.accounts.find_login(typed).await?;
        let Some(LoginName { tenant, user, account, role: Some(_) }) = found else { return Ok(()) };
        let cause = cause(Actor::System, &extensions);
        let about = (MailKind::PasswordReset, user, account.epoch);
        promise(tenant, &gate, post, about, account.email, &cause).await
    };
    // Both run at once, so that the time of the answer does not tell whether there was anything to do.
    let (promised, ()) = tokio::join!(promise, tokio::time::sleep(ANSWER_AFTER));
    if let Err(error) = promised {
        tracing::error!(%error, "a password reset was asked for, and its mail was not promised");
    }
    let message = "if there is such an account, a mail with a link is on its way to its address";
    Ok(json(StatusCode::ACCEPTED, &Told { message }))
}

pub(super) async fn reset(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (tenant, mail) = shown(&gate, &fields, MailKind::PasswordReset).await?;
    let account = gate.accounts.views.account(tenant, mail.user).await?.and_then(|kept| kept.state);
    let account = account.filter(|account| account.honours(mail.epoch)).ok_or_else(spent)?;
    let owner =
        Owner { username: account.username.as_str(), email: account.email.as_str(), organization: "" };
    let confirm = ["new_password_confirm", "password_confirm", "password2", "confirm_password"];
    let chosen = password::chosen(&gate, &fields, &["new_password", "password"], &confirm, owner)?;
    let password = gate.passwords.hash(chosen).await?;
    let MailPromised { user, epoch, to: email, .. } = mail;
    let reset = Reset { user, epoch, email, password };
    let cause = cause(Actor::User(user), &extensions);
    match gate.accounts.reset_password(tenant, reset, &cause).await {
        Err(AccountError::Member(MemberRejection::LinkSpent)) => return Err(spent()),
        done => done?,
    }
    let message = "the password is changed and all logins have ended; log in with the new one";
    Ok(json(StatusCode::OK, &Told { message }))
}

pub(super) async fn verify(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (tenant, mail) = shown(&gate, &fields, MailKind::Verification).await?;
    let cause = cause(Actor::User(mail.user), &extensions);
    gate.accounts.verify_email(tenant, mail.user, mail.to, &cause).await?;
    Ok(json(StatusCode::OK, &Told { message: "the address is verified" }))
}

pub(super) async fn resend(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let post = post(&gate)?;
    let (tenant, user) = (caller.tenant, caller.user());
    let account = password::account(tenant, &gate, user).await?;
    if account.email_verified {
        return Ok(json(StatusCode::ACCEPTED, &Told { message: "the address is verified already" }));
    }
    throttle::admit_mail(&gate, account.email.as_str(), &extensions).await?;
    let cause = cause(caller.actor(), &extensions);
    let about = (MailKind::Verification, user, account.epoch);
    promise(tenant, &gate, post, about, account.email, &cause).await?;
    Ok(json(StatusCode::ACCEPTED, &Told { message: "a mail with a link is on its way" }))
}

/// Has somebody new verify its address. Who gets no mail can ask for another, so this stops nobody from coming.
pub(super) async fn greet(tenant: TenantId, gate: &Gate, user: UserId, email: &Email, cause: &Cause) {
    let Some(post) = &gate.post else { return };
    let about = (MailKind::Verification, user, 0);
    if let Err(error) = promise(tenant, gate, post, about, email.clone(), cause).await {
        tracing::error!(%tenant, %error, "somebody new gets no mail to verify its address");
    }
}

async fn promise(
    tenant: TenantId,
    gate: &Gate,
    post: &PostOffice,
    (kind, user, epoch): (MailKind, UserId, u64),
    to: Email,
    cause: &Cause,
) -> Result<(), PromiseError> {
    let at = gate.accounts.clock.now();
    let lifetime = match kind {
        MailKind::PasswordReset => gate.settings.reset_lifetime,
        MailKind::Verification | MailKind::Invitation | MailKind::QuotaWarning => {
            gate.settings.verification_lifetime
        }
    };
    let promised = MailPromised { kind, user, to, epoch, at, expires_at: at.plus(lifetime) };
    post.promise(tenant, gate.accounts.new_mail_id()?, promised, cause).await
}

fn post(gate: &Gate) -> Result<&PostOffice, ApiError> {
    gate.post.as_ref().ok_or_else(|| ApiError::Conflict {
        field: "mail.kind",
        reason: "this server sends no mail; ask an admin, or its operator, who can set mail.kind".to_owned(),
    })
}

/// The mail whose link was opened, if it counts now.
async fn shown(gate: &Gate, fields: &Fields, kind: MailKind) -> Result<(TenantId, MailPromised), ApiError> {
    let (tenant, id, secret) = secret::parse_mail_token(fields.text("token")?).ok_or_else(spent)?;
    // These are hashes: the time of the comparison tells nothing about a secret.
    if gate.secrets.of(tenant, id).hash() != secret {
        return Err(spent());
    }
    let found = gate.accounts.views.mail(tenant, id).await?.and_then(|kept| kept.state);
    let mail = found.map(|mail| mail.promised).filter(|mail| mail.kind == kind).ok_or_else(spent)?;
    match mail.is_open(gate.accounts.clock.now()) {
        true => Ok((tenant, mail)),
        false => Err(refused("its link has expired; ask for a new one")),
    }
}

fn spent() -> ApiError {
    refused("it is not that of a link that still counts, and a link counts once; ask for a new one")
}

fn refused(reason: &str) -> ApiError {
    ApiError::Field { field: "token", reason: reason.to_owned() }
}

impl From<PromiseError> for ApiError {
    fn from(error: PromiseError) -> Self {
        match error {
            PromiseError::TooMany { .. } => {
                Self::TooMany { reason: error.to_string(), retry_after_s: RETRY_AFTER_S }
            }
            PromiseError::Account(error) => error.into(),
        }
    }
}

/// Mails wait because a server is slow or gone, which takes a while.
const RETRY_AFTER_S: u64 = 600;
