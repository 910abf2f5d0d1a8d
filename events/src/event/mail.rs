//! A mail of the platform to one address: promised first, then sent or given up.
//!
//! Invariants: a mail that was sent or given up stays so; it names the address that it was promised to, whatever becomes of
//! the account. It holds no secret and no text: a link's secret is made from the mail's id with a key that the log has not,
//! and so can be made again after a crash. It does not say how often sending was tried.

use crate::clock::Timestamp;

pub mod wire;

pub use wire::{MailGivenUpV1 as MailGivenUp, MailKindV1 as MailKind, MailPromisedV1 as MailPromised};

/// `None` until the mail is promised.
pub type MailState = Option<Mail>;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub promised: MailPromised,
    pub stage: MailStage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailStage {
    Waiting,
    Sent,
    GivenUp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailCommand {
    Promise(MailPromised),
    NoteSent,
    GiveUp(MailGivenUp),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailEvent {
    Promised(MailPromised),
    Sent,
    GivenUp(MailGivenUp),
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailRejection {
    #[error("the mail was never promised")]
    NotPromised,
    #[error("the mail was promised already")]
    AlreadyPromised,
}

/// What happens on a command. A mail ends once; another end changes nothing.
pub fn decide(state: &MailState, command: MailCommand) -> Result<Vec<MailEvent>, MailRejection> {
    match (state, command) {
        (None, MailCommand::Promise(promised)) => Ok(vec![MailEvent::Promised(promised)]),
        (None, _) => Err(MailRejection::NotPromised),
        (Some(_), MailCommand::Promise(_)) => Err(MailRejection::AlreadyPromised),
        (Some(mail), _) if mail.stage != MailStage::Waiting => Ok(vec![]),
        (Some(_), MailCommand::NoteSent) => Ok(vec![MailEvent::Sent]),
        (Some(_), MailCommand::GiveUp(given_up)) => Ok(vec![MailEvent::GivenUp(given_up)]),
    }
}

/// Takes an event into the state. An event that does not fit changes nothing; `decide` makes none.
pub fn evolve(state: &mut MailState, event: &MailEvent) {
    match (state, event) {
        (state @ None, MailEvent::Promised(promised)) => {
            *state = Some(Mail { promised: promised.clone(), stage: MailStage::Waiting });
        }
        (Some(mail), MailEvent::Sent) => mail.stage = MailStage::Sent,
        (Some(mail), MailEvent::GivenUp(_)) => mail.stage = MailStage::GivenUp,
        (None, _) | (Some(_), MailEvent::Promised(_)) => {}
    }
}

impl MailKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Verification => "verification",
            Self::PasswordReset => "password_reset",
            Self::QuotaWarning => "quota_warning",
        }
    }
}

impl MailPromised {
    /// Does its link count now? One that seems to come from the future was made by a clock that was wrong, so nobody knows
    /// when it ends.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.at.nanos().saturating_sub(CLOCKS_DIFFER_NANOS) <= now.nanos() && now < self.expires_at
    }
}

/// So far a clock may be put back without costing anybody a link.
const CLOCKS_DIFFER_NANOS: i64 = 300_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::given::{self, Given};
    use crate::event::samples::{LATER, NOW, email, name, user};

    fn given(events: &[MailEvent]) -> Given<MailState, MailCommand, MailEvent, MailRejection> {
        given::given(decide, evolve, events)
    }

    fn promised() -> MailPromised {
        let to = email("admin@acme.example");
        let kind = MailKind::PasswordReset;
        MailPromised { kind, user: user("u1"), to, epoch: 3, at: NOW, expires_at: LATER }
    }

    #[test]
    fn a_mail_is_promised_once_and_ends_once() {
        let waiting = [MailEvent::Promised(promised())];
        let sent = [MailEvent::Promised(promised()), MailEvent::Sent];
        let give_up = || MailCommand::GiveUp(MailGivenUp { reason: name("refused") });
        given(&[]).when(MailCommand::Promise(promised())).then(&waiting);
        given(&waiting).when(MailCommand::Promise(promised())).then_rejected(MailRejection::AlreadyPromised);
        given(&waiting).when(MailCommand::NoteSent).then(&[MailEvent::Sent]);
        given(&sent).when(MailCommand::NoteSent).then(&[]);
        given(&sent).when(give_up()).then(&[]);
        given(&[]).when(MailCommand::NoteSent).then_rejected(MailRejection::NotPromised);
    }

    #[test]
    fn a_link_counts_for_its_time_and_not_when_the_clock_was_put_far_back() {
        let check = |nanos: i64, expected: bool| {
            assert_eq!(promised().is_open(Timestamp::from_nanos(nanos)), expected, "{nanos}");
        };
        check(NOW.nanos(), true);
        check(LATER.nanos() - 1, true);
        check(LATER.nanos(), false);
        check(NOW.nanos() - CLOCKS_DIFFER_NANOS, true);
        check(NOW.nanos() - CLOCKS_DIFFER_NANOS - 1, false);
    }
}
