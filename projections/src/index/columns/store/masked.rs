//! A group without the rows of tenants whose lines were erased and are not gone yet.
//!
//! Invariant: to such a tenant its rows are not there; every other tenant sees the group as it is. Rows keep
//! their numbers.

use std::borrow::Cow;
use std::ops::Range;

use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};

use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::EraseMark;
use crate::index::columns::column::ColumnHead;
use crate::index::columns::forms::Forms;
use crate::index::columns::open::OpenGroup;
use crate::index::columns::shape::Shape;
use crate::index::columns::view::{GroupView, Origin, Reads, TenantRollup, TenantRows, Values};

/// A view behind marks.
pub(super) struct Masked<'a> {
    pub(super) view: &'a dyn GroupView,
    pub(super) hidden: Hidden<'a>,
}

/// Which rows are not there.
pub(super) enum Hidden<'a> {
    /// All rows of the tenants of these marks.
    Tenants { marks: &'a [EraseMark], group: u64 },
    /// In an open group those of events that the marks cover.
    Events { marks: &'a [EraseMark], group: &'a OpenGroup },
}

impl Hidden<'_> {
    /// Whether the tenant has no mark.
    fn keeps_all(&self, tenant: TenantId) -> bool {
        let (Self::Tenants { marks, .. } | Self::Events { marks, .. }) = self;
        marks.binary_search_by_key(&tenant, |mark| mark.tenant).is_err()
    }

    fn rows(&self, tenant: TenantId, rows: TenantRows) -> TenantRows {
        let marks = match self {
            Self::Tenants { marks, .. } | Self::Events { marks, .. } => marks,
        };
        let Ok(at) = marks.binary_search_by_key(&tenant, |mark| mark.tenant) else { return rows };
        match self {
            Self::Tenants { group, .. } if *group < marks[at].below => TenantRows::Range(0..0),
            Self::Tenants { .. } => rows,
            Self::Events { group, .. } => {
                let seen = |row: &u32| !group.is_covered(&marks[at], *row);
                TenantRows::List(match rows {
                    TenantRows::Range(range) => range.filter(seen).collect(),
                    TenantRows::List(list) => list.into_iter().filter(seen).collect(),
                })
            }
        }
    }
}

impl GroupView for Masked<'_> {
    fn rows(&self) -> u32 {
        self.view.rows()
    }

    fn tenant_rows(&self, tenant: TenantId) -> TenantRows {
        self.hidden.rows(tenant, self.view.tenant_rows(tenant))
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
        self.view.shape_texts(numbers, visit)
    }

    fn columns(&self) -> u32 {
        self.view.columns()
    }

    fn head(&self, column: u32) -> &ColumnHead {
        self.view.head(column)
    }

    fn values(&self, column: u32) -> Values<'_> {
        self.view.values(column)
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
        self.view.may_have(token_hash)
    }

    fn rollup(&self, tenant: TenantId) -> Option<TenantRollup<'_>> {
        self.hidden.keeps_all(tenant).then(|| self.view.rollup(tenant)).flatten()
    }

    fn reads(&self) -> Reads {
        self.view.reads()
    }
}
