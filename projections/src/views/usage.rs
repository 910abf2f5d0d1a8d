//! The view of usage: how much each tenant sent on each day.
//!
//! Invariant: a document is the sum over the events of one partition and day up to the view's checkpoint there, so that
//! after a crash the log's next events are added to it and none is counted twice. It adds nothing up itself: whoever
//! follows the log does, and puts whole sums here.

use std::fmt;
use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::ids::{Offset, PartitionId, TenantId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::document;
use super::fold::ControlViewError;
use super::port::{Fold, PAGE_DOCUMENTS_MAX, Page, ViewError, ViewName, ViewStore, ViewWrite};

pub const USAGE: ViewName = ViewName::new("usage");

/// So many days can be asked for.
pub const DAYS_KEPT: i64 = 92;
/// Old documents that go with each write, at most.
const EXPIRED_AT_ONCE: usize = 1_000;

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// A day in UTC, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(i64);

/// What was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub lines: u64,
    /// Of the lines as they came.
    pub bytes: u64,
}

/// Sums of a partition as they are written together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    pub sent: Vec<(Day, TenantId, Sent)>,
    /// Tenants of which no sum stays.
    pub forgotten: Vec<TenantId>,
}

/// What each tenant sent.
#[derive(Debug, Clone)]
pub struct UsageViews {
    store: Arc<dyn ViewStore>,
}

impl Day {
    pub fn of(time: Timestamp) -> Self {
        Self(time.nanos().div_euclid(NANOS_PER_DAY))
    }

    pub fn start(self) -> Timestamp {
        Timestamp::from_nanos(self.0.saturating_mul(NANOS_PER_DAY))
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }
}

/// With leading zeros, so that keys of later days come later.
impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:08}", self.0)
    }
}

impl Sent {
    pub fn add(&mut self, other: Self) {
        self.lines = self.lines.saturating_add(other.lines);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl UsageViews {
    pub fn new(store: Arc<dyn ViewStore>) -> Self {
        Self { store }
    }

    /// From where on events of the partition are not in the sums.
    pub async fn checkpoint(&self, partition: PartitionId) -> Result<Offset, ViewError> {
        self.store.checkpoint(USAGE, partition).await
    }

    /// Replaces sums of a partition by what they are before `next`. `latest` is the day that is counted there.
    pub async fn put(
        &self,
        partition: PartitionId,
        next: Offset,
        latest: Day,
        sums: &Sums,
    ) -> Result<(), ControlViewError> {
        let mut writes = self.expired(latest).await?;
        writes.push(document::put(USAGE, latest_key(partition), &latest)?);
        for tenant in &sums.forgotten {
            let days = (-DAYS_KEPT..=0).map(|days| latest.plus(days));
            writes.extend(days.map(|day| ViewWrite::Delete { key: key(*tenant, day, partition) }));
        }
        for (day, tenant, sent) in &sums.sent {
            writes.push(document::put(USAGE, key(*tenant, *day, partition), sent)?);
        }
        self.store.apply(USAGE, Fold { partition, next, writes }).await?;
        Ok(())
    }

    /// The day that was counted last in a partition, and what each tenant had sent on it.
    pub async fn latest(
        &self,
        partition: PartitionId,
    ) -> Result<Option<(Day, Vec<(TenantId, Sent)>)>, ViewError> {
        let latest = document::read(USAGE, &*self.store, &latest_key(partition)).await?;
        let Some(day): Option<Day> = latest else { return Ok(None) };
        let prefix = prefix(day, partition);
        let (mut sums, mut after) = (Vec::new(), None::<Bytes>);
        loop {
            let page = Page { prefix: &prefix, after: after.as_deref(), limit: PAGE_DOCUMENTS_MAX };
            let found = self.store.scan(USAGE, page).await?;
            let is_last = found.len() < PAGE_DOCUMENTS_MAX;
            after = found.last().map(|last| last.key.clone());
            for document in found {
                let tenant = std::str::from_utf8(&document.key[prefix.len()..]).ok();
                let tenant = tenant.and_then(|tenant| TenantId::parse(tenant).ok());
                let nobody = || ViewError::Damaged { view: USAGE, reason: "a sum has no tenant".to_owned() };
                let sent = document::decode(USAGE, &document.document)?;
                sums.push((tenant.ok_or_else(nobody)?, sent));
            }
            if is_last {
                return Ok(Some((day, sums)));
            }
        }
    }

    /// What a tenant had sent on a day in a partition when that was written last.
    pub async fn sent(&self, tenant: TenantId, day: Day, partition: PartitionId) -> Result<Sent, ViewError> {
        let sent = document::read(USAGE, &*self.store, &key(tenant, day, partition)).await?;
        Ok(sent.unwrap_or_default())
    }

    /// Some documents of days that nobody can ask for any more.
    async fn expired(&self, latest: Day) -> Result<Vec<ViewWrite>, ViewError> {
        let first_kept = format!("sent/{}/", latest.plus(-DAYS_KEPT));
        let page = Page { prefix: b"sent/", after: None, limit: EXPIRED_AT_ONCE };
        let oldest = self.store.scan(USAGE, page).await?;
        let expired = oldest.into_iter().filter(|oldest| oldest.key[..] < *first_kept.as_bytes());
        Ok(expired.map(|oldest| ViewWrite::Delete { key: oldest.key }).collect())
    }
}

fn latest_key(partition: PartitionId) -> Bytes {
    format!("latest/{partition}").into()
}

fn prefix(day: Day, partition: PartitionId) -> Bytes {
    format!("sent/{day}/{partition}/").into()
}

fn key(tenant: TenantId, day: Day, partition: PartitionId) -> Bytes {
    [&prefix(day, partition)[..], tenant.as_str().as_bytes()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::conformance::tests::at_once;
    use crate::views::memory::MemoryViews;

    const PARTITION: PartitionId = PartitionId::new(1);

    fn tenant(text: &str) -> TenantId {
        TenantId::parse(text).unwrap()
    }

    fn sent(lines: u64) -> Sent {
        Sent { lines, bytes: lines * 100 }
    }

    fn put(views: &UsageViews, next: u64, latest: Day, sums: &[(Day, TenantId, Sent)]) {
        let sums = Sums { sent: sums.to_vec(), ..Sums::default() };
        at_once(views.put(PARTITION, Offset::new(next), latest, &sums)).unwrap();
    }

    #[test]
    fn nothing_stays_of_a_tenant_that_is_forgotten() {
        let store: Arc<dyn ViewStore> = Arc::new(MemoryViews::new());
        let views = UsageViews::new(Arc::clone(&store));
        for number in 0..5 {
            let day = Day(20_000 + number);
            put(&views, number as u64 + 2, day, &[(day, tenant("a"), sent(1)), (day, tenant("ab"), sent(2))]);
        }
        let sums = Sums { forgotten: vec![tenant("a")], ..Sums::default() };
        at_once(views.put(PARTITION, Offset::new(9), Day(20_004), &sums)).unwrap();
        assert_eq!(
            at_once(store.count(USAGE)).unwrap(),
            6,
            "five days of the other, and the note of the latest"
        );
    }

    #[test]
    fn the_latest_day_of_a_partition_is_found_again_with_its_sums() {
        let views = UsageViews::new(Arc::new(MemoryViews::new()));
        let (first, second) = (Day(20_000), Day(20_001));
        assert_eq!(at_once(views.latest(PARTITION)).unwrap(), None);
        put(&views, 5, first, &[(first, tenant("a"), sent(1)), (first, tenant("b"), sent(2))]);
        put(&views, 9, second, &[(first, tenant("a"), sent(3)), (second, tenant("b"), sent(4))]);
        let latest = at_once(views.latest(PARTITION)).unwrap();
        assert_eq!(latest, Some((second, vec![(tenant("b"), sent(4))])));
        assert_eq!(at_once(views.checkpoint(PARTITION)).unwrap(), Offset::new(9));
        let on = |of: &str, day| at_once(views.sent(tenant(of), day, PARTITION)).unwrap();
        assert_eq!((on("a", first), on("a", second)), (sent(3), Sent::default()));
        assert_eq!(on("b", first), sent(2));
        assert_eq!(at_once(views.latest(PartitionId::new(0))).unwrap(), None);
    }

    #[test]
    fn sums_that_were_written_before_change_nothing() {
        let views = UsageViews::new(Arc::new(MemoryViews::new()));
        let day = Day(20_000);
        put(&views, 9, day, &[(day, tenant("a"), sent(3))]);
        put(&views, 9, day, &[(day, tenant("a"), sent(1))]);
        assert_eq!(at_once(views.sent(tenant("a"), day, PARTITION)).unwrap(), sent(3));
    }

    #[test]
    fn days_that_nobody_can_ask_for_go() {
        let store: Arc<dyn ViewStore> = Arc::new(MemoryViews::new());
        let views = UsageViews::new(Arc::clone(&store));
        for number in 0..DAYS_KEPT + 10 {
            let day = Day(9_990 + number);
            put(&views, number as u64 + 2, day, &[(day, tenant("a"), sent(1))]);
        }
        let kept = at_once(store.count(USAGE)).unwrap();
        assert_eq!(kept, DAYS_KEPT as u64 + 1 + 1, "today, the days before, and the note of the latest");
    }

    #[test]
    fn a_day_ends_where_the_next_begins() {
        let midnight = Day(20_000).start();
        assert_eq!(Day::of(midnight), Day(20_000));
        assert_eq!(Day::of(Timestamp::from_nanos(midnight.nanos() - 1)), Day(19_999));
        assert_eq!(Day::of(Timestamp::from_nanos(-1)), Day(-1));
    }
}
