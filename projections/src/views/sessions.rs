//! The view of sessions: which logins go on, and with which refresh token.
//!
//! Invariant: a session that ended keeps its document, so that its tokens are known to be worthless.
//! It does not list the sessions of a user.

use antler_events::clock::Timestamp;
use antler_events::event::ControlEvent;
use antler_events::event::member::Epoch;
use antler_events::event::session::{self, Session, SessionEndReason, SessionEvent};
use antler_events::identity::SecretHash;
use antler_events::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::port::ViewName;

#[derive(Debug)]
pub(super) struct Sessions;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SessionDocument {
    user: UserId,
    epoch: Epoch,
    token: SecretHash,
    expires_at: Timestamp,
    used: Vec<SecretHash>,
    ended: Option<SessionEndReason>,
}

impl Folded for Sessions {
    const VIEW: ViewName = ViewName::new("sessions");
    type Id = SessionId;
    type State = Session;
    type Event = SessionEvent;
    type Document = SessionDocument;

    fn event(event: &ControlEvent) -> Option<(SessionId, &SessionEvent)> {
        match event {
            ControlEvent::Session(session, event) => Some((*session, event)),
            _ => None,
        }
    }

    fn evolve(state: &mut Option<Session>, event: &SessionEvent) {
        session::evolve(state, event);
    }

    fn store(session: &Session) -> SessionDocument {
        let Session { user, epoch, token, expires_at, used, ended } = session.clone();
        SessionDocument { user, epoch, token, expires_at, used, ended }
    }

    fn restore(document: SessionDocument) -> Session {
        let SessionDocument { user, epoch, token, expires_at, used, ended } = document;
        Session { user, epoch, token, expires_at, used, ended }
    }
}
