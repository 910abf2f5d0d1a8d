//! The view of names: who holds a username or an e-mail address.
//!
//! Invariant: a name that was released keeps its document, because the next claim expects the offset of its last event.
//! It does not know names, only their keys.

use antler_events::clock::Timestamp;
use antler_events::event::ControlEvent;
use antler_events::event::name::{self, Claim, Holder, NameEvent};
use antler_events::ids::{NameKey, TenantId, UserId};
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::port::ViewName;

#[derive(Debug)]
pub(super) struct Names;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ClaimDocument {
    tenant: TenantId,
    user: UserId,
    at: Timestamp,
}

impl Folded for Names {
    const VIEW: ViewName = ViewName::new("names");
    type Id = NameKey;
    type State = Claim;
    type Event = NameEvent;
    type Document = ClaimDocument;

    fn id(text: &str) -> Option<NameKey> {
        NameKey::parse(text).ok()
    }

    fn event(event: &ControlEvent) -> Option<(NameKey, &NameEvent)> {
        match event {
            ControlEvent::Name(key, event) => Some((*key, event)),
            _ => None,
        }
    }

    fn evolve(state: &mut Option<Claim>, event: &NameEvent) {
        name::evolve(state, event);
    }

    fn store(claim: &Claim) -> ClaimDocument {
        let Claim { holder: Holder { tenant, user }, at } = *claim;
        ClaimDocument { tenant, user, at }
    }

    fn restore(document: ClaimDocument) -> Claim {
        let ClaimDocument { tenant, user, at } = document;
        Claim { holder: Holder { tenant, user }, at }
    }
}
