//! Who asks, as handlers see it.
//!
//! Invariant: a caller exists only if a credential was checked for this request. A handler that takes one on a route for
//! anyone answers 401. It does not know what the caller asks for.

use std::collections::BTreeSet;

use antler_events::access::{Role, Scope, StreamPatterns};
use antler_events::event::member::Epoch;
use antler_events::event::{Actor, Cause};
use antler_events::ids::{KeyId, RequestId, SessionId, TenantId, UserId};
use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;

use super::super::error::ApiError;
use super::super::observe::RequestText;
use super::super::peer::PeerAddress;
use super::permissions;

/// The tenant, and who acts in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: TenantId,
    pub identity: Identity,
    /// The address of the person, or of the key's owner, has to be verified before more than that can be done.
    pub is_unverified: bool,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Somebody who logged in.
    Person { user: UserId, session: SessionId, epoch: Epoch, role: Role },
    /// An API key; its scopes are those that its owner's role still allows.
    Key { id: KeyId, owner: UserId, scopes: BTreeSet<Scope>, streams: StreamPatterns },
}

impl Caller {
    /// The person, or the one who made the key.
    pub fn user(&self) -> UserId {
        match &self.identity {
            Identity::Person { user, .. } | Identity::Key { owner: user, .. } => *user,
        }
    }

    pub fn scopes(&self) -> BTreeSet<Scope> {
        match &self.identity {
            Identity::Person { role, .. } => permissions::scopes_of(*role),
            Identity::Key { scopes, .. } => scopes.clone(),
        }
    }

    /// Does the caller run the platform? No key does.
    pub fn is_superadmin(&self) -> bool {
        matches!(self.identity, Identity::Person { role: Role::Superadmin, .. })
    }

    /// The streams that the caller is kept to; none is kept to none, and reaches all of its tenant's.
    pub fn kept_to(&self) -> Option<&StreamPatterns> {
        match &self.identity {
            Identity::Key { streams, .. } if !streams.reach_all() => Some(streams),
            Identity::Person { .. } | Identity::Key { .. } => None,
        }
    }

    pub fn actor(&self) -> Actor {
        match &self.identity {
            Identity::Person { user, .. } => Actor::User(*user),
            Identity::Key { id, .. } => Actor::Key(*id),
        }
    }
}

/// The cause of what a request changes.
pub(in crate::http) fn cause(actor: Actor, extensions: &Extensions) -> Cause {
    let request = extensions.get::<RequestText>().and_then(|id| RequestId::parse(&id.0).ok());
    Cause { actor, address: extensions.get::<PeerAddress>().map(|peer| peer.0), request }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let missing =
            || ApiError::Unauthorized { reason: "this needs a credential: log in first".to_owned() };
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}
