//! A search index that is obviously right: all lines in one list, and the slow reader of filters.
//!
//! It proves the conformance suite, which other adapters are proved by, and stands in for an index where a test
//! needs one. `planted` are its bugs, which a test can switch on.
//! Invariant: without a planted bug every answer is that of looking at every line of the tenant. It keeps
//! nothing when it is dropped, and does not care what it costs.

mod answers;
mod patterns;
pub mod planted;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::{Level, Line, LineBatch, Role, StreamName};
use antler_events::log::BoxFuture;
use antler_events::query::reference::matches;
use antler_events::query::tree::Filter;
use bytes::Bytes;

use self::planted::Planted;
use super::port::feed::check_rising;
use super::port::{
    Answering, ApplyReport, BatchAt, Bounds, Explanation, FacetQuery, Facets, FieldList, FieldsQuery,
    FoundLine, Histogram, HistogramQuery, IndexError, IndexStatistics, LineId, LinePage, LineQuery, OneLine,
    Patterns, PatternsQuery, Period, Position, RetainReport, Retention, RetentionCondition, RetentionRule,
    SearchIndex, TableAnswer, TableQuery, TenantRetention, TenantStatistics, ValuesQuery, Verification,
};

/// The index.
#[derive(Debug, Default)]
pub struct ReferenceIndex {
    planted: Planted,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<Stored>,
    applied: BTreeMap<PartitionId, Offset>,
    /// Events up to these are not taken again.
    erased: BTreeMap<TenantId, BTreeMap<PartitionId, Offset>>,
}

/// A line with its batch.
#[derive(Debug, Clone)]
struct Stored {
    tenant: TenantId,
    position: Position,
    batch: Arc<LineBatch>,
    arrival: Arc<Arrival>,
}

impl Stored {
    fn line(&self) -> Line<'_> {
        self.batch.line(self.position.id.line as usize).expect("a line that was taken is in its batch")
    }

    fn found(&self) -> FoundLine {
        FoundLine {
            position: self.position,
            received_at: self.batch.received_at(),
            raw: Bytes::copy_from_slice(self.line().raw()),
            is_plain: self.line().is_plain(),
            arrival: (*self.arrival).clone(),
        }
    }

    /// What it says itself, else what its sender said for all lines.
    fn level(&self) -> Option<Level> {
        let said = || self.arrival.defaults.level.as_ref();
        match self.line().role(Role::Level) {
            Some(value) => Level::parse(value.text().as_bytes()),
            None => said().and_then(|text| Level::parse(text.as_bytes())),
        }
    }
}

impl ReferenceIndex {
    pub fn new() -> Self {
        Self::default()
    }

    /// One with a bug.
    pub fn with_planted(planted: Planted) -> Self {
        Self { planted, ..Self::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the lines")
    }

    /// Lines of a tenant that pass, the oldest first.
    fn passing(&self, tenant: TenantId, filter: &Filter, period: Period) -> Vec<Stored> {
        let state = self.state();
        let its = |stored: &&Stored| stored.tenant == tenant || self.planted.is(Planted::TenantForgotten);
        let wanted = |stored: &&Stored| {
            period.contains(stored.position.time) && matches(filter, stored.line(), &stored.arrival.defaults)
        };
        let mut lines: Vec<Stored> = state.lines.iter().filter(its).filter(wanted).cloned().collect();
        lines.sort_by_key(|stored| stored.position);
        lines
    }

    fn take(&self, partition: PartitionId, batches: Vec<BatchAt>) -> Result<ApplyReport, IndexError> {
        check_rising(&batches)?;
        let mut state = self.state();
        let mut report = ApplyReport::default();
        for BatchAt { offset, lines } in batches {
            let applied = state.applied.entry(partition).or_default();
            if offset <= *applied && !self.planted.is(Planted::RepeatTaken) {
                report.known += 1;
                continue;
            }
            *applied = offset;
            report.events += 1;
            let Some(lines) = lines else { continue };
            let until = state.erased.get(&lines.tenant).and_then(|until| until.get(&partition));
            let is_erased = until.is_some_and(|until| offset <= *until);
            if is_erased && !self.planted.is(Planted::ErasedComeAgain) {
                continue;
            }
            report.lines += lines.batch.len() as u64;
            for (line, at) in lines.batch.lines().zip(0..) {
                let id = LineId { partition, offset, line: at };
                let (batch, arrival) = (Arc::clone(&lines.batch), Arc::clone(&lines.arrival));
                let position = Position { time: line.timestamp(), id };
                state.lines.push(Stored { tenant: lines.tenant, position, batch, arrival });
            }
        }
        report.applied = state.applied.get(&partition).copied().unwrap_or_default();
        Ok(report)
    }

    fn forget(&self, tenant: TenantId, until: Vec<(PartitionId, Offset)>) {
        let mut state = self.state();
        if !self.planted.is(Planted::ErasureForgotten) {
            state.lines.retain(|stored| stored.tenant != tenant);
        }
        let applied = state.applied.clone();
        let erased = state.erased.entry(tenant).or_default();
        for (partition, last) in applied.into_iter().chain(until) {
            let known = erased.entry(partition).or_default();
            *known = last.max(*known);
        }
    }

    fn drop_old(&self, rules: &Retention, now: Timestamp) -> RetainReport {
        let mut state = self.state();
        let before = state.lines.len();
        let slack = if self.planted.is(Planted::RetainedTooShort) { 86_400_000_000_000 * 3 } else { 0 };
        let is_old = |stored: &Stored| {
            let mut met = rules_met(stored, rules.of(stored.tenant));
            let is_last = self.planted.is(Planted::LastRuleCounts);
            let rule = if is_last { met.last() } else { met.next() };
            let age = rule.map_or(rules.of(stored.tenant).age, |rule| rule.age);
            let age = age.map(|age| i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
            age.is_some_and(|age| {
                stored.position.time.nanos() < now.nanos().saturating_sub(age).saturating_add(slack)
            })
        };
        state.lines.retain(|stored| !is_old(stored));
        let lines = (before - state.lines.len()) as u64;
        RetainReport { lines, ..RetainReport::default() }
    }
}

/// The rules that are about a line, in their order.
fn rules_met<'a>(
    stored: &'a Stored,
    retention: &'a TenantRetention,
) -> impl Iterator<Item = &'a RetentionRule> {
    let (line, defaults) = (stored.line(), &stored.arrival.defaults);
    retention.rules.iter().filter(move |rule| match &rule.condition {
        RetentionCondition::Stream(pattern) => pattern.matches(StreamName::of_line(line, defaults).as_str()),
        RetentionCondition::Lines(filter) => matches(filter, line, defaults),
    })
}

/// An answer that is there already.
fn now<'a, T: Send + 'a>(answer: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl SearchIndex for ReferenceIndex {
    fn apply(
        &self,
        partition: PartitionId,
        batches: Vec<BatchAt>,
    ) -> BoxFuture<'_, Result<ApplyReport, IndexError>> {
        now(self.take(partition, batches))
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        self.state().applied.get(&partition).copied().unwrap_or_default()
    }

    fn checkpoint(&self, partition: PartitionId) -> Offset {
        self.applied(partition)
    }

    fn tick(&self, _now: Timestamp) -> bool {
        false
    }

    fn upkeep(&self) -> BoxFuture<'_, Result<bool, IndexError>> {
        now(Ok(false))
    }

    fn cool(&self, _now: Timestamp) -> BoxFuture<'_, Result<bool, IndexError>> {
        now(Ok(false))
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), IndexError>> {
        now(Ok(()))
    }

    fn search(&self, tenant: TenantId, query: LineQuery, bounds: Bounds) -> Answering<'_, LinePage> {
        now(self.page(tenant, &query, bounds))
    }

    fn line(&self, tenant: TenantId, id: LineId, bounds: Bounds) -> Answering<'_, OneLine> {
        now(Ok(self.one(tenant, id, bounds)))
    }

    fn histogram(&self, tenant: TenantId, query: HistogramQuery, bounds: Bounds) -> Answering<'_, Histogram> {
        now(self.counted_over_time(tenant, &query, bounds))
    }

    fn facets(&self, tenant: TenantId, query: FacetQuery, bounds: Bounds) -> Answering<'_, Facets> {
        now(self.counted_by_value(tenant, &query, bounds))
    }

    fn fields(&self, tenant: TenantId, query: FieldsQuery, bounds: Bounds) -> Answering<'_, FieldList> {
        now(Ok(self.fields_of(tenant, &query, bounds)))
    }

    fn values(&self, tenant: TenantId, query: ValuesQuery, bounds: Bounds) -> Answering<'_, Facets> {
        now(self.values_like(tenant, &query, bounds))
    }

    fn patterns(&self, tenant: TenantId, query: PatternsQuery, bounds: Bounds) -> Answering<'_, Patterns> {
        now(self.patterns_of(tenant, &query, bounds))
    }

    fn table(&self, tenant: TenantId, query: TableQuery, bounds: Bounds) -> Answering<'_, TableAnswer> {
        now(self.piped(tenant, &query, bounds))
    }

    fn explain(&self, tenant: TenantId, query: LineQuery, bounds: Bounds) -> Answering<'_, Explanation> {
        now(self.explained(tenant, &query, bounds))
    }

    fn tenant_statistics(&self, tenant: TenantId, bounds: Bounds) -> Answering<'_, TenantStatistics> {
        now(Ok(self.figures_of(tenant, bounds)))
    }

    fn statistics(&self) -> IndexStatistics {
        let state = self.state();
        let raw_bytes = state.lines.iter().map(|stored| stored.line().raw().len() as u64).sum();
        IndexStatistics {
            lines: state.lines.len() as u64,
            raw_bytes,
            memory_bytes: raw_bytes,
            parts: 1,
            ..IndexStatistics::default()
        }
    }

    fn erase(
        &self,
        tenant: TenantId,
        until: Vec<(PartitionId, Offset)>,
    ) -> BoxFuture<'_, Result<(), IndexError>> {
        self.forget(tenant, until);
        now(Ok(()))
    }

    fn retain(&self, rules: Retention, at: Timestamp) -> BoxFuture<'_, Result<RetainReport, IndexError>> {
        now(Ok(self.drop_old(&rules, at)))
    }

    fn verify(&self) -> BoxFuture<'_, Result<Verification, IndexError>> {
        let IndexStatistics { lines, raw_bytes, .. } = self.statistics();
        now(Ok(Verification { parts: 1, lines, raw_bytes, ..Verification::default() }))
    }
}
