//! Quotas over sums and limits that are put there by hand.
//!
//! Invariant: time passes only when a test says so. It runs no projector.

use std::sync::Mutex;

use antler_config::limits::AccountLimits;
use antler_events::codec::CodecId;
use antler_events::event::tenant::{TenantEvent, TenantRegistered, TenantSuspended};
use antler_events::event::{Cause, ControlEvent};
use antler_events::identity::{DisplayName, Email};
use antler_events::ids::{Offset, PartitionId, UserId};
use antler_events::line::StreamParts;
use antler_events::log::Recorded;
use antler_events::wire::{ChainHash, Envelope};
use antler_projections::views::memory::MemoryViews;
use antler_projections::views::usage::UsageViews;

use super::*;
use crate::accounts::USUAL_LIMITS;
use crate::usage::Counted;
use crate::warnings::{Raised, warnings};

const PARTITION: PartitionId = PartitionId::new(0);
const HOUR: Duration = Duration::from_secs(3_600);
/// One o'clock in the morning of some day.
const MORNING: Timestamp = Timestamp::from_nanos(20_000 * 86_400_000_000_000 + 3_600_000_000_000);

/// A clock that is moved by hand.
#[derive(Debug, Default)]
pub(crate) struct HandClock(Mutex<Duration>);

impl HandClock {
    pub(crate) fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(MORNING.nanos() + self.elapsed().as_nanos() as i64)
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// Quotas that nobody can reach, for systems that are about something else.
pub(crate) async fn unlimited(partitions: u16) -> Arc<Quotas> {
    let (store, clock) = (Arc::new(MemoryViews::new()), Arc::new(HandClock::default()));
    let usage = Usage::open(UsageViews::new(store.clone()), clock.clone(), partitions).await.unwrap();
    Arc::new(Quotas::new(Arc::new(usage), ControlViews::new(store), clock, warnings().0))
}

pub(crate) struct World {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) views: ControlViews,
    quotas: Quotas,
    raised: Raised,
    offset: u64,
}

impl World {
    /// Tenant `acme` may send some lines a day.
    pub(crate) async fn with_lines_per_day(lines: u64) -> Self {
        let (store, clock) = (Arc::new(MemoryViews::new()), Arc::new(HandClock::default()));
        let usage = Usage::open(UsageViews::new(store.clone()), clock.clone(), 1).await.unwrap();
        let views = ControlViews::new(store);
        let (warnings, raised) = warnings();
        let quotas = Quotas::new(Arc::new(usage), views.clone(), clock.clone(), warnings);
        let mut world = Self { clock, views, quotas, raised, offset: 0 };
        let registered = TenantRegistered {
            name: DisplayName::parse("Acme", &AccountLimits::default()).unwrap(),
            founder: UserId::parse("u1").unwrap(),
            email: Email::parse("a@acme.example", &AccountLimits::default()).unwrap(),
        };
        world.take(TenantEvent::Registered(registered)).await;
        world.limit(lines).await;
        world
    }

    async fn limit(&mut self, lines_per_day: u64) {
        self.set_limits(TenantLimits { lines_per_day, ..USUAL_LIMITS }).await;
    }

    pub(crate) async fn set_limits(&mut self, limits: TenantLimits) {
        self.take(TenantEvent::LimitsSet(limits.into())).await;
    }

    pub(crate) async fn take(&mut self, event: TenantEvent) {
        self.offset += 1;
        let new = ControlEvent::Tenant(event).record(acme(), &Cause::SYSTEM, self.clock.now()).unwrap();
        let envelope = Envelope {
            codec: CodecId::BincodeZstd,
            event_type: new.event_type,
            schema: new.schema,
            partition: PARTITION,
            offset: Offset::new(self.offset),
            recorded_at: new.recorded_at,
            subject: new.subject,
            previous: ChainHash::START,
            body_stored: 0,
            body_raw: new.body.len() as u32,
            body_crc: 0,
        };
        let recorded = Recorded { envelope, body: new.body, hash: ChainHash::START };
        self.views.apply(PARTITION, &[recorded], Offset::new(self.offset + 1)).await.unwrap();
    }

    /// Lines come in and are held against the limits.
    async fn send(&mut self, lines: u64) {
        self.offset += 1;
        let (offset, sent) = (Offset::new(self.offset), Sent { lines, bytes: lines * 100 });
        let counted = Counted { tenant: acme(), offset, recorded_at: self.clock.now(), sent };
        self.quotas.usage().count(PARTITION, &[counted], offset);
        self.quotas.judge(&self.quotas.usage().active(PARTITION)).await.unwrap();
    }
}

pub(crate) fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

#[test]
fn warnings_come_at_80_and_95_percent() {
    let check = |used, max, level: Level| assert_eq!(Level::of(used, max), level, "{used} of {max}");
    check(0, 100, Level::Fine);
    check(79, 100, Level::Fine);
    check(80, 100, Level::Warning);
    check(94, 100, Level::Warning);
    check(95, 100, Level::Critical);
    check(99, 100, Level::Critical);
    check(100, 100, Level::Exceeded);
    check(u64::MAX, u64::MAX, Level::Exceeded);
    check(u64::MAX / 2, u64::MAX, Level::Fine);
}

#[tokio::test]
async fn each_limit_warns_when_it_comes_nearer_and_anew_the_next_day() {
    let mut world = World::with_lines_per_day(10).await;
    world.send(7).await;
    assert_eq!(world.raised.all(), []);
    world.send(1).await;
    world.send(1).await;
    let warned = |limited, level, used, max| Warning { tenant: acme(), limited, level, used, max };
    assert_eq!(world.raised.all(), [warned(Limited::Lines, Level::Warning, 8, 10)]);
    world.set_limits(TenantLimits { lines_per_day: 10, bytes_per_day: 1_100, ..USUAL_LIMITS }).await;
    world.clock.pass(2 * LIMITS_HOLD);
    world.send(1).await;
    let both = [
        warned(Limited::Lines, Level::Exceeded, 10, 10),
        warned(Limited::Bytes, Level::Warning, 1_000, 1_100),
    ];
    assert_eq!(world.raised.all(), both);
    world.clock.pass(23 * HOUR);
    world.send(10).await;
    assert_eq!(world.raised.all(), both, "a day begins anew");
}

#[tokio::test]
async fn who_has_sent_all_it_may_is_refused_until_midnight() {
    let mut world = World::with_lines_per_day(10).await;
    world.send(9).await;
    assert_eq!(world.quotas.admit(acme()), Ok(()));
    world.send(1).await;
    let NotAdmitted::OverQuota(refused) = world.quotas.admit(acme()).unwrap_err() else { panic!() };
    assert_eq!((refused.max, refused.limited), (10, Limited::Lines));
    assert_eq!(refused.seconds_left, 23 * 3_600 + 1);
    assert!(refused.to_string().contains("10 lines"), "{refused}");
    assert_eq!(world.quotas.admit(TenantId::parse("other").unwrap()), Ok(()));
    world.clock.pass(23 * HOUR);
    assert_eq!(world.quotas.admit(acme()), Ok(()));
    world.send(1).await;
    assert_eq!(world.quotas.admit(acme()), Ok(()));
    assert_eq!(world.quotas.usage().today(acme()), Sent { lines: 1, bytes: 100 });
}

#[tokio::test]
async fn a_limit_that_is_raised_lets_a_tenant_send_again() {
    let mut world = World::with_lines_per_day(10).await;
    world.send(10).await;
    assert!(world.quotas.admit(acme()).is_err());
    world.limit(1_000).await;
    world.quotas.look_again().await.unwrap();
    assert_eq!(world.quotas.admit(acme()), Ok(()));
}

impl World {
    /// The streams of so many services are counted.
    async fn count_streams(&self, services: u64) {
        let name = |service: u64| {
            let service = format!("s{service}");
            StreamName::of_parts(&StreamParts { service: Some(&service), ..StreamParts::default() })
        };
        let names = (0..services).map(name).collect();
        self.quotas.streams_counted(acme(), (names, true)).await.unwrap();
    }
}

#[tokio::test]
async fn who_has_as_many_streams_as_it_may_is_warned_on_the_way_and_kept_to_them() {
    let mut world = World::with_lines_per_day(1_000).await;
    world.set_limits(TenantLimits { streams_max: 20, ..USUAL_LIMITS }).await;
    assert_eq!(world.quotas.streams(acme()), None);
    for (streams, level) in [(15, None), (16, Some(Level::Warning)), (19, Some(Level::Critical)), (19, None)]
    {
        world.count_streams(streams).await;
        assert_eq!(world.raised.all().first().map(|warning| warning.level), level, "{streams}");
        assert_eq!(world.quotas.full_streams(acme()), None, "below its limit nobody looks at lines");
    }
    world.count_streams(21).await;
    let exceeded =
        Warning { tenant: acme(), limited: Limited::Streams, level: Level::Exceeded, used: 21, max: 20 };
    assert_eq!(world.raised.all(), [exceeded]);
    let full = world.quotas.full_streams(acme()).unwrap();
    assert_eq!((full.max, full.names.len(), world.quotas.streams(acme())), (20, 21, Some(21)));
    assert_eq!(world.quotas.admit(acme()), Ok(()), "lines of its streams are taken");
    assert_eq!(world.quotas.due_for_streams(), [acme()]);
    world.count_streams(19).await;
    assert_eq!(world.quotas.full_streams(acme()), None, "streams have gone");
}

#[tokio::test]
async fn a_limit_of_streams_that_is_raised_makes_room_at_once_and_one_that_is_lowered_after_a_count() {
    let mut world = World::with_lines_per_day(1_000).await;
    world.set_limits(TenantLimits { streams_max: 3, ..USUAL_LIMITS }).await;
    world.count_streams(3).await;
    assert!(world.quotas.full_streams(acme()).is_some());
    world.set_limits(TenantLimits { streams_max: 4, ..USUAL_LIMITS }).await;
    world.quotas.look_again().await.unwrap();
    assert_eq!(world.quotas.full_streams(acme()), None);
    world.count_streams(3).await;
    world.quotas.due_for_streams();
    world.set_limits(TenantLimits { streams_max: 2, ..USUAL_LIMITS }).await;
    world.clock.pass(2 * LIMITS_HOLD);
    world.send(1).await;
    assert_eq!(world.quotas.full_streams(acme()), None, "their names are not known");
    assert_eq!(world.quotas.due_for_streams(), [acme()]);
    world.count_streams(3).await;
    assert_eq!(world.quotas.full_streams(acme()).unwrap().max, 2);
}

#[tokio::test]
async fn a_suspended_tenant_sends_nothing_until_it_is_resumed() {
    let mut world = World::with_lines_per_day(10).await;
    let reason = DisplayName::parse("the bill is open", &AccountLimits::default()).unwrap();
    world.take(TenantEvent::Suspended(TenantSuspended { reason })).await;
    world.quotas.look_again().await.unwrap();
    let refused = world.quotas.admit(acme()).unwrap_err();
    assert_eq!(refused.to_string(), "the tenant is suspended: the bill is open; lines are not taken");
    assert_eq!(world.quotas.admit(TenantId::parse("other").unwrap()), Ok(()));
    world.take(TenantEvent::Resumed).await;
    world.quotas.look_again().await.unwrap();
    assert_eq!(world.quotas.admit(acme()), Ok(()));
    world.take(TenantEvent::Closed).await;
    world.quotas.look_again().await.unwrap();
    assert!(matches!(world.quotas.admit(acme()), Err(NotAdmitted::Barred(TenantRejection::Closed))));
}
