//! Calls: how often each tenant has asked in this hour, and whether it may ask again.
//!
//! A call costs a look into a map of many parts and an addition; limits are read anew now and then.
//! Invariant: no more calls are let through in an hour than the limit says that was in force then. Counts are written every
//! few seconds and at a stop in order: a crash forgets no more than that. It does not know what a call is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
use antler_events::ids::TenantId;
use antler_projections::views::calls::{CallViews, Hour};
use antler_projections::views::control::{ControlViewError, ControlViews};
use antler_projections::views::port::ViewError;
use dashmap::DashMap;
use foldhash::fast::FixedState;

use crate::quotas::{Level, Limited};
use crate::warnings::{Warning, Warnings};

/// Limits that were changed count after so long.
const LIMITS_HOLD: Duration = Duration::from_secs(10);
/// Counts are written so often at most.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// A count that begins anew with each hour: the hour and the count in one number, so that nobody waits for a lock.
#[derive(Debug, Default)]
pub struct HourCount(AtomicU64);

/// A count after something was counted, or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub used: u64,
    pub max: u64,
    pub is_refused: bool,
    /// When counting begins anew.
    pub until: Timestamp,
}

/// The calls of all tenants.
#[derive(Debug)]
pub struct Calls {
    views: CallViews,
    tenants: ControlViews,
    clock: Arc<dyn Clock>,
    warnings: Warnings,
    counts: DashMap<TenantId, Arc<OfTenant>, FixedState>,
    refused: AtomicU64,
    written_at_nanos: AtomicU64,
}

#[derive(Debug, Default)]
struct OfTenant {
    count: HourCount,
    max: AtomicU64,
    /// By the clock that only goes forward; 0 if it never was.
    max_read_at_nanos: AtomicU64,
    written: HourCount,
}

impl HourCount {
    /// So many in an hour; more is not counted.
    const MOST: u64 = u32::MAX as u64;

    /// Counts one more, unless there are `max` of this hour already.
    pub fn take(&self, now: Timestamp, max: u64) -> Counted {
        let (hour, max) = (Hour::of(now), max.min(Self::MOST));
        let until = hour.end();
        let mut known = self.0.load(Ordering::Relaxed);
        loop {
            let used = of_hour(known, hour);
            if used >= max {
                return Counted { used, max, is_refused: true, until };
            }
            let next = u64::from(hour.number()) << 32 | (used + 1);
            match self.0.compare_exchange_weak(known, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Counted { used: used + 1, max, is_refused: false, until },
                Err(other) => known = other,
            }
        }
    }

    /// How many there are of this hour.
    pub fn used(&self, now: Timestamp) -> u64 {
        of_hour(self.0.load(Ordering::Relaxed), Hour::of(now))
    }

    fn set(&self, hour: Hour, count: u64) {
        self.0.store(u64::from(hour.number()) << 32 | count.min(Self::MOST), Ordering::Relaxed);
    }
}

fn of_hour(known: u64, hour: Hour) -> u64 {
    if known >> 32 == u64::from(hour.number()) { known & HourCount::MOST } else { 0 }
}

impl Counted {
    pub fn remaining(&self) -> u64 {
        self.max.saturating_sub(self.used)
    }

    /// Whole seconds until counting begins anew, at least one.
    pub fn seconds_left(&self, now: Timestamp) -> u64 {
        let left = self.until.nanos().saturating_sub(now.nanos()).unsigned_abs();
        Duration::from_nanos(left).as_secs() + 1
    }
}

impl Calls {
    /// Begins with what was written of this hour.
    pub async fn open(
        views: CallViews,
        tenants: ControlViews,
        clock: Arc<dyn Clock>,
        warnings: Warnings,
    ) -> Result<Self, ViewError> {
        let hour = Hour::of(clock.now());
        let counts = DashMap::with_hasher(FixedState::default());
        for (tenant, count) in views.of_hour(hour).await? {
            let known = OfTenant::default();
            known.count.set(hour, count);
            known.written.set(hour, count);
            counts.insert(tenant, Arc::new(known));
        }
        let written_at_nanos = AtomicU64::new(nanos(clock.elapsed()));
        Ok(Self { views, tenants, clock, warnings, counts, refused: AtomicU64::new(0), written_at_nanos })
    }

    /// Counts a call, or refuses it.
    pub async fn take(&self, tenant: TenantId) -> Result<Counted, ViewError> {
        let of_tenant = self.of_tenant(tenant);
        let max = self.limit(tenant, &of_tenant).await?;
        let counted = of_tenant.count.take(self.clock.now(), max);
        if counted.is_refused {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        self.warn(tenant, &counted);
        Ok(counted)
    }

    /// How often a tenant has asked in this hour.
    pub fn used(&self, tenant: TenantId) -> u64 {
        self.counts.get(&tenant).map_or(0, |known| known.count.used(self.clock.now()))
    }

    /// When counting begins anew.
    pub fn reset_at(&self) -> Timestamp {
        Hour::of(self.clock.now()).end()
    }

    /// Calls that were refused since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether it is time to write what was counted.
    pub fn is_due(&self) -> bool {
        let before = self.written_at_nanos.load(Ordering::Relaxed);
        nanos(self.clock.elapsed()).saturating_sub(before) >= nanos(WRITE_EVERY)
    }

    /// Writes what was counted since it was done before. Answers of how many tenants.
    pub async fn write(&self) -> Result<usize, ControlViewError> {
        self.written_at_nanos.store(nanos(self.clock.elapsed()), Ordering::Relaxed);
        let now = self.clock.now();
        let hour = Hour::of(now);
        // Who has not asked in this hour is as good as new.
        self.counts.retain(|_, known| known.count.used(now) > 0);
        let due = self.counts.iter().filter_map(|known| {
            let used = known.count.used(now);
            (used != known.written.used(now)).then(|| (*known.key(), used, Arc::clone(known.value())))
        });
        let due: Vec<(TenantId, u64, Arc<OfTenant>)> = due.collect();
        if due.is_empty() {
            return Ok(0);
        }
        let counts: Vec<(TenantId, u64)> = due.iter().map(|(tenant, used, _)| (*tenant, *used)).collect();
        self.views.put(hour, &counts).await?;
        due.iter().for_each(|(_, used, known)| known.written.set(hour, *used));
        Ok(due.len())
    }

    fn of_tenant(&self, tenant: TenantId) -> Arc<OfTenant> {
        match self.counts.get(&tenant) {
            Some(known) => Arc::clone(&known),
            None => Arc::clone(&self.counts.entry(tenant).or_default()),
        }
    }

    async fn limit(&self, tenant: TenantId, known: &OfTenant) -> Result<u64, ViewError> {
        let now = nanos(self.clock.elapsed()).max(1);
        let read_at = known.max_read_at_nanos.load(Ordering::Relaxed);
        if read_at != 0 && now.saturating_sub(read_at) < nanos(LIMITS_HOLD) {
            return Ok(known.max.load(Ordering::Relaxed));
        }
        let found = self.tenants.tenant(tenant).await?.and_then(|kept| kept.state);
        let max = found.map_or(u64::MAX, |tenant| tenant.limits.calls_per_hour);
        known.max.store(max, Ordering::Relaxed);
        known.max_read_at_nanos.store(now, Ordering::Relaxed);
        Ok(max)
    }

    /// Once for each level: by the call that reaches it.
    fn warn(&self, tenant: TenantId, Counted { used, max, is_refused, .. }: &Counted) {
        let level = Level::of(*used, *max);
        if *is_refused || level == Level::of(used.saturating_sub(1), *max) {
            return;
        }
        self.warnings.raise(Warning { tenant, limited: Limited::Calls, level, used: *used, max: *max });
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use antler_events::event::tenant::TenantLimits;
    use antler_projections::views::memory::MemoryViews;

    use super::*;
    use crate::accounts::USUAL_LIMITS;
    use crate::quotas::tests::{World, acme};
    use crate::warnings::warnings;

    const HOUR: Duration = Duration::from_secs(3_600);

    async fn calls(world: &World, store: &Arc<MemoryViews>) -> Calls {
        let views = CallViews::new(Arc::clone(store) as _);
        Calls::open(views, world.views.clone(), Arc::clone(&world.clock) as _, warnings().0).await.unwrap()
    }

    async fn world(calls_per_hour: u64) -> (World, Arc<MemoryViews>) {
        let mut world = World::with_lines_per_day(10).await;
        world.set_limits(TenantLimits { calls_per_hour, ..USUAL_LIMITS }).await;
        (world, Arc::new(MemoryViews::new()))
    }

    #[tokio::test]
    async fn who_has_asked_as_often_as_it_may_is_refused_until_the_next_hour() {
        let (world, store) = world(2).await;
        let calls = calls(&world, &store).await;
        assert_eq!(calls.take(acme()).await.unwrap().remaining(), 1);
        assert!(!calls.take(acme()).await.unwrap().is_refused);
        let refused = calls.take(acme()).await.unwrap();
        assert_eq!((refused.is_refused, refused.used, calls.refused()), (true, 2, 1));
        assert_eq!(refused.seconds_left(world.clock.now()), 3_601);
        assert_eq!(refused.until, calls.reset_at());
        world.clock.pass(HOUR);
        assert_eq!(calls.used(acme()), 0);
        assert!(!calls.take(acme()).await.unwrap().is_refused);
    }

    #[tokio::test]
    async fn a_limit_that_is_raised_counts_a_little_later() {
        let (mut world, store) = world(1).await;
        let calls = calls(&world, &store).await;
        calls.take(acme()).await.unwrap();
        world.set_limits(TenantLimits { calls_per_hour: 9, ..USUAL_LIMITS }).await;
        assert!(calls.take(acme()).await.unwrap().is_refused);
        world.clock.pass(2 * LIMITS_HOLD);
        let counted = calls.take(acme()).await.unwrap();
        assert_eq!((counted.is_refused, counted.max), (false, 9));
    }

    #[tokio::test]
    async fn counts_survive_a_start_anew_within_the_hour() {
        let (world, store) = world(10).await;
        let before = calls(&world, &store).await;
        for _ in 0..3 {
            before.take(acme()).await.unwrap();
        }
        assert!(!before.is_due());
        world.clock.pass(WRITE_EVERY);
        assert!(before.is_due());
        assert_eq!(before.write().await.unwrap(), 1);
        assert_eq!((before.is_due(), before.write().await.unwrap()), (false, 0));
        assert_eq!(calls(&world, &store).await.used(acme()), 3);
        world.clock.pass(HOUR);
        assert_eq!(calls(&world, &store).await.used(acme()), 0);
    }

    #[test]
    fn many_at_once_take_no_more_than_there_are() {
        let (count, now) = (HourCount::default(), Timestamp::from_nanos(0));
        let taken = std::thread::scope(|scope| {
            let take = || (0..1_000).filter(|_| !count.take(now, 1_500).is_refused).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!((taken, count.used(now)), (1_500, 1_500));
    }
}
