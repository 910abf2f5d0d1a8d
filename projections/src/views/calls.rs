//! The view of calls: how often each tenant has asked in the hour that is counted.
//!
//! Invariant: documents of one write become visible together, and those of hours before go with it. It is no fold of the
//! log, which a question leaves no event in: what was not written before a crash is not counted.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use antler_events::clock::Timestamp;
use antler_events::ids::{PartitionId, TenantId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::document;
use super::fold::ControlViewError;
use super::port::{Fold, PAGE_DOCUMENTS_MAX, Page, ViewError, ViewName, ViewStore, ViewWrite};

pub const CALLS: ViewName = ViewName::new("calls");

/// Calls are of no partition, so all stand under one.
const PARTITION: PartitionId = PartitionId::new(0);
const NANOS_PER_HOUR: i64 = 3_600_000_000_000;

/// An hour in UTC, counted from 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hour(u32);

/// How often each tenant has asked.
#[derive(Debug, Clone)]
pub struct CallViews {
    store: Arc<dyn ViewStore>,
    /// The last hour that others were forgotten for.
    swept: Arc<AtomicU32>,
}

impl Hour {
    pub fn of(time: Timestamp) -> Self {
        Self(u32::try_from(time.nanos().div_euclid(NANOS_PER_HOUR)).unwrap_or_default())
    }

    /// Counted from 1970.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// When the next one begins.
    pub fn end(self) -> Timestamp {
        Timestamp::from_nanos((i64::from(self.0) + 1).saturating_mul(NANOS_PER_HOUR))
    }
}

/// With leading zeros, so that keys of later hours come later.
impl fmt::Display for Hour {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:010}", self.0)
    }
}

impl CallViews {
    pub fn new(store: Arc<dyn ViewStore>) -> Self {
        Self { store, swept: Arc::default() }
    }

    /// Replaces counts of an hour, makes them durable, and forgets other hours.
    pub async fn put(&self, hour: Hour, counts: &[(TenantId, u64)]) -> Result<(), ControlViewError> {
        let is_swept = self.swept.load(Ordering::Relaxed) == hour.0;
        let mut writes = if is_swept { Vec::new() } else { self.of_other_hours(hour).await? };
        for (tenant, count) in counts {
            writes.push(document::put(CALLS, key(*tenant, hour), count)?);
        }
        // The checkpoint only has to rise.
        let next = self.store.checkpoint(CALLS, PARTITION).await?.plus(1);
        self.store.apply(CALLS, Fold { partition: PARTITION, next, writes }).await?;
        self.swept.store(hour.0, Ordering::Relaxed);
        Ok(self.store.flush().await?)
    }

    /// What was written of an hour.
    pub async fn of_hour(&self, hour: Hour) -> Result<Vec<(TenantId, u64)>, ViewError> {
        let (prefix, mut after, mut counts) = (prefix(hour), None::<Bytes>, Vec::new());
        loop {
            let page = Page { prefix: &prefix, after: after.as_deref(), limit: PAGE_DOCUMENTS_MAX };
            let found = self.store.scan(CALLS, page).await?;
            for of_tenant in &found {
                let tenant = std::str::from_utf8(&of_tenant.key[prefix.len()..]).ok();
                let tenant = tenant.and_then(|tenant| TenantId::parse(tenant).ok());
                let nobody =
                    || ViewError::Damaged { view: CALLS, reason: "a count has no tenant".to_owned() };
                counts.push((tenant.ok_or_else(nobody)?, document::decode(CALLS, &of_tenant.document)?));
            }
            match found.last() {
                Some(last) if found.len() == PAGE_DOCUMENTS_MAX => after = Some(last.key.clone()),
                _ => return Ok(counts),
            }
        }
    }

    async fn of_other_hours(&self, hour: Hour) -> Result<Vec<ViewWrite>, ViewError> {
        let page = Page { prefix: b"", after: None, limit: PAGE_DOCUMENTS_MAX };
        let kept = prefix(hour);
        let found = self.store.scan(CALLS, page).await?.into_iter();
        let others = found.filter(|of_tenant| !of_tenant.key.starts_with(&kept));
        Ok(others.map(|other| ViewWrite::Delete { key: other.key }).collect())
    }
}

fn prefix(hour: Hour) -> Bytes {
    format!("{hour}/").into()
}

fn key(tenant: TenantId, hour: Hour) -> Bytes {
    format!("{hour}/{tenant}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::conformance::tests::at_once;
    use crate::views::memory::MemoryViews;

    fn tenant(text: &str) -> TenantId {
        TenantId::parse(text).unwrap()
    }

    #[test]
    fn the_counts_of_an_hour_are_found_again_and_those_of_others_go() {
        let store: Arc<dyn ViewStore> = Arc::new(MemoryViews::new());
        let views = CallViews::new(Arc::clone(&store));
        let (first, second) = (Hour(480_000), Hour(480_001));
        at_once(views.put(first, &[(tenant("a"), 3), (tenant("b"), 4)])).unwrap();
        at_once(views.put(first, &[(tenant("a"), 5)])).unwrap();
        assert_eq!(at_once(views.of_hour(first)).unwrap(), [(tenant("a"), 5), (tenant("b"), 4)]);
        at_once(views.put(second, &[(tenant("b"), 1)])).unwrap();
        assert_eq!(at_once(views.of_hour(second)).unwrap(), [(tenant("b"), 1)]);
        assert_eq!(at_once(store.count(CALLS)).unwrap(), 1);
    }

    #[test]
    fn an_hour_ends_where_the_next_begins() {
        let end = Hour(480_000).end();
        assert_eq!(Hour::of(end), Hour(480_001));
        assert_eq!(Hour::of(Timestamp::from_nanos(end.nanos() - 1)), Hour(480_000));
    }
}
