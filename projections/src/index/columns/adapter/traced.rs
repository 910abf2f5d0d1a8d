//! Groups as a question reads them, watched: which were read, what was asked of them, and what that cost.
//!
//! Invariant: watching changes no answer. What others read of the same group at the same moment is counted too,
//! because a group is read by all together.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};

use super::asked::{Patience, name};
use crate::index::columns::block::ReadError;
use crate::index::columns::column::ColumnHead;
use crate::index::columns::forms::Forms;
use crate::index::columns::search::select::SearchGroup;
use crate::index::columns::shape::Shape;
use crate::index::columns::store::{GroupHandle, GroupId};
use crate::index::columns::view::{CountedBy, GroupView, Origin, Reads, TenantRollup, TenantRows, Values};

/// A group with what was seen of its reading.
#[derive(Debug)]
pub(super) struct TracedGroup {
    pub(super) handle: GroupHandle,
    patience: Patience,
    trace: Mutex<Trace>,
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    /// Times it was read to its end before the question had to end.
    pub(super) visits: u64,
    /// Whether a visit may have been cut short.
    is_doubtful: bool,
    pub(super) failure: Option<String>,
    /// Whether rows of the tenant were asked for, and whether there are any.
    pub(super) asks_tenant: bool,
    pub(super) has_rows: bool,
    /// Tokens that the filter was asked for, and that it does not have.
    pub(super) tokens_asked: u64,
    pub(super) tokens_absent: u64,
    pub(super) reads_times: bool,
    /// Whether its roll-up, or its columns, had counted what was asked.
    pub(super) counts_by_rollup: bool,
    pub(super) counts_by_columns: bool,
    /// Columns that were asked for values, by how these are kept.
    pub(super) dictionaries: u64,
    pub(super) templates: u64,
    pub(super) numbers: u64,
    /// Whether lines were rendered to tell if they pass.
    pub(super) scans: bool,
    /// Visits in which lines of the answer were rendered.
    pub(super) rendering_visits: u64,
    pub(super) stored_bytes: u64,
    pub(super) cached_bytes: u64,
    pub(super) took: Duration,
}

impl TracedGroup {
    pub(super) fn new(handle: GroupHandle, patience: Patience) -> Self {
        Self { handle, patience, trace: Mutex::default() }
    }

    /// What was seen since it was taken last.
    pub(super) fn take_trace(&self) -> Trace {
        let mut trace = self.lock();
        let kept =
            Trace { is_doubtful: trace.is_doubtful, failure: trace.failure.clone(), ..Trace::default() };
        std::mem::replace(&mut *trace, kept)
    }

    /// How it is called in warnings.
    pub(super) fn name(&self) -> String {
        match self.handle.id() {
            GroupId::Sealed(number) => name(number),
            GroupId::Memory(_) => "the newest part".to_owned(),
        }
    }

    pub(super) fn was_read(&self) -> bool {
        self.lock().visits > 0
    }

    /// Whether all that was asked of it was answered, so that nothing of it is missing.
    pub(super) fn is_settled(&self) -> bool {
        let trace = self.lock();
        trace.visits > 0 && !trace.is_doubtful
    }

    pub(super) fn has_failed(&self) -> bool {
        self.lock().failure.is_some()
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().expect("nothing panics while it notes a trace")
    }

    fn note_failure(&self, error: &ReadError) {
        self.lock().failure.get_or_insert_with(|| error.to_string());
    }
}

impl SearchGroup for TracedGroup {
    fn span(&self) -> (i64, i64) {
        self.handle.span()
    }

    fn with<R>(&self, read: impl FnOnce(&dyn GroupView) -> R) -> Result<R, ReadError> {
        let begun = self.patience.clock.elapsed();
        let mut faults = 0;
        let answer = self.handle.with(|view| {
            let before = view.reads();
            let traced = TracedView { view, seen: Seen::default() };
            let answer = read(&traced);
            let after = view.reads();
            faults = after.faults - before.faults;
            let mut trace = self.lock();
            traced.seen.add_to(&mut trace);
            trace.stored_bytes += after.stored_bytes - before.stored_bytes;
            trace.cached_bytes += after.cached_bytes - before.cached_bytes;
            answer
        });
        if let Err(error) = &answer {
            self.note_failure(error);
        }
        let mut trace = self.lock();
        trace.visits += 1;
        trace.took += self.patience.clock.elapsed().saturating_sub(begun);
        trace.is_doubtful |= self.patience.budget().stop().is_some();
        if faults > 0 {
            trace.failure.get_or_insert_with(|| "blocks of its file are not as they were written".to_owned());
        }
        answer
    }
}

/// What one visit asked, noted from any thread.
#[derive(Debug, Default)]
struct Seen {
    asks_tenant: AtomicBool,
    has_rows: AtomicBool,
    tokens_asked: AtomicU64,
    tokens_absent: AtomicU64,
    reads_times: AtomicBool,
    counts_by_rollup: AtomicBool,
    counts_by_columns: AtomicBool,
    dictionaries: AtomicU64,
    templates: AtomicU64,
    numbers: AtomicU64,
    renders: AtomicBool,
}

impl Seen {
    fn add_to(&self, trace: &mut Trace) {
        let asks_tenant = self.asks_tenant.load(Ordering::Relaxed);
        trace.asks_tenant |= asks_tenant;
        trace.has_rows |= self.has_rows.load(Ordering::Relaxed);
        trace.tokens_asked += self.tokens_asked.load(Ordering::Relaxed);
        trace.tokens_absent += self.tokens_absent.load(Ordering::Relaxed);
        trace.reads_times |= self.reads_times.load(Ordering::Relaxed);
        trace.counts_by_rollup |= self.counts_by_rollup.load(Ordering::Relaxed);
        trace.counts_by_columns |= self.counts_by_columns.load(Ordering::Relaxed);
        trace.dictionaries += self.dictionaries.load(Ordering::Relaxed);
        trace.templates += self.templates.load(Ordering::Relaxed);
        trace.numbers += self.numbers.load(Ordering::Relaxed);
        // Lines of an answer are asked for by their rows.
        let renders = self.renders.load(Ordering::Relaxed);
        trace.scans |= renders && asks_tenant;
        trace.rendering_visits += u64::from(renders && !asks_tenant);
    }
}

struct TracedView<'a> {
    view: &'a dyn GroupView,
    seen: Seen,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl GroupView for TracedView<'_> {
    fn rows(&self) -> u32 {
        self.view.rows()
    }

    fn tenant_rows(&self, tenant: TenantId) -> TenantRows {
        self.seen.asks_tenant.store(true, Ordering::Relaxed);
        let rows = self.view.tenant_rows(tenant);
        self.seen.has_rows.fetch_or(!rows.is_empty(), Ordering::Relaxed);
        rows
    }

    fn span(&self) -> Option<(i64, i64)> {
        self.view.span()
    }

    fn page_span(&self, page: usize) -> Option<(i64, i64)> {
        self.view.page_span(page)
    }

    fn is_sorted(&self) -> bool {
        self.view.is_sorted()
    }

    fn known_raw_bytes(&self, rows: &[u32]) -> Option<u64> {
        self.view.known_raw_bytes(rows)
    }

    fn times(&self, rows: Range<u32>, out: &mut Vec<i64>) -> Result<(), ReadError> {
        self.seen.reads_times.store(true, Ordering::Relaxed);
        self.view.times(rows, out)
    }

    fn shape_numbers(&self, rows: Range<u32>, out: &mut Vec<u32>) -> Result<(), ReadError> {
        self.view.shape_numbers(rows, out)
    }

    fn shapes(&self) -> &[Shape] {
        self.view.shapes()
    }

    fn forms(&self) -> Cow<'_, Forms> {
        self.view.forms()
    }

    fn shape_texts(&self, numbers: &[u32], visit: &mut dyn FnMut(u32, &[u8])) -> Result<(), ReadError> {
        self.seen.renders.store(true, Ordering::Relaxed);
        self.view.shape_texts(numbers, visit)
    }

    fn columns(&self) -> u32 {
        self.view.columns()
    }

    fn head(&self, column: u32) -> &ColumnHead {
        self.view.head(column)
    }

    fn values(&self, column: u32) -> Values<'_> {
        let values = self.view.values(column);
        count(match values {
            Values::OpenDictionary(_) | Values::Dictionary(..) => &self.seen.dictionaries,
            Values::OpenTemplates(_) | Values::Templates(..) => &self.seen.templates,
            Values::OpenNumbers(_) | Values::Numbers(..) => &self.seen.numbers,
        });
        values
    }

    fn is_full(&self, column: u32) -> bool {
        self.view.is_full(column)
    }

    fn rank_at_page(&self, column: u32, page: usize) -> u32 {
        self.view.rank_at_page(column, page)
    }

    fn arrivals(&self) -> &[Arrival] {
        self.view.arrivals()
    }

    fn origins(&self, rows: &[u32]) -> Result<Vec<Origin>, ReadError> {
        self.view.origins(rows)
    }

    fn row_of(&self, partition: PartitionId, offset: Offset, line: u32) -> Result<Option<u32>, ReadError> {
        self.view.row_of(partition, offset, line)
    }

    fn may_have(&self, token_hash: u64) -> Result<bool, ReadError> {
        let may_have = self.view.may_have(token_hash)?;
        count(&self.seen.tokens_asked);
        if !may_have {
            count(&self.seen.tokens_absent);
        }
        Ok(may_have)
    }

    fn rollup(&self, tenant: TenantId) -> Option<TenantRollup<'_>> {
        self.view.rollup(tenant)
    }

    fn note_counted(&self, by: CountedBy) {
        let seen = match by {
            CountedBy::Rollup => &self.seen.counts_by_rollup,
            CountedBy::Columns => &self.seen.counts_by_columns,
        };
        seen.store(true, Ordering::Relaxed);
    }

    fn reads(&self) -> Reads {
        self.view.reads()
    }
}
