//! Usage: how much each tenant has sent today, counted as its lines pass by.
//!
//! Sums are in memory and are written now and then; after a crash the log's events since then are counted again.
//! Invariant: each event is counted once, on the day that it was recorded or, if the clock was put back, on the last day
//! that was counted. It refuses nothing: quotas do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_projections::views::control::ControlViewError;
use antler_projections::views::port::ViewError;
use antler_projections::views::usage::{Day, Sent, Sums, UsageViews};
use foldhash::fast::FixedState;

/// So few sums are written whenever there is an occasion; more of them so often at most.
const FEW: usize = 100;
const MANY_EVERY: Duration = Duration::from_secs(10);

/// What tenants have sent.
#[derive(Debug)]
pub struct Usage {
    views: UsageViews,
    clock: Arc<dyn Clock>,
    partitions: Vec<Mutex<Place>>,
}

/// The sums of a partition.
#[derive(Debug)]
struct Place {
    day: Day,
    sums: HashMap<TenantId, Sum, FixedState>,
    /// Tenants whose sums are not written; each once.
    unwritten: Vec<TenantId>,
    /// Tenants that have sent since somebody asked; each once.
    active: Vec<TenantId>,
    /// Sums of days that are over, not written yet.
    over: Sums,
    counted: Offset,
    written: Offset,
    written_at: Duration,
}

#[derive(Debug, Default)]
struct Sum {
    sent: Sent,
    is_unwritten: bool,
    is_active: bool,
}

/// What is to be written of a partition.
struct Due {
    up_to: Offset,
    latest: Day,
    sums: Sums,
}

/// An event with lines.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    pub tenant: TenantId,
    pub offset: Offset,
    pub recorded_at: Timestamp,
    pub sent: Sent,
}

impl Usage {
    /// Begins where the view is.
    pub async fn open(views: UsageViews, clock: Arc<dyn Clock>, partitions: u16) -> Result<Self, ViewError> {
        let mut places = Vec::new();
        for partition in (0..partitions).map(PartitionId::new) {
            let next = views.checkpoint(partition).await?;
            let (day, sums) = views.latest(partition).await?.unwrap_or((Day::of(clock.now()), Vec::new()));
            places.push(Mutex::new(Place::new(next, day, sums, clock.elapsed())));
        }
        Ok(Self { views, clock, partitions: places })
    }

    /// From where on events of the partition are not counted for good.
    pub fn needed_from(&self, partition: PartitionId) -> Offset {
        self.place(partition).map_or(Offset::MAX, |place| place.written.plus(1))
    }

    /// Adds those of the events up to `up_to` that have lines, in order; what was counted before is left out.
    pub fn count(&self, partition: PartitionId, events: &[Counted], up_to: Offset) {
        if let Some(mut place) = self.place(partition) {
            events.iter().for_each(|event| place.count(event));
            place.counted = place.counted.max(up_to);
        }
    }

    /// Forgets what a tenant has sent to the partition, before it is written there.
    pub fn forget(&self, tenant: TenantId, partition: PartitionId) {
        if let Some(mut place) = self.place(partition) {
            place.sums.remove(&tenant);
            place.unwritten.retain(|other| *other != tenant);
            place.active.retain(|other| *other != tenant);
            place.over.sent.retain(|(_, other, _)| *other != tenant);
            place.over.forgotten.push(tenant);
        }
    }

    /// What a tenant has sent today.
    pub fn today(&self, tenant: TenantId) -> Sent {
        let today = Day::of(self.clock.now());
        let places = self.partitions.iter().map(lock).filter(|place| place.day == today);
        places.fold(Sent::default(), |mut all, place| {
            all.add(place.sums.get(&tenant).map(|sum| sum.sent).unwrap_or_default());
            all
        })
    }

    /// The same of a day before, as it was written.
    pub async fn on(&self, tenant: TenantId, day: Day) -> Result<Sent, ViewError> {
        let mut all = Sent::default();
        for partition in 0..self.partitions.len() {
            all.add(self.views.sent(tenant, day, PartitionId::new(partition as u16)).await?);
        }
        Ok(all)
    }

    /// Tenants that have sent to a partition since this was asked before.
    pub fn active(&self, partition: PartitionId) -> Vec<TenantId> {
        let Some(mut place) = self.place(partition) else { return Vec::new() };
        let active = std::mem::take(&mut place.active);
        for tenant in &active {
            if let Some(sum) = place.sums.get_mut(tenant) {
                sum.is_active = false;
            }
        }
        active
    }

    /// Writes the sums, unless there are many and some were written just now. Nothing is counted in the partition
    /// meanwhile: whoever counts there writes.
    pub async fn write_if_due(&self, partition: PartitionId) -> Result<(), ControlViewError> {
        let now = self.clock.elapsed();
        let Some(due) = self.place(partition).and_then(|mut place| place.due(now)) else { return Ok(()) };
        let Due { up_to, latest, sums } = due;
        let put = self.views.put(partition, up_to.plus(1), latest, &sums).await;
        if let Some(mut place) = self.place(partition) {
            match &put {
                Ok(()) => (place.written, place.written_at) = (up_to, now),
                Err(_) => place.is_to_write_again(sums),
            }
        }
        put
    }

    fn place(&self, partition: PartitionId) -> Option<MutexGuard<'_, Place>> {
        self.partitions.get(usize::from(partition.number())).map(lock)
    }
}

fn lock(place: &Mutex<Place>) -> MutexGuard<'_, Place> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Place {
    fn new(next: Offset, day: Day, sums: Vec<(TenantId, Sent)>, now: Duration) -> Self {
        let sums = sums.into_iter().map(|(tenant, sent)| (tenant, Sum { sent, ..Sum::default() })).collect();
        let (unwritten, active, over) = (Vec::new(), Vec::new(), Sums::default());
        let written = next.before();
        Self { day, sums, unwritten, active, over, counted: written, written, written_at: now }
    }

    fn count(&mut self, event: &Counted) {
        if event.offset <= self.counted {
            return;
        }
        self.counted = event.offset;
        let day = Day::of(event.recorded_at);
        if day > self.day {
            self.end_day(day);
        }
        let Counted { tenant, sent, .. } = *event;
        let sum = self.sums.entry(tenant).or_default();
        sum.sent.add(sent);
        if !std::mem::replace(&mut sum.is_unwritten, true) {
            self.unwritten.push(tenant);
        }
        if !std::mem::replace(&mut sum.is_active, true) {
            self.active.push(tenant);
        }
    }

    fn end_day(&mut self, next: Day) {
        let unwritten = std::mem::take(&mut self.unwritten);
        self.over.sent.extend(self.sums_of(unwritten));
        // Who was active has sent nothing on the new day yet.
        self.sums.clear();
        self.active.clear();
        self.day = next;
    }

    /// What is to be written, if it is time; from here on it counts as written.
    fn due(&mut self, now: Duration) -> Option<Due> {
        let count = self.unwritten.len() + self.over.sent.len();
        let is_soon = now.saturating_sub(self.written_at) < MANY_EVERY;
        if count == 0 && self.counted == self.written || count > FEW && is_soon {
            return None;
        }
        let tenants = std::mem::take(&mut self.unwritten);
        for tenant in &tenants {
            if let Some(sum) = self.sums.get_mut(tenant) {
                sum.is_unwritten = false;
            }
        }
        let mut sums = std::mem::take(&mut self.over);
        sums.sent.extend(self.sums_of(tenants));
        Some(Due { up_to: self.counted, latest: self.day, sums })
    }

    fn sums_of(&self, tenants: Vec<TenantId>) -> Vec<(Day, TenantId, Sent)> {
        let sum = |tenant: TenantId| Some((self.day, tenant, self.sums.get(&tenant)?.sent));
        tenants.into_iter().filter_map(sum).collect()
    }

    /// They were not written after all.
    fn is_to_write_again(&mut self, sums: Sums) {
        self.over.forgotten.extend(sums.forgotten);
        for (day, tenant, sent) in sums.sent {
            match self.sums.get_mut(&tenant).filter(|_| day == self.day) {
                Some(sum) => {
                    if !std::mem::replace(&mut sum.is_unwritten, true) {
                        self.unwritten.push(tenant);
                    }
                }
                None => self.over.sent.push((day, tenant, sent)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
