//! The open group as those see it who search and render.
//!
//! Invariant: rows are in the order of arrival, so those of a tenant are a list and not a range. It has no
//! filter yet: every token may be there.

use std::borrow::Cow;
use std::ops::Range;

use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};

use super::OpenGroup;
use super::columns::OpenValues;
use crate::index::columns::block::ReadError;
use crate::index::columns::column::ColumnHead;
use crate::index::columns::forms::Forms;
use crate::index::columns::group::directory::{origin, place_of};
use crate::index::columns::shape::Shape;
use crate::index::columns::view::{GroupView, Origin, TenantRows, Values};

impl GroupView for OpenGroup {
    fn rows(&self) -> u32 {
        self.times.len() as u32
    }

    fn tenant_rows(&self, tenant: TenantId) -> TenantRows {
        let Some(number) = self.tenants.find(tenant) else { return TenantRows::Range(0..0) };
        if self.tenants.ids().len() == 1 {
            return TenantRows::Range(0..self.times.len() as u32);
        }
        let is_its = |(row, other): (usize, &u32)| (*other == number).then_some(row as u32);
        TenantRows::List(self.tenant_of.iter().enumerate().filter_map(is_its).collect())
    }

    fn span(&self) -> Option<(i64, i64)> {
        self.span
    }

    fn page_span(&self, _page: usize) -> Option<(i64, i64)> {
        None
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn known_raw_bytes(&self, rows: &[u32]) -> Option<u64> {
        Some(self.raw_bytes_of(rows))
    }

    fn times(&self, rows: Range<u32>, out: &mut Vec<i64>) -> Result<(), ReadError> {
        out.extend_from_slice(&self.times[rows.start as usize..rows.end as usize]);
        Ok(())
    }

    fn shape_numbers(&self, rows: Range<u32>, out: &mut Vec<u32>) -> Result<(), ReadError> {
        out.extend_from_slice(&self.shape_of[rows.start as usize..rows.end as usize]);
        Ok(())
    }

    fn shapes(&self) -> &[Shape] {
        self.shapes.shapes()
    }

    fn forms(&self) -> Cow<'_, Forms> {
        Cow::Owned(Forms::of(self))
    }

    fn shape_texts(&self, numbers: &[u32], visit: &mut dyn FnMut(u32, &[u8])) -> Result<(), ReadError> {
        for number in numbers {
            visit(*number, &self.shapes.shapes()[*number as usize].text);
        }
        Ok(())
    }

    fn columns(&self) -> u32 {
        self.columns.len() as u32
    }

    fn head(&self, column: u32) -> &ColumnHead {
        &self.columns[column].head
    }

    fn values(&self, column: u32) -> Values<'_> {
        match &self.columns[column].values {
            OpenValues::Dictionary(values) => Values::OpenDictionary(values),
            OpenValues::Template(values) => Values::OpenTemplates(values),
            OpenValues::Numbers(values) => Values::OpenNumbers(values),
        }
    }

    fn is_full(&self, column: u32) -> bool {
        let rows = &self.columns[column].rows;
        rows.len() == self.times.len() && rows.is_counting()
    }

    fn rank_at_page(&self, column: u32, page: usize) -> u32 {
        self.columns[column].rows.rank_at_page(page)
    }

    fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    fn origins(&self, rows: &[u32]) -> Result<Vec<Origin>, ReadError> {
        let origin_of = |row: &u32| origin(&self.events, self.place(*row)).expect("every row has an event");
        Ok(rows.iter().map(origin_of).collect())
    }

    fn row_of(&self, partition: PartitionId, offset: Offset, line: u32) -> Result<Option<u32>, ReadError> {
        let Some(place) = place_of(&self.events, partition, offset, line) else { return Ok(None) };
        Ok((0..self.times.len() as u32).find(|row| self.place(*row) == place))
    }

    fn may_have(&self, _token_hash: u64) -> Result<bool, ReadError> {
        Ok(true)
    }
}
