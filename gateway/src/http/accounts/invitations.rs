//! `/api/tenant/invitations/`: inviting people to the tenant, seeing who has not come yet, and withdrawing.
//!
//! Invariant: the token of an invitation is shown once, to the admin, and the log keeps its hash only; if the server sends
//! mails, the invited person gets it too. Nobody invites to a role above the own. It does not say when a mail is sent.

use std::sync::Arc;

use antler_actors::accounts::Invitee;
use antler_config::RegistrationMode;
use antler_events::clock::Timestamp;
use antler_events::event::mail::{MailKind, MailPromised};
use antler_events::event::tenant::{Membership, Tenant};
use antler_events::identity::Email;
use antler_events::ids::{TenantId, UserId};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, cause};
use super::super::base::AskedUri;
use super::super::error::ApiError;
use super::super::paging::{Page, PageAsked};
use super::fields::Fields;
use super::members;
use super::registration::{NOBODY_NEW, wrong};
use crate::credentials::secret::DrawnSecret;

#[derive(Debug, Serialize)]
struct Invitation {
    /// Of the person, once it has joined.
    id: UserId,
    email: String,
    role: &'static str,
    expires_at: String,
    expired: bool,
    #[serde(flatten)]
    shown_once: Option<ShownOnce>,
}

/// Only in the answer to its creation.
#[derive(Debug, Serialize)]
struct ShownOnce {
    token: String,
    /// The page for it on this server. What stands behind `#` is sent to no server and stands in no log.
    link: String,
    /// Whether the person gets it by mail.
    mailed: bool,
}

pub(super) async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let tenant = members::tenant(caller.tenant, &gate).await?;
    let open = open(&tenant, gate.accounts.clock.now());
    let total = open.len() as u64;
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, asked.cut(open), total)))
}

pub(super) async fn invite(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    if gate.settings.registration == RegistrationMode::Closed {
        return Err(ApiError::Forbidden { reason: NOBODY_NEW.to_owned() });
    }
    let email = Email::parse(fields.text("email")?, &gate.account_limits).map_err(wrong("email"))?;
    let role = members::role_to_give(&caller, &gate, &fields).await?;
    let at = gate.accounts.clock.now();
    let expires_at = at.plus(gate.settings.invitation_lifetime);
    let mail = gate.accounts.new_mail_id()?;
    let drawn = match &gate.post {
        Some(_) => gate.secrets.of(caller.tenant, mail),
        None => DrawnSecret::draw(&*gate.randomness)?,
    };
    let invitee = Invitee { email: email.clone(), role, secret: drawn.hash(), expires_at };
    let cause = cause(caller.actor(), &extensions);
    let user = gate.accounts.invite(caller.tenant, invitee, &cause).await?;
    if let Some(post) = &gate.post {
        let (kind, to) = (MailKind::Invitation, email.clone());
        let promised = MailPromised { kind, user, to, epoch: 0, at, expires_at };
        post.promise(caller.tenant, mail, promised, &cause).await?;
    }
    let token = drawn.invitation_token(caller.tenant, user);
    let link = format!("{}/accept-invitation#token={token}", gate.site);
    let answer = Invitation {
        id: user,
        email: email.as_str().to_owned(),
        role: role.as_str(),
        expires_at: expires_at.to_string(),
        expired: false,
        shown_once: Some(ShownOnce { token, link, mailed: gate.post.is_some() }),
    };
    Ok(json(StatusCode::CREATED, &answer))
}

pub(super) async fn withdraw(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let user = invited(caller.tenant, &gate, &id).await?;
    gate.accounts.withdraw_invitation(caller.tenant, user, &cause(caller.actor(), &extensions)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Who has the open invitation of this id.
async fn invited(tenant: TenantId, gate: &Gate, id: &str) -> Result<UserId, ApiError> {
    let user = UserId::parse(id).map_err(|_| ApiError::no_such("invitation", id))?;
    let tenant = members::tenant(tenant, gate).await?;
    let is_open = tenant.members.get(&user).is_some_and(|member| !member.has_joined());
    is_open.then_some(user).ok_or_else(|| ApiError::no_such("invitation", id))
}

/// In the order of their addresses.
fn open(tenant: &Tenant, now: Timestamp) -> Vec<Invitation> {
    let shown = |(user, member): (&UserId, &Membership)| {
        let expires_at = member.invitation.as_ref()?.expires_at;
        Some(Invitation {
            id: *user,
            email: member.email.as_str().to_owned(),
            role: member.role.as_str(),
            expires_at: expires_at.to_string(),
            expired: now >= expires_at,
            shown_once: None,
        })
    };
    let mut open: Vec<_> = tenant.members.iter().filter_map(shown).collect();
    open.sort_by(|left, right| left.email.cmp(&right.email));
    open
}
