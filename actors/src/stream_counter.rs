//! Counts the streams of tenants that have sent, from the search index and away from the way of lines.
//!
//! Invariant: one tenant is counted at a time, and after it counting rests many times as long as it took, so that it costs
//! a small part of one question at a time however much there is; the more there is, the later a count comes. It refuses
//! nothing: quotas do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Clock;
use antler_events::ids::TenantId;
use antler_events::line::StreamName;
use antler_projections::index::port::streams::{all_streams, streams_of};
use antler_projections::index::port::{Bounds, Coverage, SearchError, SearchIndex};
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::ViewError;
use tokio::sync::watch;

use crate::background::Background;
use crate::projector::index;
use crate::system::System;

/// A round begins so long after the one before.
const ROUND: Duration = Duration::from_secs(2);
/// After a count it rests so many times as long as that took.
const REST: u32 = 99;
/// After something failed.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a stop waits.
const STOP_MAX: Duration = Duration::from_secs(1);
/// Tenants that are read together at the start.
const PAGE: usize = 1_000;

/// What counting needs of the program.
#[derive(Debug)]
pub struct CounterParts {
    pub system: Arc<System>,
    pub index: Arc<dyn SearchIndex>,
    pub views: ControlViews,
    pub clock: Arc<dyn Clock>,
    /// Of one tenant's count.
    pub bounds: Bounds,
}

/// Counts round after round.
#[derive(Debug)]
pub struct StreamCounter {
    parts: Arc<CounterParts>,
    counting: Background,
}

/// Why streams were not counted.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    #[error(transparent)]
    Index(#[from] SearchError),
    #[error(transparent)]
    Views(#[from] ViewError),
}

impl StreamCounter {
    pub fn start(parts: CounterParts) -> Self {
        let parts = Arc::new(parts);
        let counting = Background::start(|stopped| Arc::clone(&parts).run(stopped));
        Self { parts, counting }
    }

    /// How many streams a tenant has, by its last count; one that was not counted yet is counted now.
    pub async fn used(&self, tenant: TenantId) -> Result<u64, CountError> {
        let quotas = self.parts.system.quotas();
        if quotas.streams(tenant).is_none() {
            self.parts.count_of(tenant).await?;
        }
        Ok(quotas.streams(tenant).unwrap_or_default())
    }

    pub async fn stop(&self) {
        if !self.counting.stop(STOP_MAX).await {
            tracing::warn!("counting of streams is cut off");
        }
    }
}

impl CounterParts {
    async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = self.count() => {}
        }
    }

    async fn count(&self) {
        while let Err(error) = self.begin().await {
            tracing::error!(%error, "tenants cannot be listed, so their streams are not counted; tried again");
            tokio::time::sleep(PAUSE).await;
        }
        loop {
            self.round().await;
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Every tenant is counted once the index has what was in the log: who was full before is full again.
    async fn begin(&self) -> Result<(), ViewError> {
        self.system.settled_everywhere(index::NAME).await;
        let mut after = None;
        loop {
            let page = self.views.tenants(after, PAGE).await?;
            let tenants: Vec<TenantId> = page.iter().map(|(tenant, _)| *tenant).collect();
            self.system.quotas().streams_are_due(&tenants);
            after = tenants.last().copied();
            if tenants.len() < PAGE {
                return Ok(());
            }
        }
    }

    async fn round(&self) {
        let quotas = self.system.quotas();
        for tenant in quotas.due_for_streams() {
            let began = self.clock.elapsed();
            if let Err(error) = self.count_of(tenant).await {
                tracing::warn!(%tenant, %error, "the streams of a tenant cannot be counted; tried again");
                quotas.streams_are_due(&[tenant]);
                tokio::time::sleep(PAUSE).await;
            }
            tokio::time::sleep(self.clock.elapsed().saturating_sub(began) * REST).await;
        }
    }

    async fn count_of(&self, tenant: TenantId) -> Result<(), CountError> {
        let table = self.index.table(tenant, all_streams(), self.bounds).await?;
        let names: BTreeSet<StreamName> = streams_of(&table.rows).into_keys().collect();
        // Rows may also be missing because there are too many.
        let is_whole = table.coverage == Coverage::whole();
        Ok(self.system.quotas().streams_counted(tenant, (names, is_whole)).await?)
    }
}
