//! The dead letter of an event that a projection could not take.
//!
//! Invariant: every event but a dead letter itself has one, with its bytes if the log lets go of it one day. It is appended
//! before the projection goes past the event, so a crash in between leaves two letters rather than none.

use antler_events::clock::Timestamp;
use antler_events::event::lines;
use antler_events::event::note::{EventSetAside, Note};
use antler_events::event::{EventError, types};
use antler_events::ids::{PartitionId, TenantId};
use antler_events::log::Append;
use antler_events::wire::{EventType, SchemaVersion};
use bytes::Bytes;

use super::follow::Followed;

/// What to append; nothing for an event that is a dead letter already.
pub(super) fn of_event(
    event: &Followed,
    partition: PartitionId,
    projection: &str,
    reason: &str,
) -> Result<Option<Append>, EventError> {
    let Some(Dead { tenant, at, kind, body }) = dead(event)? else { return Ok(None) };
    let place = (partition, event.offset());
    let note = Note::SetAside(EventSetAside::new(projection, place, kind, reason, body.as_deref()));
    Ok(Some(Append { events: vec![note.record(tenant, at)?], expected: Vec::new() }))
}

struct Dead {
    tenant: TenantId,
    at: Timestamp,
    kind: (EventType, SchemaVersion),
    /// None if the log keeps it; it may hold secrets then.
    body: Option<Bytes>,
}

fn dead(event: &Followed) -> Result<Option<Dead>, EventError> {
    Ok(match event {
        Followed::Handed(handed) => {
            let new = lines::record(handed.tenant, &handed.batch, &handed.arrival)?;
            let kind = (new.event_type, new.schema);
            Some(Dead { tenant: handed.tenant, at: new.recorded_at, kind, body: Some(new.body) })
        }
        Followed::Noted(handed) if matches!(*handed.note, Note::SetAside(_)) => None,
        Followed::Noted(handed) => {
            let new = handed.note.record(handed.tenant, handed.recorded_at)?;
            let kind = (new.event_type, new.schema);
            Some(Dead { tenant: handed.tenant, at: new.recorded_at, kind, body: Some(new.body) })
        }
        Followed::Recorded(recorded) => {
            let envelope = &recorded.envelope;
            if envelope.event_type == types::EVENT_SET_ASIDE.event_type {
                return Ok(None);
            }
            let body = (!envelope.subject.kind.is_control()).then(|| recorded.body.clone());
            let kind = (envelope.event_type, envelope.schema);
            Some(Dead { tenant: envelope.subject.tenant, at: envelope.recorded_at, kind, body })
        }
    })
}
