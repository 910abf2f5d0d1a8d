//! API keys: creating, changing and revoking them.
//!
//! Invariant: a key that was revoked, or a secret that was replaced, is refused by whoever asks the views from then on. It never sees a secret.

use std::collections::BTreeSet;

use antler_events::access::{Scope, StreamPatterns};
use antler_events::clock::Timestamp;
use antler_events::event::Cause;
use antler_events::event::key::{self, KeyChanged, KeyCommand};
use antler_events::identity::{DisplayName, SecretHash};
use antler_events::ids::{KeyId, TenantId, UserId};

use super::aggregate::Keys;
use super::{AccountError, Accounts};

/// A key that is wanted.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub id: KeyId,
    pub name: DisplayName,
    pub owner: UserId,
    pub secret: SecretHash,
    pub scopes: BTreeSet<Scope>,
    pub streams: StreamPatterns,
    pub expires_at: Option<Timestamp>,
}

impl Accounts {
    pub async fn create_key(&self, tenant: TenantId, new: NewKey, cause: &Cause) -> Result<(), AccountError> {
        let decide = |state: &_| {
            let NewKey { id: _, name, owner, secret, scopes, streams, expires_at } = new.clone();
            let now = self.clock.now();
            let command = KeyCommand::Create { name, owner, secret, scopes, streams, expires_at, now };
            key::decide(state, command)
        };
        self.execute::<Keys>(tenant, new.id, cause, decide).await?;
        Ok(())
    }

    pub async fn change_key(
        &self,
        tenant: TenantId,
        id: KeyId,
        changed: KeyChanged,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let now = self.clock.now();
        let decide = |state: &_| key::decide(state, KeyCommand::Change { changed: changed.clone(), now });
        self.execute::<Keys>(tenant, id, cause, decide).await?;
        Ok(())
    }

    pub async fn replace_key_secret(
        &self,
        tenant: TenantId,
        id: KeyId,
        secret: SecretHash,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| key::decide(state, KeyCommand::ReplaceSecret { secret });
        self.execute::<Keys>(tenant, id, cause, decide).await?;
        Ok(())
    }

    /// Revoking a key that is revoked already changes nothing.
    pub async fn revoke_key(&self, tenant: TenantId, id: KeyId, cause: &Cause) -> Result<(), AccountError> {
        self.execute::<Keys>(tenant, id, cause, |state| key::decide(state, KeyCommand::Revoke)).await?;
        Ok(())
    }
}
