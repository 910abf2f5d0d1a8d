//! Given, when, then for sessions.
//!
//! Invariant: each rejection of a session is met here. It does not look at stored bytes.

use super::*;
use crate::event::given::{self, Given};
use crate::event::samples::{LATER, NOW, name, user};

fn given(events: &[SessionEvent]) -> Given<SessionState, SessionCommand, SessionEvent, SessionRejection> {
    given::given(decide, evolve, events)
}

const fn token(number: u8) -> SecretHash {
    SecretHash::from_bytes([number; 32])
}

fn opened() -> SessionEvent {
    SessionEvent::Opened(SessionOpened {
        user: user("u1"),
        epoch: 3,
        token: token(1),
        expires_at: LATER,
        address: Some([192, 0, 2, 7].into()),
        agent: Some(name("curl/8.5")),
    })
}

fn renewed(number: u8) -> SessionEvent {
    SessionEvent::Renewed(SessionRenewed { token: token(number), expires_at: LATER })
}

fn ended(reason: SessionEndReason) -> SessionEvent {
    SessionEvent::Ended(SessionEnded { reason })
}

fn renew(presented: u8, next: u8, now: Timestamp) -> SessionCommand {
    SessionCommand::Renew { presented: token(presented), next: token(next), expires_at: LATER, now }
}

const LOG_OUT: SessionCommand = SessionCommand::End { reason: SessionEndReason::LoggedOut };

#[test]
fn a_session_is_opened_once() {
    let open = SessionCommand::Open {
        user: user("u1"),
        epoch: 3,
        token: token(1),
        expires_at: LATER,
        address: Some([192, 0, 2, 7].into()),
        agent: Some(name("curl/8.5")),
    };
    given(&[]).when(open.clone()).then(&[opened()]);
    given(&[opened()]).when(open).then_rejected(SessionRejection::AlreadyOpened);
    given(&[]).when(LOG_OUT).then_rejected(SessionRejection::NotOpened);
    given(&[]).when(renew(1, 2, NOW)).then_rejected(SessionRejection::NotOpened);
}

#[test]
fn the_newest_token_renews_a_session() {
    given(&[opened()]).when(renew(1, 2, NOW)).then(&[renewed(2)]);
    given(&[opened(), renewed(2)]).when(renew(2, 3, NOW)).then(&[renewed(3)]);
}

#[test]
fn a_used_token_ends_the_session() {
    let stolen = [opened(), renewed(2), renewed(3)];
    for used in [1, 2] {
        given(&stolen).when(renew(used, 9, NOW)).then(&[ended(SessionEndReason::TokenReused)]);
    }
    let over = [stolen.as_slice(), &[ended(SessionEndReason::TokenReused)]].concat();
    given(&over).when(renew(3, 4, NOW)).then_rejected(SessionRejection::Ended);
}

#[test]
fn a_token_that_never_was_changes_nothing() {
    given(&[opened()]).when(renew(7, 8, NOW)).then_rejected(SessionRejection::UnknownToken);
}

#[test]
fn a_session_expires() {
    given(&[opened()]).when(renew(1, 2, LATER)).then_rejected(SessionRejection::Expired);
    let mut state = None;
    evolve(&mut state, &opened());
    assert!(state.as_ref().unwrap().is_live(NOW) && !state.as_ref().unwrap().is_live(LATER));
}

#[test]
fn a_session_ends_once() {
    given(&[opened()]).when(LOG_OUT).then(&[ended(SessionEndReason::LoggedOut)]);
    given(&[opened(), ended(SessionEndReason::LoggedOut)]).when(LOG_OUT).then(&[]);
}

#[test]
fn the_memory_of_used_tokens_is_bounded() {
    let mut state = None;
    evolve(&mut state, &opened());
    (2..=200).for_each(|number| evolve(&mut state, &renewed(number)));
    let session = state.unwrap();
    assert_eq!((session.used.len(), session.used.last()), (USED_TOKENS_MAX, Some(&token(199))));
}
