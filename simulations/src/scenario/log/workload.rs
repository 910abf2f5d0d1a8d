//! What the users of the log append: tenants, kinds, sizes, expectations.
//!
//! Invariant: no two events of a world have the same time, so an event that is found in the log
//! names the append it came from. It does not know what the log should answer.

use antler_events::clock::Timestamp;
use antler_events::ids::{KeyId, TenantId, UserId};
use antler_events::log::{Append, NewEvent};
use antler_events::subject::{Aggregate, Subject};
use antler_events::wire::{EventType, SchemaVersion};
use bytes::Bytes;

use crate::world::Rng;

const TENANTS: u64 = 4;

/// Draws appends.
#[derive(Debug)]
pub(super) struct Workload {
    events_made: i64,
    /// Sizes of bodies reach up to this.
    body_bytes_max: u64,
}

impl Workload {
    pub(super) fn new(body_bytes_max: u64) -> Self {
        Self { events_made: 0, body_bytes_max }
    }

    /// One event or several that belong together, of one tenant.
    pub(super) fn append(&mut self, rng: &mut Rng) -> Append {
        let tenant = tenant(rng);
        let count = if rng.chance(700) { 1 } else { rng.between(2, 6) };
        let mut append = Append::default();
        for _ in 0..count {
            let subject = subject(tenant, rng);
            append.events.push(self.event(rng, subject));
        }
        append
    }

    fn event(&mut self, rng: &mut Rng, subject: Subject) -> NewEvent {
        self.events_made += 1;
        NewEvent {
            subject,
            event_type: EventType(rng.below(5) as u16),
            schema: SchemaVersion(1 + rng.below(2) as u16),
            recorded_at: Timestamp::from_nanos(self.events_made),
            body: self.body(rng),
        }
    }

    /// Mostly small, sometimes larger than a whole commit; half of them do not compress.
    fn body(&self, rng: &mut Rng) -> Bytes {
        let most = match rng.below(20) {
            0..14 => 200,
            14..19 => 2_000,
            _ => self.body_bytes_max,
        };
        let mut body = vec![0; rng.below(most + 1) as usize];
        if rng.chance(500) {
            rng.fill(&mut body);
        } else {
            let word = rng.number().to_le_bytes();
            body.iter_mut().zip(word.iter().cycle()).for_each(|(byte, source)| *byte = *source);
        }
        body.into()
    }
}

fn tenant(rng: &mut Rng) -> TenantId {
    TenantId::parse(&format!("tenant-{}", rng.below(TENANTS))).expect("a name of letters and digits")
}

fn subject(tenant: TenantId, rng: &mut Rng) -> Subject {
    let number = rng.below(2);
    let user = || UserId::parse(&format!("user-{number}")).expect("a name of letters and digits");
    let key = || KeyId::parse(&format!("key-{number}")).expect("a name of letters and digits");
    match rng.below(8) {
        0 => Subject::control(tenant, Aggregate::Tenant),
        1 => Subject::control(tenant, Aggregate::Member(user())),
        2 => Subject::control(tenant, Aggregate::Key(key())),
        _ => Subject::lines(tenant),
    }
}
