//! What mails are about: their own course, an address that is verified, a password that is reset.
//!
//! Invariant: the link of a reset changes one password: whatever ends the logins of the account ends the link. It sends
//! nothing and sees no secret: the post office and the gateway do.

use antler_events::event::Cause;
use antler_events::event::mail::{self, MailCommand};
use antler_events::event::member::{self, Epoch, MemberCommand};
use antler_events::identity::{Email, PasswordHash};
use antler_events::ids::{MailId, TenantId, UserId};

use super::aggregate::{Mails, Members};
use super::{AccountError, Accounts};

/// Who asks for another password by a link.
#[derive(Debug, Clone)]
pub struct Reset {
    pub user: UserId,
    /// Of the account when the link was sent, and where it was sent.
    pub epoch: Epoch,
    pub email: Email,
    pub password: PasswordHash,
}

impl Accounts {
    pub fn new_mail_id(&self) -> Result<MailId, AccountError> {
        Ok(MailId::parse(&self.draw()?)?)
    }

    pub async fn command_mail(
        &self,
        tenant: TenantId,
        id: MailId,
        command: MailCommand,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| mail::decide(state, command.clone());
        self.execute::<Mails>(tenant, id, cause, decide).await?;
        Ok(())
    }

    /// Verifying what is verified already changes nothing.
    pub async fn verify_email(
        &self,
        tenant: TenantId,
        user: UserId,
        email: Email,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| member::decide(state, MemberCommand::VerifyEmail { email: email.clone() });
        self.execute::<Members>(tenant, user, cause, decide).await?;
        Ok(())
    }

    /// All logins of the account end.
    pub async fn reset_password(
        &self,
        tenant: TenantId,
        reset: Reset,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let decide = |state: &_| {
            let Reset { epoch, email, password, .. } = reset.clone();
            member::decide(state, MemberCommand::ResetPassword { epoch, email, password })
        };
        self.execute::<Members>(tenant, reset.user, cause, decide).await?;
        Ok(())
    }
}
