//! An index without the lines of files that were deleted: they are hidden at once, and go when retention comes by.
//!
//! Invariant: no answer shows or counts a line of a hidden file; all other lines are answered as they are. Names and values
//! of fields, which are listed without a question, may come from hidden lines until these are gone. It keeps nothing over a
//! restart: whoever hides files hides them again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::ids::{Offset, PartitionId, TenantId, UploadId};
use antler_events::log::BoxFuture;
use antler_events::query::tree::{FieldName, Filter, Test, Wildcard};

use super::port::{
    Answering, ApplyReport, BatchAt, Bounds, Explanation, FacetQuery, Facets, FieldList, FieldsQuery,
    FoundLine, Histogram, HistogramQuery, IndexError, IndexStatistics, LineId, LinePage, LineQuery, OneLine,
    Patterns, PatternsQuery, RetainReport, Retention, RetentionCondition, RetentionRule, SearchIndex,
    TableAnswer, TableQuery, TenantStatistics, ValuesQuery, Verification,
};

/// What lines of uploaded files begin with, before the id of the file.
const LINE_BEGINS: &[u8] = b"{\"upload_id\":\"";

/// Files whose lines are hidden.
#[derive(Debug, Default)]
pub struct Hidden(RwLock<BTreeMap<TenantId, BTreeSet<UploadId>>>);

/// An index behind which files may be hidden.
#[derive(Debug)]
pub struct HidingIndex {
    index: Arc<dyn SearchIndex>,
    hidden: Arc<Hidden>,
}

impl Hidden {
    pub fn hide(&self, tenant: TenantId, uploads: impl IntoIterator<Item = UploadId>) {
        let mut hidden = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut uploads = uploads.into_iter().peekable();
        if uploads.peek().is_some() {
            hidden.entry(tenant).or_default().extend(uploads);
        }
    }

    /// What the hidden lines of a tenant have in common.
    fn filter(&self, tenant: TenantId) -> Option<Filter> {
        let hidden = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of_file = |id: &UploadId| {
            let exactly = Test::Like(Wildcard::literally(id.as_str()));
            Filter::is(FieldName::named("upload_id"), exactly)
        };
        hidden.get(&tenant).map(|uploads| Filter::any_of(uploads.iter().map(of_file)))
    }

    fn hides(&self, tenant: TenantId, line: &FoundLine) -> bool {
        let hidden = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(uploads) = hidden.get(&tenant) else { return false };
        let rest = line.raw.strip_prefix(LINE_BEGINS);
        let id = rest.and_then(|rest| rest.split(|byte| *byte == b'"').next());
        let id = id.and_then(|id| UploadId::parse(std::str::from_utf8(id).ok()?).ok());
        id.is_some_and(|id| uploads.contains(&id))
    }

    /// The rules, and that hidden lines go.
    fn with_rules(&self, mut rules: Retention) -> Retention {
        let tenants: Vec<TenantId> =
            self.0.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        for tenant in tenants {
            let Some(filter) = self.filter(tenant) else { continue };
            let mut own = rules.of(tenant).clone();
            let rule =
                RetentionRule { condition: RetentionCondition::Lines(filter), age: Some(Duration::ZERO) };
            own.rules.insert(0, rule);
            rules.of_tenants.insert(tenant, own);
        }
        rules
    }
}

impl HidingIndex {
    pub fn new(index: Arc<dyn SearchIndex>, hidden: Arc<Hidden>) -> Self {
        Self { index, hidden }
    }

    /// The filter without hidden lines.
    fn shown(&self, tenant: TenantId, filter: Filter) -> Filter {
        match self.hidden.filter(tenant) {
            None => filter,
            Some(hidden) => Filter::all_of([filter, hidden.negated()]),
        }
    }
}

impl SearchIndex for HidingIndex {
    fn apply(
        &self,
        partition: PartitionId,
        batches: Vec<BatchAt>,
    ) -> BoxFuture<'_, Result<ApplyReport, IndexError>> {
        self.index.apply(partition, batches)
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        self.index.applied(partition)
    }

    fn checkpoint(&self, partition: PartitionId) -> Offset {
        self.index.checkpoint(partition)
    }

    fn tick(&self, now: Timestamp) -> bool {
        self.index.tick(now)
    }

    fn upkeep(&self) -> BoxFuture<'_, Result<bool, IndexError>> {
        self.index.upkeep()
    }

    fn cool(&self, now: Timestamp) -> BoxFuture<'_, Result<bool, IndexError>> {
        self.index.cool(now)
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), IndexError>> {
        self.index.flush()
    }

    fn search(&self, tenant: TenantId, mut query: LineQuery, bounds: Bounds) -> Answering<'_, LinePage> {
        query.filter = self.shown(tenant, query.filter);
        self.index.search(tenant, query, bounds)
    }

    fn line(&self, tenant: TenantId, id: LineId, bounds: Bounds) -> Answering<'_, OneLine> {
        let found = self.index.line(tenant, id, bounds);
        Box::pin(async move {
            let mut found = found.await?;
            found.line = found.line.filter(|line| !self.hidden.hides(tenant, line));
            Ok(found)
        })
    }

    fn histogram(
        &self,
        tenant: TenantId,
        mut query: HistogramQuery,
        bounds: Bounds,
    ) -> Answering<'_, Histogram> {
        query.filter = self.shown(tenant, query.filter);
        self.index.histogram(tenant, query, bounds)
    }

    fn facets(&self, tenant: TenantId, mut query: FacetQuery, bounds: Bounds) -> Answering<'_, Facets> {
        query.filter = self.shown(tenant, query.filter);
        self.index.facets(tenant, query, bounds)
    }

    fn fields(&self, tenant: TenantId, query: FieldsQuery, bounds: Bounds) -> Answering<'_, FieldList> {
        self.index.fields(tenant, query, bounds)
    }

    fn values(&self, tenant: TenantId, query: ValuesQuery, bounds: Bounds) -> Answering<'_, Facets> {
        self.index.values(tenant, query, bounds)
    }

    fn patterns(
        &self,
        tenant: TenantId,
        mut query: PatternsQuery,
        bounds: Bounds,
    ) -> Answering<'_, Patterns> {
        query.filter = self.shown(tenant, query.filter);
        self.index.patterns(tenant, query, bounds)
    }

    fn table(&self, tenant: TenantId, mut query: TableQuery, bounds: Bounds) -> Answering<'_, TableAnswer> {
        query.filter = self.shown(tenant, query.filter);
        self.index.table(tenant, query, bounds)
    }

    fn explain(&self, tenant: TenantId, mut query: LineQuery, bounds: Bounds) -> Answering<'_, Explanation> {
        query.filter = self.shown(tenant, query.filter);
        self.index.explain(tenant, query, bounds)
    }

    fn tenant_statistics(&self, tenant: TenantId, bounds: Bounds) -> Answering<'_, TenantStatistics> {
        self.index.tenant_statistics(tenant, bounds)
    }

    fn statistics(&self) -> IndexStatistics {
        self.index.statistics()
    }

    fn erase(
        &self,
        tenant: TenantId,
        until: Vec<(PartitionId, Offset)>,
    ) -> BoxFuture<'_, Result<(), IndexError>> {
        self.index.erase(tenant, until)
    }

    fn retain(&self, rules: Retention, now: Timestamp) -> BoxFuture<'_, Result<RetainReport, IndexError>> {
        self.index.retain(self.hidden.with_rules(rules), now)
    }

    fn verify(&self) -> BoxFuture<'_, Result<Verification, IndexError>> {
        self.index.verify()
    }
}

#[cfg(test)]
mod tests {
    use antler_config::limits::LineLimits;
    use antler_events::line::LineBatchBuilder;

    use super::*;
    use crate::index::conformance::tests::at_once;
    use crate::index::port::Total;
    use crate::index::port::feed::TenantLines;
    use crate::index::reference::ReferenceIndex;

    const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3_600), memory_bytes: 1 << 20 };
    const NOW: Timestamp = Timestamp::from_nanos(1_772_352_000_000_000_000);

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    fn feed(index: &dyn SearchIndex, name: &str, offset: u64) {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), NOW);
        builder.push(br#"{"upload_id":"f1","message":"of a file"}"#).unwrap();
        builder.push(br#"{"message":"of nobody","about":"f1"}"#).unwrap();
        let (tenant, batch, arrival) = (tenant(name), Arc::new(builder.finish()), Arc::default());
        let lines = Some(TenantLines { tenant, batch, arrival });
        let batch = BatchAt { offset: Offset::new(offset), lines };
        assert!(at_once(index.apply(PartitionId::new(0), vec![batch])).unwrap().refused.is_none());
    }

    fn found(index: &dyn SearchIndex, name: &str) -> LinePage {
        let query = LineQuery { wants_total: true, ..LineQuery::newest(9) };
        at_once(index.search(tenant(name), query, BOUNDS)).unwrap()
    }

    #[test]
    fn lines_of_a_hidden_file_are_not_found_and_go() {
        let (below, hidden) = (Arc::new(ReferenceIndex::new()), Arc::<Hidden>::default());
        let index = HidingIndex::new(Arc::clone(&below) as Arc<dyn SearchIndex>, Arc::clone(&hidden));
        feed(&index, "acme", 1);
        feed(&index, "bolt", 2);
        let of_file = found(&index, "acme").lines.into_iter().find(|line| line.raw.starts_with(LINE_BEGINS));
        let id = of_file.unwrap().id();
        hidden.hide(tenant("acme"), [UploadId::parse("f1").unwrap()]);
        assert_eq!(found(&index, "acme").total, Some(Total::Exactly(1)));
        assert_eq!(found(&index, "bolt").total, Some(Total::Exactly(2)));
        assert_eq!(at_once(index.line(tenant("acme"), id, BOUNDS)).unwrap().line, None);
        assert_eq!(found(&*below, "acme").total, Some(Total::Exactly(2)));
        let next_day = Timestamp::from_nanos(NOW.nanos() + 2 * 86_400_000_000_000);
        at_once(index.retain(Retention::default(), next_day)).unwrap();
        while at_once(index.upkeep()).unwrap() {}
        assert_eq!(found(&*below, "acme").total, Some(Total::Exactly(1)));
        assert_eq!(found(&*below, "bolt").total, Some(Total::Exactly(2)));
    }
}
