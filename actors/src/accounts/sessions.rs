//! Logins: finding an account by what was typed, and opening, renewing and ending sessions.
//!
//! Invariant: a session is renewed only while its account honours the epoch in which it began and its member belongs to
//! the tenant. It does not check passwords: the gateway holds them against the hash that is found here.

use std::net::IpAddr;

use antler_events::access::Role;
use antler_events::clock::Timestamp;
use antler_events::event::member::{Account, Epoch};
use antler_events::event::name;
use antler_events::event::session::{self, Session, SessionCommand, SessionEndReason, SessionEvent};
use antler_events::event::{Actor, Cause};
use antler_events::identity::{DisplayName, SecretHash};
use antler_events::ids::{SessionId, TenantId, UserId};
use antler_projections::views::control::Kept;

use super::aggregate::Sessions;
use super::{AccountError, Accounts};

/// The account that a name leads to.
#[derive(Debug, Clone)]
pub struct LoginName {
    pub tenant: TenantId,
    pub user: UserId,
    pub account: Account,
    /// None if the account does not belong to its tenant any more.
    pub role: Option<Role>,
}

/// A login that was checked.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub user: UserId,
    /// Of the account when it was checked.
    pub epoch: Epoch,
    /// Hash of the first refresh token, and how long it is good.
    pub token: SecretHash,
    pub expires_at: Timestamp,
    /// From where, and by which program, if that is known.
    pub address: Option<IpAddr>,
    pub agent: Option<DisplayName>,
}

/// A refresh token against a new one.
#[derive(Debug, Clone, Copy)]
pub struct Renewal {
    pub session: SessionId,
    pub presented: SecretHash,
    pub next: SecretHash,
    pub expires_at: Timestamp,
}

impl Accounts {
    /// The account behind a username or e-mail address.
    pub async fn find_login(&self, typed: &str) -> Result<Option<LoginName>, AccountError> {
        let claim = self.views.name(name::typed_key(typed)).await?.and_then(|kept| kept.state);
        let Some(name::Holder { tenant, user }) = claim.map(|claim| claim.holder) else { return Ok(None) };
        let Some(account) = self.views.account(tenant, user).await?.and_then(|kept| kept.state) else {
            return Ok(None);
        };
        if account.closed {
            return Ok(None);
        }
        let role = self.role(tenant, user).await?;
        Ok(Some(LoginName { tenant, user, account, role }))
    }

    /// The role of a user who belongs to the tenant.
    pub async fn role(&self, tenant: TenantId, user: UserId) -> Result<Option<Role>, AccountError> {
        let found = self.views.tenant(tenant).await?.and_then(|kept| kept.state);
        Ok(found.and_then(|found| found.role_of(user)))
    }

    pub async fn open_session(
        &self,
        tenant: TenantId,
        new: NewSession,
        cause: &Cause,
    ) -> Result<SessionId, AccountError> {
        let session = SessionId::parse(&self.draw()?)?;
        let NewSession { user, epoch, token, expires_at, address, agent } = new;
        let command = SessionCommand::Open { user, epoch, token, expires_at, address, agent };
        let decide = |state: &_| session::decide(state, command.clone());
        self.execute::<Sessions>(tenant, session, cause, decide).await?;
        Ok(session)
    }

    /// Takes a refresh token for a new one. A token that was used before ends the session instead.
    pub async fn renew_session(
        &self,
        tenant: TenantId,
        renewal: Renewal,
        cause: &Cause,
    ) -> Result<Session, AccountError> {
        let Renewal { session: id, presented, next, expires_at } = renewal;
        let (known, _) = self.state::<Sessions>(tenant, id).await?;
        let mut cause = *cause;
        if let Some(session) = &known {
            self.check_login(tenant, session).await?;
            cause = cause.of(Actor::User(session.user));
        }
        let command = SessionCommand::Renew { presented, next, expires_at, now: self.clock.now() };
        let decide = |state: &_| session::decide(state, command.clone());
        let events = self.execute::<Sessions>(tenant, id, &cause, decide).await?;
        if events.iter().any(|event| matches!(event, SessionEvent::Ended(_))) {
            return Err(AccountError::TokenReused);
        }
        known.ok_or(AccountError::Session(session::SessionRejection::NotOpened))
    }

    pub async fn end_session(
        &self,
        tenant: TenantId,
        session: SessionId,
        reason: SessionEndReason,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| session::decide(state, SessionCommand::End { reason });
        self.execute::<Sessions>(tenant, session, cause, decide).await?;
        Ok(())
    }

    /// Sessions of a user that count now, those that end first before the others.
    pub async fn live_sessions(
        &self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Vec<(SessionId, Kept<Session>)>, AccountError> {
        let account = self.views.account(tenant, user).await?.and_then(|kept| kept.state);
        let Some(account) = account else { return Ok(Vec::new()) };
        let mut found = self.views.live_sessions(tenant, user, self.clock.now()).await?;
        found.retain(|(_, kept)| kept.state.as_ref().is_some_and(|session| account.honours(session.epoch)));
        Ok(found)
    }

    async fn check_login(&self, tenant: TenantId, session: &Session) -> Result<(), AccountError> {
        let account = self.views.account(tenant, session.user).await?.and_then(|kept| kept.state);
        let honoured = account.is_some_and(|account| account.honours(session.epoch));
        match honoured && self.role(tenant, session.user).await?.is_some() {
            true => Ok(()),
            false => Err(AccountError::LoginRevoked),
        }
    }
}
