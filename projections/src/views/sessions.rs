//! The view of sessions: which logins go on, and with which refresh token.
//!
//! Beside the documents it lists, by user, the sessions that go on, in the order of their ends, and the last login.
//! Invariant: a session that ended keeps its document, so that its tokens are known to be worthless. It does not know whether
//! the account still honours a session: the account does.

use std::net::IpAddr;

use antler_events::clock::Timestamp;
use antler_events::codec::{self, CodecError};
use antler_events::event::ControlEvent;
use antler_events::event::member::Epoch;
use antler_events::event::session::{self, Session, SessionEndReason, SessionEvent};
use antler_events::identity::{DisplayName, SecretHash};
use antler_events::ids::{SessionId, TenantId, UserId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::document;
use super::fold::Folded;
use super::port::{Page, ViewError, ViewName, ViewStore, ViewWrite};

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
    address: Option<IpAddr>,
    agent: Option<DisplayName>,
}

/// Sessions of a user that end after `now`, those that end first before the others.
pub(super) async fn live(
    tenant: TenantId,
    store: &dyn ViewStore,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<SessionId>, ViewError> {
    let prefix = format!("live/{tenant}/{user}/");
    // No id has a character behind that one.
    let after = format!("{prefix}{}/~", sortable(now));
    let page = Page { prefix: prefix.as_bytes(), after: Some(after.as_bytes()), limit: LISTED_MAX };
    let found = store.scan(Sessions::VIEW, page).await?;
    found.iter().map(|found| document::decode(Sessions::VIEW, &found.document)).collect()
}

/// The session that a user opened last, ended or not.
pub(super) async fn newest(
    tenant: TenantId,
    store: &dyn ViewStore,
    user: UserId,
) -> Result<Option<SessionId>, ViewError> {
    document::read(Sessions::VIEW, store, &newest_key(tenant, user)).await
}

/// Sessions of one user that are listed; further ones are once these have ended.
const LISTED_MAX: usize = 1_000;

fn newest_key(tenant: TenantId, user: UserId) -> Bytes {
    format!("newest/{tenant}/{user}").into()
}

fn live_key(tenant: TenantId, id: SessionId, session: &Session) -> Bytes {
    format!("live/{tenant}/{}/{}/{id}", session.user, sortable(session.expires_at)).into()
}

/// A time as a text that sorts like it.
fn sortable(time: Timestamp) -> String {
    format!("{:016x}", time.nanos().max(0))
}

impl Folded for Sessions {
    const VIEW: ViewName = ViewName::in_form("sessions", 3);
    type Id = SessionId;
    type State = Session;
    type Event = SessionEvent;
    type Document = SessionDocument;

    fn id(text: &str) -> Option<SessionId> {
        SessionId::parse(text).ok()
    }

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
        let Session { user, epoch, token, expires_at, used, ended, address, agent } = session.clone();
        SessionDocument { user, epoch, token, expires_at, used, ended, address, agent }
    }

    fn restore(document: SessionDocument) -> Session {
        let SessionDocument { user, epoch, token, expires_at, used, ended, address, agent } = document;
        Session { user, epoch, token, expires_at, used, ended, address, agent }
    }

    fn beside(
        tenant: TenantId,
        id: SessionId,
        before: Option<&Session>,
        after: Option<&Session>,
    ) -> Result<Vec<ViewWrite>, CodecError> {
        let mut writes = Vec::new();
        let document: Bytes = codec::encode(&id)?;
        if let Some(opened) = after.filter(|_| before.is_none()) {
            writes.push(ViewWrite::Put { key: newest_key(tenant, opened.user), document: document.clone() });
        }
        if let (Some(forgotten), None) = (before, after) {
            writes.push(ViewWrite::Delete { key: newest_key(tenant, forgotten.user) });
        }
        let goes_on = |session: &&Session| session.ended.is_none();
        if let Some(before) = before.filter(goes_on) {
            writes.push(ViewWrite::Delete { key: live_key(tenant, id, before) });
        }
        if let Some(after) = after.filter(goes_on) {
            writes.push(ViewWrite::Put { key: live_key(tenant, id, after), document });
        }
        Ok(writes)
    }
}
