//! `POST /api/auth/register/`: a new tenant and its administrator.
//!
//! Invariant: a password is hashed only after everything else about the request is right, since that is what costs.
//! It does not join people to tenants that are there: invitations do. Who shows the secret of an empty installation
//! registers in every mode, and becomes a superadmin.

use std::sync::Arc;

use antler_actors::accounts::Registration;
use antler_config::RegistrationMode;
use antler_events::access::Role;
use antler_events::event::tenant::TenantCommand;
use antler_events::event::{Actor, Cause};
use antler_events::identity::{DisplayName, Email, IdentityError, Username};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::answer::json;
use super::super::auth::{Gate, cause};
use super::super::error::ApiError;
use super::answers::{LoggedIn, Tenant, Tokens, User};
use super::fields::Fields;
use super::{mails, password, profile_fields};
use crate::credentials::password_rules::Owner;
use crate::credentials::setup::Shown;

pub(super) async fn register(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let setup = shown_setup(&gate, &fields)?;
    if setup.is_none() {
        admit(gate.settings.registration)?;
    }
    let limits = &gate.account_limits;
    let username = Username::parse(fields.text("username")?, limits).map_err(wrong("username"))?;
    let email = Email::parse(fields.text("email")?, limits).map_err(wrong("email"))?;
    let organization = match fields.optional_text("organization")?.map(str::trim) {
        None | Some("") => username.as_str(),
        Some(name) => name,
    };
    let organization = DisplayName::parse(organization, limits).map_err(wrong("organization"))?;
    let owner =
        Owner { username: username.as_str(), email: email.as_str(), organization: organization.as_str() };
    let profile = profile_fields::named(fields.all(), limits)?;
    let chosen = password::chosen(&gate, &fields, &["password"], &["password_confirm", "password2"], owner)?;
    let hashed = gate.passwords.hash(chosen).await?;
    let cause = cause(Actor::Visitor, &extensions);
    let registration = Registration { username, email, password: hashed, organization, profile };
    let registered = gate.accounts.register(registration.clone(), &cause).await?;
    let role = match setup {
        Some(setup) => {
            let command = TenantCommand::GrantSuperadmin { user: registered.user };
            gate.accounts.change_tenant(registered.tenant, command, &Cause::SYSTEM).await?;
            setup.spend();
            Role::Superadmin
        }
        None => Role::Admin,
    };
    let cause = cause.of(Actor::User(registered.user));
    let tokens = Tokens::open(registered.tenant, &gate, (registered.user, 0), &cause, &extensions).await?;
    mails::greet(registered.tenant, &gate, registered.user, &registration.email, &cause).await;
    let Registration { username, email, organization, profile, .. } = registration;
    let user = User::called(registered.user, &username, &email, role, &profile);
    let tenant = Tenant { id: registered.tenant, name: organization.as_str().to_owned() };
    Ok(json(StatusCode::CREATED, &LoggedIn { tokens, user, tenant }))
}

fn shown_setup<'a>(gate: &'a Gate, fields: &Fields) -> Result<Option<Shown<'a>>, ApiError> {
    let Some(text) = fields.optional_text("setup_token")? else { return Ok(None) };
    let reason =
        "it is not the one that this server showed when it started, or it was used; register without it";
    let refused = || ApiError::Field { field: "setup_token", reason: reason.to_owned() };
    Ok(Some(gate.setup.show(text).ok_or_else(refused)?))
}

fn admit(mode: RegistrationMode) -> Result<(), ApiError> {
    let reason = match mode {
        RegistrationMode::Open => return Ok(()),
        RegistrationMode::Invite => {
            "people come in by invitation here; ask an admin of your organization for one, and accept it under \
             /api/auth/accept-invitation/"
        }
        RegistrationMode::Closed => NOBODY_NEW,
    };
    Err(ApiError::Forbidden { reason: reason.to_owned() })
}

/// What invitations are refused with, too.
pub(super) const NOBODY_NEW: &str =
    "this server takes nobody new; ask its operator, who can change the setting accounts.registration";

pub(in crate::http) fn wrong(field: &'static str) -> impl Fn(IdentityError) -> ApiError {
    move |error| ApiError::Field { field, reason: error.to_string() }
}
