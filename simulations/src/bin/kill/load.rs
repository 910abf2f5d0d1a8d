//! The load of the writers: appends that follow from their number alone.
//!
//! Invariant: the checker can make every append again from its number, which stands in the event's time.
//! It keeps nothing: no file holds what was sent.

use antler_events::clock::Timestamp;
use antler_events::ids::{PartitionId, TenantId};
use antler_events::log::{Append, NewEvent};
use antler_events::subject::{Aggregate, Subject};
use antler_events::wire::{EventType, SchemaVersion};
use antler_simulations::world::Rng;

pub(crate) const PARTITIONS: u16 = 2;
const EVENTS_MAX: u64 = 4;
const BODY_BYTES_MAX: u64 = 4_000;

/// Which append of which thread of which round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(u64);

impl Number {
    pub(crate) fn new(round: u64, thread: u64, count: u64) -> Self {
        Self(round << 40 | thread << 32 | count << 3)
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(Self(text.parse()?))
    }

    /// From the time of its first event.
    pub(crate) fn of_first(time: Timestamp) -> Self {
        Self(time.nanos() as u64)
    }

    pub(crate) fn text(self) -> String {
        self.0.to_string()
    }

    pub(crate) fn partition(self) -> PartitionId {
        PartitionId::new((Rng::new(self.0).number() % u64::from(PARTITIONS)) as u16)
    }

    pub(crate) fn append(self) -> Append {
        let mut rng = Rng::new(!self.0);
        let tenant = TenantId::parse(&format!("tenant-{}", rng.below(3))).expect("letters and digits");
        let lines = Subject::lines(tenant);
        let subject = if rng.chance(200) { Subject::control(tenant, Aggregate::Tenant) } else { lines };
        let count = if rng.chance(800) { 1 } else { rng.between(2, EVENTS_MAX + 1) };
        let events = (0..count).map(|at| event(self.0 + at, subject, &mut rng)).collect();
        Append { events, expected: Vec::new() }
    }
}

fn event(time: u64, subject: Subject, rng: &mut Rng) -> NewEvent {
    let mut body = vec![0; rng.below(BODY_BYTES_MAX) as usize];
    rng.fill(&mut body);
    NewEvent {
        subject,
        event_type: EventType(1),
        schema: SchemaVersion(1),
        recorded_at: Timestamp::from_nanos(time as i64),
        body: body.into(),
    }
}
