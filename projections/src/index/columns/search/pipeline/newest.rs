//! The rows that a filter lets through, the newest first over all groups.
//!
//! Invariant: a row is given only when no group that was not opened yet can hold a newer one, so that only groups whose times
//! overlap are held at once. It does not render rows.

use antler_events::ids::TenantId;

use crate::index::columns::block::ReadError;
use crate::index::columns::search::budget::{Budget, Stop};
use crate::index::columns::search::lines::{Found, LineSearch, Order};
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::select::{Period, SearchGroup};

/// Rows, taken from groups as they are needed.
pub(super) struct Newest<'a, S> {
    groups: &'a [S],
    tenant: TenantId,
    asked: LineSearch<'a>,
    period: Period,
    /// Groups that were not opened yet; the latest stands last.
    closed: Vec<usize>,
    /// Rows of those that were; the newest stands last.
    pending: Vec<Found>,
    pub(super) damaged: Vec<ReadError>,
    /// Why there are no more rows, if there might be.
    pub(super) stopped: Option<Stop>,
}

impl<'a, S: SearchGroup> Newest<'a, S> {
    pub(super) fn new(tenant: TenantId, groups: &'a [S], plan: &'a Plan, period: Period) -> Self {
        let asked = LineSearch { plan, period, order: Order::NewestFirst, limit: usize::MAX, after: None };
        let period = asked.narrowed();
        let overlaps =
            |group: &usize| groups[*group].span().0 <= period.1 && period.0 <= groups[*group].span().1;
        let mut closed: Vec<usize> = (0..groups.len()).filter(overlaps).collect();
        closed.sort_by_key(|group| groups[*group].span().1);
        Self {
            groups,
            tenant,
            asked,
            period,
            closed,
            pending: Vec::new(),
            damaged: Vec::new(),
            stopped: None,
        }
    }

    /// The next rows, up to so many; none at the end.
    pub(super) fn take(&mut self, count: usize, budget: &Budget<'_>) -> Vec<Found> {
        let mut taken = Vec::new();
        while taken.len() < count {
            while let Some(group) = self.needed() {
                self.stopped = budget.stop();
                if self.stopped.is_some() {
                    return taken;
                }
                self.closed.pop();
                self.open(group);
            }
            let Some(row) = self.pending.pop() else { break };
            taken.push(row);
        }
        taken
    }

    /// The latest group that is closed, if it can hold a newer row than those that are pending.
    fn needed(&self) -> Option<usize> {
        let group = *self.closed.last()?;
        let latest = self.groups[group].span().1;
        let newest = self.pending.last();
        newest.is_none_or(|newest| latest >= newest.position.time.nanos()).then_some(group)
    }

    fn open(&mut self, group: usize) {
        let rows = self.groups[group].with(|view| self.asked.rows_of(self.tenant, view, self.period, group));
        match rows {
            Ok(Ok(rows)) => {
                self.pending.extend(rows);
                // A stable sort finds the runs that are sorted already.
                self.pending.sort_by_key(|found| found.position);
            }
            Ok(Err(error)) | Err(error) => self.damaged.push(error),
        }
    }
}
