//! Who may do what: a layer around all routes that names the caller, or refuses.
//!
//! The table of permissions says what each route needs; the layer finds the credential, asks the views whom it belongs to
//! and what that one may do now, and hands the caller on. So a revoked key, an ended session, a changed role count from
//! the next request on.
//! Invariant: a route that the table does not name answers nobody. The tenant comes from the credential only.
//! It does not read bodies or query strings: sockets hand their token to `Gate::authenticate`.

mod attempts;
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
use antler_actors::key_use::KeyUse;
use antler_actors::post::PostOffice;
use antler_actors::usage::Usage;
use antler_config::Secret;
use antler_config::limits::{AccountLimits, CredentialLimits, RateLimits};
use antler_events::access::{Role, Scope, StreamPatterns};
use antler_events::clock::Timestamp;
use antler_events::event::member::Account;
use antler_events::event::tenant::Standing;
use antler_events::identity::SecretHash;
use antler_events::ids::{KeyId, TenantId, UserId};
use antler_events::randomness::Randomness;
use antler_projections::cache::port::Cache;
use antler_projections::views::port::ViewError;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

pub use self::attempts::{Attempt, Attempts};
pub(super) use self::caller::cause;
pub use self::caller::{Caller, Identity};
use self::cookies::Cookies;
pub(super) use self::cookies::{ByCookie, Kept};
use self::known_keys::KnownKeys;
pub use self::operator::Operator;
use self::permissions::{Asked, Permission};
use super::error::ApiError;
use super::origins::Origins;
use super::rates::{Allowance, Rates};
use super::route_class::RouteClass;
use super::search::RequestTenant;
use crate::credentials::access_token::{AccessTokens, Bearer};
use crate::credentials::mail_secrets::MailSecrets;
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
    /// None: this server sends no mail.
    pub post: Option<PostOffice>,
    /// Of the links in mails, and what all links begin with.
    pub secrets: MailSecrets,
    pub site: String,
    /// When API keys were used.
    pub key_use: Arc<KeyUse>,
    /// What tenants have sent today.
    pub usage: Arc<Usage>,
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
    /// How often somebody may ask.
    pub rates: Rates,
    /// Of passwords.
    pub attempts: Attempts,
    pub failed_logins: FailedLogins,
    known_keys: KnownKeys,
}

/// The layer's innermost part: the observer around it writes the bodies of errors.
pub async fn guard(gate: &Gate, class: RouteClass, mut request: Request, next: Next) -> Response {
    let named = gate.name(&mut request).await;
    let allowance = match class.is_counted() {
        true => gate.rates.take(request.extensions()).await,
        false => Ok(Allowance::default()),
    };
    let (mut response, allowance) = match (allowance, named) {
        (Ok(allowance), Ok(())) => (next.run(request).await, allowance),
        (Ok(allowance), Err(error)) => (error.into_response(), allowance),
        (Err((error, allowance)), _) => (error.into_response(), allowance),
    };
    allowance.show(response.headers_mut());
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
    /// Puts into the request who asks, if that one may.
    async fn name(&self, request: &mut Request) -> Result<(), ApiError> {
        let Some((permission, shown)) = asked(request)? else { return Ok(()) };
        let is_operators = matches!(permission, Permission::Operator | Permission::AdminOrOperator);
        if let (true, Shown::InHead(text)) = (is_operators, &shown)
            && operator::is(&self.operator, text.as_bytes())
        {
            request.extensions_mut().insert(Operator);
            return Ok(());
        }
        let caller = self.admit(&shown, permission, (request.method(), request.headers())).await?;
        caller.check_streams(request)?;
        if let Shown::InCookie(_) = shown {
            request.extensions_mut().insert(ByCookie);
        }
        if is_operators && caller.is_superadmin() {
            request.extensions_mut().insert(Operator);
        }
        request.extensions_mut().insert(RequestTenant(caller.tenant));
        request.extensions_mut().insert(caller);
        Ok(())
    }

    /// With the usual limits. `hashes_at_once`: how many passwords are hashed at the same time.
    pub fn new(
        (accounts, usage, key_use): (Accounts, Arc<Usage>, Arc<KeyUse>),
        cache: Arc<dyn Cache>,
        key: &TokenKey,
        hashes_at_once: usize,
    ) -> Result<Self, PasswordError> {
        let randomness = Arc::clone(&accounts.randomness);
        Ok(Self {
            tokens: AccessTokens::new(key),
            post: None,
            secrets: MailSecrets::new(key),
            site: String::new(),
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
            attempts: Attempts::default(),
            rates: Rates::new(&RateLimits::default(), None, Arc::clone(&accounts.clock)),
            known_keys: KnownKeys::new(),
            failed_logins: FailedLogins::new(accounts.clone(), &CredentialLimits::default()),
            accounts,
            key_use,
            usage,
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
        let (changes, now) = (views.changes(), self.accounts.clock.now());
        if let Some(caller) = self.known_keys.caller(id, secret, changes, now) {
            self.key_use.note(caller.tenant, id, now);
            return Ok(caller);
        }
        let found = views.key_by_secret(secret).await.map_err(unreadable)?;
        let Some((tenant, _)) = found.filter(|(_, key)| *key == id) else {
            return Err(unauthorized("the API key is not known here; check it, or create a new one"));
        };
        let (caller, expires_at) = self.key_caller(tenant, id).await?;
        self.known_keys.remember((id, secret), caller.clone(), expires_at, changes);
        self.key_use.note(tenant, id, now);
        Ok(caller)
    }

    async fn person(&self, tenant: TenantId, bearer: Bearer) -> Result<Caller, ApiError> {
        let Bearer { user, session, epoch, .. } = bearer;
        let views = &self.accounts.views;
        let ended = || unauthorized("the login has ended; log in again");
        let account = views.account(tenant, user).await.map_err(unreadable)?.and_then(|kept| kept.state);
        let account = account.filter(|account| account.honours(epoch)).ok_or_else(ended)?;
        let kept = views.session(tenant, session).await.map_err(unreadable)?.and_then(|kept| kept.state);
        let now = self.accounts.clock.now();
        if !kept.is_some_and(|kept| kept.user == user && kept.is_live(now)) {
            return Err(ended());
        }
        let role = self.role(tenant, user).await?;
        let identity = Identity::Person { user, session, epoch, role };
        Ok(Caller { tenant, identity, is_unverified: self.is_unverified(&account) })
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
        let is_unverified = self.owner_is_unverified(tenant, key.owner).await?;
        Ok((Caller { tenant, identity, is_unverified }, key.expires_at))
    }

    /// Looked up only where it matters.
    async fn owner_is_unverified(&self, tenant: TenantId, owner: UserId) -> Result<bool, ApiError> {
        if !self.settings.require_verified_email {
            return Ok(false);
        }
        let owner = self.accounts.views.account(tenant, owner).await.map_err(unreadable)?;
        Ok(owner.and_then(|kept| kept.state).is_some_and(|owner| self.is_unverified(&owner)))
    }

    fn is_unverified(&self, account: &Account) -> bool {
        self.settings.require_verified_email && !account.email_verified
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
            | AccountError::Mail(_)
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

/// Says that something is of no stream, or of others.
pub(crate) fn beyond_streams(streams: &StreamPatterns) -> ApiError {
    let reason = format!(
        "the API key is kept to the streams {streams}, and this is not about lines of these alone; take a key without \
         streams"
    );
    ApiError::Forbidden { reason }
}

const UNVERIFIED: &str = "verify the e-mail address of the account first: open the link that was sent to it, or have another one \
                          sent under /api/auth/verify-email/resend/";

impl Caller {
    /// May the caller do what the route does?
    pub fn check(&self, permission: Permission) -> Result<(), ApiError> {
        if self.is_unverified && !matches!(permission, Permission::Anyone | Permission::Person) {
            return Err(ApiError::Forbidden { reason: UNVERIFIED.to_owned() });
        }
        match (permission, &self.identity) {
            (Permission::Anyone, _) | (Permission::Person, Identity::Person { .. }) => Ok(()),
            (Permission::Administrator, Identity::Person { .. }) => self.check_scope(Scope::Admin),
            (Permission::Person | Permission::Administrator, Identity::Key { .. }) => {
                Err(ApiError::Forbidden {
                    reason: "an API key cannot do this; log in and use the access token".to_owned(),
                })
            }
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

    /// Does the route keep to the streams that the caller is kept to?
    fn check_streams(&self, request: &Request) -> Result<(), ApiError> {
        let matched = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        match self.kept_to() {
            Some(streams) if !permissions::is_of_streams(request.method(), matched) => {
                Err(beyond_streams(streams))
            }
            _ => Ok(()),
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
