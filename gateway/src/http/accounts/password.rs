//! `POST /api/auth/change-password/`, and what every new password must be.
//!
//! Invariant: a new password ends all logins, and the one who changed it gets a new one in the answer. It does not reset
//! forgotten passwords.

use std::sync::Arc;

use antler_events::event::member::Account;
use antler_events::ids::{TenantId, UserId};
use axum::extract::{Request, State};
use axum::http::{Extensions, StatusCode};
use axum::response::Response;

use super::super::answer::json;
use super::super::auth::{ByCookie, Caller, Gate, cause};
use super::super::error::ApiError;
use super::answers::{self, LoggedIn, Tokens, User};
use super::fields::Fields;
use super::throttle;
use crate::credentials::password_rules::{self, Owner};

pub(super) async fn change(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (tenant, user) = (caller.tenant, caller.user());
    let account = account(tenant, &gate, user).await?;
    let owner =
        Owner { username: account.username.as_str(), email: account.email.as_str(), organization: "" };
    let confirm = ["new_password_confirm", "new_password2", "confirm_password"];
    let chosen = chosen(&gate, &fields, &["new_password", "password"], &confirm, owner)?;
    let old = fields.text_of(&["old_password", "current_password"])?;
    prove(&gate, &account, ("old_password", old), &extensions).await?;
    let hashed = gate.passwords.hash(chosen).await?;
    let cause = cause(caller.actor(), &extensions);
    let epoch = gate.accounts.change_password(tenant, user, hashed, &cause).await?;
    let tokens = Tokens::open(tenant, &gate, (user, epoch), &cause, &extensions).await?;
    let role = gate.accounts.role(tenant, user).await?.ok_or(ApiError::Internal)?;
    let user = User::new(user, &account, role);
    let answer = LoggedIn { tokens, user, tenant: answers::tenant(tenant, &gate).await? };
    let mut response = json(StatusCode::OK, &answer);
    if extensions.get::<ByCookie>().is_some() {
        gate.cookies.give(&answer.tokens.kept(), &extensions, response.headers_mut());
    }
    Ok(response)
}

/// Refuses who does not know the password of the account.
pub(in crate::http) async fn prove(
    gate: &Gate,
    account: &Account,
    (field, typed): (&'static str, &str),
    extensions: &Extensions,
) -> Result<(), ApiError> {
    let typed = bounded(gate, typed)?;
    throttle::admit(gate, account.username.as_str(), extensions).await?;
    if !gate.passwords.matches(typed, Some(account.password.clone())).await? {
        return Err(ApiError::Field { field, reason: "it is not the password of this account".to_owned() });
    }
    throttle::forget(gate, account.username.as_str(), extensions).await;
    Ok(())
}

pub(in crate::http) async fn account(
    tenant: TenantId,
    gate: &Gate,
    user: UserId,
) -> Result<Account, ApiError> {
    let found = gate.accounts.views.account(tenant, user).await?.and_then(|kept| kept.state);
    found.ok_or_else(|| ApiError::Unauthorized { reason: "the account is gone; register anew".to_owned() })
}

/// A new password that was typed twice and may be one.
pub(super) fn chosen(
    gate: &Gate,
    fields: &Fields,
    names: &[&'static str],
    confirm: &[&'static str],
    owner: Owner<'_>,
) -> Result<String, ApiError> {
    let chosen = bounded(gate, fields.text_of(names)?)?;
    if fields.text_of(confirm)? != chosen {
        let reason = "it differs from the password; type both again".to_owned();
        return Err(ApiError::Field { field: confirm[0], reason });
    }
    let faults = password_rules::faults(&chosen, owner);
    match faults.is_empty() {
        true => Ok(chosen),
        false => Err(ApiError::Field { field: names[0], reason: faults.join("; ") }),
    }
}

/// A password that is not too long to be hashed.
pub(super) fn bounded(gate: &Gate, password: &str) -> Result<String, ApiError> {
    let max = gate.limits.password_bytes_max;
    match password.len() <= max as usize {
        true => Ok(password.to_owned()),
        false => Err(ApiError::Field { field: "password", reason: format!("it has more than {max} bytes") }),
    }
}
