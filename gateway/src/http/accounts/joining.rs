//! `POST /api/auth/accept-invitation/`: an invited person joins the tenant and is logged in.
//!
//! Invariant: address, role and tenant come from the invitation, never from the request. A password is hashed only for
//! somebody who has an open invitation. It does not tell a used token from one that never was.

use std::sync::Arc;

use antler_actors::accounts::{AccountError, Invited, Joining};
use antler_config::RegistrationMode;
use antler_events::event::Actor;
use antler_events::event::tenant::TenantRejection;
use antler_events::identity::Username;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::answer::json;
use super::super::auth::{Gate, cause};
use super::super::error::ApiError;
use super::answers::{LoggedIn, Tenant, Tokens, User};
use super::fields::Fields;
use super::registration::{NOBODY_NEW, wrong};
use super::{mails, password, profile_fields};
use crate::credentials::password_rules::Owner;
use crate::credentials::secret;

pub(super) async fn accept(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    if gate.settings.registration == RegistrationMode::Closed {
        return Err(ApiError::Forbidden { reason: NOBODY_NEW.to_owned() });
    }
    let given = secret::parse_invitation_token(fields.text("token")?);
    let (tenant, user, secret) = given.ok_or_else(|| refused(UNKNOWN))?;
    let Invited { email, role, organization } =
        gate.accounts.invitation(tenant, user, secret).await.map_err(explained)?;
    let username =
        Username::parse(fields.text("username")?, &gate.account_limits).map_err(wrong("username"))?;
    let owner =
        Owner { username: username.as_str(), email: email.as_str(), organization: organization.as_str() };
    let profile = profile_fields::named(fields.all(), &gate.account_limits)?;
    let chosen = password::chosen(&gate, &fields, &["password"], &["password_confirm", "password2"], owner)?;
    let password = gate.passwords.hash(chosen).await?;
    let cause = cause(Actor::User(user), &extensions);
    let joining = Joining { user, secret, username, password, profile };
    gate.accounts.join(tenant, joining.clone(), &cause).await.map_err(explained)?;
    let tokens = Tokens::open(tenant, &gate, (user, 0), &cause, &extensions).await?;
    mails::greet(tenant, &gate, user, &email, &cause).await;
    let user = User::called(user, &joining.username, &email, role, &joining.profile);
    let tenant = Tenant { id: tenant, name: organization.as_str().to_owned() };
    Ok(json(StatusCode::CREATED, &LoggedIn { tokens, user, tenant }))
}

const UNKNOWN: &str = "it is not that of an open invitation, which is used once; ask an admin for a new one";

fn refused(reason: &str) -> ApiError {
    ApiError::Field { field: "token", reason: reason.to_owned() }
}

/// What is wrong with the invitation is wrong with its token.
fn explained(error: AccountError) -> ApiError {
    match error {
        AccountError::Tenant(
            TenantRejection::NotRegistered
            | TenantRejection::NotInvited { .. }
            | TenantRejection::WrongInvitation,
        ) => refused(UNKNOWN),
        AccountError::Tenant(rejection @ TenantRejection::InvitationExpired) => {
            refused(&rejection.to_string())
        }
        other => other.into(),
    }
}
