//! The column store as a search index.
//!
//! `asked` is one question with its groups and its bounds, `traced` watches what is read for it; the other files
//! answer, each a kind of question. All work goes to the workers, so that no thread that serves sockets waits.
//! Invariant: an answer holds rows of the tenant only, and only lines whose place in the order is settled; what
//! is missing, because of damage or for want of time, is named. It searches nothing itself: `search` does.

mod asked;
mod change;
mod counts;
mod explain;
mod fields;
mod figures;
mod lines;
mod patterns;
mod retention;
mod table;
mod traced;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use antler_events::clock::{Clock, Timestamp};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::BoxFuture;

use self::asked::{Asked, CancelOnDrop, Patience};
use self::figures::KnownShares;
use self::retention::KnownRules;
use super::store::ColumnStore;
use crate::index::port::{
    Answering, ApplyReport, BatchAt, Bounds, Explanation, FacetQuery, Facets, FieldList, FieldsQuery,
    Histogram, HistogramQuery, IndexError, IndexStatistics, LineId, LinePage, LineQuery, OneLine, Patterns,
    PatternsQuery, RetainReport, Retention, SearchError, SearchIndex, TableAnswer, TableQuery,
    TenantStatistics, ValuesQuery, Verification, Workers, compute,
};

/// A column store that answers the port.
pub struct ColumnIndex {
    shared: Arc<Shared>,
    /// Whoever does changes: no question keeps lines from being taken.
    changing: Arc<dyn Workers>,
}

/// What work on other threads needs.
struct Shared {
    store: ColumnStore,
    clock: Arc<dyn Clock>,
    /// Those who answer questions.
    workers: Arc<dyn Workers>,
    known_shares: KnownShares,
    known_rules: KnownRules,
}

impl ColumnIndex {
    pub fn new(store: ColumnStore, clock: Arc<dyn Clock>, workers: Arc<dyn Workers>) -> Self {
        let (known_shares, known_rules) = (KnownShares::default(), KnownRules::default());
        let changing = Arc::clone(&workers);
        Self { shared: Arc::new(Shared { store, clock, workers, known_shares, known_rules }), changing }
    }

    /// Gives changes to others than those who answer questions.
    #[must_use]
    pub fn changed_by(self, changing: Arc<dyn Workers>) -> Self {
        Self { changing, ..self }
    }

    pub fn store(&self) -> &ColumnStore {
        &self.shared.store
    }

    /// Gives a question to the workers. It ends when the answer is not waited for any more.
    fn ask<T: Send + 'static>(
        &self,
        bounds: Bounds,
        answer: impl FnOnce(&Asked<'_>) -> Result<T, SearchError> + Send + 'static,
    ) -> Answering<'_, T> {
        let shared = Arc::clone(&self.shared);
        let deadline = shared.clock.elapsed().saturating_add(bounds.time);
        let is_cancelled = Arc::new(AtomicBool::new(false));
        let cancel = CancelOnDrop(Arc::clone(&is_cancelled));
        let clock = Arc::clone(&shared.clock);
        let workers = Arc::clone(&shared.workers);
        let patience = Patience { clock, deadline, is_cancelled, workers };
        Box::pin(async move {
            let _cancel = cancel;
            let work = move |shared: &Shared| {
                answer(&Asked::new(&shared.store, &shared.known_shares, patience, bounds.memory_bytes))
            };
            let workers = Arc::clone(&shared.workers);
            compute(&*workers, move || work(&shared)).await?
        })
    }

    /// Gives a change to the workers. It is done whether or not somebody waits for it.
    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Shared) -> Result<T, IndexError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, IndexError>> {
        let shared = Arc::clone(&self.shared);
        let changing = Arc::clone(&self.changing);
        Box::pin(async move { compute(&*changing, move || change(&shared)).await? })
    }
}

impl SearchIndex for ColumnIndex {
    fn apply(
        &self,
        partition: PartitionId,
        batches: Vec<BatchAt>,
    ) -> BoxFuture<'_, Result<ApplyReport, IndexError>> {
        self.change(move |shared| change::apply(&shared.store, partition, &batches))
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        self.shared.store.applied(partition)
    }

    fn checkpoint(&self, partition: PartitionId) -> Offset {
        self.shared.store.checkpoint(partition)
    }

    fn tick(&self, now: Timestamp) -> bool {
        self.shared.store.tick(now)
    }

    fn upkeep(&self) -> BoxFuture<'_, Result<bool, IndexError>> {
        self.change(|shared| change::upkeep(&shared.store))
    }

    fn cool(&self, now: Timestamp) -> BoxFuture<'_, Result<bool, IndexError>> {
        self.change(move |shared| change::cool(&shared.store, now))
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), IndexError>> {
        self.change(|shared| change::flush(&shared.store))
    }

    fn search(&self, tenant: TenantId, query: LineQuery, bounds: Bounds) -> Answering<'_, LinePage> {
        self.ask(bounds, move |asked| asked.page(tenant, &query))
    }

    fn line(&self, tenant: TenantId, id: LineId, bounds: Bounds) -> Answering<'_, OneLine> {
        self.ask(bounds, move |asked| Ok(asked.line(tenant, id)))
    }

    fn histogram(&self, tenant: TenantId, query: HistogramQuery, bounds: Bounds) -> Answering<'_, Histogram> {
        self.ask(bounds, move |asked| asked.histogram(tenant, &query))
    }

    fn facets(&self, tenant: TenantId, query: FacetQuery, bounds: Bounds) -> Answering<'_, Facets> {
        self.ask(bounds, move |asked| asked.facets(tenant, &query))
    }

    fn fields(&self, tenant: TenantId, query: FieldsQuery, bounds: Bounds) -> Answering<'_, FieldList> {
        self.ask(bounds, move |asked| Ok(asked.fields(tenant, &query)))
    }

    fn values(&self, tenant: TenantId, query: ValuesQuery, bounds: Bounds) -> Answering<'_, Facets> {
        self.ask(bounds, move |asked| asked.values(tenant, &query))
    }

    fn patterns(&self, tenant: TenantId, query: PatternsQuery, bounds: Bounds) -> Answering<'_, Patterns> {
        self.ask(bounds, move |asked| asked.patterns(tenant, &query))
    }

    fn table(&self, tenant: TenantId, query: TableQuery, bounds: Bounds) -> Answering<'_, TableAnswer> {
        self.ask(bounds, move |asked| asked.table(tenant, &query))
    }

    fn explain(&self, tenant: TenantId, query: LineQuery, bounds: Bounds) -> Answering<'_, Explanation> {
        self.ask(bounds, move |asked| asked.explain(tenant, &query))
    }

    fn tenant_statistics(&self, tenant: TenantId, bounds: Bounds) -> Answering<'_, TenantStatistics> {
        self.ask(bounds, move |asked| Ok(asked.figures(tenant)))
    }

    fn statistics(&self) -> IndexStatistics {
        change::statistics(&self.shared.store)
    }

    fn erase(
        &self,
        tenant: TenantId,
        until: Vec<(PartitionId, Offset)>,
    ) -> BoxFuture<'_, Result<(), IndexError>> {
        self.change(move |shared| shared.store.erase_until(tenant, &until).map_err(change::failed))
    }

    fn retain(&self, rules: Retention, now: Timestamp) -> BoxFuture<'_, Result<RetainReport, IndexError>> {
        self.change(move |shared| shared.known_rules.retain(&shared.store, rules, now))
    }

    fn verify(&self) -> BoxFuture<'_, Result<Verification, IndexError>> {
        self.change(|shared| change::verify(&shared.store))
    }
}

impl fmt::Debug for ColumnIndex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ColumnIndex({:?})", self.shared.store)
    }
}
