//! The use of API keys: noted in memory at each request, and written now and then.
//!
//! Invariant: a key is written once a minute at most, and no request waits for it; what was not written is lost in a crash.
//! So many keys are noted between two writes, and no more. It does not ask whether a key counts.

use std::collections::BTreeMap;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::event::note::{KeysUsed, Note};
use antler_events::ids::{KeyId, TenantId};
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::port::ViewError;
use dashmap::DashMap;
use foldhash::fast::FixedState;

use crate::background::Background;
use crate::notes::Notes;

/// Uses are written so often.
const WRITE_EVERY: Duration = Duration::from_secs(60);
/// Keys that are noted between two writes; the use of further ones is told later.
const KEYS_MAX: usize = 20_000;
/// How long a stop waits for the last write.
const STOP_MAX: Duration = Duration::from_secs(1);

/// When keys were used.
#[derive(Debug)]
pub struct KeyUse {
    views: ArrivalViews,
    noted: DashMap<(TenantId, KeyId), Timestamp, FixedState>,
}

/// Writes them.
#[derive(Debug)]
pub struct KeyUseWriter {
    running: Background,
}

impl KeyUse {
    pub fn new(views: ArrivalViews) -> Self {
        Self { views, noted: DashMap::with_hasher(FixedState::default()) }
    }

    /// A second's difference is worth no write lock.
    pub fn note(&self, tenant: TenantId, key: KeyId, now: Timestamp) {
        let known = self.noted.get(&(tenant, key)).map(|at| *at);
        match known {
            Some(at) if now.nanos() < at.nanos().saturating_add(1_000_000_000) => {}
            None if self.noted.len() >= KEYS_MAX => {}
            _ => {
                self.noted.insert((tenant, key), now);
            }
        }
    }

    pub async fn last(&self, tenant: TenantId, key: KeyId) -> Result<Option<Timestamp>, ViewError> {
        let noted = self.noted.get(&(tenant, key)).map(|at| *at);
        Ok(noted.max(self.views.last_use(tenant, key).await?))
    }

    /// Forgets what was noted of a tenant and is not written.
    pub fn forget(&self, tenant: TenantId) {
        self.noted.retain(|(other, _), _| *other != tenant);
    }

    /// What was noted since this was asked before, by tenant.
    fn take(&self) -> BTreeMap<TenantId, KeysUsed> {
        let mut taken = BTreeMap::<TenantId, KeysUsed>::new();
        self.noted.retain(|(tenant, key), at| {
            taken.entry(*tenant).or_insert_with(|| KeysUsed { keys: Vec::new() }).keys.push((*key, *at));
            false
        });
        taken.values_mut().for_each(|used| used.keys.sort_unstable());
        taken
    }

    async fn write(&self, notes: &Notes) {
        for (tenant, used) in self.take() {
            if let Err(error) = notes.record(tenant, &Note::Used(used)).await {
                tracing::warn!(%tenant, %error, "the use of some API keys is not written");
            }
        }
    }
}

impl KeyUseWriter {
    pub fn start(uses: std::sync::Arc<KeyUse>, notes: Notes) -> Self {
        let running = Background::start(|mut stopped| async move {
            while !*stopped.borrow() {
                let _told_or_not = tokio::time::timeout(WRITE_EVERY, stopped.changed()).await;
                uses.write(&notes).await;
            }
        });
        Self { running }
    }

    /// Writes once more.
    pub async fn stop(&self) {
        if !self.running.stop(STOP_MAX).await {
            tracing::warn!("the last use of some API keys is not written");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use antler_projections::views::memory::MemoryViews;

    use super::*;

    #[tokio::test]
    async fn the_last_use_of_each_key_is_taken_once_and_a_clock_that_goes_back_changes_nothing() {
        let uses = KeyUse::new(ArrivalViews::new(Arc::new(MemoryViews::new())));
        let tenant = |name| TenantId::parse(name).unwrap();
        let key = |name| KeyId::parse(name).unwrap();
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        for seconds in [10, 10, 12, 5] {
            uses.note(tenant("a"), key("k1"), at(seconds));
        }
        uses.note(tenant("a"), key("k0"), at(3));
        uses.note(tenant("b"), key("k1"), at(4));
        assert_eq!(uses.last(tenant("a"), key("k1")).await.unwrap(), Some(at(12)));
        assert_eq!(uses.last(tenant("b"), key("k0")).await.unwrap(), None);
        let taken = uses.take();
        assert_eq!(taken[&tenant("a")].keys, [(key("k0"), at(3)), (key("k1"), at(12))]);
        assert_eq!(taken[&tenant("b")].keys, [(key("k1"), at(4))]);
        assert!(uses.take().is_empty());
    }
}
