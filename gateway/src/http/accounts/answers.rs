//! The JSON of accounts, and the tokens that a login answers with.
//!
//! Invariant: a refresh token is drawn for one answer and kept as its hash only. It chooses no status for failures.

use std::time::Duration;

use antler_actors::accounts::NewSession;
use antler_events::access::Role;
use antler_events::clock::Timestamp;
use antler_events::event::Cause;
use antler_events::event::member::{Account, Epoch, Profile};
use antler_events::event::tenant::TenantLimits;
use antler_events::identity::{DisplayName, Email, Username};
use antler_events::ids::{SessionId, TenantId, UserId};
use antler_events::randomness::RandomnessError;
use axum::http::Extensions;
use serde::Serialize;

use super::super::auth::{Gate, Kept};
use super::super::error::ApiError;
use super::fields::ClientAgent;
use crate::credentials::access_token::{Bearer, LIFETIME};
use crate::credentials::passwords::PasswordError;
use crate::credentials::secret::DrawnSecret;

/// How long nobody needs to log in again who comes back.
pub(super) const REFRESH_LIFETIME: Duration = Duration::from_secs(7 * 86_400);

/// `token` and `access` are the same; the one is the older name.
#[derive(Debug, Serialize)]
pub(super) struct Tokens {
    pub(super) token: String,
    pub(super) access: String,
    pub(super) refresh: String,
    /// Of the access token, in seconds.
    pub(super) expires_in: u64,
    #[serde(skip)]
    session: SessionId,
}

#[derive(Debug, Serialize)]
pub(super) struct LoggedIn {
    #[serde(flatten)]
    pub(super) tokens: Tokens,
    pub(super) user: User,
    pub(super) tenant: Tenant,
}

#[derive(Debug, Serialize)]
pub(super) struct User {
    pub(super) id: UserId,
    pub(super) username: String,
    pub(super) email: String,
    pub(super) email_verified: bool,
    pub(super) role: &'static str,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Tenant {
    pub(super) id: TenantId,
    pub(super) name: String,
}

/// What a tenant may use.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Quota {
    logs_per_day: u64,
    bytes_per_day: u64,
    retention_days: u32,
    seats: u32,
    api_calls_per_hour: u64,
    streams_max: u64,
}

impl Quota {
    pub(super) fn new(limits: TenantLimits) -> Self {
        let TenantLimits { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max } =
            limits;
        let (logs_per_day, api_calls_per_hour) = (lines_per_day, calls_per_hour);
        Self { logs_per_day, bytes_per_day, retention_days, seats, api_calls_per_hour, streams_max }
    }
}

impl User {
    pub(super) fn new(id: UserId, account: &Account, role: Role) -> Self {
        let called = Self::called(id, &account.username, &account.email, role, &account.profile);
        Self { email_verified: account.email_verified, ..called }
    }

    /// Somebody new, whose address nobody has verified yet.
    pub(super) fn called(
        id: UserId,
        username: &Username,
        email: &Email,
        role: Role,
        profile: &Profile,
    ) -> Self {
        let shown = |name: &Option<DisplayName>| name.as_ref().map(|name| name.as_str().to_owned());
        Self {
            id,
            username: username.as_str().to_owned(),
            email: email.as_str().to_owned(),
            email_verified: false,
            role: role.as_str(),
            first_name: shown(&profile.first_name),
            last_name: shown(&profile.last_name),
        }
    }
}

impl Tokens {
    pub(super) fn new(gate: &Gate, bearer: &Bearer, secret: &DrawnSecret) -> Self {
        let token = gate.tokens.issue(bearer, gate.accounts.clock.now());
        let refresh = secret.refresh_token(bearer.tenant, bearer.session);
        let session = bearer.session;
        Self { access: token.clone(), token, refresh, expires_in: LIFETIME.as_secs(), session }
    }

    /// What a browser is to keep.
    pub(super) fn kept(&self) -> Kept<'_> {
        let lifetime_s = REFRESH_LIFETIME.as_secs();
        Kept { session: self.session, access: &self.access, refresh: &self.refresh, lifetime_s }
    }

    /// Opens a session for somebody who has proved who it is.
    pub(super) async fn open(
        tenant: TenantId,
        gate: &Gate,
        (user, epoch): (UserId, Epoch),
        cause: &Cause,
        extensions: &Extensions,
    ) -> Result<Self, ApiError> {
        let secret = DrawnSecret::draw(&*gate.randomness)?;
        let (token, expires_at) = (secret.hash(), refresh_until(gate));
        let agent = ClientAgent::of(extensions, &gate.account_limits);
        let new = NewSession { user, epoch, token, expires_at, address: cause.address, agent };
        let session = gate.accounts.open_session(tenant, new, cause).await?;
        Ok(Self::new(gate, &Bearer { tenant, user, session, epoch }, &secret))
    }
}

/// Until when a refresh token is good that is drawn now.
pub(super) fn refresh_until(gate: &Gate) -> Timestamp {
    gate.accounts.clock.now().plus(REFRESH_LIFETIME)
}

/// The tenant of an answer.
pub(super) async fn tenant(tenant: TenantId, gate: &Gate) -> Result<Tenant, ApiError> {
    let found = gate.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
    let name = found.map(|found| found.name.as_str().to_owned()).unwrap_or_default();
    Ok(Tenant { id: tenant, name })
}

impl From<RandomnessError> for ApiError {
    fn from(error: RandomnessError) -> Self {
        tracing::error!(%error, "no secret can be drawn");
        Self::Internal
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Unavailable { reason: error.to_string() },
            PasswordError::Hash { .. } | PasswordError::Randomness(_) => {
                tracing::error!(%error, "a password cannot be checked");
                Self::Internal
            }
        }
    }
}
