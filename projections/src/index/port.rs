//! The `SearchIndex` port: lines of the event log go in, and are found, counted and listed again.
//!
//! It speaks of lines, filters and tables; how an adapter keeps them is its own business. `workers` is what an
//! adapter needs of its host: somebody who runs work that takes long.
//! Invariant: every question takes the tenant first and its answer holds nothing of another's; an answer that
//! misses lines says so in its `Coverage`. It does not parse queries and knows no page of an API.

pub mod answer;
pub mod context;
pub mod counts;
pub mod cursor;
pub mod error;
pub mod explain;
pub mod export;
pub mod feed;
pub mod fields;
pub mod keep;
pub mod line;
pub mod patterns;
pub mod retention;
pub mod search;
pub mod streams;
pub mod table;
pub mod workers;

use std::fmt;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::BoxFuture;

pub use answer::{Coverage, Total, Warning};
pub use context::{Context, ContextQuery};
pub use counts::{
    Bucket, Facet, FacetQuery, Facets, Histogram, HistogramQuery, LevelCounts, Resolution, ValueCount,
    ValueMatch, ValuesQuery,
};
pub use cursor::{Cursor, CursorError};
pub use error::{IndexError, SearchError};
pub use explain::{Cost, Explanation, Step, Way};
pub use export::Export;
pub use feed::{ApplyReport, BatchAt};
pub use fields::{FieldKinds, FieldList, FieldSummary, FieldsQuery};
pub use keep::{IndexStatistics, RetainReport, TenantStatistics, Verification};
pub use line::{FoundLine, LineId, LineIdError, Position};
pub use patterns::{PatternBucket, PatternDetails, PatternOrder, PatternSummary, Patterns, PatternsQuery};
pub use retention::{Retention, RetentionCondition, RetentionRule, TenantRetention};
pub use search::{After, LinePage, LineQuery, OneLine, Order, Period};
pub use table::{TableAnswer, TableLines, TableQuery};
pub use workers::{InlineWorkers, JobList, Work, WorkLost, Workers, compute};

/// The answer to a question.
pub type Answering<'a, T> = BoxFuture<'a, Result<T, SearchError>>;

/// What one question may cost. It also ends when whoever asked drops the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From now on. What was found until then is answered, with a warning.
    pub time: Duration,
    /// Of what is gathered for the answer.
    pub memory_bytes: usize,
}

/// What finds lines again.
pub trait SearchIndex: Send + Sync + fmt::Debug {
    /// Takes lines of events of one partition, whose offsets rise. An event at or below the last one is known
    /// and ignored. What has no room is refused in the report, and not waited for.
    fn apply(
        &self,
        partition: PartitionId,
        batches: Vec<BatchAt>,
    ) -> BoxFuture<'_, Result<ApplyReport, IndexError>>;

    /// Events of the partition up to this one are found.
    fn applied(&self, partition: PartitionId) -> Offset;

    /// Events of the partition up to this one are found after a crash too: the log may let them go.
    fn checkpoint(&self, partition: PartitionId) -> Offset;

    /// Tells the time. Says whether somebody should call `upkeep`.
    fn tick(&self, now: Timestamp) -> bool;

    /// Does the most urgent piece of work that is due: making lines durable, or less space of them. Says whether
    /// there was any.
    fn upkeep(&self) -> BoxFuture<'_, Result<bool, IndexError>>;

    /// Does a piece of work that can wait: making less space of lines that are seldom read. Says whether there was
    /// any; whoever asks rests in between.
    fn cool(&self, now: Timestamp) -> BoxFuture<'_, Result<bool, IndexError>>;

    /// Resolves when all that was applied is durable, so that the checkpoints have reached it.
    fn flush(&self) -> BoxFuture<'_, Result<(), IndexError>>;

    /// The first lines in an order, and where to go on.
    fn search(&self, tenant: TenantId, query: LineQuery, bounds: Bounds) -> Answering<'_, LinePage>;

    /// One line by its id.
    fn line(&self, tenant: TenantId, id: LineId, bounds: Bounds) -> Answering<'_, OneLine>;

    /// The lines around one.
    fn context(&self, tenant: TenantId, query: ContextQuery, bounds: Bounds) -> Answering<'_, Context> {
        Box::pin(context::by_searching(tenant, self, query, bounds))
    }

    /// Counts by level over time.
    fn histogram(&self, tenant: TenantId, query: HistogramQuery, bounds: Bounds) -> Answering<'_, Histogram>;

    /// The most frequent values of fields among the lines that a filter wants.
    fn facets(&self, tenant: TenantId, query: FacetQuery, bounds: Bounds) -> Answering<'_, Facets>;

    /// What fields lines have.
    fn fields(&self, tenant: TenantId, query: FieldsQuery, bounds: Bounds) -> Answering<'_, FieldList>;

    /// The most frequent values of a field that look like a text.
    fn values(&self, tenant: TenantId, query: ValuesQuery, bounds: Bounds) -> Answering<'_, Facets>;

    /// What the messages of the lines that a filter wants have in common.
    fn patterns(&self, tenant: TenantId, query: PatternsQuery, bounds: Bounds) -> Answering<'_, Patterns>;

    /// What pipes make of the lines that a filter wants.
    fn table(&self, tenant: TenantId, query: TableQuery, bounds: Bounds) -> Answering<'_, TableAnswer>;

    /// Runs a search and tells what it did.
    fn explain(&self, tenant: TenantId, query: LineQuery, bounds: Bounds) -> Answering<'_, Explanation>;

    /// What a tenant has in the index.
    fn tenant_statistics(&self, tenant: TenantId, bounds: Bounds) -> Answering<'_, TenantStatistics>;

    /// What the index holds of all tenants.
    fn statistics(&self) -> IndexStatistics;

    /// Hides all lines of the tenant that were applied so far, and those of events up to `until` that come
    /// later. Once this resolves they are not found any more, whatever crashes; `upkeep` makes them go.
    fn erase(
        &self,
        tenant: TenantId,
        until: Vec<(PartitionId, Offset)>,
    ) -> BoxFuture<'_, Result<(), IndexError>>;

    /// Lets go of lines that are too old. None goes before its time; some stay until `upkeep` comes by, and up
    /// to a day longer.
    fn retain(&self, rules: Retention, now: Timestamp) -> BoxFuture<'_, Result<RetainReport, IndexError>>;

    /// Reads everything that is durable again and says what is damaged. That is set aside: later answers name it.
    fn verify(&self) -> BoxFuture<'_, Result<Verification, IndexError>>;
}
