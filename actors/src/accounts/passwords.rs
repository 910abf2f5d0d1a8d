//! Changing a password.
//!
//! Invariant: a new password ends all logins of the account. It does not check the old one: the gateway does.

use antler_events::event::Cause;
use antler_events::event::member::{self, Epoch, MemberCommand, MemberEvent};
use antler_events::identity::PasswordHash;
use antler_events::ids::{TenantId, UserId};

use super::aggregate::Members;
use super::{AccountError, Accounts};

impl Accounts {
    /// Answers the epoch that the account has now.
    pub async fn change_password(
        &self,
        tenant: TenantId,
        user: UserId,
        password: PasswordHash,
        cause: &Cause,
    ) -> Result<Epoch, AccountError> {
        let decide =
            |state: &_| member::decide(state, MemberCommand::ChangePassword { password: password.clone() });
        let events = self.execute::<Members>(tenant, user, cause, decide).await?;
        let epoch = events.iter().find_map(|event| match event {
            MemberEvent::PasswordChanged(changed) => Some(changed.epoch),
            _ => None,
        });
        epoch.ok_or(AccountError::Contended)
    }
}
