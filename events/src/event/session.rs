//! A session: one login of a person, kept alive by refresh tokens of which each is good once.
//!
//! Invariant: an ended session stays ended. A refresh token that was used before ends it, because then two parties
//! have it and one of them is a thief. It never sees a token, only its SHA-256, and does not know of access tokens.

use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::event::member::Epoch;
use crate::identity::{DisplayName, SecretHash};
use crate::ids::UserId;

pub mod wire;

pub use wire::{
    SessionEndReasonV1 as SessionEndReason, SessionEndedV1 as SessionEnded, SessionOpenedV2 as SessionOpened,
    SessionRenewedV1 as SessionRenewed,
};

/// So many used tokens are remembered; an older one is refused like one that never was.
pub const USED_TOKENS_MAX: usize = 64;

/// `None` until the session is opened.
pub type SessionState = Option<Session>;

/// A login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub user: UserId,
    /// Of the account, when the person logged in.
    pub epoch: Epoch,
    /// The refresh token that is good now, and until when.
    pub token: SecretHash,
    pub expires_at: Timestamp,
    /// The ones before, the newest last.
    pub used: Vec<SecretHash>,
    pub ended: Option<SessionEndReason>,
    /// From where it was opened, and by which program, if that is known.
    pub address: Option<IpAddr>,
    pub agent: Option<DisplayName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCommand {
    Open {
        user: UserId,
        epoch: Epoch,
        token: SecretHash,
        expires_at: Timestamp,
        address: Option<IpAddr>,
        agent: Option<DisplayName>,
    },
    Renew {
        presented: SecretHash,
        next: SecretHash,
        expires_at: Timestamp,
        now: Timestamp,
    },
    End {
        reason: SessionEndReason,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    Opened(SessionOpened),
    Renewed(SessionRenewed),
    Ended(SessionEnded),
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionRejection {
    #[error("the session does not exist")]
    NotOpened,
    #[error("the session exists already")]
    AlreadyOpened,
    #[error("the session has ended")]
    Ended,
    #[error("the session has expired")]
    Expired,
    #[error("the refresh token is not one of this session")]
    UnknownToken,
}

type Decision = Result<Vec<SessionEvent>, SessionRejection>;

/// What happens on a command. A renewal with a used token is obeyed by ending the session.
pub fn decide(state: &SessionState, command: SessionCommand) -> Decision {
    match (state, command) {
        (None, SessionCommand::Open { user, epoch, token, expires_at, address, agent }) => {
            let opened = SessionOpened { user, epoch, token, expires_at, address, agent };
            Ok(vec![SessionEvent::Opened(opened)])
        }
        (None, _) => Err(SessionRejection::NotOpened),
        (Some(_), SessionCommand::Open { .. }) => Err(SessionRejection::AlreadyOpened),
        (Some(session), SessionCommand::End { .. }) if session.ended.is_some() => Ok(vec![]),
        (Some(_), SessionCommand::End { reason }) => Ok(vec![SessionEvent::Ended(SessionEnded { reason })]),
        (Some(session), SessionCommand::Renew { presented, next, expires_at, now }) => {
            session.renew(presented, SessionRenewed { token: next, expires_at }, now)
        }
    }
}

/// Takes an event into the state. An event that does not fit changes nothing; `decide` makes none.
pub fn evolve(state: &mut SessionState, event: &SessionEvent) {
    match (state, event) {
        (state @ None, SessionEvent::Opened(opened)) => *state = Some(Session::opened(opened)),
        (Some(session), SessionEvent::Renewed(renewed)) => session.take(renewed),
        (Some(session), SessionEvent::Ended(SessionEnded { reason })) => {
            session.ended.get_or_insert(*reason);
        }
        (None, _) | (Some(_), SessionEvent::Opened(_)) => {}
    }
}

impl Session {
    /// Do access tokens of this session still count?
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at
    }

    fn opened(opened: &SessionOpened) -> Self {
        let SessionOpened { user, epoch, token, expires_at, address, agent } = opened.clone();
        Self { user, epoch, token, expires_at, used: Vec::new(), ended: None, address, agent }
    }

    fn renew(&self, presented: SecretHash, renewed: SessionRenewed, now: Timestamp) -> Decision {
        // These are hashes of random secrets: the time of the comparison tells nothing about a secret.
        if self.ended.is_some() {
            return Err(SessionRejection::Ended);
        }
        if self.used.contains(&presented) {
            return Ok(vec![SessionEvent::Ended(SessionEnded { reason: SessionEndReason::TokenReused })]);
        }
        if presented != self.token {
            return Err(SessionRejection::UnknownToken);
        }
        if now >= self.expires_at {
            return Err(SessionRejection::Expired);
        }
        Ok(vec![SessionEvent::Renewed(renewed)])
    }

    fn take(&mut self, renewed: &SessionRenewed) {
        if self.used.len() >= USED_TOKENS_MAX {
            self.used.remove(0);
        }
        self.used.push(self.token);
        self.token = renewed.token;
        self.expires_at = renewed.expires_at;
    }
}

#[cfg(test)]
mod tests;
