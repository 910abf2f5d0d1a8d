//! The account of a member: what a person logs in with, how logins end, and what it says of itself.
//!
//! Whether the person belongs to the tenant, and in which role, is the tenant's: see `tenant.rs`.
//! Invariants: the epoch never falls, and whatever ends logins raises it, so a token that names a lower
//! epoch is worthless; a closed account stays closed.
//! It does not keep names unique over tenants and does not record logins: an account knows only itself.

use std::collections::BTreeMap;

use self::wire::{AlertThresholdV1, ThemeV1};
use crate::identity::{Email, PasswordHash, Username};

pub mod profile;
pub mod wire;

pub use wire::{
    AccountClosedV1 as AccountClosed, AccountOpenedV1 as AccountOpened, EmailVerifiedV1 as EmailVerified,
    PasswordChangedV1 as PasswordChanged, ProfileChangedV1 as Profile, SessionsRevokedV1 as SessionsRevoked,
};

/// `None` until the account is opened.
pub type MemberState = Option<Account>;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub username: Username,
    pub email: Email,
    /// Has somebody who reads mails to the address said that it is this account's?
    pub email_verified: bool,
    pub password: PasswordHash,
    pub epoch: Epoch,
    pub closed: bool,
    pub profile: Profile,
}

impl Default for Profile {
    /// Of somebody who has said nothing.
    fn default() -> Self {
        Self {
            first_name: None,
            last_name: None,
            avatar: None,
            bio: None,
            theme: ThemeV1::System,
            timezone: None,
            email: true,
            browser: true,
            slack: false,
            default_dashboard: None,
            email_alerts: true,
            push_notifications: true,
            alert_threshold: AlertThresholdV1::Medium,
            metadata: BTreeMap::new(),
        }
    }
}

/// How often the logins of an account have been ended.
pub type Epoch = u64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberCommand {
    OpenAccount {
        username: Username,
        email: Email,
        password: PasswordHash,
        profile: Profile,
    },
    /// Only if the profile is still what it was when the change was made.
    ChangeProfile {
        was: Box<Profile>,
        profile: Box<Profile>,
    },
    VerifyEmail {
        email: Email,
    },
    /// By a link that was sent to the address when the account had this epoch. Ends all logins, and so all such links.
    ResetPassword {
        epoch: Epoch,
        email: Email,
        password: PasswordHash,
    },
    /// Ends all logins too: whoever knew the old password is out.
    ChangePassword {
        password: PasswordHash,
    },
    /// Logout everywhere.
    RevokeSessions,
    CloseAccount,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberEvent {
    AccountOpened(AccountOpened),
    PasswordChanged(PasswordChanged),
    SessionsRevoked(SessionsRevoked),
    AccountClosed(AccountClosed),
    ProfileChanged(Profile),
    EmailVerified(EmailVerified),
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberRejection {
    #[error("the account does not exist")]
    NotOpened,
    #[error("the account exists already")]
    AlreadyOpened,
    #[error("the account is closed")]
    Closed,
    #[error("the profile was changed by another request at the same time; look at it and try again")]
    ProfileChangedMeanwhile,
    #[error("the account has another e-mail address")]
    OtherEmail,
    #[error(
        "the link was used, or the logins of the account have ended since it was sent; ask for a new one"
    )]
    LinkSpent,
}

type Decision = Result<Vec<MemberEvent>, MemberRejection>;

/// What happens on a command. A command that asks for what is so already is obeyed without an event.
pub fn decide(state: &MemberState, command: MemberCommand) -> Decision {
    match (state, command) {
        (None, MemberCommand::OpenAccount { username, email, password, profile }) => {
            let opened = MemberEvent::AccountOpened(AccountOpened { username, email, password });
            let said = (profile != Profile::default()).then_some(MemberEvent::ProfileChanged(profile));
            Ok([opened].into_iter().chain(said).collect())
        }
        (None, _) => Err(MemberRejection::NotOpened),
        (Some(account), command) => account.decide(command),
    }
}

/// Takes an event into the state. An event that does not fit changes nothing; `decide` makes none.
pub fn evolve(state: &mut MemberState, event: &MemberEvent) {
    match (state, event) {
        (state @ None, MemberEvent::AccountOpened(opened)) => *state = Some(Account::opened(opened)),
        (Some(account), event) => account.evolve(event),
        (None, _) => {}
    }
}

impl Account {
    /// Does a token that was issued in `epoch` still count?
    pub fn honours(&self, epoch: Epoch) -> bool {
        !self.closed && epoch == self.epoch
    }

    fn opened(opened: &AccountOpened) -> Self {
        let AccountOpened { username, email, password } = opened.clone();
        let profile = Profile::default();
        Self { username, email, email_verified: false, password, epoch: 0, closed: false, profile }
    }

    fn decide(&self, command: MemberCommand) -> Decision {
        let epoch = self.epoch.saturating_add(1);
        match command {
            MemberCommand::OpenAccount { .. } => Err(MemberRejection::AlreadyOpened),
            MemberCommand::CloseAccount if self.closed => Ok(vec![]),
            _ if self.closed => Err(MemberRejection::Closed),
            MemberCommand::ChangePassword { password } => {
                Ok(vec![MemberEvent::PasswordChanged(PasswordChanged { password, epoch })])
            }
            MemberCommand::VerifyEmail { email } => self.verify(email),
            MemberCommand::ResetPassword { epoch: of_link, email, password } => {
                if of_link != self.epoch {
                    return Err(MemberRejection::LinkSpent);
                }
                let changed = MemberEvent::PasswordChanged(PasswordChanged { password, epoch });
                Ok(self.verify(email)?.into_iter().chain([changed]).collect())
            }
            MemberCommand::RevokeSessions => {
                Ok(vec![MemberEvent::SessionsRevoked(SessionsRevoked { epoch })])
            }
            MemberCommand::ChangeProfile { profile, .. } if *profile == self.profile => Ok(vec![]),
            MemberCommand::ChangeProfile { was, .. } if *was != self.profile => {
                Err(MemberRejection::ProfileChangedMeanwhile)
            }
            MemberCommand::ChangeProfile { profile, .. } => Ok(vec![MemberEvent::ProfileChanged(*profile)]),
            MemberCommand::CloseAccount => Ok(vec![MemberEvent::AccountClosed(AccountClosed { epoch })]),
        }
    }

    /// Whoever shows a link from a mail reads the mails to that address.
    fn verify(&self, email: Email) -> Decision {
        match (email == self.email, self.email_verified) {
            (false, _) => Err(MemberRejection::OtherEmail),
            (true, true) => Ok(vec![]),
            (true, false) => Ok(vec![MemberEvent::EmailVerified(EmailVerified { email })]),
        }
    }

    fn evolve(&mut self, event: &MemberEvent) {
        match event {
            MemberEvent::AccountOpened(_) => {}
            MemberEvent::PasswordChanged(PasswordChanged { password, epoch }) => {
                self.password = password.clone();
                self.epoch = self.epoch.max(*epoch);
            }
            MemberEvent::ProfileChanged(profile) => self.profile = profile.clone(),
            MemberEvent::EmailVerified(EmailVerified { email }) => {
                self.email_verified |= *email == self.email;
            }
            MemberEvent::SessionsRevoked(SessionsRevoked { epoch }) => self.epoch = self.epoch.max(*epoch),
            MemberEvent::AccountClosed(AccountClosed { epoch }) => {
                self.closed = true;
                self.epoch = self.epoch.max(*epoch);
            }
        }
    }
}

#[cfg(test)]
mod tests;
