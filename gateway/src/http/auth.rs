//! Who may do what: a layer around all routes that names the caller, or refuses.
//!
//! The table of permissions says what each route needs; the layer finds the credential, asks the views whom it belongs to
//! and what that one may do now, and hands the caller on. So a revoked key, an ended session, a changed role count from
//! the next request on.
//! Invariant: a route that the table does not name answers nobody. The tenant comes from the credential only.
//! It does not read bodies or query strings: sockets hand their token to `Gate::authenticate`.

pub(in crate::http) mod audited;
mod caller;
pub(crate) mod cookies;
pub(crate) mod credential;
mod known_keys;
pub(in crate::http) mod operator;
pub mod permissions;

use std::sync::Arc;

use antler_actors::accounts::{AccountError, Accounts};
use antler_actors::failed_logins::FailedLogins;
use antler_config::Secret;
use antler_config::limits::{AccountLimits, CredentialLimits};
use antler_events::access::{Role, Scope};
use antler_events::clock::Timestamp;
use antler_events::event::tenant::Standing;
use antler_events::identity::SecretHash;
use antler_events::ids::{KeyId, TenantId, UserId};
use antler_events::randomness::Randomness;
use antler_projections::cache::port::Cache;
use antler_projections::views::port::ViewError;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

pub(super) use self::caller::cause;
pub use self::caller::{Caller, Identity};
use self::cookies::Cookies;
pub(super) use self::cookies::{ByCookie, Kept};
use self::known_keys::KnownKeys;
pub use self::operator::Operator;
use self::permissions::{Asked, Permission};
use super::error::ApiError;
use super::origins::Origins;
use super::search::RequestTenant;
use crate::credentials::access_token::{AccessTokens, Bearer};
use crate::credentials::page_code::PageCodes;
use crate::credentials::passwords::{PasswordError, Passwords};
use crate::credentials::secret;
use crate::credentials::setup::Setup;
use crate::credentials::token_key::TokenKey;

/// The credential of a request.
#[derive(Debug)]
enum Shown {
    InHead(String),
    InCookie(String),
}

/// What is needed to name a caller.
#[derive(Debug)]
pub struct Gate {
    pub accounts: Accounts,
    pub tokens: AccessTokens,
    pub passwords: Passwords,
    pub cache: Arc<dyn Cache>,
    pub randomness: Arc<dyn Randomness>,
    pub account_limits: AccountLimits,
    pub limits: CredentialLimits,
    pub settings: antler_config::Accounts,
    /// What the operator sends; empty: there is none.
    pub operator: Secret,
    /// Open while nobody has registered.
    pub setup: Setup,
    /// Whose pages may ask.
    pub origins: Arc<Origins>,
    pub cookies: Cookies,
    pub failed_logins: FailedLogins,
    known_keys: KnownKeys,
}

/// The layer's innermost part: the observer around it writes the bodies of errors.
pub async fn guard(gate: &Gate, mut request: Request, next: Next) -> Response {
    let (permission, shown) = match asked(&request) {
        Ok(Some(asked)) => asked,
        Ok(None) => return next.run(request).await,
        Err(error) => return refuse(&error, &request),
    };
    let is_operators = matches!(permission, Permission::Operator | Permission::AdminOrOperator);
    if let (true, Shown::InHead(text)) = (is_operators, &shown)
        && operator::is(&gate.operator, text.as_bytes())
    {
        request.extensions_mut().insert(Operator);
        return next.run(request).await;
    }
    match gate.admit(&shown, permission, (request.method(), request.headers())).await {
        Ok(caller) => {
            if let Shown::InCookie(_) = shown {
                request.extensions_mut().insert(ByCookie);
            }
            if is_operators && caller.is_superadmin() {
                request.extensions_mut().insert(Operator);
            }
            request.extensions_mut().insert(RequestTenant(caller.tenant));
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

fn refuse(error: &ApiError, request: &Request) -> Response {
    let mut response = error.clone().into_response();
    let matched = request.extensions().get::<MatchedPath>();
    if let (ApiError::MethodNotAllowed { .. }, Some(matched)) = (error, matched) {
        let allow = HeaderValue::from_str(&permissions::methods(matched.as_str()));
        response.headers_mut().insert(header::ALLOW, allow.expect("methods are plain words"));
    }
    response
}

/// What the route needs and the credential that came, if it needs one. Addresses without a route are answered by the
/// router.
fn asked(request: &Request) -> Result<Option<(Permission, Shown)>, ApiError> {
    let Some(matched) = request.extensions().get::<MatchedPath>() else { return Ok(None) };
    match permissions::asked(request.method(), matched.as_str()) {
        Asked::Permission(Permission::Anyone | Permission::Socket(_)) => Ok(None),
        Asked::Permission(permission) => Ok(Some((permission, shown(request.headers())?))),
        Asked::OtherMethods => Err(refused_method(request)),
        Asked::Unknown => {
            tracing::error!(route = matched.as_str(), "a route has no permission in the table and is closed");
            Err(ApiError::Forbidden { reason: "this address is closed".to_owned() })
        }
    }
}

/// A cookie counts only if nothing else does: browsers add it by themselves.
fn shown(headers: &HeaderMap) -> Result<Shown, ApiError> {
    match cookies::session(headers) {
        Some(token) if !credential::is_given(headers) => Ok(Shown::InCookie(token.to_owned())),
        _ => credential::of(headers).map(Shown::InHead),
    }
}

fn refused_method(request: &Request) -> ApiError {
    let method: &Method = request.method();
    ApiError::MethodNotAllowed { path: request.uri().path().to_owned(), method: method.to_string() }
}

impl Gate {
    /// With the usual limits. `hashes_at_once`: how many passwords are hashed at the same time.
    pub fn new(
        accounts: Accounts,
        cache: Arc<dyn Cache>,
        key: &TokenKey,
        hashes_at_once: usize,
    ) -> Result<Self, PasswordError> {
        let randomness = Arc::clone(&accounts.randomness);
        Ok(Self {
            tokens: AccessTokens::new(key),
            passwords: Passwords::new(hashes_at_once, Arc::clone(&randomness))?,
            cache,
            randomness,
            account_limits: AccountLimits::default(),
            limits: CredentialLimits::default(),
            settings: antler_config::Accounts::default(),
            operator: Secret::default(),
            setup: Setup::default(),
            origins: Arc::default(),
            cookies: Cookies::new(PageCodes::new(key)),
            known_keys: KnownKeys::new(),
            failed_logins: FailedLogins::new(accounts.clone(), &CredentialLimits::default()),
            accounts,
        })
    }

    /// Who asks, if that one may.
    async fn admit(
        &self,
        shown: &Shown,
        permission: Permission,
        (method, headers): (&Method, &HeaderMap),
    ) -> Result<Caller, ApiError> {
        let (Shown::InHead(text) | Shown::InCookie(text)) = shown;
        let caller = self.authenticate(text).await?;
        caller.check(permission)?;
        match (shown, &caller.identity) {
            (Shown::InCookie(_), Identity::Person { session, .. }) if !method.is_safe() => {
                self.cookies.check(*session, headers)?;
            }
            (Shown::InCookie(_), Identity::Key { .. }) => {
                return Err(unauthorized("an API key is no login; send it in the header Authorization"));
            }
            _ => {}
        }
        Ok(caller)
    }

    /// Whose credential it is, as far as it counts now: an access token or an API key.
    pub async fn authenticate(&self, credential: &str) -> Result<Caller, ApiError> {
        match secret::parse_api_key(credential) {
            Some((id, secret)) => self.key_shown(id, secret).await,
            None => {
                let now = self.accounts.clock.now();
                let bearer =
                    self.tokens.check(credential, now).map_err(|error| unauthorized(&error.to_string()))?;
                self.person(bearer.tenant, bearer).await
            }
        }
    }

    /// Asks again whether a caller still counts, for sockets that stay open.
    pub async fn check_again(&self, caller: &Caller) -> Result<Caller, ApiError> {
        match &caller.identity {
            Identity::Person { user, session, epoch, .. } => {
                let (tenant, user, session, epoch) = (caller.tenant, *user, *session, *epoch);
                self.person(tenant, Bearer { tenant, user, session, epoch }).await
            }
            Identity::Key { id, .. } => Ok(self.key_caller(caller.tenant, *id).await?.0),
        }
    }

    /// Whose key this is, if it is the one of that secret.
    async fn key_shown(&self, id: KeyId, secret: SecretHash) -> Result<Caller, ApiError> {
        let views = &self.accounts.views;
        let changes = views.changes();
        if let Some(caller) = self.known_keys.caller(id, secret, changes, self.accounts.clock.now()) {
            return Ok(caller);
        }
        let found = views.key_by_secret(secret).await.map_err(unreadable)?;
        let Some((tenant, _)) = found.filter(|(_, key)| *key == id) else {
            return Err(unauthorized("the API key is not known here; check it, or create a new one"));
        };
        let (caller, expires_at) = self.key_caller(tenant, id).await?;
        self.known_keys.remember((id, secret), caller.clone(), expires_at, changes);
        Ok(caller)
    }

    async fn person(&self, tenant: TenantId, bearer: Bearer) -> Result<Caller, ApiError> {
        let Bearer { user, session, epoch, .. } = bearer;
        let views = &self.accounts.views;
        let ended = || unauthorized("the login has ended; log in again");
        let account = views.account(tenant, user).await.map_err(unreadable)?.and_then(|kept| kept.state);
        if !account.is_some_and(|account| account.honours(epoch)) {
            return Err(ended());
        }
        let kept = views.session(tenant, session).await.map_err(unreadable)?.and_then(|kept| kept.state);
        let now = self.accounts.clock.now();
        if !kept.is_some_and(|kept| kept.user == user && kept.is_live(now)) {
            return Err(ended());
        }
        let role = self.role(tenant, user).await?;
        Ok(Caller { tenant, identity: Identity::Person { user, session, epoch, role } })
    }

    /// The caller that a key stands for, and when the key expires.
    async fn key_caller(&self, tenant: TenantId, id: KeyId) -> Result<(Caller, Option<Timestamp>), ApiError> {
        let kept = self.accounts.views.key(tenant, id).await.map_err(unreadable)?.and_then(|kept| kept.state);
        let key = kept.ok_or_else(|| unauthorized("the API key is not known here; create a new one"))?;
        if key.revoked {
            return Err(unauthorized("the API key has been revoked; create a new one"));
        }
        if !key.is_live(self.accounts.clock.now()) {
            return Err(unauthorized("the API key has expired; create a new one"));
        }
        let role = self.role(tenant, key.owner).await?;
        let allowed = permissions::scopes_of(role);
        let scopes = key.scopes.into_iter().filter(|scope| allowed.contains(scope)).collect();
        let identity = Identity::Key { id, owner: key.owner, scopes, streams: key.streams };
        Ok((Caller { tenant, identity }, key.expires_at))
    }

    /// The role of somebody in a tenant that is not closed.
    async fn role(&self, tenant: TenantId, user: UserId) -> Result<Role, ApiError> {
        let found = self.accounts.views.tenant(tenant).await.map_err(unreadable)?.and_then(|kept| kept.state);
        let found = found.filter(|found| found.standing != Standing::Closed);
        found
            .and_then(|found| found.role_of(user))
            .ok_or_else(|| unauthorized("the account does not belong to the tenant any more"))
    }
}

fn unauthorized(reason: &str) -> ApiError {
    ApiError::Unauthorized { reason: reason.to_owned() }
}

fn unreadable(error: ViewError) -> ApiError {
    error.into()
}

impl From<ViewError> for ApiError {
    fn from(error: ViewError) -> Self {
        tracing::error!(%error, "the views cannot be asked");
        Self::Unavailable { reason: "accounts cannot be looked up at the moment; try again soon".to_owned() }
    }
}

/// What a caller can mend is told; what is ours is logged.
impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let reason = error.to_string();
        match error {
            AccountError::UsernameTaken => Self::Conflict { field: "username", reason },
            AccountError::EmailTaken => Self::Conflict { field: "email", reason },
            AccountError::Session(_) | AccountError::TokenReused | AccountError::LoginRevoked => {
                Self::Unauthorized { reason: with_way_out(&reason) }
            }
            AccountError::Tenant(_)
            | AccountError::Member(_)
            | AccountError::Key(_)
            | AccountError::Name(_)
            | AccountError::Search(_)
            | AccountError::Upload(_) => Self::Conflict { field: "account", reason },
            AccountError::Contended | AccountError::ViewsBehind => Self::Unavailable { reason },
            AccountError::Views(error) => error.into(),
            AccountError::Append(error) => {
                tracing::error!(%error, "a change of an account was not recorded");
                let reason = "the change could not be stored at the moment; try again soon".to_owned();
                Self::Unavailable { reason }
            }
            AccountError::Read(_)
            | AccountError::Event(_)
            | AccountError::Id(_)
            | AccountError::Randomness(_) => {
                tracing::error!(%error, "a command on an account failed");
                Self::Internal
            }
        }
    }
}

fn with_way_out(reason: &str) -> String {
    match reason.contains("log in again") {
        true => reason.to_owned(),
        false => format!("{reason}; log in again"),
    }
}

impl Caller {
    /// May the caller do what the route does?
    pub fn check(&self, permission: Permission) -> Result<(), ApiError> {
        match (permission, &self.identity) {
            (Permission::Anyone, _) | (Permission::Person, Identity::Person { .. }) => Ok(()),
            (Permission::Person, Identity::Key { .. }) => Err(ApiError::Forbidden {
                reason: "an API key cannot do this; log in and use the access token".to_owned(),
            }),
            (Permission::Scope(scope) | Permission::Socket(scope), _) => self.check_scope(scope),
            (Permission::AdminOrOperator, _) => self.check_scope(Scope::Admin),
            (Permission::Operator, _) if self.is_superadmin() => Ok(()),
            (Permission::Operator, _) => Err(ApiError::Forbidden {
                reason:
                    "this is the operator's: send the token that is set as listeners.operator_token, or log \
                         in as a superadmin"
                        .to_owned(),
            }),
        }
    }

    fn check_scope(&self, scope: Scope) -> Result<(), ApiError> {
        let scopes = self.scopes();
        if scopes.contains(&scope) || scope == Scope::Audit && scopes.contains(&Scope::Admin) {
            return Ok(());
        }
        let reason = match &self.identity {
            Identity::Person { role, .. } => {
                format!("the role {role} may not {scope} here; ask an admin of the tenant for another role")
            }
            Identity::Key { .. } => format!("the API key has not the scope {scope}; create one that has it"),
        };
        Err(ApiError::Forbidden { reason })
    }
}
