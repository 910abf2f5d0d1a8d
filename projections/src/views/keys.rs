//! The view of API keys: each by tenant and id, and by the hash of its secret.
//!
//! Invariant: a secret leads to one key, whose tenant is then known; nobody names the tenant of a key but its secret.
//! It does not say whether a key may be used: the key does.

use std::collections::BTreeSet;

use antler_events::access::{Scope, StreamPatterns};
use antler_events::clock::Timestamp;
use antler_events::codec::{self, CodecError};
use antler_events::event::ControlEvent;
use antler_events::event::key::{self, Key, KeyEvent};
use antler_events::identity::{DisplayName, SecretHash};
use antler_events::ids::{KeyId, TenantId, UserId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::document;
use super::fold::Folded;
use super::port::{ViewError, ViewName, ViewStore, ViewWrite};

#[derive(Debug)]
pub(super) struct Keys;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeyDocument {
    name: DisplayName,
    owner: UserId,
    secret: SecretHash,
    scopes: BTreeSet<Scope>,
    streams: StreamPatterns,
    expires_at: Option<Timestamp>,
    revoked: bool,
}

/// Whose key a secret is.
pub(super) async fn by_secret(
    store: &dyn ViewStore,
    secret: SecretHash,
) -> Result<Option<(TenantId, KeyId)>, ViewError> {
    document::read(Keys::VIEW, store, &secret_key(secret)).await
}

fn secret_key(secret: SecretHash) -> Bytes {
    [b"secret/".as_slice(), secret.as_bytes()].concat().into()
}

impl Folded for Keys {
    const VIEW: ViewName = ViewName::in_form("keys", 2);
    type Id = KeyId;
    type State = Key;
    type Event = KeyEvent;
    type Document = KeyDocument;

    fn id(text: &str) -> Option<KeyId> {
        KeyId::parse(text).ok()
    }

    fn event(event: &ControlEvent) -> Option<(KeyId, &KeyEvent)> {
        match event {
            ControlEvent::Key(key, event) => Some((*key, event)),
            _ => None,
        }
    }

    fn evolve(state: &mut Option<Key>, event: &KeyEvent) {
        key::evolve(state, event);
    }

    fn store(key: &Key) -> KeyDocument {
        let Key { name, owner, secret, scopes, streams, expires_at, revoked } = key.clone();
        KeyDocument { name, owner, secret, scopes, streams, expires_at, revoked }
    }

    fn restore(document: KeyDocument) -> Key {
        let KeyDocument { name, owner, secret, scopes, streams, expires_at, revoked } = document;
        Key { name, owner, secret, scopes, streams, expires_at, revoked }
    }

    /// A revoked key is found by its secret too, so that its user is told that it is revoked. A secret that was replaced
    /// leads to no key.
    fn beside(
        tenant: TenantId,
        id: KeyId,
        before: Option<&Key>,
        after: Option<&Key>,
    ) -> Result<Vec<ViewWrite>, CodecError> {
        let (before, after) = (before.map(|key| key.secret), after.map(|key| key.secret));
        if before == after {
            return Ok(Vec::new());
        }
        let gone = before.map(|secret| ViewWrite::Delete { key: secret_key(secret) });
        let document = codec::encode(&(tenant, id))?;
        let new = after.map(|secret| ViewWrite::Put { key: secret_key(secret), document });
        Ok(gone.into_iter().chain(new).collect())
    }
}
