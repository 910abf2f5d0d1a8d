//! Accounts: registering, logging in and out, the profile, API keys, and who belongs to a tenant.
//!
//! Invariant: every route here stands in the table of permissions; a test compares the two. Handlers translate between
//! JSON and commands, and decide nothing that an aggregate decides.

mod answers;
pub(super) mod fields;
mod invitations;
mod joining;
mod keys;
mod login;
mod machines;
mod mails;
mod members;
pub(super) mod password;
mod profile;
mod profile_fields;
pub(super) mod registration;
pub(super) mod retention;
mod sessions;
pub(super) mod tenant;
mod throttle;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use super::addresses::in_api;
use super::auth::Gate;

type Route = (&'static str, &'static str, MethodRouter<Arc<Gate>>);

/// All of them, for a router of any state.
pub fn routes<S: Clone + Send + Sync + 'static>(gate: &Arc<Gate>) -> Router<S> {
    let routes = handlers().into_iter();
    let router = routes.fold(Router::new(), |router, (_, path, handler)| in_api(router, path, &handler));
    router.with_state(Arc::clone(gate))
}

fn handlers() -> Vec<Route> {
    vec![
        ("POST", "/api/auth/register", post(registration::register)),
        ("POST", "/api/auth/accept-invitation", post(joining::accept)),
        ("POST", "/api/auth/login", post(login::log_in)),
        ("POST", "/api/auth/refresh", post(login::refresh)),
        ("POST", "/api/auth/logout", post(login::log_out)),
        ("POST", "/api/auth/token/verify", post(login::verify)),
        ("GET", "/api/auth/sessions", get(sessions::list)),
        ("DELETE", "/api/auth/sessions", delete(sessions::end_others)),
        ("DELETE", "/api/auth/sessions/{id}", delete(sessions::end)),
        ("POST", "/api/auth/change-password", post(password::change)),
        ("POST", "/api/auth/password-reset", post(mails::ask_reset)),
        ("POST", "/api/auth/password-reset/confirm", post(mails::reset)),
        ("POST", "/api/auth/verify-email", post(mails::verify)),
        ("POST", "/api/auth/verify-email/resend", post(mails::resend)),
        ("GET", "/api/auth/user", get(profile::user)),
        ("GET", "/api/users/me", get(profile::user)),
        ("GET", "/api/users/profile", get(profile::profile)),
        ("PATCH", "/api/users/profile", patch(profile::change)),
        ("PUT", "/api/users/profile", put(profile::replace)),
        ("POST", "/api/users/profile/create", post(profile::create)),
        ("GET", "/api/users/profile/api-keys", get(keys::list)),
        ("POST", "/api/users/profile/api-keys", post(keys::create)),
        ("PATCH", "/api/users/profile/api-keys/{id}", patch(keys::change)),
        ("PUT", "/api/users/profile/api-keys/{id}", put(keys::change)),
        ("DELETE", "/api/users/profile/api-keys/{id}", delete(keys::revoke)),
        ("POST", "/api/users/profile/api-keys/{id}/regenerate", post(keys::regenerate)),
        ("GET", "/api/tenant", get(tenant::show)),
        ("PATCH", "/api/tenant", patch(tenant::rename)),
        ("PUT", "/api/tenant", put(tenant::rename)),
        ("GET", "/api/tenant/retention", get(retention::show)),
        ("PUT", "/api/tenant/retention", put(retention::choose)),
        ("PATCH", "/api/tenant/retention", patch(retention::change)),
        ("GET", "/api/tenant/invitations", get(invitations::list)),
        ("POST", "/api/tenant/invitations", post(invitations::invite)),
        ("DELETE", "/api/tenant/invitations/{id}", delete(invitations::withdraw)),
        ("GET", "/api/tenant/users", get(members::list)),
        ("GET", "/api/tenant/users/{id}", get(members::one)),
        ("PATCH", "/api/tenant/users/{id}", patch(members::change_role)),
        ("PUT", "/api/tenant/users/{id}", put(members::change_role)),
        ("DELETE", "/api/tenant/users/{id}", delete(members::remove)),
        ("GET", "/api/tenant/service-accounts", get(machines::list)),
        ("POST", "/api/tenant/service-accounts", post(machines::add)),
        ("GET", "/api/tenant/service-accounts/{id}", get(machines::one)),
        ("PATCH", "/api/tenant/service-accounts/{id}", patch(machines::change)),
        ("DELETE", "/api/tenant/service-accounts/{id}", delete(machines::remove)),
        ("GET", "/api/admin/profile/{id}", get(profile::of_member)),
        ("DELETE", "/api/admin/profile/{id}", delete(members::remove)),
    ]
}

#[cfg(test)]
mod tests;
